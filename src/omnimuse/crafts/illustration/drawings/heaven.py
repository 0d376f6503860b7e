"""Sun, moon, stars and rainbow."""

from __future__ import annotations

import math

from omnimuse.crafts.illustration.color import adjust
from omnimuse.crafts.illustration.drawings.base import Brush, Drawing
from omnimuse.crafts.illustration.pen import Pen


def _sun(brush: Brush) -> None:
    pen = brush.pen
    sun = "#ffc62e"
    for i in range(12):
        angle = math.tau * i / 12
        tip = (50 + math.cos(angle) * 49, 50 + math.sin(angle) * 49)
        sides = [
            (50 + math.cos(angle + s * 0.2) * 33, 50 + math.sin(angle + s * 0.2) * 33)
            for s in (-1, 1)
        ]
        pen.blob(
            [sides[0], tip, sides[1]], pen.radial("#ffdf6b", "#ffb11f", at=(0.5, 0.5), radius=0.7)
        )
    pen.ellipse((50, 50), 31, None, adjust(sun, light=-0.08, hue=-14))
    pen.ellipse(
        (50, 50), 29.5, None, pen.radial("#fff0a8", sun, "#ffa722", at=(0.4, 0.34), radius=0.75)
    )


def _phase(brush: Brush) -> str:
    words = " ".join(brush.attributes.values()).lower()
    for phase in ("crescent", "half", "full", "new"):
        if phase in words:
            return phase
    return "full"


def _crescent(brush: Brush) -> None:
    pen = brush.pen
    d = "M62 3A48 48 0 1 0 97 64A38 38 0 1 1 62 3Z"
    pen.path(d, pen.radial("#fff2b4", "#ffd84f", "#eaa92c", at=(0.3, 0.4), radius=0.8))
    clip = pen.clip(d)
    pen.raw(f"<g{clip}>")
    for x, y, r in ((22, 40, 5), (30, 66, 4), (48, 86, 4.5), (18, 58, 2.6), (68, 88, 2.6)):
        _crater(pen, x, y, r)
    pen.raw("</g>")


def _crater(pen: Pen, x: float, y: float, r: float) -> None:
    moon = "#f2c146"
    pen.ellipse((x, y), r, r * 0.95, adjust(moon, light=-0.03, hue=-6), ' opacity="0.75"')
    pen.ellipse(
        (x + r * 0.14, y + r * 0.16), r * 0.8, r * 0.76, adjust(moon, light=0.06), ' opacity="0.8"'
    )


def _moon(brush: Brush) -> None:
    if _phase(brush) == "crescent":
        _crescent(brush)
        return
    pen = brush.pen
    disc = pen.radial("#fff6c9", "#ffe070", "#efb53c", at=(0.36, 0.32), radius=0.85)
    if _phase(brush) == "half":
        d = "M50 2A48 48 0 0 0 50 98Z"
        pen.path(d, disc)
    else:
        d = "M50 2A48 48 0 1 1 49.9 2Z"
        pen.ellipse((50, 50), 48, None, disc)
    clip = pen.clip(d)
    pen.raw(f"<g{clip}>")
    for x, y, r in (
        (34, 32, 9),
        (64, 28, 5.5),
        (70, 58, 10),
        (40, 66, 6.5),
        (22, 54, 4.5),
        (54, 82, 5),
        (52, 46, 3.4),
        (82, 40, 3),
    ):
        _crater(pen, x, y, r)
    pen.raw("</g>")


def _star(brush: Brush) -> None:
    pen = brush.pen
    points = []
    for i in range(10):
        angle = -math.pi / 2 + math.pi * i / 5
        reach = 50 if i % 2 == 0 else 22
        points.append((50 + math.cos(angle) * reach, 53 + math.sin(angle) * reach))
    body = ' stroke="#ffc53a" stroke-width="5" stroke-linejoin="round"'
    pen.polygon(
        points, pen.radial("#fff0a0", "#ffd23f", "#f7a823", at=(0.4, 0.35), radius=0.75), body
    )
    pen.polygon([points[9], points[0], points[1], (50, 53)], "#fff6cf", ' opacity="0.5"')


def _rainbow(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    colors = ("#ee4b4b", "#f58b35", "#fad43a", "#52b95c", "#3f8fe8", "#7a5ad8")
    band = 7.0
    for i, code in enumerate(colors):
        inset = band * (i + 0.5)
        rx, ry = w / 2 - inset, 100 - inset - 1
        d = f"M{inset:.1f} 100A{rx:.1f} {ry:.1f} 0 0 1 {w - inset:.1f} 100"
        pen.path(d, "none", f' stroke="{code}" stroke-width="{band + 0.4}" opacity="0.85"')


def _cloud(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    dark = "storm" in " ".join(brush.attributes.values()) or "dark" in brush.attributes.get(
        "color", ""
    )
    top, low = ("#9aa3b5", "#6c7488") if dark else ("#ffffff", "#cfdcee")
    lobes = ((0.2, 66, 0.19), (0.4, 44, 0.235), (0.63, 40, 0.25), (0.82, 66, 0.17), (0.5, 68, 0.26))
    pen.rect((w * 0.04, 62, w * 0.92, 36), low, radius=18)
    for x, y, r in lobes:
        pen.ellipse((w * x, float(y)), w * r, min(w * r, 98.0 - y), pen.linear(top, top, low))
    pen.rect((w * 0.06, 66, w * 0.88, 31), pen.linear(top + "/0", low), radius=15)


DRAWINGS: tuple[Drawing, ...] = (
    Drawing("sun", _sun, ("sun", "太阳"), (1, 1), "sky", has_shadow=False),
    Drawing(
        "moon",
        _moon,
        ("moon", "full moon", "half moon", "月亮", "满月"),
        (1, 1),
        "sky",
        has_shadow=False,
    ),
    Drawing(
        "crescent-moon",
        _crescent,
        ("crescent moon", "crescent", "月牙", "弯月"),
        (1, 1),
        "sky",
        has_shadow=False,
    ),
    Drawing("star", _star, ("star", "星星"), (1, 1), "sky", has_shadow=False),
    Drawing("rainbow", _rainbow, ("rainbow", "彩虹"), (1.6, 2.4), "sky", has_shadow=False),
    Drawing(
        "cloud",
        _cloud,
        ("cloud", "storm cloud", "rain cloud", "云"),
        (1.4, 2.4),
        "sky",
        has_shadow=False,
    ),
)
