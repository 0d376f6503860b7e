"""PG-GAN: pictures grown from small to large, new layers faded in.

    output at level l    (1 - a) * up(rgb_{l-1}(h_{l-1})) + a * rgb_l(h_l), a in [0, 1]   fig. 2
    equalised rate       w' = w * sqrt(2 / fan_in) at run time, w from N(0, 1)              sec. 4.1
    pixel norm           h / sqrt(mean_c h^2 + eps), generator only                         sec. 4.2
    batch spread         mean standard deviation over the batch, as one more channel        sec. 3
    loss                 WGAN-GP: D(G(z)) - D(x) + 10 * (|grad D(mix)| - 1)^2 + 0.001 * D(x)^2

Source: Karras et al. 2018, arXiv:1710.10196; Gulrajani et al. 2017, arXiv:1704.00028 (the penalty).
Deviations: the smallest side need not be 4 (28 px grows from 7), all levels share one optimiser.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class ProgressiveGANConfig:
    """Sizes of a PG-GAN."""

    channels: int = 1
    """Of a picture."""
    size: int = 28
    """Side of the full picture; a small odd or even side, doubled some times."""
    latent: int = 64
    """Numbers of z."""
    width: int = 64
    """Channels of every level."""
    penalty: float = 10.0
    """Weight of the gradient penalty."""
    drift: float = 0.001
    """Weight of what keeps verdicts near 0."""

    def __post_init__(self) -> None:
        if min(self.channels, self.latent, self.width) < 1 or self.size < 8 or self.size % 2:
            raise ArgumentError("sizes of a PG-GAN must be positive, the side even and at least 8")

    @property
    def levels(self) -> int:
        """Sizes that pictures grow through, the smallest one included."""
        side, count = self.size, 1
        while side % 2 == 0 and side > 7:
            side, count = side // 2, count + 1
        return count

    def side(self, level: int) -> int:
        """Side of the pictures of a level, 0 the smallest."""
        return self.size >> (self.levels - 1 - level)


class EqualConv(nn.Module):  # type: ignore[misc]
    """A convolution whose weights are scaled at run time, so that all learn at one pace."""

    def __init__(self, inputs: int, outputs: int, kernel: int, gain: float = 2.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = (gain / (inputs * kernel * kernel)) ** 0.5
        self.padding = kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W)."""
        return functional.conv2d(x, self.weight * self.scale, self.bias, padding=self.padding)


def pixel_norm(x: Tensor) -> Tensor:
    """Each position's channels brought to a mean square of 1."""
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)


def with_spread(x: Tensor) -> Tensor:
    """One more channel: how much the batch varies, in one number (section 3)."""
    spread = (x.var(0, unbiased=False) + 1e-8).sqrt().mean()
    return torch.cat([x, spread.expand(len(x), 1, *x.shape[2:])], 1)


def _block(inputs: int, width: int) -> nn.ModuleList:
    return nn.ModuleList([EqualConv(inputs, width, 3), EqualConv(width, width, 3)])


class ProgressiveGAN(nn.Module):  # type: ignore[misc]
    """Pictures (B, C, S, S) in [-1, 1] at the present level, and a judge of them.

    Args:
        config: sizes.
    """

    def __init__(self, config: ProgressiveGANConfig) -> None:
        super().__init__()
        self.config = c = config
        base = c.side(0)
        self.start = EqualConv(c.latent, c.width * base * base, 1)  # (B, latent, 1, 1)
        self.grow = nn.ModuleList([_block(c.width, c.width) for _ in range(c.levels)])
        self.to_rgb = nn.ModuleList(
            [EqualConv(c.width, c.channels, 1, 1.0) for _ in range(c.levels)]
        )
        self.from_rgb = nn.ModuleList([EqualConv(c.channels, c.width, 1) for _ in range(c.levels)])
        self.shrink = nn.ModuleList([_block(c.width + (n == 0), c.width) for n in range(c.levels)])
        self.verdict = EqualConv(c.width * base * base, 1, 1, 1.0)
        self.register_buffer("level", torch.tensor(0))
        self.register_buffer("fade", torch.tensor(1.0))

    def grown(self, progress: float) -> None:
        """Set level and fade by the share of training that is done: half fading, half at rest."""
        stages = 2 * self.config.levels - 1
        stage = min(progress, 0.999999) * stages
        self.level.fill_((int(stage) + 1) // 2)
        self.fade.fill_(1.0 if int(stage) % 2 == 0 else stage % 1.0)

    def generate(self, z: Tensor, level: int | None = None, fade: float | None = None) -> Tensor:
        """Noise (B, latent) -> pictures of a level's side."""
        level = int(self.level) if level is None else level
        fade = float(self.fade) if fade is None else fade
        base = self.config.side(0)
        h = self.start(pixel_norm(z)[..., None, None]).reshape(len(z), -1, base, base)
        below = h
        for number in range(level + 1):
            below = h
            if number:
                h = functional.interpolate(h, scale_factor=2)
            for layer in self.grow[number]:
                h = pixel_norm(functional.leaky_relu(layer(h), 0.2))
        picture: Tensor = self.to_rgb[level](h)
        if level and fade < 1:
            old = functional.interpolate(self.to_rgb[level - 1](below), scale_factor=2)
            picture = old + fade * (picture - old)
        return picture

    def judge(self, x: Tensor, level: int | None = None, fade: float | None = None) -> Tensor:
        """Pictures of a level's side -> one verdict each, (B,)."""
        level = int(self.level) if level is None else level
        fade = float(self.fade) if fade is None else fade
        h = functional.leaky_relu(self.from_rgb[level](x), 0.2)
        for number in range(level, -1, -1):
            h = with_spread(h) if number == 0 else h
            for layer in self.shrink[number]:
                h = functional.leaky_relu(layer(h), 0.2)
            if number:
                h = functional.avg_pool2d(h, 2)
            if number == level and level and fade < 1:
                old = self.from_rgb[level - 1](functional.avg_pool2d(x, 2))
                old = functional.leaky_relu(old, 0.2)
                h = old + fade * (h - old)
        verdict: Tensor = self.verdict(h.reshape(len(h), -1, 1, 1))
        return verdict.flatten()

    def seen(self, x: Tensor) -> Tensor:
        """Full pictures as the present level knows them: shrunk, and faded likewise."""
        level, fade = int(self.level), float(self.fade)
        side = self.config.side(level)
        small = functional.adaptive_avg_pool2d(x, side)
        if level and fade < 1:
            old = functional.interpolate(functional.avg_pool2d(small, 2), scale_factor=2)
            small = old + fade * (small - old)
        return small

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """`n` pictures at full size, (n, C, S, S), whatever the present level."""
        z = torch.randn(n, self.config.latent, generator=generator, device=self.fade.device)
        made = self.generate(z)
        return (
            functional.interpolate(made, size=self.config.size)
            if made.shape[-1] != (self.config.size)
            else made
        )

    def judge_loss(self, real: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The critic's loss on full pictures (B, C, S, S), and its parts."""
        real = self.seen(real)
        z = torch.randn(len(real), self.config.latent, device=real.device)
        fake = self.generate(z).detach()
        on_real, on_fake = self.judge(real), self.judge(fake)
        share = torch.rand(len(real), 1, 1, 1, device=real.device)
        mixed = (share * real + (1 - share) * fake).requires_grad_(True)
        (slope,) = torch.autograd.grad(self.judge(mixed).sum(), mixed, create_graph=True)
        penalty = (slope.flatten(1).norm(dim=1) - 1).square().mean()
        gap = on_fake.mean() - on_real.mean()
        loss = gap + self.config.penalty * penalty + self.config.drift * on_real.square().mean()
        return loss, {"distance": -gap.detach(), "penalty": penalty.detach()}

    def generator_loss(self, n: int) -> Tensor:
        """The generator's loss on `n` new pictures."""
        z = torch.randn(n, self.config.latent, device=self.fade.device)
        return -self.judge(self.generate(z)).mean()
