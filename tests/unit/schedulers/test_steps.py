import numpy as np
import pytest

from omnimuse.errors import ScheduleError
from omnimuse.schedulers import (
    EDM,
    ContinuousVP,
    DiscreteVP,
    Flow,
    Level,
    ancestral_step,
    ddim_step,
    dpm_solver_step,
    euler_step,
    linear_betas,
    posterior,
)

SCHEDULES = [DiscreteVP(linear_betas()), ContinuousVP(), EDM(), Flow()]


def test_posterior_is_the_papers():
    """Ho et al. 2020, eq. 7, written with betas."""
    betas = linear_betas()
    schedule, kept = DiscreteVP(betas), np.cumprod(1 - betas)
    t, x, data = 400, 0.3, -0.8
    mean, deviation = posterior(x, data, schedule.level(t), schedule.level(t - 1))
    wanted = (
        np.sqrt(kept[t - 1]) * betas[t] / (1 - kept[t]) * data
        + np.sqrt(1 - betas[t]) * (1 - kept[t - 1]) / (1 - kept[t]) * x
    )
    assert mean == pytest.approx(wanted)
    assert deviation**2 == pytest.approx((1 - kept[t - 1]) / (1 - kept[t]) * betas[t])
    large = posterior(x, data, schedule.level(t), schedule.level(t - 1), variance="large")
    assert large.deviation**2 == pytest.approx(betas[t])


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_posterior_is_bayes(schedule):
    """A product of two Gaussians in y = x one step earlier: q(y | data) and q(x | y)."""
    now, then = schedule.levels(8)[3:5]
    x, data = 0.9, -0.4
    ratio = now.alpha / then.alpha
    added = now.sigma**2 - ratio**2 * then.sigma**2
    precision = 1 / then.sigma**2 + ratio**2 / added
    mean = (then.alpha * data / then.sigma**2 + ratio * x / added) / precision
    found = posterior(x, data, now, then)
    assert found.mean == pytest.approx(mean)
    assert found.deviation == pytest.approx(precision**-0.5)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_ddim_with_eta_one_is_ancestral(schedule):
    now, then = schedule.levels(8)[3:5]
    x, data, noise = np.random.default_rng(0).normal(size=(3, 5))
    made = ddim_step(x, data, now, then, eta=1.0, noise=noise)
    assert np.allclose(made, ancestral_step(x, data, now, then, noise=noise))


def test_euler_is_karras_and_flow():
    x, data = np.array([2.0]), np.array([0.5])
    sigma, lower = 3.0, 1.0
    edm = euler_step(x, data, Level(3.0, 1.0, sigma), Level(1.0, 1.0, lower))
    assert np.allclose(edm, x + (lower - sigma) * (x - data) / sigma)
    now, then = Flow().level(0.8), Flow().level(0.5)
    velocity = (x - data) / 0.8  # noise - data, where x = 0.2 data + 0.8 noise
    assert np.allclose(euler_step(x, data, now, then), x + (0.5 - 0.8) * velocity)


def test_first_dpm_solver_step_is_ddim():
    x, data = np.random.default_rng(0).normal(size=(2, 5))
    now, then = ContinuousVP().levels(8)[3:5]
    assert np.allclose(dpm_solver_step(x, data, now, then), ddim_step(x, data, now, then))


def test_steps_to_clean_data_and_from_noise_alone_are_finite():
    x, data = np.random.default_rng(0).normal(size=(2, 5))
    noise, middle, clean = Flow().levels(2)
    assert np.allclose(dpm_solver_step(x, data, middle, clean, before=(x, noise)), data)
    first = dpm_solver_step(x, data, noise, middle)
    assert np.allclose(first, 0.5 * data + 0.5 * x)
    assert np.allclose(ancestral_step(x, data, middle, clean, noise=x), data)


def test_float32_stays():
    x = np.ones(3, np.float32)
    now, then = EDM().levels(8)[3:5]
    assert ddim_step(x, x, now, then).dtype == np.float32
    assert ancestral_step(x, x, now, then, noise=x).dtype == np.float32
    assert dpm_solver_step(x, x, now, then, before=(x, EDM().levels(8)[2])).dtype == np.float32


@pytest.mark.parametrize("eta", [-0.1, 0.5])
def test_randomness_needs_noise(eta):
    now, then = Flow().levels(4)[1:3]
    with pytest.raises(ScheduleError, match="eta"):
        ddim_step(np.ones(1), np.ones(1), now, then, eta=eta)
