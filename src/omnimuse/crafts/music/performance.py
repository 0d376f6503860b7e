"""Performance: what a player adds: swing, small delays, breathing loudness, rolled chords."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from omnimuse.crafts.music.piece import Note, Part, Piece
from omnimuse.crafts.music.theory import TICKS_PER_QUARTER

_GUITARS = range(24, 32)
_HARPS = (46, 107, 15)
_TIMING_S = {"melody": 0.011, "counter": 0.011, "harmony": 0.008, "pad": 0.012, "bass": 0.006,
             "drums": 0.004}  # fmt: skip


def is_quantised(piece: Piece) -> bool:
    """Whether the notes lie on a grid, that is, whether nobody has played them yet."""
    starts = [note.start for part in piece.parts for note in part.notes][:2000]
    on_grid = sum(start % 20 == 0 for start in starts)
    return bool(starts) and on_grid >= 0.98 * len(starts)


def perform(piece: Piece, seed: int, *, amount: float = 0.6) -> Piece:
    """The piece as players would play it.

    Args:
        piece: as written.
        seed: randomness.
        amount: 0 plays exactly what is written (swing excepted), 1 is loose.
    """
    rng = np.random.default_rng([seed, 77])
    tick_per_s = piece.quarter_bpm / 60 * TICKS_PER_QUARTER
    parts = []
    for part in piece.parts:
        spread = _TIMING_S.get(part.role, 0.01) * amount * tick_per_s
        parts.append(_play(part, piece, spread, amount, rng))
    return piece.with_parts(tuple(parts))


def _play(part: Part, piece: Piece, spread: float, amount: float, rng: np.random.Generator) -> Part:
    chords: dict[int, list[Note]] = defaultdict(list)
    for note in part.notes:
        chords[note.start].append(note)
    drift = 0.0
    played: list[Note] = []
    for start in sorted(chords):
        drift = 0.7 * drift + float(rng.normal(0, 1)) * 0.7  # hands drift, they do not jump
        offset = 0.0 if start == 0 else float(np.clip(drift, -2, 2)) * spread
        begin = _swung(start, piece) + offset
        group = sorted(chords[start], key=lambda note: note.pitch)
        roll = _roll_ticks(part, piece, len(group), start) * amount
        for index, note in enumerate(group):
            shift = round(begin + roll * index) - note.start
            end = _swung(note.end, piece)
            duration = max(10, end - note.start - shift + int(offset))
            loud = note.velocity + round(float(rng.normal(0, 3.2)) * amount)
            played.append(
                replace(note, start=max(0, note.start + shift), duration=duration,
                        velocity=min(max(loud, 8), 126))
            )  # fmt: skip
    return replace(part, notes=tuple(sorted(played)))


def _swung(tick: int, piece: Piece) -> int:
    """Off-beat eighths come late: at full swing on the last third of the beat."""
    if not piece.swing or piece.metre.is_compound:
        return tick
    within = tick % TICKS_PER_QUARTER
    half = TICKS_PER_QUARTER / 2
    late = half + piece.swing * (TICKS_PER_QUARTER * 2 / 3 - half)
    if within <= half:
        moved = within / half * late
    else:
        moved = late + (within - half) / half * (TICKS_PER_QUARTER - late)
    return tick - within + round(moved)


def _roll_ticks(part: Part, piece: Piece, count: int, start: int) -> float:
    """Delay between the notes of a chord: strummed guitars, rolled harps."""
    if count < 3:
        return 0.0
    tick_per_s = piece.quarter_bpm / 60 * TICKS_PER_QUARTER
    if part.program in _GUITARS:
        is_up = start % TICKS_PER_QUARTER != 0
        return (0.009 if is_up else 0.014) * tick_per_s
    if part.program in _HARPS:
        return 0.03 * tick_per_s
    return 0.0
