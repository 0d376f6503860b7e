"""Memory admission: which tasks may run together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from omnimuse.execution.task import NodeTask

_SHARE = 0.8
_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory_limit_mb(setting_mb: int = 0) -> float:
    """The setting, or 80 % of what this machine (or its container) has."""
    if setting_mb > 0:
        return float(setting_mb)
    import psutil

    total = int(psutil.virtual_memory().total)
    for name in _CGROUP_LIMITS:
        try:
            text = Path(name).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdecimal():
            total = min(total, int(text))
    return _SHARE * total / 2**20


class MemoryLedger:
    """What the running tasks have claimed. A model that several of them share counts once.

    Not thread-safe: its owner holds a lock.
    """

    def __init__(self, limit_mb: float) -> None:
        self.limit_mb = limit_mb
        self._tools_mb = 0.0
        self._models: Counter[tuple[str, float]] = Counter()

    @staticmethod
    def peak_mb(task: NodeTask) -> float:
        """What the task needs when it runs alone."""
        return task.memory_mb + sum(mb for _, mb in _models(task))

    def fits(self, task: NodeTask) -> bool:
        """Whether it may start beside those that run."""
        if not task.models and not self._models:
            return self._tools_mb + task.memory_mb <= self.limit_mb
        models_mb = sum(mb for _, mb in self._models.keys() | _models(task))
        return self._tools_mb + task.memory_mb + models_mb <= self.limit_mb

    def claim(self, task: NodeTask) -> None:
        """The task starts."""
        self._tools_mb += task.memory_mb
        if task.models:
            self._models.update(_models(task))

    def release(self, task: NodeTask) -> None:
        """The task is over."""
        self._tools_mb -= task.memory_mb
        if task.models:
            self._models.subtract(_models(task))
            self._models = +self._models


def _models(task: NodeTask) -> set[tuple[str, float]]:
    return {(card.card, card.memory_mb) for card in task.models.values()}
