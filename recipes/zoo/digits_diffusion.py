"""Digits on demand: the smallest diffusion model that is told what to draw. For the tutorial.

omnimuse train digits-diffusion --data digits --out runs/digits
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.models.ddpm_unet import DDPM, DDPMConfig
from omnimuse.schedulers import DiscreteVP, Level, denoiser, guide, sample_ddim
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState

NEIGHBOURS = 5


@dataclass(frozen=True)
class Config:
    """Settings of the digit model."""

    width: int = 32
    """Channels of the largest map."""
    noise_steps: int = 1000
    """Of the forward process."""
    sample_steps: int = 20
    """Network calls a sample, doubled by guidance."""
    guidance_scale: float = 2.0
    """How strongly the class is followed; 1 is no guidance."""
    judged: int = 200
    """Samples made for the figures."""
    learning_rate: float = 2e-3
    """Of AdamW."""
    weight_decay: float = 0.0
    """Of AdamW."""


def nearest_labels(x: np.ndarray, known: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The most frequent label among the nearest known pictures of each, (N,)."""
    rows, stored = x.reshape(len(x), -1), known.reshape(len(known), -1).astype(np.float32)
    squared = (rows**2).sum(1)[:, None] - 2 * rows @ stored.T + (stored**2).sum(1)
    nearest = np.argpartition(squared, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    return np.array([np.bincount(found).argmax() for found in labels[nearest]])


class DigitsRecipe(Recipe[Config]):
    """A class-conditional DDPM with classifier-free guidance."""

    name = "digits-diffusion"
    family = "diffusion"
    summary = "A tiny diffusion model that draws the digit it is told to"
    paper = "Ho and Salimans 2022, arXiv:2207.12598"
    config = Config
    monitor = "wrong_digit_share"

    def build(self, config: Config, spec: DataSpec) -> DDPM:
        """A small UNet that knows the classes.

        Raises:
            DatasetError: no pictures, no classes, or odd sides.
        """
        if spec.kind != "image" or not spec.classes:
            raise DatasetError(
                "digits-diffusion learns pictures with classes", hint="--data digits"
            )
        sizes = DDPMConfig(
            spec.shape[0], config.width, classes=len(spec.classes), steps=config.noise_steps
        )
        if spec.shape[1] % sizes.fold or spec.shape[2] % sizes.fold:
            raise DatasetError(f"sides {spec.shape[1:]} do not divide by {sizes.fold}")
        model = DDPM(sizes)
        model.picture_shape = spec.shape
        return model

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Squared error of the predicted noise; a tenth of the labels is hidden."""
        loss, parts = state.model.loss(2 * batch["x"] - 1, batch["label"])
        return {"loss": loss, **parts}

    def draw(self, model: DDPM, config: Config, labels: Tensor, generator: Any) -> Tensor:
        """Pictures (N, C, H, W) in [0, 1] of the classes (N,)."""
        device = model.kept.device
        none = torch.full_like(labels, model.config.classes)

        def predict(x: Tensor, level: Level) -> Tensor:
            time = torch.full((len(x),), float(level.time), device=device)
            good = model.unet(x, time, labels)
            if config.guidance_scale == 1:
                return good
            return guide(good, model.unet(x, time, none), config.guidance_scale)

        noise = torch.randn((len(labels), *model.picture_shape), generator=generator, device=device)
        levels = DiscreteVP(model.betas.cpu().numpy()).levels(config.sample_steps)
        made: Tensor = sample_ddim(denoiser(predict, "epsilon", limit=1.0), noise, levels)
        return ((made + 1) / 2).clamp(0, 1)

    def sample(self, model: DDPM, config: Config, *, n: int, generator: Any) -> Tensor:
        """All classes in turn."""
        labels = torch.arange(n, device=model.kept.device) % model.config.classes
        return self.draw(model, config, labels, generator)

    def evaluate(
        self, model: DDPM, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Share of samples that nearest held-out digits take for another digit than was asked."""
        made = self.sample(model, config, n=config.judged, generator=generator).cpu().numpy()
        asked = np.arange(config.judged) % model.config.classes
        return {"wrong_digit_share": _wrong(made, asked, data)}

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """Guessing: training pictures of any digit."""
        rng = np.random.default_rng(0)
        rows = rng.integers(0, len(train), config.judged)
        made = np.asarray(train.x[rows], np.float32) / 255
        asked = np.arange(config.judged) % len(train.classes)
        return {"wrong_digit_share": _wrong(made, asked, held_out)}


def _wrong(made: np.ndarray, asked: np.ndarray, data: Dataset) -> float:
    known = np.asarray(data.x, np.float32) / 255
    labels = np.asarray(data.labels)
    return float((nearest_labels(made, known, labels) != asked).mean())


RECIPE = DigitsRecipe()
