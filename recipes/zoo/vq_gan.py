"""VQ-GAN: pictures as grids of symbols, rebuilt so that a discriminator takes them for real.

omnimuse train vq-gan --data mnist --out runs/vq-gan
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from omnimuse.errors import DatasetError
from omnimuse.models.vq_gan import VQGAN, VQGANConfig
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.floors import mean_picture_error
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of a VQ-GAN."""

    hidden: int = 48
    """Channels inside encoder and decoder."""
    codes: int = 128
    """Entries of the codebook."""
    code_size: int = 8
    """Numbers in an entry."""
    commitment: float = 0.25
    """Weight of what draws the encoder towards its codes."""
    perceptual: float = 1.0
    """Weight of the distance of features."""
    adversarial: float = 0.2
    """Further factor of the adversarial term's weight."""
    adversarial_from: float = 0.3
    """Share of the training after which the discriminator has its say."""
    judge: int = 32
    """Channels of the discriminator's first layer."""
    prior_width: int = 96
    """Channels of the prior."""
    prior_layers: int = 2
    """Transformer blocks of the prior."""
    learning_rate: float = 1e-3
    """Of AdamW, for autoencoder and prior."""
    discriminator_rate: float = 1e-3
    """Of AdamW, for the discriminator."""


class Encoder(nn.Module):  # type: ignore[misc]
    """Pictures (B, C, H, W) to codes (B, H/4, W/4)."""

    def __init__(self, model: VQGAN) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """Encode."""
        return self.model.encode(x)


class Decoder(nn.Module):  # type: ignore[misc]
    """Codes (B, H/4, W/4) to pictures (B, C, H, W)."""

    def __init__(self, model: VQGAN) -> None:
        super().__init__()
        self.model = model

    def forward(self, codes: Tensor) -> Tensor:
        """Decode."""
        return self.model.decode(codes)


class VQGANRecipe(Recipe[Config]):
    """Autoencoder and prior against a discriminator."""

    name = "vq-gan"
    family = "vq"
    summary = "VQ-GAN: codes, a patch discriminator, features as measure, adaptive weight"
    paper = "Esser et al. 2021, arXiv:2012.09841"
    config = Config

    def build(self, config: Config, spec: DataSpec) -> VQGAN:
        """A VQ-GAN of the pictures' size."""
        if spec.kind != "image":
            raise DatasetError(f"vq-gan learns pictures, got {spec.kind}")
        channels, height, width = spec.shape
        return VQGAN(
            VQGANConfig(
                shape=(channels, height, width),
                hidden=config.hidden,
                codes=config.codes,
                code_size=config.code_size,
                commitment=config.commitment,
                perceptual=config.perceptual,
                adversarial=config.adversarial,
                judge=config.judge,
                prior_width=config.prior_width,
                prior_layers=config.prior_layers,
            )
        )

    def optimizers(self, model: VQGAN, config: Config) -> dict[str, Any]:
        """One for the discriminator, one for all else."""
        judged = list(model.discriminator.parameters())
        ids = {id(p) for p in judged}
        rest = [p for p in model.parameters() if id(p) not in ids]
        betas = (0.5, 0.9)
        return {
            "main": torch.optim.AdamW(rest, config.learning_rate, betas, weight_decay=0.0),
            "discriminator": torch.optim.AdamW(
                judged, config.discriminator_rate, betas, weight_decay=0.0
            ),
        }

    def step(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """The autoencoder's step, then the discriminator's."""
        has_say = state.progress >= state.config.adversarial_from
        loss, parts = state.model.loss(batch["x"], adversarial=has_say)
        made = parts.pop("reconstruction")
        state.backward(loss)
        state.apply()
        judged = state.model.discriminator_loss(batch["x"], made)
        state.backward(judged, "discriminator")
        state.apply("discriminator")
        return {"loss": loss, "discriminator": judged, **parts}

    def sample(self, model: VQGAN, config: Config, *, n: int, generator: Any) -> Tensor:
        """Decoded grids from the prior."""
        return model.sample(n, generator=generator)

    def evaluate(
        self, model: VQGAN, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Squared error of reconstructions, nats of a grid under the prior, codes in use."""
        device, codes, error = next(model.parameters()).device, [], 0.0
        prior_nats = 0.0
        for batch in data.batches(500, device):
            x = batch["x"]
            codes.append(model.encode(x))
            error += float(((model.decode(codes[-1]) - x) ** 2).mean()) * len(x)
            prior_nats += float(model.prior.nats(codes[-1].flatten(1)).sum())
        numbers = torch.cat(codes).flatten()
        share = torch.bincount(numbers, minlength=config.codes) / len(numbers)
        return {
            "mse": error / len(data),
            "prior_nats": prior_nats / len(data),
            "perplexity": float(torch.exp(torch.special.entr(share).sum())),
        }

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """The mean picture for every picture."""
        return {"mse": mean_picture_error(train, held_out)}

    def exports(self, model: VQGAN, config: Config) -> dict[str, tuple[Any, tuple[Any, ...]]]:
        """Both halves: pictures to codes, codes to pictures."""
        codes = torch.randint(config.codes, (2, *model.config.grid))
        return {
            "encoder": (Encoder(model), (torch.rand(2, *model.config.shape),)),
            "decoder": (Decoder(model), (codes,)),
        }


RECIPE = VQGANRecipe()
