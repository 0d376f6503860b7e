import math

import numpy as np
import pytest

from omnimuse.errors import ScheduleError
from omnimuse.schedulers import (
    EDM,
    VE,
    ContinuousVP,
    Cosine,
    DiscreteVP,
    Flow,
    check_levels,
    cosine_betas,
    karras_sigmas,
    linear_betas,
    scaled_linear_betas,
    shifted,
    zero_terminal_snr,
)

CONTINUOUS = [ContinuousVP(), Cosine(), Cosine(shift=0.5), VE(), EDM(), Flow(), Flow(shift=3.0)]
DISCRETE = [DiscreteVP(betas()) for betas in (linear_betas, scaled_linear_betas, cosine_betas)]


@pytest.mark.parametrize("schedule", CONTINUOUS + DISCRETE, ids=repr)
@pytest.mark.parametrize("steps", [1, 2, 7, 50])
def test_walks_fall_to_clean_data(schedule, steps):
    levels = check_levels(schedule.levels(steps))
    assert len(levels) == steps + 1
    assert levels[-1].alpha == pytest.approx(1.0)
    assert levels[-1].sigma == 0.0
    assert all(type(number) is float for level in levels for number in level)


@pytest.mark.parametrize("schedule", [*DISCRETE, ContinuousVP(), Cosine(2.0)], ids=repr)
def test_variance_is_preserved(schedule):
    assert all(a**2 + s**2 == pytest.approx(1, abs=1e-12) for _, a, s in schedule.levels(20))


@pytest.mark.parametrize("schedule", CONTINUOUS[:6], ids=repr)
@pytest.mark.parametrize("time", [0.05, 0.4, 0.9])
def test_the_equation_makes_the_levels(schedule, time):
    """d log(alpha)/dt = f and d(sigma^2)/dt = 2 f sigma^2 + g^2, by central differences."""
    drift, squared = schedule.sde(time)
    width = 1e-5
    before, now, after = (schedule.level(time + d) for d in (-width, 0.0, width))
    slope = (math.log(after.alpha) - math.log(before.alpha)) / (2 * width)
    growth = (after.sigma**2 - before.sigma**2) / (2 * width)
    assert drift == pytest.approx(slope, rel=1e-4, abs=1e-6)
    assert squared == pytest.approx(growth - 2 * drift * now.sigma**2, rel=1e-4)


def test_cosine_betas_keep_nichols_share():
    betas = cosine_betas(1000)
    kept = np.cumprod(1 - betas)
    wanted = np.cos((0.5 + 0.008) / 1.008 * math.pi / 2) ** 2
    start = np.cos(0.008 / 1.008 * math.pi / 2) ** 2
    assert kept[499] == pytest.approx(wanted / start, rel=1e-9)
    assert betas.max() <= 0.999


def test_zero_terminal_snr_ends_in_noise_and_keeps_the_start():
    betas = zero_terminal_snr(scaled_linear_betas())
    kept = np.cumprod(1 - betas)
    assert kept[-1] == pytest.approx(0, abs=1e-12)
    assert kept[0] == pytest.approx(1 - scaled_linear_betas()[0])
    assert DiscreteVP(betas).levels(10)[0].sigma == pytest.approx(1.0)


def test_spacings_visit_the_papers_times():
    schedule = DiscreteVP(scaled_linear_betas())
    times = {
        spacing: [level.time for level in schedule.levels(10, spacing=spacing)]
        for spacing in ("trailing", "leading", "linspace")
    }
    assert times["trailing"] == [999, 899, 799, 699, 599, 499, 399, 299, 199, 99, -1]
    assert times["leading"] == [900, 800, 700, 600, 500, 400, 300, 200, 100, 0, -1]
    assert times["linspace"] == [999, 888, 777, 666, 555, 444, 333, 222, 111, 0, -1]
    assert schedule.levels(10, spacing="leading", offset=1)[0].time == 901


def test_karras_spacing_lies_on_the_discrete_schedule():
    schedule = DiscreteVP(scaled_linear_betas())
    levels = schedule.levels(8, spacing="karras")
    ratios = [level.sigma / level.alpha for level in levels[:-1]]
    first, last = schedule.level(999), schedule.level(0)
    wanted = karras_sigmas(8, first=first.sigma / first.alpha, last=last.sigma / last.alpha)
    assert np.allclose(ratios, wanted, rtol=1e-9)


def test_karras_sigmas_end_where_told():
    sigmas = karras_sigmas(18)
    assert sigmas[0] == pytest.approx(80)
    assert sigmas[-1] == pytest.approx(0.002)
    assert np.allclose(np.diff(sigmas ** (1 / 7)), np.diff(sigmas ** (1 / 7))[0])


def test_shift_keeps_the_ends_and_moves_the_middle():
    assert [shifted(t, 3.0) for t in (0.0, 0.5, 1.0)] == pytest.approx([0, 0.75, 1])
    assert Flow(shift=3.0).levels(2)[1].sigma == pytest.approx(0.75)


def test_resolution_shift_moves_log_snr():
    plain, moved = Cosine().level(0.3), Cosine(shift=2.0).level(0.3)
    assert moved.log_snr == pytest.approx(plain.log_snr - math.log(2))


@pytest.mark.parametrize("schedule", CONTINUOUS, ids=repr)
def test_array_times_equal_numbers(schedule):
    times = np.array([0.1, 0.5, 0.8])
    made = schedule.level(times)
    for index, time in enumerate(times):
        assert np.allclose([part[index] for part in made], schedule.level(float(time)))


def test_discrete_array_times():
    schedule = DISCRETE[0]
    made = schedule.level(np.array([[0], [500]]))
    assert made.alpha.shape == (2, 1)
    assert made.sigma[1, 0] == pytest.approx(schedule.level(500).sigma)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: DiscreteVP([]),
        lambda: DiscreteVP([[0.1]]),
        lambda: DiscreteVP([0.1, 1.5]),
        lambda: DISCRETE[0].levels(0),
        lambda: DISCRETE[0].levels(1001),
        lambda: DISCRETE[0].levels(10, spacing="sideways"),
        lambda: DISCRETE[0].level(1000),
        lambda: Flow().levels(0),
        lambda: Flow().sde(1.0),
        lambda: DiscreteVP(zero_terminal_snr(linear_betas())).levels(5, spacing="karras"),
    ],
)
def test_wrong_schedules_are_named_errors(wrong):
    with pytest.raises(ScheduleError):
        wrong()
