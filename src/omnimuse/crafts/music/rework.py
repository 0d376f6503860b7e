"""Rework: an existing piece transposed, dressed in another style, or continued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from omnimuse.backends.base import MelodyRequest, MelodyWriter
from omnimuse.crafts.music.brief import Brief
from omnimuse.crafts.music.compose import arrange_notes
from omnimuse.crafts.music.form import PhrasePlan, plan_form
from omnimuse.crafts.music.piece import Note, Part, Piece
from omnimuse.crafts.music.theory import MODES, Key
from omnimuse.crafts.music.tunes import read_form, to_notes
from omnimuse.errors import InputError
from omnimuse.models.melody_tokens import HIGHEST, LENGTHS, LOWEST, Melody, density_level

_GRID = 20
_OPENING_BARS = 12
_MAX_MODEL_BARS = 64


def transpose(piece: Piece, semitones: int) -> Piece:
    """The piece higher or lower by semitones; drums stay, notes beyond MIDI's range turn over.

    Args:
        piece: to be moved.
        semitones: -36 to 36.
    """

    def moved(part: Part) -> Part:
        if part.role == "drums":
            return part
        notes = (replace(n, pitch=_in_range(n.pitch + semitones)) for n in part.notes)
        return replace(part, notes=tuple(sorted(notes)))

    chords = tuple(
        replace(c, root=(c.root + semitones) % 12, bass=(c.bass + semitones) % 12)
        for c in piece.chords
    )
    parts = tuple(moved(part) for part in piece.parts)
    return replace(piece, key=piece.key.transposed(semitones), parts=parts, chords=chords)


def _in_range(pitch: int) -> int:
    while pitch > 127:
        pitch -= 12
    while pitch < 0:
        pitch += 12
    return pitch


def interval_to(source: Key, target: Key) -> int:
    """Semitones of the shorter way from one tonic to another, -5 to 6."""
    return (target.tonic - source.tonic + 5) % 12 - 5


def melody_of(piece: Piece) -> list[Note]:
    """The tune of a piece: its melody part, else the highest sounding line; one note at a time.

    Raises:
        InputError: nothing but drums.
    """
    parts = [part for part in piece.parts if part.role != "drums" and part.notes]
    if not parts:
        raise InputError("the score holds no tune", hint="Give a score with a melody.")
    melody = piece.part("melody")
    notes = melody.notes if melody is not None and melody.notes else max(
        parts, key=lambda part: np.mean([n.pitch for n in part.notes])
    ).notes  # fmt: skip
    return _single_line(notes)


def _single_line(notes: Sequence[Note]) -> list[Note]:
    """The top note of every onset, on the grid, each ended by the next."""
    tops: dict[int, Note] = {}
    for note in notes:
        start = round(note.start / _GRID) * _GRID
        if start not in tops or note.pitch > tops[start].pitch:
            tops[start] = replace(note, start=start)
    starts = sorted(tops)
    line = []
    for index, start in enumerate(starts):
        room = starts[index + 1] - start if index + 1 < len(starts) else tops[start].duration
        length = max(_GRID, round(tops[start].duration / _GRID) * _GRID)
        line.append(replace(tops[start], duration=min(length, max(room, _GRID))))
    return line


def restyle(piece: Piece, brief: Brief, rng: np.random.Generator) -> Piece:
    """The same tune with the harmony, players and manner of a brief.

    A change of mode bends the tune's steps (its third and so on), not its shape. The brief must
    have the piece's metre and as many bars.
    """
    steps = MODES[piece.key.mode]
    target = MODES[brief.key.mode]
    shift = interval_to(piece.key, brief.key)

    def moved(note: Note) -> Note:
        above = (note.pitch - piece.key.tonic) % 12
        bend = target[steps.index(above)] - above if above in steps else 0
        return replace(note, pitch=_in_range(note.pitch + shift + bend), velocity=84)

    notes = [moved(note) for note in melody_of(piece)]
    plan = [
        PhrasePlan(p.name, p.first_bar, p.bars, "authentic", _kind(p.name)) for p in piece.phrases
    ] or plan_form(brief.bars)
    plan = _covering(plan, brief.bars)
    silent = [phrase for phrase in plan if phrase.kind == "coda"]
    if silent:  # the coda's note is in the tune already
        plan = [replace(p, kind="phrase") if p.kind == "coda" else p for p in plan]
    return arrange_notes(brief, plan, notes, rng)


def _kind(name: str) -> str:
    return name if name in ("intro", "coda") else "phrase"


def _covering(plan: list[PhrasePlan], bars: int) -> list[PhrasePlan]:
    """The plan if it fills the bars exactly, else a new one."""
    return plan if sum(phrase.bars for phrase in plan) == bars else plan_form(bars)


def continue_piece(piece: Piece, brief: Brief, writer: MelodyWriter, bars: int, seed: int) -> Piece:
    """New bars that go on from a tune and close it, by the melody model.

    Args:
        piece: what there is.
        brief: key, metre, style and players; its `bars` are those of old and new together.
        writer: the melody model.
        bars: how many new ones.
        seed: randomness.

    Raises:
        InputError: the tune has rhythms that the model does not know.
    """
    melody = to_melody(piece)
    kept = melody.bars[-min(_OPENING_BARS, _MAX_MODEL_BARS - bars) :]
    request = MelodyRequest(
        melody.mode, melody.metre, len(kept) + bars, density_level(melody),
        lowest=LOWEST, highest=HIGHEST, opening=kept,
    )  # fmt: skip
    written = writer.write(request, seed=seed)[0]
    whole = replace(melody, bars=(*melody.bars, *written.bars[len(kept) :]))
    brief = replace(brief, bars=len(whole.bars), key=piece.key, metre=piece.metre)
    notes = to_notes(whole, piece.key, 0, piece.metre.bar_ticks)
    plan = [replace(p, kind="phrase") for p in plan_form(len(whole.bars))]
    plan = read_form(plan, whole, 0)
    return arrange_notes(brief, plan, notes, np.random.default_rng(seed))


def to_melody(piece: Piece) -> Melody:
    """A piece's tune as the melody model writes it.

    Raises:
        InputError: a length or pitch that the model has no token for.
    """
    line = melody_of(piece)
    middle = sum(note.pitch for note in line) / len(line)
    tonic = min((piece.key.tonic + 12 * o for o in range(11)), key=lambda t: abs(t + 6 - middle))
    bars = []
    for index in range(piece.bars):
        start, end = index * piece.metre.bar_ticks, (index + 1) * piece.metre.bar_ticks
        events: list[tuple[int, int | None]] = []
        at = start
        for note in line:
            if not start <= note.start < end:
                continue
            events += _filled(note.start - at, None)
            size = min(note.end, end) - note.start
            events += _filled(size, note.pitch - tonic)
            at = note.start + size
        bars.append(tuple(events + _filled(end - at, None)))
    for size, pitch in (event for bar in bars for event in bar):
        if size not in LENGTHS or (pitch is not None and not LOWEST <= pitch <= HIGHEST):
            raise InputError(
                f"the melody model does not know a note of {size} ticks, {pitch} from the tonic",
                hint="Continue a simpler tune.",
            )
    return Melody(piece.key.mode, piece.metre.name, tuple(bars), piece.title)


def _filled(ticks: int, pitch: int | None) -> list[tuple[int, int | None]]:
    """A length as few events as the model's lengths allow; what is left of a note is a rest."""
    events: list[tuple[int, int | None]] = []
    while ticks > 0:
        size = max((known for known in LENGTHS if known <= ticks), default=ticks)
        events.append((size, pitch if not events else None))
        ticks -= size
    return events
