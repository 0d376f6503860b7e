"""Image GPT: pictures of few colours as rows of tokens, continued by a causal transformer.

omnimuse train image-gpt --data mnist --out runs/image-gpt
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.models.image_gpt import ImageGPT, ImageGPTConfig, palette_of, quantise
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of image GPT."""

    colors: int = 4
    """Entries of the palette, clustered from the data."""
    width: int = 96
    """Channels of a hidden state."""
    layers: int = 3
    """Blocks."""
    heads: int = 4
    """Of attention."""
    dropout: float = 0.0
    """In training."""
    learning_rate: float = 2e-3
    """Of AdamW."""
    weight_decay: float = 0.01
    """Of AdamW."""


def floor_nats(train: np.ndarray, held_out: np.ndarray, values: int) -> float:
    """Mean nats a row of each place by its own histogram, one imagined sample spread over all."""
    total = 0.0
    for place in range(train.shape[1]):
        counts = np.bincount(train[:, place], minlength=values) + 1 / values
        total -= float(np.log(counts / counts.sum())[held_out[:, place]].mean())
    return total


def colors_of(data: Dataset, count: int) -> Tensor:
    """The palette of some pictures' pixels, (count, C)."""
    x = torch.from_numpy(data.x[:: max(1, len(data) // 200)]).float() / 255
    pixels = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
    return palette_of(pixels[:: max(1, len(pixels) // 20_000)], count)


class ImageGPTRecipe(Recipe[Config]):
    """Maximum likelihood of pictures cut to a palette."""

    name = "image-gpt"
    family = "autoregressive"
    summary = "Image GPT: colours as tokens, one after another, by a causal transformer"
    paper = "Chen et al. 2020, Generative pretraining from pixels"
    config = Config
    layers = ("blocks",)
    monitor = "nats"
    published = {"bits a dimension (CIFAR-10, sparse transformer)": "2.80 (arXiv:1904.10509)"}

    def build(self, config: Config, spec: DataSpec) -> ImageGPT:
        """A transformer for the pictures' size, with the palette as a buffer."""
        if spec.kind != "image":
            raise DatasetError(f"image-gpt learns pictures, got {spec.kind}")
        if spec.shape[1] * spec.shape[2] > 1024:
            raise DatasetError(
                f"{spec.shape[1]}x{spec.shape[2]} pixels are too long a row", hint="size_px=14"
            )
        sizes = ImageGPTConfig(
            config.colors, spec.shape[1], spec.shape[2], config.width, config.layers, config.heads,
            dropout=config.dropout,
        )  # fmt: skip
        model = ImageGPT(sizes)
        model.register_buffer("palette", torch.zeros(config.colors, spec.shape[0]))
        return model

    def prepare(self, model: ImageGPT, config: Config, data: Dataset) -> None:
        """Cluster the colours of some pictures."""
        model.palette.copy_(colors_of(data, config.colors).to(model.palette.device))

    def tokens(self, model: ImageGPT, x: Tensor) -> Tensor:
        """Pictures (B, C, H, W) -> colours (B, H W)."""
        return quantise(x.permute(0, 2, 3, 1), model.palette).flatten(1)

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Negative log likelihood in nats a pixel."""
        nats, parts = state.model.loss(self.tokens(state.model, batch["x"]))
        return {"loss": nats / state.model.config.pixels, **parts}

    def sample(self, model: ImageGPT, config: Config, *, n: int, generator: Any) -> Tensor:
        """Colour by colour."""
        tokens = model.sample(n, generator=generator)
        size = (model.config.height, model.config.width_px)
        return model.palette[tokens].transpose(1, 2).unflatten(2, size)

    def evaluate(
        self, model: ImageGPT, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Mean negative log likelihood of the cut pictures (of 2,500 at most), exact."""
        total, count = 0.0, min(len(data), 2500)
        for batch in data.batches(250, model.palette.device, limit=2500):
            total -= float(model.log_prob(self.tokens(model, batch["x"])).sum())
        nats = total / count
        return {"nats": nats, "bits_per_pixel": nats / (model.config.pixels * math.log(2))}

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """Independent pixels, each with its own histogram of the same colours."""
        palette, rows = colors_of(train, config.colors), []
        for data in (train, held_out):
            x = torch.from_numpy(data.x[:: max(1, len(data) // 5000)]).float() / 255
            rows.append(quantise(x.permute(0, 2, 3, 1), palette).flatten(1).numpy())
        nats = floor_nats(rows[0], rows[1], config.colors)
        return {"nats": nats, "bits_per_pixel": nats / (rows[0].shape[1] * math.log(2))}


RECIPE = ImageGPTRecipe()
