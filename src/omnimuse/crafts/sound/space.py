"""Where a sound is: distance, direction and movement, as a listener would hear them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.sound.filters import lowpass
from omnimuse.crafts.sound.reverb import PLACES, reverberate

Samples = NDArray[np.float32]

NEAR_M = 2.0
"""Distance at which sounds are designed: no loss."""

_DB_PER_DOUBLING = 4.0


def pan_stereo(samples: Samples, pan: float | Samples) -> Samples:
    """Equal-power panning to (N, 2); `pan` -1 is left, 1 right, a number or a curve (N,).

    Stereo sources are balanced rather than collapsed: the far channel is turned down and moved
    into the near one.
    """
    angle = (np.clip(np.asarray(pan, np.float32), -1, 1) + 1) * (np.pi / 4)
    left, right = np.cos(angle), np.sin(angle)
    if samples.ndim == 1 or samples.shape[1] == 1:
        mono = samples.reshape(-1)
        return np.stack((mono * left, mono * right), axis=1).astype(np.float32)
    if np.all(np.asarray(pan) == 0):
        return samples
    width = 1 - np.abs(np.asarray(pan, np.float32))
    middle, side = samples.mean(axis=1), (samples[:, 0] - samples[:, 1]) / 2 * width
    gain = np.float32(np.sqrt(2))
    return np.stack((gain * left * middle + side, gain * right * middle - side), axis=1).astype(
        np.float32
    )


def place_sound(
    samples: Samples,
    sample_rate_hz: int,
    *,
    distance_m: float = NEAR_M,
    pan: float = 0.0,
    pan_to: float | None = None,
    place: str = "outdoors",
) -> Samples:
    """A sound at a distance and a direction in a place, (N, 2).

    Distance lowers the level (4 dB a doubling: gentler than the 6 dB of a point source in free
    air, as films do, so that far things stay audible), takes away highs (air and obstacles), and
    raises the share of reflected sound.

    Args:
        samples: (N,) or (N, 2).
        sample_rate_hz: sample rate.
        distance_m: 0.5 to 2,000.
        pan: -1 left to 1 right.
        pan_to: direction at the end, if the source moves.
        place: one of `omnimuse.crafts.sound.reverb.PLACES`.
    """
    ratio = max(distance_m, 0.5) / NEAR_M
    doublings = float(np.log2(ratio))
    out = samples * np.float32(10 ** (-_DB_PER_DOUBLING * doublings / 20))
    if ratio > 1:
        cutoff_hz = max(18000.0 / (1 + 0.35 * doublings**1.6), 500.0)
        out = lowpass(out, cutoff_hz, sample_rate_hz, order=1)
    direction: float | Samples = pan
    if pan_to is not None:
        direction = np.linspace(pan, pan_to, len(out), dtype=np.float32)
    out = pan_stereo(out, direction)
    wet = PLACES[place].wet if place in PLACES else 0.0
    wet = wet * max(ratio, 1.0) ** 0.35 if place in PLACES else 1.0
    return reverberate(out, sample_rate_hz, place=place, wet=min(wet, 1.2))
