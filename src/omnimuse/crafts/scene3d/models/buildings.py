"""Buildings and what stands around them."""

from __future__ import annotations

import math

from omnimuse.crafts.scene3d.build import Builder, Shelf
from omnimuse.crafts.scene3d.shapes import arc, box, cone, cylinder, lathe, prism, sphere, tube

SHELF = Shelf("building")


def _window(
    b: Builder,
    x: float,
    y: float,
    z: float,
    w: float,
    h: float,
    *,
    turn: float = 0.0,
    frame: str = "paint #fbf7ee",
) -> None:
    """A window with a frame and a cross, its back in the wall."""
    parts = [(box(w, h, 0.05, 0.004), "window", (0.0, 0.0, 0.0))]
    parts += [
        (box(w + 0.12, 0.07, 0.09, 0.008), frame, (0.0, y0, 0.01)) for y0 in (-0.06, h - 0.01)
    ]
    parts += [
        (box(0.06, h + 0.06, 0.08, 0.006), frame, (x0, -0.02, 0.01))
        for x0 in (-w / 2 - 0.02, 0.0, w / 2 + 0.02)
    ]
    parts += [(box(w, 0.04, 0.07, 0.004), frame, (0.0, h / 2 - 0.02, 0.01))]
    for shape, stuff, at in parts:
        b.add(shape.moved(at=at), stuff, at=(x, y, z), turn=(0, turn, 0))


def _gable(
    b: Builder, width: float, depth: float, base: float, rise: float, roof: str, wall: str = "main"
) -> None:
    """Gable walls and a roof of two slabs with an overhang; the ridge runs along x."""
    b.add(
        prism([(-depth / 2, base), (depth / 2, base), (0, base + rise)], width),
        wall,
        turn=(0, 90, 0),
    )
    slope = math.degrees(math.atan2(rise, depth / 2))
    length = math.hypot(rise, depth / 2) + 0.42
    for side in (-1, 1):
        slab = box(width + 0.5, 0.1, length, 0.02).moved(at=(0, 0, length / 2 - 0.02))
        tilt = (
            slab.moved(turn=(slope, 0, 0))
            if side > 0
            else slab.moved(turn=(0, 180, 0)).moved(turn=(-slope, 0, 0))
        )
        b.add(tilt, roof, at=(0, base + rise - 0.02, 0))


@SHELF.model("house", "home", "cottage", "villa", "房子", stuff="plaster")
def house(b: Builder) -> None:
    b.add(box(5.2, 0.2, 4.4, 0.03), "stone")
    b.add(box(5.0, 2.6, 4.2, 0.02), at=(0, 0.1, 0))
    _gable(b, 5.0, 4.2, 2.69, 1.7, "tile")
    b.add(box(0.6, 1.5, 0.6, 0.02), "brick", at=(1.4, 3.5, -0.6))
    b.add(box(0.72, 0.14, 0.72, 0.02), "stone", at=(1.4, 4.98, -0.6))
    b.add(box(1.0, 2.0, 0.1, 0.015), "wood #7a4526", at=(0, 0.2, 2.08))
    b.add(box(1.2, 0.1, 0.16, 0.01), "paint #fbf7ee", at=(0, 2.2, 2.09))
    b.twice(box(0.1, 2.0, 0.16, 0.01), "paint #fbf7ee", at=(0.55, 0.2, 2.09))
    b.add(sphere(0.045, 16), "brass", at=(0.36, 1.15, 2.15))
    b.add(box(1.5, 0.12, 0.7, 0.02), "stone", at=(0, 0, 2.4))
    for x in (-1.6, 1.6):
        _window(b, x, 1.0, 2.1, 0.85, 1.0)
        _window(b, x, 1.0, -2.1, 0.85, 1.0, turn=180)
    for z in (-0.95, 0.95):
        _window(b, 2.5, 1.0, z, 0.8, 1.0, turn=90)
        _window(b, -2.5, 1.0, z, 0.8, 1.0, turn=-90)


@SHELF.model("cabin", "hut", "log cabin", "shed", "lodge", "barn", stuff="wood")
def cabin(b: Builder) -> None:
    r = 0.115
    for i in range(10):
        y = r + i * r * 1.86
        for z in (-1.5, 1.5):
            b.add(cylinder(r, 4.3, segments=16), at=(-2.15, y, z), turn=(0, 0, -90))
        b.twice(cylinder(r, 3.4, segments=16), at=(1.9, y + r * 0.93, -1.7), turn=(90, 0, 0))
    b.add(box(3.7, 2.1, 2.9), "dark wood", at=(0, 0.05, 0))
    _gable(b, 3.9, 3.1, 2.16, 1.25, "slate")
    b.add(box(0.9, 1.75, 0.14, 0.015), "dark wood", at=(-0.7, 0.02, 1.58))
    _window(b, 0.85, 0.8, 1.6, 0.7, 0.7)
    b.add(box(0.5, 1.3, 0.5, 0.02), "stone", at=(1.1, 2.7, -0.4))


@SHELF.model("tower", "watchtower", "round tower", "stone tower", stuff="stone")
def tower(b: Builder) -> None:
    b.add(
        lathe([(0, 0), (1.4, 0), (1.3, 0.5), (1.12, 5.2), (1.32, 5.6), (1.32, 6.0), (0, 6.0)], 40)
    )
    for k in range(10):
        b.add(
            box(0.42, 0.5, 0.24, 0.02).moved(at=(0, 0, 1.2)), at=(0, 5.98, 0), turn=(0, 36 * k, 0)
        )
    b.add(cone(1.05, 2.0, 40), "slate", at=(0, 5.98, 0))
    b.add(tube([(0, 7.9, 0), (0, 8.7, 0)], 0.03), "iron")
    b.add(prism([(0, 0), (0.75, 0.2), (0, 0.4)], 0.03), "fabric #c8303a", at=(0.02, 8.25, 0))
    b.add(box(0.8, 1.5, 0.2, 0.02), "dark wood", at=(0, 0, 1.28))
    for k, y in ((0, 2.6), (1, 3.6), (2, 3.0), (3, 4.2)):
        b.add(
            box(0.26, 0.7, 0.2, 0.02).moved(at=(0, 0, 1.17)),
            "coal",
            at=(0, y, 0),
            turn=(0, 90 * k, 0),
        )
    b.top(6.0, 0.4, 0.4)


@SHELF.model("castle", "fortress", "palace", "chateau", "城堡", stuff="stone #b9b2a6")
def castle(b: Builder) -> None:
    def turret(x: float, z: float, r: float, h: float) -> None:
        b.add(
            lathe(
                [
                    (0, 0),
                    (r * 1.1, 0),
                    (r, 0.6),
                    (r, h),
                    (r * 1.18, h + 0.35),
                    (r * 1.18, h + 0.75),
                    (0, h + 0.75),
                ],
                32,
            ),
            at=(x, 0, z),
        )
        for k in range(8):
            b.add(
                box(r * 0.5, 0.38, 0.2, 0.02).moved(at=(0, 0, r * 1.06)),
                at=(x, h + 0.74, z),
                turn=(0, 45 * k, 0),
            )
        b.add(
            cone(r * 1.02, r * 2.3, 32),
            "tile #3f5f8f" if not b.color else "slate",
            at=(x, h + 0.74, z),
        )
        b.add(tube([(x, h + 0.7 + r * 2.3, z), (x, h + 1.5 + r * 2.3, z)], 0.035), "iron")
        b.add(
            prism([(0, 0), (0.6, 0.17), (0, 0.34)], 0.03),
            "fabric #c8303a",
            at=(x + 0.02, h + 1.1 + r * 2.3, z),
        )
        for k in range(4):
            b.add(
                box(0.24, 0.75, 0.1, 0.02).moved(at=(0, 0, r)),
                "coal",
                at=(x, h * 0.62, z),
                turn=(0, 45 + 90 * k, 0),
            )

    def wall(x: float, z: float, length: float, turn: float) -> None:
        b.add(box(length, 3.0, 0.6, 0.02), at=(x, 0, z), turn=(0, turn, 0))
        count = max(2, round(length / 0.8))
        for i in range(count):
            part = box(0.42, 0.4, 0.6, 0.02).moved(
                at=(-length / 2 + (i + 0.5) * length / count, 0, 0)
            )
            b.add(part, at=(x, 2.99, z), turn=(0, turn, 0))

    wall(0, -3.4, 6.6, 0)
    wall(-3.4, 0, 6.6, 90)
    wall(3.4, 0, 6.6, 90)
    wall(-2.25, 3.4, 2.3, 0)
    wall(2.25, 3.4, 2.3, 0)
    for x in (-3.4, 3.4):
        for z in (-3.4, 3.4):
            turret(x, z, 0.95, 4.2)
    b.add(box(2.6, 3.7, 1.2, 0.02), at=(0, 0, 3.4))
    for i in range(4):
        b.add(box(0.4, 0.42, 1.2, 0.02), at=(-1.05 + 0.7 * i, 3.69, 3.4))
    gate = [
        (-0.75, 0.0),
        (0.75, 0.0),
        (0.75, 1.5),
        *[
            (0.75 * math.cos(a), 1.5 + 0.75 * math.sin(a))
            for a in (math.pi * i / 12 for i in range(1, 12))
        ],
        (-0.75, 1.5),
    ]
    b.add(prism(gate, 1.26), "dark wood", at=(0, 0, 3.4))
    b.add(box(3.0, 5.4, 2.8, 0.03), at=(0, 0, -0.9))
    for k in range(4):
        for i in range(4):
            b.add(
                box(0.44, 0.45, 0.3, 0.02).moved(
                    at=(-1.1 + 0.73 * i, 0, 1.36 if k % 2 == 0 else 1.44)
                ),
                at=(0, 5.39, -0.9),
                turn=(0, 90 * k, 0),
            )
    turret(0, -0.9, 0.85, 6.6)
    for x in (-0.8, 0.8):
        b.add(box(0.34, 1.0, 0.1, 0.02), "coal", at=(x, 3.8, 0.5))


@SHELF.model("church", "chapel", "cathedral", "temple", stuff="plaster #f3efe6")
def church(b: Builder) -> None:
    b.add(box(6.0, 3.2, 3.6, 0.02), at=(0.8, 0, 0))
    b.add(prism([(-1.8, 3.19), (1.8, 3.19), (0, 5.1)], 6.0), at=(0.8, 0, 0), turn=(0, 90, 0))
    slope, length = math.degrees(math.atan2(1.91, 1.8)), math.hypot(1.91, 1.8) + 0.3
    for side in (0, 180):
        slab = (
            box(6.2, 0.1, length, 0.02)
            .moved(at=(0, 0, length / 2))
            .moved(turn=(slope, 0, 0))
            .moved(turn=(0, side, 0))
        )
        b.add(slab, "slate", at=(0.8, 5.09, 0))
    b.add(box(2.2, 6.0, 2.2, 0.02), at=(-3.0, 0, 0))
    b.add(lathe([(0, 0), (1.72, 0), (0, 3.8)], 4), "slate", at=(-3.0, 5.99, 0), turn=(0, 45, 0))
    b.add(box(0.09, 0.9, 0.09, 0.01), "gold", at=(-3.0, 9.6, 0))
    b.add(box(0.45, 0.09, 0.09, 0.01), "gold", at=(-3.0, 10.15, 0))
    arch = [
        (-0.3, 0.0),
        (0.3, 0.0),
        (0.3, 1.0),
        *[
            (0.3 * math.cos(a), 1.0 + 0.45 * math.sin(a))
            for a in (math.pi * i / 10 for i in range(1, 10))
        ],
        (-0.3, 1.0),
    ]
    for x in (-0.8, 0.7, 2.2, 3.3):
        for z, t in ((1.8, 0), (-1.8, 180)):
            b.add(prism(arch, 0.08), "window #6f7fb5", at=(x, 1.1, z), turn=(0, t, 0))
    b.add(
        prism([(x * 2, y * 1.3) for x, y in arch], 0.1),
        "dark wood",
        at=(-4.1, 0, 0),
        turn=(0, 90, 0),
    )
    b.add(prism([(x * 1.4, y) for x, y in arch], 0.1), "coal", at=(-3.0, 4.2, 1.1))


@SHELF.model("lighthouse", "灯塔", stuff="paint #f5f2ea")
def lighthouse(b: Builder) -> None:
    b.add(lathe([(0, 0), (2.4, 0), (2.0, 0.5), (1.7, 0.6), (0, 0.6)], 28), "stone")
    bands = 6
    for i in range(bands):
        r0, r1 = 1.3 - 0.09 * i, 1.3 - 0.09 * (i + 1)
        stuff = "main" if i % 2 == 0 else "paint #d0342c"
        b.add(cylinder(r0, 1.25, top=r1, segments=48), stuff, at=(0, 0.58 + 1.24 * i, 0))
    y = 0.58 + 1.24 * bands
    b.add(cylinder(1.15, 0.16, bevel=0.03, segments=48), "iron", at=(0, y, 0))
    for k in range(16):
        a = k * math.pi / 8
        b.add(
            tube(
                [
                    (1.08 * math.cos(a), y + 0.14, 1.08 * math.sin(a)),
                    (1.08 * math.cos(a), y + 0.6, 1.08 * math.sin(a)),
                ],
                0.02,
                8,
            ),
            "iron",
        )
    b.add(lathe(arc((1.08, y + 0.6), 0.03, -90, 270, 8), 48), "iron")
    b.add(cylinder(0.6, 1.0, segments=36), "lamplight", at=(0, y + 0.15, 0))
    b.add(
        lathe(
            [(0, 0), (0.82, 0), (0.78, 0.12), (0.3, 0.6), (0.1, 0.75), (0.1, 0.9), (0, 0.95)], 40
        ),
        "paint #d0342c",
        at=(0, y + 1.14, 0),
    )
    b.add(box(0.75, 1.4, 0.3, 0.02), "dark wood", at=(0, 0.6, 1.2))
    for k, h in ((0, 3.2), (2, 4.6), (1, 5.6)):
        b.add(
            box(0.34, 0.55, 0.3, 0.02).moved(at=(0, 0, 1.1 - 0.07 * (h - 0.58))),
            "window",
            at=(0, h, 0),
            turn=(0, 90 * k, 0),
        )


@SHELF.model("windmill", "mill", stuff="plaster #f2ece0")
def windmill(b: Builder) -> None:
    b.add(lathe([(0, 0), (1.7, 0), (1.55, 0.3), (1.05, 4.4), (0, 4.4)], 12))
    b.add(lathe([(0, 4.35), (1.25, 4.35), (1.2, 4.6), (0.6, 5.5), (0, 5.7)], 12), "wood #7a4a30")
    hub = (0.0, 4.75, 1.5)
    b.add(cylinder(0.1, 1.2, segments=20), "dark wood", at=(0, 4.75, 0.5), turn=(90, 0, 0))
    b.add(sphere(0.2, 24), "dark wood", at=hub)
    for k in range(4):
        arm = box(0.12, 2.9, 0.08, 0.01)
        b.add(arm.moved(turn=(0, 0, 90 * k + 20)), "dark wood", at=hub)
        sail = box(0.75, 2.0, 0.03, 0.005).moved(at=(0.42, 0.75, 0.0), turn=(0, 8, 0))
        b.add(sail.moved(turn=(0, 0, 90 * k + 20)), "fabric #fbf6e8", at=hub)
    b.add(box(0.85, 1.7, 0.3, 0.02), "dark wood", at=(0, 0, 1.5))
    for y in (2.2, 3.3):
        b.add(box(0.5, 0.6, 0.3, 0.02), "window", at=(0, y, 1.57 - 0.122 * y))


@SHELF.model(
    "skyscraper",
    "office building",
    "building",
    "apartment building",
    "hotel",
    "school",
    "tower block",
    stuff="concrete #c9ccd2",
)
def block(b: Builder) -> None:
    w, d, floors = 5.0, 4.0, 9
    b.add(box(w, floors * 1.2 + 0.5, d, 0.04))
    for f in range(floors):
        for i in range(5):
            b.add(
                box(0.62, 0.75, 0.1, 0.01), "window", at=(-1.92 + 0.96 * i, 0.55 + 1.2 * f, d / 2)
            )
            b.add(
                box(0.62, 0.75, 0.1, 0.01), "window", at=(-1.92 + 0.96 * i, 0.55 + 1.2 * f, -d / 2)
            )
        for i in range(4):
            b.twice(
                box(0.1, 0.75, 0.6, 0.01), "window", at=(w / 2, 0.55 + 1.2 * f, -1.41 + 0.94 * i)
            )
    b.add(box(w + 0.3, 0.3, d + 0.3, 0.04), "concrete", at=(0, floors * 1.2 + 0.48, 0))
    b.add(box(1.4, 1.1, 0.14, 0.02), "dark wood", at=(0, 0, d / 2 + 0.02))
    b.top(floors * 1.2 + 0.78, w * 0.4, d * 0.4)


@SHELF.model("bridge", "stone bridge", "footbridge", stuff="stone")
def bridge(b: Builder) -> None:
    outline: list[tuple[float, float]] = [(-4.0, 0.0), (-2.2, 0.0)]
    outline += [
        (-2.2 * math.cos(math.pi * i / 16), 1.5 * math.sin(math.pi * i / 16)) for i in range(1, 16)
    ]
    outline += [(2.2, 0.0), (4.0, 0.0), (4.0, 0.7)]
    outline += [
        (4.0 * math.cos(math.pi * i / 24), 0.7 + 1.35 * math.sin(math.pi * i / 24))
        for i in range(1, 24)
    ]
    outline += [(-4.0, 0.7)]
    b.add(prism(outline, 1.9))
    for z in (-0.9, 0.9):
        path = [
            (4.0 * math.cos(math.pi * i / 24), 1.05 + 1.35 * math.sin(math.pi * i / 24), z)
            for i in range(25)
        ]
        b.add(tube(path, 0.11, 10))
        for i in range(1, 24, 2):
            x, y, _ = path[i]
            b.add(cylinder(0.07, 0.4, segments=10), at=(x, y - 0.4, z))
    b.top(2.0, 0.7, 0.6)
    b.under(1.3, 1.2, 0.8)


@SHELF.model("fence", "wooden fence", "picket fence", stuff="paint #f6f2ea")
def fence(b: Builder) -> None:
    picket = [(-0.05, 0.0), (0.05, 0.0), (0.05, 0.85), (0, 0.95), (-0.05, 0.85)]
    for i in range(15):
        b.add(prism(picket, 0.025), at=(-1.12 + 0.16 * i, 0.02, 0.03))
    for y in (0.25, 0.68):
        b.add(box(2.4, 0.07, 0.035, 0.005), at=(0, y, 0))
    for x in (-1.16, 0, 1.16):
        b.add(box(0.09, 0.95, 0.09, 0.012), at=(x, 0, -0.05))


@SHELF.model("wall", "brick wall", "stone wall", stuff="brick")
def wall(b: Builder) -> None:
    for row in range(10):
        y, shift = row * 0.105, 0.12 if row % 2 else 0.0
        x = -1.2
        while x < 1.2 - 0.01:
            end = min(x + (0.24 if x > -1.2 or not shift else 0.12), 1.2)
            b.add(box(end - x - 0.012, 0.093, 0.22, 0.008), at=((x + end) / 2, y, 0))
            x = end
    b.add(box(2.38, 1.04, 0.19), "concrete")
    b.top(1.04, 1.1, 0.09)


@SHELF.model("well", "water well", "wishing well", stuff="stone")
def well(b: Builder) -> None:
    for row in range(5):
        for k in range(14):
            a = 2 * math.pi * (k + 0.5 * (row % 2)) / 14
            b.add(
                box(0.29, 0.165, 0.2, 0.03).moved(at=(0, 0, 0.66)),
                at=(0, 0.17 * row, 0),
                turn=(0, math.degrees(a), 0),
            )
    b.add(cylinder(0.6, 0.35, segments=36), "water #2f6f9a")
    b.twice(box(0.1, 2.0, 0.1, 0.012), "wood", at=(0.68, 0, 0))
    b.add(cylinder(0.06, 1.5, segments=16), "wood", at=(-0.75, 1.5, 0), turn=(0, 0, -90))
    b.add(tube([(0, 1.5, 0.06), (0, 1.05, 0.06)], 0.012, 8), "straw")
    b.add(cylinder(0.1, 0.2, top=0.13, segments=24), "wood", at=(0, 0.86, 0.06))
    for side in (0, 180):
        slab = (
            box(1.8, 0.05, 0.95, 0.01)
            .moved(at=(0, 0, 0.45))
            .moved(turn=(35, 0, 0))
            .moved(turn=(0, side, 0))
        )
        b.add(slab, "tile", at=(0, 2.35, 0))


@SHELF.model("arch", "gate", "triumphal arch", "gateway", stuff="marble")
def arch(b: Builder) -> None:
    ring = [
        (1.0 * math.cos(math.pi * i / 16), 2.0 + 1.0 * math.sin(math.pi * i / 16))
        for i in range(17)
    ]
    outline = [
        (1.9, 0.0),
        (1.9, 3.6),
        (-1.9, 3.6),
        (-1.9, 0.0),
        (-1.0, 0.0),
        *reversed(ring),
        (1.0, 0.0),
    ]
    b.add(prism(outline[::-1], 1.0))
    b.add(box(4.1, 0.3, 1.25, 0.04), at=(0, 3.59, 0))
    b.add(box(3.5, 0.5, 0.9, 0.03), at=(0, 3.88, 0))
    b.top(4.38, 1.6, 0.4)
    b.under(2.6, 0.8, 0.4)


@SHELF.model("fountain", stuff="marble")
def fountain(b: Builder) -> None:
    b.add(
        lathe(
            [
                (0, 0),
                (1.5, 0),
                (1.55, 0.1),
                (1.5, 0.5),
                (1.58, 0.56),
                (1.4, 0.58),
                (1.36, 0.15),
                (0, 0.15),
            ],
            56,
        )
    )
    b.add(cylinder(1.37, 0.3, segments=56), "water", at=(0, 0.15, 0))
    b.add(
        lathe(
            [
                (0, 0.15),
                (0.3, 0.15),
                (0.16, 0.4),
                (0.14, 1.1),
                (0.25, 1.2),
                (0.75, 1.42),
                (0.78, 1.48),
                (0.2, 1.3),
                (0.1, 1.4),
                (0.1, 1.8),
                (0.35, 1.95),
                (0.38, 2.0),
                (0, 1.95),
            ],
            48,
        )
    )
    for k in range(10):
        a = k * math.pi / 5
        path = [
            (
                r * math.cos(a),
                1.95 + 1.1 * (r - 0.05) - 1.9 * (r - 0.05) ** 2 * 1.25,
                r * math.sin(a),
            )
            for r in (0.05, 0.25, 0.45, 0.65, 0.85, 1.05)
        ]
        b.add(tube(path, [0.03, 0.03, 0.028, 0.026, 0.024, 0.02], 8), "water")


@SHELF.model("tent", "camping tent", "tipi", stuff="fabric #d98a3d")
def tent(b: Builder) -> None:
    b.add(prism([(-1.1, 0), (1.1, 0), (0, 1.4)], 2.2))
    b.add(prism([(-0.45, 0), (0.45, 0), (0, 1.05)], 2.22), "coal")
    for z in (-1.12, 1.12):
        b.add(tube([(0, 0.02, z), (0, 1.48, z)], 0.025, 10), "wood")


@SHELF.model("igloo", stuff="snow")
def igloo(b: Builder) -> None:
    for row in range(7):
        y0, y1 = 1.25 * math.sin(row * math.pi / 14.6), 1.25 * math.sin((row + 1) * math.pi / 14.6)
        r0, r1 = 1.5 * math.cos(row * math.pi / 14.6), 1.5 * math.cos((row + 1) * math.pi / 14.6)
        b.add(lathe([(0, y0), (r0, y0 + 0.012), (r1 + 0.025, y1 - 0.012), (0, y1)], 40))
    tunnel = [
        (0.62 * math.cos(math.pi * i / 14), 0.75 * math.sin(math.pi * i / 14)) for i in range(15)
    ]
    b.add(prism(tunnel, 0.9), at=(0, 0, 1.5))
    b.add(prism([(x * 0.68, y * 0.74) for x, y in tunnel], 0.92), "coal", at=(0, 0, 1.5))


@SHELF.model("village", "town", stuff="plaster")
def village(b: Builder) -> None:
    for k, (x, z) in enumerate(((-4.2, 0.6), (0, -2.6), (4.4, 0.2), (-1.6, 3.2), (2.6, 3.6))):
        w, h, t = 2.2 + 0.3 * (k % 3), 1.7 + 0.2 * (k % 2), (-14, 6, 20, 34, -20)[k]
        wall_color = ("#efe6d4", "#e8c9a4", "#d9e0e4", "#f0d9c9", "#e6e3c8")[k]
        b.add(box(w, h, 2.0, 0.02), f"plaster {wall_color}", at=(x, 0, z), turn=(0, t, 0))
        roof = prism([(-1.25, h), (1.25, h), (0, h + 1.25)], w + 0.4).moved(turn=(0, 90, 0))
        b.add(roof, "tile", at=(x, -0.01, z), turn=(0, t, 0))
        for dx in (-w * 0.28, w * 0.28):
            b.add(
                box(0.4, 0.5, 0.06, 0.01).moved(at=(dx, 0, 1.0)),
                "window",
                at=(x, 0.7, z),
                turn=(0, t, 0),
            )
        b.add(
            box(0.5, 1.1, 0.06, 0.01).moved(at=(0, 0, 1.0)),
            "dark wood",
            at=(x, 0, z),
            turn=(0, t, 0),
        )


@SHELF.model("city", "skyline", "downtown", stuff="concrete #b9bec8")
def city(b: Builder) -> None:
    for x in range(-2, 3):
        for z in range(-2, 3):
            h = 2.5 + 7.5 * float(b.rng.uniform()) ** 1.6 * (1.4 - 0.25 * (abs(x) + abs(z)))
            w = float(b.rng.uniform(1.3, 1.7))
            shade = ("#b9bec8", "#9fa9b8", "#cbbfae", "#8f9db0", "#d2d4d6")[int(b.rng.integers(5))]
            b.add(box(w, max(h, 1.5), w, 0.03), f"concrete {shade}", at=(x * 2.3, 0, z * 2.3))
            rows = int(max(h, 1.5) / 0.55)
            for r in range(1, rows):
                for turn in (0, 90, 180, 270):
                    strip = box(w * 0.82, 0.24, 0.03).moved(at=(0, 0, w / 2))
                    b.add(strip, "window", at=(x * 2.3, r * 0.53, z * 2.3), turn=(0, turn, 0))
