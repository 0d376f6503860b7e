"""PixelCNN++: the exact likelihood of a picture, one pixel after another.

    log p(x) = sum over pixels in raster order of log p(x_i | all pixels before i)

Two streams of shifted convolutions see what came before: a vertical one all rows above, a
horizontal one these and the left of the pixel's own row. They run down to smaller maps and up again
with short cuts, so that distant pixels are cheap to see. A pixel's distribution is a mixture of
logistics cut into the 256 grey levels, the channels after one another with linear coupling, or, for
pictures of two values, a Bernoulli.

Source: Salimans et al. 2017, arXiv:1701.05517 (eq. 1-3; architecture in figure 2); gates after van
den Oord et al. 2016, arXiv:1606.05328.
Deviations: no weight normalisation; up-sampling by 2x2 transposed convolutions in both streams; two
to three maps by `levels`; the Bernoulli output for binarised pictures is ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class PixelCNNConfig:
    """Sizes of a PixelCNN++."""

    channels: int = 1
    """Channels of a picture: 1, or 3 coupled as the paper couples them."""
    width: int = 32
    """Channels of a stream."""
    blocks: int = 1
    """Gated blocks a stream at each size on the way down, one more on the way up."""
    levels: int = 3
    """Sizes of maps; sides must divide by 2^(levels - 1)."""
    mixtures: int = 5
    """Logistics in a pixel's mixture."""
    likelihood: Literal["bernoulli", "logistic"] = "logistic"
    """What a pixel is: two values, or 256."""
    classes: int = 0
    """Classes that the model may be told; 0 for none."""
    dropout: float = 0.0
    """Share of activations dropped inside blocks in training."""

    def __post_init__(self) -> None:
        if self.channels not in (1, 3) or (self.likelihood == "bernoulli" and self.channels != 1):
            raise ArgumentError(f"{self.likelihood} pixels of {self.channels} channels")
        if self.likelihood not in ("bernoulli", "logistic"):
            raise ArgumentError(f"no likelihood {self.likelihood!r}")
        if min(self.width, self.blocks, self.levels, self.mixtures) < 1:
            raise ArgumentError("sizes of a PixelCNN++ must be positive")

    @property
    def outputs(self) -> int:
        """Numbers that describe one pixel's distribution."""
        if self.likelihood == "bernoulli":
            return 1
        # weight, and for each channel mean and log scale; three channels have three couplings
        return self.mixtures * (1 + 2 * self.channels + (3 if self.channels == 3 else 0))


def concat_elu(x: Tensor) -> Tensor:
    """ELU of x and of -x: (B, C, H, W) -> (B, 2C, H, W); loses no sign."""
    return functional.elu(torch.cat((x, -x), dim=1))


class ShiftedConv(nn.Conv2d):  # type: ignore[misc]
    """A convolution that sees no row below its pixel and, if `right`, no column to the right."""

    def __init__(
        self, inputs: int, outputs: int, size: tuple[int, int], *, right: bool, stride: int = 1
    ) -> None:
        super().__init__(inputs, outputs, size, stride=stride)
        tall, wide = size
        side = (wide - 1, 0) if right else (wide // 2, wide // 2)
        self.edges = (*side, tall - 1, 0)  # left, right, top, bottom

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H / stride, W / stride)."""
        return super().forward(functional.pad(x, self.edges))


def down_shift(x: Tensor) -> Tensor:
    """Every row moved down by one, zeros above: row r then knows rows < r only."""
    return functional.pad(x, (0, 0, 1, -1))


def right_shift(x: Tensor) -> Tensor:
    """Every column moved right by one, zeros at the left."""
    return functional.pad(x, (1, -1, 0, 0))


class GatedBlock(nn.Module):  # type: ignore[misc]
    """x + a * sigmoid(b), with (a, b) of two convolutions of x and a look at another map."""

    def __init__(self, config: PixelCNNConfig, *, right: bool, aside: int = 0) -> None:
        super().__init__()
        size, width = ((2, 2) if right else (2, 3)), config.width
        self.first = ShiftedConv(2 * width, width, size, right=right)
        self.second = ShiftedConv(2 * width, 2 * width, size, right=right)
        self.aside = nn.Conv2d(2 * aside * width, width, 1) if aside else None
        self.told = nn.Embedding(config.classes, 2 * width) if config.classes else None
        self.drop = nn.Dropout2d(config.dropout)
        nn.init.normal_(self.second.weight, std=0.1 * self.second.weight.std().item())
        if self.told is not None:
            nn.init.zeros_(self.told.weight)

    def forward(
        self, x: Tensor, aside: Tensor | None = None, label: Tensor | None = None
    ) -> Tensor:
        """(B, C, H, W), (B, aside * C, H, W), (B,) -> (B, C, H, W)."""
        inner = self.first(concat_elu(x))
        if self.aside is not None and aside is not None:
            inner = inner + self.aside(concat_elu(aside))
        gates = self.second(self.drop(concat_elu(inner)))  # (B, 2C, H, W)
        if self.told is not None and label is not None:
            gates = gates + self.told(label)[:, :, None, None]
        value, gate = gates.chunk(2, dim=1)
        return x + value * gate.sigmoid()


class Streams(nn.Module):  # type: ignore[misc]
    """One block of the vertical and one of the horizontal stream, which looks at the vertical."""

    def __init__(self, config: PixelCNNConfig, *, is_up: bool) -> None:
        super().__init__()
        # On the way up each also looks at its short cut.
        self.vertical = GatedBlock(config, right=False, aside=1 if is_up else 0)
        self.horizontal = GatedBlock(config, right=True, aside=2 if is_up else 1)

    def forward(
        self,
        vertical: Tensor,
        horizontal: Tensor,
        cut: tuple[Tensor, Tensor] | None,
        label: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Both (B, C, H, W) -> both (B, C, H, W)."""
        vertical = self.vertical(vertical, cut[0] if cut else None, label)
        aside = torch.cat((vertical, cut[1]), dim=1) if cut else vertical
        return vertical, self.horizontal(horizontal, aside, label)


class PixelCNN(nn.Module):  # type: ignore[misc]
    """Exact density of pictures."""

    def __init__(self, config: PixelCNNConfig) -> None:
        super().__init__()
        self.config = config
        width, levels = config.width, config.levels
        inputs = config.channels + 1  # and a plane of ones, so that edges are seen
        self.first_vertical = ShiftedConv(inputs, width, (2, 3), right=False)
        self.first_above = ShiftedConv(inputs, width, (1, 3), right=False)
        self.first_left = ShiftedConv(inputs, width, (2, 1), right=True)
        self.down = nn.ModuleList(
            nn.ModuleList(Streams(config, is_up=False) for _ in range(config.blocks))
            for _ in range(levels)
        )
        self.shrink = nn.ModuleList(
            nn.ModuleList(
                ShiftedConv(width, width, (2, 2) if right else (2, 3), right=right, stride=2)
                for right in (False, True)
            )
            for _ in range(levels - 1)
        )
        # Going up, each block takes one short cut: blocks + 1 of them at every size, one from the
        # start or the shrinking before it and one a block; the smallest has begun with its own.
        self.up = nn.ModuleList(
            nn.ModuleList(
                Streams(config, is_up=True) for _ in range(config.blocks + (level < levels - 1))
            )
            for level in range(levels)
        )
        self.grow = nn.ModuleList(
            nn.ModuleList(nn.ConvTranspose2d(width, width, 2, stride=2) for _ in range(2))
            for _ in range(levels - 1)
        )
        self.out = nn.Conv2d(width, config.outputs, 1)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """What each pixel's distribution is, given those before it.

        Args:
            x: (B, C, H, W) in [-1, 1]; two values: -1 and 1.
            label: (B,), classes, if the model knows any.

        Returns:
            (B, outputs, H, W).

        Raises:
            ArgumentError: sides that do not divide.
        """
        self._check(x)
        x = torch.cat((x, torch.ones_like(x[:, :1])), dim=1)
        vertical = down_shift(self.first_vertical(x))
        horizontal = down_shift(self.first_above(x)) + right_shift(self.first_left(x))
        cuts = [(vertical, horizontal)]
        for level, blocks in enumerate(self.down):
            if level:
                shrink = self.shrink[level - 1]
                vertical, horizontal = shrink[0](vertical), shrink[1](horizontal)
                cuts.append((vertical, horizontal))
            for block in blocks:
                vertical, horizontal = block(vertical, horizontal, None, label)
                cuts.append((vertical, horizontal))
        vertical, horizontal = cuts.pop()
        for level in reversed(range(self.config.levels)):
            for block in self.up[level]:
                vertical, horizontal = block(vertical, horizontal, cuts.pop(), label)
            if level:
                grow = self.grow[level - 1]
                vertical, horizontal = grow[0](vertical), grow[1](horizontal)
        return self.out(functional.elu(horizontal))

    def _check(self, x: Tensor) -> None:
        part = 2 ** (self.config.levels - 1)
        if x.shape[1] != self.config.channels or x.shape[2] % part or x.shape[3] % part:
            raise ArgumentError(
                f"pictures of {tuple(x.shape[1:])} into a PixelCNN++ of {self.config.channels} "
                f"channels and {self.config.levels} levels",
                hint=f"Sides must divide by {part}; fewer levels are less strict.",
            )

    def log_prob(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """Log likelihood in nats.

        Args:
            x: (B, C, H, W) in [0, 1]: 0 and 1, or multiples of 1/255.
            label: (B,) or None.

        Returns:
            (B,); of whole pixels, so bits per dimension are -log_prob / (C H W log 2).
        """
        if self.config.likelihood == "bernoulli":
            logits = self(2 * x - 1, label)
            loss = functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
            return -loss.flatten(1).sum(1)
        x = 2 * x - 1
        return mixture_log_prob(x, self(x, label), self.config.mixtures).flatten(1).sum(1)

    def loss(self, x: Tensor, label: Tensor | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean negative log likelihood in nats a picture; parts: bits per dimension."""
        nats = -self.log_prob(x, label).mean()
        return nats, {"bits_per_dim": nats.detach() / (x[0].numel() * math.log(2))}

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(
        self,
        n: int,
        size: tuple[int, int],
        *,
        generator: torch.Generator | None = None,
        label: Tensor | None = None,
        start: Tensor | None = None,
        rows: int = 0,
    ) -> Tensor:
        """Draw pictures pixel by pixel.

        Args:
            n: how many.
            size: height and width.
            generator: of chance.
            label: (n,) or None.
            start: (n, C, H, W) in [0, 1], whose first `rows` rows are kept (completion).
            rows: rows that are known.

        Returns:
            (n, C, H, W) in [0, 1].
        """
        device = self.out.weight.device
        x = torch.full((n, self.config.channels, *size), -1.0, device=device)
        if start is not None:
            x[:, :, :rows] = 2 * start[:, :, :rows] - 1
        part = 2 ** (self.config.levels - 1)
        for row in range(rows, size[0]):
            seen = min(size[0], (row // part + 1) * part)  # rows below are not looked at
            for column in range(size[1]):
                params = self(x[:, :, :seen], label)[:, :, row, column]  # (n, outputs)
                x[:, :, row, column] = self._draw(params, generator)
        return (x + 1) / 2

    def _draw(self, params: Tensor, generator: torch.Generator | None) -> Tensor:
        """(n, outputs) -> pixels (n, C) in [-1, 1]."""
        if self.config.likelihood == "bernoulli":
            chance = torch.rand(params.shape, generator=generator, device=params.device)
            return (chance < params.sigmoid()).float() * 2 - 1
        return draw_mixture(params, self.config.mixtures, self.config.channels, generator)


def _split(params: Tensor, mixtures: int, channels: int) -> tuple[Tensor, Any]:
    """(B, outputs, ...) -> log weights (B, K, ...); means, log scales, couplings (B, c, K, ...)."""
    weights = params[:, :mixtures].log_softmax(dim=1)
    rest = params[:, mixtures:].unflatten(1, (-1, mixtures))
    means, scales, couplings = rest.split([channels, channels, rest.shape[1] - 2 * channels], dim=1)
    return weights, (means, scales.clamp(min=-7.0), couplings.tanh())


def mixture_log_prob(x: Tensor, params: Tensor, mixtures: int) -> Tensor:
    """Log probability of grey levels under a mixture of discretised logistics; eq. 2-3.

    Args:
        x: (B, C, H, W), of the 256 levels -1, -1 + 2/255, ..., 1.
        params: (B, outputs, H, W).
        mixtures: K.

    Returns:
        (B, H, W), of all channels together.
    """
    channels = x.shape[1]
    weights, (means, scales, couplings) = _split(params, mixtures, channels)
    means = _coupled(means, couplings, x)
    centred, inverse = x[:, :, None] - means, (-scales).exp()  # (B, C, K, H, W)
    upper, lower = inverse * (centred + 1 / 255), inverse * (centred - 1 / 255)
    inside = (upper.sigmoid() - lower.sigmoid()).clamp(min=1e-12).log()
    # The outer levels also hold all that lies beyond them.
    x = x[:, :, None].expand_as(centred)
    log_prob = torch.where(x < -0.999, functional.logsigmoid(upper), inside)
    log_prob = torch.where(x > 0.999, -functional.softplus(lower), log_prob)
    return (log_prob.sum(1) + weights).logsumexp(dim=1)


def _coupled(means: Tensor, couplings: Tensor, x: Tensor) -> Tensor:
    """Means of green moved by red, of blue by both; (B, C, K, ...)."""
    if means.shape[1] == 1:
        return means
    red, green = x[:, 0:1], x[:, 1:2]  # (B, 1, ...) broadcast over mixtures
    second = means[:, 1] + couplings[:, 0] * red
    third = means[:, 2] + couplings[:, 1] * red + couplings[:, 2] * green
    return torch.stack((means[:, 0], second, third), dim=1)


def draw_mixture(
    params: Tensor, mixtures: int, channels: int, generator: torch.Generator | None
) -> Tensor:
    """Pixels (n, C) of the 256 levels in [-1, 1], from params (n, outputs)."""
    weights, parts = _split(params, mixtures, channels)
    chance = torch.rand(weights.shape, generator=generator, device=params.device)
    chosen = (weights - (-chance.clamp(1e-7, 1 - 1e-7).log()).log()).argmax(1)  # Gumbel
    index = chosen[:, None, None]
    means, scales, couplings = (
        part.gather(2, index.expand(-1, part.shape[1], 1))[..., 0] for part in parts
    )  # (n, C) each
    u = torch.rand(means.shape, generator=generator, device=params.device).clamp(1e-5, 1 - 1e-5)
    noise = scales.exp() * (u.log() - (1 - u).log())
    pixels: list[Tensor] = []
    for channel in range(channels):
        mean = means[:, channel]
        for before in range(channel):  # couplings: green-red, blue-red, blue-green
            mean = mean + couplings[:, channel - 1 + before] * pixels[before]
        level = ((mean + noise[:, channel]).clamp(-1, 1) + 1) * 127.5
        pixels.append(level.round() / 127.5 - 1)
    return torch.stack(pixels, dim=1)
