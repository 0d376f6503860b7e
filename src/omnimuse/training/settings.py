"""TrainConfig and DataConfig: what every run sets, and the YAML and `--set` texts they come from.

A recipe's YAML has three sections, each spelled out in full:

    data:     where the samples come from (DataConfig)
    train:    the loop (TrainConfig)
    recipe:   the recipe's own settings (its config class)

`--set batch_size=64` finds the section by the name; `--set train.batch_size=64` says it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from omnimuse.errors import ConfigError

SECTIONS = ("data", "train", "recipe")


@dataclass(frozen=True)
class DataConfig:
    """Where the samples come from."""

    name: str = "digits"
    """A name of `omnimuse train --data list`, or a path."""
    size_px: int = 0
    """Side of square pictures; 0 keeps the data's own size."""
    channels: int = 0
    """1 grey, 3 colour; 0 keeps the data's own."""
    held_out: float = 0.1
    """Share that is held out, where the data has no split of its own."""
    limit: int = 0
    """Only so many training samples; 0 is all."""
    frames: int = 0
    """Frames in a generated film; 0 is 20."""


@dataclass(frozen=True)
class TrainConfig:
    """The loop."""

    seed: int = 0
    """Of initialisation, order and every step's chance."""
    steps: int = 1000
    """Optimiser steps."""
    minutes: float = 0.0
    """Stop after so many minutes if the steps are not done; 0 never. The schedule ends with it."""
    batch_size: int = 128
    """Samples a step, over all processes and accumulated parts."""
    accumulate: int = 1
    """Parts that a batch is cut into, one after another, where memory is short."""
    precision: str = "fp32"
    """`fp32`, or mixed: `bf16`, `fp16`."""
    warmup_steps: int = 0
    """Steps over which learning rates rise from zero."""
    decay: str = "constant"
    """What they do afterwards: `constant`, `linear` or `cosine`, to `final_rate`."""
    final_rate: float = 0.0
    """Share of the learning rate that is left at the end of a decay."""
    clip_norm: float = 0.0
    """Largest norm of an optimiser's gradients; 0 does not clip."""
    ema_decay: float = 0.0
    """Decay of the averaged weights, in [0, 1); 0 keeps none."""
    evaluate_every: int = 500
    """Steps between two looks at the held-out data; 0 only at the end."""
    checkpoint_every: int = 500
    """Steps between two checkpoints; 0 only at the end."""
    log_every: int = 20
    """Steps between two lines of the log."""
    samples: int = 64
    """Pictures in a sample sheet; 0 makes none."""
    threads: int = 0
    """CPU threads; 0 leaves torch's choice."""
    tensorboard: bool = False
    """Write TensorBoard events too."""
    shard: bool = False
    """Cut parameters, gradients and optimiser state over the processes (FSDP)."""


@dataclass(frozen=True)
class RunSettings:
    """The three sections together."""

    data: DataConfig
    train: TrainConfig
    recipe: Any

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Plain dictionaries, for YAML, JSON and cards."""
        return {name: asdict(getattr(self, name)) for name in SECTIONS}


def read_settings(
    recipe_config: type[Any], path: Path | None = None, overrides: Sequence[str] = ()
) -> RunSettings:
    """The settings of a run: the YAML file, then `key=value` overrides.

    Args:
        recipe_config: the recipe's config class.
        path: its YAML file; the classes' defaults if None.
        overrides: texts such as `batch_size=64` or `recipe.width=32`.

    Raises:
        ConfigError: unreadable, unknown or missing keys, wrong types or ranges.
    """
    import yaml

    values: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    if path is not None:
        values = _read_yaml(path)
    classes = {"data": DataConfig, "train": TrainConfig, "recipe": recipe_config}
    for text in overrides:
        key, separator, value = text.partition("=")
        if not separator:
            raise ConfigError(f"--set takes key=value, got {text!r}")
        section, name = _place(key.strip(), classes)
        values[section][name] = yaml.safe_load(value)
    return from_dict(recipe_config, values)


def from_dict(recipe_config: type[Any], values: Mapping[str, Mapping[str, Any]]) -> RunSettings:
    """Settings from plain dictionaries, checked.

    Raises:
        ConfigError: unknown keys, wrong types or ranges.
    """
    settings = RunSettings(
        make(DataConfig, values.get("data", {}), "data"),
        make(TrainConfig, values.get("train", {}), "train"),
        make(recipe_config, values.get("recipe", {}), "recipe"),
    )
    _check(settings)
    return settings


def _read_yaml(path: Path) -> dict[str, dict[str, Any]]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from None
    if not isinstance(content, dict) or not all(isinstance(v, dict) for v in content.values()):
        raise ConfigError(f"{path} has no sections", hint=f"Wanted: {', '.join(SECTIONS)}.")
    unknown = set(content) - set(SECTIONS)
    if unknown:
        raise ConfigError(f"{path}: unknown sections {sorted(unknown)}")
    return {name: dict(content.get(name, {})) for name in SECTIONS}


def _place(key: str, classes: Mapping[str, type[Any]]) -> tuple[str, str]:
    """Section and name of an override's key."""
    section, dot, name = key.partition(".")
    if dot and section in classes:
        return section, name
    found = [s for s, kind in classes.items() if key in {f.name for f in fields(kind)}]
    if len(found) != 1:
        known = sorted(f"{s}.{f.name}" for s, kind in classes.items() for f in fields(kind))
        raise ConfigError(
            f"{'unknown' if not found else 'ambiguous'} setting {key!r}",
            hint=f"Settings: {', '.join(known)}.",
        )
    return found[0], key


def make(kind: type[Any], values: Mapping[str, Any], section: str) -> Any:
    """An instance of a config class, with every value brought to its field's type.

    Raises:
        ConfigError: unknown or missing keys, or a value of another type.
    """
    known = {f.name: f for f in fields(kind)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigError(
            f"{section} has no setting {', '.join(unknown)}",
            hint=f"Settings: {', '.join(known)}.",
        )
    missing = [
        name
        for name, entry in known.items()
        if name not in values and entry.default is MISSING and entry.default_factory is MISSING
    ]
    if missing:
        raise ConfigError(f"{section} lacks {', '.join(missing)}")
    hints = get_type_hints(kind)
    return kind(**{n: _to(hints[n], v, f"{section}.{n}") for n, v in values.items()})


def _to(wanted: Any, value: Any, name: str) -> Any:
    """Bring what YAML gave to a field's type; nothing is guessed."""
    if wanted is float and isinstance(value, int | str) and not isinstance(value, bool):
        try:
            return float(value)  # YAML reads 1e-3 as text
        except ValueError:
            pass
    if wanted in (int, str, bool, float) and type(value) is wanted:
        return value
    if getattr(wanted, "__origin__", None) is tuple and isinstance(value, list | tuple):
        return tuple(_to(wanted.__args__[0], entry, name) for entry in value)
    if wanted is str and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    shown = getattr(wanted, "__name__", str(wanted))
    raise ConfigError(f"{name} cannot be {value!r}", hint=f"Wanted: {shown}.")


def _check(settings: RunSettings) -> None:
    train, data = settings.train, settings.data
    rules = {
        "train.steps must be at least 1": train.steps >= 1,
        "train.batch_size must be at least 1": train.batch_size >= 1,
        "train.accumulate must divide train.batch_size": train.accumulate >= 1
        and train.batch_size % train.accumulate == 0,
        "train.precision is fp32, bf16 or fp16": train.precision in ("fp32", "bf16", "fp16"),
        "train.decay is constant, linear or cosine": train.decay
        in ("constant", "linear", "cosine"),
        "train.ema_decay lies in [0, 1)": 0 <= train.ema_decay < 1,
        "train.minutes, warmup_steps, clip_norm and final_rate are not negative": min(
            train.minutes, train.warmup_steps, train.clip_norm, train.final_rate
        )
        >= 0,
        "data.held_out lies in (0, 1)": 0 < data.held_out < 1,
        "data.channels is 0, 1 or 3": data.channels in (0, 1, 3),
        "data.size_px lies in [0, 2048]": 0 <= data.size_px <= 2048,
    }
    broken = [text for text, holds in rules.items() if not holds]
    if broken:
        raise ConfigError("; ".join(broken))
