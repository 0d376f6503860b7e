import numpy as np
import pytest

from omnimuse.errors import ArgumentError
from omnimuse.evaluation.frechet import (
    frechet_distance,
    frechet_figures,
    gaussian_pictures,
    gradient_histograms,
)

RANDOM = np.random.default_rng(0)


def test_distance_of_gaussians_is_the_closed_form():
    a = RANDOM.standard_normal((4000, 3)) * [1.0, 2.0, 0.5]
    a = (a - a.mean(0)) / a.std(0, ddof=1) * [1.0, 2.0, 0.5]
    cov = np.cov(a, rowvar=False)
    values, vectors = np.linalg.eigh(cov)
    white = a @ (vectors / np.sqrt(values)) @ vectors.T  # exactly N(0, I) in its moments
    moved = white * [3.0, 1.0, 2.0] + [1.0, 0.0, -2.0]
    assert frechet_distance(white, moved) == pytest.approx(5.0 + 4.0 + 0.0 + 1.0)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, moved) == pytest.approx(frechet_distance(moved, a))


def test_histograms_see_directions_not_signs():
    upright = np.zeros((1, 1, 16, 16), np.uint8)
    upright[..., 8:] = 255
    lying = upright.swapaxes(2, 3)
    features = [gradient_histograms(x, cells=1)[0] for x in (upright, 255 - upright, lying)]
    assert np.allclose(features[0], features[1])
    assert features[0][0] > 0
    assert features[2][4] == pytest.approx(features[0][0])


def test_worse_pictures_are_further():
    real = (RANDOM.random((60, 1, 8, 8)) * 255).astype(np.uint8)
    real[:, :, :, :4] //= 4
    close = frechet_figures(real[1::2] / 255, real)
    far = frechet_figures(np.full((30, 1, 8, 8), 0.5), real)
    assert close["frechet"] == pytest.approx(close["frechet_real"], abs=1e-5)
    assert far["frechet"] > 2 * close["frechet"]
    assert far["frechet_ratio"] == pytest.approx(far["frechet"] / far["frechet_real"])


def test_the_gaussian_model_has_the_moments():
    x = np.clip(RANDOM.normal(128, 20, (5000, 1)) + RANDOM.normal(0, 5, (5000, 4)), 0, 255)
    drawn = gaussian_pictures(x.astype(np.uint8).reshape(-1, 1, 2, 2), 5000).reshape(-1, 4) * 255
    assert np.allclose(drawn.mean(0), x.mean(0), atol=1.5)
    assert np.allclose(np.cov(drawn.T), np.cov(x.T), rtol=0.1, atol=20)


def test_wrong_shapes_are_named():
    with pytest.raises(ArgumentError):
        frechet_distance(np.ones((5, 2)), np.ones((5, 3)))
    with pytest.raises(ArgumentError):
        gradient_histograms(np.ones((5, 8, 8)))
    with pytest.raises(ArgumentError, match="too few"):
        frechet_figures(np.ones((1, 1, 8, 8)), np.ones((9, 1, 8, 8)))
