"""Score SDE: noise added by a stochastic equation, taken out by its reverse, which needs the score.

    forward    dx = f(t) x dt + g(t) dw            x_t = alpha(t) x_0 + sigma(t) eps
    reverse    dx = (f(t) x - g(t)^2 score) dt + g(t) dw
    ODE        dx = (f(t) x - g(t)^2 score / 2) dt          same marginals, exact likelihood
    loss       E weight(t) |score_theta(x_t, t) - grad log p(x_t | x_0)|^2,
               the latter being -eps / sigma(t)

Source: Song et al. 2021, arXiv:2011.13456 (eq. 6, 7, 13; VP eq. 11, VE eq. 9; likelihood by the
instantaneous change of variables, eq. 39, with the trace estimator of Skilling and Hutchinson).
Deviations: a compact residual UNet with random Fourier features of log sigma stands for NCSN++ (no
FIR filters, no progressive growing); its output is divided by sigma, as theirs is, so that it is
asked for numbers of size one at all levels; inputs are divided by their standard deviation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnimuse.errors import ArgumentError


@dataclass(frozen=True)
class ScoreSDEConfig:
    """Process and sizes."""

    channels: int = 1
    """Channels of a picture."""
    width: int = 64
    """Channels of the larger map; the smaller has twice as many."""
    blocks: int = 2
    """Residual blocks at each size and way."""
    patch: int = 1
    """Side of the squares of pixels that are folded into channels."""
    process: Literal["vp", "ve"] = "vp"
    """Variance preserving or exploding."""
    beta_min: float = 0.1
    """VP: beta(0)."""
    beta_max: float = 20.0
    """VP: beta(1)."""
    sigma_min: float = 0.01
    """VE: sigma(0)."""
    sigma_max: float = 50.0
    """VE: sigma(1), about the largest distance of two pictures."""
    data_deviation: float = 0.6
    """Rough standard deviation of the data."""

    def __post_init__(self) -> None:
        if self.process not in ("vp", "ve"):
            raise ArgumentError(f"no process {self.process!r}", hint="vp or ve")
        if min(self.channels, self.width, self.blocks, self.patch) < 1:
            raise ArgumentError("sizes must be positive")

    @property
    def fold(self) -> int:
        """What sides must divide by."""
        return 2 * self.patch


class Block(nn.Module):  # type: ignore[misc]
    """Residual block, scaled and shifted by the noise level's features."""

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
        """(B, in, H, W), (B, told) -> (B, out, H, W), divided by root two as in NCSN++."""
        hidden = self.conv_in(functional.silu(self.norm_in(x)))
        scale, shift = self.told(told)[:, :, None, None].chunk(2, dim=1)
        hidden = self.conv_out(functional.silu(self.norm_out(hidden) * (1 + scale) + shift))
        return (self.short(x) + hidden) / math.sqrt(2)


class Network(nn.Module):  # type: ignore[misc]
    """A UNet of two sizes that knows log sigma."""

    def __init__(self, config: ScoreSDEConfig) -> None:
        super().__init__()
        self.patch = config.patch
        width, told = config.width, 4 * config.width
        self.register_buffer("frequencies", torch.randn(width // 2) * 2)
        self.level = nn.Sequential(nn.Linear(2 * (width // 2), told), nn.SiLU())
        pixels = config.channels * config.patch**2
        self.first = nn.Conv2d(pixels, width, 3, padding=1)
        self.down = nn.ModuleList(Block(width, width, told) for _ in range(config.blocks))
        self.shrink = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.middle = nn.ModuleList(
            Block(2 * width, 2 * width, told) for _ in range(config.blocks + 1)
        )
        self.grow = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.up = nn.ModuleList(Block(2 * width, width, told) for _ in range(config.blocks))
        self.norm = nn.GroupNorm(4, width)
        self.last = nn.Conv2d(width, pixels, 3, padding=1)
        nn.init.zeros_(self.last.weight)

    def forward(self, x: Tensor, log_sigma: Tensor) -> Tensor:
        """(B, C, H, W), (B,) -> (B, C, H, W)."""
        angles = 2 * math.pi * log_sigma[:, None] * self.frequencies
        told = self.level(torch.cat((angles.sin(), angles.cos()), dim=1))
        x = self.first(functional.pixel_unshuffle(x, self.patch))
        cuts = []
        for block in self.down:
            x = block(x, told)
            cuts.append(x)
        x = self.shrink(x)
        for block in self.middle:
            x = block(x, told)
        x = self.grow(x)
        for block in self.up:
            x = block(torch.cat((x, cuts.pop()), dim=1), told)
        return functional.pixel_shuffle(self.last(functional.silu(self.norm(x))), self.patch)


class ScoreSDE(nn.Module):  # type: ignore[misc]
    """The score of noisy pictures at every time in [0, 1]."""

    def __init__(self, config: ScoreSDEConfig) -> None:
        super().__init__()
        self.config = config
        self.network = Network(config)

    def coefficients(self, time: Tensor) -> tuple[Tensor, Tensor]:
        """Give alpha and sigma at times (B,): x_t = alpha x_0 + sigma eps; each (B,)."""
        c = self.config
        if c.process == "ve":
            sigma = c.sigma_min * (c.sigma_max / c.sigma_min) ** time
            return torch.ones_like(sigma), sigma
        log_alpha = -0.25 * time**2 * (c.beta_max - c.beta_min) - 0.5 * time * c.beta_min
        return log_alpha.exp(), (-torch.expm1(2 * log_alpha)).sqrt()

    def equation(self, time: Tensor) -> tuple[Tensor, Tensor]:
        """Give f and g^2 at times (B,), each (B,)."""
        c = self.config
        if c.process == "ve":
            growth = math.log(c.sigma_max / c.sigma_min)
            return torch.zeros_like(time), 2 * growth * self.coefficients(time)[1] ** 2
        beta = c.beta_min + time * (c.beta_max - c.beta_min)
        return -0.5 * beta, beta

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """The score grad log p_t(x).

        Args:
            x: (B, C, H, W), noisy.
            time: (B,), in (0, 1].

        Returns:
            (B, C, H, W).

        Raises:
            ArgumentError: sides that do not divide.
        """
        if x.shape[2] % self.config.fold or x.shape[3] % self.config.fold:
            raise ArgumentError(f"sides {tuple(x.shape[2:])} do not divide by {self.config.fold}")
        alpha, sigma = self.coefficients(time)
        width = ((alpha * self.config.data_deviation) ** 2 + sigma**2).sqrt()
        out = self.network(x / width[:, None, None, None], sigma.log())
        return out / sigma[:, None, None, None]

    def loss(
        self,
        data: Tensor,
        *,
        weighting: Literal["sigma", "likelihood"] = "sigma",
        first_time: float = 1e-4,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Denoising score matching; eq. 7.

        Args:
            data: (B, C, H, W).
            weighting: sigma^2 (equal to predicting the noise), or g^2, which bounds the likelihood
                (Song et al. 2021, arXiv:2101.09258).
            first_time: the cleanest time trained on.

        Returns:
            Mean over all values; parts: the unweighted error of the noise.
        """
        # Evenly spread times in one batch: less variance than independent draws.
        count = len(data)
        places = (
            torch.arange(count, device=data.device) + torch.rand(1, device=data.device)
        ) / count
        time = first_time + (1 - first_time) * places
        alpha, sigma = self.coefficients(time)
        noise = torch.randn_like(data)
        x = alpha[:, None, None, None] * data + sigma[:, None, None, None] * noise
        found = self(x, time) * sigma[:, None, None, None]  # = -eps, if right
        error = (found + noise).square().flatten(1).mean(1)
        weight = 1.0 if weighting == "sigma" else self.equation(time)[1] / sigma**2
        return (weight * error).mean(), {"noise_error": error.mean().detach()}

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def log_prob(
        self,
        data: Tensor,
        *,
        steps: int = 50,
        first_time: float = 1e-3,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Log density by the probability-flow equation, Heun's method; eq. 39.

        Args:
            data: (B, C, H, W).
            steps: of the integration, two network calls and one gradient each.
            first_time: where it starts.
            generator: of the trace estimator's signs.

        Returns:
            (B,), in nats, of the density of continuous data (add noise to grey levels first).
        """
        signs = torch.empty_like(data).bernoulli_(0.5, generator=generator) * 2 - 1
        times = torch.linspace(first_time, 1.0, steps + 1, device=data.device)
        x, change = data, data.new_zeros(len(data))
        for now, then in pairwise(times):
            slope, trace = self._drift(x, now, signs)
            guess = x + (then - now) * slope
            slope_after, trace_after = self._drift(guess, then, signs)
            x = x + 0.5 * (then - now) * (slope + slope_after)
            change = change + 0.5 * (then - now) * (trace + trace_after)
        alpha, sigma = self.coefficients(times[-1:])
        width = float((alpha * self.config.data_deviation) ** 2 + sigma**2) ** 0.5
        normal = -0.5 * (x / width).square() - math.log(width) - 0.5 * math.log(2 * math.pi)
        return normal.flatten(1).sum(1) + change

    def _drift(self, x: Tensor, time: Tensor, signs: Tensor) -> tuple[Tensor, Tensor]:
        """The ODE's slope and an estimate of its divergence, (B,)."""
        times = time.expand(len(x))
        drift, squared = self.equation(times[:1])

        def slope(x: Tensor) -> Tensor:
            return drift * x - 0.5 * squared * self(x, times)

        with torch.enable_grad():
            x = x.detach().requires_grad_()
            moved = slope(x)
            (gradient,) = torch.autograd.grad((moved * signs).sum(), x)
        return moved.detach(), (gradient * signs).flatten(1).sum(1)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def sample(
        self,
        shape: tuple[int, int, int, int],
        *,
        steps: int = 200,
        first_time: float = 1e-3,
        generator: torch.Generator | None = None,
        callback: Callable[[int, Tensor], None] | None = None,
    ) -> Tensor:
        """Euler-Maruyama on the reverse equation; the last step adds no noise.

        More samplers (predictor-corrector, DPM-Solver++): `omnimuse.schedulers`.

        Returns:
            (B, C, H, W) of `shape`.
        """
        device = next(self.parameters()).device
        times = torch.linspace(1.0, first_time, steps + 1, device=device)
        sigma = float(self.coefficients(times[:1])[1])
        x = sigma * torch.randn(shape, generator=generator, device=device)
        for index in range(steps):
            now = times[index].expand(shape[0])
            width = float(times[index] - times[index + 1])
            drift, squared = (float(part[0]) for part in self.equation(now))
            x = x - width * (drift * x - squared * self(x, now))
            if index < steps - 1:
                fresh = torch.randn(shape, generator=generator, device=device)
                x = x + math.sqrt(squared * width) * fresh
            if callback:
                callback(index, x)
        return x
