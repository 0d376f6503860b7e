"""GAN on points: a generator learns the ring of eight Gaussians, or any other cloud.

omnimuse train gan --data ring --out runs/gan
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.evaluation.distributions import covered_modes
from omnimuse.models.gan import GAN, GANConfig
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of a GAN of points."""

    latent: int = 8
    """Numbers of z."""
    width: int = 128
    """Units of a layer."""
    layers: int = 3
    """Hidden layers."""
    gamma: float = 0.2
    """Weight of R1."""
    learning_rate: float = 0.001
    """Of Adam, for the generator."""
    judge_rate: float = 0.001
    """Of Adam, for the discriminator."""


class GANRecipe(Recipe[Config]):
    """Two perceptrons against each other."""

    name = "gan"
    family = "gan"
    summary = "GAN: two perceptrons against each other, with R1; points"
    paper = "Goodfellow et al. 2014, arXiv:1406.2661; Mescheder et al. 2018, arXiv:1801.04406"
    config = Config
    role = "point-generation"

    def build(self, config: Config, spec: DataSpec) -> GAN:
        """A GAN of the points' dimensions."""
        if spec.kind != "points":
            raise DatasetError(f"gan learns points, got {spec.kind}", hint="Try dcgan.")
        return GAN(
            GANConfig(spec.shape[0], config.latent, config.width, config.layers, config.gamma)
        )

    def optimizers(self, model: GAN, config: Config) -> dict[str, Any]:
        """One for the discriminator, one for the generator; Adam without weight decay."""
        judged = list(model.judge.parameters())
        ids = {id(p) for p in judged}
        rest = [p for p in model.parameters() if id(p) not in ids]
        betas = (0.5, 0.99)
        return {
            "main": torch.optim.Adam(rest, config.learning_rate, betas),
            "judge": torch.optim.Adam(judged, config.judge_rate, betas),
        }

    def step(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """The discriminator's step, then the generator's."""
        judged, parts = state.model.judge_loss(batch["x"])
        state.backward(judged, "judge")
        state.apply("judge")
        loss = state.model.generator_loss(len(batch["x"]))
        state.backward(loss)
        state.apply()
        return {"loss": loss, **parts}

    def sample(self, model: GAN, config: Config, *, n: int, generator: Any) -> Tensor:
        """Points from noise."""
        return model.sample(n, generator=generator)

    def evaluate(
        self, model: GAN, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Distance of the means of random projections; of the ring, the modes that are covered."""
        made = model.sample(len(data), generator=generator).cpu().numpy()
        figures = {"sliced_wasserstein": sliced_distance(made, np.asarray(data.x))}
        if data.name == "ring":
            modes, share = covered_modes(made, ring_of(data), radius=0.15 * radius_of(data))
            figures |= {"missed_modes_of_8": float(8 - modes), "share_off_modes": 1.0 - share}
        return figures

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """The Gaussian of all points."""
        x = np.asarray(train.x)
        drawn = np.random.default_rng(0).multivariate_normal(x.mean(0), np.cov(x.T), len(held_out))
        figures = {"sliced_wasserstein": sliced_distance(drawn, np.asarray(held_out.x))}
        if held_out.name == "ring":
            ring, radius = ring_of(held_out), radius_of(held_out)
            figures["share_off_modes"] = 1.0 - covered_modes(drawn, ring, radius=0.15 * radius)[1]
        return figures


def radius_of(data: Dataset) -> float:
    """Mean distance of the points from the middle."""
    return float(np.linalg.norm(np.asarray(data.x), axis=1).mean())


def ring_of(data: Dataset) -> Any:
    """The centres of the eight Gaussians, (8, 2)."""
    angles = np.arange(8) * np.pi / 4
    return radius_of(data) * np.stack([np.cos(angles), np.sin(angles)], 1)


def sliced_distance(first: Any, second: Any, slices: int = 64) -> float:
    """Mean 1-Wasserstein distance of projections (Rabin et al. 2011)."""
    n = min(len(first), len(second))
    ways = np.random.default_rng(0).standard_normal((first.shape[1], slices))
    ways /= np.linalg.norm(ways, axis=0)
    gaps = np.sort(first[:n] @ ways, 0) - np.sort(second[:n] @ ways, 0)
    return float(np.abs(gaps).mean())


RECIPE = GANRecipe()
