"""Exports: plain copies under names for people, that never overwrite another file."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from omnimuse.assets.asset import Asset
from omnimuse.assets.limits import open_media
from omnimuse.assets.names import MEDIA_TYPE_BY_EXTENSION, extension_for, safe_name
from omnimuse.assets.objects import file_digest, storage_errors
from omnimuse.errors import StorageError

_MAX_NUMBER = 10_000


def export_file(asset: Asset, directory: Path, name: str | None = None) -> Path:
    """Copy an asset's bytes into a folder; see `Library.export`.

    Raises:
        StorageError: disk full, not writable, or the folder is a file.
        AssetNotFoundError: the asset's bytes are gone.
    """
    stem, extension = split_name(asset, name)
    with storage_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
        temporary = directory / f".{secrets.token_hex(8)}.part"
        try:
            with open_media(asset) as source, temporary.open("xb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            return _publish(asset, temporary, directory, stem, extension)
        finally:
            with suppress(OSError):
                temporary.unlink()


def split_name(asset: Asset, name: str | None) -> tuple[str, str]:
    """A safe stem and the extension: the name's own if it fits the media type."""
    extension = extension_for(asset.kind, asset.media_type)
    default = f"{asset.kind}-{asset.id.removeprefix('sha256:')[:8]}"
    safe = safe_name(name or default, default)
    lower = safe.lower()
    if lower.endswith(extension) and len(safe) > len(extension):
        return safe[: -len(extension)], extension
    own = os.path.splitext(lower)[1]
    if MEDIA_TYPE_BY_EXTENSION.get(own) == asset.media_type and own != ".json":
        return safe[: -len(own)], own
    return safe, extension


def _publish(asset: Asset, temporary: Path, directory: Path, stem: str, extension: str) -> Path:
    """Give the complete copy the first free name; a name is taken in one indivisible step."""
    for number in range(1, _MAX_NUMBER):
        place = directory / (f"{stem}{extension}" if number == 1 else f"{stem}-{number}{extension}")
        try:
            _link(temporary, place)
        except FileExistsError:
            if _is_same(place, asset):
                return place
            continue
        return place
    raise StorageError(
        f"{directory} has {_MAX_NUMBER} files called {stem}", hint="Choose another name."
    )


def _link(temporary: Path, place: Path) -> None:
    try:
        os.link(temporary, place)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here: take the name first, then fill it by a rename over our own file.
        place.open("xb").close()
        try:
            os.replace(temporary, place)
        except OSError:
            place.unlink()
            raise


def _is_same(place: Path, asset: Asset) -> bool:
    if not place.is_file() or place.is_symlink() or place.stat().st_size != asset.size_bytes:
        return False
    return file_digest(place) == asset.id
