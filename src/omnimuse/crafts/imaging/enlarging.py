"""What an enlarged picture owes to the small one: made small again, it must be the same.

Source: Irani & Peleg 1991, "Improving Resolution by Image Registration" (back-projection).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 2


def consistent(large: NDArray[np.uint8], small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The large picture with its colours brought back to those of the small one.

    Networks that sharpen also shift tones; the difference at the small size is taken off, so only
    detail that the small picture cannot show is the network's.

    Args:
        large: uint8 (H, W, 3).
        small: uint8 (h, w, 3), h <= H, w <= W.
    """
    import cv2

    size, inner = (large.shape[1], large.shape[0]), (small.shape[1], small.shape[0])
    values, wanted = large.astype(np.float32), small.astype(np.float32)
    for _ in range(_ROUNDS):
        missing = wanted - cv2.resize(values, inner, interpolation=cv2.INTER_AREA)
        values += cv2.resize(missing, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)
