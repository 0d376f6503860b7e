"""VQ-VAE: an image as a small grid of symbols out of a learned codebook.

    z = encoder(x);   k = argmin_j |z - e_j|;   x' = decoder(e_k)                          eq. 1-2
    loss       |x - x'|^2 + commitment |z - sg(e_k)|^2                                     eq. 3
    gradient   passes from e_k to z as if they were the same (straight through)
    codebook   e_j follows the mean of the z it was chosen for: N_j <- d N_j + (1 - d) n_j,
               m_j <- d m_j + (1 - d) sum z, e_j = m_j / N_j                   appendix A.1
    prior      an autoregressive model of the grid, so that images can be drawn

Codes that hardly anything chooses are put onto encoder outputs of the batch, so that none stays
dead.

Source: van den Oord et al. 2017, arXiv:1711.00937; Dhariwal et al. 2020, arXiv:2005.00341, section
3.1 (reviving dead codes).
Deviations: the prior is a small causal transformer and not a PixelCNN, and is trained along with
the autoencoder, on the codes as they are; the codebook starts on the first batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class VQVAEConfig:
    """Sizes of a VQ-VAE."""

    shape: tuple[int, int, int] = (1, 28, 28)
    """Channels, height and width of an image; both must divide by 4."""
    hidden: int = 48
    """Channels inside encoder and decoder."""
    codes: int = 128
    """Entries of the codebook, K."""
    code_size: int = 16
    """Numbers in an entry."""
    decay: float = 0.98
    """Share of the codebook's averages that stays at each step."""
    commitment: float = 0.25
    """Weight of what draws the encoder towards its codes."""
    revive_below: float = 0.1
    """Codes chosen less often than this, on average a batch, are put elsewhere; 0 leaves them."""
    prior_width: int = 96
    """Channels of the prior."""
    prior_layers: int = 2
    """Transformer blocks of the prior."""

    def __post_init__(self) -> None:
        if min(*self.shape, self.hidden, self.codes - 1, self.code_size, self.prior_layers) < 1:
            raise ArgumentError("sizes of a VQ-VAE must be positive, codes at least 2")
        if self.shape[1] % 4 or self.shape[2] % 4 or self.prior_width % 4:
            raise ArgumentError("height, width and prior_width must divide by 4")
        if not 0 <= self.decay < 1:
            raise ArgumentError(f"decay must lie in [0, 1), got {self.decay}")

    @property
    def grid(self) -> tuple[int, int]:
        """Height and width of the grid of codes."""
        return self.shape[1] // 4, self.shape[2] // 4


class Residual(nn.Module):  # type: ignore[misc]
    """3x3 then 1x1 convolution, added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(channels, channels // 2, 3, padding=1)
        self.narrow = nn.Conv2d(channels // 2, channels, 1)

    def forward(self, h: Tensor) -> Tensor:
        """(B, C, H, W) -> same."""
        return h + self.narrow(functional.relu(self.wide(functional.relu(h))))


def make_encoder(config: VQVAEConfig) -> nn.Sequential:
    """(B, C, H, W) -> (B, code_size, H/4, W/4)."""
    hidden = config.hidden
    return nn.Sequential(
        nn.Conv2d(config.shape[0], hidden // 2, 4, 2, 1), nn.ReLU(),
        nn.Conv2d(hidden // 2, hidden, 4, 2, 1),
        Residual(hidden), Residual(hidden), nn.ReLU(),
        nn.Conv2d(hidden, config.code_size, 1),
    )  # fmt: skip


def make_decoder(config: VQVAEConfig) -> nn.Sequential:
    """(B, code_size, H/4, W/4) -> (B, C, H, W)."""
    hidden = config.hidden
    return nn.Sequential(
        nn.Conv2d(config.code_size, hidden, 3, padding=1),
        Residual(hidden), Residual(hidden), nn.ReLU(),
        nn.ConvTranspose2d(hidden, hidden // 2, 4, 2, 1), nn.ReLU(),
        nn.ConvTranspose2d(hidden // 2, config.shape[0], 4, 2, 1),
    )  # fmt: skip


class Codebook(nn.Module):  # type: ignore[misc]
    """Nearest entry of a book of vectors that follows what chooses them; trained by no gradient."""

    codes: Tensor
    counts: Tensor
    sums: Tensor
    is_ready: Tensor

    def __init__(self, config: VQVAEConfig) -> None:
        super().__init__()
        self.decay, self.revive_below = config.decay, config.revive_below
        codes = torch.randn(config.codes, config.code_size)
        self.register_buffer("codes", codes)
        self.register_buffer("counts", torch.ones(config.codes))
        self.register_buffer("sums", codes.clone())
        self.register_buffer("is_ready", torch.tensor(False))

    def choose(self, z: Tensor) -> Tensor:
        """Numbers of the nearest codes: (B, D, h, w) -> (B, h, w)."""
        flat = z.movedim(1, -1)  # (B, h, w, D)
        # |z - e|^2 less |z|^2, which is the same for all codes
        return (self.codes.pow(2).sum(1) - 2 * flat @ self.codes.T).argmin(-1)

    def look_up(self, numbers: Tensor) -> Tensor:
        """Entries: (B, h, w) -> (B, D, h, w)."""
        return functional.embedding(numbers, self.codes).movedim(-1, 1)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Nearest codes in place of z; in training, the book follows.

        Args:
            z: encoder outputs, (B, D, h, w).

        Returns:
            Codes with the gradient of z, (B, D, h, w), and their numbers (B, h, w).
        """
        flat = z.detach().movedim(1, -1).flatten(0, -2)  # (N, D)
        if self.training and not self.is_ready:
            self._restart(torch.ones_like(self.counts, dtype=torch.bool), flat)
            self.is_ready.fill_(True)
        numbers = self.choose(z)
        quantized = self.look_up(numbers)
        if self.training:
            self._follow(flat, numbers.flatten())
        return z + (quantized - z).detach(), numbers

    def _follow(self, flat: Tensor, numbers: Tensor) -> None:
        chosen = torch.bincount(numbers, minlength=len(self.codes)).to(flat.dtype)
        sums = torch.zeros_like(self.sums).index_add_(0, numbers, flat)
        self.counts.lerp_(chosen, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        self.codes.copy_(self.sums / self.counts.clamp_min(1e-5)[:, None])
        is_dead = self.counts < self.revive_below
        if is_dead.any():
            self._restart(is_dead, flat)

    def _restart(self, which: Tensor, flat: Tensor) -> None:
        """Put some codes onto encoder outputs drawn from the batch."""
        drawn = flat[torch.randint(len(flat), (int(which.sum()),), device=flat.device)]
        self.codes[which] = drawn
        self.sums[which] = drawn
        self.counts[which] = 1.0


def perplexity(numbers: Tensor, codes: int) -> Tensor:
    """exp(entropy) of the codes' frequencies: how many are in even use, from 1 to `codes`."""
    share = torch.bincount(numbers.flatten(), minlength=codes) / numbers.numel()
    return torch.exp(torch.special.entr(share).sum())


class CodePrior(nn.Module):  # type: ignore[misc]
    """Autoregressive distribution of a grid of codes, row by row: a small causal transformer."""

    def __init__(self, codes: int, length: int, width: int, layers: int) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.zeros(width))
        self.token = nn.Embedding(codes, width)
        self.place = nn.Parameter(0.02 * torch.randn(length, width))
        layer = nn.TransformerEncoderLayer(
            width, 4, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(
            layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False
        )
        self.out = nn.Linear(width, codes)
        mask = torch.full((length, length), float("-inf")).triu(1)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """Logits of each code given those before it: (B, T) -> (B, T, K)."""
        start = self.start.expand(len(codes), 1, -1)
        stream = torch.cat((start, self.token(codes[:, :-1])), dim=1) + self.place  # (B, T, width)
        return self.out(self.blocks(stream, mask=self.mask))

    def nats(self, codes: Tensor) -> Tensor:
        """Negative log likelihood of grids of codes: (B, T) -> (B,)."""
        logits = self(codes).transpose(1, 2)  # (B, K, T)
        return functional.cross_entropy(logits, codes, reduction="none").sum(1)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Draw (n, T) codes, one after another."""
        length = len(self.place)
        codes = torch.zeros(n, length, dtype=torch.long, device=self.place.device)
        for t in range(length):
            chance = self(codes)[:, t].softmax(-1)
            codes[:, t] = torch.multinomial(chance, 1, generator=generator)[:, 0]
        return codes


class VQVAE(nn.Module):  # type: ignore[misc]
    """Autoencoder with a grid of codes between its halves, and a prior over the grid."""

    def __init__(self, config: VQVAEConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.decoder = make_encoder(config), make_decoder(config)
        self.codebook = Codebook(config)
        length = config.grid[0] * config.grid[1]
        self.prior = CodePrior(config.codes, length, config.prior_width, config.prior_layers)

    def encode(self, x: Tensor) -> Tensor:
        """Images (B, C, H, W) in [0, 1] to codes (B, H/4, W/4)."""
        return self.codebook.choose(self._features(x))

    def decode(self, codes: Tensor) -> Tensor:
        """Codes (B, H/4, W/4) to images (B, C, H, W)."""
        return self.decoder(self.codebook.look_up(codes)) + 0.5

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Images to reconstructions (B, C, H, W), features (B, D, h, w) and codes (B, h, w)."""
        z = self._features(x)
        quantized, codes = self.codebook(z)
        return self.decoder(quantized) + 0.5, z, codes

    def _features(self, x: Tensor) -> Tensor:
        if x.shape[1:] != self.config.shape:
            raise ArgumentError(f"images are {tuple(x.shape)}, wanted (B, *{self.config.shape})")
        return self.encoder(2 * x - 1)

    def loss(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Autoencoder's and prior's loss on a batch.

        Args:
            x: images in [0, 1], (B, C, H, W).

        Returns:
            Their sum (no parameter is in both), and the parts: `mse`, `commitment`,
            `prior_nats` of a whole grid, `perplexity` of the codes in the batch.
        """
        reconstruction, z, codes = self(x)
        mse = functional.mse_loss(reconstruction, x)
        commitment = functional.mse_loss(z, self.codebook.look_up(codes))
        prior_nats = self.prior.nats(codes.flatten(1)).mean()
        loss = mse + self.config.commitment * commitment + prior_nats / codes[0].numel()
        return loss, {
            "mse": mse,
            "commitment": commitment,
            "prior_nats": prior_nats,
            "perplexity": perplexity(codes, self.config.codes),
        }

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """`n` images in [0, 1] of grids drawn from the prior, (n, C, H, W)."""
        codes = self.prior.sample(n, generator=generator)
        return self.decode(codes.view(n, *self.config.grid)).clamp(0, 1)
