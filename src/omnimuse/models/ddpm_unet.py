"""DDPM: a UNet that predicts the noise in a picture; sampling takes it out step by step.

    forward     x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps,  eps ~ N(0, I)           (eq. 4)
    loss        E |eps - eps_theta(x_t, t)|^2                                           (eq. 14)
    reverse     x_{t-1} ~ N(mean of q(x_{t-1} | x_t, predicted x_0), beta-tilde_t)      (eq. 6-7)

Source: Ho, Jain and Abbeel 2020, arXiv:2006.11239 (equations; UNet of appendix B). Class labels and
scale-shift conditioning after Dhariwal and Nichol 2021, arXiv:2105.05233.
Deviations: the time scales and shifts after normalisation instead of being added; `patch` folds
pixels into channels before the network and unfolds after (Hoogeboom et al. 2023, arXiv:2301.11093,
section 3.3), which makes small pictures several times cheaper; dropping the class at random for
classifier-free guidance is the trainer's part of `loss`; with `prediction="v"` the network answers
v = sqrt(abar_t) eps - sqrt(1 - abar_t) x_0 (Salimans and Ho 2022, arXiv:2202.00512), the loss is
taken on v, and eps follows from it and x_t. A short training gains most by it: where x_t is nearly
all noise, a small error in eps is a large one in x_0, and pictures come out too bright or dark.

Every attention layer asks its `processor`, so that attention maps can be read and changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class DDPMConfig:
    """Sizes of a DDPM's UNet."""

    channels: int = 1
    """Channels of a picture."""
    width: int = 64
    """Channels of the largest map."""
    multipliers: tuple[int, ...] = (1, 2)
    """Channels of each size of map, in widths; sides halve from one to the next."""
    blocks: int = 1
    """Residual blocks at each size on the way down, one more on the way up."""
    attention: tuple[int, ...] = (1,)
    """Sizes (by index) with self-attention."""
    heads: int = 4
    """Of attention."""
    patch: int = 1
    """Side of the squares of pixels that are folded into channels."""
    dropout: float = 0.0
    """Inside residual blocks, in training."""
    classes: int = 0
    """Classes that the model may be told; one more stands for "none"."""
    steps: int = 1000
    """Of the noise schedule, betas even from 1e-4 to 0.02."""
    prediction: str = "epsilon"
    """What the network answers: `epsilon`, the noise, or `v`."""

    def __post_init__(self) -> None:
        sizes = (self.channels, self.width, self.blocks, self.heads, self.patch, self.steps)
        if min(*sizes, *self.multipliers) < 1:
            raise ArgumentError("sizes of a UNet must be positive")
        if any((self.width * self.multipliers[level]) % self.heads for level in self.attention):
            raise ArgumentError("the heads do not divide the channels")
        if self.prediction not in ("epsilon", "v"):
            raise ArgumentError(f"prediction {self.prediction!r}", hint="Wanted: epsilon or v.")

    @property
    def fold(self) -> int:
        """What sides must divide by."""
        return int(self.patch * 2 ** (len(self.multipliers) - 1))


def time_embedding(time: Tensor, size: int) -> Tensor:
    """Sines and cosines of geometrically spaced frequencies: (B,) -> (B, size)."""
    half = size // 2
    frequencies = torch.exp(-math.log(10_000) * torch.arange(half, device=time.device) / half)
    angles = time.float()[:, None] * frequencies  # (B, size / 2)
    return torch.cat((angles.cos(), angles.sin()), dim=1)


def groups(channels: int) -> nn.GroupNorm:
    """Normalisation in groups of at least four channels, 32 groups at most."""
    return nn.GroupNorm(math.gcd(32, max(1, channels // 4)), channels)


def zeroed(layer: nn.Module) -> nn.Module:
    """The layer with weights and bias at zero: its block begins as the identity."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class ResidualBlock(nn.Module):  # type: ignore[misc]
    """Two convolutions around the time's scale and shift, added to the input."""

    def __init__(self, inputs: int, outputs: int, told: int, dropout: float) -> None:
        super().__init__()
        self.norm_in, self.norm_out = groups(inputs), groups(outputs)
        self.conv_in = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv_out = zeroed(nn.Conv2d(outputs, outputs, 3, padding=1))
        self.told = nn.Linear(told, 2 * outputs)
        self.drop = nn.Dropout(dropout)
        self.short = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """(B, in, H, W), (B, told) -> (B, out, H, W)."""
        hidden = self.conv_in(functional.silu(self.norm_in(x)))
        scale, shift = self.told(told)[:, :, None, None].chunk(2, dim=1)
        hidden = functional.silu(self.norm_out(hidden) * (1 + scale) + shift)
        return self.short(x) + self.conv_out(self.drop(hidden))


Processor = Callable[["Attention", Tensor], Tensor]
"""(layer, normalised positions (B, N, C)) -> mixed positions (B, N, C), before `layer.out`."""


def attend(layer: Attention, x: Tensor) -> Tensor:
    """The plain processor: softmax(q k^T / sqrt(d)) v for each head."""
    q, k, v = layer.heads_of(x)  # (B, heads, N, C / heads) each
    return layer.joined(functional.scaled_dot_product_attention(q, k, v))


class AttentionMaps:
    """A processor that also keeps the maps of its last call, (B, heads, N, N), in `maps`."""

    def __init__(self) -> None:
        self.maps: Tensor | None = None

    def __call__(self, layer: Attention, x: Tensor) -> Tensor:
        """As `attend`."""
        q, k, v = layer.heads_of(x)
        self.maps = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(dim=-1)
        return layer.joined(self.maps @ v)


class Attention(nn.Module):  # type: ignore[misc]
    """Every position looks at every other.

    Attributes:
        processor: how they look; may be exchanged at any time.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = groups(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = zeroed(nn.Linear(channels, channels))
        self.processor: Processor = attend

    def heads_of(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, N, C) -> queries, keys and values, (B, heads, N, C / heads)."""
        parts = self.qkv(x).unflatten(2, (3, self.heads, -1))  # (B, N, 3, heads, d)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        return q, k, v

    def joined(self, x: Tensor) -> Tensor:
        """(B, heads, N, d) -> (B, N, C)."""
        return x.transpose(1, 2).flatten(2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> same."""
        positions = self.norm(x).flatten(2).transpose(1, 2)  # (B, H W, C)
        mixed = self.out(self.processor(self, positions))
        return x + mixed.transpose(1, 2).reshape(x.shape)


class Stage(nn.Module):  # type: ignore[misc]
    """A residual block and perhaps attention."""

    def __init__(self, inputs: int, outputs: int, config: DDPMConfig, *, attends: bool) -> None:
        super().__init__()
        self.block = ResidualBlock(inputs, outputs, 4 * config.width, config.dropout)
        self.attention = Attention(outputs, config.heads) if attends else nn.Identity()

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """(B, in, H, W), (B, told) -> (B, out, H, W)."""
        return self.attention(self.block(x, told))


class UNet(nn.Module):  # type: ignore[misc]
    """Down to small maps and up again, with a short cut from every block to its mirror image."""

    def __init__(self, config: DDPMConfig) -> None:
        super().__init__()
        self.config = config
        width, told = config.width, 4 * config.width
        self.time = nn.Sequential(nn.Linear(width, told), nn.SiLU(), nn.Linear(told, told))
        self.label = nn.Embedding(config.classes + 1, told) if config.classes else None
        pixels = config.channels * config.patch**2
        self.first = nn.Conv2d(pixels, width, 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        cuts, now = [width], width
        for level, factor in enumerate(config.multipliers):
            if level:
                self.down.append(nn.Conv2d(now, now, 3, stride=2, padding=1))
                cuts.append(now)
            for _ in range(config.blocks):
                attends = level in config.attention
                self.down.append(Stage(now, factor * width, config, attends=attends))
                now = factor * width
                cuts.append(now)
        self.middle = nn.ModuleList(
            (Stage(now, now, config, attends=True), Stage(now, now, config, attends=False))
        )
        for level, factor in reversed(list(enumerate(config.multipliers))):
            for _ in range(config.blocks + 1):
                attends = level in config.attention
                self.up.append(Stage(now + cuts.pop(), factor * width, config, attends=attends))
                now = factor * width
            if level:
                self.up.append(Grow(now))
        self.norm = groups(now)
        self.last = zeroed(nn.Conv2d(now, pixels, 3, padding=1))

    def forward(self, x: Tensor, time: Tensor, label: Tensor | None = None) -> Tensor:
        """Predicted noise.

        Args:
            x: (B, C, H, W), noisy pictures.
            time: (B,), 0 (nearly clean) to steps - 1; fractions are allowed.
            label: (B,), classes; `config.classes` itself stands for none.

        Returns:
            (B, C, H, W).

        Raises:
            ArgumentError: sides that do not divide by `config.fold`.
        """
        if x.shape[2] % self.config.fold or x.shape[3] % self.config.fold:
            raise ArgumentError(
                f"pictures of {x.shape[2]}x{x.shape[3]} pixels into this UNet",
                hint=f"Sides must divide by {self.config.fold}.",
            )
        told = self.time(time_embedding(time, self.config.width))
        if self.label is not None:
            none = torch.full_like(time, self.config.classes, dtype=torch.long)
            told = told + self.label(none if label is None else label)
        told = functional.silu(told)  # (B, 4 width)
        x = self.first(functional.pixel_unshuffle(x, self.config.patch))
        cuts = [x]
        for layer in self.down:
            x = layer(x, told) if isinstance(layer, Stage) else layer(x)
            cuts.append(x)
        for layer in self.middle:
            x = layer(x, told)
        for layer in self.up:
            x = layer(torch.cat((x, cuts.pop()), 1), told) if isinstance(layer, Stage) else layer(x)
        return functional.pixel_shuffle(self.last(functional.silu(self.norm(x))), self.config.patch)

    def attentions(self) -> dict[str, Attention]:
        """Every attention layer by name, for reading or exchanging processors."""
        return {name: m for name, m in self.named_modules() if isinstance(m, Attention)}


class Grow(nn.Module):  # type: ignore[misc]
    """Twice the sides by repeating, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, 2H, 2W)."""
        return self.conv(functional.interpolate(x, scale_factor=2, mode="nearest"))


class DDPM(nn.Module):  # type: ignore[misc]
    """The UNet with its noise schedule, loss and sampler; called, it gives the noise in x_t."""

    def __init__(self, config: DDPMConfig) -> None:
        super().__init__()
        self.config = config
        self.unet = UNet(config)
        betas = torch.linspace(1e-4, 0.02, config.steps, dtype=torch.float64)
        self.register_buffer("betas", betas, persistent=False)
        self.register_buffer("kept", (1 - betas).cumprod(0), persistent=False)  # abar_t

    def add_noise(self, data: Tensor, noise: Tensor, time: Tensor) -> Tensor:
        """x_t; eq. 4. (B, C, H, W) twice, (B,) -> (B, C, H, W)."""
        kept = self.kept[time].float()[:, None, None, None]
        return kept.sqrt() * data + (1 - kept).sqrt() * noise

    def forward(self, x: Tensor, time: Tensor, label: Tensor | None = None) -> Tensor:
        """Predicted noise, whatever the network answers; see `UNet.forward`."""
        found: Tensor = self.unet(x, time, label)
        if self.config.prediction == "epsilon":
            return found
        kept = self.kept[time].float()[:, None, None, None]
        return kept.sqrt() * found + (1 - kept).sqrt() * x

    def loss(
        self, data: Tensor, label: Tensor | None = None, *, drop: float = 0.1
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Squared error of the predicted noise (or v) at random times; eq. 14.

        Args:
            data: (B, C, H, W) in [-1, 1].
            label: (B,) or None.
            drop: share of labels exchanged for "none".

        Returns:
            Mean over all values; parts: the error at the noisier and cleaner half of the times.
        """
        count = len(data)
        time = torch.randint(self.config.steps, (count,), device=data.device)
        noise = torch.randn_like(data)
        if label is not None:
            is_dropped = torch.rand(count, device=data.device) < drop
            label = label.masked_fill(is_dropped, self.config.classes)
        predicted = self.unet(self.add_noise(data, noise, time), time, label)
        target = noise
        if self.config.prediction == "v":
            kept = self.kept[time].float()[:, None, None, None]
            target = kept.sqrt() * noise - (1 - kept).sqrt() * data
        error = (predicted.float() - target).square().flatten(1).mean(1)  # (B,)
        late = (time >= self.config.steps // 2).float()
        parts = {
            "error_noisy": (error * late).sum().detach() / late.sum().clamp(min=1),
            "error_clean": (error * (1 - late)).sum().detach() / (1 - late).sum().clamp(min=1),
        }
        return error.mean(), parts

    def posterior(self, x: Tensor, data: Tensor, time: int) -> tuple[Tensor, float]:
        """Mean and variance of q(x_{t-1} | x_t, x_0); eq. 7.

        Args:
            x: (B, C, H, W), x_t.
            data: (B, C, H, W), x_0.
            time: t.
        """
        beta, kept = float(self.betas[time]), float(self.kept[time])
        before = float(self.kept[time - 1]) if time else 1.0
        mean = (math.sqrt(before) * beta * data + math.sqrt(1 - beta) * (1 - before) * x) / (
            1 - kept
        )
        return mean, (1 - before) / (1 - kept) * beta

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(
        self,
        shape: tuple[int, int, int, int],
        *,
        label: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Ancestral sampling with all steps; algorithm 2, predicted data clipped to [-1, 1].

        Fewer steps and other samplers: `omnimuse.schedulers`.

        Returns:
            Pictures of `shape` (B, C, H, W) in [-1, 1].
        """
        device = self.kept.device
        x = torch.randn(shape, generator=generator, device=device)
        for time in reversed(range(self.config.steps)):
            kept = float(self.kept[time])
            times = torch.full((shape[0],), time, device=device)
            noise = self(x, times, label)
            data = ((x - math.sqrt(1 - kept) * noise) / math.sqrt(kept)).clamp(-1, 1)
            x, variance = self.posterior(x, data, time)
            if time:
                fresh = torch.randn(shape, generator=generator, device=device)
                x = x + math.sqrt(variance) * fresh
        return x
