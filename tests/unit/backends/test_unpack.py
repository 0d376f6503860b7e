from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.backends.card import Member
from omnimuse.backends.unpack import extract_members, glob_root, safe_name
from omnimuse.errors import CheckpointError, MediaTooLargeError


def make_tar(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def make_deb(files: dict[str, bytes]) -> bytes:
    def entry(name: str, data: bytes) -> bytes:
        head = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode()
        return head + data + b"\n" * (len(data) % 2)

    data = lzma.compress(make_tar({f"./{name}": body for name, body in files.items()}, "w:"))
    return (
        b"!<arch>\n"
        + entry("debian-binary", b"2.0\n")
        + entry("control.tar.xz", b"odd")
        + entry("data.tar.xz", data)
    )


@given(st.lists(st.text("abc.-_", min_size=1), min_size=1).map("/".join))
def test_safe_names_stay_below(name: str) -> None:
    if ".." in name.split("/") or set(name.split("/")) <= {"."}:
        with pytest.raises(CheckpointError):
            safe_name(name)
    else:
        assert not safe_name(name).startswith("/")


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "", "a\\..\\b", "C:/x"])
def test_names_that_leave_are_refused(name: str) -> None:
    with pytest.raises(CheckpointError, match="archive member"):
        safe_name(name)


@pytest.mark.parametrize(
    ("pattern", "root"), [("a/b/*", "a/b/"), ("*.svg", ""), ("a/*/c", "a/"), ("a/b*", "a/")]
)
def test_glob_root(pattern: str, root: str) -> None:
    assert glob_root(pattern) == root


@pytest.mark.parametrize("form", ["zip", "tgz", "deb", "folder"])
def test_every_container_gives_the_same(tmp_path: Path, form: str) -> None:
    files = {"pkg/model.onnx": b"weights", "pkg/art/a.svg": b"<a/>", "pkg/art/in/b.svg": b"<b/>"}
    path = tmp_path / f"archive.{form}"
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    elif form == "folder":
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
    else:
        path.write_bytes(make_tar(files) if form == "tgz" else make_deb(files))
    (tmp_path / "out").mkdir()
    single, many = extract_members(
        path, (Member("pkg/model.onnx", "m"), Member("pkg/art/*", "art/")), tmp_path / "out"
    )
    assert single.read_bytes() == b"weights"
    assert (many / "a.svg").read_bytes() == b"<a/>"
    assert (many / "in/b.svg").read_bytes() == b"<b/>"


def test_missing_member_is_named(tmp_path: Path, make_archive: Callable[..., Path]) -> None:
    with pytest.raises(CheckpointError, match=r"no member nope\.bin"):
        extract_members(make_archive({"a": b"1"}), (Member("nope.bin", "x"),), tmp_path)


def test_wrong_hash_is_refused(tmp_path: Path, make_archive: Callable[..., Path]) -> None:
    member = Member("a", "a", sha256="0" * 64)
    (tmp_path / "o").mkdir()
    with pytest.raises(CheckpointError, match="has SHA-256"):
        extract_members(make_archive({"a": b"1"}), (member,), tmp_path / "o")


def test_traversal_in_a_glob_is_refused(tmp_path: Path, make_archive: Callable[..., Path]) -> None:
    archive = make_archive({"pkg/../../evil.txt": b"x"})
    (tmp_path / "o").mkdir()
    with pytest.raises(CheckpointError, match="archive member"):
        extract_members(archive, (Member("pkg/*", "all/"),), tmp_path / "o")
    assert not list(tmp_path.parent.glob("evil.txt"))


def test_links_are_not_followed(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        link = tarfile.TarInfo("pkg/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    (tmp_path / "a.tar").write_bytes(buffer.getvalue())
    with pytest.raises(CheckpointError, match="no member"):
        extract_members(tmp_path / "a.tar", (Member("pkg/link", "x"),), tmp_path)


def test_bomb_is_stopped(tmp_path: Path, make_archive: Callable[..., Path]) -> None:
    archive = make_archive({"big.bin": bytes(80 << 20)})
    (tmp_path / "o").mkdir()
    with pytest.raises(MediaTooLargeError, match="unpacks to over"):
        extract_members(archive, (Member("big.bin", "x"),), tmp_path / "o")
    assert sum(path.stat().st_size for path in (tmp_path / "o").iterdir()) <= 66 << 20


@pytest.mark.parametrize("cut", [70, 130, 200])
def test_cut_deb_is_damaged(tmp_path: Path, cut: int) -> None:
    (tmp_path / "a.deb").write_bytes(make_deb({"x": b"1" * 500})[:-cut])
    with pytest.raises(CheckpointError):
        extract_members(tmp_path / "a.deb", (Member("x", "x"),), tmp_path)
