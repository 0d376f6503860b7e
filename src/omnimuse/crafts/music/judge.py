"""Judge: what is wrong with a piece, and how good the rest is.

Faults are things that a teacher would mark in red: bars that do not add up, a tune outside of its
key or of its instrument, parallel fifths between tune and bass, no close. The score weighs what
makes a tune worth hearing: mostly steps, some leaps, repetition with change, a single peak, rhythm
that is neither one value nor chaos. `MuSpyMeasures` are the corpus statistics of the field.
Source of the measures: H.-W. Dong et al., "MusPy", ISMIR 2020, arXiv:2008.01951.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnimuse.crafts.music.keyfinding import find_key, heard_in
from omnimuse.crafts.music.piece import Note, Part, Piece
from omnimuse.crafts.music.styles import instruments
from omnimuse.crafts.music.theory import MODES, Key, Metre, local_scale


@dataclass(frozen=True)
class Verdict:
    """Faults (empty is good), a score (higher is better) and what it was made of."""

    faults: tuple[str, ...]
    score: float
    measures: dict[str, float]


def judge(piece: Piece) -> Verdict:
    """Look a piece over."""
    melody = piece.part("melody")
    notes = melody.notes if melody is not None else ()
    faults = [*_bar_faults(piece, notes), *_melody_faults(piece, melody)]
    parallels = _parallels(piece)
    is_power = sum(chord.quality == "5" for chord in piece.chords) > len(piece.chords) / 2
    if parallels > max(1, piece.bars // 5) and not is_power:  # rock is made of parallel fifths
        faults.append(f"{parallels} parallel fifths or octaves between tune and bass")
    measures = {**measure(notes, piece.metre, piece.key), **_interest(notes, piece)}
    measures["parallels"] = float(parallels)
    return Verdict(tuple(faults), _score(measures), measures)


def _bar_faults(piece: Piece, melody: Sequence[Note]) -> list[str]:
    faults = []
    total = sum(chord.duration for chord in piece.chords)
    if piece.chords and total != piece.end:
        faults.append(f"the harmony lasts {total} ticks, the piece {piece.end}")
    for part in piece.parts:
        late = [note for note in part.notes if note.end > piece.end or note.start < 0]
        if late and part.role != "drums":
            faults.append(f"{part.name} plays outside of the piece")
    overlaps = sum(1 for a, b in itertools.pairwise(melody) if a.end > b.start)
    if overlaps:
        faults.append(f"the tune sings two notes at once, {overlaps} times")
    if any(note.duration <= 0 for part in piece.parts for note in part.notes):
        faults.append("a note has no length")
    if not bar_sums_hold(melody, piece.metre):
        faults.append("a bar of the tune does not add up")
    return faults


def bar_sums_hold(melody: Sequence[Note], metre: Metre) -> bool:
    """Whether notes and the rests between them fill every bar exactly, none over a barline.

    Onsets and lengths must lie on the grid that notation has (a 96th of a whole note).
    """
    grid = 20
    for note in melody:
        if note.start % grid or note.duration % grid:
            return False
        first, last = note.start // metre.bar_ticks, (note.end - 1) // metre.bar_ticks
        if first != last and note.end % metre.bar_ticks and note.start % metre.bar_ticks:
            return False
    return True


def _melody_faults(piece: Piece, melody: Part | None) -> list[str]:
    if melody is None or not melody.notes:
        return ["there is no tune"]
    faults = []
    instrument = instruments().get(melody.name)
    if instrument is not None:
        outside = sum(not instrument.low <= n.pitch <= instrument.high for n in melody.notes)
        if outside:
            faults.append(f"{outside} notes lie outside of the {melody.name}'s range")
    foreign = sum(not _fits(piece, note) for note in melody.notes)
    if foreign > 0.08 * len(melody.notes):
        faults.append(f"{foreign} notes of the tune are foreign to {piece.key.name}")
    if piece.chords and piece.chords[-1].root != piece.key.tonic:
        faults.append("the harmony does not close on the tonic")
    leaps = [abs(b.pitch - a.pitch) for a, b in zip(melody.notes, melody.notes[1:], strict=False)]
    if any(leap > 14 for leap in leaps):
        faults.append("the tune leaps more than a ninth")
    if melody.notes[-1].pitch % 12 != piece.key.tonic:
        faults.append("the tune does not end on the tonic")
    heard = find_key(heard_in(piece))
    if heard != piece.key:
        faults.append(f"it is heard in {heard.name}, not in {piece.key.name}")
    return faults


def _fits(piece: Piece, note: Note) -> bool:
    if note.pitch % 12 in piece.key.steps:
        return True
    chord = next((c for c in piece.chords if c.start <= note.start < c.end), None)
    return chord is not None and note.pitch % 12 in local_scale(piece.key, chord)


def _parallels(piece: Piece) -> int:
    """Perfect fifths or octaves that tune and bass take in the same direction at chord changes."""
    melody, bass = piece.part("melody"), piece.part("bass")
    if melody is None or bass is None:
        return 0
    pairs = []
    for chord in piece.chords:
        high = [n.pitch for n in melody.notes if n.start <= chord.start < n.end]
        low = [n.pitch for n in bass.notes if n.start <= chord.start < n.end]
        pairs.append((high[0], low[0]) if high and low else None)
    found = 0
    for before, after in itertools.pairwise(pairs):
        if before is None or after is None:
            continue
        gaps = ((before[0] - before[1]) % 12, (after[0] - after[1]) % 12)
        motions = (after[0] - before[0], after[1] - before[1])
        is_same_way = motions[0] * motions[1] > 0
        found += gaps[0] == gaps[1] and gaps[0] in (0, 7) and is_same_way
    return found


def measure(notes: Sequence[Note], metre: Metre, key: Key) -> dict[str, float]:
    """Pitch-class entropy in bits, scale consistency and groove consistency (MusPy)."""
    return {
        "pitch_class_entropy": pitch_class_entropy(notes),
        "scale_consistency": scale_consistency(notes),
        "in_key": sum(n.pitch % 12 in key.steps for n in notes) / max(1, len(notes)),
        "groove_consistency": groove_consistency(notes, metre),
    }


def pitch_class_entropy(notes: Sequence[Note]) -> float:
    """Shannon entropy of the pitch-class histogram, in bits."""
    counts = np.array(list(Counter(note.pitch % 12 for note in notes).values()), float)
    shares = counts / counts.sum() if counts.size else counts
    return float(-(shares * np.log2(shares)).sum()) if counts.size else 0.0


def scale_consistency(notes: Sequence[Note]) -> float:
    """The largest share of notes that any major or minor scale holds."""
    if not notes:
        return 0.0
    best = 0
    for mode in ("major", "minor"):
        for tonic in range(12):
            scale = {(tonic + step) % 12 for step in MODES[mode]}
            best = max(best, sum(note.pitch % 12 in scale for note in notes))
    return best / len(notes)


def groove_consistency(notes: Sequence[Note], metre: Metre) -> float:
    """One minus the mean share of positions in which onsets of neighbouring bars differ.

    Positions are 16th-note triplets and 32nds joined (24 to the quarter), as MusPy's resolution.
    """
    unit, positions = 20, metre.bar_ticks // 20
    if not notes:
        return 0.0
    count = max(note.start for note in notes) // metre.bar_ticks + 1
    grid = np.zeros((count, positions), bool)
    for note in notes:
        grid[note.start // metre.bar_ticks, note.start % metre.bar_ticks // unit] = True
    if count < 2:
        return 1.0
    return float(1 - np.mean(grid[1:] != grid[:-1]))


def _interest(notes: Sequence[Note], piece: Piece) -> dict[str, float]:
    """Shares of steps and leaps, range, repeated bars, single peak, variety of rhythm."""
    if len(notes) < 2:
        return {
            "steps": 0.0,
            "leaps": 0.0,
            "range": 0.0,
            "recall": 0.0,
            "peak": 0.0,
            "rhythms": 0.0,
        }
    pitches = np.array([note.pitch for note in notes])
    moves = np.abs(np.diff(pitches))
    bars: dict[int, list[tuple[int, int]]] = {}
    for note in notes:
        bars.setdefault(note.start // piece.metre.bar_ticks, []).append(
            (note.start % piece.metre.bar_ticks, note.duration)
        )
    shapes = Counter(tuple(bar) for bar in bars.values())
    repeated = sum(count for count in shapes.values() if count > 1)
    return {
        "steps": float(np.mean((moves > 0) & (moves <= 2))),
        "leaps": float(np.mean(moves > 4)),
        "range": float(pitches.max() - pitches.min()),
        "recall": repeated / max(1, len(bars)),
        "peak": 1.0 / float(np.sum(pitches == pitches.max())),
        "rhythms": float(len({note.duration for note in notes})),
    }


def _score(m: dict[str, float]) -> float:
    """Higher is better; each term is at most 1 and says one thing."""

    def near(value: float, goal: float, width: float) -> float:
        return float(np.exp(-(((value - goal) / width) ** 2)))

    return (
        near(m["steps"], 0.62, 0.22)
        + near(m["leaps"], 0.12, 0.12)
        + near(m["range"], 14, 6)
        + near(m["recall"], 0.7, 0.35)
        + m["peak"]
        + near(m["rhythms"], 4, 2)
        + near(m["pitch_class_entropy"], 2.65, 0.35)
        - 0.25 * m["parallels"]
    )
