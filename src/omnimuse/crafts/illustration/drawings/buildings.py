"""Houses, towers and bridges."""

from __future__ import annotations

import math

from omnimuse.crafts.illustration.color import adjust
from omnimuse.crafts.illustration.drawings.base import Brush, Drawing
from omnimuse.crafts.illustration.pen import Pen

_GLASS = ("#bfe8fb", "#6db9ea")


def _window(pen: Pen, x: float, y: float, w: float, h: float, frame: str = "#fff7ea") -> None:
    pen.rect((x - 1.2, y - 1.2, w + 2.4, h + 2.4), frame, radius=1.2)
    pen.rect((x, y, w, h), pen.linear(*_GLASS, angle=60), radius=0.6)
    pen.line(f"M{x + w / 2:.1f} {y:.1f}v{h:.1f}M{x:.1f} {y + h / 2:.1f}h{w:.1f}", frame, 1.1)


def _door(pen: Pen, x: float, y: float, w: float, h: float, code: str = "#8a4f33") -> None:
    pen.rect(
        (x, y, w, h), pen.linear(adjust(code, light=0.06), adjust(code, light=-0.04)), radius=1.4
    )
    pen.ellipse((x + w * 0.8, y + h * 0.55), 1.1, None, "#f6d06a")


def _house(brush: Brush) -> None:
    pen = brush.pen
    w, wall, roof = pen.width, "#f4dfb8", "#d9573f"
    old = brush.attributes.get("age") == "old"
    pen.rect((w * 0.74, 8, w * 0.09, 30), pen.linear("#b9674c", "#93493a", angle=0))
    pen.rect((w * 0.725, 5, w * 0.12, 5), "#a95843", radius=1)
    pen.rect(
        (w * 0.09, 42, w * 0.82, 58),
        pen.linear(adjust(wall, light=0.03), wall, adjust(wall, light=-0.06)),
        radius=1,
    )
    pen.polygon(
        [(0, 48), (w * 0.5, 4), (w, 48), (w * 0.95, 52), (w * 0.5, 13), (w * 0.05, 52)],
        adjust(roof, light=-0.1),
    )
    pen.polygon(
        [(w * 0.03, 46), (w * 0.5, 4), (w * 0.97, 46), (w * 0.9, 46.5), (w * 0.1, 46.5)],
        pen.linear(adjust(roof, light=0.07), roof, adjust(roof, light=-0.06)),
    )
    for i in range(1, 5):
        y = 4 + i * 8.4
        half = w * 0.47 * (y - 4) / 42
        pen.line(
            f"M{w / 2 - half * 0.92:.1f} {y:.1f}H{w / 2 + half * 0.92:.1f}",
            adjust(roof, light=-0.09),
            0.9,
            ' opacity="0.6"',
        )
    pen.rect((w * 0.09, 46.5, w * 0.82, 4), "#6b4a3c", more=' opacity="0.22"')
    _door(pen, w * 0.5 - 7.5, 66, 15, 34)
    for x in (w * 0.26, w * 0.74):
        _window(pen, x - 7, 62, 14, 15)
    pen.ellipse((w / 2, 34), 5.4, None, "#fff7ea")
    pen.ellipse((w / 2, 34), 4.2, None, pen.linear(*_GLASS))
    if old:
        for x, y in ((0.15, 86), (0.36, 56), (0.82, 90), (0.64, 58)):
            pen.line(f"M{w * x:.1f} {y}l2 3l-2.4 3l2 3", "#a88d66", 0.8)
    pen.rect((w * 0.09, 96, w * 0.82, 4), "#a9a39a")


def _shop(brush: Brush) -> None:
    """A shop front with a board for its name, an awning, a window and a door."""
    pen = brush.pen
    w, wall, cloth = pen.width, "#e9c9a0", "#d8574c"
    pen.rect((w * 0.03, 4, w * 0.94, 96), pen.linear(adjust(wall, light=0.04), wall), radius=1)
    pen.rect((0, 0, w, 7), adjust(wall, light=-0.14), radius=1.5)
    pen.rect((w * 0.08, 11, w * 0.84, 19), "#6b4630", radius=2)
    pen.rect((w * 0.09, 12.2, w * 0.82, 16.6), pen.linear("#fbf3df", "#f1e3c3"), radius=1.6)
    _door(pen, w * 0.7, 55, w * 0.2, 43, "#4f7f6d")
    pen.rect((w * 0.735, 60, w * 0.13, 20), pen.linear(*_GLASS, angle=60), radius=1)
    pen.rect((w * 0.08, 53, w * 0.56, 33), "#fff7ea", radius=1)
    pen.rect((w * 0.1, 55, w * 0.52, 29), pen.linear(*_GLASS, angle=60))
    for k, code in enumerate(("#e8b23f", "#c8674e", "#8a5bb5", "#4d9e63")):
        x = w * (0.13 + 0.125 * k)
        pen.rect((x, 74, w * 0.08, 10), pen.linear(adjust(code, light=0.07), code), radius=2)
    pen.rect((w * 0.1, 70, w * 0.52, 1.6), "#fff7ea", more=' opacity="0.8"')
    pen.rect((w * 0.03, 88, w * 0.64, 12), adjust(wall, light=-0.12))
    stripes = 2 * max(3, round(w / 24)) + 1
    wide = w / stripes
    for k in range(stripes):
        code = cloth if k % 2 == 0 else "#fbf3ea"
        x, tip = k * wide, k * wide + wide / 2
        pen.path(
            f"M{0.04 * w + x * 0.92:.2f} 32H{0.04 * w + (x + wide) * 0.92:.2f}"
            f"L{x + wide:.2f} 48Q{tip:.2f} 56 {x:.2f} 48Z",
            pen.linear(adjust(code, light=0.05), adjust(code, light=-0.06)),
        )
    pen.rect((w * 0.03, 97, w * 0.94, 3), "#a9a39a")


def _cabin(brush: Brush) -> None:
    pen = brush.pen
    w, log, roof = pen.width, "#b07a49", "#7a4a34"
    for i in range(6):
        y = 44 + i * 9.4
        pen.rect(
            (w * 0.08, y, w * 0.84, 9.2),
            pen.linear(adjust(log, light=0.08), log, adjust(log, light=-0.1)),
            radius=4,
        )
        for x in (w * 0.08, w * 0.92):
            pen.ellipse((x, y + 4.6), 4.4, 4.4, pen.shade("#d8a877"))
    pen.polygon([(w * 0.12, 44), (w * 0.5, 12), (w * 0.88, 44)], adjust(log, light=-0.04))
    pen.polygon(
        [(0, 50), (w * 0.5, 3), (w, 50), (w * 0.95, 54), (w * 0.5, 13), (w * 0.05, 54)],
        pen.linear(adjust(roof, light=0.08), adjust(roof, light=-0.04)),
    )
    _door(pen, w * 0.5 - 8, 66, 16, 34, "#6d4128")
    for x in (w * 0.25, w * 0.75):
        _window(pen, x - 7, 64, 14, 13, "#e9d3ad")


def _barn(brush: Brush) -> None:
    pen = brush.pen
    w, red = pen.width, "#c23b32"
    pen.polygon(
        [
            (w * 0.06, 100),
            (w * 0.06, 46),
            (w * 0.2, 22),
            (w * 0.5, 6),
            (w * 0.8, 22),
            (w * 0.94, 46),
            (w * 0.94, 100),
        ],
        pen.linear(adjust(red, light=0.05), red, adjust(red, light=-0.07)),
    )
    for i in range(1, 12):
        x = w * (0.06 + 0.073 * i)
        pen.line(
            f"M{x:.1f} 100V{30 if 0.2 < x / w < 0.8 else 52}",
            adjust(red, light=-0.07),
            0.6,
            ' opacity="0.5"',
        )
    roof = ' stroke="#6a6670" stroke-width="5" stroke-linejoin="round" stroke-linecap="round"'
    pen.path(
        f"M{w * 0.03:.1f} 48L{w * 0.18:.1f} 20L{w * 0.5:.1f} 3.5L{w * 0.82:.1f} 20L{w * 0.97:.1f} 48",
        "none",
        roof,
    )
    x, y, s, t = w * 0.31, 56, w * 0.38, 44
    pen.rect((x, y, s, t), adjust(red, light=-0.08), more=' stroke="#fdf6ec" stroke-width="2.6"')
    pen.line(
        f"M{x:.1f} {y}L{x + s:.1f} {y + t}M{x + s:.1f} {y}L{x:.1f} {y + t}M{x + s / 2:.1f} {y}V{y + t}",
        "#fdf6ec",
        2.2,
    )
    _window(pen, w * 0.5 - 6, 26, 12, 12)


def _tower(brush: Brush) -> None:
    pen = brush.pen
    w, stone = pen.width, "#b7b1a8"
    pen.polygon(
        [(w * 0.2, 100), (w * 0.26, 22), (w * 0.74, 22), (w * 0.8, 100)],
        pen.linear(adjust(stone, light=0.06), stone, adjust(stone, light=-0.13), angle=0),
    )
    for i in range(14):
        y = 28 + i * 5.1
        x = w * (0.3 + 0.3 * float(pen.rng.uniform()))
        pen.rect((x, y, w * 0.13, 3), adjust(stone, light=-0.08), radius=0.6, more=' opacity="0.5"')
    pen.rect(
        (w * 0.16, 12, w * 0.68, 12),
        pen.linear(adjust(stone, light=0.04), adjust(stone, light=-0.12), angle=0),
        radius=1,
    )
    for i in range(4):
        pen.rect(
            (w * (0.16 + 0.187 * i), 3, w * 0.12, 11),
            pen.linear(adjust(stone, light=0.05), adjust(stone, light=-0.06)),
            radius=0.6,
        )
    pen.path(
        f"M{w * 0.44:.1f} 52v-8a{w * 0.06:.1f} {w * 0.06:.1f} 0 0 1 {w * 0.12:.1f} 0v8Z", "#4c4654"
    )
    pen.path(
        f"M{w * 0.38:.1f} 100v-14a{w * 0.12:.1f} {w * 0.12:.1f} 0 0 1 {w * 0.24:.1f} 0v14Z",
        "#6e4630",
    )


def _lighthouse(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    shell = f"M{w * 0.28:.1f} 96L{w * 0.38:.1f} 26H{w * 0.62:.1f}L{w * 0.72:.1f} 96Z"
    pen.path(shell, pen.linear("#ffffff", "#f3f1f2", "#c9ccd8", angle=0))
    pen.raw(f"<g{pen.clip(shell)}>")
    for y in (38, 60, 82):
        pen.rect((0, y, w, 11), pen.linear("#f05b50", "#d83a35", "#a82a2c", angle=0))
    pen.raw("</g>")
    pen.rect((w * 0.33, 22, w * 0.34, 5), "#4a5064", radius=1)
    pen.rect(
        (w * 0.4, 11, w * 0.2, 12), pen.radial("#fffbd6", "#ffd95a", at=(0.5, 0.5), radius=0.7)
    )
    pen.line(f"M{w * 0.46:.1f} 11v12M{w * 0.54:.1f} 11v12", "#4a5064", 0.9)
    pen.polygon([(w * 0.36, 12), (w * 0.5, 2), (w * 0.64, 12)], pen.linear("#e5534b", "#b52f31"))
    pen.path(
        f"M{w * 0.1:.1f} 100Q{w * 0.2:.1f} 90 {w * 0.5:.1f} 92T{w * 0.9:.1f} 100Z",
        pen.linear("#9a9aa4", "#74747f"),
    )


def _windmill(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    pen.polygon(
        [(w * 0.26, 100), (w * 0.36, 42), (w * 0.64, 42), (w * 0.74, 100)],
        pen.linear("#fbf5ea", "#f1e5d0", "#cbb898", angle=0),
    )
    pen.path(
        f"M{w * 0.33:.1f} 44Q{w * 0.5:.1f} 18 {w * 0.67:.1f} 44Z", pen.linear("#c25a42", "#94412f")
    )
    _door(pen, w * 0.5 - 5, 82, 10, 18)
    _window(pen, w * 0.5 - 4, 60, 8, 9)
    for turn in (20, 110, 200, 290):
        pen.raw(f'<g transform="rotate({turn} {w / 2:.1f} 40)">')
        pen.rect((w / 2 - 1, 2, 2, 38), "#6b4a33")
        pen.rect((w / 2 + 0.6, 3, 8.5, 29), "#fdf8ee", more=' stroke="#8d6a4a" stroke-width="0.8"')
        pen.line(f"M{w / 2 + 0.6:.1f} 12.5h8.5m-8.5 10h8.5", "#8d6a4a", 0.7)
        pen.raw("</g>")
    pen.ellipse((w / 2, 40), 3, None, pen.shade("#5d4332"))


def _bridge(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    wooden = "wood" in brush.attributes.get("material", "")
    stone = "#a9764a" if wooden else "#b3aca3"
    arches = max(1, round(w / 130))
    span = w / arches
    d = "M0 38" + f"Q{w / 2:.1f} 14 {w:.1f} 38V100"
    for i in range(arches):
        right = w - span * i
        r = span * 0.36
        d += f"H{right - span / 2 + r:.1f}A{r:.1f} {min(r, 52):.1f} 0 0 0 {right - span / 2 - r:.1f} 100"
    pen.path(d + "H0Z", pen.linear(adjust(stone, light=0.06), stone, adjust(stone, light=-0.12)))
    for _ in range(int(w / 9)):
        x, y = float(pen.rng.uniform(4, w - 10)), float(pen.rng.uniform(44, 60))
        pen.rect((x, y, 8, 4), adjust(stone, light=-0.07), radius=1, more=' opacity="0.45"')
    rail = adjust(stone, light=-0.16)
    pen.path(f"M0 39Q{w / 2:.1f} 15 {w:.1f} 39", "none", f' stroke="{rail}" stroke-width="4"')
    pen.path(
        f"M0 20Q{w / 2:.1f} -4 {w:.1f} 20",
        "none",
        f' stroke="{adjust(rail, light=0.1)}" stroke-width="4.4" stroke-linecap="round"',
    )
    posts = int(w / 14)
    for i in range(posts + 1):
        t = i / posts
        y = 38 - 48 * t * (1 - t)
        pen.line(f"M{2 + t * (w - 4):.1f} {y:.1f}v-18", adjust(rail, light=0.05), 2.4)


def _arch(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    stone = "#a9764a" if "wood" in brush.attributes.get("material", "") else "#c3b8a6"
    middle, thick = w / 2, w * 0.2
    outer, inner = w * 0.48, w * 0.48 - thick
    base = outer + 4
    d = f"M{middle - outer:.1f} 100V{base:.1f}A{outer:.1f} {outer:.1f} 0 0 1 {middle + outer:.1f} "
    d += f"{base:.1f}V100H{middle + inner:.1f}V{base:.1f}"
    d += f"A{inner:.1f} {inner:.1f} 0 0 0 {middle - inner:.1f} {base:.1f}V100Z"
    pen.path(d, pen.linear(adjust(stone, light=0.07), stone, adjust(stone, light=-0.1)))
    joint = adjust(stone, light=-0.16)
    for i in range(1, 10):
        turn = math.pi * i / 10
        x, y = math.cos(turn), math.sin(turn)
        pen.line(
            f"M{middle + inner * x:.1f} {base - inner * y:.1f}"
            f"L{middle + outer * x:.1f} {base - outer * y:.1f}",
            joint,
            1.1,
        )
    for row in range(int((100 - base) / 9) + 1):
        y = base + row * 9
        for left in (middle - outer, middle + inner):
            pen.line(f"M{left:.1f} {y:.1f}h{thick:.1f}", joint, 1.1)
    key = f"M{middle - 4.4:.1f} 2h8.8l-2 {thick + 3:.1f}h-4.8Z"
    pen.path(key, adjust(stone, light=0.1), f' stroke="{joint}" stroke-width="0.9"')


def _igloo(brush: Brush) -> None:
    pen = brush.pen
    w = pen.width
    dome = f"M{w * 0.02:.1f} 98A{w * 0.48:.1f} 92 0 0 1 {w * 0.98:.1f} 98Z"
    pen.path(dome, pen.linear("#ffffff", "#e3f0fa", "#b5d2e8"))
    for y in (30, 50, 72):
        half = w * 0.48 * math.sqrt(max(0.0, 1 - ((98 - y) / 92) ** 2))
        pen.line(
            f"M{w / 2 - half:.1f} {y}Q{w / 2:.1f} {y + 7} {w / 2 + half:.1f} {y}", "#a9c8e0", 1.1
        )
    for x, y in ((0.34, 10), (0.62, 12), (0.22, 40), (0.5, 38), (0.76, 40), (0.14, 62), (0.86, 62)):
        pen.line(f"M{w * x:.1f} {y + 4}v17", "#a9c8e0", 1.1)
    pen.path(f"M{w * 0.34:.1f} 99V78a{w * 0.16:.1f} 20 0 0 1 {w * 0.32:.1f} 0V99Z", "#eef6fc")
    pen.path(f"M{w * 0.39:.1f} 99V80a{w * 0.11:.1f} 15 0 0 1 {w * 0.22:.1f} 0V99Z", "#35506e")


def _wall(brush: Brush) -> None:
    pen = brush.pen
    brick = "#b8644c"
    pen.rect((0, 0, pen.width, 100), "#d9cdbf")
    for row in range(8):
        x = -10.0 if row % 2 else 0.0
        while x < pen.width:
            code = adjust(brick, light=float(pen.rng.uniform(-0.05, 0.05)))
            left, right = max(x, 0.0), min(x + 22, pen.width)
            pen.rect((left, row * 12.5 + 0.7, max(right - left, 0.1), 11), code, radius=1)
            x += 23.4


def _castle(brush: Brush) -> None:
    pen = brush.pen
    w, stone, roof = pen.width, "#cfc8d6", "#6f63c9"

    def turret(x: float, wide: float, top: float) -> None:
        pen.rect(
            (x - wide / 2, top, wide, 100 - top),
            pen.linear(adjust(stone, light=0.05), stone, adjust(stone, light=-0.13), angle=0),
        )
        pen.rect(
            (x - wide * 0.62, top - 3, wide * 1.24, 7),
            pen.linear(adjust(stone, light=0.03), adjust(stone, light=-0.1), angle=0),
            radius=1,
        )
        tip = top - wide * 1.25
        pen.polygon(
            [(x - wide * 0.68, top - 2.6), (x, tip), (x + wide * 0.68, top - 2.6)],
            pen.linear(adjust(roof, light=0.1), roof, adjust(roof, light=-0.12), angle=0),
        )
        pen.line(f"M{x:.1f} {tip:.1f}v-6", "#6b5a4a", 0.9)
        pen.polygon([(x, tip - 6.4), (x + 8, tip - 4.2), (x, tip - 2)], "#f2b632")
        pen.path(f"M{x - 2:.1f} {top + 17:.1f}v-5a2 2.4 0 0 1 4 0v5Z", "#54506e")

    turret(w * 0.5, w * 0.2, 36)
    for x in (0.32, 0.68):
        turret(w * x, w * 0.13, 46)
    pen.rect(
        (w * 0.14, 60, w * 0.72, 40),
        pen.linear(adjust(stone, light=0.02), adjust(stone, light=-0.07)),
    )
    for i in range(9):
        pen.rect((w * (0.14 + i * 0.083), 55, w * 0.05, 7), adjust(stone, light=-0.01), radius=0.6)
    for x in (0.12, 0.88):
        turret(w * x, w * 0.17, 50)
    pen.path(
        f"M{w * 0.42:.1f} 100V84a{w * 0.08:.1f} {w * 0.08:.1f} 0 0 1 {w * 0.16:.1f} 0V100Z",
        pen.linear("#8a5a3a", "#5d3a28"),
    )
    for x in (0.28, 0.36, 0.64, 0.72):
        pen.path(f"M{w * x - 1.8:.1f} 80v-6a1.8 2.2 0 0 1 3.6 0v6Z", "#54506e")


DRAWINGS: tuple[Drawing, ...] = (
    Drawing(
        "shop",
        _shop,
        (
            *("shop", "store", "bakery", "cafe", "restaurant", "pub", "bookstore", "bookshop"),
            *("pharmacy", "flower shop", "grocery store", "diner", "coffee shop", "商店", "面包店"),
        ),
        (1.0, 1.7),
        text_box=(0.11, 0.13, 0.78, 0.15),
    ),
    Drawing(
        "house",
        _house,
        ("house", "home", "cottage", "villa", "building", "roof", "rooftop", "房子", "小屋"),
        (0.85, 1.7),
    ),
    Drawing(
        "cabin",
        _cabin,
        (
            "cabin",
            "log cabin",
            "wooden house",
            "wooden cabin",
            "lodge",
            "shed",
            "wood house",
            "木屋",
        ),
        (0.9, 1.7),
    ),
    Drawing("barn", _barn, ("barn", "farmhouse", "stable"), (0.9, 1.6)),
    Drawing("tower", _tower, ("tower", "watchtower", "stone tower"), (0.4, 0.8)),
    Drawing("castle", _castle, ("castle", "palace", "fortress", "城堡"), (0.95, 1.5)),
    Drawing("lighthouse", _lighthouse, ("lighthouse", "灯塔"), (0.42, 0.8)),
    Drawing("windmill", _windmill, ("windmill", "mill"), (0.75, 1.0)),
    Drawing(
        "bridge",
        _bridge,
        ("bridge", "stone bridge", "footbridge", "wooden bridge", "桥"),
        (1.6, 6.0),
        has_shadow=False,
    ),
    Drawing("arch", _arch, ("arch", "archway", "stone arch", "triumphal arch", "拱门"), (0.7, 1.1)),
    Drawing("igloo", _igloo, ("igloo",), (1.1, 2.0)),
    Drawing("wall", _wall, ("wall", "brick wall", "stone wall"), (0.4, 9.0), "fill"),
)
