"""Grooves for the drum kit: step patterns by style, with fills at the ends of phrases."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from omnimuse.crafts.music.piece import Note
from omnimuse.crafts.music.theory import TICKS_PER_QUARTER, Metre

KICK, RIM, SNARE, CLAP, CLOSED, PEDAL, OPEN = 36, 37, 38, 39, 42, 44, 46
LOW_TOM, MID_TOM, HIGH_TOM, CRASH, RIDE, TAMBOURINE, SHAKER = 45, 47, 50, 49, 51, 54, 70
BASS_DRUM = 35

# Sixteenth steps of a 4/4 bar: X loud, x normal, o soft.
_GROOVES: dict[str, dict[int, str]] = {
    "pop": {KICK: "X.....x.X.......", SNARE: "....X.......X...", CLOSED: "x.o.x.o.x.o.x.o."},
    "rock": {KICK: "X.....x.X.x.....", SNARE: "....X.......X...", CLOSED: "X.x.X.x.X.x.X.x."},
    "house": {KICK: "X...X...X...X...", CLAP: "....x.......x...", OPEN: "..x...x...x...x.",
              CLOSED: "o.o.o.o.o.o.o.o."},
    "lofi": {KICK: "X......x..x.....", SNARE: "....x.......x...", CLOSED: "o.o.o.oo.o.o.oo."},
    "chip": {KICK: "X...x...X...x...", SNARE: "....X.......X.x.", CLOSED: "x.x.x.x.x.x.x.x."},
    "jazz": {RIDE: "x...X.x.x...X.x.", PEDAL: "....x.......x...", KICK: "o.......o......."},
    "shuffle": {KICK: "X.......X.x.....", SNARE: "....X.......X...", CLOSED: "x...x.x.x...x.x."},
    "bossa": {KICK: "x.....ox......ox", RIM: "x.....x.....x...", SHAKER: "o.x.o.x.o.x.o.x."},
    "march": {BASS_DRUM: "X.......X.......", SNARE: "x.o.x.oox.o.xxoo"},
    "orchestral": {BASS_DRUM: "X...........x...", MID_TOM: "......x.......x.",
                   LOW_TOM: "X..x..x.X..x..x."},
    "frame": {LOW_TOM: "X..o.ox..o.o....", TAMBOURINE: "....o.......o..."},
}  # fmt: skip
_LOUDNESS = {"X": 100, "x": 80, "o": 52}


def groove(
    name: str,
    metre: Metre,
    bars: range,
    *,
    fills: Collection[int] = (),
    crashes: Collection[int] = (),
    energy: float = 0.5,
    rng: np.random.Generator,
) -> list[Note]:
    """Drum notes for a stretch of bars.

    Args:
        name: a groove.
        metre: of all bars; other than 4/4 is derived from the groove's sounds.
        bars: bar numbers.
        fills: bars that end with a fill.
        crashes: bars that begin with a crash cymbal.
        energy: 0 (soft) to 1 (loud).
        rng: small differences.
    """
    pattern = _pattern(name, metre)
    step = TICKS_PER_QUARTER // 4
    scale = 0.62 + 0.45 * energy
    notes: list[Note] = []
    for bar in bars:
        origin = bar * metre.bar_ticks
        steps = metre.bar_ticks // step
        fill_from = steps - 4 if bar in fills else steps
        for sound, hits in pattern.items():
            for index, hit in enumerate(hits[:fill_from]):
                if hit in _LOUDNESS:
                    loud = int(_LOUDNESS[hit] * scale + rng.normal(0, 3))
                    notes.append(Note(origin + index * step, step, sound, min(max(loud, 1), 127)))
        for index in range(fill_from, steps):
            sound = (SNARE, HIGH_TOM, MID_TOM, LOW_TOM)[(index - fill_from) % 4]
            loud = int((70 + 8 * (index - fill_from)) * scale)
            notes.append(Note(origin + index * step, step, sound, min(loud, 127)))
        if bar in crashes:
            notes.append(Note(origin, 4 * step, CRASH, min(int(85 * scale), 127)))
    return sorted(notes)


def _pattern(name: str, metre: Metre) -> dict[int, str]:
    groove_steps = _GROOVES[name]
    if metre.name == "4/4":
        return groove_steps
    if metre.name in ("2/4", "2/2"):
        half = 8 if metre.name == "2/4" else 16
        return {sound: hits[:half] for sound, hits in groove_steps.items()}
    step = TICKS_PER_QUARTER // 4
    steps = metre.bar_ticks // step
    sounds = list(groove_steps)
    low, high = sounds[0], sounds[-1]
    back = sounds[1] if len(sounds) > 2 else high
    rows = {sound: ["."] * steps for sound in sounds}
    at, groups = 0, metre.groups
    for index, size in enumerate(groups):
        first = at // step
        rows[low if index == 0 else back][first] = "X" if index == 0 else "o"
        unit = TICKS_PER_QUARTER // 2 // step
        for place in range(first, first + size // step, unit):
            if rows[high][place] == ".":
                rows[high][place] = "x" if place == first else "o"
        at += size
    return {sound: "".join(row) for sound, row in rows.items()}
