"""Edges: thin white lines on black.

Source: Canny 1986; thresholds from the distribution of gradients.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def find_edges(rgb: NDArray[np.uint8], *, detail: float = 0.5) -> NDArray[np.uint8]:
    """Edges of brightness and of colour, uint8 (H, W), 0 or 255.

    Args:
        rgb: uint8 (H, W, 3).
        detail: 0 keeps the strongest outlines only, 1 also faint texture.
    """
    import cv2

    sigma = 0.8 + 1.6 * (1.0 - detail)
    lab = cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), sigma), cv2.COLOR_RGB2LAB)
    # The channel with the steepest step decides: red on green of one brightness has an edge too.
    steps = [
        (cv2.Sobel(lab[..., k], cv2.CV_16S, 1, 0), cv2.Sobel(lab[..., k], cv2.CV_16S, 0, 1))
        for k in range(3)
    ]
    sizes = np.stack([np.hypot(dx.astype(np.float32), dy) for dx, dy in steps])
    best = sizes.argmax(axis=0)[None]
    dx, dy = (
        np.ascontiguousarray(np.take_along_axis(np.stack(parts), best, axis=0)[0])
        for parts in zip(*steps, strict=True)
    )
    strongest = np.take_along_axis(sizes, best, axis=0)[0]
    high = max(24.0, float(np.percentile(strongest, 97.0 - 17.0 * detail)) * (0.9 - 0.4 * detail))
    return np.asarray(cv2.Canny(dx, dy, high * 0.4, high, L2gradient=True), np.uint8)
