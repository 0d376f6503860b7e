"""Furniture and lamps, in real sizes."""

from __future__ import annotations

import math

from omnimuse.crafts.scene3d.build import Builder, Shelf
from omnimuse.crafts.scene3d.shapes import arc, box, cylinder, lathe, sphere, tube

SHELF = Shelf("thing")


def _legs(b: Builder, x: float, z: float, height: float, thick: float, splay: float = 0.0) -> None:
    for sx in (-1, 1):
        for sz in (-1, 1):
            foot = (sx * (x + splay), 0.0, sz * (z + splay))
            if b.said.get("shape") == "round" or splay:
                b.add(
                    tube(
                        [(foot[0], thick * 0.3, foot[2]), (sx * x, height, sz * z)],
                        [thick * 0.3, thick * 0.48],
                    )
                )
            else:
                b.add(box(thick, height + 0.004, thick, 0.006), at=foot)


@SHELF.model("table", "dining table", "kitchen table")
def table(b: Builder) -> None:
    if b.said.get("shape") == "round":
        b.add(cylinder(0.62, 0.035, bevel=0.014, segments=72), at=(0, 0.715, 0))
        b.add(
            lathe(
                [
                    (0, 0),
                    (0.3, 0),
                    (0.3, 0.02),
                    (0.09, 0.08),
                    (0.05, 0.2),
                    (0.05, 0.6),
                    (0.12, 0.715),
                    (0, 0.715),
                ]
            )
        )
        b.top(0.75, 0.42, 0.42)
        b.under(0.7, 0.2, 0.2, at=(0.34, 0.3))
        return
    b.add(box(1.5, 0.04, 0.85, 0.014), at=(0, 0.71, 0))
    for z in (-0.35, 0.35):
        b.add(box(1.32, 0.09, 0.024, 0.004), at=(0, 0.62, z))
    b.twice(box(0.024, 0.09, 0.7, 0.004), at=(0.66, 0.62, 0))
    _legs(b, 0.67, 0.355, 0.71, 0.065)
    b.top(0.75, 0.72, 0.4)
    b.under(0.61, 0.6, 0.32)


@SHELF.model("coffee table", "side table", "low table", "nightstand", "tea table")
def coffee_table(b: Builder) -> None:
    b.add(box(1.0, 0.035, 0.6, 0.015), at=(0, 0.385, 0))
    b.add(box(0.84, 0.02, 0.46, 0.006), at=(0, 0.14, 0))
    _legs(b, 0.43, 0.24, 0.385, 0.05)
    b.top(0.42, 0.47, 0.27)


@SHELF.model("desk", "writing desk", "work desk", "computer desk")
def desk(b: Builder) -> None:
    b.add(box(1.4, 0.035, 0.7, 0.01), at=(0, 0.705, 0))
    b.add(box(0.42, 0.66, 0.6, 0.008), at=(0.44, 0.05, 0))
    for i in range(3):
        b.add(box(0.37, 0.19, 0.02, 0.006), at=(0.44, 0.075 + 0.21 * i, 0.305))
        b.add(tube([(0.38, 0.18 + 0.21 * i, 0.335), (0.5, 0.18 + 0.21 * i, 0.335)], 0.008), "brass")
    b.add(box(0.42, 0.05, 0.6), at=(0.44, 0, 0))
    for z in (-0.28, 0.28):
        b.add(box(0.055, 0.71, 0.055, 0.006), at=(-0.62, 0, z))
    b.top(0.74, 0.66, 0.32)
    b.under(0.68, 0.38, 0.28, at=(-0.2, 0))


@SHELF.model("chair", "dining chair", "wooden chair", "seat")
def chair(b: Builder) -> None:
    b.add(box(0.45, 0.035, 0.44, 0.014), at=(0, 0.43, 0))
    for x in (-0.195, 0.195):
        b.add(tube([(x, 0.014, 0.18), (x, 0.43, 0.175)], [0.014, 0.021]))
        b.add(
            tube(
                [(x * 1.02, 0.016, -0.22), (x, 0.44, -0.19), (x, 0.7, -0.21), (x, 0.93, -0.27)],
                [0.015, 0.022, 0.02, 0.016],
            )
        )
    for y, z in ((0.58, -0.2), (0.7, -0.215), (0.83, -0.245)):
        b.add(
            tube(
                [
                    (-0.195, y, z),
                    (-0.07, y + 0.005, z - 0.022),
                    (0.07, y + 0.005, z - 0.022),
                    (0.195, y, z),
                ],
                [0.016, 0.022, 0.022, 0.016],
            )
        )
    b.twice(tube([(0.195, 0.2, 0.18), (0.195, 0.2, -0.2)], 0.012), at=(0, 0, 0))
    b.add(tube([(-0.195, 0.2, 0), (0.195, 0.2, 0)], 0.012))
    b.top(0.465, 0.18, 0.17)
    b.under(0.41, 0.16, 0.15)


@SHELF.model("armchair", "easy chair", "recliner", "throne", stuff="fabric #c4703f")
def armchair(b: Builder) -> None:
    b.add(box(0.9, 0.26, 0.84, 0.05), at=(0, 0.12, 0))
    b.add(box(0.6, 0.16, 0.66, 0.06), at=(0, 0.34, 0.06))
    b.add(box(0.9, 0.62, 0.2, 0.08), at=(0, 0.3, -0.34), turn=(-8, 0, 0))
    b.add(box(0.58, 0.4, 0.14, 0.065), at=(0, 0.47, -0.22), turn=(-10, 0, 0))
    b.twice(box(0.17, 0.44, 0.8, 0.075), at=(0.37, 0.18, 0.02))
    for x in (-0.36, 0.36):
        for z in (-0.32, 0.32):
            b.add(cylinder(0.02, 0.13, top=0.03), "dark wood", at=(x, 0, z))
    b.top(0.5, 0.26, 0.24, at=(0, 0.1))


@SHELF.model("sofa", "couch", "settee", "loveseat", stuff="fabric")
def sofa(b: Builder) -> None:
    b.add(box(2.0, 0.24, 0.9, 0.05), at=(0, 0.13, 0))
    for x in (-0.42, 0.42):
        b.add(box(0.82, 0.17, 0.68, 0.06), at=(x, 0.34, 0.08))
        b.add(box(0.8, 0.46, 0.18, 0.08), at=(x, 0.48, -0.24), turn=(-12, 0, 0))
    b.add(box(2.0, 0.6, 0.2, 0.08), at=(0, 0.2, -0.36), turn=(-5, 0, 0))
    b.twice(box(0.18, 0.46, 0.88, 0.08), at=(0.93, 0.18, 0.01))
    for x in (-0.9, 0.9):
        for z in (-0.36, 0.36):
            b.add(cylinder(0.02, 0.14, top=0.032), "dark wood", at=(x, 0, z))
    b.top(0.51, 0.78, 0.24, at=(0, 0.14))


@SHELF.model("stool", "bar stool", "footstool")
def stool(b: Builder) -> None:
    b.add(cylinder(0.18, 0.04, bevel=0.016, segments=56), at=(0, 0.42, 0))
    for i in range(4):
        a = math.pi / 4 + i * math.pi / 2
        c, s = math.cos(a), math.sin(a)
        b.add(tube([(0.19 * c, 0.014, 0.19 * s), (0.12 * c, 0.43, 0.12 * s)], [0.014, 0.02]))
    b.add(lathe(arc((0.165, 0.17), 0.009, -90, 270, 8), 48))
    b.top(0.46, 0.125, 0.125)


@SHELF.model("bench", "park bench", "garden bench")
def bench(b: Builder) -> None:
    for i in range(4):
        b.add(box(1.6, 0.03, 0.095, 0.008), at=(0, 0.43, -0.16 + 0.112 * i))
    for i in range(3):
        b.add(
            box(1.6, 0.09, 0.03, 0.008),
            at=(0, 0.52 + 0.12 * i, -0.24 - 0.025 * i),
            turn=(-10, 0, 0),
        )
    for x in (-0.66, 0.66):
        b.add(
            tube([(x, 0.02, 0.2), (x, 0.41, 0.18), (x, 0.41, -0.2), (x, 0.02, -0.26)], 0.02), "iron"
        )
        b.add(tube([(x, 0.4, -0.22), (x, 0.7, -0.285), (x, 0.86, -0.32)], 0.018), "iron")
    b.top(0.46, 0.76, 0.2)
    b.under(0.4, 0.6, 0.15)


@SHELF.model("bed", "double bed", "single bed")
def bed(b: Builder) -> None:
    b.add(box(1.55, 0.16, 2.05, 0.02), "wood", at=(0, 0.16, 0))
    b.add(box(1.6, 0.95, 0.07, 0.03), "wood", at=(0, 0, -1.03))
    b.add(box(1.6, 0.5, 0.06, 0.025), "wood", at=(0, 0, 1.03))
    b.add(box(1.48, 0.22, 1.96, 0.07), "paper", at=(0, 0.3, 0))
    stuff = "main" if b.color else "fabric #5f86b5"
    b.add(box(1.54, 0.19, 1.36, 0.08), stuff, at=(0, 0.36, 0.31))
    b.add(box(1.54, 0.05, 0.3, 0.024), "paper", at=(0, 0.52, -0.26))
    b.twice(box(0.62, 0.16, 0.4, 0.078), "paper", at=(0.36, 0.5, -0.74), turn=(-14, 0, 0))
    b.top(0.55, 0.65, 0.6, at=(0, 0.3))


@SHELF.model("bookcase", "bookshelf", "shelf", "shelves")
def bookcase(b: Builder) -> None:
    b.twice(box(0.03, 1.8, 0.32, 0.004), at=(0.435, 0, 0))
    b.add(box(0.86, 1.78, 0.012), at=(0, 0.01, -0.152))
    for i in range(5):
        b.add(box(0.86, 0.03, 0.31, 0.003), at=(0, 0.03 + i * 0.435, 0.002))
    covers = (
        "#a8373a",
        "#2f5d8a",
        "#d9a441",
        "#3f7a52",
        "#5b4a80",
        "#c9c0a8",
        "#2e3440",
        "#b5603a",
    )
    for row in range(4):
        x = -0.41
        limit = 0.4 if row % 2 else 0.16
        while x < limit:
            thick, tall = b.rng.uniform(0.022, 0.05), b.rng.uniform(0.22, 0.34)
            code = covers[int(b.rng.integers(len(covers)))]
            b.add(
                box(thick, tall, b.rng.uniform(0.17, 0.22), 0.004),
                f"paper {code}",
                at=(x + thick / 2, 0.06 + row * 0.435, 0.02),
            )
            x += thick + 0.002
    b.top(1.8, 0.42, 0.14)


@SHELF.model("cabinet", "cupboard", "wardrobe", "closet", "dresser", "chest of drawers", "drawer")
def cabinet(b: Builder) -> None:
    b.add(box(1.0, 0.82, 0.45, 0.012), at=(0, 0.08, 0))
    b.add(box(1.06, 0.03, 0.5, 0.012), at=(0, 0.9, 0))
    b.add(box(0.9, 0.08, 0.38), "dark wood")
    b.twice(box(0.46, 0.74, 0.02, 0.008), at=(0.24, 0.12, 0.23))
    b.twice(box(0.34, 0.6, 0.012, 0.006), at=(0.24, 0.19, 0.242))
    b.twice(sphere(0.018, 20), "brass", at=(0.045, 0.5, 0.262))
    b.top(0.93, 0.48, 0.22)


@SHELF.model("lamp", "table lamp", "desk lamp", "bedside lamp", stuff="fabric #efe0bd")
def lamp(b: Builder) -> None:
    b.add(
        lathe(
            [
                (0, 0),
                (0.085, 0),
                (0.088, 0.012),
                (0.03, 0.03),
                (0.016, 0.06),
                (0.03, 0.13),
                (0.038, 0.17),
                (0.014, 0.24),
                (0.01, 0.3),
                (0, 0.3),
            ]
        ),
        "brass",
    )
    b.add(sphere(0.032, 24), "lamplight", at=(0, 0.34, 0))
    b.add(lathe([(0.148, 0.25), (0.152, 0.25), (0.1, 0.47), (0.096, 0.47), (0.148, 0.25)], 56))


@SHELF.model("floor lamp", "standing lamp", stuff="fabric #efe0bd")
def floor_lamp(b: Builder) -> None:
    b.add(cylinder(0.15, 0.025, bevel=0.01), "brass")
    b.add(cylinder(0.012, 1.35), "brass")
    b.add(sphere(0.045, 24), "lamplight", at=(0, 1.4, 0))
    b.add(lathe([(0.226, 1.28), (0.23, 1.28), (0.15, 1.58), (0.146, 1.58), (0.226, 1.28)], 56))


@SHELF.model("street lamp", "lamp post", "lamppost", "streetlight", "lantern post", stuff="iron")
def street_lamp(b: Builder) -> None:
    b.add(
        lathe(
            [
                (0, 0),
                (0.17, 0),
                (0.17, 0.06),
                (0.11, 0.14),
                (0.09, 0.5),
                (0.06, 0.6),
                (0.045, 3.2),
                (0.08, 3.26),
                (0.06, 3.32),
                (0, 3.32),
            ]
        )
    )
    b.add(lathe([(0, 3.3), (0.1, 3.32), (0.17, 3.7), (0, 3.7)], 6), "lamplight")
    for i in range(6):
        a = i * math.pi / 3
        c, s = math.cos(a), math.sin(a)
        b.add(tube([(0.105 * c, 3.32, -0.105 * s), (0.175 * c, 3.7, -0.175 * s)], 0.01, 8))
    b.add(
        lathe(
            [
                (0, 3.68),
                (0.24, 3.68),
                (0.24, 3.7),
                (0.1, 3.86),
                (0.03, 3.9),
                (0.03, 3.96),
                (0, 3.98),
            ],
            6,
        )
    )


@SHELF.model("mirror", stuff="gold")
def mirror(b: Builder) -> None:
    b.add(box(0.6, 1.6, 0.04, 0.015), at=(0, 0.06, 0), turn=(-6, 0, 0))
    b.add(box(0.5, 1.5, 0.01), "chrome", at=(0, 0.11, 0.018), turn=(-6, 0, 0))
    b.twice(tube([(0.28, 0.012, 0.1), (0.28, 0.9, -0.09)], 0.012), at=(0, 0, 0))


@SHELF.model("door", "wooden door")
def door(b: Builder) -> None:
    b.twice(box(0.08, 2.1, 0.14, 0.01), "dark wood", at=(0.49, 0, 0))
    b.add(box(1.06, 0.08, 0.14, 0.01), "dark wood", at=(0, 2.06, 0))
    b.add(box(0.9, 2.05, 0.05, 0.006), at=(0, 0.01, 0))
    for y, h in ((0.2, 0.7), (1.05, 0.85)):
        b.twice(box(0.32, h, 0.07, 0.01), at=(0.2, y, 0))
    b.add(sphere(0.035, 20), "brass", at=(0.36, 1.0, 0.06))


@SHELF.model("rug", "carpet", "mat", stuff="fabric #a8433c")
def rug(b: Builder) -> None:
    b.add(box(1.9, 0.014, 1.3, 0.006))
    b.add(box(1.7, 0.004, 1.1, 0.001), "fabric #e8d9b8", at=(0, 0.013, 0))
    b.add(box(1.6, 0.005, 1.0, 0.001), at=(0, 0.014, 0))
    b.top(0.019, 0.9, 0.6)


@SHELF.model("pillow", "cushion", stuff="fabric #d77c5a")
def pillow(b: Builder) -> None:
    b.add(box(0.5, 0.16, 0.5, 0.078))
    b.top(0.16, 0.17, 0.17)
