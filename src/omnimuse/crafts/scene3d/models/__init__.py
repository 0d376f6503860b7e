"""The parametric models, by family; each module lists its own in `SHELF`."""

from __future__ import annotations

import importlib
from functools import lru_cache

from omnimuse.crafts.scene3d.build import Model

_MODULES = (
    "shapes",
    "furniture",
    "vessels",
    "buildings",
    "plants",
    "land",
    "food",
    "vehicles",
    "animals",
    "people",
    "things",
    "gadgets",
)


@lru_cache(maxsize=1)
def all_models() -> dict[str, Model]:
    """Every model by name."""
    found: dict[str, Model] = {}
    for module in _MODULES:
        shelf = importlib.import_module(f"{__name__}.{module}").SHELF
        found.update({model.name: model for model in shelf.models})
    return found
