"""Engines run node tasks: the protocol, and the one that uses threads of this process."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from omnimuse.errors import DeviceMemoryError
from omnimuse.execution.memory import MemoryLedger, memory_limit_mb
from omnimuse.execution.task import NodeResult, NodeTask, Signals

_MAX_OVERTAKEN = 8
_NO_SIGNALS = Signals()


class Engine(Protocol):
    """Runs tasks somewhere. Nothing above it assumes one process or one machine."""

    def submit(self, task: NodeTask, signals: Signals = _NO_SIGNALS) -> Future[NodeResult]:
        """Queue a task. The future's error is the task's; it may be cancelled until it starts."""
        ...

    def abandon(self, future: Future[NodeResult]) -> None:
        """Do not wait for this running task any more: it took too long, or ignores its end."""
        ...

    def shutdown(self) -> None:
        """Take no more tasks, let the running ones finish."""
        ...


@dataclass(eq=False)
class _Job:
    task: NodeTask
    signals: Signals
    future: Future[NodeResult] = field(default_factory=Future)
    overtaken: int = 0


class LocalEngine:
    """Threads of this process, and a memory limit that the running tasks together keep.

    Tasks start in the order in which they came, except that one too large for what is left lets
    smaller ones pass, a few times. Tools spend their time in native code, which frees the
    interpreter.

    Args:
        worker: runs one task.
        workers: tasks at the same time.
        limit_mb: memory that they may claim together; 0 is 80 % of the machine's.
    """

    def __init__(
        self,
        worker: Callable[[NodeTask, Signals], NodeResult],
        *,
        workers: int,
        limit_mb: int = 0,
    ) -> None:
        self._worker = worker
        self._workers = max(1, workers)
        self._ledger = MemoryLedger(memory_limit_mb(limit_mb))
        self._changed = threading.Condition()
        self._queue: deque[_Job] = deque()
        self._running: dict[Future[NodeResult], _Job] = {}
        self._abandoned: set[Future[NodeResult]] = set()
        self._threads: set[threading.Thread] = set()
        self._soon_free: set[int] = set()
        self._idle = 0
        self._is_closed = False

    def submit(self, task: NodeTask, signals: Signals = _NO_SIGNALS) -> Future[NodeResult]:
        """Queue a task.

        A task larger than the limit fails with `DeviceMemoryError`.

        Raises:
            RuntimeError: the engine was shut down.
        """
        job = _Job(task, signals)
        needed, limit = MemoryLedger.peak_mb(task), self._ledger.limit_mb
        if needed > limit:
            job.future.set_exception(
                DeviceMemoryError(
                    f"{task.tool} needs {needed:.0f} MB ({task.memory_mb:.0f} MB and its models), "
                    f"{limit:.0f} MB are allowed",
                    node_id=task.node_id,
                    hint="Choose a smaller model (-m ROLE=CARD), or raise memory_limit_mb.",
                )
            )
            return job.future
        with self._changed:
            if self._is_closed:
                raise RuntimeError("the engine was shut down")
            self._queue.append(job)
            if threading.get_ident() in self._soon_free:
                # Submitted by a thread of ours on its way back to the queue: it takes one itself.
                self._soon_free.discard(threading.get_ident())
            elif self._idle < len(self._queue) and self._live() < self._workers:
                self._spawn()
            else:
                self._changed.notify()
        return job.future

    def abandon(self, future: Future[NodeResult]) -> None:
        """Give the task's place to another thread; its memory stays claimed until it ends."""
        with self._changed:
            if future in self._running:
                self._abandoned.add(future)
                if self._queue and self._live() < self._workers:
                    self._spawn()

    def shutdown(self) -> None:
        """Take no more tasks, cancel the queued ones, wait for those that were not abandoned."""
        with self._changed:
            self._is_closed = True
            queued = list(self._queue)
            self._queue.clear()
            self._changed.notify_all()
        for job in queued:
            job.future.cancel()
        with self._changed:
            self._changed.wait_for(lambda: len(self._running) <= len(self._abandoned))

    def _live(self) -> int:
        return len(self._threads) - len(self._abandoned)

    def _spawn(self) -> None:
        # Daemon threads: a tool that ignores its end must not keep the process from leaving.
        thread = threading.Thread(target=self._work, name="omnimuse-node", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _take(self) -> _Job | None:
        """The next task that may start now; the lock is held."""
        for place, job in enumerate(self._queue):
            if job.future.cancelled():
                del self._queue[place]
                return self._take()
            if self._ledger.fits(job.task):
                for earlier in islice(self._queue, place):
                    earlier.overtaken += 1
                del self._queue[place]
                return job
            if job.overtaken >= _MAX_OVERTAKEN:
                return None
        return None

    def _next(self) -> _Job | None:
        """Wait for a task; None when this thread should end."""
        with self._changed:
            while True:
                if self._is_closed or self._live() > self._workers:
                    return None
                job = self._take()
                if job is not None and job.future.set_running_or_notify_cancel():
                    self._ledger.claim(job.task)
                    self._running[job.future] = job
                    return job
                if job is None:
                    self._idle += 1
                    self._changed.wait()
                    self._idle -= 1

    def _work(self) -> None:
        try:
            while (job := self._next()) is not None:
                self._run(job)
        finally:
            with self._changed:
                self._threads.discard(threading.current_thread())
                self._changed.notify_all()

    def _run(self, job: _Job) -> None:
        result: NodeResult | None = None
        fault: BaseException | None = None
        try:
            job.signals.started()
            result = self._worker(job.task, job.signals)
        except BaseException as error:
            fault = error  # carried to the scheduler, which judges it
        with self._changed:
            self._ledger.release(job.task)
            self._soon_free.add(threading.get_ident())
            if self._queue:
                self._changed.notify_all()
        try:
            if fault is not None:
                job.future.set_exception(fault)
            elif result is not None:
                job.future.set_result(result)
        finally:
            with self._changed:
                del self._running[job.future]
                self._soon_free.discard(threading.get_ident())
                self._abandoned.discard(job.future)
                if self._is_closed:
                    self._changed.notify_all()
