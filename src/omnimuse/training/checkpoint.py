"""Checkpoints: one safetensors file with the weights, their averages and the optimisers' state.

Tensors are named `model.*`, `ema.*` and `optimizer.NAME.INDEX.KEY`; what is no tensor (parameter
groups, step, settings) is JSON in the header. No pickle anywhere, so a checkpoint from a stranger
can be refused but cannot run code. A file appears whole or not at all: it is written beside its
place, flushed to disk and renamed, so a full disk or a killed process leaves the old one.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omnimuse.errors import CheckpointError, StorageError

FORMAT = "omnimuse-training-1"
CHECKPOINT_NAME = "checkpoint.safetensors"
WEIGHTS_NAME = "model.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A file's content.

    Attributes:
        tensors: by full name.
        meta: the JSON part: `recipe`, `step`, `elapsed_s`, `settings`, `optimizers`, ...
    """

    tensors: Mapping[str, Any]
    meta: Mapping[str, Any]

    def part(self, prefix: str) -> dict[str, Any]:
        """The tensors below `prefix.`, by the rest of their names."""
        start = prefix + "."
        return {
            name.removeprefix(start): value
            for name, value in self.tensors.items()
            if name.startswith(start)
        }


def write(path: Path, tensors: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
    """Write a checkpoint, whole or not at all.

    Raises:
        StorageError: no space or no permission; what was at `path` before is still there.
    """
    from safetensors.torch import save

    unique, aliases = _without_aliases(tensors)
    header = {"format": FORMAT, "meta": json.dumps({**meta, "aliases": aliases}, sort_keys=True)}
    write_bytes(path, save(unique, metadata=header))


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file's content in one step.

    Raises:
        StorageError: no space or no permission; what was at `path` before is still there.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise StorageError(
            f"cannot save {path.name}: {error.strerror}",
            hint="The last checkpoint is unharmed: make room and go on with --resume.",
        ) from None


def read(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: missing, truncated, of another format, or not safetensors at all.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise CheckpointError(f"there is no checkpoint {path}", hint="Was the run ever saved?")
    try:
        with safe_open(str(path), framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} is no whole safetensors file: {error}",
            hint="Only safetensors files are read, since others can carry code.",
        ) from None
    if header.get("format") != FORMAT:
        raise CheckpointError(
            f"{path.name} was not written by a training run",
            hint=f"Its format is {header.get('format')!r}, wanted {FORMAT!r}.",
        )
    return _with_aliases(tensors, _meta(header, path), path)


def _meta(header: Mapping[str, str], path: Path) -> dict[str, Any]:
    try:
        meta = json.loads(header.get("meta", ""))
    except ValueError:
        meta = None
    if not isinstance(meta, dict):
        raise CheckpointError(f"{path.name} has a damaged header")
    return meta


def _without_aliases(tensors: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Tied tensors once, since safetensors refuses shared memory; and who is who."""
    unique: dict[str, Any] = {}
    aliases: dict[str, str] = {}
    seen: dict[tuple[Any, ...], str] = {}
    for name, value in tensors.items():
        key = (value.data_ptr(), value.shape, value.dtype, value.stride())
        if value.numel() and key in seen:
            aliases[name] = seen[key]
            continue
        seen[key] = name
        unique[name] = value.detach().cpu().contiguous()
    storages: set[int] = set()
    for name, value in unique.items():  # views of one storage that differ in shape or place
        pointer = value.untyped_storage().data_ptr()
        if pointer in storages:
            unique[name] = value.clone()
        storages.add(pointer)
    return unique, aliases


def _with_aliases(tensors: dict[str, Any], meta: dict[str, Any], path: Path) -> Checkpoint:
    for name, other in meta.pop("aliases", {}).items():
        if other not in tensors:
            raise CheckpointError(f"{path.name}: {name} stands for {other}, which is missing")
        tensors[name] = tensors[other]
    return Checkpoint(tensors, meta)


def trained_names(module: Any) -> frozenset[str]:
    """The parameters that training changes."""
    return frozenset(name for name, value in module.named_parameters() if value.requires_grad)


def module_state(module: Any, only: frozenset[str] | None = None) -> dict[str, Any]:
    """A module's tensors by name; only some where the rest comes from a base."""
    state: dict[str, Any] = module.state_dict()
    return {name: value for name, value in state.items() if only is None or name in only}


def load_module(
    module: Any, tensors: Mapping[str, Any], what: str, only: frozenset[str] | None = None
) -> None:
    """Put tensors into a module, all of them or none.

    Args:
        module: where they go.
        tensors: by name.
        what: names the file in errors.
        only: the names that are wanted; all of the module's if None.

    Raises:
        CheckpointError: names or shapes are not the module's.
    """
    own = module_state(module, only)
    missing, surplus = sorted(set(own) - set(tensors)), sorted(set(tensors) - set(own))
    if missing or surplus:
        raise CheckpointError(
            f"{what} is of another model: {len(missing)} tensors missing, {len(surplus)} too many",
            hint=f"First: {', '.join((missing + surplus)[:3])}. Other settings, or another recipe?",
        )
    for name, value in own.items():
        if value.shape != tensors[name].shape:
            raise CheckpointError(
                f"{what}: {name} is {tuple(tensors[name].shape)}, the model's {tuple(value.shape)}",
                hint="Use the settings that it was trained with.",
            )
    module.load_state_dict(dict(tensors), strict=only is None)


def pack_optimizer(name: str, optimizer: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """An optimiser's state as named tensors and as JSON."""
    import torch

    state = optimizer.state_dict()
    tensors: dict[str, Any] = {}
    scalars: dict[str, dict[str, Any]] = {}
    for index, entries in state["state"].items():
        for key, value in entries.items():
            if isinstance(value, torch.Tensor):
                tensors[f"optimizer.{name}.{index}.{key}"] = value
            else:
                scalars.setdefault(str(index), {})[key] = value
    return tensors, {"groups": state["param_groups"], "scalars": scalars}


def unpack_optimizer(
    name: str, optimizer: Any, saved: Checkpoint,
    fit: Callable[[Any, Any], Any] = lambda parameter, value: value,
) -> None:  # fmt: skip
    """Put saved state back into an optimiser.

    Args:
        name: of the optimiser.
        optimizer: where it goes.
        saved: what `pack_optimizer` gave.
        fit: brings a value to the form of its parameter.

    Raises:
        CheckpointError: the state is of another optimiser.
    """
    entry = saved.meta.get("optimizers", {}).get(name)
    if entry is None:
        raise CheckpointError(f"the checkpoint has no optimiser {name!r}")
    state: dict[int, dict[str, Any]] = {}
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for path, value in saved.part(f"optimizer.{name}").items():
        index, _, key = path.partition(".")
        if int(index) >= len(parameters):
            raise CheckpointError(f"optimiser {name!r} does not fit: it has more parameters")
        state.setdefault(int(index), {})[key] = fit(parameters[int(index)], value)
    for index, entries in entry["scalars"].items():
        state.setdefault(int(index), {}).update(entries)
    try:
        optimizer.load_state_dict({"state": state, "param_groups": entry["groups"]})
    except (ValueError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"optimiser {name!r} does not fit: {error}") from None
