"""Rooms: synthetic stereo impulse responses and convolution with them.

Source: exponentially decaying noise whose highs decay faster (Moorer 1979, "About this
reverberation business"), with a few early reflections.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.sound.filters import bandpass
from omnimuse.errors import ArgumentError

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Place:
    """How a place answers.

    Attributes:
        decay_s: seconds to fall by 60 dB at 1 kHz.
        predelay_s: before the first reflection.
        brightness: decay time of the highs as a part of `decay_s`.
        wet: share of reflected sound for a source at 2 m.
    """

    decay_s: float
    predelay_s: float
    brightness: float
    wet: float


PLACES: dict[str, Place] = {
    "outdoors": Place(0.35, 0.030, 0.35, 0.03),
    "forest": Place(0.9, 0.040, 0.30, 0.10),
    "street": Place(0.8, 0.025, 0.55, 0.12),
    "room": Place(0.4, 0.006, 0.60, 0.16),
    "bathroom": Place(0.9, 0.004, 0.90, 0.30),
    "hall": Place(1.8, 0.022, 0.50, 0.28),
    "church": Place(4.0, 0.035, 0.40, 0.38),
    "cave": Place(3.0, 0.045, 0.35, 0.42),
}

_BANDS = ((60.0, 400.0, 1.1), (400.0, 2500.0, 1.0), (2500.0, 12000.0, 0.0))


@lru_cache(maxsize=32)
def impulse_response(place: str, sample_rate_hz: int) -> Samples:
    """The place's answer to a clap, (N, 2), energy 1.

    Raises:
        ArgumentError: unknown place.
    """
    if place not in PLACES:
        raise ArgumentError(f"unknown place {place!r}", hint=f"Places: {', '.join(PLACES)}.")
    room = PLACES[place]
    rng = np.random.default_rng([7, *place.encode()])
    count = int((room.decay_s + room.predelay_s) * sample_rate_hz)
    time = np.arange(count) / sample_rate_hz
    out = np.zeros((count, 2), np.float32)
    for low_hz, high_hz, share in _BANDS:
        fall_s = room.decay_s * (share or room.brightness)
        noise = rng.standard_normal((count, 2)).astype(np.float32)
        band = bandpass(noise, low_hz, min(high_hz, 0.45 * sample_rate_hz), sample_rate_hz)
        out += band * np.exp(-6.91 * time / fall_s).astype(np.float32)[:, None]
    build = np.minimum(1.0, time / max(room.predelay_s, 1e-3)) ** 2
    out *= build.astype(np.float32)[:, None]
    scale = float(np.abs(out).max())
    for _ in range(6):
        at = int(room.predelay_s * rng.uniform(0.5, 2.5) * sample_rate_hz)
        out[at % count, rng.integers(0, 2)] += np.float32(scale * rng.uniform(0.6, 1.6))
    return out / np.float32(np.sqrt(np.sum(out**2) / 2))


def reverberate(samples: Samples, sample_rate_hz: int, *, place: str, wet: float) -> Samples:
    """Put (N, 2) into a place; same length, `wet` is the level of the reflections (1 is equal)."""
    from scipy.signal import oaconvolve

    if wet <= 0 or not len(samples):
        return samples
    response = impulse_response(place, sample_rate_hz)
    tail = oaconvolve(samples, response, axes=0)[: len(samples)]
    return np.asarray(samples + np.float32(wet) * tail.astype(np.float32), np.float32)
