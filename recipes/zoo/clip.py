"""CLIP or SigLIP: pictures and captions in one space.

    omnimuse train clip --data icons+noto --out runs/clip
    omnimuse train clip --data noto+openmoji --set loss=clip --out runs/judge    # another's eyes

The text tower is the embedded sentence encoder, frozen; its vectors are made once and kept for the
run. Pictures are moved, turned, tinted, blurred and made noisy, so that shapes count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ConfigError, DatasetError
from omnimuse.evaluation.pairs import candidates, r_precision
from omnimuse.models.clip import CLIP, CLIPConfig, clip_loss
from omnimuse.models.siglip import SigLIP, siglip_loss
from omnimuse.models.text_states import encoder_folder
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState


@dataclass(frozen=True)
class Config:
    """Settings of CLIP."""

    loss: str = "siglip"
    """`siglip` or `clip`."""
    text_encoder: str = "all-minilm-l6-v2-int8"
    """A pulled sentence encoder, or a folder of one."""
    width: int = 192
    """Numbers of the common space."""
    channels: tuple[int, ...] = (64, 128, 192)
    """Of the picture tower, at each size."""
    blocks: tuple[int, ...] = (2, 2, 2)
    """Of the picture tower, at each size."""
    dropout: float = 0.1
    """In front of each projection."""
    smoothing: float = 0.05
    """Of labels, in the loss `clip`."""
    judged: int = 1000
    """Held-out pictures that are looked at."""
    learning_rate: float = 1.5e-3
    """Of AdamW."""
    weight_decay: float = 0.1
    """Of AdamW."""


class Sentences:
    """Unit sentence vectors by a frozen encoder, each text embedded once."""

    def __init__(self, place: str) -> None:
        from omnimuse.backends.card import ModelCard
        from omnimuse.backends.onnx_text import OnnxEmbedder

        card = ModelCard("text", ("feature-extraction",), "onnx-text")
        self._embedder = OnnxEmbedder(card, encoder_folder(place))
        self._known: dict[str, np.ndarray] = {}

    def __call__(self, texts: list[str]) -> Tensor:
        """(N, 384)."""
        for text in texts:
            if text not in self._known:
                self._known[text] = self._embedder.embed([text])[0]
        return torch.from_numpy(np.stack([self._known[text] for text in texts]))


class CLIPRecipe(Recipe[Config]):
    """Which caption belongs to which picture."""

    name = "clip"
    family = "alignment"
    summary = "CLIP and SigLIP: pictures and captions in one space"
    paper = "Radford et al. 2021, arXiv:2103.00020; Zhai et al. 2023, arXiv:2303.15343"
    config = Config
    monitor = "wrong_of_100"
    role = "zero-shot-image-classification"
    search_space = {"learning_rate": ("log", 3e-4, 3e-3), "loss": ("choice", "clip", "siglip")}
    published = {"ImageNet top-1, zero-shot, ViT-L/14@336 on 400 M pairs": "76.2 %"}

    def __init__(self) -> None:
        self._sentences: dict[str, Sentences] = {}

    def sentences(self, config: Config, texts: list[str]) -> Tensor:
        """Vectors of texts, (N, 384)."""
        if config.text_encoder not in self._sentences:
            self._sentences[config.text_encoder] = Sentences(config.text_encoder)
        return self._sentences[config.text_encoder](texts)

    def build(self, config: Config, spec: DataSpec) -> CLIP | SigLIP:
        """Both towers."""
        fold = 4 * 2 ** (len(config.channels) - 1)
        if spec.kind != "image" or not spec.has_captions or spec.shape[0] != 3:
            raise DatasetError(
                "clip learns from colour pictures with captions",
                hint="Try --data icons, or a folder of pictures with a .txt beside each.",
            )
        if spec.shape[1] != spec.shape[2] or spec.shape[1] % fold:
            raise DatasetError(
                f"clip needs square pictures whose side divides by {fold}, got {spec.shape[1:]}",
                hint="Set data.size_px=64.",
            )
        if config.loss not in ("clip", "siglip"):
            raise ConfigError(f"loss is {config.loss!r}", hint="Wanted: clip or siglip.")
        sizes = CLIPConfig(
            side=spec.shape[1], channels=config.channels, blocks=config.blocks,
            width=config.width, dropout=config.dropout,
        )  # fmt: skip
        return CLIP(sizes) if config.loss == "clip" else SigLIP(sizes)

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Every picture against every caption of the batch."""
        concepts = batch.get("concept", batch["caption"])
        is_first = [concepts.index(concept) == row for row, concept in enumerate(concepts)]
        rows = [row for row, first in enumerate(is_first) if first]
        texts = [_words(batch, row) for row in rows]
        sentences = self.sentences(state.config, texts).to(state.device)
        logits = state.model(augmented(batch["x"][rows]), sentences).float()
        if state.config.loss == "clip":
            return {"loss": clip_loss(logits, state.config.smoothing)}
        return {"loss": siglip_loss(logits)}

    def evaluate(
        self, model: CLIP | SigLIP, config: Config, data: Dataset, *, generator: Any
    ) -> dict[str, float]:
        """How often another caption of 100 comes before a held-out picture's own."""
        rows = np.random.default_rng(0).permutation(len(data))[: config.judged]
        part, device = data.take(np.sort(rows)), model.log_scale.device
        images = [model.image(batch["x"]) for batch in part.batches(250, device)]
        texts = model.text(self.sentences(config, list(part.captions)).to(device))
        groups = part.texts.get("concept", part.captions)
        found = r_precision(
            torch.cat(images).cpu().numpy(),
            texts.cpu().numpy(),
            among=candidates(groups),
            groups=groups,
        )
        return {self.monitor: 1 - found}

    def floor(self, config: Config, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """Guessing."""
        return {self.monitor: 1 - 1 / candidates(held_out.texts.get("concept", held_out.captions))}

    def exports(
        self, model: CLIP | SigLIP, config: Config
    ) -> dict[str, tuple[nn.Module, tuple[Tensor, ...]]]:
        """Both towers; the text tower continues the sentence encoder."""
        sizes = model.config
        return {
            "picture": (model.image, (torch.rand(2, 3, sizes.side, sizes.side),)),
            "text": (model.text, (torch.randn(2, sizes.text_channels),)),
        }


def _words(batch: Batch, row: int) -> str:
    """A caption; now and then with tags, or two tags alone."""
    caption, tags = str(batch["caption"][row]), []
    if "tags" in batch:
        tags = [tag for tag in str(batch["tags"][row]).split(", ") if tag]
    draw = float(torch.rand(()))
    if len(tags) < 2 or draw < 0.6:
        return caption
    picked = [tags[int(i)] for i in torch.randperm(len(tags))[:2]]
    return f"{caption} {picked[0]}" if draw < 0.8 else " ".join(picked)


def augmented(pictures: Tensor) -> Tensor:
    """Moved, scaled, turned, tinted, blurred, noisy: (B, 3, H, W) in [0, 1] -> same."""

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(len(pictures), *shape, device=pictures.device)

    turn, scale = uniform(-0.2, 0.2), uniform(0.85, 1.3)
    theta = torch.zeros(len(pictures), 2, 3, device=pictures.device)
    theta[:, 0, 0] = theta[:, 1, 1] = scale * turn.cos()
    theta[:, 0, 1], theta[:, 1, 0] = -scale * turn.sin(), scale * turn.sin()
    theta[:, :, 2] = uniform(-0.12, 0.12, 2)
    grid = functional.affine_grid(theta, list(pictures.shape), align_corners=False)
    moved = 1 - functional.grid_sample(1 - pictures, grid, align_corners=False)
    small = functional.interpolate(functional.avg_pool2d(moved, 2), scale_factor=2, mode="bilinear")
    moved = torch.where(uniform(0, 1, 1, 1, 1) < 0.3, small, moved)
    grey = moved.mean(dim=1, keepdim=True)
    moved = grey + (moved - grey) * uniform(0.0, 1.3, 1, 1, 1)
    moved = (moved * uniform(0.85, 1.1, 3, 1, 1) + uniform(-0.05, 0.05, 1, 1, 1)).clamp(0, 1)
    return (moved + torch.randn_like(moved) * uniform(0, 0.06, 1, 1, 1)).clamp(0, 1)


RECIPE = CLIPRecipe()
