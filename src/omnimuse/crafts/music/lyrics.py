"""Lyrics set to a melody: a syllable a note, melismas and split notes by rule.

Lines of verse are shared out to the tune's phrases; within them the cheapest monotone assignment
is searched: stressed syllables fall on strong beats and long notes, weak ones on weak beats, lines
end where the tune rests or holds, and notes beyond the syllables prolong stressed or closing
syllables (melismas). A tune with fewer notes than syllables has its longest notes struck twice.
Source: E. Nichols, D. Morris, S. Basu, C. Raphael, "Relationships between lyrics and melody in
popular music", ISMIR 2009 (stress falls on strong beats and long notes); the search is Viterbi's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.music.piece import Note, Piece
from omnimuse.crafts.music.syllables import Syllable, sung_syllables
from omnimuse.crafts.music.theory import Metre
from omnimuse.errors import InputError

_SHORTEST = 120  # ticks; nobody sings a shorter syllable with pleasure
_MAX_MELISMA = 5
_STRESS, _MELISMA, _WEAK_MELISMA, _LINE_END = 1.0, 0.7, 0.8, 1.6


@dataclass(frozen=True)
class Setting:
    """A piece with its words, and how well they sit.

    Attributes:
        piece: with `lyrics`.
        syllables: how many were set.
        melismas: notes that prolong a syllable.
        split_notes: notes struck twice to make room.
        stressed_on_beat: share of the stressed syllables on a beat of the metre.
    """

    piece: Piece
    syllables: int
    melismas: int
    split_notes: int
    stressed_on_beat: float


def set_lyrics(piece: Piece, text: str) -> Setting:
    """Set a text to a piece's melody.

    Raises:
        InputError: nothing to sing, no tune, or more syllables than the tune can take.
    """
    syllables = sung_syllables(text)
    if not syllables:
        raise InputError("the lyrics hold nothing that can be sung", hint="Write words in lines.")
    melody = piece.part("melody")
    if melody is None or not melody.notes:
        raise InputError("the score has no melody to sing", hint="Give a score with a melody.")
    notes = [n for n in melody.notes if not piece.phrases or not _is_instrumental(piece, n)]
    notes, splits = _with_room(notes or list(melody.notes), len(syllables))
    if len(syllables) > len(notes):
        raise InputError(
            f"{len(syllables)} syllables do not fit a tune of {len(notes)} singable notes",
            hint="Shorten the lyrics, or compose a longer or livelier tune.",
        )
    owners = _assign(syllables, notes, piece.metre)
    firsts = [owners.index(index) for index in range(len(syllables))]
    words = tuple(
        (notes[at].start, syllable.written) for at, syllable in zip(firsts, syllables, strict=True)
    )
    untouched = [n for n in melody.notes if n.start < notes[0].start or n.start > notes[-1].start]
    sung = replace(melody, notes=tuple(sorted({*untouched, *notes})))
    parts = tuple(sung if part is melody else part for part in piece.parts)
    strengths = [piece.metre.strength(notes[at].start) for at in firsts]
    beats = [w >= 0.5 for w, s in zip(strengths, syllables, strict=True) if s.stress]
    return Setting(
        replace(piece, parts=parts, lyrics=words), len(syllables),
        sum(owner >= 0 for owner in owners) - len(syllables), splits,
        float(np.mean(beats)) if beats else 1.0,
    )  # fmt: skip


def _is_instrumental(piece: Piece, note: Note) -> bool:
    """Whether a note lies in an introduction or a coda."""
    bar = note.start // piece.metre.bar_ticks
    return any(
        p.name in ("intro", "coda") and p.first_bar <= bar < p.first_bar + p.bars
        for p in piece.phrases
    )


def _with_room(notes: Sequence[Note], wanted: int) -> tuple[list[Note], int]:
    """Notes of which the longest are struck twice until there is one for each syllable."""
    found, splits = sorted(notes), 0
    while len(found) < wanted:
        at = max(range(len(found)), key=lambda i: (found[i].duration, -i))
        note = found[at]
        half = note.duration // 2 // 20 * 20
        if half < _SHORTEST:
            break
        found[at : at + 1] = [
            replace(note, duration=note.duration - half),
            replace(note, start=note.end - half, duration=half),
        ]
        splits += 1
    return found, splits


def _assign(syllables: Sequence[Syllable], notes: Sequence[Note], metre: Metre) -> list[int]:
    """Index of the syllable that each note sings, rising by 0 or 1; the first note sings 0.

    Notes after the last syllable's melisma get -1: the voice is silent.
    """
    count, sung = len(notes), len(syllables)
    weight = [metre.strength(note.start) for note in notes]
    longest = max(note.duration for note in notes)
    closes = [_closes(notes, index) for index in range(count)]
    cost = np.full((count, sung, _MAX_MELISMA), np.inf)
    back = np.zeros((count, sung, _MAX_MELISMA), np.int8)  # melisma length before a new syllable
    cost[0, 0, 0] = _fit(syllables[0], weight[0], notes[0].duration / longest)
    lines = np.cumsum([0, *(s.ends_line for s in syllables)])
    for at in range(1, count):
        for held in range(1, _MAX_MELISMA):  # the syllable goes on
            cost[at, :, held] = cost[at - 1, :, held - 1] + [
                _MELISMA + (0.0 if s.stress or s.ends_line else _WEAK_MELISMA) for s in syllables
            ]
        best = cost[at - 1].min(axis=1)
        choice = cost[at - 1].argmin(axis=1)
        for index in range(1, min(at + 1, sung)):
            before = syllables[index - 1]
            turn = 0.0 if before.ends_line == closes[at - 1] else _LINE_END
            turn *= 1.0 if before.ends_line else 0.35
            here = _fit(syllables[index], weight[at], notes[at].duration / longest)
            drift = 0.6 * abs(lines[index] / max(lines[-1], 1) - at / count)
            cost[at, index, 0] = best[index - 1] + turn + here + drift
            back[at, index, 0] = choice[index - 1]
    return _trace(cost, back, sung)


def _trace(cost: NDArray[np.float64], back: NDArray[np.int8], sung: int) -> list[int]:
    """The cheapest way back; notes that no melisma may reach are left silent."""
    count = len(cost)
    ends = cost[:, sung - 1].min(axis=1) + 0.9 * np.arange(count)[::-1]
    at = int(np.argmin(ends))
    owners = [-1] * count
    index, held = sung - 1, int(np.argmin(cost[at, sung - 1]))
    while at >= 0:
        owners[at] = index
        if held:
            held -= 1
        else:
            held = int(back[at, index, 0])
            index -= 1
        at -= 1
    return owners


def _closes(notes: Sequence[Note], index: int) -> bool:
    """Whether the tune takes a breath after a note: a rest, or a longer note."""
    if index + 1 == len(notes):
        return True
    note, after = notes[index], notes[index + 1]
    return after.start - note.end >= _SHORTEST or (
        note.duration >= 720 and note.duration > after.duration
    )


def _fit(syllable: Syllable, strength: float, length: float) -> float:
    """How badly a syllable sits on a note: stress wants strength and length."""
    if syllable.stress:
        return _STRESS * (0.7 * (1 - strength) + 0.3 * (1 - length))
    return _STRESS * (0.55 * max(0.0, strength - 0.25) + 0.15 * length)
