"""Accompaniment figures and bass lines: how a chord is spread over its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from omnimuse.crafts.music.piece import Note
from omnimuse.crafts.music.theory import TICKS_PER_QUARTER, Chord, Metre, nearest

_EIGHTH, _SIXTEENTH = TICKS_PER_QUARTER // 2, TICKS_PER_QUARTER // 4


@dataclass(frozen=True)
class Setting:
    """One chord to be played: its voices from low to high, and where it stands.

    Attributes:
        chord: harmony with start and duration.
        voices: pitches, ascending.
        metre: of the bar.
        velocity: of a normal note.
        rng: small choices.
    """

    chord: Chord
    voices: tuple[int, ...]
    metre: Metre
    velocity: int
    rng: np.random.Generator

    def beats(self) -> list[tuple[int, int, bool]]:
        """Felt groups inside the chord as (start, length, is first of the bar)."""
        found, at = [], self.chord.start - self.chord.start % self.metre.bar_ticks
        while at < self.chord.end:
            for index, size in enumerate(self.metre.groups):
                if self.chord.start <= at < self.chord.end:
                    found.append((at, min(size, self.chord.end - at), index == 0))
                at += size
        return found

    def grid(self, unit: int) -> list[int]:
        """Ticks of an even subdivision."""
        return list(range(self.chord.start, self.chord.end, unit))

    def strike(
        self, start: int, duration: int, pitches: Sequence[int], accent: int = 0
    ) -> list[Note]:
        """Notes struck together, cut at the chord's end."""
        duration = max(1, min(duration, self.chord.end - start))
        loud = min(max(self.velocity + accent, 1), 127)
        return [Note(start, duration, pitch, loud) for pitch in pitches]


def _block(s: Setting) -> list[Note]:
    return s.strike(s.chord.start, s.chord.duration, s.voices)


def _pulse(s: Setting) -> list[Note]:
    return [
        note
        for start, size, is_first in s.beats()
        for note in s.strike(start, int(size * 0.92), s.voices, 4 if is_first else -4)
    ]


def _offbeat(s: Setting) -> list[Note]:
    """Chords where the bass is silent: beats two and three of a waltz, the off-beats of a march."""
    beats = s.beats()
    if len(s.metre.groups) >= 3 and len(s.metre.groups) % 2 == 1:
        return [n for at, size, first in beats if not first
                for n in s.strike(at, int(size * 0.6), s.voices, -4)]  # fmt: skip
    if s.metre.is_compound:
        return [n for at, size, _ in beats
                for n in s.strike(at + size * 2 // 3, size // 4, s.voices, -4)]  # fmt: skip
    if s.metre.bar_ticks >= 4 * TICKS_PER_QUARTER:
        return [n for at, size, _ in beats if at % (2 * TICKS_PER_QUARTER)
                for n in s.strike(at, int(size * 0.6), s.voices, -2)]  # fmt: skip
    return [n for at, size, _ in beats
            for n in s.strike(at + size // 2, int(size * 0.35), s.voices, -4)]  # fmt: skip


def _pattern(s: Setting, unit: int, order: Sequence[int], length: float = 1.0) -> list[Note]:
    voices = s.voices
    notes = []
    for index, start in enumerate(s.grid(unit)):
        pitch = voices[order[index % len(order)] % len(voices)]
        accent = 5 if s.metre.strength(start) >= 0.7 else -5
        notes += s.strike(start, int(unit * length), [pitch], accent)
    return notes


def _alberti(s: Setting) -> list[Note]:
    order: tuple[int, ...] = (
        (0, 1, 2) if s.metre.is_compound or s.metre.numerator == 3 else (0, 2, 1, 2)
    )
    if s.metre.numerator == 3 and not s.metre.is_compound:
        order = (0, 2, 1, 2, 1, 2)
    return _pattern(s, _EIGHTH, order, 1.0)


def _arpeggio(s: Setting) -> list[Note]:
    count = len(s.voices)
    order = [*range(count), *range(count - 2, 0, -1)]
    return _pattern(s, _EIGHTH, order, 1.6)


def _rolling(s: Setting) -> list[Note]:
    count = len(s.voices)
    return _pattern(s, _SIXTEENTH, [*range(count), *range(count - 2, 0, -1)], 1.2)


def _broken(s: Setting) -> list[Note]:
    """A wide left hand: bass note, fifth, octave, tenth, ringing on as under a pedal."""
    low = s.voices[0] - 12 if s.voices[0] > 52 else s.voices[0]
    ladder = (low, *s.voices[1:], s.voices[0] + 12)
    turn = 2 * len(ladder) - 2
    notes: list[Note] = []
    for index, start in enumerate(s.grid(_EIGHTH)):
        step = index % turn
        pitch = ladder[step if step < len(ladder) else turn - step]
        ring = min(s.chord.end - start, 3 * TICKS_PER_QUARTER)
        notes += s.strike(start, ring, [pitch], 4 if index == 0 else -6)
    return notes


def _sparse(s: Setting) -> list[Note]:
    """One spread chord that rings, note after note."""
    notes = []
    for index, pitch in enumerate((*s.voices, s.voices[0] + 12)):
        start = s.chord.start + index * TICKS_PER_QUARTER
        if start < s.chord.end:
            notes += s.strike(start, s.chord.end - start, [pitch], -4 * (index > 0))
    return notes


def _strum(s: Setting) -> list[Note]:
    """Down, down-up, up-down-up on the eighths; other metres: down on each group, up between."""
    notes: list[Note] = []
    is_common = s.metre.name == "4/4"
    for start in s.grid(_EIGHTH):
        place = start % s.metre.bar_ticks // _EIGHTH
        if is_common and place in (1, 4):
            continue
        strength = s.metre.strength(start)
        if not is_common and strength < 0.5 and place % 2 == 0 and s.metre.is_compound:
            continue
        is_down = strength >= 0.25 and place % 2 == 0
        pitches = s.voices if is_down else s.voices[1:]
        notes += s.strike(
            start, _EIGHTH * 2 if is_down else _EIGHTH, pitches, 4 if is_down else -10
        )
    return notes


def _hits(s: Setting, places: Sequence[float], lengths: Sequence[float]) -> list[Note]:
    """Chords at places counted in quarters from the bar's start."""
    notes: list[Note] = []
    bar = s.metre.bar_ticks
    first = s.chord.start - s.chord.start % bar
    for origin in range(first, s.chord.end, bar):
        for place, length in zip(places, lengths, strict=True):
            start = origin + int(place * TICKS_PER_QUARTER)
            if s.chord.start <= start < min(s.chord.end, origin + bar):
                notes += s.strike(start, int(length * TICKS_PER_QUARTER), s.voices)
    return notes


def _comp(s: Setting) -> list[Note]:
    rhythms = (((0, 1.5), (0.9, 0.4)), ((0.5, 2), (0.4, 1.2)), ((0, 2.5), (1.2, 0.5)),
               ((1.5, 3.5), (0.4, 0.4)))  # fmt: skip
    places, lengths = rhythms[int(s.rng.integers(len(rhythms)))]
    return _hits(s, places, lengths) or s.strike(s.chord.start, _EIGHTH, s.voices)


def _bossa(s: Setting) -> list[Note]:
    return _hits(s, (0, 1.5, 2.5, 3), (1, 0.5, 0.4, 0.8))


def _stabs(s: Setting) -> list[Note]:
    return _hits(s, (0, 1.5, 3), (0.7, 0.7, 0.7))


def _marcato(s: Setting) -> list[Note]:
    return [n for at, size, first in s.beats()
            for n in s.strike(at, int(size * 0.5), s.voices, 8 if first else 0)]  # fmt: skip


def _chug(s: Setting) -> list[Note]:
    low = list(s.voices[:2])
    notes = s.strike(s.chord.start, TICKS_PER_QUARTER, (*s.voices[:3],), 6)
    for start in s.grid(_EIGHTH)[2:]:
        is_accent = s.metre.strength(start) >= 0.7
        notes += s.strike(
            start, int(_EIGHTH * (0.95 if is_accent else 0.6)), low, 2 if is_accent else -12
        )
    return notes


def _chip(s: Setting) -> list[Note]:
    return _pattern(s, _SIXTEENTH, range(len(s.voices)), 0.8)


def _tremolo(s: Setting) -> list[Note]:
    return [n for start in s.grid(_SIXTEENTH)
            for n in s.strike(start, _SIXTEENTH, s.voices,
                              -2 if s.metre.strength(start) >= 0.5 else -14)]  # fmt: skip


def _ostinato(s: Setting) -> list[Note]:
    """Short repeated eighths, the top voice rocking."""
    notes: list[Note] = []
    for index, start in enumerate(s.grid(_EIGHTH)):
        accent = 8 if s.metre.strength(start) >= 0.5 else -8
        top = s.voices[-1] if index % 4 != 2 else s.voices[-2]
        notes += s.strike(start, int(_EIGHTH * 0.7), sorted({s.voices[0], top}), accent)
    return notes


FIGURES: dict[str, Callable[[Setting], list[Note]]] = {
    "block": _block, "pulse": _pulse, "offbeat": _offbeat, "alberti": _alberti,
    "arpeggio": _arpeggio, "rolling": _rolling, "broken": _broken, "sparse": _sparse,
    "strum": _strum, "comp": _comp, "bossa": _bossa, "stabs": _stabs, "marcato": _marcato,
    "chug": _chug, "chip": _chip, "tremolo": _tremolo, "ostinato": _ostinato,
}  # fmt: skip


def sustain(settings: Sequence[Setting]) -> list[Note]:
    """A pad: voices held over chord changes where the next chord keeps them."""
    notes: list[Note] = []
    open_notes: dict[int, Note] = {}
    for setting in settings:
        kept: dict[int, Note] = {}
        for pitch in setting.voices:
            start = setting.chord.start
            before = open_notes.pop(pitch, None)
            is_joined = before is not None and before.end == start
            if is_joined and before is not None and before.duration < 4 * setting.metre.bar_ticks:
                kept[pitch] = Note(
                    before.start, setting.chord.end - before.start, pitch, before.velocity
                )
            else:
                if before is not None:
                    notes.append(before)
                kept[pitch] = Note(start, setting.chord.duration, pitch, setting.velocity)
        notes += open_notes.values()
        open_notes = kept
    return sorted([*notes, *open_notes.values()])


def bass_line(
    chords: Sequence[Chord],
    metre: Metre,
    pattern: str,
    *,
    low: int,
    high: int,
    velocity: int,
    rng: np.random.Generator,
) -> list[Note]:
    """The lowest voice.

    Args:
        chords: laid out in time.
        metre: of all bars.
        pattern: `root`, `root_fifth`, `walking`, `pedal`, `eighths`, `offbeat`, `octaves`,
            `syncopated`, `bossa` or `beats`.
        low: lowest pitch.
        high: highest pitch.
        velocity: of a normal note.
        rng: choices of passing notes.
    """
    notes: list[Note] = []
    around = low + min(12, (high - low) / 3)
    for index, chord in enumerate(chords):
        root = nearest([chord.bass], around)
        root = root + 12 if root < low else root - 12 if root > high - 4 else root
        fifth = chord.pitch_classes[2] if len(chord.pitch_classes) > 2 else chord.pitch_classes[-1]
        low_fifth = nearest([fifth], root - 3)
        low_fifth = low_fifth if low_fifth >= low else low_fifth + 12
        following = chords[index + 1] if index + 1 < len(chords) else None
        goal = root if following is None else nearest([following.bass], root)
        setting = Setting(chord, (root, low_fifth), metre, velocity, rng)
        notes += _bass_bar(setting, pattern, goal)
        around = (
            0.5 * around + 0.5 * (low + min(12, (high - low) / 3)) if pattern != "walking" else root
        )
        around = min(max(around, low + 4), high - 6)
    return notes


def _bass_bar(s: Setting, pattern: str, goal: int) -> list[Note]:
    root, fifth = s.voices
    beats = s.beats()
    if pattern == "pedal" or pattern == "root":
        return s.strike(s.chord.start, s.chord.duration, [root])
    if pattern == "beats":
        return [n for at, size, _ in beats for n in s.strike(at, size, [root])]
    if pattern == "root_fifth":
        return _root_fifth(s, root, fifth)
    if pattern == "walking":
        return _walking(s, root, goal)
    if pattern == "eighths":
        return _pattern(s, _EIGHTH, (0,), 0.9)
    if pattern == "offbeat":
        return [n for at, size, _ in beats for n in s.strike(at + size // 2, size // 2, [root])]
    if pattern == "octaves":
        return [n for i, at in enumerate(s.grid(_EIGHTH))
                for n in s.strike(at, int(_EIGHTH * 0.8), [root + 12 * (i % 2)])]  # fmt: skip
    if pattern == "bossa":
        return [*_single(s, (0, 2), (1.5, 1.5), (root, fifth)),
                *_single(s, (1.5, 3.5), (0.5, 0.5), (fifth, root))]  # fmt: skip
    return _single(s, (0, 1.5, 2.5), (1.4, 0.9, 1.4), (root, root, fifth))


def _single(
    s: Setting, places: Sequence[float], lengths: Sequence[float], pitches: Sequence[int]
) -> list[Note]:
    notes = []
    for place, length, pitch in zip(places, lengths, pitches, strict=True):
        start = s.chord.start + int(place * TICKS_PER_QUARTER)
        if start < s.chord.end:
            notes += s.strike(start, int(length * TICKS_PER_QUARTER), [pitch])
    return notes


def _root_fifth(s: Setting, root: int, fifth: int) -> list[Note]:
    beats = s.beats()
    notes = []
    is_triple = len(s.metre.groups) % 2 == 1
    for index, (at, size, is_first) in enumerate(beats):
        bar = (at // s.metre.bar_ticks) % 2
        if is_triple and (is_first or index == 0):
            pitch = (
                root
                if bar == 0 or at != s.chord.start
                else (root if s.rng.random() < 0.6 else fifth)
            )
            notes += s.strike(at, int(size * 1.0), [pitch])
        elif not is_triple and s.metre.bar_ticks >= 4 * TICKS_PER_QUARTER:
            if at % (2 * TICKS_PER_QUARTER) == 0:
                notes += s.strike(at, int(size * 0.9), [root if index == 0 else fifth])
        elif not is_triple:
            notes += s.strike(at, int(size * 0.5), [root if index % 2 == 0 else fifth])
    return notes


def _walking(s: Setting, root: int, goal: int) -> list[Note]:
    """Chord notes and steps, one each beat, the last beside the next root."""
    beats = s.beats()
    line = [root]
    classes = s.chord.pitch_classes
    for index in range(1, len(beats)):
        if index == len(beats) - 1 and goal != root:
            side = 1 if goal < line[-1] else -1
            line.append(goal + side * int(s.rng.choice([1, 2])))
        else:
            drift = (
                line[-1] + (goal - line[-1]) / (len(beats) - index) + float(s.rng.normal(0, 2.5))
            )
            options = [p for p in classes if (p - line[-1]) % 12]
            line.append(nearest(options or classes, drift))
    return [n for (at, size, _), pitch in zip(beats, line, strict=True)
            for n in s.strike(at, int(size * 0.95), [pitch])]  # fmt: skip
