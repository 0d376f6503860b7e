"""Everyday and storybook things."""

from __future__ import annotations

import math

import numpy as np

from omnimuse.crafts.scene3d.build import Builder, Shelf
from omnimuse.crafts.scene3d.material import linear
from omnimuse.crafts.scene3d.sculpt import Blob, Limb, sculpt
from omnimuse.crafts.scene3d.shapes import (
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

SHELF = Shelf("thing")


@SHELF.model("book", "notebook", "novel", "diary", "书", stuff="leather #9a3336")
def book(b: Builder) -> None:
    b.add(box(0.16, 0.03, 0.22, 0.002), "paper", at=(0.004, 0.005, 0))
    for y in (0.0, 0.035):
        b.add(box(0.175, 0.005, 0.235, 0.002), at=(0.002, y, 0))
    b.add(box(0.006, 0.04, 0.235, 0.0028), at=(-0.086, 0, 0))
    b.add(box(0.1, 0.001, 0.02, 0.0), "gold", at=(0.004, 0.0398, -0.05))
    b.add(box(0.06, 0.001, 0.01, 0.0), "gold", at=(0.004, 0.0398, -0.02))
    b.top(0.0408, 0.07, 0.1)


@SHELF.model("candle", "蜡烛", stuff="wax")
def candle(b: Builder) -> None:
    b.add(
        lathe(
            [
                (0, 0),
                (0.055, 0),
                (0.07, 0.012),
                (0.066, 0.016),
                (0.03, 0.01),
                (0.03, 0.03),
                (0, 0.03),
            ],
            40,
        ),
        "brass",
    )
    b.add(lathe([(0, 0.02), (0.024, 0.02), (0.024, 0.155), (0.02, 0.16), (0, 0.155)], 36))
    b.add(cylinder(0.0015, 0.014, segments=8), "coal", at=(0, 0.155, 0))
    b.add(
        lathe(curve([(0, 0), (0.006, 0.004), (0.0085, 0.013), (0.004, 0.028), (0, 0.038)], 5), 24),
        "flame",
        at=(0, 0.162, 0),
    )


@SHELF.model("lantern", "paper lantern", "oil lamp", stuff="paint #c8402f")
def lantern(b: Builder) -> None:
    b.add(cylinder(0.075, 0.03, bevel=0.01))
    b.add(
        lathe([(0, 0.03), (0.055, 0.03), (0.06, 0.05), (0.06, 0.16), (0.05, 0.18), (0, 0.18)], 40),
        "glass",
    )
    b.add(lathe(curve([(0, 0.06), (0.014, 0.075), (0.016, 0.1), (0, 0.145)], 5), 24), "flame")
    b.add(lathe([(0, 0.178), (0.07, 0.178), (0.06, 0.2), (0.025, 0.22), (0, 0.22)], 40))
    for k in range(4):
        a = k * math.pi / 2
        b.add(
            tube(
                [
                    (0.064 * math.cos(a), 0.03, 0.064 * math.sin(a)),
                    (0.064 * math.cos(a), 0.185, 0.064 * math.sin(a)),
                ],
                0.004,
                8,
            )
        )
    b.add(
        tube(
            [
                (0.05 * math.cos(a), 0.215 + 0.07 * math.sin(a), 0)
                for a in np.linspace(0.1, 3.04, 13)
            ],
            0.004,
            8,
        ),
        "iron",
    )


@SHELF.model("clock", "alarm clock", "watch", "时钟", stuff="paint #d8433b")
def clock(b: Builder) -> None:
    y = 0.085
    b.add(
        cylinder(0.07, 0.05, bevel=0.012, segments=56).moved(at=(0, -0.025, 0)),
        at=(0, y, 0),
        turn=(90, 0, 0),
    )
    b.add(cylinder(0.06, 0.004, segments=56), "paper", at=(0, y, 0.0235), turn=(90, 0, 0))
    for k in range(12):
        a = k * math.pi / 6
        size = 0.011 if k % 3 == 0 else 0.006
        b.add(
            box(0.004, size, 0.003).moved(at=(0, 0.043, 0)).moved(turn=(0, 0, math.degrees(a))),
            "coal",
            at=(0, y, 0.028),
        )
    for angle, length, thick in ((-300, 0.03, 0.006), (-60, 0.044, 0.004)):
        b.add(box(thick, length, 0.002).moved(turn=(0, 0, angle)), "coal", at=(0, y, 0.03))
    b.add(sphere(0.005, 16), "brass", at=(0, y, 0.031))
    for x in (-0.04, 0.04):
        b.add(tube([(x, 0.006, 0), (x * 0.8, 0.03, 0)], 0.007, 10), "brass")
        b.add(
            lathe([(0, 0), (0.027, 0), *arc((0, 0), 0.027, 5, 85, 8), (0, 0.027)], 28),
            "brass",
            at=(x, y + 0.058, 0),
            turn=(0, 0, -40 * x / abs(x)),
        )
    b.add(tube([(0, y + 0.068, 0), (0, y + 0.095, 0)], 0.004, 8), "brass")


@SHELF.model("sword", "dagger", "knife", "blade", "剑", stuff="steel")
def sword(b: Builder) -> None:
    blade = lathe([(0, 0), (0.034, 0.001), (0.027, 0.72), (0, 0.84)], 4)
    b.add(blade.moved(scale=(1, 1, 0.24)), at=(0, 0.25, 0))
    b.add(box(0.24, 0.028, 0.035, 0.012), "gold", at=(0, 0.225, 0))
    b.twice(sphere(0.022, 20), "gold", at=(0.12, 0.239, 0))
    b.add(cylinder(0.016, 0.17, segments=20), "leather", at=(0, 0.06, 0))
    for k in range(7):
        b.add(torus(0.0165, 0.003, 20), "leather #4a2c1a", at=(0, 0.075 + 0.022 * k, 0))
    b.add(sphere(0.03, 24), "gold", at=(0, 0.035, 0))


@SHELF.model("shield", stuff="steel")
def shield(b: Builder) -> None:
    outline = curve(
        [
            (0, -0.42),
            (0.2, -0.22),
            (0.3, 0.1),
            (0.3, 0.38),
            (0, 0.44),
            (-0.3, 0.38),
            (-0.3, 0.1),
            (-0.2, -0.22),
            (0, -0.42),
        ],
        6,
    )[:-1]
    points = [(x, y) for x, y in outline]
    b.add(prism(points, 0.05), at=(0, 0.45, 0), turn=(-8, 0, 0))
    b.add(
        prism([(x * 0.86, y * 0.86) for x, y in points], 0.07),
        "paint #b8323a",
        at=(0, 0.45, 0),
        turn=(-8, 0, 0),
    )
    b.add(ellipsoid(0.08, 0.08, 0.05, 32), "gold", at=(0, 0.47, 0.03))


@SHELF.model("crown", "tiara", "皇冠", stuff="gold")
def crown(b: Builder) -> None:
    b.add(
        lathe(
            [
                (0.092, 0),
                (0.1, 0),
                (0.103, 0.012),
                (0.1, 0.028),
                (0.106, 0.06),
                (0.1, 0.06),
                (0.092, 0),
            ],
            64,
        )
    )
    for k in range(8):
        a = k * math.pi / 4
        point = prism([(-0.034, 0), (0.034, 0), (0, 0.075)], 0.006).moved(
            at=(0, 0.055, 0.104), turn=(6, 0, 0)
        )
        b.add(point, turn=(0, math.degrees(a), 0))
        b.add(sphere(0.009, 20), at=(0.112 * math.sin(a), 0.136, 0.112 * math.cos(a)))
        code = ("#c8203a", "#2f5fc4", "#2f9a5a")[k % 3]
        b.add(
            ellipsoid(0.009, 0.011, 0.006, 20),
            f"ceramic {code}",
            at=(0.103 * math.sin(a), 0.022, 0.103 * math.cos(a)),
            turn=(0, math.degrees(a), 0),
        )
    b.add(torus(0.1, 0.007, 64), at=(0, 0.006, 0))


@SHELF.model("gift", "present", "gift box", "wrapped gift", "礼物", stuff="paper #d8433b")
def gift(b: Builder) -> None:
    b.add(box(0.3, 0.2, 0.3, 0.006))
    b.add(box(0.32, 0.05, 0.32, 0.006), at=(0, 0.19, 0))
    for size in ((0.045, 0.243, 0.324), (0.324, 0.243, 0.045)):
        b.add(box(*size, 0.002), "fabric #f6d36a")
    for s in (-1, 1):
        loop = [
            (
                s * (0.07 - 0.07 * math.cos(a)),
                0.245 + 0.05 * math.sin(a) + 0.012,
                0.02 * math.sin(a),
            )
            for a in np.linspace(0.05, 2 * math.pi - 0.05, 22)
        ]
        b.add(tube(loop, 0.011, 10), "fabric #f6d36a")
    b.add(sphere(0.02, 20), "fabric #f6d36a", at=(0, 0.255, 0))
    b.top(0.24, 0.13, 0.13)


@SHELF.model("treasure chest", "treasure", "pirate chest", stuff="wood #8a5a34")
def treasure(b: Builder) -> None:
    b.add(box(0.7, 0.32, 0.45, 0.012))
    lid = [(0.225 * math.cos(a), 0.2 * math.sin(a)) for a in np.linspace(0, math.pi, 19)]
    b.add(prism(lid, 0.7).moved(turn=(0, 90, 0)), at=(0, 0.33, 0))
    for x in (-0.26, 0.26):
        b.add(box(0.06, 0.325, 0.465, 0.008), "iron", at=(x, 0, 0))
        b.add(
            prism([(u * 1.035, v * 1.035) for u, v in lid], 0.06).moved(turn=(0, 90, 0)),
            "iron",
            at=(x, 0.33, 0),
        )
    b.add(box(0.1, 0.13, 0.03, 0.012), "gold", at=(0, 0.26, 0.235))


@SHELF.model("key", stuff="brass")
def key(b: Builder) -> None:
    b.add(torus(0.018, 0.0045, 32), at=(-0.035, 0.005, 0))
    b.add(tube([(-0.016, 0.005, 0), (0.05, 0.005, 0)], 0.004, 12))
    for x in (0.034, 0.046):
        b.add(box(0.006, 0.005, 0.016, 0.001), at=(x, 0.0025, 0.01))


@SHELF.model("coin", "medal", stuff="gold")
def coin(b: Builder) -> None:
    b.add(cylinder(0.02, 0.003, bevel=0.0006, segments=56))
    b.add(torus(0.0185, 0.0012, 56), at=(0, 0.003, 0))
    b.top(0.003, 0.012, 0.012)


@SHELF.model("trophy", "cup trophy", "award", stuff="gold")
def trophy(b: Builder) -> None:
    b.add(box(0.16, 0.06, 0.16, 0.006), "marble #2f2b30")
    b.add(
        lathe(
            [
                (0, 0.06),
                (0.06, 0.06),
                (0.055, 0.075),
                (0.018, 0.1),
                (0.015, 0.15),
                (0.03, 0.165),
                *curve([(0.055, 0.19), (0.085, 0.26), (0.095, 0.34)], 6),
                (0.09, 0.345),
                (0.07, 0.24),
                (0, 0.19),
            ],
            56,
        )
    )
    b.twice(
        tube(curve([(0.088, 0.32, 0), (0.15, 0.31, 0), (0.14, 0.23, 0), (0.07, 0.21, 0)]), 0.0075),
        at=(0, 0, 0),
    )


@SHELF.model("diamond", "gem", "gemstone", "crystal", "jewel", stuff="glass #8fd3f0")
def diamond(b: Builder) -> None:
    b.add(lathe([(0, 0), (0.1, 0.1), (0.06, 0.14), (0, 0.14)], 8))


@SHELF.model("umbrella", "parasol", "雨伞", stuff="fabric #d8433b")
def umbrella(b: Builder) -> None:
    dome = [
        (0.5 * math.sin(a), 0.95 + 0.28 * math.cos(a) - 0.28) for a in np.linspace(1.45, 0.02, 12)
    ]
    inner = [(r * 0.985, y - 0.01) for r, y in reversed(dome)]
    shape = lathe([*dome, (0, dome[-1][1]), (0, inner[0][1]), *inner, dome[0]], 48)
    b.add(shape)
    b.add(cylinder(0.011, 0.9, segments=14), "wood", at=(0, 0.1, 0))
    b.add(
        tube(
            [(0, 0.1, 0), (0, 0.05, 0.004), (0, 0.015, 0.03), (0, 0.02, 0.06), (0, 0.06, 0.07)],
            0.014,
            12,
        ),
        "wood",
    )
    b.add(cone(0.012, 0.07, 16), "iron", at=(0, 0.94, 0))


@SHELF.model("hat", "top hat", "cap", "cowboy hat", "witch hat", "帽子", stuff="fabric #2b2c33")
def hat(b: Builder) -> None:
    b.add(
        lathe(
            [
                (0, 0),
                (0.15, 0),
                *arc((0.15, 0.006), 0.006, -90, 90, 6),
                (0.09, 0.012),
                *curve([(0.088, 0.02), (0.084, 0.09), (0.092, 0.15)], 5),
                (0, 0.152),
            ],
            56,
        )
    )
    b.add(
        lathe(
            [(0.087, 0.014), (0.0895, 0.014), (0.0875, 0.045), (0.085, 0.045), (0.087, 0.014)], 56
        ),
        "fabric #b8323a",
    )


@SHELF.model("shoe", "boot", "sneaker", "shoes", stuff="leather")
def shoe(b: Builder) -> None:
    coat = b.coat()
    for x in (-0.06, 0.06):
        body = sculpt(
            [
                Limb((x, 0.045, -0.08), (x, 0.035, 0.09), 0.036, 0.034, coat),
                Limb((x, 0.05, -0.07), (x, 0.12, -0.08), 0.037, 0.036, coat),
                Blob((x, 0.05, 0.03), (0.036, 0.04, 0.05), coat),
            ],
            blend=0.03,
            cells=40,
        )
        b.soft(body, 0.45)
        b.add(ellipsoid(0.043, 0.016, 0.14, 32), "rubber #e8e4da", at=(x, 0.013, 0.005))


@SHELF.model("flag", "banner", "旗", stuff="fabric #c8303a")
def flag(b: Builder) -> None:
    b.add(cylinder(0.02, 2.2, segments=16), "wood")
    b.add(sphere(0.04, 20), "gold", at=(0, 2.22, 0))
    n = 20
    front = [(0.02 + 0.95 * i / n, 0.045 * math.sin(i / n * 7.5)) for i in range(n + 1)]
    ring = [(x, z + 0.006) for x, z in front] + [(x, z - 0.006) for x, z in reversed(front)]
    b.add(prism(ring, 0.6, smooth_deg=40).moved(turn=(-90, 0, 0)), at=(0, 1.85, 0))


@SHELF.model("anchor", stuff="iron")
def anchor(b: Builder) -> None:
    b.add(tube([(0, 0.1, 0), (0, 0.95, 0)], 0.04, 16))
    b.add(torus(0.08, 0.025, 32), at=(0, 1.04, 0), turn=(90, 0, 0))
    b.add(tube([(-0.22, 0.82, 0), (0.22, 0.82, 0)], 0.032, 14))
    path = [
        (0.42 * math.sin(a), 0.47 - 0.42 * math.cos(a), 0.0) for a in np.linspace(-1.25, 1.25, 17)
    ]
    b.add(tube(path, 0.042, 14))
    for s in (-1, 1):
        b.add(cone(0.1, 0.2, 4), at=(s * 0.4, 0.33, 0), turn=(0, 0, -18 * s))


@SHELF.model("wheel", "cart wheel", stuff="wood")
def wheel(b: Builder) -> None:
    b.add(torus(0.4, 0.045, 64), at=(0, 0.445, 0), turn=(90, 0, 0))
    b.add(
        cylinder(0.09, 0.14, bevel=0.015, segments=28).moved(at=(0, -0.07, 0)),
        at=(0, 0.445, 0),
        turn=(90, 0, 0),
    )
    for k in range(8):
        a = k * math.pi / 4
        b.add(
            tube(
                [
                    (0.08 * math.cos(a), 0.445 + 0.08 * math.sin(a), 0),
                    (0.39 * math.cos(a), 0.445 + 0.39 * math.sin(a), 0),
                ],
                0.024,
                12,
            )
        )


@SHELF.model("ladder", stuff="wood")
def ladder(b: Builder) -> None:
    b.twice(box(0.05, 2.4, 0.06, 0.01), at=(0.22, 0, 0), turn=(-14, 0, 0))
    for i in range(8):
        y = 0.25 + 0.28 * i
        b.add(tube([(-0.22, y * 0.97, -0.25 * y), (0.22, y * 0.97, -0.25 * y)], 0.018, 12))


@SHELF.model("hammer", "axe", "mallet", "tool", stuff="steel")
def hammer(b: Builder) -> None:
    b.add(cylinder(0.013, 0.3, segments=16), "wood", at=(0, 0.02, 0.0), turn=(0, 0, -90))
    b.add(box(0.035, 0.035, 0.11, 0.006), at=(0.3, 0.0025, 0))


@SHELF.model("pencil", "pen", "crayon", stuff="paint #f2b51e")
def pencil(b: Builder) -> None:
    b.add(cylinder(0.004, 0.15, segments=6).moved(turn=(0, 0, -90)), at=(-0.08, 0.004, 0))
    b.add(cone(0.004, 0.018, 24).moved(turn=(0, 0, -90)), "wood #e8c79a", at=(0.07, 0.004, 0))
    b.add(
        cylinder(0.0042, 0.014, segments=24).moved(turn=(0, 0, -90)),
        "fruit #e58a9a",
        at=(-0.094, 0.004, 0),
    )


@SHELF.model("kite", "风筝", stuff="fabric #e2503f", stance="sky")
def kite(b: Builder) -> None:
    outline = [(0, -0.55), (0.38, 0.15), (0, 0.5), (-0.38, 0.15)]
    b.add(prism(outline, 0.012), at=(0, 1.2, 0), turn=(-18, 0, 0))
    tail = [
        (0.06 * math.sin(t * 3), 0.66 - 0.2 * t, 0.17 + 0.02 * t) for t in np.linspace(0, 3, 16)
    ]
    b.add(tube(tail, 0.006, 6), "paper")
    for i in range(2, 16, 3):
        x, y, z = tail[i]
        b.add(ellipsoid(0.06, 0.022, 0.012, 14), "fabric #3f7fd1", at=(x, y, z))


@SHELF.model(
    "teddy", "teddy bear", "stuffed animal", "plush toy", "toy", "doll", stuff="fur #b07a45"
)
def teddy(b: Builder) -> None:
    coat, pale = b.coat(), linear("#e6c79a")
    parts: list[Limb | Blob] = [
        Blob((0, 0.14, 0), (0.105, 0.12, 0.09), coat),
        Blob((0, 0.13, 0.045), (0.075, 0.085, 0.055), pale),
        Blob((0, 0.32, 0.01), (0.095, 0.088, 0.085), coat),
        Blob((0, 0.295, 0.08), (0.045, 0.036, 0.035), pale),
    ]
    for x in (-1, 1):
        parts += [
            Blob((x * 0.075, 0.4, 0), (0.036, 0.036, 0.02), coat),
            Limb((x * 0.09, 0.21, 0.02), (x * 0.15, 0.12, 0.07), 0.04, 0.036, coat),
            Limb((x * 0.07, 0.055, 0.04), (x * 0.1, 0.045, 0.16), 0.05, 0.046, coat),
        ]
    b.soft(sculpt(parts, blend=0.025, cells=72), 0.95)
    b.twice(sphere(0.011, 18), "ceramic #17120f", at=(0.034, 0.345, 0.088))
    b.add(ellipsoid(0.014, 0.01, 0.008, 18), "ceramic #17120f", at=(0, 0.313, 0.114))


@SHELF.model("barbell", "dumbbell", stuff="iron")
def dumbbell(b: Builder) -> None:
    b.add(cylinder(0.016, 0.3, segments=20).moved(turn=(0, 0, -90)), "steel", at=(-0.15, 0.07, 0))
    for x in (-0.15, -0.11, 0.08, 0.12):
        b.add(
            cylinder(0.07 if abs(x) > 0.115 else 0.06, 0.03, bevel=0.006, segments=36).moved(
                turn=(0, 0, -90)
            ),
            at=(x, 0.07, 0),
        )


@SHELF.model("bone", stuff="ivory")
def bone(b: Builder) -> None:
    parts: list[Limb | Blob] = [Limb((-0.08, 0.03, 0), (0.08, 0.03, 0), 0.015, 0.015)]
    parts += [
        Blob((x, 0.03, z), (0.026, 0.026, 0.026)) for x in (-0.09, 0.09) for z in (-0.02, 0.02)
    ]
    b.soft(sculpt(parts, blend=0.012, cells=56), 0.5)


@SHELF.model("egg nest", "nest", "bird nest", stuff="straw")
def nest(b: Builder) -> None:
    for k in range(7):
        b.add(
            torus(0.11 + 0.006 * (k % 3), 0.017, 40),
            at=(0, 0.017 + 0.011 * k, 0),
            turn=(3 * math.sin(k * 2), 50 * k, 3 * math.cos(k * 2)),
        )
    b.add(cylinder(0.11, 0.02, segments=40))
    for k in range(3):
        a = k * 2.1
        b.add(
            ellipsoid(0.028, 0.022, 0.022, 24),
            "ivory #bfe0e6",
            at=(0.04 * math.cos(a), 0.042, 0.04 * math.sin(a)),
            turn=(0, 40 * k, 0),
        )
    b.inside(0.02, 0.06, 0.06)
