"""Score SDE: the score of pictures under continuous noise, sampled by predictor and corrector.

omnimuse train score-sde --data mnist --out runs/score-sde
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from omnimuse.errors import DatasetError
from omnimuse.evaluation.sampling_recipes import FrechetRecipe
from omnimuse.models.score_sde import ScoreSDE, ScoreSDEConfig
from omnimuse.schedulers import VE, ContinuousVP, Level, gaussian, sample_predictor_corrector
from omnimuse.training.dataset import Batch, DataSpec
from omnimuse.training.recipe import StepState


@dataclass(frozen=True)
class Config:
    """Settings of the score SDE."""

    process: str = "vp"
    """`vp` (variance preserving) or `ve` (exploding)."""
    width: int = 32
    """Channels of the larger map."""
    blocks: int = 1
    """Residual blocks at each size and way."""
    patch: int = 2
    """Side of the squares of pixels that are folded into channels."""
    sample_steps: int = 60
    """Predictor's steps; as many corrections."""
    snr: float = 0.05
    """Of the corrector's Langevin steps; the paper takes 0.16 for `ve`."""
    judged: int = 1000
    """Samples made for the Fréchet distance."""
    learning_rate: float = 2e-3
    """Of AdamW."""
    weight_decay: float = 0.0
    """Of AdamW."""


class ScoreSDERecipe(FrechetRecipe[Config]):
    """Denoising score matching of pictures in [-1, 1]."""

    name = "score-sde"
    family = "diffusion"
    summary = "Score SDE: scores under continuous noise (VP or VE), predictor-corrector sampling"
    paper = "Song et al. 2021, arXiv:2011.13456"
    config = Config
    published = {"FID (CIFAR-10, Inception features)": "2.20 (VE), 2.41 (VP)"}

    def build(self, config: Config, spec: DataSpec) -> ScoreSDE:
        """A score network for the pictures' size."""
        if spec.kind != "image":
            raise DatasetError(f"score-sde learns pictures, got {spec.kind}")
        sizes = ScoreSDEConfig(
            spec.shape[0], config.width, config.blocks, config.patch,
            config.process,  # type: ignore[arg-type]
        )  # fmt: skip
        if spec.shape[1] % sizes.fold or spec.shape[2] % sizes.fold:
            raise DatasetError(
                f"sides {spec.shape[1:]} do not divide by {sizes.fold}", hint="Set size_px."
            )
        model = ScoreSDE(sizes)
        model.picture_shape = spec.shape
        return model

    def loss(self, state: StepState[Config], batch: Batch) -> dict[str, Tensor]:
        """Squared error of the scaled score."""
        loss, parts = state.model.loss(2 * batch["x"] - 1)
        return {"loss": loss, **parts}

    def sample(self, model: ScoreSDE, config: Config, *, n: int, generator: Any) -> Tensor:
        """Ancestral steps, each corrected by one Langevin step."""
        schedule = VE() if config.process == "ve" else ContinuousVP()
        levels = schedule.levels(config.sample_steps)
        device = model.network.frequencies.device
        # The network is told times in 0 ... 1; levels of VE carry sigma instead.
        times = np.linspace(1.0, 0.0 if config.process == "ve" else 1e-3, config.sample_steps)
        time_of = {level: float(time) for level, time in zip(levels[:-1], times, strict=True)}

        def denoise(x: Tensor, level: Level) -> Tensor:
            score = model(x, torch.full((n,), time_of[level], device=device))
            return ((x + level.sigma**2 * score) / level.alpha).clamp(-1, 1)

        noise = torch.randn((n, *model.picture_shape), generator=generator, device=device)
        made: Tensor = sample_predictor_corrector(
            denoise, levels[0].sigma * noise, levels, noise=gaussian(generator), snr=config.snr
        )
        return ((made + 1) / 2).clamp(0, 1)


RECIPE = ScoreSDERecipe()
