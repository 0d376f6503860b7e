"""RealNVP: an image becomes noise in steps that change one half of it, given the other half.

    log p(y) = log N(z; 0, I) + log |det dz/dy|,   z = f(y)                     change of variables
    coupling   h <- m h + (1 - m) (h exp(s(m h)) + t(m h)),   log det = sum (1 - m) s     eq. 7-9
    scale      3 couplings with checkerboard masks -> squeeze (2x2 pixels to 4 channels) -> 3 with
               channel masks -> half the channels leave as noise; 4 checkerboards on what remains

The Jacobian of a coupling is triangular whatever the networks s and t are, and its inverse is as
cheap as itself.

An image has whole levels and a flow has a density, so uniform noise u is added first,
y = (x + u) / levels. Then E[log p(y)] - D log levels is at most log P(x): a bound on the same mass
of 8-bit images that a VAE with a discretised likelihood bounds; both are in bits per dimension.

Source: Dinh et al. 2017, arXiv:1605.08803; Theis et al. 2016, arXiv:1511.01844 (dequantisation
bound); Chen and Gopinath 2000, NIPS 13 (making marginals normal).
Deviations: each pixel's marginal is made normal by its histogram in the training data, where the
paper applies one logit to all (a flow without couplings is then the histogram model, and training
starts there); no batch normalisation; hidden units have one bias per position, since digits are
centred; networks on even sizes work at half of them; z leaves through a learned mean and deviation
per position.
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
class RealNVPConfig:
    """Sizes of a RealNVP."""

    shape: tuple[int, int, int] = (1, 28, 28)
    """Channels, height and width of an image; both must divide by 2 ** (scales - 1)."""
    scales: int = 2
    """How many sizes the image is looked at in; all but the last squeeze it."""
    hidden: int = 48
    """Channels inside a coupling network."""
    blocks: int = 1
    """Residual blocks of a coupling network."""
    levels: int = 256
    """Values that a pixel can have."""

    def __post_init__(self) -> None:
        channels, height, width = self.shape
        if min(channels, height, width, self.scales, self.hidden, self.levels - 1) < 1:
            raise ArgumentError("sizes of a RealNVP must be positive, levels at least 2")
        squeeze = 2 ** (self.scales - 1)
        if height % squeeze or width % squeeze or self.blocks < 0:
            raise ArgumentError(f"{height}x{width} does not divide by {squeeze}, or blocks < 0")


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


class Network(nn.Module):  # type: ignore[misc]
    """Convolutions that look at the kept half.

    Even sizes of 14 or more are worked on at half the size, where a 3x3 kernel sees twice as far
    for a quarter of the work. The log scale is w tanh(.), w learned per channel (section 4.1).
    """

    def __init__(self, shape: tuple[int, int, int], hidden: int, blocks: int) -> None:
        super().__init__()
        channels, height, width = shape
        halve = height % 2 == 0 and width % 2 == 0 and min(height, width) >= 14
        kernel, stride = (4, 2) if halve else (3, 1)
        self.enter = nn.Conv2d(channels, hidden, kernel, stride, padding=1, bias=False)
        self.place = nn.Parameter(torch.zeros(hidden, height // stride, width // stride))
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.ReLU(), nn.Conv2d(hidden, hidden, 3, padding=1)) for _ in range(blocks)
        )
        self.leave = nn.ConvTranspose2d(hidden, 2 * channels, kernel, stride, padding=1)
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))
        nn.init.zeros_(self.leave.weight)  # a coupling begins as the identity
        nn.init.zeros_(self.leave.bias)

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W) -> log scale and shift, same shape each."""
        h = self.enter(h) + self.place  # (B, hidden, H, W) or half of both
        for block in self.blocks:
            h = h + block(h)
        log_scale, shift = self.leave(functional.relu(h)).chunk(2, dim=1)
        return self.weight * log_scale.tanh(), shift


class Coupling(nn.Module):  # type: ignore[misc]
    """Changes what `mask` is 0 for, given what it is 1 for."""

    mask: Tensor

    def __init__(self, mask: Tensor, hidden: int, blocks: int) -> None:
        super().__init__()
        self.register_buffer("mask", mask, persistent=False)
        channels, height, width = mask.shape
        self.network = Network((channels, height, width), hidden, blocks)

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W) -> same, log-determinant (B,)."""
        log_scale, shift = self._predict(h)
        return h * log_scale.exp() + shift, log_scale.sum((1, 2, 3))

    def inverse(self, h: Tensor) -> Tensor:
        """Undo `forward`."""
        log_scale, shift = self._predict(h)
        return (h - shift) * (-log_scale).exp()

    def _predict(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Log scale and shift, both 0 where the mask keeps."""
        log_scale, shift = self.network(h * self.mask)
        return log_scale * (1 - self.mask), shift * (1 - self.mask)


def checkerboard(shape: tuple[int, int, int], parity: int) -> Tensor:
    """(C, H, W): 1 where row + column + parity is even."""
    channels, height, width = shape
    rows, columns = torch.arange(height)[:, None], torch.arange(width)[None]
    return ((rows + columns + parity + 1) % 2).float().expand(channels, height, width).clone()


def channel_mask(shape: tuple[int, int, int], parity: int) -> Tensor:
    """(C, H, W): 1 for the first half of the channels, or for the second if parity is odd."""
    first = torch.arange(shape[0]) < shape[0] // 2
    return (first ^ bool(parity % 2)).float()[:, None, None].expand(shape).clone()


class Scale(nn.Module):  # type: ignore[misc]
    """One size: checkerboards, squeeze, channel masks; the last one is checkerboards only."""

    def __init__(self, shape: tuple[int, int, int], config: RealNVPConfig, is_last: bool) -> None:
        super().__init__()
        channels, height, width = shape
        squeezed = (channels * 4, height // 2, width // 2)
        masks = [checkerboard(shape, i) for i in range(4 if is_last else 3)]
        more = [] if is_last else [channel_mask(squeezed, i) for i in range(3)]
        self.checkerboards = nn.ModuleList(Coupling(m, config.hidden, config.blocks) for m in masks)
        self.channels = nn.ModuleList(Coupling(m, config.hidden, config.blocks) for m in more)
        self.is_last = is_last

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W) -> same if last, else (B, 4 C, H/2, W/2); log-determinant (B,)."""
        log_det = torch.zeros(len(h), device=h.device, dtype=h.dtype)
        for coupling in self.checkerboards:
            h, change = coupling(h)
            log_det = log_det + change
        h = h if self.is_last else functional.pixel_unshuffle(h, 2)
        for coupling in self.channels:
            h, change = coupling(h)
            log_det = log_det + change
        return h, log_det

    def inverse(self, h: Tensor) -> Tensor:
        """Undo `forward`."""
        for coupling in reversed(self.channels):
            h = coupling.inverse(h)
        h = h if self.is_last else functional.pixel_shuffle(h, 2)
        for coupling in reversed(self.checkerboards):
            h = coupling.inverse(h)
        return h


class RealNVP(nn.Module):  # type: ignore[misc]
    """Normalising flow of images with affine couplings under checkerboard and channel masks."""

    def __init__(self, config: RealNVPConfig) -> None:
        super().__init__()
        self.config = config
        pixels = math.prod(config.shape)
        self.marginals = Marginals(pixels, config.levels)
        self.scales = nn.ModuleList()
        shape = config.shape
        for scale in range(config.scales):
            self.scales.append(Scale(shape, config, scale == config.scales - 1))
            if scale < config.scales - 1:
                shape = (shape[0] * 2, shape[1] // 2, shape[2] // 2)
        self.last_shape = shape
        self.mean = nn.Parameter(torch.zeros(pixels))
        self.log_scale = nn.Parameter(torch.zeros(pixels))

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
        for scale in self.scales:
            h, change = scale(h)
            log_det = log_det + change
            if not scale.is_last:
                h, z = h.chunk(2, dim=1)  # half the channels leave
                left.append(z.flatten(1))
        z = (torch.cat((*left, h.flatten(1)), dim=1) - self.mean) * self.log_scale.exp()
        return z, log_det + self.log_scale.sum()

    def inverse(self, z: Tensor) -> Tensor:
        """Noise (B, C H W) to dequantised images (B, C, H, W); exactly undoes `forward`."""
        pixels = math.prod(self.config.shape)
        halves = [pixels >> (scale + 1) for scale in range(len(self.scales) - 1)]
        z = z * (-self.log_scale).exp() + self.mean
        *left, h = z.split([*halves, pixels >> len(halves)], dim=1)
        h = h.view(-1, *self.last_shape)
        for scale in reversed(self.scales):
            if not scale.is_last:
                h = torch.cat((h, left.pop().view(h.shape)), dim=1)
            h = scale.inverse(h)
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
        """`n` images in [0, 1], (n, C, H, W); `temperature` scales the noise."""
        pixels = math.prod(self.config.shape)
        z = torch.randn(n, pixels, generator=generator, device=self.mean.device)
        levels = self.config.levels
        y = self.inverse(z * temperature)
        return ((y * levels).floor() / (levels - 1)).clamp(0, 1)
