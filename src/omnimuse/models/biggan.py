"""Class-conditional GAN: a projection discriminator, conditional batch norm, spectral norm.

    discriminator   D(x, y) = v(y)^T phi(x) + psi(phi(x))                  projection, eq. 3
    hinge           E max(0, 1 - D(x, y)) + E max(0, 1 + D(G(z, y), y));   -E D(G(z, y), y)
    spectral norm   W / sigma(W), sigma by power iteration                 Miyato 2018a
    generator       batch norm whose gain and shift come from (z, y)       BigGAN, fig. 15
    orthogonal      beta * |W^T W o (1 - I)|^2                             BigGAN, eq. 3
    truncation      z redrawn where |z| > threshold                        BigGAN, sec. 3.1

Source: Miyato and Koyama 2018, arXiv:1802.05637; Miyato et al. 2018a, arXiv:1802.05957; Brock et
al. 2019, arXiv:1809.11096 (BigGAN).
Deviations: BigGAN-like in small: no self-attention, one z for all blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class BigGANConfig:
    """Sizes of a class-conditional GAN."""

    channels: int = 1
    """Of a picture."""
    size: int = 28
    """Side of a picture: a small side, doubled some times."""
    classes: int = 10
    """Classes."""
    latent: int = 64
    """Numbers of z."""
    width: int = 64
    """Channels of every level."""
    shared: int = 32
    """Numbers of a class's embedding, shared by all batch norms."""
    orthogonal: float = 1e-4
    """Weight of the orthogonal regularisation."""

    def __post_init__(self) -> None:
        if min(self.channels, self.classes, self.latent, self.width, self.shared) < 1:
            raise ArgumentError("sizes of a BigGAN must be positive")
        if self.size < 8 or self.size % 2:
            raise ArgumentError(f"the side must be even and at least 8, got {self.size}")

    @property
    def doublings(self) -> int:
        """How often the generator doubles the side."""
        side, count = self.size, 0
        while side % 2 == 0 and side > 7:
            side, count = side // 2, count + 1
        return count


def spectral(layer: nn.Module) -> nn.Module:
    """The layer with its weights divided by their largest singular value."""
    made: nn.Module = parametrizations.spectral_norm(layer)
    return made


class ConditionalNorm(nn.Module):  # type: ignore[misc]
    """Batch norm with gain and shift from a condition."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width, affine=False)
        self.gain = nn.Linear(condition, width, bias=False)
        self.shift = nn.Linear(condition, width, bias=False)
        nn.init.normal_(self.gain.weight, std=0.02)
        nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(B, width, H, W), (B, condition) -> (B, width, H, W)."""
        gain = 1 + self.gain(condition)[:, :, None, None]
        made: Tensor = self.norm(x) * gain + self.shift(condition)[:, :, None, None]
        return made


class UpBlock(nn.Module):  # type: ignore[misc]
    """Residual: norm, ReLU, double, convolve, norm, ReLU, convolve."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([ConditionalNorm(width, condition) for _ in range(2)])
        self.convs = nn.ModuleList([nn.Conv2d(width, width, 3, 1, 1) for _ in range(2)])

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(B, width, H, W) -> (B, width, 2H, 2W)."""
        h = functional.interpolate(functional.relu(self.norms[0](x, condition)), scale_factor=2)
        h = self.convs[1](functional.relu(self.norms[1](self.convs[0](h), condition)))
        made: Tensor = h + functional.interpolate(x, scale_factor=2)
        return made


class BigGAN(nn.Module):  # type: ignore[misc]
    """Pictures (B, C, S, S) in [-1, 1] of given classes, and a judge of pictures and classes.

    Args:
        config: sizes.
    """

    def __init__(self, config: BigGANConfig) -> None:
        super().__init__()
        self.config = c = config
        self.base = c.size >> c.doublings
        self.shared = nn.Embedding(c.classes, c.shared)
        condition = c.latent + c.shared
        self.start = nn.Linear(c.latent, c.width * self.base**2)
        self.blocks = nn.ModuleList([UpBlock(c.width, condition) for _ in range(c.doublings)])
        self.last_norm = nn.BatchNorm2d(c.width)
        self.to_rgb = nn.Conv2d(c.width, c.channels, 3, 1, 1)
        down: list[nn.Module] = [spectral(nn.Conv2d(c.channels, c.width, 3, 1, 1)), nn.ReLU()]
        for _ in range(c.doublings):
            down += [spectral(nn.Conv2d(c.width, c.width, 3, 1, 1)), nn.ReLU()]
            down += [spectral(nn.Conv2d(c.width, c.width, 4, 2, 1)), nn.ReLU()]
        self.look = nn.Sequential(*down)
        self.overall = spectral(nn.Linear(c.width, 1))
        self.by_class = spectral(nn.Embedding(c.classes, c.width))

    def generate(self, z: Tensor, label: Tensor) -> Tensor:
        """Noise (B, latent) and classes (B,) -> pictures."""
        condition = torch.cat([z, self.shared(label)], 1)
        h = self.start(z).reshape(len(z), -1, self.base, self.base)
        for block in self.blocks:
            h = block(h, condition)
        made: Tensor = torch.tanh(self.to_rgb(functional.relu(self.last_norm(h))))
        return made

    def features(self, x: Tensor) -> Tensor:
        """phi(x): pictures -> sums over places, (B, width)."""
        made: Tensor = self.look(x).sum((2, 3))
        return made

    def judge(self, x: Tensor, label: Tensor) -> Tensor:
        """Verdicts on pictures as pictures of their classes, (B,)."""
        phi = self.features(x)
        verdict: Tensor = self.overall(phi)[:, 0] + (self.by_class(label) * phi).sum(1)
        return verdict

    def sample(
        self,
        label: Tensor,
        *,
        threshold: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """A picture of each class given (B,); a threshold trades variety for fidelity."""
        z = torch.randn(len(label), self.config.latent, generator=generator, device=label.device)
        return self.generate(truncated(z, threshold, generator) if threshold else z, label)

    def judge_loss(self, real: Tensor, label: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The discriminator's hinge loss, and the mean verdicts."""
        with torch.no_grad():
            fake = self.sample(label)
        on_real, on_fake = self.judge(real, label), self.judge(fake, label)
        loss = functional.relu(1 - on_real).mean() + functional.relu(1 + on_fake).mean()
        return loss, {"real": on_real.detach().mean(), "fake": on_fake.detach().mean()}

    def generator_loss(self, label: Tensor) -> Tensor:
        """The generator's loss on new pictures of these classes, with the regularisation."""
        loss = -self.judge(self.sample(label), label).mean()
        weights = [p for block in self.blocks for p in block.parameters() if p.dim() > 1]
        return loss + self.config.orthogonal * sum(orthogonal_penalty(w) for w in weights)


def orthogonal_penalty(weight: Tensor) -> Tensor:
    """|W W^T o (1 - I)|^2: filters kept apart, their lengths left free."""
    rows = weight.flatten(1)
    products = rows @ rows.T
    return (products - torch.diag_embed(products.diagonal())).square().sum()


def truncated(z: Tensor, threshold: float, generator: torch.Generator | None = None) -> Tensor:
    """Numbers beyond the threshold drawn again, until none is left.

    Raises:
        ArgumentError: a threshold that nearly nothing passes.
    """
    if threshold < 0.05:
        raise ArgumentError(f"threshold {threshold}", hint="Take 0.05 or more.")
    while bool((is_far := z.abs() > threshold).any()):
        again = torch.randn(z.shape, generator=generator, device=z.device)
        z = torch.where(is_far, again, z)
    return z
