"""Fruit, vegetables and things to eat."""

from __future__ import annotations

import math

import numpy as np

from omnimuse.crafts.scene3d.build import Builder, Shelf
from omnimuse.crafts.scene3d.shapes import (
    Shape,
    arc,
    box,
    curve,
    cylinder,
    ellipsoid,
    lathe,
    lump,
    prism,
    sphere,
    torus,
    tube,
)

SHELF = Shelf("food")


def _leaf(b: Builder, at: tuple[float, float, float], size: float, yaw: float) -> None:
    b.add(
        ellipsoid(size * 0.45, size * 0.08, size, 20).moved(at=(0, 0, size), turn=(-25, 0, 0)),
        "leaf",
        at=at,
        turn=(0, yaw, 0),
    )


@SHELF.model("apple", "red apple", "green apple", "苹果", stuff="fruit")
def apple(b: Builder) -> None:
    line = curve(
        [
            (0.0, 0.006),
            (0.012, 0.002),
            (0.026, 0.006),
            (0.038, 0.03),
            (0.04, 0.05),
            (0.032, 0.07),
            (0.016, 0.076),
            (0.004, 0.068),
            (0.0, 0.066),
        ],
        6,
    )
    b.add(lathe(line, 48))
    b.add(
        tube([(0, 0.064, 0), (0.002, 0.078, 0), (0.006, 0.088, 0)], [0.0016, 0.0018, 0.0024], 10),
        "bark",
    )
    _leaf(b, (0.002, 0.079, 0), 0.012, 60)


@SHELF.model("pear", stuff="fruit #b9c23f")
def pear(b: Builder) -> None:
    line = curve(
        [
            (0.0, 0.004),
            (0.02, 0.002),
            (0.037, 0.025),
            (0.036, 0.045),
            (0.023, 0.07),
            (0.017, 0.085),
            (0.008, 0.095),
            (0.0, 0.094),
        ],
        6,
    )
    b.add(lathe(line, 48))
    b.add(tube([(0, 0.092, 0), (0.004, 0.112, 0)], 0.002, 10), "bark")


@SHELF.model("orange", "tangerine", "grapefruit", "peach", "apricot", stuff="fruit #f28c1e")
def orange(b: Builder) -> None:
    b.add(sphere(0.039, 48), at=(0, 0.038, 0), scale=(1, 0.95, 1))
    b.add(cylinder(0.004, 0.002, segments=5), "leaf", at=(0, 0.0745, 0))


@SHELF.model("lemon", "lime", "mango", "avocado", stuff="fruit #f5d62e")
def lemon(b: Builder) -> None:
    line = curve(
        [
            (0, -0.052),
            (0.006, -0.046),
            (0.022, -0.028),
            (0.029, 0),
            (0.022, 0.028),
            (0.006, 0.046),
            (0, 0.052),
        ],
        6,
    )
    b.add(lathe(line, 40), at=(0, 0.029, 0), turn=(0, 0, 90))


@SHELF.model("banana", "bananas", stuff="fruit #f7d634")
def banana(b: Builder) -> None:
    path = [
        (0.09 * math.cos(a), 0.075 - 0.07 * math.sin(a), 0.0) for a in np.linspace(0.25, 2.75, 17)
    ]
    radii = [
        0.006 + 0.013 * math.sin(math.pi * min(max((i + 1) / 18, 0), 1)) ** 0.6 for i in range(17)
    ]
    b.add(tube(path, radii, 6))
    b.add(tube([path[0], (0.1, 0.078, 0)], [0.0055, 0.004], 8), "bark")


@SHELF.model("grape", "grapes", "bunch of grapes", "berry", "blueberry", stuff="fruit #6a3a8f")
def grapes(b: Builder) -> None:
    for row, count in enumerate((1, 3, 5, 7, 6)):
        for k in range(count):
            a, r = 2 * math.pi * k / count + row, 0.0 if count == 1 else 0.011 + 0.0032 * count
            b.add(sphere(0.012, 20), at=(r * math.cos(a), 0.014 + 0.018 * row, r * math.sin(a)))
    b.add(tube([(0, 0.09, 0), (0.004, 0.125, 0)], 0.0028, 8), "bark")


@SHELF.model("strawberry", "raspberry", stuff="fruit #dd2a34")
def strawberry(b: Builder) -> None:
    b.add(lathe(curve([(0, 0), (0.008, 0.003), (0.02, 0.026), (0.018, 0.038), (0, 0.042)], 6), 32))
    for k in range(6):
        _leaf(b, (0, 0.041, 0), 0.008, 60 * k)
    for k in range(36):
        a, t = k * 2.4, (k + 1) / 37
        y = 0.006 + 0.03 * t
        r = 0.021 * math.sin(min(1.5, 0.35 + 1.5 * t))
        b.add(ellipsoid(0.001, 0.0015, 0.001, 8), "straw", at=(r * math.cos(a), y, r * math.sin(a)))


@SHELF.model("cherry", "cherries", stuff="fruit #b0122a")
def cherry(b: Builder) -> None:
    for x in (-0.014, 0.014):
        b.add(sphere(0.012, 28), at=(x, 0.012, 0))
        b.add(tube([(x, 0.023, 0), (x * 0.6, 0.045, 0), (0, 0.062, 0)], 0.0011, 8), "leaf")
    _leaf(b, (0, 0.061, 0), 0.011, 90)


@SHELF.model("watermelon", "melon", stuff="fruit #3f8f3f")
def watermelon(b: Builder) -> None:
    body = ellipsoid(0.15, 0.125, 0.125, 56)
    angle = np.arctan2(body.vertices[:, 1], body.vertices[:, 2])
    stripe = np.where(np.sin(angle * 9 + np.sin(body.vertices[:, 0] * 60) * 0.7) > 0.25, 0.42, 1.0)
    b.add(
        Shape(body.vertices, body.normals, body.faces, stripe[:, None] * np.ones(3)),
        at=(0, 0.125, 0),
    )


@SHELF.model("pineapple", stuff="fruit #d99a2b")
def pineapple(b: Builder) -> None:
    b.add(ellipsoid(0.058, 0.09, 0.058, 40), at=(0, 0.09, 0))
    for row in range(9):
        y = 0.02 + 0.0172 * row
        r = 0.058 * math.sqrt(max(0.0, 1 - ((y - 0.09) / 0.09) ** 2))
        for k in range(12):
            a = (k + 0.5 * (row % 2)) * math.pi / 6
            b.add(sphere(0.009, 10), "fruit #c2801f", at=(r * math.cos(a), y, r * math.sin(a)))
    for ring in range(4):
        for k in range(7 - ring):
            blade = ellipsoid(0.011, 0.004, 0.05, 12).moved(
                at=(0, 0, 0.045), turn=(-38 - 13 * ring, 0, 0)
            )
            b.add(blade, "leaf", at=(0, 0.172, 0), turn=(0, 360 / (7 - ring) * k + 25 * ring, 0))


@SHELF.model("pumpkin", "jack o lantern", "squash", "南瓜", stuff="fruit #ee7d1e")
def pumpkin(b: Builder) -> None:
    body = ellipsoid(0.17, 0.125, 0.17, 80)
    a = np.arctan2(body.vertices[:, 2], body.vertices[:, 0])
    swell = 1 - 0.1 * np.abs(np.cos(a * 5)) ** 6 * (1 - (body.vertices[:, 1] / 0.14) ** 4)
    v = body.vertices * np.stack([swell, np.ones_like(swell), swell], 1)
    v[:, 1] -= 0.035 * np.exp(-((np.hypot(v[:, 0], v[:, 2]) / 0.05) ** 2)) * np.sign(v[:, 1])
    b.add(Shape(v, body.normals, body.faces, (swell**3)[:, None] * np.ones(3)), at=(0, 0.12, 0))
    b.add(
        tube([(0, 0.2, 0), (0.005, 0.235, 0), (0.025, 0.265, 0)], [0.022, 0.016, 0.019], 8),
        "leaf #6a7a35",
    )


@SHELF.model("carrot", stuff="fruit #f07a1e")
def carrot(b: Builder) -> None:
    b.add(
        lathe(
            [(0, 0), (0.004, 0.004), (0.012, 0.06), (0.021, 0.15), (0.017, 0.165), (0, 0.168)], 28
        ),
        at=(0, 0.02, -0.08),
        turn=(90, 0, 0),
    )
    for k in range(5):
        b.add(
            tube(
                [
                    (0, 0.02, 0.085),
                    (0.012 * math.cos(k * 1.26), 0.024 + 0.012 * math.sin(k * 1.26), 0.12),
                    (0.03 * math.cos(k * 1.26), 0.036 + 0.02 * math.sin(k * 1.26), 0.17),
                ],
                [0.003, 0.005, 0.002],
                8,
            ),
            "leaf",
        )


@SHELF.model("tomato", stuff="fruit #e0342a")
def tomato(b: Builder) -> None:
    b.add(ellipsoid(0.04, 0.032, 0.04, 44), at=(0, 0.032, 0))
    for k in range(5):
        _leaf(b, (0, 0.064, 0), 0.011, 72 * k)


@SHELF.model("egg", stuff="ivory")
def egg(b: Builder) -> None:
    b.add(
        lathe(
            [
                (0, 0),
                *[
                    (
                        0.022 * math.sin(t) * (1 - 0.14 * math.cos(math.pi - t)),
                        0.029 - 0.03 * math.cos(t),
                    )
                    for t in np.linspace(0.06, 3.1, 26)
                ],
                (0, 0.0592),
            ],
            40,
        ),
        turn=(0, 0, 0),
    )


@SHELF.model("bread", "loaf", "loaf of bread", "baguette", "toast", stuff="wood #c88a45")
def bread(b: Builder) -> None:
    b.add(lump(0.1, b.rng, roughness=0.05), at=(0, 0.06, 0), scale=(1.5, 0.62, 0.85))
    for x in (-0.08, -0.025, 0.03, 0.085):
        b.add(
            ellipsoid(0.01, 0.006, 0.05, 16),
            "wood #eed3a0",
            at=(x, 0.118 - abs(x) * 0.14, 0),
            turn=(0, 25, 0),
        )


@SHELF.model("cake", "birthday cake", "pie", "tart", "cheesecake", stuff="plaster #f4c3cf")
def cake(b: Builder) -> None:
    b.add(lathe([(0, 0), (0.19, 0), (0.2, 0.008), (0.19, 0.012), (0, 0.012)], 56), "ceramic")
    b.add(cylinder(0.15, 0.085, bevel=0.012, segments=64), at=(0, 0.012, 0))
    b.add(cylinder(0.11, 0.07, bevel=0.012, segments=64), "plaster #fbf5ea", at=(0, 0.095, 0))
    for k in range(20):
        a = k * math.pi / 10
        b.add(
            sphere(0.013, 16), "plaster #fbf5ea", at=(0.14 * math.cos(a), 0.1, 0.14 * math.sin(a))
        )
    for k in range(6):
        a = k * math.pi / 3
        x, z = 0.07 * math.cos(a), 0.07 * math.sin(a)
        b.add(
            cylinder(0.005, 0.06, segments=14),
            f"wax {('#e2574c', '#3f7fd1', '#f2b93b')[k % 3]}",
            at=(x, 0.163, z),
        )
        b.add(ellipsoid(0.005, 0.011, 0.005, 14), "flame", at=(x, 0.234, z))
    b.add(sphere(0.018, 24), "fruit", at=(0, 0.178, 0))


@SHELF.model("cupcake", "muffin", stuff="plaster #f49ab4")
def cupcake(b: Builder) -> None:
    b.add(cylinder(0.026, 0.04, top=0.036, segments=36), "paper #c98a55")
    for k in range(4):
        b.add(torus(0.03 - 0.008 * k, 0.011, 36), at=(0, 0.046 + 0.013 * k, 0))
    b.add(sphere(0.011, 20), "fruit", at=(0, 0.105, 0))


@SHELF.model("donut", "doughnut", "bagel", stuff="plaster #f287a8")
def donut(b: Builder) -> None:
    b.add(torus(0.035, 0.019, 56), "wood #d9a25a", at=(0, 0.019, 0))
    b.add(torus(0.035, 0.0185, 56), at=(0, 0.0235, 0), scale=(1.01, 0.85, 1.01))
    for k in range(30):
        a, t = k * 2.4, 0.024 + 0.021 * ((k * 7) % 10) / 9
        y = 0.0235 + 0.0157 * math.sqrt(max(0.05, 1 - ((t - 0.035) / 0.0187) ** 2))
        b.add(
            tube([(-0.003, 0, 0), (0.003, 0, 0)], 0.001, 6),
            f"plastic {('#3f7fd1', '#f5d23a', '#4db34d', '#fbf5ea')[k % 4]}",
            at=(t * math.cos(a), y, t * math.sin(a)),
            turn=(0, k * 53, 0),
        )


@SHELF.model("ice cream", "ice cream cone", "gelato", stuff="plaster #f4b6c2")
def ice_cream(b: Builder) -> None:
    b.add(lathe([(0, 0), (0.004, 0), (0.032, 0.115), (0.029, 0.115), (0, 0.1)], 32), "wood #d99a50")
    b.add(lump(0.036, b.rng, roughness=0.12), at=(0, 0.132, 0))
    b.add(lump(0.03, b.rng, roughness=0.12), "plaster #fbf1dc", at=(0.004, 0.178, 0))
    b.add(sphere(0.009, 18), "fruit", at=(0.004, 0.212, 0))


@SHELF.model("pizza", stuff="plaster #f2c14e")
def pizza(b: Builder) -> None:
    b.add(cylinder(0.15, 0.01, bevel=0.004, segments=64), "wood #d9a25a")
    b.add(torus(0.143, 0.011, 64), "wood #c98a45", at=(0, 0.009, 0))
    b.add(cylinder(0.135, 0.006, segments=64), at=(0, 0.009, 0))
    for k in range(11):
        a, r = k * 2.4, 0.035 + 0.0085 * k
        b.add(
            cylinder(0.017, 0.004, bevel=0.001, segments=24),
            "fruit #b8352a",
            at=(r * math.cos(a), 0.0145, r * math.sin(a)),
        )


@SHELF.model("burger", "hamburger", "cheeseburger", "sandwich", stuff="wood #d1934a")
def burger(b: Builder) -> None:
    b.add(cylinder(0.055, 0.022, bevel=0.009, segments=48))
    b.add(cylinder(0.058, 0.018, bevel=0.007, segments=48), "bark #5a3422", at=(0, 0.022, 0))
    b.add(box(0.1, 0.004, 0.1, 0.001), "plaster #f5b52e", at=(0, 0.04, 0), turn=(0, 20, 0))
    b.add(lump(0.06, b.rng, roughness=0.25), "leaf #7fc04a", at=(0, 0.048, 0), scale=(1, 0.14, 1))
    b.add(cylinder(0.05, 0.009, bevel=0.003, segments=40), "fruit", at=(0, 0.052, 0))
    b.add(
        lathe([(0, 0), (0.056, 0), *arc((0.0, 0.0), 0.056, 4, 86, 12), (0, 0.056)], 48),
        at=(0, 0.061, 0),
        scale=(1, 0.8, 1),
    )
    for k in range(22):
        a, r = k * 2.4, 0.008 * math.sqrt(k + 1)
        b.add(
            ellipsoid(0.0015, 0.001, 0.0026, 8),
            "ivory",
            at=(
                r * math.cos(a),
                0.0615 + 0.8 * math.sqrt(max(0.0, 0.056**2 - r * r)),
                r * math.sin(a),
            ),
        )


@SHELF.model("cheese", "cheese wedge", stuff="plaster #f5c445")
def cheese(b: Builder) -> None:
    b.add(
        prism([(-0.08, -0.05), (0.09, 0.0), (-0.08, 0.05)], 0.06), at=(0, 0.03, 0), turn=(-90, 0, 0)
    )


@SHELF.model("candy", "lollipop", stuff="plastic #e2476a")
def lollipop(b: Builder) -> None:
    b.add(cylinder(0.003, 0.11, segments=12), "paper")
    b.add(ellipsoid(0.035, 0.035, 0.01, 40), at=(0, 0.14, 0))
    spiral = [
        (0.0018 * t * math.cos(t), 0.14 + 0.0018 * t * math.sin(t), 0.0)
        for t in np.linspace(0.5, 17, 90)
    ]
    b.add(tube(spiral, 0.0028, 8), "paper", at=(0, 0, 0.0085))
