"""Harmony by functional grammar: what may follow what, sampled so that cadences come out right.

A grammar is a table of weights between degrees. A phrase's last chords are fixed by its cadence,
and the rest is drawn exactly from the chain conditioned on them (backward messages, then forward
sampling), so no draw has to be thrown away.
Source: F. Pachet, P. Roy, G. Barbieri, "Finite-Length Markov Processes with Constraints", IJCAI
2011; weights after the tables of S. Kostka, D. Payne, "Tonal Harmony".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.music.piece import Note
from omnimuse.crafts.music.theory import MODES, Chord, Key, Metre

Grammar = Mapping[int, Mapping[int, float]]

# Degree (0 is the tonic) -> weight of the degree that follows.
GRAMMARS: dict[str, Grammar] = {
    "major": {
        0: {3: 3, 4: 3, 5: 3, 1: 2, 2: 0.8}, 1: {4: 6, 3: 0.7, 6: 0.4}, 2: {5: 4, 3: 3},
        3: {4: 4, 0: 3, 1: 1.6}, 4: {0: 5, 5: 1.8, 3: 0.3}, 5: {1: 3, 3: 4, 4: 1.6, 2: 0.5},
        6: {0: 5},
    },
    "minor": {
        0: {3: 3, 4: 3, 5: 3, 6: 1.6, 2: 1, 1: 0.9}, 1: {4: 6}, 2: {5: 4, 3: 2, 6: 1},
        3: {4: 4, 0: 2, 6: 1, 1: 0.7}, 4: {0: 5, 5: 1.8}, 5: {3: 3, 2: 2, 6: 2, 4: 2, 1: 0.8},
        6: {2: 4, 0: 2, 5: 1.2},
    },
    "dorian": {
        0: {3: 5, 6: 4, 2: 1.5, 4: 1, 1: 1}, 1: {0: 2, 4: 2}, 2: {6: 3, 3: 3}, 3: {0: 5, 6: 2},
        4: {0: 3, 3: 2}, 6: {0: 5, 3: 2, 2: 1},
    },
    "mixolydian": {
        0: {6: 5, 3: 4, 4: 1.2, 1: 1}, 1: {3: 3, 0: 2, 6: 1}, 3: {0: 5, 6: 2}, 4: {0: 3, 3: 2},
        6: {3: 4, 0: 4}, 5: {3: 3, 6: 2},
    },
    "lydian": {
        0: {1: 5, 4: 3, 5: 2, 2: 1}, 1: {0: 5, 4: 1.5, 5: 1}, 2: {5: 2, 0: 2}, 4: {0: 4, 1: 2},
        5: {1: 3, 4: 2, 2: 1},
    },
    "phrygian": {
        0: {1: 5, 6: 2.5, 3: 2, 5: 1.5}, 1: {0: 5, 2: 2}, 2: {1: 3, 5: 2}, 3: {0: 3, 1: 3},
        5: {6: 2, 1: 2, 0: 1}, 6: {0: 4, 5: 1.5},
    },
}  # fmt: skip
GRAMMARS["locrian"] = GRAMMARS["phrygian"]

# The last degrees of a phrase, by cadence and kind of mode.
_CADENCES: dict[str, dict[str, tuple[int, ...]]] = {
    "authentic": {"major": (4, 0), "minor": (4, 0), "dorian": (6, 0), "mixolydian": (6, 0),
                  "lydian": (1, 0), "phrygian": (1, 0), "locrian": (1, 0)},
    "half": {"major": (4,), "minor": (4,), "dorian": (3,), "mixolydian": (6,), "lydian": (1,),
             "phrygian": (1,), "locrian": (1,)},
    "plagal": {"major": (3, 0), "minor": (3, 0), "dorian": (3, 0), "mixolydian": (3, 0),
               "lydian": (4, 0), "phrygian": (6, 0), "locrian": (6, 0)},
    "deceptive": {"major": (4, 5), "minor": (4, 5)},
}  # fmt: skip
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")


@dataclass(frozen=True)
class Palette:
    """How rich chords are.

    Attributes:
        sevenths: share of chords that get a seventh; dominants always may.
        ninths: share that get an added ninth.
        secondary: chance of a secondary dominant where one fits.
        inversions: chance that a chord stands on its third where the bass moves by step.
        is_power: root and fifth only.
    """

    sevenths: float = 0.1
    ninths: float = 0.0
    secondary: float = 0.15
    inversions: float = 0.15
    is_power: bool = False


def cadence_degrees(cadence: str, mode: str) -> tuple[int, ...]:
    """The degrees that end a phrase; modes without a deceptive cadence get the authentic one."""
    return _CADENCES[cadence].get(mode) or _CADENCES["authentic"][mode]


def sample_degrees(
    mode: str,
    count: int,
    *,
    first: int | None,
    last: Sequence[int],
    rng: np.random.Generator,
) -> list[int]:
    """Draw `count` degrees from the mode's grammar with the first and the last ones given."""
    last = list(last)[-count:]
    free = count - len(last)
    matrix = _matrix(mode)
    messages = [np.zeros(7) for _ in range(count)]
    messages[-1][last[-1]] = 1.0
    for index in range(count - 2, -1, -1):
        message = matrix @ messages[index + 1]
        if index >= free:  # a given degree stands, allowed by the grammar or not
            message = np.eye(7)[last[index - free]] * max(message[last[index - free]], 1e-9)
        messages[index] = message
    degrees: list[int] = []
    for index in range(count):
        if index >= free:
            degrees.append(last[index - free])
            continue
        prior = np.eye(7)[first] if index == 0 and first is not None else None
        if prior is None:
            prior = matrix[degrees[-1]] if degrees else np.ones(7)
        weights = prior * messages[index]
        if weights.sum() <= 0:
            weights = prior if prior.sum() > 0 else np.ones(7)
        degrees.append(int(rng.choice(7, p=weights / weights.sum())))
    return degrees


def _matrix(mode: str) -> NDArray[np.float64]:
    matrix = np.zeros((7, 7))
    for degree, following in GRAMMARS[mode].items():
        for target, weight in following.items():
            matrix[degree, target] = weight
    sums = matrix.sum(axis=1, keepdims=True)
    return np.asarray(matrix / np.where(sums > 0, sums, 1.0))


def diatonic_chord(key: Key, degree: int, *, size: int = 3) -> Chord:
    """The triad (`size` 3) or seventh chord (4) on a degree.

    Minor keys take the raised leading note in V and vii, as common practice does.
    """
    steps = MODES[key.mode]
    pitches = [steps[(degree + 2 * i) % 7] + 12 * ((degree + 2 * i) // 7) for i in range(size)]
    if key.mode == "minor" and degree == 4:
        pitches[1] += 1
    root = pitches[0]
    intervals = tuple(pitch - root for pitch in pitches)
    quality = {
        (0, 4, 7): "maj", (0, 3, 7): "min", (0, 3, 6): "dim", (0, 4, 8): "aug",
        (0, 4, 7, 10): "7", (0, 4, 7, 11): "maj7", (0, 3, 7, 10): "min7", (0, 3, 6, 10): "hdim7",
        (0, 3, 6, 9): "dim7",
    }.get(intervals, "maj")  # fmt: skip
    numeral = _NUMERALS[degree]
    if quality.startswith(("min", "dim", "hdim")):
        numeral = numeral.lower()
    numeral += {"dim": "°", "hdim7": "ø7", "dim7": "°7", "7": "7", "maj7": "maj7",
                "min7": "7"}.get(quality, "")  # fmt: skip
    root_class = (key.tonic + root) % 12
    return Chord(root_class, quality, numeral, root_class)


def realise(
    key: Key, degrees: Sequence[int], palette: Palette, rng: np.random.Generator
) -> list[Chord]:
    """Degrees as chords: sevenths, ninths, secondary dominants and inversions by the palette."""
    chords: list[Chord] = []
    for index, degree in enumerate(degrees):
        following = degrees[index + 1] if index + 1 < len(degrees) else None
        is_dominant = degree == 4 and following == 0
        size = 4 if rng.random() < max(palette.sevenths, 0.5 if is_dominant else 0.0) else 3
        chord = diatonic_chord(key, degree, size=size)
        target = None if following is None else diatonic_chord(key, following)
        can_lead = (
            target is not None and index > 0 and following in (1, 3, 4, 5)
            and degree not in (following, 4) and target.quality in ("maj", "min")
            and key.mode in ("major", "minor")
        )  # fmt: skip
        if target is not None and can_lead and rng.random() < palette.secondary:
            root = (target.root + 7) % 12
            chord = Chord(root, "7", f"V7/{target.roman}", root)
        elif size == 3 and chord.quality in ("maj", "min") and rng.random() < palette.ninths:
            chord = replace(chord, quality="add9" if chord.quality == "maj" else "madd9")
        if palette.is_power and chord.quality in ("maj", "min"):
            chord = replace(chord, quality="5")
        chords.append(chord)
    for index in range(1, len(chords) - 1):
        chords[index] = _maybe_invert(chords[index - 1 : index + 2], palette, rng)
    return chords


def _maybe_invert(three: Sequence[Chord], palette: Palette, rng: np.random.Generator) -> Chord:
    """Put the third in the bass where that makes the bass move by step on both sides."""
    before, chord, after = three
    if len(chord.pitch_classes) < 3:
        return chord
    third = chord.pitch_classes[1]
    near = {1, 2, 10, 11}
    is_smooth = (third - before.bass) % 12 in near and (after.bass - third) % 12 in near
    if is_smooth and rng.random() < max(palette.inversions, 0.01) * 4:
        return replace(chord, bass=third)
    return chord


def lay_out(chords: Sequence[Chord], slots: Sequence[tuple[int, int]]) -> list[Chord]:
    """Place chords at (start, duration) in ticks."""
    return [
        replace(chord, start=start, duration=duration)
        for chord, (start, duration) in zip(chords, slots, strict=True)
    ]


def harmonise(
    notes: Sequence[Note],
    key: Key,
    metre: Metre,
    slots: Sequence[tuple[int, int]],
    *,
    cadences: Mapping[int, int],
    rng: np.random.Generator,
) -> list[int]:
    """Degrees that carry a given melody: the best path through the grammar (Viterbi).

    Args:
        notes: the melody.
        key: home key.
        metre: for the weight of positions.
        slots: (start, duration) of each chord in ticks.
        cadences: slot index -> degree wanted there.
        rng: breaks ties.

    Returns:
        One degree per slot.

    Source: the hidden Markov view of harmonisation of M. Allan, C. Williams, "Harmonising Chorales
    by Probabilistic Inference", NIPS 2004, with a hand-made grammar in place of a learned one.
    """
    log_matrix = np.log(_matrix(key.mode) + 0.004)
    fits = np.array([_slot_fit(notes, key, metre, slot) for slot in slots])
    fits += rng.gumbel(size=fits.shape) * 0.15
    for index, degree in cadences.items():
        fits[index, degree] += 6.0
    used = [degree for degree in range(7) if degree in GRAMMARS[key.mode]]
    banned = np.full(7, -1e9)
    banned[used] = 0
    score = fits[0] + banned
    score[0] += 2.0
    back = np.zeros((len(slots), 7), int)
    for index in range(1, len(slots)):
        held = np.eye(7) * 2.0  # staying on a chord is always allowed
        total = score[:, None] + np.maximum(log_matrix, np.log(0.004)) + held
        back[index] = total.argmax(axis=0)
        score = total.max(axis=0) + fits[index] + banned
    degrees = [int(score.argmax())]
    for index in range(len(slots) - 1, 0, -1):
        degrees.append(int(back[index][degrees[-1]]))
    return degrees[::-1]


def _slot_fit(
    notes: Sequence[Note], key: Key, metre: Metre, slot: tuple[int, int]
) -> NDArray[np.float64]:
    """How well each degree's triad carries the notes of a slot."""
    start, duration = slot
    fit = np.zeros(7)
    triads = [set(diatonic_chord(key, degree).pitch_classes) for degree in range(7)]
    for note in notes:
        overlap = min(note.end, start + duration) - max(note.start, start)
        if overlap <= 0:
            continue
        weight = overlap / duration * (0.6 + metre.strength(max(note.start, start)))
        for degree in range(7):
            is_in = note.pitch % 12 in triads[degree]
            is_root = note.pitch % 12 == (key.tonic + MODES[key.mode][degree]) % 12
            fit[degree] += weight * ((2.4 + 0.3 * is_root) if is_in else -2.0)
    return fit
