"""DiT: a transformer over patches of a noisy picture, trained by flow matching.

    path       x_t = (1 - t) x_0 + t eps,  eps ~ N(0, I),  t in [0, 1]
    target     dx_t / dt = eps - x_0
    loss       E |v_theta(x_t, t) - (eps - x_0)|^2
    adaLN      x + gate * layer(scale * norm(x) + shift); scale, shift and gate are made of time and
               class by one linear map, zero at first, so that every block begins as the identity

Source: Peebles and Xie 2023, arXiv:2212.09748 (section 3.2; adaLN-zero); Lipman et al. 2023,
arXiv:2210.02747, eq. 23, and Liu et al. 2023, arXiv:2209.03003, eq. 1 (path and loss); times
drawn logit-normally after Esser et al. 2024, arXiv:2403.03206, eq. 19.
Deviations: velocity and not noise is predicted, without a learned variance; queries and keys are
normalised (as in arXiv:2403.03206, section 5.3.2), which keeps bf16 stable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class DiTConfig:
    """Sizes of a DiT."""

    channels: int = 1
    """Channels of a picture or of latents."""
    size: int = 28
    """Side of the square input."""
    patch: int = 4
    """Side of a patch."""
    width: int = 128
    """Channels of a position; divisible by 4."""
    layers: int = 6
    """Blocks."""
    heads: int = 4
    """Of attention."""
    classes: int = 0
    """Classes that the model may be told; one more stands for "none"."""
    time_mean: float = 0.0
    """Mean of logit(t) in training."""
    time_std: float = 1.0
    """Its standard deviation; 0 draws t evenly."""

    def __post_init__(self) -> None:
        if self.size % self.patch:
            raise ArgumentError(f"patches of {self.patch} do not tile a side of {self.size}")
        if self.width % self.heads or self.width % 4:
            raise ArgumentError("the width must divide by 4 and by the heads")
        if min(self.channels, self.patch, self.layers) < 1 or self.time_std < 0:
            raise ArgumentError("sizes must be positive")


def waves(values: Tensor, size: int, *, longest: float = 10_000.0) -> Tensor:
    """Sines and cosines of geometrically spaced frequencies: (N,) -> (N, size)."""
    frequencies = longest ** (-torch.arange(size // 2, device=values.device) / (size // 2))
    angles = values.float()[:, None] * frequencies
    return torch.cat((angles.sin(), angles.cos()), dim=1)


def positions(side: int, width: int) -> Tensor:
    """Fixed embeddings of a square of patches, half row and half column: (N, width)."""
    index = torch.arange(side)
    rows, columns = torch.meshgrid(index, index, indexing="ij")
    halves = [waves(part.flatten(), width // 2) for part in (rows, columns)]
    return torch.cat(halves, dim=1)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """(B, N, width), (B, width) twice -> (B, N, width)."""
    return x * (1 + scale[:, None]) + shift[:, None]


class Attention(nn.Module):  # type: ignore[misc]
    """Self-attention with normalised queries and keys.

    Attributes:
        maps: if a list, every call appends its attention (B, heads, N, N) to it.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm_q, self.norm_k = nn.RMSNorm(width // heads), nn.RMSNorm(width // heads)
        self.maps: list[Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, width) -> same."""
        parts = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        q, k, v = self.norm_q(parts[0]), self.norm_k(parts[1]), parts[2]  # (B, heads, N, d)
        if self.maps is not None:
            self.maps.append((q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1))
        mixed = functional.scaled_dot_product_attention(q, k, v)
        return self.out(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):  # type: ignore[misc]
    """Attention and a feed-forward part, both under adaLN-zero."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm_attention = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.norm_feed = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.attention = Attention(width, heads)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width)
        )
        self.told = nn.Linear(width, 6 * width)
        nn.init.zeros_(self.told.weight)
        nn.init.zeros_(self.told.bias)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """(B, N, width), (B, width) -> (B, N, width)."""
        shift_a, scale_a, gate_a, shift_f, scale_f, gate_f = self.told(told).chunk(6, dim=1)
        mixed = self.attention(modulate(self.norm_attention(x), shift_a, scale_a))
        x = x + gate_a[:, None] * mixed
        fed = self.feed(modulate(self.norm_feed(x), shift_f, scale_f))
        return x + gate_f[:, None] * fed


class DiT(nn.Module):  # type: ignore[misc]
    """The velocity that carries noise to data."""

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.config = config
        width, pixels = config.width, config.channels * config.patch**2
        self.first = nn.Conv2d(config.channels, width, config.patch, stride=config.patch)
        side = config.size // config.patch
        self.register_buffer("places", positions(side, width), persistent=False)  # (N, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.label = nn.Embedding(config.classes + 1, width) if config.classes else None
        self.blocks = nn.ModuleList(Block(width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.told = nn.Linear(width, 2 * width)
        self.last = nn.Linear(width, pixels)
        for layer in (self.told, self.last):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, time: Tensor, label: Tensor | None = None) -> Tensor:
        """Predicted velocity eps - x_0.

        Args:
            x: (B, C, size, size), noisy.
            time: (B,), 0 (clean) to 1 (noise).
            label: (B,) classes; `config.classes` itself stands for none.

        Returns:
            (B, C, size, size).

        Raises:
            ArgumentError: a picture of another size.
        """
        c = self.config
        if tuple(x.shape[1:]) != (c.channels, c.size, c.size):
            raise ArgumentError(
                f"{tuple(x.shape[1:])} into a DiT of {(c.channels, c.size, c.size)}"
            )
        told = self.time(waves(1000 * time, c.width))
        if self.label is not None:
            none = torch.full((len(x),), c.classes, device=x.device)
            told = told + self.label(none if label is None else label)
        told = functional.silu(told)  # (B, width)
        tokens = self.first(x).flatten(2).transpose(1, 2) + self.places  # (B, N, width)
        for block in self.blocks:
            tokens = block(tokens, told)
        shift, scale = self.told(told).chunk(2, dim=1)
        tokens = self.last(modulate(self.norm(tokens), shift, scale))  # (B, N, C p p)
        side = c.size // c.patch
        folded = tokens.transpose(1, 2).reshape(len(x), -1, side, side)
        return functional.pixel_shuffle(folded, c.patch)

    def loss(
        self, data: Tensor, label: Tensor | None = None, *, drop: float = 0.1
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Flow matching at random times.

        Args:
            data: (B, C, size, size), about [-1, 1].
            label: (B,) or None.
            drop: share of labels exchanged for "none".

        Returns:
            Mean squared error of the velocity; parts: that of the data which it means.
        """
        c, count = self.config, len(data)
        if c.time_std:
            logit = c.time_mean + c.time_std * torch.randn(count, device=data.device)
            time = logit.sigmoid()
        else:
            time = torch.rand(count, device=data.device)
        if label is not None:
            label = label.masked_fill(torch.rand(count, device=data.device) < drop, c.classes)
        noise, t = torch.randn_like(data), time[:, None, None, None]
        error = self((1 - t) * data + t * noise, time, label).float() - (noise - data)
        return error.square().mean(), {"data_error": (t * error).square().mean().detach()}

    def guided(self, x: Tensor, time: Tensor, label: Tensor, scale: float) -> Tensor:
        """Classifier-free guidance: both predictions in one pass; shapes as in `forward`."""
        if scale == 1:
            return self(x, time, label)
        both = self(
            x.repeat(2, 1, 1, 1),
            time.repeat(2),
            torch.cat((label, torch.full_like(label, self.config.classes))),
        )
        told, free = both.chunk(2)
        return free + scale * (told - free)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(
        self,
        n: int,
        *,
        steps: int = 25,
        label: Tensor | None = None,
        scale: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Euler's method from noise to data; more samplers in `omnimuse.schedulers`.

        Args:
            n: how many.
            steps: network calls (twice as wide if guided).
            label: (n,) or None.
            scale: of guidance, where there is a label; 1 is none.
            generator: of the noise.

        Returns:
            (n, C, size, size).
        """
        device, c = self.places.device, self.config
        x = torch.randn(n, c.channels, c.size, c.size, generator=generator, device=device)
        times = torch.linspace(1, 0, steps + 1).tolist()
        for now, then in pairwise(times):
            time = torch.full((n,), now, device=device)
            velocity = self(x, time) if label is None else self.guided(x, time, label, scale)
            x = x + (then - now) * velocity
        return x
