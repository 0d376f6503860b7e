"""Light on a finished picture: brightness, contrast, warmth, and a light from one side.

Nothing is known of the depth of what is shown, so no shadows move: a light from the left brightens
the left part of the picture and what faces left by the slope of its own shading.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.imaging.oklab import from_oklab, to_oklab

DIRECTIONS: dict[str, tuple[float, float]] = {
    "left": (-1.0, 0.0),
    "right": (1.0, 0.0),
    "top": (0.0, -1.0),
    "bottom": (0.0, 1.0),
    "top left": (-0.7, -0.7),
    "top right": (0.7, -0.7),
}


def relight(
    rgb: NDArray[np.uint8],
    *,
    brightness: float = 0.0,
    contrast: float = 0.0,
    warmth: float = 0.0,
    saturation: float = 0.0,
    direction: tuple[float, float] | None = None,
) -> NDArray[np.uint8]:
    """The picture in another light; all shares are from -1 to 1 and change nothing at 0.

    Args:
        rgb: uint8 (H, W, 3).
        brightness: darker or brighter.
        contrast: flatter or harder, around the middle.
        warmth: bluer, as in moonlight, or more golden, as at sunset.
        saturation: -1 is grey.
        direction: where a light comes from, as x and y to the right and down; None for none.
    """
    if not (brightness or contrast or warmth or saturation or direction):
        return rgb.copy()
    lab = to_oklab(rgb)
    light = lab[..., 0]
    if direction is not None:
        light = light * _beam(light, direction)
    light = np.clip(light, 1e-4, 1.0) ** (2.0 ** (-1.2 * brightness))
    if contrast:
        light = 0.5 + (light - 0.5) * (2.0**contrast)
    lab[..., 0] = np.clip(light, 0.0, 1.0)
    color = lab[..., 1:] * (1.0 + saturation)
    # Black and white take no tint; the middle tones take it all.
    tint = np.clip(4.0 * lab[..., :1] * (1.05 - lab[..., :1]), 0.0, 1.0)
    lab[..., 1:] = color + warmth * tint * np.array([0.02, 0.06], np.float32)
    return from_oklab(lab)


def _beam(light: NDArray[np.float32], direction: tuple[float, float]) -> NDArray[np.float32]:
    import cv2

    height, width = light.shape
    norm = math.hypot(*direction) or 1.0
    dx, dy = direction[0] / norm, direction[1] / norm
    x = np.linspace(-1.0, 1.0, width, dtype=np.float32)[None, :]
    y = np.linspace(-1.0, 1.0, height, dtype=np.float32)[:, None]
    beam = 1.0 + 0.28 * (x * dx + y * dy)
    smooth = cv2.GaussianBlur(light, (0, 0), max(1.0, max(height, width) / 200))
    # Darker away from the light means: turned away from it.
    slope = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) * dx + cv2.Sobel(smooth, cv2.CV_32F, 0, 1) * dy
    return np.asarray(beam * (1.0 + np.clip(slope * 0.6, -0.12, 0.12)), np.float32)
