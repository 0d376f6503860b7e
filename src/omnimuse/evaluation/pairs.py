"""Figures of pairs: a picture beside the picture that it should be, or beside its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from omnimuse.errors import ArgumentError

Floats = npt.NDArray[np.float64]


def psnr(first: npt.ArrayLike, second: npt.ArrayLike, *, peak: float = 1.0) -> float:
    """Peak signal-to-noise ratio in dB; infinite for equal pictures.

    Raises:
        ArgumentError: shapes that differ.
    """
    a, b = _same(first, second)
    error = float(((a - b) ** 2).mean())
    return float("inf") if error == 0 else 10 * float(np.log10(peak**2 / error))


def ssim(first: npt.ArrayLike, second: npt.ArrayLike, *, peak: float = 1.0) -> float:
    """Structural similarity, 1 for equal pictures: Gaussian windows of sigma 1.5, 11 px wide.

    Source: Wang et al. 2004, "Image quality assessment", IEEE TIP 13(4). Means over channels.

    Args:
        first: (H, W) or (C, H, W), both sides at least 11 px.
        second: of the same shape.
        peak: the range of values.

    Raises:
        ArgumentError: shapes that differ, or smaller than the window.
    """
    from scipy.ndimage import gaussian_filter

    a, b = _same(first, second)
    if a.ndim not in (2, 3) or min(a.shape[-2:]) < 11:
        raise ArgumentError(f"pictures of shape {a.shape}", hint="At least 11 x 11 px.")
    if a.ndim == 3:
        return float(np.mean([ssim(x, y, peak=peak) for x, y in zip(a, b, strict=True)]))

    def blur(x: Floats) -> Floats:
        found: Floats = gaussian_filter(x, 1.5, truncate=3.5)
        return found

    mean_a, mean_b = blur(a), blur(b)
    spread_a, spread_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    shared = blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    found = (2 * mean_a * mean_b + c1) * (2 * shared + c2)
    found = found / ((mean_a**2 + mean_b**2 + c1) * (spread_a + spread_b + c2))
    return float(found[5:-5, 5:-5].mean())


def clip_score(pictures: npt.ArrayLike, texts: npt.ArrayLike, *, scale: float = 100.0) -> float:
    """CLIPScore: mean of max(cosine, 0) of pictures and their own texts, times a scale.

    Source: Hessel et al. 2021, arXiv:2104.08718 (scale 2.5 there, 100 in common use). Which
    encoder made the vectors must be said beside it.

    Args:
        pictures: (N, D).
        texts: (N, D), of the same encoder.
        scale: what a cosine of 1 gives.
    """
    a, b = _same(pictures, texts)
    return scale * float(np.maximum((_unit(a) * _unit(b)).sum(1), 0).mean())


def r_precision(
    pictures: npt.ArrayLike, texts: npt.ArrayLike, *, among: int = 100,
    groups: Sequence[Hashable] | None = None, seed: int = 0,
) -> float:  # fmt: skip
    """Share of pictures whose own text is the nearest among `among` texts; chance is 1 / among.

    Source: Xu et al. 2018 (AttnGAN), arXiv:1711.10485: one own text, 99 others drawn at random.

    Args:
        pictures: (N, D).
        texts: (N, D), row n the text of picture n.
        among: texts to choose from, at most N.
        groups: of each pair; texts of a picture's own group are never among the others. Each pair
            is a group of its own if None.
        seed: of the draw of others.

    Raises:
        ArgumentError: shapes that differ, or fewer texts than are to choose from.
    """
    a, b = _same(pictures, texts)
    names: list[Hashable] = list(range(len(a)) if groups is None else groups)
    if len(names) != len(a):
        raise ArgumentError(f"{len(names)} groups for {len(a)} pairs")
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    kinds = np.array([numbers[name] for name in names])
    if not 2 <= among <= len(a) - int(np.bincount(kinds).max()) + 1:
        raise ArgumentError(f"to choose among {among} of {len(a)} texts")
    near = _unit(a) @ _unit(b).T
    rng = np.random.default_rng(seed)
    hits = 0
    for n, row in enumerate(near):
        others = rng.choice(np.flatnonzero(kinds != kinds[n]), among - 1, replace=False)
        hits += bool(row[n] > row[others].max())
    return hits / len(near)


def candidates(groups: Sequence[Hashable], most: int = 100) -> int:
    """How many texts `r_precision` can choose from with these groups, `most` at the most."""
    largest = max(Counter(groups).values(), default=0)
    return min(most, len(groups) - largest + 1)


def _same(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Floats, Floats]:
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if a.shape != b.shape or not a.size:
        raise ArgumentError(f"shapes {a.shape} and {b.shape} differ, or are empty")
    return a, b


def _unit(x: Floats) -> Floats:
    found: Floats = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return found
