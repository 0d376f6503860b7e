"""StyleGAN2, with adaptive augmentation: style in the weights, not in the pictures.

    mapping        w = f(z / |z|), a perceptron; slow learning rate                 2019, sec. 2
    modulation     w'_ijk = s_i * w_ijk                                             2020, eq. 1
    demodulation   w''_ijk = w'_ijk / sqrt(sum_ik w'_ijk^2 + eps)                   2020, eq. 3
    truncation     w <- mean(w) + psi * (w - mean(w))                               2019, app. B
    skip outputs   rgb = up(rgb) + to_rgb(h)                                        2020, fig. 7b
    path length    (|J_w^T y| - a)^2, a its running mean, y noise                   2020, eq. 4
    R1, lazily     gamma / 2 * |grad D|^2 each k-th step, times k                   2020, app. B
    augmentation   real and made pictures changed with probability p before D; p moved so that
                   mean sign(D(x)) stays at 0.6                                     2020b, sec. 3

Source: Karras et al. 2019, arXiv:1812.04948; 2020, arXiv:1912.04958; 2020b, arXiv:2006.06676.
Deviations: plain bilinear upsampling in place of the 4-tap filter; no residual connections in the
discriminator, small as it is; of the augmentations flips and quarter turns are left out (a mirrored
digit is none), and shifts, small turns, scaling, brightness and contrast are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError

ADA_TARGET = 0.6
ADA_IMAGES = 500_000  # that the probability takes from 0 to 1: faster, and it leaks into samples


@dataclass(frozen=True)
class StyleGAN2Config:
    """Sizes of a StyleGAN2."""

    channels: int = 1
    """Of a picture."""
    size: int = 28
    """Side of a picture: a small side, doubled some times."""
    latent: int = 64
    """Numbers of z and of w."""
    width: int = 48
    """Channels of every level."""
    mapping: int = 4
    """Layers of the mapping network."""
    mixing: float = 0.5
    """Share of pictures whose later levels get the style of another z."""
    gamma: float = 1.0
    """Weight of R1."""
    path: float = 0.5
    """Weight of the path length."""

    def __post_init__(self) -> None:
        if min(self.channels, self.latent, self.width, self.mapping) < 1:
            raise ArgumentError("sizes of a StyleGAN2 must be positive")
        if self.size < 8 or self.size % 2:
            raise ArgumentError(f"the side must be even and at least 8, got {self.size}")

    @property
    def levels(self) -> int:
        """Sizes from the smallest to the full one."""
        side, count = self.size, 1
        while side % 2 == 0 and side > 7:
            side, count = side // 2, count + 1
        return count


class EqualLinear(nn.Module):  # type: ignore[misc]
    """A dense layer with weights scaled at run time; `rate` slows its learning."""

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.scale, self.rate = rate / inputs**0.5, rate

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs) -> (B, outputs)."""
        return functional.linear(x, self.weight * self.scale, self.bias * self.rate)


class ModulatedConv(nn.Module):  # type: ignore[misc]
    """A convolution whose weights are scaled by a style, for each picture of its own.

    Args:
        inputs: channels in.
        outputs: channels out.
        kernel: side.
        style: numbers of w.
        demodulate: bring each output channel back to unit variance.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, style: int, demodulate: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.style = EqualLinear(style, inputs, bias=1.0)
        self.scale, self.demodulate = 1 / (inputs * kernel * kernel) ** 0.5, demodulate

    def weights(self, w: Tensor) -> Tensor:
        """Styles (B, style) -> weights of each picture, (B, outputs, inputs, k, k)."""
        made = self.weight * self.scale * self.style(w)[:, None, :, None, None]
        if self.demodulate:
            made = made * torch.rsqrt(made.square().sum((2, 3, 4), keepdim=True) + 1e-8)
        return made

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """(B, inputs, H, W) and (B, style) -> (B, outputs, H, W)."""
        batch, _, height, width = x.shape
        weights = self.weights(w).flatten(0, 1)  # (B * outputs, inputs, k, k): one group a picture
        made = functional.conv2d(
            x.reshape(1, -1, height, width), weights, padding=weights.shape[-1] // 2, groups=batch
        )
        return made.reshape(batch, -1, height, width) + self.bias[:, None, None]


class StyledLayer(nn.Module):  # type: ignore[misc]
    """Modulated convolution, noise, leaky ReLU."""

    def __init__(self, width: int, style: int) -> None:
        super().__init__()
        self.conv = ModulatedConv(width, width, 3, style)
        self.strength = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        """(B, width, H, W), (B, style), noise (B, 1, H, W) -> (B, width, H, W)."""
        return functional.leaky_relu(self.conv(x, w) + self.strength * noise, 0.2) * 2**0.5


class StyleGAN2(nn.Module):  # type: ignore[misc]
    """Pictures (B, C, S, S) in about [-1, 1] from noise (B, latent), and a judge of them.

    Args:
        config: sizes.
    """

    def __init__(self, config: StyleGAN2Config) -> None:
        super().__init__()
        self.config = c = config
        base = c.size >> (c.levels - 1)
        self.mapping = nn.ModuleList(
            [EqualLinear(c.latent, c.latent, rate=0.01) for _ in range(c.mapping)]
        )
        self.constant = nn.Parameter(torch.randn(1, c.width, base, base))
        self.layers = nn.ModuleList(
            [StyledLayer(c.width, c.latent) for _ in range(2 * c.levels - 1)]
        )
        self.to_rgb = nn.ModuleList(
            [ModulatedConv(c.width, c.channels, 1, c.latent, False) for _ in range(c.levels)]
        )
        down: list[nn.Module] = [nn.Conv2d(c.channels, c.width, 1), nn.LeakyReLU(0.2)]
        for _ in range(c.levels - 1):
            down += [nn.Conv2d(c.width, c.width, 3, 1, 1), nn.LeakyReLU(0.2)]
            down += [nn.Conv2d(c.width, c.width, 3, 1, 1), nn.LeakyReLU(0.2), nn.AvgPool2d(2)]
        self.look = nn.Sequential(*down)
        self.decide = nn.Sequential(
            nn.Conv2d(c.width + 1, c.width, 3, 1, 1), nn.LeakyReLU(0.2), nn.Flatten(),
            nn.Linear(c.width * base * base, c.width), nn.LeakyReLU(0.2), nn.Linear(c.width, 1),
        )  # fmt: skip
        self.register_buffer("mean_w", torch.zeros(c.latent))
        self.register_buffer("mean_path", torch.zeros(()))
        self.register_buffer("augment_p", torch.zeros(()))

    def map(self, z: Tensor) -> Tensor:
        """Noise (B, latent) -> styles w (B, latent)."""
        w = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
        for layer in self.mapping:
            w = functional.leaky_relu(layer(w), 0.2) * 2**0.5
        return w

    def synthesise(self, styles: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Styles of every layer, (B, layers, latent), -> pictures (B, C, S, S)."""
        h = self.constant.expand(len(styles), -1, -1, -1)
        picture = h.new_zeros(())
        for number, layer in enumerate(self.layers):
            level = (number + 1) // 2
            if number % 2 == 1:  # the first layer of each later level doubles the side
                h = functional.interpolate(h, scale_factor=2, mode="bilinear")
            noise = torch.randn(
                (len(h), 1, *h.shape[2:]), generator=generator, device=h.device, dtype=h.dtype
            )
            h = layer(h, styles[:, number], noise)
            if number % 2 == 0:
                rgb = self.to_rgb[level](h, styles[:, number])
                if picture.dim():
                    picture = functional.interpolate(picture, scale_factor=2, mode="bilinear")
                picture = rgb if level == 0 else picture + rgb
        return picture

    def spread(self, w: Tensor) -> Tensor:
        """One style for all layers: (B, latent) -> (B, layers, latent)."""
        return w[:, None].expand(-1, len(self.layers), -1)

    def sample(
        self, n: int, *, truncation: float = 1.0, generator: torch.Generator | None = None
    ) -> Tensor:
        """`n` pictures; at truncation 0 all show the mean style."""
        z = torch.randn(n, self.config.latent, generator=generator, device=self.mean_w.device)
        w = self.mean_w + truncation * (self.map(z) - self.mean_w)
        return self.synthesise(self.spread(w), generator=generator)

    def judge(self, x: Tensor) -> Tensor:
        """Pictures -> verdicts (B,)."""
        h = self.look(x)
        spread = (h.var(0, unbiased=False) + 1e-8).sqrt().mean()
        verdict: Tensor = self.decide(torch.cat([h, spread.expand(len(h), 1, *h.shape[2:])], 1))
        return verdict.flatten()

    def _made(self, n: int) -> tuple[Tensor, Tensor]:
        """New pictures and their styles, some of them mixed of two."""
        z = torch.randn(2, n, self.config.latent, device=self.mean_w.device)
        first = self.map(z[0])
        self.mean_w.lerp_(first.detach().mean(0), 0.005)
        styles = self.spread(first).clone()
        cut = int(torch.randint(1, len(self.layers), ()))
        is_mixed = torch.rand(n, device=z.device) < self.config.mixing
        if is_mixed.any():
            other = self.spread(self.map(z[1]))
            late = torch.arange(len(self.layers), device=z.device) >= cut
            styles = torch.where(is_mixed[:, None, None] & late[None, :, None], other, styles)
        return self.synthesise(styles), styles

    def judge_loss(self, real: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The discriminator's loss on a batch without R1; moves the augmentation's probability."""
        with torch.no_grad():
            fake, _ = self._made(len(real))
        p = float(self.augment_p)
        on_real = self.judge(augment(real, p))
        loss = functional.softplus(-on_real).mean()
        loss = loss + functional.softplus(self.judge(augment(fake, p))).mean()
        sign = on_real.detach().sign().mean()
        self.augment_p.add_(len(real) / ADA_IMAGES * (sign - ADA_TARGET).sign()).clamp_(0, 0.8)
        return loss, {"judge": loss.detach(), "augment_p": self.augment_p.clone()}

    def r1(self, real: Tensor) -> Tensor:
        """The penalty gamma / 2 * |grad D|^2 on real pictures."""
        real = real.detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(self.judge(real).sum(), real, create_graph=True)
        return self.config.gamma / 2 * slope.square().sum((1, 2, 3)).mean()

    def generator_loss(self, n: int) -> Tensor:
        """The generator's loss on `n` new pictures."""
        made, _ = self._made(n)
        return functional.softplus(-self.judge(augment(made, float(self.augment_p)))).mean()

    def path_loss(self, n: int) -> Tensor:
        """How unevenly steps in w change the picture; updates the running mean."""
        made, styles = self._made(n)
        noise = torch.randn_like(made) / (made.shape[2] * made.shape[3]) ** 0.5
        (slope,) = torch.autograd.grad((made * noise).sum(), styles, create_graph=True)
        length = slope.square().sum(2).mean(1).sqrt()
        self.mean_path.lerp_(length.detach().mean(), 0.01)
        return self.config.path * (length - self.mean_path).square().mean()


def augment(x: Tensor, p: float) -> Tensor:
    """Pictures changed, each kind of change with probability p; p = 0 leaves them as they are.

    Geometry in one warp (shift up to 1/8, any small turn, scale by 2^N(0, 0.2)), then brightness
    and contrast. Differentiable, so that the generator learns through it.
    """
    if p <= 0:
        return x
    n, device = len(x), x.device

    def drawn(values: Tensor, rest: float) -> Tensor:
        return torch.where(torch.rand(n, device=device) < p, values, torch.full_like(values, rest))

    turn = drawn((torch.rand(n, device=device) - 0.5) * 0.7, 0.0)
    scale = drawn(torch.exp2(0.2 * torch.randn(n, device=device)), 1.0)
    shift = [drawn((torch.rand(n, device=device) - 0.5) * 0.5, 0.0) for _ in range(2)]
    cos, sin = turn.cos() / scale, turn.sin() / scale
    theta = torch.stack(
        [torch.stack([cos, -sin, shift[0]], 1), torch.stack([sin, cos, shift[1]], 1)], 1
    )
    field = functional.affine_grid(theta, list(x.shape), align_corners=False)
    x = functional.grid_sample(x, field, padding_mode="border", align_corners=False)
    bright = drawn(0.2 * torch.randn(n, device=device), 0.0)[:, None, None, None]
    contrast = drawn(torch.exp2(0.3 * torch.randn(n, device=device)), 1.0)[:, None, None, None]
    return x * contrast + bright
