"""Melodies: a line of scale steps found by second-order Viterbi search over what singers like.

The state is a step of the key's scale; a chord's accidentals bend steps, so a line keeps its shape
over secondary dominants. Costs prefer chord notes on strong beats, steps over leaps, leaps that are
answered by a step back, dissonances that are prepared and resolved by step, an arch, and the
intervals of a motif that is to be recalled. Gumbel noise turns the search into sampling.
Source: the preferences follow L. B. Meyer's gap-fill, E. Narmour's implication-realisation model,
and D. Huron, "Sweet Anticipation", 2006, on statistical regularities of melodies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.music.theory import Chord, Key, Metre, local_scale

STEPS = 16
_LEAP_COST = np.array([0.85, 0.0, 0.3, 0.9, 1.15, 1.9, 4.0, 2.4] + [9.0] * (STEPS - 8))


@dataclass(frozen=True)
class Slot:
    """A note to be found.

    Attributes:
        start: tick.
        duration: ticks.
        chord: harmony at its start.
        target: wanted step on the contour.
        fixed: step that it must take, or None.
        interval: wanted motion in steps from the note before, or None.
        ends: degrees (0 to 6) that it may take, empty for any.
    """

    start: int
    duration: int
    chord: Chord
    target: float
    fixed: int | None = None
    interval: int | None = None
    ends: tuple[int, ...] = ()


@dataclass(frozen=True)
class Singer:
    """The range and temper of a melody.

    Attributes:
        key: home key.
        metre: for the weight of positions.
        lowest: MIDI pitch of the tonic-based step 0's octave floor.
        leapiness: below 1 for smooth lines, above for bold ones.
        noise: how far from the single best line a draw may go.
    """

    key: Key
    metre: Metre
    lowest: int
    leapiness: float = 1.0
    noise: float = 0.5

    def pitch(self, step: int, chord: Chord) -> int:
        """MIDI pitch of a step over a chord. Step 0 is the first tonic at or above `lowest`."""
        degree, octave = step % 7, step // 7
        natural = self.key.steps[degree]
        tonic = self.lowest + (self.key.tonic - self.lowest) % 12
        base = tonic + (natural - self.key.tonic) % 12 + 12 * octave
        bent = local_scale(self.key, chord)[degree]
        return base + ((bent - natural + 6) % 12 - 6)


def sing(slots: Sequence[Slot], singer: Singer, rng: np.random.Generator) -> list[int]:
    """The steps of a line, one per slot."""
    if not slots:
        return []
    local = np.stack([_local_costs(slot, singer) for slot in slots])
    local += -rng.gumbel(size=local.shape) * singer.noise * 0.5
    local[_forbidden(slots)] = 1e6
    dissonant = np.stack([_is_dissonant(slot, singer) for slot in slots])
    if len(slots) == 1:
        return [int(local[0].argmin())]
    moves = _move_costs(singer.leapiness)
    score = local[0][:, None] + _first_moves(slots, 1, moves, dissonant) + local[1][None, :]
    back = np.zeros((len(slots), STEPS, STEPS), np.int8)
    turns = _turn_costs()
    for index in range(2, len(slots)):
        move = _first_moves(slots, index, moves, dissonant)
        resolve = _resolution_costs(dissonant[index - 1])
        total = score[:, :, None] + turns + (move + resolve)[None, :, :]
        back[index] = total.argmin(axis=0)
        score = total.min(axis=0) + local[index][None, :]
    before, last = np.unravel_index(int(score.argmin()), score.shape)
    steps = [int(last), int(before)]
    for index in range(len(slots) - 1, 1, -1):
        steps.append(int(back[index][steps[-1], steps[-2]]))
    return steps[::-1]


def _degree_classes(slot: Slot, singer: Singer) -> NDArray[np.int64]:
    scale = local_scale(singer.key, slot.chord)
    return np.array([scale[step % 7] for step in range(STEPS)])


def _is_dissonant(slot: Slot, singer: Singer) -> NDArray[np.bool_]:
    return ~np.isin(_degree_classes(slot, singer), slot.chord.pitch_classes)


def _local_costs(slot: Slot, singer: Singer) -> NDArray[np.float64]:
    steps = np.arange(STEPS)
    costs = 0.07 * (steps - slot.target) ** 2
    strength = singer.metre.strength(slot.start)
    is_long = slot.duration >= singer.metre.beat_ticks * 1.5
    classes = _degree_classes(slot, singer)
    dissonant = _is_dissonant(slot, singer)
    costs = costs + dissonant * (0.3 + 2.6 * strength + 1.6 * is_long)
    half_above = np.isin((classes - 1) % 12, slot.chord.pitch_classes) & dissonant
    costs += half_above * (0.4 + 0.8 * strength)
    edge = np.maximum(steps - (STEPS - 2), 0) + np.maximum(1 - steps, 0)
    return np.asarray(costs + edge * 0.8)


def _forbidden(slots: Sequence[Slot]) -> NDArray[np.bool_]:
    banned = np.zeros((len(slots), STEPS), bool)
    degrees = np.arange(STEPS) % 7
    for index, slot in enumerate(slots):
        if slot.fixed is not None:
            banned[index] = True
            banned[index, slot.fixed] = False
        elif slot.ends:
            banned[index] = ~np.isin(degrees, slot.ends)
    return banned


def _move_costs(leapiness: float) -> NDArray[np.float64]:
    steps = np.arange(STEPS)
    sizes = np.abs(steps[:, None] - steps[None, :])
    scale = np.where(sizes >= 2, 1 / max(leapiness, 0.2), 1.0)
    return np.asarray(_LEAP_COST[sizes] * scale)


def _first_moves(
    slots: Sequence[Slot],
    index: int,
    moves: NDArray[np.float64],
    dissonant: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Cost of moving into slot `index`: size, motif, and how dissonances are approached."""
    steps = np.arange(STEPS)
    motion = steps[None, :] - steps[:, None]
    costs = moves + (np.abs(motion) > 1) * dissonant[index][None, :] * 1.6
    wanted = slots[index].interval
    if wanted is not None:
        costs = costs + 0.9 * np.minimum(np.abs(motion - wanted), 3)
    return np.asarray(costs)


def _resolution_costs(dissonant: NDArray[np.bool_]) -> NDArray[np.float64]:
    """A dissonance left by more than a step costs much, one that is repeated costs some."""
    steps = np.arange(STEPS)
    size = np.abs(steps[None, :] - steps[:, None])
    return np.asarray(dissonant[:, None] * (np.where(size > 1, 2.8, 0) + np.where(size == 0, 1, 0)))


def _turn_costs() -> NDArray[np.float64]:
    """Cost of two moves in a row: leaps want a step back, see-saws tire."""
    steps = np.arange(STEPS)
    first = (steps[None, :] - steps[:, None])[:, :, None]
    second = (steps[None, :] - steps[:, None])[None, :, :]
    leap = np.abs(first) >= 3
    same_way = np.sign(first) == np.sign(second)
    costs = leap * np.where(np.sign(second) == -np.sign(first), 0.0, 1.0)
    costs = costs + leap * same_way * (np.abs(second) >= 2) * 1.6
    costs = costs + (first == -second) * (first != 0) * 0.35
    return np.asarray(costs + (first == 0) * (second == 0) * 0.8)
