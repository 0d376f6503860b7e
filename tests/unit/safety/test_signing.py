"""Signed exports: whole files verify, changed ones do not, whatever the format."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnimuse.assets.asset import Asset, Attribution, ModelUse, Origin
from omnimuse.assets.media import audio_asset, image_asset
from omnimuse.safety.keys import load_keys
from omnimuse.safety.signing import SIDECAR_SUFFIX, Signer
from omnimuse.safety.verification import verify_file

ORIGIN = Origin(
    run="r1",
    node="n1",
    tool="generate_image",
    version="1.2.3",
    arguments={"prompt": "狐狸", "width": 64},
    seed=7,
    models=(ModelUse("text-to-image", "some-card", "ab" * 32, "MIT"),),
    inputs={"layout": ("sha256:" + "0" * 64,)},
)


def _picture() -> Asset:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    parts = (Attribution("npm:art==1/fox.svg", "Somebody", "MIT", "fox"),)
    return image_asset(Image.fromarray(pixels), attribution=parts).with_origin(ORIGIN)


def _sound() -> Asset:
    return audio_asset(np.zeros((4800, 1), np.float32), 48_000).with_origin(ORIGIN)


def _text() -> Asset:
    return Asset.from_text("two lines\nof text").with_origin(ORIGIN)


@pytest.mark.parametrize(
    ("make", "name"), [(_picture, "a.png"), (_sound, "a.wav"), (_text, "a.txt")]
)
def test_signed_file_verifies_and_tells_its_origin(make, name, tmp_path: Path) -> None:
    asset, path, home = make(), tmp_path / name, tmp_path / "home"
    path.write_bytes(asset.read_bytes())
    Signer(load_keys(home)).sign(path, asset, ({"id": "x", "kind": "layout", "tool": "plan"},))
    found = verify_file(path, home)
    assert found.verdict == "trusted", found.problems
    assert found.record is not None
    assert found.record["origin"]["tool"] == "generate_image"
    assert found.record["origin"]["arguments"] == {"prompt": "狐狸", "width": 64}
    assert found.record["origin"]["models"][0]["card"] == "some-card"
    assert found.record["lineage"][0]["tool"] == "plan"


@pytest.mark.parametrize(
    ("make", "name"), [(_picture, "a.png"), (_sound, "a.wav"), (_text, "a.txt")]
)
def test_one_changed_byte_is_found(make, name, tmp_path: Path) -> None:
    asset, path, home = make(), tmp_path / name, tmp_path / "home"
    path.write_bytes(asset.read_bytes())
    Signer(load_keys(home)).sign(path, asset)
    data = bytearray(path.read_bytes())
    data[-40 if name != "a.txt" else 3] ^= 1
    path.write_bytes(data)
    assert verify_file(path, home).verdict == "tampered"


def test_another_installation_sees_valid_but_not_trusted(tmp_path: Path) -> None:
    for make, name in ((_picture, "a.png"), (_text, "a.txt")):
        asset, path = make(), tmp_path / name
        path.write_bytes(asset.read_bytes())
        Signer(load_keys(tmp_path / "one")).sign(path, asset)
        assert verify_file(path, tmp_path / "two").verdict == "valid"


def test_forged_record_in_a_sidecar_is_found(tmp_path: Path) -> None:
    asset, path, home = _text(), tmp_path / "a.txt", tmp_path / "home"
    path.write_bytes(asset.read_bytes())
    Signer(load_keys(home)).sign(path, asset)
    sidecar = path.with_name(path.name + SIDECAR_SUFFIX)
    document = json.loads(sidecar.read_text())
    document["record"]["origin"]["seed"] = 8
    sidecar.write_text(json.dumps(document))
    assert verify_file(path, home).verdict == "tampered"
    sidecar.write_text("{")
    assert verify_file(path, home).verdict == "tampered"


def test_unsigned_files_are_called_unsigned(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(_picture().read_bytes())
    assert verify_file(path, tmp_path / "home").verdict == "unsigned"


def test_keys_are_kept_and_private(tmp_path: Path) -> None:
    first = load_keys(tmp_path)
    assert load_keys(tmp_path) == first
    assert (tmp_path / "keys" / "signer.key").stat().st_mode & 0o077 == 0
