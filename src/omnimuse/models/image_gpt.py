"""Image GPT: a picture is a row of colours, and a decoder-only transformer continues it.

    log p(x) = sum_i log softmax(h_i W)[x_{i+1}],   h = transformer of x_1 ... x_i

Pixels are few colours from a palette (the paper clusters RGB into 512), read in raster order.

Source: Chen et al. 2020, "Generative pretraining from pixels" (section 2; palette, section 3.2);
Radford et al. 2019 (GPT-2) for the blocks.
Deviations: rows and columns have an embedding each, added up, in place of one a position; a class
may take the place of the start token.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class ImageGPTConfig:
    """Sizes of an image GPT."""

    colors: int = 16
    """Entries of the palette."""
    height: int = 14
    """Rows of a picture."""
    width_px: int = 14
    """Pixels in a row."""
    width: int = 128
    """Channels of a hidden state."""
    layers: int = 4
    """Blocks."""
    heads: int = 4
    """Of attention."""
    classes: int = 0
    """Classes that may be told in place of the start."""
    dropout: float = 0.0
    """In training."""

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ArgumentError("the heads do not divide the width")
        if self.colors < 2 or min(self.height, self.width_px, self.layers) < 1:
            raise ArgumentError("an image GPT needs pixels, layers and two colours")

    @property
    def pixels(self) -> int:
        """Tokens in a picture."""
        return self.height * self.width_px


Cache = list[tuple[Tensor, Tensor]]
"""Keys and values of each block so far, (B, heads, T, d)."""


class Block(nn.Module):  # type: ignore[misc]
    """Causal attention and a feed-forward part, each normalised before and added."""

    def __init__(self, config: ImageGPTConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.norm_attention, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.drop = nn.Dropout(config.dropout)

    def forward(
        self, x: Tensor, before: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """(B, T, width) and what came before -> the same, and all keys and values so far."""
        parts = self.qkv(self.norm_attention(x)).unflatten(2, (3, self.heads, -1))
        q, k, v = parts.permute(2, 0, 3, 1, 4)  # (B, heads, T, d)
        if before is not None:
            k, v = torch.cat((before[0], k), dim=2), torch.cat((before[1], v), dim=2)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=before is None)
        x = x + self.drop(self.out(mixed.transpose(1, 2).flatten(2)))
        return x + self.drop(self.feed(self.norm_feed(x))), (k, v)


class ImageGPT(nn.Module):  # type: ignore[misc]
    """Exact density of pictures of few colours."""

    def __init__(self, config: ImageGPTConfig) -> None:
        super().__init__()
        self.config = config
        self.color = nn.Embedding(config.colors, config.width)
        self.start = nn.Embedding(max(1, config.classes), config.width)
        self.row = nn.Embedding(config.height, config.width)
        self.column = nn.Embedding(config.width_px, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, config.colors, bias=False)
        self.apply(self._initialise)

    def _initialise(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, Block):
            for layer in (module.out, module.feed[-1]):
                nn.init.normal_(layer.weight, std=0.02 / math.sqrt(2 * self.config.layers))

    def _places(self, first: int, count: int) -> Tensor:
        """Embeddings of the pixels that are asked for, (count, width)."""
        index = torch.arange(first, first + count, device=self.row.weight.device)
        return self.row(index // self.config.width_px) + self.column(index % self.config.width_px)

    def _starts(self, count: int, label: Tensor | None) -> Tensor:
        """What stands before the first pixel, (B, 1, width)."""
        if label is None:
            label = torch.zeros(count, dtype=torch.long, device=self.row.weight.device)
        return self.start(label)[:, None]

    def forward(self, tokens: Tensor, label: Tensor | None = None) -> Tensor:
        """Logits of every pixel given those before it.

        Args:
            tokens: (B, T), colours in raster order, T <= pixels.
            label: (B,) or None.

        Returns:
            (B, T, colors); place i does not depend on tokens[:, i:].

        Raises:
            ArgumentError: more tokens than pixels.
        """
        count = tokens.shape[1]
        if count > self.config.pixels:
            raise ArgumentError(f"{count} tokens for a picture of {self.config.pixels}")
        x = torch.cat((self._starts(len(tokens), label), self.color(tokens[:, :-1])), dim=1)
        x = x + self._places(0, count)
        for block in self.blocks:
            x, _ = block(x)
        return self.head(self.norm(x))

    def log_prob(self, tokens: Tensor, label: Tensor | None = None) -> Tensor:
        """Log likelihood in nats: (B, pixels) -> (B,)."""
        logits = self(tokens, label)
        loss = functional.cross_entropy(logits.transpose(1, 2), tokens, reduction="none")
        return -loss.sum(1)

    def loss(self, tokens: Tensor, label: Tensor | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean negative log likelihood in nats a picture; parts: bits a pixel."""
        nats = -self.log_prob(tokens, label).mean()
        return nats, {"bits_per_pixel": nats.detach() / (self.config.pixels * math.log(2))}

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(
        self,
        n: int,
        *,
        label: Tensor | None = None,
        start: Tensor | None = None,
        temperature: float = 1.0,
        top_k: int = 0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Draw pictures, colour after colour, with cached keys and values.

        Args:
            n: how many.
            label: (n,) or None.
            start: (n, T) colours that are given (completion of a half picture).
            temperature: of the softmax, above 0.
            top_k: only so many likeliest colours; 0 is all.
            generator: of chance.

        Returns:
            (n, pixels).
        """
        if temperature <= 0:
            raise ArgumentError(f"temperature {temperature}", hint="Wanted: above 0.")
        device = self.row.weight.device
        tokens = torch.zeros(n, 0, dtype=torch.long, device=device) if start is None else start
        cache: Cache | None = None
        for place in range(tokens.shape[1], self.config.pixels):
            if cache is None:
                x = torch.cat((self._starts(n, label), self.color(tokens)), dim=1)
                x = x + self._places(0, place + 1)
            else:
                x = self.color(tokens[:, -1:]) + self._places(place, 1)
            following: Cache = []
            for index, block in enumerate(self.blocks):
                x, kept = block(x, cache[index] if cache else None)
                following.append(kept)
            cache = following
            logits = self.head(self.norm(x[:, -1])) / temperature
            if top_k:
                least = logits.topk(min(top_k, logits.shape[1])).values[:, -1:]
                logits = logits.masked_fill(logits < least, -math.inf)
            drawn = torch.multinomial(logits.softmax(1), 1, generator=generator)
            tokens = torch.cat((tokens, drawn), dim=1)
        return tokens


def palette_of(pixels: Tensor, colors: int, *, rounds: int = 20) -> Tensor:
    """Colours that pixels are close to: k-means, started at spread quantiles of brightness.

    Args:
        pixels: (N, C).
        colors: how many.
        rounds: of k-means.

    Returns:
        (colors, C), from dark to bright.
    """
    order = pixels.unique(dim=0)
    order = order[order.sum(1).argsort(stable=True)]
    palette = order[torch.linspace(0, len(order) - 1, colors).round().long()].clone()
    for _ in range(rounds):
        nearest = quantise(pixels, palette)
        counts = torch.bincount(nearest, minlength=colors)
        sums = torch.zeros_like(palette).index_add_(0, nearest, pixels)
        palette = torch.where(counts[:, None] > 0, sums / counts[:, None].clamp(min=1), palette)
    return palette[palette.sum(1).argsort(stable=True)]


def quantise(pixels: Tensor, palette: Tensor) -> Tensor:
    """The nearest colour of each pixel: (..., C), (K, C) -> (...) whole numbers."""
    return (
        torch.cdist(pixels.reshape(-1, palette.shape[1]), palette).argmin(1).view(pixels.shape[:-1])
    )
