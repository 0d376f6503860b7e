"""Latent diffusion: an autoencoder, then a UNet with cross-attention on its latents, by class.

omnimuse train latent-diffusion --data mnist --out runs/latent-diffusion
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.evaluation.sampling_recipes import FrechetRecipe
from omnimuse.models.latent_diffusion import LatentDiffusion, LatentDiffusionConfig
from omnimuse.schedulers import Cosine, Level, denoiser, sample_dpm_solver
from omnimuse.training.dataset import Batch, DataSpec
from omnimuse.training.recipe import StepState


@dataclass(frozen=True)
class Config:
    """Settings of latent diffusion."""

    shrink: int = 4
    """How many times smaller the latents' sides are."""
    latent_channels: int = 4
    """Channels of latents."""
    codec_width: int = 16
    """Channels inside the autoencoder."""
    codec_share: float = 0.35
    """Share of the training that the autoencoder gets, first."""
    width: int = 48
    """Channels of the UNet's larger map."""
    blocks: int = 1
    """Residual blocks at each size and way."""
    heads: int = 4
    """Of attention."""
    context: int = 32
    """Channels of a class's vector."""
    sample_steps: int = 25
    """Network calls a sample."""
    guidance_scale: float = 1.0
    """Of samples by class; 1 is no guidance."""
    judged: int = 1000
    """Samples made for the Fréchet distance."""
    learning_rate: float = 2e-3
    """Of AdamW."""
    weight_decay: float = 0.0
    """Of AdamW."""


class LatentDiffusionRecipe(FrechetRecipe[Config]):
    """The autoencoder first, then v-prediction in its latents, by class where there are any."""

    name = "latent-diffusion"
    family = "diffusion"
    summary = "Latent diffusion: an autoencoder and a cross-attending UNet on its latents"
    paper = "Rombach et al. 2022, arXiv:2112.10752"
    config = Config
    published = {"FID (ImageNet 256, LDM-4, guided)": "3.60"}

    def build(self, config: Config, spec: DataSpec) -> LatentDiffusion:
        """Both parts for the pictures' size and classes."""
        if spec.kind != "image":
            raise DatasetError(f"latent-diffusion learns pictures, got {spec.kind}")
        if spec.shape[1] % config.shrink or spec.shape[2] % config.shrink:
            raise DatasetError(f"sides {spec.shape[1:]} do not divide by {config.shrink}")
        sizes = LatentDiffusionConfig(
            spec.shape[0], config.shrink, config.latent_channels, config.codec_width,
            width=config.width, blocks=config.blocks, heads=config.heads, context=config.context,
            classes=len(spec.classes),
        )  # fmt: skip
        model = LatentDiffusion(sizes)
        model.picture_size = spec.shape[1:]
        return model

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """The autoencoder's loss, later the denoiser's; the latents' scale is measured between."""
        x, model = 2 * batch["x"] - 1, state.model
        if state.progress < state.config.codec_share:
            loss, parts = model.codec.loss(x)
            model.measure(x)
        else:
            loss, parts = model.loss(x, model.context_of(batch.get("label"), len(x)))
        return {"loss": loss, **parts}

    def sample(self, model: LatentDiffusion, config: Config, *, n: int, generator: Any) -> Tensor:
        """DPM-Solver++ in latents, then the decoder; classes in turn."""
        c, device = model.config, model.scale.device
        label = torch.arange(n, device=device) % c.classes if c.classes else None
        context = model.context_of(label, n)

        def predict(z: Tensor, level: Level) -> Tensor:
            time = torch.full((n,), float(level.time), device=device)
            return model.guided(z, time, context, config.guidance_scale)

        shape = (n, c.latent_channels, *(side // c.shrink for side in model.picture_size))
        noise = torch.randn(shape, generator=generator, device=device)
        z: Tensor = sample_dpm_solver(
            denoiser(predict, "v_prediction"), noise, Cosine().levels(config.sample_steps)
        )
        return ((model.codec.decode(z / model.scale) + 1) / 2).clamp(0, 1)


RECIPE = LatentDiffusionRecipe()
