"""JobStore: accepted jobs and what happened in them, on disk before anyone is told.

A job's id is the id of its run, so a server that was killed goes on with the run's own checkpoint.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from omnimuse.errors import AssetNotFoundError, InputError
from omnimuse.server.database import Database

WAITING, RUNNING = "queued", "running"
ENDED = ("succeeded", "failed", "refused", "needs_input", "cancelled")
QUICK, LONG = "quick", "long"
_COLUMNS = (
    "id, seq, owner, status, kind, lane, session, priority, attempts, created, started, ended, "
    "request, response, plan, attachments, is_cancelled, webhook"
)


def now() -> str:
    """The time, ISO 8601, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_job_id() -> str:
    """An id that sorts by time and cannot be guessed: `20260131-235959-` and 16 hex digits."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(8)}"


@dataclass(frozen=True)
class Job:
    """One accepted job.

    Attributes:
        id: also the run's id.
        seq: rises with each job.
        owner: whose it is.
        status: queued, running, or one of `ENDED`.
        kind: prompt, tool or plan.
        lane: quick or long, by what it is thought to cost.
        session: name of a conversation, empty if none.
        priority: higher goes first.
        attempts: how often it was begun.
        created, started, ended: ISO 8601, UTC.
        request: as the worker gets it.
        response: what came out, None before.
        plan: once it is known.
        attachments: ids that the plan's `request.K` mean.
        is_cancelled: somebody asked for its end.
        webhook: `{"url", "secret"}` or None.
    """

    id: str
    seq: int
    owner: str
    status: str
    kind: str
    lane: str
    session: str
    priority: int
    attempts: int
    created: str
    started: str | None
    ended: str | None
    request: Mapping[str, Any]
    response: Mapping[str, Any] | None = None
    plan: Mapping[str, Any] | None = None
    attachments: Sequence[str] = ()
    is_cancelled: bool = False
    webhook: Mapping[str, str] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED


@dataclass(frozen=True)
class NewJob:
    """What `JobStore.add` takes."""

    owner: str
    kind: str
    request: Mapping[str, Any]
    lane: str = LONG
    session: str = ""
    priority: int = 0
    idempotency: str | None = None
    webhook: Mapping[str, str] | None = None


@dataclass(frozen=True)
class JobEvent:
    """Something that happened: `seq` rises by one within a job."""

    seq: int
    type: str
    data: Mapping[str, Any] = field(default_factory=dict)


class JobStore:
    """Jobs and their events.

    Args:
        database: where they lie.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, new: NewJob, *, max_queue: int = 0, max_own: int = 0) -> tuple[Job, bool]:
        """Accept a job; it is on disk when this returns.

        Returns:
            The job, and whether it is new: the same idempotency key gives the same job.

        Raises:
            QueueFullError: too many wait already.
        """
        with self._db.writing() as run:
            if new.idempotency and (known := self._known(run, new)) is not None:
                if json.loads(known["request"]) != json.loads(_json(new.request)):
                    raise InputError(
                        "this Idempotency-Key was used for another request",
                        hint="Use a new key for a new request.",
                        code="idempotency_conflict",
                    )
                return _job(known), False
            self._check_room(run, new.owner, max_queue, max_own)
            job_id = new_job_id()
            run.execute(
                "INSERT INTO jobs (id, seq, owner, status, kind, lane, session, priority, created,"
                " request, idempotency, webhook) VALUES (?, (SELECT coalesce(max(seq), 0) + 1 FROM"
                " jobs), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job_id,
                    new.owner,
                    WAITING,
                    new.kind,
                    new.lane,
                    new.session,
                    new.priority,
                    now(),
                    _json(new.request),
                    new.idempotency,
                    _json(new.webhook) if new.webhook else None,
                ),
            )
            _append(run, job_id, "queued", {})
        return self.get(job_id), True

    def get(self, job_id: str, owner: str | None = None) -> Job:
        """A job, of this owner if one is named.

        Raises:
            AssetNotFoundError: there is none, or it is another's.
        """
        row = self._db.row(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", (job_id,))
        if row is None or (owner is not None and row["owner"] != owner):
            raise AssetNotFoundError(f"no job is called {job_id[:80]!r}", hint="GET /api/jobs.")
        return _job(row)

    def find(
        self,
        owner: str,
        *,
        session: str | None = None,
        status: str | None = None,
        kind: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Job]:
        """An owner's jobs, newest first, those before number `before`."""
        clauses, values = ["owner = ?"], list[Any]([owner])
        for column, value in (("session", session), ("status", status), ("kind", kind)):
            if value is not None:
                clauses.append(f"{column} = ?")
                values.append(value)
        if before is not None:
            clauses.append("seq < ?")
            values.append(before)
        sql = f"SELECT {_COLUMNS} FROM jobs WHERE {' AND '.join(clauses)} ORDER BY seq DESC LIMIT ?"
        return [_job(row) for row in self._db.rows(sql, (*values, limit))]

    def take(self, lanes: Sequence[str]) -> Job | None:
        """The next waiting job of these lanes, now running; None if there is none.

        Higher priority first; then the owner with the fewest running jobs; then the oldest.
        """
        marks = ", ".join("?" * len(lanes))
        sql = (
            f"SELECT id FROM jobs AS j WHERE status = 'queued' AND lane IN ({marks}) ORDER BY"
            " priority DESC, (SELECT count(*) FROM jobs AS r WHERE r.status = 'running' AND"
            " r.owner = j.owner), seq LIMIT 1"
        )
        if self._db.row(sql, lanes) is None:
            return None
        with self._db.writing() as run:
            row = run.execute(sql, tuple(lanes)).fetchone()
            if row is None:
                return None
            run.execute(
                "UPDATE jobs SET status = 'running', attempts = attempts + 1,"
                " started = coalesce(started, ?) WHERE id = ?",
                (now(), row["id"]),
            )
            _append(run, row["id"], "started", {})
        return self.get(row["id"])

    def append(self, job_id: str, type_: str, data: Mapping[str, Any]) -> None:
        """Add an event."""
        with self._db.writing() as run:
            _append(run, job_id, type_, data)

    def planned(self, job_id: str, plan: Mapping[str, Any], attachments: Sequence[str]) -> None:
        """Note the plan."""
        with self._db.writing() as run:
            run.execute(
                "UPDATE jobs SET plan = ?, attachments = ? WHERE id = ?",
                (_json(plan), _json(list(attachments)), job_id),
            )
            _append(run, job_id, "planned", {"plan": plan, "attachments": list(attachments)})

    def end(self, job_id: str, status: str, response: Mapping[str, Any]) -> bool:
        """Note how it ended; False if it had ended before. A webhook falls due with it."""
        with self._db.writing() as run:
            changed = run.execute(
                "UPDATE jobs SET status = ?, response = ?, ended = ? WHERE id = ?"
                " AND status IN ('queued', 'running')",
                (status, _json(response), now(), job_id),
            ).rowcount
            if changed:
                done = {k: v for k, v in response.items() if k not in ("plan", "run_id")}
                _append(run, job_id, "done", {**done, "status": status})
                run.execute(
                    "INSERT OR IGNORE INTO deliveries SELECT id, 0, 0 FROM jobs WHERE id = ?"
                    " AND webhook IS NOT NULL",
                    (job_id,),
                )
        return bool(changed)

    def cancel(self, job_id: str) -> Job:
        """Ask for its end; a job that waits ends here, a running one in its worker."""
        job = self.get(job_id)
        if job.has_ended:
            return job
        with self._db.writing() as run:
            run.execute("UPDATE jobs SET is_cancelled = 1 WHERE id = ?", (job_id,))
            waits = run.execute("SELECT status FROM jobs WHERE id = ?", (job_id,)).fetchone()
        if waits["status"] == WAITING:
            self.end(job_id, "cancelled", cancelled_response())
        return self.get(job_id)

    def requeue(self, job_id: str) -> None:
        """Give a job back whose worker is gone."""
        with self._db.writing() as run:
            run.execute(
                "UPDATE jobs SET status = 'queued' WHERE id = ? AND status = 'running'", (job_id,)
            )

    def recover(self) -> list[str]:
        """After a start: jobs that a dead server left running wait again, in their old order."""
        with self._db.writing() as run:
            ids = [r["id"] for r in run.execute("SELECT id FROM jobs WHERE status = 'running'")]
            # The stop of the server was no fault of theirs.
            run.execute(
                "UPDATE jobs SET status = 'queued', attempts = max(0, attempts - 1)"
                " WHERE status = 'running'"
            )
        return ids

    def events(self, job_id: str, after: int = 0, limit: int = 500) -> list[JobEvent]:
        """What happened after event number `after`, oldest first."""
        rows = self._db.rows(
            "SELECT seq, type, data FROM events WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?",
            (job_id, after, limit),
        )
        return [JobEvent(row["seq"], row["type"], json.loads(row["data"])) for row in rows]

    def position(self, job: Job) -> int | None:
        """How many wait before it in its lane, None if it does not wait."""
        if job.status != WAITING:
            return None
        row = self._db.row(
            "SELECT count(*) AS n FROM jobs WHERE status = 'queued' AND lane = ? AND"
            " (priority > ? OR (priority = ? AND seq < ?))",
            (job.lane, job.priority, job.priority, job.seq),
        )
        return int(row["n"]) if row else 0

    def counts(self) -> dict[str, int]:
        """Jobs by status."""
        rows = self._db.rows("SELECT status, count(*) AS n FROM jobs GROUP BY status")
        return {row["status"]: int(row["n"]) for row in rows}

    def used_today(self, owner: str) -> int:
        """Jobs that the owner's account has today (UTC)."""
        today = now()[:10]
        row = self._db.row(
            "SELECT count(*) AS n FROM jobs WHERE owner = ? AND created >= ?", (owner, today)
        )
        return int(row["n"]) if row else 0

    def sessions(self, owner: str) -> list[dict[str, Any]]:
        """Names of conversations with their number of jobs, last change and first prompt."""
        rows = self._db.rows(
            "SELECT session, count(*) AS turns, max(created) AS updated, min(seq) AS first"
            " FROM jobs WHERE owner = ? AND session != '' GROUP BY session ORDER BY updated DESC",
            (owner,),
        )
        return [dict(row) for row in rows]

    def leave_session(self, owner: str, session: str) -> None:
        """Jobs of a conversation that its owner forgets."""
        with self._db.writing() as run:
            run.execute(
                "UPDATE jobs SET session = '' WHERE owner = ? AND session = ?", (owner, session)
            )

    def runs_of(self, owner: str) -> set[str]:
        """Ids of all the owner's runs."""
        return {row["id"] for row in self._db.rows("SELECT id FROM jobs WHERE owner = ?", (owner,))}

    def owns_run(self, owner: str, run: str) -> bool:
        """Whether a run belongs to this owner."""
        sql = "SELECT 1 AS yes FROM jobs WHERE id = ? AND owner = ?"
        return self._db.row(sql, (run, owner)) is not None

    def _known(self, run: sqlite3.Connection, new: NewJob) -> Any:
        sql = f"SELECT {_COLUMNS} FROM jobs WHERE owner = ? AND idempotency = ?"
        return run.execute(sql, (new.owner, new.idempotency)).fetchone()

    def _check_room(
        self, run: sqlite3.Connection, owner: str, max_queue: int, max_own: int
    ) -> None:
        from omnimuse.server.faults import QuotaError

        sql = "SELECT count(*) AS n FROM jobs WHERE status IN ('queued', 'running')"
        if max_queue and run.execute(sql).fetchone()["n"] >= max_queue:
            raise QuotaError("the queue is full", hint="Try again later.", code="queue_full")
        own = run.execute(f"{sql} AND owner = ?", (owner,)).fetchone()["n"]
        if max_own and own >= max_own:
            raise QuotaError(
                f"{own} of your jobs wait or run; {max_own} may at once",
                hint="Wait for one to end, or cancel one.",
            )


def cancelled_response() -> dict[str, Any]:
    """What a cancelled job says."""
    return {
        "status": "cancelled",
        "reply": "Cancelled.",
        "question": None,
        "refusal": None,
        "errors": [],
        "assets": [],
        "timings": {},
    }


def _append(run: sqlite3.Connection, job_id: str, type_: str, data: Mapping[str, Any]) -> None:
    run.execute(
        "INSERT INTO events SELECT ?, coalesce(max(seq), 0) + 1, ?, ? FROM events WHERE job = ?",
        (job_id, type_, _json(data), job_id),
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=False)


def _read(text: str | None) -> Any:
    return json.loads(text) if text else None


def _job(row: sqlite3.Row) -> Job:
    return Job(
        **{
            **dict(row),
            "request": _read(row["request"]) or {},
            "response": _read(row["response"]),
            "plan": _read(row["plan"]),
            "attachments": tuple(_read(row["attachments"]) or ()),
            "is_cancelled": bool(row["is_cancelled"]),
            "webhook": _read(row["webhook"]),
        }
    )
