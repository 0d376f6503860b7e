"""A tiny recipe that trains in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from omnimuse.training.dataset import Dataset, split  # noqa: E402
from omnimuse.training.recipe import Recipe  # noqa: E402
from omnimuse.training.settings import DataConfig, RunSettings, TrainConfig  # noqa: E402
from omnimuse.training.trainer import Trainer  # noqa: E402


@dataclass(frozen=True)
class TinyConfig:
    width: int = 16
    learning_rate: float = 1e-2
    dropout: float = 0.1
    poison_step: int = -1


class TinyRecipe(Recipe[TinyConfig]):
    """A linear autoencoder with dropout: chance in every step."""

    name = "tiny"
    family = "test"
    summary = "A linear autoencoder"
    paper = "none"
    config = TinyConfig
    monitor = "mse"
    search_space = {"learning_rate": ("log", 1e-4, 1e-1), "width": ("choice", 2, 16)}

    def build(self, config, spec):
        size = int(np.prod(spec.shape))
        model = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(size, config.width),
            torch.nn.Dropout(config.dropout), torch.nn.Linear(config.width, size),
        )  # fmt: skip
        model.picture_shape = spec.shape
        return model

    def loss(self, state, batch):
        x = batch["x"]
        noisy = x + 0.1 * torch.randn_like(x)
        loss = ((state.model(noisy) - x.flatten(1)) ** 2).mean()
        if state.step == state.config.poison_step:
            loss = loss * float("nan")
        return {"loss": loss}

    def sample(self, model, config, *, n, generator):
        return torch.rand(n, *model.picture_shape, generator=generator)

    def evaluate(self, model, config, data, *, generator):
        batch = next(data.batches(64))
        return {"mse": float(((model(batch["x"]) - batch["x"].flatten(1)) ** 2).mean())}

    def floor(self, config, train, held_out):
        mean = train.x.mean(0) / 255
        return {"mse": float(((held_out.x / 255 - mean) ** 2).mean())}

    def exports(self, model, config):
        return {"tiny": (model, (torch.rand(2, *model.picture_shape),))}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def data() -> tuple[Dataset, Dataset]:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 256, (4, 1, 6, 6))
    labels = rng.integers(0, 4, 200)
    x = (base[labels] * 0.8 + rng.integers(0, 50, (200, 1, 6, 6))).clip(0, 255).astype(np.uint8)
    whole = Dataset("blobs", x, labels, classes=("a", "b", "c", "d"), licence="CC0-1.0")
    return split(whole, 0.2)


@pytest.fixture
def make_trainer(data: tuple[Dataset, Dataset], tmp_path: Path) -> Callable[..., Trainer]:
    """`make_trainer("folder", steps=10, recipe={"width": 4}, ...)`."""

    def make(
        name: str = "run", *, recipe: dict[str, Any] | None = None, family: Any = None,
        trainer: dict[str, Any] | None = None, **train: Any,
    ) -> Trainer:  # fmt: skip
        family = family or TinyRecipe()
        base = TrainConfig(steps=12, batch_size=16, evaluate_every=5, checkpoint_every=4,
                           log_every=2, samples=4, ema_decay=0.9)  # fmt: skip
        settings = RunSettings(
            DataConfig(), replace(base, **train), family.config(**(recipe or {}))
        )
        return Trainer(family, settings, *data, tmp_path / name, device="cpu", **(trainer or {}))

    return make
