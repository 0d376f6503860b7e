"""What makes a styled picture readable: grain before the network, original detail after it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.imaging.oklab import from_oklab, to_oklab

GRAIN = 0.02
"""Deviation of the grain, of full range: smooth gradients come out in bands without it."""
_DETAIL_RADIUS = 1 / 170
_DETAIL_FULL = 0.10
_SHAPE_RADIUS = 1 / 50
_CALM = 0.8


def add_grain(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The picture with grey grain, which a style network turns into strokes instead of bands."""
    grain = rng.normal(0.0, GRAIN * 255.0, rgb.shape[:2]).astype(np.float32)
    rounded: NDArray[np.uint8] = np.clip(rgb + grain[..., None] + 0.5, 0, 255).astype(np.uint8)
    return rounded


def detail_map(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Where a picture has small things, (H, W) from 0 (plain) to 1 (eyes, faces, small objects)."""
    import cv2

    lab = to_oklab(rgb)
    radius = max(1.0, max(rgb.shape[:2]) * _DETAIL_RADIUS)
    fine = lab - cv2.GaussianBlur(lab, (0, 0), radius)
    energy = cv2.GaussianBlur((fine**2).sum(axis=2), (0, 0), radius * 1.5)
    shares: NDArray[np.float32] = np.clip(np.sqrt(energy) / _DETAIL_FULL, 0.0, 1.0)
    return shares


def blend_style(
    original: NDArray[np.uint8],
    styled: NDArray[np.uint8],
    *,
    strength: float = 1.0,
    color: float = 0.0,
    detail: float = 0.0,
) -> NDArray[np.uint8]:
    """Mix a picture with its styled version in OKLab.

    Args:
        original: uint8 (H, W, 3).
        styled: of the same size.
        strength: 0 gives the original back byte by byte, 1 the styled picture.
        color: share of the original's hue and saturation that is kept, 0 to 1.
        detail: share of the original's fine structure that comes back where there are small things.
    """
    if strength <= 0:
        return original.copy()
    if strength >= 1 and not color and not detail:
        return styled.copy()
    before, after = to_oklab(original), to_oklab(styled)
    mixed = _toward(before, after, strength, color)
    if detail:
        radius = max(2.0, max(original.shape[:2]) * _SHAPE_RADIUS)
        small = detail_map(original)
        # Where the picture is plain the network paints its loudest strokes: they are calmed.
        mixed -= (detail * _CALM * (1.0 - small))[..., None] * _fine(mixed, radius)
        # Only what is finer than a small object comes back, without its ground: no halo.
        gone = _fine(before, radius) - _fine(mixed, radius)
        mixed += (detail * small)[..., None] * gone
    return from_oklab(mixed)


def _toward(
    before: NDArray[np.float32], after: NDArray[np.float32], strength: float, color: float
) -> NDArray[np.float32]:
    shares = np.array([strength, strength * (1.0 - color), strength * (1.0 - color)], np.float32)
    return before + shares * (after - before)


def _fine(values: NDArray[np.float32], radius: float) -> NDArray[np.float32]:
    """What is left without the low frequencies, which are taken at a quarter of the size."""
    import cv2

    height, width = values.shape[:2]
    size = (max(1, width // 4), max(1, height // 4))
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    low = cv2.resize(cv2.GaussianBlur(small, (0, 0), radius / 4), (width, height))
    fine: NDArray[np.float32] = values - low
    return fine
