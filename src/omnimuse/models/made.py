"""MADE: a masked autoencoder whose outputs are the conditionals of an exact likelihood.

    log p(x) = sum_d log Bernoulli(x_d | m_d(x_1 ... x_{d-1}))

Each hidden unit has a degree k; a weight from a unit of degree j to one of degree k is kept only if
k >= j (k > j into an output), so output d sees no pixel but those before it.

Source: Germain, Gregor, Murray and Larochelle 2015, arXiv:1502.03509, eqs. 8-13.
Deviations: raster order only, no order or connectivity ensembles; degrees are spread evenly and not
drawn; skip weights from input to output are always there (the paper's direct connections).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class MadeConfig:
    """Sizes of a MADE."""

    dimensions: int = 784
    """Binary values in a sample."""
    width: int = 500
    """Units in a hidden layer."""
    layers: int = 2
    """Hidden layers."""


class MaskedLinear(nn.Linear):  # type: ignore[misc]
    """A linear layer whose weights are multiplied by a fixed 0/1 mask."""

    def __init__(self, mask: Tensor, *, bias: bool = True) -> None:
        super().__init__(mask.shape[1], mask.shape[0], bias=bias)
        self.register_buffer("mask", mask.float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in) -> (B, out)."""
        return functional.linear(x, self.weight * self.mask, self.bias)


class Made(nn.Module):  # type: ignore[misc]
    """Exact density of binary vectors."""

    def __init__(self, config: MadeConfig) -> None:
        super().__init__()
        self.config = config
        degrees = torch.arange(1, config.dimensions + 1)
        before, layers = degrees, []
        for _ in range(config.layers):
            hidden = torch.linspace(1, max(1, config.dimensions - 1), config.width).round()
            layers += [MaskedLinear(hidden[:, None] >= before[None]), nn.ReLU()]
            before = hidden
        self.hidden = nn.Sequential(*layers)
        self.out = MaskedLinear(degrees[:, None] > before[None])
        self.skip = MaskedLinear(degrees[:, None] > degrees[None], bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of each value given those before it: (B, D) in {0, 1} -> (B, D)."""
        return self.out(self.hidden(x)) + self.skip(x)

    def log_prob(self, x: Tensor) -> Tensor:
        """Log likelihood in nats: (B, D) in {0, 1} -> (B,)."""
        return -functional.binary_cross_entropy_with_logits(self(x), x, reduction="none").sum(1)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Draw (n, D) binary vectors, one value after another: D passes."""
        device = self.out.weight.device
        x = torch.zeros(n, self.config.dimensions, device=device)
        chance = torch.rand(n, self.config.dimensions, generator=generator, device=device)
        for d in range(self.config.dimensions):
            x[:, d] = (chance[:, d] < self(x)[:, d].sigmoid()).float()
        return x
