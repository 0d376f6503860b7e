"""Every format that C2PA knows carries its manifest inside; films of any size are streamed."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from omnimuse.assets.asset import Asset, Origin
from omnimuse.safety.keys import load_keys
from omnimuse.safety.signing import EMBEDDED_TYPES, SIDECAR_SUFFIX, Signer
from omnimuse.safety.verification import verify_file

ORIGIN = Origin(run="r", node="n", tool="make", version="1.0.0")


def _image(format_name: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (48, 48, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format_name)
    return file.getvalue()


def _sound(format_name: str) -> bytes:
    file = io.BytesIO()
    tone = np.sin(np.arange(8000) / 20).astype(np.float32) * 0.3
    soundfile.write(file, tone, 16_000, format=format_name)
    return file.getvalue()


def _film() -> bytes:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for level in range(0, 250, 25):
            pixels = np.full((48, 64, 3), level, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return file.getvalue()


def _drawing() -> bytes:
    return (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">'
        b'<rect width="40" height="30" fill="#d33"/></svg>'
    )


FORMATS: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "a.jpg": ("image", "image/jpeg", lambda: _image("JPEG")),
    "a.png": ("image", "image/png", lambda: _image("PNG")),
    "a.webp": ("image", "image/webp", lambda: _image("WEBP")),
    "a.svg": ("image", "image/svg+xml", _drawing),
    "a.wav": ("audio", "audio/wav", lambda: _sound("WAV")),
    "a.mp3": ("audio", "audio/mpeg", lambda: _sound("MP3")),
    "a.mp4": ("video", "video/mp4", _film),
}


def test_the_list_is_whole() -> None:
    assert {media_type for _, media_type, _ in FORMATS.values()} == EMBEDDED_TYPES


@pytest.mark.parametrize("name", FORMATS)
def test_embedded_manifest(name: str, tmp_path: Path) -> None:
    kind, media_type, make = FORMATS[name]
    data, path = make(), tmp_path / name
    path.write_bytes(data)
    asset = Asset.from_bytes(data, kind, media_type).with_origin(ORIGIN)
    assert Signer(load_keys(tmp_path)).sign(path, asset) == path
    assert not path.with_name(name + SIDECAR_SUFFIX).exists()
    found = verify_file(path, tmp_path)
    assert found.verdict == "trusted", found.problems
    assert found.record is not None
    assert found.record["asset"] == asset.id
    assert "Omnimuse" in found.signer
    assert sorted(p.name for p in tmp_path.iterdir()) == [name, "keys"]


@pytest.mark.parametrize("name", ["a.jpg", "a.mp4", "a.mp3"])
def test_changed_media_are_found(name: str, tmp_path: Path) -> None:
    kind, media_type, make = FORMATS[name]
    data, path = make(), tmp_path / name
    path.write_bytes(data)
    asset = Asset.from_bytes(data, kind, media_type).with_origin(ORIGIN)
    Signer(load_keys(tmp_path)).sign(path, asset)
    signed = bytearray(path.read_bytes())
    at = signed.rindex(data[-200:-180])
    signed[at] ^= 1
    path.write_bytes(signed)
    assert verify_file(path, tmp_path).verdict == "tampered"


@pytest.mark.parametrize(
    ("name", "kind", "media_type"),
    [("a.mid", "score", "audio/midi"), ("a.flac", "audio", "audio/flac")],
)
def test_other_formats_get_a_sidecar(name: str, kind: str, media_type: str, tmp_path: Path) -> None:
    path = tmp_path / name
    data = _sound("FLAC") if name == "a.flac" else b"MThd" + bytes(20)
    asset = Asset.from_bytes(data, kind, media_type).with_origin(ORIGIN)
    path.write_bytes(data)
    sidecar = Signer(load_keys(tmp_path)).sign(path, asset)
    assert sidecar.name == name + SIDECAR_SUFFIX
    assert path.read_bytes() == data
    assert verify_file(path, tmp_path).verdict == "trusted"
