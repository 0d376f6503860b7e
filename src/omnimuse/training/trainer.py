"""Trainer: the loop around a recipe.

    folder locked -> model, optimisers, averages built or resumed -> for each step: seed, batch,
    recipe.step, schedule, averages -> now and then: log, held-out figures, samples, checkpoint
    -> the best weights, the figures, the model card

A run is a function of its settings, its data and its seed: each step's batch and chance are made of
(seed, step, part, process) alone, so looking at held-out data changes nothing, and a resumed run
equals the uninterrupted one bit for bit on a CPU (with `minutes`, the schedule follows the clock).

Several processes (`accelerate launch`) each take their share of every batch; gradients are averaged
when an optimiser is applied, so that a recipe may call any method of its model. With `train.shard`,
each keeps only its slices of the model (`training.sharding`).
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omnimuse.errors import ConfigError, NonFiniteLossError, RunCancelled
from omnimuse.training import checkpoint, sharding
from omnimuse.training.boards import Board
from omnimuse.training.dataset import Dataset
from omnimuse.training.ema import AveragedModel
from omnimuse.training.feed import BatchFeed
from omnimuse.training.order import BatchOrder, mix
from omnimuse.training.processes import agreed, average_gradients, of_main_process
from omnimuse.training.recipe import Recipe, StepState
from omnimuse.training.run_card import RunRecord, write_cards
from omnimuse.training.run_folder import RunFolder
from omnimuse.training.schedule import rate_factor
from omnimuse.training.settings import RunSettings

LAUNCHED = ("NO", "MULTI_CPU", "MULTI_GPU", "MULTI_XPU", "MULTI_NPU")
PRECISION = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}


@dataclass(frozen=True)
class Progress:
    """What a listener is told: `kind` is step, evaluation, checkpoint or done."""

    kind: str
    step: int
    steps: int
    elapsed_s: float
    eta_s: float
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What a run gave.

    Attributes:
        model: the module with its best (averaged) weights, in eval mode.
        figures: held-out figures of these weights.
        floor: the trivial model's.
        steps: optimiser steps done.
        elapsed_s: time of the whole training, over all its resumptions.
        folder: where everything lies.
    """

    model: Any
    figures: dict[str, float]
    floor: dict[str, float]
    steps: int
    elapsed_s: float
    folder: Path


class Trainer:
    """Trains one recipe on one data set into one folder.

    Args:
        recipe: the family.
        settings: all sections.
        train: training samples.
        held_out: samples that are never trained on; at most 256 MB of them are used.
        out: the run's folder.
        device: `cpu`, `cuda`, ... or empty for the best there is.
        command: what was typed, for the model card.
        on_progress: told of every log line, evaluation and checkpoint.
        is_cancelled: asked before each step; a checkpoint is saved before RunCancelled is raised.
    """

    def __init__(
        self, recipe: Recipe[Any], settings: RunSettings, train: Dataset, held_out: Dataset,
        out: Path, *, device: str = "", command: str = "",
        on_progress: Callable[[Progress], None] = lambda progress: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.recipe, self.settings = recipe, settings
        self.train_data, self.held_out = train, held_out.in_memory()
        self.folder = RunFolder(out)
        self.on_progress, self.is_cancelled = on_progress, is_cancelled
        self.device_name, self.command = device, command

    def run(self, *, resume: bool = False) -> Result:
        """Train to the end, from the start or from the folder's checkpoint.

        Raises:
            ConfigError: the launcher asks for what is not there, the recipe cannot be sharded, or a
                package is missing.
            FolderBusyError: another training works there, or has left a checkpoint and `resume` is
                not asked for.
            CheckpointError: nothing to resume, or not of this recipe, data or settings.
            NonFiniteLossError: the loss is no number; the last checkpoint is kept.
            RunCancelled: stopped by `is_cancelled`, after saving.
            StorageError: a checkpoint could not be saved; the one before is kept.
        """
        with self.folder.lock(resume=resume):
            self._set_up(is_new=not resume)
            self._load() if resume else self._begin()
            try:
                self._loop()
            finally:
                self.feed.close()
            return self._finish()

    # -- before ---------------------------------------------------------------------------------

    def _launch(self) -> None:
        """Accelerate's part: processes, precision, accumulation."""
        import torch
        from accelerate import Accelerator
        from accelerate.state import AcceleratorState

        train = self.settings.train
        is_cut = sharding.is_asked_for(train, os.environ)
        if is_cut:
            sharding.check(self.recipe)
        AcceleratorState._reset_state()  # settings of an earlier run in this process
        if train.threads:
            torch.set_num_threads(train.threads)
        with sharding.left_to_us():
            self.accelerator = Accelerator(
                mixed_precision=PRECISION[train.precision],
                gradient_accumulation_steps=train.accumulate,
                cpu=self.device_name == "cpu",
            )
        if self.accelerator.distributed_type not in LAUNCHED:
            raise ConfigError(
                f"the launcher asks for {self.accelerator.distributed_type.value}",
                hint="Launch plain processes, or with --use_fsdp for a sharded model.",
            )
        self.device = (
            torch.device(self.device_name) if self.device_name else self.accelerator.device
        )
        self._is_cut = is_cut and self.accelerator.num_processes > 1

    def _set_up(self, *, is_new: bool) -> None:
        import torch

        self._launch()
        train = self.settings.train
        torch.manual_seed(train.seed)
        self.model = self._built()
        self.sharding: sharding.Sharding | None = None
        if self._is_cut:
            if is_new:
                self._prepare()  # which may need whole weights
            self.sharding = sharding.Sharding(
                self.model, self.recipe.layers, self.device, self.accelerator.num_processes,
                os.environ,
            )  # fmt: skip
        self.optimizers = {
            name: self.accelerator.prepare_optimizer(optimizer)
            for name, optimizer in self.recipe.optimizers(self.model, self.settings.recipe).items()
        }
        if self.sharding is not None:
            for optimizer in self.optimizers.values():
                sharding.one_by_one(optimizer)
        self._parameters = {
            name: [p for group in o.param_groups for p in group["params"]]
            for name, o in self.optimizers.items()
        }
        self._base_rates = {
            name: [group["lr"] for group in o.param_groups] for name, o in self.optimizers.items()
        }
        trained_only = self.recipe.saves_trained_only
        self._kept_names = checkpoint.trained_names(self.model) if trained_only else None
        self.average: AveragedModel | sharding.ShardedAverage | None = None
        self.state = StepState(
            self.model, self.settings.recipe, self.device,
            backward=self._backward, apply=self._apply,
        )  # fmt: skip
        order = BatchOrder(
            len(self.train_data), train.batch_size, train.accumulate, seed=train.seed,
            process=self.accelerator.process_index, processes=self.accelerator.num_processes,
            weights=self.recipe.weights(self.settings.recipe, self.train_data),
        )  # fmt: skip
        self.feed = BatchFeed(self.train_data, order, train.accumulate, self.device)
        self.step, self.elapsed_before, self.started = 0, 0.0, time.monotonic()
        self.best: dict[str, float] = {}
        wants_board = train.tensorboard and self.accelerator.is_main_process
        self.board = Board(self.folder.path) if wants_board else None
        self._is_mixed = train.precision != "fp32"
        self._is_plain = (  # nothing for Accelerate to do between two steps
            not self._is_mixed and train.accumulate == 1 and self.accelerator.num_processes == 1
        )
        self._steps_by_itself = type(self.recipe).step is not Recipe.step
        self._finite: Any = None
        self._evaluated_at = -1

    def _built(self) -> Any:
        return self.recipe.build(self.settings.recipe, self.train_data.spec).to(self.device)

    def _begin(self) -> None:
        if self.sharding is None:
            self._prepare()
        self._start_average()
        self.folder.write_settings(self.settings)

    def _prepare(self) -> None:
        import torch

        self._seed_step(-1, 0, process=0)
        self.model.eval()
        with torch.no_grad():
            self.recipe.prepare(self.model, self.settings.recipe, self.train_data.in_memory())

    def _start_average(self) -> None:
        decay = self.settings.train.ema_decay
        if not decay:
            self.average = None
        elif self.sharding is None:
            self.average = AveragedModel(self.model, decay)
        else:
            self.average = sharding.ShardedAverage(self.sharding, decay)

    def _load(self) -> None:
        saved = checkpoint.read(self.folder.checkpoint)
        self.folder.check_same(saved.meta, self._identity())
        self._put(self.model, saved.part("model"), self.folder.checkpoint.name)
        self._start_average()
        if self.average is not None:
            with self._averaged() as module:
                self._put(module, saved.part("ema"), "the averaged model")
        for name, optimizer in self.optimizers.items():
            checkpoint.unpack_optimizer(name, optimizer, saved, sharding.like)
        self.step = int(saved.meta["step"])
        self.elapsed_before = float(saved.meta["elapsed_s"])
        self.best = dict(saved.meta["best"])

    def _put(self, module: Any, tensors: Mapping[str, Any], what: str) -> None:
        if self.sharding is not None:
            tensors = sharding.sliced(module, tensors)
        checkpoint.load_module(module, tensors, what, self._kept_names)

    def _state(self, module: Any, prefix: str) -> dict[str, Any]:
        state = checkpoint.module_state(module, self._kept_names)
        return self._whole({f"{prefix}.{name}": value for name, value in state.items()})

    def _whole(self, tensors: dict[str, Any]) -> dict[str, Any]:
        """As they are saved: of a sharded model, put together on the main process."""
        if self.sharding is None:
            return tensors
        return sharding.whole(tensors, keep=self.accelerator.is_main_process)

    def _identity(self) -> dict[str, Any]:
        """What must be the same for a run to go on."""
        return {
            "recipe": self.recipe.name,
            "data": self.train_data.sha256,
            "settings": self.settings.to_dict()["recipe"],
            "seed": self.settings.train.seed,
            "batch_size": self.settings.train.batch_size,
        }

    # -- the loop -------------------------------------------------------------------------------

    def _loop(self) -> None:
        train = self.settings.train
        while self.step < train.steps and self._agreed(self._progress()) < 1:
            if self._agreed(float(self.is_cancelled())):
                self._save()
                raise RunCancelled(
                    f"stopped after {self.step} steps, which are saved",
                    hint="Go on with --resume.",
                )
            self._advance()
            if train.evaluate_every and self.step % train.evaluate_every == 0:
                self._evaluate()
            if train.checkpoint_every and self.step % train.checkpoint_every == 0:
                self._save()

    def _agreed(self, value: float) -> float:
        return agreed(value, self.accelerator.num_processes, self.device)

    def _advance(self) -> None:
        """One step, its averages and its log line."""
        logs = self._step()
        self.step += 1
        if self.average is not None:
            self.average.update(self.step - 1)
        if self.step % self.settings.train.log_every == 0:
            self._log(logs)

    def _step(self) -> dict[str, Any]:
        """One optimiser step, in `accumulate` parts."""
        self.model.train()
        if self.sharding is not None:
            self.sharding.gather()
        state = self.state
        state.step, state.progress = self.step, self._progress()
        factor = rate_factor(self.settings.train, self.step, state.progress)
        for name, optimizer in self.optimizers.items():
            for group, rate in zip(optimizer.param_groups, self._base_rates[name]):
                group["lr"] = rate * factor
        logs: dict[str, Any] = {}
        for part in range(self.settings.train.accumulate):
            self._seed_step(self.step, part)
            batch = self.feed(self.step, part)
            with self._part_context():
                logs = self.recipe.step(state, batch)
        if self.sharding is not None:
            self.sharding.release()
        return logs

    @contextmanager
    def _part_context(self) -> Iterator[None]:
        """Accumulation and mixed precision, where they are asked for: each costs time."""
        with ExitStack() as stack:
            if self.settings.train.accumulate > 1:
                stack.enter_context(self.accelerator.accumulate(self.model))
            if self._is_mixed:
                stack.enter_context(self.accelerator.autocast())
            yield

    def _seed_step(self, step: int, part: int, process: int | None = None) -> None:
        """All chance of a step comes from here, so that nothing before it matters."""
        import random

        import numpy as np
        import torch

        process = self.accelerator.process_index if process is None else process
        seed = mix(self.settings.train.seed, step + 1, part, process)
        random.seed(seed)
        np.random.seed(seed % 2**32)
        torch.default_generator.manual_seed(seed)
        if self.device.type != "cpu":  # torch.manual_seed would ask for every kind of device
            getattr(torch, self.device.type).manual_seed(seed)

    def _backward(self, loss: Any, name: str = "main", **kwargs: Any) -> None:
        import torch

        if self.device.type == "cpu":
            self._check_finite(math.isfinite(loss.item()))
        else:  # asking a GPU would wait for it; the answer is read with the next log line
            finite = torch.isfinite(loss.detach())
            self._finite = finite if self._finite is None else self._finite & finite
        if self.sharding is not None:
            others = [p for key, ps in self._parameters.items() if key != name for p in ps]
            self.sharding.backward(loss, others, lambda loss: self._mixed_backward(loss, kwargs))
            return
        if len(self.optimizers) > 1:
            kwargs.setdefault("inputs", self._parameters[name])
        if self._is_plain:
            loss.backward(**kwargs)
            return
        self._mixed_backward(loss, kwargs)

    def _mixed_backward(self, loss: Any, options: dict[str, Any]) -> None:
        import torch

        with torch.autocast(self.device.type, enabled=False):
            self.accelerator.backward(loss, **options)

    def _check_finite(self, finite: Any) -> None:
        if finite is not None and self._agreed(float(not bool(finite))):
            kept = (
                "the last checkpoint is kept" if self.folder.checkpoint.exists() else "none saved"
            )
            raise NonFiniteLossError(
                f"the loss is not a number at step {self.step + 1}; {kept}",
                hint="Lower the learning rate, clip gradients, or train in fp32.",
            )

    def _apply(self, name: str = "main") -> None:
        optimizer = self.optimizers[name]
        if self.accelerator.sync_gradients:
            apart = [p for p in self._parameters[name] if not self._is_reduced(p)]
            average_gradients(apart, self.accelerator.num_processes, self.device)
            if self.settings.train.clip_norm:
                self.accelerator.unscale_gradients(optimizer)
                self._clip(self._parameters[name])
        (optimizer.optimizer if self._is_plain else optimizer).step()
        if self.accelerator.sync_gradients:  # as Accelerate's own, which looks at signatures too
            optimizer.optimizer.zero_grad(set_to_none=True)
        if self.sharding is not None and self._steps_by_itself:
            self.sharding.renew()

    def _is_reduced(self, parameter: Any) -> bool:
        """Whether backward has averaged its gradient already."""
        return self.sharding is not None and sharding.is_slice(parameter)

    def _clip(self, parameters: list[Any]) -> None:
        import torch

        if self.sharding is not None:
            sharding.clip_norm(parameters, self.settings.train.clip_norm)
            return
        torch.nn.utils.clip_grad_norm_(parameters, self.settings.train.clip_norm)

    def _elapsed_s(self) -> float:
        return self.elapsed_before + time.monotonic() - self.started

    def _progress(self) -> float:
        """Share of the training that is done, by steps or by the clock."""
        train = self.settings.train
        clock = self._elapsed_s() / (60 * train.minutes) if train.minutes else 0.0
        return min(1.0, max(self.step / train.steps, clock))

    # -- now and then ---------------------------------------------------------------------------

    @contextmanager
    def _averaged(self) -> Iterator[Any]:
        """The model with its averaged weights, where there are some."""
        if isinstance(self.average, sharding.ShardedAverage):
            with self.average.put_in():
                yield self.model
        else:
            yield self.model if self.average is None else self.average.module

    @contextmanager
    def _final_model(self) -> Iterator[Any]:
        """What is judged and sampled; of a sharded model, by all processes in step."""
        with ExitStack() as stack:
            model = stack.enter_context(self._averaged())
            if self.sharding is not None:
                stack.enter_context(self.sharding.gathered())
            yield model.eval()

    def _log(self, logs: Mapping[str, Any]) -> None:
        self._check_finite(self._finite)
        self._finite = None
        figures = {name: float(getattr(v, "detach", lambda v=v: v)()) for name, v in logs.items()}
        self._tell("step", figures)

    def _tell(self, kind: str, figures: Mapping[str, float]) -> None:
        if not self.accelerator.is_main_process:
            return
        elapsed, done = self._elapsed_s(), self._progress()
        eta = elapsed * (1 - done) / done if done else 0.0
        self.folder.log(
            {"kind": kind, "step": self.step, "elapsed_s": round(elapsed, 2), **figures}
        )
        if self.board is not None:
            self.board.scalars(kind, figures, self.step)
        self.on_progress(
            Progress(kind, self.step, self.settings.train.steps, elapsed, eta, dict(figures))
        )

    def _figures(self) -> dict[str, float]:
        import torch

        generator = torch.Generator(self.device).manual_seed(self.settings.train.seed)
        self._seed_step(-2, 0)
        with torch.no_grad(), self._final_model() as model:
            return {
                name: float(value)
                for name, value in self.recipe.evaluate(
                    model, self.settings.recipe, self.held_out, generator=generator
                ).items()
            }

    def _evaluate(self) -> None:
        self._evaluated_at = self.step
        figures = of_main_process(self._figures(), self.accelerator.num_processes)
        self._tell("evaluation", figures)
        self._sample_sheet(self.folder.samples_path(self.step))
        name = self.recipe.monitor
        if not name or not self.best or figures[name] < self.best[name]:
            self.best = figures
            self._save_weights()

    def _sample_sheet(self, path: Path) -> None:
        count, is_main = self.settings.train.samples, self.accelerator.is_main_process
        if not count or not (is_main or self.sharding):
            return
        import torch

        from omnimuse.training.sheets import save_sheet

        generator = torch.Generator(self.device).manual_seed(self.settings.train.seed)
        with torch.no_grad(), self._final_model() as model:
            samples = self.recipe.sample(model, self.settings.recipe, n=count, generator=generator)
        if not is_main:
            return
        save_sheet(samples.float().cpu().numpy(), path)
        if self.board is not None:
            self.board.picture(path, self.step)

    def _save(self) -> None:
        self._check_finite(self._finite)
        if not (self.accelerator.is_main_process or self.sharding):
            return
        tensors = self._state(self.model, "model")
        if self.average is not None:
            with self._averaged() as module:
                tensors |= self._state(module, "ema")
        optimizers = {}
        for name, optimizer in self.optimizers.items():
            more, optimizers[name] = checkpoint.pack_optimizer(name, optimizer)
            tensors |= self._whole(more)
        if not self.accelerator.is_main_process:
            return
        meta = {
            **self._identity(), "step": self.step, "elapsed_s": self._elapsed_s(),
            "best": self.best, "optimizers": optimizers,
        }  # fmt: skip
        checkpoint.write(self.folder.checkpoint, tensors, meta)
        self._tell("checkpoint", {})

    def _save_weights(self) -> None:
        if not (self.accelerator.is_main_process or self.sharding):
            return
        with self._averaged() as module:
            tensors = self._state(module, "model")
        if not self.accelerator.is_main_process:
            return
        spec = self.train_data.spec
        meta = {
            "recipe": self.recipe.name, "settings": self.settings.to_dict(), "step": self.step,
            "figures": self.best, "data": {"name": self.train_data.name,
            "sha256": self.train_data.sha256, "licence": self.train_data.licence,
            "attribution": self.train_data.attribution},
            "spec": {"kind": spec.kind, "shape": list(spec.shape), "classes": list(spec.classes),
            "has_captions": spec.has_captions},
        }  # fmt: skip
        checkpoint.write(self.folder.weights, tensors, meta)

    def _finish(self) -> Result:
        """Last evaluation and checkpoint; then the best weights, their samples and figures."""
        if self._evaluated_at != self.step:
            self._evaluate()
        self._save()
        self.accelerator.wait_for_everyone()
        saved = checkpoint.read(self.folder.weights)
        model = self._whole_again()
        self._put(model, saved.part("model"), self.folder.weights.name)
        self._sample_sheet(self.folder.path / "samples.png")
        floor = self.recipe.floor(self.settings.recipe, self.train_data.in_memory(), self.held_out)
        result = Result(
            model.eval(), dict(saved.meta["figures"]), {k: float(v) for k, v in floor.items()},
            self.step, self._elapsed_s(), self.folder.path,
        )  # fmt: skip
        if self.accelerator.is_main_process:
            self._describe(result)
        self._tell("done", result.figures)
        if self.board is not None:
            self.board.close()
        return result

    def _whole_again(self) -> Any:
        """Where the best weights go."""
        if self.sharding is not None:
            self.model, self.sharding, self.average = self._built(), None, None
        with self._averaged() as model:
            return model

    def _describe(self, result: Result) -> None:
        """What the run measured, its cards, and the recipe's own files."""
        self.folder.write_json("figures.json", {
            "recipe": self.recipe.name, "data": self.train_data.name, "figures": result.figures,
            "floor": result.floor, "steps": result.steps, "elapsed_s": result.elapsed_s,
        })  # fmt: skip
        record = RunRecord(
            self.recipe, self.settings, self.train_data, self.held_out, result.figures,
            result.floor, sum(p.numel() for p in self.model.parameters() if p.requires_grad),
            result.steps, result.elapsed_s, self.device.type, self.command,
        )  # fmt: skip
        write_cards(record, self.folder.path, self.folder.weights)
        self.recipe.finish(result.model, self.settings.recipe, self.folder.path)
