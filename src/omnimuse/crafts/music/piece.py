"""Piece: a composition as parts of notes, with what it was composed by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from omnimuse.crafts.music.theory import TICKS_PER_QUARTER, Chord, Key, Metre


@dataclass(frozen=True, order=True)
class Note:
    """A sounding note; times in ticks, pitch a MIDI number, velocity 1 to 127."""

    start: int
    duration: int
    pitch: int
    velocity: int = 80

    @property
    def end(self) -> int:
        """Tick at which it stops."""
        return self.start + self.duration


@dataclass(frozen=True)
class Part:
    """What one player plays.

    Attributes:
        name: for people.
        program: General MIDI program, 0 to 127; of no meaning for drums.
        notes: in order of their start.
        role: `melody`, `counter`, `harmony`, `pad`, `bass` or `drums`.
        volume: controller 7, 0 to 127.
        pan: controller 10, 64 is the middle.
        reverb: controller 91.
    """

    name: str
    program: int
    notes: tuple[Note, ...]
    role: str = "melody"
    volume: int = 100
    pan: int = 64
    reverb: int = 40


@dataclass(frozen=True)
class Phrase:
    """A stretch of bars with a name in the form, e.g. `A'`."""

    name: str
    first_bar: int
    bars: int


@dataclass(frozen=True)
class Piece:
    """A whole composition.

    Attributes:
        key: home key.
        metre: of all bars.
        tempo_bpm: beats per minute, where the beat is the metre's.
        bars: how many.
        parts: the players.
        chords: the harmony, without gaps; empty if unknown.
        phrases: the form; empty if unknown.
        tempo_changes: (tick, factor of the tempo), e.g. a slowing end.
        swing: how late off-beat eighths come, 0 straight to 1 triplet.
        title: of the piece.
        lyrics: (tick, syllable) of each sung note of the melody; a syllable whose word goes on ends
            in a hyphen, and a note without one prolongs the syllable before.
    """

    key: Key
    metre: Metre
    tempo_bpm: float
    bars: int
    parts: tuple[Part, ...]
    chords: tuple[Chord, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    tempo_changes: tuple[tuple[int, float], ...] = field(default=())
    swing: float = 0.0
    title: str = ""
    lyrics: tuple[tuple[int, str], ...] = ()

    @property
    def quarter_bpm(self) -> float:
        """Quarter notes per minute, as MIDI counts."""
        return self.tempo_bpm * self.metre.beat_ticks / TICKS_PER_QUARTER

    @property
    def end(self) -> int:
        """Last tick of the last bar."""
        return self.bars * self.metre.bar_ticks

    @property
    def duration_s(self) -> float:
        """Time of all bars at the written tempo, tempo changes included."""
        return self.seconds_at(self.end)

    def seconds_at(self, tick: int) -> float:
        """Time at which a tick is reached."""
        second_per_tick = 60 / self.quarter_bpm / TICKS_PER_QUARTER
        elapsed, at, factor = 0.0, 0, 1.0
        for change, next_factor in (*self.tempo_changes, (tick, 1.0)):
            stop = min(change, tick)
            if stop > at:
                elapsed += (stop - at) * second_per_tick / factor
                at = stop
            factor = next_factor
        return elapsed

    def part(self, role: str) -> Part | None:
        """The first part with that role."""
        return next((part for part in self.parts if part.role == role), None)

    def with_parts(self, parts: tuple[Part, ...]) -> Piece:
        """The same piece with other parts."""
        return replace(self, parts=parts)
