"""Omnimuse: one sentence in, finished media out: planned, typed, checked, signed, replayable."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_LAZY = {
    "Asset": "omnimuse.assets.asset",
    "AsyncStudio": "omnimuse.stream",
    "Event": "omnimuse.request",
    "Plan": "omnimuse.graph.plan",
    "ProgressBar": "omnimuse.progress",
    "Request": "omnimuse.request",
    "Response": "omnimuse.request",
    "Settings": "omnimuse.config",
    "Studio": "omnimuse.app",
    "load_settings": "omnimuse.config",
    "tool": "omnimuse.tools.declare",
}
__all__ = sorted((*_LAZY, "__version__"))

if TYPE_CHECKING:
    from omnimuse.app import Studio as Studio
    from omnimuse.assets.asset import Asset as Asset
    from omnimuse.config import Settings as Settings
    from omnimuse.config import load_settings as load_settings
    from omnimuse.graph.plan import Plan as Plan
    from omnimuse.progress import ProgressBar as ProgressBar
    from omnimuse.request import Event as Event
    from omnimuse.request import Request as Request
    from omnimuse.request import Response as Response
    from omnimuse.stream import AsyncStudio as AsyncStudio
    from omnimuse.tools.declare import tool as tool


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'omnimuse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
