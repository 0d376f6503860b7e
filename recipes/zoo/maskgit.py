"""MaskGIT: all tokens of a picture at once, the surest first; tokens are clustered patches.

omnimuse train maskgit --data mnist --out runs/maskgit
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.evaluation.frechet import frechet_figures
from omnimuse.models.maskgit import MaskGIT, MaskGITConfig
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of MaskGIT."""

    patch: int = 4
    """Side of the patches that are clustered."""
    codes: int = 128
    """Clusters."""
    width: int = 128
    """Channels of a hidden state."""
    layers: int = 4
    """Blocks."""
    heads: int = 4
    """Of attention."""
    rounds: int = 12
    """Network calls a sample."""
    choice_temperature: float = 4.5
    """Chance in which codes stay."""
    judged: int = 1000
    """Samples made for the Fréchet distance."""
    learning_rate: float = 2e-3
    """Of AdamW."""
    weight_decay: float = 0.01
    """Of AdamW."""


def patches(x: Tensor, side: int) -> Tensor:
    """Pictures (B, C, H, W) -> (B, N, C side side)."""
    return torch.nn.functional.unfold(x, side, stride=side).transpose(1, 2)


def clusters(points: Tensor, count: int, *, rounds: int = 15) -> Tensor:
    """K-means: (N, D) -> (count, D); started from draws of a fixed seed."""
    generator = torch.Generator().manual_seed(0)
    distinct = points.unique(dim=0)
    centres = distinct[torch.randperm(len(distinct), generator=generator)[:count]]
    centres = torch.cat((centres, centres[:1].expand(count - len(centres), -1)))
    for _ in range(rounds):
        nearest = torch.cdist(points, centres).argmin(1)
        sums = torch.zeros_like(centres).index_add_(0, nearest, points)
        counts = torch.bincount(nearest, minlength=count)[:, None]
        centres = torch.where(counts > 0, sums / counts.clamp(min=1), centres)
    return centres


def centres_of(data: Dataset, config: Config) -> Tensor:
    """Clustered patches of a few hundred pictures, (codes, C side side)."""
    x = torch.from_numpy(data.x[:: max(1, len(data) // 400)]).float() / 255
    return clusters(patches(x, config.patch).flatten(0, 1), config.codes)


class MaskGITRecipe(Recipe[Config]):
    """Masked token prediction, by class where the data has classes."""

    name = "maskgit"
    family = "masked"
    summary = "MaskGIT: fills in masked tokens in parallel, the surest first"
    paper = "Chang et al. 2022, arXiv:2202.04200; Muse: Chang et al. 2023, arXiv:2301.00704"
    config = Config
    layers = ("blocks",)
    monitor = "nats_per_masked"
    published = {"FID (ImageNet 256)": "6.18 (8 rounds)"}

    def build(self, config: Config, spec: DataSpec) -> MaskGIT:
        """A transformer for the grid of patches, with their centres as a buffer."""
        if spec.kind != "image":
            raise DatasetError(f"maskgit learns pictures, got {spec.kind}")
        if spec.shape[1] % config.patch or spec.shape[2] % config.patch:
            raise DatasetError(f"sides {spec.shape[1:]} do not divide by {config.patch}")
        grid = (spec.shape[1] // config.patch) * (spec.shape[2] // config.patch)
        sizes = MaskGITConfig(
            config.codes, grid, config.width, config.layers, config.heads, len(spec.classes)
        )
        model = MaskGIT(sizes)
        model.picture_size = spec.shape[1:]
        model.register_buffer("centres", torch.zeros(config.codes, spec.shape[0] * config.patch**2))
        return model

    def prepare(self, model: MaskGIT, config: Config, data: Dataset) -> None:
        """Cluster the patches of some pictures."""
        model.centres.copy_(centres_of(data, config).to(model.centres.device))

    def tokens(self, model: MaskGIT, config: Config, x: Tensor) -> Tensor:
        """Pictures -> codes (B, N)."""
        points = patches(x, config.patch)
        return torch.cdist(points.flatten(0, 1), model.centres).argmin(1).view(points.shape[:2])

    def pictures(self, model: MaskGIT, config: Config, tokens: Tensor) -> Tensor:
        """Codes (B, N) -> pictures."""
        points = model.centres[tokens].transpose(1, 2)
        side = config.patch
        return torch.nn.functional.fold(points, model.picture_size, side, stride=side)

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Nats a masked token."""
        tokens = self.tokens(state.model, state.config, batch["x"])
        loss, parts = state.model.loss(tokens, batch.get("label"))
        return {"loss": loss, **parts}

    def sample(self, model: MaskGIT, config: Config, *, n: int, generator: Any) -> Tensor:
        """In rounds; classes in turn."""
        classes = model.config.classes
        label = torch.arange(n, device=model.centres.device) % classes if classes else None
        tokens = model.sample(
            n, rounds=config.rounds, label=label, choice_temperature=config.choice_temperature,
            generator=generator,
        )  # fmt: skip
        return self.pictures(model, config, tokens)

    def evaluate(
        self, model: MaskGIT, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """Nats a token under masks of the training's kind, and the Fréchet distance of samples.

        The distance is from pictures that have gone through the patches' centres, so that it judges
        the transformer and not the tokens.
        """
        losses, seen = [], []
        for batch in data.batches(250, model.centres.device, limit=2500):
            tokens = self.tokens(model, config, batch["x"])
            losses.append(float(model.loss(tokens, batch.get("label"), drop=0.0)[0]))
            seen.append(self.pictures(model, config, tokens).cpu().numpy())
        real = np.concatenate(seen)
        count = min(config.judged, len(real) // 2)
        made = self.sample(model, config, n=count, generator=generator).cpu().numpy()
        return {"nats_per_masked": float(np.mean(losses)), **frechet_figures(made, real)}

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """Independent tokens, each place with its own histogram of the same patches."""
        centres = centres_of(train, config)
        rows = []
        for data in (train, held_out):
            x = torch.from_numpy(data.x[:: max(1, len(data) // 2500)]).float() / 255
            points = patches(x, config.patch)
            rows.append(torch.cdist(points.flatten(0, 1), centres).argmin(1).view(points.shape[:2]))
        known, asked = (row.numpy() for row in rows)
        nats = 0.0
        for place in range(known.shape[1]):
            counts = np.bincount(known[:, place], minlength=config.codes) + 1 / config.codes
            nats -= float(np.log(counts / counts.sum())[asked[:, place]].mean())
        return {"nats_per_masked": nats / known.shape[1]}


RECIPE = MaskGITRecipe()
