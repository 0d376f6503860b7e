"""Rhythms of a melody's bars: a small vocabulary per metre, drawn by density and flavour."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from omnimuse.crafts.music.theory import TICKS_PER_QUARTER, Metre

# Durations in quarter notes.
_FOUR = (
    (4,), (2, 2), (3, 1), (2, 1, 1), (1, 1, 2), (1, 1, 1, 1), (1.5, 0.5, 2), (2, 1.5, 0.5),
    (1.5, 0.5, 1, 1), (1, 0.5, 0.5, 1, 1), (1, 1, 0.5, 0.5, 1), (1, 1, 1, 0.5, 0.5),
    (0.5, 0.5, 1, 2), (0.5, 0.5, 1, 0.5, 0.5, 1), (0.5, 0.5, 0.5, 0.5, 1, 1),
    (1, 0.5, 0.5, 0.5, 0.5, 1), (1.5, 0.5, 1.5, 0.5), (1.5, 0.5, 0.5, 0.5, 1),
    (0.75, 0.25, 1, 0.75, 0.25, 1), (0.75, 0.25, 0.75, 0.25, 1, 1), (1, 0.75, 0.25, 1, 1),
    (0.5, 1, 0.5, 1, 1), (0.5, 1, 1, 1, 0.5), (1.5, 1.5, 1), (0.5, 1, 0.5, 0.5, 1, 0.5),
    (1.5, 1, 0.5, 1), (1, 1.5, 0.5, 1), (0.5,) * 8, (0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1),
    (0.5, 0.25, 0.25, 0.5, 0.5, 1, 1), (0.5, 0.25, 0.25, 0.5, 0.25, 0.25, 1, 1),
    (0.25, 0.25, 0.5, 0.25, 0.25, 0.5, 0.5, 0.5, 1),
)  # fmt: skip
_THREE = (
    (3,), (2, 1), (1, 1, 1), (1, 2), (1.5, 0.5, 1), (1, 0.5, 0.5, 1), (2, 0.5, 0.5),
    (1, 1, 0.5, 0.5), (0.5, 0.5, 1, 1), (0.5, 0.5, 0.5, 0.5, 1), (1.5, 1.5), (1, 1.5, 0.5),
    (0.5,) * 6, (1, 0.5, 0.5, 0.5, 0.5), (0.75, 0.25, 1, 1), (1.5, 0.5, 0.5, 0.5),
)  # fmt: skip
_TWO = (
    (2,), (1, 1), (0.5, 0.5, 1), (1, 0.5, 0.5), (1.5, 0.5), (0.75, 0.25, 1),
    (0.5, 0.5, 0.5, 0.5), (0.75, 0.25, 0.5, 0.5), (0.5, 0.25, 0.25, 1), (0.5, 1, 0.5),
    (0.25, 0.25, 0.5, 1), (0.5, 0.25, 0.25, 0.5, 0.5), (0.25, 0.25, 0.25, 0.25, 0.5, 0.5),
)  # fmt: skip
_DOTTED_PAIR = (
    (3,), (1.5, 1.5), (1, 0.5, 1.5), (1.5, 1, 0.5), (1, 0.5, 1, 0.5), (0.5, 0.5, 0.5, 1.5),
    (1.5, 0.5, 0.5, 0.5), (0.5, 0.5, 0.5, 1, 0.5), (1, 0.5, 0.5, 0.5, 0.5), (0.5,) * 6,
    (2.5, 0.5), (1, 0.5, 0.75, 0.25, 0.5),
)  # fmt: skip
_DOTTED_ONE = ((1.5,), (1, 0.5), (0.5, 0.5, 0.5), (0.75, 0.25, 0.5))


@lru_cache(maxsize=32)
def vocabulary(metre: Metre) -> tuple[tuple[int, ...], ...]:
    """Bar rhythms of a metre in ticks; each sums to the bar exactly."""
    bars: Sequence[Sequence[float]]
    quarters = metre.bar_ticks / TICKS_PER_QUARTER
    if metre.is_compound:
        pairs, rest = divmod(metre.numerator // 3, 2)
        scale = 8 / metre.denominator
        bars = _product([*[_DOTTED_PAIR] * pairs, *[_DOTTED_ONE] * rest])
        bars = [[value * scale for value in bar] for bar in bars]
    elif quarters == 4:
        bars = _FOUR
    elif quarters == 3:
        bars = _THREE
    elif quarters == 2:
        bars = _TWO
    else:
        bars = _product([_group(size / TICKS_PER_QUARTER) for size in _felt(metre)])
    found = {tuple(round(value * TICKS_PER_QUARTER) for value in bar) for bar in bars}
    return tuple(sorted(bar for bar in found if sum(bar) == metre.bar_ticks))


def _felt(metre: Metre) -> list[int]:
    """Groups of an odd metre, quarters joined to threes and twos."""
    if metre.denominator >= 8:
        return list(metre.groups)
    unit, count, sizes = 4 * TICKS_PER_QUARTER // metre.denominator, metre.numerator, []
    while count > 0:
        size = 3 if count in (3, 5) or count > 6 else min(2, count)
        sizes.append(size * unit)
        count -= size
    return sizes


def _group(quarters: float) -> Sequence[Sequence[float]]:
    if quarters == 3:
        return _THREE[:8]
    if quarters == 2:
        return _TWO[:6]
    if quarters == 1.5:
        return _DOTTED_ONE
    halves = quarters / 2
    return ((quarters,), (halves, halves))


def _product(groups: Sequence[Sequence[Sequence[float]]]) -> list[list[float]]:
    bars: list[list[float]] = [[]]
    for group in groups:
        bars = [[*bar, *cell] for bar in bars for cell in group][:400]
    return bars


def choose(metre: Metre, density: float, flavour: str, rng: np.random.Generator) -> tuple[int, ...]:
    """Draw a bar's rhythm.

    Args:
        metre: of the bar.
        density: wanted notes per quarter, about 0.4 (sparse) to 2.2 (busy).
        flavour: `even`, `dotted`, `syncopated` or `flowing`.
        rng: randomness.
    """
    bars = vocabulary(metre)
    wanted = max(1.0, density * metre.bar_ticks / TICKS_PER_QUARTER)
    weights = np.array([np.exp(-((len(bar) - wanted) ** 2) / 2.2) for bar in bars])
    weights *= np.array([_flavour_weight(bar, metre, flavour) for bar in bars])
    return bars[int(rng.choice(len(bars), p=weights / weights.sum()))]


def _flavour_weight(bar: tuple[int, ...], metre: Metre, flavour: str) -> float:
    starts = np.concatenate(([0], np.cumsum(bar)[:-1]))
    syncopated = sum(
        1 for start, size in zip(starts, bar, strict=True)
        if metre.strength(int(start)) <= 0.25 and size >= TICKS_PER_QUARTER
    )  # fmt: skip
    dotted = sum(1 for size in bar if size in (360, 720) and not metre.is_compound)
    if flavour == "syncopated":
        return 1.0 + 2.5 * syncopated + 0.4 * dotted
    if flavour == "dotted":
        return (1.0 + 2.0 * dotted) * (0.15 if syncopated else 1.0)
    if flavour == "flowing":
        return (1.0 + 0.3 * dotted) * (0.1 if syncopated else 1.0) / (1.0 + max(bar) / 960)
    return (0.05 if syncopated else 1.0) / (1.0 + 0.5 * dotted)


def cadence_rhythm(metre: Metre, *, is_final: bool, rng: np.random.Generator) -> tuple[int, ...]:
    """The last bar of a phrase: a long note, the longest for the very last."""
    bars = [bar for bar in vocabulary(metre) if bar[0] * 2 >= metre.bar_ticks and len(bar) <= 2]
    bars = bars or [(metre.bar_ticks,)]
    if is_final:
        return (metre.bar_ticks,)
    longest = sorted(bars, key=lambda bar: -bar[0])[:3]
    return longest[int(rng.integers(len(longest)))]
