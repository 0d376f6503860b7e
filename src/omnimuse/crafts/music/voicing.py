"""Voice leading: chords as three or four voices that move little and never in parallel fifths."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.music.theory import Chord

_MAX_VOICINGS = 80


def voicings(chord: Chord, low: int, high: int, voices: int) -> NDArray[np.int64]:
    """Ways to place a chord's notes between two pitches, (n, voices), ascending.

    Every note of a triad sounds; of richer chords the fifth, then the root, may be left to the
    bass. No gap between neighbours is wider than an octave.
    """
    classes = list(chord.pitch_classes)
    if len(classes) > voices:
        order = [classes[1], *classes[3:], classes[0], classes[2]]
        classes = order[:voices]
    spots = [[p for p in range(low, high + 1) if p % 12 == c] for c in classes]
    while len(spots) < voices:
        spots.append(sorted({p for spot in spots[: len(classes)] for p in spot}))
    found = set()
    for combination in product(*spots):
        pitches = tuple(sorted(combination))
        gaps = [b - a for a, b in pairwise(pitches)]
        if all(0 < gap <= 12 for gap in gaps):
            found.add(pitches)
    middle = (low + high) / 2
    ranked = sorted(found, key=lambda p: (abs(sum(p) / len(p) - middle), p))[:_MAX_VOICINGS]
    if not ranked:  # a narrow range: stack upwards from the lowest note that fits
        pitches_up, at = [], low
        for index in range(voices):
            at += (classes[index % len(classes)] - at) % 12
            pitches_up.append(at)
            at += 1
        ranked = [tuple(pitches_up)]
    return np.array(ranked)


def lead_voices(
    chords: Sequence[Chord], *, low: int = 52, high: int = 72, voices: int = 3
) -> list[tuple[int, ...]]:
    """The smoothest path through the voicings of a progression (Viterbi).

    Args:
        chords: in order.
        low: lowest pitch that the voices may take.
        high: highest.
        voices: 2 to 4.

    Returns:
        Ascending pitches, one tuple per chord.
    """
    if not chords:
        return []
    options = [voicings(chord, low, high, voices) for chord in chords]
    middle = (low + high) / 2
    score = np.abs(options[0].mean(axis=1) - middle) * 0.3
    back: list[NDArray[np.int64]] = []
    for before, after in pairwise(options):
        total = score[:, None] + motion_cost(before, after)
        back.append(total.argmin(axis=0))
        score = total.min(axis=0) + np.abs(after.mean(axis=1) - middle) * 0.12
    index = int(score.argmin())
    path = [index]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return [tuple(int(p) for p in options[i][k]) for i, k in enumerate(reversed(path))]


def motion_cost(before: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.float64]:
    """Cost of each voicing of one chord to each of the next, (n, m).

    Sum of motions, plus a high price for parallel perfect fifths and octaves and for voices that
    all leap the same way.
    """
    moves = after[None, :, :] - before[:, None, :]
    cost = np.abs(moves).sum(axis=2).astype(float) + 0.15 * (moves**2).sum(axis=2) ** 0.5
    voices = before.shape[1]
    for low in range(voices):
        for high in range(low + 1, voices):
            gap_before = (before[:, high] - before[:, low])[:, None] % 12
            gap_after = (after[:, high] - after[:, low])[None, :] % 12
            perfect = np.isin(gap_before, (0, 7)) & (gap_before == gap_after)
            moving = (moves[:, :, low] != 0) & (
                np.sign(moves[:, :, low]) == np.sign(moves[:, :, high])
            )
            cost += 12.0 * (perfect & moving)
    same_way = np.all(moves > 2, axis=2) | np.all(moves < -2, axis=2)
    return np.asarray(cost + 4.0 * same_way)
