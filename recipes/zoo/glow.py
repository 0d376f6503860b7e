"""Glow: an invertible map between pictures and noise, with 1x1 convolutions.

omnimuse train glow --data mnist --out runs/glow

Held-out figures bound the likelihood of 8-bit pictures (uniform dequantisation), the same quantity
that the discretised-logistic VAE bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.models.glow import Glow, GlowConfig
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.floors import histogram_floor_bits
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of a Glow."""

    scales: int = 2
    """How often the picture is squeezed."""
    flow_steps: int = 4
    """Steps of flow per scale."""
    hidden: int = 64
    """Channels inside a coupling network."""
    learning_rate: float = 2e-3
    """Of AdamW."""
    weight_decay: float = 0.0
    """Of AdamW."""


class GlowRecipe(Recipe[Config]):
    """Maximum likelihood of dequantised 8-bit pictures."""

    name = "glow"
    family = "flow"
    summary = "Glow: actnorm, invertible 1x1 convolutions, affine couplings"
    paper = "Kingma and Dhariwal 2018, arXiv:1807.03039"
    config = Config
    monitor = "bits_per_dim"
    published = {"bits_per_dim (MNIST; Grathwohl et al. 2019, table 2)": "1.05"}

    def build(self, config: Config, spec: DataSpec) -> Glow:
        """A Glow of the pictures' size."""
        if spec.kind != "image":
            raise DatasetError(f"glow learns pictures, got {spec.kind}")
        channels, height, width = spec.shape
        return Glow(
            GlowConfig(
                shape=(channels, height, width),
                scales=config.scales,
                steps=config.flow_steps,
                hidden=config.hidden,
            )
        )

    def prepare(self, model: Glow, config: Config, data: Dataset) -> None:
        """Fit the pixels' marginals and the activation norms."""
        device = next(model.parameters()).device
        model.marginals.fit(batch["x"] for batch in data.batches(1000, device))
        model.train()  # the first batch in training sets the activation norms
        model.loss(data.batch(np.arange(min(256, len(data))), device)["x"])
        model.eval()

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Negated bound in bits per dimension."""
        loss, parts = state.model.loss(batch["x"])
        return {"loss": loss, "nats": parts["nats"]}

    def sample(self, model: Glow, config: Config, *, n: int, generator: Any) -> Tensor:
        """Noise, taken back."""
        return model.sample(n, generator=generator)

    def evaluate(
        self, model: Glow, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Bound on the negative log likelihood of 8-bit pictures, one draw of noise for each."""
        device = next(model.parameters()).device
        nats = -sum(
            float(model.bound(batch["x"], generator=generator).sum())
            for batch in data.batches(500, device)
        ) / len(data)
        return {"bits_per_dim": nats / (math.prod(data.spec.shape) * math.log(2)), "nats": nats}

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """Independent pixels, each with its histogram."""
        bits = histogram_floor_bits(train, held_out)
        return {"bits_per_dim": bits, "nats": bits * math.prod(train.spec.shape) * math.log(2)}


RECIPE = GlowRecipe()
