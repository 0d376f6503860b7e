"""Arrangement: who plays what, how loud, and when they come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from omnimuse.crafts.music.accompaniment import FIGURES, Setting, bass_line, sustain
from omnimuse.crafts.music.brief import Brief
from omnimuse.crafts.music.drums import groove
from omnimuse.crafts.music.piece import Note, Part, Phrase, Piece
from omnimuse.crafts.music.styles import DRUMS_PROGRAM, Instrument, instruments
from omnimuse.crafts.music.theory import Chord
from omnimuse.crafts.music.voicing import lead_voices

_LOUD_DRUMS = ("pop", "rock", "house", "march", "orchestral", "chip")
_PAN = {"melody": 64, "counter": 86, "harmony": 46, "pad": 78, "bass": 62, "drums": 64}
_VOLUME = {"melody": 104, "counter": 80, "harmony": 84, "pad": 58, "bass": 92, "drums": 84}
_LIVELINESS = {"ostinato": 1.0, "rolling": 1.0, "chip": 0.8, "alberti": 0.6, "stabs": 0.6,
               "tremolo": 0.4, "pulse": 0.0, "strum": 0.4, "offbeat": 0.2, "arpeggio": -0.2,
               "broken": -0.6, "block": -0.8, "sparse": -1.0}  # fmt: skip
_REVERB = {"melody": 52, "counter": 56, "harmony": 44, "pad": 68, "bass": 18, "drums": 22}


@dataclass(frozen=True)
class Band:
    """The players by role; None where nobody plays."""

    melody: Instrument
    harmony: Instrument | None
    pad: Instrument | None
    bass: Instrument | None
    drums: bool
    counter: Instrument | None = None


def choose_band(brief: Brief, rng: np.random.Generator) -> Band:
    """Players for a brief: the instruments that were asked for, else the style's own.

    Asked instruments are the only ones heard, with two exceptions: a single instrument that cannot
    play chords is accompanied, and a single instrument named in passing for a style that lives
    by its rhythm section leads the style's band. Neither holds for a solo.
    """
    players = [i for i in brief.instruments if i.program != DRUMS_PROGRAM]
    is_band = bool(brief.style.drums) and not brief.is_exact and not brief.is_solo
    if brief.instruments and not (is_band and len(players) == 1):
        return _asked_band(brief, instruments())
    table, style = instruments(), brief.style
    harmony = table[style.harmony[int(rng.integers(len(style.harmony)))]]
    pad = table[style.pad[int(rng.integers(len(style.pad)))]] if style.pad else None
    bass = table[style.bass_instruments[0]] if style.bass_instruments else harmony
    lead = table[style.lead[int(rng.integers(len(style.lead)))]]
    if players and players[0].voice == "bass":
        bass = players[0]
    elif players:
        lead = players[0]
    drums = bool(style.drums) and (brief.arousal > -0.45 or style.drums not in _LOUD_DRUMS)
    drums = drums and not (style.drums == "orchestral" and brief.arousal < 0.25)
    return Band(lead, harmony, pad, bass, drums or len(players) < len(brief.instruments))


def _asked_band(brief: Brief, table: dict[str, Instrument]) -> Band:
    asked, style = list(brief.instruments), brief.style
    drums = any(i.program == DRUMS_PROGRAM for i in asked)
    asked = [i for i in asked if i.program != DRUMS_PROGRAM]
    if not asked:  # drums alone still need something to carry the form
        return Band(table[style.lead[0]], table[style.harmony[0]], None,
                    table[(style.bass_instruments or ("bass guitar",))[0]], True)  # fmt: skip
    bass = next((i for i in asked if i.voice == "bass"), None)
    rest = [i for i in asked if i is not bass] or asked
    lead = next((i for i in rest if i.voice == "mono"), rest[0])
    others = [i for i in rest if i is not lead]
    harmony = next((i for i in others if i.voice == "poly"), None)
    pad = next((i for i in others if i.voice == "pad"), None)
    counter = next((i for i in others if i not in (harmony, pad)), None)
    if harmony is None and lead.voice in ("poly", "pad"):
        harmony = lead
    if harmony is None and pad is None and not brief.is_solo and len(asked) == 1:
        harmony = table[style.harmony[0] if style.harmony[0] != lead.name else "piano"]
    if bass is None and counter is not None and counter.low <= 40:
        bass, counter = counter, None
    if bass is None:
        bass = harmony or (pad if pad is not None else None)
    return Band(lead, harmony, pad, bass, drums, counter)


def arrange(piece: Piece, melody: Sequence[Note], brief: Brief, rng: np.random.Generator) -> Piece:
    """The piece with all its parts around a melody."""
    band = choose_band(brief, rng)
    arranger = _Arranger(piece, brief, band, rng)
    parts = [arranger.melody(melody)]
    if band.harmony is not None:
        parts.append(arranger.harmony(melody))
    if band.pad is not None:
        parts.append(arranger.pad())
    if band.counter is not None:
        parts.append(arranger.counter(parts[0].notes))
    if band.bass is not None:
        parts.append(arranger.bass())
    if band.drums:
        parts.append(arranger.drums())
    return piece.with_parts(tuple(_shade(part, piece, brief) for part in parts if part.notes))


def _choose_figure(brief: Brief, rng: np.random.Generator) -> str:
    """One of the style's figures: busy ones for excited moods, still ones for calm moods."""
    figures = brief.style.figures
    weights = np.exp([2.0 * brief.arousal * _LIVELINESS.get(name, 0.0) for name in figures])
    return str(figures[int(rng.choice(len(figures), p=weights / weights.sum()))])


class _Arranger:
    def __init__(self, piece: Piece, brief: Brief, band: Band, rng: np.random.Generator) -> None:
        self._piece, self._brief, self._band, self._rng = piece, brief, band, rng
        self._figure = _choose_figure(brief, rng)
        self._chords = self._merged()

    def _merged(self) -> list[Chord]:
        """Equal neighbours inside a bar joined, so that figures run on."""
        merged: list[Chord] = []
        for chord in self._piece.chords:
            last = merged[-1] if merged else None
            is_same = last is not None and (last.root, last.quality, last.bass) == (
                chord.root, chord.quality, chord.bass,
            )  # fmt: skip
            if last is not None and is_same and chord.start % self._piece.metre.bar_ticks:
                merged[-1] = replace(last, duration=last.duration + chord.duration)
            else:
                merged.append(chord)
        return merged

    def melody(self, notes: Sequence[Note]) -> Part:
        instrument = self._band.melody
        shift = _octave_shift(notes, instrument)
        moved = tuple(replace(note, pitch=note.pitch + shift) for note in notes)
        return _part(instrument, "melody", moved)

    def _range(self, instrument: Instrument, melody: Sequence[Note]) -> tuple[int, int]:
        """Where inner voices lie: under the melody, within the instrument."""
        floor = min((note.pitch for note in melody), default=67)
        high = max(min(72, floor + 3, instrument.high), instrument.low + 14)
        low = max(min(50, high - 16), instrument.low)
        return low, max(high, low + 14)

    def _settings(
        self, instrument: Instrument, melody: Sequence[Note], voices: int
    ) -> list[Setting]:
        low, high = self._range(instrument, melody)
        voicings = lead_voices(self._chords, low=low, high=high, voices=voices)
        return [
            Setting(chord, pitches, self._piece.metre, 68, self._rng)
            for chord, pitches in zip(self._chords, voicings, strict=True)
        ]

    def harmony(self, melody: Sequence[Note]) -> Part:
        instrument = self._band.harmony or self._band.melody
        figure = (
            "pulse"
            if instrument.voice == "pad" and self._figure in ("broken", "strum")
            else self._figure
        )
        richest = max((len(chord.pitch_classes) for chord in self._chords), default=3)
        voices = 4 if richest > 3 and figure in ("comp", "bossa", "block", "stabs") else 3
        settings = self._settings(instrument, melody, voices)
        notes: list[Note] = []
        for index, setting in enumerate(settings):
            is_final = index == len(settings) - 1
            chosen = "block" if is_final and figure != "sparse" else figure
            notes += FIGURES[chosen](setting)
        if instrument is self._band.melody:
            notes = _without_clashes(notes, melody)
        return _part(instrument, "harmony", tuple(sorted(notes)))

    def pad(self) -> Part:
        instrument = self._band.pad or self._band.melody
        settings = self._settings(instrument, (), 3)
        settings = [replace(setting, velocity=60) for setting in settings]
        intro_end = self._piece.phrases[0].bars * self._piece.metre.bar_ticks
        waits = len(self._piece.phrases) > 2
        notes = [n for n in sustain(settings) if not waits or n.start >= intro_end]
        return _part(instrument, "pad", tuple(notes))

    def counter(self, melody: Sequence[Note]) -> Part:
        """A second voice: chord notes a third to a sixth under the melody, in longer values."""
        instrument = self._band.counter or self._band.melody
        notes: list[Note] = []
        for chord in self._chords:
            above = [n.pitch for n in melody if n.start < chord.end and n.end > chord.start]
            ceiling = min(above, default=72) - 3
            options = [p for p in range(ceiling - 10, ceiling + 1) if p % 12 in chord.pitch_classes]
            if not options:
                continue
            before = notes[-1].pitch if notes else ceiling - 4
            pitch = min(options, key=lambda p: (abs(p - before), p))
            notes.append(Note(chord.start, chord.duration, pitch, 70))
        shift = _octave_shift(notes, instrument)
        return _part(instrument, "counter", tuple(replace(n, pitch=n.pitch + shift) for n in notes))

    def bass(self) -> Part:
        instrument = self._band.bass or self._band.melody
        low = max(instrument.low, 36 if instrument.is_polyphonic else instrument.low)
        if self._figure == "broken" and instrument is self._band.harmony:
            pattern = "root"
        else:
            pattern = self._brief.style.bass
        notes = bass_line(
            self._chords, self._piece.metre, pattern, low=low, high=max(low + 20, 55), velocity=78,
            rng=self._rng,
        )  # fmt: skip
        last = self._chords[-1]
        notes = [note for note in notes if note.start < last.start]
        root = next(
            (n.pitch for n in notes if n.pitch % 12 == last.bass), low + (last.bass - low) % 12
        )
        notes.append(Note(last.start, last.duration, root, 78))
        return _part(instrument, "bass", tuple(notes))

    def drums(self) -> Part:
        piece = self._piece
        style = self._brief.style.drums or "pop"
        ends = {phrase.first_bar + phrase.bars - 1 for phrase in piece.phrases[:-1]}
        starts = {phrase.first_bar for phrase in piece.phrases[1:] if "'" not in phrase.name}
        quiet = style in ("jazz", "bossa", "lofi", "frame", "march", "shuffle")
        bars = range(max(1, piece.bars - 1))
        notes = groove(
            style, piece.metre, bars, fills=() if quiet else ends, crashes=() if quiet else starts,
            energy=(self._brief.arousal + 1) / 2, rng=self._rng,
        )  # fmt: skip
        final = piece.bars - 1
        notes += [n for n in groove(style, piece.metre, range(final, final + 1), rng=self._rng)
                  if n.start == final * piece.metre.bar_ticks]  # fmt: skip
        volume = 112 if quiet else _VOLUME["drums"]  # brushes and frames are recorded softly
        return Part("drums", 0, tuple(notes), "drums", volume, 64, _REVERB["drums"])


def _part(instrument: Instrument, role: str, notes: tuple[Note, ...]) -> Part:
    clipped = tuple(note for note in notes if 0 <= note.pitch <= 127)
    return Part(
        instrument.name, instrument.program, clipped, role, _VOLUME[role], _PAN[role], _REVERB[role]
    )


def _octave_shift(notes: Sequence[Note], instrument: Instrument) -> int:
    """Octaves that bring a line best into an instrument's range."""
    if not notes:
        return 0

    def misfit(shift: int) -> tuple[int, int]:
        outside = sum(
            max(0, instrument.low - n.pitch - shift) + max(0, n.pitch + shift - instrument.high)
            for n in notes
        )
        return outside, abs(shift)

    return min((-36, -24, -12, 0, 12, 24, 36), key=misfit)


def _without_clashes(notes: Sequence[Note], melody: Sequence[Note]) -> list[Note]:
    """Drop accompaniment notes that would strike the melody's own key on the same instrument."""
    taken = {(note.start, note.pitch) for note in melody}
    return [note for note in notes if (note.start, note.pitch) not in taken]


def _shade(part: Part, piece: Piece, brief: Brief) -> Part:
    """Loudness by metre, place in the phrase, section and mood."""
    base = 1.0 + 0.12 * brief.arousal
    shaded = []
    for note in part.notes:
        phrase = _phrase_at(piece, note.start)
        accent = 1.0 + 0.10 * (piece.metre.strength(note.start) - 0.5) * (part.role != "pad")
        arch = 1.0
        if phrase is not None and part.role in ("melody", "counter"):
            origin = phrase.first_bar * piece.metre.bar_ticks
            place = (note.start - origin) / (phrase.bars * piece.metre.bar_ticks)
            arch = 0.94 + 0.12 * float(np.sin(np.pi * min(1.0, place)))
        section = {"intro": 0.86, "B": 1.05, "C": 0.93, "coda": 0.85}
        level = section.get(phrase.name.rstrip("'") if phrase else "", 1.0)
        loud = round(note.velocity * base * accent * arch * level)
        shaded.append(replace(note, velocity=min(max(loud, 12), 122)))
    return replace(part, notes=tuple(shaded))


def _phrase_at(piece: Piece, tick: int) -> Phrase | None:
    bar = tick // piece.metre.bar_ticks
    return next((p for p in piece.phrases if p.first_bar <= bar < p.first_bar + p.bars), None)
