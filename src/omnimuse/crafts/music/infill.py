"""Infill: given bars of a tune written anew so that they lead from what is before to what follows.

The melody model writes from left to right, so several drafts are drawn from the left context and
ranked by how likely the right context is after each (importance resampling); among the likelier
half the one that fits the standing harmony best is taken. Nothing but the tune of those bars
changes: the other parts, the chords and the rest of the tune stay note for note.
Source of the task: G. Hadjeres, F. Nielsen, "Anticipation-RNN", Neural Computing and Applications
2020, arXiv:1709.06404; of the ranking: A. Doucet, N. de Freitas, N. Gordon, 2001.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from omnimuse.backends.base import MelodyRequest, MelodyWriter
from omnimuse.crafts.music.piece import Note, Part, Piece
from omnimuse.crafts.music.rework import melody_of, to_melody
from omnimuse.crafts.music.theory import MODES
from omnimuse.errors import ArgumentError
from omnimuse.models.melody_tokens import MAX_BARS, Melody, density_level

_BEFORE, _AFTER = 16, 8
_DRAFTS = 8
MAX_FILL = 32


def fill_bars(piece: Piece, writer: MelodyWriter, first: int, bars: int, seed: int) -> Piece:
    """The piece with the tune of bars `first` to `first + bars - 1` (from 0) written anew.

    Raises:
        ArgumentError: bars that the piece does not have, or over 32.
        InputError: no tune, or rhythms that the model does not know.
    """
    if not 0 <= first < piece.bars or not 1 <= bars <= min(MAX_FILL, piece.bars - first):
        raise ArgumentError(
            f"bars {first + 1} to {first + bars} of a piece of {piece.bars}",
            hint=f"Name bars inside of the piece, at most {MAX_FILL}.",
        )
    melody = to_melody(piece)
    before = melody.bars[max(0, first - _BEFORE) : first]
    after = melody.bars[first + bars : first + bars + min(_AFTER, MAX_BARS - bars - len(before))]
    low, high = _span(melody)
    scale = {step % 12 for step in MODES[melody.mode]}
    pitches = {p for bar in melody.bars for _, p in bar if p is not None}
    request = MelodyRequest(
        melody.mode, melody.metre, len(before) + bars + len(after), density_level(melody),
        lowest=low, highest=high, opening=before, closing=after,
        is_chromatic=any(p % 12 not in scale for p in pitches),
        rests=any(p is None for bar in melody.bars for _, p in bar),
    )  # fmt: skip
    drafts = writer.write(request, seed=seed, count=_DRAFTS)
    old = melody.bars[first : first + bars]
    found = [draft.bars[len(before) : len(before) + bars] for draft in drafts]
    fresh = [bars_ for bars_ in found if bars_ != old] or found
    lines = [_notes(piece, bars_, first) for bars_ in fresh[: max(1, len(fresh) // 2)]]
    best = max(lines, key=lambda line: harmony_fit(piece, line))
    return _spliced(piece, best, first, bars)


def vary(piece: Piece, writer: MelodyWriter, share: float, seed: int) -> Piece:
    """A variation: the last `share` of each phrase's bars is written anew, openings stay.

    The final bar is kept, so the variation closes as the tune does.
    """
    varied = piece
    phrases = [p for p in piece.phrases if p.name not in ("intro", "coda")]
    spans = [(p.first_bar, p.bars) for p in phrases] or [
        (at, min(4, piece.bars - at)) for at in range(0, piece.bars, 4)
    ]
    for index, (start, length) in enumerate(spans):
        count = max(1, round(length * share))
        end = min(start + length, piece.bars - 1)
        if end - count >= start or (end > start and share >= 1):
            first = max(start, end - count)
            varied = fill_bars(varied, writer, first, end - first, seed + index)
    return varied


def _span(melody: Melody) -> tuple[int, int]:
    """Lowest and highest pitch over the tonic; an octave at least."""
    pitches = [p for bar in melody.bars for _, p in bar if p is not None]
    low, high = min(pitches), max(pitches)
    while high - low < 12:
        high, low = high + 1, low - (high - low < 11)
    return low, high


def _notes(
    piece: Piece, bars: Sequence[Sequence[tuple[int, int | None]]], first: int
) -> list[Note]:
    """New bars as notes in the register of the tune."""
    line = melody_of(piece)
    middle = sum(note.pitch for note in line) / len(line)
    tonic = min((piece.key.tonic + 12 * o for o in range(11)), key=lambda t: abs(t + 6 - middle))
    velocity = round(sum(note.velocity for note in line) / len(line))
    notes = []
    for index, bar in enumerate(bars):
        at = (first + index) * piece.metre.bar_ticks
        for size, pitch in bar:
            if pitch is not None and 0 <= tonic + pitch <= 127:
                notes.append(Note(at, size, tonic + pitch, velocity))
            at += size
    return notes


def harmony_fit(piece: Piece, notes: Sequence[Note]) -> float:
    """Share of the notes' weight (length by metrical strength) that belongs to the chords."""
    total = fitting = 0.0
    for note in notes:
        chord = next((c for c in piece.chords if c.start <= note.start < c.end), None)
        if chord is not None:
            weight = note.duration * piece.metre.strength(note.start)
            total += weight
            fitting += weight * (note.pitch % 12 in chord.pitch_classes)
    return fitting / total if total else 1.0


def _spliced(piece: Piece, notes: Sequence[Note], first: int, bars: int) -> Piece:
    start, end = first * piece.metre.bar_ticks, (first + bars) * piece.metre.bar_ticks
    melody = piece.part("melody") or next(p for p in piece.parts if p.role != "drums" and p.notes)
    kept = [
        replace(n, duration=min(n.duration, start - n.start)) if n.start < start else n
        for n in melody.notes
        if n.start < start or n.start >= end
    ]
    sung: Part = replace(melody, notes=tuple(sorted([*kept, *notes])))
    lyrics = tuple(word for word in piece.lyrics if not start <= word[0] < end)
    parts = tuple(sung if part is melody else part for part in piece.parts)
    return replace(piece, parts=parts, lyrics=lyrics)
