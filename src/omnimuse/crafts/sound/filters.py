"""Linear filters, float32 in and out, first axis is time.

Source: Butterworth sections by scipy.signal; the resonator is Steiglitz 1994's two-pole filter
with unit gain at its centre.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


@lru_cache(maxsize=512)
def _sections(kind: str, edges_hz: tuple[float, ...], sample_rate_hz: int, order: int) -> Any:
    from scipy.signal import butter

    nyquist = sample_rate_hz / 2
    edges = [min(max(edge, 1.0), nyquist * 0.98) for edge in edges_hz]
    wanted = edges[0] if len(edges) == 1 else edges
    return butter(order, wanted, kind, fs=sample_rate_hz, output="sos")


def _filtered(sections: Any, samples: Samples) -> Samples:
    from scipy.signal import sosfilt

    return np.asarray(sosfilt(sections, samples, axis=0), np.float32)


def lowpass(samples: Samples, cutoff_hz: float, sample_rate_hz: int, *, order: int = 2) -> Samples:
    """Keep what lies below `cutoff_hz`."""
    if cutoff_hz >= 0.49 * sample_rate_hz:
        return samples
    return _filtered(_sections("lowpass", (cutoff_hz,), sample_rate_hz, order), samples)


def highpass(samples: Samples, cutoff_hz: float, sample_rate_hz: int, *, order: int = 2) -> Samples:
    """Keep what lies above `cutoff_hz`."""
    return _filtered(_sections("highpass", (cutoff_hz,), sample_rate_hz, order), samples)


def bandpass(
    samples: Samples, low_hz: float, high_hz: float, sample_rate_hz: int, *, order: int = 2
) -> Samples:
    """Keep what lies between `low_hz` and `high_hz`."""
    return _filtered(_sections("bandpass", (low_hz, high_hz), sample_rate_hz, order), samples)


def resonate(
    samples: Samples, centre_hz: float, bandwidth_hz: float, sample_rate_hz: int
) -> Samples:
    """A single resonance with unit gain at its centre."""
    from scipy.signal import lfilter

    radius = float(np.exp(-np.pi * bandwidth_hz / sample_rate_hz))
    theta = 2 * np.pi * min(centre_hz, 0.49 * sample_rate_hz) / sample_rate_hz
    gain = (1 - radius) * np.sqrt(1 - 2 * radius * np.cos(2 * theta) + radius**2)
    filtered = lfilter(
        [gain], [1.0, -2 * radius * np.cos(theta), radius**2], samples.astype(np.float64), axis=0
    )
    return np.asarray(filtered, np.float32)


def swept_lowpass(
    samples: Samples, cutoff_hz: Samples, sample_rate_hz: int, *, bands: int = 6
) -> Samples:
    """A low-pass whose cutoff moves with time, by cross-fading a ladder of fixed filters.

    Args:
        samples: (N,).
        cutoff_hz: (N,) cutoff at each sample.
        sample_rate_hz: sample rate.
        bands: rungs of the ladder, spread over the range of `cutoff_hz`.
    """
    low, high = float(cutoff_hz.min()), float(cutoff_hz.max())
    if high / low < 1.05:
        return lowpass(samples, (low + high) / 2, sample_rate_hz)
    rungs = np.geomspace(low, high, bands)
    place = np.log(cutoff_hz / low) / np.log(high / low) * (bands - 1)
    out = np.zeros_like(samples)
    for index, rung in enumerate(rungs):
        weight = np.maximum(0.0, 1.0 - np.abs(place - index))
        out += weight.astype(np.float32) * lowpass(samples, float(rung), sample_rate_hz)
    return out
