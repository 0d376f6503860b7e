"""Guidance: pushing a prediction away from a worse one.

All act on predictions of one kind (noise, data, v or velocity alike, since these are linear in each
other at a given x).
"""

from __future__ import annotations

from collections.abc import Callable

from omnimuse.errors import ScheduleError
from omnimuse.schedulers.levels import Array, Level

Predict = Callable[[Array, Level], Array]


def guide(good: Array, bad: Array, scale: float) -> Array:
    """Extrapolate from the worse prediction: bad + scale * (good - bad).

    With the unconditional prediction as `bad` this is classifier-free guidance (Ho and Salimans
    2022, arXiv:2207.12598, eq. 6, where w = scale - 1); with a negative prompt's, the negative
    prompt; with a smaller or less trained network's, autoguidance (Karras et al. 2024,
    arXiv:2406.02507, eq. 3). Scale 1 is no guidance and returns `good` itself.
    """
    return good if scale == 1 else bad + scale * (good - bad)


def rescaled(guided: Array, good: Array, share: float = 0.7) -> Array:
    """A guided prediction with the contrast that it had before guidance.

    Args:
        guided: (B, ...), what guidance made.
        good: (B, ...), the prediction without guidance.
        share: how much of the correction is taken, 0 to 1.

    Source: Lin et al. 2024, arXiv:2305.08891, eq. 15-16.
    """
    if share == 0:
        return guided
    factor = _deviation(good) / _deviation(guided)
    return guided * (share * factor + (1 - share))


def _deviation(array: Array) -> Array:
    """Standard deviation of each item, (B, 1, ...), with n - 1 as in torch."""
    flat = array.reshape(array.shape[0], -1)
    centred = flat - flat.mean(1)[:, None]
    deviation = ((centred**2).sum(1) / max(1, flat.shape[1] - 1)) ** 0.5
    return deviation.reshape((-1,) + (1,) * (array.ndim - 1))


def projected(good: Array, bad: Array, scale: float, *, parallel: float = 0.0) -> Array:
    """Guidance without its part along the prediction, which oversaturates colours.

    Args:
        good: (B, ...), predicted data.
        bad: (B, ...), likewise.
        scale: as in `guide`.
        parallel: how much of the part along `good` is kept, 0 to 1; 1 equals `guide`.

    Source: Sadat et al. 2025, arXiv:2410.02416, eq. 7-9, without its momentum and norm limit.
    """
    if scale == 1:
        return good
    push = (good - bad).reshape(good.shape[0], -1)
    flat = good.reshape(good.shape[0], -1)
    length = (flat**2).sum(1)[:, None] + 1e-12
    along = flat * ((push * flat).sum(1)[:, None] / length)
    changed = push - along + parallel * along
    return good + (scale - 1) * changed.reshape(good.shape)


def guided(
    good: Predict,
    bad: Predict,
    scale: float,
    *,
    rescale: float = 0.0,
    interval: tuple[float, float] | None = None,
) -> Predict:
    """Two predictors as one guided one; where there is no guidance, `bad` is not called.

    Args:
        good: the conditional or better predictor.
        bad: the unconditional, negatively prompted or worse one.
        scale: 1 is no guidance.
        rescale: share of `rescaled`, 0 to 1.
        interval: guide only at levels with sigma / alpha in (low, high], as Kynkäänniemi et al.
            2024, arXiv:2404.07724, eq. 5; None is everywhere.

    Raises:
        ScheduleError: an interval that runs backwards, or a share out of range.
    """
    if interval is not None and not interval[0] < interval[1]:
        raise ScheduleError(f"guidance interval {interval}", hint="Wanted: low < high.")
    if not 0 <= rescale <= 1:
        raise ScheduleError(f"guidance rescale {rescale}", hint="Wanted: 0 to 1.")

    def predict(x: Array, level: Level) -> Array:
        better = good(x, level)
        if scale == 1 or not is_within(level, interval):
            return better
        return rescaled(guide(better, bad(x, level), scale), better, rescale)

    return predict


def is_within(level: Level, interval: tuple[float, float] | None) -> bool:
    """Whether sigma / alpha of a level lies in (low, high]; no interval holds all levels."""
    if interval is None:
        return True
    return bool(interval[0] * level.alpha < level.sigma <= interval[1] * level.alpha)
