"""VQ-GAN: a VQ-VAE whose images are judged by a discriminator and by features, not by pixels alone.

    autoencoder    |x - x'| + perceptual(x, x') + |sg(z) - e|^2 + b |z - sg(e)|^2
                   - lambda D(x')                                                       eq. 4-6
    weight         lambda = |grad_L(reconstruction)| / (|grad_L(-D(x'))| + delta), L the decoder's
                   last layer, so that both pull alike                                  eq. 7
    discriminator  mean max(0, 1 - D(x)) + mean max(0, 1 + D(x')), one verdict a patch (hinge)
    prior          a causal transformer over the grid of codes                          section 3.2

Source: Esser et al. 2021, arXiv:2012.09841; Isola et al. 2017, arXiv:1611.07004 (patches); Larsen
et al. 2016, arXiv:1512.09300 (the discriminator's features as a measure of likeness); Yu et al.
2022, arXiv:2110.04627, section 3.1 (small, normalised codes).
Deviations: likeness is measured by the features of the discriminator and not by LPIPS, which needs
a network that was trained on photographs; no attention, as grids are small; codes are normalised;
the prior is trained along with the autoencoder.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class VQGANConfig:
    """Sizes of a VQ-GAN."""

    shape: tuple[int, int, int] = (1, 28, 28)
    """Channels, height and width of an image; both must divide by 4."""
    hidden: int = 48
    """Channels inside encoder and decoder; a multiple of 8."""
    codes: int = 128
    """Entries of the codebook, K."""
    code_size: int = 8
    """Numbers in an entry."""
    commitment: float = 0.25
    """Weight of what draws the encoder towards its codes."""
    perceptual: float = 1.0
    """Weight of the distance of features."""
    adversarial: float = 0.2
    """Further factor of the adversarial term's weight."""
    judge: int = 32
    """Channels of the discriminator's first layer."""
    prior_width: int = 96
    """Channels of the prior."""
    prior_layers: int = 2
    """Transformer blocks of the prior."""

    def __post_init__(self) -> None:
        if min(*self.shape, self.codes - 1, self.code_size, self.judge, self.prior_layers) < 1:
            raise ArgumentError("sizes of a VQ-GAN must be positive, codes at least 2")
        if self.shape[1] % 4 or self.shape[2] % 4 or self.prior_width % 4:
            raise ArgumentError("height, width and prior_width must divide by 4")
        if self.hidden < 8 or self.hidden % 8:
            raise ArgumentError(f"hidden must be a multiple of 8, got {self.hidden}")

    @property
    def grid(self) -> tuple[int, int]:
        """Height and width of the grid of codes."""
        return self.shape[1] // 4, self.shape[2] // 4


class Residual(nn.Module):  # type: ignore[misc]
    """Normalise, SiLU, 3x3 convolution; twice; added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.GroupNorm(4, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1),
            nn.GroupNorm(4, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1),
        )  # fmt: skip

    def forward(self, h: Tensor) -> Tensor:
        """(B, C, H, W) -> same."""
        return h + self.body(h)


def make_encoder(config: VQGANConfig) -> nn.Sequential:
    """(B, C, H, W) -> (B, code_size, H/4, W/4)."""
    hidden = config.hidden
    return nn.Sequential(
        nn.Conv2d(config.shape[0], hidden // 2, 4, 2, 1), nn.SiLU(),
        nn.Conv2d(hidden // 2, hidden, 4, 2, 1),
        Residual(hidden), nn.GroupNorm(4, hidden), nn.SiLU(),
        nn.Conv2d(hidden, config.code_size, 1),
    )  # fmt: skip


def make_decoder(config: VQGANConfig) -> nn.Sequential:
    """(B, code_size, H/4, W/4) -> (B, C, H, W)."""
    hidden = config.hidden
    return nn.Sequential(
        nn.Conv2d(config.code_size, hidden, 3, padding=1),
        Residual(hidden), nn.GroupNorm(4, hidden), nn.SiLU(),
        nn.ConvTranspose2d(hidden, hidden // 2, 4, 2, 1), nn.SiLU(),
        nn.ConvTranspose2d(hidden // 2, hidden // 2, 4, 2, 1), nn.SiLU(),
        nn.Conv2d(hidden // 2, config.shape[0], 3, padding=1),
    )  # fmt: skip


class Codebook(nn.Module):  # type: ignore[misc]
    """Nearest of K unit vectors, trained by gradient."""

    def __init__(self, codes: int, size: int) -> None:
        super().__init__()
        self.codes = nn.Parameter(torch.randn(codes, size))

    def choose(self, z: Tensor) -> Tensor:
        """Numbers of the codes of the least angle: (B, D, h, w) -> (B, h, w)."""
        return (z.movedim(1, -1) @ functional.normalize(self.codes, dim=1).T).argmax(-1)

    def look_up(self, numbers: Tensor) -> Tensor:
        """Unit entries: (B, h, w) -> (B, D, h, w)."""
        codes = functional.normalize(self.codes, dim=1)
        return functional.embedding(numbers, codes).movedim(-1, 1)


class Discriminator(nn.Module):  # type: ignore[misc]
    """Tells real patches from made ones; its inner layers measure likeness."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        norm = nn.utils.parametrizations.spectral_norm
        self.layers = nn.ModuleList(
            [
                norm(nn.Conv2d(channels, width, 4, 2, 1)),
                norm(nn.Conv2d(width, 2 * width, 4, 2, 1)),
                norm(nn.Conv2d(2 * width, 2 * width, 3, 1, 1)),
            ]
        )
        self.verdict = nn.Conv2d(2 * width, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, C, H, W) -> verdicts (B, 1, H/4, W/4), features of each layer."""
        h, features = 2 * x - 1, []
        for layer in self.layers:
            h = functional.leaky_relu(layer(h), 0.2)
            features.append(h)
        return self.verdict(h), features


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


class VQGAN(nn.Module):  # type: ignore[misc]
    """Autoencoder over a grid of codes with a discriminator, and a prior over the grid."""

    def __init__(self, config: VQGANConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.decoder = make_encoder(config), make_decoder(config)
        self.codebook = Codebook(config.codes, config.code_size)
        self.discriminator = Discriminator(config.shape[0], config.judge)
        length = config.grid[0] * config.grid[1]
        self.prior = CodePrior(config.codes, length, config.prior_width, config.prior_layers)

    def encode(self, x: Tensor) -> Tensor:
        """Images (B, C, H, W) in [0, 1] to codes (B, H/4, W/4)."""
        return self.codebook.choose(self._features(x))

    def decode(self, codes: Tensor) -> Tensor:
        """Codes (B, H/4, W/4) to images (B, C, H, W)."""
        return self.decoder(self.codebook.look_up(codes)).sigmoid()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Images to reconstructions (B, C, H, W), features (B, D, h, w) and codes (B, h, w)."""
        z = self._features(x)
        codes = self.codebook.choose(z)
        quantized = self.codebook.look_up(codes)
        straight = z + (quantized - z).detach()  # the gradient of z, the value of the code
        return self.decoder(straight).sigmoid(), z, codes

    def _features(self, x: Tensor) -> Tensor:
        if x.shape[1:] != self.config.shape:
            raise ArgumentError(f"images are {tuple(x.shape)}, wanted (B, *{self.config.shape})")
        return functional.normalize(self.encoder(2 * x - 1), dim=1)

    def adaptive_weight(self, reconstruction: Tensor, adversarial: Tensor) -> Tensor:
        """Ratio of two losses' gradients at the decoder's last layer (eq. 7), at most 1e4."""
        last = self.decoder[-1].weight
        pull = torch.autograd.grad(reconstruction, last, retain_graph=True)[0].norm()
        push = torch.autograd.grad(adversarial, last, retain_graph=True)[0].norm()
        return (pull / (push + 1e-6)).clamp(0, 1e4).detach()

    def loss(self, x: Tensor, *, adversarial: bool = True) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss of everything but the discriminator.

        Args:
            x: images in [0, 1], (B, C, H, W).
            adversarial: whether the discriminator has its say yet (the paper waits at first).

        Returns:
            The sum, and the parts `l1`, `perceptual`, `codebook`, `adversarial_weight`,
            `prior_nats` of a grid, `perplexity` of the batch's codes, `reconstruction` (images).
        """
        made, z, codes = self(x)
        verdict, features = self.discriminator(made)
        with torch.no_grad():
            wanted = self.discriminator(x)[1]
        l1 = functional.l1_loss(made, x)
        perceptual = sum(functional.l1_loss(a, b) for a, b in zip(features, wanted)) / len(features)
        reconstruction = l1 + self.config.perceptual * perceptual
        quantized = self.codebook.look_up(codes)
        codebook = functional.mse_loss(quantized, z.detach())
        codebook = codebook + self.config.commitment * functional.mse_loss(z, quantized.detach())
        prior_nats = self.prior.nats(codes.flatten(1)).mean()
        loss = reconstruction + codebook + prior_nats / codes[0].numel()
        weight = torch.zeros((), device=x.device)
        if adversarial:
            weight = self.adaptive_weight(reconstruction, -verdict.mean())
            loss = loss - self.config.adversarial * weight * verdict.mean()
        share = torch.bincount(codes.flatten(), minlength=self.config.codes) / codes.numel()
        return loss, {
            "l1": l1,
            "perceptual": perceptual,
            "codebook": codebook,
            "adversarial_weight": weight,
            "prior_nats": prior_nats,
            "perplexity": torch.exp(torch.special.entr(share).sum()),
            "reconstruction": made.detach(),
        }

    def discriminator_loss(self, x: Tensor, made: Tensor) -> Tensor:
        """Hinge loss of real and made images, (B, C, H, W) each; 0 where all is told apart well."""
        real, fake = self.discriminator(x)[0], self.discriminator(made.detach())[0]
        return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """`n` images in [0, 1] of grids drawn from the prior, (n, C, H, W)."""
        codes = self.prior.sample(n, generator=generator)
        return self.decode(codes.view(n, *self.config.grid))
