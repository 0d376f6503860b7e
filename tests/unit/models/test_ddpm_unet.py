import numpy as np
import pytest

torch = pytest.importorskip("torch")

from omnimuse.errors import ArgumentError  # noqa: E402
from omnimuse.models.ddpm_unet import DDPM, AttentionMaps, DDPMConfig  # noqa: E402
from omnimuse.schedulers import (  # noqa: E402
    DiscreteVP,
    denoiser,
    gaussian,
    linear_betas,
    posterior,
    sample_ancestral,
)

pytestmark = pytest.mark.torch


def small(**changes) -> DDPM:
    torch.manual_seed(0)
    return DDPM(DDPMConfig(**{"width": 16, **changes})).eval()


def test_posterior_equals_the_general_one():
    model, schedule = small(), DiscreteVP(linear_betas())
    x, data = torch.randn(2, 1, 1, 4, 4)
    for time in (0, 1, 500, 999):
        mean, variance = model.posterior(x, data, time)
        wanted = posterior(x, data, schedule.level(time), schedule.level(time - 1))
        assert torch.allclose(mean, wanted.mean, atol=1e-5)
        assert variance == pytest.approx(wanted.deviation**2, rel=1e-6, abs=1e-12)


def test_posterior_of_gaussian_data_is_bayes():
    """Averaged over q(x_0 | x_t) it is q(x_{t-1} | x_t), known for N(0, s^2) data."""
    model, time, spread, x = small(), 300, 0.3**2, torch.tensor([1.3])
    kept, before = float(model.kept[time]), float(model.kept[time - 1])
    gain = kept**0.5 * spread / (kept * spread + 1 - kept)
    mean, _ = model.posterior(x, gain * x, time)
    variance = before * spread + 1 - before  # of x_{t-1}
    covariance = (kept / before) ** 0.5 * variance  # of x_{t-1} and x_t
    assert mean.item() == pytest.approx(covariance / (kept * spread + 1 - kept) * 1.3, rel=1e-4)


@pytest.mark.parametrize(("prediction", "kind"), [("epsilon", "epsilon"), ("v", "v_prediction")])
def test_ancestral_sampling_is_the_schedulers(prediction, kind):
    model = small(steps=20, width=8, heads=1, prediction=prediction)
    torch.nn.init.normal_(model.unet.last.weight, std=0.1)
    made = model.sample((2, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(0)
    start = torch.randn((2, 1, 8, 8), generator=generator)

    def predict(x, level):
        return model.unet(x, torch.full((2,), float(level.time)))

    with torch.no_grad():
        other = sample_ancestral(
            denoiser(predict, kind, limit=1.0),
            start,
            DiscreteVP(np.linspace(1e-4, 0.02, 20)).levels(20),
            noise=gaussian(generator),
        )
    assert torch.allclose(made, other, atol=1e-4)


def test_a_network_that_knows_v_has_no_loss_and_gives_the_noise(monkeypatch):
    model, (data, noise) = small(prediction="v"), torch.randn(2, 3, 1, 8, 8)
    time = torch.tensor([1, 500, 999])
    kept = model.kept[time].float()[:, None, None, None]
    v = kept.sqrt() * noise - (1 - kept).sqrt() * data
    monkeypatch.setattr(model.unet, "forward", lambda *given: v)
    assert torch.allclose(model(model.add_noise(data, noise, time), time), noise, atol=1e-5)
    monkeypatch.setattr(torch, "randint", lambda *given, **named: time)
    monkeypatch.setattr(torch, "randn_like", lambda *given: noise)
    assert float(model.loss(data)[0]) == pytest.approx(0, abs=1e-10)
    with pytest.raises(ArgumentError, match="prediction"):
        small(prediction="x")


@pytest.mark.parametrize(("prediction", "bound"), [("epsilon", 0.2), ("v", 0.35)])
def test_it_learns_one_batch(prediction, bound):
    model = small(patch=2, classes=2, prediction=prediction).train()
    data = torch.zeros(8, 1, 8, 8)
    data[:4, :, 2:6], data[4:, :, :, 2:6] = 1.0, -1.0
    label = torch.arange(8) // 4
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        loss, parts = model.loss(data, label)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert 0.5 < losses[0] < 1.2  # predicts nothing at first
    assert np.mean(losses[-20:]) < bound
    assert set(parts) == {"error_noisy", "error_clean"}


def test_attention_maps_can_be_read_and_change_nothing():
    model, x, time = small(), torch.randn(2, 1, 8, 8), torch.tensor([3, 700])
    torch.nn.init.normal_(model.unet.last.weight, std=0.1)
    for layer in model.unet.attentions().values():
        torch.nn.init.normal_(layer.out.weight, std=0.1)
    plain = model.unet(x, time)
    readers = {}
    for name, layer in model.unet.attentions().items():
        layer.processor = readers[name] = AttentionMaps()
    assert torch.allclose(model.unet(x, time), plain, atol=1e-5)
    assert len(readers) == 4  # down, middle, twice up
    for reader in readers.values():
        assert reader.maps.shape == (2, 4, 16, 16)
        assert torch.allclose(reader.maps.sum(-1), torch.ones(2, 4, 16))


def test_sides_that_do_not_divide_are_named():
    with pytest.raises(ArgumentError, match="9x8 pixels"):
        small().unet(torch.zeros(1, 1, 9, 8), torch.zeros(1))


@pytest.mark.parametrize("settings", [{"width": 0}, {"width": 9}, {"patch": 0}])
def test_wrong_sizes_are_named(settings):
    with pytest.raises(ArgumentError):
        DDPMConfig(**settings)
