"""Schedule: one run of one plan, from the first ready node to the last result.

There is no scheduling thread. Whoever settles a node starts, under one lock, what waited for it, so
a chain of nodes runs on in one thread without a single switch. The caller's thread only waits, and
looks now and then for a cancellation, a retry that is due, or a node that takes too long.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING, Any

from omnimuse.assets.asset import Asset
from omnimuse.errors import (
    BackendUnavailableError,
    OmnimuseError,
    RunCancelled,
    RunError,
    RunTimeoutError,
    SafetyRefusal,
    ToolError,
)
from omnimuse.execution.elements import Elements, element_seeds, gathered
from omnimuse.execution.keys import node_seeds, result_key
from omnimuse.execution.results import Outputs
from omnimuse.execution.settle import Settler
from omnimuse.execution.task import NodeResult, NodeTask, RoleCard, Signals
from omnimuse.graph.arguments import resolve_arguments
from omnimuse.graph.order import dependents, readers, sources
from omnimuse.graph.plan import Node, Plan, Ref
from omnimuse.graph.spec import ToolSpec
from omnimuse.request import Event

if TYPE_CHECKING:
    from omnimuse.execution.runner import Executor

_TICK_S = 0.1
_GRACE_S = 10.0


@dataclass(eq=False)
class _Attempt:
    """One try of one node."""

    task: NodeTask
    key: str
    future: Future[NodeResult] | None = None
    started_at: float | None = None
    is_abandoned: bool = False


class Schedule:
    """The state of one run, under one lock."""

    def __init__(
        self,
        executor: Executor,
        plan: Plan,
        attachments: Sequence[Asset],
        *,
        run_id: str,
        seed: int,
        specs: Mapping[str, ToolSpec],
        models: Mapping[str, str],
        settler: Settler,
        work: Path,
        on_event: Callable[[Event], None],
        cancel: Flag,
        began: float,
    ) -> None:
        self._executor, self._engine = executor, executor.engine
        self._plan, self._attachments, self._specs = plan, attachments, specs
        self._run_id, self._choices, self._settler, self._work = run_id, models, settler, work
        self._on_event, self._cancel, self._began = on_event, cancel, began
        self._seeds = node_seeds(plan, seed, attachments)
        self._nodes = {node.id: node for node in plan.nodes}
        self._readers = readers(plan)
        self._waiting = {name: len(origins) for name, origins in sources(plan).items()}
        self._ready = deque(n.id for n in plan.nodes if not self._waiting[n.id])
        self._elements = Elements()
        self._running: dict[str, _Attempt] = {}
        self._retries: list[tuple[float, _Attempt]] = []
        self._cards: dict[str, RoleCard | None] = {}
        self._lock = threading.RLock()
        self._is_done = Flag()
        self._fault: BaseException | None = None
        self._stopping_since: float | None = None
        self._next_watch = 0.0
        self.outputs: dict[str, Outputs] = {}
        self.failures: dict[str, OmnimuseError] = {}
        self.skipped: set[str] = set()
        self.reused: set[str] = set()
        self.seconds: dict[str, float] = {}

    @property
    def is_cancelled(self) -> bool:
        """Whether the caller stopped the run."""
        return self._cancel.is_set()

    def run(self) -> None:
        """Run until nothing is left that could run.

        Raises:
            BaseException: what the listener raised; nothing more is started then.
        """
        with self._lock:
            self._launch_ready()
        while not self._is_done.wait(_TICK_S):
            with self._lock:
                self._watch()
                self._launch_ready()
        with self._lock:
            if self._fault is not None:
                raise self._fault
            for node in self._plan.nodes:
                if not self._is_over(node.id):
                    self._skip(node.id, "the run was stopped")

    def stop(self) -> None:
        """Ask whatever still runs to end, and wait for none of it."""
        with self._lock:
            for attempt in list(self._running.values()):
                self._abandon(attempt)
            self._running.clear()

    def _end_with(self, fault: BaseException) -> None:
        self._fault = self._fault or fault
        self._is_done.set()

    def _is_over(self, node_id: str) -> bool:
        if self._elements.is_done(node_id):
            return True
        node_id = self._elements.owner(node_id)
        return node_id in self.outputs or node_id in self.failures or node_id in self.skipped

    # Starting ----------------------------------------------------------------------------------

    def _launch_ready(self) -> None:
        """Start whatever waits for nothing; results at hand may make more nodes ready."""
        while self._ready and self._fault is None and not self._is_stopped():
            node_id = self._ready.popleft()
            if not self._is_over(node_id):
                self._launch(self._nodes[node_id])
        if not self._running and not self._retries and (not self._ready or self._is_stopped()):
            self._is_done.set()

    def _launch(self, node: Node) -> None:
        try:
            if node.each:
                self._spread(node)
                return
            task = self._task(node)
            roles = self._specs[node.tool].roles
            key = result_key(task, roles, self._settler.policy) if self._settler.keeps else ""
            found = self._settler.find(node.id, key) if key else None
            if found is not None:
                self._settler.reuse(task, key, found)
                if node.id == self._elements.owner(node.id):
                    self._emit("node_cached", node.id, data={"from": found.source})
                    self.reused.add(node.id)
                self._finish(node.id, found.outputs, 0.0, is_found=True)
                return
            self._submit(_Attempt(task, key))
        except OmnimuseError as error:
            self._fail(node.id, error)

    def _spread(self, node: Node) -> None:
        """Start a node that is run for each element of a list."""
        items = self._items(node, node.each)
        if not items:
            raise ToolError(f"{node.id} has no elements to work on", node_id=node.id)
        parts = self._elements.spread(node, items)
        self._seeds.update(element_seeds(parts, self._seeds[node.id]))
        self._emit("node_started", node.id, message=f"{len(parts)} elements")
        for part in parts:
            self._nodes[part.id], self._readers[part.id] = part, ()
        self._ready.extend(part.id for part in parts)

    def _submit(self, attempt: _Attempt) -> None:
        task = attempt.task
        self._emit("node_queued", task.node_id)
        self._running[task.node_id] = attempt
        signals = Signals(
            started=partial(self._hear_start, attempt),
            report=partial(self._hear_progress, attempt),
            is_cancelled=lambda: attempt.is_abandoned or self._is_stopped(),
        )
        attempt.future = self._engine.submit(task, signals)
        attempt.future.add_done_callback(partial(self._settle, attempt))

    def _task(self, node: Node) -> NodeTask:
        spec = self._specs[node.tool]
        arguments = resolve_arguments(spec, node.arguments)
        if spec.param("seed") is None:
            arguments.pop("seed", None)
        return NodeTask(
            run_id=self._run_id,
            node_id=node.id,
            tool=spec.name,
            version=spec.version,
            arguments=arguments,
            inputs={name: self._deliver(node, name) for name in node.inputs},
            seed=self._seeds[node.id],
            workdir=self._work / node.id,
            models={role: card for role in spec.roles if (card := self._card(role))},
            choices={role: self._choices[role] for role in spec.roles if role in self._choices},
            memory_mb=spec.memory_mb,
        )

    def _card(self, role: str) -> RoleCard | None:
        """The card of a role, asked for once in a run; None if nobody can play it."""
        if role not in self._cards:
            try:
                card = self._executor.roles.resolve(role, self._choices.get(role))
            except BackendUnavailableError:
                card = None  # refused by name when, and only when, the tool asks for it
            self._cards[role] = card
        return self._cards[role]

    def _deliver(self, node: Node, name: str) -> Asset | tuple[Asset, ...]:
        """The assets of one input; lists of lists become one list."""
        element = self._elements.element(node.id, name)
        if element is not None:
            return element
        items, port = self._items(node, name), self._specs[node.tool].input(name)
        return items if port is not None and port.is_list else items[0]

    def _items(self, node: Node, name: str) -> tuple[Asset, ...]:
        """All assets of one input, lists of lists in one."""
        value = node.inputs[name]
        items: list[Asset] = []
        for ref in value if isinstance(value, tuple) else (value,):
            given = self._value(node, ref)
            items.extend(given if isinstance(given, tuple) else (given,))
        return tuple(items)

    def _value(self, node: Node, ref: Ref) -> Asset | tuple[Asset, ...]:
        if ref.is_attachment:
            return self._attachments[int(ref.port)]
        place = ref.place
        spec = self._specs[self._nodes[ref.node].tool]
        port = spec.output("" if place is not None else ref.port)
        given = self.outputs[ref.node].get(port.name) if port else None
        if place is not None and isinstance(given, tuple):
            if place >= len(given):
                raise ToolError(f"{ref.node} gave {len(given)}, not {place + 1}", node_id=node.id)
            return given[place]
        if given is None:
            raise ToolError(
                f"{ref} gave nothing this time", node_id=node.id, hint="That output is optional."
            )
        return given

    # Hearing, in the engine's threads ------------------------------------------------------------

    def _hear_start(self, attempt: _Attempt) -> None:
        attempt.started_at = time.monotonic()
        with self._lock:
            if self._is_current(attempt):
                self._emit("node_started", attempt.task.node_id)

    def _hear_progress(self, attempt: _Attempt, fraction: float, message: str) -> None:
        fraction = min(1.0, max(0.0, fraction))
        with self._lock:
            if self._is_current(attempt):
                self._emit(
                    "node_progress", attempt.task.node_id, fraction=fraction, message=message
                )

    def _settle(self, attempt: _Attempt, future: Future[NodeResult]) -> None:
        """Called when the tool is done. Whatever happens here, the caller's thread hears of it."""
        try:
            outputs, seconds, error = self._outcome(attempt, future)
            with self._lock:
                if self._is_current(attempt):
                    del self._running[attempt.task.node_id]
                    if outputs is None:
                        self._judge(attempt, error)
                    else:
                        self._accept(attempt.task, outputs, seconds)
                    self._launch_ready()
        except BaseException as fault:
            self._end_with(fault)

    def _outcome(
        self, attempt: _Attempt, future: Future[NodeResult]
    ) -> tuple[Outputs | None, float, BaseException | None]:
        """The slow part, outside the lock: the gate, storing, the node's record."""
        try:
            if future.cancelled():
                raise RunCancelled("cancelled before it started")
            result = future.result()
            if attempt.is_abandoned:
                raise RunCancelled("came too late")
            return self._settler.settle(attempt.task, attempt.key, result), result.seconds, None
        except BaseException as error:
            return None, 0.0, error  # judged under the lock
        finally:
            _remove(attempt.task.workdir)

    def _is_current(self, attempt: _Attempt) -> bool:
        """Whether it was neither given up nor settled."""
        return self._running.get(attempt.task.node_id) is attempt

    # Judging -------------------------------------------------------------------------------------

    def _accept(self, task: NodeTask, outputs: Outputs, seconds: float) -> None:
        if task.node_id == self._elements.owner(task.node_id):
            data = {"seconds": round(seconds, 6)}
            self._emit("node_finished", task.node_id, fraction=1.0, data=data)
        self._finish(task.node_id, outputs, seconds)

    def _judge(self, attempt: _Attempt, error: BaseException | None) -> None:
        """Outcome, retry or failure."""
        task = attempt.task
        if isinstance(error, SafetyRefusal):
            self._begin_stop()
            self._fail(task.node_id, error)
        elif isinstance(error, RunCancelled):
            if not self._is_stopped():
                self._fail(task.node_id, ToolError(f"{task.tool} stopped itself: {error}"))
            else:
                self._skip(task.node_id, "the run was stopped")
        elif not isinstance(error, OmnimuseError):
            if not isinstance(error, Exception):
                raise error or RuntimeError("an engine gave neither result nor error")
            self._fail(task.node_id, _unforeseen(task, error))
        elif error.retryable and task.attempt < self._executor.retries and not self._is_stopped():
            pause = self._executor.backoff_s * 2**task.attempt
            again = replace(
                task,
                attempt=task.attempt + 1,
                workdir=self._work / f"{task.node_id}.{task.attempt + 1}",
            )
            self._retries.append((time.monotonic() + pause, _Attempt(again, attempt.key)))
            self._emit("node_retried", task.node_id, message=error.message, data={"pause": pause})
        else:
            self._fail(task.node_id, error)

    def _is_stopped(self) -> bool:
        return self._stopping_since is not None or self._cancel.is_set()

    def _finish(
        self, node_id: str, outputs: Outputs, seconds: float, *, is_found: bool = False
    ) -> None:
        owner = self._elements.owner(node_id)
        if owner != node_id:
            whole = self._elements.wholes[owner]
            is_last = self._elements.finish(node_id, outputs, seconds, fresh=not is_found)
            share = len(whole.done) / len(whole.parts)
            said = f"{len(whole.done)} of {len(whole.parts)}"
            self._emit("node_progress", owner, fraction=share, message=said)
            if not is_last:
                return
            node_id, outputs, seconds = owner, gathered(whole), whole.seconds
            if whole.is_fresh:
                data = {"seconds": round(seconds, 6)}
                self._emit("node_finished", owner, fraction=1.0, data=data)
            else:
                self._emit("node_cached", owner, data={"from": "elements"})
                self.reused.add(owner)
        self.outputs[node_id] = outputs
        self.seconds[node_id] = round(seconds, 6)
        for reader in self._readers[node_id]:
            self._waiting[reader] -= 1
            if not self._waiting[reader]:
                self._ready.append(reader)

    def _fail(self, node_id: str, error: OmnimuseError) -> None:
        node_id = self._elements.owner(node_id)
        if node_id in self.failures:
            return  # another element failed before
        if error.node_id not in (None, node_id):
            error = copy(error)  # one fault of a shared model may be the fault of several nodes
        error.node_id = node_id
        self.failures[node_id] = error
        self._emit("node_failed", node_id, message=error.message, data=error.to_json())
        for node in dependents(self._plan, node_id):
            if not self._is_over(node.id):
                self._skip(node.id, f"{node_id} failed")

    def _skip(self, node_id: str, why: str) -> None:
        node_id = self._elements.owner(node_id)
        if node_id in self.skipped:
            return
        self.skipped.add(node_id)
        self._emit("node_skipped", node_id, message=why)

    # Watching ------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Cancellation, retries that are due, nodes that take too long."""
        if self._cancel.is_set() and self._stopping_since is None:
            self._begin_stop()
        moment = time.monotonic()
        if moment < self._next_watch:
            return
        self._next_watch = moment + _TICK_S
        if self._retries:
            due = [attempt for at, attempt in self._retries if at <= moment]
            self._retries = [entry for entry in self._retries if entry[0] > moment]
            for attempt in due:
                self._resubmit(attempt)
        limit = self._executor.settings.node_timeout_s
        for node_id, attempt in list(self._running.items()):
            if attempt.started_at is not None and moment - attempt.started_at > limit > 0:
                self._give_up(attempt)
                self._fail(node_id, _timeout(attempt.task, limit))
        if self._stopping_since is not None and moment - self._stopping_since > _GRACE_S:
            for node_id, attempt in list(self._running.items()):
                self._give_up(attempt)
                self._skip(node_id, "the run was stopped; it did not end when asked to")

    def _resubmit(self, attempt: _Attempt) -> None:
        try:
            self._submit(attempt)
        except OmnimuseError as error:
            self._fail(attempt.task.node_id, error)

    def _begin_stop(self) -> None:
        """Start nothing more; queued tasks leave the queue, running ones see it in their signal."""
        self._stopping_since = time.monotonic()
        self._ready.clear()
        self._retries.clear()
        for attempt in list(self._running.values()):
            if attempt.future is not None:
                attempt.future.cancel()

    def _give_up(self, attempt: _Attempt) -> None:
        del self._running[attempt.task.node_id]
        self._abandon(attempt)

    def _abandon(self, attempt: _Attempt) -> None:
        attempt.is_abandoned = True
        if attempt.future is not None and not attempt.future.cancel():
            self._engine.abandon(attempt.future)

    def _emit(
        self,
        type_: str,
        node_id: str,
        *,
        fraction: float = 0.0,
        message: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        if self._elements.owner(node_id) != node_id:
            if type_ != "node_retried":
                return  # the whole says how many are done
            node_id = self._elements.owner(node_id)
        event = Event(
            type_,
            self._run_id,
            node_id,
            fraction,
            message,
            data or {},
            time.perf_counter() - self._began,
        )
        try:
            self._settler.note(event)
            self._on_event(event)
        except BaseException as fault:
            # Not the fault of the node whose event it is: it ends the run, in the caller's thread.
            self._end_with(fault)


def _timeout(task: NodeTask, limit_s: float) -> RunTimeoutError:
    return RunTimeoutError(
        f"{task.tool} took longer than {limit_s:g} s",
        node_id=task.node_id,
        hint="Ask for less at once, or raise node_timeout_s.",
    )


def _unforeseen(task: NodeTask, error: Exception) -> RunError:
    """A fault of the gate or of storing, not of the tool: the output is not kept."""
    return RunError(
        f"the results of {task.tool} could not be checked or stored: "
        f"{type(error).__name__}: {error}",
        node_id=task.node_id,
        hint="Nothing of this node was kept.",
    )


def _remove(folder: Path) -> None:
    """Most tools never ask for their work folder; that case is the cheap one."""
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
