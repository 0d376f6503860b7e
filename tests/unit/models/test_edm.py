import pytest

torch = pytest.importorskip("torch")

from omnimuse.errors import ArgumentError  # noqa: E402
from omnimuse.models.edm import EDM, EDMConfig, preconditioning  # noqa: E402
from omnimuse.schedulers import EDM as Schedule  # noqa: E402
from omnimuse.schedulers import sample_heun  # noqa: E402

pytestmark = pytest.mark.torch


def small(**changes) -> EDM:
    torch.manual_seed(0)
    return EDM(EDMConfig(**{"width": 16, "blocks": 1, **changes}))


def test_limits_of_the_preconditioning():
    tiny = preconditioning(torch.tensor([1e-6]), 0.5)
    huge = preconditioning(torch.tensor([1e6]), 0.5)
    assert (tiny.skip.item(), tiny.out.item()) == pytest.approx((1, 0), abs=1e-5)
    assert (huge.skip.item(), huge.out.item()) == pytest.approx((0, 0.5), abs=1e-5)
    assert tiny.into.item() == pytest.approx(1 / 0.5)
    assert huge.into.item() == pytest.approx(1e-6)


@pytest.mark.parametrize("sigma", [0.01, 0.5, 30.0])
def test_inputs_and_targets_have_unit_variance(sigma):
    c = preconditioning(torch.tensor([sigma]), 0.5)
    generator = torch.Generator().manual_seed(0)
    data = 0.5 * torch.randn(200_000, generator=generator)
    x = data + sigma * torch.randn(200_000, generator=generator)
    assert (c.into * x).std().item() == pytest.approx(1, abs=0.01)
    assert ((data - c.skip * x) / c.out).std().item() == pytest.approx(1, abs=0.01)


def test_identity_at_no_noise_and_loss_one_at_first():
    model, x = small(), torch.randn(2, 1, 8, 8)
    assert torch.allclose(model(x, torch.full((2,), 1e-6)), x, atol=1e-4)
    loss = model.loss(0.5 * torch.randn(256, 1, 8, 8))[0]
    assert loss.item() == pytest.approx(1, abs=0.1)


def test_heun_is_the_schedulers():
    model = small(heads=1)
    torch.nn.init.normal_(model.network.last.weight, std=0.05)
    made = model.sample((2, 1, 8, 8), steps=6, generator=torch.Generator().manual_seed(0))
    start = 80 * torch.randn((2, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        other = sample_heun(
            lambda x, level: model(x, torch.full((2,), level.sigma)), start, Schedule().levels(6)
        )
    assert torch.allclose(made, other, atol=1e-3)


def test_it_learns_one_batch():
    model = small(patch=2, classes=2).train()
    data = torch.full((8, 1, 8, 8), -0.5)
    data[:4, :, 2:6], data[4:, :, :, 2:6] = 0.5, 0.5
    label = torch.arange(8) // 4
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    losses = []
    for _ in range(150):
        optimizer.zero_grad()
        loss, _ = model.loss(data, label)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-20:]) / 20 < 0.55 * losses[0]
    made = model.eval().sample((2, 1, 8, 8), label=torch.tensor([0, 1]))
    assert (made - data[[0, 4]]).abs().mean() < 0.3


@pytest.mark.parametrize("settings", [{"sigma_data": 0}, {"width": 0}, {"width": 7, "heads": 4}])
def test_wrong_settings_are_named(settings):
    with pytest.raises(ArgumentError):
        EDMConfig(**settings)


def test_sides_that_do_not_divide_are_named():
    with pytest.raises(ArgumentError, match="divide"):
        small()(torch.zeros(1, 1, 7, 8), torch.ones(1))
