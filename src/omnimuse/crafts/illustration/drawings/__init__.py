"""Our own parametric drawings, for what the art pack lacks or has only in part.

Each is a function that draws with a Pen into its own units (100 high) and follows the room that it
is given: a long bench is drawn long, not stretched. Each module lists its drawings in `DRAWINGS`.
"""

from __future__ import annotations

import importlib
from functools import lru_cache

from omnimuse.crafts.illustration.drawings.base import Drawing

_MODULES = (
    "animals",
    "people",
    "plants",
    "landscape",
    "heaven",
    "buildings",
    "street",
    "household",
    "homeware",
    "vehicles",
    "signs",
    "gear",
)


@lru_cache(maxsize=1)
def all_drawings() -> dict[str, Drawing]:
    """Every drawing by name."""
    found: dict[str, Drawing] = {}
    for module in _MODULES:
        listed = importlib.import_module(f"{__name__}.{module}").DRAWINGS
        found.update({drawing.name: drawing for drawing in listed})
    return found


def borrowed_art(name: str) -> tuple[str, ...]:
    """Names of the art pack's drawings that one of ours borrows parts from."""
    drawing = all_drawings().get(name)
    return drawing.borrows if drawing else ()
