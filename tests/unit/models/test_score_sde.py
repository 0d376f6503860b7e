import math

import pytest

torch = pytest.importorskip("torch")

from omnimuse.errors import ArgumentError  # noqa: E402
from omnimuse.models.score_sde import ScoreSDE, ScoreSDEConfig  # noqa: E402
from omnimuse.schedulers import VE, ContinuousVP  # noqa: E402

pytestmark = pytest.mark.torch


class GaussianScore(ScoreSDE):
    """The exact score of data N(mean, deviation^2), in place of the network."""

    mean, deviation = 0.2, 0.5

    def forward(self, x, time):
        alpha, sigma = (part[:, None, None, None] for part in self.coefficients(time))
        return -(x - alpha * self.mean) / (alpha**2 * self.deviation**2 + sigma**2)


def small(kind=ScoreSDE, **changes):
    torch.manual_seed(0)
    return kind(ScoreSDEConfig(**{"width": 16, "blocks": 1, **changes}))


@pytest.mark.parametrize(("process", "schedule"), [("vp", ContinuousVP()), ("ve", VE())])
def test_the_process_is_the_schedules(process, schedule):
    model = small(process=process)
    for time in (0.1, 0.5, 1.0):
        alpha, sigma = model.coefficients(torch.tensor([time]))
        level = schedule.level(time)
        assert (alpha.item(), sigma.item()) == pytest.approx((level.alpha, level.sigma), rel=1e-4)
        drift, squared = model.equation(torch.tensor([time]))
        assert (drift.item(), squared.item()) == pytest.approx(schedule.sde(time), rel=1e-4)


@pytest.mark.parametrize("process", ["vp", "ve"])
def test_the_exact_score_has_least_loss_and_samples_the_data(process):
    model = small(GaussianScore, process=process, sigma_max=10.0)
    data = 0.2 + 0.5 * torch.randn(64, 1, 8, 8)
    exact = model.loss(data)[0].item()
    model.mean = 1.5
    assert model.loss(data)[0].item() > exact
    model.mean = 0.2
    made = model.sample((64, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    assert made.mean().item() == pytest.approx(0.2, abs=0.04)
    assert made.std().item() == pytest.approx(0.5, abs=0.04)


def test_likelihood_equals_the_closed_form():
    """The trace is exact here: the score's Jacobian is a multiple of the identity."""
    model = small(GaussianScore, data_deviation=0.5)
    data = 0.2 + 0.5 * torch.randn(4, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    found = model.log_prob(data, steps=200, first_time=1e-5)
    normal = torch.distributions.Normal(0.2, 0.5)
    assert torch.allclose(found, normal.log_prob(data).flatten(1).sum(1), atol=0.15)


def test_it_learns_one_batch_and_its_score():
    model = small(data_deviation=1.0, patch=2).train()
    data = torch.randn(1, 1, 8, 8).sign().expand(16, 1, 8, 8)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    errors = []
    for _ in range(150):
        optimizer.zero_grad()
        loss, parts = model.loss(data)
        loss.backward()
        optimizer.step()
        errors.append(parts["noise_error"].item())
    assert errors[0] > 0.8
    assert sum(errors[-20:]) / 20 < 0.12
    # One picture only: the score at time t is (alpha data - x) / sigma^2.
    time = torch.full((1,), 0.4)
    alpha, sigma = (part.item() for part in model.coefficients(time))
    x = alpha * data[:1] + sigma * torch.randn(1, 1, 8, 8)
    wanted = (alpha * data[:1] - x) / sigma**2
    error = (model(x, time) - wanted).square().mean() / wanted.square().mean()
    assert error.item() < 0.1


def test_likelihood_weighting_is_g_squared():
    model = small(GaussianScore)
    data = torch.zeros(8, 1, 4, 4)
    torch.manual_seed(1)
    plain = model.loss(data)[0]
    torch.manual_seed(1)
    weighted = model.loss(data, weighting="likelihood")[0]
    assert math.isfinite(weighted.item())
    assert weighted.item() > plain.item()


@pytest.mark.parametrize("settings", [{"process": "sub-vp"}, {"width": 0}])
def test_wrong_settings_are_named(settings):
    with pytest.raises(ArgumentError):
        ScoreSDEConfig(**settings)


def test_sides_that_do_not_divide_are_named():
    with pytest.raises(ArgumentError, match="divide"):
        small()(torch.zeros(1, 1, 7, 8), torch.ones(1))
