"""Single steps from one noise level to a cleaner one.

Each is given x, the data predicted from it and both levels. They need no division by alpha, so they
also start at noise alone (flow matching, zero terminal SNR).
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from omnimuse.errors import ScheduleError
from omnimuse.schedulers.levels import Array, Level


def noise_in(x: Array, data: Array, level: Level) -> Array:
    """The noise that hides this data in x, shape of `x`; sigma must be above 0."""
    return (x - level.alpha * data) / level.sigma


class Posterior(NamedTuple):
    """q(x at the cleaner level | x, data), a Gaussian."""

    mean: Array
    deviation: float


def posterior(
    x: Array, data: Array, now: Level, then: Level, *, variance: Literal["small", "large"] = "small"
) -> Posterior:
    """Where x was one step earlier, if the data is known.

    Args:
        x: noisy, any shape.
        data: predicted or true, shape of `x`.
        now: the level of x.
        then: a cleaner one.
        variance: "small" is the posterior's own; "large" is the forward step's (the paper's
            sigma^2 = beta), the upper bound where data is N(0, I).

    Source: Ho et al. 2020, arXiv:2006.11239, eq. 6-7; for any two levels Kingma et al. 2021,
    arXiv:2107.00630, eq. 25-29. Holds for variance-exploding and flow processes as well.
    """
    ratio = now.alpha / then.alpha
    added = max(0.0, now.sigma**2 - ratio**2 * then.sigma**2)  # variance that the step puts in
    before = then.sigma**2 / now.sigma**2
    mean = ratio * before * x + then.alpha * added / now.sigma**2 * data
    wide = added if variance == "large" and then.sigma > 0 else added * before
    return Posterior(mean, math.sqrt(wide))


def ancestral_step(
    x: Array,
    data: Array,
    now: Level,
    then: Level,
    *,
    noise: Array,
    variance: Literal["small", "large"] = "small",
) -> Array:
    """A draw from the posterior: DDPM's step, and the ancestral Euler step, at `then`."""
    mean, deviation = posterior(x, data, now, then, variance=variance)
    return mean + deviation * noise if deviation else mean


def ddim_step(
    x: Array, data: Array, now: Level, then: Level, *, eta: float = 0.0, noise: Array = None
) -> Array:
    """The predicted data, hidden again under the predicted noise, less of it.

    Args:
        x: noisy, any shape.
        data: predicted from x, shape of `x`.
        now: the level of x.
        then: a cleaner one.
        eta: randomness, >= 0; 0 is deterministic, 1 equals `ancestral_step`.
        noise: fresh noise, shape of `x`; needed if eta > 0.

    Raises:
        ScheduleError: eta below 0, or above 0 with no noise.

    Source: Song et al. 2021, arXiv:2010.02502, eq. 12 and 16. With eta 0 this is also Euler's step
    of the probability-flow equation, in Karras's variables and in a flow's alike.
    """
    if eta < 0 or (eta > 0 and noise is None):
        raise ScheduleError(f"eta {eta}", hint="Wanted: >= 0, with fresh noise where above 0.")
    fresh = min(eta * posterior(x, data, now, then).deviation, then.sigma) if eta else 0.0
    old = math.sqrt(max(0.0, then.sigma**2 - fresh**2))
    moved = then.alpha * data + old * noise_in(x, data, now)
    return moved + fresh * noise if fresh else moved


def euler_step(x: Array, data: Array, now: Level, then: Level) -> Array:
    """Euler's step of dx = data d(alpha) + noise d(sigma); equals `ddim_step` with eta 0.

    Source: Karras et al. 2022, arXiv:2206.00364, eq. 4 and algorithm 1; Lipman et al. 2023,
    arXiv:2210.02747.
    """
    return ddim_step(x, data, now, then)


class Point(NamedTuple):
    """A place on a walk: x, the data predicted from it, its level."""

    x: Array
    data: Array
    level: Level


def heun_step(start: Point, end: Point) -> Array:
    """The trapezoid of the slopes at a step's start and at where Euler's step led.

    Args:
        start: before the step.
        end: after Euler's step, with the data predicted there; its sigma must be above 0.

    Returns:
        x at the end's level.

    Source: Karras et al. 2022, arXiv:2206.00364, algorithm 1. Written for dx = data d(alpha) +
    noise d(sigma), which is theirs for alpha = 1 and a flow's Heun step for alpha = 1 - sigma.
    """
    first, second = start.level, end.level
    data = 0.5 * (start.data + end.data)
    noise = 0.5 * (noise_in(*start) + noise_in(*end))
    return start.x + (second.alpha - first.alpha) * data + (second.sigma - first.sigma) * noise


def dpm_solver_step(
    x: Array, data: Array, now: Level, then: Level, *, before: tuple[Array, Level] | None = None
) -> Array:
    """DPM-Solver++(2M): the noise's decay solved exactly, the data extrapolated along a line.

    Args:
        x: noisy, any shape.
        data: predicted from x.
        now: the level of x.
        then: a cleaner one.
        before: data predicted one step earlier and its level; None makes the step first order.

    Source: Lu et al. 2022, arXiv:2211.01095, algorithm 2. Where log SNR is infinite (from noise
    alone, to clean data) the line has no slope and the step is first order.
    """
    decay = now.alpha * then.sigma / (now.sigma * then.alpha)  # exp(-h)
    if before is not None:
        width, earlier = then.log_snr - now.log_snr, now.log_snr - before[1].log_snr
        if math.isfinite(width) and math.isfinite(earlier):
            data = data + (width / (2 * earlier)) * (data - before[0])
    return then.sigma / now.sigma * x + then.alpha * (1 - decay) * data
