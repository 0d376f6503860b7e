"""One canvas, many views: what a denoiser says of each view is fused where views overlap.

Source: Bar-Tal et al. 2023, "MultiDiffusion", arXiv:2302.08113, eq. 5: the canvas that disagrees
least with all views is their weighted mean. Deviation: the paper averages the views after the
scheduler's step, this averages the predictions before it. Steps are linear in the prediction, so
deterministic single-step schedulers give the same canvas; multistep and stochastic schedulers work
as well, since they see one canvas with one history and one noise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from omnimuse.errors import ArgumentError


class View(NamedTuple):
    """A window of the canvas, in latents."""

    top: int
    left: int
    height: int
    width: int

    def crop(self, canvas: Any) -> Any:
        """The window of an array (..., H, W)."""
        return canvas[..., self.top : self.top + self.height, self.left : self.left + self.width]


def spans(length: int, window: int, overlap: int) -> list[int]:
    """Where windows start that cover `length`: evenly spread, overlapping by at least `overlap`.

    Raises:
        ArgumentError: the overlap is not smaller than the window, or either is out of range.
    """
    if window < 1 or not 0 <= overlap < window:
        raise ArgumentError(
            f"windows of {window} that overlap by {overlap}",
            hint="The overlap must be smaller than the window.",
        )
    if length <= window:
        return [0]
    count = -(-(length - overlap) // (window - overlap))
    return [round(index * (length - window) / (count - 1)) for index in range(count)]


def views(height: int, width: int, window: int, overlap: int) -> list[View]:
    """Square windows (smaller where the canvas is) that cover a canvas; raises as `spans`."""
    tall, wide = min(window, height), min(window, width)
    return [
        View(top, left, tall, wide)
        for top in spans(height, window, overlap)
        for left in spans(width, window, overlap)
    ]


def fuse(parts: Iterable[tuple[View, Any, Any]], canvas: Any) -> Any:
    """The weighted mean of predictions where views overlap.

    Args:
        parts: view, prediction (B, C, h, w) of it, and its weights, (h, w) or a number. Every
            cell of the canvas must get a weight from some view.
        canvas: (B, C, H, W), for size and type.
    """
    total: Any = None
    weight: Any = None
    for view, prediction, share in parts:
        if total is None:
            total = _zeros(canvas[:, : prediction.shape[1]])
            weight = _zeros(canvas[:1, :1])
        view.crop(total)[...] += prediction * share
        view.crop(weight)[...] += share
    if total is None or not bool((weight > 0).all()):
        raise ArgumentError("the views leave a part of the canvas uncovered")
    return total / weight


def ramp(length: int, overlap: int, *, is_first: bool, is_last: bool) -> Sequence[float]:
    """Weights along a window's side: rising from its inner rims over the overlap, else 1."""
    found = []
    for index in range(length):
        left = 1.0 if is_first else (index + 1) / (overlap + 1)
        right = 1.0 if is_last else (length - index) / (overlap + 1)
        found.append(min(1.0, left, right))
    return found


def _zeros(array: Any) -> Any:
    """Zeros of an array's shape, type and device, whichever library it is of."""
    if hasattr(array, "new_zeros"):
        return array.new_zeros(array.shape)
    import numpy as np

    return np.zeros_like(array)
