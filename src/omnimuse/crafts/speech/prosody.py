"""Pace and pitch of sound: time stretching by WSOLA, pitch shifting by stretching and resampling.

Source: Verhelst & Roelands 1993, "An overlap-add technique based on waveform similarity (WSOLA)
for high quality time-scale modification of speech".
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from omnimuse.errors import ArgumentError

Samples = NDArray[np.float32]

_FRAME_S = 0.030
_SEARCH_S = 0.010


def stretch_time(samples: Samples, sample_rate_hz: int, rate: float) -> Samples:
    """Make sound faster or slower without changing its pitch.

    Args:
        samples: (N,) or (N, channels); channels move together.
        sample_rate_hz: sample rate.
        rate: 0.25 to 4; 2 is twice as fast.

    Returns:
        About N / rate samples.

    Raises:
        ArgumentError: rate out of range.
    """
    if not 0.25 <= rate <= 4.0:
        raise ArgumentError(f"rate {rate} is not from 0.25 to 4")
    frame = 2 * int(_FRAME_S * sample_rate_hz / 2)
    if abs(rate - 1.0) < 1e-3 or len(samples) < 2 * frame:
        return samples
    shaped = samples.reshape(len(samples), -1)
    hop, search = frame // 2, int(_SEARCH_S * sample_rate_hz)
    padded = np.pad(shaped, ((search, frame + 2 * search + hop), (0, 0)))
    mono = padded.mean(axis=1)
    count = max(int(len(shaped) / rate), 1)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)).astype(np.float32)[:, None]
    out = np.zeros((count + 2 * frame, shaped.shape[1]), np.float32)
    follow = search
    for index in range(count // hop + 2):
        ideal = int(index * hop * rate) + search
        if ideal + frame + search >= len(padded):
            break
        start = ideal if index == 0 else _best_start(mono, ideal, follow, search, hop)
        out[index * hop : index * hop + frame] += padded[start : start + frame] * window
        follow = start + hop
    # The first half frame rises through the window alone; it is the sound's own beginning.
    out[:hop] = padded[search : search + hop]
    return out[:count].reshape((count,) if samples.ndim == 1 else (count, -1))


def _best_start(mono: Samples, ideal: int, follow: int, search: int, length: int) -> int:
    """Where, around `ideal`, sound is most like what would have followed the last frame."""
    wanted = mono[follow : follow + length]
    region = mono[ideal - search : ideal + search + length]
    if len(wanted) < length or len(region) < length:
        return ideal
    size = 1 << (len(region) + length - 1).bit_length()
    product = np.fft.rfft(region, size) * np.conj(np.fft.rfft(wanted, size))
    match = np.fft.irfft(product, size)[: len(region) - length + 1]
    energy = np.concatenate(([0.0], np.cumsum(region.astype(np.float64) ** 2)))
    norm = np.sqrt(energy[length:] - energy[:-length] + 1e-6)
    return ideal - search + int(np.argmax(match / norm[: len(match)]))


def shift_pitch(samples: Samples, sample_rate_hz: int, semitones: float) -> Samples:
    """Move the pitch (and the formants with it) by -24 to 24 semitones; same length.

    Raises:
        ArgumentError: out of range.
    """
    from scipy.signal import resample_poly

    if not -24 <= semitones <= 24:
        raise ArgumentError(f"{semitones} semitones is not from -24 to 24")
    if abs(semitones) < 0.01 or len(samples) < 0.1 * sample_rate_hz:
        return samples
    ratio = Fraction(2 ** (semitones / 12)).limit_denominator(64)
    slow = stretch_time(samples, sample_rate_hz, 1.0 / float(ratio))
    moved = resample_poly(slow, ratio.denominator, ratio.numerator, axis=0).astype(np.float32)
    missing = len(samples) - len(moved)
    if missing > 0:
        moved = np.pad(moved, [(0, missing)] + [(0, 0)] * (samples.ndim - 1))
    return np.asarray(moved[: len(samples)], np.float32)
