"""PixelCNN++: exact likelihood of pictures, pixel by pixel, with two streams of convolutions.

omnimuse train pixelcnn-pp --data mnist --out runs/pixelcnn
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.models.pixelcnn_pp import PixelCNN, PixelCNNConfig
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of PixelCNN++."""

    likelihood: str = "bernoulli"
    """`bernoulli` of binarised grey pictures, or `logistic` of 256 levels."""
    width: int = 32
    """Channels of a stream."""
    blocks: int = 1
    """Gated blocks a stream and size."""
    levels: int = 3
    """Sizes of maps."""
    mixtures: int = 5
    """Logistics in a pixel's mixture."""
    dropout: float = 0.0
    """Inside blocks."""
    learning_rate: float = 2e-3
    """Of AdamW."""
    weight_decay: float = 1e-4
    """Of AdamW."""


def binarised(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Each pixel 1 with its grey value as chance (Salakhutdinov and Murray 2008)."""
    return (torch.rand(x.shape, generator=generator, device=x.device) < x).float()


class PixelCNNRecipe(Recipe[Config]):
    """Maximum likelihood, binarised afresh in every step."""

    name = "pixelcnn-pp"
    family = "autoregressive"
    summary = "PixelCNN++: exact likelihood of pictures by shifted convolutions"
    paper = "Salimans et al. 2017, arXiv:1701.05517"
    config = Config
    monitor = "nats"
    published = {
        "nats (MNIST, 60,000, static binarisation; PixelCNN)": "81.30 (arXiv:1601.06759)",
        "bits_per_dim (CIFAR-10)": "2.92",
    }

    def build(self, config: Config, spec: DataSpec) -> PixelCNN:
        """A PixelCNN++ of the pictures' channels."""
        if spec.kind != "image":
            raise DatasetError(f"pixelcnn-pp learns pictures, got {spec.kind}")
        part = 2 ** (config.levels - 1)
        if spec.shape[1] % part or spec.shape[2] % part:
            raise DatasetError(
                f"sides {spec.shape[1:]} do not divide by {part}",
                hint="Set size_px, or fewer levels.",
            )
        sizes = PixelCNNConfig(
            spec.shape[0], config.width, config.blocks, config.levels, config.mixtures,
            config.likelihood, dropout=config.dropout,  # type: ignore[arg-type]
        )  # fmt: skip
        model = PixelCNN(sizes)
        model.picture_size = spec.shape[1:]
        return model

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Negative log likelihood in nats a picture."""
        x = batch["x"]
        nats, parts = state.model.loss(
            binarised(x) if state.config.likelihood == "bernoulli" else x
        )
        return {"loss": nats, **parts}

    def sample(self, model: PixelCNN, config: Config, *, n: int, generator: Any) -> Tensor:
        """Pixel by pixel."""
        return model.sample(n, model.picture_size, generator=generator)

    def evaluate(
        self, model: PixelCNN, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Mean negative log likelihood, exact; binarised once, by the generator."""
        device, total = model.out.weight.device, 0.0
        for batch in data.batches(250, device):
            x = batch["x"]
            if config.likelihood == "bernoulli":
                x = binarised(x, generator)
            total -= float(model.log_prob(x).sum())
        nats = total / len(data)
        return {"nats": nats, "bits_per_dim": nats / (math.prod(data.x.shape[1:]) * math.log(2))}

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """Independent pixels, each with its own frequencies."""
        pixels = math.prod(train.x.shape[1:])
        if config.likelihood == "bernoulli":
            p = np.clip(train.x.reshape(-1, pixels).mean(0) / 255, 1e-4, 1 - 1e-4)
            q = held_out.x.reshape(-1, pixels) / 255
            nats = float(-(q * np.log(p) + (1 - q) * np.log(1 - p)).sum(1).mean())
        else:
            nats = self._histogram_nats(train.x.reshape(-1, pixels), held_out.x.reshape(-1, pixels))
        return {"nats": nats, "bits_per_dim": nats / (pixels * math.log(2))}

    def _histogram_nats(self, train: np.ndarray, held_out: np.ndarray) -> float:
        """Each pixel by its histogram over 256 levels, with one imagined sample spread over all."""
        total = 0.0
        for pixel in range(train.shape[1]):
            counts = np.bincount(train[:, pixel], minlength=256) + 1 / 256
            total -= float(np.log(counts / counts.sum())[held_out[:, pixel]].mean())
        return total


RECIPE = PixelCNNRecipe()
