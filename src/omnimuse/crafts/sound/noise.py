"""Noise with a wanted spectrum, and slow random curves that move it.

All samples are float32 (N,); all randomness comes from the generator that is passed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Curve = tuple[tuple[float, float], ...]

_TAPS = 4097
_FLOOR_DB = -90.0
_SKIRT_DB = 15.0


def white(count: int, rng: np.random.Generator) -> Samples:
    """White Gaussian noise of unit RMS."""
    return rng.standard_normal(count, dtype=np.float32)


@lru_cache(maxsize=256)
def _shaping_filter(curve: Curve, sample_rate_hz: int) -> Any:
    """FIR taps whose response follows the curve, joined linearly over log frequency."""
    from scipy.signal import firwin2

    nyquist = sample_rate_hz / 2
    grid = np.concatenate(([0.0], np.geomspace(10.0, nyquist, 400)))
    points = sorted(curve)
    octaves = np.log2(np.maximum(grid, 1.0))
    low, high = np.log2(max(points[0][0], 1.0)), np.log2(points[-1][0])
    gains_db = np.interp(
        octaves, np.log2([max(hz, 1.0) for hz, _ in points]), [db for _, db in points]
    )
    beyond = np.maximum(low - octaves, 0.0) + np.maximum(octaves - high, 0.0)
    gains_db = np.maximum(gains_db - _SKIRT_DB * beyond, _FLOOR_DB)
    taps = firwin2(_TAPS, grid / nyquist, 10 ** (gains_db / 20))
    return (taps / np.sqrt(np.sum(taps**2))).astype(np.float32)


def coloured(
    count: int, sample_rate_hz: int, rng: np.random.Generator, curve: Sequence[tuple[float, float]]
) -> Samples:
    """Gaussian noise of unit RMS whose level follows `curve`.

    Args:
        count: samples wanted.
        sample_rate_hz: sample rate.
        rng: source of randomness.
        curve: points (frequency in Hz, level in dB), joined over log frequency; outside of them it
            falls by 15 dB an octave.
    """
    from scipy.signal import oaconvolve

    source = white(count + _TAPS - 1, rng)
    shaped = oaconvolve(source, _shaping_filter(tuple(curve), sample_rate_hz), mode="valid")
    return np.asarray(shaped, np.float32)


def pink(count: int, sample_rate_hz: int, rng: np.random.Generator) -> Samples:
    """Noise that falls by 3 dB an octave from 20 Hz."""
    octaves = np.log2(sample_rate_hz / 2 / 20.0)
    return coloured(
        count, sample_rate_hz, rng, ((20.0, 0.0), (sample_rate_hz / 2.0, -3.01 * octaves))
    )


def wander(
    count: int,
    sample_rate_hz: int,
    rng: np.random.Generator,
    *,
    rate_hz: float,
    low: float = 0.0,
    high: float = 1.0,
) -> Samples:
    """A smooth random curve within [low, high] that turns about `rate_hz` times a second."""
    position = np.arange(count, dtype=np.float64) * (rate_hz / sample_rate_hz)
    position += rng.uniform(0.0, 1.0)
    index = position.astype(np.int64)
    knots = rng.uniform(low, high, int(index[-1]) + 2 if count else 2)
    part = position - index
    part = part * part * (3.0 - 2.0 * part)
    return np.asarray(knots[index] * (1.0 - part) + knots[index + 1] * part, np.float32)


def gusts(
    count: int, sample_rate_hz: int, rng: np.random.Generator, *, rate_hz: float, depth: float
) -> Samples:
    """A multiplier around 1 with slow swells and quicker ripples; `depth` from 0 (none) to 1."""
    slow = wander(count, sample_rate_hz, rng, rate_hz=rate_hz, low=-1.0)
    quick = wander(count, sample_rate_hz, rng, rate_hz=rate_hz * 5.3, low=-1.0)
    return np.asarray(10 ** (depth * (0.7 * slow + 0.2 * quick)), np.float32)
