"""Noise levels: what all schedules give and all samplers walk along.

Every diffusion and flow process here is the same picture, x = alpha * data + sigma * noise, with
noise ~ N(0, I). A level is a pair (alpha, sigma) and the time that the network is told. Written so,
variance-preserving, variance-exploding, EDM and flow-matching models share their samplers.

Source: Kingma et al. 2021, "Variational diffusion models", arXiv:2107.00630, eq. 1; Karras et al.
2022, arXiv:2206.00364, section 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from omnimuse.errors import ScheduleError

Array = Any
"""A NumPy array or a torch tensor; results have its library, type and device."""


class Level(NamedTuple):
    """A noise level: x = alpha * data + sigma * noise.

    Attributes:
        time: what the network is told; its meaning is the schedule's.
        alpha: share of the data, >= 0. A number, or in training an array that broadcasts.
        sigma: standard deviation of the noise, >= 0; likewise.
    """

    time: Any
    alpha: Any
    sigma: Any

    @property
    def log_snr(self) -> float:
        """The level's log(alpha / sigma), half the logarithm of the signal-to-noise ratio."""
        if self.alpha <= 0:
            return -math.inf
        return math.log(self.alpha / self.sigma) if self.sigma > 0 else math.inf


def add_noise(data: Array, noise: Array, level: Level) -> Array:
    """Data hidden under noise, shape of `data`; Kingma et al. 2021, eq. 1."""
    return level.alpha * data + level.sigma * noise


def check_levels(levels: Sequence[Level]) -> list[Level]:
    """The levels as a list, if noise falls from each to the next.

    Raises:
        ScheduleError: no levels, a number out of range, or noise that does not fall.
    """
    if not levels:
        raise ScheduleError("no noise levels", hint="A sampler needs at least one.")
    for level in levels:
        numbers = (float(level.alpha), float(level.sigma))
        if not all(math.isfinite(number) and number >= 0 for number in numbers) or not any(numbers):
            raise ScheduleError(f"{level} is no noise level", hint="alpha, sigma >= 0 and finite.")
    for before, after in pairwise(levels):
        if not before.log_snr < after.log_snr:
            raise ScheduleError(
                f"noise does not fall from {before} to {after}",
                hint="Levels run from the noisiest to the cleanest, each once.",
            )
    return list(levels)


def start_at(levels: Sequence[Level], strength: float) -> list[Level]:
    """The last part of a walk: where image-to-image starts.

    Args:
        levels: the whole walk, `steps + 1` levels.
        strength: share of the steps to take, in [0, 1]; 0 leaves the last level alone (a sampler
            then returns its input untouched), 1 takes them all.

    Raises:
        ScheduleError: a strength out of range.

    Source: Meng et al. 2022, "SDEdit", arXiv:2108.01073, section 3.
    """
    if not 0.0 <= strength <= 1.0:
        raise ScheduleError(f"strength {strength}", hint="Wanted: 0 (keep) to 1 (forget).")
    steps = round((len(levels) - 1) * strength)
    return list(levels[len(levels) - 1 - steps :])
