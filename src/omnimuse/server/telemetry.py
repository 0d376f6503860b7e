"""What operators watch: Prometheus metrics, logs of one JSON object per line, OpenTelemetry spans.

Spans are made only where the `opentelemetry` package is installed and set up by its own
environment variables; without it they cost nothing.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, Any

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0)


class Span:
    """A span that may be nothing."""

    def __init__(self, real: Any = None) -> None:
        self._real = real

    def set(self, name: str, value: Any) -> None:
        """Note an attribute."""
        if self._real is not None:
            self._real.set_attribute(name, value)


class Telemetry:
    """Counts, times and tells.

    Args:
        stream: where log lines go; stderr if None.
        is_quiet: no log lines.
        tracer: of OpenTelemetry; the process's own if None.
    """

    def __init__(
        self, stream: IO[str] | None = None, *, is_quiet: bool = False, tracer: Any = None
    ) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._stream, self._is_quiet, self._lock = stream, is_quiet, threading.Lock()
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "omnimuse_http_requests",
            "HTTP requests by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.latency = Histogram(
            "omnimuse_http_request_seconds",
            "Seconds until the answer's first byte.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.jobs = Counter(
            "omnimuse_jobs", "Ended jobs.", ("kind", "status"), registry=self.registry
        )
        self.job_seconds = Histogram(
            "omnimuse_job_seconds",
            "Seconds that jobs ran.",
            ("kind",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.node_seconds = Counter(
            "omnimuse_node_seconds", "Seconds spent in nodes.", registry=self.registry
        )
        self.nodes = Counter("omnimuse_nodes", "Finished nodes.", registry=self.registry)
        self.queue = Gauge(
            "omnimuse_jobs_now", "Jobs that wait or run.", ("status",), registry=self.registry
        )
        self.memory = Gauge(
            "omnimuse_worker_resident_bytes",
            "Memory of a worker.",
            ("seat",),
            registry=self.registry,
        )
        self._tracer = tracer or _tracer()

    def log(self, level: str, event: str, **fields: Any) -> None:
        """Write a line; JSON quoting keeps every value on its line."""
        if self._is_quiet:
            return
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": time, "level": level, "event": event, **fields}, default=str)
        with self._lock:
            stream = self._stream or sys.stderr
            stream.write(f"{line}\n")
            stream.flush()

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Any]) -> Iterator[Span]:
        """A span around a block."""
        if self._tracer is None:
            yield Span()
            return
        with self._tracer.start_as_current_span(name, attributes=dict(attributes)) as real:
            yield Span(real)

    def node_ended(self, job_id: str, data: Mapping[str, Any]) -> None:
        """Count a finished node, and note its span afterwards, as it ran elsewhere."""
        seconds = float(data.get("seconds") or 0.0)
        self.nodes.inc()
        self.node_seconds.inc(seconds)
        if self._tracer is not None:
            import time

            end = time.time_ns()
            span = self._tracer.start_span(
                f"node {data['node']}",
                start_time=end - int(seconds * 1e9),
                attributes={"job.id": job_id, "node.id": data["node"]},
            )
            span.end(end_time=end)

    def job_ended(self, kind: str, status: str, seconds: float) -> None:
        """Count an ended job."""
        self.jobs.labels(kind, status).inc()
        self.job_seconds.labels(kind).observe(seconds)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. `route` is a pattern, never a path: labels must stay few."""
        self.requests.labels(method, route, str(status)).inc()
        self.latency.labels(method, route).observe(seconds)

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        from prometheus_client import generate_latest

        return generate_latest(self.registry)


def _tracer() -> Any:
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace.get_tracer("omnimuse.server")
