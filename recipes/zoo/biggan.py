"""BigGAN-like: projection discriminator, conditional batch norm.

omnimuse train biggan --data mnist --out runs/biggan
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.evaluation.sampling_recipes import PictureGAN
from omnimuse.models.biggan import BigGAN, BigGANConfig
from omnimuse.training.dataset import Batch, DataSpec
from omnimuse.training.recipe import StepState


@dataclass(frozen=True)
class Config:
    """Settings of class-conditional GAN."""

    latent: int = 64
    """Numbers of z."""
    width: int = 32
    """Channels of every level."""
    shared: int = 32
    """Numbers of a class."""
    orthogonal: float = 0.0001
    """Weight of the orthogonal regularisation."""
    learning_rate: float = 0.0004
    """Of Adam, for the generator."""
    judge_rate: float = 0.0008
    """Of Adam, for the discriminator."""
    judged: int = 1000
    """Samples made for the Fréchet distance."""


class BigGANRecipe(PictureGAN[Config]):
    """Projection discriminator, conditional batch norm."""

    name = "biggan"
    family = "gan"
    summary = "BigGAN-like: projection discriminator, spectral norm, by class"
    paper = "Miyato and Koyama 2018, arXiv:1802.05637; Brock et al. 2019, arXiv:1809.11096"
    config = Config
    parts = ("look", "overall", "by_class")
    betas = (0.0, 0.999)
    published = {"FID (ImageNet 128)": "8.7"}

    def build(self, config: Config, spec: DataSpec) -> BigGAN:
        """A class-conditional GAN of the pictures' size and classes."""
        self.check(spec)
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


RECIPE = BigGANRecipe()
