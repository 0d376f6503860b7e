"""VAE: an image is a draw from a decoder that is told a Gaussian code; an encoder guesses the code.

    prior       p(z)   = N(0, I)
    posterior   q(z|x) = N(mean(x), exp(log_variance(x)))         the encoder
    likelihood  p(x|z)   Bernoulli, Gaussian or discretised logistic per pixel (the decoder)
    bound       log p(x) >= E_q[log p(x|z)] - beta KL(q(z|x) || p(z))          the ELBO at beta = 1

With k draws of z the importance-weighted bound log 1/k sum_i p(x, z_i) / q(z_i|x) lies between the
ELBO and log p(x) and nears the latter as k grows.

Source: Kingma and Welling 2014, arXiv:1312.6114 (model, eq. 3 and 10; Gaussian KL in appendix B);
Higgins et al. 2017 (beta-VAE, eq. 4); Burda et al. 2016, arXiv:1509.00519, eq. 8 (the importance
bound); Kingma et al. 2016, arXiv:1606.04934, appendix C (discretised logistic); Rybkin et al. 2021,
arXiv:2006.13202 (one learned standard deviation for the Gaussian).
Deviations: both networks are residual multilayer perceptrons with layer normalisation and SiLU.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError

LOG_2_PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class VAEConfig:
    """Sizes and likelihood of a VAE."""

    shape: tuple[int, int, int] = (1, 28, 28)
    """Channels, height and width of an image."""
    latent: int = 32
    """Numbers in a code."""
    width: int = 512
    """Channels of a hidden layer."""
    depth: int = 2
    """Residual blocks in the encoder, and in the decoder."""
    dropout: float = 0.0
    """Share of hidden activations dropped in training."""
    likelihood: Literal["bernoulli", "gaussian", "discretized_logistic"] = "bernoulli"
    """What a pixel is drawn from: 0 or 1; any number; or one of `levels` steps from 0 to 1."""
    levels: int = 256
    """Values that a pixel can have; discretised logistic only."""
    beta: float = 1.0
    """Weight of the KL term in the loss; 1 is the true bound."""

    def __post_init__(self) -> None:
        if self.likelihood not in ("bernoulli", "gaussian", "discretized_logistic"):
            raise ArgumentError(f"no likelihood {self.likelihood!r}")
        if min(*self.shape, self.latent, self.width, self.depth + 1, self.levels - 1) < 1:
            raise ArgumentError("sizes of a VAE must be positive, levels at least 2")


class Block(nn.Module):  # type: ignore[misc]
    """Normalise, two linear layers, add."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner, self.outer = nn.Linear(width, width), nn.Linear(width, width)
        self.drop = nn.Dropout(dropout)
        nn.init.zeros_(self.outer.weight)  # a block begins as the identity
        nn.init.zeros_(self.outer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width) -> same."""
        return x + self.outer(self.drop(functional.silu(self.inner(self.norm(x)))))


def perceptron(inputs: int, outputs: int, config: VAEConfig) -> nn.Sequential:
    """(B, inputs) -> (B, outputs)."""
    blocks = [Block(config.width, config.dropout) for _ in range(config.depth)]
    return nn.Sequential(
        nn.Linear(inputs, config.width),
        *blocks,
        nn.LayerNorm(config.width),
        nn.SiLU(),
        nn.Linear(config.width, outputs),
    )


def gaussian_log_density(x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Log of N(x; mean, exp(log_variance)), elementwise."""
    return -0.5 * (LOG_2_PI + log_variance + (x - mean) ** 2 / log_variance.exp())


def discretized_logistic_log_mass(
    x: Tensor, mean: Tensor, log_scale: Tensor, levels: int
) -> Tensor:
    """Log of a logistic's mass in the cell around `x`; the outermost cells reach to infinity.

    Args:
        x: any shape, multiples of 1 / (levels - 1) in [0, 1].
        mean: centre, shape of `x`.
        log_scale: logarithm of the logistic's scale, shape of `x`.
        levels: number of cells.

    Returns:
        Shape of `x`, at most 0.
    """
    # With a < b: sigmoid(b) - sigmoid(a) = sigmoid(b) sigmoid(-a) (1 - exp(a - b)), which keeps
    # its digits where the difference itself would lose them.
    half, inverse_scale = 0.5 / (levels - 1), torch.exp(-log_scale)
    above = functional.logsigmoid((x - mean + half) * inverse_scale)  # log P(below upper edge)
    below = functional.logsigmoid(-(x - mean - half) * inverse_scale)  # log P(above lower edge)
    inside = above + below + torch.log(-torch.expm1(-2 * half * inverse_scale))
    return torch.where(x < half, above, torch.where(x > 1 - half, below, inside))


class VAE(nn.Module):  # type: ignore[misc]
    """Variational autoencoder.

    Args:
        config: sizes and likelihood.
        encoder: flat images (B, D) to mean and log variance side by side, (B, 2 latent);
            own if None.
        decoder: codes (B, latent) to the likelihood's parameters (B, D), or (B, 2 D) for the
            discretised logistic; own if None.
    """

    def __init__(
        self,
        config: VAEConfig,
        encoder: Callable[[Tensor], Tensor] | None = None,
        decoder: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        pixels = math.prod(config.shape)
        numbers = 2 * pixels if config.likelihood == "discretized_logistic" else pixels
        self.encoder = encoder or perceptron(pixels, 2 * config.latent, config)
        self.decoder = decoder or perceptron(config.latent, numbers, config)
        if config.likelihood == "gaussian":
            self.log_noise = nn.Parameter(torch.zeros(()))  # log standard deviation of every pixel

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) to mean and log variance of the code, (B, latent) each."""
        if x.shape[1:] != self.config.shape:
            raise ArgumentError(f"images are {tuple(x.shape)}, wanted (B, *{self.config.shape})")
        mean, log_variance = self.encoder(2 * x.flatten(1) - 1).chunk(2, dim=1)
        return mean, log_variance.clamp(-14, 14)

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, latent) to expected images (B, C, H, W)."""
        return self._expected(self.decoder(z)).view(-1, *self.config.shape)

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct images from the means of their codes, (B, C, H, W) -> same."""
        return self.decode(self.encode(x)[0])

    def _expected(self, parameters: Tensor) -> Tensor:
        if self.config.likelihood == "bernoulli":
            return parameters.sigmoid()
        if self.config.likelihood == "gaussian":
            return parameters
        return parameters.chunk(2, dim=1)[0].clamp(0, 1)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """Log of p(x|z), summed over pixels: images (B, C, H, W), codes (B, latent) -> (B,)."""
        x, parameters = x.flatten(1), self.decoder(z)  # (B, D), (B, D or 2 D)
        if self.config.likelihood == "bernoulli":
            each = -functional.binary_cross_entropy_with_logits(parameters, x, reduction="none")
        elif self.config.likelihood == "gaussian":
            each = gaussian_log_density(x, parameters, 2 * self.log_noise)
        else:
            mean, log_scale = parameters.chunk(2, dim=1)
            log_scale = (log_scale - 3).clamp(-9, 3)  # begins near 1/20 of the range
            each = discretized_logistic_log_mass(x, mean, log_scale, self.config.levels)
        return each.sum(1)

    def draw(self, mean: Tensor, log_variance: Tensor, generator: torch.Generator | None) -> Tensor:
        """Reparametrised codes z = mean + deviation * noise, (B, latent)."""
        noise = torch.randn(
            mean.shape, generator=generator, device=mean.device, dtype=mean.dtype
        )  # torch.randn_like takes no generator
        return mean + (0.5 * log_variance).exp() * noise

    def loss(
        self, x: Tensor, *, generator: torch.Generator | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean of the negated bound over a batch, in nats per image.

        Args:
            x: images in [0, 1], (B, C, H, W); 0 or 1 for Bernoulli.
            generator: of the noise; torch's own if None.

        Returns:
            Distortion + beta * rate, and its parts `distortion` (-log p(x|z)), `rate` (KL) and
            `negative_elbo` (their plain sum).
        """
        mean, log_variance = self.encode(x)
        distortion = -self.log_likelihood(x, self.draw(mean, log_variance, generator)).mean()
        rate = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean()
        parts = {"distortion": distortion, "rate": rate, "negative_elbo": distortion + rate}
        return distortion + self.config.beta * rate, parts

    def importance_bound(
        self, x: Tensor, draws: int, *, generator: torch.Generator | None = None
    ) -> Tensor:
        """Lower bound of log p(x) in nats by `draws` codes per image; one draw is the ELBO.

        Args:
            x: images, (B, C, H, W).
            draws: codes per image, 1 or more.
            generator: of the noise.

        Returns:
            (B,).
        """
        mean, log_variance = self.encode(x)
        weights = []
        for _ in range(draws):
            z = self.draw(mean, log_variance, generator)
            prior = gaussian_log_density(z, torch.zeros_like(z), torch.zeros_like(z)).sum(1)
            posterior = gaussian_log_density(z, mean, log_variance).sum(1)
            weights.append(self.log_likelihood(x, z) + prior - posterior)
        return torch.logsumexp(torch.stack(weights), dim=0) - math.log(draws)

    def elbo(self, x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """ELBO in nats with the KL in closed form: images (B, C, H, W) -> (B,)."""
        mean, log_variance = self.encode(x)
        rate = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
        return self.log_likelihood(x, self.draw(mean, log_variance, generator)) - rate

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Expected images of `n` codes drawn from the prior, (n, C, H, W) in [0, 1]."""
        device = next(self.parameters()).device
        z = torch.randn(n, self.config.latent, generator=generator, device=device)
        return self.decode(z).clamp(0, 1)
