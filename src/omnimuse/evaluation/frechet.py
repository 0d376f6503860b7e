"""Fréchet distance: how far two sets of pictures are apart, as two Gaussians of their features.

    d^2 = |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))

Source: Heusel et al. 2017, arXiv:1706.08500, eq. 6. Features are pluggable; `gradient_histograms`
(Dalal and Triggs 2005) needs no trained network, suits small pictures of strokes, and is what the
recipes of `recipes/zoo/` report. The distance of finite samples is biased upwards, so that it means
something only beside the distance of real pictures from real ones at the same counts.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from omnimuse.errors import ArgumentError

Floats = npt.NDArray[np.float64]


def frechet_distance(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """The squared distance d^2 of two sets of features.

    Args:
        first: (N, D), N >= 2.
        second: (M, D), M >= 2.

    Raises:
        ArgumentError: shapes that do not fit.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ArgumentError(f"features of shapes {a.shape} and {b.shape}", hint="(N, D), (M, D).")
    gap = a.mean(0) - b.mean(0)
    cov_a = np.atleast_2d(np.cov(a, rowvar=False))
    cov_b = np.atleast_2d(np.cov(b, rowvar=False))
    root = _root(cov_a)
    # tr (Sa Sb)^(1/2) by the eigenvalues of a symmetric matrix: no complex numbers can come out.
    values = np.linalg.eigvalsh(root @ cov_b @ root)
    shared = np.sqrt(np.clip(values, 0, None)).sum()
    return max(0.0, float(gap @ gap + np.trace(cov_a) + np.trace(cov_b) - 2 * shared))


def _root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    root: Floats = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    return root


def gradient_histograms(
    pictures: npt.ArrayLike, *, cells: int = 4, directions: int = 8
) -> npt.NDArray[np.float32]:
    """How much edge of each direction lies in each cell.

    Args:
        pictures: (N, C, H, W), uint8 or in [0, 1]; channels are averaged.
        cells: in a row and in a column.
        directions: of the half circle (an edge and its opposite are one).

    Returns:
        (N, cells * cells * directions + cells * cells): each cell's edges, and its mean grey.
    """
    x = np.asarray(pictures)
    x = x.astype(np.float32) / 255 if x.dtype == np.uint8 else x.astype(np.float32)
    if x.ndim != 4:
        raise ArgumentError(f"pictures of shape {x.shape}", hint="Wanted: (N, C, H, W).")
    grey = x.mean(1)  # (N, H, W)
    down, right = np.gradient(grey, axis=(1, 2))
    size = np.hypot(down, right)
    angle = (np.arctan2(down, right) % np.pi) / np.pi * directions  # 0 ... directions
    lower = np.floor(angle)
    share = (angle - lower).astype(np.float32)
    planes = np.zeros((*grey.shape, directions + 1), np.float32)
    index = (lower.astype(np.int64) % directions)[..., None]
    np.put_along_axis(planes, index, (size * (1 - share))[..., None], axis=-1)
    index = (index + 1) % directions
    np.put_along_axis(planes, index, (size * share)[..., None], axis=-1)
    planes[..., -1] = grey
    return _pooled(planes, cells).reshape(len(x), -1)


def _pooled(planes: npt.NDArray[np.float32], cells: int) -> npt.NDArray[np.float32]:
    """Means over cells: (N, H, W, K) -> (N, cells, cells, K)."""
    for axis in (1, 2):
        edges = np.linspace(0, planes.shape[axis], cells + 1).round().astype(int)
        parts = [
            planes.take(range(a, max(a + 1, b)), axis=axis).mean(axis, keepdims=True)
            for a, b in pairwise(edges)
        ]
        planes = np.concatenate(parts, axis=axis)
    return planes


def frechet_figures(generated: npt.ArrayLike, real: npt.ArrayLike) -> dict[str, float]:
    """The distance of generated pictures from real ones, beside that of real from real.

    Args:
        generated: (N, C, H, W), uint8 or in [0, 1], N >= 2.
        real: (M, C, H, W), M >= 4. One half is compared with; the other half stands for a perfect
            model. Counts are made equal by taking the real ones evenly from first to last: data may
            be sorted in some way (the first half of MNIST's test part is neater than the other).

    Returns:
        `frechet`, `frechet_real` and their ratio `frechet_ratio`.
    """
    real, generated = np.asarray(real), np.asarray(generated)
    count = min(len(real) // 2, len(generated))
    if count < 2:
        raise ArgumentError("too few pictures to compare", hint="At least 4 real and 2 generated.")
    rows = np.arange(2 * count) * len(real) // (2 * count)
    reference = gradient_histograms(real[rows[::2]])
    perfect = frechet_distance(gradient_histograms(real[rows[1::2]]), reference)
    distance = frechet_distance(gradient_histograms(generated[:count]), reference)
    return {
        "frechet": distance,
        "frechet_real": perfect,
        "frechet_ratio": distance / max(perfect, 1e-12),
    }


def gaussian_pictures(pictures: npt.ArrayLike, count: int, *, seed: int = 0) -> Floats:
    """Draws from the Gaussian of all pixels together: what a generative model must beat.

    Args:
        pictures: (N, C, H, W), uint8.
        count: how many.
        seed: of the draws.

    Returns:
        (count, C, H, W) in [0, 1].
    """
    x = np.asarray(pictures)
    flat = x.reshape(len(x), -1).astype(np.float64) / 255
    mean, root = flat.mean(0), _root(np.atleast_2d(np.cov(flat, rowvar=False)))
    drawn = mean + np.random.default_rng(seed).standard_normal((count, flat.shape[1])) @ root
    found: Floats = np.clip(drawn, 0, 1).reshape(count, *x.shape[1:])
    return found
