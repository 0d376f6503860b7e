"""Skies, light and weather: what hangs behind everything, and what falls in front of it."""

from __future__ import annotations

import math
import re

from omnimuse.crafts.illustration.color import adjust, mix
from omnimuse.crafts.illustration.pen import Pen, Point, number
from omnimuse.crafts.illustration.scene import Background

# From the zenith down to the horizon.
SKIES: dict[str, tuple[str, ...]] = {
    "dawn": ("#7f9ad6", "#b9b3df", "#f6c5c6", "#ffe3c0"),
    "morning": ("#7cc0ee", "#a9dbf5", "#d8f0f6", "#fdf3d9"),
    "day": ("#63b3ee", "#8fcdf5", "#bfe5f9", "#e8f7fb"),
    "sunset": ("#4d5fa8", "#a06eb0", "#f08a7c", "#ffc774"),
    "evening": ("#33407f", "#5c5a9e", "#a878a8", "#eba58f"),
    "night": ("#0d1433", "#16204a", "#253368", "#3f4c86"),
}
GREY_SKIES: dict[str, tuple[str, ...]] = {
    "rain": ("#7f95aa", "#9db0bf", "#b9c8d1", "#d3dde2"),
    "storm": ("#3d4658", "#566176", "#74808f", "#98a3ab"),
    "fog": ("#c3ced4", "#d1dadd", "#dfe5e6", "#ebeeee"),
    "snow": ("#a9c0d4", "#c2d3e0", "#dbe6ee", "#eff5f8"),
    "clouds": ("#8fb2cc", "#abc7d9", "#c8dbe5", "#e0eaee"),
}
# What the hour does to the colours of things: red, green, blue factors.
LIGHTS: dict[str, tuple[float, float, float]] = {
    "dawn": (1.0, 0.95, 0.96),
    "morning": (1.0, 1.0, 0.97),
    "day": (1.0, 1.0, 1.0),
    "sunset": (1.0, 0.92, 0.86),
    "evening": (0.95, 0.92, 0.96),
    "night": (0.9, 0.91, 1.0),
}
TIMES = tuple(SKIES)
LUMINARY = re.compile(r":(sun|.*moon.*)$")
"""Art of things that light the sky."""


def sky_colors(background: Background) -> tuple[str, ...]:
    """The four colours of the sky, from the zenith down."""
    clear = SKIES.get(background.time, SKIES["day"])
    grey = GREY_SKIES.get(background.weather)
    if grey is None:
        return clear
    share = 0.35 if background.time in ("night", "evening", "sunset") else 0.85
    if background.time == "night":
        grey = tuple(adjust(code, light=-0.45, chroma=0.8) for code in grey)
    return tuple(mix(a, b, share) for a, b in zip(clear, grey))


def light_factors(background: Background) -> tuple[float, float, float]:
    """How the light of the hour tints things; in a room or a studio not at all."""
    if background.place in ("plain", "room", "table", "space"):
        return (1.0, 1.0, 1.0)
    red, green, blue = LIGHTS.get(background.time, (1.0, 1.0, 1.0))
    dim = {"storm": 0.9, "rain": 0.95, "fog": 0.98}.get(background.weather, 1.0)
    return (red * dim, green * dim, blue * dim)


def draw_sky(pen: Pen, background: Background, *, has_stars: bool = True) -> None:
    """The gradient, the glow of the light, stars at night and soft clouds by day."""
    colors = sky_colors(background)
    depth = pen.height * max(background.horizon, 0.3)
    pen.rect((0, 0, pen.width, pen.height), pen.linear(*colors, box=(0, 0, 0, depth)))
    _draw_glow(pen, background)
    is_clear = background.weather not in GREY_SKIES
    if background.time == "night" and is_clear and has_stars:
        draw_stars(pen, depth, count=90)
    elif background.time == "evening" and is_clear and has_stars:
        draw_stars(pen, depth * 0.5, count=22)
    if background.weather in ("clouds", "rain", "storm", "snow") or background.time != "night":
        _draw_cloud_banks(pen, background, colors, depth)
    if background.weather == "storm":
        _draw_lightning(pen, depth)


def _draw_lightning(pen: Pen, depth: float) -> None:
    """One flash from the clouds to the land, with its glow."""
    x, y = float(pen.rng.uniform(0.6, 0.85)) * pen.width, 0.06 * depth
    path, steps = f"M{x:.1f} {y:.1f}", 6
    for step in range(steps):
        x += float(pen.rng.uniform(0.02, 0.05)) * pen.width * (-1 if step % 2 == 0 else 0.7)
        y += 0.86 * depth / steps
        path += f"L{x:.1f} {y:.1f}"
    soft = pen.blur(pen.width * 0.008)
    pen.line(path, "#dfe8ff", pen.width * 0.016, f' opacity="0.5"{soft}')
    pen.line(path, "#fdfbe8", pen.width * 0.0045)


def halo_svg(background: Background) -> str:
    """The light about the middle of a square, as a sun or a moon sheds it; none at its edge."""
    pen = Pen(100, 100, 0)
    code, strength = _glow_of(background)
    fades = (1.0, 1.0, 1.0, 1.0, 1.0, 0.74, 0.5, 0.3, 0.14, 0.04, 0.0)
    stops = (f"{code}/{number(strength * fade)}" for fade in fades)
    pen.ellipse((50, 50), 50, 50, pen.radial(*stops, at=(0.5, 0.5), radius=0.5))
    return pen.svg()


def _glow_of(background: Background) -> tuple[str, float]:
    """Colour and strength of the light's glow in the air."""
    tint = {"night": "#cfdcff", "sunset": "#ffdf9a", "evening": "#ffc79a", "dawn": "#ffe2b8"}
    strength = 0.34 if background.time == "night" else 0.75
    if background.weather in GREY_SKIES:
        strength *= 0.35
    return tint.get(background.time, "#fff8dc"), strength


def _draw_glow(pen: Pen, background: Background) -> None:
    if not background.glow:
        return
    center = (background.light[0] * pen.width, background.light[1] * pen.height)
    code, strength = _glow_of(background)
    size = pen.width * (0.34 if background.time == "night" else 0.5)
    paint = pen.radial(
        f"{code}/{strength}", f"{code}/{strength * 0.3}", f"{code}/0", at=(0.5, 0.5), radius=0.5
    )
    pen.ellipse(center, size, size, paint)


def draw_stars(pen: Pen, depth: float, *, count: int) -> None:
    """Small stars of several sizes, denser towards the zenith; the larger ones glow."""
    for _ in range(count):
        x = float(pen.rng.uniform(0, pen.width))
        y = float(depth * pen.rng.uniform(0, 1) ** 1.4)
        size = float(pen.width * 0.001 * (0.55 + 1.3 * pen.rng.uniform() ** 3))
        opacity = float(0.35 + 0.65 * pen.rng.uniform())
        if size > pen.width * 0.0014:
            pen.ellipse(
                (x, y),
                size * 4,
                None,
                pen.radial("#dfe8ff/0.35", "#dfe8ff/0", at=(0.5, 0.5), radius=0.5),
            )
        pen.ellipse((x, y), size, None, "#ffffff", f' opacity="{opacity:.2f}"')


def _draw_cloud_banks(
    pen: Pen, background: Background, colors: tuple[str, ...], depth: float
) -> None:
    """Wide, low-contrast banks: air, not things that could be counted."""
    heavy = background.weather in ("clouds", "rain", "storm", "snow")
    dark = background.weather == "storm"
    if background.weather == "fog":
        return
    soft = pen.blur(pen.width * (0.012 if heavy else 0.02))
    for _ in range(9 if heavy else 4):
        x = float(pen.rng.uniform(-0.1, 1.1) * pen.width)
        y = float(pen.rng.uniform(0.04, 0.55 if heavy else 0.8) * depth)
        width = float(pen.rng.uniform(0.16, 0.4) * pen.width)
        base = mix(colors[1], colors[3], 0.55)
        code = adjust(base, light=-0.1 if dark else 0.05, chroma=0.5)
        points = _bank((x, y), width, pen)
        pen.blob(points, code, f' opacity="{0.55 if heavy else 0.5}"{soft}')


def _bank(center: Point, width: float, pen: Pen) -> list[Point]:
    count, points = 10, []
    for i in range(count):
        angle = 2 * math.pi * i / count
        reach = float(pen.rng.uniform(0.75, 1.15))
        rise = 0.11 if math.sin(angle) < 0 else 0.05
        points.append(
            (
                center[0] + math.cos(angle) * width * reach / 2,
                center[1] + math.sin(angle) * width * rise * reach,
            )
        )
    return points


def draw_weather(pen: Pen, background: Background) -> None:
    """Rain, snow, fog or lightning's haze in front of everything."""
    if background.weather in ("rain", "storm"):
        _draw_rain(pen, 150 if background.weather == "storm" else 110)
    elif background.weather == "snow":
        _draw_snow(pen)
    elif background.weather == "fog":
        for share, opacity in ((0.45, 0.28), (0.62, 0.34), (0.82, 0.3)):
            paint = pen.linear("#eef2f3/0", f"#eef2f3/{opacity}", "#eef2f3/0")
            pen.rect((0, pen.height * (share - 0.16), pen.width, pen.height * 0.32), paint)
    elif background.weather == "wind":
        _draw_wind(pen)


def _draw_rain(pen: Pen, count: int) -> None:
    for _ in range(count):
        x, y = (float(pen.rng.uniform(-0.05, 1.05)) for _ in range(2))
        length = float(pen.rng.uniform(0.025, 0.055)) * pen.height
        start = (x * pen.width, y * pen.height)
        end = (start[0] - length * 0.22, start[1] + length)
        opacity = float(pen.rng.uniform(0.25, 0.6))
        pen.line(
            f"M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}",
            "#e8f3fb",
            pen.width * 0.0016,
            f' opacity="{opacity:.2f}"',
        )


def _draw_snow(pen: Pen) -> None:
    for _ in range(150):
        x, y = (float(pen.rng.uniform(0, 1)) for _ in range(2))
        size = float(pen.width * (0.0016 + 0.0042 * pen.rng.uniform() ** 2.5))
        opacity = float(pen.rng.uniform(0.55, 0.95))
        pen.ellipse(
            (x * pen.width, y * pen.height), size, None, "#ffffff", f' opacity="{opacity:.2f}"'
        )


def _draw_wind(pen: Pen) -> None:
    for _ in range(7):
        x = float(pen.rng.uniform(0, 0.8)) * pen.width
        y = float(pen.rng.uniform(0.1, 0.7)) * pen.height
        reach = float(pen.rng.uniform(0.1, 0.22)) * pen.width
        rise = reach * 0.16
        pen.line(
            f"M{x:.1f} {y:.1f}c{reach * 0.35:.1f} {-rise:.1f} "
            f"{reach * 0.65:.1f} {rise:.1f} {reach:.1f} 0",
            "#ffffff",
            pen.width * 0.003,
            ' opacity="0.4"',
        )
