"""What things are kept in and what lies about at home: boxes, barrels, kettles, linen."""

from __future__ import annotations

from omnimuse.crafts.illustration.color import adjust
from omnimuse.crafts.illustration.drawings.base import FILLED, Brush, Drawing
from omnimuse.crafts.illustration.pen import Pen

_STEEL, _WOOD, _CARD = "#b9c1cc", "#b27a45", "#cf9f6a"


def _shaded(pen: Pen, code: str, *, angle: float = 0.0) -> str:
    """Light on the left, or on top, shade on the other side."""
    return pen.linear(adjust(code, light=0.1), code, adjust(code, light=-0.13), angle=angle)


def _box(brush: Brush) -> None:
    """An open cardboard box; what is in it is drawn behind its front."""
    pen = brush.pen
    w = pen.width
    if FILLED not in brush.attributes:
        pen.polygon([(w * 0.1, 24), (w * 0.24, 6), (w * 0.76, 6), (w * 0.9, 24)], "#8f673f")
        pen.polygon([(w * 0.14, 24), (w * 0.26, 11), (w * 0.74, 11), (w * 0.86, 24)], "#71502f")
    for sign in (-1, 1):
        x0, x1 = w / 2 + sign * w * 0.4, w / 2 + sign * w * 0.5
        pen.polygon(
            [(x0, 24), (w / 2 + sign * w * 0.26, 6), (w / 2 + sign * w * 0.36, 0), (x1, 17)],
            _shaded(pen, adjust(_CARD, light=0.03 * -sign)),
        )
    pen.rect((w * 0.1, 24, w * 0.8, 76), _shaded(pen, _CARD, angle=70), radius=1)
    pen.polygon(
        [(w * 0.1, 24), (w * 0.9, 24), (w * 0.94, 42), (w * 0.06, 42)],
        pen.linear(adjust(_CARD, light=0.12), adjust(_CARD, light=0.04)),
    )
    pen.rect((w * 0.1, 42, w * 0.8, 3), "#5b3d22", more=' opacity="0.25"')
    pen.rect((w * 0.45, 45, w * 0.1, 55), adjust(_CARD, light=-0.09), more=' opacity="0.7"')
    pen.rect((w * 0.64, 74, w * 0.18, 16), adjust(_CARD, light=0.16), radius=1)
    for y in (78, 82, 86):
        pen.rect((w * 0.66, y, w * 0.12, 1.4), "#8f673f", more=' opacity="0.6"')


def _crate(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.rect((w * 0.03, 3, w * 0.94, 94), "#6d4625", radius=1)
    for i in range(4):
        pen.rect((w * 0.02, 3 + i * 24, w * 0.96, 21), _shaded(pen, _WOOD, angle=90), radius=1.6)
    for x in (0.0, 0.87):
        pen.rect((w * x, 0, w * 0.13, 100), _shaded(pen, adjust(_WOOD, light=-0.05)), radius=1.6)
        for y in (7, 31, 55, 79):
            pen.ellipse((w * (x + 0.065), y + 6), 1.5, None, "#5a3a20")


def _barrel(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    body = (
        f"M{w * 0.14:.1f} 5C{-w * 0.04:.1f} 32 {-w * 0.04:.1f} 68 {w * 0.14:.1f} 95"
        f"Q{w / 2:.1f} 103 {w * 0.86:.1f} 95C{w * 1.04:.1f} 68 {w * 1.04:.1f} 32 {w * 0.86:.1f} 5Z"
    )
    pen.path(body, _shaded(pen, _WOOD))
    for x in (0.24, 0.41, 0.59, 0.76):
        bend = (x - 0.5) * 0.5 * w
        pen.line(
            f"M{w * x:.1f} 6Q{w * x + bend:.1f} 50 {w * x:.1f} 97", "#7a4f2b", 1.1,
            ' opacity="0.6"',
        )  # fmt: skip
    for y, inset in ((20, 0.05), (72, 0.03)):
        pen.path(
            f"M{w * inset:.1f} {y}Q{w / 2:.1f} {y + 8} {w * (1 - inset):.1f} {y}v8"
            f"Q{w / 2:.1f} {y + 16} {w * inset:.1f} {y + 8}Z",
            pen.linear("#8b929d", "#5c636e", "#454b55", angle=0),
        )
    if FILLED not in brush.attributes:
        pen.ellipse((w / 2, 6), w * 0.36, 6, adjust(_WOOD, light=0.1))
        pen.ellipse((w / 2, 6), w * 0.3, 4.4, adjust(_WOOD, light=-0.14))


def _kettle(brush: Brush) -> None:
    pen = brush.pen
    w, code = pen.width, "#c9d1db"
    pen.line(
        f"M{w * 0.24:.1f} 42C{w * 0.26:.1f} -4 {w * 0.74:.1f} -4 {w * 0.76:.1f} 42", "#3c3f4a", 6
    )
    pen.path(
        f"M{w * 0.2:.1f} 62L{w * 0.02:.1f} 34L{w * 0.1:.1f} 30L{w * 0.32:.1f} 48Z",
        _shaded(pen, code, angle=60),
    )
    pen.path(
        f"M{w * 0.26:.1f} 38H{w * 0.74:.1f}C{w * 0.98:.1f} 52 {w * 0.98:.1f} 80 {w * 0.88:.1f} 97"
        f"H{w * 0.12:.1f}C{w * 0.02:.1f} 80 {w * 0.02:.1f} 52 {w * 0.26:.1f} 38Z",
        pen.linear("#eef2f6", code, "#8893a3", angle=15),
    )
    pen.path(
        f"M{w * 0.2:.1f} 50Q{w * 0.12:.1f} 68 {w * 0.18:.1f} 88", "none",
        ' stroke="#ffffff" stroke-width="4" stroke-linecap="round" opacity="0.75"',
    )  # fmt: skip
    pen.ellipse((w / 2, 38), w * 0.25, 5, "#a3adba")
    pen.ellipse((w / 2, 36), w * 0.21, 4.4, "#dfe5ec")
    pen.ellipse((w / 2, 29.5), 4.6, None, pen.shade("#3c3f4a"))
    pen.rect((w * 0.1, 94, w * 0.8, 6), "#5c636e", radius=2.5)


def _pot(brush: Brush) -> None:
    pen = brush.pen
    w, code = pen.width, "#8fa3b8"
    for x in (0.0, 0.86):
        pen.rect((w * x, 40, w * 0.14, 12), "#3c3f4a", radius=5)
    pen.path(
        f"M{w * 0.09:.1f} 32H{w * 0.91:.1f}V82Q{w * 0.9:.1f} 100 {w * 0.78:.1f} 100H{w * 0.22:.1f}"
        f"Q{w * 0.1:.1f} 100 {w * 0.09:.1f} 82Z",
        pen.linear(adjust(code, light=0.12), code, adjust(code, light=-0.14), angle=0),
    )
    pen.rect((w * 0.06, 28, w * 0.88, 8), adjust(code, light=0.06), radius=4)
    if FILLED not in brush.attributes:
        pen.path(f"M{w * 0.1:.1f} 28Q{w / 2:.1f} 2 {w * 0.9:.1f} 28Z", _shaded(pen, code, angle=20))
        pen.ellipse((w / 2, 9), 6, 6, pen.shade("#3c3f4a"))


def _jug(brush: Brush) -> None:
    pen = brush.pen
    w, code = pen.width, "#5b9bd0"
    pen.line(
        f"M{w * 0.74:.1f} 22C{w * 1.04:.1f} 20 {w * 1.04:.1f} 66 {w * 0.72:.1f} 66",
        adjust(code, light=-0.06), 7,
    )  # fmt: skip
    pen.path(
        f"M{w * 0.02:.1f} 2L{w * 0.2:.1f} 18C{w * 0.24:.1f} 40 {w * 0.02:.1f} 50 {w * 0.08:.1f} 78"
        f"Q{w * 0.12:.1f} 98 {w * 0.26:.1f} 100H{w * 0.62:.1f}Q{w * 0.78:.1f} 98 {w * 0.82:.1f} 78"
        f"C{w * 0.86:.1f} 50 {w * 0.66:.1f} 40 {w * 0.72:.1f} 2Z",
        pen.linear(adjust(code, light=0.14), code, adjust(code, light=-0.14), angle=5),
    )
    pen.path(
        f"M{w * 0.02:.1f} 2H{w * 0.72:.1f}Q{w * 0.6:.1f} 11 {w * 0.2:.1f} 12Z",
        adjust(code, light=-0.2),
    )


def _pillow(brush: Brush) -> None:
    pen = brush.pen
    w, code = pen.width, "#e9edf4"
    pen.path(
        f"M{w * 0.02:.1f} 6Q{w / 2:.1f} 16 {w * 0.98:.1f} 6Q{w * 1.02:.1f} 4 {w * 0.97:.1f} 16"
        f"Q{w * 0.9:.1f} 50 {w * 0.98:.1f} 88Q{w * 1.02:.1f} 98 {w * 0.96:.1f} 95"
        f"Q{w / 2:.1f} 86 {w * 0.03:.1f} 95Q{-w * 0.02:.1f} 98 {w * 0.03:.1f} 86"
        f"Q{w * 0.1:.1f} 50 {w * 0.02:.1f} 14Q{-w * 0.02:.1f} 3 {w * 0.02:.1f} 6Z",
        pen.linear("#ffffff", code, "#bcc6d6", angle=60),
    )
    for x, tip in ((0.1, 0.26), (0.9, 0.74)):
        for y, end in ((17, 30), (84, 70)):
            pen.line(
                f"M{w * x:.1f} {y}Q{w * (x + tip) / 2:.1f} {end} {w * tip:.1f} {end}", "#b3bece", 2,
                ' opacity="0.7"',
            )  # fmt: skip


def _blanket(brush: Brush) -> None:
    """Folded, its edges to the front."""
    pen = brush.pen
    w, code = pen.width, "#d2695f"
    for i, y in enumerate((66, 34, 2)):
        tone = adjust(code, light=0.05 * i - 0.04)
        pen.rect((w * 0.01, y, w * 0.98, 32), _shaded(pen, tone, angle=90), radius=15)
        pen.rect((w * 0.2, y, w * 0.06, 32), adjust(tone, light=0.13))
        pen.rect((w * 0.3, y, w * 0.025, 32), adjust(tone, light=0.13))
        pen.line(f"M{w * 0.08:.1f} {y + 17}H{w * 0.94:.1f}", adjust(tone, light=-0.16), 2)


def _towel(brush: Brush) -> None:
    """Hanging over a rail."""
    pen = brush.pen
    w, code = pen.width, "#5fb6a6"
    pen.rect((0, 3, w, 6), pen.linear("#e4e9ef", _STEEL, "#8792a1"), radius=3)
    pen.path(
        f"M{w * 0.12:.1f} 10Q{w * 0.12:.1f} 0 {w * 0.2:.1f} 0H{w * 0.8:.1f}"
        f"Q{w * 0.88:.1f} 0 {w * 0.88:.1f} 10L{w * 0.9:.1f} 96H{w * 0.1:.1f}Z",
        pen.linear(adjust(code, light=0.1), code, adjust(code, light=-0.08), angle=15),
    )
    for y in (74, 81):
        pen.rect((w * 0.11, y, w * 0.78, 3.4), adjust(code, light=0.17))
    for x in (0.36, 0.64):
        pen.line(f"M{w * x:.1f} 12V70", adjust(code, light=-0.09), 2, ' opacity="0.7"')
    for k in range(12):
        x = w * (0.11 + 0.78 * k / 11)
        pen.line(f"M{x:.1f} 96v4", adjust(code, light=0.1), 1.4)


def _washing_machine(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.rect((0, 0, w, 98), pen.linear("#ffffff", "#e6eaf0", "#c3cad5", angle=30), radius=4)
    pen.rect((0, 0, w, 19), pen.linear("#dfe5ee", "#c8d0dc"), radius=4)
    pen.rect((w * 0.06, 5, w * 0.26, 9), "#f7f9fc", radius=2)
    pen.ellipse((w * 0.6, 9.5), 5, None, pen.shade("#8792a1"))
    pen.rect((w * 0.72, 5.5, w * 0.2, 8), "#2d4a63", radius=1.5)
    pen.ellipse((w / 2, 58), 31, None, pen.linear("#aab4c3", "#eef2f6", angle=60))
    pen.ellipse((w / 2, 58), 24, None, pen.linear("#8fd0f2", "#3d7fb0", "#2a5c86", angle=60))
    pen.path(
        f"M{w / 2 - 24:.1f} 60Q{w / 2 - 12:.1f} 52 {w / 2:.1f} 60T{w / 2 + 24:.1f} 60"
        f"A24 24 0 0 1 {w / 2 - 24:.1f} 60Z",
        "#dff3fd", ' opacity="0.55"',
    )  # fmt: skip
    pen.ellipse((w / 2 - 9, 48), 7, 5, "#ffffff", ' opacity="0.6"')
    for x in (0.08, 0.82):
        pen.rect((w * x, 97, w * 0.1, 3), "#4a5060")


DRAWINGS = (
    Drawing(
        "box", _box, ("cardboard box", "box", "carton", "moving box", "箱子", "盒子"), (1.0, 1.5)
    ),
    Drawing("crate", _crate, ("crate", "wooden crate", "wooden box"), (0.9, 1.5)),
    Drawing("barrel", _barrel, ("barrel", "wooden barrel", "cask", "keg"), (0.7, 0.85)),
    Drawing("kettle", _kettle, ("kettle", "tea kettle", "水壶"), (0.95, 1.2), faces_left=True),
    Drawing("pot", _pot, ("pot", "cooking pot", "saucepan", "stockpot", "锅"), (1.1, 1.7)),
    Drawing("jug", _jug, ("jug", "water jug", "milk jug"), (0.65, 0.85)),
    Drawing("pillow", _pillow, ("pillow", "cushion", "枕头"), (1.2, 1.9)),
    Drawing("blanket", _blanket, ("blanket", "quilt", "folded blanket", "毯子"), (1.5, 2.4)),
    Drawing(
        "towel", _towel, ("towel", "bath towel", "毛巾"), (0.6, 1.0), "center", has_shadow=False
    ),
    Drawing(
        "washing-machine",
        _washing_machine,
        ("washing machine", "washer", "dishwasher", "洗衣机"),
        (0.8, 1.0),
    ),
)
