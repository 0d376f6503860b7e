"""ToolContext: what a running tool may ask of the house, and nothing more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.errors import RunCancelled

if TYPE_CHECKING:
    import numpy as np


@dataclass
class ToolContext:
    """Handed to every tool as its first argument.

    Attributes:
        seed: the resolved seed of this node, 0 <= seed < 2**32; all randomness comes from it.
        workdir: a folder of the node's own for temporary files; removed after the node.
        role: asks for the model of a role (a Protocol of `omnimuse.backends.base`); only roles
            that the tool declared.
        report: progress, from 0 to 1, and what is being done.
        is_cancelled: whether the run was stopped.
    """

    seed: int
    workdir: Path
    role: Callable[[str], Any]
    report: Callable[[float, str], None] = field(default=lambda fraction, message: None)
    is_cancelled: Callable[[], bool] = field(default=lambda: False)

    @property
    def rng(self) -> np.random.Generator:
        """A fresh generator from the seed: the same numbers at each call of this property."""
        import numpy as np

        return np.random.default_rng(self.seed)

    def checkpoint(self, fraction: float = 0.0, message: str = "") -> None:
        """Call in long loops: reports progress and stops here if the run was cancelled.

        Raises:
            RunCancelled: the run was stopped.
        """
        if self.is_cancelled():
            raise RunCancelled("cancelled")
        if message:
            self.report(fraction, message)
