"""A library on a disk that is full, or that may not be written."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from omnimuse.assets import objects
from omnimuse.assets.asset import Asset, Origin
from omnimuse.assets.library import Library
from omnimuse.errors import StorageError


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no mount here")
    if done.returncode:
        pytest.skip("may not mount here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(library: Library, size: int) -> list[Asset]:
    stored = []
    for number in range(10_000):
        asset = Asset.from_bytes(f"{number} ".encode() * size, "text")
        try:
            stored.append(library.put(asset, Origin("r", "n", "t", "1")))
        except StorageError as error:
            assert "full" in error.message  # noqa: PT017
            assert error.hint  # noqa: PT017
            return stored
    raise AssertionError("the disk never filled up")


@pytest.mark.parametrize("size", [10, 3_000, 300_000])
def test_full_disk_loses_nothing_and_leaves_nothing_half(small_disk, size):
    with Library(small_disk / "library") as library:
        stored = fill(library, size)
        report = library.check()
        assert report.missing == report.corrupt == report.damaged_records == report.stale == ()
        assert report.half_written == ()
        for asset in stored:
            assert library.get(asset.id).id == asset.id


def test_full_disk_on_export(small_disk, tmp_path):
    with Library(tmp_path / "library") as library:
        asset = library.put(Asset.from_bytes(b"x" * 3_000_000, "text"))
        with pytest.raises(StorageError, match="full"):
            library.export(asset, small_disk / "out", "big.txt")
    assert list((small_disk / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "full"),
        (errno.EDQUOT, "full"),
        (errno.EROFS, "permission"),
        (errno.EIO, "error"),
    ],
)
def test_refusals_of_the_system_are_named(tmp_path, monkeypatch, number, says):
    with Library(tmp_path) as library:
        before = library.put(Asset.from_text("before"))

        def refuse(source: object, target: object) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(objects.os, "replace", refuse)
        with pytest.raises(StorageError, match=says):
            library.put(Asset.from_text("after"))
        monkeypatch.undo()
        report = library.check()
        assert report.is_sound
        assert report.half_written == report.orphans == ()
        assert [asset.id for asset in library.find()] == [before.id]


UNPRIVILEGED = """
import os, sys
from pathlib import Path
from omnimuse.assets.asset import Asset
from omnimuse.assets.library import Library
from omnimuse.errors import StorageError
root = Path(sys.argv[1])
import sqlite3, psutil
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
for attempt in (
    lambda: Library(root / "closed" / "library"),
    lambda: Library(root / "shut"),
    lambda: Library(root / "open").put(Asset.from_text("new")),
    lambda: Library(root / "mine").export(Asset.from_text("a"), root / "closed"),
):
    try:
        attempt()
        print("no error")
    except StorageError as error:
        print("StorageError", bool(error.hint), "permission" in error.message + error.hint)
"""


def test_folders_without_permission(tmp_path):
    """As a user who owns nothing there."""
    if os.getuid() == 0:
        for folder in (tmp_path, *tmp_path.parents):
            if not folder.stat().st_mode & 0o001:
                os.chmod(folder, folder.stat().st_mode | 0o011)
    with Library(tmp_path / "open") as library:
        library.put(Asset.from_text("old"))
    (tmp_path / "closed").mkdir()
    (tmp_path / "shut").mkdir(mode=0o700)
    (tmp_path / "mine").mkdir()
    os.chmod(tmp_path / "mine", 0o777)
    for folder in (tmp_path / "closed", tmp_path / "open"):
        os.chmod(folder, 0o555)
    if os.getuid() != 0:
        for path in (tmp_path / "open").rglob("*"):
            os.chmod(path, 0o555)
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["StorageError True True"] * 4, done.stderr
