"""Plain solids."""

from __future__ import annotations

import math

from omnimuse.crafts.scene3d.build import Builder, Shelf
from omnimuse.crafts.scene3d.shapes import arc, box, cone, cylinder, lathe, prism, sphere, torus

SHELF = Shelf("shape")


@SHELF.model("cube", "block", "square block", stuff="plastic #3f7fd1")
def cube(b: Builder) -> None:
    b.add(box(0.4, 0.4, 0.4, 0.02))
    b.top(0.4, 0.2, 0.2)


@SHELF.model("ball", "toy ball", "sports ball", stuff="rubber #d8402f")
def ball(b: Builder) -> None:
    b.add(sphere(0.11), at=(0, 0.11, 0))
    for turn in ((0, 0, 0), (90, 0, 0), (0, 0, 90)):
        b.add(torus(0.1095, 0.0022), "ivory", at=(0, 0.11, 0), turn=turn)


@SHELF.model("sphere", "orb", "globe", stuff="plastic #3f7fd1")
def orb(b: Builder) -> None:
    b.add(sphere(0.2, 64), at=(0, 0.2, 0))


@SHELF.model("cylinder", "drum shape", stuff="plastic #46a35b")
def rod(b: Builder) -> None:
    b.add(cylinder(0.17, 0.42, bevel=0.012, segments=64))
    b.top(0.42, 0.115, 0.115)


@SHELF.model("cone", stuff="plastic #ee8a2a")
def spike(b: Builder) -> None:
    b.add(cone(0.2, 0.45, 64))


@SHELF.model("torus", "ring", "donut shape", stuff="plastic #a64fc4")
def ring(b: Builder) -> None:
    b.add(torus(0.17, 0.065, 64))


@SHELF.model("pyramid", stuff="sand")
def pyramid(b: Builder) -> None:
    b.add(lathe([(0, 0), (0.3, 0), (0, 0.36)], 4), turn=(0, 45, 0))


@SHELF.model("prism", "wedge", stuff="plastic #24a3a3")
def wedge(b: Builder) -> None:
    b.add(prism([(-0.22, 0), (0.22, 0), (0, 0.36)], 0.4))


@SHELF.model("hemisphere", "dome", stuff="plastic #d8587f")
def dome(b: Builder) -> None:
    b.add(lathe([(0, 0), (0.25, 0), *arc((0, 0), 0.25, 4, 86, 16), (0, 0.25)], 64))


@SHELF.model("capsule", "pill", stuff="plastic #d8402f")
def capsule(b: Builder) -> None:
    low, high = arc((0, 0.12), 0.12, -86, 0, 10), arc((0, 0.34), 0.12, 0, 86, 10)
    b.add(lathe([(0, 0), *low, *high, (0, 0.46)], 56))


@SHELF.model("heart", "love heart", stuff="plastic #e0304e")
def heart(b: Builder) -> None:
    outline = []
    for i in range(64):
        t = i / 64 * 2 * math.pi
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        outline.append((x * 0.0115, y * 0.0115))
    for depth, size in ((0.10, 1.0), (0.125, 0.94), (0.14, 0.86)):
        b.add(prism([(x * size, y * size) for x, y in outline], depth), at=(0, 0.2, 0))


@SHELF.model("star", "five pointed star", stuff="gold")
def star(b: Builder) -> None:
    outline = []
    for i in range(10):
        r = 0.2 if i % 2 == 0 else 0.085
        a = math.pi / 2 + i * math.pi / 5
        outline.append((r * math.cos(a), r * math.sin(a)))
    b.add(prism(outline, 0.06, smooth_deg=5), at=(0, 0.17, 0))


@SHELF.model("stairs", "staircase", "steps", stuff="stone")
def stairs(b: Builder) -> None:
    for i in range(6):
        b.add(box(1.0, 0.17 * (i + 1), 0.29, 0.012), at=(0, 0, 0.8 - i * 0.28))
    b.top(1.02, 0.45, 0.12, at=(0, -0.6))


@SHELF.model("column", "pillar", stuff="marble")
def column(b: Builder) -> None:
    b.add(box(0.62, 0.12, 0.62, 0.015))
    b.add(lathe([(0, 0.12), (0.28, 0.12), *arc((0.26, 0.16), 0.04, -90, 90, 6), (0.23, 0.2),
                 (0.2, 2.3), *arc((0.22, 2.34), 0.04, -90, 90, 6), (0.27, 2.45), (0, 2.45)], 48))  # fmt: skip
    for i in range(16):
        a = i * math.pi / 8
        b.add(cylinder(0.022, 2.1, top=0.019, segments=10), at=(0.222 * math.cos(a), 0.2, 0.222 * math.sin(a)))  # fmt: skip
    b.add(box(0.6, 0.12, 0.6, 0.015), at=(0, 2.45, 0))
    b.top(2.57, 0.28, 0.28)
