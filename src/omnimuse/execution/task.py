"""What travels between the scheduler and an engine: plain data, so that any engine can carry it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omnimuse.assets.asset import Asset, ModelUse


@dataclass(frozen=True)
class RoleCard:
    """The model card that plays a role in a run.

    Attributes:
        role: hub task name.
        card: card name.
        sha256: of its weights; part of the cache key.
        licence: SPDX identifier.
        memory_mb: what the loaded model needs.
    """

    role: str
    card: str
    sha256: str = ""
    licence: str = ""
    memory_mb: float = 0.0

    def as_use(self) -> ModelUse:
        """As it is recorded in an asset's origin."""
        return ModelUse(self.role, self.card, self.sha256, self.licence)


@dataclass(frozen=True)
class NodeTask:
    """One tool call, ready to run.

    Attributes:
        run_id: the run.
        node_id: the node of its plan.
        tool: tool name.
        version: tool version.
        arguments: resolved arguments, defaults filled in; textual inputs given as strings too.
        inputs: assets by input name.
        seed: of the node, 0 <= seed < 2**32.
        models: the card that plays each declared role; roles that nobody can play are missing.
        choices: role -> card name, as the caller chose.
        workdir: a folder for temporary files, the task's alone; made when the tool asks for it.
        memory_mb: rough peak memory of the tool itself, models not counted.
        attempt: 0, then 1, 2, ... when it is retried.
    """

    run_id: str
    node_id: str
    tool: str
    version: str
    arguments: Mapping[str, Any]
    inputs: Mapping[str, Asset | tuple[Asset, ...]]
    seed: int
    workdir: Path
    models: Mapping[str, RoleCard] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    memory_mb: float = 0.0
    attempt: int = 0


@dataclass(frozen=True)
class NodeResult:
    """What a tool call gave.

    Attributes:
        outputs: assets by output name, not yet gated or stored.
        models: the models that the tool asked for.
        seconds: wall time of the tool.
    """

    outputs: Mapping[str, Asset | tuple[Asset, ...]]
    models: tuple[RoleCard, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Signals:
    """The three wires between a running task and the scheduler.

    Attributes:
        started: called once, when the task leaves the queue.
        report: progress, 0 to 1, and what is being done.
        is_cancelled: whether the task should stop.
    """

    started: Callable[[], None] = lambda: None
    report: Callable[[float, str], None] = lambda fraction, message: None
    is_cancelled: Callable[[], bool] = lambda: False
