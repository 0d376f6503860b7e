"""Keys, modes, metres and chords: the nouns of harmony, as integers.

Pitch classes count semitones from C (0 to 11), pitches are MIDI numbers (60 is middle C), times are
ticks of which a quarter note has 480.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from omnimuse.errors import ArgumentError

TICKS_PER_QUARTER = 480

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
}
_MODE_WORDS = {
    "": "major", "maj": "major", "major": "major", "dur": "major", "ionian": "major",
    "大调": "major", "m": "minor", "min": "minor", "minor": "minor", "moll": "minor",
    "aeolian": "minor",
    "小调": "minor", "dor": "dorian", "dorian": "dorian", "phr": "phrygian", "phrygian": "phrygian",
    "lyd": "lydian", "lydian": "lydian", "mix": "mixolydian", "mixolydian": "mixolydian",
    "loc": "locrian", "locrian": "locrian",
}  # fmt: skip
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}
# How many sharps (negative: flats) the major key of each pitch class has; fewer accidentals win.
_FIFTHS = {0: 0, 7: 1, 2: 2, 9: 3, 4: 4, 11: 5, 6: 6, 1: -5, 8: -4, 3: -3, 10: -2, 5: -1}
_SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_MODE_NAMES = "|".join(sorted((re.escape(word) for word in _MODE_WORDS if word), key=len)[::-1])
_KEY = re.compile(
    rf"(?P<zh>[升降])?(?P<letter>[A-Ga-g])[\s-]?(?P<accidental>#|♯|♭|b|sharp|flat)?"
    rf"[\s-]*(?P<mode>{_MODE_NAMES})?",
    re.IGNORECASE,
)
KEY_IN_TEXT = re.compile(
    r"(?:[升降][A-G]|(?<![A-Za-z])[A-Ga-g](?:\s?[#♯♭]|b(?![A-Za-z])|[\s-](?:sharp|flat))?)"
    r"[\s-]?(?:major|minor|maj\b|min\b|dorian|phrygian|lydian|mixolydian|大调|小调)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Key:
    """A tonic pitch class and a mode."""

    tonic: int
    mode: str

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """Seven pitch classes from the tonic up."""
        return tuple((self.tonic + step) % 12 for step in MODES[self.mode])

    @property
    def is_minor(self) -> bool:
        """Whether the third above the tonic is minor."""
        return 3 in MODES[self.mode]

    @property
    def fifths(self) -> int:
        """Sharps of the signature, negative for flats."""
        shift = {"major": 0, "minor": 3, "dorian": -2, "phrygian": -4, "lydian": 5,
                 "mixolydian": -7, "locrian": 1}[self.mode]  # fmt: skip
        return _FIFTHS[(self.tonic + shift) % 12]

    @property
    def tonic_name(self) -> str:
        """As the signature spells it."""
        return (_FLAT_NAMES if self.fifths < 0 else _SHARP_NAMES)[self.tonic]

    @property
    def name(self) -> str:
        """For people, e.g. `D minor`."""
        return f"{self.tonic_name} {self.mode}"

    def spell(self, pitch_class: int) -> str:
        """A pitch class's name in this key."""
        return (_FLAT_NAMES if self.fifths < 0 else _SHARP_NAMES)[pitch_class % 12]

    def transposed(self, semitones: int) -> Key:
        """The same mode from another tonic."""
        return Key((self.tonic + semitones) % 12, self.mode)

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read `D minor`, `Bbm`, `F# dorian`, `E-flat major`, `D小调`.

        Raises:
            ArgumentError: not a key.
        """
        match = _KEY.fullmatch(text.strip())
        if match is None:
            raise ArgumentError(
                f"{text[:40]!r} is not a key", hint="Write it like 'D minor' or 'F# dorian'."
            )
        accidental = _ACCIDENTALS[(match["accidental"] or "").lower()]
        accidental += {"升": 1, "降": -1}.get(match["zh"] or "", 0)
        word = match["mode"] or ""
        is_minor_m = word == "m" or (not word and match["letter"].islower())
        mode = "minor" if is_minor_m else _MODE_WORDS[word.lower() if word != "M" else ""]
        return cls((_LETTERS[match["letter"].upper()] + accidental) % 12, mode)


@dataclass(frozen=True)
class Metre:
    """A time signature."""

    numerator: int
    denominator: int

    @property
    def name(self) -> str:
        """E.g. `3/4`."""
        return f"{self.numerator}/{self.denominator}"

    @property
    def bar_ticks(self) -> int:
        """Length of a bar."""
        return 4 * TICKS_PER_QUARTER * self.numerator // self.denominator

    @property
    def is_compound(self) -> bool:
        """Whether beats divide by three, as in 6/8."""
        return self.denominator >= 8 and self.numerator % 3 == 0

    @cached_property
    def groups(self) -> tuple[int, ...]:
        """Lengths in ticks of the bar's felt groups, e.g. 5/4 is 3 + 2 quarters."""
        unit = 4 * TICKS_PER_QUARTER // self.denominator
        if self.is_compound:
            return (3 * unit,) * (self.numerator // 3)
        if self.denominator < 8 and self.numerator <= 4:
            return (unit,) * self.numerator
        count, groups = self.numerator, []
        if self.denominator < 8:
            while count > 0:
                size = 3 if count in (3, 5) or count > 5 else min(count, 2)
                groups += [unit] * size
                count -= size
            return tuple(groups)
        while count > 0:  # 7/8 is 2 + 2 + 3
            size = 3 if count == 3 else 2
            groups.append(min(size, count) * unit)
            count -= size
        return tuple(groups)

    @property
    def beat_ticks(self) -> int:
        """The beat that a tempo counts: a dotted note in compound metres."""
        unit = 4 * TICKS_PER_QUARTER // self.denominator
        return 3 * unit if self.is_compound else (2 * unit if self.denominator > 8 else unit)

    def strength(self, tick: int) -> float:
        """How strong a position in the bar is: 1 downbeat, then 0.7, 0.5, 0.25, 0.1."""
        tick %= self.bar_ticks
        if tick == 0:
            return 1.0
        starts, at = [], 0
        for group in self.groups:
            starts.append(at)
            at += group
        if tick in starts:
            is_middle = tick * 2 == self.bar_ticks or (
                tick == 3 * self.beat_ticks and self.numerator == 5
            )
            return 0.7 if is_middle else 0.5
        return 0.25 if tick % (TICKS_PER_QUARTER // 2) == 0 else 0.1

    @classmethod
    def parse(cls, text: str) -> Metre:
        """Read `3/4`, `6/8`, `C` or `C|`.

        Raises:
            ArgumentError: not a metre, or one that no player counts.
        """
        text = {"C": "4/4", "C|": "2/2"}.get(text.strip(), text.strip())
        match = re.fullmatch(r"(\d{1,2})\s*/\s*(\d{1,2})", text)
        if match is None or int(match[2]) not in (2, 4, 8, 16) or not 1 < int(match[1]) <= 15:
            raise ArgumentError(
                f"{text[:20]!r} is not a metre", hint="Write it like 4/4, 3/4, 6/8 or 5/4."
            )
        return cls(int(match[1]), int(match[2]))


QUALITIES: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7), "min": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8), "sus4": (0, 5, 7),
    "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10), "hdim7": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9), "add9": (0, 4, 7, 14), "madd9": (0, 3, 7, 14), "6": (0, 4, 7, 9),
    "min6": (0, 3, 7, 9), "9": (0, 4, 7, 10, 14), "maj9": (0, 4, 7, 11, 14),
    "min9": (0, 3, 7, 10, 14), "5": (0, 7),
}  # fmt: skip
_SUFFIXES = {"maj": "", "min": "m", "hdim7": "m7b5", "min7": "m7", "min9": "m9", "min6": "m6",
             "madd9": "madd9"}  # fmt: skip


@dataclass(frozen=True)
class Chord:
    """A harmony that lasts for a while.

    Attributes:
        root: pitch class.
        quality: a name of `QUALITIES`.
        roman: its function in the key, e.g. `V7/ii`.
        bass: pitch class of the lowest voice.
        start: tick.
        duration: ticks.
    """

    root: int
    quality: str
    roman: str
    bass: int
    start: int = 0
    duration: int = 0

    @cached_property
    def pitch_classes(self) -> tuple[int, ...]:
        """Root first."""
        return tuple((self.root + interval) % 12 for interval in QUALITIES[self.quality])

    @property
    def end(self) -> int:
        """Tick at which the next chord takes over."""
        return self.start + self.duration

    def symbol(self, key: Key) -> str:
        """As on a lead sheet: `Dm7`, `G7/B`."""
        name = key.spell(self.root) + _SUFFIXES.get(self.quality, self.quality)
        return name if self.bass == self.root else f"{name}/{key.spell(self.bass)}"


def local_scale(key: Key, chord: Chord) -> tuple[int, ...]:
    """Seven pitch classes to sing over a chord: the key's, bent to the chord's accidentals.

    Degree i of the result is degree i of the key, so that a melody keeps its steps where a
    secondary dominant raises a note.
    """
    scale = list(key.steps)
    for pitch_class in chord.pitch_classes:
        if pitch_class in scale:
            continue
        for degree, natural in enumerate(scale):
            bends = (pitch_class - natural) % 12 in (1, 11)
            if bends and natural not in chord.pitch_classes:
                scale[degree] = pitch_class
                break
    return tuple(scale)


def nearest(pitch_classes: Sequence[int], around: float) -> int:
    """The MIDI pitch of one of these classes that lies nearest to `around`."""
    candidates = [pc + 12 * octave for pc in pitch_classes for octave in range(11)]
    return min(candidates, key=lambda pitch: (abs(pitch - around), pitch))
