"""Boats without water of their own, and balloons that carry people."""

from __future__ import annotations

from omnimuse.crafts.illustration.color import adjust
from omnimuse.crafts.illustration.drawings.base import Brush, Drawing


def _boat(brush: Brush) -> None:
    pen = brush.pen
    w, wood = pen.width, "#b5713f"
    pen.path(
        f"M0 30Q{w / 2:.1f} 52 {w:.1f} 30L{w * 0.95:.1f} 40Q{w / 2:.1f} 60 {w * 0.05:.1f} 40Z",
        adjust(wood, light=-0.2),
    )
    pen.path(
        f"M0 30C{w * 0.06:.1f} 76 {w * 0.16:.1f} 98 {w * 0.26:.1f} 98H{w * 0.74:.1f}C{w * 0.84:.1f} 98 {w * 0.94:.1f} 76 {w:.1f} 30Q{w / 2:.1f} 56 0 30Z",
        pen.linear(adjust(wood, light=0.1), wood, adjust(wood, light=-0.12)),
    )
    for k in (14, 28):
        pen.path(
            f"M{w * (0.02 + k * 0.0028):.1f} {34 + k}Q{w / 2:.1f} {56 + k} {w * (0.98 - k * 0.0028):.1f} {34 + k}",
            "none",
            f' stroke="{adjust(wood, light=-0.12)}" stroke-width="1.4"',
        )
    pen.path(
        f"M0 30Q{w / 2:.1f} 56 {w:.1f} 30",
        "none",
        f' stroke="{adjust(wood, light=0.14)}" stroke-width="4" stroke-linecap="round"',
    )
    pen.line(f"M{w * 0.56:.1f} 34L{w * 0.88:.1f} 2", "#d9ab72", 2.6)


def _sailboat(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.rect((w * 0.48, 2, w * 0.025, 78), pen.linear("#9b6d45", "#70492b", angle=0))
    pen.path(
        f"M{w * 0.46:.1f} 6Q{w * 0.4:.1f} 44 {w * 0.06:.1f} 74H{w * 0.46:.1f}Z",
        pen.linear("#ffffff", "#dfe6f1", angle=30),
    )
    pen.path(
        f"M{w * 0.53:.1f} 3Q{w * 0.86:.1f} 34 {w * 0.94:.1f} 74H{w * 0.53:.1f}Z",
        pen.linear("#ff8a5c", "#ee5a48", angle=60),
    )
    hull = "#2f6fb7"
    pen.path(
        f"M0 80H{w:.1f}Q{w * 0.93:.1f} 99 {w * 0.8:.1f} 99H{w * 0.2:.1f}Q{w * 0.06:.1f} 99 0 80Z",
        pen.linear(adjust(hull, light=0.1), hull, adjust(hull, light=-0.12)),
    )
    pen.rect((w * 0.01, 80, w * 0.98, 4), "#fdf6ea")


def _ship(brush: Brush) -> None:
    pen = brush.pen
    w, hull = pen.width, "#d8433f"
    for i, x in enumerate((0.4, 0.54)):
        pen.rect((w * x, 8, w * 0.08, 30), pen.linear("#f3b53f", "#cf8b25", angle=0), radius=1)
        pen.rect((w * x, 8, w * 0.08, 7), "#333a4b", radius=1)
        del i
    pen.rect((w * 0.26, 34, w * 0.5, 17), pen.linear("#ffffff", "#dde4ee"), radius=3)
    pen.rect((w * 0.17, 48, w * 0.66, 20), pen.linear("#ffffff", "#d7dfea"), radius=3)
    for i in range(7):
        pen.ellipse((w * (0.24 + 0.087 * i), 58), 2.7, None, pen.linear("#9fd8f5", "#4c97d0"))
    pen.path(
        f"M0 64H{w:.1f}Q{w * 0.96:.1f} 98 {w * 0.86:.1f} 99H{w * 0.12:.1f}Q{w * 0.05:.1f} 90 0 64Z",
        pen.linear(adjust(hull, light=0.07), hull, adjust(hull, light=-0.14)),
    )
    pen.path(f"M{w * 0.003:.1f} 66H{w * 0.997:.1f}L{w * 0.99:.1f} 73H{w * 0.014:.1f}Z", "#fdf6ea")


def _hot_air_balloon(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    m = w / 2
    shell = f"M{m:.1f} 1C{w * 0.86:.1f} 1 {w:.1f} 20 {w:.1f} 36C{w:.1f} 54 {w * 0.72:.1f} 66 {m + 7:.1f} 78H{m - 7:.1f}C{w * 0.28:.1f} 66 0 54 0 36C0 20 {w * 0.14:.1f} 1 {m:.1f} 1Z"
    pen.path(shell, pen.radial("#ff8c6b", "#ee4f4a", "#b92f43", at=(0.36, 0.28), radius=0.85))
    pen.raw(f"<g{pen.clip(shell)}>")
    for x, wide, code in ((0.27, 0.13, "#ffd24d"), (0.5, 0.15, "#fff3d6"), (0.73, 0.13, "#ffd24d")):
        left, right = w * (x - wide / 2), w * (x + wide / 2)
        pull = (m - w * x) * 0.75
        pen.path(
            f"M{m:.1f} -2C{left - pull * 0.4:.1f} 10 {left:.1f} 26 {left:.1f} 38S{left + pull:.1f} 66 {m + (x - 0.5) * 12:.1f} 80H{m + (x - 0.5) * 12 + 4:.1f}C{right + pull:.1f} 66 {right:.1f} 54 {right:.1f} 38S{right - pull * 0.4:.1f} 10 {m:.1f} -2Z",
            code,
            ' opacity="0.92"',
        )
    pen.ellipse(
        (w * 0.34, 26),
        w * 0.2,
        16,
        pen.radial("#ffffff/0.5", "#ffffff/0", at=(0.5, 0.5), radius=0.5),
    )
    pen.raw("</g>")
    pen.line(f"M{m - 6:.1f} 78L{m - 5:.1f} 88M{m + 6:.1f} 78L{m + 5:.1f} 88", "#6d4c33", 0.8)
    pen.rect((m - 7, 87, 14, 12), pen.linear("#cf9558", "#93602f"), radius=2.4)
    pen.rect((m - 7.6, 86, 15.2, 3), "#7b5230", radius=1.4)


DRAWINGS: tuple[Drawing, ...] = (
    Drawing(
        "boat",
        _boat,
        ("boat", "rowboat", "rowing boat", "wooden boat", "fishing boat", "小船"),
        (1.6, 3.4),
        "water",
        faces_left=True,
    ),
    Drawing(
        "sailboat",
        _sailboat,
        ("sailboat", "sailing boat", "sail boat", "yacht", "帆船"),
        (0.75, 1.1),
        "water",
        faces_left=True,
    ),
    Drawing(
        "ship",
        _ship,
        ("ship", "cruise ship", "steamboat", "steamship", "ocean liner", "vessel", "轮船"),
        (1.5, 3.2),
        "water",
        faces_left=True,
    ),
    Drawing(
        "hot-air-balloon",
        _hot_air_balloon,
        ("hot air balloon", "air balloon", "热气球"),
        (0.7, 0.85),
        "sky",
        has_shadow=False,
    ),
)
