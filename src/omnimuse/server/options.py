"""What a server can be told beside the settings of the house."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

_MB = 1_000_000


@dataclass(frozen=True)
class Quota:
    """What one owner may use; 0 is no limit.

    Attributes:
        jobs_per_day: accepted jobs per UTC day.
        concurrent_jobs: jobs that wait or run at the same time.
        requests_per_minute: HTTP requests.
        stored_mb: megabytes of uploads.
    """

    jobs_per_day: int = 0
    concurrent_jobs: int = 200
    requests_per_minute: int = 0
    stored_mb: int = 0


@dataclass(frozen=True)
class ServerOptions:
    """How the server listens and what it allows.

    Attributes:
        host: address to bind; anything but loopback wants keys.
        port: TCP port; 0 lets the system choose.
        workers: processes that run jobs, one of them kept free for short ones; 0 is one per core,
            at least two.
        max_upload_mb: largest file.
        max_body_mb: largest body of any other request.
        upload_timeout_s: seconds in which a request's body must have come.
        worker_memory_mb: a worker that has grown past this is replaced after its job; 0 is a share
            of the machine's memory.
        max_queue: jobs that may wait in all.
        max_attempts: how often a job may bring its worker down before it counts as failed.
        cancel_grace_s: seconds that a cancelled job has before its worker is ended.
        allowed_hosts: further names under which the server may be addressed.
        quota: of owners whose key names none.
        trusted_networks: private networks that webhooks and imports may reach, as CIDR.
        is_warm: start workers and load what every request needs at once.
    """

    host: str = "127.0.0.1"
    port: int = 8500
    workers: int = 0
    max_upload_mb: int = 200
    max_body_mb: int = 32
    upload_timeout_s: float = 120.0
    worker_memory_mb: int = 0
    max_queue: int = 2000
    max_attempts: int = 3
    cancel_grace_s: float = 15.0
    allowed_hosts: tuple[str, ...] = ()
    quota: Quota = field(default_factory=Quota)
    trusted_networks: tuple[str, ...] = ()
    is_warm: bool = True

    @property
    def worker_count(self) -> int:
        """Processes that run jobs."""
        return self.workers or max(2, min(8, os.cpu_count() or 2))

    @property
    def max_upload_bytes(self) -> int:
        """Largest file."""
        return self.max_upload_mb * _MB

    @property
    def max_body_bytes(self) -> int:
        """Largest body of a request that is no upload."""
        return self.max_body_mb * _MB

    @property
    def worker_limit_mb(self) -> float:
        """Resident memory past which a worker is replaced."""
        if self.worker_memory_mb:
            return float(self.worker_memory_mb)
        import psutil

        return 0.7 * float(psutil.virtual_memory().total) / _MB / self.worker_count
