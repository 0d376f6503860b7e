"""Where a film cuts from one picture to the next, for sounds that mark it.

A cut is a frame whose colours differ from those before far more than its neighbours' do; slow
changes (camera moves, fades) do not stand out and are none.
Source: H.-J. Zhang, A. Kankanhalli, S. Smoliar, "Automatic partitioning of full-motion video",
Multimedia Systems 1, 1993 (histogram differences), with a threshold that follows the neighbourhood.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

MIN_GAP_S = 0.4
_BINS = 16
_LEAST, _OVER = 0.28, 4.0
_AROUND = 8


def histogram(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Shares of colours in each quarter of a picture (H, W, 3), (4 * 3 * 16,), summing to 12."""
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    step = max(1, min(height, width) // 90)
    rows = []
    for top in (0, height):
        for left in (0, width):
            part = pixels[top : top + max(height, 1) : step, left : left + max(width, 1) : step]
            for channel in range(3):
                counts = np.bincount(part[..., channel].ravel() // (256 // _BINS), minlength=_BINS)
                rows.append(counts / max(counts.sum(), 1))
    return np.concatenate(rows)


def find_cuts(frames: Iterable[tuple[float, NDArray[np.uint8]]]) -> list[float]:
    """Times in seconds of the first frames after each cut, none in the first and last
    0.4 s, where films fade.

    Args:
        frames: (time, pixels (H, W, 3)) in order.
    """
    times: list[float] = []
    changes: list[float] = []
    before: NDArray[np.float64] | None = None
    for time_s, pixels in frames:
        now = histogram(pixels)
        times.append(time_s)
        changes.append(0.0 if before is None else float(np.abs(now - before).sum()) / 24)
        before = now
    cuts: list[float] = []
    for index, change in enumerate(changes):
        start = max(0, index - _AROUND)
        around = [*changes[start:index], *changes[index + 1 : index + 1 + _AROUND]]
        usual = float(np.median(around)) if around else 0.0
        beside = max([0.0, *changes[max(0, index - 1) : index], *changes[index + 1 : index + 2]])
        is_far = times[index] - [times[0], *cuts][-1] >= MIN_GAP_S
        is_far = is_far and times[-1] - times[index] >= MIN_GAP_S
        if change > max(_LEAST, _OVER * usual, 2 * beside) and is_far:
            cuts.append(times[index])
    return cuts
