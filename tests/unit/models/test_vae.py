"""VAE: bounds against a closed form, likelihoods that sum to one, and learning."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from omnimuse.errors import ArgumentError  # noqa: E402
from omnimuse.models.vae import VAE, VAEConfig, discretized_logistic_log_mass  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def _seeded():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def linear_gaussian(posterior: str):
    """x = W z + b + noise, whose likelihood and posterior have closed forms."""
    pixels, latent, noise = 6, 2, 0.7
    decoder = torch.nn.Linear(latent, pixels)
    weight, bias = decoder.weight.detach(), decoder.bias.detach()
    precision = torch.eye(latent) + weight.T @ weight / noise**2
    gain = torch.linalg.solve(precision, weight.T) / noise**2  # posterior mean = gain (x - b)

    def encoder(x):
        x = (x + 1) / 2  # the VAE shows its encoder 2 x - 1
        mean = (x - bias) @ gain.T
        spread = 1 / precision.diagonal()
        if posterior == "poor":
            mean, spread = mean + 0.3, spread * 1.5
        return torch.cat((mean, spread.log().expand_as(mean)), dim=1)

    config = VAEConfig(shape=(1, 2, 3), latent=latent, likelihood="gaussian")
    vae = VAE(config, encoder, decoder)
    vae.log_noise.data.fill_(math.log(noise))
    covariance = weight @ weight.T + noise**2 * torch.eye(pixels)
    return vae, torch.distributions.MultivariateNormal(bias, covariance)


def mean_elbo(vae, x, draws=400):
    return torch.stack([vae.elbo(x) for _ in range(draws)]).mean(0)


def test_bounds_stand_in_order_below_the_exact_likelihood():
    vae, exact = linear_gaussian("poor")
    with torch.no_grad():
        x = exact.sample((20,)).view(-1, 1, 2, 3)
        truth = exact.log_prob(x.flatten(1)).mean()
        elbo = mean_elbo(vae, x).mean()
        few = torch.stack([vae.importance_bound(x, 5) for _ in range(100)]).mean()
        many = vae.importance_bound(x, 3000).mean()
    assert elbo + 0.02 < few < many + 0.01 < truth + 0.05
    assert many == pytest.approx(float(truth), abs=0.05)


def test_elbo_is_the_likelihood_less_the_posteriors_distance():
    """With the true posterior's marginals, what is missing is KL of diagonal against full."""
    vae, exact = linear_gaussian("mean-field")
    weight = vae.decoder.weight.detach()
    precision = torch.eye(2) + weight.T @ weight / math.exp(2 * vae.log_noise.item())
    true = torch.distributions.MultivariateNormal(torch.zeros(2), precision_matrix=precision)
    diagonal = torch.diag(1 / precision.diagonal())
    guess = torch.distributions.MultivariateNormal(torch.zeros(2), diagonal)
    gap = torch.distributions.kl_divergence(guess, true)
    with torch.no_grad():
        x = exact.sample((10,)).view(-1, 1, 2, 3)
        missing = (exact.log_prob(x.flatten(1)) - mean_elbo(vae, x, 2000)).mean()
    assert missing == pytest.approx(float(gap), abs=0.03)


def test_one_importance_draw_is_the_elbo_on_average():
    vae, exact = linear_gaussian("poor")
    with torch.no_grad():
        x = exact.sample((5,)).view(-1, 1, 2, 3)
        single = torch.stack([vae.importance_bound(x, 1) for _ in range(1500)]).mean()
        assert single == pytest.approx(float(mean_elbo(vae, x, 1500).mean()), abs=0.05)


@pytest.mark.parametrize(("mean", "log_scale"), [(0.5, -3.0), (-0.2, -6.0), (1.3, 2.0)])
def test_discretised_logistic_sums_to_one(mean, log_scale):
    levels = 17
    x = torch.arange(levels).double() / (levels - 1)
    log_mass = discretized_logistic_log_mass(
        x, torch.full_like(x, mean), torch.full_like(x, log_scale), levels
    )
    assert log_mass.exp().sum() == pytest.approx(1.0, abs=1e-9)
    assert torch.isfinite(log_mass).all()


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "discretized_logistic"])
def test_overfits_one_batch(likelihood):
    vae = VAE(VAEConfig((1, 6, 6), latent=4, width=64, depth=1, likelihood=likelihood, levels=16))
    x = (torch.rand(8, 1, 6, 6) * 15).round() / 15
    x = x.round() if likelihood == "bernoulli" else x
    optimizer = torch.optim.Adam(vae.parameters(), 8e-3)
    first = vae.loss(x)[1]["negative_elbo"].item()
    for _ in range(200):
        loss, parts = vae.loss(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert parts["negative_elbo"] < first - 10
    if likelihood == "bernoulli":  # a code that tells eight pictures apart takes log 8 = 2.1 nats
        assert parts["negative_elbo"] < 9
    assert (vae(x) - x).abs().mean() < 0.8 * (x.mean(0) - x).abs().mean()


def test_beta_weighs_the_rate():
    x = torch.rand(4, 1, 4, 4).round()
    vae = VAE(VAEConfig(shape=(1, 4, 4), latent=3, width=16, beta=4.0))
    loss, parts = vae.loss(x)
    assert loss.item() == pytest.approx((parts["distortion"] + 4 * parts["rate"]).item(), rel=1e-5)
    assert parts["rate"] > 0


def test_samples_are_pictures_and_repeat_with_the_generator():
    vae = VAE(VAEConfig(shape=(3, 4, 4), latent=3, width=16, likelihood="discretized_logistic"))
    one, two = (vae.sample(5, generator=torch.Generator().manual_seed(4)) for _ in range(2))
    assert one.shape == (5, 3, 4, 4)
    assert torch.equal(one, two)
    assert 0 <= one.min() <= one.max() <= 1


def test_refuses_what_does_not_fit():
    vae = VAE(VAEConfig(shape=(1, 4, 4), latent=3, width=16))
    with pytest.raises(ArgumentError, match=r"\(2, 1, 8, 8\)"):
        vae.loss(torch.zeros(2, 1, 8, 8))
    with pytest.raises(ArgumentError, match="likelihood"):
        VAEConfig(likelihood="poisson")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="positive"):
        VAEConfig(latent=0)
