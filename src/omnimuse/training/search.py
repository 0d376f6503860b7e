"""Hyperparameter search: short trainings with other settings, guided by Optuna's TPE.

A recipe names what may be searched and where (`Recipe.search_space`); `learning_rate` is searched
if it names nothing. Trials whose held-out figure falls behind the median are ended early.

Source: Bergstra et al. 2011 (TPE); Akiba et al. 2019, arXiv:1907.10902 (Optuna).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from omnimuse.errors import ConfigError, NonFiniteLossError
from omnimuse.training.checkpoint import write_bytes
from omnimuse.training.dataset import Dataset
from omnimuse.training.recipe import Recipe
from omnimuse.training.settings import RunSettings
from omnimuse.training.trainer import Progress, Trainer

DEFAULT_SPACE: Mapping[str, tuple[Any, ...]] = {"learning_rate": ("log", 1e-4, 1e-2)}


@dataclass(frozen=True)
class Trial:
    """One training: what was set, and the held-out figure (None if it was ended early)."""

    number: int
    values: dict[str, Any]
    figure: float | None


@dataclass(frozen=True)
class SearchResult:
    """All trials, and the settings of the best."""

    monitor: str
    trials: tuple[Trial, ...]
    best: dict[str, Any]


def search(
    recipe: Recipe[Any], settings: RunSettings, data: tuple[Dataset, Dataset], out: Path, *,
    trials: int, device: str = "",
    on_trial: Callable[[Trial], None] = lambda trial: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> SearchResult:  # fmt: skip
    """Train `trials` times into `out/trial-000`, ...; writes `out/search.json`.

    Raises:
        ConfigError: Optuna is missing, the recipe has no figure to judge by, or its space is wrong.
        RunCancelled: stopped.
    """
    if not recipe.monitor:
        raise ConfigError(f"{recipe.name} names no held-out figure to search by")
    if trials < 1:
        raise ConfigError(f"a search takes at least one trial, got {trials}")
    study = _study(settings.train.seed)
    space = dict(recipe.search_space or DEFAULT_SPACE)
    import optuna

    done: list[Trial] = []
    for number in range(trials):
        trial = study.ask()
        values = {name: _suggest(trial, name, rule) for name, rule in space.items()}
        figure = _train_one(
            recipe, replace(settings, recipe=replace(settings.recipe, **values)), data,
            out / f"trial-{number:03d}", trial, device, is_cancelled,
        )  # fmt: skip
        state = optuna.trial.TrialState
        study.tell(trial, figure, state=state.COMPLETE if figure is not None else state.PRUNED)
        done.append(Trial(number, values, figure))
        on_trial(done[-1])
    finished = [trial for trial in done if trial.figure is not None]
    best = min(finished, key=lambda trial: trial.figure or 0.0).values if finished else {}
    result = SearchResult(recipe.monitor, tuple(done), best)
    _write(result, out)
    return result


def _study(seed: int) -> Any:
    try:
        import optuna
    except ImportError:
        raise ConfigError(
            "a search needs the package optuna", hint="pip install 'omnimuse[torch]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
    )


def _suggest(trial: Any, name: str, rule: tuple[Any, ...]) -> Any:
    kind, *rest = rule
    if kind == "log":
        return trial.suggest_float(name, rest[0], rest[1], log=True)
    if kind == "float":
        return trial.suggest_float(name, rest[0], rest[1])
    if kind == "int":
        return trial.suggest_int(name, rest[0], rest[1])
    if kind == "choice":
        return trial.suggest_categorical(name, list(rest))
    raise ConfigError(f"{name}: a search rule is log, float, int or choice, not {kind!r}")


class _Pruned(Exception):
    """The trial is behind the others."""


def _train_one(
    recipe: Recipe[Any], settings: RunSettings, data: tuple[Dataset, Dataset], out: Path,
    trial: Any, device: str, is_cancelled: Callable[[], bool],
) -> float | None:  # fmt: skip
    best: list[float] = []

    def watch(progress: Progress) -> None:
        if progress.kind == "evaluation":
            best.append(progress.figures[recipe.monitor])
            trial.report(best[-1], progress.step)
            if trial.should_prune():
                raise _Pruned

    try:
        result = Trainer(
            recipe, settings, *data, out, device=device, on_progress=watch,
            is_cancelled=is_cancelled,
        ).run()  # fmt: skip
    except (_Pruned, NonFiniteLossError):
        return None
    return result.figures[recipe.monitor]


def _write(result: SearchResult, out: Path) -> None:
    lines = [
        {"trial": t.number, **t.values, result.monitor: t.figure, "ended_early": t.figure is None}
        for t in result.trials
    ]
    content = {"monitor": result.monitor, "best": result.best, "trials": lines}
    write_bytes(out / "search.json", (json.dumps(content, indent=2) + "\n").encode())
