"""DCGAN: convolutions against convolutions.

omnimuse train dcgan --data mnist --out runs/dcgan
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.evaluation.frechet import frechet_figures, gaussian_pictures
from omnimuse.models.dcgan import DCGAN, DCGANConfig
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of DCGAN."""

    latent: int = 64
    """Numbers of z."""
    width: int = 32
    """Channels at full size."""
    smooth: float = 0.9
    """What the discriminator is told of real pictures."""
    learning_rate: float = 0.0002
    """Of Adam, for the generator."""
    judge_rate: float = 0.0002
    """Of Adam, for the discriminator."""


class DCGANRecipe(Recipe[Config]):
    """Convolutions against convolutions."""

    name = "dcgan"
    family = "gan"
    summary = "DCGAN: convolutions with batch norm, one judge"
    paper = "Radford et al. 2016, arXiv:1511.06434"
    config = Config
    search_space = {"learning_rate": ("log", 1e-4, 1e-3), "width": ("choice", 16, 32, 64)}
    monitor = "frechet"

    def build(self, config: Config, spec: DataSpec) -> DCGAN:
        """A DCGAN of the pictures' size."""
        if spec.kind != "image" or spec.shape[1] != spec.shape[2] or spec.shape[1] % 4:
            raise DatasetError(
                f"dcgan learns square pictures, the side a multiple of 4; "
                f"got {spec.kind} {spec.shape}"
            )
        return DCGAN(
            DCGANConfig(spec.shape[0], spec.shape[1], config.latent, config.width, config.smooth)
        )

    def optimizers(self, model: DCGAN, config: Config) -> dict[str, Any]:
        """One for the discriminator, one for the generator; Adam without weight decay."""
        judged = list(model.judge.parameters())
        ids = {id(p) for p in judged}
        rest = [p for p in model.parameters() if id(p) not in ids]
        betas = (0.5, 0.999)
        return {
            "main": torch.optim.Adam(rest, config.learning_rate, betas),
            "judge": torch.optim.Adam(judged, config.judge_rate, betas),
        }

    def step(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """The discriminator's step, then the generator's."""
        real = 2 * batch["x"] - 1
        judged, parts = state.model.judge_loss(real)
        state.backward(judged, "judge")
        state.apply("judge")
        loss = state.model.generator_loss(len(real))
        state.backward(loss)
        state.apply()
        return {"loss": loss, "judged": judged, **parts}

    def sample(self, model: DCGAN, config: Config, *, n: int, generator: Any) -> Tensor:
        """Pictures from noise."""
        made: Tensor = model.sample(n, generator=generator)
        return ((made + 1) / 2).clamp(0, 1)

    def evaluate(
        self, model: DCGAN, config: Config, data: Dataset, *, generator: Any
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


RECIPE = DCGANRecipe()
