import math

import numpy as np
import pytest

from omnimuse.errors import ScheduleError
from omnimuse.schedulers import EDM, Flow, Level, add_noise, check_levels, sample_ddim, start_at


def test_noise_is_added_by_the_levels_shares():
    level = Level(0.25, 0.75, 0.25)
    assert np.allclose(add_noise(np.array([4.0]), np.array([8.0]), level), 5.0)
    assert level.log_snr == pytest.approx(math.log(3))


@pytest.mark.parametrize(
    "levels",
    [
        [],
        [Level(0, 1.0, 0.5), Level(1, 1.0, 0.5)],
        [Level(0, 1.0, 0.5), Level(1, 1.0, 0.6)],
        [Level(0, 1.0, -0.5)],
        [Level(0, 1.0, math.nan)],
        [Level(0, 0.0, 0.0)],
    ],
)
def test_walks_that_do_not_fall_are_refused(levels):
    with pytest.raises(ScheduleError):
        check_levels(levels)


def test_strength_takes_the_last_part():
    levels = Flow().levels(10)
    assert start_at(levels, 1.0) == levels
    assert len(start_at(levels, 0.3)) == 4
    assert start_at(levels, 0.3)[0].sigma == pytest.approx(0.3)


def test_strength_zero_returns_the_input_itself(gaussian_data):
    x = np.arange(4.0)
    walk = start_at(EDM().levels(5), 0.0)
    assert np.array_equal(sample_ddim(gaussian_data.denoise, x, walk), x)


@pytest.mark.parametrize("strength", [-0.1, 1.1, math.nan])
def test_strength_out_of_range(strength):
    with pytest.raises(ScheduleError, match="strength"):
        start_at(Flow().levels(3), strength)
