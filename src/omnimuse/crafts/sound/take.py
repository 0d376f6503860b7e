"""SoundClass: a kind of sound that can be synthesised, and Take: one performance of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.sound import noise

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Take:
    """What a synthesiser is given.

    Attributes:
        count: samples wanted.
        sample_rate_hz: sample rate.
        rng: source of all randomness.
        intensity: 0 (gentle) to 1 (violent): how hard, bright and fast the thing sounds.
        density: 0 to 1: how often its events happen.
    """

    count: int
    sample_rate_hz: int
    rng: np.random.Generator
    intensity: float = 0.5
    density: float = 0.5

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.count / self.sample_rate_hz

    def samples(self, seconds: float) -> int:
        """Seconds as a number of samples, at least 1."""
        return max(int(seconds * self.sample_rate_hz), 1)

    def harder(self, gentle: float, violent: float) -> float:
        """A value between two ends, geometrically, by intensity."""
        return float(gentle * (violent / gentle) ** self.intensity)

    def denser(self, rare: float, frequent: float) -> float:
        """A value between two ends, geometrically, by density."""
        return float(rare * (frequent / rare) ** self.density)

    def noise(self, *curve: tuple[float, float], count: int | None = None) -> Samples:
        """Noise of unit RMS along (Hz, dB) points, as long as the take unless `count` is given."""
        wanted = self.count if count is None else count
        return noise.coloured(wanted, self.sample_rate_hz, self.rng, curve)

    def wander(self, rate_hz: float, low: float = 0.0, high: float = 1.0) -> Samples:
        """A smooth random curve as long as the take."""
        return noise.wander(
            self.count, self.sample_rate_hz, self.rng, rate_hz=rate_hz, low=low, high=high
        )

    def both(self, make: Callable[[], Samples]) -> Samples:
        """Two independent performances as the left and the right channel, (N, 2)."""
        return np.stack((make(), make()), axis=1)


@dataclass(frozen=True)
class SoundClass:
    """A kind of sound.

    Attributes:
        name: `snake_case` name.
        description: what it sounds like, in a listener's words; requests are matched with it.
        family: the module it lives in: weather, water, animals, ...
        perform: makes it, (N,) mono for a source at a point, (N, 2) for one all around.
        aliases: other names, as people say them.
        names_zh: Chinese names.
        default_s: natural length.
        level_lufs: loudness at intensity 0.5, 2 m away.
        is_ambience: goes on for ever (and may be looped), rather than happening.
    """

    name: str
    description: str
    family: str
    perform: Callable[[Take], Samples]
    aliases: tuple[str, ...]
    names_zh: tuple[str, ...]
    default_s: float
    level_lufs: float
    is_ambience: bool


def sound_class(
    *aliases: str,
    zh: Sequence[str],
    default_s: float,
    level_lufs: float = -22.0,
    is_ambience: bool = False,
) -> Callable[[Callable[[Take], Samples]], SoundClass]:
    """Turn a documented synthesis function into a SoundClass of the same name."""

    def declare(perform: Callable[[Take], Samples]) -> SoundClass:
        return SoundClass(
            name=perform.__name__,
            description=" ".join((inspect.getdoc(perform) or "").split()),
            family=perform.__module__.rsplit(".", 1)[-1],
            perform=perform,
            aliases=aliases,
            names_zh=tuple(zh),
            default_s=default_s,
            level_lufs=level_lufs,
            is_ambience=is_ambience,
        )

    return declare
