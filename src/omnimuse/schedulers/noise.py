"""Standard normal noise for either library, the same for a picture alone and in a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from omnimuse.errors import ScheduleError
from omnimuse.schedulers.levels import Array

Noise = Callable[[Array], Array]
"""x -> fresh standard normal noise of its shape and type."""


def normal_like(x: Array, generator: Any) -> Array:
    """Noise of x's shape, type, library and device.

    Args:
        x: NumPy array or torch tensor.
        generator: `numpy.random.Generator` (for either library) or `torch.Generator`.
    """
    if isinstance(generator, np.random.Generator):
        drawn = generator.standard_normal(tuple(x.shape))
        return x.new_tensor(drawn) if hasattr(x, "new_tensor") else drawn.astype(x.dtype)
    import torch

    return torch.randn(x.shape, generator=generator, device=generator.device, dtype=x.dtype).to(
        x.device
    )


def gaussian(generator: Any) -> Noise:
    """A source of noise for a sampler; `generator` as in `normal_like`."""
    return lambda x: normal_like(x, generator)


def gaussian_each(seeds: Sequence[int]) -> Noise:
    """A source with one seed for each item of the batch, so that a batch equals its items alone.

    Drawn by NumPy for both libraries: the same seed gives the same noise in either.
    """
    generators = [np.random.default_rng(seed) for seed in seeds]

    def noise(x: Array) -> Array:
        if x.shape[0] != len(generators):
            raise ScheduleError(
                f"{len(generators)} seeds for a batch of {x.shape[0]}", hint="One seed an item."
            )
        drawn = np.stack([g.standard_normal(tuple(x.shape[1:])) for g in generators])
        return x.new_tensor(drawn) if hasattr(x, "new_tensor") else drawn.astype(x.dtype)

    return noise
