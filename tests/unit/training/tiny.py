"""A tiny recipe that trains in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from omnimuse.training.recipe import Recipe


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
