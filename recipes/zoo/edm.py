"""EDM: a preconditioned denoiser over all noise levels, sampled by Heun's method.

omnimuse train edm --data mnist --out runs/edm
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.evaluation.sampling_recipes import FrechetRecipe
from omnimuse.models.edm import EDM, EDMConfig
from omnimuse.schedulers import EDM as Schedule
from omnimuse.schedulers import Level, sample_heun
from omnimuse.training.dataset import Batch, DataSpec
from omnimuse.training.recipe import StepState


@dataclass(frozen=True)
class Config:
    """Settings of EDM."""

    width: int = 32
    """Channels of the larger map."""
    blocks: int = 1
    """Residual blocks at each size and way."""
    heads: int = 4
    """Of attention."""
    patch: int = 2
    """Side of the squares of pixels that are folded into channels."""
    sample_steps: int = 18
    """Heun's steps; 35 network calls."""
    judged: int = 1000
    """Samples made for the Fréchet distance."""
    learning_rate: float = 2e-3
    """Of AdamW."""
    weight_decay: float = 0.0
    """Of AdamW."""


class EDMRecipe(FrechetRecipe[Config]):
    """Predicts pictures in [-1, 1] from noisy ones at log-normal noise levels."""

    name = "edm"
    family = "diffusion"
    summary = "EDM: a preconditioned denoiser, sampled by Heun's method"
    paper = "Karras et al. 2022, arXiv:2206.00364"
    config = Config
    published = {"FID (CIFAR-10, Inception features)": "1.97"}

    def build(self, config: Config, spec: DataSpec) -> EDM:
        """A denoiser for the pictures' size."""
        if spec.kind != "image":
            raise DatasetError(f"edm learns pictures, got {spec.kind}")
        sizes = EDMConfig(spec.shape[0], config.width, config.blocks, config.heads, config.patch)
        if spec.shape[1] % sizes.fold or spec.shape[2] % sizes.fold:
            raise DatasetError(
                f"sides {spec.shape[1:]} do not divide by {sizes.fold}", hint="Set size_px."
            )
        model = EDM(sizes)
        model.picture_shape = spec.shape
        return model

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Weighted squared error of the data."""
        loss, parts = state.model.loss(2 * batch["x"] - 1)
        return {"loss": loss, **parts}

    def sample(self, model: EDM, config: Config, *, n: int, generator: Any) -> Tensor:
        """Heun's method along Karras's sigmas."""
        device, levels = model.network.frequencies.device, Schedule().levels(config.sample_steps)

        def denoise(x: Tensor, level: Level) -> Tensor:
            return model(x, torch.full((n,), float(level.sigma), device=device))

        noise = torch.randn((n, *model.picture_shape), generator=generator, device=device)
        made: Tensor = sample_heun(denoise, levels[0].sigma * noise, levels)
        return ((made + 1) / 2).clamp(0, 1)


RECIPE = EDMRecipe()
