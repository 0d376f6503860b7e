from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omnimuse.assets import sniff as sniffing
from omnimuse.assets.media import import_file, probe_file, read_audio, read_frames, read_image
from omnimuse.assets.sniff import sniff
from omnimuse.errors import (
    AssetNotFoundError,
    InputError,
    MediaTooLargeError,
    UnsupportedMediaError,
)

EXPECTED = {
    "picture.png": ("image", "image/png", {"width_px": 48, "height_px": 32}),
    "picture.jpg": ("image", "image/jpeg", {"width_px": 48}),
    "picture.webp": ("image", "image/webp", {"height_px": 32}),
    "picture.bmp": ("image", "image/bmp", {"mode": "RGB"}),
    "picture.tiff": ("image", "image/tiff", {"width_px": 48}),
    "moving.gif": ("image", "image/gif", {"frames": 3}),
    "drawing.svg": ("image", "image/svg+xml", {"width_px": 40, "height_px": 20}),
    "tone.wav": ("audio", "audio/wav", {"duration_s": 0.5, "channels": 2}),
    "tone.flac": ("audio", "audio/flac", {"duration_s": 0.5, "peak_dbfs": -6.02}),
    "tone.ogg": ("audio", "audio/ogg", {"sample_rate_hz": 22050}),
    "tone.mp3": ("audio", "audio/mpeg", {"sample_rate_hz": 22050}),
    "film.mp4": ("video", "video/mp4", {"frames": 24, "has_audio": True}),
    "film.webm": ("video", "video/webm", {"frames": 24, "fps": 12.0}),
    "chord.mid": ("score", "audio/midi", {"notes": 3, "duration_s": 1.2, "tempo_bpm": 150.0}),
    "tune.abc": ("score", "text/vnd.abc", {"title": "Fox Trot", "key": "D", "meter": "4/4"}),
    "triangle.glb": ("mesh", "model/gltf-binary", {"vertices": 3, "triangles": 1}),
    "cloud.ply": ("points3d", "model/ply", {"vertices": 2, "faces": 0}),
    "rows.csv": ("table", "text/csv", {"rows": 2, "columns": 2}),
    "graph.json": ("graph", "application/json", {"entries": 2}),
    "poem.txt": ("text", "text/plain", {"lines": 3, "words": 8}),
    "note.md": ("text", "text/markdown", {"lines": 3}),
}
NAMES = sorted(EXPECTED)


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_file_is_known_by_its_bytes(samples_dir, name):
    kind, media_type, facts = probe_file(samples_dir / name)
    wanted_kind, wanted_type, wanted_facts = EXPECTED[name]
    assert (kind, media_type) == (wanted_kind, wanted_type)
    assert {key: facts.get(key) for key in wanted_facts} == wanted_facts


@pytest.mark.parametrize("name", [n for n in NAMES if n.split(".")[1] not in ("md", "csv")])
def test_the_name_is_not_needed(samples_dir, tmp_path, name):
    (tmp_path / "nameless").write_bytes((samples_dir / name).read_bytes())
    assert probe_file(tmp_path / "nameless")[:2] == EXPECTED[name][:2]


def test_import_keeps_bytes_and_says_where_they_came_from(samples_dir):
    asset = import_file(samples_dir / "picture.png")
    assert asset.read_bytes() == (samples_dir / "picture.png").read_bytes()
    assert asset.origin is not None
    assert asset.origin.tool == "import"
    assert asset.origin.arguments == {"name": "picture.png"}


def test_wrong_extension_within_a_family_is_forgiven(samples_dir, tmp_path):
    (tmp_path / "a.png").write_bytes((samples_dir / "picture.jpg").read_bytes())
    assert probe_file(tmp_path / "a.png")[1] == "image/jpeg"


@pytest.mark.parametrize(
    ("name", "source", "says"),
    [
        ("a.png", "tone.mp3", "sound"),
        ("a.png", "poem.txt", "text"),
        ("a.wav", "picture.png", "a picture"),
        ("a.txt", "picture.png", "a picture"),
        ("a.glb", "chord.mid", "notes"),
        ("a.csv", "film.mp4", "a film"),
    ],
)
def test_wrong_family_is_named_with_what_was_found(samples_dir, tmp_path, name, source, says):
    (tmp_path / name).write_bytes((samples_dir / source).read_bytes())
    with pytest.raises(UnsupportedMediaError) as caught:
        probe_file(tmp_path / name)
    assert says in caught.value.message
    assert name in caught.value.message
    assert caught.value.hint


def zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.bin", b"\0" * 50_000_000)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["bomb.glb", "bomb.png", "bomb", "bomb.txt"])
def test_zip_bomb_is_named_and_never_unpacked(tmp_path, name):
    (tmp_path / name).write_bytes(zip_bomb())
    with pytest.raises(UnsupportedMediaError, match="zip archive"):
        probe_file(tmp_path / name)


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"\x7fELF\x02\x01", "program"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"\x80\x04\x95\0\0", "pickle"),
        (b"\0\x01\x02\x03" * 9, "no known type"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
    ],
)
def test_foreign_files_are_named(head, what):
    with pytest.raises(UnsupportedMediaError, match=what):
        sniff(head)


def test_empty_missing_folder_and_pipe(tmp_path):
    (tmp_path / "empty.png").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnsupportedMediaError, match="empty"):
        probe_file(tmp_path / "empty.png")
    with pytest.raises(AssetNotFoundError, match="missing"):
        probe_file(tmp_path / "missing.png")
    with pytest.raises(UnsupportedMediaError, match="folder"):
        probe_file(tmp_path)
    with pytest.raises(UnsupportedMediaError, match="pipe"):
        probe_file(tmp_path / "pipe")


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "../" * 2000])
def test_names_that_no_file_can_have(tmp_path, name):
    with pytest.raises(InputError) as caught:
        probe_file(tmp_path / name)
    assert len(caught.value.message) < 600


def test_file_without_permission(tmp_path, monkeypatch):
    path = tmp_path / "secret.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    real_open = Path.open

    def refuse(self, *args, **options):
        if self == path:
            raise PermissionError(13, "Permission denied")
        return real_open(self, *args, **options)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AssetNotFoundError, match="Permission denied"):
        probe_file(path)
    assert stat.S_ISREG(path.stat().st_mode)


def test_text_that_is_too_large_binary_or_of_another_encoding(tmp_path):
    (tmp_path / "large.txt").write_bytes(b"a" * 20_000_001)
    with pytest.raises(MediaTooLargeError, match="20 MB"):
        probe_file(tmp_path / "large.txt")
    (tmp_path / "wide.txt").write_bytes("hello there".encode("utf-16"))
    with pytest.raises(UnsupportedMediaError, match="UTF-16"):
        probe_file(tmp_path / "wide.txt")
    (tmp_path / "old.txt").write_bytes("caf\xe9 au lait".encode("latin-1"))
    with pytest.raises(UnsupportedMediaError, match="not UTF-8"):
        probe_file(tmp_path / "old.txt")
    (tmp_path / "blank.txt").write_bytes(b" \n \n")
    with pytest.raises(UnsupportedMediaError, match="empty"):
        probe_file(tmp_path / "blank.txt")


def test_a_character_cut_by_the_head_is_still_text(tmp_path):
    text = "a" * 4095 + "月" * 100
    (tmp_path / "long").write_text(text, encoding="utf-8")
    assert probe_file(tmp_path / "long")[2]["characters"] == len(text)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(NAMES),
    keep=st.floats(0, 1),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8),
    extension=st.booleans(),
)
def test_damaged_files_are_read_or_named(samples_dir, tmp_path, name, keep, changes, extension):
    data = bytearray((samples_dir / name).read_bytes())
    data = data[: max(1, int(len(data) * keep))]
    for place, value in changes:
        data[min(len(data) - 1, int(place * min(len(data), 300)))] = value
    path = tmp_path / ("damaged" + (Path(name).suffix if extension else ""))
    path.write_bytes(data)
    try:
        asset = import_file(path)
        if asset.kind == "image":
            read_image(asset, max_pixels=10_000_000)
        elif asset.kind == "audio":
            read_audio(asset)
        elif asset.kind == "video":
            for _ in read_frames(asset, max_frames=1000):
                pass
    except InputError as error:
        assert error.message  # noqa: PT017


@given(st.binary(max_size=300), st.sampled_from(["", ".png", ".txt", ".glb", ".csv"]))
def test_any_bytes_are_sniffed_or_named(data, extension):
    try:
        assert "/" in sniff(data, extension)
    except UnsupportedMediaError as error:
        assert error.hint  # noqa: PT017


@pytest.mark.parametrize("start", ["BMW", "MZ", "ID3 tags", "MThd", "RIFF", "BZh", "Rar!", "FORM"])
def test_text_that_begins_like_a_signature_is_text(start):
    assert sniff(f"{start} is how this sentence begins.\n".encode()) == "text/plain"


def test_foreign_signatures_never_hide_known_ones():
    for foreign, _ in sniffing._FOREIGN:
        assert not any(magic.startswith(foreign) for magic, _ in sniffing._MAGIC)
