"""Settling a node: its outputs through the gate, into the library, onto the record, in that order.

No output reaches the library, the cache or a checkpoint without passing the gate first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from omnimuse.assets.asset import Asset, Origin
from omnimuse.errors import ToolError
from omnimuse.execution.cache import ResultCache
from omnimuse.execution.keys import input_ids
from omnimuse.execution.results import AssetStore, Outputs, from_record, to_record
from omnimuse.execution.runs import RunFolder, now
from omnimuse.execution.task import NodeResult, NodeTask
from omnimuse.request import Event

_MAX_KEPT_BYTES = 1 << 20


class Gate(Protocol):
    """Looks at an output before it is stored; gives it back, changed or not.

    A gate (or the object whose method it is) with an attribute `policy_key: str` says which policy
    it enforces: results that another policy let pass are not reused.
    """

    def __call__(self, asset: Asset, task: NodeTask, /) -> Asset:
        """Pass the asset on.

        Raises:
            SafetyRefusal: it may not leave.
        """
        ...


def policy_of(gate: Gate | None) -> str:
    """What identifies the gate in keys of results."""
    if gate is None:
        return "none"
    owner = getattr(gate, "__self__", gate)  # of a bound method its object knows the policy
    key = getattr(owner, "policy_key", None)
    if isinstance(key, str):
        return key
    name = getattr(gate, "__qualname__", type(gate).__qualname__)
    return f"{getattr(gate, '__module__', type(gate).__module__)}.{name}"


@dataclass(frozen=True)
class Found:
    """A result that was at hand, and where: `checkpoint` or `cache`."""

    outputs: Outputs
    source: str


class Settler:
    """Keeps results of one run; its methods may be called from any thread.

    Args:
        library: where assets are stored.
        gate: see `Gate`.
        cache: results of all runs.
        folder: checkpoints of this run; what it holds already counts as finished.
        is_cache_read: take results of other runs.
    """

    def __init__(
        self,
        library: AssetStore,
        *,
        gate: Gate | None,
        cache: ResultCache | None,
        folder: RunFolder | None,
        is_cache_read: bool,
    ) -> None:
        self._library = library
        self._gate = gate
        self._cache = cache
        self._folder = folder
        self._is_cache_read = is_cache_read
        self._earlier = folder.nodes() if folder else {}
        self.policy = policy_of(gate)
        self.keeps = folder is not None or cache is not None

    def find(self, node_id: str, key: str) -> Found | None:
        """A result under this key: this run's own from before an interruption, or any run's."""
        record = self._earlier.get(node_id)
        if record is not None and record.get("key") == key:
            outputs = from_record(record.get("outputs"), self._library)
            if outputs is not None:
                return Found(outputs, "checkpoint")
        if self._cache is None or not self._is_cache_read:
            return None
        record = self._cache.get(key)
        if record is None:
            return None
        outputs = from_record(record.get("outputs"), self._library)
        if outputs is None:
            self._cache.forget(key)
            return None
        return Found(outputs, "cache")

    def reuse(self, task: NodeTask, key: str, found: Found) -> None:
        """Note that the node has this result, so that a resumed run finds it too."""
        if self._folder is not None and found.source != "checkpoint":
            self._folder.save_node(_record(task, key, found.outputs, (), 0.0))

    def note(self, event: Event) -> None:
        """Write an event to the run's log; progress is for watching only."""
        if self._folder is not None and event.type != "node_progress":
            self._folder.append_event(asdict(event))

    def settle(self, task: NodeTask, key: str, result: NodeResult) -> Outputs:
        """Gate, store and record what a tool gave.

        Raises:
            SafetyRefusal: the gate refused an output; nothing of the node is kept.
            StorageError: the disk is full, not writable, or the library damaged.
        """
        passed = {name: self._through_gate(value, task) for name, value in result.outputs.items()}
        outputs = {name: self._store(name, value, task, result) for name, value in passed.items()}
        if not self.keeps:
            return outputs
        models = tuple(card.card for card in result.models)
        record = _record(task, key, outputs, models, result.seconds)
        if self._folder is not None:
            self._folder.save_node(record)
        if self._cache is not None:
            self._cache.put(key, task.tool, {"outputs": record["outputs"], "run": task.run_id})
        return outputs

    def _through_gate(
        self, value: Asset | tuple[Asset, ...], task: NodeTask
    ) -> Asset | tuple[Asset, ...]:
        if isinstance(value, tuple):
            return tuple(self._pass(asset, task) for asset in value)
        return self._pass(value, task)

    def _pass(self, asset: Asset, task: NodeTask) -> Asset:
        if self._gate is None:
            return asset
        passed = self._gate(asset, task)
        if not isinstance(passed, Asset) or passed.kind != asset.kind:
            raise ToolError(
                f"the output gate gave back {type(passed).__name__} for a {asset.kind}",
                node_id=task.node_id,
                hint="A gate must return the asset, or one of the same kind.",
            )
        return passed

    def _store(
        self, port: str, value: Asset | tuple[Asset, ...], task: NodeTask, result: NodeResult
    ) -> Asset | tuple[Asset, ...]:
        origin = Origin(
            run=task.run_id,
            node=task.node_id,
            port=port,
            tool=task.tool,
            version=task.version,
            arguments=dict(task.arguments),
            seed=task.seed,
            models=tuple(card.as_use() for card in result.models),
            inputs=input_ids(task.inputs),
            created=now(),
        )
        if isinstance(value, tuple):
            return tuple(self._put(asset, origin, task) for asset in value)
        return self._put(value, origin, task)

    def _put(self, asset: Asset, origin: Origin, task: NodeTask) -> Asset:
        is_own_file = asset.path is not None and asset.path.is_relative_to(task.workdir)
        stored = self._library.put(asset, origin, can_link=is_own_file)
        # Large bytes are read again from the library where they are needed, not kept for the run.
        data = stored.data if stored.size_bytes <= _MAX_KEPT_BYTES else None
        return replace(stored, kind=asset.kind, data=data)


def _record(
    task: NodeTask, key: str, outputs: Outputs, models: tuple[str, ...], seconds: float
) -> Mapping[str, Any]:
    """A finished node, as it is written to disk."""
    return {
        "version": 1,
        "node": task.node_id,
        "tool": task.tool,
        "tool_version": task.version,
        "key": key,
        "seed": task.seed,
        "arguments": dict(task.arguments),
        "inputs": {name: list(ids) for name, ids in input_ids(task.inputs).items()},
        "models": list(models),
        "outputs": to_record(outputs),
        "seconds": round(seconds, 6),
        "finished": now(),
    }
