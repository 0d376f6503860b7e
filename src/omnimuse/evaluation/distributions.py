"""How near two sets of samples are, beyond the Fréchet distance: plain functions on features.

Features are rows: (N, D) of generated and (M, D) of real samples. Distances of finite sets are
noisy; `bootstrap_interval` says how noisy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from omnimuse.errors import ArgumentError

Floats = npt.NDArray[np.float64]
_ROWS = 1024  # of a distance matrix at a time


def kernel_distance(generated: npt.ArrayLike, real: npt.ArrayLike, *, degree: int = 3) -> float:
    """KID: the unbiased squared maximum mean discrepancy under k(x, y) = (x.y / D + 1)^degree.

    Unlike the Fréchet distance it has no bias from few samples; it may fall below 0.

    Source: Binkowski et al. 2018, arXiv:1801.01401; Gretton et al. 2012 (the estimator).

    Raises:
        ArgumentError: shapes that do not fit, fewer than 2 rows, or values that are not finite.
    """
    x, y = _pair(generated, real)
    n, m, size = len(x), len(y), x.shape[1]

    def kernel(a: Floats, b: Floats) -> Floats:
        made: Floats = (a @ b.T / size + 1.0) ** degree
        return made

    xx, yy = kernel(x, x), kernel(y, y)
    within_x = (xx.sum() - np.trace(xx)) / (n * (n - 1))
    within_y = (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(within_x + within_y - 2 * kernel(x, y).mean())


def inception_score(shares: npt.ArrayLike) -> float:
    """IS: exp of the mean KL divergence of each sample's class shares from their mean.

    Source: Salimans et al. 2016, arXiv:1606.03498. Between 1 and the number of classes; which
    classifier gave the shares must be said beside it.

    Args:
        shares: (N, classes), rows that sum to 1.

    Raises:
        ArgumentError: not such rows.
    """
    p = np.asarray(shares, np.float64)
    if p.ndim != 2 or not len(p) or (p < 0).any() or not np.allclose(p.sum(1), 1, atol=1e-3):
        raise ArgumentError(f"class shares of shape {p.shape}", hint="Rows must sum to 1.")
    mean = p.mean(0, keepdims=True)
    logs = np.log(np.maximum(p, 1e-16)) - np.log(np.maximum(mean, 1e-16))
    return float(np.exp((p * logs).sum(1).mean()))


@dataclass(frozen=True)
class Neighbourhoods:
    """Four figures from nearest neighbours, each 0 to 1 but for the density.

    Attributes:
        precision: share of generated samples inside the real manifold: are they like real ones?
        recall: share of real samples inside the generated manifold: is everything there?
        density: real neighbourhoods around a generated sample, over k; may pass 1.
        coverage: share of real samples with a generated one in their neighbourhood.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def neighbourhoods(generated: npt.ArrayLike, real: npt.ArrayLike, *, k: int = 5) -> Neighbourhoods:
    """Precision, recall, density and coverage from balls up to the k-th neighbour.

    Sources: Kynkäänniemi et al. 2019, arXiv:1904.06991 (precision, recall, k = 3 there);
    Naeem et al. 2020, arXiv:2002.09797 (density, coverage, k = 5).

    Raises:
        ArgumentError: fewer than k + 1 rows, shapes that do not fit, values that are not finite.
    """
    x, y = _pair(generated, real)
    if min(len(x), len(y)) <= k:
        raise ArgumentError(f"{min(len(x), len(y))} samples; more than {k} are wanted")
    real_radius, made_radius = _radii(y, k), _radii(x, k)
    inside = np.zeros(len(x))
    is_recalled = np.zeros(len(y), bool)
    is_covered = np.zeros(len(y), bool)
    for start in range(0, len(x), _ROWS):
        part = slice(start, start + _ROWS)
        gap = _distances(x[part], y)
        inside[part] = (gap <= real_radius).sum(1)
        is_recalled |= (gap <= made_radius[part, None]).any(0)
        is_covered |= (gap <= real_radius).any(0)
    return Neighbourhoods(
        float((inside > 0).mean()), float(is_recalled.mean()),
        float(inside.mean() / k), float(is_covered.mean()),
    )  # fmt: skip


def nearest(generated: npt.ArrayLike, known: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], Floats]:
    """For each generated row the nearest known row, and how far it is.

    What is nearer to a training sample than held-out samples are was learnt by heart.
    """
    x, y = _pair(generated, known, least=1)
    places, gaps = np.zeros(len(x), np.int64), np.zeros(len(x))
    for start in range(0, len(x), _ROWS):
        gap = _distances(x[start : start + _ROWS], y)
        best = gap.argmin(1)
        places[start : start + _ROWS] = best
        gaps[start : start + _ROWS] = gap[np.arange(len(best)), best]
    return places, gaps


def memorised_share(
    generated: npt.ArrayLike, train: npt.ArrayLike, held_out: npt.ArrayLike
) -> float:
    """Share of generated samples nearer to a training sample than all but 1 % of held-out ones.

    About 0.01 for a model as new as real data; near 1 for one that repeats its training set.
    Source: the idea of Meehan et al. 2020, arXiv:2004.05675, with a plain threshold.
    """
    _, real_gaps = nearest(held_out, train)
    _, made_gaps = nearest(generated, train)
    return float((made_gaps < np.quantile(real_gaps, 0.01)).mean())


def covered_modes(
    points: npt.ArrayLike, centres: npt.ArrayLike, *, radius: float, least: float = 0.02
) -> tuple[int, float]:
    """Modes that samples fall on, and the share of samples that fall on any.

    Args:
        points: (N, D).
        centres: (K, D) of the modes.
        radius: a sample within it of a centre belongs to the mode; commonly 3 standard deviations.
        least: share of all samples that a mode must get to count as covered.

    Source: the count of Srivastava et al. 2017 (VEEGAN), arXiv:1705.07761.
    """
    x, c = _pair(points, centres, least=1)
    gap = _distances(x, c)
    near = gap.argmin(1)[gap.min(1) <= radius]
    counts = np.bincount(near, minlength=len(c))
    return int((counts >= max(1.0, least * len(x))).sum()), float(len(near) / len(x))


def bits_per_dimension(nats: float, dimensions: int) -> float:
    """Negative log likelihood of a sample in nats -> bits for each of its dimensions."""
    if dimensions < 1:
        raise ArgumentError(f"{dimensions} dimensions")
    return nats / dimensions / float(np.log(2.0))


def bootstrap_interval(
    figure: Callable[..., float],
    *rows: npt.ArrayLike,
    rounds: int = 100,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of a figure under resampling with replacement (Efron 1979).

    Args:
        figure: arrays of rows -> value.
        *rows: its arrays; each is resampled on its own.
        rounds: resamplings.
        level: share that the interval is to hold.
        seed: of the resampling.
    """
    rng = np.random.default_rng(seed)
    arrays = [np.asarray(r) for r in rows]
    values = [figure(*(a[rng.integers(0, len(a), len(a))] for a in arrays)) for _ in range(rounds)]
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _pair(first: npt.ArrayLike, second: npt.ArrayLike, *, least: int = 2) -> tuple[Floats, Floats]:
    x, y = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or min(len(x), len(y)) < least:
        raise ArgumentError(
            f"features of shapes {x.shape} and {y.shape}",
            hint=f"Wanted: (N, D) and (M, D), at least {least} rows each.",
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ArgumentError("features that are not finite", hint="Look for NaN in the samples.")
    return x, y


def _distances(x: Floats, y: Floats) -> Floats:
    """Euclidean, (N, M)."""
    squares = (x**2).sum(1)[:, None] + (y**2).sum(1)[None] - 2 * x @ y.T
    found: Floats = np.sqrt(np.maximum(squares, 0))
    return found


def _radii(x: Floats, k: int) -> Floats:
    """Distance of each row to its k-th nearest other row."""
    radii = np.zeros(len(x))
    for start in range(0, len(x), _ROWS):
        gap = _distances(x[start : start + _ROWS], x)
        radii[start : start + _ROWS] = np.partition(gap, k, axis=1)[:, k]
    return radii
