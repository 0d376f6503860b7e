"""Neural spline flow: a monotone spline for each pixel, its knots chosen by the pixels before.

omnimuse train neural-spline-flow --data mnist --out runs/neural-spline-flow

Pixels are drawn anew as 0 or 1 from their grey values whenever they are trained on (dynamic
binarisation) and once, by a fixed seed, when they are judged: the quantity that the Bernoulli VAE
bounds. The flow's own bound comes from uniform dequantisation of the two levels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.models.neural_spline_flow import NeuralSplineFlow, NeuralSplineFlowConfig
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.floors import bernoulli_floor_nats
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of a neural spline flow."""

    kind: str = "autoregressive"
    """`autoregressive` or `coupling`."""
    layers: int = 1
    """Spline layers."""
    bins: int = 3
    """Bins of a spline."""
    width: int = 512
    """Hidden units of a network."""
    depth: int = 2
    """Hidden layers of a network."""
    features: int = 4
    """Values that a network finds out for each number, from which its knots are a linear map."""
    dropout: float = 0.0
    """Share of hidden units dropped in training."""
    learning_rate: float = 2e-3
    """Of AdamW."""
    weight_decay: float = 0.0
    """Of AdamW."""


class NeuralSplineFlowRecipe(Recipe[Config]):
    """Maximum likelihood of binarised pictures, or of points."""

    name = "neural-spline-flow"
    family = "flow"
    summary = "Neural spline flow: autoregressive or coupling rational-quadratic splines"
    paper = "Durkan et al. 2019, arXiv:1906.04032"
    config = Config
    monitor = "nats"
    published = {
        "nats (MNIST, binarised, exact; MADE of Germain et al. 2015, the same conditioner)": "88.40"
    }

    def build(self, config: Config, spec: DataSpec) -> NeuralSplineFlow:
        """A flow of the data's size; points get tails and a normal base."""
        if spec.kind not in ("image", "points"):
            raise DatasetError(f"neural-spline-flow learns pictures or points, got {spec.kind}")
        is_picture = spec.kind == "image"
        return NeuralSplineFlow(
            NeuralSplineFlowConfig(
                shape=spec.shape,
                kind=config.kind,  # type: ignore[arg-type]
                layers=config.layers,
                bins=config.bins,
                width=config.width,
                depth=config.depth,
                features=config.features,
                dropout=config.dropout,
                levels=2 if is_picture else 0,
                tail_bound=0.0 if is_picture else 3.0,
            )
        )

    def prepare(self, model: NeuralSplineFlow, config: Config, data: Dataset) -> None:
        """Start from the pixels' frequencies, where the bins are those of two levels."""
        if data.kind == "image" and config.bins == 3:
            device = next(model.parameters()).device
            model.fit_marginals(seen(batch["x"]) for batch in data.batches(1000, device))

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Negative log likelihood in nats a sample."""
        loss, _ = state.model.loss(seen(batch["x"]))
        return {"loss": loss}

    def sample(self, model: NeuralSplineFlow, config: Config, *, n: int, generator: Any) -> Tensor:
        """Noise, taken back."""
        return model.sample(n, generator=generator)

    def evaluate(
        self, model: NeuralSplineFlow, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Negative log likelihood; for pictures its bound by one draw of noise each."""
        device, total = next(model.parameters()).device, 0.0
        for batch in data.batches(500, device):
            loss, _ = model.loss(seen(batch["x"], generator), generator=generator)
            total += float(loss) * len(batch["x"])
        nats = total / len(data)
        return {"nats": nats, "bits_per_dim": nats / (math.prod(data.spec.shape) * math.log(2))}

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """Independent pixels with their frequencies; one Gaussian for points."""
        if train.kind == "image":
            nats = bernoulli_floor_nats(train, held_out)
        else:
            x, y = torch.from_numpy(train.x), torch.from_numpy(held_out.x)
            gaussian = torch.distributions.MultivariateNormal(x.mean(0), torch.cov(x.T))
            nats = float(-gaussian.log_prob(y).mean())
        return {"nats": nats, "bits_per_dim": nats / (math.prod(train.spec.shape) * math.log(2))}


def seen(x: Tensor, generator: Any = None) -> Tensor:
    """Grey pictures (B, C, H, W) drawn as 0 or 1; points as they are."""
    return torch.bernoulli(x, generator=generator) if x.ndim == 4 else x


RECIPE = NeuralSplineFlowRecipe()
