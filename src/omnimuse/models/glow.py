"""Glow: a stack of invertible steps turns an image into Gaussian noise, and noise into images.

    log p(y) = log N(z; 0, I) + log |det dz/dy|,   z = f(y)                    change of variables
    step       actnorm -> 1x1 convolution -> affine coupling                   (Table 1)
    coupling   a, b = halves of h;   b <- b * scale(a) + shift(a)
    scale      squeeze (2x2 pixels to 4 channels) -> steps -> split: half the channels leave as
               noise, normalised by a Gaussian that is predicted from the half that stays

An image has whole levels and a flow has a density, so uniform noise u is added first,
y = (x + u) / levels. Then E[log p(y)] - D log levels is at most log P(x): a bound on the same mass
of 8-bit images that a VAE with a discretised likelihood bounds; both are in bits per dimension.

Source: Kingma and Dhariwal 2018, arXiv:1807.03039; Dinh et al. 2017, arXiv:1605.08803 (squeeze and
multi-scale, eq. 10-12); Theis et al. 2016, arXiv:1511.01844 (dequantisation bound); Chen and
Gopinath 2000, NIPS 13 (making marginals normal).
Deviations: each pixel's marginal is made normal by its histogram in the training data before the
first step (a flow without steps is then the histogram model, and training starts near it); hidden
units have one bias per position, since digits are centred; the last scale's Gaussian has one mean
and deviation per position.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError

LOG_2_PI = math.log(2 * math.pi)
TINY = 1e-6  # noise is cut at 4.75 standard deviations
LEAST_SHARE = 2e-6  # of a level, so that none vanishes between two float32 numbers


@dataclass(frozen=True)
class GlowConfig:
    """Sizes of a Glow."""

    shape: tuple[int, int, int] = (1, 28, 28)
    """Channels, height and width of an image; both must divide by 2 ** scales."""
    scales: int = 2
    """How often the image is squeezed."""
    steps: int = 8
    """Steps of flow per scale."""
    hidden: int = 64
    """Channels inside a coupling network."""
    levels: int = 256
    """Values that a pixel can have."""

    def __post_init__(self) -> None:
        channels, height, width = self.shape
        if min(channels, height, width, self.scales, self.steps, self.hidden, self.levels - 1) < 1:
            raise ArgumentError("sizes of a Glow must be positive, levels at least 2")
        if height % 2**self.scales or width % 2**self.scales:
            raise ArgumentError(f"{height}x{width} does not divide by 2 ** {self.scales}")


class ActNorm(nn.Module):  # type: ignore[misc]
    """Per channel h <- (h + bias) * scale; the first batch in training sets mean 0, variance 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))
        self.log_scale = nn.Parameter(torch.zeros(channels, 1, 1))
        self.register_buffer("is_ready", torch.tensor(False))

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W) -> same, log-determinant (B,)."""
        if self.training and not self.is_ready:
            self._initialise(h.detach())
        log_det = self.log_scale.sum() * h.shape[2] * h.shape[3]
        return (h + self.bias) * self.log_scale.exp(), log_det.expand(len(h))

    def inverse(self, h: Tensor) -> Tensor:
        """Undo `forward`."""
        return h * (-self.log_scale).exp() - self.bias

    def _initialise(self, h: Tensor) -> None:
        deviation, mean = torch.std_mean(h, dim=(0, 2, 3), correction=0)
        self.bias.data.copy_(-mean[:, None, None])
        self.log_scale.data.copy_(-deviation.clamp_min(1e-3).log()[:, None, None])
        self.is_ready.fill_(True)


class Mix(nn.Module):  # type: ignore[misc]
    """Invertible 1x1 convolution W = P L (U + diag(s)), log-determinant sum log |s| (eq. 10)."""

    permutation: Tensor
    sign: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        rotation = torch.linalg.qr(torch.randn(channels, channels))[0]
        permutation, lower, upper = torch.linalg.lu(rotation)
        self.register_buffer("permutation", permutation)
        self.register_buffer("sign", upper.diagonal().sign())
        self.lower = nn.Parameter(lower.tril(-1))
        self.upper = nn.Parameter(upper.triu(1))
        self.log_size = nn.Parameter(upper.diagonal().abs().log())

    def weight(self) -> Tensor:
        """W, (C, C)."""
        one = torch.eye(len(self.sign), device=self.sign.device, dtype=self.lower.dtype)
        diagonal = torch.diag(self.sign * self.log_size.exp())
        return self.permutation @ (self.lower.tril(-1) + one) @ (self.upper.triu(1) + diagonal)

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W) -> same, log-determinant (B,)."""
        log_det = self.log_size.sum() * h.shape[2] * h.shape[3]
        return functional.conv2d(h, self.weight()[:, :, None, None]), log_det.expand(len(h))

    def inverse(self, h: Tensor) -> Tensor:
        """Undo `forward`."""
        return functional.conv2d(h, torch.linalg.inv(self.weight())[:, :, None, None])


class Affine(nn.Module):  # type: ignore[misc]
    """Predicts a scale and a shift: 3x3, 1x1, 3x3 convolutions, the last one zero at first.

    The log scale is log sigmoid(r + 2) as in the authors' code, so a coupling never magnifies.
    """

    def __init__(self, inputs: int, outputs: int, hidden: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.enter = nn.Conv2d(inputs, hidden, 3, padding=1, bias=False)
        self.place = nn.Parameter(torch.zeros(hidden, *size))  # a bias for each position
        self.middle = nn.Conv2d(hidden, hidden, 1)
        self.leave = nn.Conv2d(hidden, 2 * outputs, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """(B, inputs, H, W) -> log scale and shift, (B, outputs, H, W) each."""
        h = functional.relu(self.enter(h) + self.place)
        raw, shift = self.leave(functional.relu(self.middle(h))).chunk(2, dim=1)
        return functional.logsigmoid(raw + 2), shift


class Step(nn.Module):  # type: ignore[misc]
    """One step of flow: actnorm, 1x1 convolution, affine coupling."""

    def __init__(self, channels: int, hidden: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.norm, self.mix = ActNorm(channels), Mix(channels)
        self.affine = Affine(channels // 2, channels - channels // 2, hidden, size)

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W) -> same, log-determinant (B,)."""
        h, norm = self.norm(h)
        h, mix = self.mix(h)
        a, b = h.split((h.shape[1] // 2, h.shape[1] - h.shape[1] // 2), dim=1)
        log_scale, shift = self.affine(a)
        h = torch.cat((a, b * log_scale.exp() + shift), dim=1)
        return h, norm + mix + log_scale.sum((1, 2, 3))

    def inverse(self, h: Tensor) -> Tensor:
        """Undo `forward`."""
        a, b = h.split((h.shape[1] // 2, h.shape[1] - h.shape[1] // 2), dim=1)
        log_scale, shift = self.affine(a)
        h = torch.cat((a, (b - shift) * (-log_scale).exp()), dim=1)
        return self.norm.inverse(self.mix.inverse(h))


class Marginals(nn.Module):  # type: ignore[misc]
    """Each pixel's own distribution made normal: z = Phi^-1(F(y)), F its cumulated histogram.

    F is linear inside a level, so that noise that fills the levels evenly becomes exactly normal.
    """

    edges: Tensor

    def __init__(self, pixels: int, levels: int) -> None:
        super().__init__()
        self.levels = levels
        self.register_buffer("edges", torch.linspace(0, 1, levels + 1).repeat(pixels, 1))

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def fit(self, batches: Iterable[Tensor]) -> None:
        """Count the levels of images in [0, 1], (B, C, H, W) each; unseen ones get a little."""
        counts = torch.full_like(self.edges[:, 1:], 0.1)
        for x in batches:
            level = (x.flatten(1).T * (self.levels - 1)).round().long()  # (D, B)
            counts.scatter_add_(1, level, torch.ones_like(level, dtype=counts.dtype))
        share = counts / counts.sum(1, keepdim=True) + LEAST_SHARE
        self.edges[:, 1:] = (share / share.sum(1, keepdim=True)).double().cumsum(1)
        self.edges[:, -1] = 1

    def forward(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """(B, D) in [0, 1) -> normal (B, D), log-determinant (B,)."""
        level = (y * self.levels).floor().clamp(0, self.levels - 1)
        low, high = self._around(level.long())
        share = (low + (y * self.levels - level) * (high - low)).clamp(TINY, 1 - TINY)
        z = math.sqrt(2) * torch.erfinv(2 * share - 1)
        slope = ((high - low) * self.levels).log() + 0.5 * (z**2 + LOG_2_PI)
        return z, slope.sum(1)

    def inverse(self, z: Tensor) -> Tensor:
        """Undo `forward`."""
        share = 0.5 * (1 + torch.erf(z / math.sqrt(2)))
        inner = self.edges[:, 1:-1].contiguous()
        level = torch.searchsorted(inner, share.T.contiguous(), right=True).T
        low, high = self._around(level)
        return (level + ((share - low) / (high - low)).clamp(0, 1)) / self.levels

    def _around(self, level: Tensor) -> tuple[Tensor, Tensor]:
        """Cumulated shares below and above each level, (B, D) each."""
        return tuple(self.edges.gather(1, (level + i).T).T for i in (0, 1))


class Glow(nn.Module):  # type: ignore[misc]
    """Normalising flow of images with actnorm, 1x1 convolutions and affine couplings."""

    def __init__(self, config: GlowConfig) -> None:
        super().__init__()
        self.config = config
        channels, height, width = config.shape
        self.scales, self.splits = nn.ModuleList(), nn.ModuleList()
        for scale in range(config.scales):
            channels, height, width = channels * 4, height // 2, width // 2
            size = (height, width)
            steps = (Step(channels, config.hidden, size) for _ in range(config.steps))
            self.scales.append(nn.ModuleList(steps))
            if scale < config.scales - 1:
                self.splits.append(Affine(channels // 2, channels // 2, config.hidden, size))
                channels //= 2
        self.top = (channels, height, width)
        self.top_mean = nn.Parameter(torch.zeros(self.top))
        self.top_log_scale = nn.Parameter(torch.zeros(self.top))
        self.marginals = Marginals(math.prod(config.shape), config.levels)

    def forward(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Image to noise.

        Args:
            y: dequantised images in [0, 1), (B, C, H, W).

        Returns:
            Standard normal noise (B, C H W) and log |det dz/dy| (B,).
        """
        if y.shape[1:] != self.config.shape:
            raise ArgumentError(f"images are {tuple(y.shape)}, wanted (B, *{self.config.shape})")
        h, log_det = self.marginals(y.flatten(1))
        h, left = h.view(y.shape), []
        for scale, steps in enumerate(self.scales):
            h = functional.pixel_unshuffle(h, 2)  # (B, C, H, W) -> (B, 4C, H/2, W/2)
            for step in steps:
                h, change = step(h)
                log_det = log_det + change
            if scale < len(self.splits):
                h, z = h.chunk(2, dim=1)
                log_scale, shift = self.splits[scale](h)
                left.append((z * log_scale.exp() + shift).flatten(1))
                log_det = log_det + log_scale.sum((1, 2, 3))
        left.append(((h - self.top_mean) * self.top_log_scale.exp()).flatten(1))
        return torch.cat(left, dim=1), log_det + self.top_log_scale.sum()

    def inverse(self, z: Tensor) -> Tensor:
        """Noise (B, C H W) to dequantised images (B, C, H, W); exactly undoes `forward`."""
        pixels = math.prod(self.config.shape)
        halves = [pixels >> (scale + 1) for scale in range(len(self.splits))]
        *left, h = z.split([*halves, pixels >> len(halves)], dim=1)
        h = h.view(-1, *self.top) * (-self.top_log_scale).exp() + self.top_mean
        for scale in reversed(range(len(self.scales))):
            if scale < len(self.splits):
                log_scale, shift = self.splits[scale](h)
                part = (left[scale].view(shift.shape) - shift) * (-log_scale).exp()
                h = torch.cat((h, part), dim=1)
            for step in reversed(self.scales[scale]):
                h = step.inverse(h)
            h = functional.pixel_shuffle(h, 2)
        return self.marginals.inverse(h.flatten(1)).view(h.shape)

    def log_prob(self, y: Tensor) -> Tensor:
        """Exact log density in nats of dequantised images, (B, C, H, W) -> (B,)."""
        z, log_det = self(y)
        return -0.5 * (z**2 + math.log(2 * math.pi)).sum(1) + log_det

    def bound(self, x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Lower bound of log P(x) in nats for whole levels x in [0, 1], (B, C, H, W) -> (B,)."""
        u = torch.rand(x.shape, generator=generator, device=x.device)
        y = (x * (self.config.levels - 1) + u) / self.config.levels
        return self.log_prob(y) - x[0].numel() * math.log(self.config.levels)

    def loss(
        self, x: Tensor, *, generator: torch.Generator | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean of the negated bound in bits per dimension; parts: `bits_per_dim`, `nats`."""
        nats = -self.bound(x, generator=generator).mean()
        bits = nats / (x[0].numel() * math.log(2))
        return bits, {"bits_per_dim": bits, "nats": nats}

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(
        self, n: int, *, temperature: float = 1.0, generator: torch.Generator | None = None
    ) -> Tensor:
        """`n` images in [0, 1], (n, C, H, W); `temperature` scales the noise (section 5)."""
        pixels = math.prod(self.config.shape)
        z = torch.randn(n, pixels, generator=generator, device=self.top_mean.device)
        levels = self.config.levels
        y = self.inverse(z * temperature)
        return ((y * levels).floor() / (levels - 1)).clamp(0, 1)
