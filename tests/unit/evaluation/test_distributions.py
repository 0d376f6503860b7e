"""Figures of sample sets against closed forms and other libraries."""

from __future__ import annotations

import numpy as np
import pytest

from omnimuse.errors import ArgumentError
from omnimuse.evaluation.distributions import (
    bits_per_dimension,
    bootstrap_interval,
    covered_modes,
    inception_score,
    kernel_distance,
    memorised_share,
    nearest,
    neighbourhoods,
)
from omnimuse.evaluation.frechet import frechet_distance
from omnimuse.evaluation.pairs import clip_score, psnr, r_precision, ssim

RNG = np.random.default_rng(0)


def test_frechet_of_two_gaussians_is_the_closed_form() -> None:
    a = RNG.standard_normal((40_000, 2)) * [1.0, 2.0]
    b = RNG.standard_normal((40_000, 2)) * [3.0, 1.0] + [1.0, -2.0]
    exact = 5 + (1 - 3) ** 2 + (2 - 1) ** 2  # |m|^2 + sum (s1 - s2)^2
    assert frechet_distance(a, b) == pytest.approx(exact, rel=0.03)


def test_kernel_distance_is_the_closed_form_and_unbiased() -> None:
    x, y = np.array([[1.0], [2.0], [4.0]]), np.array([[0.0], [3.0]])
    k = lambda a, b: (a * b + 1.0) ** 3  # noqa: E731
    pairs = [(1, 2), (1, 4), (2, 4)]
    exact = (
        sum(k(a, b) for a, b in pairs) / 3
        + k(0, 3)
        - 2 * np.mean([k(a, b) for a in (1, 2, 4) for b in (0, 3)])
    )
    assert kernel_distance(x, y) == pytest.approx(exact)
    same = [
        kernel_distance(RNG.standard_normal((60, 4)), RNG.standard_normal((60, 4)))
        for _ in range(200)
    ]
    assert abs(np.mean(same)) < 4 * np.std(same) / 200**0.5
    assert min(same) < 0


def test_inception_score_has_its_bounds() -> None:
    assert inception_score(np.eye(7)[RNG.integers(0, 7, 7000)]) == pytest.approx(7, rel=0.01)
    assert inception_score(np.full((50, 7), 1 / 7)) == pytest.approx(1)
    with pytest.raises(ArgumentError):
        inception_score(np.ones((5, 3)))


def test_neighbourhoods_of_equal_far_and_narrow_sets() -> None:
    real = RNG.standard_normal((600, 3))
    same = neighbourhoods(RNG.standard_normal((600, 3)), real)
    assert min(same.precision, same.recall, same.coverage) > 0.85
    assert same.density == pytest.approx(1, abs=0.1)
    far = neighbourhoods(RNG.standard_normal((600, 3)) + 50, real)
    assert (far.precision, far.recall, far.density, far.coverage) == (0, 0, 0, 0)
    narrow = neighbourhoods(RNG.standard_normal((600, 3)) * 0.1, real)
    assert narrow.precision > 0.95
    assert narrow.recall < 0.1
    assert narrow.coverage < 0.3


def test_coverage_agrees_with_its_definition() -> None:
    x, y = RNG.standard_normal((40, 2)), RNG.standard_normal((50, 2))
    covered = 0
    for point in y:
        radius = np.sort(np.linalg.norm(y - point, axis=1))[5]
        covered += bool((np.linalg.norm(x - point, axis=1) <= radius).any())
    assert neighbourhoods(x, y).coverage == pytest.approx(covered / 50)


def test_what_was_learnt_by_heart_is_seen() -> None:
    train, held = RNG.standard_normal((400, 8)), RNG.standard_normal((400, 8))
    assert memorised_share(train[:100] + 1e-4, train, held) == 1.0
    assert memorised_share(RNG.standard_normal((400, 8)), train, held) < 0.05
    places, gaps = nearest(train[[7, 3]], train)
    assert places.tolist() == [7, 3]
    assert np.allclose(gaps, 0, atol=1e-6)


def test_modes_are_counted() -> None:
    angles = np.arange(8) * np.pi / 4
    centres = np.stack([np.cos(angles), np.sin(angles)], 1)
    points = centres[RNG.integers(0, 5, 1000)] + 0.01 * RNG.standard_normal((1000, 2))
    points[:100] = 5
    modes, share = covered_modes(points, centres, radius=0.03)
    assert modes == 5
    assert share == pytest.approx(0.9, abs=0.02)


def test_bits_and_intervals() -> None:
    assert bits_per_dimension(784 * np.log(2), 784) == pytest.approx(1)
    low, high = bootstrap_interval(lambda x: float(x.mean()), RNG.standard_normal(400) + 3)
    assert low < 3 < high
    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.3)


def test_pairs_agree_with_scikit_image() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    a = RNG.random((40, 40))
    b = np.clip(a + 0.1 * RNG.standard_normal((40, 40)), 0, 1)
    assert psnr(a, b) == pytest.approx(metrics.peak_signal_noise_ratio(a, b, data_range=1))
    wanted = metrics.structural_similarity(
        a, b, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert ssim(a, b) == pytest.approx(wanted, abs=1e-6)
    assert psnr(a, a) == float("inf")
    assert ssim(np.stack([a, b]), np.stack([a, b])) == pytest.approx(1)


def test_pictures_and_texts() -> None:
    texts = RNG.standard_normal((300, 16))
    assert clip_score(texts, 3 * texts) == pytest.approx(100)
    assert clip_score(texts, -texts) == 0
    assert r_precision(texts, texts) == 1
    chance = r_precision(RNG.standard_normal((300, 16)), texts)
    assert chance < 0.04
    with pytest.raises(ArgumentError):
        r_precision(texts, texts, among=301)


def test_texts_of_the_same_group_are_not_held_against_a_picture() -> None:
    texts = np.repeat(RNG.standard_normal((30, 16)), 2, axis=0)  # each text stands twice
    groups = [f"thing {n // 2}" for n in range(60)]
    assert r_precision(texts, texts, among=50) < 0.5  # a twin ties
    assert r_precision(texts, texts, among=50, groups=groups) == 1
    with pytest.raises(ArgumentError, match="groups"):
        r_precision(texts, texts, among=50, groups=groups[:-1])
    with pytest.raises(ArgumentError, match="among 60"):
        r_precision(texts, texts, among=60, groups=groups)


@pytest.mark.parametrize("bad", [np.ones((1, 3)), np.ones(4), np.full((9, 3), np.nan)])
def test_bad_features_are_named(bad: np.ndarray) -> None:
    with pytest.raises(ArgumentError):
        neighbourhoods(bad, np.ones((9, 3)))
    with pytest.raises(ArgumentError):
        kernel_distance(bad, np.ones((9, 3)))
