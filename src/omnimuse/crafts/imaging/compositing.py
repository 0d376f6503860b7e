"""One picture over another: size, place, blend mode, shadow.

Blend formulas: W3C Compositing and Blending Level 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
BlendMode = Literal[
    "normal",
    "multiply",
    "screen",
    "overlay",
    "darken",
    "lighten",
    "add",
    "difference",
    "soft light",
]
Position = Literal[
    "center", "top", "bottom", "left", "right",
    "top left", "top right", "bottom left", "bottom right",
]  # fmt: skip


def _soft_light(ground: Floats, over: Floats) -> Floats:
    curve = np.where(ground <= 0.25, ((16 * ground - 12) * ground + 4) * ground, np.sqrt(ground))
    dark = ground - (1 - 2 * over) * ground * (1 - ground)
    return np.asarray(
        np.where(over <= 0.5, dark, ground + (2 * over - 1) * (curve - ground)), np.float32
    )


def _overlay(ground: Floats, over: Floats) -> Floats:
    low, high = 2 * ground * over, 1 - 2 * (1 - ground) * (1 - over)
    return np.asarray(np.where(ground <= 0.5, low, high), np.float32)


_BLENDS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "normal": lambda ground, over: over,
    "multiply": lambda ground, over: ground * over,
    "screen": lambda ground, over: ground + over - ground * over,
    "overlay": _overlay,
    "darken": np.minimum,
    "lighten": np.maximum,
    "add": lambda ground, over: np.minimum(ground + over, np.float32(1.0)),
    "difference": lambda ground, over: np.abs(ground - over),
    "soft light": _soft_light,
}


def place(
    ground: tuple[int, int], over: tuple[int, int], position: Position, margin: float = 0.03
) -> tuple[int, int]:
    """Top left corner of a picture of size `over` at a named place of one of size `ground`.

    Args:
        ground: width and height.
        over: width and height.
        position: where.
        margin: distance to the edges, as a share of the ground's shorter side.
    """
    gap = round(min(ground) * margin)
    corner = []
    for axis, (low, high) in enumerate((("left", "right"), ("top", "bottom"))):
        room = ground[axis] - over[axis]
        corner.append(gap if low in position else room - gap if high in position else room // 2)
    return corner[0], corner[1]


def composite(
    ground: NDArray[np.uint8],
    over: NDArray[np.uint8],
    corner: tuple[int, int],
    *,
    opacity: float = 1.0,
    mode: BlendMode = "normal",
) -> NDArray[np.uint8]:
    """Lay `over` on `ground`; both uint8 (H, W, 4). What falls outside the ground is cut off.

    Pixels that `over` does not cover, or covers with no opacity, keep their bytes.
    """
    result = ground.copy()
    left, top = max(0, corner[0]), max(0, corner[1])
    right = min(ground.shape[1], corner[0] + over.shape[1])
    bottom = min(ground.shape[0], corner[1] + over.shape[0])
    if left >= right or top >= bottom or opacity <= 0:
        return result
    part = over[top - corner[1] : bottom - corner[1], left - corner[0] : right - corner[0]]
    below = ground[top:bottom, left:right].astype(np.float32) / 255.0
    above = part.astype(np.float32) / 255.0
    alpha = above[..., 3:] * opacity
    base_alpha = below[..., 3:]
    blended = _BLENDS[mode](below[..., :3], above[..., :3])
    color = (1 - base_alpha) * above[..., :3] + base_alpha * blended
    total = alpha + base_alpha * (1 - alpha)
    mixed = (alpha * color + (1 - alpha) * base_alpha * below[..., :3]) / np.maximum(total, 1e-6)
    drawn = np.clip(np.concatenate([mixed, total], axis=2) * 255.0 + 0.5, 0, 255).astype(np.uint8)
    result[top:bottom, left:right] = np.where(alpha > 0, drawn, ground[top:bottom, left:right])
    return result


def fitted(
    over: NDArray[np.uint8], ground: tuple[int, int], scale: float | None
) -> NDArray[np.uint8]:
    """The picture at a share of the ground's width, or made to fit if it is larger.

    Args:
        over: uint8 (H, W, 4).
        ground: width and height.
        scale: its width as a share of the ground's; None keeps its size where it fits.
    """
    from PIL import Image

    if scale is None:
        ratio = min(1.0, ground[0] / over.shape[1], ground[1] / over.shape[0])
    else:
        ratio = scale * ground[0] / over.shape[1]
    size = (max(1, round(over.shape[1] * ratio)), max(1, round(over.shape[0] * ratio)))
    if size == (over.shape[1], over.shape[0]):
        return over
    return np.array(Image.fromarray(over).resize(size, Image.Resampling.LANCZOS))


def drop_shadow(
    over: NDArray[np.uint8], *, blur_px: float, opacity: float = 0.45
) -> tuple[NDArray[np.uint8], int]:
    """The soft shadow of a picture with alpha, and by how many pixels it is larger on each side."""
    import cv2

    pad = round(blur_px * 3)
    alpha = np.pad(over[..., 3], pad).astype(np.float32)
    soft = cv2.GaussianBlur(alpha, (0, 0), max(0.3, blur_px)) * opacity
    shadow = np.zeros((*alpha.shape, 4), np.uint8)
    shadow[..., 3] = np.clip(soft + 0.5, 0, 255).astype(np.uint8)
    return shadow, pad
