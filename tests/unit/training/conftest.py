"""Data and a tiny trainer, for tests with and without torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnimuse.training.dataset import Dataset, split
from omnimuse.training.settings import DataConfig, RunSettings, TrainConfig


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    if find_spec("torch"):
        import torch

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
def make_trainer(data: tuple[Dataset, Dataset], tmp_path: Path) -> Callable[..., Any]:
    """`make_trainer("folder", steps=10, recipe={"width": 4}, ...)`."""

    def make(
        name: str = "run", *, recipe: dict[str, Any] | None = None, family: Any = None,
        trainer: dict[str, Any] | None = None, **train: Any,
    ) -> Any:  # fmt: skip
        from omnimuse.training.trainer import Trainer

        from .tiny import TinyRecipe

        family = family or TinyRecipe()
        base = TrainConfig(steps=12, batch_size=16, evaluate_every=5, checkpoint_every=4,
                           log_every=2, samples=4, ema_decay=0.9)  # fmt: skip
        settings = RunSettings(
            DataConfig(), replace(base, **train), family.config(**(recipe or {}))
        )
        return Trainer(family, settings, *data, tmp_path / name, device="cpu", **(trainer or {}))

    return make
