"""StyleGAN2: style in the weights, with adaptive augmentation.

omnimuse train stylegan2 --data mnist --out runs/stylegan2
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from omnimuse.evaluation.sampling_recipes import PictureGAN
from omnimuse.models.stylegan2 import StyleGAN2, StyleGAN2Config
from omnimuse.training.dataset import Batch, DataSpec
from omnimuse.training.recipe import StepState


@dataclass(frozen=True)
class Config:
    """Settings of StyleGAN2."""

    latent: int = 64
    """Numbers of z and w."""
    width: int = 32
    """Channels of every level."""
    mapping: int = 4
    """Layers of the mapping network."""
    mixing: float = 0.5
    """Share of pictures of two styles."""
    gamma: float = 1.0
    """Weight of R1."""
    path: float = 0.5
    """Weight of the path length."""
    r1_every: int = 8
    """Steps between two R1 penalties."""
    path_every: int = 16
    """Steps between two path length penalties."""
    learning_rate: float = 0.002
    """Of Adam, for the generator."""
    judge_rate: float = 0.002
    """Of Adam, for the discriminator."""
    judged: int = 1000
    """Samples made for the Fréchet distance."""


class StyleGAN2Recipe(PictureGAN[Config]):
    """Style in the weights, with adaptive augmentation."""

    name = "stylegan2"
    family = "gan"
    summary = "StyleGAN2: styles, demodulation, path length, ADA"
    paper = "Karras et al. 2020, arXiv:1912.04958; 2020b, arXiv:2006.06676"
    config = Config
    parts = ("look", "decide")
    published = {"FID (FFHQ 1024)": "2.84"}

    def build(self, config: Config, spec: DataSpec) -> StyleGAN2:
        """A StyleGAN2 of the pictures' size."""
        self.check(spec)
        return StyleGAN2(
            StyleGAN2Config(
                spec.shape[0],
                spec.shape[1],
                config.latent,
                config.width,
                config.mapping,
                config.mixing,
                config.gamma,
                config.path,
            )
        )

    def step(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """The discriminator's step, then the generator's."""
        real = 2 * batch["x"] - 1
        judged, parts = state.model.judge_loss(real)
        state.backward(judged, "judge")
        state.apply("judge")
        if state.step % state.config.r1_every == 0:
            state.backward(state.config.r1_every * state.model.r1(real), "judge")
            state.apply("judge")
        loss = state.model.generator_loss(len(real))
        state.backward(loss)
        state.apply()
        if state.step % state.config.path_every == 0:
            state.backward(state.config.path_every * state.model.path_loss(len(real) // 2))
            state.apply()
        return {"loss": loss, "judged": judged, **parts}


RECIPE = StyleGAN2Recipe()
