"""PG-GAN: pictures grown from small to large.

omnimuse train progressive-gan --data mnist --out runs/progressive-gan
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from omnimuse.evaluation.sampling_recipes import PictureGAN
from omnimuse.models.progressive_gan import ProgressiveGAN, ProgressiveGANConfig
from omnimuse.training.dataset import Batch, DataSpec
from omnimuse.training.recipe import StepState


@dataclass(frozen=True)
class Config:
    """Settings of PG-GAN."""

    latent: int = 64
    """Numbers of z."""
    width: int = 32
    """Channels of every level."""
    penalty: float = 10.0
    """Weight of the gradient penalty."""
    drift: float = 0.001
    """Weight of what keeps verdicts near 0."""
    learning_rate: float = 0.001
    """Of Adam, for the generator."""
    judge_rate: float = 0.001
    """Of Adam, for the critic."""
    judged: int = 1000
    """Samples made for the Fréchet distance."""


class ProgressiveGANRecipe(PictureGAN[Config]):
    """Pictures grown from small to large."""

    name = "progressive-gan"
    family = "gan"
    summary = "PG-GAN: pictures grown from small to large, WGAN-GP"
    paper = "Karras et al. 2018, arXiv:1710.10196"
    config = Config
    parts = ("from_rgb", "shrink", "verdict")
    published = {"FID (CelebA-HQ 1024)": "7.3"}

    def build(self, config: Config, spec: DataSpec) -> ProgressiveGAN:
        """A PG-GAN of the pictures' size."""
        self.check(spec)
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

    def step(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Grow, then the critic's step and the generator's."""
        state.model.grown(state.progress)
        return super().step(state, batch)


RECIPE = ProgressiveGANRecipe()
