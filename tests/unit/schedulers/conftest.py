"""Data of which everything is known in closed form: a Gaussian."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from omnimuse.schedulers import Level


@dataclass(frozen=True)
class GaussianData:
    mean: float = 0.7
    deviation: float = 0.4

    def denoise(self, x, level: Level):
        """E[data | x]."""
        spread = self.deviation**2
        gain = level.alpha * spread / (level.alpha**2 * spread + level.sigma**2)
        return self.mean + gain * (x - level.alpha * self.mean)

    def width(self, level: Level) -> float:
        return float(np.hypot(level.alpha * self.deviation, level.sigma))

    def flow(self, x, start: Level, end: Level):
        """Where the probability-flow equation leads: standard scores stay."""
        scores = (x - start.alpha * self.mean) / self.width(start)
        return end.alpha * self.mean + self.width(end) * scores


@pytest.fixture
def gaussian_data() -> GaussianData:
    return GaussianData()
