import numpy as np
import pytest

from omnimuse.errors import ScheduleError
from omnimuse.schedulers import Level, guide, guided, is_within, projected, rescaled

GOOD = np.random.default_rng(0).normal(size=(2, 3, 4, 4))
BAD = np.random.default_rng(1).normal(size=(2, 3, 4, 4))


def test_scale_one_is_no_guidance_and_zero_the_worse():
    assert guide(GOOD, BAD, 1.0) is GOOD
    assert np.allclose(guide(GOOD, BAD, 0.0), BAD)
    assert np.allclose(guide(GOOD, BAD, 3.0), GOOD + 2 * (GOOD - BAD))


def test_guidance_sharpens_a_gaussian_as_its_power():
    """Scores guided by w are those of p^w q^(1-w): Gaussians' precisions add so."""
    x, w = 0.3, 2.5
    precisions = w / 0.5**2 + (1 - w) / 1.0**2
    mean = (w * 1.0 / 0.5**2) / precisions
    good, bad = -(x - 1.0) / 0.5**2, -x / 1.0**2
    assert guide(good, bad, w) == pytest.approx(-(x - mean) * precisions)


def test_rescaling_restores_each_items_contrast():
    made = rescaled(guide(GOOD, BAD, 7.0), GOOD, 1.0)
    for item, wanted in zip(made, GOOD, strict=True):
        assert item.std() == pytest.approx(wanted.std())
    assert rescaled(GOOD, BAD, 0.0) is GOOD


def test_projection_leaves_the_length_alone():
    made = projected(GOOD, BAD, 4.0)
    for item, good in zip(made - GOOD, GOOD, strict=True):
        assert (item * good).sum() == pytest.approx(0, abs=1e-9)
    assert np.allclose(projected(GOOD, BAD, 4.0, parallel=1.0), guide(GOOD, BAD, 4.0))
    assert projected(GOOD, BAD, 1.0) is GOOD


def test_the_worse_is_not_called_outside_the_interval():
    calls = []

    def bad(x, level):
        calls.append(level.sigma)
        return BAD

    predict = guided(lambda x, level: GOOD, bad, 2.0, interval=(0.3, 2.0))
    for sigma in (5.0, 1.0, 0.3, 0.1):
        out = predict(GOOD, Level(sigma, 1.0, sigma))
        assert np.allclose(out, guide(GOOD, BAD, 2.0) if sigma == 1.0 else GOOD)
    assert calls == [1.0]


def test_noise_alone_lies_above_every_interval():
    assert not is_within(Level(1.0, 0.0, 1.0), (0.0, 100.0))
    assert is_within(Level(1.0, 0.0, 1.0), None)


@pytest.mark.parametrize("options", [{"interval": (2.0, 1.0)}, {"rescale": 1.5}])
def test_wrong_options_are_named(options):
    with pytest.raises(ScheduleError):
        guided(lambda x, level: x, lambda x, level: x, 2.0, **options)
