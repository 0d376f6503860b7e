"""Webhooks: the end of a job, told to an address, signed, tried again until it is taken.

POST <url>    X-Omnimuse-Event: job.done    X-Omnimuse-Delivery: <job id>
X-Omnimuse-Signature: t=<unix time>,v1=<hex HMAC-SHA256 of "<time>.<body>">
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from omnimuse.errors import OmnimuseError
from omnimuse.server.database import Database
from omnimuse.server.jobs import Job, JobStore
from omnimuse.server.netguard import post
from omnimuse.server.telemetry import Telemetry

MAX_ATTEMPTS = 8
_PAUSE_S = 2.0
_FIRST_BACKOFF_S = 5.0
View = Callable[[Job], Mapping[str, Any]]


def signature(secret: str, moment: int, body: bytes) -> str:
    """The signature header's value."""
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


class Webhooks:
    """Sends what falls due; what was not sent before a stop is sent after the start.

    Args:
        database: where deliveries wait.
        jobs: the jobs.
        view: a job as its owner sees it.
        telemetry: for logs.
        trusted: private networks that may be reached.
    """

    def __init__(
        self,
        database: Database,
        jobs: JobStore,
        view: View,
        *,
        telemetry: Telemetry,
        trusted: tuple[str, ...] = (),
    ) -> None:
        self._db, self._jobs, self._view = database, jobs, view
        self._telemetry, self._trusted = telemetry, trusted
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._stopped.set()
        self._thread.join(timeout=5)

    def send_due(self) -> int:
        """Send all that is due; how many were tried."""
        rows = self._db.rows(
            "SELECT job, attempts FROM deliveries WHERE due <= ? ORDER BY due LIMIT 20",
            (time.time(),),
        )
        for row in rows:
            self._send(self._jobs.get(row["job"]), int(row["attempts"]))
        return len(rows)

    def _work(self) -> None:
        while not self._stopped.wait(_PAUSE_S):
            try:
                self.send_due()
            except OmnimuseError as error:
                self._telemetry.log("error", "webhooks", error=error.message)

    def _send(self, job: Job, attempts: int) -> None:
        hook = job.webhook or {}
        body = json.dumps(self._view(job), ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Omnimuse-Event": "job.done",
            "X-Omnimuse-Delivery": job.id,
            "X-Omnimuse-Signature": signature(hook.get("secret", ""), int(time.time()), body),
        }
        try:
            status = post(hook.get("url", ""), body, headers, trusted=self._trusted)
            fault = "" if 200 <= status < 300 else f"status {status}"
        except OmnimuseError as error:
            fault = error.message
        is_over = not fault or attempts + 1 >= MAX_ATTEMPTS
        due = time.time() + _FIRST_BACKOFF_S * 3**attempts
        with self._db.writing() as run:
            if is_over:
                run.execute("DELETE FROM deliveries WHERE job = ?", (job.id,))
            else:
                run.execute(
                    "UPDATE deliveries SET attempts = ?, due = ? WHERE job = ?",
                    (attempts + 1, due, job.id),
                )
        if fault:
            self._telemetry.log("warning", "webhook", job=job.id, error=fault, is_last=is_over)
