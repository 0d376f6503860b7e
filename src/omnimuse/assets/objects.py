"""The library's files: written whole or not at all, whatever happens in between.

    objects/ab/<hex>.png           the bytes, named by their SHA-256
    objects/ab/<hex>.record.json   what is known about them
    temporary/<pid>-<random>       files that are being written

A file gets its name only when its bytes are complete, so a killed process leaves at most a
temporary file, which the next one to open the library removes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from omnimuse.assets.asset import Asset
from omnimuse.assets.limits import open_media
from omnimuse.assets.names import extension_for
from omnimuse.errors import StorageError

RECORD_SUFFIX = ".record.json"
_CHUNK = 1 << 20
_ABANDONED_AFTER_S = 60.0
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def storage_errors(place: Path) -> Iterator[None]:
    """Names what the operating system refuses.

    Raises:
        StorageError: disk full, not writable, or any other trouble with the disk.
    """
    try:
        yield
    except OSError as error:
        raise _storage_error(place, error) from None


def _storage_error(place: Path, error: OSError) -> StorageError:
    if error.errno in _FULL:
        return StorageError(
            f"the disk is full: cannot write to {place}",
            hint="Free some space; nothing was left half-written.",
        )
    if error.errno in _FORBIDDEN:
        return StorageError(
            f"no permission to write to {place}",
            hint="Choose another folder (OMNIMUSE_HOME, -o) or change its permissions.",
        )
    return StorageError(
        f"cannot write to {place}: {error.strerror or error}", hint="Check the disk and the folder."
    )


class ObjectFiles:
    """Objects and records below a folder.

    Args:
        root: the library's folder; made if missing.
        is_synced: wait until the disk has everything. Without it a power cut may cost the last
            assets; a killed process costs nothing either way.

    Raises:
        StorageError: the folder cannot be made or written.
    """

    def __init__(self, root: Path, *, is_synced: bool = True) -> None:
        self.root = root
        self.objects = root / "objects"
        self._temporary = root / "temporary"
        self._is_synced = is_synced
        with storage_errors(root):
            self.objects.mkdir(parents=True, exist_ok=True)
            self._temporary.mkdir(exist_ok=True)
            self._remove_abandoned()

    def place(self, asset: Asset) -> Path:
        """Where the bytes of this asset belong."""
        digest = asset.id.removeprefix("sha256:")
        return self.objects / digest[:2] / (digest + extension_for(asset.kind, asset.media_type))

    def record_place(self, asset_id: str) -> Path:
        """Where its record belongs."""
        digest = asset_id.removeprefix("sha256:")
        return self.objects / digest[:2] / (digest + RECORD_SUFFIX)

    def store(self, asset: Asset, *, place: Path, can_link: bool = False) -> None:
        """Put the bytes at `place`, unless they are there already.

        Args:
            asset: in memory or in a file; a file is never read into memory as a whole.
            place: target inside the library.
            can_link: its file will never change, so a hard link will do.

        Raises:
            StorageError: disk full, not writable, or the file changed since it was measured.
        """
        with suppress(FileNotFoundError):
            if place.stat().st_size == asset.size_bytes:
                return
        if can_link and asset.path is not None and self._linked(asset.path, place):
            return

        def write(file: BinaryIO) -> None:
            digest = hashlib.sha256()
            with open_media(asset) as source:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
            if f"sha256:{digest.hexdigest()}" != asset.id:
                raise StorageError(
                    f"{asset.path or asset.id} changed while it was being stored",
                    hint="Let its writer finish first.",
                )

        self.write(place, write)

    def write(self, place: Path, fill: Callable[[BinaryIO], None]) -> None:
        """A whole file at `place`, or none.

        Raises:
            StorageError: disk full or not writable.
        """
        with storage_errors(self.root):
            self._make_shard(place.parent)
            temporary = self._temporary / f"{os.getpid()}-{secrets.token_hex(8)}"
            try:
                with temporary.open("xb") as file:
                    fill(file)
                    if self._is_synced:
                        file.flush()
                        os.fsync(file.fileno())
                os.replace(temporary, place)
            except BaseException:
                with suppress(OSError):
                    temporary.unlink()
                raise
            if self._is_synced:
                _sync_folder(place.parent)

    def write_record(self, record: dict[str, Any]) -> None:
        """The record as readable JSON, replacing an older one.

        Raises:
            StorageError: disk full or not writable.
        """
        data = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True).encode()
        self.write(self.record_place(record["id"]), lambda file: _discard(file.write(data)))

    def read_record(self, asset_id: str) -> dict[str, Any] | None:
        """The record, or None if there is none.

        Raises:
            StorageError: it cannot be read or is no record.
        """
        place = self.record_place(asset_id)
        try:
            record = json.loads(place.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StorageError(
                f"the record {place.name} is damaged: {error}", hint="Make or import it again."
            ) from None
        if not isinstance(record, dict) or record.get("id") != asset_id:
            raise StorageError(f"the record {place.name} is not about {asset_id}")
        return record

    def record_ids(self) -> Iterator[str]:
        """Ids of all assets that have a record, sorted."""
        for place in sorted(self.objects.glob(f"??/*{RECORD_SUFFIX}")):
            yield "sha256:" + place.name.removesuffix(RECORD_SUFFIX)

    def object_files(self) -> Iterator[Path]:
        """All files of bytes, sorted."""
        for place in sorted(self.objects.glob("??/*")):
            if not place.name.endswith(RECORD_SUFFIX):
                yield place

    def temporary_files(self) -> list[Path]:
        """Files that are being written, or were when their writer died."""
        return sorted(self._temporary.iterdir())

    def _linked(self, source: Path, place: Path) -> bool:
        """Whether a hard link could be made; other file systems and odd rights say no."""
        with storage_errors(self.root):
            self._make_shard(place.parent)
        try:
            os.link(source, place)
        except OSError:
            return False
        if self._is_synced:
            with storage_errors(self.root), place.open("rb") as file:
                os.fsync(file.fileno())
            _sync_folder(place.parent)
        return True

    def _make_shard(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            if self._is_synced:
                _sync_folder(self.objects)

    def _remove_abandoned(self) -> None:
        abandoned = self.temporary_files()
        if not abandoned:
            return
        import psutil

        for path in abandoned:
            writer = path.name.partition("-")[0]
            with suppress(OSError):
                # A writer in another container looks dead from here, but its file stays young.
                is_old = time.time() - path.stat().st_mtime > _ABANDONED_AFTER_S
                if is_old and not (writer.isdigit() and psutil.pid_exists(int(writer))):
                    path.unlink()


def file_digest(path: Path) -> str:
    """`sha256:` and the digest of a file, read in pieces."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut; where folders cannot be opened, there is no need."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _discard(_: object) -> None:
    """For callables that must return nothing."""
