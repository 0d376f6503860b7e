"""Stochastic samplers that follow the reverse-time differential equation.

Source: Song et al. 2021, arXiv:2011.13456. The forward process dx = f x dt + g dw runs backwards as
dx = (f x - g^2 score) dt + g dw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from omnimuse.errors import ScheduleError
from omnimuse.schedulers.levels import Array, Level, check_levels
from omnimuse.schedulers.noise import Noise
from omnimuse.schedulers.predictions import Denoise, score
from omnimuse.schedulers.samplers import Callback, Step
from omnimuse.schedulers.schedules import ContinuousSchedule
from omnimuse.schedulers.steps import posterior


def sample_euler_maruyama(
    denoise: Denoise,
    x: Array,
    schedule: ContinuousSchedule,
    times: Sequence[float],
    *,
    noise: Noise,
    callback: Callback | None = None,
) -> Array:
    """Euler-Maruyama on the reverse equation; the last step takes its mean only.

    Args:
        denoise: (x, level) -> predicted data.
        x: at the first time.
        schedule: with a differential equation.
        times: falling, those of the schedule (0 ... 1; sigma for EDM); all noisy.
        noise: fresh noise.
        callback: sees every step.

    Returns:
        x at the last time, without the last step's noise.

    Raises:
        ScheduleError: times that do not fall.

    Source: Song et al. 2021, arXiv:2011.13456, eq. 6 and appendix D.
    """
    _check_times(times)
    count = len(times) - 1
    for index, (now, then) in enumerate(pairwise(times)):
        level, width = schedule.level(now), now - then
        drift, squared = schedule.sde(now)
        data = denoise(x, level)
        x = x - width * (drift * x - squared * score(data, x, level))
        if index < count - 1:
            x = x + math.sqrt(squared * width) * noise(x)
        changed = callback(Step(index, count, x, data, schedule.level(then))) if callback else None
        x = x if changed is None else changed
    return x


def _check_times(times: Sequence[float]) -> None:
    falls = all(a > b for a, b in pairwise(times))
    if not times or not falls:
        raise ScheduleError("times must fall", hint="From the noisiest to the cleanest, each once.")


def langevin_step(x: Array, data: Array, level: Level, *, snr: float, noise: Array) -> Array:
    """One step of Langevin dynamics at a fixed level: the corrector.

    Args:
        x: (B, ...).
        data: predicted from x.
        level: of x, sigma > 0.
        snr: the step's signal-to-noise ratio, about 0.16 (VE) or 0.05 (VP).
        noise: fresh, shape of x.

    Source: Song et al. 2021, arXiv:2011.13456, algorithms 4 and 5; norms are means over the batch.
    """
    slope = score(data, x, level)
    ratio = _mean_norm(noise) / _mean_norm(slope)
    size = 2 * (snr * ratio) ** 2 * level.alpha**2
    return x + size * slope + math.sqrt(2 * size) * noise


def _mean_norm(array: Array) -> float:
    flat = array.reshape(array.shape[0], -1)
    return float(((flat**2).sum(1) ** 0.5).mean())


def sample_predictor_corrector(
    denoise: Denoise,
    x: Array,
    levels: Sequence[Level],
    *,
    noise: Noise,
    snr: float = 0.16,
    corrections: int = 1,
    callback: Callback | None = None,
) -> Array:
    """Ancestral steps, each followed by Langevin steps at the level that it led to.

    Args:
        denoise: (x, level) -> predicted data.
        x: at the first level.
        levels: falling.
        noise: fresh noise.
        snr: of the corrector.
        corrections: Langevin steps a level, >= 0.
        callback: sees every step.

    Source: Song et al. 2021, arXiv:2011.13456, algorithm 1, with the ancestral predictor of its
    appendix F (exact for any pair of levels) in place of reverse diffusion.
    """
    levels = check_levels(levels)
    count = len(levels) - 1
    for index, (now, then) in enumerate(pairwise(levels)):
        data = denoise(x, now)
        mean, deviation = posterior(x, data, now, then)
        x = mean + deviation * noise(x)
        for _ in range(corrections if then.sigma > 0 else 0):
            data = denoise(x, then)
            x = langevin_step(x, data, then, snr=snr, noise=noise(x))
        changed = callback(Step(index, count, x, data, then)) if callback else None
        x = x if changed is None else changed
    return x
