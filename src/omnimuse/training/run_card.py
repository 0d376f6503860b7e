"""The model card that a run writes of itself: `card.md` for people, `card.toml` for `omnimuse`.

Figures are the measured ones, beside the trivial model's and the published ones; nothing is claimed
that the run did not see.
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omnimuse.training.checkpoint import write_bytes
from omnimuse.training.dataset import Dataset
from omnimuse.training.recipe import Recipe
from omnimuse.training.settings import RunSettings


@dataclass(frozen=True)
class RunRecord:
    """What a card tells.

    Attributes:
        recipe: the family.
        settings: all sections.
        train: training data.
        held_out: held-out data.
        figures: of the best weights.
        floor: of the trivial model.
        parameters: trained values of the model.
        steps: optimiser steps.
        elapsed_s: time of training.
        device: `cpu`, `cuda`, ...
        command: what was typed; may be empty.
    """

    recipe: Recipe[Any]
    settings: RunSettings
    train: Dataset
    held_out: Dataset
    figures: dict[str, float]
    floor: dict[str, float]
    parameters: int
    steps: int
    elapsed_s: float
    device: str
    command: str = ""


def write_cards(record: RunRecord, folder: Path, weights: Path) -> None:
    """Write `card.md` and `card.toml` beside the weights.

    Raises:
        StorageError: no space.
    """
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    write_bytes(folder / "card.md", markdown(record, weights.name, digest).encode())
    write_bytes(folder / "card.toml", toml(record, weights, digest).encode())


def markdown(record: RunRecord, weights_name: str, digest: str) -> str:
    """The card for people."""
    recipe, train = record.recipe, record.train
    lines = [
        f"# {recipe.name} on {train.name}", "", recipe.summary + ".", "",
        f"- Family: {recipe.family}. Source: {recipe.paper}.",
        f"- Size: {record.parameters:,} trained values.",
        f"- Weights: `{weights_name}`, SHA-256 `{digest}`.",
        "", "## Data", "",
        f"- {train.name}: {len(train):,} samples of {_shape(train)} to train on, "
        f"{len(record.held_out):,} held out.",
        f"- Licence: {train.licence}. Made by: {train.attribution}. Source: {train.source}.",
        f"- SHA-256 of what was trained on: `{train.sha256}`.",
        "", "## Figures on held-out data", "", "| figure | floor | this model | published |",
        "| --- | --- | --- | --- |",
    ]  # fmt: skip
    for name, value in record.figures.items():
        floor = f"{record.floor[name]:.4g}" if name in record.floor else "-"
        published = "; ".join(
            f"{text} ({what})"
            for what, text in recipe.published.items()
            if name in what and train.name.split("-")[0] in what.lower()
        )
        lines.append(f"| {name} | {floor} | {value:.4g} | {published or '-'} |")
    if not record.figures:
        lines.append("| none | - | - | - |")
    lines += [
        "", "The floor is the trivial model that the recipe names. Published figures are shown for "
        "the same data only, and were measured by their own protocol.",
        "", "## Training", "",
        f"- {record.steps:,} steps of {record.settings.train.batch_size}, "
        f"{record.elapsed_s:.0f} s on {record.device} ({platform.machine()}).",
    ]  # fmt: skip
    if record.command:
        lines.append(f"- Command: `{record.command}`")
    lines += ["- Settings:", "", "```json", json.dumps(record.settings.to_dict(), indent=2), "```"]
    lines += [
        "", "## Limits", "",
        "The model knows nothing but its data: use it as a teaching piece and a measure, and look "
        "at `samples.png` before anything else.", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _shape(data: Dataset) -> str:
    return "x".join(map(str, data.spec.shape)) or data.spec.kind


def toml(record: RunRecord, weights: Path, digest: str) -> str:
    """The card for `omnimuse`, in the format of its model cards."""
    megabytes = weights.stat().st_size / 1e6
    recipe, train = record.recipe, record.train
    fields: dict[str, Any] = {
        "name": f"{recipe.name}-{train.name}".lower(),
        "roles": [recipe.role],
        "backend": "zoo",
        "licence": train.licence,
        "attribution": f"trained with Omnimuse on {train.name}: {train.attribution}",
        "description": f"{recipe.summary} ({recipe.paper}), trained on {train.name}.",
        "memory_mb": round(3 * megabytes + 300, 1),
        "disk_mb": round(megabytes, 2),
    }
    lines = [f"{key} = {_value(value)}" for key, value in fields.items()]
    lines += ["", "[[source]]", f"url = {_value('file:' + str(weights.absolute()))}"]
    lines += [f"sha256 = {_value(digest)}", "", "[options]"]
    options = {"recipe": recipe.name, "data": train.name, "data_sha256": train.sha256}
    lines += [f"{key} = {_value(value)}" for key, value in options.items()]
    lines += ["", "[options.figures]"]
    lines += [f"{_value(key)} = {float(value)!r}" for key, value in record.figures.items()]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """A TOML value; JSON's strings and lists are TOML's too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
