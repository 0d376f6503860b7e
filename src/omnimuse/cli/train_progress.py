"""A training's progress on stderr: a live line where there is a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omnimuse.training.trainer import Progress

PLAIN_EVERY_S = 5.0


class TrainProgress:
    """Listens to a trainer.

    Args:
        name: of the recipe.
        is_quiet: show nothing.
    """

    def __init__(self, name: str, *, is_quiet: bool = False) -> None:
        self._name, self._is_quiet = name, is_quiet
        self._live: Any = None
        self._task: Any = None
        self._last = 0.0

    def __enter__(self) -> TrainProgress:
        if sys.stderr.isatty() and not self._is_quiet:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._live = Progress(
                TextColumn("{task.description}"), BarColumn(),
                TextColumn("{task.percentage:3.0f} %  {task.fields[left]}  {task.fields[figures]}"),
                console=Console(stderr=True),
            )  # fmt: skip
            self._live.start()
            self._task = self._live.add_task(self._name, total=1.0, left="", figures="")
        return self

    def __exit__(self, *exc: object) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, progress: Progress) -> None:
        """Show what the trainer tells."""
        if self._is_quiet:
            return
        figures = "  ".join(f"{name} {value:.4g}" for name, value in progress.figures.items())
        left = f"{_clock(progress.eta_s)} left"
        if self._live is None:
            self._print(progress, figures, left)
            return
        total = progress.elapsed_s + progress.eta_s
        done = progress.elapsed_s / total if total else 0.0
        if progress.kind == "step":
            self._live.update(self._task, completed=done, left=left, figures=figures)
        elif progress.kind == "evaluation":
            self._live.console.print(f"step {progress.step}: held out: {figures}", highlight=False)

    def _print(self, progress: Progress, figures: str, left: str) -> None:
        now = time.monotonic()
        if progress.kind == "step" and now - self._last < PLAIN_EVERY_S:
            return
        self._last = now
        place = f"{progress.kind} {progress.step}/{progress.steps}"
        print(f"{place}  {figures}  {left}", file=sys.stderr, flush=True)


def _clock(seconds: float) -> str:
    """`1:02:03` or `2:03`."""
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02d}:{second:02d}" if hour else f"{minute}:{second:02d}"
