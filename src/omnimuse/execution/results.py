"""Finished results as records: asset ids by output, and back to assets from the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from omnimuse.assets.asset import Asset, Origin
from omnimuse.errors import OmnimuseError

Outputs = Mapping[str, Asset | tuple[Asset, ...]]


class AssetStore(Protocol):
    """What execution asks of the library."""

    def put(self, asset: Asset, origin: Origin, *, can_link: bool = False) -> Asset:
        """Store an asset; it is safe on disk when this returns.

        `can_link`: its file will never change again.
        """
        ...

    def get(self, id_or_prefix: str, /) -> Asset:
        """A stored asset.

        Raises:
            OmnimuseError: there is none, or its bytes are gone.
        """
        ...


def to_record(outputs: Outputs) -> dict[str, Any]:
    """Plain JSON: id and kind of each output; a list for a list output."""
    return {
        name: [_entry(asset) for asset in value] if isinstance(value, tuple) else _entry(value)
        for name, value in outputs.items()
    }


def from_record(record: Any, library: AssetStore) -> Outputs | None:
    """The assets of a record; None if one is gone or the record is damaged."""
    if not isinstance(record, dict):
        return None
    outputs: dict[str, Asset | tuple[Asset, ...]] = {}
    try:
        for name, value in record.items():
            outputs[str(name)] = (
                tuple(_asset(entry, library) for entry in value)
                if isinstance(value, list)
                else _asset(value, library)
            )
    except (OmnimuseError, KeyError, TypeError):
        return None
    return outputs


def _entry(asset: Asset) -> dict[str, str]:
    return {"id": asset.id, "kind": asset.kind}


def _asset(entry: Mapping[str, str], library: AssetStore) -> Asset:
    """One asset, under the kind that the tool gave it: equal bytes may be stored under another."""
    asset = library.get(entry["id"])
    return asset if asset.kind == entry["kind"] else asset.with_kind(entry["kind"])
