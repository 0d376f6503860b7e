"""Colour by name and by perception: OKLCh arithmetic and recolouring that keeps the shading.

Source: Ottosson 2020, "A perceptual color space for image processing" (OKLab).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LAB = np.linalg.inv(_TO_LAB)
_FROM_LMS = np.linalg.inv(_TO_LMS)

# Colour words as an illustrator's palette has them, not as the web names them.
NAMED = {
    "red": "#e3242b",
    "crimson": "#b3122a",
    "maroon": "#7c1420",
    "scarlet": "#e62e1b",
    "orange": "#f5861f",
    "amber": "#f7a91e",
    "yellow": "#f9d423",
    "gold": "#e6b325",
    "golden": "#e6b325",
    "cream": "#f6ebcf",
    "beige": "#dcc9a3",
    "ivory": "#f5f0dc",
    "tan": "#cfa873",
    "brown": "#84522f",
    "chestnut": "#8a4526",
    "bronze": "#a9713a",
    "copper": "#b8693c",
    "green": "#2fa444",
    "lime": "#8fd32b",
    "olive": "#80852f",
    "emerald": "#119c63",
    "mint": "#93dfbd",
    "teal": "#138a8a",
    "turquoise": "#2cc6bf",
    "cyan": "#28c4e0",
    "blue": "#2467d9",
    "azure": "#2c97ee",
    "navy": "#1d2c6b",
    "indigo": "#43359b",
    "purple": "#8431b5",
    "violet": "#8a4fd6",
    "lavender": "#b8a5e6",
    "magenta": "#d5269c",
    "pink": "#f77fb2",
    "peach": "#fbbd94",
    "coral": "#fa7559",
    "black": "#1f1f24",
    "charcoal": "#3a3c42",
    "gray": "#8c9096",
    "grey": "#8c9096",
    "silver": "#bcc2ca",
    "white": "#f7f7f8",
}
_TONES = {
    "light": (0.12, 0.75),
    "pale": (0.16, 0.5),
    "pastel": (0.15, 0.55),
    "dark": (-0.17, 0.9),
    "deep": (-0.12, 1.05),
    "bright": (0.04, 1.15),
    "vivid": (0.0, 1.2),
    "neon": (0.08, 1.3),
    "sky": (0.12, 0.75),
}
_HEX = re.compile(r"(?<!\()#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})(?![0-9a-fA-F])")
_PLAIN_WORDS = {"white": "#ffffff", "black": "#000000", "red": "#ff0000", "gray": "#808080"}


@dataclass(frozen=True)
class Oklch:
    """A colour: lightness 0..1, chroma 0..0.37, hue in degrees."""

    lightness: float
    chroma: float
    hue: float

    @property
    def is_neutral(self) -> bool:
        """Whether the eye sees it as a grey, black or white."""
        return self.chroma < 0.035


def oklab(rgb: Floats) -> Floats:
    """SRGB in [0, 1], (..., 3), to OKLab."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T)


def from_oklab(lab: Floats) -> Floats:
    """OKLab, (..., 3), to sRGB clipped to [0, 1]."""
    linear = ((lab @ _FROM_LAB.T) ** 3) @ _FROM_LMS.T
    linear = np.clip(linear, 0.0, 1.0)
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.clip(srgb, 0.0, 1.0)


@lru_cache(maxsize=8192)
def to_oklch(code: str) -> Oklch:
    """A `#rgb` or `#rrggbb` colour in OKLCh."""
    digits = code.lstrip("#")
    if len(digits) == 3:
        digits = "".join(c * 2 for c in digits)
    rgb = np.array([int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)])
    light, a, b = oklab(rgb)
    return Oklch(float(light), float(math.hypot(a, b)), float(math.degrees(math.atan2(b, a)) % 360))


def from_oklch(color: Oklch) -> str:
    """The nearest `#rrggbb`; chroma shrinks until the colour fits into sRGB."""
    light = min(max(color.lightness, 0.0), 1.0)
    angle, chroma = math.radians(color.hue), max(color.chroma, 0.0)
    for _ in range(24):
        lab = np.array([light, chroma * math.cos(angle), chroma * math.sin(angle)])
        linear = ((lab @ _FROM_LAB.T) ** 3) @ _FROM_LMS.T
        if linear.min() >= -0.002 and linear.max() <= 1.002:
            break
        chroma *= 0.93
    red, green, blue = (round(float(v) * 255) for v in from_oklab(lab))
    return f"#{red:02x}{green:02x}{blue:02x}"


def mix(first: str, second: str, share: float) -> str:
    """`first` blended with `second`, perceptually; `share` 0 is first, 1 is second."""
    pair = []
    for code in (first, second):
        c = to_oklch(code)
        angle = math.radians(c.hue)
        pair.append((c.lightness, c.chroma * math.cos(angle), c.chroma * math.sin(angle)))
    light, a, b = ((1 - share) * x + share * y for x, y in zip(*pair))
    return from_oklch(Oklch(light, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360))


def adjust(code: str, *, light: float = 0.0, chroma: float = 1.0, hue: float = 0.0) -> str:
    """The colour made lighter by `light`, its chroma scaled, its hue turned by degrees."""
    c = to_oklch(code)
    return from_oklch(Oklch(c.lightness + light, c.chroma * chroma, (c.hue + hue) % 360))


SHADES = {
    "aquamarine": "#7fffd4", "burgundy": "#6d1a36", "caramel": "#c68e4e", "chocolate": "#5d3a22",
    "cobalt": "#1f4fa3", "fuchsia": "#d6248f", "jade": "#2f9e72", "khaki": "#b5a769",
    "lilac": "#c3a4d8", "mauve": "#b78fb3", "mustard": "#d8a621", "ochre": "#c47f2a",
    "plum": "#76336f", "rose": "#e8808f", "ruby": "#9f1239", "rust": "#a8481f",
    "salmon": "#f48a76", "sand": "#d9c29b", "sapphire": "#1d4f91", "sepia": "#8a6642",
}  # fmt: skip
"""Further names that people give colours; nothing is coloured at random with these."""
_KNOWN = {**SHADES, **NAMED}


def parse_color(words: str) -> str | None:
    """`#rrggbb` for a hex code or colour words ("dark blue", "golden"), None if there are none."""
    text = words.strip().lower()
    if _HEX.fullmatch(text):
        return from_oklch(to_oklch(text))
    found, light, chroma = None, 0.0, 1.0
    for word in re.split(r"[\s\-_]+", text):
        stem = word if word in _KNOWN else re.sub(r"(ish|y)$", "", word)
        if stem in _KNOWN:
            found = _KNOWN[stem] if found is None else mix(_KNOWN[stem], found, 0.35)
        elif word in _TONES:
            light, chroma = light + _TONES[word][0], chroma * _TONES[word][1]
    return adjust(found, light=light, chroma=chroma) if found else None


def color_codes(svg: str) -> set[str]:
    """All hex colours that an SVG uses."""
    return set(_HEX.findall(svg))


def map_colors(svg: str, change: Callable[[Oklch], Oklch]) -> str:
    """The SVG with `change` applied to each of its colours.

    Colours written as hex codes are changed, and the few plain words that the art uses.
    """
    svg = re.sub(
        r'((?:fill|stroke|stop-color)=")(white|black|red|gray)(")',
        lambda m: m[1] + _PLAIN_WORDS[m[2]] + m[3],
        svg,
    )
    table = {code: from_oklch(change(to_oklch(code))) for code in sorted(color_codes(svg))}
    return _HEX.sub(lambda m: table[m[0]], svg)


_MOTLEY_SHARE, _VIVID, _DARK = 0.36, 0.07, 0.4
_PANE_HUES, _PANE_LIGHT = (190.0, 258.0), 0.55
_PALE, _UPPER = (0.08, 0.6), 0.05
"""Greatest chroma and least lightness of a pale upper body, and how much lighter it is painted."""


def _differ(one: Oklch, other: Oklch) -> bool:
    """Whether two colours are more than shades of each other."""
    turn = abs((one.hue - other.hue + 180) % 360 - 180)
    return turn > 20 or abs(one.lightness - other.lightness) > 0.12 or one.chroma < 0.05


@dataclass(frozen=True)
class Family:
    """The colours that make up most of a drawing: their centre, and whether they are neutral."""

    center: Oklch
    share: float

    def weight(self, color: Oklch) -> float:
        """How much a colour belongs to the family, 0..1."""
        if self.center.is_neutral:
            inside = color.chroma < 0.07
            dark_detail = self.center.lightness > 0.45 and color.lightness < 0.3
            return 1.0 if inside and not dark_detail else 0.0
        if color.chroma < 0.02:
            return 0.0
        away = abs((color.hue - self.center.hue + 180) % 360 - 180)
        return float(np.clip((72 - away) / 22, 0.0, 1.0))


def is_glass(color: Oklch) -> bool:
    """Whether a colour is the light blue that window panes are drawn in."""
    return _PANE_HUES[0] < color.hue < _PANE_HUES[1] and color.lightness > _PANE_LIGHT


def dominant_family(pixels: NDArray[np.uint8], *, is_glazed: bool = False) -> Family:
    """The dominant colour family of an RGBA picture, (H, W, 4).

    Args:
        pixels: of the drawing.
        is_glazed: whether panes are to be left out, as of a bus that is mostly windows.
    """
    flat = pixels.reshape(-1, 4)
    flat = flat[flat[:, 3] > 128]
    if not len(flat):
        return Family(Oklch(0.5, 0.0, 0.0), 0.0)
    lab = oklab(flat[:, :3].astype(np.float64) / 255)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360
    if is_glazed:
        panes = (hue > _PANE_HUES[0]) & (hue < _PANE_HUES[1]) & (lab[:, 0] > _PANE_LIGHT)
        panes &= chroma > 0.045
        lab, chroma, hue = lab[~panes], chroma[~panes], hue[~panes]
    colored = chroma > 0.045
    if colored.mean() < 0.38:
        grey = lab[~colored]
        body = grey[grey[:, 0] > 0.3] if (grey[:, 0] > 0.3).mean() > 0.4 else grey
        return Family(Oklch(float(np.median(body[:, 0])), 0.0, 0.0), float((~colored).mean()))
    histogram, _ = np.histogram(hue[colored], bins=36, range=(0, 360), weights=chroma[colored])
    smooth = sum(
        np.roll(histogram, k) * w for k, w in ((-2, 0.5), (-1, 1), (0, 1.2), (1, 1), (2, 0.5))
    )
    peak = float(np.argmax(smooth)) * 10 + 5
    near = colored & (np.abs((hue - peak + 180) % 360 - 180) < 45)
    angle = np.radians(hue[near])
    center = math.degrees(math.atan2(np.sin(angle).mean(), np.cos(angle).mean())) % 360
    return Family(
        Oklch(float(np.median(lab[near, 0])), float(np.median(chroma[near])), center),
        float(near.mean()),
    )


def recolor(
    svg: str, family: Family, target: str, *, strength: float = 1.0, is_glazed: bool = False
) -> str:
    """Bring the dominant family of a drawing to a target colour and keep its shading.

    Lightness differences within the family stay (compressed near black and white), hue
    differences shrink, chroma follows the target. Eyes, windows and other parts keep theirs; only
    where no family makes up most of a drawing, as with a kite, do all vivid colours change.

    Args:
        svg: the drawing.
        family: its dominant family.
        target: `#rrggbb`.
        strength: 0 leaves all as it is, 1 goes all the way.
        is_glazed: whether it is a vehicle with many windows: they turn pale, and its pale upper
            body is painted too.
    """
    goal, center = to_oklch(target), family.center
    contrast = 0.55 if goal.lightness > 0.92 else 0.8
    is_motley = family.share < _MOTLEY_SHARE and not center.is_neutral and _differ(goal, center)

    def change(color: Oklch) -> Oklch:
        if is_glazed and is_glass(color):
            return replace(color, lightness=max(color.lightness, 0.8), chroma=color.chroma * 0.3)
        if is_glazed and color.chroma < _PALE[0] and color.lightness > _PALE[1]:
            shade = (color.lightness - 0.92) * contrast + _UPPER
            painted = replace(goal, lightness=min(goal.lightness + shade, 0.99))
            return to_oklch(mix(from_oklch(color), from_oklch(painted), strength))
        weight = family.weight(color) * strength
        is_paint = color.chroma > _VIVID and color.lightness > _DARK
        if is_motley and is_paint and weight < strength:
            shade = (color.lightness - center.lightness) * 0.5
            light = goal.lightness + max(min(shade, 0.1, 0.94 - goal.lightness), -0.15)
            painted = replace(goal, lightness=max(light, 0.1))
            return to_oklch(mix(from_oklch(color), from_oklch(painted), strength))
        if weight == 0.0:
            return color
        light = goal.lightness + (color.lightness - center.lightness) * contrast
        light = min(max(light, 0.1), 0.995)
        if center.is_neutral:
            chroma = goal.chroma
        else:
            chroma = goal.chroma * min(max(color.chroma / max(center.chroma, 0.02), 0.55), 1.25)
        drift = (color.hue - center.hue + 180) % 360 - 180
        hue = goal.hue + (0.0 if center.is_neutral else drift * 0.22)
        if weight == 1.0:
            return Oklch(light, chroma, hue % 360)
        return to_oklch(mix(from_oklch(color), from_oklch(Oklch(light, chroma, hue % 360)), weight))

    return map_colors(svg, change)


def name_of(code: str) -> str:
    """The nearest of the eleven basic colour words (Berlin and Kay 1969)."""
    basic = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")
    c = to_oklch(code)
    if c.chroma < 0.04:
        return "black" if c.lightness < 0.35 else "white" if c.lightness > 0.87 else "gray"

    def distance(word: str) -> float:
        n = to_oklch(NAMED[word])
        turn = abs((c.hue - n.hue + 180) % 360 - 180)
        return math.hypot(turn / 45, (c.lightness - n.lightness) / 0.35)

    return min(basic, key=distance)
