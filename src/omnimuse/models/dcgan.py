"""DCGAN: convolutions all the way, with batch normalisation.

    generator       z -> (8w, b, b) -> transposed convolutions of stride 2 -> tanh
    discriminator   convolutions of stride 2 -> one logit
    losses          E softplus(-D(x)) + E softplus(D(G(z)));  E softplus(-D(G(z)))

Source: Radford et al. 2016, arXiv:1511.06434 (section 3: no pooling, no hidden dense layers, batch
norm everywhere but at the ends, ReLU in the generator, leaky ReLU in the discriminator, Adam with
beta1 0.5, weights from N(0, 0.02)).
Deviations: real labels may be smoothed (Salimans et al. 2016, arXiv:1606.03498), which keeps the
discriminator from running ahead on small data sets.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class DCGANConfig:
    """Sizes of a DCGAN."""

    channels: int = 1
    """Of a picture."""
    size: int = 28
    """Side of a picture; divides by 4."""
    latent: int = 64
    """Numbers of z."""
    width: int = 32
    """Channels at full size; doubled at each halving."""
    smooth: float = 0.9
    """What the discriminator is told of real pictures, in place of 1."""

    def __post_init__(self) -> None:
        if min(self.channels, self.latent, self.width) < 1 or self.size % 4 or self.size < 8:
            raise ArgumentError(
                "sizes of a DCGAN must be positive, the side a multiple of 4 from 8"
            )
        if not 0.5 < self.smooth <= 1:
            raise ArgumentError(f"smooth must lie in (0.5, 1], got {self.smooth}")

    @property
    def halvings(self) -> int:
        """How often the side is halved: down to 4 to 7 px, where it divides."""
        count, side = 0, self.size
        while side % 2 == 0 and side > 7:
            count, side = count + 1, side // 2
        return count


class DCGAN(nn.Module):  # type: ignore[misc]
    """Pictures (B, C, S, S) in [-1, 1] from noise (B, latent), and a judge of pictures.

    Args:
        config: sizes.
    """

    def __init__(self, config: DCGANConfig) -> None:
        super().__init__()
        self.config = c = config
        base, top = c.size >> c.halvings, c.width << (c.halvings - 1)
        up: list[nn.Module] = [
            nn.ConvTranspose2d(c.latent, top, base, bias=False),  # (B, top, base, base)
            nn.BatchNorm2d(top),
            nn.ReLU(),
        ]
        down: list[nn.Module] = []
        for level in range(c.halvings):
            is_last = level == c.halvings - 1
            wide, narrow = top >> level, c.channels if is_last else top >> (level + 1)
            up.append(nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=is_last))
            up += [nn.Tanh()] if is_last else [nn.BatchNorm2d(narrow), nn.ReLU()]
            before = c.channels if level == 0 else c.width << (level - 1)
            after = c.width << level
            down.append(nn.Conv2d(before, after, 4, 2, 1, bias=level == 0))
            down += [] if level == 0 else [nn.BatchNorm2d(after)]
            down.append(nn.LeakyReLU(0.2))
        self.generator = nn.Sequential(*up)
        self.judge = nn.Sequential(*down, nn.Conv2d(top, 1, base), nn.Flatten())  # (B, 1)
        self.apply(_initialise)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """`n` pictures, (n, C, S, S)."""
        device = next(self.parameters()).device
        z = torch.randn(n, self.config.latent, 1, 1, generator=generator, device=device)
        made: Tensor = self.generator(z)
        return made

    def judge_loss(self, real: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The discriminator's loss on a batch, and what it thinks of both sides.

        Real and made pictures go through apart: batch norm would give them away together.
        """
        fake = self.sample(len(real)).detach()
        on_real, on_fake = self.judge(real), self.judge(fake)
        told = torch.full_like(on_real, self.config.smooth)
        loss = functional.binary_cross_entropy_with_logits(on_real, told)
        loss = loss + functional.softplus(on_fake).mean()
        parts = {
            "real": on_real.detach().sigmoid().mean(),
            "fake": on_fake.detach().sigmoid().mean(),
        }
        return loss, parts

    def generator_loss(self, n: int) -> Tensor:
        """The generator's loss on `n` new pictures."""
        return functional.softplus(-self.judge(self.sample(n))).mean()


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, std=0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
