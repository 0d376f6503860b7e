"""Adversarial models: identities that hold exactly, and learning."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from omnimuse.errors import ArgumentError  # noqa: E402
from omnimuse.models.biggan import (  # noqa: E402
    BigGAN,
    BigGANConfig,
    orthogonal_penalty,
    truncated,
)
from omnimuse.models.dcgan import DCGAN, DCGANConfig  # noqa: E402
from omnimuse.models.gan import GAN, GANConfig  # noqa: E402
from omnimuse.models.progressive_gan import (  # noqa: E402
    EqualConv,
    ProgressiveGAN,
    ProgressiveGANConfig,
    pixel_norm,
    with_spread,
)
from omnimuse.models.stylegan2 import (  # noqa: E402
    ModulatedConv,
    StyleGAN2,
    StyleGAN2Config,
    augment,
)

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def _seeded():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def play(model, real, steps, rate=2e-3, betas=(0.5, 0.99), label=None):
    """Both sides in turn; how far the means of real and made pictures lie apart, before, after."""
    of_judge = [p for n, p in model.named_parameters() if is_judge(n)]
    of_generator = [p for n, p in model.named_parameters() if not is_judge(n)]
    judge, generator = (torch.optim.Adam(p, rate, betas) for p in (of_judge, of_generator))
    more = () if label is None else (label,)

    def gap():
        with torch.no_grad():
            made = model.sample(label) if label is not None else model.sample(256)
        return (made.mean(0) - real.mean(0)).abs().mean().item()

    before = gap()
    for _ in range(steps):
        judge.zero_grad()
        model.judge_loss(real, *more)[0].backward()
        judge.step()
        generator.zero_grad()
        model.generator_loss(label if label is not None else len(real)).backward()
        generator.step()
    return before, gap()


def is_judge(name):
    return name.split(".")[0] in (
        "judge", "look", "decide", "overall", "by_class", "from_rgb", "shrink", "verdict",
    )  # fmt: skip


def test_points_are_learnt_on_the_ring():
    angles = torch.randint(0, 8, (2000,)) * torch.pi / 4
    ring = torch.stack([angles.cos(), angles.sin()], 1)
    model = GAN(GANConfig(width=64))
    judge = torch.optim.Adam(model.judge.parameters(), 1e-3, (0.5, 0.99))
    generator = torch.optim.Adam(model.generator.parameters(), 1e-3, (0.5, 0.99))
    for _ in range(900):
        real = ring[torch.randint(0, 2000, (128,))] + 0.02 * torch.randn(128, 2)
        judge.zero_grad()
        model.judge_loss(real)[0].backward()
        judge.step()
        generator.zero_grad()
        model.generator_loss(128).backward()
        generator.step()
    with torch.no_grad():
        made = model.sample(2000)
    centres = torch.stack([torch.tensor(range(8)).mul(torch.pi / 4).cos(),
                           torch.tensor(range(8)).mul(torch.pi / 4).sin()], 1)  # fmt: skip
    gap, mode = torch.cdist(made, centres).min(1)
    counts = torch.bincount(mode[gap < 0.2], minlength=8)
    assert (counts > 40).sum() >= 7


def test_r1_is_the_squared_slope():
    model = GAN(GANConfig(layers=1, width=16))
    real = torch.randn(9, 2)
    slopes = torch.stack(
        [torch.autograd.functional.jacobian(model.judge, x[None])[0, 0, 0] for x in real]
    )
    _, parts = model.judge_loss(real)
    assert parts["r1"].item() == pytest.approx(slopes.square().sum(1).mean().item(), rel=1e-5)


def test_dcgan_moves_to_its_pictures():
    bars = torch.full((64, 1, 8, 8), -1.0)
    bars[:, :, 2:6, 3:5] = 1.0
    before, after = play(DCGAN(DCGANConfig(size=8, latent=8, width=8)), bars, 150)
    assert after < 0.5 * before


@pytest.mark.parametrize("size", [8, 28, 32])
def test_dcgan_keeps_the_size(size):
    model = DCGAN(DCGANConfig(channels=3, size=size, width=4))
    assert model.sample(2).shape == (2, 3, size, size)
    assert model.judge(model.sample(2)).shape == (2, 1)


def test_fading_goes_from_the_lower_to_the_higher_level():
    model = ProgressiveGAN(ProgressiveGANConfig(size=16, width=8, latent=4)).eval()
    z = torch.randn(3, 4)
    lower = functional.interpolate(model.generate(z, 0), scale_factor=2)
    assert torch.allclose(model.generate(z, 1, 0.0), lower, atol=1e-6)
    higher = model.generate(z, 1, 1.0)
    middle = model.generate(z, 1, 0.5)
    assert torch.allclose(middle, (lower + higher) / 2, atol=1e-6)


def test_the_judge_fades_likewise():
    model = ProgressiveGAN(ProgressiveGANConfig(size=16, width=8, latent=4)).eval()
    x = torch.randn(3, 1, 16, 16)
    assert torch.allclose(
        model.judge(x, 2, 0.0), model.judge(functional.avg_pool2d(x, 2), 1), atol=1e-5
    )


def test_growing_rests_and_fades_in_turn():
    model = ProgressiveGAN(ProgressiveGANConfig(size=28, width=4, latent=4))
    seen = []
    for progress in (0.0, 0.3, 0.5, 0.7, 1.0):
        model.grown(progress)
        seen.append((int(model.level), round(float(model.fade), 2)))
    assert seen == [(0, 1.0), (1, 0.5), (1, 1.0), (2, 0.5), (2, 1.0)]
    assert model.sample(2).shape == (2, 1, 28, 28)


def test_equal_layers_keep_variance_and_pixel_norm_is_one():
    x = torch.randn(64, 16, 8, 8)
    made = EqualConv(16, 64, 3, gain=1.0)(x)[:, :, 1:-1, 1:-1]
    assert made.std().item() == pytest.approx(1, abs=0.1)
    assert torch.allclose(pixel_norm(x).square().mean(1), torch.ones(64, 8, 8), atol=1e-4)


def test_batch_spread_is_nought_for_equal_pictures():
    same = torch.randn(1, 4, 5, 5).expand(6, -1, -1, -1)
    assert with_spread(same)[:, -1].max().item() < 1e-3
    assert with_spread(torch.randn(500, 4, 5, 5))[0, -1, 0, 0].item() == pytest.approx(1, abs=0.1)


def test_pg_gan_moves_to_its_pictures():
    bars = torch.full((32, 1, 8, 8), -1.0)
    bars[:, :, 2:6, 3:5] = 1.0
    model = ProgressiveGAN(ProgressiveGANConfig(size=8, latent=8, width=12))
    model.grown(1.0)
    before, after = play(model, bars, 60, 5e-3, (0.0, 0.99))
    assert after < 0.5 * before


def test_demodulation_keeps_unit_variance():
    conv = ModulatedConv(32, 24, 3, 8)
    w = 3 * torch.randn(16, 8)
    norms = conv.weights(w).square().sum((2, 3, 4))
    assert torch.allclose(norms, torch.ones_like(norms), atol=1e-4)
    made = conv(torch.randn(16, 32, 20, 20), w)[:, :, 1:-1, 1:-1]
    assert made.std().item() == pytest.approx(1, abs=0.05)


def test_grouped_convolution_equals_one_picture_at_a_time():
    conv = ModulatedConv(6, 5, 3, 4)
    x, w = torch.randn(3, 6, 7, 7), torch.randn(3, 4)
    apart = torch.cat([conv(x[n : n + 1], w[n : n + 1]) for n in range(3)])
    assert torch.allclose(conv(x, w), apart, atol=1e-5)


def test_truncation_ends_at_the_mean_style():
    model = StyleGAN2(StyleGAN2Config(size=8, width=8, latent=8)).eval()
    model.mean_w.copy_(torch.randn(8))
    with torch.no_grad():
        made = model.sample(5, truncation=0.0)
    assert (made - made[:1]).abs().max().item() < 1e-5
    with torch.no_grad():
        assert (model.sample(5) - made).abs().max().item() > 1e-2


def test_style_mixing_changes_only_later_layers():
    model = StyleGAN2(StyleGAN2Config(size=16, width=8, latent=8)).eval()
    a, b = model.map(torch.randn(2, 1, 8).unbind(0)[0]), model.map(torch.randn(1, 8))
    styles = model.spread(a).clone()
    styles[:, -1:] = model.spread(b)[:, -1:]
    with torch.no_grad():
        plain, mixed = model.synthesise(model.spread(a)), model.synthesise(styles)
        model.to_rgb[-1].weight.zero_()
        model.to_rgb[-1].bias.zero_()
        same = model.synthesise(model.spread(a)) - model.synthesise(styles)
    assert (plain - mixed).abs().max().item() > 1e-3
    assert same.abs().max().item() < 1e-6


def test_no_augmentation_is_the_identity_and_the_rest_keeps_shape_and_slope():
    x = torch.rand(4, 1, 12, 12, requires_grad=True)
    assert augment(x, 0.0) is x
    changed = augment(x, 1.0)
    assert changed.shape == x.shape
    assert (changed - x).abs().mean().item() > 0.01
    changed.sum().backward()
    assert x.grad.abs().sum().item() > 0


def test_augmentation_follows_how_sure_the_judge_is():
    model = StyleGAN2(StyleGAN2Config(size=8, width=8, latent=8))
    model.judge = lambda x: torch.ones(len(x))
    model.judge_loss(torch.randn(4, 1, 8, 8))
    risen = float(model.augment_p)
    model.judge = lambda x: -torch.ones(len(x))
    model.judge_loss(torch.randn(4, 1, 8, 8))
    assert risen == pytest.approx(4 / 500_000)  # the paper's speed, whatever the batch
    assert float(model.augment_p) == pytest.approx(0, abs=1e-6)


def test_path_length_is_zero_where_styles_change_nothing():
    model = StyleGAN2(StyleGAN2Config(size=8, width=8, latent=8))
    assert model.path_loss(4).item() > 0
    for module in model.modules():
        if isinstance(module, ModulatedConv):
            torch.nn.init.zeros_(module.style.weight)
    model.mean_path.zero_()
    assert model.path_loss(4).item() == pytest.approx(0, abs=1e-8)


def test_stylegan2_moves_to_its_pictures():
    bars = torch.full((32, 1, 8, 8), -1.0)
    bars[:, :, 2:6, 3:5] = 1.0
    model = StyleGAN2(StyleGAN2Config(size=8, width=12, latent=8, mapping=2))
    before, after = play(model, bars, 60, 5e-3, (0.0, 0.99))
    assert after < 0.6 * before


def test_spectral_norm_is_the_largest_singular_value():
    model = BigGAN(BigGANConfig(size=8, width=8))
    label = torch.randint(0, 10, (8,))
    for _ in range(30):  # power iterations run in training mode
        model.judge(torch.randn(8, 1, 8, 8), label)
    model.eval()
    for layer in (model.look[0], model.look[2]):
        rows = layer.weight.detach().flatten(1)
        assert torch.linalg.svdvals(rows)[0].item() == pytest.approx(1, abs=0.02)


def test_the_projection_is_an_inner_product():
    model = BigGAN(BigGANConfig(size=8, width=8)).eval()
    x, label = torch.randn(4, 1, 8, 8), torch.tensor([1, 2, 3, 4])
    gap = model.judge(x, label) - model.judge(x, label.flip(0))
    rows = model.by_class.weight
    wanted = ((rows[label] - rows[label.flip(0)]) * model.features(x)).sum(1)
    assert torch.allclose(gap, wanted, atol=1e-5)


def test_orthogonal_filters_cost_nothing():
    assert orthogonal_penalty(3 * torch.linalg.qr(torch.randn(6, 6))[0]).item() < 1e-8
    assert orthogonal_penalty(torch.ones(3, 4)).item() == pytest.approx(6 * 16)


def test_truncated_noise_stays_inside():
    z = truncated(torch.randn(500, 8), 0.5)
    assert z.abs().max().item() <= 0.5
    with pytest.raises(ArgumentError):
        truncated(z, 0.0)


def test_biggan_moves_to_its_classes():
    label = torch.arange(32) % 2
    bars = torch.full((32, 1, 8, 8), -1.0)
    bars[label == 0, :, 2:6, 3:5] = 1.0
    bars[label == 1, :, 3:5, 2:6] = 1.0
    model = BigGAN(BigGANConfig(size=8, width=16, latent=8, classes=2))
    before, after = play(model, bars, 80, 2e-3, (0.0, 0.99), label)
    assert after < 0.6 * before
    with torch.no_grad():
        means = [model.sample(torch.full((64,), c)).mean(0) for c in (0, 1)]
    assert (means[0] - means[1]).abs().max().item() > 0.5


@pytest.mark.parametrize(
    "config",
    [
        lambda: GANConfig(width=0), lambda: DCGANConfig(size=9), lambda: StyleGAN2Config(size=7),
        lambda: ProgressiveGANConfig(size=9), lambda: BigGANConfig(classes=0),
    ],
)  # fmt: skip
def test_sizes_that_cannot_be_are_named(config):
    with pytest.raises(ArgumentError):
        config()
