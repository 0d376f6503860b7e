"""A concert room: early reflections and a smooth decaying tail, by fast convolution.

The tail is exponentially decaying Gaussian noise whose high frequencies die sooner, different for
left and right, which Moorer found to be the closest simple model of a good hall.
Source: J. A. Moorer, "About This Reverberation Business", Computer Music Journal 3(2), 1979.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# (delay in s, gain, pan) of the first reflections of a mid-sized hall.
_EARLY = (
    (0.0097, 0.42, -0.6), (0.0133, 0.38, 0.7), (0.0191, 0.31, 0.2), (0.0237, 0.29, -0.3),
    (0.0299, 0.24, 0.9), (0.0357, 0.21, -0.9), (0.0421, 0.17, 0.4), (0.0483, 0.15, -0.5),
)  # fmt: skip


@lru_cache(maxsize=4)
def room_response(
    sample_rate_hz: int, *, decay_s: float = 1.7, pre_delay_s: float = 0.018
) -> NDArray[np.float32]:
    """Impulse response of a room, (N, 2), energy 1 per channel.

    Args:
        sample_rate_hz: of the sound it will be applied to.
        decay_s: time in which the middle frequencies fall by 60 dB.
        pre_delay_s: pause before the tail.
    """
    from scipy.signal import butter, sosfilt

    count = int(decay_s * 1.15 * sample_rate_hz)
    rng = np.random.default_rng(1979)
    time_s = np.arange(count) / sample_rate_hz
    noise = rng.standard_normal((count, 2))
    tail = np.zeros((count, 2))
    # Bands lose 60 dB in a share of decay_s: warm lows last, air goes first.
    for low_hz, high_hz, share in ((150, 900, 1.1), (900, 3500, 0.9), (3500, 9000, 0.5)):
        edges = [low_hz, min(high_hz, sample_rate_hz * 0.45)]
        band = sosfilt(butter(2, edges, "bandpass", fs=sample_rate_hz, output="sos"), noise, axis=0)
        tail += band * (10 ** (-3 * time_s / (decay_s * share)))[:, None]
    tail /= np.sqrt(np.sum(tail**2, axis=0, keepdims=True))
    offset = int(pre_delay_s * sample_rate_hz)
    response = np.zeros((count + offset, 2))
    response[offset:] = tail
    for delay_s, gain, pan in _EARLY:
        at = int(delay_s * sample_rate_hz)
        response[at, 0] += gain * 0.55 * np.sqrt((1 - pan) / 2)
        response[at, 1] += gain * 0.55 * np.sqrt((1 + pan) / 2)
    response /= np.sqrt(np.sum(response**2, axis=0, keepdims=True))
    return response.astype(np.float32)


def reverberate(send: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """The room's answer to a stereo send, same shape; what rings past the end is cut off."""
    from scipy.signal import oaconvolve

    response = room_response(sample_rate_hz)
    wet = [oaconvolve(send[:, side], response[:, side])[: len(send)] for side in (0, 1)]
    return np.stack(wet, axis=1).astype(np.float32)


def chorus(
    send: NDArray[np.float32], sample_rate_hz: int, *, rate_hz: float = 0.4
) -> NDArray[np.float32]:
    """Two slowly swaying delays, opposite in phase for left and right; same shape as `send`."""
    count = len(send)
    position = np.arange(count, dtype=np.float64)
    sway = np.sin(2 * np.pi * rate_hz * position / sample_rate_hz)
    out = np.empty_like(send)
    for side, sign in ((0, 1.0), (1, -1.0)):
        delay = (0.012 + 0.003 * sign * sway) * sample_rate_hz
        out[:, side] = np.interp(position - delay, position, send[:, side], left=0.0)
    return out
