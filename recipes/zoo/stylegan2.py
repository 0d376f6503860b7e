"""StyleGAN2: style in the weights, with adaptive augmentation.

omnimuse train stylegan2 --data mnist --out runs/stylegan2
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.evaluation.frechet import frechet_figures, gaussian_pictures
from omnimuse.models.stylegan2 import StyleGAN2, StyleGAN2Config
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of StyleGAN2."""

    latent: int = 64
    """Numbers of z and w."""
    width: int = 48
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


class StyleGAN2Recipe(Recipe[Config]):
    """Style in the weights, with adaptive augmentation."""

    name = "stylegan2"
    family = "gan"
    summary = "StyleGAN2: styles, demodulation, path length, ADA"
    paper = "Karras et al. 2020, arXiv:1912.04958; 2020b, arXiv:2006.06676"
    config = Config
    published = {"FID (FFHQ 1024)": "2.84"}
    monitor = "frechet"

    def build(self, config: Config, spec: DataSpec) -> StyleGAN2:
        """A StyleGAN2 of the pictures' size."""
        if spec.kind != "image" or spec.shape[1] != spec.shape[2] or spec.shape[1] % 2:
            raise DatasetError(
                f"stylegan2 learns square pictures, the side a multiple of 2; "
                f"got {spec.kind} {spec.shape}"
            )
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

    def optimizers(self, model: StyleGAN2, config: Config) -> dict[str, Any]:
        """One for the discriminator, one for the generator; Adam without weight decay."""
        judged = [*model.look.parameters(), *model.decide.parameters()]
        ids = {id(p) for p in judged}
        rest = [p for p in model.parameters() if id(p) not in ids]
        betas = (0.0, 0.99)
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

    def sample(self, model: StyleGAN2, config: Config, *, n: int, generator: Any) -> Tensor:
        """Pictures from noise."""
        made: Tensor = model.sample(n, generator=generator)
        return ((made + 1) / 2).clamp(0, 1)

    def evaluate(
        self, model: StyleGAN2, config: Config, data: Dataset, *, generator: Any
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


RECIPE = StyleGAN2Recipe()
