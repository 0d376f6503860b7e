"""VAE: pictures from Gaussian codes, with a bound on their likelihood.

omnimuse train vae --data mnist --out runs/vae
omnimuse train vae --data mnist --out runs/vae-8bit --set likelihood=discretized_logistic

With the Bernoulli likelihood pixels are drawn anew from their grey values whenever they are trained
on (dynamic binarisation) and once, by a fixed seed, when they are judged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from omnimuse.errors import DatasetError
from omnimuse.models.vae import VAE, VAEConfig
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.floors import bernoulli_floor_nats, histogram_floor_bits
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of a VAE."""

    latent: int = 32
    """Numbers in a code."""
    width: int = 512
    """Channels of a hidden layer."""
    depth: int = 2
    """Residual blocks in the encoder, and in the decoder."""
    dropout: float = 0.0
    """Share of hidden activations dropped in training."""
    likelihood: str = "bernoulli"
    """`bernoulli`, `gaussian` or `discretized_logistic`."""
    beta: float = 1.0
    """Weight of the KL term."""
    importance_draws: int = 16
    """Codes per picture in the importance-weighted bound; 0 leaves it out."""
    learning_rate: float = 2e-3
    """Of AdamW."""
    weight_decay: float = 0.0
    """Of AdamW."""


def seen(x: Tensor, config: Config, generator: Any = None) -> Tensor:
    """What the model sees of grey pictures (B, C, H, W): for Bernoulli, pixels drawn as 0 or 1."""
    return torch.bernoulli(x, generator=generator) if config.likelihood == "bernoulli" else x


class Decoder(nn.Module):  # type: ignore[misc]
    """Codes (B, latent) to expected pictures (B, C, H, W)."""

    def __init__(self, model: VAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor) -> Tensor:
        """Decode."""
        return self.model.decode(z)


class VAERecipe(Recipe[Config]):
    """Maximum ELBO."""

    name = "vae"
    family = "vae"
    summary = "VAE and beta-VAE: Gaussian codes, a bound on the likelihood"
    paper = "Kingma and Welling 2014, arXiv:1312.6114"
    config = Config
    monitor = "negative_elbo_nats"
    published = {
        "iwae_5000_nats (MNIST, binarised; Burda et al. 2016, table 1, VAE with k = 1)": "86.76"
    }

    def build(self, config: Config, spec: DataSpec) -> VAE:
        """A VAE of the pictures' size."""
        if spec.kind != "image":
            raise DatasetError(f"vae learns pictures, got {spec.kind}")
        channels, height, width = spec.shape
        return VAE(
            VAEConfig(
                shape=(channels, height, width),
                latent=config.latent,
                width=config.width,
                depth=config.depth,
                dropout=config.dropout,
                likelihood=config.likelihood,  # type: ignore[arg-type]
                beta=config.beta,
            )
        )

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Distortion + beta * rate, in nats a picture."""
        loss, parts = state.model.loss(seen(batch["x"], state.config))
        return {"loss": loss, **parts}

    def sample(self, model: VAE, config: Config, *, n: int, generator: Any) -> Tensor:
        """Expected pictures of codes from the prior."""
        return model.sample(n, generator=generator)

    def evaluate(
        self, model: VAE, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Negative bounds: the ELBO, and the tighter importance-weighted one."""
        device, totals = next(model.parameters()).device, {"negative_elbo_nats": 0.0}
        for batch in data.batches(500, device):
            x = seen(batch["x"], config, generator)
            totals["negative_elbo_nats"] -= float(model.elbo(x, generator=generator).sum())
            if config.importance_draws:
                name = f"iwae_{config.importance_draws}_nats"
                bound = model.importance_bound(x, config.importance_draws, generator=generator)
                totals[name] = totals.get(name, 0.0) - float(bound.sum())
        figures = {name: total / len(data) for name, total in totals.items()}
        pixels = math.prod(data.spec.shape)
        bits = figures["negative_elbo_nats"] / (pixels * math.log(2))
        return {**figures, "bits_per_dim": bits}

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """Independent pixels; none for the Gaussian, whose densities know no levels."""
        nats_per_bit = math.prod(train.spec.shape) * math.log(2)
        if config.likelihood == "gaussian":
            return {}
        if config.likelihood == "bernoulli":
            nats = bernoulli_floor_nats(train, held_out)
        else:
            nats = histogram_floor_bits(train, held_out) * nats_per_bit
        return {"negative_elbo_nats": nats, "bits_per_dim": nats / nats_per_bit}

    def exports(self, model: VAE, config: Config) -> dict[str, tuple[Any, tuple[Any, ...]]]:
        """The decoder: normal codes to pictures."""
        return {"decoder": (Decoder(model), (torch.randn(2, config.latent),))}


RECIPE = VAERecipe()
