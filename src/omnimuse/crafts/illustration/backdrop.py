"""Backdrops: the places a picture can be set in, painted behind the things.

They hold nothing that could be counted as a thing: land, water, air and bare walls only.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from omnimuse.crafts.illustration.color import adjust, mix
from omnimuse.crafts.illustration.pen import Pen, Point, smooth
from omnimuse.crafts.illustration.scene import Background
from omnimuse.crafts.illustration.sky import draw_sky, draw_stars, sky_colors

UNITS = 1000.0

SEASON_GREENS = {"autumn": "#c39a3f", "winter": "#e6eef5", "spring": "#86c95b", "summer": "#6fb850"}


def draw_backdrop(background: Background, canvas: tuple[int, int], *, seed: int = 0) -> str:
    """The backdrop as an SVG document, 1000 units wide."""
    pen = Pen(UNITS, UNITS * canvas[1] / canvas[0], seed)
    PLACES.get(background.place, draw_meadow)(pen, background)
    return pen.svg()


def _lit(code: str, background: Background) -> str:
    """A colour of the land under the light of the hour and the weather."""
    if background.time == "night":
        code = mix(adjust(code, light=-0.36, chroma=0.62), "#1c2a58", 0.32)
    elif background.time == "evening":
        code = mix(adjust(code, light=-0.16, chroma=0.8), "#4d3f78", 0.25)
    elif background.time == "sunset":
        code = mix(adjust(code, light=-0.08), "#d9825f", 0.2)
    elif background.time == "dawn":
        code = mix(code, "#f3c2bd", 0.2)
    if background.weather in ("rain", "storm", "fog", "clouds"):
        code = adjust(code, light=-0.04, chroma=0.72)
    return code


def _ridge(pen: Pen, level: float, height: float, *, roughness: int, phase: float) -> list[Point]:
    """Points of a rolling skyline at `level`, `height` high, from left to right."""
    points = []
    for i in range(roughness + 1):
        t = i / roughness
        wave = math.sin(t * 5.1 + phase) * 0.5 + math.sin(t * 11.3 + phase * 2.3) * 0.27
        jitter = float(pen.rng.uniform(-0.2, 0.2))
        points.append(((t * 1.1 - 0.05) * pen.width, level - height * (0.5 + 0.5 * wave + jitter)))
    return points


def _land(pen: Pen, points: list[Point], *colors: str) -> None:
    top = min(y for _, y in points)
    d = (
        smooth(points)
        + f"L{pen.width * 1.1:.1f} {pen.height:.1f}L{-pen.width * 0.1:.1f} {pen.height:.1f}Z"
    )
    pen.path(d, pen.linear(*colors, box=(0, top, 0, max(pen.height * 0.9, top + 1))))


def _green(background: Background) -> str:
    if background.weather == "snow":
        return SEASON_GREENS["winter"]
    return SEASON_GREENS.get(background.season, "#7cc156")


def _hills(pen: Pen, background: Background, *, base: str, count: int = 3) -> None:
    horizon = pen.height * background.horizon
    haze = sky_colors(background)[3]
    for i in range(count):
        far = 1 - i / count
        code = mix(_lit(base, background), haze, 0.3 + 0.42 * far)
        ridge = _ridge(
            pen,
            horizon + pen.height * 0.02,
            pen.height * (0.05 + 0.08 * far),
            roughness=9,
            phase=1.7 * i + float(pen.rng.uniform(0, 6)),
        )
        _land(pen, ridge, adjust(code, light=0.02), code)


def _tufts(pen: Pen, background: Background, code: str, *, flowers: bool) -> None:
    horizon = pen.height * background.horizon
    petals = ("#ffffff", "#fff3b8", "#ffd9e6", "#e4dcff")
    for _ in range(46):
        t = float(pen.rng.uniform(0.08, 1)) ** 0.8
        x, y = float(pen.rng.uniform(0, pen.width)), horizon + (pen.height - horizon) * t
        size = pen.width * 0.011 * (0.35 + t)
        tone = adjust(code, light=float(pen.rng.uniform(-0.09, 0.05)))
        for lean in (-0.5, 0.0, 0.5):
            pen.line(
                f"M{x + lean * size * 0.4:.1f} {y:.1f}q{lean * size * 0.2:.1f} {-size * 0.6:.1f} "
                f"{lean * size:.1f} {-size:.1f}",
                tone,
                size * 0.16,
                ' opacity="0.55"',
            )
        if flowers and pen.rng.uniform() < 0.28:
            petal = _lit(petals[int(pen.rng.integers(len(petals)))], background)
            pen.ellipse((x, y - size), size * 0.17, None, petal, ' opacity="0.9"')


def hill_color(background: Background) -> str:
    """A hill's main colour: that of the land it rises from, deeper; "" where none grows."""
    if background.place in ("desert", "plain", "room", "table", "space", "underwater", "beach"):
        return ""
    is_snowy = background.place == "snow" or _green(background) == SEASON_GREENS["winter"]
    green = SEASON_GREENS["winter"] if is_snowy else mix(_green(background), "#3d9a48", 0.45)
    return adjust(_lit(green, background), light=-0.015)


def draw_meadow(pen: Pen, background: Background) -> None:
    """Grass to the horizon, rolling hills beyond."""
    draw_sky(pen, background)
    green = _green(background)
    is_snowy = green == SEASON_GREENS["winter"]
    _hills(pen, background, base=mix(green, "#5c9c76", 0.4) if not is_snowy else green)
    ground = _lit(green, background)
    horizon = pen.height * background.horizon
    ridge = _ridge(pen, horizon + pen.height * 0.03, pen.height * 0.03, roughness=7, phase=0.6)
    _land(pen, ridge, adjust(ground, light=0.07), ground, adjust(ground, light=-0.08, hue=8))
    paint = pen.radial("#fffbe0/0.28", "#fffbe0/0", at=(0.5, 0.5), radius=0.5)
    light_x = background.light[0] * pen.width
    if background.time != "night":
        pen.ellipse(
            (light_x, horizon + pen.height * 0.1), pen.width * 0.4, pen.height * 0.12, paint
        )
    _tufts(pen, background, ground, flowers=not is_snowy and background.season != "autumn")


def draw_village(pen: Pen, background: Background) -> None:
    """Small houses and a church in the haze at the foot of the hills, grass in front."""
    draw_meadow(pen, background)
    haze = sky_colors(background)[3]
    low = pen.height * (background.horizon + 0.035)
    is_white = _green(background) == SEASON_GREENS["winter"]
    is_lit = background.time in ("night", "evening")
    side = pen.width * 0.05
    church = int(pen.rng.integers(3, 8))
    x = pen.width * 0.04
    for number in range(11):
        wide = side * float(pen.rng.uniform(0.85, 1.3))
        tall = wide * float(pen.rng.uniform(0.5, 0.72))
        base = low + side * float(pen.rng.uniform(-0.16, 0.16))
        wall = mix(_lit(("#ecdcc0", "#e3cdb0", "#d9d3c8")[number % 3], background), haze, 0.3)
        roof = "#f2f6fa" if is_white else ("#b4614c", "#9c5546", "#8a6a58")[number % 3]
        roof = mix(_lit(roof, background), haze, 0.3)
        if number == church:
            _steeple(pen, (x + wide * 0.5, base), (wide * 0.42, tall * 2.1), (wall, roof))
        pen.rect((x, base - tall, wide, tall), pen.linear(adjust(wall, light=0.02), wall))
        ridge = base - tall * 1.75
        pen.polygon(
            [(x - wide * 0.08, base - tall), (x + wide / 2, ridge), (x + wide * 1.08, base - tall)],
            pen.linear(adjust(roof, light=0.04), roof),
        )
        pane = "#ffdf94" if is_lit else mix(adjust(wall, light=-0.3), "#5d86a8", 0.4)
        for share in (0.2, 0.62):
            pen.rect((x + wide * share, base - tall * 0.68, wide * 0.17, tall * 0.3), pane)
        x += wide * float(pen.rng.uniform(1.12, 1.9))
        if x > pen.width * 0.95:
            break


def _steeple(pen: Pen, foot: Point, size: tuple[float, float], colors: tuple[str, str]) -> None:
    (x, y), (wide, tall), (wall, roof) = foot, size, colors
    pen.rect((x - wide / 2, y - tall, wide, tall), wall)
    pen.polygon(
        [(x - wide * 0.62, y - tall), (x, y - tall * 1.7), (x + wide * 0.62, y - tall)], roof
    )


def draw_forest(pen: Pen, background: Background) -> None:
    """Rows of dark firs that melt into the haze, moss in front."""
    draw_sky(pen, background)
    haze = sky_colors(background)[3]
    is_white = background.weather == "snow" or background.season == "winter"
    base = "#9db6c6" if is_white else "#b5762c" if background.season == "autumn" else "#3f7d55"
    horizon = pen.height * background.horizon
    for row in range(4):
        far = 1 - row / 4
        code = mix(_lit(base, background), haze, 0.2 + 0.55 * far)
        height = pen.height * (0.13 + 0.1 * (1 - far))
        step = pen.width * (0.035 + 0.02 * (1 - far))
        x, points = -step, [(-pen.width * 0.1, horizon + pen.height * 0.05)]
        while x < pen.width + step * 2:
            top = horizon - height * float(pen.rng.uniform(0.6, 1.15))
            low = horizon - height * 0.12
            points += [(x, low), (x + step / 2, top), (x + step, low)]
            x += step * float(pen.rng.uniform(0.7, 1.0))
        points.append((pen.width * 1.1, horizon + pen.height * 0.05))
        d = "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in points)
        pen.path(f"{d}L{pen.width * 1.1} {pen.height}L{-pen.width * 0.1} {pen.height}Z", code)
    is_snowy = _green(background) == SEASON_GREENS["winter"]
    share = 0.05 if is_snowy else 0.45
    floor = _lit(mix(_green(background), "#4f7a3f", share), background)
    ridge = _ridge(pen, horizon + pen.height * 0.03, pen.height * 0.03, roughness=8, phase=2.0)
    _land(pen, ridge, adjust(floor, light=0.04), floor, adjust(floor, light=-0.1))
    _tufts(pen, background, floor, flowers=False)


def draw_mountains(pen: Pen, background: Background) -> None:
    """Two chains of peaks with snow above a meadow."""
    draw_sky(pen, background)
    haze = sky_colors(background)[3]
    horizon = pen.height * background.horizon
    for chain, (share, tall) in enumerate(((0.6, 0.42), (0.38, 0.3))):
        rock = mix(_lit("#6f7f9e", background), haze, share)
        x = -pen.width * 0.1
        while x < pen.width * 1.05:
            wide = pen.width * float(pen.rng.uniform(0.26, 0.42))
            peak = (
                x + wide * float(pen.rng.uniform(0.42, 0.58)),
                horizon
                - pen.height * tall * background.horizon * float(pen.rng.uniform(0.75, 1.1)),
            )
            _peak(pen, x, wide, peak, horizon + pen.height * 0.04, rock)
            x += wide * float(pen.rng.uniform(0.5, 0.66))
        del chain
    _hills(pen, background, base=mix(_green(background), "#4e8a6a", 0.45), count=2)
    ground = _lit(_green(background), background)
    ridge = _ridge(pen, horizon + pen.height * 0.05, pen.height * 0.03, roughness=7, phase=0.9)
    _land(pen, ridge, adjust(ground, light=0.05), ground, adjust(ground, light=-0.08))
    _tufts(pen, background, ground, flowers=background.season not in ("winter", "autumn"))


def _peak(pen: Pen, x: float, wide: float, peak: Point, base: float, rock: str) -> None:
    left, right, tall = (x, base), (x + wide, base), base - peak[1]
    pen.polygon([left, peak, right], pen.linear(adjust(rock, light=0.06), rock))
    ridge = (peak[0] + wide * 0.05, peak[1] + tall * 0.5)
    foot = (peak[0] - wide * 0.02, base)
    pen.polygon([peak, right, foot, ridge], adjust(rock, light=-0.05), ' opacity="0.7"')
    snow = 0.3

    def on(a: Point, b: Point, t: float) -> Point:
        return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)

    low = [
        on(peak, right, snow),
        on(peak, right, snow * 0.55),
        on(peak, foot, snow * 1.1),
        on(peak, left, snow * 0.6),
        on(peak, left, snow),
    ]
    edge = [
        low[0],
        (peak[0] + wide * 0.07, peak[1] + tall * 0.2),
        low[2],
        (peak[0] - wide * 0.06, peak[1] + tall * 0.19),
        low[4],
    ]
    pen.polygon([peak, *edge], mix("#ffffff", rock, 0.12))


def draw_beach(pen: Pen, background: Background) -> None:
    """Sea at the horizon, foam, warm sand in front."""
    draw_sky(pen, background)
    horizon = pen.height * background.horizon
    shore = horizon + (pen.height - horizon) * 0.36
    _water(pen, background, horizon, shore + pen.height * 0.06)
    sand = _lit("#f0d9a4", background)
    edge = _ridge(pen, shore + pen.height * 0.02, pen.height * 0.035, roughness=6, phase=1.2)
    _land(pen, [(x, y - pen.height * 0.012) for x, y in edge], _lit("#ffffff", background))
    _land(
        pen,
        edge,
        adjust(sand, light=-0.05),
        sand,
        adjust(sand, light=0.02),
        adjust(sand, light=-0.05),
    )
    for _ in range(60):
        x, t = float(pen.rng.uniform(0, pen.width)), float(pen.rng.uniform(0.15, 1))
        y = shore + (pen.height - shore) * t
        pen.ellipse(
            (x, y),
            pen.width * 0.0016 * (0.5 + t),
            None,
            adjust(sand, light=-0.12),
            ' opacity="0.5"',
        )


def _water(pen: Pen, background: Background, top: float, bottom: float) -> None:
    colors = sky_colors(background)
    deep = _lit("#2f86c4", background)
    near = mix(deep, "#1d5f94" if background.time != "night" else "#101c40", 0.45)
    far = mix(deep, colors[3], 0.5)
    pen.rect(
        (0, top, pen.width, bottom - top), pen.linear(far, deep, near, box=(0, top, 0, bottom))
    )
    light_x = background.light[0] * pen.width
    for _ in range(70):
        t = float(pen.rng.uniform(0.01, 1)) ** 1.5
        y = top + (bottom - top) * t
        x = float(pen.rng.uniform(-0.05, 1.0)) * pen.width
        reach = pen.width * float(pen.rng.uniform(0.02, 0.07)) * (0.4 + t)
        pen.line(
            f"M{x:.1f} {y:.1f}q{reach / 4:.1f} {-reach * 0.08:.1f} "
            f"{reach / 2:.1f} 0t{reach / 2:.1f} 0",
            mix(colors[3], "#ffffff", 0.4),
            pen.width * 0.0012 * (0.6 + t),
            ' opacity="0.35"',
        )
    for _ in range(26):
        t = float(pen.rng.uniform(0.0, 1))
        y = top + (bottom - top) * t
        reach = pen.width * (0.01 + 0.035 * t) * float(pen.rng.uniform(0.5, 1.4))
        x = light_x + float(pen.rng.normal(0, pen.width * (0.012 + 0.03 * t)))
        pen.ellipse((x, y), reach, pen.height * 0.0022 * (0.6 + t), "#fff6dc", ' opacity="0.4"')


def draw_sea(pen: Pen, background: Background) -> None:
    """Open water under the sky."""
    draw_sky(pen, background)
    _water(pen, background, pen.height * background.horizon, pen.height)


def draw_lake(pen: Pen, background: Background) -> None:
    """Still water between wooded hills and a grassy shore."""
    draw_sky(pen, background)
    horizon = pen.height * background.horizon
    _hills(pen, background, base=mix(_green(background), "#4c8f72", 0.5))
    shore = pen.height - (pen.height - horizon) * 0.16
    _water(pen, background, horizon + pen.height * 0.012, pen.height)
    ground = _lit(_green(background), background)
    ridge = _ridge(pen, shore + pen.height * 0.03, pen.height * 0.03, roughness=6, phase=2.6)
    _land(pen, ridge, adjust(ground, light=0.03), adjust(ground, light=-0.06))


def draw_desert(pen: Pen, background: Background) -> None:
    """Dunes with a lit and a shaded side."""
    draw_sky(pen, background)
    sand = _lit("#eec07b", background)
    haze = sky_colors(background)[3]
    for i in range(4):
        far = 1 - i / 4
        level = pen.height * background.horizon + (pen.height * (1 - background.horizon)) * 0.26 * i
        code = mix(sand, haze, 0.45 * far)
        ridge = _ridge(
            pen, level + pen.height * 0.02, pen.height * 0.06, roughness=5, phase=1.9 * i
        )
        _land(pen, ridge, adjust(code, light=0.06), code, adjust(code, light=-0.07, hue=-6))


def draw_snow(pen: Pen, background: Background) -> None:
    """A snowfield with blue shadows."""
    draw_sky(pen, background)
    snow = _lit("#edf3fa", background)
    haze = sky_colors(background)[3]
    horizon = pen.height * background.horizon
    for i in range(3):
        code = mix(adjust(snow, light=-0.07), haze, 0.4 - 0.15 * i)
        ridge = _ridge(
            pen, horizon + pen.height * 0.03 * i, pen.height * 0.09, roughness=7, phase=2.1 * i
        )
        _land(pen, ridge, code, adjust(code, light=-0.03))
    ridge = _ridge(pen, horizon + pen.height * 0.08, pen.height * 0.03, roughness=6, phase=0.4)
    _land(pen, ridge, snow, adjust(snow, light=-0.02), adjust(snow, light=-0.08, chroma=1.6))


def draw_city(pen: Pen, background: Background) -> None:
    """A skyline in the haze behind a street with a kerb."""
    draw_sky(pen, background)
    haze = sky_colors(background)[3]
    horizon = pen.height * background.horizon
    for row, share in enumerate((0.66, 0.45)):
        code = mix(_lit("#6b7a99", background), haze, share)
        x = -20.0
        while x < pen.width:
            wide = pen.width * float(pen.rng.uniform(0.05, 0.1))
            tall = pen.height * background.horizon * float(pen.rng.uniform(0.2, 0.62 - 0.16 * row))
            pen.rect(
                (x, horizon - tall, wide - 3, tall + 4),
                pen.linear(adjust(code, light=0.03), mix(code, haze, 0.3)),
            )
            _windows(
                pen,
                (x, horizon - tall, wide - 3, tall),
                code,
                is_lit=background.time in ("night", "evening"),
            )
            x += wide
    _pavement(pen, background, horizon)


def _windows(pen: Pen, box: tuple[float, float, float, float], code: str, *, is_lit: bool) -> None:
    x, y, w, h = box
    size = pen.width * 0.006
    for row in range(int(h * 0.85 / (size * 2.6))):
        for column in range(max(1, int((w - size) / (size * 2.2)))):
            if pen.rng.uniform() < 0.4:
                continue
            pane = "#ffdf94" if is_lit and pen.rng.uniform() < 0.55 else adjust(code, light=0.06)
            at = (x + size * (0.8 + 2.2 * column), y + size * (1.4 + 2.6 * row), size, size * 1.4)
            pen.rect(at, pane, radius=0.8, more=' opacity="0.6"')


def _pavement(pen: Pen, background: Background, horizon: float) -> None:
    walk = _lit("#c9c8cf", background)
    road = _lit("#767b88", background)
    height = pen.height - horizon
    pen.rect((0, horizon, pen.width, height), pen.linear(adjust(walk, light=-0.04), walk))
    kerb = horizon + height * 0.34
    pen.rect((0, kerb, pen.width, height * 0.03), adjust(walk, light=0.07))
    pen.rect(
        (0, kerb + height * 0.03, pen.width, height), pen.linear(adjust(road, light=0.04), road)
    )
    for i in range(-1, 7):
        x = pen.width * (i + 0.3) / 6
        pen.rect(
            (x, kerb + height * 0.36, pen.width * 0.085, height * 0.032),
            _lit("#f2efe2", background),
            radius=4,
        )


def draw_street(pen: Pen, background: Background) -> None:
    """A road through the green."""
    draw_sky(pen, background)
    _hills(pen, background, base=mix(_green(background), "#5c9c76", 0.4))
    horizon = pen.height * background.horizon
    ground = _lit(_green(background), background)
    _land(
        pen,
        _ridge(pen, horizon + 8, 10, roughness=6, phase=1.0),
        adjust(ground, light=0.04),
        ground,
    )
    height = pen.height - horizon
    road = _lit("#7b808c", background)
    top = horizon + height * 0.3
    pen.rect((0, top, pen.width, height), _lit("#d9d6cf", background))
    pen.rect(
        (0, top + height * 0.035, pen.width, height), pen.linear(adjust(road, light=0.05), road)
    )
    for i in range(-1, 7):
        x = pen.width * (i + 0.3) / 6
        pen.rect(
            (x, top + height * 0.34, pen.width * 0.085, height * 0.03),
            _lit("#f4f0df", background),
            radius=4,
        )


def draw_room(pen: Pen, background: Background) -> None:
    """A warm wall with a skirting board above a wooden floor."""
    line = pen.height * background.horizon
    wall, floor = "#eadfcd", "#c99e70"
    if background.time in ("night", "evening"):
        wall, floor = "#b9a78f", "#94704c"
    pen.rect((0, 0, pen.width, pen.height), wall)
    glow = pen.radial("#fffaf0/0.65", "#fffaf0/0", at=(0.5, 0.5), radius=0.5)
    pen.ellipse((pen.width * 0.35, line * 0.42), pen.width * 0.55, line * 0.7, glow)
    pen.rect(
        (0, line - 1, pen.width, pen.height - line + 1),
        pen.linear(adjust(floor, light=-0.03), floor, adjust(floor, light=0.04)),
    )
    rows = 5
    for i in range(1, rows):
        y = line + (pen.height - line) * (i / rows) ** 1.35
        pen.rect((0, y, pen.width, 1.6), adjust(floor, light=-0.08), more=' opacity="0.6"')
        for _ in range(4):
            x = float(pen.rng.uniform(0, pen.width))
            above = line + (pen.height - line) * ((i - 1) / rows) ** 1.35
            pen.rect((x, above, 1.6, y - above), adjust(floor, light=-0.08), more=' opacity="0.5"')
    pen.rect((0, line - 14, pen.width, 15), pen.linear("#fdf8ee", "#e9dfcf"))


def draw_table(pen: Pen, background: Background) -> None:
    """A table top before a soft wall: still lifes."""
    line = pen.height * background.horizon
    pen.rect(
        (0, 0, pen.width, pen.height),
        pen.radial("#f6ead7", "#ecd9c0", "#d8bf9f", at=(0.4, 0.3), radius=0.9),
    )
    wood = "#b98452"
    pen.rect(
        (0, line, pen.width, pen.height - line),
        pen.linear(adjust(wood, light=0.08), wood, adjust(wood, light=-0.06)),
    )
    for i in range(5):
        y = line + (pen.height - line) * ((i + 0.6) / 5) ** 1.2
        half, bend = pen.width * 0.5, float(pen.rng.uniform(-9, 9))
        d = f"M0 {y:.1f}q{half / 2:.1f} {bend:.1f} {half:.1f} 0t{half:.1f} 0"
        pen.line(d, adjust(wood, light=-0.07), 1.6, ' opacity="0.5"')
    pen.rect((0, line, pen.width, 3), adjust(wood, light=0.16))


def draw_plain(pen: Pen, background: Background) -> None:
    """A studio backdrop: a soft gradient without an edge."""
    dark = background.time in ("night", "evening")
    colors = ("#4a5170", "#343a57", "#252a42") if dark else ("#fbf7ee", "#efe8dc", "#dfd4c6")
    pen.rect((0, 0, pen.width, pen.height), pen.radial(*colors, at=(0.5, 0.42), radius=0.85))


def draw_air(pen: Pen, background: Background) -> None:
    """Nothing but sky."""
    low = Background(
        "air", background.time, background.weather, background.season, 1.0, background.light
    )
    draw_sky(pen, low)


def draw_space(pen: Pen, background: Background) -> None:
    """Stars and faint nebulae."""
    pen.rect((0, 0, pen.width, pen.height), pen.linear("#0a0d24", "#141638", "#1e1b46", angle=60))
    for code in ("#6a3fa8", "#2f5fae", "#a8437f", "#3a3f9e"):
        x, y = float(pen.rng.uniform(0, pen.width)), float(pen.rng.uniform(0, pen.height))
        size = float(pen.rng.uniform(0.25, 0.5)) * pen.width
        paint = pen.radial(f"{code}/0.4", f"{code}/0.12", f"{code}/0", at=(0.5, 0.5), radius=0.5)
        pen.ellipse((x, y), size, size * 0.6, paint)
    draw_stars(pen, pen.height, count=170)


def draw_underwater(pen: Pen, background: Background) -> None:
    """Blue depth, shafts of light, a sandy floor."""
    pen.rect((0, 0, pen.width, pen.height), pen.linear("#7fdcec", "#36a9d6", "#1b76b4", "#114f86"))
    soft = pen.blur(pen.width * 0.012)
    for i in range(5):
        x = pen.width * (0.1 + 0.19 * i + float(pen.rng.uniform(-0.04, 0.04)))
        wide = pen.width * float(pen.rng.uniform(0.03, 0.07))
        paint = pen.linear("#ffffff/0.34", "#ffffff/0")
        drop = pen.height * 0.85
        pen.polygon(
            [(x, -10), (x + wide, -10), (x + wide * 3.4, drop), (x + wide * 0.8, drop)], paint, soft
        )
    floor = pen.height * 0.88
    ridge = _ridge(pen, floor + pen.height * 0.03, pen.height * 0.05, roughness=7, phase=0.7)
    _land(pen, ridge, "#c9c19a", "#a89f7c")
    for _ in range(34):
        x, y = float(pen.rng.uniform(0, pen.width)), float(pen.rng.uniform(0, floor))
        pen.ellipse((x, y), float(pen.rng.uniform(1, 4)), None, "#e9fbff", ' opacity="0.4"')


PLACES: dict[str, Callable[[Pen, Background], None]] = {
    "meadow": draw_meadow,
    "village": draw_village,
    "forest": draw_forest,
    "mountains": draw_mountains,
    "beach": draw_beach,
    "sea": draw_sea,
    "lake": draw_lake,
    "desert": draw_desert,
    "snow": draw_snow,
    "city": draw_city,
    "street": draw_street,
    "room": draw_room,
    "table": draw_table,
    "plain": draw_plain,
    "air": draw_air,
    "space": draw_space,
    "underwater": draw_underwater,
}
