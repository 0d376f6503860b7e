import numpy as np
import pytest

from omnimuse.errors import ScheduleError
from omnimuse.schedulers import (
    VE,
    ContinuousVP,
    Flow,
    Level,
    gaussian,
    langevin_step,
    sample_euler_maruyama,
    sample_predictor_corrector,
)

COUNT = 20_000


@pytest.mark.parametrize(
    ("schedule", "first"),
    [(ContinuousVP(), 1.0), (VE(sigma_max=10.0), 1.0), (Flow(), 0.98)],
    ids=repr,
)
def test_the_reverse_equation_has_the_datas_moments(schedule, first, gaussian_data):
    random = np.random.default_rng(0)
    start = schedule.level(first)
    x = start.alpha * gaussian_data.mean + gaussian_data.width(start) * random.normal(size=COUNT)
    times = np.linspace(first, 1e-3, 300).tolist()
    made = sample_euler_maruyama(gaussian_data.denoise, x, schedule, times, noise=gaussian(random))
    assert made.mean() == pytest.approx(gaussian_data.mean, abs=0.02)
    assert made.std() == pytest.approx(gaussian_data.deviation, abs=0.02)


@pytest.mark.parametrize("schedule", [ContinuousVP(), VE(sigma_max=10.0)], ids=repr)
def test_predictor_and_corrector_have_the_datas_moments(schedule, gaussian_data):
    random = np.random.default_rng(0)
    levels = schedule.levels(100)
    x = levels[0].alpha * gaussian_data.mean + gaussian_data.width(levels[0]) * random.normal(
        size=(COUNT // 4, 4)
    )
    made = sample_predictor_corrector(
        gaussian_data.denoise, x, levels, noise=gaussian(random), snr=0.1
    )
    assert made.mean() == pytest.approx(gaussian_data.mean, abs=0.02)
    assert made.std() == pytest.approx(gaussian_data.deviation, abs=0.03)


def test_langevin_steps_lead_to_the_levels_own_distribution(gaussian_data):
    """From a wrong start, at one level, to N(alpha mean, alpha^2 s^2 + sigma^2)."""
    level = Level(0, 0.8, 0.6)
    random = np.random.default_rng(0)
    x = np.full((4000, 4), 1.5)
    for _ in range(250):
        noise = random.normal(size=x.shape)
        x = langevin_step(x, gaussian_data.denoise(x, level), level, snr=0.2, noise=noise)
    assert x.mean() == pytest.approx(0.8 * gaussian_data.mean, abs=0.02)
    assert x.std() == pytest.approx(gaussian_data.width(level), abs=0.03)


@pytest.mark.parametrize("times", [[], [0.1, 0.5], [0.5, 0.5]])
def test_times_must_fall(times, gaussian_data):
    with pytest.raises(ScheduleError, match="fall"):
        sample_euler_maruyama(
            gaussian_data.denoise, np.ones(1), Flow(), times, noise=lambda x: x * 0
        )
