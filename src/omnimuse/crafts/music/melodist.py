"""Melodist: writes a searched melody phrase by phrase and remembers each phrase's material.

A phrase states a motif, answers it, recalls it and cadences; a phrase of a known letter begins as
before, ends anew, and may be ornamented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from omnimuse.crafts.music import rhythm
from omnimuse.crafts.music.brief import Brief
from omnimuse.crafts.music.form import PhrasePlan
from omnimuse.crafts.music.melody import Singer, Slot, sing
from omnimuse.crafts.music.piece import Note
from omnimuse.crafts.music.theory import Chord

VELOCITY = 84


@dataclass(frozen=True)
class Line:
    """A phrase of melody: steps with their rhythm, over its chords."""

    starts: tuple[int, ...]
    durations: tuple[int, ...]
    steps: tuple[int, ...]


class Melodist:
    """Writes the melody phrase by phrase and remembers the material of each letter."""

    def __init__(self, brief: Brief, rng: np.random.Generator) -> None:
        self._brief, self._rng = brief, rng
        style = brief.style
        lowest = 60 if brief.arousal < 0.4 else 64
        if brief.valence < -0.4 and brief.arousal < 0:
            lowest = 57
        self.singer = Singer(
            brief.key, brief.metre, lowest - 6,
            leapiness=style.leapiness * (1 + 0.25 * brief.arousal), noise=0.55,
        )  # fmt: skip
        pace = brief.tempo_bpm * brief.metre.beat_ticks / 480
        self._density = (
            style.density * (1.15 + 0.35 * brief.arousal) * min(1.25, (100 / pace) ** 0.5)
        )
        self._memory: dict[str, tuple[Line, int]] = {}

    def write(self, plan: Sequence[PhrasePlan], harmony: Sequence[Sequence[Chord]]) -> list[Note]:
        """The melody of all phrases; introductions are left to the accompaniment."""
        notes: list[Note] = []
        for phrase, chords in zip(plan, harmony, strict=True):
            if phrase.kind == "intro":
                continue
            if phrase.kind == "coda":
                notes += self._hold_tonic(phrase, chords)
                continue
            line = self._phrase(phrase, list(chords))
            notes += self._notes(line, list(chords), phrase)
        return notes

    def _hold_tonic(self, phrase: PhrasePlan, chords: Sequence[Chord]) -> list[Note]:
        start = phrase.first_bar * self._brief.metre.bar_ticks
        pitch = self.singer.pitch(7, chords[0])
        return [Note(start, phrase.bars * self._brief.metre.bar_ticks, pitch, VELOCITY - 8)]

    def _phrase(self, phrase: PhrasePlan, chords: list[Chord]) -> Line:
        remembered = self._memory.get(phrase.letter)
        if remembered is not None and phrase.bars == remembered[1]:
            return self._recall(phrase, chords, remembered[0])
        rhythms = self._rhythms(phrase)
        line = self._sing_new(phrase, chords, rhythms)
        self._memory.setdefault(phrase.letter, (line, phrase.bars))
        return line

    def _rhythms(self, phrase: PhrasePlan) -> list[tuple[int, ...]]:
        """A scheme such as a b a c: bars that share a rhythm are heard as one motif."""
        style, rng, metre = self._brief.style, self._rng, self._brief.metre
        lift = 1.15 if phrase.letter != "A" else 1.0
        schemes = ("abac", "aabc", "abac", "abab", "aaba")
        scheme = schemes[int(rng.integers(len(schemes)))]
        cells = {
            name: rhythm.choose(metre, self._density * lift * share, style.flavour, rng)
            for name, share in (("a", 1.0), ("b", 0.9), ("c", 1.05))
        }
        bars = [cells[scheme[index % 4]] for index in range(phrase.bars)]
        bars[-1] = rhythm.cadence_rhythm(metre, is_final=phrase.is_last, rng=rng)
        return bars

    def _layout(
        self, phrase: PhrasePlan, rhythms: Sequence[tuple[int, ...]]
    ) -> tuple[list[int], list[int], list[int]]:
        """Starts, durations and bar numbers (from 0) of a phrase's notes."""
        starts, durations, bars = [], [], []
        for index, cells in enumerate(rhythms):
            at = (phrase.first_bar + index) * self._brief.metre.bar_ticks
            for size in cells:
                starts.append(at)
                durations.append(size)
                bars.append(index)
                at += size
        return starts, durations, bars

    def _contour(self, phrase: PhrasePlan, place: float) -> float:
        """The arch of a phrase in steps: up to a peak past the middle, home at the end."""
        centre = 6.5 + (1.5 if phrase.letter != "A" else 0.0)
        height = 2.6 + 0.9 * self._brief.arousal
        return float(centre + height * np.sin(np.pi * min(1.0, place * 1.05)) - height * 0.4)

    def _sing_new(
        self, phrase: PhrasePlan, chords: list[Chord], rhythms: Sequence[tuple[int, ...]]
    ) -> Line:
        starts, durations, bars = self._layout(phrase, rhythms)
        slots = self._slots(phrase, chords, starts, durations)
        motif_end = next(
            (i for i, bar in enumerate(bars) if bar >= max(1, phrase.bars // 2)), len(bars)
        )
        first = sing(slots[:motif_end], self.singer, self._rng)
        slots = self._recall_motif(slots, bars, rhythms, first)
        steps = sing(slots, self.singer, self._rng)
        return Line(tuple(starts), tuple(durations), tuple(steps))

    def _recall_motif(
        self,
        slots: list[Slot],
        bars: Sequence[int],
        rhythms: Sequence[tuple[int, ...]],
        first: Sequence[int],
    ) -> list[Slot]:
        """Fix what is sung, and ask later bars of the same rhythm for the same intervals."""
        made = [replace(slot, fixed=step) for slot, step in zip(slots, first, strict=False)]
        made += slots[len(first) :]
        for index in range(len(first), len(slots)):
            bar = bars[index]
            source = next((b for b in range(bar) if rhythms[b] == rhythms[bar]), None)
            offset = index - bars.index(bar)
            if source is None or offset == 0:
                continue
            origin = bars.index(source) + offset
            if origin < len(first):
                made[index] = replace(made[index], interval=first[origin] - first[origin - 1])
        return made

    def _slots(
        self,
        phrase: PhrasePlan,
        chords: Sequence[Chord],
        starts: Sequence[int],
        durations: Sequence[int],
    ) -> list[Slot]:
        bar = self._brief.metre.bar_ticks
        origin, length = phrase.first_bar * bar, phrase.bars * bar
        slots = [
            Slot(
                start,
                size,
                _chord_at(chords, start),
                self._contour(phrase, (start - origin) / length),
            )
            for start, size in zip(starts, durations, strict=True)
        ]
        if self._brief.style.is_pentatonic:
            degrees = (0, 1, 2, 4, 5) if not self._brief.key.is_minor else (0, 2, 3, 4, 6)
            slots = [replace(slot, ends=degrees) for slot in slots]
        slots[-1] = replace(slots[-1], ends=self._final_degrees(phrase, chords[-1]))
        return slots

    def _final_degrees(self, phrase: PhrasePlan, chord: Chord) -> tuple[int, ...]:
        if phrase.cadence == "authentic" and chord.root == self._brief.key.tonic:
            return (0,)
        degrees = tuple(
            degree for degree, pc in enumerate(self._brief.key.steps) if pc in chord.pitch_classes
        )
        return degrees or (0, 2, 4)

    def _recall(self, phrase: PhrasePlan, chords: list[Chord], line: Line) -> Line:
        """The same opening, a new ending; on later returns with small ornaments."""
        bar = self._brief.metre.bar_ticks
        shift = phrase.first_bar * bar - (line.starts[0] // bar) * bar
        starts = [start + shift for start in line.starts]
        durations, steps = list(line.durations), list(line.steps)
        keep = sum(1 for s in starts if s < (phrase.first_bar + phrase.bars // 2) * bar)
        if phrase.is_last:
            last_bar = (phrase.first_bar + phrase.bars - 1) * bar
            cut = sum(1 for s in starts if s < last_bar)
            starts, durations = [*starts[:cut], last_bar], [*durations[:cut], bar]
            steps = [*steps[:cut], steps[-1]]
        slots = self._slots(phrase, chords, starts, durations)
        made = []
        for index, slot in enumerate(slots):
            if index < keep:
                made.append(replace(slot, fixed=steps[index], ends=()))
            elif 0 < index < len(slots) - 1:
                made.append(replace(slot, interval=steps[index] - steps[index - 1]))
            else:
                made.append(slot)
        sung = sing(made, self.singer, self._rng)
        if phrase.name.count("'") >= 1:
            return self._ornament(Line(tuple(starts), tuple(durations), tuple(sung)), keep)
        return Line(tuple(starts), tuple(durations), tuple(sung))

    def _ornament(self, line: Line, until: int) -> Line:
        """Fill some thirds with the passing step between."""
        starts, durations, steps = [], [], []
        for index, (start, size, step) in enumerate(
            zip(line.starts, line.durations, line.steps, strict=True)
        ):
            following = line.steps[index + 1] if index + 1 < len(line.steps) else step
            can_split = index < until and size >= 480 and size % 240 == 0
            starts.append(start)
            steps.append(step)
            if can_split and abs(following - step) == 2 and self._rng.random() < 0.45:
                durations += [size - 240, 240]
                starts.append(start + size - 240)
                steps.append((step + following) // 2)
            else:
                durations.append(size)
        return Line(tuple(starts), tuple(durations), tuple(steps))

    def _notes(self, line: Line, chords: Sequence[Chord], phrase: PhrasePlan) -> list[Note]:
        notes = []
        for index, (start, size, step) in enumerate(
            zip(line.starts, line.durations, line.steps, strict=True)
        ):
            is_last = index == len(line.starts) - 1
            breath = 240 if is_last and size >= 960 and not phrase.is_last else 0
            pitch = self.singer.pitch(step, _chord_at(chords, start))
            notes.append(Note(start, size - breath, pitch, VELOCITY))
        return notes


def _chord_at(chords: Sequence[Chord], tick: int) -> Chord:
    for chord in chords:
        if tick < chord.end:
            return chord
    return chords[-1]
