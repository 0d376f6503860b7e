"""What a network predicts, and how to get from one prediction to another.

With x = alpha * data + sigma * noise, a network may be trained for the noise ("epsilon"), the data
("sample"), v = alpha * noise - sigma * data ("v_prediction"; Salimans and Ho 2022,
arXiv:2202.00512) or the flow's velocity noise - data ("flow_prediction"; Lipman et al. 2023,
arXiv:2210.02747). Knowing x, each gives all others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from omnimuse.errors import ScheduleError
from omnimuse.schedulers.levels import Array, Level

PredictionType = Literal["epsilon", "sample", "v_prediction", "flow_prediction"]
Denoise = Callable[[Array, Level], Array]
"""(x, level) -> predicted data, shape of x: what samplers are given."""


def to_sample(prediction: Array, x: Array, level: Level, kind: PredictionType) -> Array:
    """The data that a prediction means, shape of `x`.

    Raises:
        ScheduleError: an unknown kind, or epsilon where no data is left in x (alpha = 0).
    """
    _, alpha, sigma = level
    if kind == "sample":
        return prediction
    if kind == "epsilon":
        if not hasattr(alpha, "shape") and alpha == 0:
            raise ScheduleError(
                "from noise alone, predicted noise says nothing of the data",
                hint="Use v_prediction, sample or flow_prediction, or start below alpha = 0.",
            )
        return (x - sigma * prediction) / alpha
    if kind == "v_prediction":
        return (alpha * x - sigma * prediction) / (alpha**2 + sigma**2)
    if kind == "flow_prediction":
        return (x - sigma * prediction) / (alpha + sigma)
    raise ScheduleError(f"prediction type {kind!r}", hint=f"One of {get_args(PredictionType)}.")


def from_sample(data: Array, x: Array, level: Level, kind: PredictionType) -> Array:
    """The prediction of some kind that means this data; sigma must be above 0 for all but "sample".

    Raises:
        ScheduleError: an unknown kind, or a clean level, where the noise cannot be known.
    """
    if kind == "sample":
        return data
    if not hasattr(level.sigma, "shape") and level.sigma == 0:
        raise ScheduleError("a clean level holds no noise to predict", hint="sigma > 0")
    noise = (x - level.alpha * data) / level.sigma
    return training_target(data, noise, level, kind)


def training_target(data: Array, noise: Array, level: Level, kind: PredictionType) -> Array:
    """What a network of some kind is to answer for this data and noise.

    Raises:
        ScheduleError: an unknown kind.
    """
    if kind == "sample":
        return data
    if kind == "epsilon":
        return noise
    if kind == "v_prediction":
        return level.alpha * noise - level.sigma * data
    if kind == "flow_prediction":
        return noise - data
    raise ScheduleError(f"prediction type {kind!r}", hint=f"One of {get_args(PredictionType)}.")


def convert(
    prediction: Array, x: Array, level: Level, *, source: PredictionType, target: PredictionType
) -> Array:
    """One kind of prediction as another, shape of `x`; raises as `to_sample` and `from_sample`."""
    if source == target:
        return prediction
    return from_sample(to_sample(prediction, x, level, source), x, level, target)


def score(data: Array, x: Array, level: Level) -> Array:
    """The gradient of log p(x) at this level, from predicted data; Tweedie's formula."""
    return (level.alpha * data - x) / level.sigma**2


def denoiser(
    predict: Callable[[Array, Level], Array],
    kind: PredictionType,
    *,
    limit: float | None = None,
) -> Denoise:
    """A sampler's view of a network.

    Args:
        predict: (x, level) -> the network's prediction, shape of x.
        kind: what it predicts.
        limit: clip predicted data to -limit ... limit, as pixel models do (usually 1).
    """

    def denoise(x: Array, level: Level) -> Array:
        data = to_sample(predict(x, level), x, level, kind)
        return data if limit is None else data.clip(-limit, limit)

    return denoise


def min_snr_weight(level: Level, kind: PredictionType, *, gamma: float = 5.0) -> Array:
    """Weight of the loss that does not overweigh nearly clean levels.

    Args:
        level: with array alpha and sigma, any shape.
        kind: what the loss compares; the weight is min(SNR, gamma) of a loss in data space,
            brought into its space.
        gamma: most weight, > 0.

    Returns:
        Shape of `level.alpha`.

    Raises:
        ScheduleError: an unknown kind.

    Source: Hang et al. 2023, arXiv:2303.09556, section 3.4; for flow by the same conversion:
    |flow error|^2 = |data error|^2 (alpha + sigma)^2 / sigma^2.
    """
    _, alpha, sigma = level
    ratio = (alpha / sigma) ** 2
    capped = ratio.clip(max=gamma) if hasattr(ratio, "clip") else min(ratio, gamma)
    if kind == "sample":
        return capped
    if kind == "epsilon":
        return capped / ratio
    if kind == "v_prediction":
        return capped / (ratio + 1)
    if kind == "flow_prediction":
        return capped * sigma**2 / (alpha + sigma) ** 2
    raise ScheduleError(f"prediction type {kind!r}", hint=f"One of {get_args(PredictionType)}.")
