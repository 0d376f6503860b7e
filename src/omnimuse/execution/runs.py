"""RunStore: what is known of each run, on disk, so that it can be shown, resumed and replayed.

    runs/<run id>/request.json     the request
                  plan.json        the plan
                  run.json         status, seed, models, attachments, errors
                  response.json    the answer
                  nodes.jsonl      a line for each finished node, written before its readers start
                  events.jsonl     what happened
                  lock             held by the process that runs it
                  work/            temporary files of running nodes

A finished node costs one append and one sync. A line that a dying process left half is no line, so
its node counts as not finished. The other files are written beside, synced and renamed.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from omnimuse.errors import AssetNotFoundError, InputError, PlanParseError, StorageError
from omnimuse.execution.requests import request_from, request_record
from omnimuse.graph.plan import Plan
from omnimuse.request import Request

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_LOCK_ATTEMPTS, _LOCK_PAUSE_S = 3, 0.02
# Data without the times of the file, where the system can.
_sync = getattr(os, "fdatasync", os.fsync)


def new_run_id() -> str:
    """A run id that sorts by time: `20260131-235959-1a2b3c`."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def now() -> str:
    """The time of day, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class RunRecord:
    """What is on disk about a run.

    Attributes:
        run_id: the run.
        status: `planned`, `running`, `succeeded`, `failed`, `refused` or `cancelled`;
            `interrupted` if it says running and no process holds it.
        request: see `omnimuse.execution.requests`.
        plan: None if it cannot be read.
        seed: of the run.
        models: role -> card name, as the caller chose.
        attachments: asset ids, in order.
        nodes: records of finished nodes by node id.
        created: ISO 8601, UTC.
        details: all else in run.json: errors, timings, refusal.
    """

    run_id: str
    status: str
    request: Mapping[str, Any]
    plan: Plan | None
    seed: int
    models: Mapping[str, str]
    attachments: tuple[str, ...]
    nodes: Mapping[str, Mapping[str, Any]]
    created: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            **self.details,
            "run_id": self.run_id,
            "status": self.status,
            "created": self.created,
            "request": dict(self.request),
            "seed": self.seed,
            "models": dict(self.models),
            "attachments": list(self.attachments),
            "plan": self.plan.to_json() if self.plan else None,
            "nodes": {name: dict(record) for name, record in self.nodes.items()},
        }


class StoredRun(NamedTuple):
    """What is needed to run it again: request, plan, ids of attachments, seed."""

    request: Request
    plan: Plan
    attachments: tuple[str, ...]
    seed: int


class RunFolder:
    """The folder of one run.

    Args:
        path: `runs/<run id>`.
        is_durable: wait for the disk at each finished node.
    """

    def __init__(self, path: Path, *, is_durable: bool = True) -> None:
        self.path = path
        self.run_id = path.name
        self._is_durable = is_durable
        self._nodes: int | None = None
        self._events: int | None = None

    @property
    def work(self) -> Path:
        """Where running nodes keep their temporary files."""
        return self.path / "work"

    def prepare(self) -> None:
        """Make the folders; remove what a killed process left in `work`.

        Raises:
            StorageError: no permission, disk full.
        """
        with _storage(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(self.work, ignore_errors=True)
            self._nodes = self._open("nodes.jsonl", is_durable=self._is_durable)
            self._events = self._open("events.jsonl", is_durable=False)

    def save_plan(self, plan: Plan) -> None:
        """Write plan.json, unless it says so already."""
        if self._read("plan.json") != plan.to_json():
            self.write("plan.json", plan.to_json())

    def write(self, name: str, value: Any) -> None:
        """Write `name` (`request.json`, `plan.json`) as JSON, whole or not at all."""
        with _storage(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            _write_whole(self.path, name, _json(value), self._is_durable)

    def update(self, **values: Any) -> None:
        """Change entries of run.json; status, errors and the like."""
        self.write("run.json", {"created": now(), **self._read("run.json"), **values})

    def save_node(self, record: Mapping[str, Any]) -> None:
        """Write down a finished node; it is on disk when this returns. Threads may share it.

        Raises:
            StorageError: the disk is full or not writable.
        """
        with _storage(self.path):
            if self._nodes is None:
                raise OSError("the run is not open")
            _append(self._nodes, _json(record))
            if self._is_durable:
                _sync(self._nodes)

    def nodes(self) -> dict[str, dict[str, Any]]:
        """Records of finished nodes by node id, the latest of each."""
        lines = _read_lines(self.path / "nodes.jsonl")
        return {str(record["node"]): record for record in lines if "node" in record}

    def append_event(self, value: Mapping[str, Any]) -> None:
        """Add a line to events.jsonl. Losing the last lines in a crash does no harm."""
        if self._events is not None:
            with _storage(self.path):
                _append(self._events, _json(value))

    def events(self) -> list[dict[str, Any]]:
        """What happened, oldest first."""
        return _read_lines(self.path / "events.jsonl")

    def close(self) -> None:
        """Remove temporary files, close what is open."""
        shutil.rmtree(self.work, ignore_errors=True)
        opened, self._nodes, self._events = (self._nodes, self._events), None, None
        for descriptor in opened:
            if descriptor is not None:
                os.close(descriptor)

    def _open(self, name: str, *, is_durable: bool) -> int:
        """Open a file of lines for appending, after a whole line."""
        descriptor = os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            _append(descriptor, b"\n")
        if is_durable:
            _sync_folder(self.path)
        return descriptor

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run; the operating system lets go when the process ends, however it ends.

        Raises:
            InputError: another process (or thread) runs it now; names its pid.
        """
        with _storage(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _try_lock(descriptor):
                pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
                raise InputError(
                    f"run {self.run_id} is being run by process {pid or 'unknown'}",
                    hint="Wait for it, or end that process first.",
                    code="run_busy",
                )
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(descriptor)

    def is_locked(self) -> bool:
        """Whether a process runs it now."""
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def record(self) -> RunRecord:
        """All that is on disk about the run."""
        run, plan = self._read("run.json"), None
        with suppress(OSError, PlanParseError):
            plan = Plan.from_json((self.path / "plan.json").read_bytes())
        known = ("run_id", "status", "seed", "models", "attachments", "created")
        status = str(run.get("status", "planned"))
        if status == "running" and not self.is_locked():
            status = "interrupted"
        return RunRecord(
            run_id=self.run_id,
            status=status,
            request=self._read("request.json"),
            plan=plan,
            seed=int(run.get("seed", 0)),
            models=dict(run.get("models", {})),
            attachments=tuple(run.get("attachments", ())),
            nodes=self.nodes(),
            created=str(run.get("created", "")),
            details={name: value for name, value in run.items() if name not in known},
        )

    def _read(self, name: str) -> dict[str, Any]:
        return _read_json(self.path / name)


class RunStore:
    """All runs of a home.

    Args:
        root: the folder `runs`.
        is_durable: wait for the disk at each finished node; only benchmarks and tests say no.
    """

    def __init__(self, root: Path, *, is_durable: bool = True) -> None:
        self.root = root
        self._is_durable = is_durable

    def folder(self, run_id: str) -> RunFolder:
        """The folder of a run, which need not exist yet.

        Raises:
            InputError: not a run id.
        """
        if not _RUN_ID.fullmatch(run_id):
            raise InputError(
                f"not a run id: {run_id[:80]!r}",
                hint="Letters, digits, '_' and '-'; `omnimuse runs list` shows all.",
            )
        return RunFolder(self.root / run_id, is_durable=self._is_durable)

    def create(
        self, run_id: str, request: Request, plan: Plan, attachments: Sequence[str], seed: int
    ) -> None:
        """Begin a run: what it needs to be run again is on disk before any of it runs.

        Raises:
            StorageError: no permission, disk full.
        """
        folder = self.folder(run_id)
        folder.write("request.json", request_record(request))
        folder.save_plan(plan)
        models = dict(request.models)
        folder.update(status="planned", seed=seed, attachments=list(attachments), models=models)

    def finish(self, run_id: str, response: Mapping[str, Any]) -> None:
        """Keep the answer.

        Raises:
            StorageError: no permission, disk full.
        """
        folder = self.folder(run_id)
        folder.write("response.json", response)
        folder.update(status=response.get("status", "failed"))

    def load(self, run_id: str) -> StoredRun:
        """What is needed to run it again.

        Raises:
            AssetNotFoundError: no such run.
            PlanParseError: its plan is damaged.
        """
        record = self.record(run_id)
        if record.plan is None:
            raise PlanParseError(
                f"the plan of run {run_id} cannot be read", hint="Give the request again."
            )
        request = request_from(record.request)
        return StoredRun(request, record.plan, record.attachments, record.seed)

    def record(self, run_id: str) -> RunRecord:
        """All that is on disk about a run.

        Raises:
            AssetNotFoundError: no such run.
        """
        folder = self.folder(run_id)
        if not (folder.path / "run.json").exists():
            raise AssetNotFoundError(
                f"no run is called {run_id!r}", hint="`omnimuse runs list` shows all runs."
            )
        return folder.record()

    def list(self) -> list[RunRecord]:
        """All runs, newest first."""
        try:
            names = sorted((path.name for path in self.root.iterdir()), reverse=True)
        except OSError:
            return []
        records = [
            self.folder(name).record()
            for name in names
            if _RUN_ID.fullmatch(name) and (self.root / name / "run.json").exists()
        ]
        return sorted(records, key=lambda record: record.created, reverse=True)


def _try_lock(descriptor: int) -> bool:
    """Take the lock; wait a moment for those who only look whether it is held."""
    for _ in range(_LOCK_ATTEMPTS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE_S)
        else:
            return True
    return False


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, default=str) + "\n").encode()


def _read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty if there is none that can be read."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _read_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file of lines; lines that were cut are left out."""
    found = []
    with suppress(OSError):
        for line in path.read_bytes().splitlines():
            with suppress(ValueError):
                value = json.loads(line)
                if isinstance(value, dict):
                    found.append(value)
    return found


def _append(descriptor: int, line: bytes) -> None:
    """One write, so that lines of several threads do not mix.

    Raises:
        OSError: not all of it could be written.
    """
    if os.write(descriptor, line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_whole(folder: Path, name: str, data: bytes, is_durable: bool) -> None:
    """Write beside, sync, rename, sync the folder: readers see the old file or the new one."""
    beside = folder / f".{name}.{secrets.token_hex(4)}"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            if is_durable:
                _sync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(beside, folder / name)
    except OSError:
        with suppress(OSError):
            os.unlink(beside)
        raise
    if is_durable:
        _sync_folder(folder)


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    """Faults of the disk, by name."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot write {path}: {error.strerror or error}",
            hint="Free some space, or set OMNIMUSE_HOME to a folder that you can write.",
        ) from None
