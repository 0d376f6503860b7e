"""EDM: diffusion with the design choices taken apart; sigma is time, the network is preconditioned.

    D(x; sigma) = c_skip(sigma) x + c_out(sigma) F(c_in(sigma) x; c_noise(sigma))
    c_skip = s^2 / (sigma^2 + s^2)              c_out = sigma s / sqrt(sigma^2 + s^2)
    c_in   = 1 / sqrt(sigma^2 + s^2)            c_noise = log(sigma) / 4          s = sigma_data
    loss   = E (sigma^2 + s^2) / (sigma s)^2 |D(x_0 + sigma eps; sigma) - x_0|^2,
             log sigma ~ N(P_mean, P_std^2)

F's input and target have unit variance at all sigma. As sigma -> 0 D is the identity; as it grows F
alone answers.

Source: Karras et al. 2022, arXiv:2206.00364, table 1 (column "ours"), eq. 7-8; algorithm 1 (Heun).
Deviations: F is a compact residual UNet with self-attention on its smaller map; no augmentation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class EDMConfig:
    """Sizes and the distribution of noise in training."""

    channels: int = 1
    """Channels of a picture."""
    width: int = 64
    """Channels of the larger map; the smaller has twice as many."""
    blocks: int = 2
    """Residual blocks at each size and way."""
    heads: int = 4
    """Of attention on the smaller map."""
    patch: int = 1
    """Side of the squares of pixels that are folded into channels."""
    classes: int = 0
    """Classes that the model may be told; one more stands for "none"."""
    sigma_data: float = 0.5
    """Standard deviation of the data."""
    p_mean: float = -1.2
    """Mean of log sigma in training."""
    p_std: float = 1.2
    """Its standard deviation."""

    def __post_init__(self) -> None:
        if min(self.channels, self.width, self.blocks, self.heads, self.patch) < 1:
            raise ArgumentError("sizes must be positive")
        if self.sigma_data <= 0 or self.p_std <= 0:
            raise ArgumentError("deviations must be positive")
        if 2 * self.width % self.heads:
            raise ArgumentError("the heads do not divide the channels")

    @property
    def fold(self) -> int:
        """What sides must divide by."""
        return 2 * self.patch


class Preconditioning(NamedTuple):
    """The four coefficients at some sigma, of its shape."""

    skip: Tensor
    out: Tensor
    into: Tensor
    noise: Tensor


def preconditioning(sigma: Tensor, sigma_data: float) -> Preconditioning:
    """c_skip, c_out, c_in, c_noise; Karras et al. 2022, table 1."""
    total = sigma**2 + sigma_data**2
    return Preconditioning(
        skip=sigma_data**2 / total,
        out=sigma * sigma_data / total.sqrt(),
        into=1 / total.sqrt(),
        noise=sigma.log() / 4,
    )


class Block(nn.Module):  # type: ignore[misc]
    """Residual block, scaled and shifted by what it is told; perhaps with self-attention."""

    def __init__(self, inputs: int, outputs: int, told: int, *, heads: int = 0) -> None:
        super().__init__()
        self.heads = heads
        self.norm_in, self.norm_out = nn.GroupNorm(4, inputs), nn.GroupNorm(4, outputs)
        self.conv_in = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv_out = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.told = nn.Linear(told, 2 * outputs)
        self.short = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        nn.init.zeros_(self.conv_out.weight)
        nn.init.zeros_(self.conv_out.bias)
        if heads:
            self.norm_attention = nn.GroupNorm(4, outputs)
            self.qkv, self.mix = nn.Conv2d(outputs, 3 * outputs, 1), nn.Conv2d(outputs, outputs, 1)
            nn.init.zeros_(self.mix.weight)
            nn.init.zeros_(self.mix.bias)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """(B, in, H, W), (B, told) -> (B, out, H, W)."""
        hidden = self.conv_in(functional.silu(self.norm_in(x)))
        scale, shift = self.told(told)[:, :, None, None].chunk(2, dim=1)
        hidden = self.conv_out(functional.silu(self.norm_out(hidden) * (1 + scale) + shift))
        x = (self.short(x) + hidden) / math.sqrt(2)
        return self._attended(x) if self.heads else x

    def _attended(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> same."""
        parts = self.qkv(self.norm_attention(x)).flatten(2).unflatten(1, (3, self.heads, -1))
        q, k, v = parts.transpose(-1, -2).unbind(1)  # (B, heads, H W, C / heads) each
        mixed = functional.scaled_dot_product_attention(q, k, v)
        mixed = mixed.transpose(-1, -2).reshape(x.shape)
        return (x + self.mix(mixed)) / math.sqrt(2)


class Network(nn.Module):  # type: ignore[misc]
    """F: a UNet of two sizes."""

    def __init__(self, config: EDMConfig) -> None:
        super().__init__()
        self.config = config
        width, told = config.width, 4 * config.width
        self.register_buffer("frequencies", torch.randn(width // 2))
        self.level = nn.Sequential(
            nn.Linear(2 * (width // 2), told), nn.SiLU(), nn.Linear(told, told)
        )
        self.label = nn.Embedding(config.classes + 1, told) if config.classes else None
        pixels = config.channels * config.patch**2
        self.first = nn.Conv2d(pixels, width, 3, padding=1)
        self.down = nn.ModuleList(Block(width, width, told) for _ in range(config.blocks))
        self.shrink = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.middle = nn.ModuleList(
            Block(2 * width, 2 * width, told, heads=config.heads if not index else 0)
            for index in range(config.blocks + 1)
        )
        self.grow = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.up = nn.ModuleList(Block(2 * width, width, told) for _ in range(config.blocks))
        self.norm = nn.GroupNorm(4, width)
        self.last = nn.Conv2d(width, pixels, 3, padding=1)
        nn.init.zeros_(self.last.weight)

    def forward(self, x: Tensor, noise: Tensor, label: Tensor | None) -> Tensor:
        """(B, C, H, W), (B,), (B,) -> (B, C, H, W)."""
        angles = 2 * math.pi * noise[:, None] * self.frequencies
        told = self.level(torch.cat((angles.sin(), angles.cos()), dim=1))
        if self.label is not None:
            none = torch.full((len(x),), self.config.classes, device=x.device)
            told = told + self.label(none if label is None else label)
        told = functional.silu(told)
        x = self.first(functional.pixel_unshuffle(x, self.config.patch))
        cuts = []
        for block in self.down:
            x = block(x, told)
            cuts.append(x)
        x = self.shrink(x)
        for block in self.middle:
            x = block(x, told)
        x = self.grow(x)
        for block in self.up:
            x = block(torch.cat((x, cuts.pop()), dim=1), told)
        x = self.last(functional.silu(self.norm(x)))
        return functional.pixel_shuffle(x, self.config.patch)


class EDM(nn.Module):  # type: ignore[misc]
    """The preconditioned denoiser D."""

    def __init__(self, config: EDMConfig) -> None:
        super().__init__()
        self.config = config
        self.network = Network(config)

    def forward(self, x: Tensor, sigma: Tensor, label: Tensor | None = None) -> Tensor:
        """Predicted data.

        Args:
            x: (B, C, H, W), data + sigma * noise.
            sigma: (B,), above 0.
            label: (B,) classes; `config.classes` itself stands for none.

        Returns:
            (B, C, H, W).

        Raises:
            ArgumentError: sides that do not divide.
        """
        if x.shape[2] % self.config.fold or x.shape[3] % self.config.fold:
            raise ArgumentError(f"sides {tuple(x.shape[2:])} do not divide by {self.config.fold}")
        c = preconditioning(sigma, self.config.sigma_data)
        skip, out, into = (part[:, None, None, None] for part in c[:3])
        return skip * x + out * self.network(into * x, c.noise, label).float()

    def loss(
        self, data: Tensor, label: Tensor | None = None, *, drop: float = 0.1
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Weighted squared error of the data at random sigma; eq. 2 with lambda of table 1.

        Args:
            data: (B, C, H, W).
            label: (B,) or None.
            drop: share of labels exchanged for "none".

        Returns:
            Mean over all values, about 1 for an untrained network; parts: the error of the data.
        """
        c, count = self.config, len(data)
        sigma = (c.p_mean + c.p_std * torch.randn(count, device=data.device)).exp()
        if label is not None:
            label = label.masked_fill(torch.rand(count, device=data.device) < drop, c.classes)
        x = data + sigma[:, None, None, None] * torch.randn_like(data)
        error = (self(x, sigma, label) - data).square().flatten(1).mean(1)  # (B,)
        weight = (sigma**2 + c.sigma_data**2) / (sigma * c.sigma_data) ** 2
        return (weight * error).mean(), {"data_error": error.mean().detach()}

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(
        self,
        shape: tuple[int, int, int, int],
        *,
        steps: int = 18,
        sigma_min: float = 0.002,
        sigma_max: float = 80.0,
        rho: float = 7.0,
        label: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Heun's method without churn; algorithm 1. 2 * steps - 1 network calls.

        Returns:
            (B, C, H, W) of `shape`.
        """
        device = next(self.parameters()).device
        ramp = torch.linspace(0, 1, steps)
        ends = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
        sigmas = [*((ends[0] + ramp * (ends[1] - ends[0])) ** rho).tolist(), 0.0]
        x = sigmas[0] * torch.randn(shape, generator=generator, device=device)
        for now, then in pairwise(sigmas):
            slope = (x - self(x, torch.full((shape[0],), now, device=device), label)) / now
            guess = x + (then - now) * slope
            if then:
                there = self(guess, torch.full((shape[0],), then, device=device), label)
                slope = 0.5 * (slope + (guess - there) / then)
                guess = x + (then - now) * slope
            x = guess
        return x
