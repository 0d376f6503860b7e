"""One tool call, from task to result: inputs delivered, outputs checked, every fault named."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from omnimuse.assets.asset import Asset
from omnimuse.errors import (
    DeviceMemoryError,
    OmnimuseError,
    StorageError,
    ToolError,
)
from omnimuse.execution.roles import RoleProvider
from omnimuse.execution.task import NodeResult, NodeTask, RoleCard, Signals
from omnimuse.graph.kinds import accepts, is_textual
from omnimuse.graph.spec import Port, ToolSpec
from omnimuse.tools.context import ToolContext

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


class Tools(Protocol):
    """What execution asks of a tool registry."""

    def function(self, name: str) -> Callable[..., Any]:
        """The tool function."""
        ...

    def spec(self, name: str) -> ToolSpec:
        """Its spec."""
        ...


class NodeWorker:
    """Calls tools. Holds no state of a run, so each process of an engine can have its own.

    Args:
        tools: the registry.
        roles: who plays the roles that tools ask for.
    """

    def __init__(self, tools: Tools, roles: RoleProvider) -> None:
        self._tools = tools
        self._roles = roles

    def __call__(self, task: NodeTask, signals: Signals) -> NodeResult:
        """Run the tool.

        Raises:
            OmnimuseError: a fault or an outcome that the tool named itself.
            ToolError: anything else that went wrong in it, or outputs that break its spec.
        """
        spec, function = self._tools.spec(task.tool), self._tools.function(task.tool)
        used: dict[str, RoleCard] = {}
        began = time.perf_counter()
        try:
            with ExitStack() as leases:
                context = _Context(
                    seed=task.seed,
                    workdir=task.workdir,
                    role=lambda name: self._role(name, task, spec, used, leases),
                    report=signals.report,
                    is_cancelled=signals.is_cancelled,
                )
                result = function(context, **_call_arguments(task, spec))
        except OmnimuseError:
            raise
        except MemoryError as error:
            raise DeviceMemoryError(
                f"{task.tool} ran out of memory", node_id=task.node_id, hint="Ask for less."
            ) from error
        except Exception as error:
            raise _named(error, task) from error
        seconds = time.perf_counter() - began
        return NodeResult(_outputs(result, spec, task), tuple(used.values()), seconds)

    def _role(
        self,
        name: str,
        task: NodeTask,
        spec: ToolSpec,
        used: dict[str, RoleCard],
        leases: ExitStack,
    ) -> Any:
        if name not in spec.roles:
            raise ToolError(
                f"{spec.name} asked for the role {name!r}, which it does not declare",
                node_id=task.node_id,
                hint=f"Declare it: @tool(roles=({name!r},)).",
            )
        card = task.models.get(name) or self._roles.resolve(name, task.choices.get(name))
        used[name] = card
        return leases.enter_context(self._roles.lease(name, card.card))


class _Context(ToolContext):
    """A context whose work folder is made when the tool first asks for it; many never do."""

    _folder: Path

    @property
    def workdir(self) -> Path:
        """The folder; it exists."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"cannot make a work folder: {error.strerror}",
                hint="Free some space, or set OMNIMUSE_HOME to a folder that you can write.",
            ) from None
        return self._folder

    @workdir.setter
    def workdir(self, folder: Path) -> None:
        self._folder = folder


def _named(error: Exception, task: NodeTask) -> OmnimuseError:
    """An unknown exception out of a tool, as an error of its node."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, OSError) and error.errno in _FULL:
        return StorageError(
            f"{task.tool} cannot write: {error.strerror}",
            node_id=task.node_id,
            hint="Free some space, or set OMNIMUSE_HOME to a folder that has some.",
        )
    return ToolError(
        f"{task.tool} failed: {text}",
        node_id=task.node_id,
        hint="A fault of the tool: try other arguments, or report it with `runs show`.",
    )


def _call_arguments(task: NodeTask, spec: ToolSpec) -> dict[str, Any]:
    """Keyword arguments: plain values, assets, and texts wrapped into assets."""
    keywords: dict[str, Any] = dict(task.inputs)
    for name, value in task.arguments.items():
        port = spec.input(name)
        if port is not None and is_textual(port.kind):
            keywords[name] = (
                tuple(Asset.from_text(text, port.kind) for text in value)
                if port.is_list
                else Asset.from_text(value, port.kind)
            )
        elif spec.param(name) is not None:
            keywords[name] = value
    return keywords


def _outputs(
    result: Any, spec: ToolSpec, task: NodeTask
) -> Mapping[str, Asset | tuple[Asset, ...]]:
    """The outputs by name; optional ones that are None are left out.

    Raises:
        ToolError: not what the spec promises.
    """
    is_named = hasattr(result, "_fields")
    values = result._asdict() if is_named else {spec.outputs[0].name: result}
    outputs: dict[str, Asset | tuple[Asset, ...]] = {}
    for port in spec.outputs:
        value = values.get(port.name)
        if value is None and is_named and port is not spec.outputs[0]:
            continue
        items = tuple(value) if port.is_list and isinstance(value, list | tuple) else (value,)
        for item in items:
            _check_output(item, port, task)
        outputs[port.name] = items if port.is_list else items[0]
    return outputs


def _check_output(item: Any, port: Port, task: NodeTask) -> None:
    given = item.kind if isinstance(item, Asset) else type(item).__name__
    if not isinstance(item, Asset) or not accepts(port.kind, item.kind):
        raise ToolError(
            f"{task.tool} promised {port.kind} as {port.name}, and gave {given}",
            node_id=task.node_id,
            hint="A fault of the tool: its result must match its return type.",
        )
