"""Which samples make up which batch: a pure function of seed, step, part and process."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from omnimuse.errors import DatasetError


def mix(*numbers: int) -> int:
    """One 63-bit seed out of several integers (the finaliser of SplitMix64, Steele et al. 2014)."""
    state = 0
    for number in numbers:
        state = (state + 0x9E3779B97F4A7C15 + number) % 2**64
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) % 2**64
        state ^= state >> 31
    return state >> 1


class BatchOrder:
    """Endless shuffled epochs, cut into batches, parts and processes' shares.

    Args:
        count: samples in the data set.
        batch_size: samples a step, over all parts and processes.
        parts: accumulation steps.
        seed: of the shuffling.
        process: this process's number.
        processes: how many there are.
        weights: how often each sample is drawn, (count,); an epoch then is as many draws as there
            are samples, and each sample comes once in an epoch if None.

    Raises:
        DatasetError: the batch cannot be cut evenly.
    """

    def __init__(
        self, count: int, batch_size: int, parts: int = 1, *, seed: int = 0,
        process: int = 0, processes: int = 1, weights: npt.NDArray[np.float64] | None = None,
    ) -> None:  # fmt: skip
        if batch_size % (parts * processes):
            raise DatasetError(
                f"a batch of {batch_size} does not divide by {parts} parts, {processes} processes",
                hint="Choose another train.batch_size.",
            )
        self._count, self._batch_size, self._seed = count, batch_size, seed
        self._share = batch_size // (parts * processes)
        self._parts, self._process = parts, process
        self._processes = processes
        self._epoch, self._permutation = -1, np.arange(0)
        self._shares = None if weights is None else weights / weights.sum()

    def __call__(self, step: int, part: int = 0) -> npt.NDArray[np.int64]:
        """Sample numbers of this process for one part of one step."""
        start = step * self._batch_size + (part * self._processes + self._process) * self._share
        taken: list[npt.NDArray[np.int64]] = []
        wanted = self._share
        while wanted:
            epoch, place = divmod(start, self._count)
            rows = self._shuffled(epoch)[place : place + wanted]
            taken.append(rows)
            start, wanted = start + len(rows), wanted - len(rows)
        return taken[0] if len(taken) == 1 else np.concatenate(taken)

    def _shuffled(self, epoch: int) -> npt.NDArray[np.int64]:
        if epoch != self._epoch:
            rng = np.random.default_rng([self._seed, epoch])
            self._epoch = epoch
            if self._shares is None:
                self._permutation = rng.permutation(self._count)
            else:
                self._permutation = rng.choice(self._count, self._count, p=self._shares)
        return self._permutation
