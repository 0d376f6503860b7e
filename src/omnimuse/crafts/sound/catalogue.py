"""All sound classes by name, and one performance of a class at its natural level."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.sound.filters import highpass
from omnimuse.crafts.sound.limiting import limit_true_peak
from omnimuse.crafts.sound.loudness import SILENCE_LUFS, integrated_loudness, true_peak_dbtp
from omnimuse.crafts.sound.take import SoundClass, Take
from omnimuse.errors import ArgumentError

Samples = NDArray[np.float32]

FAMILIES = (
    "weather", "water", "fire", "animals", "vehicles", "machines", "household", "human",
    "interface", "scifi", "instruments",
)  # fmt: skip

_INTENSITY_RANGE_DB = 16.0
_HIT_PEAK_DBTP = 0.5


@lru_cache(maxsize=1)
def sound_classes() -> dict[str, SoundClass]:
    """Every sound class by name, in the order of families and files."""
    found: dict[str, SoundClass] = {}
    for family in FAMILIES:
        module = import_module(f"omnimuse.crafts.sound.classes.{family}")
        for value in vars(module).values():
            if isinstance(value, SoundClass) and value.family == family:
                found[value.name] = value
    return found


def perform(
    name: str,
    *,
    duration_s: float,
    sample_rate_hz: int,
    seed: int,
    intensity: float = 0.5,
    density: float = 0.5,
) -> Samples:
    """One performance of a class, close by, (N, 1) or (N, 2).

    Loudness is the class's own at intensity 0.5 and rises with intensity, by 16 dB from 0 to 1.
    Sounds that are nearly all peaks (clicks, knocks) are led by their peak instead, so that the
    limiter does not flatten them; the true peak stays below -1 dBTP. The seed and the class alone
    decide what is random.

    Raises:
        ArgumentError: unknown class.
    """
    classes = sound_classes()
    if name not in classes:
        raise ArgumentError(
            f"unknown sound class {name!r}", hint=f"Known: {', '.join(sorted(classes))}."
        )
    kind = classes[name]
    count = max(int(duration_s * sample_rate_hz), 1)
    rng = np.random.default_rng([seed, *name.encode()])
    samples = kind.perform(Take(count, sample_rate_hz, rng, intensity, density))
    samples = highpass(np.asarray(samples, np.float32).reshape(count, -1), 18.0, sample_rate_hz)
    measured = integrated_loudness(samples, sample_rate_hz)
    if measured <= SILENCE_LUFS:
        return samples
    gain_db = kind.level_lufs + _INTENSITY_RANGE_DB * (intensity - 0.5) - measured
    loudest_db = _HIT_PEAK_DBTP - 0.5 * _INTENSITY_RANGE_DB * (1 - intensity)
    gain_db = min(gain_db, loudest_db - true_peak_dbtp(samples))
    return limit_true_peak(samples * np.float32(10 ** (gain_db / 20)), sample_rate_hz)
