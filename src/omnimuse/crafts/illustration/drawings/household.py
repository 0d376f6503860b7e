"""Furniture and what lies in kitchens and rooms."""

from __future__ import annotations

from omnimuse.crafts.illustration.color import adjust
from omnimuse.crafts.illustration.drawings.base import Brush, Drawing
from omnimuse.crafts.illustration.pen import Pen

_STEEL = "#b9c1cc"
_CHROME = "#7898c8"
"""Blue enough to stay as it is when a white thing is painted."""


def _table(brush: Brush) -> None:
    pen = brush.pen
    w, wood = pen.width, "#b4763f"
    for x in (0.08, 0.86):
        pen.rect(
            (w * x, 16, w * 0.06, 84),
            pen.linear(adjust(wood, light=0.03), adjust(wood, light=-0.15), angle=0),
            radius=2,
        )
    for x in (0.17, 0.79):
        pen.rect((w * x, 16, w * 0.04, 70), adjust(wood, light=-0.18), radius=2)
    pen.rect((w * 0.05, 14, w * 0.9, 12), adjust(wood, light=-0.1), radius=2)
    pen.rect(
        (0, 3, w, 14),
        pen.linear(adjust(wood, light=0.12), wood, adjust(wood, light=-0.05)),
        radius=5,
    )


def _couch(brush: Brush) -> None:
    pen = brush.pen
    w, cloth = pen.width, "#4f83c4"
    for x in (0.1, 0.86):
        pen.rect((w * x, 90, w * 0.04, 10), "#6b4630", radius=1)
    pen.rect(
        (w * 0.07, 6, w * 0.86, 70),
        pen.linear(adjust(cloth, light=0.07), cloth, adjust(cloth, light=-0.08)),
        radius=13,
    )
    seats = 3 if w > 190 else 2
    inner = w * 0.76
    for i in range(seats):
        x = w * 0.12 + inner * i / seats
        pen.rect(
            (x + 1, 14, inner / seats - 2, 40),
            pen.linear(adjust(cloth, light=0.1), adjust(cloth, light=-0.02)),
            radius=9,
        )
        pen.rect(
            (x + 0.6, 50, inner / seats - 1.2, 24),
            pen.linear(adjust(cloth, light=0.13), adjust(cloth, light=0.0)),
            radius=7,
        )
    pen.rect(
        (w * 0.05, 70, w * 0.9, 23),
        pen.linear(adjust(cloth, light=-0.02), adjust(cloth, light=-0.13)),
        radius=6,
    )
    for x in (0.0, 0.87):
        pen.rect(
            (w * x, 34, w * 0.13, 58),
            pen.linear(adjust(cloth, light=0.11), cloth, adjust(cloth, light=-0.1)),
            radius=min(11, w * 0.06),
        )


def _armchair(brush: Brush) -> None:
    pen = brush.pen
    w, cloth = pen.width, "#c8674e"
    for x in (0.14, 0.8):
        pen.rect((w * x, 90, w * 0.06, 10), "#5d3e2b", radius=1)
    pen.rect(
        (w * 0.12, 2, w * 0.76, 80),
        pen.linear(adjust(cloth, light=0.08), cloth, adjust(cloth, light=-0.08)),
        radius=16,
    )
    pen.rect(
        (w * 0.2, 52, w * 0.6, 24),
        pen.linear(adjust(cloth, light=0.13), adjust(cloth, light=0.01)),
        radius=8,
    )
    pen.rect((w * 0.1, 72, w * 0.8, 22), adjust(cloth, light=-0.1), radius=6)
    for x in (0.0, 0.78):
        pen.rect(
            (w * x, 38, w * 0.22, 55),
            pen.linear(adjust(cloth, light=0.11), adjust(cloth, light=-0.08)),
            radius=10,
        )


def _bookshelf(brush: Brush) -> None:
    pen = brush.pen
    w, wood = pen.width, "#a06a3c"
    pen.rect(
        (0, 0, w, 100), pen.linear(adjust(wood, light=0.05), adjust(wood, light=-0.08)), radius=2
    )
    colors = ("#d9534f", "#3f7fc1", "#e8b23f", "#4d9e63", "#8a5bb5", "#e58a4a", "#47a9b0")
    for row in range(4):
        y = 5 + row * 23.5
        pen.rect((5, y, w - 10, 20), adjust(wood, light=-0.22))
        x = 7.0
        while x < w - 13:
            wide = float(pen.rng.uniform(3.6, 7))
            tall = float(pen.rng.uniform(13, 18.5))
            code = colors[int(pen.rng.integers(len(colors)))]
            pen.rect(
                (x, y + 20 - tall, wide, tall),
                pen.linear(adjust(code, light=0.06), adjust(code, light=-0.05), angle=0),
                radius=0.8,
            )
            x += wide + (0.5 if pen.rng.uniform() < 0.86 else 7)


def _lamp(brush: Brush) -> None:
    pen = brush.pen
    m = pen.width / 2
    pen.ellipse((m, 42), m, 38, pen.radial("#fff3b4/0.8", "#fff3b4/0", at=(0.5, 0.5), radius=0.5))
    pen.rect((m - 2, 46, 4, 46), pen.linear("#c9a15a", "#8f6b32", angle=0))
    pen.path(f"M{m - 18:.1f} 99Q{m:.1f} 84 {m + 18:.1f} 99Z", pen.linear("#c9a15a", "#8f6b32"))
    pen.polygon(
        [(m - 12, 6), (m + 12, 6), (m + 24, 48), (m - 24, 48)],
        pen.linear("#fff6d6", "#ffdf94", "#f4bf62"),
    )


def _fridge(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.rect((0, 0, w, 97), pen.linear("#eef2f6", "#d5dce5", "#b3bdc9", angle=0), radius=5)
    pen.rect((w * 0.1, 96, w * 0.8, 4), "#5b6370")
    pen.rect((0, 33, w, 1.6), "#8e99a8")
    for y, h in ((16, 12), (42, 22)):
        pen.rect((w * 0.12, y, w * 0.06, h), pen.linear("#7f8a99", "#5e6876"), radius=1.6)


def _oven(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.rect((0, 6, w, 94), pen.linear("#f2f4f7", "#ccd3dc", angle=20), radius=4)
    pen.rect((0, 6, w, 17), pen.linear("#5a6271", "#434a57"), radius=3)
    for i in range(4):
        pen.ellipse((w * (0.16 + 0.226 * i), 14.5), 4.2, None, pen.shade("#d8dde4"))
    for x in (0.14, 0.58):
        pen.rect((w * x, 2, w * 0.28, 4.4), "#333a46", radius=2)
    pen.rect((w * 0.12, 36, w * 0.76, 46), "#39404d", radius=4)
    pen.rect((w * 0.18, 42, w * 0.64, 34), pen.linear("#ffb661", "#a5502f"), radius=3)
    pen.rect((w * 0.12, 28, w * 0.76, 4.4), pen.linear("#9ea8b5", "#6f7a88"), radius=2)


def _microwave(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.rect((0, 2, w, 92), pen.linear("#eceff3", "#c6cdd7"), radius=6)
    for x in (0.08, 0.84):
        pen.rect((w * x, 93, w * 0.08, 6), "#555d6a", radius=1)
    pen.rect((w * 0.05, 12, w * 0.64, 72), "#3a414e", radius=5)
    pen.rect((w * 0.1, 20, w * 0.54, 56), pen.linear("#6c7a8c", "#434e5d", angle=50), radius=4)
    pen.rect((w * 0.75, 14, w * 0.19, 14), "#1f3b33", radius=2)
    for row in range(4):
        for column in range(3):
            pen.rect(
                (w * (0.755 + column * 0.064), 35 + row * 12, w * 0.045, 7), "#7f8a99", radius=1.4
            )


def _toaster(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    for x in (0.24, 0.53):
        pen.rect((w * x, 2, w * 0.22, 40), pen.linear("#f0c583", "#d49a55"), radius=6)
    pen.rect((0, 26, w, 68), pen.linear("#e9edf2", "#bcc5d0", "#8d98a6"), radius=16)
    pen.rect((w * 0.08, 93, w * 0.84, 6), "#474e5b", radius=2)
    pen.rect((w * 0.84, 46, w * 0.05, 26), "#6f7a88", radius=2)
    pen.rect((w * 0.8, 52, w * 0.13, 6), "#363c48", radius=2)


def _sink(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.path(
        f"M{w * 0.46:.1f} 44V16Q{w * 0.46:.1f} 3 {w * 0.58:.1f} 3T{w * 0.7:.1f} 18V24",
        "none",
        f' stroke="{_CHROME}" stroke-width="6" stroke-linecap="round"',
    )
    for x in (0.3, 0.58):
        pen.rect((w * x, 34, w * 0.1, 7), _CHROME, radius=3)
    pen.path(
        f"M0 44H{w:.1f}L{w * 0.9:.1f} 84Q{w * 0.88:.1f} 92 {w * 0.78:.1f} 92H{w * 0.22:.1f}Q{w * 0.12:.1f} 92 {w * 0.1:.1f} 84Z",
        pen.linear("#ffffff", "#e2e8ef", "#b9c4d1"),
    )
    pen.ellipse((w / 2, 46), w * 0.42, 6, pen.linear("#b7c2cf", "#dde4ec"))
    pen.rect((w * 0.4, 91, w * 0.2, 9), pen.linear("#dfe5ec", "#b4bfcb", angle=0))


def _bowl(brush: Brush) -> None:
    pen = brush.pen
    w, glaze = pen.width, "#4c8fd0"
    pen.path(
        f"M0 22H{w:.1f}C{w * 0.98:.1f} 64 {w * 0.78:.1f} 90 {w * 0.66:.1f} 92H{w * 0.34:.1f}C{w * 0.22:.1f} 90 {w * 0.02:.1f} 64 0 22Z",
        pen.linear(adjust(glaze, light=0.13), glaze, adjust(glaze, light=-0.13), angle=15),
    )
    pen.rect((w * 0.34, 90, w * 0.32, 9), adjust(glaze, light=-0.1), radius=2)
    pen.ellipse((w / 2, 22), w / 2, 15, adjust(glaze, light=0.08))
    pen.ellipse(
        (w / 2, 23), w * 0.45, 12, pen.linear(adjust(glaze, light=-0.12), adjust(glaze, light=0.03))
    )


def _bottle(brush: Brush) -> None:
    pen = brush.pen
    w, glass = pen.width, "#3f9c62"
    pen.path(
        f"M{w * 0.36:.1f} 8H{w * 0.64:.1f}V28C{w * 0.66:.1f} 40 {w * 0.96:.1f} 42 {w * 0.96:.1f} 58V94Q{w * 0.96:.1f} 100 {w * 0.84:.1f} 100H{w * 0.16:.1f}Q{w * 0.04:.1f} 100 {w * 0.04:.1f} 94V58C{w * 0.04:.1f} 42 {w * 0.34:.1f} 40 {w * 0.36:.1f} 28Z",
        pen.linear(adjust(glass, light=0.14), glass, adjust(glass, light=-0.15), angle=0),
    )
    pen.rect((w * 0.32, 0, w * 0.36, 11), pen.linear("#e2c08a", "#b48a50", angle=0), radius=2)
    pen.rect((w * 0.04, 58, w * 0.92, 25), pen.linear("#fffaf0", "#e8dfcd", angle=0))
    pen.rect((w * 0.16, 46, w * 0.09, 50), "#ffffff", radius=3, more=' opacity="0.35"')


def _cup(brush: Brush) -> None:
    pen = brush.pen
    w, glaze = pen.width, "#e8eaf0"
    pen.path(
        f"M{w * 0.72:.1f} 30C{w * 1.02:.1f} 26 {w * 1.02:.1f} 74 {w * 0.7:.1f} 72",
        "none",
        f' stroke="{adjust(glaze, light=-0.1)}" stroke-width="8"',
    )
    pen.path(
        f"M0 12H{w * 0.78:.1f}V82Q{w * 0.78:.1f} 99 {w * 0.62:.1f} 99H{w * 0.16:.1f}Q0 99 0 82Z",
        pen.linear(adjust(glaze, light=0.04), glaze, adjust(glaze, light=-0.16), angle=0),
    )
    pen.ellipse((w * 0.39, 12), w * 0.39, 9, adjust(glaze, light=0.03))
    pen.ellipse((w * 0.39, 13), w * 0.33, 6.6, pen.linear("#5a3722", "#7d4f31"))


def _vase(brush: Brush) -> None:
    pen = brush.pen
    w, glaze = pen.width, "#3f8fb5"
    pen.path(
        f"M{w * 0.3:.1f} 4H{w * 0.7:.1f}C{w * 0.6:.1f} 24 {w * 1.06:.1f} 40 {w * 0.98:.1f} 66C{w * 0.94:.1f} 84 {w * 0.76:.1f} 92 {w * 0.72:.1f} 100H{w * 0.28:.1f}C{w * 0.24:.1f} 92 {w * 0.06:.1f} 84 {w * 0.02:.1f} 66C{-w * 0.06:.1f} 40 {w * 0.4:.1f} 24 {w * 0.3:.1f} 4Z",
        pen.linear(adjust(glaze, light=0.15), glaze, adjust(glaze, light=-0.16), angle=8),
    )
    pen.ellipse((w / 2, 5), w * 0.21, 4.4, adjust(glaze, light=-0.14))
    pen.path(
        f"M{w * 0.03:.1f} 56Q{w / 2:.1f} 68 {w * 0.97:.1f} 56",
        "none",
        ' stroke="#ffffff" stroke-width="2.4" opacity="0.7"',
    )
    pen.path(
        f"M{w * 0.03:.1f} 64Q{w / 2:.1f} 76 {w * 0.97:.1f} 64",
        "none",
        ' stroke="#ffffff" stroke-width="1.2" opacity="0.7"',
    )


def _handle(pen: Pen, m: float) -> None:
    pen.path(
        f"M{m - 4:.1f} 46Q{m - 7.4:.1f} 90 {m - 5.4:.1f} 96Q{m:.1f} 102 {m + 5.4:.1f} 96Q{m + 7.4:.1f} 90 {m + 4:.1f} 46Z",
        pen.linear("#e4e9ef", _STEEL, "#8792a1", angle=0),
    )


def _fork(brush: Brush) -> None:
    pen = brush.pen
    m = pen.width / 2
    _handle(pen, m)
    pen.path(
        f"M{m - 10:.1f} 2V30Q{m - 9:.1f} 48 {m:.1f} 49T{m + 10:.1f} 30V2Q{m + 8:.1f} 0 {m + 7:.1f} 2V26H{m + 4.4:.1f}V2Q{m + 3:.1f} 0 {m + 1.6:.1f} 2V26H{m - 1.6:.1f}V2Q{m - 3:.1f} 0 {m - 4.4:.1f} 2V26H{m - 7:.1f}V2Q{m - 8:.1f} 0 {m - 10:.1f} 2Z",
        pen.linear("#eef2f6", _STEEL, "#919cab", angle=0),
    )


def _knife(brush: Brush) -> None:
    pen = brush.pen
    m = pen.width / 2
    pen.path(
        f"M{m - 4:.1f} 60V6Q{m - 3:.1f} 0 {m + 2:.1f} 4Q{m + 9:.1f} 24 {m + 7:.1f} 60Z",
        pen.linear("#f4f7fa", "#c3cbd6", "#99a4b2", angle=0),
    )
    pen.rect((m - 4.6, 58, 11, 42), pen.linear("#5b4638", "#382a22", angle=0), radius=4.5)


def _spoon(brush: Brush) -> None:
    pen = brush.pen
    m = pen.width / 2
    _handle(pen, m)
    pen.ellipse((m, 25), 12, 24, pen.linear("#f3f6f9", _STEEL, "#8f9aa9", angle=20))
    pen.ellipse((m, 24), 8, 18, pen.linear("#a3aebb", "#dfe5eb"), ' opacity="0.8"')


def _plate(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.ellipse((w / 2, 54), w / 2, 46, "#bcc3ce")
    pen.ellipse((w / 2, 48), w / 2, 46, pen.linear("#ffffff", "#e4e8ee"))
    pen.ellipse((w / 2, 49), w * 0.35, 31, pen.linear("#dde2ea", "#fbfcfe"))


def _remote(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.rect((0, 0, w, 100), pen.linear("#4d5464", "#2a2e3a", angle=20), radius=w * 0.26)
    pen.ellipse((w / 2, 11), w * 0.15, None, pen.shade("#e2433f"))
    pen.ellipse((w / 2, 34), w * 0.33, None, "#3a4050", ' stroke="#7b8496" stroke-width="1"')
    pen.ellipse((w / 2, 34), w * 0.13, None, pen.shade("#9aa3b3"))
    for row in range(4):
        for column in range(3):
            pen.ellipse((w * (0.24 + 0.26 * column), 56 + row * 10.5), w * 0.08, None, "#aab2c0")


def _hair_drier(brush: Brush) -> None:
    pen = brush.pen
    code = "#ef6c8f"
    pen.raw('<g transform="rotate(8 50 60)">')
    pen.rect(
        (47, 48, 19, 50),
        pen.linear(adjust(code, light=-0.02), adjust(code, light=-0.16), angle=0),
        radius=7,
    )
    pen.raw("</g>")
    pen.polygon([(2, 20), (40, 14), (40, 52), (2, 46)], pen.linear("#5a6070", "#333846"))
    pen.path(
        "M30 10H66A26 24 0 0 1 66 58H30Q22 34 30 10Z",
        pen.linear(adjust(code, light=0.12), code, adjust(code, light=-0.12)),
    )
    pen.ellipse((72, 34), 12, None, "#4a5060")
    pen.line("M66 29h12M66 34h12M66 39h12", "#8a93a4", 1.6)


def _rug(brush: Brush) -> None:
    pen = brush.pen
    w, code = pen.width, "#c5504c"
    pen.ellipse(
        (w / 2, 50), w / 2, 49, pen.linear(adjust(code, light=0.05), adjust(code, light=-0.05))
    )
    for share, tone in ((0.8, "#f2d9a8"), (0.72, "#c5504c"), (0.42, "#f2d9a8"), (0.34, "#3f6d93")):
        pen.ellipse((w / 2, 50), w / 2 * share, 49 * share, tone)


def _window_frame(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.rect((0, 0, w, 96), "#fdf8ee", radius=3)
    pen.rect((6, 6, w - 12, 84), pen.linear("#a9dcf8", "#dff3fd", "#f2faf0"), radius=1)
    pen.line(f"M{w / 2:.1f} 6V90M6 46H{w - 6:.1f}", "#fdf8ee", 4.5)
    pen.rect((-0.0, 92, w, 8), pen.linear("#fffaf0", "#dccfb9"), radius=2)


def _stool(brush: Brush) -> None:
    pen = brush.pen
    w, wood = pen.width, "#c58a50"
    for a, b in ((0.24, 0.1), (0.76, 0.9), (0.46, 0.42), (0.56, 0.6)):
        pen.line(f"M{w * a:.1f} 16L{w * b:.1f} 98", adjust(wood, light=-0.08), 5)
    pen.line(f"M{w * 0.18:.1f} 66H{w * 0.82:.1f}", adjust(wood, light=-0.12), 3.4)
    pen.rect(
        (0, 2, w, 15),
        pen.linear(adjust(wood, light=0.12), wood, adjust(wood, light=-0.06)),
        radius=7,
    )


def _clock(brush: Brush) -> None:
    pen = brush.pen
    pen.ellipse((50, 50), 49, None, pen.shade("#c8783f"))
    pen.ellipse((50, 50), 41, None, pen.radial("#ffffff", "#f3ede2", at=(0.4, 0.35), radius=0.8))
    for k in range(12):
        pen.raw(
            f'<rect x="48.9" y="13" width="2.2" height="{7 if k % 3 == 0 else 4}" fill="#4a4350" transform="rotate({k * 30} 50 50)"/>'
        )
    pen.line("M50 50V27", "#36323e", 3.2)
    pen.line("M50 50L66 58", "#36323e", 3.2)
    pen.ellipse((50, 50), 3, None, "#d8443c")


DRAWINGS: tuple[Drawing, ...] = (
    Drawing(
        "table",
        _table,
        (
            "table",
            "dining table",
            "desk",
            "wooden table",
            "coffee table",
            "kitchen table",
            "counter",
            "桌子",
        ),
        (1.0, 3.6),
    ),
    Drawing("couch", _couch, ("couch", "sofa", "settee", "loveseat", "沙发"), (1.5, 3.2)),
    Drawing(
        "armchair", _armchair, ("armchair", "arm chair", "recliner", "easy chair"), (0.85, 1.2)
    ),
    Drawing("bookshelf", _bookshelf, ("bookshelf", "bookcase", "shelf", "书架"), (0.6, 1.6)),
    Drawing("lamp", _lamp, ("lamp", "table lamp", "desk lamp", "floor lamp", "台灯"), (0.5, 0.7)),
    Drawing("fridge", _fridge, ("refrigerator", "fridge", "freezer", "冰箱"), (0.45, 0.65)),
    Drawing("oven", _oven, ("oven", "stove", "cooker"), (0.8, 1.1)),
    Drawing("microwave", _microwave, ("microwave", "microwave oven"), (1.3, 1.9)),
    Drawing("toaster", _toaster, ("toaster",), (1.1, 1.5)),
    Drawing("sink", _sink, ("sink", "washbasin", "basin"), (0.9, 1.5)),
    Drawing("bowl", _bowl, ("bowl", "dish", "碗"), (1.2, 1.8)),
    Drawing("bottle", _bottle, ("bottle", "wine bottle", "glass bottle", "瓶子"), (0.3, 0.42)),
    Drawing(
        "cup",
        _cup,
        ("cup", "mug", "coffee mug", "coffee cup", "tea cup", "teacup", "杯子"),
        (0.95, 1.25),
    ),
    Drawing("vase", _vase, ("vase", "花瓶"), (0.55, 0.8)),
    Drawing("fork", _fork, ("fork",), (0.24, 0.24)),
    Drawing("knife", _knife, ("knife", "butter knife"), (0.2, 0.2)),
    Drawing("spoon", _spoon, ("spoon", "teaspoon"), (0.25, 0.25)),
    Drawing("plate", _plate, ("plate", "saucer", "盘子"), (1.0, 2.0)),
    Drawing("remote", _remote, ("remote", "remote control", "tv remote"), (0.32, 0.42)),
    Drawing(
        "hair-drier",
        _hair_drier,
        ("hair drier", "hair dryer", "hairdryer", "blow dryer"),
        (0.9, 0.9),
    ),
    Drawing("rug", _rug, ("rug", "carpet", "mat"), (1.6, 6.0), "fill", has_shadow=False),
    Drawing("window-frame", _window_frame, ("window",), (0.6, 1.6), "center", has_shadow=False),
    Drawing("stool", _stool, ("stool", "bar stool"), (0.6, 0.9)),
    Drawing("clock", _clock, ("clock", "wall clock", "时钟"), (1, 1), "center", has_shadow=False),
)
