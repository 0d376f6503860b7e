"""Noise schedules: how fast data turns into noise.

Discrete variance-preserving ones (DDPM, Stable Diffusion) are `DiscreteVP` over a list of betas;
continuous ones are `ContinuousVP`, `Cosine`, `VE`, `EDM` and `Flow`. Each gives `level(time)` for
training and `levels(steps)`, `steps + 1` levels from the noisiest to clean data, for sampling.
Continuous ones also give the stochastic differential equation dx = f x dt + g dw that they solve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from omnimuse.errors import ScheduleError
from omnimuse.schedulers.levels import Array, Level

Spacing = Literal["trailing", "leading", "linspace", "karras"]


class Schedule(Protocol):
    """What every schedule offers."""

    def level(self, time: Any) -> Level:
        """The level at a time; array times give arrays."""
        ...

    def levels(self, steps: int) -> list[Level]:
        """`steps + 1` levels from the noisiest to the clean one."""
        ...


class ContinuousSchedule(Schedule, Protocol):
    """A schedule with a differential equation behind it."""

    def sde(self, time: float) -> tuple[float, float]:
        """(f, g squared) of the forward process dx = f x dt + g dw."""
        ...


def _library(array: Any) -> Any:
    """The module with `exp`, `cos` ... for an array: torch for tensors, else NumPy."""
    if type(array).__module__.partition(".")[0] == "torch":
        import torch

        return torch
    return np


def _level(time: Any, alpha: Any, sigma: Any) -> Level:
    """A level of Python's numbers unless time is an array: NumPy's would widen float32 arrays."""
    is_array = hasattr(time, "shape") and len(time.shape) > 0
    return Level(time, alpha, sigma) if is_array else Level(float(time), float(alpha), float(sigma))


def _check_steps(steps: int, most: int | None = None) -> None:
    if steps < 1 or (most is not None and steps > most):
        raise ScheduleError(
            f"{steps} steps", hint=f"Wanted: 1 to {most}." if most else "1 or more."
        )


def linear_betas(steps: int = 1000, *, first: float = 1e-4, last: float = 0.02) -> np.ndarray:
    """Betas that grow evenly, (steps,); Ho et al. 2020, arXiv:2006.11239, section 4."""
    return np.linspace(first, last, steps)


def scaled_linear_betas(
    steps: int = 1000, *, first: float = 0.00085, last: float = 0.012
) -> np.ndarray:
    """Betas whose roots grow evenly, (steps,); Rombach et al. 2022, arXiv:2112.10752."""
    betas: np.ndarray = np.linspace(math.sqrt(first), math.sqrt(last), steps) ** 2
    return betas


def cosine_betas(steps: int = 1000, *, offset: float = 0.008, most: float = 0.999) -> np.ndarray:
    """Betas of alpha-bar = cos^2, (steps,).

    Source: Nichol and Dhariwal 2021, arXiv:2102.09672, eq. 17, clipped at `most`.
    """
    time = np.arange(steps + 1) / steps
    kept = np.cos((time + offset) / (1 + offset) * math.pi / 2) ** 2
    betas: np.ndarray = np.minimum(1 - kept[1:] / kept[:-1], most)
    return betas


def zero_terminal_snr(betas: Array) -> np.ndarray:
    """Betas changed so that the last level is noise alone; for v-prediction.

    Source: Lin et al. 2024, arXiv:2305.08891, algorithm 1.
    """
    roots = np.sqrt(np.cumprod(1.0 - np.asarray(betas, dtype=np.float64)))
    roots = (roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])
    kept = roots**2
    return 1.0 - np.concatenate((kept[:1], kept[1:] / kept[:-1]))


class DiscreteVP:
    """Variance preserving in `len(betas)` steps: times 0 (nearly clean) to N - 1; clean is -1.

    Source: Ho et al. 2020, arXiv:2006.11239, eq. 4; spacings as named by Lin et al. 2024,
    arXiv:2305.08891, table 2 ("trailing" starts at the noisiest level and is the default);
    "karras" walks evenly in sigma^(1/7) (Karras et al. 2022, arXiv:2206.00364, eq. 5).
    """

    def __init__(self, betas: Array) -> None:
        """Raises ScheduleError for betas that are no betas."""
        self.betas = np.asarray(betas, dtype=np.float64)
        if self.betas.ndim != 1 or not len(self.betas):
            raise ScheduleError("betas must be a list of numbers", hint="See linear_betas().")
        if not (np.all(self.betas > 0) and np.all(self.betas <= 1)):
            raise ScheduleError("a beta is out of range", hint="Wanted: 0 < beta <= 1.")
        self.alphas_cumprod = np.cumprod(1.0 - self.betas)
        """alpha-bar, (N,): the share of the data's variance that is left."""

    def __len__(self) -> int:
        return len(self.betas)

    def __repr__(self) -> str:
        return f"DiscreteVP({self.betas[0]:.4g} ... {self.betas[-1]:.4g}, {len(self)} steps)"

    def level(self, time: Any) -> Level:
        """The level at a time in -1 ... N - 1.

        Whole-numbered arrays (training) give arrays of their library and shape, float32 for
        tensors. Fractions between two steps are interpolated in log(sigma / alpha).

        Raises:
            ScheduleError: a time out of range.
        """
        if hasattr(time, "shape") and len(time.shape) > 0:
            return self._array_level(time)
        time = float(time)
        if not -1 <= time <= len(self) - 1:
            raise ScheduleError(f"time {time}", hint=f"Wanted: -1 (clean) to {len(self) - 1}.")
        if time < 0:
            return Level(-1.0, 1.0, 0.0)
        if time == int(time):
            kept = float(self.alphas_cumprod[int(time)])
        else:
            ratio = math.exp(float(np.interp(time, np.arange(len(self)), self._log_ratios())))
            kept = 1 / (1 + ratio**2)
        return Level(time, math.sqrt(kept), math.sqrt(1 - kept))

    def _array_level(self, time: Array) -> Level:
        if _library(time) is np:
            kept = self.alphas_cumprod[time]
            return Level(time, kept**0.5, (1 - kept) ** 0.5)
        table = time.new_tensor(self.alphas_cumprod, dtype=_library(time).float64)[time]
        return Level(time, (table**0.5).float(), ((1 - table) ** 0.5).float())

    def _log_ratios(self) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return 0.5 * np.log((1 - self.alphas_cumprod) / self.alphas_cumprod)

    def levels(self, steps: int, *, spacing: Spacing = "trailing", offset: int = 0) -> list[Level]:
        """`steps + 1` levels, the last one clean.

        Args:
            steps: network calls, 1 to N.
            spacing: which times are visited.
            offset: added to the times of "leading" (Stable Diffusion uses 1).

        Raises:
            ScheduleError: too many steps, or an unknown spacing.
        """
        _check_steps(steps, len(self))
        return [self.level(time) for time in self._times(steps, spacing, offset)] + [self.level(-1)]

    def _times(self, steps: int, spacing: str, offset: int) -> list[float]:
        count = len(self)
        if spacing == "trailing":
            return [round(count - index * count / steps) - 1 for index in range(steps)]
        if spacing == "leading":
            stride = count // steps
            return [min(index * stride + offset, count - 1) for index in reversed(range(steps))]
        if spacing == "linspace":
            return [float(t) for t in np.round(np.linspace(0, count - 1, steps))[::-1]]
        if spacing == "karras":
            logs = self._log_ratios()
            if not np.isfinite(logs[-1]):
                raise ScheduleError("no Karras spacing with zero terminal SNR", hint="trailing")
            sigmas = karras_sigmas(steps, first=math.exp(logs[-1]), last=math.exp(logs[0]))
            return [float(t) for t in np.interp(np.log(sigmas), logs, np.arange(count))]
        raise ScheduleError(f"spacing {spacing!r}", hint="trailing, leading, linspace or karras.")


@dataclass(frozen=True)
class ContinuousVP:
    """Variance preserving over times 0 to 1; Song et al. 2021, arXiv:2011.13456, eq. 32-33."""

    beta_min: float = 0.1
    beta_max: float = 20.0
    first_time: float = 1e-3
    """The cleanest time that is still asked of the network."""

    def level(self, time: Any) -> Level:
        """Give alpha = exp(-t^2 (b1 - b0) / 4 - t b0 / 2), sigma^2 = 1 - alpha^2."""
        library = _library(time)
        log_alpha = -0.25 * time**2 * (self.beta_max - self.beta_min) - 0.5 * time * self.beta_min
        log_alpha = library.asarray(log_alpha) if library is np else log_alpha
        return _level(time, library.exp(log_alpha), (-library.expm1(2 * log_alpha)) ** 0.5)

    def levels(self, steps: int) -> list[Level]:
        """Evenly in time, the last one clean."""
        _check_steps(steps)
        times = np.linspace(1.0, self.first_time, steps)
        return [*(self.level(float(time)) for time in times), Level(0.0, 1.0, 0.0)]

    def sde(self, time: float) -> tuple[float, float]:
        """Give f = -beta / 2, g^2 = beta."""
        beta = self.beta_min + time * (self.beta_max - self.beta_min)
        return -0.5 * beta, beta


@dataclass(frozen=True)
class Cosine:
    """alpha = cos(pi t / 2), sigma = sin(pi t / 2), shifted for the picture's size.

    Source: Nichol and Dhariwal 2021, arXiv:2102.09672, in the continuous form of Salimans and Ho
    2022, arXiv:2202.00512; the shift by resolution of Hoogeboom et al. 2023, arXiv:2301.11093,
    eq. 4: `shift` = side / 64 moves log SNR by -2 log(shift).
    """

    shift: float = 1.0
    first_time: float = 1e-3
    last_time: float = 0.999

    def level(self, time: Any) -> Level:
        """tan(phi) = shift * tan(pi t / 2); alpha = cos(phi), sigma = sin(phi)."""
        library = _library(time)
        half = 0.5 * math.pi * time
        half = np.asarray(half) if library is np else half
        kept, hidden = library.cos(half), self.shift * library.sin(half)
        length = (kept**2 + hidden**2) ** 0.5
        return _level(time, kept / length, hidden / length)

    def levels(self, steps: int) -> list[Level]:
        """Evenly in time, the last one clean."""
        _check_steps(steps)
        times = np.linspace(self.last_time, self.first_time, steps)
        return [*(self.level(float(time)) for time in times), Level(0.0, 1.0, 0.0)]

    def sde(self, time: float) -> tuple[float, float]:
        """Give f = d log(alpha) / dt, g^2 = -2 f, as in every variance-preserving process."""
        half = 0.5 * math.pi * time
        turn = 0.5 * math.pi * self.shift  # d(phi)/dt = turn / (cos^2 + shift^2 sin^2)
        rate = turn / (math.cos(half) ** 2 + self.shift**2 * math.sin(half) ** 2)
        drift = -rate * self.shift * math.tan(half)
        return drift, -2 * drift


@dataclass(frozen=True)
class VE:
    """Variance exploding, sigma geometric in time; Song et al. 2021, arXiv:2011.13456, eq. 30.

    The time of its levels is sigma, which is what its networks are told; `sde` and `level` take
    times in 0 ... 1.
    """

    sigma_min: float = 0.01
    sigma_max: float = 50.0

    def level(self, time: Any) -> Level:
        """Give sigma = sigma_min (sigma_max / sigma_min)^t, alpha = 1."""
        sigma = self.sigma_min * (self.sigma_max / self.sigma_min) ** time
        return _level(sigma, sigma**0, sigma)

    def levels(self, steps: int) -> list[Level]:
        """Geometric from sigma_max to sigma_min, the last one clean."""
        _check_steps(steps)
        return [
            *(self.level(float(time)) for time in np.linspace(1.0, 0.0, steps)),
            Level(0.0, 1.0, 0.0),
        ]

    def sde(self, time: float) -> tuple[float, float]:
        """Give f = 0, g^2 = d(sigma^2) / dt."""
        growth = math.log(self.sigma_max / self.sigma_min)
        return 0.0, 2 * growth * self.level(time).sigma ** 2


def karras_sigmas(
    steps: int, *, first: float = 80.0, last: float = 0.002, rho: float = 7.0
) -> np.ndarray:
    """Falling sigmas, even in sigma^(1/rho), (steps,); Karras et al. 2022, eq. 5."""
    _check_steps(steps)
    ramp = np.linspace(0.0, 1.0, steps)
    start, end = first ** (1 / rho), last ** (1 / rho)
    sigmas: np.ndarray = (start + ramp * (end - start)) ** rho
    return sigmas


@dataclass(frozen=True)
class EDM:
    """sigma is the time, alpha = 1; Karras et al. 2022, arXiv:2206.00364, table 1."""

    sigma_min: float = 0.002
    sigma_max: float = 80.0
    rho: float = 7.0

    def level(self, time: Any) -> Level:
        """The time is sigma."""
        return _level(time, time**0, time)

    def levels(self, steps: int) -> list[Level]:
        """Karras's spacing from sigma_max to sigma_min, the last one clean."""
        sigmas = karras_sigmas(steps, first=self.sigma_max, last=self.sigma_min, rho=self.rho)
        return [*(self.level(float(sigma)) for sigma in sigmas), Level(0.0, 1.0, 0.0)]

    def sde(self, time: float) -> tuple[float, float]:
        """Give f = 0, g^2 = 2 sigma."""
        return 0.0, 2 * time


@dataclass(frozen=True)
class Flow:
    """A straight line from data (0) to noise (1): alpha = 1 - t, sigma = t.

    Source: Lipman et al. 2023, arXiv:2210.02747, eq. 22; Liu et al. 2023, "Rectified flow",
    arXiv:2209.03003, eq. 1. `shift` spends more steps in the noise, as large pictures need:
    t' = shift t / (1 + (shift - 1) t), Esser et al. 2024, arXiv:2403.03206, eq. 23. It moves the
    sampler's walk (`levels`), not `level`.
    """

    shift: float = 1.0

    def level(self, time: Any) -> Level:
        """Give alpha = 1 - time, sigma = time."""
        return _level(time, 1 - time, time)

    def levels(self, steps: int) -> list[Level]:
        """Evenly before the shift, from noise alone to clean."""
        _check_steps(steps)
        return [self.level(shifted(float(t), self.shift)) for t in np.linspace(1.0, 0.0, steps + 1)]

    def sde(self, time: float) -> tuple[float, float]:
        """Give f = -1 / (1 - t), g^2 = 2 t / (1 - t).

        Raises:
            ScheduleError: at time 1, where the process has no data left to shrink.
        """
        if time >= 1:
            raise ScheduleError("the flow's equation has no value at time 1", hint="Start below.")
        return -1 / (1 - time), 2 * time / (1 - time)


def shifted(time: Any, shift: float) -> Any:
    """A flow's time moved towards noise; Esser et al. 2024, arXiv:2403.03206, eq. 23."""
    return shift * time / (1 + (shift - 1) * time)


def levels_at(schedule: Schedule, times: Sequence[float]) -> list[Level]:
    """The levels of one's own times, the noisiest first."""
    return [schedule.level(time) for time in times]
