"""Cars, ships, aircraft, trains."""

from __future__ import annotations

import math

import numpy as np

from omnimuse.crafts.scene3d.build import Builder, Shelf
from omnimuse.crafts.scene3d.models.hull import hull
from omnimuse.crafts.scene3d.shapes import (
    Shape,
    arc,
    box,
    cone,
    curve,
    cylinder,
    ellipsoid,
    lathe,
    prism,
    sphere,
    torus,
    tube,
)

SHELF = Shelf("vehicle")


def _wheel(b: Builder, x: float, z: float, r: float, width: float) -> None:
    tyre = lathe(
        [
            (r * 0.55, -width / 2),
            *arc((r * 0.93, -width * 0.36), r * 0.07, -90, 0, 3),
            *arc((r * 0.93, width * 0.36), r * 0.07, 0, 90, 3),
            (r * 0.55, width / 2),
            (r * 0.55, -width / 2),
        ],
        36,
    )
    b.add(tyre, "rubber", at=(x, r, z), turn=(0, 0, 90))
    b.add(
        cylinder(r * 0.57, width * 0.8, bevel=width * 0.1, segments=28).moved(
            at=(0, -width * 0.4, 0)
        ),
        "steel",
        at=(x, r, z),
        turn=(0, 0, 90),
    )
    b.add(
        cylinder(r * 0.16, width * 0.98, segments=16).moved(at=(0, -width * 0.49, 0)),
        "iron",
        at=(x, r, z),
        turn=(0, 0, 90),
    )


def _wheels(b: Builder, x: float, zs: tuple[float, ...], r: float, width: float) -> None:
    for z in zs:
        for side in (-1, 1):
            _wheel(b, side * x, z, r, width)


@SHELF.model("car", "sports car", "sedan", "automobile", "taxi", "汽车", stuff="paint")
def car(b: Builder) -> None:
    r = 0.32
    body = curve(
        [
            (-2.05, 0.34),
            (-2.1, 0.55),
            (-1.98, 0.78),
            (-1.3, 0.86),
            (-0.6, 0.88),
            (0.7, 0.86),
            (1.5, 0.76),
            (2.02, 0.62),
            (2.1, 0.45),
            (2.0, 0.28),
        ],
        4,
    )
    outline = [*[(x, y) for x, y in body], (1.68, 0.25), (-1.72, 0.25)]
    for width, inset in ((1.62, 0.0), (1.72, 0.04), (1.76, 0.1)):
        shape = [(x * (1 - inset * 0.12), 0.25 + (y - 0.25) * (1 - inset)) for x, y in outline]
        b.add(prism(shape[::-1], width).moved(turn=(0, -90, 0)))
    cabin = curve(
        [(-1.35, 0.84), (-1.05, 1.2), (-0.55, 1.36), (0.1, 1.37), (0.55, 1.18), (1.0, 0.84)], 5
    )
    glass = [(x, y) for x, y in cabin]
    b.add(prism(glass[::-1], 1.36).moved(turn=(0, -90, 0)), "window #2c3a48")
    b.add(
        prism(
            [
                *[(x * 0.66 - 0.09, y if y > 1.3 else 1.3) for x, y in glass if y > 1.12][::-1],
                (-0.75, 1.3),
            ],
            1.3,
        ).moved(turn=(0, -90, 0))
    )
    b.add(box(1.28, 0.05, 1.0, 0.02), at=(0, 1.34, -0.2))
    for z in (-0.32, 0.42):
        b.twice(
            tube([(0.665, 0.84, z * 1.3), (0.665, 1.34, z * 0.9 - 0.08)], 0.03, 8), at=(0, 0, 0)
        )
    for z in (-1.28, 1.3):
        b.twice(
            cylinder(r * 1.18, 0.05, segments=32).moved(turn=(0, 0, 90)), "rubber", at=(0.9, r, z)
        )
    _wheels(b, 0.8, (-1.28, 1.3), r, 0.22)
    b.twice(ellipsoid(0.17, 0.075, 0.06, 24), "lamplight", at=(0.58, 0.62, 2.0))
    b.twice(box(0.34, 0.09, 0.06, 0.02), "plastic #c21f1f", at=(0.58, 0.62, -2.07))
    b.add(box(0.7, 0.14, 0.05, 0.02), "coal", at=(0, 0.4, 2.06))
    b.add(box(0.44, 0.11, 0.03, 0.01), "paper", at=(0, 0.4, -2.09))
    b.twice(ellipsoid(0.09, 0.07, 0.05, 20), at=(0.95, 0.95, 0.62))
    b.top(1.39, 0.5, 0.4, at=(0, -0.2))


@SHELF.model(
    "truck", "lorry", "pickup", "fire truck", "delivery truck", "van", "卡车", stuff="paint #3a6fb5"
)
def truck(b: Builder) -> None:
    b.add(box(2.0, 1.5, 1.5, 0.14), at=(0, 0.5, 2.3))
    b.add(box(1.8, 0.62, 0.1, 0.04), "window #2c3a48", at=(0, 1.22, 3.03))
    b.twice(box(0.06, 0.55, 0.7, 0.02), "window #2c3a48", at=(0.99, 1.24, 2.45))
    b.add(box(1.9, 0.18, 5.6, 0.03), "iron", at=(0, 0.45, 0.3))
    b.add(box(2.2, 2.0, 3.9, 0.06), "plaster #eceef0", at=(0, 0.64, -0.55))
    b.add(box(2.04, 0.25, 0.16, 0.04), "steel", at=(0, 0.45, 3.06))
    b.twice(
        cylinder(0.13, 0.06, segments=24).moved(turn=(90, 0, 0)), "lamplight", at=(0.72, 0.86, 3.02)
    )
    _wheels(b, 0.92, (-1.7, -0.75, 2.2), 0.45, 0.32)
    b.top(2.64, 0.9, 1.7, at=(0, -0.55))


@SHELF.model("bus", "school bus", "minibus", "coach", stuff="paint #f2b51e")
def bus(b: Builder) -> None:
    b.add(box(2.3, 2.3, 7.6, 0.25), at=(0, 0.45, 0))
    for z in (-2.9, -1.9, -0.9, 0.1, 1.1, 2.1):
        b.twice(box(0.05, 0.75, 0.82, 0.02), "window #2c3a48", at=(1.14, 1.55, z))
    b.add(box(2.0, 1.0, 0.06, 0.03), "window #2c3a48", at=(0, 1.4, 3.79))
    b.add(box(1.9, 0.6, 0.06, 0.03), "window #2c3a48", at=(0, 1.6, -3.79))
    b.twice(box(0.04, 0.1, 7.4, 0.01), "coal", at=(1.15, 1.2, 0))
    b.twice(
        cylinder(0.14, 0.08, segments=24).moved(turn=(90, 0, 0)), "lamplight", at=(0.8, 0.85, 3.76)
    )
    _wheels(b, 1.02, (-2.4, 2.5), 0.48, 0.3)


@SHELF.model("bicycle", "bike", "cycle", stuff="paint #2f7fc9")
def bicycle(b: Builder) -> None:
    r = 0.34
    for z in (-0.52, 0.52):
        b.add(torus(r - 0.02, 0.02, 56), "rubber", at=(0, r, z), turn=(0, 0, 90))
        b.add(torus(r - 0.045, 0.01, 56), "steel", at=(0, r, z), turn=(0, 0, 90))
        for k in range(10):
            a = k * math.pi / 5
            b.add(
                tube(
                    [(0, r, z), (0, r + (r - 0.05) * math.sin(a), z + (r - 0.05) * math.cos(a))],
                    0.003,
                    6,
                ),
                "steel",
            )
        b.add(tube([(-0.05, r, z), (0.05, r, z)], 0.02, 12), "steel")
    crank, seat, head = (0, 0.3, -0.08), (0, 0.82, -0.24), (0, 0.78, 0.34)
    for start, end in (
        (crank, seat),
        (crank, head),
        (seat, head),
        (crank, (0, r, -0.52)),
        ((0, 0.74, -0.21), (0, r, -0.52)),
        ((0, 0.9, 0.31), (0, r, 0.52)),
    ):
        b.add(tube([start, end], 0.019, 12))
    b.add(ellipsoid(0.07, 0.03, 0.14, 24), "leather", at=(0, 0.88, -0.26))
    b.add(
        tube(
            curve(
                [
                    (-0.26, 0.99, 0.2),
                    (-0.12, 1.0, 0.3),
                    (0, 0.95, 0.32),
                    (0.12, 1.0, 0.3),
                    (0.26, 0.99, 0.2),
                ]
            ),
            0.014,
            12,
        ),
        "steel",
    )
    b.add(torus(0.09, 0.012, 28), "iron", at=(0.03, 0.3, -0.08), turn=(0, 0, 90))
    b.top(0.9, 0.06, 0.1, at=(0, -0.26))


@SHELF.model(
    "boat", "sailboat", "ship", "rowing boat", "yacht", "canoe", "帆船", stuff="wood #a8643a"
)
def boat(b: Builder) -> None:
    b.add(hull(4.4, 1.5, 0.9))
    b.add(cylinder(0.06, 4.4, top=0.04, segments=20), "wood", at=(0, 0.35, 0.35))
    b.add(tube([(0, 1.2, 0.35), (0, 1.15, -1.7)], 0.04, 10), "wood")
    b.add(
        prism([(0, 0), (1.9, 0), (0, 3.2)], 0.02).moved(turn=(0, 90, 0)),
        "fabric #fbf7ee",
        at=(0, 1.28, 0.25),
    )
    b.add(
        prism([(0, 0), (1.35, 0), (0, 2.7)], 0.02).moved(turn=(0, -90, 0)),
        "fabric #e05a44",
        at=(0, 1.15, 0.48),
    )
    b.add(
        prism([(0, 0), (0.35, 0.1), (0, 0.2)], 0.015).moved(turn=(0, 90, 0)),
        "fabric #e05a44",
        at=(0, 4.55, 0.33),
    )
    b.inside(0.42, 0.4, 0.9)


@SHELF.model(
    "airplane", "plane", "aeroplane", "jet", "aircraft", "飞机", stuff="paint #f3f5f8", stance="sky"
)
def airplane(b: Builder) -> None:
    line = curve(
        [
            (0, -4.6),
            (0.14, -4.4),
            (0.42, -3.0),
            (0.62, -1.2),
            (0.62, 2.6),
            (0.5, 3.6),
            (0.26, 4.3),
            (0, 4.6),
        ],
        6,
    )
    b.add(lathe(line, 40), at=(0, 1.0, 0), turn=(90, 0, 0))
    wing = [(0.0, 0.9), (4.9, -0.9), (4.9, -1.35), (0.0, -0.75)]
    tail = [(0.0, 0.5), (1.8, -0.25), (1.8, -0.6), (0.0, -0.4)]
    for outline, at, thick in ((wing, (0.3, 0.85, 0.4), 0.12), (tail, (0.1, 1.2, -3.7), 0.08)):
        flat = prism(outline, thick).moved(turn=(90, 0, 0))
        b.twice(flat.moved(turn=(0, 0, 4)), at=(at[0], at[1], at[2]))
    fin = prism([(-0.55, 0.0), (0.75, 0.0), (-0.25, 1.7), (-0.75, 1.7)], 0.09).moved(
        turn=(0, -90, 0)
    )
    b.add(fin, "paint #d8433b", at=(0, 1.3, -3.6))
    for x in (1.7, 3.0):
        b.twice(
            lathe(
                [
                    (0, -0.6),
                    (0.2, -0.6),
                    (0.27, 0.2),
                    (0.25, 0.55),
                    (0.2, 0.55),
                    (0.18, 0.4),
                    (0, 0.4),
                ],
                28,
            ),
            "steel",
            at=(x, 0.55, 0.35 - x * 0.28),
            turn=(90, 0, 0),
        )
    for z in range(11):
        b.twice(sphere(0.075, 14), "window #2c3a48", at=(0.575, 1.17, 2.2 - 0.42 * z))
    b.add(ellipsoid(0.34, 0.16, 0.3, 24), "window #2c3a48", at=(0, 1.33, 3.58), turn=(24, 0, 0))


@SHELF.model("helicopter", stuff="paint #d8433b", stance="sky")
def helicopter(b: Builder) -> None:
    b.add(ellipsoid(0.8, 0.85, 1.35, 44), at=(0, 1.25, 0.2))
    b.add(ellipsoid(0.72, 0.62, 0.7, 36), "window #2c3a48", at=(0, 1.4, 0.98))
    b.add(tube([(0, 1.45, -0.8), (0, 1.6, -2.2), (0, 1.7, -3.5)], [0.34, 0.2, 0.12], 20))
    b.add(
        prism([(-0.2, 0), (0.25, 0), (-0.2, 0.9)], 0.07).moved(turn=(0, -90, 0)), at=(0, 1.7, -3.4)
    )
    b.add(cylinder(0.08, 0.45, segments=16), "iron", at=(0, 2.0, 0))
    for turn in (20, 110):
        b.add(box(6.2, 0.04, 0.22, 0.01), "coal", at=(0, 2.42, 0), turn=(0, turn, 0))
    b.add(box(0.04, 1.1, 0.1, 0.01), "coal", at=(0.14, 1.35, -3.55), turn=(25, 0, 0))
    for x in (-0.6, 0.6):
        b.add(tube(curve([(x, 0.04, -0.9), (x, 0.04, 1.0), (x, 0.16, 1.35)]), 0.04, 10), "iron")
        for z in (-0.4, 0.6):
            b.add(tube([(x, 0.05, z), (x * 0.6, 0.6, z)], 0.035, 8), "iron")


@SHELF.model(
    "rocket", "spaceship", "spacecraft", "space shuttle", "missile", "火箭", stuff="paint #f3f5f8"
)
def rocket(b: Builder) -> None:
    b.add(
        lathe(
            [(0, 0.5), (0.42, 0.5), *curve([(0.5, 0.9), (0.58, 1.8), (0.52, 2.9)], 6), (0, 2.9)], 48
        )
    )
    b.add(
        lathe([(0, 2.88), *curve([(0.525, 2.88), (0.38, 3.5), (0.14, 4.05), (0.0, 4.25)], 6)], 48),
        "paint #d8433b",
    )
    b.add(
        lathe([(0.515, 1.0), (0.53, 1.0), (0.563, 1.25), (0.55, 1.25), (0.515, 1.0)], 48),
        "paint #d8433b",
    )
    b.add(lathe([(0, 0.25), (0.36, 0.25), (0.24, 0.52), (0, 0.52)], 36), "iron")
    fin = [(0.0, 0.0), (0.62, -0.62), (0.68, -0.1), (0.3, 0.75), (0.0, 1.0)]
    for k in range(4):
        b.add(prism(fin, 0.07).moved(at=(0.44, 0.62, 0)), "paint #d8433b", turn=(0, 90 * k + 45, 0))
    b.add(torus(0.2, 0.045, 36), "steel", at=(0, 2.3, 0.56), turn=(86, 0, 0))
    b.add(ellipsoid(0.19, 0.19, 0.05, 32), "window #2f6f9f", at=(0, 2.3, 0.545))


@SHELF.model("train", "locomotive", "steam train", "tram", "火车", stuff="paint #2f6f4f")
def train(b: Builder) -> None:
    b.add(box(1.3, 0.2, 4.0, 0.03), "iron", at=(0, 0.55, 0))
    b.add(cylinder(0.52, 2.5, bevel=0.04, segments=44), at=(0, 1.27, -0.75), turn=(90, 0, 0))
    for z in (-0.4, 0.3, 1.0):
        b.add(torus(0.525, 0.022, 44), "brass", at=(0, 1.27, z), turn=(90, 0, 0))
    b.add(
        cylinder(0.45, 0.06, bevel=0.02, segments=40), "iron", at=(0, 1.27, 1.74), turn=(90, 0, 0)
    )
    b.add(
        lathe(
            [(0, 0), (0.14, 0), (0.13, 0.4), (0.24, 0.62), (0.24, 0.68), (0.2, 0.68), (0, 0.6)], 32
        ),
        "iron",
        at=(0, 1.72, 1.35),
    )
    b.add(
        lathe([(0, 0), (0.17, 0), (0.17, 0.2), *arc((0, 0.2), 0.17, 4, 86, 8), (0, 0.37)], 28),
        "brass",
        at=(0, 1.72, 0.4),
    )
    b.add(box(1.35, 1.6, 1.2, 0.03), at=(0, 0.74, -1.35))
    b.add(box(1.6, 0.1, 1.5, 0.04), "iron", at=(0, 2.33, -1.35))
    b.twice(box(0.05, 0.55, 0.6, 0.01), "window", at=(0.67, 1.55, -1.35))
    b.add(sphere(0.13, 24), "lamplight", at=(0, 1.9, 1.74))
    b.add(
        prism([(-0.6, 0), (0.6, 0), (0.0, 0.45)], 1.2).moved(turn=(90, 0, 0)),
        "paint #c8303a",
        at=(0, 0.7, 1.9),
        scale=(1, 0.35, 1),
    )
    for z, r in ((1.3, 0.28), (0.6, 0.36), (-0.3, 0.36), (-1.2, 0.36)):
        for x in (-0.62, 0.62):
            b.add(
                cylinder(r, 0.12, bevel=0.02, segments=36).moved(at=(0, -0.06, 0)),
                "paint #c8303a",
                at=(x, r, z),
                turn=(0, 0, 90),
            )
            b.add(
                cylinder(r * 0.3, 0.16, segments=20).moved(at=(0, -0.08, 0)),
                "steel",
                at=(x, r, z),
                turn=(0, 0, 90),
            )
    b.twice(box(0.05, 0.07, 1.7, 0.02), "steel", at=(0.72, 0.3, -0.3))


@SHELF.model("hot air balloon", "热气球", stuff="fabric #e2503f", stance="sky")
def hot_air_balloon(b: Builder) -> None:
    line = curve(
        [(0.45, 2.0), (0.9, 2.7), (1.75, 4.0), (1.9, 5.0), (1.45, 6.1), (0.6, 6.65), (0.0, 6.75)], 6
    )
    gores = 12
    panel = lathe([(0, line[0][1]), *line], gores * 4)
    middle = panel.vertices[panel.faces].mean(axis=1)
    turn = np.arctan2(-middle[:, 2], middle[:, 0]) / (2 * math.pi)
    which = (turn * gores % gores).astype(int)
    for k in range(gores):
        stuff = "main" if k % 2 == 0 else "fabric #f6e6c2"
        b.add(Shape(panel.vertices, panel.normals, panel.faces[which == k]), stuff)
    b.add(box(0.8, 0.6, 0.8, 0.05), "straw")
    b.add(box(0.86, 0.08, 0.86, 0.03), "leather", at=(0, 0.56, 0))
    for x in (-0.36, 0.36):
        for z in (-0.36, 0.36):
            b.add(tube([(x, 0.6, z), (x * 1.1, 2.05, z * 1.1)], 0.015, 8), "straw")


@SHELF.model("balloon", "气球", stuff="rubber #e2303f", stance="sky")
def balloon(b: Builder) -> None:
    line = curve(
        [
            (0.0, 0.0),
            (0.02, 0.012),
            (0.1, 0.1),
            (0.15, 0.22),
            (0.12, 0.34),
            (0.05, 0.39),
            (0.0, 0.395),
        ],
        6,
    )
    b.add(lathe(line, 48), at=(0, 0.6, 0))
    b.add(cone(0.022, 0.03, 20), at=(0, 0.582, 0))
    b.add(
        tube(
            curve([(0, 0.585, 0), (0.025, 0.4, 0.01), (-0.02, 0.2, -0.01), (0.01, 0.0, 0)]),
            0.0022,
            6,
        ),
        "paper",
    )


@SHELF.model("tractor", stuff="paint #2f8f45")
def tractor(b: Builder) -> None:
    b.add(box(0.8, 0.6, 1.7, 0.08), at=(0, 0.75, 0.75))
    b.add(box(0.6, 0.4, 0.06, 0.02), "coal", at=(0, 0.85, 1.6))
    b.add(box(1.0, 0.5, 1.0, 0.06), at=(0, 0.75, -0.55))
    for x in (-0.48, 0.48):
        for z in (-0.95, -0.1):
            b.add(box(0.07, 1.1, 0.07, 0.01), "coal", at=(x, 1.2, z))
    b.add(box(1.2, 0.09, 1.2, 0.03), at=(0, 2.28, -0.52))
    b.add(box(0.9, 0.9, 0.04, 0.01), "glass", at=(0, 1.32, -0.08))
    b.add(cylinder(0.05, 0.8, segments=16), "iron", at=(0.22, 1.3, 1.1))
    _wheels(b, 0.75, (-0.6,), 0.72, 0.4)
    _wheels(b, 0.62, (1.3,), 0.42, 0.26)
