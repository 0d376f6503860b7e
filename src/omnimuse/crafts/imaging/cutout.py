"""Cut-outs that sit well on any background."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.imaging.masks import Mask


def clean_edges(rgb: NDArray[np.uint8], keep: Mask) -> NDArray[np.uint8]:
    """The picture with the colours of its soft edge taken from inside the subject.

    Half-transparent pixels still hold the old background; the nearest inner colours replace it.
    Pixels that are all inside keep their bytes.
    """
    import cv2

    soft = (keep > 0.0) & (keep < 0.98)
    inside = keep >= 0.98
    if not soft.any() or not inside.any():
        return rgb.copy()
    result = rgb.copy()
    colors = rgb.astype(np.float32)
    total, weight = np.zeros_like(colors), np.zeros(keep.shape, np.float32)
    known = inside.astype(np.float32)
    for radius in (2, 5, 11, 25):
        side = (2 * radius + 1, 2 * radius + 1)
        near = cv2.boxFilter(known, -1, side, normalize=False)
        sums = cv2.boxFilter(colors * known[..., None], -1, side, normalize=False)
        fresh = (weight < 0.5) & (near >= 1)
        total[fresh], weight[fresh] = sums[fresh] / near[fresh][:, None], 1.0
    fixed = soft & (weight > 0)
    share = keep[fixed][:, None]
    # The more of the pixel is subject, the more of its own colour is right.
    mixed = colors[fixed] * share + total[fixed] * (1.0 - share)
    result[fixed] = (mixed + 0.5).astype(np.uint8)
    return result


def blurred(rgb: NDArray[np.uint8], keep: Mask, amount: float) -> NDArray[np.uint8]:
    """The background out of focus; the subject's colours do not bleed into it."""
    import cv2

    sigma = max(0.5, amount * max(rgb.shape[:2]) / 40)
    weight = 1.0 - keep
    sums = cv2.GaussianBlur(rgb.astype(np.float32) * weight[..., None], (0, 0), sigma)
    near = cv2.GaussianBlur(weight, (0, 0), sigma)
    soft = np.where(near[..., None] > 1e-3, sums / np.maximum(near, 1e-3)[..., None], rgb)
    return np.asarray(np.clip(soft + 0.5, 0, 255), np.uint8)


def filling(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture scaled to fill a size, cut off evenly; transparency becomes white."""
    from PIL import Image

    from omnimuse.crafts.imaging.resizing import resize

    filled = np.asarray(resize(Image.fromarray(pixels), size, "fill")).astype(np.float32)
    alpha = filled[..., 3:] / 255.0
    return np.asarray(filled[..., :3] * alpha + 255.0 * (1 - alpha) + 0.5, np.uint8)
