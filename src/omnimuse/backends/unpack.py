"""Take named members out of an archive that is not trusted: wheel or zip, npm or other tar, deb.

Nothing is run. Names that leave the folder, links, devices and encrypted members are refused, and
so are archives that would unpack to far more than they are (zip bombs): bytes are counted while
they are written, whatever the headers say.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO, cast

from omnimuse.backends.card import Member
from omnimuse.errors import CheckpointError, MediaTooLargeError

MAX_FILES = 100_000
MAX_TOTAL_BYTES = 64 << 30
MAX_RATIO = 200
_RATIO_FREE_BYTES = 64 << 20
_BLOCK_BYTES = 1 << 20


def is_glob(path: str) -> bool:
    """Whether a member's path names many files."""
    return any(character in path for character in "*?[")


def glob_root(path: str) -> str:
    """The folder before the first wildcard: kept names are relative to it."""
    parts = path.split("/")
    fixed = parts[: _first_glob(parts)]
    return "/".join(fixed) + "/" if fixed else ""


def _first_glob(parts: list[str]) -> int:
    return next((i for i, part in enumerate(parts) if is_glob(part)), len(parts) - 1)


def safe_name(name: str) -> str:
    """A relative path below the folder, in posix form.

    Raises:
        CheckpointError: absolute, upward, empty, or with a drive or backslash.
    """
    path = PurePosixPath(name)
    bad = path.is_absolute() or ".." in path.parts or not path.parts
    if bad or "\\" in name or ":" in path.parts[0] or "\0" in name:
        raise CheckpointError(
            f"an archive member is called {name!r}",
            hint="The archive tries to write outside its folder; do not use it.",
        )
    return path.as_posix()


@dataclass
class _Budget:
    """Counts what is written against the limits."""

    archive_bytes: int
    written_bytes: int = 0
    files: int = 0
    max_total_bytes: int = field(default=MAX_TOTAL_BYTES)

    def add(self, count: int) -> None:
        self.written_bytes += count
        limit = max(_RATIO_FREE_BYTES, self.archive_bytes * MAX_RATIO)
        if self.written_bytes > min(limit, self.max_total_bytes) or self.files > MAX_FILES:
            raise MediaTooLargeError(
                f"the archive unpacks to over {self.written_bytes >> 20} MiB in {self.files} files",
                hint="It looks like a decompression bomb; do not use it.",
            )


def extract_members(archive: Path, members: tuple[Member, ...], into: Path) -> list[Path]:
    """Write the members to `into/<index>`: a file, or for a wildcard a folder of files.

    Args:
        archive: zip (wheel), tar in any compression, deb, a folder, or one plain file.
        members: what to take; each must match, and match its hash where it has one.
        into: an existing folder.

    Returns:
        One path for each member, in their order.

    Raises:
        CheckpointError: damaged archive, missing member, wrong hash, unsafe name.
        MediaTooLargeError: over the limits on size.
    """
    budget = _Budget(_size_bytes(archive))
    places = [into / str(index) for index in range(len(members))]
    found = [0] * len(members)
    try:
        for name, open_member in _entries(archive):
            for index, member in enumerate(members):
                if _matches(name, member.path):
                    place = _place(places[index], name, member)
                    digest = _write(open_member, place, budget)
                    _check_hash(member, name, digest)
                    found[index] += 1
    except (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise CheckpointError(
            f"{archive.name} is damaged: {error}", hint="Pull it again."
        ) from None
    missing = [member.path for member, count in zip(members, found, strict=True) if not count]
    if missing:
        raise CheckpointError(
            f"{archive.name} has no member {', '.join(missing)}",
            hint="The card names files that the archive lacks; correct the card.",
        )
    return places


def _size_bytes(archive: Path) -> int:
    return archive.stat().st_size if archive.is_file() else MAX_TOTAL_BYTES // MAX_RATIO


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) if is_glob(pattern) else name == pattern


def _place(place: Path, name: str, member: Member) -> Path:
    if not is_glob(member.path):
        return place
    return place / safe_name(name[len(glob_root(member.path)) :])


def _write(open_member: Callable[[], IO[bytes]], place: Path, budget: _Budget) -> str:
    digest = hashlib.sha256()
    place.parent.mkdir(parents=True, exist_ok=True)
    budget.files += 1
    with open_member() as stream, place.open("wb") as out:
        while block := stream.read(_BLOCK_BYTES):
            budget.add(len(block))
            digest.update(block)
            out.write(block)
    return digest.hexdigest()


def _check_hash(member: Member, name: str, digest: str) -> None:
    if member.sha256 and member.sha256 != digest:
        raise CheckpointError(
            f"{name} has SHA-256 {digest}, the card wants {member.sha256}",
            hint="The file was changed; do not use it, or correct the card if you trust it.",
        )


def _entries(archive: Path) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    """(name, opener) of every regular file; the opener is valid until the next step."""
    if archive.is_dir():
        for path in sorted(archive.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(archive).as_posix(), _opener(path)
    elif zipfile.is_zipfile(archive):
        yield from _zip_entries(archive)
    elif _head(archive).startswith(b"!<arch>\n"):
        with _deb_data(archive) as stream, tarfile.open(fileobj=stream, mode="r|") as opened:
            yield from _tar_entries(opened)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive, mode="r|*") as opened:
            yield from _tar_entries(opened)
    else:
        yield archive.name, _opener(archive)


def _opener(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("rb")


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(8)


def _zip_entries(archive: Path) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            is_link = (entry.external_attr >> 16) & 0o170000 == 0o120000
            if entry.is_dir() or is_link or entry.flag_bits & 1:
                continue
            yield entry.filename, _member_opener(opened, entry)


def _member_opener(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: opened.open(entry)


def _tar_entries(opened: tarfile.TarFile) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    for entry in opened:
        stream = opened.extractfile(entry) if entry.isreg() else None
        if stream is not None:
            yield entry.name.removeprefix("./"), _given(stream)


def _given(stream: IO[bytes]) -> Callable[[], IO[bytes]]:
    return lambda: stream


@contextmanager
def _deb_data(archive: Path) -> Iterator[IO[bytes]]:
    """The data tar of a .deb, unpacked as a stream (deb(5): an `ar` archive of three members)."""
    with archive.open("rb") as stream:
        stream.read(8)
        while header := stream.read(60):
            if len(header) < 60 or header[58:] != b"`\n":
                raise CheckpointError(f"{archive.name} is a damaged deb", hint="Pull it again.")
            name = header[:16].decode("ascii", "replace").strip().rstrip("/")
            size = int(header[48:58])
            if name.startswith("data.tar"):
                yield from _inflated(archive, name, stream)
                return
            stream.seek(size + size % 2, io.SEEK_CUR)
    raise CheckpointError(f"{archive.name} has no data member", hint="Pull it again.")


def _inflated(archive: Path, name: str, stream: IO[bytes]) -> Iterator[IO[bytes]]:
    if name.endswith(".xz"):
        with lzma.LZMAFile(stream) as unpacked:
            yield unpacked
    elif name.endswith(".gz"):
        import gzip

        with gzip.GzipFile(fileobj=stream) as inflated:
            yield cast(IO[bytes], inflated)
    elif name.endswith(".tar"):
        yield stream
    else:
        yield from _by_dpkg(archive, name)


def _by_dpkg(archive: Path, name: str) -> Iterator[IO[bytes]]:
    """Other compressions (zst) through the package system's own unpacker."""
    program = shutil.which("dpkg-deb")
    if program is None:
        raise CheckpointError(
            f"{archive.name}: {name} needs dpkg-deb to unpack", hint="Install dpkg."
        )
    with subprocess.Popen(
        [program, "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE
    ) as process:
        if process.stdout is not None:
            yield process.stdout
