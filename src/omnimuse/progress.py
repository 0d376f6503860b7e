"""A progress bar for `on_event`, in terminals and notebooks alike.

with Studio() as studio, ProgressBar() as bar:
studio.run(Request("a red fox"), bar)
"""

from __future__ import annotations

import threading
from typing import Any, Self

from omnimuse.request import Event

_ENDS = {"node_finished", "node_cached", "node_failed", "node_skipped"}


class ProgressBar:
    """One bar over all nodes of a run; what is being done stands beside it.

    Args:
        console: a `rich` console; the usual one if None.
    """

    def __init__(self, console: Any = None) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._bar = Progress(
            BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"), console=console
        )
        self._task = self._bar.add_task("planning", total=None)
        self._shares: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def fraction(self) -> float:
        """How much is done, 0 to 1."""
        return sum(self._shares.values()) / len(self._shares) if self._shares else 0.0

    def __call__(self, event: Event) -> None:
        """Take an event, from any thread."""
        with self._lock:
            if event.type == "planned":
                self._shares = {node["id"]: 0.0 for node in event.data["plan"]["nodes"]}
            elif event.node:
                share = 1.0 if event.type in _ENDS else event.fraction
                self._shares[event.node] = max(self._shares.get(event.node, 0.0), share)
            elif event.type == "finished":
                self._shares = dict.fromkeys(self._shares, 1.0)
            words = f"{event.node} {event.message}".strip() or event.type
            self._bar.update(self._task, completed=self.fraction, total=1.0, description=words)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()
