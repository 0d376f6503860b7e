"""Records: what is known about an asset, as plain JSON, and back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from omnimuse.assets.asset import Asset, Attribution, ModelUse, Origin
from omnimuse.errors import StorageError
from omnimuse.graph.kinds import accepts

FORMAT = 1
_MAX_TEXT = 4000


def new_record(asset: Asset, origin: Origin | None, *, file: str) -> dict[str, Any]:
    """A record of an asset that was not known before.

    Args:
        asset: the asset.
        origin: how it was made; None if nobody knows.
        file: its place, relative to the objects' folder.
    """
    return {
        "format": FORMAT,
        "id": asset.id,
        "kinds": [asset.kind],
        "media_type": asset.media_type,
        "size_bytes": asset.size_bytes,
        "facts": plain(asset.facts),
        "attribution": [asdict(part) for part in asset.attribution],
        "origins": [origin_to_json(origin)] if origin else [],
        "file": file,
        "stored": now(),
    }


def merged_record(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The same bytes were made again: facts, kinds, attributions and origins are joined."""
    origins = [*old["origins"]]
    known = {_origin_key(origin) for origin in origins}
    origins += [origin for origin in new["origins"] if _origin_key(origin) not in known]
    parts = [*old["attribution"]]
    parts += [part for part in new["attribution"] if part not in parts]
    kinds = list(dict.fromkeys((*old["kinds"], *new["kinds"])))
    joined = {"origins": origins, "attribution": parts, "kinds": kinds}
    return {**old, **joined, "facts": {**old["facts"], **new["facts"]}}


def asset_from(record: Mapping[str, Any], *, path: Path, kind: str | None = None) -> Asset:
    """The asset that a record describes, with its first origin.

    Args:
        record: as written by `new_record`.
        path: where the bytes lie.
        kind: the view that is wanted; the first that it was stored under if None.

    Raises:
        StorageError: the record is not one.
    """
    try:
        kinds = record["kinds"]
        shown = kinds[0]
        if kind is not None:
            shown = kind if kind in kinds else next((k for k in kinds if accepts(kind, k)), shown)
        return Asset(
            id=record["id"],
            kind=shown,
            media_type=record["media_type"],
            size_bytes=record["size_bytes"],
            facts=record["facts"],
            attribution=tuple(Attribution(**part) for part in record["attribution"]),
            origin=next((origin_from(o) for o in record["origins"]), None),
            path=path,
        )
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise StorageError(
            f"the record of {record.get('id', 'an asset')} is damaged: {error!r}",
            hint="Make or import it again.",
        ) from None


def origin_to_json(origin: Origin) -> dict[str, Any]:
    """An origin as plain JSON values; without a time it gets the present one."""
    value: dict[str, Any] = plain(replace(origin, created=origin.created or now()))
    return value


def origin_from(data: Mapping[str, Any]) -> Origin:
    """The origin that `origin_to_json` wrote."""
    models = tuple(ModelUse(**model) for model in data.get("models", ()))
    inputs = {name: tuple(ids) for name, ids in data.get("inputs", {}).items()}
    return Origin(**{**data, "models": models, "inputs": inputs})


def searchable_text(asset: Asset, record: Mapping[str, Any]) -> str:
    """The words by which people look for it: names, arguments, titles, and what a text says."""
    words = [str(value) for value in record["facts"].values() if isinstance(value, str)]
    for origin in record["origins"]:
        words += [origin["tool"], *_strings(origin["arguments"])]
    words += [text for part in record["attribution"] for text in (part["title"], part["author"])]
    if asset.media_type.startswith("text/") and asset.size_bytes <= 10 * _MAX_TEXT:
        words.append(asset.read_bytes().decode(errors="replace"))
    return "\n".join(words)[:_MAX_TEXT].casefold()


def plain(value: Any) -> Any:
    """Any value as JSON values: tuples become lists, NaN None, NumPy scalars numbers."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return [plain(item) for item in sorted(value, key=str)]
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        return _plain_scalar(value)
    return [plain(item) for item in value]


def now() -> str:
    """The time, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _plain_scalar(value: Any) -> Any:
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _origin_key(origin: Mapping[str, Any]) -> str:
    return repr(sorted((key, repr(value)) for key, value in origin.items() if key != "created"))


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _strings(item)]
    return []
