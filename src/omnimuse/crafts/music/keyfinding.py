"""The key that a tune or a piece is heard in, among the seven modes on twelve tonics.

A key is scored as in a Bayesian key finder: how likely its scale degrees are, weighed by how long
they sound, times how likely a melody of that key ends and begins where this one does, times how
common the mode is. The profile of a mode is the profile of scale degrees laid on its steps, so a
mode needs no corpus of its own; a final on the tonic tells modes of one scale apart, as it does in
modal theory.
Sources: D. Temperley, "Music and Probability", MIT Press 2007 (the probabilistic form);
J. Albrecht, D. Shanahan, Music Perception 31(1), 2013 (profiles counted from scores); H. Powers,
"Mode", New Grove 1980 (final and scale). `krumhansl_key` is the classic of C. Krumhansl, "Cognitive
Foundations of Musical Pitch", 1990, which knows major and minor alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.music.piece import Note, Piece
from omnimuse.crafts.music.theory import MODES, TICKS_PER_QUARTER, Key

# Shares of the seven degrees in the sounding time of the printed folk tunes (see corpus.py).
_DEGREES = (0.25, 0.13, 0.145, 0.10, 0.175, 0.095, 0.08)
_LEAK = 0.004  # of each pitch class outside of the scale
_RAISED = {"minor": {11: 0.03, 9: 0.006}}  # the leading note of common practice
# By semitones above the tonic: where melodies end and begin.
_FINALS = (0.75, 0.005, 0.06, 0.02, 0.03, 0.03, 0.005, 0.06, 0.005, 0.025, 0.02, 0.01)
_FIRSTS = (0.35, 0.005, 0.05, 0.06, 0.08, 0.04, 0.005, 0.35, 0.005, 0.04, 0.02, 0.02)
_RARITY = {"major": 0.0, "minor": -1.0, "dorian": -2.0, "mixolydian": -2.0, "lydian": -3.0,
           "phrygian": -3.0, "locrian": -5.0}  # fmt: skip
_FIRST_WEIGHT = 0.5
_EVIDENCE_QUARTERS = 15.0  # notes depend on each other: a long piece is no stronger proof
_KRUMHANSL = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


@dataclass(frozen=True)
class Heard:
    """What a key is judged by.

    Attributes:
        durations: ticks that each pitch class sounds, (12,).
        first: pitch class that the melody begins with.
        finals: pitch classes that the voices end on, the melody's first.
    """

    durations: NDArray[np.float64]
    first: int
    finals: tuple[int, ...]


@cache
def mode_profile(mode: str) -> tuple[float, ...]:
    """Shares of the twelve pitch classes above the tonic in a mode."""
    profile = np.full(12, _LEAK)
    for share, step in zip(_DEGREES, MODES[mode], strict=True):
        profile[step] += share
    for step, share in _RAISED.get(mode, {}).items():
        profile[step] += share
    return tuple(float(value) for value in profile / profile.sum())


def heard_in(piece: Piece) -> Heard | None:
    """The evidence of a whole piece: all pitched parts, finals of tune and bass; None if empty."""
    pitched = [part for part in piece.parts if part.role != "drums" and part.notes]
    if not pitched:
        return None
    tune = piece.part("melody") or pitched[0]
    tune = tune if tune.notes else pitched[0]
    finals = [tune.notes[-1].pitch % 12]
    bass = piece.part("bass")
    if bass is not None and bass.notes:
        finals.append(bass.notes[-1].pitch % 12)
    notes = [note for part in pitched for note in part.notes]
    return Heard(_durations(notes), tune.notes[0].pitch % 12, tuple(finals))


def heard_in_line(notes: Sequence[Note]) -> Heard | None:
    """The evidence of a single line in the order of its notes; None if empty."""
    if not notes:
        return None
    first, last = min(notes), max(notes)
    return Heard(_durations(notes), first.pitch % 12, (last.pitch % 12,))


def _durations(notes: Iterable[Note]) -> NDArray[np.float64]:
    durations = np.zeros(12)
    for note in notes:
        durations[note.pitch % 12] += note.duration
    return durations


def rank_keys(heard: Heard) -> list[tuple[Key, float]]:
    """All 84 keys by their posterior probability, the likeliest first (ties by tonic and mode)."""
    total = float(heard.durations.sum())
    strength = min(total / TICKS_PER_QUARTER, _EVIDENCE_QUARTERS) / total if total else 0.0
    shares = heard.durations * strength
    scores = []
    for mode in MODES:
        logs = np.log(mode_profile(mode))
        for tonic in range(12):
            score = float(shares @ np.roll(logs, tonic)) + _RARITY[mode]
            score += _FIRST_WEIGHT * float(np.log(_FIRSTS[(heard.first - tonic) % 12]))
            score += sum(float(np.log(_FINALS[(last - tonic) % 12])) for last in heard.finals)
            scores.append((Key(tonic, mode), score))
    top = max(score for _, score in scores)
    weights = [(key, float(np.exp(score - top))) for key, score in scores]
    whole = sum(weight for _, weight in weights)
    return sorted(((key, w / whole) for key, w in weights), key=lambda pair: -pair[1])


def find_key(heard: Heard | None) -> Key:
    """The likeliest key; C major where nothing sounds."""
    return Key(0, "major") if heard is None else rank_keys(heard)[0][0]


def krumhansl_key(notes: Iterable[Note]) -> Key:
    """The major or minor key whose probe-tone profile correlates best with the durations."""
    weights = _durations(notes)
    if not weights.any() or np.ptp(weights) == 0:
        return Key(0, "major")
    found = [
        (float(np.corrcoef(np.roll(profile, tonic), weights)[0, 1]), -tonic, mode)
        for mode, profile in _KRUMHANSL.items()
        for tonic in range(12)
    ]
    _, tonic, mode = max(found)
    return Key(-tonic, mode)
