"""Pitched sources: swept sines, modal (struck) bodies, harmonic voices with formants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Samples = NDArray[np.float32]
Formant = tuple[float, float, float]


def path(points: Sequence[tuple[float, float]], count: int, *, log: bool = False) -> Samples:
    """A curve through (position from 0 to 1, value) points, joined linearly (or geometrically)."""
    places, values = [p for p, _ in points], np.array([v for _, v in points], np.float64)
    grid = np.linspace(0.0, 1.0, max(count, 1))[:count]
    if log:
        return np.exp(np.interp(grid, places, np.log(values))).astype(np.float32)
    return np.interp(grid, places, values).astype(np.float32)


def sweep(frequency_hz: ArrayLike, count: int, sample_rate_hz: int, phase: float = 0.0) -> Samples:
    """A sine whose frequency is a number or a curve (N,)."""
    curve = np.broadcast_to(np.asarray(frequency_hz, np.float64), (count,))
    angle = np.cumsum(curve) * (2 * np.pi / sample_rate_hz) + phase
    return np.sin(angle).astype(np.float32)


def harmonics(
    frequency_hz: ArrayLike,
    amplitudes: Sequence[float],
    count: int,
    sample_rate_hz: int,
) -> Samples:
    """A sum of harmonics below 0.45 of the sample rate; `amplitudes[k]` is of harmonic k + 1."""
    curve = np.broadcast_to(np.asarray(frequency_hz, np.float64), (count,))
    angle = np.cumsum(curve) * (2 * np.pi / sample_rate_hz)
    out = np.zeros(count, np.float32)
    top = float(curve.max()) if count else 1.0
    for index, amplitude in enumerate(amplitudes, 1):
        if index * top > 0.45 * sample_rate_hz:
            break
        out += (amplitude * np.sin(index * angle)).astype(np.float32)
    return out


def voice(
    frequency_hz: ArrayLike,
    formants: Sequence[tuple[Formant, ...]],
    count: int,
    sample_rate_hz: int,
    *,
    tilt_db: float = -9.0,
    roughness: float = 0.0,
    rng: np.random.Generator | None = None,
) -> Samples:
    """A harmonic voice through a mouth that moves: harmonics weighted by formants.

    Args:
        frequency_hz: pitch, a number or a curve (N,).
        formants: mouth shapes spread evenly over time, each a tuple of (centre Hz, bandwidth Hz,
            gain 0..1); neighbours are blended.
        count: samples.
        sample_rate_hz: sample rate.
        tilt_db: fall of the source in dB per octave.
        roughness: 0..1, random jitter of pitch and amplitude.
        rng: needed where roughness is above 0.

    Source: the source-filter model (Fant 1960), done additively so that formants may move freely.
    """
    curve = np.broadcast_to(np.asarray(frequency_hz, np.float64), (count,)).copy()
    wobble = np.ones(count, np.float32)
    if roughness > 0 and rng is not None:
        knots = rng.standard_normal(count // 180 + 2)
        noise = np.interp(np.arange(count) / 180.0, np.arange(len(knots)), knots)
        curve *= 1.0 + 0.05 * roughness * noise
        wobble = (1.0 + 0.5 * roughness * np.roll(noise, 90)).clip(0.0, 2.0).astype(np.float32)
    angle = np.cumsum(curve) * (2 * np.pi / sample_rate_hz)
    step = 64
    coarse = curve[::step]
    blend = np.linspace(0, len(formants) - 1, len(coarse))
    out = np.zeros(count, np.float32)
    fine = np.arange(count) / step
    highest = int(min(0.45 * sample_rate_hz, 9000.0) / max(curve.min(), 20.0)) if count else 0
    for index in range(1, min(highest, 80) + 1):
        hz = coarse * index
        gain = np.zeros(len(coarse))
        for shape, mouth in enumerate(formants):
            weight = np.maximum(0.0, 1.0 - np.abs(blend - shape))
            for centre, width, level in mouth:
                gain += weight * level / (1.0 + ((hz - centre) / width) ** 2)
        gain *= index ** (tilt_db / 6.02) * (hz < 0.45 * sample_rate_hz)
        if gain.max() > 1e-4:
            full = np.interp(fine, np.arange(len(gain)), gain)
            out += (full * np.sin(index * angle)).astype(np.float32)
    return out * wobble


def struck(
    modes: Sequence[tuple[float, float, float]], duration_s: float, sample_rate_hz: int
) -> Samples:
    """A struck body: a sum of decaying sines (modal synthesis).

    Args:
        modes: (frequency Hz, amplitude, seconds to fall by 60 dB).
        duration_s: length.
        sample_rate_hz: sample rate.
    """
    time = np.arange(int(duration_s * sample_rate_hz), dtype=np.float64) / sample_rate_hz
    out = np.zeros(len(time), np.float32)
    for hz, amplitude, decay_s in modes:
        if hz < 0.45 * sample_rate_hz:
            used = min(len(time), int(1.4 * decay_s * sample_rate_hz) + 1)
            wave = np.sin(2 * np.pi * hz * time[:used]) * np.exp(-6.91 * time[:used] / decay_s)
            out[:used] += (amplitude * wave).astype(np.float32)
    return out
