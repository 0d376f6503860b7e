"""New colours for pixels: the main colour moves to another, the shading stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.illustration.color import Family, dominant_family, parse_color, to_oklch
from omnimuse.crafts.imaging.masks import Mask
from omnimuse.crafts.imaging.oklab import from_oklab, to_oklab
from omnimuse.errors import ArgumentError

# The basic colour words of Chinese, by the English ones that the palette knows.
_CHINESE = {
    "红": "red", "橙": "orange", "黄": "yellow", "绿": "green", "蓝": "blue", "紫": "purple",
    "粉": "pink", "棕": "brown", "褐": "brown", "灰": "gray", "黑": "black", "白": "white",
    "金": "gold", "银": "silver", "青": "teal",
}  # fmt: skip
_TONES_ZH = {"浅": "light", "淡": "pale", "深": "dark", "暗": "dark", "亮": "bright"}


def color_of(words: str) -> str:
    """`#rrggbb` of colour words or a hex code, English or Chinese.

    Raises:
        ArgumentError: no colour in the words.
    """
    found = parse_color(words)
    if found is None:
        tones = [tone for sign, tone in _TONES_ZH.items() if sign in words]
        names = [name for sign, name in _CHINESE.items() if sign in words]
        found = parse_color(" ".join([*tones, *names]))
    if found is None:
        raise ArgumentError(
            f"{words[:60]!r} is no colour that is known",
            hint="Use a colour word such as 'dark blue', or a code such as #2467d9.",
        )
    return found


def recolor(
    rgb: NDArray[np.uint8],
    target: str,
    mask: Mask | None = None,
    *,
    strength: float = 1.0,
    main_color_only: bool = True,
) -> NDArray[np.uint8]:
    """Bring the main colour of a picture, or of what is inside a mask, to a target colour.

    Differences of lightness stay, so light, shadow and texture do; other colours (eyes, windows,
    a tie) keep theirs. Pixels outside the mask keep their bytes.

    Args:
        rgb: uint8 (H, W, 3).
        target: `#rrggbb`.
        mask: all of the picture if None.
        strength: 0 leaves all as it is.
        main_color_only: False moves every colour.
    """
    shares = np.ones(rgb.shape[:2], np.float32) if mask is None else mask
    if strength <= 0 or not (shares > 0).any():
        return rgb.copy()
    rows, columns = np.nonzero(shares > 0)
    lab = to_oklab(rgb[rows, columns])
    weights = shares[rows, columns] * strength
    body = rgb[rows, columns][shares[rows, columns] > 0.5]
    family = dominant_family(
        np.dstack([body[None], np.full((1, len(body), 1), 255, np.uint8)]).astype(np.uint8)
    )
    if main_color_only and mask is not None:
        weights = weights * _membership(lab, family)
    moved = _move(lab, family, target)
    mixed = lab + weights[:, None] * (moved - lab)
    changed = weights > 1e-3
    result = rgb.copy()
    result[rows[changed], columns[changed]] = from_oklab(mixed[changed])
    return result


def _membership(lab: NDArray[np.float32], family: Family) -> NDArray[np.float32]:
    """How much each colour belongs to the family, as `Family.weight` does for one colour."""
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    if family.center.is_neutral:
        return np.asarray(np.clip((0.10 - chroma) / 0.04, 0.0, 1.0), np.float32)
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]))
    away = np.abs((hue - family.center.hue + 180) % 360 - 180)
    by_hue = np.clip((78 - away) / 28, 0.0, 1.0)
    return np.asarray(by_hue * np.clip(chroma / 0.02, 0.0, 1.0), np.float32)


def _move(lab: NDArray[np.float32], family: Family, target: str) -> NDArray[np.float32]:
    goal, center = to_oklch(target), family.center
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    extreme = goal.lightness < 0.32 or goal.lightness > 0.92
    # A soft curve keeps highlights below white and shadows above black, in their order.
    offset = (lab[:, 0] - center.lightness) * (0.6 if extreme else 0.9)
    room = np.where(offset > 0, 1.0 - goal.lightness, goal.lightness) + 1e-3
    light = goal.lightness + room * np.tanh(offset / room)
    if center.is_neutral:
        ratio = np.ones_like(chroma)
        turn = np.zeros_like(chroma)
    else:
        ratio = np.clip(chroma / max(center.chroma, 0.02), 0.15, 1.25)
        hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]))
        turn = ((hue - center.hue + 180) % 360 - 180) * 0.22
    # Near black and white there is no room for colour.
    taper = np.clip(np.minimum(light / 0.18, (1.0 - light) / 0.12), 0.0, 1.0)
    angle = np.radians(goal.hue + turn)
    moved = np.stack(
        [
            light,
            goal.chroma * ratio * taper * np.cos(angle),
            goal.chroma * ratio * taper * np.sin(angle),
        ],
        axis=1,
    )
    return np.asarray(moved, np.float32)


def likeness_to(lab: NDArray[np.float32], code: str) -> NDArray[np.float32]:
    """How much colours in OKLab, (..., 3), look like a named one, 0 to 1.

    Coloured ones are told by hue first, since a red thing has light and dark reds; black, grey and
    white by lightness.
    """
    goal = to_oklch(code)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    if goal.is_neutral:
        away = np.abs(lab[..., 0] - goal.lightness) / 0.16
        return np.asarray(np.clip(1.5 - away - chroma / 0.06, 0.0, 1.0), np.float32)
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    turn = np.abs((hue - goal.hue + 180) % 360 - 180)
    shade = np.abs(lab[..., 0] - goal.lightness)
    like = np.clip((34 - turn) / 14, 0, 1) * np.clip((chroma - 0.03) / 0.02, 0, 1)
    return np.asarray(like * np.clip((0.42 - shade) / 0.1, 0.0, 1.0), np.float32)
