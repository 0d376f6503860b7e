"""Lineage: which assets an asset was made from, and they from which, as a tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from omnimuse.assets.asset import Asset, Origin
from omnimuse.errors import OmnimuseError

_MAX_DEPTH = 200  # well within Python's own recursion limit


@dataclass(frozen=True)
class Trace:
    """One asset and what it was made from.

    Attributes:
        id: its id.
        asset: None if the library no longer has it.
        origin: how it was made, None if unknown.
        inputs: (input name, its own trace), in the order of the tool's inputs.
        is_repeated: shown in full elsewhere in the tree.
        is_cut: its inputs lie deeper than a tree is followed; trace this id to go on.
    """

    id: str
    asset: Asset | None = None
    origin: Origin | None = None
    inputs: tuple[tuple[str, Trace], ...] = field(default=())
    is_repeated: bool = False
    is_cut: bool = False

    def to_json(self) -> dict[str, Any]:
        """The tree as plain JSON values."""
        from omnimuse.assets.records import origin_to_json

        return {
            "id": self.id,
            "kind": self.asset.kind if self.asset else None,
            "media_type": self.asset.media_type if self.asset else None,
            "origin": origin_to_json(self.origin) if self.origin else None,
            "is_missing": self.asset is None,
            "is_repeated": self.is_repeated,
            "is_cut": self.is_cut,
            "inputs": [{"name": name, **trace.to_json()} for name, trace in self.inputs],
        }

    def ancestors(self) -> list[Asset]:
        """Every asset of the tree once, itself first."""
        found = [self.asset] if self.asset and not self.is_repeated else []
        return found + [asset for _, trace in self.inputs for asset in trace.ancestors()]


class Shelf(Protocol):
    """What a trace needs of a library."""

    def get(self, id_or_prefix: str, *, kind: str | None = None) -> Asset:
        """The asset of this id."""
        ...

    def origins(self, asset_id: str) -> tuple[Origin, ...]:
        """All origins of this id, oldest first."""
        ...


def trace_of(shelf: Shelf, asset: Asset) -> Trace:
    """The tree of an asset's ancestors.

    An asset that occurs twice is followed once, so a tree has no more nodes than the plan has
    edges; a tool that gave its input back unchanged does not make a circle.
    """
    return _Tracer(shelf).trace(asset.id)


class _Tracer:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._seen: set[str] = set()

    def trace(self, asset_id: str, depth: int = 0) -> Trace:
        try:
            asset = self._shelf.get(asset_id)
        except OmnimuseError:
            return Trace(asset_id)
        origin = self._made_by(asset_id)
        if asset_id in self._seen:
            return Trace(asset_id, asset, origin, is_repeated=True)
        self._seen.add(asset_id)
        named = [(name, i) for name, ids in origin.inputs.items() for i in ids] if origin else []
        if named and depth >= _MAX_DEPTH:
            return Trace(asset_id, asset, origin, is_cut=True)
        inputs = tuple((name, self.trace(input_id, depth + 1)) for name, input_id in named)
        return Trace(asset_id, asset, origin, inputs)

    def _made_by(self, asset_id: str) -> Origin | None:
        """The oldest origin that does not name the asset itself among its inputs."""
        origins = self._shelf.origins(asset_id)
        real = (o for o in origins if not any(asset_id in ids for ids in o.inputs.values()))
        return next(real, origins[0] if origins else None)
