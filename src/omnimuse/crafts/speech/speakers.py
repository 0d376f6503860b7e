"""Who speaks when: voices of short windows grouped by likeness.

Windows of speech are turned into vectors by a speaker encoder (a role, whichever model plays it),
joined bottom up by the mean cosine of groups, and neighbouring windows of one group become turns.
Source: average-linkage agglomerative clustering of speaker embeddings, as in G. Sell et al.,
"Diarization is Hard", Interspeech 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
WINDOW_S, STEP_S = 1.5, 0.5
ALIKE = 0.6  # mean cosine above which two groups are one speaker
_QUIET_DB = -35.0
MAX_WINDOWS = 4000


@dataclass(frozen=True)
class Turn:
    """A stretch of one speaker; speakers are numbered by their first word."""

    speaker: str
    start_s: float
    end_s: float


def speech_windows(samples: Samples, sample_rate_hz: int) -> list[tuple[float, float]]:
    """Windows of (n,) that are loud enough for somebody to speak in them."""
    size, step = round(WINDOW_S * sample_rate_hz), round(STEP_S * sample_rate_hz)
    loudest = float(np.abs(samples).max(initial=0.0))
    if loudest <= 0:
        return []
    found = []
    for start in range(0, max(1, len(samples) - size // 2), step):
        part = samples[start : start + size]
        level_db = 10 * np.log10(float(np.mean(part**2)) / loudest**2 + 1e-12)
        if level_db > _QUIET_DB:
            found.append((start / sample_rate_hz, (start + len(part)) / sample_rate_hz))
    return found


def group(vectors: NDArray[np.float32], *, count: int | None = None) -> list[int]:
    """The group of each unit vector (n, d), numbered by first appearance.

    Args:
        vectors: of the windows, in time.
        count: how many speakers there are; found by likeness if None.
    """
    groups = [[index] for index in range(len(vectors))]
    likeness = (vectors @ vectors.T).astype(np.float64)
    np.fill_diagonal(likeness, -np.inf)
    while len(groups) > max(1, count or 1):
        at = int(np.argmax(likeness))
        a, b = sorted((at // len(groups), at % len(groups)))
        if count is None and likeness[a, b] < ALIKE:
            break
        sizes = len(groups[a]), len(groups[b])
        joined = (likeness[a] * sizes[0] + likeness[b] * sizes[1]) / sum(sizes)
        likeness[a], likeness[:, a] = joined, joined
        likeness[a, a] = -np.inf
        likeness = np.delete(np.delete(likeness, b, 0), b, 1)
        groups[a] += groups.pop(b)
    owner = {index: number for number, members in enumerate(groups) for index in members}
    names: dict[int, int] = {}
    return [names.setdefault(owner[index], len(names)) for index in range(len(vectors))]


def turns(windows: Sequence[tuple[float, float]], groups: Sequence[int]) -> list[Turn]:
    """Turns of speakers: each moment belongs to the window whose middle is nearest."""
    found: list[Turn] = []
    for index, ((start, end), owner) in enumerate(zip(windows, groups, strict=True)):
        middle = (start + end) / 2
        left, right = start, end
        if index > 0 and windows[index - 1][1] >= start:
            left = ((windows[index - 1][0] + windows[index - 1][1]) / 2 + middle) / 2
        if index + 1 < len(windows) and windows[index + 1][0] <= end:
            right = ((windows[index + 1][0] + windows[index + 1][1]) / 2 + middle) / 2
        name = f"speaker {owner + 1}"
        if found and found[-1].speaker == name and left - found[-1].end_s < STEP_S / 2:
            found[-1] = Turn(name, found[-1].start_s, round(right, 3))
        else:
            found.append(Turn(name, round(left, 3), round(right, 3)))
    return found
