"""Tunes by the trained melody model, made ready for arrangement.

The model writes the melody of all phrases at once; the form is then read off the tune (bars that
come back share a letter) and the harmony is found for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from omnimuse.backends.base import MelodyRequest, MelodyWriter
from omnimuse.crafts.music.brief import Brief
from omnimuse.crafts.music.form import PhrasePlan
from omnimuse.crafts.music.harmony import Palette, cadence_degrees, harmonise, lay_out, realise
from omnimuse.crafts.music.piece import Note
from omnimuse.crafts.music.theory import TICKS_PER_QUARTER, Chord, Key
from omnimuse.models.melody_tokens import Melody

MODES = ("major", "minor", "dorian", "mixolydian")
METRES = ("2/4", "3/4", "4/4", "6/8", "9/8")
_VELOCITY = 84
_STRAIN = 8
Bars = tuple[tuple[tuple[int, int | None], ...], ...]


def can_write(brief: Brief) -> bool:
    """Whether the model has heard tunes of this mode, metre and style."""
    return (
        brief.style.is_modelled and brief.key.mode in MODES and brief.metre.name in METRES
        and brief.bars >= 4
    )  # fmt: skip


def request_of(brief: Brief, bars: int) -> MelodyRequest:
    """What to ask the model for."""
    pace = brief.tempo_bpm * brief.metre.beat_ticks / TICKS_PER_QUARTER
    density = brief.style.density * (1.3 + 0.4 * brief.arousal) * min(1.4, (105 / pace) ** 0.5)
    level = sum(density > edge for edge in (0.9, 1.35, 1.8, 2.4))
    return MelodyRequest(brief.key.mode, brief.metre.name, bars, density=level)


def write_tunes(
    brief: Brief, bars: int, writer: MelodyWriter, seed: int, count: int
) -> list[Melody]:
    """Draw several tunes of `bars` bars.

    Folk tunes have two strains of eight bars, and players repeat them: the model writes sixteen
    bars (or eight), and a longer piece is made of their repeats, closing with the last strain.
    """
    unit = bars if bars < 16 or bars % _STRAIN else 2 * _STRAIN
    tunes = writer.write(request_of(brief, unit), seed=seed, count=count)
    if unit == bars:
        return tunes
    return [replace(tune, bars=_repeat_strains(tune.bars, bars // _STRAIN)) for tune in tunes]


def _repeat_strains(bars: Bars, count: int) -> Bars:
    """The strains of a tune in the order in which `count` of them are played."""
    strains = {"A": bars[:_STRAIN], "B": bars[_STRAIN:]}
    cycle = "AABB" * (count // 4 + 1)
    order = {2: "AB", 3: "AAB", 5: "AABAB"}.get(count, cycle[:count])
    order = order if order.endswith("B") else order[:-1] + "B"
    return tuple(bar for name in order for bar in strains[name])


def to_notes(melody: Melody, key: Key, first_bar: int, bar_ticks: int) -> list[Note]:
    """A melody as notes around the octave above middle C; repeated pitches stay apart."""
    pitches = [pitch for bar in melody.bars for _, pitch in bar if pitch is not None]
    middle = sum(pitches) / max(1, len(pitches))
    tonic = min((key.tonic + 12 * o for o in range(3, 8)), key=lambda t: abs(t + middle - 71))
    notes = []
    for index, bar in enumerate(melody.bars):
        at = (first_bar + index) * bar_ticks
        for size, pitch in bar:
            if pitch is not None:
                notes.append(Note(at, size, tonic + pitch, _VELOCITY))
            at += size
    return notes


def read_form(plan: Sequence[PhrasePlan], melody: Melody, first_bar: int) -> list[PhrasePlan]:
    """Name the phrases by what they repeat: same opening bars, same letter."""
    openings: list[tuple[str, tuple[object, ...]]] = []
    uses: dict[str, int] = {}
    named = []
    for phrase in plan:
        if phrase.kind != "phrase":
            named.append(phrase)
            continue
        start = phrase.first_bar - first_bar
        opening = tuple(melody.bars[start : start + max(1, phrase.bars // 2)])
        letter = next((name for name, known in openings if _alike(opening, known)), "")
        if not letter:
            letter = "ABCDEFGHIJKLMNOP"[min(len(openings), 15)]
            openings.append((letter, opening))
        named.append(replace(phrase, name=letter + "'" * min(uses.get(letter, 0), 3)))
        uses[letter] = uses.get(letter, 0) + 1
    return named


def _alike(one: Sequence[object], other: Sequence[object]) -> bool:
    """Whether at least half of the bars are the same."""
    same = sum(a == b for a, b in zip(one, other, strict=False))
    return same * 2 >= max(1, len(one))


def find_harmony(
    brief: Brief,
    plan: Sequence[PhrasePlan],
    slots: Sequence[Sequence[tuple[int, int]]],
    notes: Sequence[Note],
    rng: np.random.Generator,
) -> list[list[Chord]]:
    """Chords per phrase that carry the tune, closing on the tonic; intro and coda as written.

    Returns:
        One list of chords per phrase of the plan.
    """
    flat: list[tuple[int, int]] = []
    fixed: dict[int, int] = {}
    for phrase, places in zip(plan, slots, strict=True):
        for index, slot in enumerate(places):
            if phrase.kind == "coda":
                fixed[len(flat)] = 0
            elif phrase.kind == "intro":
                away = cadence_degrees("half", brief.key.mode)[0]
                fixed[len(flat)] = 0 if index < max(1, len(places) // 2) else away
            flat.append(slot)
    fixed[len(flat) - 1] = 0
    degrees = harmonise(notes, brief.key, brief.metre, flat, cadences=fixed, rng=rng)
    style = brief.style
    palette = Palette(style.sevenths, style.ninths, 0.0, style.inversions, style.is_power)
    chords = lay_out(realise(brief.key, degrees, palette, rng), flat)
    phrases, at = [], 0
    for places in slots:
        phrases.append(chords[at : at + len(places)])
        at += len(places)
    return phrases
