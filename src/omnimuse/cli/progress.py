"""Progress on stderr: a live tree where there is a terminal, one line per step elsewhere."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from omnimuse.request import Event

_MARKS = {
    "queued": ("·", "dim"),
    "running": ("▶", "cyan"),
    "cached": ("↺", "green"),
    "finished": ("✓", "green"),
    "failed": ("✗", "red"),
    "skipped": ("–", "yellow"),
}
_STATE = {
    "node_queued": "queued",
    "node_started": "running",
    "node_progress": "running",
    "node_retried": "running",
    "node_cached": "cached",
    "node_finished": "finished",
    "node_failed": "failed",
    "node_skipped": "skipped",
}


class Progress:
    """Listens to a run's events and shows them."""

    def __init__(self, *, is_quiet: bool = False) -> None:
        self._is_quiet = is_quiet
        self._is_live = sys.stderr.isatty() and not is_quiet
        self._nodes: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self._live: Any = None

    def __enter__(self) -> Progress:
        if self._is_live:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(stderr=True), refresh_per_second=8)
            self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._live is not None:
            self._live.update(self._table())
            self._live.stop()
            self._live = None

    def __call__(self, event: Event) -> None:
        """Take one event, from any thread."""
        if self._is_quiet:
            return
        with self._lock:
            self._take(event)
            if self._live is not None:
                self._live.update(self._table())

    def _take(self, event: Event) -> None:
        if event.type == "planned":
            for node in event.data.get("plan", {}).get("nodes", []):
                self._nodes[node["id"]] = {"tool": node["tool"], "state": "queued", "since": 0.0}
            return
        state = _STATE.get(event.type)
        if state is None:
            return
        node = self._nodes.setdefault(event.node, {"tool": "", "state": "queued", "since": 0.0})
        if event.type == "node_started":
            node["since"] = time.monotonic()
        if state in ("finished", "failed", "cached") and node["since"]:
            node["spent"] = time.monotonic() - node["since"]
        is_new = node["state"] != state
        node.update(state=state, fraction=event.fraction, message=event.message)
        if self._live is None and is_new and state != "queued":
            mark = _MARKS[state][0]
            spent = f" {node['spent']:.1f} s" if "spent" in node else ""
            text = f"{mark} {event.node} ({node['tool']}){spent} {event.message}".rstrip()
            print(text, file=sys.stderr, flush=True)

    def _table(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        for node_id, node in self._nodes.items():
            mark, style = _MARKS[node["state"]]
            spent = node.get("spent")
            if node["state"] == "running" and node["since"]:
                spent = time.monotonic() - node["since"]
            note = str(node.get("message", ""))
            if node["state"] == "running" and node.get("fraction"):
                note = f"{node['fraction']:4.0%} {note}"
            table.add_row(
                Text(mark, style),
                Text(node_id),
                Text(node["tool"], "dim"),
                Text(f"{spent:.1f} s" if spent else ""),
                Text(note[:60], "dim"),
            )
        return table


@contextmanager
def cancel_on_interrupt() -> Iterator[threading.Event]:
    """An event that Ctrl-C (or SIGTERM) sets; a second Ctrl-C interrupts at once."""
    cancel = threading.Event()

    def handle(number: int, frame: object) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()
        print("cancelling; finished steps are kept (Ctrl-C again to stop at once)", file=sys.stderr)

    previous = {name: signal.signal(name, handle) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for name, handler in previous.items():
            signal.signal(name, handler)
