"""A look-ahead limiter on the true peak, and normalisation to a loudness that survives it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.sound.loudness import (
    SILENCE_LUFS,
    integrated_loudness,
    oversampled_peaks,
    true_peak_dbtp,
)

Samples = NDArray[np.float32]

_LOOKAHEAD_S = 0.005
_RELEASE_S = 0.08


def limit_true_peak(
    samples: Samples, sample_rate_hz: int, *, ceiling_dbtp: float = -1.0
) -> Samples:
    """Hold the true peak of (N, channels) at or below `ceiling_dbtp`.

    The gain that each sample needs is widened over the look-ahead (minimum filter), released
    slowly and smoothed with a window of the same width, so it is in place before the peak comes.
    """
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    ceiling = 10 ** ((ceiling_dbtp - 0.1) / 20)
    peaks = oversampled_peaks(samples)
    if not len(peaks) or peaks.max() <= ceiling:
        return samples
    needed_db = 20 * np.log10(np.maximum(peaks / ceiling, 1.0))
    window = 2 * int(_LOOKAHEAD_S * sample_rate_hz) + 1
    held = maximum_filter1d(needed_db, 2 * window + 1, mode="nearest")
    reduction = np.maximum(held, _released(held, sample_rate_hz))
    smooth = uniform_filter1d(reduction.astype(np.float64), window, mode="nearest")
    limited = samples * (10 ** (-smooth / 20)).astype(np.float32)[:, None]
    over_db = true_peak_dbtp(limited) - ceiling_dbtp
    scale = np.float32(10 ** (-max(over_db, 0.0) / 20))
    return np.asarray(limited * scale, np.float32)


def _released(reduction_db: Samples, sample_rate_hz: int) -> Samples:
    """The reduction with an exponential release, computed at 1 kHz."""
    step = max(1, sample_rate_hz // 1000)
    padded = np.pad(reduction_db, (0, -len(reduction_db) % step))
    coarse = padded.reshape(-1, step).max(axis=1)
    keep = float(np.exp(-step / sample_rate_hz / _RELEASE_S))
    out, level = np.empty_like(coarse), 0.0
    for index, value in enumerate(coarse):
        level = max(float(value), level * keep)
        out[index] = level
    return np.repeat(out, step)[: len(reduction_db)]


def normalise_loudness(
    samples: Samples,
    sample_rate_hz: int,
    *,
    target_lufs: float,
    ceiling_dbtp: float = -1.0,
) -> Samples:
    """Bring (N, channels) to a loudness under a true-peak ceiling.

    Limiting takes loudness away, so gain and limiter are repeated until the target is met within
    0.1 LU (or six times: sound that is nearly all peaks cannot be made that loud). Silence is
    given back as it is.
    """
    measured = integrated_loudness(samples, sample_rate_hz)
    if measured <= SILENCE_LUFS:
        return samples
    gain_db, best = target_lufs - measured, samples
    for _ in range(6):
        louder = samples * np.float32(10 ** (gain_db / 20))
        best = limit_true_peak(louder, sample_rate_hz, ceiling_dbtp=ceiling_dbtp)
        missing_db = target_lufs - integrated_loudness(best, sample_rate_hz)
        if abs(missing_db) < 0.1:
            break
        gain_db += missing_db
    return best
