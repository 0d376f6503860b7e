"""Envelopes of single events, when events happen, and how they are laid into time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def decay(count: int, sample_rate_hz: int, *, attack_s: float, fall_s: float) -> Samples:
    """A rise of `attack_s` and an exponential fall by 60 dB in `fall_s`."""
    time = np.arange(count, dtype=np.float64) / sample_rate_hz
    rise = np.minimum(1.0, time / max(attack_s, 1e-6))
    return (rise * np.exp(-6.91 * np.maximum(0.0, time - attack_s) / fall_s)).astype(np.float32)


def arch(count: int, *, rise: float = 0.2, fall: float = 0.3) -> Samples:
    """A smooth swell: raised-cosine rise and fall as parts of the whole."""
    out = np.ones(count, np.float32)
    up, down = max(int(count * rise), 1), max(int(count * fall), 1)
    out[:up] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(up, dtype=np.float32) / up)[: len(out)]
    out[count - down :] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, down + 1) / down)[-count:]
    return out


def poisson(duration_s: float, rate_hz: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Times of independent events, sorted; at least one."""
    count = max(int(rng.poisson(duration_s * rate_hz)), 1)
    return np.sort(rng.uniform(0.0, duration_s, count))


def regular(
    duration_s: float,
    rate_hz: float,
    rng: np.random.Generator,
    *,
    jitter: float = 0.0,
    start_s: float = 0.0,
) -> NDArray[np.float64]:
    """Times at a steady pace; `jitter` is the largest deviation as a part of the period."""
    period = 1.0 / rate_hz
    times = np.arange(start_s, duration_s, period)
    if not len(times):
        times = np.array([0.0])
    moved = times + rng.uniform(-jitter, jitter, len(times)) * period
    return np.clip(moved, 0.0, None)


def scatter(
    count: int,
    sample_rate_hz: int,
    times_s: NDArray[np.float64],
    bank: Sequence[Samples],
    rng: np.random.Generator,
    *,
    spread_db: float = 6.0,
    gains: NDArray[np.float64] | None = None,
) -> Samples:
    """Lay events from a bank at the times, chosen at random, at levels that vary.

    Many events are laid by convolving sparse impulse trains with each sound of the bank; the
    result is the same, the cost no longer grows with their number.
    """
    from scipy.signal import oaconvolve

    places = (times_s * sample_rate_hz).astype(np.int64)
    kept = places < count
    places = places[kept]
    choice = rng.integers(0, len(bank), len(kept))[kept]
    levels = 10 ** (rng.uniform(-spread_db, 0.0, len(kept))[kept] / 20)
    if gains is not None:
        levels = levels * gains[kept]
    out = np.zeros(count, np.float32)
    if len(places) > 300 * len(bank):
        for index, sound in enumerate(bank):
            train = np.zeros(count, np.float32)
            np.add.at(train, places[choice == index], levels[choice == index].astype(np.float32))
            out += oaconvolve(train, sound)[:count].astype(np.float32)
        return out
    for place, index, level in zip(places, choice, levels, strict=True):
        sound = bank[index][: count - place]
        out[place : place + len(sound)] += np.float32(level) * sound
    return out
