"""What recipes share that are judged by the pictures they make: a distance, and a GAN's steps.

`FrechetRecipe` measures samples; a recipe that ends with it writes `build`, `loss` and `sample`.
`PictureGAN` adds the two players: a recipe writes `build` and names the judge's `parts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, TypeVar

import numpy as np

from omnimuse.errors import DatasetError
from omnimuse.evaluation.frechet import frechet_figures, gaussian_pictures
from omnimuse.training.dataset import Batch, Dataset, DataSpec
from omnimuse.training.recipe import Recipe, StepState

C = TypeVar("C")

BATCH = 250
"""Pictures that are sampled at a time."""


class FrechetRecipe(Recipe[C]):
    """Judged by the Fréchet distance of `config.judged` samples, in gradient histograms."""

    monitor = "frechet"

    def evaluate(self, model: Any, config: C, data: Dataset, *, generator: Any) -> dict[str, float]:
        """Fréchet distance of samples from held-out pictures, beside real from real."""
        count = _judged(config, data)
        parts = [
            self.sample(model, config, n=min(BATCH, count - done), generator=generator)
            for done in range(0, count, BATCH)
        ]
        return frechet_figures(np.concatenate([part.cpu().numpy() for part in parts]), data.x)

    def floor(self, config: C, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """One Gaussian of all pixels together."""
        drawn = gaussian_pictures(train.x, _judged(config, held_out))
        return frechet_figures(drawn, held_out.x)


def _judged(config: Any, data: Dataset) -> int:
    """How many samples are compared: half of the held-out pictures at most."""
    return int(min(config.judged, len(data) // 2))


class PictureGAN(FrechetRecipe[C]):
    """A generator against a judge: Adam for each, one step of the judge, one of the generator.

    The model offers `judge_loss(real)` -> (loss, scalars), `generator_loss(count)` and
    `sample(count, generator=)`; its pictures lie in [-1, 1].

    Attributes:
        parts: names of the model's modules that judge; all others generate.
        betas: of both Adams.
        multiple: what the pictures' side must divide by.
    """

    parts: ClassVar[tuple[str, ...]] = ("judge",)
    betas: ClassVar[tuple[float, float]] = (0.0, 0.99)
    multiple: ClassVar[int] = 2

    def check(self, spec: DataSpec) -> None:
        """Refuse what is not square pictures of a fitting side.

        Raises:
            DatasetError: says what was got and what is wanted.
        """
        if spec.kind != "image" or spec.shape[1] != spec.shape[2] or spec.shape[1] % self.multiple:
            raise DatasetError(
                f"{self.name} learns square pictures, the side a multiple of {self.multiple}; "
                f"got {spec.kind} {spec.shape}",
                hint="Set data.size_px.",
            )

    def optimizers(self, model: Any, config: Any) -> dict[str, Any]:
        """One for the judge, one for the rest; Adam without weight decay."""
        import torch

        judged = list(self.judging(model))
        known = {id(parameter) for parameter in judged}
        rest = [parameter for parameter in model.parameters() if id(parameter) not in known]
        return {
            "main": torch.optim.Adam(rest, config.learning_rate, self.betas),
            "judge": torch.optim.Adam(judged, config.judge_rate, self.betas),
        }

    def judging(self, model: Any) -> Iterator[Any]:
        """The judge's parameters."""
        for part in self.parts:
            yield from getattr(model, part).parameters()

    def step(self, state: StepState[C], batch: Batch) -> dict[str, Any]:
        """The judge's step, then the generator's."""
        real = 2 * batch["x"] - 1
        judged, parts = state.model.judge_loss(real)
        state.backward(judged, "judge")
        state.apply("judge")
        loss = state.model.generator_loss(len(real))
        state.backward(loss)
        state.apply()
        return {"loss": loss, "judged": judged, **parts}

    def sample(self, model: Any, config: C, *, n: int, generator: Any) -> Any:
        """Pictures from noise."""
        return ((model.sample(n, generator=generator) + 1) / 2).clamp(0, 1)
