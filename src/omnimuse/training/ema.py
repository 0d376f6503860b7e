"""Averaged weights.

Source: Polyak and Juditsky 1992; the growing decay of short runs as in Tensorflow's
ExponentialMovingAverage: min(decay, (1 + n) / (10 + n)) after n updates.
"""

from __future__ import annotations

import copy
from typing import Any


class AveragedModel:
    """A copy of a module whose floating-point tensors follow it slowly.

    Args:
        module: what to follow.
        decay: share of the average that stays at each update, in [0, 1).
    """

    def __init__(self, module: Any, decay: float) -> None:
        self.decay = decay
        self.module = copy.deepcopy(module).requires_grad_(False).eval()
        self._pair(module)

    def _pair(self, module: Any) -> None:
        own = [*self.module.parameters(), *self.module.buffers()]
        new = [*module.parameters(), *module.buffers()]
        self._own = [t for t in own if t.is_floating_point()]
        self._new = [t for t in new if t.is_floating_point()]
        self._rest = [(a, b) for a, b in zip(own, new) if not a.is_floating_point()]

    def update(self, updates: int) -> None:
        """Follow the module after it was changed for the time number `updates`, from 0."""
        import torch

        decay = min(self.decay, (1 + updates) / (10 + updates))
        with torch.no_grad():
            new = [t.detach() for t in self._new]
            torch._foreach_lerp_(self._own, new, 1 - decay)
            for own, other in self._rest:
                own.copy_(other)
