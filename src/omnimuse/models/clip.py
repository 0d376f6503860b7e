"""CLIP: pictures and captions in one space, so that what belongs together lies close together.

Two towers give vectors of unit length. Of a batch of N pairs, each picture is to pick its caption
among N, and each caption its picture: two cross-entropies over one N x N table of cosines, divided
by a learned temperature.

    logits = exp(t) * images @ texts.T
    loss = (CE(logits, 0..N-1) + CE(logits.T, 0..N-1)) / 2

Source: Radford et al. 2021, arXiv:2103.00020, figure 3. Deviations: the text tower is a frozen
sentence encoder (as in Zhai et al. 2022, "LiT", arXiv:2111.07991, where the picture tower is the
frozen one) with a trained head; the picture tower is a small network of ConvNeXt blocks (Liu et al.
2022, arXiv:2201.03545) with GroupNorm, as pictures of icons are 64 px wide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class CLIPConfig:
    """Sizes of both towers."""

    side: int = 64
    """Pixels of a picture's side."""
    patch: int = 4
    """Pixels of a side that the first layer folds into one place."""
    channels: tuple[int, ...] = (64, 128, 192)
    """Channels at side / patch, and after each halving."""
    blocks: tuple[int, ...] = (2, 2, 2)
    """Blocks at each size."""
    text_channels: int = 384
    """Numbers of a sentence vector."""
    width: int = 192
    """Numbers of the common space."""
    dropout: float = 0.1
    """Share of numbers dropped in front of each projection, in training."""


class Block(nn.Module):  # type: ignore[misc]
    """A ConvNeXt block: each channel looks around, then all channels of a place talk."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.around = nn.Conv2d(channels, channels, 5, padding=2, groups=channels)
        self.norm = nn.GroupNorm(1, channels)
        self.widen = nn.Conv2d(channels, 3 * channels, 1)
        self.narrow = nn.Conv2d(3 * channels, channels, 1)
        nn.init.zeros_(self.narrow.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> same."""
        found = self.norm(self.around(x))
        added: Tensor = self.narrow(functional.gelu(self.widen(found)))
        return x + added


class ImageTower(nn.Module):  # type: ignore[misc]
    """Pictures (B, 3, side, side) in [0, 1] -> unit vectors (B, width)."""

    def __init__(self, config: CLIPConfig) -> None:
        super().__init__()
        first = 3 * config.patch**2
        layers: list[nn.Module] = [nn.PixelUnshuffle(config.patch)]
        for index, (channels, count) in enumerate(zip(config.channels, config.blocks, strict=True)):
            before = first if index == 0 else config.channels[index - 1]
            stride = 1 if index == 0 else 2
            layers += [
                nn.Conv2d(before, channels, 3, stride=stride, padding=1),
                nn.GroupNorm(1, channels),
                *(Block(channels) for _ in range(count)),
            ]
        self.layers = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(2 * config.channels[-1])
        self.drop = nn.Dropout(config.dropout)
        self.project = nn.Linear(2 * config.channels[-1], config.width)

    def forward(self, pictures: Tensor) -> Tensor:
        """See the class."""
        found = self.layers(pictures * 2 - 1)  # (B, C, side/16, side/16)
        pooled = torch.cat((found.mean(dim=(2, 3)), found.amax(dim=(2, 3))), dim=1)
        vector: Tensor = self.project(self.drop(self.norm(pooled)))
        return functional.normalize(vector, dim=1)


class TextHead(nn.Module):  # type: ignore[misc]
    """Sentence vectors (B, 384) -> unit vectors (B, width): a straight way and a bent one."""

    def __init__(self, config: CLIPConfig) -> None:
        super().__init__()
        self.straight = nn.Linear(config.text_channels, config.width)
        self.enter = nn.Linear(config.text_channels, 2 * config.width)
        self.leave = nn.Linear(2 * config.width, config.width, bias=False)
        self.drop = nn.Dropout(config.dropout)
        nn.init.zeros_(self.leave.weight)

    def forward(self, sentences: Tensor) -> Tensor:
        """See the class."""
        bent = self.leave(self.drop(functional.gelu(self.enter(sentences))))
        return functional.normalize(self.straight(self.drop(sentences)) + bent, dim=1)


class CLIP(nn.Module):  # type: ignore[misc]
    """Both towers and the temperature."""

    def __init__(self, config: CLIPConfig) -> None:
        super().__init__()
        self.config = config
        self.image = ImageTower(config)
        self.text = TextHead(config)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, pictures: Tensor, sentences: Tensor) -> Tensor:
        """Scaled cosines.

        Args:
            pictures: (N, 3, side, side) in [0, 1].
            sentences: (M, 384), unit length.

        Returns:
            (N, M).
        """
        scale = self.log_scale.clamp(max=math.log(100)).exp()
        return scale * self.image(pictures) @ self.text(sentences).T


def clip_loss(logits: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean of both cross-entropies of a table (N, N) whose diagonal holds the pairs."""
    wanted = torch.arange(len(logits), device=logits.device)
    return 0.5 * (
        functional.cross_entropy(logits, wanted, label_smoothing=smoothing)
        + functional.cross_entropy(logits.T, wanted, label_smoothing=smoothing)
    )


def retrieval_ranks(similarity: Tensor) -> Tensor:
    """Rank of each row's own column, (N,), 0 for the best; ties count against it."""
    own = similarity.diagonal()[:, None]
    return (similarity >= own).sum(dim=1) - 1
