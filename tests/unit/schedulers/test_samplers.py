import numpy as np
import pytest

from omnimuse.errors import ScheduleError
from omnimuse.schedulers import (
    EDM,
    VE,
    Churn,
    ContinuousVP,
    Cosine,
    DiscreteVP,
    Flow,
    add_noise,
    gaussian,
    gaussian_each,
    invert,
    keep_outside,
    linear_betas,
    sample_ancestral,
    sample_ddim,
    sample_dpm_solver,
    sample_euler,
    sample_heun,
)

SCHEDULES = [DiscreteVP(linear_betas()), ContinuousVP(), Cosine(), VE(), EDM(), Flow(), Flow(3.0)]
SOLVERS = [sample_euler, sample_heun, sample_dpm_solver]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
@pytest.mark.parametrize("sample", [*SOLVERS, sample_ddim])
def test_solvers_find_the_exact_flow(schedule, sample, gaussian_data):
    """Of Gaussian data, whose probability-flow equation has a closed solution."""
    levels = schedule.levels(400)
    x = levels[0].sigma * np.linspace(-2, 2, 9)
    made = sample(gaussian_data.denoise, x, levels)
    wanted = gaussian_data.flow(x, levels[0], levels[-1])
    assert np.abs(made - wanted).max() < (2e-2 if sample in (sample_euler, sample_ddim) else 4e-3)


@pytest.mark.parametrize(("sample", "order"), list(zip(SOLVERS, (1, 2, 2), strict=True)))
def test_solvers_have_their_order(sample, order, gaussian_data):
    """Twice the steps, error / 2^order; between noisy levels, where all steps have it."""
    schedule = ContinuousVP()
    errors = []
    for steps in (40, 80, 160):
        levels = [schedule.level(float(t)) for t in np.linspace(0.9, 0.2, steps + 1)]
        x = np.array([1.5])
        made = sample(gaussian_data.denoise, x, levels)
        errors.append(abs(made - gaussian_data.flow(x, levels[0], levels[-1])).item())
    rates = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.allclose(rates, order, atol=0.2)


@pytest.mark.parametrize("schedule", [ContinuousVP(), EDM(), Flow(), Cosine()], ids=repr)
@pytest.mark.parametrize("kind", ["ancestral", "ddim"])
def test_random_samplers_have_the_datas_moments(schedule, kind, gaussian_data):
    levels = schedule.levels(200)
    random = np.random.default_rng(0)
    start = levels[0].alpha * gaussian_data.mean
    x = start + gaussian_data.width(levels[0]) * random.normal(size=20_000)
    if kind == "ancestral":
        made = sample_ancestral(gaussian_data.denoise, x, levels, noise=gaussian(random))
    else:
        made = sample_ddim(gaussian_data.denoise, x, levels, eta=0.5, noise=gaussian(random))
    assert made.mean() == pytest.approx(gaussian_data.mean, abs=0.015)
    assert made.std() == pytest.approx(gaussian_data.deviation, abs=0.025)


def test_churn_keeps_the_moments(gaussian_data):
    random = np.random.default_rng(0)
    levels = EDM().levels(60)
    made = sample_heun(
        gaussian_data.denoise,
        80 * random.normal(size=20_000),
        levels,
        churn=Churn(inflation=1.0),
        noise=gaussian(random),
    )
    assert made.mean() == pytest.approx(gaussian_data.mean, abs=0.02)
    assert made.std() == pytest.approx(gaussian_data.deviation, abs=0.02)


def test_churn_is_refused_where_it_makes_no_sense(gaussian_data):
    with pytest.raises(ScheduleError, match="churn"):
        sample_heun(gaussian_data.denoise, np.ones(1), Flow().levels(4), churn=Churn())


def test_callbacks_see_and_change_every_step(gaussian_data):
    levels = Flow().levels(5)
    seen = []

    def callback(step):
        seen.append((step.number, step.total, step.level))
        return np.zeros(3) if step.number == 4 else None

    made = sample_dpm_solver(gaussian_data.denoise, np.ones(3), levels, callback=callback)
    assert seen == [(i, 5, levels[i + 1]) for i in range(5)]
    assert np.array_equal(made, np.zeros(3))


def test_a_callback_can_stop_the_walk(gaussian_data):
    def callback(step):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample_euler(gaussian_data.denoise, np.ones(3), Flow().levels(5), callback=callback)


def test_inpainting_returns_the_known_part_untouched(gaussian_data):
    data, noise = np.linspace(-1, 1, 8), np.random.default_rng(0).normal(size=8)
    mask = np.arange(8) < 3
    levels = ContinuousVP().levels(20)
    made = sample_ddim(
        gaussian_data.denoise,
        add_noise(data, noise, levels[0]),
        levels,
        callback=keep_outside(mask, data, noise),
    )
    assert np.array_equal(made[3:], data[3:])
    assert not np.allclose(made[:3], data[:3])


def test_inversion_leads_back(gaussian_data):
    levels = Cosine().levels(25)
    data = np.linspace(-0.5, 1.5, 7)
    errors = {}
    for rounds in (0, 3, 60):
        noise = invert(gaussian_data.denoise, data, levels, rounds=rounds)
        back = sample_ddim(gaussian_data.denoise, noise, levels[:-1])
        errors[rounds] = np.abs(back / levels[-2].alpha - data).max()
    assert errors[60] < 1e-6 < errors[3] < errors[0] / 3


def test_batches_equal_their_items():
    levels = EDM().levels(10)

    def denoise(x, level):
        return np.tanh(x) / (1 + level.sigma)

    start = np.random.default_rng(5).normal(size=(3, 2, 2))
    both = sample_ancestral(denoise, start, levels, noise=gaussian_each([7, 8, 9]))
    for index, seed in enumerate([7, 8, 9]):
        alone = sample_ancestral(
            denoise, start[index : index + 1], levels, noise=gaussian_each([seed])
        )
        assert np.array_equal(alone[0], both[index])
    with pytest.raises(ScheduleError, match="seeds"):
        gaussian_each([1])(start)


@pytest.mark.parametrize(("rounds", "levels"), [(-1, Flow().levels(3)), (1, Flow().levels(3)[-1:])])
def test_inversion_of_nothing(rounds, levels, gaussian_data):
    with pytest.raises(ScheduleError, match="rounds"):
        invert(gaussian_data.denoise, np.ones(1), levels, rounds=rounds)
