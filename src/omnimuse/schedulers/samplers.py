"""Samplers: walks from noise to data along a list of levels.

All take `denoise(x, level) -> data`, x at the first level and the levels, and return x at the last
one. A callback sees every step and may change x: editing methods, inpainting and progress hang
there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from omnimuse.errors import ScheduleError
from omnimuse.schedulers.levels import Array, Level, add_noise, check_levels
from omnimuse.schedulers.noise import Noise
from omnimuse.schedulers.predictions import Denoise
from omnimuse.schedulers.steps import (
    Point,
    ancestral_step,
    ddim_step,
    dpm_solver_step,
    euler_step,
    heun_step,
)


class Step(NamedTuple):
    """What a callback is shown after each step."""

    number: int
    """0 for the first step."""
    total: int
    """Steps in all."""
    x: Array
    """After the step, at `level`."""
    data: Array
    """Predicted in the step."""
    level: Level
    """Where the step led."""


Callback = Callable[[Step], "Array | None"]
"""Returns an array to go on with instead of `step.x`, or None; may raise to stop the walk."""
_Move = Callable[[Array, Array, Level, Level], Array]


def _walk(
    denoise: Denoise, x: Array, levels: Sequence[Level], move: _Move, callback: Callback | None
) -> Array:
    levels = check_levels(levels)
    count = len(levels) - 1
    for index, (now, then) in enumerate(pairwise(levels)):
        data = denoise(x, now)
        x = move(x, data, now, then)
        x = _shown(Step(index, count, x, data, then), callback)
    return x


def _shown(step: Step, callback: Callback | None) -> Array:
    changed = callback(step) if callback else None
    return step.x if changed is None else changed


def sample_ddim(
    denoise: Denoise,
    x: Array,
    levels: Sequence[Level],
    *,
    eta: float = 0.0,
    noise: Noise | None = None,
    callback: Callback | None = None,
) -> Array:
    """DDIM; Song et al. 2021, arXiv:2010.02502. `noise` is needed where eta > 0."""

    def move(x: Array, data: Array, now: Level, then: Level) -> Array:
        return ddim_step(x, data, now, then, eta=eta, noise=noise(x) if eta and noise else None)

    return _walk(denoise, x, levels, move, callback)


def sample_ancestral(
    denoise: Denoise,
    x: Array,
    levels: Sequence[Level],
    *,
    noise: Noise,
    variance: Literal["small", "large"] = "small",
    callback: Callback | None = None,
) -> Array:
    """DDPM's ancestral sampling, along any levels; Ho et al. 2020, arXiv:2006.11239, alg. 2."""

    def move(x: Array, data: Array, now: Level, then: Level) -> Array:
        return ancestral_step(x, data, now, then, noise=noise(x), variance=variance)

    return _walk(denoise, x, levels, move, callback)


def sample_euler(
    denoise: Denoise, x: Array, levels: Sequence[Level], *, callback: Callback | None = None
) -> Array:
    """Euler's method on the probability-flow equation; see `steps.euler_step`."""
    return _walk(denoise, x, levels, euler_step, callback)


@dataclass(frozen=True)
class Churn:
    """Noise put back in before each step; Karras et al. 2022, arXiv:2206.00364, algorithm 2."""

    amount: float = 40.0
    """S_churn; shared out over the steps, at most sqrt(2) - 1 of sigma in one."""
    low: float = 0.05
    """S_tmin: no churn below this sigma."""
    high: float = 50.0
    """S_tmax: none above."""
    inflation: float = 1.003
    """S_noise: deviation of the new noise."""

    def raised(self, level: Level, steps: int) -> Level:
        """The level after the noise was put back in."""
        if not self.low <= level.sigma <= self.high:
            return level
        sigma = level.sigma * (1 + min(self.amount / steps, math.sqrt(2) - 1))
        return Level(sigma, level.alpha, sigma)


def sample_heun(
    denoise: Denoise,
    x: Array,
    levels: Sequence[Level],
    *,
    churn: Churn | None = None,
    noise: Noise | None = None,
    callback: Callback | None = None,
) -> Array:
    """Heun's method, two network calls a step, one in the last.

    Args:
        denoise: (x, level) -> predicted data.
        x: noise at the first level.
        levels: falling.
        churn: makes it Karras's stochastic sampler; only where alpha = 1 and time = sigma (EDM).
        noise: needed with churn.
        callback: sees every step.

    Raises:
        ScheduleError: churn without noise, or levels that are not EDM's.
    """
    levels = check_levels(levels)
    if churn and (noise is None or any(level.alpha != 1 for level in levels)):
        raise ScheduleError("churn needs noise and alpha = 1", hint="Use the EDM schedule.")

    def move(x: Array, data: Array, now: Level, then: Level) -> Array:
        guess = euler_step(x, data, now, then)
        if then.sigma == 0:
            return guess
        return heun_step(Point(x, data, now), Point(guess, denoise(guess, then), then))

    if churn is None or noise is None:
        return _walk(denoise, x, levels, move, callback)
    count = len(levels) - 1
    for index, (now, then) in enumerate(pairwise(levels)):
        raised = churn.raised(now, count)
        added = churn.inflation * math.sqrt(max(0.0, raised.sigma**2 - now.sigma**2))
        x = x + added * noise(x) if added else x
        data = denoise(x, raised)
        x = _shown(Step(index, count, move(x, data, raised, then), data, then), callback)
    return x


def sample_dpm_solver(
    denoise: Denoise, x: Array, levels: Sequence[Level], *, callback: Callback | None = None
) -> Array:
    """DPM-Solver++(2M): one network call a step, second order; good from 10 to 20 steps.

    Source: Lu et al. 2022, arXiv:2211.01095, algorithm 2; the last step to clean data is first
    order, and so is the one to any last level in walks under 15 steps (their advice for stability).
    """
    levels = check_levels(levels)
    history: list[tuple[Array, Level]] = []

    def move(x: Array, data: Array, now: Level, then: Level) -> Array:
        is_low = then is levels[-1] and len(levels) - 1 < 15
        before = history[-1] if history and not is_low else None
        history[:] = [(data, now)]
        return dpm_solver_step(x, data, now, then, before=before)

    return _walk(denoise, x, levels, move, callback)


def invert(
    denoise: Denoise,
    data: Array,
    levels: Sequence[Level],
    *,
    rounds: int = 3,
    callback: Callback | None = None,
) -> Array:
    """The noise from which `sample_ddim` (eta 0) would make this data.

    Args:
        denoise: (x, level) -> predicted data.
        data: any shape.
        levels: falling, as for sampling; a clean last level is left out, data taken as if at the
            one before.
        rounds: corrections a step, each a network call more; 0 is plain DDIM inversion.
        callback: sees every step.

    Returns:
        x at the first level.

    Raises:
        ScheduleError: no noisy level, or rounds below 0.

    Source: Song et al. 2021, arXiv:2010.02502, section 4.3. The corrections make it exact as Pan et
    al. 2023, arXiv:2309.04907, do; instead of their fixed point of the upward step, which diverges
    at low noise, they feed back what the downward step misses.
    """
    levels = [level for level in check_levels(levels) if level.sigma > 0]
    if rounds < 0 or not levels:
        raise ScheduleError(f"{rounds} rounds over {len(levels)} noisy levels", hint="0 and 1.")
    x = levels[-1].alpha * data
    walk = levels[::-1]
    for index, (now, then) in enumerate(pairwise(walk)):
        found = denoise(x, now)
        guess = ddim_step(x, found, now, then)
        for _ in range(rounds):
            found = denoise(guess, then)
            guess = guess + (x - ddim_step(guess, found, then, now))
        x = _shown(Step(index, len(walk) - 1, guess, found, then), callback)
    return x


def keep_outside(mask: Array, data: Array, noise: Array) -> Callback:
    """A callback that holds everything outside a mask to known data: inpainting.

    Args:
        mask: 1 where the model may paint, broadcasts to x.
        data: the known data, shape of x.
        noise: that it is hidden under, shape of x; the same in all steps.

    Source: Lugmayr et al. 2022, "RePaint", arXiv:2201.09865, eq. 8, with one fixed noise and no
    resampling.
    """
    return lambda step: mask * step.x + (1 - mask) * add_noise(data, noise, step.level)
