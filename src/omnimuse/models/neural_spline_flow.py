"""Neural spline flow: each number passes a monotone spline whose knots a network chooses.

    log p(y) = log p_base(z) + sum_d log |dz_d / dy_d|,   z_d = spline(y_d; knots(other numbers))

A rational-quadratic spline of K bins has K widths, K heights and K + 1 slopes (eq. 4-8). The knots
of number d come from all numbers before it (autoregressive: one pass to noise, D passes back), or
those of one half from the other half (coupling: one pass each way). Between layers the order is
reversed.

Without tails the spline maps [0, 1] to itself and the base is uniform, which fits pictures; with
tails it acts on [-B, B], is the identity outside, and the base is normal, which fits points.

A picture has whole levels, a flow a density: y = (x + u) / levels with uniform u in [0, 1), and
E[log p(y)] - D log levels is at most log P(x), in the same units as any bound on whole levels.

Source: Durkan et al. 2019, arXiv:1906.04032; Gregory and Delbourgo 1982 (the spline); Germain et
al. 2015, arXiv:1502.03509 (masks); Mueller et al. 2019, arXiv:1808.03856 (unit cube, uniform base);
Theis et al. 2016, arXiv:1511.01844 (dequantisation bound).
Deviations: reversals and no linear layers in between; slopes are relative to the bins beside; the
first layer's network sees the level of a pixel without its noise (any function of earlier numbers
keeps the Jacobian triangular).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError

MIN_BIN = 1e-5  # least width and height of a bin
MIN_SLOPE = 1e-3
SLOPE_ONE = math.log(math.expm1(1 - MIN_SLOPE))  # with this added a raw slope of 0 is a factor 1


@dataclass(frozen=True)
class NeuralSplineFlowConfig:
    """Sizes of a neural spline flow."""

    shape: tuple[int, ...] = (1, 28, 28)
    """Of one sample: (C, H, W) pictures, or (D,) points."""
    kind: Literal["autoregressive", "coupling"] = "autoregressive"
    """What the knots of a number may depend on."""
    layers: int = 1
    """Spline layers; one autoregressive layer can be any density already."""
    bins: int = 3
    """Bins of a spline, K."""
    width: int = 512
    """Hidden units of a network."""
    depth: int = 2
    """Hidden layers of a network."""
    features: int = 4
    """Values that a network finds out for each number, from which its knots are a linear map."""
    dropout: float = 0.0
    """Share of hidden units dropped in training."""
    levels: int = 2
    """Values that a pixel can have; 0 for numbers that have a density of their own."""
    tail_bound: float = 0.0
    """B: splines act on [-B, B] with linear tails and a normal base; 0 is the unit cube."""

    def __post_init__(self) -> None:
        if self.kind not in ("autoregressive", "coupling"):
            raise ArgumentError(f"no kind {self.kind!r} of neural spline flow")
        if min(*self.shape, self.layers, self.bins, self.width, self.depth, self.features) < 1:
            raise ArgumentError("sizes of a neural spline flow must be positive")
        if self.bins * MIN_BIN >= 1 or self.levels == 1 or self.levels < 0 or self.tail_bound < 0:
            raise ArgumentError("too many bins, or levels or tail_bound out of range")
        if self.kind == "coupling" and math.prod(self.shape) < 2:
            raise ArgumentError("coupling needs two numbers at least")

    @property
    def numbers(self) -> int:
        """Raw spline parameters per dimension: K widths, K heights, K + 1 slopes."""
        return 3 * self.bins + 1


# ---------------------------------------------------------------------------------- the spline


def knots(raw: Tensor) -> tuple[Tensor, Tensor]:
    """Raw sizes (K, *S) to positions from 0 to 1, (K + 1, *S), and distances, (K, *S)."""
    share = MIN_BIN + (1 - MIN_BIN * len(raw)) * raw.softmax(0)
    zero = torch.zeros_like(share[:1])
    edges = torch.cat((zero, share[:-1].cumsum(0), zero + 1))
    return edges, edges.diff(dim=0)


def slopes_at_knots(raw: Tensor, widths: Tensor, heights: Tensor) -> Tensor:
    """Positive slopes, (K + 1, *S) from raw ones; raw 0 is the mean slope of the bins beside.

    The mean is geometric and weighed by width, so that wide bins are nearly straight at first and
    narrow ones bend.
    """
    log_slope = (heights / widths).log()  # (K, *S)
    parts = widths * log_slope
    inner = (parts[:-1] + parts[1:]) / (widths[:-1] + widths[1:])
    middle = torch.cat((log_slope[:1], inner, log_slope[-1:])).exp()
    return middle * (MIN_SLOPE + functional.softplus(raw + SLOPE_ONE))


def spline(
    x: Tensor, raw: Tensor, *, inverse: bool = False, has_tails: bool = False
) -> tuple[Tensor, Tensor]:
    """Monotone rational-quadratic map of [0, 1] to itself.

    Args:
        x: any shape S, in [0, 1].
        raw: unconstrained widths, heights and slopes, (3 K + 1, *S).
        inverse: map back.
        has_tails: slope 1 at both ends.

    Returns:
        Image of `x`, shape S, and log of the slope there (of the inverse's, if that is asked for).
    """
    bins = (len(raw) - 1) // 3
    edges_x, widths = knots(raw[:bins])
    edges_y, heights = knots(raw[bins : 2 * bins])
    slopes = slopes_at_knots(raw[2 * bins :], widths, heights)
    if has_tails:
        one = torch.ones_like(slopes[:1])
        slopes = torch.cat((one, slopes[1:-1], one))
    edges = edges_y if inverse else edges_x
    bin_ = (x >= edges[1:-1]).sum(0, keepdim=True)  # (1, *S): which bin x is in

    def pick(values: Tensor, offset: int = 0) -> Tensor:
        return values.gather(0, bin_ + offset).squeeze(0)

    x0, width, y0, height = pick(edges_x), pick(widths), pick(edges_y), pick(heights)
    slope0, slope1, mean_slope = pick(slopes), pick(slopes, 1), height / width
    bend = slope0 + slope1 - 2 * mean_slope
    if inverse:  # the quadratic of eq. 6-8
        rise = x - y0
        a = height * (mean_slope - slope0) + rise * bend
        b = height * slope0 - rise * bend
        c = -mean_slope * rise
        t = 2 * c / (-b - (b * b - 4 * a * c).clamp_min(0).sqrt())
    else:
        t = (x - x0) / width
    between = t * (1 - t)
    below = mean_slope + bend * between
    if inverse:
        out = x0 + t * width
    else:
        out = y0 + height * (mean_slope * t * t + slope0 * between) / below  # eq. 4
    above = slope1 * t * t + 2 * mean_slope * between + slope0 * (1 - t) ** 2
    log_slope = 2 * mean_slope.log() + above.log() - 2 * below.log()  # eq. 5
    return out.clamp(0, 1), -log_slope if inverse else log_slope


def tailed_spline(
    x: Tensor, raw: Tensor, bound: float, *, inverse: bool = False
) -> tuple[Tensor, Tensor]:
    """`spline` stretched to [-bound, bound], slope 1 at both ends, the identity outside."""
    inside = x.abs() < bound
    unit = ((x + bound) / (2 * bound)).clamp(0, 1)
    out, log_slope = spline(unit, raw, inverse=inverse, has_tails=True)
    stretched = out * 2 * bound - bound
    return torch.where(inside, stretched, x), torch.where(inside, log_slope, 0.0)


# --------------------------------------------------------------------------------- the networks


class MaskedLinear(nn.Linear):  # type: ignore[misc]
    """A linear layer whose weights are multiplied by a fixed 0/1 mask (outputs, inputs)."""

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask.float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs) -> (B, outputs)."""
        return functional.linear(x, self.weight * self.mask, self.bias)


class Conditioner(nn.Module):  # type: ignore[misc]
    """Knots of every number from the numbers it may see.

    A number of degree d is seen by hidden units of degree d or more, and a hidden unit of degree h
    by numbers of degree above h. Degrees 0, 1, ... D - 1 make it autoregressive; 0 for one half and
    1 for the other make it a coupling.
    """

    start: Tensor
    moves: Tensor

    def __init__(self, config: NeuralSplineFlowConfig) -> None:
        super().__init__()
        self.size, self.numbers = math.prod(config.shape), config.numbers
        degrees = torch.arange(self.size)
        if config.kind == "coupling":
            degrees = (degrees >= self.size // 2).long()
        hidden = torch.arange(config.width) * max(1, int(degrees.max())) // config.width
        layers: list[nn.Module] = []
        before = degrees
        for _ in range(config.depth):
            layers += [MaskedLinear(hidden[:, None] >= before), nn.SiLU()]
            layers += [nn.Dropout(config.dropout)] if config.dropout else []
            before = hidden
        self.hidden = nn.Sequential(*layers)
        self.features = config.features
        self.out = MaskedLinear((degrees[:, None] > hidden).repeat_interleave(self.features, 0))
        nn.init.zeros_(self.out.weight)  # all splines begin as the identity
        nn.init.zeros_(self.out.bias)
        weight = torch.randn(self.size, self.features, self.numbers) / self.features**0.5
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(self.size, self.numbers))
        start, moves = self._straight(config)
        self.register_buffer("start", start.repeat(self.size, 1))
        self.register_buffer("moves", moves, persistent=False)

    @staticmethod
    def _straight(config: NeuralSplineFlowConfig) -> tuple[Tensor, Tensor]:
        """Raw numbers of the identity, and 0 or 1: which of them move.

        A density of levels jumps where they meet, and a narrow bin lets a smooth spline jump too.
        With 2 levels - 1 bins there is one between any two levels, and widths stay as they are:
        where they moved, the few draws in narrow bins would drown all others' gradient.
        """
        raw, moves = torch.zeros(config.numbers), torch.ones(config.numbers)
        if config.bins == 2 * config.levels - 1:
            sizes = torch.full((config.bins,), 1 / config.levels)
            sizes[1::2] = 2e-4 / config.levels
            raw[: 2 * config.bins] = sizes.log().repeat(2)
            moves[: config.bins] = 0
        return raw, moves

    def forward(self, seen: Tensor) -> Tensor:
        """(B, D) -> (numbers, B, D)."""
        features = self.out(self.hidden(seen)).view(-1, self.size, self.features)
        moved = torch.einsum("bdf,dfn->nbd", features, self.weight * self.moves)
        return moved + (self.start + self.moves * self.bias).T[:, None]

    def at(self, seen: Tensor, place: int) -> Tensor:
        """Knots of number `place` only, (numbers, B); sampling needs no more at a time."""
        rows = slice(place * self.features, (place + 1) * self.features)
        weight = self.out.weight[rows] * self.out.mask[rows]
        features = functional.linear(self.hidden(seen), weight, self.out.bias[rows])
        moved = features @ self.weight[place] + self.bias[place]
        return (self.start[place] + self.moves * moved).T


# ------------------------------------------------------------------------------------- the flow


class NeuralSplineFlow(nn.Module):  # type: ignore[misc]
    """Normalising flow of rational-quadratic splines."""

    def __init__(self, config: NeuralSplineFlowConfig) -> None:
        super().__init__()
        self.config = config
        self.networks = nn.ModuleList(Conditioner(config) for _ in range(config.layers))

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def fit_marginals(self, batches: Iterable[Tensor]) -> None:
        """Start from each pixel's own histogram, so that only what goes together is left to learn.

        Args:
            batches: images of whole levels in [0, 1], (B, C, H, W) each.

        Raises:
            ArgumentError: no levels, or `bins` is not 2 levels - 1.
        """
        levels, bins = self.config.levels, self.config.bins
        if bins != 2 * levels - 1:
            raise ArgumentError(f"{levels} levels start from histograms in {2 * levels - 1} bins")
        counts = torch.full((levels, self.networks[0].size), 0.1)
        for x in batches:
            level = (x.flatten(1) * (levels - 1)).round().long().to(counts.device)  # (B, D)
            counts.scatter_add_(0, level, torch.ones_like(level, dtype=counts.dtype))
        share = counts / counts.sum(0)  # (levels, D)
        heights = self.networks[0].start[:, bins : 2 * bins]
        heights[:, 0::2] = share.T.log().to(heights)
        between = 2e-4 * (share[1:] * share[:-1]).sqrt()
        heights[:, 1::2] = between.T.log().to(heights)

    def _seen(self, y: Tensor, layer: int) -> Tensor:
        """What a layer's network sees of its input (B, D): around zero, levels without noise."""
        levels = self.config.levels
        if levels and layer == 0:
            y = (y * levels).floor().clamp(0, levels - 1) / (levels - 1)
        return y if self.config.tail_bound else 2 * y - 1

    def _bend(self, x: Tensor, raw: Tensor, *, inverse: bool = False) -> tuple[Tensor, Tensor]:
        bound = self.config.tail_bound
        if bound:
            return tailed_spline(x, raw, bound, inverse=inverse)
        return spline(x, raw, inverse=inverse)

    def forward(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Data to noise.

        Args:
            y: (B, *shape), in [0, 1] where there are no tails.

        Returns:
            Noise (B, D), uniform or normal, and log |det dz/dy| (B,).
        """
        if y.shape[1:] != self.config.shape:
            raise ArgumentError(f"data are {tuple(y.shape)}, wanted (B, *{self.config.shape})")
        z, log_det = y.flatten(1), torch.zeros(len(y), device=y.device, dtype=y.dtype)
        for layer, network in enumerate(self.networks):
            z = z.flip(1) if layer else z
            z, log_slope = self._bend(z, network(self._seen(z, layer)))
            log_det = log_det + log_slope.sum(1)
        return z, log_det

    def inverse(self, z: Tensor) -> Tensor:
        """Noise (B, D) to data (B, *shape); exactly undoes `forward`."""
        for layer in reversed(range(len(self.networks))):
            z = self._undo(z, layer)
            z = z.flip(1) if layer else z
        return z.view(-1, *self.config.shape)

    def _undo(self, z: Tensor, layer: int) -> Tensor:
        network, y = self.networks[layer], z.clone()
        if self.config.kind == "coupling":  # the first half's knots depend on nothing
            for half in (slice(0, network.size // 2), slice(network.size // 2, None)):
                raw = network(self._seen(y, layer))
                y[:, half] = self._bend(z, raw, inverse=True)[0][:, half]
            return y
        y = torch.zeros_like(z)  # what is not known yet is masked, whatever it is
        for place in range(network.size):
            raw = network.at(self._seen(y, layer), place)
            y[:, place] = self._bend(z[:, place], raw, inverse=True)[0]
        return y

    def log_prob(self, y: Tensor) -> Tensor:
        """Exact log density in nats: (B, *shape) -> (B,)."""
        z, log_det = self(y)
        if not self.config.tail_bound:
            return log_det  # the uniform base's log density is 0
        return log_det - 0.5 * (z**2 + math.log(2 * math.pi)).sum(1)

    def bound(self, x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Lower bound of log P(x) in nats for whole levels x in [0, 1], (B, C, H, W) -> (B,).

        Raises:
            ArgumentError: the flow has no levels.
        """
        levels = self.config.levels
        if not levels:
            raise ArgumentError("this flow is of numbers without levels; use log_prob")
        u = torch.rand(x.shape, generator=generator, device=x.device)
        y = (x * (levels - 1) + u) / levels
        return self.log_prob(y) - x[0].numel() * math.log(levels)

    def loss(
        self, x: Tensor, *, generator: torch.Generator | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean negative log likelihood, or its bound where there are levels, in nats per sample.

        Returns:
            The loss, and its parts `nats` and `bits_per_dim`.
        """
        each = self.bound(x, generator=generator) if self.config.levels else self.log_prob(x)
        nats = -each.mean()
        return nats, {"nats": nats, "bits_per_dim": nats / (x[0].numel() * math.log(2))}

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """`n` draws, (n, *shape); pictures have whole levels in [0, 1]."""
        device, size = next(self.parameters()).device, math.prod(self.config.shape)
        make = torch.randn if self.config.tail_bound else torch.rand
        y = self.inverse(make(n, size, generator=generator, device=device))
        levels = self.config.levels
        return (y * levels).floor().clamp(0, levels - 1) / (levels - 1) if levels else y
