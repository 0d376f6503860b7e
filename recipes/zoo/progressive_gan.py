"""PG-GAN: pictures grown from small to large.

omnimuse train progressive-gan --data mnist --out runs/progressive-gan
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.evaluation.frechet import frechet_figures, gaussian_pictures
from omnimuse.models.progressive_gan import ProgressiveGAN, ProgressiveGANConfig
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of PG-GAN."""

    latent: int = 64
    """Numbers of z."""
    width: int = 64
    """Channels of every level."""
    penalty: float = 10.0
    """Weight of the gradient penalty."""
    drift: float = 0.001
    """Weight of what keeps verdicts near 0."""
    learning_rate: float = 0.001
    """Of Adam, for the generator."""
    judge_rate: float = 0.001
    """Of Adam, for the critic."""


class ProgressiveGANRecipe(Recipe[Config]):
    """Pictures grown from small to large."""

    name = "progressive-gan"
    family = "gan"
    summary = "PG-GAN: pictures grown from small to large, WGAN-GP"
    paper = "Karras et al. 2018, arXiv:1710.10196"
    config = Config
    published = {"FID (CelebA-HQ 1024)": "7.3"}
    monitor = "frechet"

    def build(self, config: Config, spec: DataSpec) -> ProgressiveGAN:
        """A PG-GAN of the pictures' size."""
        if spec.kind != "image" or spec.shape[1] != spec.shape[2] or spec.shape[1] % 2:
            raise DatasetError(
                f"progressive-gan learns square pictures, the side a multiple of 2; "
                f"got {spec.kind} {spec.shape}"
            )
        return ProgressiveGAN(
            ProgressiveGANConfig(
                spec.shape[0],
                spec.shape[1],
                config.latent,
                config.width,
                config.penalty,
                config.drift,
            )
        )

    def optimizers(self, model: ProgressiveGAN, config: Config) -> dict[str, Any]:
        """One for the critic, one for the generator; Adam without weight decay."""
        judged = [
            *model.from_rgb.parameters(),
            *model.shrink.parameters(),
            *model.verdict.parameters(),
        ]
        ids = {id(p) for p in judged}
        rest = [p for p in model.parameters() if id(p) not in ids]
        betas = (0.0, 0.99)
        return {
            "main": torch.optim.Adam(rest, config.learning_rate, betas),
            "judge": torch.optim.Adam(judged, config.judge_rate, betas),
        }

    def step(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """The critic's step, then the generator's."""
        real = 2 * batch["x"] - 1
        state.model.grown(state.progress)
        judged, parts = state.model.judge_loss(real)
        state.backward(judged, "judge")
        state.apply("judge")
        loss = state.model.generator_loss(len(real))
        state.backward(loss)
        state.apply()
        return {"loss": loss, "judged": judged, **parts}

    def sample(self, model: ProgressiveGAN, config: Config, *, n: int, generator: Any) -> Tensor:
        """Pictures from noise."""
        made: Tensor = model.sample(n, generator=generator)
        return ((made + 1) / 2).clamp(0, 1)

    def evaluate(
        self, model: ProgressiveGAN, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Fréchet distance of samples, beside that of real pictures."""
        made = [self.sample(model, config, n=100, generator=generator) for _ in range(10)]
        return frechet_figures(
            torch.cat(made).cpu().numpy(), np.asarray(data.take(np.arange(min(len(data), 2000))).x)
        )

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """The Gaussian of all pixels together."""
        drawn = gaussian_pictures(train.x[:5000], 1000)
        return frechet_figures(
            drawn, np.asarray(held_out.take(np.arange(min(len(held_out), 2000))).x)
        )


RECIPE = ProgressiveGANRecipe()
