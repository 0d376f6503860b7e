"""DDPM: a UNet that predicts noise, sampled step by step or by any scheduler.

omnimuse train ddpm --data mnist --out runs/ddpm
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from omnimuse.errors import ConfigError, DatasetError
from omnimuse.evaluation.sampling_recipes import FrechetRecipe
from omnimuse.models.ddpm_unet import DDPM, DDPMConfig
from omnimuse.schedulers import (
    DiscreteVP,
    Level,
    PredictionType,
    denoiser,
    gaussian,
    sample_ancestral,
    sample_dpm_solver,
)
from omnimuse.training.dataset import Batch, DataSpec
from omnimuse.training.recipe import StepState


@dataclass(frozen=True)
class Config:
    """Settings of DDPM."""

    width: int = 48
    """Channels of the largest map."""
    blocks: int = 1
    """Residual blocks a size."""
    heads: int = 4
    """Of attention, on the smallest map."""
    patch: int = 2
    """Side of the squares of pixels that are folded into channels."""
    dropout: float = 0.0
    """Inside residual blocks."""
    noise_steps: int = 1000
    """Of the forward process."""
    prediction: str = "v"
    """What the network answers: `epsilon` as in the paper, or `v`, which a short training likes."""
    sampler: str = "dpm++"
    """`dpm++` (DPM-Solver++ 2M) or `ancestral`, the paper's own."""
    sample_steps: int = 25
    """Network calls a sample; the paper's sampler wants 100 and more."""
    judged: int = 1000
    """Samples made for the Fréchet distance."""
    learning_rate: float = 1e-3
    """Of AdamW."""
    weight_decay: float = 0.0
    """Of AdamW."""


class DDPMRecipe(FrechetRecipe[Config]):
    """Predicts the noise in pictures of [-1, 1], or v."""

    name = "ddpm"
    family = "diffusion"
    summary = "DDPM: a UNet takes noise out of a picture step by step"
    paper = "Ho et al. 2020, arXiv:2006.11239"
    config = Config
    published = {"FID (CIFAR-10, Inception features)": "3.17"}

    def build(self, config: Config, spec: DataSpec) -> DDPM:
        """A UNet for the pictures' size."""
        if spec.kind != "image":
            raise DatasetError(f"ddpm learns pictures, got {spec.kind}")
        if config.sampler not in ("dpm++", "ancestral"):
            raise ConfigError(f"sampler is {config.sampler!r}", hint="Wanted: dpm++ or ancestral.")
        sizes = DDPMConfig(
            spec.shape[0], config.width, blocks=config.blocks, heads=config.heads,
            patch=config.patch, dropout=config.dropout, steps=config.noise_steps,
            prediction=config.prediction,
        )  # fmt: skip
        if spec.shape[1] % sizes.fold or spec.shape[2] % sizes.fold:
            raise DatasetError(
                f"sides {spec.shape[1:]} do not divide by {sizes.fold}", hint="Set size_px."
            )
        model = DDPM(sizes)
        model.picture_shape = spec.shape
        return model

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Squared error of the predicted noise, or v."""
        loss, parts = state.model.loss(2 * batch["x"] - 1)
        return {"loss": loss, **parts}

    def sample(self, model: DDPM, config: Config, *, n: int, generator: Any) -> Tensor:
        """Sampling along fewer, evenly spread times."""
        device = model.kept.device

        def predict(x: Tensor, level: Level) -> Tensor:
            return model.unet(x, torch.full((len(x),), float(level.time), device=device))

        kind: PredictionType = "epsilon" if config.prediction == "epsilon" else "v_prediction"
        levels = DiscreteVP(model.betas.cpu().numpy()).levels(config.sample_steps)
        noise = torch.randn((n, *model.picture_shape), generator=generator, device=device)
        denoise = denoiser(predict, kind, limit=1.0)
        made: Tensor
        if config.sampler == "ancestral":
            made = sample_ancestral(denoise, noise, levels, noise=gaussian(generator))
        else:
            made = sample_dpm_solver(denoise, noise, levels)
        return ((made + 1) / 2).clamp(0, 1)


RECIPE = DDPMRecipe()
