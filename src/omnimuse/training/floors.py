"""Figures of the trivial models that a trained one must beat: every pixel on its own."""

from __future__ import annotations

import numpy as np

from omnimuse.training.dataset import Dataset


def bernoulli_floor_nats(train: Dataset, held_out: Dataset) -> float:
    """Independent pixels, for pictures whose pixels are drawn as 1 with their grey value.

    Args:
        train: uint8 pictures; each pixel's frequency is its mean grey value.
        held_out: uint8 pictures of the same shape.

    Returns:
        Expected negative log likelihood of a binarised held-out picture, in nats.
    """
    p = np.clip(train.x.reshape(len(train), -1).mean(0) / 255, 1e-4, 1 - 1e-4)
    x = held_out.x.reshape(len(held_out), -1) / 255
    return float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(1).mean())


def histogram_floor_bits(train: Dataset, held_out: Dataset) -> float:
    """Independent pixels, each with the histogram of its 256 levels (a tenth of a count added).

    Returns:
        Negative log likelihood of held-out pictures, in bits per dimension.
    """
    counts = np.full((256, train.x[0].size), 0.1)
    for level in range(256):
        counts[level] += (train.x == level).sum(0).ravel()
    bits = -np.log2(counts / counts.sum(0))
    x = held_out.x.reshape(len(held_out), -1)
    return float(bits[x, np.arange(x.shape[1])].mean())


def mean_picture_error(train: Dataset, held_out: Dataset) -> float:
    """Mean squared error of giving the mean picture for every picture, pixels in [0, 1]."""
    mean = train.x.mean(0) / 255
    return float(((held_out.x / 255 - mean) ** 2).mean())
