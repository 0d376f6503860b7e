"""More picture around a picture: the new rim is filled with what the old edge is made of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.imaging.inpainting import inpaint


def extend(
    rgb: NDArray[np.uint8],
    margins: tuple[int, int, int, int],
    *,
    seed: int = 0,
    report: Callable[[float], None] = lambda share: None,
) -> NDArray[np.uint8]:
    """The picture on a larger canvas; its own pixels keep their bytes.

    Args:
        rgb: uint8 (H, W, 3).
        margins: left, top, right, bottom in pixels.
        seed: of the search.
        report: called with the share that is done.
    """
    left, top, right, bottom = margins
    large = np.pad(rgb, ((top, bottom), (left, right), (0, 0)), mode="edge")
    hole = np.ones(large.shape[:2], bool)
    hole[top : top + rgb.shape[0], left : left + rgb.shape[1]] = False
    return inpaint(large, hole, seed=seed, report=report)
