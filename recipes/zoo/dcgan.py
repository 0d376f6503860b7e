"""DCGAN: convolutions against convolutions.

omnimuse train dcgan --data mnist --out runs/dcgan
"""

from __future__ import annotations

from dataclasses import dataclass

from omnimuse.evaluation.sampling_recipes import PictureGAN
from omnimuse.models.dcgan import DCGAN, DCGANConfig
from omnimuse.training.dataset import DataSpec


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
    judged: int = 1000
    """Samples made for the Fréchet distance."""


class DCGANRecipe(PictureGAN[Config]):
    """Convolutions against convolutions."""

    name = "dcgan"
    family = "gan"
    summary = "DCGAN: convolutions with batch norm, one judge"
    paper = "Radford et al. 2016, arXiv:1511.06434"
    config = Config
    betas = (0.5, 0.999)
    multiple = 4
    search_space = {"learning_rate": ("log", 1e-4, 1e-3), "width": ("choice", 16, 32, 64)}

    def build(self, config: Config, spec: DataSpec) -> DCGAN:
        """A DCGAN of the pictures' size."""
        self.check(spec)
        return DCGAN(
            DCGANConfig(spec.shape[0], spec.shape[1], config.latent, config.width, config.smooth)
        )


RECIPE = DCGANRecipe()
