"""What stands in streets and parks."""

from __future__ import annotations

import math

from omnimuse.crafts.illustration.color import adjust
from omnimuse.crafts.illustration.drawings.base import Brush, Drawing
from omnimuse.crafts.illustration.pen import Pen


def _lamp_post(brush: Brush) -> None:
    pen = brush.pen
    m, iron = pen.width / 2, "#3f4557"
    pen.ellipse(
        (m, 16), m * 0.98, 16, pen.radial("#fff2b0/0.9", "#ffe58a/0", at=(0.5, 0.5), radius=0.5)
    )
    pen.rect((m - 1.6, 26, 3.2, 70), pen.linear(adjust(iron, light=0.1), iron, angle=0))
    pen.path(
        f"M{m - 7:.1f} 100Q{m - 5:.1f} 92 {m - 2.4:.1f} 90H{m + 2.4:.1f}Q{m + 5:.1f} 92 {m + 7:.1f} 100Z",
        iron,
    )
    pen.polygon(
        [(m - 4, 26), (m - 6.4, 11), (m + 6.4, 11), (m + 4, 26)], pen.linear("#fffbdc", "#ffd968")
    )
    pen.path(
        f"M{m - 8:.1f} 11Q{m:.1f} 0 {m + 8:.1f} 11Z", pen.linear(adjust(iron, light=0.1), iron)
    )
    pen.rect((m - 5, 25, 10, 2.4), iron, radius=1)
    pen.ellipse((m, 3.4), 1.6, None, iron)


def _traffic_light(brush: Brush) -> None:
    pen = brush.pen
    w, case = pen.width, "#2f3340"
    pen.rect((w * 0.44, 60, w * 0.12, 40), pen.linear("#7a8090", "#565c6b", angle=0))
    pen.rect(
        (w * 0.1, 1, w * 0.8, 64),
        pen.linear(adjust(case, light=0.08), case, angle=20),
        radius=w * 0.18,
    )
    words = " ".join(brush.attributes.values()).lower()
    lit = next((c for c in ("red", "yellow", "green") if c in words), "")
    for i, (name, code) in enumerate(
        (("red", "#f2413c"), ("yellow", "#fcc92f"), ("green", "#3fc65b"))
    ):
        shown = code if not lit or lit == name else adjust(code, light=-0.3, chroma=0.45)
        pen.ellipse((w / 2, 12.5 + 20.2 * i), 8.8, None, "#1d202a")
        pen.ellipse((w / 2, 12.5 + 20.2 * i), 7.8, None, pen.shade(shown))


def _hydrant(brush: Brush) -> None:
    pen = brush.pen
    w, red = pen.width, "#e0372f"
    pen.rect((w * 0.16, 90, w * 0.68, 10), pen.linear(red, adjust(red, light=-0.12)), radius=3)
    pen.rect(
        (w * 0.26, 26, w * 0.48, 66),
        pen.linear(adjust(red, light=0.1), red, adjust(red, light=-0.15), angle=0),
        radius=3,
    )
    pen.rect(
        (w * 0.18, 28, w * 0.64, 7),
        pen.linear(adjust(red, light=0.06), adjust(red, light=-0.1), angle=0),
        radius=3,
    )
    pen.path(
        f"M{w * 0.24:.1f} 28Q{w * 0.26:.1f} 8 {w * 0.5:.1f} 8T{w * 0.76:.1f} 28Z", pen.shade(red)
    )
    pen.rect((w * 0.43, 1, w * 0.14, 9), pen.shade(adjust(red, light=-0.05)), radius=2)
    for x in (0.02, 0.76):
        pen.rect(
            (w * x, 44, w * 0.22, 17),
            pen.linear(adjust(red, light=0.05), adjust(red, light=-0.12)),
            radius=4,
        )
    pen.ellipse((w / 2, 54), w * 0.18, None, adjust(red, light=-0.12))
    pen.ellipse((w / 2, 54), w * 0.14, None, pen.shade("#f3c64c"))


def _parking_meter(brush: Brush) -> None:
    pen = brush.pen
    w, steel = pen.width, "#7d8797"
    pen.rect(
        (w * 0.37, 46, w * 0.26, 52),
        pen.linear(adjust(steel, light=0.1), steel, adjust(steel, light=-0.12), angle=0),
    )
    pen.rect((w * 0.16, 93, w * 0.68, 7), adjust(steel, light=-0.12), radius=2)
    body = f"M{w * 0.12:.1f} 50V24A{w * 0.38:.1f} 23 0 0 1 {w * 0.88:.1f} 24V50Q{w * 0.5:.1f} 58 {w * 0.12:.1f} 50Z"
    pen.path(
        body, pen.linear(adjust(steel, light=0.12), steel, adjust(steel, light=-0.1), angle=25)
    )
    pen.rect((w * 0.24, 14, w * 0.52, 15), pen.linear("#dff3fb", "#9fd0e8"), radius=4)
    pen.line(f"M{w * 0.5:.1f} 27l{w * 0.14:.1f} -8", "#d8443c", 1.6)
    pen.rect((w * 0.44, 36, w * 0.12, 9), "#343a48", radius=1)


def _bench(brush: Brush) -> None:
    pen = brush.pen
    w, wood, iron = pen.width, "#b97f4c", "#474d5c"
    for x in (w * 0.1, w * 0.9):
        pen.line(f"M{x:.1f} 12V98M{x - 5:.1f} 98h10M{x - 6:.1f} 62h12", iron, 4.2)
    for i in range(3):
        pen.rect(
            (0, 6 + i * 14, w, 10.4),
            pen.linear(adjust(wood, light=0.08), wood, adjust(wood, light=-0.07)),
            radius=3,
        )
    for i in range(2):
        pen.rect(
            (0, 56 + i * 8, w, 7.4),
            pen.linear(adjust(wood, light=0.1), adjust(wood, light=-0.06)),
            radius=3,
        )
    if w > 240:
        pen.line(f"M{w / 2:.1f} 62V98", iron, 4.2)


def _fence(brush: Brush) -> None:
    pen = brush.pen
    w, wood = pen.width, "#f3eee4"
    for y in (34, 70):
        pen.rect(
            (0, y, w, 8), pen.linear(adjust(wood, light=-0.04), adjust(wood, light=-0.12)), radius=2
        )
    count = max(3, round(w / 20))
    for i in range(count):
        x = w * (i + 0.5) / count - 6
        pen.path(
            f"M{x:.1f} 100V16L{x + 6:.1f} 4L{x + 12:.1f} 16V100Z",
            pen.linear(wood, wood, adjust(wood, light=-0.1), angle=0),
        )


def _stop_sign(brush: Brush) -> None:
    pen = brush.pen
    m = pen.width / 2
    pen.rect((m - 2, 50, 4, 50), pen.linear("#a6acb8", "#767d8b", angle=0))
    r = min(m, 31.0)
    for size, code in ((r, "#ffffff"), (r * 0.92, "#d7262e")):
        points = [
            (
                m + size * math.cos(math.pi / 8 + math.pi / 4 * k),
                31 + size * math.sin(math.pi / 8 + math.pi / 4 * k),
            )
            for k in range(8)
        ]
        pen.polygon(
            points, code if code == "#ffffff" else pen.linear(adjust(code, light=0.05), code)
        )
    if not brush.attributes.get("text"):
        _stop(pen, m, r * 1.3)


def _stop(pen: Pen, middle: float, wide: float) -> None:
    """The four letters, in strokes: a word that belongs to the sign needs no font."""
    u, x = wide / 15.2, middle - wide / 2
    y, t = 31 - 2.6 * u, 5.2 * u
    bend = f"a{1.3 * u:.2f} {t / 2:.2f}"
    letters = (
        f"M{x + 2.7 * u:.2f} {y + 0.9 * u:.2f}Q{x + 1.4 * u:.2f} {y - 0.5 * u:.2f} {x + 0.5 * u:.2f} "
        f"{y + 1.1 * u:.2f}Q{x + 0.3 * u:.2f} {y + 2.3 * u:.2f} {x + 1.6 * u:.2f} {y + 2.6 * u:.2f}"
        f"Q{x + 3.0 * u:.2f} {y + 3.0 * u:.2f} {x + 2.6 * u:.2f} {y + 4.3 * u:.2f}"
        f"Q{x + 1.4 * u:.2f} {y + 5.8 * u:.2f} {x + 0.3 * u:.2f} {y + 4.3 * u:.2f}",
        f"M{x + 4.0 * u:.2f} {y:.2f}h{3.0 * u:.2f}m{-1.5 * u:.2f} 0v{t:.2f}",
        f"M{x + 9.6 * u:.2f} {y:.2f}{bend} 0 0 1 0 {t:.2f}{bend} 0 0 1 0 {-t:.2f}Z",
        f"M{x + 12.3 * u:.2f} {y + t:.2f}V{y:.2f}h{1.2 * u:.2f}a{1.4 * u:.2f} {1.4 * u:.2f} 0 0 1 0 "
        f"{2.8 * u:.2f}h{-1.2 * u:.2f}",
    )
    pen.line("".join(letters), "#ffffff", u * 0.95)


def _gate(brush: Brush) -> None:
    pen = brush.pen
    w, iron = pen.width, "#3c4250"
    for x in (0.0, w - 12):
        pen.rect((x, 8, 12, 92), pen.linear("#cbb9a4", "#a08d79", angle=0))
        pen.ellipse((x + 6, 6), 6, None, pen.shade("#b7a48f"))
    for y in (30, 86):
        pen.rect((12, y, w - 24, 3), iron)
    count = max(4, round((w - 24) / 9))
    for i in range(count):
        x = 12 + (w - 24) * (i + 0.5) / count
        pen.line(f"M{x:.1f} 96V20", iron, 1.8)
        pen.ellipse((x, 19), 1.8, 3, iron)


def _well(brush: Brush) -> None:
    pen = brush.pen
    w: float = pen.width
    for x in (0.18, 0.78):
        pen.rect((w * x, 24, w * 0.05, 44), "#8a5f3d")
    pen.polygon([(0.0, 32), (w / 2, 4), (w, 32)], pen.linear("#c8694b", "#a14c37"))
    _stones(pen, w)


def _stones(pen: Pen, w: float) -> None:
    pen.rect((w * 0.1, 62, w * 0.8, 38), pen.linear("#b9b5b0", "#8f8b88"), radius=6)
    pen.ellipse((w / 2, 62), w * 0.4, 6, "#54505a")
    for row in range(3):
        for i in range(5):
            x = w * (0.13 + 0.15 * i + (0.05 if row % 2 else 0))
            pen.rect(
                (x, 71 + row * 9, w * 0.12, 7),
                adjust("#a5a19c", light=float(pen.rng.uniform(-0.05, 0.06))),
                radius=2,
            )


DRAWINGS: tuple[Drawing, ...] = (
    Drawing(
        "lamp-post",
        _lamp_post,
        (
            "street lamp",
            "lamp post",
            "lamppost",
            "streetlight",
            "street light",
            "lantern post",
            "路灯",
        ),
        (0.24, 0.4),
    ),
    Drawing(
        "traffic-light",
        _traffic_light,
        ("traffic light", "traffic signal", "stoplight", "红绿灯"),
        (0.34, 0.42),
    ),
    Drawing("hydrant", _hydrant, ("fire hydrant", "hydrant"), (0.6, 0.75)),
    Drawing("parking-meter", _parking_meter, ("parking meter",), (0.36, 0.5)),
    Drawing("bench", _bench, ("bench", "park bench", "长椅"), (1.4, 4.0)),
    Drawing("fence", _fence, ("fence", "picket fence", "wooden fence", "栅栏"), (1.0, 9.0)),
    Drawing(
        "stop-sign",
        _stop_sign,
        ("stop sign", "road sign", "traffic sign"),
        (0.62, 0.62),
        text_box=(0.13, 0.2, 0.74, 0.22),
    ),
    Drawing("gate", _gate, ("gate", "iron gate"), (0.9, 2.2)),
    Drawing("well", _well, ("well", "wishing well"), (0.8, 1.1)),
)
