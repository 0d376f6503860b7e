"""Latent diffusion: an autoencoder makes pictures small, a UNet with cross-attention denoises them.

    z = scale * (encoder mean of x)          v = alpha(t) eps - sigma(t) z
    loss  E |v_theta(alpha z + sigma eps, t, context) - v|^2
    cross-attention  softmax(Q(z) K(context)^T / sqrt(d)) V(context)

The context is a row of vectors: encoded words, or one embedding of a class. An autoencoder is any
module with `encode(x) -> z` and `decode(z) -> x`; `Autoencoder` is a small one with a KL term.

Source: Rombach et al. 2022, arXiv:2112.10752 (section 3; cross-attention in 3.3); Salimans and
Ho 2022, arXiv:2202.00512 (v-prediction); Nichol and Dhariwal 2021, arXiv:2102.09672 (cosine
schedule).
Deviations: the autoencoder is trained by squared error and a small KL term, without a discriminator
or perceptual loss; a UNet of two sizes; the latents' scale is measured once by `measure`.

Every cross-attention layer asks its `processor`, so that attention maps can be read and changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


class Codec(Protocol):
    """What an autoencoder must offer."""

    def encode(self, x: Tensor) -> Tensor:
        """Pictures (B, C, H, W) in [-1, 1] -> latents (B, c, h, w)."""
        ...

    def decode(self, z: Tensor) -> Tensor:
        """Latents -> pictures."""
        ...


@dataclass(frozen=True)
class LatentDiffusionConfig:
    """Sizes of both parts."""

    channels: int = 1
    """Channels of a picture."""
    shrink: int = 4
    """How many times smaller the latents' sides are: a power of two."""
    latent_channels: int = 4
    """Channels of latents."""
    codec_width: int = 32
    """Channels inside the autoencoder."""
    kl_weight: float = 1e-3
    """Weight of the autoencoder's KL term, per latent value."""
    width: int = 64
    """Channels of the UNet's larger map."""
    blocks: int = 2
    """Residual blocks at each size and way."""
    heads: int = 4
    """Of attention."""
    context: int = 64
    """Channels of a context vector."""
    classes: int = 0
    """Classes that have a context vector of their own; 0 where contexts are given as arrays."""

    def __post_init__(self) -> None:
        if self.shrink < 1 or self.shrink & (self.shrink - 1):
            raise ArgumentError(
                f"latents cannot be {self.shrink} times smaller", hint="1, 2, 4 ..."
            )
        if self.width % self.heads:
            raise ArgumentError("the heads do not divide the width")

    @property
    def fold(self) -> int:
        """What a picture's sides must divide by."""
        return 2 * self.shrink


class Autoencoder(nn.Module):  # type: ignore[misc]
    """A convolutional autoencoder with Gaussian latents."""

    def __init__(self, config: LatentDiffusionConfig) -> None:
        super().__init__()
        self.config = config
        width, halvings = config.codec_width, int(math.log2(config.shrink))
        encoder: list[nn.Module] = [nn.Conv2d(config.channels, width, 3, padding=1), nn.SiLU()]
        for _ in range(halvings):
            encoder += [nn.Conv2d(width, 2 * width, 4, stride=2, padding=1), nn.SiLU()]
            encoder += [nn.GroupNorm(8, 2 * width)]
            width *= 2
        encoder += [nn.Conv2d(width, 2 * config.latent_channels, 3, padding=1)]
        decoder: list[nn.Module] = [nn.Conv2d(config.latent_channels, width, 3, padding=1)]
        for _ in range(halvings):
            decoder += [nn.SiLU(), nn.GroupNorm(8, width)]
            decoder += [nn.ConvTranspose2d(width, width // 2, 4, stride=2, padding=1)]
            width //= 2
        decoder += [nn.SiLU(), nn.Conv2d(width, config.channels, 3, padding=1)]
        self.encoder, self.decoder = nn.Sequential(*encoder), nn.Sequential(*decoder)

    def moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the latents, each (B, c, h, w)."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance.clamp(-20, 10)

    def encode(self, x: Tensor) -> Tensor:
        """(B, C, H, W) in [-1, 1] -> the latents' mean, (B, c, H / shrink, W / shrink)."""
        return self.moments(x)[0]

    def decode(self, z: Tensor) -> Tensor:
        """(B, c, h, w) -> (B, C, H, W)."""
        return self.decoder(z)

    def loss(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Squared error and the weighted KL term, each a mean over values."""
        mean, log_variance = self.moments(x)
        z = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        error = (self.decode(z) - x).square().mean()
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
        return error + self.config.kl_weight * kl, {
            "codec_error": error.detach(),
            "codec_kl": kl.detach(),
        }


class ResidualBlock(nn.Module):  # type: ignore[misc]
    """Two convolutions around the time's scale and shift, added to the input."""

    def __init__(self, inputs: int, outputs: int, told: int) -> None:
        super().__init__()
        self.norm_in, self.norm_out = nn.GroupNorm(4, inputs), nn.GroupNorm(4, outputs)
        self.conv_in = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv_out = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.told = nn.Linear(told, 2 * outputs)
        self.short = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        nn.init.zeros_(self.conv_out.weight)
        nn.init.zeros_(self.conv_out.bias)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """(B, in, H, W), (B, told) -> (B, out, H, W)."""
        hidden = self.conv_in(functional.silu(self.norm_in(x)))
        scale, shift = self.told(told)[:, :, None, None].chunk(2, dim=1)
        hidden = functional.silu(self.norm_out(hidden) * (1 + scale) + shift)
        return self.short(x) + self.conv_out(hidden)


Processor = Callable[["CrossAttention", Tensor, Tensor], Tensor]
"""(layer, positions (B, N, C), seen (B, M, K)) -> mixed (B, N, C), before `layer.out`."""


def attend(layer: CrossAttention, x: Tensor, seen: Tensor) -> Tensor:
    """The plain processor."""
    q, k, v = layer.heads_of(x, seen)
    mixed = functional.scaled_dot_product_attention(q, k, v)
    return mixed.transpose(1, 2).flatten(2)


class AttentionMaps:
    """A processor that keeps the maps of its last call, (B, heads, N, M), in `maps`.

    Attributes:
        maps: of the last call.
        edit: changes maps before they are used (prompt-to-prompt), if set.
    """

    def __init__(self, edit: Callable[[Tensor], Tensor] | None = None) -> None:
        self.maps: Tensor | None = None
        self.edit = edit

    def __call__(self, layer: CrossAttention, x: Tensor, seen: Tensor) -> Tensor:
        """As `attend`."""
        q, k, v = layer.heads_of(x, seen)
        self.maps = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(dim=-1)
        if self.edit is not None:
            self.maps = self.edit(self.maps)
        return (self.maps @ v).transpose(1, 2).flatten(2)


class CrossAttention(nn.Module):  # type: ignore[misc]
    """Positions look at a row of vectors, or at themselves.

    Attributes:
        processor: how they look; may be exchanged at any time.
    """

    def __init__(self, channels: int, heads: int, seen: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(channels)
        self.q = nn.Linear(channels, channels, bias=False)
        self.kv = nn.Linear(seen, 2 * channels, bias=False)
        self.out = nn.Linear(channels, channels)
        self.processor: Processor = attend
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def heads_of(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, N, C), (B, M, K) -> q (B, heads, N, d), k and v (B, heads, M, d)."""
        q = self.q(x).unflatten(2, (self.heads, -1)).transpose(1, 2)
        k, v = self.kv(seen).unflatten(2, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return q, k, v

    def forward(self, x: Tensor, seen: Tensor | None = None) -> Tensor:
        """(B, N, C), (B, M, K) -> (B, N, C)."""
        normed = self.norm(x)
        return x + self.out(self.processor(self, normed, normed if seen is None else seen))


class TransformerBlock(nn.Module):  # type: ignore[misc]
    """Self-attention, cross-attention and a feed-forward part over a map's positions."""

    def __init__(self, channels: int, heads: int, context: int) -> None:
        super().__init__()
        self.own = CrossAttention(channels, heads, channels)
        self.cross = CrossAttention(channels, heads, context)
        self.feed = nn.Sequential(
            nn.LayerNorm(channels), nn.Linear(channels, 4 * channels), nn.GELU(),
            nn.Linear(4 * channels, channels),
        )  # fmt: skip
        nn.init.zeros_(self.feed[-1].weight)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """(B, C, H, W), (B, M, context) -> (B, C, H, W)."""
        tokens = x.flatten(2).transpose(1, 2)  # (B, H W, C)
        tokens = self.cross(self.own(tokens), context)
        tokens = tokens + self.feed(tokens)
        return tokens.transpose(1, 2).reshape(x.shape)


class UNet(nn.Module):  # type: ignore[misc]
    """Denoises latents, looking at a context."""

    def __init__(self, config: LatentDiffusionConfig) -> None:
        super().__init__()
        self.width, width = config.width, config.width
        told, count = 4 * width, config.blocks

        def attention(channels: int) -> TransformerBlock:
            return TransformerBlock(channels, config.heads, config.context)

        self.time = nn.Sequential(nn.Linear(width, told), nn.SiLU(), nn.Linear(told, told))
        self.first = nn.Conv2d(config.latent_channels, width, 3, padding=1)
        self.down = nn.ModuleList(ResidualBlock(width, width, told) for _ in range(count))
        self.down_attention = nn.ModuleList(attention(width) for _ in range(count))
        self.shrink = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.middle = nn.ModuleList(ResidualBlock(2 * width, 2 * width, told) for _ in range(count))
        self.middle_attention = nn.ModuleList(attention(2 * width) for _ in range(count))
        self.grow = nn.Conv2d(2 * width, width, 3, padding=1)
        self.up = nn.ModuleList(ResidualBlock(2 * width, width, told) for _ in range(count))
        self.up_attention = nn.ModuleList(attention(width) for _ in range(count))
        self.norm = nn.GroupNorm(4, width)
        self.last = nn.Conv2d(width, config.latent_channels, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, z: Tensor, time: Tensor, context: Tensor) -> Tensor:
        """Predict v for noisy latents.

        Args:
            z: (B, c, h, w), h and w even or odd.
            time: (B,), 0 (clean) to 1 (noise).
            context: (B, M, context).

        Returns:
            (B, c, h, w).
        """
        half = self.width // 2
        frequencies = 10_000.0 ** (-torch.arange(half, device=z.device) / half)
        angles = 1000 * time[:, None] * frequencies
        told = functional.silu(self.time(torch.cat((angles.sin(), angles.cos()), dim=1)))
        x, cuts = self.first(z), []
        for block, attention in zip(self.down, self.down_attention):
            x = attention(block(x, told), context)
            cuts.append(x)
        x = self.shrink(x)
        for block, attention in zip(self.middle, self.middle_attention):
            x = attention(block(x, told), context)
        x = self.grow(functional.interpolate(x, size=z.shape[-2:], mode="nearest"))
        for block, attention in zip(self.up, self.up_attention):
            x = attention(block(torch.cat((x, cuts.pop()), dim=1), told), context)
        return self.last(functional.silu(self.norm(x)))

    def cross_attentions(self) -> dict[str, CrossAttention]:
        """Every layer that looks at the context, by name."""
        return {
            name: module
            for name, module in self.named_modules()
            if isinstance(module, CrossAttention) and name.endswith("cross")
        }


class LatentDiffusion(nn.Module):  # type: ignore[misc]
    """Autoencoder, UNet and the contexts of classes and of nothing.

    Args:
        config: sizes.
        codec: an autoencoder of one's own; its latents must have `config.latent_channels`.
    """

    def __init__(self, config: LatentDiffusionConfig, codec: nn.Module | None = None) -> None:
        super().__init__()
        self.config = config
        self.codec = Autoencoder(config) if codec is None else codec
        self.unet = UNet(config)
        self.label = nn.Embedding(config.classes, config.context) if config.classes else None
        self.nothing = nn.Parameter(torch.zeros(1, config.context))
        self.register_buffer("scale", torch.ones(()))

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def measure(self, data: Tensor) -> None:
        """Set the scale that gives latents unit variance; once, when the autoencoder is done."""
        self.scale.copy_(1 / self.codec.encode(data).std().clamp(min=1e-4))

    def levels(self, time: Tensor) -> tuple[Tensor, Tensor]:
        """Give alpha and sigma of the cosine schedule at times (B,), broadcast over latents."""
        angle = 0.5 * math.pi * time[:, None, None, None]
        return angle.cos(), angle.sin()

    def context_of(self, label: Tensor | None, count: int) -> Tensor:
        """The context of classes (B,), or of nothing: (B, 1, context)."""
        if label is None or self.label is None:
            return self.nothing.expand(count, 1, -1)
        return self.label(label)[:, None]

    def loss(
        self, data: Tensor, context: Tensor, *, drop: float = 0.1
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """v-prediction in latents; the autoencoder is not trained by it.

        Args:
            data: (B, C, H, W) in [-1, 1].
            context: (B, M, context).
            drop: share of contexts exchanged for nothing.

        Returns:
            Mean squared error of v; parts: that of the latents which it means.
        """
        count = len(data)
        with torch.no_grad():
            z = self.scale * self.codec.encode(data)
        is_dropped = torch.rand(count, 1, 1, device=data.device) < drop
        context = torch.where(is_dropped, self.nothing, context)
        time = torch.rand(count, device=data.device) * 0.998 + 1e-3
        alpha, sigma = self.levels(time)
        noise = torch.randn_like(z)
        found = self.unet(alpha * z + sigma * noise, time, context).float()
        error = found - (alpha * noise - sigma * z)
        return error.square().mean(), {"latent_error": (sigma * error).square().mean().detach()}

    def guided(self, z: Tensor, time: Tensor, context: Tensor, scale: float) -> Tensor:
        """Predict v under classifier-free guidance: both predictions in one pass."""
        if scale == 1:
            return self.unet(z, time, context)
        nothing = self.nothing.expand_as(context)
        told, free = self.unet(
            z.repeat(2, 1, 1, 1), time.repeat(2), torch.cat((context, nothing))
        ).chunk(2)
        return free + scale * (told - free)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(
        self,
        context: Tensor,
        size: tuple[int, int],
        *,
        steps: int = 25,
        scale: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """DDIM in latents, then the decoder; more samplers in `omnimuse.schedulers`.

        Args:
            context: (B, M, context).
            size: height and width of the pictures.
            steps: network calls.
            scale: of guidance; 1 is none.
            generator: of the noise.

        Returns:
            (B, C, H, W), about [-1, 1].

        Raises:
            ArgumentError: sides that do not divide.
        """
        c, count = self.config, len(context)
        if size[0] % c.shrink or size[1] % c.shrink:
            raise ArgumentError(f"sides {size} do not divide by {c.shrink}")
        shape = (count, c.latent_channels, size[0] // c.shrink, size[1] // c.shrink)
        z = torch.randn(shape, generator=generator, device=context.device)
        times = [*torch.linspace(0.999, 0.001, steps).tolist(), 0.0]
        for now, then in pairwise(times):
            time = torch.full((count,), now, device=z.device)
            alpha, sigma = math.cos(math.pi * now / 2), math.sin(math.pi * now / 2)
            v = self.guided(z, time, context, scale)
            data, noise = alpha * z - sigma * v, sigma * z + alpha * v
            z = math.cos(math.pi * then / 2) * data + math.sin(math.pi * then / 2) * noise
        return self.codec.decode(z / self.scale)
