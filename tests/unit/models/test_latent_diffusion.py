import pytest

torch = pytest.importorskip("torch")

from omnimuse.errors import ArgumentError  # noqa: E402
from omnimuse.models.latent_diffusion import (  # noqa: E402
    AttentionMaps,
    LatentDiffusion,
    LatentDiffusionConfig,
)
from omnimuse.schedulers import Cosine, denoiser, sample_ddim  # noqa: E402

pytestmark = pytest.mark.torch


def small(**changes) -> LatentDiffusion:
    torch.manual_seed(0)
    settings = {
        "shrink": 2, "latent_channels": 2, "codec_width": 8, "width": 16, "blocks": 1,
        "context": 8, "classes": 2, **changes,
    }  # fmt: skip
    return LatentDiffusion(LatentDiffusionConfig(**settings))


def stirred(model: LatentDiffusion) -> LatentDiffusion:
    """With the layers that begin at zero away from it."""
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


class Halver(torch.nn.Module):
    """A codec of one's own: exact for pictures of 2x2 blocks."""

    def encode(self, x):
        return x[:, :, ::2, ::2].repeat(1, 2, 1, 1)

    def decode(self, z):
        return torch.nn.functional.interpolate(z[:, :1], scale_factor=2)


def test_measured_latents_have_unit_variance():
    model, data = small(), torch.randn(16, 1, 8, 8)
    model.measure(data)
    assert (model.scale * model.codec.encode(data)).std().item() == pytest.approx(1, abs=1e-4)


def test_the_autoencoder_learns_one_batch():
    model, data = small(), torch.rand(8, 1, 8, 8).round() * 2 - 1
    optimizer = torch.optim.Adam(model.codec.parameters(), 1e-2)
    errors = []
    for _ in range(150):
        optimizer.zero_grad()
        loss, parts = model.codec.loss(data)
        loss.backward()
        optimizer.step()
        errors.append(parts["codec_error"].item())
    assert errors[-1] < 0.15 * errors[0]


def test_the_denoiser_learns_one_batch_and_obeys():
    torch.manual_seed(0)
    model = small().train()
    model.codec = Halver()
    data = torch.full((8, 1, 8, 8), -1.0)
    data[:4, :, 2:6], data[4:, :, :, 2:6] = 1.0, 1.0
    label = torch.arange(8) // 4
    optimizer = torch.optim.Adam(
        [*model.unet.parameters(), model.label.weight, model.nothing], 3e-3
    )
    losses = []
    for _ in range(200):
        optimizer.zero_grad()
        loss, _ = model.loss(data, model.context_of(label, 8))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-20:]) / 20 < 0.2 * losses[0]
    model.eval()
    context = model.context_of(torch.tensor([0, 1]), 2).detach()
    made = model.sample(context, (8, 8), scale=2.0)
    assert (made - data[[0, 4]]).abs().mean() < 0.3


def test_sampling_is_the_schedulers():
    model = stirred(small())
    context = model.context_of(torch.tensor([0, 1]), 2).detach()
    made = model.sample(context, (8, 8), steps=5, generator=torch.Generator().manual_seed(0))
    start = torch.randn(2, 2, 4, 4, generator=torch.Generator().manual_seed(0))

    def predict(z, level):
        return model.unet(z, torch.full((2,), level.time), context)

    with torch.no_grad():
        z = sample_ddim(denoiser(predict, "v_prediction"), start, Cosine().levels(5))
        other = model.codec.decode(z / model.scale)
    assert torch.allclose(made, other, atol=1e-4)


def test_the_context_is_looked_at_and_maps_can_be_changed():
    model = stirred(small())
    z, time, context = torch.randn(1, 2, 4, 4), torch.tensor([0.5]), torch.randn(1, 3, 8)
    plain = model.unet(z, time, context)
    assert not torch.allclose(plain, model.unet(z, time, context.flip(2)))
    readers = [AttentionMaps() for _ in model.unet.cross_attentions()]
    for reader, layer in zip(readers, model.unet.cross_attentions().values(), strict=True):
        layer.processor = reader
    assert torch.allclose(model.unet(z, time, context), plain, atol=1e-5)
    assert [reader.maps.shape[-1] for reader in readers] == [3, 3, 3]

    def only_first(maps):
        return torch.zeros_like(maps).index_fill_(-1, torch.tensor([0]), 1.0)

    for reader in readers:
        reader.edit = only_first
    edited = model.unet(z, time, context)
    assert torch.allclose(edited, model.unet(z, time, context[:, :1]), atol=1e-5)


def test_scale_one_is_no_guidance():
    model = stirred(small())
    z, time = torch.randn(2, 2, 4, 4), torch.tensor([0.5, 0.1])
    context = torch.randn(2, 3, 8)
    told = model.unet(z, time, context)
    free = model.unet(z, time, model.nothing.expand_as(context))
    assert torch.equal(model.guided(z, time, context, 1.0), told)
    assert torch.allclose(model.guided(z, time, context, 3.0), free + 3 * (told - free), atol=1e-5)


@pytest.mark.parametrize("settings", [{"shrink": 3}, {"shrink": 0}, {"width": 18}])
def test_wrong_settings_are_named(settings):
    with pytest.raises(ArgumentError):
        small(**settings)


def test_sides_that_do_not_divide_are_named():
    with pytest.raises(ArgumentError, match="divide"):
        small().sample(torch.zeros(1, 1, 8), (7, 8))
