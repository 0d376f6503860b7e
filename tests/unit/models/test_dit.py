import pytest

torch = pytest.importorskip("torch")

from omnimuse.errors import ArgumentError  # noqa: E402
from omnimuse.models.dit import DiT, DiTConfig  # noqa: E402
from omnimuse.schedulers import Flow, denoiser, guided, sample_euler  # noqa: E402

pytestmark = pytest.mark.torch


def small(**changes) -> DiT:
    torch.manual_seed(0)
    settings = {"size": 8, "patch": 2, "width": 32, "layers": 2, "classes": 2, **changes}
    return DiT(DiTConfig(**settings))


def stirred(model: DiT) -> DiT:
    """With the layers that begin at zero away from it."""
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return model.eval()


class Given(torch.nn.Module):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, x):
        return self.answer


def test_blocks_begin_as_the_identity():
    model = small()
    x, told = torch.randn(2, 16, 32), torch.randn(2, 32)
    for block in model.blocks:
        assert torch.equal(block(x, told), x)
    assert not model(torch.randn(2, 1, 8, 8), torch.rand(2)).any()


def test_patches_come_back_in_place():
    """With a network that copies, what goes in comes out where it was."""
    model = small(width=32, patch=2, classes=0)
    x = torch.randn(1, 1, 8, 8)
    tokens = torch.nn.functional.pixel_unshuffle(x, 2).flatten(2).transpose(1, 2)
    model.first = Given(tokens.transpose(1, 2).reshape(1, 4, 4, 4))
    model.blocks = torch.nn.ModuleList()
    model.norm, model.told = torch.nn.Identity(), torch.nn.Linear(32, 8)
    torch.nn.init.zeros_(model.told.weight)
    torch.nn.init.zeros_(model.told.bias)
    model.last = torch.nn.Identity()
    model.places = torch.zeros(16, 4)
    assert torch.equal(model(x, torch.zeros(1)), x)


def test_sampling_is_the_schedulers_guided_too():
    model, label = stirred(small()), torch.tensor([0, 1])
    generator = torch.Generator().manual_seed(0)
    made = model.sample(2, steps=5, label=label, scale=3.0, generator=generator)
    start = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    none = torch.full_like(label, 2)

    def told(which):
        return lambda x, level: model(x, torch.full((2,), level.time), which)

    with torch.no_grad():
        predict = guided(told(label), told(none), 3.0)
        other = sample_euler(denoiser(predict, "flow_prediction"), start, Flow().levels(5))
    assert torch.allclose(made, other, atol=1e-4)


def test_it_learns_one_batch():
    model = small(width=64).train()
    data = torch.full((8, 1, 8, 8), -1.0)
    data[:4, :, 2:6], data[4:, :, :, 2:6] = 1.0, 1.0
    label = torch.arange(8) // 4
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    losses = []
    for _ in range(200):
        optimizer.zero_grad()
        loss, _ = model.loss(data, label)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-20:]) / 20 < 0.15 * losses[0]
    made = model.eval().sample(2, label=torch.tensor([0, 1]))
    assert (made - data[[0, 4]]).abs().mean() < 0.25


def test_attention_maps_can_be_read():
    model = stirred(small())
    for block in model.blocks:
        block.attention.maps = []
    model(torch.randn(2, 1, 8, 8), torch.rand(2))
    for block in model.blocks:
        (found,) = block.attention.maps
        assert found.shape == (2, 4, 16, 16)
        assert torch.allclose(found.sum(-1), torch.ones(2, 4, 16))


@pytest.mark.parametrize("settings", [{"patch": 3}, {"width": 30}, {"layers": 0}])
def test_wrong_settings_are_named(settings):
    with pytest.raises(ArgumentError):
        small(**settings)


def test_other_sizes_are_named():
    with pytest.raises(ArgumentError, match="into a DiT"):
        small()(torch.zeros(1, 1, 16, 16), torch.zeros(1))
