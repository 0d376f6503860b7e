"""WorkerPool: processes that run the jobs of a JobStore, watched, replaced and ended.

Each process has a thread here that takes the next job, sends it and notes what comes back. The
first process takes short jobs only, so that a quick edit need not wait for a film.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from typing import Any

from omnimuse.config import Settings
from omnimuse.errors import OmnimuseError, RunError
from omnimuse.server.faults import BusyError, WorkerDiedError
from omnimuse.server.jobs import LONG, QUICK, Job, JobStore, cancelled_response
from omnimuse.server.options import ServerOptions
from omnimuse.server.telemetry import Telemetry
from omnimuse.server.wire import Wire

_IDLE_S = 1.0
_START_PATIENCE_S = 60.0
Notify = Callable[[str], None]


@dataclass(eq=False)
class _Question:
    """A small task that answers at once or not at all: nothing of it is on disk."""

    name: str
    arguments: Mapping[str, Any]
    say: Callable[[str], None] = lambda text: None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    answer: Future[Any] = field(default_factory=Future)


class _Process:
    """One worker process and the wire to it."""

    def __init__(self, settings: Settings, extra_tools: Sequence[str], memory_mb: float) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "omnimuse.server.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.wire = Wire(self.process.stdout, self.process.stdin)
        self.wire.send({**_plain_settings(settings, memory_mb), "extra_tools": list(extra_tools)})
        self.messages = iter(self.wire)
        self.jobs_done = 0

    def wait_ready(self) -> bool:
        """Whether it came up."""
        return next(self.messages, {}).get("op") == "ready"

    def resident_mb(self) -> float:
        """Its memory."""
        import psutil

        try:
            return float(psutil.Process(self.process.pid).memory_info().rss) / 1e6
        except psutil.Error:
            return 0.0

    def end(self) -> None:
        """End it and what it started, now."""
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, 9)
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()


class _Seat:
    """A place in the pool: a thread, its lanes, and the process that sits there now."""

    def __init__(self, lanes: tuple[str, ...], *, takes_questions: bool) -> None:
        self.lanes = lanes
        self.takes_questions = takes_questions
        self.process: _Process | None = None
        self.job: Job | None = None
        self.cancelled_at = 0.0
        self.is_killed_for_cancel = False


class WorkerPool:
    """Runs jobs.

    Args:
        settings: of the house; workers get the same.
        options: how many, how large.
        store: where jobs wait and end.
        notify: called with a job's id whenever something happened in it; from any thread.
        telemetry: metrics and traces.
        extra_tools: `module:function` of tools beside the registry's (embedders, tests).
    """

    def __init__(
        self,
        settings: Settings,
        options: ServerOptions,
        store: JobStore,
        *,
        notify: Notify = lambda job_id: None,
        on_output: Callable[[Job, Mapping[str, Any]], None] = lambda job, outputs: None,
        telemetry: Telemetry | None = None,
        extra_tools: Sequence[str] = (),
    ) -> None:
        self._settings, self._options, self._store = settings, options, store
        self._notify, self._on_output = notify, on_output
        self._telemetry = telemetry or Telemetry()
        self._extra_tools = tuple(extra_tools)
        self._changed = threading.Condition()
        self._questions: deque[_Question] = deque()
        self._is_closed = False
        count = options.worker_count
        self._seats = [_Seat((QUICK,), takes_questions=True)] if count > 1 else []
        self._seats += [
            _Seat((LONG, QUICK), takes_questions=count == 1)
            for _ in range(count - len(self._seats))
        ]
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to work; jobs of a dead server go on first."""
        self._store.recover()
        for index, seat in enumerate(self._seats):
            thread = threading.Thread(
                target=self._work, args=(seat,), name=f"seat-{index}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        if self._options.is_warm:
            self.ask("warm", {})
        watch = threading.Thread(target=self._watch, name="watch", daemon=True)
        self._threads.append(watch)
        watch.start()

    def stop(self) -> None:
        """End all processes. Jobs that run are left as they are and go on at the next start."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            waiting, self._questions = list(self._questions), deque()
        for question in waiting:
            question.answer.set_exception(BusyError("the server is going down"))
        for seat in self._seats:
            if seat.process is not None:
                seat.process.end()
        for thread in self._threads:
            thread.join(timeout=10)

    def wake(self) -> None:
        """A job waits."""
        with self._changed:
            self._changed.notify_all()

    def cancel(self, job_id: str) -> None:
        """Pass on that a running job should end."""
        for seat in self._seats:
            if seat.job is not None and seat.job.id == job_id and seat.process is not None:
                seat.cancelled_at = seat.cancelled_at or time.monotonic()
                with contextlib.suppress(OSError):
                    seat.process.wire.send({"op": "cancel", "id": job_id})

    def ask(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        say: Callable[[str], None] = lambda text: None,
    ) -> Future[Any]:
        """Ask a worker something small (see `omnimuse.server.questions`).

        Raises (in the future):
            OmnimuseError: as the question does; `BusyError` if the server ends.
        """
        question = _Question(name, arguments, say)
        with self._changed:
            if self._is_closed or len(self._questions) > 200:
                question.answer.set_exception(BusyError("too many questions wait"))
                return question.answer
            self._questions.append(question)
            self._changed.notify_all()
        return question.answer

    def processes(self) -> list[dict[str, Any]]:
        """Pid, memory and job of each worker."""
        return [
            {
                "pid": seat.process.process.pid if seat.process else None,
                "resident_mb": round(seat.process.resident_mb(), 1) if seat.process else 0.0,
                "job": seat.job.id if seat.job else None,
                "lanes": list(seat.lanes),
            }
            for seat in self._seats
        ]

    # One seat -----------------------------------------------------------------------------------

    def _work(self, seat: _Seat) -> None:
        if self._options.is_warm:
            with contextlib.suppress(OSError):
                self._process(seat)
        while not self._is_closed:
            try:
                task = self._next(seat)
                if isinstance(task, _Question):
                    self._put_question(seat, task)
                elif task is not None:
                    self._run(seat, task)
            except OmnimuseError as error:
                # The disk is full or the like: nothing can be noted, so wait and try again.
                self._telemetry.log("error", "pool", error=error.message)
                time.sleep(_IDLE_S)

    def _next(self, seat: _Seat) -> _Question | Job | None:
        with self._changed:
            if seat.takes_questions and self._questions:
                return self._questions.popleft()
        job = self._store.take(seat.lanes)
        if job is not None:
            return job
        with self._changed:
            if not self._is_closed and not (seat.takes_questions and self._questions):
                self._changed.wait(_IDLE_S)
        return None

    def _process(self, seat: _Seat) -> _Process:
        """The seat's process, started if there is none.

        Raises:
            OSError: it does not come up.
        """
        if seat.process is None or seat.process.process.poll() is not None:
            limit = self._options.worker_limit_mb
            seat.process = _Process(self._settings, self._extra_tools, limit)
            if not seat.process.wait_ready():
                seat.process.end()
                raise OSError("a worker did not come up")
        return seat.process

    def _put_question(self, seat: _Seat, question: _Question) -> None:
        try:
            process = self._process(seat)
            process.wire.send(
                {
                    "op": "ask",
                    "id": question.id,
                    "name": question.name,
                    "arguments": question.arguments,
                }
            )
            for message in process.messages:
                if message.get("id") != question.id:
                    continue
                if message["op"] == "chunk":
                    question.say(message["text"])
                elif message["op"] == "answer":
                    question.answer.set_result(message["value"])
                    return
                else:
                    question.answer.set_exception(error_from(message["error"]))
                    return
            raise OSError("the worker ended")
        except OSError as error:
            self._drop(seat)
            question.answer.set_exception(WorkerDiedError(str(error), hint="Try again."))

    def _run(self, seat: _Seat, job: Job) -> None:
        seat.job, seat.cancelled_at, seat.is_killed_for_cancel = job, 0.0, False
        self._notify(job.id)
        began = time.perf_counter()
        status = ""
        with self._telemetry.span(f"job {job.kind}", {"job.id": job.id}) as span:
            try:
                process = self._process(seat)
                process.wire.send({"op": "run", "id": job.id, "request": job.request})
                if self._store.get(job.id).is_cancelled:
                    self.cancel(job.id)
                status = self._listen(job, process)
            except OSError:
                status = ""
            finally:
                seat.job = None
            if not status and not self._is_closed:
                status = self._bury(seat, job)
            span.set("job.status", status)
        if status in ("", "queued"):
            return
        self._telemetry.job_ended(job.kind, status, time.perf_counter() - began)
        self._notify(job.id)
        self._retire(seat)

    def _listen(self, job: Job, process: _Process) -> str:
        """Note what the worker says until the job has ended; its status, empty if it died."""
        for message in process.messages:
            if message.get("id") != job.id:
                continue
            if message["op"] == "done":
                response = {**cancelled_response(), **message["response"]}
                self._note_output(job, response)
                self._store.end(job.id, message["status"], response)
                return str(message["status"])
            if message["op"] == "error":
                failed = {"errors": [message["error"]], "reply": message["error"]["message"]}
                self._store.end(job.id, "failed", {**cancelled_response(), **failed})
                return "failed"
            if message["op"] == "planned":
                self._store.planned(job.id, message["plan"], message["attachments"])
            elif message["op"] == "node":
                self._note_node(job, message["data"])
            self._notify(job.id)
        return ""

    def _note_node(self, job: Job, data: dict[str, Any]) -> None:
        if outputs := data.get("outputs"):
            self._on_output(job, outputs)
        if data["status"] == "done":
            self._telemetry.node_ended(job.id, data)
        self._store.append(job.id, "node", data)

    def _note_output(self, job: Job, response: Mapping[str, Any]) -> None:
        entries = [{"id": e["id"], "kind": e["kind"]} for e in response.get("assets", ())]
        if entries:
            self._on_output(job, {"assets": entries})

    def _bury(self, seat: _Seat, job: Job) -> str:
        """The worker died with the job: try again, or say so when it happens each time."""
        self._drop(seat)
        if seat.is_killed_for_cancel or self._store.get(job.id).is_cancelled:
            self._store.end(job.id, "cancelled", cancelled_response())
            return "cancelled"
        if job.attempts < self._options.max_attempts:
            self._store.requeue(job.id)
            return "queued"
        error = WorkerDiedError(
            f"the worker ended {job.attempts} times in the middle of this job",
            hint="It may need more memory than there is: ask for less.",
        )
        response = {"reply": error.message, "errors": [error.to_json()]}
        self._store.end(job.id, "failed", {**cancelled_response(), **response})
        return "failed"

    def _retire(self, seat: _Seat) -> None:
        """Replace a process that has grown too large."""
        process = seat.process
        if process is not None and process.resident_mb() > self._options.worker_limit_mb:
            self._drop(seat)

    def _drop(self, seat: _Seat) -> None:
        if seat.process is not None:
            seat.process.end()
            seat.process = None

    def _watch(self) -> None:
        """End workers whose cancelled job does not end by itself."""
        while not self._is_closed:
            with self._changed:
                self._changed.wait(_IDLE_S)
            for seat in self._seats:
                if not seat.cancelled_at or seat.job is None or seat.process is None:
                    continue
                if time.monotonic() - seat.cancelled_at > self._options.cancel_grace_s:
                    seat.is_killed_for_cancel = True
                    with contextlib.suppress(OSError):
                        os.killpg(seat.process.process.pid, 9)


def error_from(data: Mapping[str, Any]) -> OmnimuseError:
    """An error that crossed a process as JSON, of its class where that is known."""
    from omnimuse import errors

    kinds = {
        kind.code: kind
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, OmnimuseError)
        and kind not in (errors.SafetyRefusal, errors.NeedsInputError)
    }
    message, hint = str(data.get("message", "")), str(data.get("hint", ""))
    code = str(data.get("code", "error"))
    if code == "refused":
        return errors.SafetyRefusal(
            message, gate=data.get("gate", ""), category=data.get("category", ""), hint=hint
        )
    kind = kinds.get(code, RunError)
    return kind(message, hint=hint, code=code, retryable=bool(data.get("retryable")))


def _plain_settings(settings: Settings, memory_mb: float) -> dict[str, Any]:
    """The settings as JSON; memory is shared among the workers."""
    data = {key: value for key, value in asdict(settings).items() if key != "origins"}
    data["memory_limit_mb"] = settings.memory_limit_mb or int(memory_mb)
    plain: dict[str, Any] = json.loads(json.dumps(data, default=str))
    return plain
