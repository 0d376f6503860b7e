"""Source types and actions: what was generated, composed, computed or edited is called so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnimuse.assets.asset import Asset, Attribution, ModelUse, Origin
from omnimuse.assets.media import image_asset
from omnimuse.safety.keys import load_keys
from omnimuse.safety.provenance import source_type
from omnimuse.safety.signing import Signer
from omnimuse.safety.verification import verify_file

ART = (Attribution("npm:art==1/fox.svg", "Somebody", "MIT", "fox"),)
PHOTO = {
    "id": "sha256:" + "1" * 64,
    "kind": "image",
    "tool": "import",
    "media_type": "image/jpeg",
    "name": "holiday.jpg",
    "models": [],
}


def _asset(*roles: str, parts: tuple[Attribution, ...] = ()) -> Asset:
    models = tuple(ModelUse(role, f"{role}-card", "ab" * 32, "MIT") for role in roles)
    origin = Origin(run="r", node="n", tool="make", version="1.0.0", models=models)
    picture = Image.fromarray(np.full((32, 32, 3), 90, np.uint8))
    return image_asset(picture, attribution=parts).with_origin(origin)


@pytest.mark.parametrize(
    ("roles", "parts", "lineage", "expected"),
    [
        ((), (), (), "algorithmicMedia"),
        (("feature-extraction",), (), (), "algorithmicMedia"),
        (("text-to-image",), (), (), "trainedAlgorithmicMedia"),
        (("text-to-image", "feature-extraction"), ART, (), "composite"),
        (("style-transfer",), ART, (), "compositeWithTrainedAlgorithmicMedia"),
        ((), (), (PHOTO,), "algorithmicallyEnhanced"),
        (("inpainting",), (), (PHOTO,), "compositeWithTrainedAlgorithmicMedia"),
        (
            (),
            (),
            ({"id": "x", "kind": "text", "tool": "t", "models": [{"role": "text-generation"}]},),
            "trainedAlgorithmicMedia",
        ),
    ],
)
def test_source_type(roles, parts, lineage, expected: str) -> None:
    assert source_type(_asset(*roles, parts=parts), lineage) == expected


def test_an_edited_photo_names_its_original(tmp_path: Path) -> None:
    asset, path = _asset("inpainting"), tmp_path / "a.png"
    path.write_bytes(asset.read_bytes())
    Signer(load_keys(tmp_path)).sign(path, asset, (PHOTO,))
    found = verify_file(path, tmp_path)
    assert found.verdict == "trusted", found.problems
    manifest = found.manifest["manifests"][found.manifest["active_manifest"]]
    assert [i["title"] for i in manifest["ingredients"]] == ["holiday.jpg"]
    assert manifest["ingredients"][0]["relationship"] == "parentOf"
    actions = next(a for a in manifest["assertions"] if a["label"].startswith("c2pa.actions"))
    names = [action["action"] for action in actions["data"]["actions"]]
    assert names == ["c2pa.opened", "c2pa.edited"]


def test_a_picture_from_nothing_is_created(tmp_path: Path) -> None:
    asset, path = _asset("text-to-image"), tmp_path / "a.png"
    path.write_bytes(asset.read_bytes())
    Signer(load_keys(tmp_path)).sign(path, asset)
    manifest = verify_file(path, tmp_path).manifest
    text = str(manifest["manifests"][manifest["active_manifest"]]["assertions"])
    assert "c2pa.created" in text
    assert "digitalsourcetype/trainedAlgorithmicMedia" in text


def test_prompts_and_file_names_can_be_left_out(tmp_path: Path) -> None:
    origin = Origin("r", "n", "make", "1.0.0", arguments={"prompt": "my secret plan"})
    asset, path = _asset().with_origin(origin), tmp_path / "a.png"
    for with_arguments in (True, False):
        path.write_bytes(asset.read_bytes())
        Signer(load_keys(tmp_path), with_arguments=with_arguments).sign(path, asset, (PHOTO,))
        assert (b"my secret plan" in path.read_bytes()) == with_arguments
        assert (b"holiday.jpg" in path.read_bytes()) == with_arguments
        assert verify_file(path, tmp_path).verdict == "trusted"
