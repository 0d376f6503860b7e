"""MADE: an exact distribution, in order, that learns."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from omnimuse.models.made import Made, MadeConfig  # noqa: E402

pytestmark = pytest.mark.torch


def every_vector(dimensions: int) -> torch.Tensor:
    numbers = torch.arange(2**dimensions)
    return (numbers[:, None] >> torch.arange(dimensions) & 1).float()


@pytest.fixture
def made() -> Made:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = Made(MadeConfig(dimensions=8, width=32, layers=2))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return model


def test_probabilities_sum_to_one(made):
    assert float(made.log_prob(every_vector(8)).exp().sum()) == pytest.approx(1, abs=1e-5)


def test_an_output_sees_earlier_values_only(made):
    jacobian = torch.autograd.functional.jacobian(lambda x: made(x[None])[0], torch.rand(8))
    assert torch.equal(jacobian.triu(), torch.zeros(8, 8))
    assert (jacobian.tril(-1)[torch.ones(8, 8).tril(-1) > 0] != 0).all()


def test_samples_follow_the_probabilities(made):
    drawn = made.sample(20_000, generator=torch.Generator().manual_seed(0))
    places = (drawn * 2 ** torch.arange(8)).sum(1).long()
    found = torch.bincount(places, minlength=256) / len(drawn)
    wanted = made.log_prob(every_vector(8)).exp()
    assert float((found - wanted).abs().sum()) / 2 < 0.05


def test_overfits_one_batch():
    torch.manual_seed(0)
    model = Made(MadeConfig(dimensions=36, width=64))
    x = (torch.rand(4, 36) > 0.5).float()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(400):
        loss = -model.log_prob(x).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 1.6  # log 4 is the least: 1.386
