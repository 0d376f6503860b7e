"""Land and water: mountains, hills, rivers, roads, rocks."""

from __future__ import annotations

import math
from collections.abc import Callable

from omnimuse.crafts.illustration.color import adjust, mix
from omnimuse.crafts.illustration.drawings.base import Brush, Drawing
from omnimuse.crafts.illustration.pen import Pen, Point, smooth


def _facet(pen: Pen, points: list[Point], code: str, *, light: float) -> None:
    pen.polygon(
        points, pen.linear(adjust(code, light=light + 0.04), adjust(code, light=light - 0.04))
    )


def _mountain(brush: Brush) -> None:
    pen = brush.pen
    w, rock = pen.width, "#7c86a0"
    peak = (w * 0.5, 2.0)
    shoulder, low = (w * 0.2, 52.0), (w * 0.82, 60.0)
    pen.polygon(
        [(0, 100), shoulder, (w * 0.28, 46), peak, (w * 0.7, 40), low, (w, 100)],
        pen.linear(adjust(rock, light=0.07), rock, adjust(rock, light=-0.02)),
    )
    _facet(
        pen,
        [peak, (w * 0.7, 40), low, (w, 100), (w * 0.56, 100), (w * 0.6, 62), (w * 0.52, 36)],
        rock,
        light=-0.09,
    )
    _facet(
        pen,
        [(w * 0.28, 46), (w * 0.38, 70), (w * 0.3, 100), (w * 0.12, 100), shoulder],
        rock,
        light=-0.03,
    )
    snow = [
        peak,
        (w * 0.608, 22),
        (w * 0.57, 31),
        (w * 0.535, 25),
        (w * 0.5, 36),
        (w * 0.45, 26),
        (w * 0.41, 32),
        (w * 0.385, 23.5),
    ]
    pen.polygon(snow, pen.linear("#ffffff", "#e6edf8"))
    pen.polygon(
        [peak, (w * 0.608, 22), (w * 0.57, 31), (w * 0.535, 25), (w * 0.52, 31)],
        "#cfdaee",
        ' opacity="0.8"',
    )
    for k in range(14):
        x = w * (k + float(pen.rng.uniform(0.2, 0.8))) / 14
        tall = float(pen.rng.uniform(2.5, 5.5))
        d = f"M{x - 5:.1f} 100q4 {-tall:.1f} 5 {-tall:.1f}t6 {tall:.1f}Z"
        pen.path(d, adjust(rock, light=float(pen.rng.uniform(-0.12, -0.02))))


def _hill(brush: Brush) -> None:
    pen = brush.pen
    w, green = pen.width, "#76bb55"
    dome = (
        f"M0 100C{w * 0.1:.1f} 98 {w * 0.13:.1f} 16 {w * 0.32:.1f} 7"
        f"Q{w / 2:.1f} 0 {w * 0.68:.1f} 7C{w * 0.87:.1f} 16 {w * 0.9:.1f} 98 {w:.1f} 100Z"
    )
    # The foot fades, so that the hill rises from whatever ground it stands on.
    low = adjust(green, light=-0.07)
    stops = (adjust(green, light=0.1), green, mix(green, low, 0.6), f"{low}/0.7", f"{low}/0")
    pen.path(dome, pen.linear(*stops))
    for _ in range(24):
        x = float(pen.rng.normal(w * 0.5, w * 0.15))
        y = float(pen.rng.uniform(30, 90))
        pen.line(
            f"M{x:.1f} {y:.1f}q0.6 -3 2.2 -4.4", adjust(green, light=-0.12), 0.8, ' opacity="0.5"'
        )


def _water_fill(pen: Pen, d: str, deep: str = "#3795d6") -> None:
    pen.path(d, pen.linear(adjust(deep, light=0.1), deep, adjust(deep, light=-0.08)))
    clip = pen.clip(d)
    pen.raw(f"<g{clip}>")
    for _ in range(int(10 + pen.width / 10)):
        x, y = float(pen.rng.uniform(0, pen.width)), float(pen.rng.uniform(4, 98))
        reach = float(pen.rng.uniform(6, 16))
        pen.line(
            f"M{x:.1f} {y:.1f}q{reach / 4:.1f} -1.6 {reach / 2:.1f} 0t{reach / 2:.1f} 0",
            "#d7f0fb",
            0.9,
            ' opacity="0.6"',
        )
    pen.raw("</g>")


def _river(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    d = (
        f"M{w * 0.52:.1f} 0C{w * 0.3:.1f} 18 {w * 0.72:.1f} 32 {w * 0.52:.1f} 52S{w * 0.02:.1f} 80 0 100"
        f"L{w:.1f} 100C{w * 0.92:.1f} 80 {w * 0.86:.1f} 66 {w * 0.78:.1f} 52S{w * 0.78:.1f} 18 {w * 0.6:.1f} 0Z"
    )
    if w > 170:
        ridge = [(w * i / 6, 9.0 + 5 * math.sin(i * 1.7)) for i in range(7)]
        low = [(w * (6 - i) / 6, 91.0 + 5 * math.sin(i * 2.1)) for i in range(7)]
        d = smooth(ridge) + "L" + smooth(low)[1:] + "Z"
    pen.path(d, "#e7d9b0", ' stroke="#e7d9b0" stroke-width="3"')
    _water_fill(pen, d)


def _pond(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    points = []
    for i in range(12):
        angle = math.tau * i / 12
        reach = 0.94 + float(pen.rng.uniform(-0.06, 0.06))
        points.append((w / 2 + math.cos(angle) * w / 2 * reach, 50 + math.sin(angle) * 48 * reach))
    d = smooth(points, closed=True)
    pen.path(d, "#cdbf8f", ' stroke="#cdbf8f" stroke-width="4" stroke-linejoin="round"')
    _water_fill(pen, d)


def _sea(brush: Brush) -> None:
    pen = brush.pen
    _water_fill(pen, f"M0 0H{pen.width:.1f}V100H0Z", "#2f86c4")


def _road(brush: Brush) -> None:
    pen = brush.pen
    w, tar = pen.width, "#6d7280"
    if w > 160:
        pen.rect((0, 0, w, 100), "#d5d2c8")
        pen.rect((0, 8, w, 84), pen.linear(adjust(tar, light=0.05), tar))
        for i in range(int(w / 40) + 1):
            pen.rect((i * 40 + 6, 46, 22, 7), "#f4efdc", radius=2)
        return
    pen.polygon([(w * 0.44, 0), (w * 0.56, 0), (w, 100), (0, 100)], "#d5d2c8")
    pen.polygon(
        [(w * 0.45, 0), (w * 0.55, 0), (w * 0.94, 100), (w * 0.06, 100)],
        pen.linear(adjust(tar, light=0.1), tar),
    )
    for a, b in ((8, 16), (24, 36), (48, 66), (80, 100)):
        pen.polygon(
            [
                (w * (0.5 - a / 9000), a),
                (w * (0.5 + a / 9000 + 0.004), a),
                (w * (0.505 + b / 5200), b),
                (w * (0.495 - b / 5200), b),
            ],
            "#f4efdc",
        )


def _path_way(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    d = f"M{w * 0.5:.1f} 0C{w * 0.3:.1f} 20 {w * 0.74:.1f} 36 {w * 0.5:.1f} 58S{w * 0.1:.1f} 84 0 100L{w:.1f} 100C{w * 0.96:.1f} 80 {w * 0.8:.1f} 72 {w * 0.74:.1f} 58S{w * 0.66:.1f} 20 {w * 0.57:.1f} 0Z"
    pen.path(d, pen.linear("#e6cfa2", "#d3b27c"))


def _rock(brush: Brush) -> None:
    pen = brush.pen
    w, stone = pen.width, "#98989f"
    outline = [
        (w * 0.02, 96),
        (w * 0.08, 58),
        (w * 0.26, 22),
        (w * 0.52, 4),
        (w * 0.78, 20),
        (w * 0.95, 56),
        (w * 0.99, 96),
        (w * 0.5, 100),
    ]
    pen.blob([(float(x), float(y)) for x, y in outline], pen.shade(stone, depth=1.2))
    _facet(pen, [(w * 0.3, 26), (w * 0.54, 10), (w * 0.6, 44), (w * 0.4, 58)], stone, light=0.1)
    _facet(pen, [(w * 0.6, 44), (w * 0.88, 52), (w * 0.92, 90), (w * 0.62, 92)], stone, light=-0.1)
    pen.line(
        f"M{w * 0.4:.1f} 58L{w * 0.34:.1f} 84", adjust(stone, light=-0.16), 1.4, ' opacity="0.5"'
    )


def _waterfall(brush: Brush) -> None:
    pen = brush.pen
    w, rock = pen.width, "#7d7f8c"
    pen.polygon(
        [(0, 100), (0, 18), (w * 0.2, 6), (w * 0.8, 4), (w, 20), (w, 100)],
        pen.linear(adjust(rock, light=0.08), adjust(rock, light=-0.08)),
    )
    pen.path(
        f"M{w * 0.3:.1f} 5Q{w * 0.5:.1f} 10 {w * 0.7:.1f} 5L{w * 0.76:.1f} 96H{w * 0.24:.1f}Z",
        pen.linear("#bfe7fb", "#6fbbe8", "#e9f8ff"),
    )
    for i in range(9):
        x = w * (0.3 + 0.05 * i)
        pen.line(
            f"M{x:.1f} 10L{x - w * 0.02 + i * w * 0.004:.1f} 88", "#ffffff", 1.4, ' opacity="0.6"'
        )
    for i in range(9):
        pen.ellipse((w * (0.16 + 0.085 * i), 95.0), w * 0.07, 5.0, "#f4fbff", ' opacity="0.9"')


def _iceberg(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.polygon(
        [
            (0, 100),
            (w * 0.16, 46),
            (w * 0.34, 30),
            (w * 0.5, 2),
            (w * 0.66, 26),
            (w * 0.84, 50),
            (w, 100),
        ],
        pen.linear("#f6fbff", "#c9e4f5"),
    )
    pen.polygon(
        [(w * 0.5, 2), (w * 0.66, 26), (w * 0.84, 50), (w, 100), (w * 0.58, 100), (w * 0.6, 54)],
        pen.linear("#c4e0f3", "#93c2e3"),
    )


def _ground(code: str) -> Callable[[Brush], None]:
    def paint(brush: Brush) -> None:
        pen = brush.pen
        shade = pen.linear(adjust(code, light=0.05), code, adjust(code, light=-0.05))
        pen.rect((0, 0, pen.width, 100), shade, radius=12)
        for _ in range(int(pen.width / 3)):
            x, y = float(pen.rng.uniform(0, pen.width)), float(pen.rng.uniform(4, 98))
            pen.ellipse((x, y), 1.4, 0.8, mix(code, "#000000", 0.12), ' opacity="0.4"')

    return paint


DRAWINGS: tuple[Drawing, ...] = (
    Drawing(
        "mountain",
        _mountain,
        ("mountain", "mountain peak", "peak", "snowy mountain", "山"),
        (0.8, 2.6),
        has_shadow=False,
    ),
    Drawing("hill", _hill, ("hill", "knoll", "mound"), (1.2, 4.0), has_shadow=False),
    Drawing(
        "river",
        _river,
        ("river", "stream", "creek", "brook", "canal", "河"),
        (0.5, 9.0),
        "fill",
        has_shadow=False,
    ),
    Drawing(
        "pond",
        _pond,
        ("pond", "lake", "pool", "puddle", "lagoon", "湖"),
        (1.0, 9.0),
        "fill",
        has_shadow=False,
    ),
    Drawing("sea", _sea, ("sea", "ocean", "water", "大海"), (0.2, 9.0), "fill", has_shadow=False),
    Drawing(
        "road",
        _road,
        ("road", "street", "highway", "railway", "crosswalk", "sidewalk"),
        (0.4, 9.0),
        "fill",
        has_shadow=False,
    ),
    Drawing(
        "path",
        _path_way,
        ("path", "trail", "footpath", "walkway"),
        (0.4, 2.4),
        "fill",
        has_shadow=False,
    ),
    Drawing(
        "field",
        _ground("#7fbf57"),
        ("field", "meadow", "lawn", "grassland", "pasture"),
        (0.2, 9.0),
        "fill",
        has_shadow=False,
    ),
    Drawing(
        "sand",
        _ground("#ecd49b"),
        ("sand", "beach", "desert", "dune"),
        (0.2, 9.0),
        "fill",
        has_shadow=False,
    ),
    Drawing("snow", _ground("#eef4fb"), ("snow", "snowbank"), (0.2, 9.0), "fill", has_shadow=False),
    Drawing("rock", _rock, ("stone", "boulder", "pebble", "rock", "石头"), (0.8, 2.0)),
    Drawing("waterfall", _waterfall, ("waterfall",), (0.5, 1.4), has_shadow=False),
    Drawing("iceberg", _iceberg, ("iceberg",), (0.8, 2.0), "water", has_shadow=False),
)
