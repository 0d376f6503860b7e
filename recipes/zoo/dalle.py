"""DALL-E: a discrete VAE makes pictures tokens; one transformer continues words with them.

The words are the class's name (or the caption's first words, by a vocabulary of the data).

omnimuse train dalle --data mnist --out runs/dalle
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.evaluation.frechet import frechet_figures, gaussian_pictures
from omnimuse.models.dalle import Dalle, DalleConfig
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of DALL-E."""

    shrink: int = 4
    """How many times smaller the grid of codes is."""
    codes: int = 64
    """Entries of the codebook."""
    codec_width: int = 16
    """Channels inside the discrete VAE."""
    codec_share: float = 0.4
    """Share of the training that the discrete VAE gets, first."""
    temperature_last: float = 0.1
    """Of Gumbel-softmax at the end of its share; 1 at its start."""
    width: int = 128
    """Channels of the transformer."""
    layers: int = 4
    """Its blocks."""
    heads: int = 4
    """Of attention."""
    judged: int = 500
    """Samples made for the Fréchet distance."""
    learning_rate: float = 2e-3
    """Of AdamW."""
    weight_decay: float = 0.0
    """Of AdamW."""


class DalleRecipe(Recipe[Config]):
    """The discrete VAE first, then the transformer over its codes."""

    name = "dalle"
    family = "autoregressive"
    summary = "DALL-E: a discrete VAE and one transformer over words and codes"
    paper = "Ramesh et al. 2021, arXiv:2102.12092"
    config = Config
    layers = ("blocks",)
    monitor = "frechet"
    published = {"FID (MS-COCO, zero-shot)": "about 28"}

    def build(self, config: Config, spec: DataSpec) -> Dalle:
        """Both parts for square pictures with classes."""
        if spec.kind != "image" or spec.shape[1] != spec.shape[2]:
            raise DatasetError(f"dalle learns square pictures, got {spec.kind} {spec.shape}")
        if spec.shape[1] % config.shrink:
            raise DatasetError(f"side {spec.shape[1]} does not divide by {config.shrink}")
        words = len(spec.classes) + 1  # 0 stands for data without classes
        sizes = DalleConfig(
            spec.shape[0], spec.shape[1], config.shrink, config.codes, config.codec_width,
            words=max(2, words), text_length=1, width=config.width, layers=config.layers,
            heads=config.heads,
        )  # fmt: skip
        return Dalle(sizes)

    def words(self, batch: Batch) -> Tensor:
        """(B, 1): the class's word."""
        label = batch.get("label")
        if label is None:
            return torch.zeros(len(batch["x"]), 1, dtype=torch.long, device=batch["x"].device)
        return label[:, None] + 1

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """The discrete VAE's bound, later nats a token."""
        model, config = state.model, state.config
        if state.progress < config.codec_share:
            done = state.progress / config.codec_share
            loss, parts = model.codec.loss(batch["x"], config.temperature_last**done)
        else:
            with torch.no_grad():
                codes = model.codec.encode(batch["x"])
            loss, parts = model.loss(self.words(batch), codes)
        return {"loss": loss, **parts}

    def sample(self, model: Dalle, config: Config, *, n: int, generator: Any) -> Tensor:
        """Code by code; classes in turn."""
        classes = model.config.words - 1
        words = torch.arange(n, device=model.start.device)[:, None] % classes + 1
        return model.sample(words, generator=generator).clamp(0, 1)

    def evaluate(
        self, model: Dalle, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Nats a code, the discrete VAE's error, and the Fréchet distance of samples."""
        nats, errors, seen = 0.0, 0.0, 0
        for batch in data.batches(250, model.start.device, limit=2500):
            codes = model.codec.encode(batch["x"])
            nats -= float(model.log_prob(self.words(batch), codes)[1].sum()) / codes.shape[1]
            errors += float((model.codec.decode(codes) - batch["x"]).square().mean((1, 2, 3)).sum())
            seen += len(codes)
        count = min(config.judged, len(data) // 2)
        made = self.sample(model, config, n=count, generator=generator).cpu().numpy()
        return {
            "nats_per_code": nats / seen,
            "codec_error": errors / seen,
            **frechet_figures(made, data.x),
        }

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """One Gaussian of all pixels; the mean picture as reconstruction."""
        count = min(config.judged, len(held_out) // 2)
        mean = train.x.mean(0, dtype=np.float64) / 255
        figures = frechet_figures(gaussian_pictures(train.x, count), held_out.x)
        return {**figures, "codec_error": float(((held_out.x / 255 - mean) ** 2).mean())}


RECIPE = DalleRecipe()
