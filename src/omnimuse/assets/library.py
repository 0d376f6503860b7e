"""The library: every asset once, found by what it is, with all that is known about it.

Content-addressed files are the truth, a SQLite index finds them. Several processes may use one
library; a process killed at any moment loses nothing that `put` returned, and leaves nothing half.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from omnimuse.assets import records
from omnimuse.assets.asset import Asset, Origin
from omnimuse.assets.export import export_file
from omnimuse.assets.index import Index
from omnimuse.assets.lineage import Trace, trace_of
from omnimuse.assets.objects import ObjectFiles, file_digest
from omnimuse.errors import AssetNotFoundError, InputError, StorageError

_MIN_PREFIX = 4
_KEPT_IN_MEMORY_BYTES = 8 << 20


@dataclass(frozen=True)
class CheckReport:
    """What `Library.check` found; everything empty means sound.

    Attributes:
        checked: how many records were looked at.
        missing: ids whose bytes are gone.
        corrupt: ids whose bytes are not what their name says.
        damaged_records: ids whose record cannot be read.
        unindexed: ids with a record that the index lacks; `rebuild` adds them.
        stale: ids in the index without a record; `rebuild` drops them.
        orphans: files of bytes without a record (a process died between the two); harmless.
        half_written: temporary files of processes that write, or died writing; harmless.
    """

    checked: int = 0
    missing: tuple[str, ...] = ()
    corrupt: tuple[str, ...] = ()
    damaged_records: tuple[str, ...] = ()
    unindexed: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    half_written: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether every known asset is there and whole, and the index knows them all."""
        damage = (self.missing, self.corrupt, self.damaged_records, self.unindexed, self.stale)
        return not any(damage)


class Library:
    """A folder of assets. Threads and processes may share it.

    Args:
        root: its folder; made if missing.
        is_synced: wait for the disk at each `put`. Without it a power cut may cost the last
            assets; a killed process costs nothing either way.

    Raises:
        StorageError: the folder cannot be made, read or written.
    """

    def __init__(self, root: Path, *, is_synced: bool = True) -> None:
        self.root = Path(root).absolute()
        self._files = ObjectFiles(self.root, is_synced=is_synced)
        self._index = Index(self.root / "index.sqlite3", self._entries)

    def put(self, asset: Asset, origin: Origin | None = None, *, can_link: bool = False) -> Asset:
        """Store an asset; the same bytes again only add their origin, kind and attribution.

        Args:
            asset: in memory or in a file.
            origin: how it was made; the asset's own if None.
            can_link: its file will never change again (a work folder), so a hard link will do.

        Returns:
            The asset with its origin and its place in the library.

        Raises:
            StorageError: disk full, not writable, or its file changed meanwhile.
            AssetNotFoundError: its file is gone.
        """
        origin = origin or asset.origin
        place = self._files.place(asset)
        new = records.new_record(asset, origin, file=_relative(place, self._files.objects))
        with suppress(StorageError):
            if old := self._files.read_record(asset.id):
                place = self._files.objects / old["file"]
        self._files.store(asset, place=place, can_link=can_link)
        with self._index.writing() as index:
            # Read again now that nobody else writes: another process may have added an origin.
            record = self._merged(asset.id, new)
            self._files.write_record(record)
            stored = replace(asset, path=self._files.objects / record["file"])
            index.add(record, records.searchable_text(stored, record))
        if new["origins"]:
            origin = records.origin_from(new["origins"][0])
        is_small = asset.size_bytes <= _KEPT_IN_MEMORY_BYTES
        return replace(stored, origin=origin, data=asset.data if is_small else None)

    def get(self, id_or_prefix: str, *, kind: str | None = None) -> Asset:
        """The asset of this id, or of the only id that begins so.

        Args:
            id_or_prefix: `sha256:` and at least 4 hex digits, or the digits alone.
            kind: the kind to see it as, if it was stored under several.

        Raises:
            AssetNotFoundError: there is none.
            InputError: no id, or several begin so.
            StorageError: its bytes are gone.
        """
        record = self._record(id_or_prefix)
        asset = self._asset(record, kind)
        if asset.path is None or not asset.path.is_file():
            raise StorageError(
                f"the bytes of {asset.id} are gone from the library",
                hint="Import the file or run the plan again.",
            )
        return asset

    def __contains__(self, asset_id: object) -> bool:
        """Whether an asset of exactly this id is stored with its bytes."""
        try:
            return isinstance(asset_id, str) and self.get(asset_id).id == asset_id
        except (InputError, StorageError):
            return False

    def find(
        self,
        kind: str | None = None,
        run: str | None = None,
        text: str | None = None,
        limit: int = 50,
    ) -> list[Asset]:
        """Assets that match all that is given, newest first.

        Args:
            kind: this kind or a narrower one.
            run: made in this run.
            text: words that occur in names, arguments, titles or the text itself.
            limit: at most so many.
        """
        found = self._index.find(kind=kind, run=run, text=text, limit=max(0, limit))
        return [self._asset(record, kind) for record in found]

    def origins(self, asset_id: str) -> tuple[Origin, ...]:
        """All ways in which these bytes came about, oldest first.

        Raises:
            AssetNotFoundError: no such asset.
        """
        return tuple(records.origin_from(o) for o in self._record(asset_id)["origins"])

    def trace(self, asset_id: str) -> Trace:
        """Where it came from: the tree of its ancestors.

        Raises:
            AssetNotFoundError: no such asset.
        """
        return trace_of(self, self.get(asset_id))

    def users_of(self, asset_id: str) -> list[str]:
        """Ids of the assets that were made from this one."""
        return self._index.users_of(asset_id)

    def export(self, asset: Asset, directory: Path, name: str | None = None) -> Path:
        """A plain copy for people; never overwrites another file, but adds a number.

        Args:
            asset: an asset, stored or not.
            directory: made if missing.
            name: file name; made safe, and given the right extension. Kind and id if None.

        Returns:
            Where it lies. If the very same bytes lie there already, that file.

        Raises:
            StorageError: disk full, or not writable.
        """
        return export_file(asset, Path(directory), name)

    def check(self, *, is_deep: bool = True) -> CheckReport:
        """Compare files, records and index.

        Args:
            is_deep: read all bytes and compare their digests.
        """
        found: dict[str, list[str]] = {}
        known, files = self._index.ids(), set[Path]()
        on_disk = list(self._files.record_ids())
        for asset_id in on_disk:
            fault, place = self._fault(asset_id, is_deep=is_deep)
            if place is not None:
                files.add(place)
            if fault:
                found.setdefault(fault, []).append(asset_id)
            if asset_id not in known:
                found.setdefault("unindexed", []).append(asset_id)
        found["stale"] = sorted(known - set(on_disk))
        found["orphans"] = [p.name for p in self._files.object_files() if p not in files]
        found["half_written"] = [path.name for path in self._files.temporary_files()]
        return CheckReport(checked=len(on_disk), **{n: tuple(ids) for n, ids in found.items()})

    def rebuild(self) -> int:
        """Build the index anew from the records; how many there are.

        Raises:
            StorageError: disk full, or not writable.
        """
        return self._index.rebuild()

    def close(self) -> None:
        """Close the index; the library opens it again when it is used."""
        self._index.close()

    def __enter__(self) -> Self:
        """The library itself; closed at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _record(self, id_or_prefix: str) -> dict[str, Any]:
        prefix = id_or_prefix.strip().lower().removeprefix("sha256:")
        if not re.fullmatch(rf"[0-9a-f]{{{_MIN_PREFIX},64}}", prefix):
            raise InputError(
                f"{id_or_prefix[:80]!r} is no asset id",
                hint=f"An id is sha256: and hex digits, at least {_MIN_PREFIX} of them.",
            )
        found = self._index.by_prefix(f"sha256:{prefix}", limit=6)
        if len(found) > 1:
            shown = ", ".join(record["id"][7:19] for record in found[:5])
            raise InputError(
                f"several assets begin with {prefix}: {shown}", hint="Give more digits."
            )
        if not found and len(prefix) == 64:
            # The index can lag behind after a power cut; the files cannot.
            record = self._files.read_record(f"sha256:{prefix}")
            found = [record] if record else []
        if not found:
            raise AssetNotFoundError(
                f"no asset {id_or_prefix!r} in the library",
                hint="`omnimuse assets list` shows all.",
            )
        return found[0]

    def _asset(self, record: Mapping[str, Any], kind: str | None) -> Asset:
        return records.asset_from(record, path=self._files.objects / record["file"], kind=kind)

    def _merged(self, asset_id: str, new: dict[str, Any]) -> dict[str, Any]:
        try:
            old = self._files.read_record(asset_id)
        except StorageError:
            return new  # a damaged record is worth less than a fresh one
        return records.merged_record(old, new) if old else new

    def _entries(self) -> Iterator[tuple[Mapping[str, Any], str]]:
        """All readable records, for the index; damaged ones are left to `check`."""
        for asset_id in self._files.record_ids():
            with suppress(StorageError, AssetNotFoundError, KeyError, TypeError):
                record = self._files.read_record(asset_id)
                if record is not None:
                    yield record, records.searchable_text(self._asset(record, None), record)

    def _fault(self, asset_id: str, *, is_deep: bool) -> tuple[str, Path | None]:
        try:
            record = self._files.read_record(asset_id)
            asset = self._asset(record or {}, None) if record else None
        except (StorageError, KeyError):
            return "damaged_records", None
        if asset is None or asset.path is None or not asset.path.is_file():
            return "missing", None
        is_whole = asset.path.stat().st_size == asset.size_bytes
        if is_whole and is_deep:
            is_whole = file_digest(asset.path) == asset_id
        return ("" if is_whole else "corrupt"), asset.path


def _relative(place: Path, folder: Path) -> str:
    return place.relative_to(folder).as_posix()
