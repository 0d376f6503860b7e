"""Sections of a recording: where it changes, and which parts are alike.

Source: J. Foote, "Automatic Audio Segmentation Using a Measure of Audio Novelty", ICME 2000: a
checkerboard kernel slid along the diagonal of the self-similarity matrix. Only the band around the
diagonal is computed, so that hours fit in memory.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.listening.spectrum import LONG_FRAME_S, Frames

STEP_S = 0.5
_HALF_S = 8.0
_SHORTEST_S = 6.0
_ALIKE = 0.55


@dataclass(frozen=True)
class Section:
    """A stretch with a letter; the same letter means alike."""

    label: str
    start_s: float
    end_s: float


def find_sections(frames: Frames) -> list[Section]:
    """Sections of 6 s or more; one section where nothing changes or it is short."""
    rows = _descriptions(frames)
    if len(rows) * STEP_S < 3 * _SHORTEST_S:
        return [Section("A", 0.0, round(frames.duration_s, 3))]
    cuts = _peaks(novelty(rows))
    edges = [0, *cuts, len(rows)]
    means = [rows[a:b].mean(axis=0) for a, b in itertools.pairwise(edges)]
    labels = _labels(np.array(means))
    times = [0.0, *(round(cut * STEP_S, 3) for cut in cuts), round(frames.duration_s, 3)]
    return [Section(*row) for row in zip(labels, times, times[1:], strict=False)]


def _descriptions(frames: Frames) -> NDArray[np.float64]:
    """Colour (cosine transform of band levels) and pitch classes, one row per half second."""
    from scipy.fft import dct
    from scipy.ndimage import uniform_filter1d

    step = max(1, round(STEP_S / LONG_FRAME_S))
    count = int(frames.duration_s / STEP_S)
    at = np.minimum((np.arange(count) * STEP_S / LONG_FRAME_S).astype(int), len(frames.bands) - 1)
    colour = dct(uniform_filter1d(frames.bands.astype(np.float64), step, axis=0), axis=1)[at, :13]
    pitch = uniform_filter1d(frames.chroma.astype(np.float64), 4 * step, axis=0)[at]
    parts = []
    for part, weight in ((colour, 1.0), (pitch, 0.7)):
        centred = part - part.mean(axis=0)
        parts.append(weight * centred / max(float(centred.std()), 1e-6) / np.sqrt(part.shape[1]))
    return np.concatenate(parts, axis=1) if count else np.zeros((0, 25))


def novelty(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much what follows each row differs from what came before, (n,), at least 0."""
    half = round(_HALF_S / STEP_S)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    normal = rows / np.maximum(length, 1e-9)
    offset = np.arange(-half, half) + 0.5
    taper = np.exp(-0.5 * (offset / (0.5 * half)) ** 2)
    kernel = np.sign(offset)[:, None] * np.sign(offset) * taper[:, None] * taper
    out = np.zeros(len(rows))
    for at in range(2, len(rows) - 1):
        low, high = max(0, at - half), min(len(rows), at + half)
        part = normal[low:high]
        inner = kernel[low - at + half : high - at + half, low - at + half : high - at + half]
        out[at] = float((part @ part.T * inner).sum()) / float(np.abs(inner).sum())
    return np.maximum(out, 0)


def _peaks(values: NDArray[np.float64]) -> list[int]:
    from scipy.signal import find_peaks

    gap = round(_SHORTEST_S / STEP_S)
    level = max(0.12, float(values.mean() + values.std()))
    found, _ = find_peaks(values, height=level, distance=gap)
    return [int(i) for i in found if gap <= i <= len(values) - gap]


def _labels(means: NDArray[np.float64]) -> list[str]:
    """Letters in order of appearance; a section takes the letter of the most alike before it."""
    scale = max(float(np.linalg.norm(means - means.mean(axis=0), axis=1).mean()), 1e-9)
    labels: list[str] = []
    for index, mean in enumerate(means):
        distances = [float(np.linalg.norm(mean - means[i])) / scale for i in range(index)]
        if distances and min(distances) < _ALIKE:
            labels.append(labels[int(np.argmin(distances))])
        else:
            labels.append(chr(ord("A") + min(len(set(labels)), 25)))
    return labels
