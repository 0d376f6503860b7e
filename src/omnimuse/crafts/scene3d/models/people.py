"""People and robots, simple and friendly."""

from __future__ import annotations

import math

from omnimuse.crafts.scene3d.build import Builder, Shelf
from omnimuse.crafts.scene3d.material import linear
from omnimuse.crafts.scene3d.sculpt import Blob, Limb, sculpt
from omnimuse.crafts.scene3d.shapes import (
    Point,
    Shape,
    box,
    cone,
    cylinder,
    ellipsoid,
    lathe,
    sphere,
    torus,
    tube,
)

SHELF = Shelf("person")


def _person(
    b: Builder,
    tall: float,
    *,
    hair: str = "short",
    skirt: bool = False,
    hair_color: str = "#4a2f20",
) -> float:
    """A figure of that height; returns the height of the head's middle."""
    k = tall / 1.75
    skin, shirt = linear("#edb892"), b.coat()
    legs, shoes = (shirt if skirt else linear("#39466b")), linear("#2c2a2e")
    child = 1.0 if tall > 1.5 else 1.22
    head = 0.118 * k * child
    hip, chest, neck = 0.9 * k, 1.3 * k, 1.46 * k

    def at(x: float, y: float, z: float = 0.0) -> Point:
        return (x * k, y, z * k)

    parts: list[Limb | Blob] = [
        Limb(at(0, hip + 0.06 * k), at(0, chest), 0.135 * k, 0.15 * k, shirt),
        Blob(at(0, chest + 0.02 * k), (0.21 * k, 0.12 * k, 0.12 * k), shirt),
        Limb(at(0, neck - 0.06 * k), at(0, neck + 0.03 * k), 0.055 * k, 0.05 * k, skin),
    ]
    if skirt:
        parts.append(Limb(at(0, hip + 0.05 * k), at(0, 0.52 * k), 0.15 * k, 0.26 * k, shirt))
    for x in (-1, 1):
        knee, ankle = at(x * 0.1, 0.47 * k, 0.01), at(x * 0.105, 0.08 * k)
        upper = skin if skirt else legs
        parts += [
            Limb(at(x * 0.085, hip), knee, 0.095 * k, 0.065 * k, upper if not skirt else legs),
            Limb(knee, ankle, 0.062 * k, 0.045 * k, upper),
            Limb(
                at(x * 0.105, 0.045 * k, -0.02),
                at(x * 0.115, 0.038 * k, 0.13),
                0.044 * k,
                0.038 * k,
                shoes,
                blend=0.02 * k,
            ),
            Limb(
                at(x * 0.2, chest + 0.05 * k),
                at(x * 0.29, 1.06 * k, 0.01),
                0.062 * k,
                0.05 * k,
                shirt,
            ),
            Limb(
                at(x * 0.29, 1.06 * k, 0.01),
                at(x * 0.3, 0.83 * k, 0.06),
                0.044 * k,
                0.034 * k,
                skin,
            ),
            Blob(at(x * 0.3, 0.78 * k, 0.075), (0.036 * k, 0.052 * k, 0.036 * k), skin),
        ]
    b.soft(sculpt(parts, blend=0.05 * k, cells=84), 0.75)
    y = neck + 0.02 * k + head * 1.05
    face = sculpt(
        [
            Blob((0, y, 0), (head * 0.9, head * 1.08, head * 0.95), skin),
            Blob((0, y - head * 0.12, head * 0.93), (head * 0.13, head * 0.14, head * 0.16), skin),
            Blob((head * 0.9, y - head * 0.1, 0), (head * 0.12, head * 0.2, head * 0.14), skin),
            Blob((-head * 0.9, y - head * 0.1, 0), (head * 0.12, head * 0.2, head * 0.14), skin),
        ],
        blend=head * 0.12,
        cells=44,
    )
    b.soft(face, 0.6)
    for x in (-1, 1):
        b.add(
            sphere(head * 0.105, 18),
            "ceramic #241a17",
            at=(x * head * 0.36, y + head * 0.12, head * 0.86),
        )
    smile = [
        (
            head * 0.3 * math.sin(a),
            y - head * 0.33 - head * 0.12 * math.cos(a),
            head * (0.86 - 0.05 * abs(math.sin(a))),
        )
        for a in (-1.0, -0.5, 0.0, 0.5, 1.0)
    ]
    b.add(tube(smile, head * 0.035, 8), "fruit #b5534a")
    if hair != "none":
        strands = [
            Blob(
                (0, y + head * 0.28, -head * 0.16),
                (head * 0.99, head * 0.92, head * 0.95),
                linear(hair_color),
            )
        ]
        if hair == "long":
            strands.append(
                Blob(
                    (0, y - head * 0.55, -head * 0.55),
                    (head * 0.82, head * 1.15, head * 0.45),
                    linear(hair_color),
                )
            )
        shape = sculpt(strands, blend=head * 0.3, cells=36)
        cut = (shape.vertices[:, 2] < head * 0.62) | (shape.vertices[:, 1] > y + head * 0.55)
        keep = cut[shape.faces].all(axis=1)
        b.soft(Shape(shape.vertices, shape.normals, shape.faces[keep], shape.colors), 0.8)
    b.top(y + head * 1.12, head * 0.6, head * 0.6)
    return y


@SHELF.model(
    "person",
    "man",
    "human",
    "guy",
    "male",
    "adult",
    "worker",
    "people",
    "人",
    stuff="fabric #3f78c4",
)
def person(b: Builder) -> None:
    _person(b, 1.75)


@SHELF.model("woman", "lady", "female", "mother", "女人", stuff="fabric #b8456a")
def woman(b: Builder) -> None:
    _person(b, 1.66, hair="long", skirt=True, hair_color="#6b3f24")


@SHELF.model("boy", "child", "kid", "toddler", "baby", "男孩", stuff="fabric #3f9a6a")
def boy(b: Builder) -> None:
    _person(b, 1.2)


@SHELF.model("girl", "女孩", stuff="fabric #e2a13f")
def girl(b: Builder) -> None:
    _person(b, 1.2, hair="long", skirt=True, hair_color="#8a5a2c")


@SHELF.model("king", "queen", "prince", "princess", stuff="fabric #7a2f8f")
def king(b: Builder) -> None:
    y = _person(b, 1.75, skirt=True)
    b.add(
        lathe([(0.098, 0), (0.104, 0), (0.115, 0.07), (0.11, 0.07), (0.098, 0)], 36),
        "gold",
        at=(0, y + 0.085, -0.015),
    )
    for k in range(8):
        a = k * math.pi / 4
        b.add(
            cone(0.022, 0.06, 14),
            "gold",
            at=(0.11 * math.cos(a), y + 0.15, 0.11 * math.sin(a) - 0.015),
        )


@SHELF.model("astronaut", "spaceman", stuff="fabric #f3f4f6")
def astronaut(b: Builder) -> None:
    y = _person(b, 1.75, hair="none")
    b.add(sphere(0.2, 40), "glass", at=(0, y, 0))
    b.add(torus(0.15, 0.035, 36), "steel", at=(0, y - 0.155, 0))
    b.add(box(0.42, 0.55, 0.2, 0.05), "plastic #d5d8dd", at=(0, 0.95, -0.2))
    b.add(box(0.2, 0.14, 0.07, 0.02), "plastic #5a6472", at=(0, 1.16, 0.14))


@SHELF.model("robot", "android", "机器人", stuff="metal #9fb4c7")
def robot(b: Builder) -> None:
    b.add(box(0.5, 0.56, 0.34, 0.07), at=(0, 0.62, 0))
    b.add(box(0.32, 0.2, 0.02, 0.01), "coal", at=(0, 0.86, 0.17))
    for i, code in enumerate(("#e2503f", "#f2b93b", "#4db37a")):
        b.add(sphere(0.03, 20), f"lamplight {code}", at=(-0.09 + 0.09 * i, 0.96, 0.185))
    b.add(cylinder(0.07, 0.1, segments=24), "iron", at=(0, 1.16, 0))
    b.add(box(0.44, 0.36, 0.36, 0.09), at=(0, 1.24, 0))
    b.add(box(0.36, 0.2, 0.03, 0.015), "coal", at=(0, 1.34, 0.175))
    b.twice(sphere(0.05, 28), "lamplight #7fe3ff", at=(0.09, 1.44, 0.188))
    b.add(tube([(0, 1.58, 0), (0, 1.75, 0)], 0.012, 10), "iron")
    b.add(sphere(0.035, 20), "lamplight #e2503f", at=(0, 1.77, 0))
    b.twice(cylinder(0.06, 0.05, segments=20), "iron", at=(0.245, 1.42, 0), turn=(0, 0, -90))
    for x in (-1, 1):
        b.add(sphere(0.09, 28), "iron", at=(x * 0.3, 1.08, 0))
        b.add(
            tube([(x * 0.33, 1.05, 0), (x * 0.38, 0.82, 0.02), (x * 0.38, 0.62, 0.08)], 0.055, 18)
        )
        b.add(torus(0.055, 0.028, 24), "iron", at=(x * 0.38, 0.55, 0.1), turn=(90, 0, 0))
        b.add(cylinder(0.075, 0.42, segments=24), "iron", at=(x * 0.14, 0.22, 0))
        b.add(box(0.18, 0.4, 0.2, 0.04), at=(x * 0.14, 0.18, 0))
        b.add(box(0.21, 0.14, 0.32, 0.05), at=(x * 0.14, 0, 0.04))
    b.top(1.6, 0.15, 0.12)


@SHELF.model("ghost", "spirit", stuff="paper")
def ghost(b: Builder) -> None:
    parts: list[Limb | Blob] = [Limb((0, 0.35, 0), (0, 1.0, 0), 0.33, 0.27)]
    for k in range(7):
        a = k * 2 * math.pi / 7
        parts.append(Blob((0.24 * math.cos(a), 0.12, 0.24 * math.sin(a)), (0.13, 0.16, 0.13)))
    for x in (-1, 1):
        parts.append(Limb((x * 0.25, 0.75, 0.1), (x * 0.42, 0.86, 0.16), 0.09, 0.06))
    b.soft(sculpt(parts, blend=0.09, cells=60), 0.7)
    b.twice(ellipsoid(0.045, 0.07, 0.03, 24), "coal", at=(0.1, 1.05, 0.235))
    b.add(ellipsoid(0.045, 0.06, 0.03, 24), "coal", at=(0, 0.88, 0.275))
