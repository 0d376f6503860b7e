"""DiT with flow matching: a transformer over patches that carries noise to pictures, by class.

omnimuse train dit --data mnist --out runs/dit
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.evaluation.sampling_recipes import FrechetRecipe
from omnimuse.models.dit import DiT, DiTConfig
from omnimuse.schedulers import Flow, Level, denoiser, sample_dpm_solver
from omnimuse.training.dataset import Batch, DataSpec
from omnimuse.training.recipe import StepState


@dataclass(frozen=True)
class Config:
    """Settings of DiT."""

    patch: int = 4
    """Side of a patch."""
    width: int = 128
    """Channels of a position."""
    layers: int = 4
    """Blocks."""
    heads: int = 4
    """Of attention."""
    sample_steps: int = 25
    """Network calls a sample."""
    guidance_scale: float = 1.0
    """Of samples by class; 1 is no guidance."""
    judged: int = 1000
    """Samples made for the Fréchet distance."""
    learning_rate: float = 1e-3
    """Of AdamW."""
    weight_decay: float = 0.0
    """Of AdamW."""


class DiTRecipe(FrechetRecipe[Config]):
    """Flow matching of pictures in [-1, 1], by class where the data has classes."""

    name = "dit"
    family = "diffusion"
    summary = "DiT: a transformer over patches, trained by flow matching"
    paper = "Peebles and Xie 2023, arXiv:2212.09748; Lipman et al. 2023, arXiv:2210.02747"
    config = Config
    layers = ("blocks",)
    published = {"FID (ImageNet 256, DiT-XL/2, guided)": "2.27"}

    def build(self, config: Config, spec: DataSpec) -> DiT:
        """A DiT for the pictures' size and classes."""
        if spec.kind != "image" or spec.shape[1] != spec.shape[2]:
            raise DatasetError(f"dit learns square pictures, got {spec.kind} {spec.shape}")
        if spec.shape[1] % config.patch:
            raise DatasetError(f"side {spec.shape[1]} does not divide by {config.patch}")
        sizes = DiTConfig(
            spec.shape[0], spec.shape[1], config.patch, config.width, config.layers, config.heads,
            classes=len(spec.classes),
        )  # fmt: skip
        return DiT(sizes)

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Squared error of the velocity."""
        loss, parts = state.model.loss(2 * batch["x"] - 1, batch.get("label"))
        return {"loss": loss, **parts}

    def sample(self, model: DiT, config: Config, *, n: int, generator: Any) -> Tensor:
        """DPM-Solver++ along the flow; classes in turn."""
        c, device = model.config, model.places.device
        label = torch.arange(n, device=device) % c.classes if c.classes else None

        def predict(x: Tensor, level: Level) -> Tensor:
            time = torch.full((n,), float(level.time), device=device)
            if label is None:
                return model(x, time)
            return model.guided(x, time, label, config.guidance_scale)

        noise = torch.randn((n, c.channels, c.size, c.size), generator=generator, device=device)
        made: Tensor = sample_dpm_solver(
            denoiser(predict, "flow_prediction"), noise, Flow().levels(config.sample_steps)
        )
        return ((made + 1) / 2).clamp(0, 1)


RECIPE = DiTRecipe()
