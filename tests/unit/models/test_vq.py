"""VQ-VAE and VQ-GAN: straight-through gradients, living codebooks, causal priors, and learning."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from omnimuse.errors import ArgumentError  # noqa: E402
from omnimuse.models.vq_gan import VQGAN, VQGANConfig  # noqa: E402
from omnimuse.models.vq_vae import VQVAE, Codebook, VQVAEConfig, perplexity  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def _seeded():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def small_vae(**changes):
    sizes = {"hidden": 16, "codes": 16, "code_size": 4, "prior_width": 16, "prior_layers": 1}
    return VQVAE(VQVAEConfig(shape=(1, 8, 8), **{**sizes, **changes}))


def small_gan(**changes):
    sizes = {"hidden": 16, "codes": 16, "code_size": 4, "prior_width": 16, "prior_layers": 1}
    return VQGAN(VQGANConfig(shape=(1, 8, 8), judge=8, **{**sizes, **changes}))


def pictures(count=8):
    """Bright squares at random places, (count, 1, 8, 8)."""
    x = torch.zeros(count, 1, 8, 8)
    for picture, place in zip(x, torch.randint(0, 5, (count, 2))):
        picture[0, place[0] : place[0] + 4, place[1] : place[1] + 4] = 1.0
    return x


def test_nearest_code_is_nearest():
    book = Codebook(VQVAEConfig(codes=9, code_size=3)).eval()
    z = torch.randn(2, 3, 4, 5)
    numbers = book.choose(z)
    distances = torch.cdist(z.movedim(1, -1).reshape(-1, 3), book.codes)
    assert torch.equal(numbers.flatten(), distances.argmin(1))
    assert torch.equal(book(z)[1], numbers)


def test_gradient_passes_straight_through_the_codebook():
    book = Codebook(VQVAEConfig(codes=9, code_size=3)).eval()
    z = torch.randn(2, 3, 4, 5, requires_grad=True)
    quantized, numbers = book(z)
    weight = torch.randn_like(z)
    (quantized**2 * weight).sum().backward()
    chosen = book.look_up(numbers)
    assert torch.allclose(quantized, chosen, atol=1e-6)  # the value is the code's
    assert torch.allclose(z.grad, 2 * chosen * weight, atol=1e-5)  # the slope, as if z were it


def test_codes_follow_the_mean_of_what_chooses_them():
    book = Codebook(VQVAEConfig(codes=2, code_size=1, decay=0.5, revive_below=0.0))
    book.is_ready.fill_(True)
    book.codes.copy_(torch.tensor([[-1.0], [1.0]]))
    book.sums.copy_(book.codes)
    z = torch.tensor([-2.0, -4.0, 2.0]).view(1, 1, 1, 3)
    book.train()(z)
    # N = (1 + 2) / 2 and (1 + 1) / 2;  m = (-1 - 6) / 2 and (1 + 2) / 2
    assert book.counts.tolist() == pytest.approx([1.5, 1.0])
    assert book.codes.flatten().tolist() == pytest.approx([-3.5 / 1.5, 1.5])
    before = book.codes.clone()
    book.eval()(z)
    assert torch.equal(book.codes, before)  # judging changes nothing


def test_dead_codes_are_put_where_data_are():
    book = Codebook(VQVAEConfig(codes=32, code_size=2, decay=0.5))
    book.is_ready.fill_(True)
    book.codes.copy_(100 + torch.randn(32, 2))
    book.codes[0] = 0.0
    z = torch.randn(4, 2, 8, 8)
    for _ in range(20):
        _, numbers = book.train()(z)
    assert perplexity(numbers, 32) > 16
    assert book.codes.abs().max() < 6


def test_perplexity_counts_codes_in_even_use():
    assert perplexity(torch.tensor([3, 3, 3]), 8) == pytest.approx(1.0)
    assert perplexity(torch.arange(8), 8) == pytest.approx(8.0, rel=1e-5)


@pytest.mark.parametrize("make", [small_vae, small_gan])
def test_prior_is_causal_and_sums_to_one(make):
    prior = make(codes=3).prior.eval()
    codes = torch.randint(3, (1, 4))
    changed = codes.clone()
    changed[0, 2] = (codes[0, 2] + 1) % 3
    with torch.no_grad():
        same = (prior(codes) - prior(changed)).abs().amax(-1)[0] < 1e-6
        grids = torch.cartesian_prod(*[torch.arange(3)] * 4)
        total = (-prior.nats(grids)).exp().sum()
    assert same.tolist() == [True, True, True, False]
    assert total == pytest.approx(1.0, abs=1e-4)


def test_vq_vae_overfits_one_batch():
    model, x = small_vae(), pictures()
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    first = model.loss(x)[1]
    for _ in range(250):
        loss, parts = model.loss(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert parts["mse"] < 0.2 * first["mse"]
    assert parts["prior_nats"] < 0.75 * 4 * math.log(16)
    assert parts["perplexity"] > 4
    model.eval()
    assert ((model.decode(model.encode(x)) - x) ** 2).mean() < 0.05


def test_vq_gan_overfits_one_batch():
    model, x = small_gan(), pictures()
    judged = [*model.discriminator.parameters()]
    rest = [p for name, p in model.named_parameters() if not name.startswith("discriminator")]
    ours, theirs = torch.optim.Adam(rest, 4e-3), torch.optim.Adam(judged, 1e-3)
    first = model.loss(x)[1]["l1"]
    for step in range(200):
        loss, parts = model.loss(x, adversarial=step > 100)
        ours.zero_grad()
        loss.backward()
        ours.step()
        theirs.zero_grad()
        model.discriminator_loss(x, parts["reconstruction"]).backward()
        theirs.step()
    assert parts["l1"] < 0.35 * first
    assert parts["adversarial_weight"] > 0


def test_adaptive_weight_is_the_ratio_of_gradients():
    model, x = small_gan(), pictures()
    made, _, _ = model(x)
    loss = (made - x).abs().mean()
    assert model.adaptive_weight(loss, 4 * loss) == pytest.approx(0.25, rel=1e-2)


def test_discriminator_loss_is_the_hinge():
    model, x = small_gan().eval(), pictures()  # spectral norms stand still
    real, fake = (model.discriminator(v)[0] for v in (x, 1 - x))
    wanted = (1 - real).clamp_min(0).mean() + (1 + fake).clamp_min(0).mean()
    assert model.discriminator_loss(x, 1 - x).item() == pytest.approx(wanted.item(), rel=1e-5)


@pytest.mark.parametrize("make", [small_vae, small_gan])
def test_samples_are_pictures_and_repeat_from_the_generator(make):
    model = make().eval()
    one, two = (model.sample(3, generator=torch.Generator().manual_seed(2)) for _ in range(2))
    assert one.shape == (3, 1, 8, 8)
    assert torch.equal(one, two)
    assert 0 <= one.min() <= one.max() <= 1


def test_vq_refuses_what_does_not_fit():
    with pytest.raises(ArgumentError, match="divide by 4"):
        VQVAEConfig(shape=(1, 10, 8))
    with pytest.raises(ArgumentError, match="multiple of 8"):
        VQGANConfig(hidden=12)
    with pytest.raises(ArgumentError, match="decay"):
        VQVAEConfig(decay=1.0)
    for make in (small_vae, small_gan):
        with pytest.raises(ArgumentError, match="wanted"):
            make().loss(torch.zeros(2, 3, 8, 8))
