"""Trees, flowers and mushrooms; each of several is grown a little differently."""

from __future__ import annotations

import math

import numpy as np

from omnimuse.crafts.scene3d.build import Builder, Shelf
from omnimuse.crafts.scene3d.shapes import (
    Shape,
    arc,
    cone,
    curve,
    cylinder,
    ellipsoid,
    lathe,
    lump,
    smooth,
    sphere,
    tube,
)

SHELF = Shelf("plant")


def _shaded(shape: Shape, low: float, high: float) -> Shape:
    """Darker below, lighter above: light that falls through leaves."""
    y = shape.vertices[:, 1]
    t = (y - y.min()) / max(float(np.ptp(y)), 1e-9)
    level = (low + (high - low) * t)[:, None] * np.ones(3)
    return Shape(shape.vertices, shape.normals, shape.faces, np.clip(level, 0, 1))


@SHELF.model(
    "tree",
    "oak tree",
    "oak",
    "broadleaf tree",
    "maple",
    "deciduous tree",
    "apple tree",
    "树",
    stuff="leaf",
    varied=True,
)
def tree(b: Builder) -> None:
    lean = b.rng.uniform(-0.12, 0.12, 2)
    b.add(
        tube(
            [(0, 0.06, 0), (lean[0] * 0.3, 0.7, lean[1] * 0.3), (lean[0], 1.6, lean[1])],
            [0.24, 0.16, 0.12],
        ),
        "bark",
    )
    for k in range(5):
        a = k * 2 * math.pi / 5 + 0.3
        b.add(
            tube(
                [
                    (0.12 * math.cos(a), 0.16, 0.12 * math.sin(a)),
                    (0.38 * math.cos(a), 0.03, 0.38 * math.sin(a)),
                ],
                [0.1, 0.03],
            ),
            "bark",
        )
    for k in range(4):
        a = k * math.pi / 2 + b.rng.uniform(0, 1)
        tip = (
            lean[0] + 0.75 * math.cos(a),
            2.3 + b.rng.uniform(-0.1, 0.25),
            lean[1] + 0.75 * math.sin(a),
        )
        b.add(tube([(lean[0], 1.35, lean[1]), tip], [0.09, 0.04]), "bark")
    spots = [(0.0, 3.1, 0.0, 0.95)]
    spots += [
        (0.82 * math.cos(a), 2.5 + 0.22 * (k % 2), 0.82 * math.sin(a), 0.72)
        for k, a in enumerate(np.arange(6) * math.pi / 3 + b.rng.uniform(0, 1))
    ]
    for x, y, z, r in spots:
        leaves = lump(r * b.rng.uniform(0.92, 1.1), b.rng, roughness=0.34, detail=3)
        b.add(_shaded(leaves, 0.62, 1.0), at=(lean[0] + x, y, lean[1] + z), scale=(1, 0.86, 1))
    b.under(1.75, 0.6, 0.6, at=(0.8, 0.45))
    b.top(3.7, 0.4, 0.4, at=(lean[0], lean[1]))


@SHELF.model(
    "pine",
    "pine tree",
    "fir",
    "fir tree",
    "spruce",
    "christmas tree",
    "evergreen",
    "conifer",
    stuff="pine",
    varied=True,
)
def pine(b: Builder) -> None:
    b.add(cylinder(0.15, 0.9, top=0.11), "bark")
    tall = b.rng.uniform(0.94, 1.06)
    for k in range(6):
        r, y = 1.02 * (1 - k / 6.6), 0.5 + k * 0.5 * tall
        h = 0.95 - k * 0.05
        skirt = lathe(
            [
                (0, y + 0.06),
                (r * 0.5, y + 0.03),
                (r, y - 0.08),
                (r * 0.98, y - 0.03),
                (r * 0.55, y + h * 0.42),
                (r * 0.22, y + h * 0.75),
                (0, y + h),
            ],
            22,
        )
        v = skirt.vertices.copy()
        angle = np.arctan2(v[:, 2], v[:, 0])
        reach = np.hypot(v[:, 0], v[:, 2])
        v[:, 1] -= 0.09 * (reach / max(r, 1e-6)) ** 2 * np.cos(angle * 11)
        b.add(_shaded(Shape(v, skirt.normals, skirt.faces), 0.6, 1.0))
    if "christmas" in b.said.get("style", ""):
        b.add(sphere(0.1), "gold", at=(0, 4.0, 0))


@SHELF.model("palm", "palm tree", "coconut tree", stuff="leaf #4c9a3c", varied=True)
def palm(b: Builder) -> None:
    path = curve([(0, 0.1, 0), (0.15, 1.0, 0), (0.4, 2.1, 0), (0.75, 3.2, 0)], 8)
    b.add(tube(path, list(np.linspace(0.17, 0.1, len(path)))), "bark #8a6a48")
    for i in range(2, len(path) - 1, 2):
        x, y, z = path[i]
        b.add(
            lathe(arc((0.13, 0), 0.028, -90, 270, 6), 20),
            "bark #74563a",
            at=(x, y, z),
            turn=(0, 0, -10),
        )
    top = np.array([0.75, 3.22, 0.0])
    for k in range(11):
        a = k * 2 * math.pi / 11 + b.rng.uniform(-0.1, 0.1)
        drop = b.rng.uniform(0.6, 1.0)
        rows, points = 9, []
        for i in range(rows):
            t = i / (rows - 1)
            reach, rise = 1.55 * t, 0.55 * math.sin(t * 2.2) - drop * t**2
            wide = 0.2 * math.sin(math.pi * min(1.0, t * 0.93 + 0.06)) ** 0.7
            side = np.array([-math.sin(a), 0, math.cos(a)])
            spine = top + np.array([math.cos(a) * reach, rise, math.sin(a) * reach])
            points += [
                spine - side * wide - [0, wide * 0.35, 0],
                spine + np.array([0, 0.02, 0]),
                spine + side * wide - [0, wide * 0.35, 0],
            ]
        b.add(_leaf(np.array(points), rows))
    for k in range(4):
        b.add(
            sphere(0.1, 20),
            "bark #5a3b22",
            at=(0.75 + 0.13 * math.cos(k * 1.6), 3.1, 0.13 * math.sin(k * 1.6)),
        )


def _leaf(points: np.ndarray, rows: int) -> Shape:
    """A thin closed blade from rows of three points: left edge, spine, right edge."""
    under = points - [0, 0.012, 0]
    both = np.concatenate([points, under])
    n, faces = len(points), []
    for i in range(rows - 1):
        for j in range(2):
            a = i * 3 + j
            faces += [(a, a + 1, a + 4), (a, a + 4, a + 3)]
    faces += [(c + n, d + n, e + n) for c, e, d in faces]
    edge = [
        0,
        1,
        2,
        *(i * 3 + 2 for i in range(1, rows)),
        (rows - 1) * 3 + 1,
        *(i * 3 for i in range(rows - 1, 0, -1)),
    ]
    for i, a in enumerate(edge):
        c = edge[(i + 1) % len(edge)]
        faces += [(a, a + n, c + n), (a, c + n, c)]
    return smooth(both, np.array(faces))


@SHELF.model("bush", "shrub", "hedge", stuff="leaf #4f8f3a", varied=True)
def bush(b: Builder) -> None:
    for k in range(6):
        a = k * math.pi / 3
        r = 0.3 if k % 2 else 0.36
        b.add(
            _shaded(lump(r, b.rng, roughness=0.3), 0.6, 1),
            at=(0.34 * math.cos(a), r * 0.72, 0.34 * math.sin(a)),
        )
    b.add(_shaded(lump(0.45, b.rng, roughness=0.3), 0.6, 1), at=(0, 0.5, 0))


@SHELF.model("flower", "daisy", "blossom", "sunflower", "花", stuff="paper #e8607f", varied=True)
def flower(b: Builder) -> None:
    bend = b.rng.uniform(-0.03, 0.03)
    b.add(tube(curve([(0, 0.006, 0), (bend, 0.16, 0.01), (bend * 1.4, 0.34, 0.03)]), 0.007), "leaf")
    head = (bend * 1.4, 0.35, 0.04)
    for ring, count, tilt, size in ((0, 12, 62, 1.0), (1, 9, 48, 0.74)):
        for k in range(count):
            a = 360 / count * (k + 0.5 * ring)
            petal = ellipsoid(0.022 * size, 0.007, 0.05 * size, 20).moved(
                at=(0, 0, 0.052 * size), turn=(-12, 0, 0)
            )
            b.add(petal.moved(turn=(0, a, 0)), at=head, turn=(tilt, 0, 0))
    b.add(
        ellipsoid(0.03, 0.016, 0.03, 28),
        "paper #f0b429" if b.color.lower() != "#f9d423" else "bark #6b3f1c",
        at=(head[0], head[1] + 0.006, head[2] + 0.012),
        turn=(60, 0, 0),
    )
    for s in (-1, 1):
        leaf = ellipsoid(0.028, 0.005, 0.07, 20).moved(at=(0, 0, 0.07), turn=(-25, 0, 0))
        b.add(leaf, "leaf", at=(0, 0.09, 0), turn=(0, 90 * s, 0))


@SHELF.model("rose", stuff="fabric #c8203a", varied=True)
def rose(b: Builder) -> None:
    b.add(tube([(0, 0.006, 0), (0.01, 0.2, 0), (0, 0.36, 0)], 0.006), "leaf #3d7a35")
    for ring in range(4):
        count, r = 3 + ring, 0.012 + ring * 0.013
        for k in range(count):
            a = 360 / count * k + ring * 35
            petal = ellipsoid(0.028 + ring * 0.005, 0.036, 0.009, 20).moved(
                at=(0, 0.012, r), turn=(8 + ring * 9, 0, 0)
            )
            b.add(petal, at=(0, 0.375 - ring * 0.006, 0), turn=(0, a, 0))
    for s in (-1, 1):
        b.add(
            ellipsoid(0.024, 0.004, 0.045, 20).moved(at=(0, 0, 0.05), turn=(-25, 0, 0)),
            "leaf #3d7a35",
            at=(0, 0.18 + 0.04 * s, 0),
            turn=(0, 90 * s, 0),
        )


@SHELF.model("tulip", stuff="fabric #e8503a", varied=True)
def tulip(b: Builder) -> None:
    b.add(tube([(0, 0.006, 0), (0.008, 0.15, 0), (0, 0.3, 0)], 0.007), "leaf")
    for ring in range(2):
        for k in range(3):
            petal = ellipsoid(0.034, 0.055, 0.012, 24).moved(
                at=(0, 0.045, 0.022 - ring * 0.006), turn=(-4, 0, 0)
            )
            b.add(petal, at=(0, 0.3, 0), turn=(0, k * 120 + ring * 60, 0))
    for s in (-1, 1):
        b.add(
            ellipsoid(0.022, 0.11, 0.006, 24), "leaf", at=(0.03 * s, 0.11, 0), turn=(0, 0, -14 * s)
        )


@SHELF.model(
    "potted plant", "houseplant", "plant", "plant pot", "flower pot", stuff="leaf", varied=True
)
def potted_plant(b: Builder) -> None:
    b.add(
        lathe(
            [
                (0, 0),
                (0.1, 0),
                (0.135, 0.19),
                (0.15, 0.19),
                (0.15, 0.235),
                (0.13, 0.235),
                (0.12, 0.2),
                (0, 0.2),
            ],
            48,
        ),
        "clay",
    )
    b.add(cylinder(0.122, 0.012), "earth", at=(0, 0.2, 0))
    for k in range(11):
        a = k * 2.4
        lean = 18 + 5 * k
        blade = ellipsoid(0.045, 0.012, 0.17, 20).moved(
            at=(0, 0, 0.17), turn=(-70 + lean * 0.6, 0, 0)
        )
        b.add(
            blade, at=(0.02 * math.cos(a), 0.21, 0.02 * math.sin(a)), turn=(0, math.degrees(a), 0)
        )


@SHELF.model("cactus", stuff="leaf #4e8a4a", varied=True)
def cactus(b: Builder) -> None:
    def ribbed(path: list[tuple[float, float, float]], r: float) -> None:
        b.add(tube(curve(path, 6), r, 20))

    ribbed([(0, 0.1, 0), (0, 0.7, 0), (0, 1.35, 0)], 0.16)
    ribbed([(0.1, 0.55, 0), (0.38, 0.58, 0), (0.4, 0.8, 0), (0.4, 1.0, 0)], 0.095)
    ribbed([(-0.1, 0.4, 0), (-0.34, 0.43, 0), (-0.36, 0.6, 0), (-0.36, 0.75, 0)], 0.085)
    b.add(ellipsoid(0.05, 0.03, 0.05, 20), "paper #e8607f", at=(0, 1.52, 0))


@SHELF.model("mushroom", "toadstool", stuff="paint #d23a2e", varied=True)
def mushroom(b: Builder) -> None:
    b.add(
        lathe([(0, 0), (0.05, 0), (0.055, 0.02), (0.036, 0.08), (0.034, 0.16), (0, 0.17)], 40),
        "ivory",
    )
    cap = curve([(0.155, 0.135), (0.16, 0.15), (0.13, 0.215), (0.07, 0.255), (0.0, 0.268)], 6)
    b.add(lathe([(0, 0.15), (0.04, 0.148), (0.15, 0.128), *cap], 56))
    b.add(lathe([(0, 0.149), (0.04, 0.146), (0.148, 0.126), (0.04, 0.15), (0, 0.151)], 40), "ivory")
    for k in range(9):
        a, r = k * 2.4, 0.035 + 0.013 * k
        y = 0.266 - (r / 0.158) ** 3 * 0.1
        b.add(
            ellipsoid(0.018, 0.007, 0.018, 16),
            "ivory",
            at=(r * math.cos(a), y, r * math.sin(a)),
            turn=(math.degrees(r * 5 * math.sin(a)), 0, -math.degrees(r * 5 * math.cos(a))),
        )


@SHELF.model("grass", "tuft of grass", "reed", "wheat", stuff="grass", varied=True)
def grass(b: Builder) -> None:
    for _ in range(26):
        a, r, h = (
            b.rng.uniform(0, 6.28),
            0.12 * math.sqrt(b.rng.uniform()),
            b.rng.uniform(0.16, 0.34),
        )
        x, z = r * math.cos(a), r * math.sin(a)
        b.add(
            tube(
                [(x, 0.004, z), (x * 1.2, h * 0.6, z * 1.2), (x * 1.9, h, z * 1.9)],
                [0.006, 0.005, 0.001],
                6,
            )
        )


@SHELF.model("forest", "woods", "wood of trees", "grove", stuff="pine", varied=True)
def forest(b: Builder) -> None:
    spots = [(x * 1.7 + (z % 2) * 0.8, z * 1.5) for x in range(-2, 3) for z in range(-2, 3)]
    for x, z in spots:
        size = b.rng.uniform(0.75, 1.15)
        px, pz = x + b.rng.uniform(-0.3, 0.3), z + b.rng.uniform(-0.3, 0.3)
        b.add(cylinder(0.13 * size, 0.7 * size), "bark", at=(px, 0, pz))
        if b.rng.uniform() < 0.6:
            for k in range(4):
                layer = cone((0.9 - k * 0.19) * size, 1.1 * size, 18)
                b.add(_shaded(layer, 0.65, 1), at=(px, (0.45 + k * 0.62) * size, pz))
        else:
            leaves = _shaded(lump(0.8 * size, b.rng, roughness=0.3), 0.6, 1)
            b.add(leaves, "leaf", at=(px, 1.5 * size, pz), scale=(1, 1.15, 1))


@SHELF.model("log", "tree trunk", "firewood", stuff="bark")
def trunk(b: Builder) -> None:
    b.add(cylinder(0.2, 1.4, bevel=0.01), at=(-0.7, 0.2, 0), turn=(0, 0, -90))
    for s in (-1, 1):
        b.add(
            cylinder(0.185, 0.01),
            "wood",
            at=(0.7 * s - (0.0 if s > 0 else 0.006), 0.2, 0),
            turn=(0, 0, -90),
        )
    b.top(0.4, 0.6, 0.1)


@SHELF.model("stump", "tree stump", stuff="bark")
def stump(b: Builder) -> None:
    b.add(lathe([(0, 0), (0.36, 0), (0.27, 0.1), (0.24, 0.4), (0, 0.4)], 36))
    b.add(cylinder(0.225, 0.008), "wood", at=(0, 0.398, 0))
    b.top(0.406, 0.16, 0.16)
