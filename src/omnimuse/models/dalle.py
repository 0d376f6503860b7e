"""DALL-E: pictures become tokens by a discrete VAE; one transformer continues words with them.

    dVAE         q(z|x) = Categorical(encoder(x)) a position, relaxed by Gumbel-softmax in training:
                 z = softmax((logits + Gumbel noise) / temperature) @ codebook
    loss         E |decoder(z) - x|^2 / (2 s^2) + beta KL(q(z|x) || uniform)
    transformer  log p(words, codes) = sum log p(token | all tokens before), causal, one stream

Source: Ramesh et al. 2021, arXiv:2102.12092 (sections 2.1-2.2);
Jang et al. 2017, arXiv:1611.01144, and Maddison et al. 2017, arXiv:1611.00712 (Gumbel-softmax).
Deviations: a Gaussian likelihood of the dVAE in place of logit-Laplace; full attention in place of
sparse patterns (pictures here are small); reranking is left to a CLIP (`models.clip`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class DalleConfig:
    """Sizes of both parts."""

    channels: int = 1
    """Channels of a picture."""
    size: int = 28
    """Side of a square picture."""
    shrink: int = 4
    """How many times smaller the grid of codes is: a power of two."""
    codes: int = 64
    """Entries of the codebook."""
    codec_width: int = 32
    """Channels inside the dVAE."""
    deviation: float = 0.1
    """s, of the dVAE's Gaussian likelihood."""
    beta: float = 1.0
    """Weight of its KL term; 1 is the true bound (the paper raises it to 6.6)."""
    words: int = 16
    """Vocabulary of the text; 0 pads."""
    text_length: int = 1
    """Words in front of a picture."""
    width: int = 128
    """Channels of the transformer."""
    layers: int = 4
    """Its blocks."""
    heads: int = 4
    """Of attention."""
    text_weight: float = 1 / 8
    """Weight of the words' loss beside that of the codes (the paper: 1 to 7)."""

    def __post_init__(self) -> None:
        if self.shrink < 2 or self.shrink & (self.shrink - 1) or self.size % self.shrink:
            raise ArgumentError(f"a side of {self.size} cannot shrink {self.shrink} times")
        if self.width % self.heads:
            raise ArgumentError("the heads do not divide the width")

    @property
    def grid(self) -> int:
        """Side of the grid of codes."""
        return self.size // self.shrink


class DiscreteVAE(nn.Module):  # type: ignore[misc]
    """Pictures as grids of codes."""

    def __init__(self, config: DalleConfig) -> None:
        super().__init__()
        self.config = config
        width, halvings = config.codec_width, int(math.log2(config.shrink))
        encoder: list[nn.Module] = [nn.Conv2d(config.channels, width, 3, padding=1), nn.ReLU()]
        for _ in range(halvings):
            encoder += [nn.Conv2d(width, 2 * width, 4, stride=2, padding=1), nn.ReLU()]
            width *= 2
        self.encoder = nn.Sequential(*encoder, nn.Conv2d(width, config.codes, 1))
        self.codebook = nn.Embedding(config.codes, width)
        decoder: list[nn.Module] = [nn.Conv2d(width, width, 3, padding=1), nn.ReLU()]
        for _ in range(halvings):
            decoder += [nn.ConvTranspose2d(width, width // 2, 4, stride=2, padding=1), nn.ReLU()]
            width //= 2
        self.decoder = nn.Sequential(*decoder, nn.Conv2d(width, config.channels, 1))

    def encode(self, x: Tensor) -> Tensor:
        """The likeliest codes: (B, C, size, size) in [0, 1] -> (B, grid * grid)."""
        return self.encoder(2 * x - 1).argmax(1).flatten(1)

    def decode(self, codes: Tensor) -> Tensor:
        """(B, grid * grid) -> (B, C, size, size)."""
        grid = self.config.grid
        vectors = self.codebook(codes).transpose(1, 2).unflatten(2, (grid, grid))
        return self.decoder(vectors)

    def forward(self, x: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
        """Reconstruction through relaxed codes.

        Args:
            x: (B, C, size, size) in [0, 1].
            temperature: of Gumbel-softmax, above 0; small is nearly one-hot.

        Returns:
            (B, C, size, size) and the logits (B, codes, grid, grid).
        """
        logits = self.encoder(2 * x - 1)
        relaxed = functional.gumbel_softmax(logits, tau=temperature, dim=1)
        vectors = torch.einsum("bkhw,kc->bchw", relaxed, self.codebook.weight)
        return self.decoder(vectors), logits

    def loss(self, x: Tensor, temperature: float) -> tuple[Tensor, dict[str, Tensor]]:
        """The relaxed bound, as a mean over pixels.

        Returns:
            Loss; parts: squared error, KL in nats a code, and codes in use (perplexity).
        """
        made, logits = self(x, temperature)
        error = (made - x).square()
        log_q = logits.log_softmax(1)
        kl = (log_q.exp() * (log_q + math.log(self.config.codes))).sum(1)  # (B, grid, grid)
        bound = error.flatten(1).sum(1) / (2 * self.config.deviation**2)
        bound = bound + self.config.beta * kl.flatten(1).sum(1)
        use = log_q.exp().mean((0, 2, 3))
        perplexity = (-(use * use.clamp(min=1e-9).log()).sum()).exp()
        return bound.mean() / x[0].numel(), {
            "codec_error": error.mean().detach(),
            "codec_kl": kl.mean().detach(),
            "perplexity": perplexity.detach(),
        }


class Block(nn.Module):  # type: ignore[misc]
    """Causal attention and a feed-forward part, each normalised before and added."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, width) -> same."""
        parts = self.qkv(self.norm_attention(x)).unflatten(2, (3, self.heads, -1))
        q, k, v = parts.permute(2, 0, 3, 1, 4)  # (B, heads, T, d)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        return x + self.feed(self.norm_feed(x))


class Dalle(nn.Module):  # type: ignore[misc]
    """One stream of words and codes, and the dVAE that makes and reads the codes."""

    def __init__(self, config: DalleConfig) -> None:
        super().__init__()
        self.config = config
        self.codec = DiscreteVAE(config)
        width, grid = config.width, config.grid
        self.word = nn.Embedding(config.words, width)
        self.word_place = nn.Embedding(config.text_length, width)
        self.code = nn.Embedding(config.codes, width)
        self.row, self.column = nn.Embedding(grid, width), nn.Embedding(grid, width)
        self.start = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.blocks = nn.ModuleList(Block(width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.word_head = nn.Linear(width, config.words)
        self.code_head = nn.Linear(width, config.codes)
        for embedding in (self.word, self.word_place, self.code, self.row, self.column):
            nn.init.normal_(embedding.weight, std=0.02)

    def forward(self, words: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of every token given those before it.

        Args:
            words: (B, text_length).
            codes: (B, T), T <= grid * grid.

        Returns:
            Of words (B, text_length, words), of codes (B, T, codes).

        Raises:
            ArgumentError: rows of another length.
        """
        c = self.config
        if words.shape[1] != c.text_length or codes.shape[1] > c.grid**2:
            raise ArgumentError(
                f"{words.shape[1]} words and {codes.shape[1]} codes",
                hint=f"Wanted: {c.text_length} and at most {c.grid**2}.",
            )
        index = torch.arange(codes.shape[1], device=codes.device)
        places = self.row(index // c.grid) + self.column(index % c.grid)
        x = torch.cat(
            (
                self.start.expand(len(words), 1, -1),
                self.word(words) + self.word_place.weight,
                self.code(codes) + places,
            ),
            dim=1,
        )[:, :-1]  # the last token predicts nothing
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return self.word_head(x[:, : c.text_length]), self.code_head(x[:, c.text_length :])

    def log_prob(self, words: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Log likelihood in nats of the words, and of the codes given them; each (B,)."""
        found = []
        for logits, tokens in zip(self(words, codes), (words, codes), strict=True):
            loss = functional.cross_entropy(logits.transpose(1, 2), tokens, reduction="none")
            found.append(-loss.sum(1))
        return found[0], found[1]

    def loss(self, words: Tensor, codes: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Weighted nats a token; parts: nats a word and a code.

        Args:
            words: (B, text_length).
            codes: (B, grid * grid), of `codec.encode`.
        """
        of_words, of_codes = self.log_prob(words, codes)
        word_nats = -of_words.mean() / self.config.text_length
        code_nats = -of_codes.mean() / codes.shape[1]
        loss = self.config.text_weight * word_nats + (1 - self.config.text_weight) * code_nats
        return loss, {"word_nats": word_nats.detach(), "code_nats": code_nats.detach()}

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(
        self,
        words: Tensor,
        *,
        temperature: float = 1.0,
        start: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Pictures for words.

        Args:
            words: (B, text_length).
            temperature: of the softmax, above 0.
            start: (B, T), codes that are given (the top of a picture).
            generator: of chance.

        Returns:
            (B, C, size, size), about [0, 1].
        """
        if temperature <= 0:
            raise ArgumentError(f"temperature {temperature}", hint="Wanted: above 0.")
        codes = words.new_zeros(len(words), 0) if start is None else start
        for _ in range(codes.shape[1], self.config.grid**2):
            # One more place is asked for than there are codes: its own code is not looked at.
            asked = functional.pad(codes, (0, 1))
            logits = self(words, asked)[1][:, -1] / temperature
            drawn = torch.multinomial(logits.softmax(1), 1, generator=generator)
            codes = torch.cat((codes, drawn), dim=1)
        return self.codec.decode(codes)
