"""VQ-VAE: pictures as small grids of symbols, and a prior that draws such grids.

omnimuse train vq-vae --data mnist --out runs/vq-vae
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from omnimuse.errors import DatasetError
from omnimuse.models.vq_vae import VQVAE, VQVAEConfig, perplexity
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.floors import mean_picture_error
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of a VQ-VAE."""

    hidden: int = 48
    """Channels inside encoder and decoder."""
    codes: int = 128
    """Entries of the codebook."""
    code_size: int = 16
    """Numbers in an entry."""
    decay: float = 0.98
    """Share of the codebook's averages that stays at each step."""
    commitment: float = 0.25
    """Weight of what draws the encoder towards its codes."""
    revive_below: float = 0.1
    """Codes chosen less often than this, on average a batch, are put elsewhere."""
    prior_width: int = 96
    """Channels of the prior."""
    prior_layers: int = 2
    """Transformer blocks of the prior."""
    learning_rate: float = 2e-3
    """Of AdamW."""
    weight_decay: float = 0.0
    """Of AdamW."""


class Encoder(nn.Module):  # type: ignore[misc]
    """Pictures (B, C, H, W) to codes (B, H/4, W/4)."""

    def __init__(self, model: VQVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """Encode."""
        return self.model.encode(x)


class Decoder(nn.Module):  # type: ignore[misc]
    """Codes (B, H/4, W/4) to pictures (B, C, H, W)."""

    def __init__(self, model: VQVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, codes: Tensor) -> Tensor:
        """Decode."""
        return self.model.decode(codes)


class VQVAERecipe(Recipe[Config]):
    """Autoencoder, codebook and prior in one run."""

    name = "vq-vae"
    family = "vq"
    summary = "VQ-VAE: a codebook by moving averages, straight-through gradients, a code prior"
    paper = "van den Oord et al. 2017, arXiv:1711.00937"
    config = Config
    monitor = "mse"

    def build(self, config: Config, spec: DataSpec) -> VQVAE:
        """A VQ-VAE of the pictures' size."""
        if spec.kind != "image":
            raise DatasetError(f"vq-vae learns pictures, got {spec.kind}")
        channels, height, width = spec.shape
        return VQVAE(
            VQVAEConfig(
                shape=(channels, height, width),
                hidden=config.hidden,
                codes=config.codes,
                code_size=config.code_size,
                decay=config.decay,
                commitment=config.commitment,
                revive_below=config.revive_below,
                prior_width=config.prior_width,
                prior_layers=config.prior_layers,
            )
        )

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Reconstruction, commitment and prior."""
        loss, parts = state.model.loss(batch["x"])
        return {"loss": loss, **parts}

    def sample(self, model: VQVAE, config: Config, *, n: int, generator: Any) -> Tensor:
        """Decoded grids from the prior."""
        return model.sample(n, generator=generator)

    def evaluate(
        self, model: VQVAE, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Squared error of reconstructions, nats of a grid under the prior, codes in use."""
        device, codes, error = next(model.parameters()).device, [], 0.0
        prior_nats = 0.0
        for batch in data.batches(500, device):
            x = batch["x"]
            codes.append(model.encode(x))
            error += float(((model.decode(codes[-1]) - x) ** 2).mean()) * len(x)
            prior_nats += float(model.prior.nats(codes[-1].flatten(1)).sum())
        return {
            "mse": error / len(data),
            "prior_nats": prior_nats / len(data),
            "perplexity": float(perplexity(torch.cat(codes), config.codes)),
        }

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """The mean picture for every picture."""
        return {"mse": mean_picture_error(train, held_out)}

    def exports(self, model: VQVAE, config: Config) -> dict[str, tuple[Any, tuple[Any, ...]]]:
        """Both halves: pictures to codes, codes to pictures."""
        codes = torch.randint(config.codes, (2, *model.config.grid))
        return {
            "encoder": (Encoder(model), (torch.rand(2, *model.config.shape),)),
            "decoder": (Decoder(model), (codes,)),
        }


RECIPE = VQVAERecipe()
