"""BigGAN-like: projection discriminator, conditional batch norm.

omnimuse train biggan --data mnist --out runs/biggan
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.evaluation.frechet import frechet_figures, gaussian_pictures
from omnimuse.models.biggan import BigGAN, BigGANConfig
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of class-conditional GAN."""

    latent: int = 64
    """Numbers of z."""
    width: int = 64
    """Channels of every level."""
    shared: int = 32
    """Numbers of a class."""
    orthogonal: float = 0.0001
    """Weight of the orthogonal regularisation."""
    learning_rate: float = 0.0002
    """Of Adam, for the generator."""
    judge_rate: float = 0.0004
    """Of Adam, for the discriminator."""


class BigGANRecipe(Recipe[Config]):
    """Projection discriminator, conditional batch norm."""

    name = "biggan"
    family = "gan"
    summary = "BigGAN-like: projection discriminator, spectral norm, by class"
    paper = "Miyato and Koyama 2018, arXiv:1802.05637; Brock et al. 2019, arXiv:1809.11096"
    config = Config
    published = {"FID (ImageNet 128)": "8.7"}
    monitor = "frechet"

    def build(self, config: Config, spec: DataSpec) -> BigGAN:
        """A class-conditional GAN of the pictures' size and classes."""
        if spec.kind != "image" or spec.shape[1] != spec.shape[2] or spec.shape[1] % 2:
            raise DatasetError(
                f"biggan learns square pictures, the side a multiple of 2; "
                f"got {spec.kind} {spec.shape}"
            )
        if not spec.classes:
            raise DatasetError("biggan learns pictures with classes", hint="Try --data mnist.")
        return BigGAN(
            BigGANConfig(
                spec.shape[0],
                spec.shape[1],
                len(spec.classes),
                config.latent,
                config.width,
                config.shared,
                config.orthogonal,
            )
        )

    def optimizers(self, model: BigGAN, config: Config) -> dict[str, Any]:
        """One for the discriminator, one for the generator; Adam without weight decay."""
        judged = [
            *model.look.parameters(),
            *model.overall.parameters(),
            *model.by_class.parameters(),
        ]
        ids = {id(p) for p in judged}
        rest = [p for p in model.parameters() if id(p) not in ids]
        betas = (0.0, 0.999)
        return {
            "main": torch.optim.Adam(rest, config.learning_rate, betas),
            "judge": torch.optim.Adam(judged, config.judge_rate, betas),
        }

    def step(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """The discriminator's step, then the generator's."""
        real = 2 * batch["x"] - 1
        judged, parts = state.model.judge_loss(real, batch["label"])
        state.backward(judged, "judge")
        state.apply("judge")
        loss = state.model.generator_loss(batch["label"])
        state.backward(loss)
        state.apply()
        return {"loss": loss, "judged": judged, **parts}

    def sample(self, model: BigGAN, config: Config, *, n: int, generator: Any) -> Tensor:
        """Pictures from noise, classes in turn."""
        device = next(model.parameters()).device
        label = torch.arange(n, device=device) % model.config.classes
        made = model.sample(label, generator=generator)
        return ((made + 1) / 2).clamp(0, 1)

    def evaluate(
        self, model: BigGAN, config: Config, data: Dataset, *, generator: Any
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


RECIPE = BigGANRecipe()
