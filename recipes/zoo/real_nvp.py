"""RealNVP: an invertible map between pictures and noise, with an exact density.

omnimuse train real-nvp --data mnist --out runs/real-nvp

Held-out figures bound the likelihood of 8-bit pictures (uniform dequantisation), the same quantity
that the discretised-logistic VAE bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.models.real_nvp import RealNVP, RealNVPConfig
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.floors import histogram_floor_bits
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of a RealNVP."""

    scales: int = 2
    """How many sizes the picture is looked at in."""
    hidden: int = 48
    """Channels inside a coupling network."""
    blocks: int = 1
    """Residual blocks of a coupling network."""
    learning_rate: float = 2e-3
    """Of AdamW."""
    weight_decay: float = 0.0
    """Of AdamW."""


class RealNVPRecipe(Recipe[Config]):
    """Maximum likelihood of dequantised 8-bit pictures."""

    name = "real-nvp"
    family = "flow"
    summary = "RealNVP: affine couplings under checkerboard and channel masks, exact density"
    paper = "Dinh et al. 2017, arXiv:1605.08803"
    config = Config
    monitor = "bits_per_dim"
    published = {"bits_per_dim (MNIST; Grathwohl et al. 2019, table 2)": "1.06"}

    def build(self, config: Config, spec: DataSpec) -> RealNVP:
        """A RealNVP of the pictures' size."""
        if spec.kind != "image":
            raise DatasetError(f"real-nvp learns pictures, got {spec.kind}")
        channels, height, width = spec.shape
        return RealNVP(
            RealNVPConfig(
                shape=(channels, height, width),
                scales=config.scales,
                hidden=config.hidden,
                blocks=config.blocks,
            )
        )

    def prepare(self, model: RealNVP, config: Config, data: Dataset) -> None:
        """Fit the pixels' marginals."""
        device = next(model.parameters()).device
        model.marginals.fit(batch["x"] for batch in data.batches(1000, device))

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Negated bound in bits per dimension."""
        loss, parts = state.model.loss(batch["x"])
        return {"loss": loss, "nats": parts["nats"]}

    def sample(self, model: RealNVP, config: Config, *, n: int, generator: Any) -> Tensor:
        """Noise, taken back."""
        return model.sample(n, generator=generator)

    def evaluate(
        self, model: RealNVP, config: Config, data: Dataset, *, generator: Any
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


RECIPE = RealNVPRecipe()
