"""Key and chords from pitch classes.

Source: C. Krumhansl, "Cognitive Foundations of Musical Pitch", 1990 (key profiles); T. Fujishima,
ICMC 1999 (chord templates), smoothed by the Viterbi algorithm as Sheh and Ellis, ISMIR 2003.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.listening.spectrum import LONG_FRAME_S, Frames, Samples, unit

NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_CHORDS = {"": (0, 4, 7), "m": (0, 3, 7)}
_STAY, _NONE_LEVEL = 0.75, 0.45


@dataclass(frozen=True)
class FoundKey:
    """A key by name, its correlation, and the runner-up with its own."""

    name: str
    correlation: float
    second: str
    second_correlation: float


@dataclass(frozen=True)
class FoundChord:
    """A chord symbol (`N` is none) and when it sounds."""

    symbol: str
    start_s: float
    end_s: float


def key_correlations(frames: Frames, loud: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How well each of 12 major and 12 minor keys fits, (24,), -1 to 1.

    The profile is compared with all pitch classes and, with less weight, with those of the bass
    and of the last sounding seconds, where a piece tells its tonic.
    """
    if not loud.any():
        return np.zeros(24)
    indices = np.flatnonzero(loud)
    last = indices[indices >= indices[-1] - round(2.5 / LONG_FRAME_S)]
    views = (
        (1.0, frames.chroma[indices].mean(axis=0)),
        (0.3, frames.bass[indices].mean(axis=0)),
        (0.25, frames.chroma[last].mean(axis=0)),
        (0.15, frames.bass[last].mean(axis=0)),
    )
    total, weights = np.zeros(24), 0.0
    for weight, view in views:
        if np.ptp(view) < 1e-6:
            continue
        weights += weight
        for index in range(24):
            profile = np.roll(_MAJOR if index < 12 else _MINOR, index % 12)
            total[index] += weight * float(np.corrcoef(profile, view)[0, 1])
    return total / max(weights, 1e-9)


def find_key(frames: Frames, loud: NDArray[np.bool_]) -> FoundKey | None:
    """The key of the loud frames; None where no key stands out."""
    scores = key_correlations(frames, loud)
    order = np.argsort(-scores, kind="stable")
    if scores[order[0]] < 0.35:
        return None
    first, second = int(order[0]), int(order[1])
    return FoundKey(
        _key_name(first), round(float(scores[first]), 3),
        _key_name(second), round(float(scores[second]), 3),
    )  # fmt: skip


def _key_name(index: int) -> str:
    return f"{NAMES[index % 12]} {'major' if index < 12 else 'minor'}"


def find_chords(frames: Frames, beats_s: Sequence[float]) -> list[FoundChord]:
    """Major and minor triads between beats (or every half second where there are none)."""
    times = _grid(beats_s, frames.duration_s)
    rows = np.array([_mean_between(frames, a, b) for a, b in itertools.pairwise(times)])
    if not len(rows):
        return []
    templates = np.array([_template(index) for index in range(24)])
    likeness = np.concatenate((rows @ templates.T, np.full((len(rows), 1), _NONE_LEVEL)), axis=1)
    path = _viterbi(12.0 * likeness)
    chords: list[FoundChord] = []
    for index, state in enumerate(path):
        symbol = "N" if state == 24 else NAMES[state % 12] + ("" if state < 12 else "m")
        if chords and chords[-1].symbol == symbol:
            chords[-1] = FoundChord(symbol, chords[-1].start_s, round(times[index + 1], 3))
        else:
            chords.append(FoundChord(symbol, round(times[index], 3), round(times[index + 1], 3)))
    return chords


def _grid(beats_s: Sequence[float], duration_s: float) -> list[float]:
    inner = list(beats_s) if len(beats_s) > 4 else list(np.arange(0.5, duration_s, 0.5))
    if len(inner) > 1 and float(np.median(np.diff(inner))) > 0.55:
        middles = [(a + b) / 2 for a, b in itertools.pairwise(inner)]
        inner = sorted([*inner, *middles])
    return [0.0, *(float(t) for t in inner if 0.05 < t < duration_s - 0.05), duration_s]


def _mean_between(frames: Frames, start_s: float, end_s: float) -> Samples:
    first = min(int(start_s / LONG_FRAME_S + 0.5), len(frames.chroma) - 1)
    last = max(first + 1, int(end_s / LONG_FRAME_S + 0.5))
    view = frames.chroma[first:last].mean(axis=0) + 0.35 * frames.bass[first:last].mean(axis=0)
    return np.asarray(unit(view[None])[0])


def _template(index: int) -> Samples:
    pattern = np.zeros(12)
    for interval, weight in zip(_CHORDS["" if index < 12 else "m"], (1.1, 1.0, 0.9), strict=True):
        pattern[(index + interval) % 12] = weight
    return np.asarray(unit(pattern[None])[0])


def _viterbi(scores: NDArray[np.float64]) -> list[int]:
    """The best path of states through (n, states) log scores, changes being dear."""
    count = scores.shape[1]
    change = np.log((1 - _STAY) / (count - 1))
    stay = np.log(_STAY)
    best, back = scores[0].copy(), np.zeros(scores.shape, np.int64)
    for index in range(1, len(scores)):
        top = int(np.argmax(best))
        is_kept = best + stay >= best[top] + change
        back[index] = np.where(is_kept, np.arange(count), top)
        best = np.where(is_kept, best + stay, best[top] + change) + scores[index]
    path = [int(np.argmax(best))]
    for index in range(len(scores) - 1, 0, -1):
        path.append(int(back[index, path[-1]]))
    return path[::-1]
