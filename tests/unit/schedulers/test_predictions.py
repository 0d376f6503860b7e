import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.errors import ScheduleError
from omnimuse.schedulers import (
    Flow,
    Level,
    add_noise,
    convert,
    denoiser,
    from_sample,
    min_snr_weight,
    score,
    to_sample,
    training_target,
)

KINDS = ["epsilon", "sample", "v_prediction", "flow_prediction"]
LEVELS = [Level(0, 0.6, 0.8), Level(0, 1.0, 5.0), Level(0, 0.7, 0.3)]


@given(
    data=st.floats(-3, 3),
    noise=st.floats(-3, 3),
    level=st.sampled_from(LEVELS),
    kinds=st.sampled_from(list(itertools.product(KINDS, KINDS))),
)
def test_each_kind_gives_every_other(data, noise, level, kinds):
    source, target = kinds
    data, noise = np.array([data]), np.array([noise])
    x = add_noise(data, noise, level)
    given_ = training_target(data, noise, level, source)
    assert np.allclose(to_sample(given_, x, level, source), data, atol=1e-9)
    wanted = training_target(data, noise, level, target)
    made = convert(given_, x, level, source=source, target=target)
    assert np.allclose(made, wanted, atol=1e-8)


def test_score_is_the_gradient_of_a_gaussians_logarithm(gaussian_data):
    level = Level(0, 0.6, 0.8)
    x = np.array([-1.0, 0.2, 2.0])
    wanted = -(x - 0.6 * gaussian_data.mean) / gaussian_data.width(level) ** 2
    assert np.allclose(score(gaussian_data.denoise(x, level), x, level), wanted)


def test_noise_alone_says_nothing_by_epsilon():
    level = Flow().level(1.0)
    with pytest.raises(ScheduleError, match="noise alone"):
        to_sample(np.ones(1), np.ones(1), level, "epsilon")
    assert to_sample(np.ones(1), np.ones(1), level, "flow_prediction") == pytest.approx(0)


def test_clean_levels_hold_no_noise():
    with pytest.raises(ScheduleError, match="clean"):
        from_sample(np.ones(1), np.ones(1), Level(0, 1.0, 0.0), "epsilon")


@pytest.mark.parametrize(
    "call",
    [
        lambda: to_sample(np.ones(1), np.ones(1), LEVELS[0], "noise"),
        lambda: training_target(np.ones(1), np.ones(1), LEVELS[0], "noise"),
        lambda: min_snr_weight(LEVELS[0], "noise"),
    ],
)
def test_unknown_kinds_are_named(call):
    with pytest.raises(ScheduleError, match="prediction type 'noise'"):
        call()


def test_denoiser_clips():
    denoise = denoiser(lambda x, level: x * 9, "sample", limit=1.0)
    assert denoise(np.array([-1.0, 0.05]), LEVELS[0]).tolist() == [-1.0, pytest.approx(0.45)]


@pytest.mark.parametrize("kind", KINDS)
def test_min_snr_is_one_loss_in_all_spaces(kind):
    """An error of the data weighs the same whichever prediction it is measured in."""
    alpha = np.array([0.05, 0.6, 0.99])
    level = Level(None, alpha, (1 - alpha**2) ** 0.5)
    x, data, wrong = 0.3, 0.5, 0.7
    error = from_sample(wrong, x, level, kind) - from_sample(data, x, level, kind)
    ratio = (level.alpha / level.sigma) ** 2
    weighed = min_snr_weight(level, kind) * error**2
    assert np.allclose(weighed, np.minimum(ratio, 5.0) * 0.2**2)
