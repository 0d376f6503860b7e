"""GAN: a generator and a discriminator, for points; the classic ring of eight Gaussians.

    discriminator   E softplus(-D(x)) + E softplus(D(G(z))) + R1              eq. 1, as logits
    generator       E softplus(-D(G(z)))                                  the non-saturating loss
    R1              gamma / 2 * E |grad_x D(x)|^2                             on real points only

Source: Goodfellow et al. 2014, arXiv:1406.2661; Mescheder et al. 2018, arXiv:1801.04406 (R1,
without which the two circle each other and lose modes); Metz et al. 2017, arXiv:1611.02163 (the
ring).
Deviations: leaky rectifiers in place of maxout, no dropout.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class GANConfig:
    """Sizes of a GAN of points."""

    dimensions: int = 2
    """Numbers of a point."""
    latent: int = 8
    """Numbers of z."""
    width: int = 128
    """Units of a hidden layer."""
    layers: int = 3
    """Hidden layers of each network."""
    gamma: float = 0.2
    """Weight of R1."""

    def __post_init__(self) -> None:
        if min(self.dimensions, self.latent, self.width, self.layers) < 1 or self.gamma < 0:
            raise ArgumentError("sizes of a GAN must be positive, gamma at least 0")


def perceptron(inputs: int, width: int, layers: int, outputs: int) -> nn.Sequential:
    """(B, inputs) -> (B, outputs)."""
    sizes = [inputs, *[width] * layers]
    parts: list[nn.Module] = []
    for before, after in pairwise(sizes):
        parts += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
    return nn.Sequential(*parts, nn.Linear(width, outputs))


class GAN(nn.Module):  # type: ignore[misc]
    """Points (B, D) from noise (B, latent), and a judge of points.

    Args:
        config: sizes.
    """

    def __init__(self, config: GANConfig) -> None:
        super().__init__()
        self.config = c = config
        self.generator = perceptron(c.latent, c.width, c.layers, c.dimensions)
        self.judge = perceptron(c.dimensions, c.width, c.layers, 1)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """`n` points, (n, D)."""
        device = next(self.parameters()).device
        z = torch.randn(n, self.config.latent, generator=generator, device=device)
        made: Tensor = self.generator(z)
        return made

    def judge_loss(self, real: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The discriminator's loss on a batch (B, D), and its parts."""
        real = real.detach().requires_grad_(True)
        fake = self.sample(len(real)).detach()
        on_real, on_fake = self.judge(real), self.judge(fake)
        (slope,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
        penalty = slope.square().sum(1).mean()
        loss = functional.softplus(-on_real).mean() + functional.softplus(on_fake).mean()
        parts = {"judge": loss.detach(), "r1": penalty.detach()}
        return loss + self.config.gamma / 2 * penalty, parts

    def generator_loss(self, n: int) -> Tensor:
        """The generator's loss on `n` new points."""
        return functional.softplus(-self.judge(self.sample(n))).mean()
