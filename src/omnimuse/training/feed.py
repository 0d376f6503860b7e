"""Batches in the order of the steps; pictures that must be decoded are read ahead."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from omnimuse.training.dataset import Batch, Dataset
from omnimuse.training.order import BatchOrder

AHEAD = 2


class BatchFeed:
    """Gives the batch of a step and part; as a batch is a function of these, reading ahead is safe.

    Args:
        data: the training samples.
        order: which of them make up which batch.
        parts: accumulation parts of a step.
        device: where the tensors go.
    """

    def __init__(self, data: Dataset, order: BatchOrder, parts: int, device: Any) -> None:
        self._data, self._order, self._parts, self._device = data, order, parts, device
        self._waiting: dict[tuple[int, int], Future[Batch]] = {}
        self._pool = None if isinstance(data.x, np.ndarray) else ThreadPoolExecutor(AHEAD)

    def __call__(self, step: int, part: int) -> Batch:
        """The batch of one part of one step."""
        if self._pool is None:
            return self._data.batch(self._order(step, part), self._device)
        place = (step, part)
        wanted = [place]
        for _ in range(AHEAD):
            step, part = (step, part + 1) if part + 1 < self._parts else (step + 1, 0)
            wanted.append((step, part))
        self._waiting = {
            key: self._waiting.get(key)
            or self._pool.submit(self._data.batch, self._order(*key), self._device)
            for key in wanted
        }
        return self._waiting[place].result()

    def close(self) -> None:
        """End the reading ahead."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
