import math

import pytest

torch = pytest.importorskip("torch")

from omnimuse.errors import ArgumentError  # noqa: E402
from omnimuse.models.pixelcnn_pp import (  # noqa: E402
    PixelCNN,
    PixelCNNConfig,
    draw_mixture,
    mixture_log_prob,
)

pytestmark = pytest.mark.torch


def small(**changes) -> PixelCNN:
    torch.manual_seed(0)
    settings = {"width": 8, "levels": 2, "mixtures": 3, **changes}
    return PixelCNN(PixelCNNConfig(**settings)).eval()


@pytest.mark.parametrize("place", [(0, 0), (1, 6), (3, 0), (5, 7), (7, 7)])
def test_no_pixel_sees_itself_or_what_follows(place):
    model, (row, column) = small(levels=3), place
    x = torch.randn(1, 1, 8, 8, requires_grad=True)
    model(x)[0, :, row, column].sum().backward()
    seen = x.grad[0, 0].flatten() != 0
    here = row * 8 + column
    assert not seen[here:].any()
    assert here == 0 or seen[:here].float().mean() > 0.9


def test_probabilities_of_all_binary_pictures_sum_to_one():
    model = small(likelihood="bernoulli", levels=1)
    codes = torch.arange(2**9)[:, None] >> torch.arange(9)
    pictures = (codes & 1).float().view(-1, 1, 3, 3)
    with torch.no_grad():
        assert model.log_prob(pictures).exp().sum().item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("scale", [-7.0, -3.0, 0.0, 2.0])
def test_the_256_levels_of_a_mixture_sum_to_one(scale):
    generator = torch.Generator().manual_seed(1)
    params = torch.randn(1, 9, 1, 1, generator=generator)
    params[:, 6:] = scale
    levels = torch.linspace(-1, 1, 256).view(256, 1, 1, 1)
    log_prob = mixture_log_prob(levels, params.expand(256, -1, 1, 1), 3)
    assert log_prob.exp().sum().item() == pytest.approx(1, abs=1e-3)


def test_coupled_channels_sum_to_one_over_the_last():
    params = torch.randn(1, 3 * 10, 1, 1, generator=torch.Generator().manual_seed(2))
    params[:, 3 + 9 : 3 + 18] = -1.0
    x = torch.full((256, 3, 1, 1), 0.1)
    x[:, :2] = torch.tensor([31.0, 200.0]).div(127.5).sub(1).view(1, 2, 1, 1)
    x[:, 2, 0, 0] = torch.linspace(-1, 1, 256)
    joint = mixture_log_prob(x, params.expand(256, -1, 1, 1), 3).exp().sum()
    # Summed over blue, what is left is the probability of red and green alone.
    other = x.clone()
    other[:, 2, 0, 0] = torch.linspace(-1, 1, 256).flip(0)
    flipped = mixture_log_prob(other, params.expand(256, -1, 1, 1), 3).exp().sum()
    assert 0 < joint.item() < 1
    assert joint.item() == pytest.approx(flipped.item(), rel=1e-5)


def test_draws_follow_the_mixture():
    params = torch.randn(1, 6, generator=torch.Generator().manual_seed(3))
    params[:, 4:] = -2.5
    drawn = draw_mixture(params.expand(20_000, -1), 2, 1, torch.Generator().manual_seed(0))
    levels = torch.linspace(-1, 1, 256).view(256, 1, 1, 1)
    chance = mixture_log_prob(levels, params[..., None, None].expand(256, -1, 1, 1), 2).exp()
    wanted = (chance.flatten() * levels.flatten()).sum().item()
    assert drawn.mean().item() == pytest.approx(wanted, abs=0.02)


@pytest.mark.parametrize(
    ("settings", "channels"), [({"likelihood": "bernoulli"}, 1), ({"channels": 3}, 3)]
)
def test_it_learns_one_batch(settings, channels):
    model = small(**settings, width=16).train()
    x = torch.rand(4, channels, 8, 8, generator=torch.Generator().manual_seed(0))
    x = (x > 0.5).float() if channels == 1 else (x * 255).round() / 255
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    first = model.loss(x)[0].item()
    for _ in range(80):
        optimizer.zero_grad()
        loss, parts = model.loss(x)
        loss.backward()
        optimizer.step()
    assert loss.item() < (0.35 if channels == 1 else 0.9) * first
    assert parts["bits_per_dim"].item() == pytest.approx(
        loss.item() / (channels * 64 * math.log(2)), rel=1e-5
    )


def test_samples_are_seeded_and_keep_what_is_given():
    model = small(likelihood="bernoulli")
    start = torch.ones(2, 1, 8, 8)

    def sample(seed):
        generator = torch.Generator().manual_seed(seed)
        return model.sample(2, (8, 8), generator=generator, start=start, rows=3)

    assert torch.equal(sample(1), sample(1))
    assert not torch.equal(sample(1), sample(2))
    assert torch.equal(sample(1)[:, :, :3], start[:, :, :3])
    assert set(sample(1).unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize(
    "settings",
    [
        {"channels": 2},
        {"likelihood": "bernoulli", "channels": 3},
        {"likelihood": "poisson"},
        {"width": 0},
    ],
)
def test_wrong_settings_are_named(settings):
    with pytest.raises(ArgumentError):
        PixelCNNConfig(**settings)


def test_sides_that_do_not_divide_are_named():
    with pytest.raises(ArgumentError, match="2 levels"):
        small()(torch.zeros(1, 1, 9, 8))
