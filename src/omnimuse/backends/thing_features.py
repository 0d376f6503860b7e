"""What a picture of one thing is like, as numbers: its edges, its light, its colours.

Edges are histograms of gradient directions on two grids, which say what shape a thing has whatever
its colour; light and colours are tiny pictures.

Source: Dalal and Triggs 2005, "Histograms of oriented gradients for human detection".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CROP_PX = 64
"""Side of the square that a thing is shown in."""
_ORIENTATIONS = 9
FEATURES = 936
"""Numbers that describe a thing."""
_GRIDS = (8, 4)
_LIGHT_CELLS, _COLOR_CELLS = 12, 6


def describe(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Edges, light and colour of each crop.

    Args:
        crops: RGB, uint8 (B, CROP_PX, CROP_PX, 3).

    Returns:
        float32 (B, 936).
    """
    import numpy as np

    parts = [*edge_histograms(crops), *_tiny(crops)]
    described: NDArray[np.float32] = np.concatenate(parts, axis=1).astype(np.float32)
    return described


def edge_histograms(pictures: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Gradient directions (without sign) by cell, on each of the grids; (B, cells² · 9) each.

    The strongest of the three colours counts; contrasts are evened out by their square root and by
    the cells around.
    """
    import numpy as np

    values = pictures.astype(np.float32)
    dx, dy = np.zeros_like(values), np.zeros_like(values)
    dx[:, :, 1:-1] = values[:, :, 2:] - values[:, :, :-2]
    dy[:, 1:-1] = values[:, 2:] - values[:, :-2]
    strongest = (dx * dx + dy * dy).argmax(axis=3)[..., None]
    dx = np.take_along_axis(dx, strongest, 3)[..., 0]
    dy = np.take_along_axis(dy, strongest, 3)[..., 0]
    strength = np.sqrt(np.sqrt(dx * dx + dy * dy))
    turn = ((np.arctan2(dy, dx) % np.pi) / np.pi * _ORIENTATIONS).astype(np.float32)
    lower = np.floor(turn).astype(np.int64) % _ORIENTATIONS
    share = (turn - np.floor(turn)).astype(np.float32)
    fine = _voted(lower, strength * (1 - share)) + _voted(
        (lower + 1) % _ORIENTATIONS, strength * share
    )
    coarse = fine.reshape(len(fine), _GRIDS[1], 2, _GRIDS[1], 2, _ORIENTATIONS).sum(axis=(2, 4))
    return [_evened(fine), _evened(coarse)]


def _voted(bins: NDArray[np.int64], votes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum of the votes for each direction in each cell of the fine grid."""
    import numpy as np

    batch, side, _ = bins.shape
    cells = _GRIDS[0]
    row = np.arange(side) * cells // side
    place = (np.arange(batch)[:, None, None] * cells + row[:, None]) * cells + row
    index = (place * _ORIENTATIONS + bins).ravel()
    size = batch * cells * cells * _ORIENTATIONS
    summed: NDArray[np.float32] = np.bincount(index, votes.ravel(), size).astype(np.float32)
    return summed.reshape(batch, cells, cells, _ORIENTATIONS)


def _evened(histograms: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each cell over the root mean square of the cells around it."""
    import numpy as np

    energy = np.pad((histograms**2).sum(axis=3), ((0, 0), (1, 1), (1, 1)), mode="edge")
    cells = histograms.shape[1]
    around = sum(energy[:, i : i + cells, j : j + cells] for i in range(3) for j in range(3))
    scale = np.sqrt(around / 9)[..., None] + 2
    evened: NDArray[np.float32] = np.minimum(histograms / scale, 0.5)
    return evened.reshape(len(histograms), -1)


def _tiny(pictures: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Light on a 12 x 12 grid, evened to mean 0, and red and blue against green on 6 x 6."""
    import cv2
    import numpy as np

    def shrunk(cells: int) -> NDArray[np.float32]:
        size = (cells, cells)
        rows = [cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in pictures]
        tiny: NDArray[np.float32] = np.stack(rows).astype(np.float32)
        return tiny

    light = shrunk(_LIGHT_CELLS).mean(axis=3) / np.float32(255)
    mean, spread = light.mean((1, 2), keepdims=True), light.std((1, 2), keepdims=True)
    evened: NDArray[np.float32] = (light - mean) / (spread + 0.05) * np.float32(0.3)
    colors = shrunk(_COLOR_CELLS) / np.float32(255)
    against: NDArray[np.float32] = colors[..., (0, 2)] - colors[..., 1:2]
    return [evened.reshape(len(light), -1), against.reshape(len(light), -1)]
