"""MADE: exact likelihood of binary pictures by a masked autoencoder.

omnimuse train made --data mnist --out runs/made
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.models.made import Made, MadeConfig
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of MADE."""

    width: int = 500
    """Units in a hidden layer."""
    layers: int = 2
    """Hidden layers."""
    learning_rate: float = 1e-3
    """Of AdamW."""
    weight_decay: float = 1e-3
    """Of AdamW."""


def binary(x: Tensor) -> Tensor:
    """Grey pictures (B, C, H, W) -> (B, D) in {0, 1}, cut at one half (fixed binarisation)."""
    return (x.flatten(1) > 0.5).float()


class MadeRecipe(Recipe[Config]):
    """Maximum likelihood on binarised pictures."""

    name = "made"
    family = "autoregressive"
    summary = "MADE: a masked autoencoder with an exact likelihood of binary pictures"
    paper = "Germain et al. 2015, arXiv:1502.03509"
    config = Config
    monitor = "nats"
    search_space = {"learning_rate": ("log", 3e-4, 5e-3), "width": ("choice", 250, 500, 1000)}
    published = {"nats (MNIST, sampled binarisation)": "88.40 (2 layers, one mask)"}

    def build(self, config: Config, spec: DataSpec) -> Made:
        """A MADE of the pictures' size."""
        if spec.kind != "image":
            raise DatasetError(f"made learns pictures, got {spec.kind}")
        size = int(np.prod(spec.shape))
        model = Made(MadeConfig(size, config.width, config.layers))
        model.picture_shape = spec.shape
        return model

    def prepare(self, model: Made, config: Config, data: Dataset) -> None:
        """Begin at the floor: each pixel's logit is that of its frequency."""
        ones = torch.from_numpy((data.x.reshape(len(data), -1) > 127).mean(0, dtype=np.float32))
        model.out.bias.copy_(ones.clamp(1e-4, 1 - 1e-4).logit())

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Negative log likelihood in nats a picture."""
        return {"loss": -state.model.log_prob(binary(batch["x"])).mean()}

    def sample(self, model: Made, config: Config, *, n: int, generator: Any) -> Tensor:
        """Pixel by pixel."""
        return model.sample(n, generator=generator).view(n, *model.picture_shape)

    def evaluate(
        self, model: Made, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Mean negative log likelihood, exact."""
        device = next(model.parameters()).device
        total = sum(
            float(-model.log_prob(binary(batch["x"])).sum()) for batch in data.batches(500, device)
        )
        return {"nats": total / len(data)}

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """Independent pixels, each with its own frequency."""
        ones = (train.x.reshape(len(train), -1) > 127).mean(0)
        p = np.clip(ones, 1e-4, 1 - 1e-4)
        x = held_out.x.reshape(len(held_out), -1) > 127
        return {"nats": float(-(x * np.log(p) + ~x * np.log(1 - p)).sum(1).mean())}

    def exports(self, model: Made, config: Config) -> dict[str, tuple[Any, tuple[Any, ...]]]:
        """The logits of all pixels."""
        return {"made": (model, (torch.zeros(2, model.config.dimensions),))}


RECIPE = MadeRecipe()
