"""Recipe: everything that one model family needs to be trained, in one file.

A file `recipes/zoo/NAME.py` ends with `RECIPE = MyRecipe()`, and `recipes/zoo/NAME.yaml` spells out
every setting. The smallest useful recipe:

    @dataclass(frozen=True)
    class Config:
        width: int = 256
        learning_rate: float = 1e-3

    class MyRecipe(Recipe[Config]):
        name, family = "my-model", "autoregressive"
        summary, paper = "One line for the list.", "Author 2020, arXiv:0000.00000"
        config = Config

        def build(self, config, spec):
            return MyModel(config.width, spec.shape)

        def loss(self, state, batch):
            return {"loss": -state.model.log_prob(batch["x"]).mean()}

The trainer owns the rest: batches, devices, precision, accumulation, EMA, checkpoints, evaluation.
Every step starts from its own random seed, made of the run's seed, the step and the process, so
`torch.randn` and dropout may be used freely and a resumed run repeats the uninterrupted one. State
that must survive a stop belongs into buffers of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from omnimuse.errors import ModelError
from omnimuse.training.dataset import Batch, Dataset, DataSpec

C = TypeVar("C")


@dataclass
class StepState(Generic[C]):
    """What a recipe's `step` and `loss` may use.

    Attributes:
        model: the module that is trained (never wrapped: its methods can be called).
        config: the recipe's settings.
        step: optimiser steps done so far.
        progress: share of the training that is done, in [0, 1].
        device: where the model lies.
        backward: `backward(loss, name="main", **kwargs)` adds gradients to the parameters of the
            optimiser `name`, and to no others.
        apply: `apply(name="main")` clips, steps and clears the optimiser `name`.
    """

    model: Any
    config: C
    device: Any
    step: int = 0
    progress: float = 0.0
    backward: Callable[..., None] = field(default=lambda *_, **__: None, repr=False)
    apply: Callable[..., None] = field(default=lambda *_, **__: None, repr=False)


class Recipe(Generic[C]):
    """One model family's training. Subclass it, give the class attributes, write what you need.

    Attributes:
        name: the name of the files, with `-` for `_`.
        family: `vae`, `gan`, `flow`, `autoregressive`, `diffusion`, ...
        summary: one line for `omnimuse train --list`.
        paper: author, year, arXiv number.
        config: a frozen dataclass of the recipe's own settings.
        monitor: the held-out figure that picks the best weights, lower is better; empty keeps the
            last ones.
        role: the role that a card of the trained model plays.
        saves_trained_only: checkpoints hold only parameters that are trained (adapters on a frozen
            base that `build` loads).
        layers: names of `ModuleList`s in the model, whose entries a sharded run gathers one after
            another; the rest of the model is gathered around a whole step.
        whole_because: why the model cannot be sharded; empty where it can.
        search_space: what `--search` may change in the recipe's settings: name -> ("log", low,
            high), ("float", low, high), ("int", low, high) or ("choice", value, ...).
        published: figures of the paper or of later work, on full data, for the model card.
    """

    name: ClassVar[str]
    family: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str]
    config: ClassVar[type[Any]]
    monitor: ClassVar[str] = ""
    role: ClassVar[str] = "unconditional-image-generation"
    saves_trained_only: ClassVar[bool] = False
    layers: ClassVar[tuple[str, ...]] = ()
    whole_because: ClassVar[str] = ""
    search_space: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    published: ClassVar[Mapping[str, str]] = {}

    def build(self, config: C, spec: DataSpec) -> Any:
        """The untrained module.

        Raises:
            DatasetError: the model cannot be made for such data.
        """
        raise NotImplementedError

    def prepare(self, model: Any, config: C, data: Dataset) -> None:
        """Before the first step of a new run: initialisation from data, whose `x` is in memory."""

    def weights(self, config: C, data: Dataset) -> Any:
        """How often each training sample is drawn, (N,) positive; None draws all alike often."""
        return None

    def optimizers(self, model: Any, config: C) -> dict[str, Any]:
        """Optimisers by name; AdamW on everything if not overridden. Each parameter in one only.

        The trainer multiplies their learning rates by its schedule (warm-up, decay).
        """
        import torch

        rate = getattr(config, "learning_rate", 1e-3)
        decay = getattr(config, "weight_decay", 0.0)
        parameters = [p for p in model.parameters() if p.requires_grad]
        return {"main": torch.optim.AdamW(parameters, lr=rate, weight_decay=decay, fused=True)}

    def step(self, state: StepState[C], batch: Batch) -> dict[str, Any]:
        """One update from one batch: `loss`, `backward` and `apply`; GANs write their own.

        Returns:
            Scalars to log, by name; tensors are detached by the trainer.
        """
        logs = self.loss(state, batch)
        state.backward(logs["loss"])
        state.apply()
        return logs

    def loss(self, state: StepState[C], batch: Batch) -> dict[str, Any]:
        """Scalars by name; `loss` is what is minimised, a mean over the batch."""
        raise ModelError(f"recipe {self.name} has neither a loss nor a step of its own")

    def sample(self, model: Any, config: C, *, n: int, generator: Any) -> Any:
        """Pictures (n, C, H, W) in [0, 1], or points (n, D); without gradients, in eval mode.

        Args:
            model: the module, with averaged weights where the run keeps them.
            config: the recipe's settings.
            n: how many.
            generator: a torch generator on the model's device; the only source of chance.
        """
        raise ModelError(f"recipe {self.name} makes no samples")

    # A recipe that can be told a class also has `draw(model, config, labels, generator)`: pictures
    # like those of `sample`, of classes (n,). The card of such a run takes a label.

    def evaluate(self, model: Any, config: C, data: Dataset, *, generator: Any) -> dict[str, float]:
        """Held-out figures by name, with units in the names (`nats`, `bits_per_dim`).

        Called without gradients, in eval mode, on a fixed generator.
        """
        return {}

    def floor(self, config: C, train: Dataset, held_out: Dataset) -> dict[str, float]:
        """The same figures of the trivial model that a trained one must beat.

        Both parts have `x` in memory; of data that does not fit, the first 256 MB.
        """
        return {}

    def exports(self, model: Any, config: C) -> dict[str, tuple[Any, tuple[Any, ...]]]:
        """What can be written as ONNX: name -> (module, example inputs with batch size 2)."""
        return {}

    def finish(self, model: Any, config: C, folder: Path) -> None:
        """After training: files of the recipe's own (an adapter, a tokenizer) into the folder."""
