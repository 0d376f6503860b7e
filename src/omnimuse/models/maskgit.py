"""MaskGIT and Muse: all tokens of a picture at once, the surest first.

    training   a share cos(pi u / 2) of the tokens, u ~ U(0, 1), is masked; a transformer that sees
               both sides predicts them, loss on masked ones only
    decoding   from all masked, in T rounds: draw every masked token, keep those that the network is
               surest of, mask the others again; after round t a share cos(pi t / (2 T)) is masked

Source: Chang et al. 2022, "MaskGIT", arXiv:2202.04200 (eq. 1, section 3.2; cosine schedule, section
3.3); Chang et al. 2023, "Muse", arXiv:2301.00704 (cross-attention to text, guidance, section 2.7).
Deviations: pre-norm blocks; the context is any row of vectors or a class; label smoothing as in the
authors' code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class MaskGITConfig:
    """Sizes of a masked token transformer."""

    vocabulary: int = 64
    """Codes of a token."""
    tokens: int = 49
    """In a picture."""
    width: int = 128
    """Channels of a hidden state."""
    layers: int = 4
    """Blocks."""
    heads: int = 4
    """Of attention."""
    classes: int = 0
    """Classes that may be told; one more stands for "none"."""
    context: int = 0
    """Channels of the context's vectors (text); 0 for no cross-attention."""
    dropout: float = 0.0
    """In training."""
    smoothing: float = 0.0
    """Of labels, in training."""

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ArgumentError("the heads do not divide the width")
        if self.vocabulary < 2 or min(self.tokens, self.layers) < 1:
            raise ArgumentError("a masked transformer needs tokens, layers and two codes")


class Block(nn.Module):  # type: ignore[misc]
    """Attention to all tokens, to the context if there is one, and a feed-forward part."""

    def __init__(self, config: MaskGITConfig) -> None:
        super().__init__()
        width, options = config.width, {"dropout": config.dropout, "batch_first": True}
        self.norm_own, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.own = nn.MultiheadAttention(width, config.heads, **options)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.cross: nn.MultiheadAttention | None = None
        if config.context:
            self.norm_cross = nn.LayerNorm(width)
            self.cross = nn.MultiheadAttention(
                width, config.heads, kdim=config.context, vdim=config.context, **options
            )

    def forward(self, x: Tensor, context: Tensor | None) -> Tensor:
        """(B, N, width), (B, M, context) -> (B, N, width)."""
        normed = self.norm_own(x)
        x = x + self.own(normed, normed, normed, need_weights=False)[0]
        if self.cross is not None and context is not None:
            normed = self.norm_cross(x)
            x = x + self.cross(normed, context, context, need_weights=False)[0]
        return x + self.feed(self.norm_feed(x))


class MaskGIT(nn.Module):  # type: ignore[misc]
    """Fills masked tokens in."""

    def __init__(self, config: MaskGITConfig) -> None:
        super().__init__()
        self.config = config
        self.mask = config.vocabulary  # the number that stands for "masked"
        self.code = nn.Embedding(config.vocabulary + 1, config.width)
        self.place = nn.Parameter(0.02 * torch.randn(config.tokens, config.width))
        self.label = nn.Embedding(config.classes + 1, config.width) if config.classes else None
        self.nothing = nn.Parameter(torch.zeros(1, config.context)) if config.context else None
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, config.vocabulary)
        nn.init.normal_(self.code.weight, std=0.02)

    def forward(
        self, tokens: Tensor, label: Tensor | None = None, context: Tensor | None = None
    ) -> Tensor:
        """Logits of every token.

        Args:
            tokens: (B, N), codes, `self.mask` where masked.
            label: (B,) classes; `config.classes` itself stands for none.
            context: (B, M, context); None is nothing.

        Returns:
            (B, N, vocabulary).

        Raises:
            ArgumentError: a wrong number of tokens.
        """
        if tokens.shape[1] != self.config.tokens:
            raise ArgumentError(f"{tokens.shape[1]} tokens, wanted {self.config.tokens}")
        x = self.code(tokens) + self.place
        if self.label is not None:
            none = torch.full((len(tokens),), self.config.classes, device=tokens.device)
            x = x + self.label(none if label is None else label)[:, None]
        if self.nothing is not None and context is None:
            context = self.nothing.expand(len(tokens), 1, -1)
        for block in self.blocks:
            x = block(x, context)
        return self.head(self.norm(x))

    def loss(
        self,
        tokens: Tensor,
        label: Tensor | None = None,
        context: Tensor | None = None,
        *,
        drop: float = 0.1,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross entropy of masked tokens; eq. 1.

        Args:
            tokens: (B, N), codes.
            label: (B,) or None.
            context: (B, M, context) or None.
            drop: share of labels and contexts exchanged for none.

        Returns:
            Nats a masked token; parts: the share of them that is guessed right, and masked.
        """
        count, length = tokens.shape
        share = (0.5 * math.pi * torch.rand(count, 1, device=tokens.device)).cos()
        order = torch.rand(count, length, device=tokens.device).argsort(1).argsort(1)
        is_masked = order < (share * length).ceil().clamp(min=1)  # (B, N), at least one
        is_dropped = torch.rand(count, device=tokens.device) < drop
        if label is not None:
            label = label.masked_fill(is_dropped, self.config.classes)
        if context is not None and self.nothing is not None:
            context = torch.where(is_dropped[:, None, None], self.nothing, context)
        logits = self(tokens.masked_fill(is_masked, self.mask), label, context)[is_masked]
        loss = functional.cross_entropy(
            logits.float(), tokens[is_masked], label_smoothing=self.config.smoothing
        )
        right = (logits.argmax(1) == tokens[is_masked]).float().mean()
        return loss, {"right": right.detach(), "masked": is_masked.float().mean()}

    def _guided(
        self, tokens: Tensor, label: Tensor | None, context: Tensor | None, scale: float
    ) -> Tensor:
        """Logits, pushed away from those without label and context; Muse, section 2.7."""
        told = self(tokens, label, context)
        if scale == 1 or (label is None and context is None):
            return told
        free = self(tokens)
        return free + scale * (told - free)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(
        self,
        n: int,
        *,
        rounds: int = 8,
        label: Tensor | None = None,
        context: Tensor | None = None,
        start: Tensor | None = None,
        scale: float = 1.0,
        temperature: float = 1.0,
        choice_temperature: float = 4.5,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Fill tokens in, the surest first.

        Args:
            n: how many pictures.
            rounds: network calls, at least 1.
            label: (n,) or None.
            context: (n, M, context) or None.
            start: (n, N), codes that stay and `self.mask` where tokens are to be made (inpainting);
                None masks all.
            scale: of guidance; 1 is none.
            temperature: of the drawn codes.
            choice_temperature: of the choice which codes stay, falling to zero with the rounds.
            generator: of chance.

        Returns:
            (n, N), codes.

        Raises:
            ArgumentError: no rounds.
        """
        if rounds < 1 or temperature <= 0:
            raise ArgumentError(f"{rounds} rounds at temperature {temperature}")
        shape, device = (n, self.config.tokens), self.place.device
        tokens = torch.full(shape, self.mask, device=device) if start is None else start.clone()
        missing = (tokens == self.mask).sum(1)  # (n,)
        for turn in range(1, rounds + 1):
            is_open = tokens == self.mask
            chances = (self._guided(tokens, label, context, scale) / temperature).softmax(2)
            drawn = torch.multinomial(chances.flatten(0, 1), 1, generator=generator).view(shape)
            sure = chances.gather(2, drawn[..., None])[..., 0].clamp(min=1e-20).log()
            noise = -(
                -torch.rand(shape, generator=generator, device=device).clamp(1e-9).log()
            ).log()
            heat = choice_temperature * (1 - turn / rounds)
            sure = (sure + heat * noise).masked_fill(~is_open, math.inf)  # known tokens stay
            left = (missing * math.cos(0.5 * math.pi * turn / rounds)).floor().long()
            if turn == rounds:
                left = torch.zeros_like(left)
            rank = sure.argsort(1).argsort(1)  # 0 is the least sure
            tokens = torch.where(is_open, drawn, tokens)
            tokens = tokens.masked_fill(rank < left[:, None], self.mask)
        return tokens
