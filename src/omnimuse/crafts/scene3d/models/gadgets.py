"""Instruments and machines of the house."""

from __future__ import annotations

import math

from omnimuse.crafts.scene3d.build import Builder, Shelf
from omnimuse.crafts.scene3d.shapes import (
    Point,
    Shape,
    box,
    curve,
    cylinder,
    ellipsoid,
    lathe,
    prism,
    sphere,
    torus,
    tube,
)

SHELF = Shelf("thing")


@SHELF.model("guitar", "acoustic guitar", "violin", "ukulele", "吉他", stuff="wood #c9833f")
def guitar(b: Builder) -> None:
    right = curve(
        [
            (0, -0.24),
            (0.15, -0.21),
            (0.19, -0.09),
            (0.12, 0.04),
            (0.14, 0.15),
            (0.07, 0.23),
            (0, 0.235),
        ],
        6,
    )
    outline = [(x, y) for x, y in right] + [(-x, y) for x, y in reversed(right[1:-1])]
    tilt = (-12, 0, 0)
    parts: list[tuple[Shape, str, Point]] = [
        (prism(outline, 0.09), "main", (0, 0.25, 0)),
        (prism([(x * 0.94, y * 0.96) for x, y in outline], 0.096), "wood #e0ae6a", (0, 0.25, 0)),
    ]
    parts += [
        (cylinder(0.045, 0.004).moved(turn=(90, 0, 0)), "coal", (0, 0.31, 0.048)),
        (box(0.05, 0.5, 0.022, 0.006), "dark wood", (0, 0.42, 0.045)),
    ]
    parts += [
        (box(0.075, 0.14, 0.018, 0.008), "dark wood", (0, 0.91, 0.04)),
        (box(0.13, 0.018, 0.016, 0.004), "dark wood", (0, 0.14, 0.052)),
    ]
    parts += [
        (
            tube([(x * 0.0065, 0.15, 0.066), (x * 0.0065, 0.92, 0.066)], 0.0009, 6),
            "steel",
            (0, 0, 0),
        )
        for x in (-2.5, -1.5, -0.5, 0.5, 1.5, 2.5)
    ]
    parts += [
        (sphere(0.011, 14), "steel", (s * 0.046, 0.94 + 0.036 * i, 0.05))
        for s in (-1, 1)
        for i in range(3)
    ]
    for shape, stuff, at in parts:
        b.add(shape.moved(at=at), stuff, turn=tilt)
    b.add(tube([(0, 0.02, -0.22), (0, 0.42, -0.12)], 0.012, 10), "iron")


@SHELF.model("piano", "grand piano", "upright piano", "钢琴", stuff="paint #1c1c20")
def piano(b: Builder) -> None:
    b.add(box(1.5, 1.2, 0.4, 0.02), at=(0, 0.05, -0.2))
    b.add(box(1.5, 0.12, 0.32, 0.015), at=(0, 0.6, 0.14))
    b.twice(box(0.1, 0.6, 0.1, 0.01), at=(0.68, 0, 0.22))
    b.add(box(1.3, 0.02, 0.16, 0.003), "ivory", at=(0, 0.715, 0.18))
    for i in range(36):
        if i % 7 in (0, 1, 3, 4, 5):
            b.add(
                box(0.016, 0.018, 0.095, 0.003),
                "coal",
                at=(-0.63 + 0.0361 * (i + 0.5), 0.734, 0.148),
            )
    for i in range(1, 36):
        b.add(box(0.002, 0.003, 0.16), "coal", at=(-0.65 + 0.0361 * i, 0.734, 0.18))
    b.add(box(0.7, 0.02, 0.02, 0.005), "brass", at=(0, 0.9, 0.02))
    b.top(1.25, 0.7, 0.17, at=(0, -0.2))


@SHELF.model("drum", "snare drum", "bongo", "鼓", stuff="paint #c8303a")
def drum(b: Builder) -> None:
    b.add(cylinder(0.19, 0.26, segments=56), at=(0, 0.02, 0))
    for y in (0.02, 0.27):
        b.add(torus(0.192, 0.012, 56), "gold", at=(0, y, 0))
    b.add(cylinder(0.186, 0.012, segments=56), "paper", at=(0, 0.272, 0))
    for k in range(8):
        a, c = k * math.pi / 4, (k + 0.5) * math.pi / 4
        b.add(
            tube(
                [
                    (0.196 * math.cos(a), 0.26, 0.196 * math.sin(a)),
                    (0.196 * math.cos(c), 0.03, 0.196 * math.sin(c)),
                ],
                0.005,
                8,
            ),
            "paper",
        )
    b.top(0.284, 0.13, 0.13)


@SHELF.model("computer", "laptop", "notebook computer", "电脑", stuff="metal")
def laptop(b: Builder) -> None:
    b.add(box(0.34, 0.014, 0.24, 0.006))
    b.add(box(0.3, 0.002, 0.11, 0.001), "coal", at=(0, 0.0135, -0.035))
    b.add(box(0.1, 0.002, 0.06, 0.001), "metal #8b8f96", at=(0, 0.0135, 0.07))
    screen = box(0.34, 0.225, 0.008, 0.003)
    b.add(screen, at=(0, 0.012, -0.118), turn=(-14, 0, 0))
    b.add(
        box(0.318, 0.2, 0.002).moved(at=(0, 0.012, 0.0045)),
        "lamplight #5f9fe0",
        at=(0, 0.012, -0.118),
        turn=(-14, 0, 0),
    )


@SHELF.model("television", "tv", "monitor", "screen", "电视", stuff="plastic #1f2023")
def television(b: Builder) -> None:
    b.add(box(1.1, 0.64, 0.05, 0.012), at=(0, 0.1, 0))
    b.add(box(1.06, 0.595, 0.01, 0.002), "window #27405f", at=(0, 0.122, 0.023))
    b.add(box(0.5, 0.02, 0.22, 0.008))
    b.add(box(0.08, 0.12, 0.04, 0.01), at=(0, 0.01, -0.01))


@SHELF.model("phone", "smartphone", "mobile phone", "tablet", stuff="metal #2a2c33")
def phone(b: Builder) -> None:
    b.add(box(0.075, 0.008, 0.155, 0.0038))
    b.add(box(0.069, 0.001, 0.147, 0.0), "window #2f4f7f", at=(0, 0.0075, 0))


@SHELF.model("camera", "相机", stuff="leather #2c2b2e")
def camera(b: Builder) -> None:
    b.add(box(0.14, 0.08, 0.05, 0.01))
    b.add(box(0.14, 0.018, 0.05, 0.006), "silver", at=(0, 0.078, 0))
    b.add(box(0.045, 0.024, 0.042, 0.006), "silver", at=(0, 0.092, 0))
    b.add(
        lathe(
            [
                (0, 0),
                (0.034, 0),
                (0.034, 0.03),
                (0.029, 0.036),
                (0.029, 0.046),
                (0.024, 0.046),
                (0.02, 0.036),
                (0, 0.034),
            ],
            48,
        ),
        "coal",
        at=(0, 0.042, 0.024),
        turn=(90, 0, 0),
    )
    b.add(ellipsoid(0.02, 0.02, 0.007, 32), "window #3a4f7f", at=(0, 0.042, 0.062))
    b.add(cylinder(0.01, 0.012, bevel=0.002, segments=24), "silver", at=(0.045, 0.095, 0))
