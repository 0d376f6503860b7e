"""Executor: a checked plan in, assets out; in parallel, cached, resumable.

A node that is ready goes to the engine; what its tool gave passes the gate, is stored and recorded;
then whatever waited for it is ready. A finished node is on disk before anything that reads from it
starts. `omnimuse.execution.schedule` has the loop, `omnimuse.execution.settle` the storing.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from omnimuse.assets.asset import Asset
from omnimuse.config import Settings
from omnimuse.errors import ConfigError, OmnimuseError, RunCancelled, SafetyRefusal
from omnimuse.execution.cache import ResultCache
from omnimuse.execution.engine import Engine, LocalEngine
from omnimuse.execution.results import AssetStore, Outputs
from omnimuse.execution.roles import ResolvedRoles, Resolver, RoleProvider
from omnimuse.execution.runs import RunFolder, RunStore, now
from omnimuse.execution.schedule import Schedule
from omnimuse.execution.settle import Gate, Settler, policy_of
from omnimuse.execution.worker import NodeWorker, Tools
from omnimuse.graph.check import check_plan
from omnimuse.graph.plan import Plan
from omnimuse.request import Event

RunStatus = Literal["succeeded", "failed", "refused"]


class Limits(Protocol):
    """The settings that execution reads; `omnimuse.config.Settings` has them."""

    @property
    def node_timeout_s(self) -> float:
        """Seconds that one node may take."""
        ...


@dataclass(frozen=True)
class RunResult:
    """How a run ended.

    Attributes:
        run_id: the run.
        status: succeeded, failed, or refused by the output gate.
        outputs: of every node that finished: node id -> output name -> asset or assets.
        errors: of the nodes that failed, in plan order, each with its `node_id`; a refusal is a
            `SafetyRefusal` among them.
        skipped: nodes that did not run because another one failed or was refused.
        reused: nodes whose results were at hand: from the cache, or from before an interruption.
        timings: seconds by node; 0 for those that were at hand.
        seconds: wall time of the whole.
    """

    run_id: str
    status: RunStatus
    outputs: Mapping[str, Outputs]
    errors: tuple[OmnimuseError, ...] = ()
    skipped: tuple[str, ...] = ()
    reused: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def refusal(self) -> SafetyRefusal | None:
        """What the output gate said, if it refused."""
        return next((error for error in self.errors if isinstance(error, SafetyRefusal)), None)


class Executor:
    """Runs plans.

    Args:
        registry: the tools.
        library: where assets are stored.
        runs: checkpoints; none if None (nothing can be resumed).
        cache: results of earlier runs; none if None.
        engine: runs the tools.
        roles: finds the cards of roles.
        gate: looks at each output before it is stored; may change it or raise `SafetyRefusal`.
        settings: `node_timeout_s`.
        retries: how often a node with a retryable fault is tried again.
        backoff_s: pause before the first retry; doubles each time.
    """

    def __init__(
        self,
        *,
        registry: Tools,
        library: AssetStore,
        engine: Engine,
        roles: RoleProvider,
        settings: Limits,
        runs: RunStore | None = None,
        cache: ResultCache | None = None,
        gate: Gate | None = None,
        retries: int = 2,
        backoff_s: float = 0.5,
    ) -> None:
        self.registry = registry
        self.library = library
        self.engine = engine
        self.roles = roles
        self.settings = settings
        self.runs = runs
        self.cache = cache
        self.gate = gate
        self.retries = retries
        self.backoff_s = backoff_s

    def close(self) -> None:
        """Wait for running tools, close the cache."""
        self.engine.shutdown()
        if self.cache is not None:
            self.cache.close()

    def execute(
        self,
        plan: Plan,
        attachments: Sequence[Asset] = (),
        *,
        run_id: str,
        seed: int,
        on_event: Callable[[Event], None] = lambda event: None,
        cancel: threading.Event | None = None,
        models: Mapping[str, str] | None = None,
        use_cache: bool = True,
    ) -> RunResult:
        """Run a plan, or go on with one that was interrupted under the same run id.

        Args:
            plan: it is checked again.
            attachments: the request's, already in the library.
            run_id: results of this run that are on disk are not computed again.
            seed: of the run; each node's follows from it.
            on_event: called by one thread at a time, in order, but not always by the same; it must
                be quick, the run waits for it. What it raises ends the run and is raised here.
            cancel: set it to stop: running tools are asked to end, finished nodes are kept.
            models: role -> card name, the caller's choices.
            use_cache: take results of other runs; a replay says no.

        Raises:
            PlanError: the plan may not run; the first of its errors.
            InputError: another process runs this run now.
            StorageError: the run's folder cannot be written.
            RunCancelled: `cancel` was set before all was done; what finished is on disk.
        """
        specs = {name: self.registry.spec(name) for name in {node.tool for node in plan.nodes}}
        problems = check_plan(
            plan, specs, [asset.kind for asset in attachments], max_nodes=len(plan.nodes)
        )
        if problems:
            raise problems[0]
        began = time.perf_counter()
        with self._opened(run_id, plan, seed, attachments, models or {}) as (folder, work):
            settler = Settler(
                self.library,
                gate=self.gate,
                cache=self.cache,
                folder=folder,
                is_cache_read=use_cache,
            )
            schedule = Schedule(
                self,
                plan,
                attachments,
                run_id=run_id,
                seed=seed,
                specs=specs,
                models=dict(models or {}),
                settler=settler,
                work=work,
                on_event=on_event,
                cancel=cancel or threading.Event(),
                began=began,
            )
            try:
                schedule.run()
            finally:
                schedule.stop()
            result = _result(run_id, plan, schedule, time.perf_counter() - began)
            is_cut_short = schedule.is_cancelled and result.status == "failed" and result.skipped
            status = "cancelled" if is_cut_short else result.status
            if folder is not None:
                folder.update(**_closing(result, status))
        if is_cut_short:
            raise RunCancelled(
                f"run {run_id} was cancelled",
                hint=f"`omnimuse runs resume {run_id}` goes on where it stopped.",
            )
        return result

    @contextmanager
    def _opened(
        self,
        run_id: str,
        plan: Plan,
        seed: int,
        attachments: Sequence[Asset],
        models: Mapping[str, str],
    ) -> Iterator[tuple[RunFolder | None, Path]]:
        """The run's folder, locked and up to date, and a place for temporary files."""
        if self.runs is None:
            work = Path(tempfile.mkdtemp(prefix="omnimuse-"))
            try:
                yield None, work
            finally:
                shutil.rmtree(work, ignore_errors=True)
            return
        folder = self.runs.folder(run_id)
        with folder.lock():
            folder.prepare()
            folder.save_plan(plan)
            folder.update(
                status="running",
                seed=seed,
                models=dict(models),
                attachments=[asset.id for asset in attachments],
                policy=policy_of(self.gate),
            )
            try:
                yield folder, folder.work
            except OmnimuseError as error:
                folder.update(status="failed", errors=[error.to_json()], finished=now())
                raise
            finally:
                folder.close()


def make_executor(
    settings: Settings,
    *,
    registry: Tools,
    library: AssetStore,
    runs: RunStore,
    roles: Resolver,
    gate: Gate | None = None,
) -> Executor:
    """The executor of a home: threads of this process, checkpoints and cache on disk.

    Raises:
        StorageError: the home cannot be written.
        ConfigError: an engine that there is not.
    """
    if settings.engine != "local":
        raise ConfigError(f"no engine is called {settings.engine!r}", hint="Engines: local.")
    resolved = ResolvedRoles(roles)
    engine = LocalEngine(
        NodeWorker(registry, resolved),
        workers=settings.worker_count,
        limit_mb=settings.memory_limit_mb,
    )
    return Executor(
        registry=registry,
        library=library,
        engine=engine,
        roles=resolved,
        settings=settings,
        runs=runs,
        cache=ResultCache(settings.home / "cache.sqlite3"),
        gate=gate,
    )


def _result(run_id: str, plan: Plan, schedule: Schedule, seconds: float) -> RunResult:
    """What the schedule came to, in plan order."""
    nodes = [node.id for node in plan.nodes]
    errors = tuple(schedule.failures[name] for name in nodes if name in schedule.failures)
    status: RunStatus = "succeeded" if len(schedule.outputs) == len(nodes) else "failed"
    if any(isinstance(error, SafetyRefusal) for error in errors):
        status = "refused"
    return RunResult(
        run_id=run_id,
        status=status,
        outputs={name: schedule.outputs[name] for name in nodes if name in schedule.outputs},
        errors=errors,
        skipped=tuple(name for name in nodes if name in schedule.skipped),
        reused=tuple(name for name in nodes if name in schedule.reused),
        timings={name: schedule.seconds[name] for name in nodes if name in schedule.seconds},
        seconds=round(seconds, 6),
    )


def _closing(result: RunResult, status: str) -> dict[str, Any]:
    """What run.json says at the end."""
    return {
        "status": status,
        "finished": now(),
        "errors": [error.to_json() for error in result.errors],
        "skipped": list(result.skipped),
        "reused": list(result.reused),
        "timings": {"run": result.seconds, "nodes": dict(result.timings)},
    }
