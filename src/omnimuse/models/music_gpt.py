"""MusicGPT: a small decoder-only transformer over events of a tune.

Besides its token, each step is told where in the bar it stands and how many bars are left. Pre-norm
blocks with RMSNorm, rotary positions, SwiGLU; input and output embeddings are tied.

Source: Vaswani et al. 2017, arXiv:1706.03762; Radford et al. 2019 (GPT-2); Su et al. 2021,
arXiv:2104.09864 (rotary positions); Zhang and Sennrich 2019, arXiv:1910.07467 (RMSNorm); Shazeer
2020, arXiv:2002.05202 (SwiGLU). Telling the model its place in the bar follows the Bar and Position
events of Huang and Yang 2020, arXiv:2002.00212, as embeddings instead of tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class MusicGPTConfig:
    """Sizes of a MusicGPT."""

    vocabulary: int = 85
    """Number of tokens."""
    spots: int = 146
    """Positions in a bar that have an embedding."""
    bars: int = 65
    """Counts of bars left that have an embedding."""
    width: int = 160
    """Channels of a hidden state."""
    layers: int = 5
    """Transformer blocks."""
    heads: int = 5
    """Attention heads; `width / heads` must be even."""
    hidden: int = 416
    """Channels inside the feed-forward part."""
    dropout: float = 0.1
    """Share of activations dropped in training."""


def rotate(x: Tensor, positions: Tensor) -> Tensor:
    """Turn pairs of channels by an angle that grows with the position.

    Args:
        x: (B, H, T, D).
        positions: (T,).

    Returns:
        Shape of `x`. Channel i is paired with channel i + D/2.
    """
    half = x.shape[-1] // 2
    frequencies = 10_000.0 ** (-torch.arange(half, device=x.device) / half)  # (D/2,)
    angles = positions[:, None].float() * frequencies  # (T, D/2)
    cosine, sine = angles.cos(), angles.sin()
    first, second = x[..., :half], x[..., half:]
    return torch.cat((first * cosine - second * sine, first * sine + second * cosine), dim=-1)


class Block(nn.Module):  # type: ignore[misc]
    """Attention and feed-forward, each added to the stream."""

    def __init__(self, config: MusicGPTConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.norm_attention = nn.RMSNorm(width, eps=1e-6)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.norm_feed = nn.RMSNorm(width, eps=1e-6)
        self.gate_up = nn.Linear(width, 2 * config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, width, bias=False)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, stream: Tensor) -> Tensor:
        """(B, T, width) -> same."""
        batch, time, width = stream.shape
        q, k, v = self.qkv(self.norm_attention(stream)).chunk(3, dim=-1)
        split = (batch, time, self.heads, width // self.heads)
        q, k, v = (part.view(split).transpose(1, 2) for part in (q, k, v))  # (B, H, T, D)
        positions = torch.arange(time, device=stream.device)
        q, k = rotate(q, positions), rotate(k, positions)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        mixed = mixed.transpose(1, 2).reshape(batch, time, width)
        stream = stream + self.drop(self.out(mixed))
        gate, up = self.gate_up(self.norm_feed(stream)).chunk(2, dim=-1)  # (B, T, hidden) each
        return stream + self.drop(self.down(functional.silu(gate) * up))


class MusicGPT(nn.Module):  # type: ignore[misc]
    """Predicts the next token of a tune."""

    def __init__(self, config: MusicGPTConfig) -> None:
        super().__init__()
        self.config = config
        self.token = nn.Embedding(config.vocabulary, config.width)
        self.spot = nn.Embedding(config.spots, config.width)
        self.left = nn.Embedding(config.bars, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.width, eps=1e-6)
        self.drop = nn.Dropout(config.dropout)
        self.apply(self._initialise)

    def _initialise(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, Block):
            for layer in (module.out, module.down):
                nn.init.normal_(layer.weight, std=0.02 / (2 * self.config.layers) ** 0.5)

    def forward(self, tokens: Tensor, spots: Tensor, lefts: Tensor) -> Tensor:
        """Logits of the next token.

        Args:
            tokens: (B, T), token numbers.
            spots: (B, T), position in the bar.
            lefts: (B, T), bars left.

        Returns:
            (B, T, vocabulary).
        """
        stream = self.token(tokens) + self.spot(spots) + self.left(lefts)
        stream = self.drop(stream)
        for block in self.blocks:
            stream = block(stream)
        return functional.linear(self.norm(stream), self.token.weight)
