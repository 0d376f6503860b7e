"""A checkpoint folder chosen by its path plays its roles in the whole flow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import image_asset, read_image

pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytestmark = [pytest.mark.torch, pytest.mark.weights]

SIZE = {"width": 64, "height": 64, "num_inference_steps": 2}


@pytest.fixture
def call(tmp_path: Path, models_dir: Path) -> Iterator[Any]:
    from omnimuse.app import Studio
    from omnimuse.config import Settings

    home = tmp_path / "home"
    with Studio(Settings(home=home, models_dir=models_dir, sign=False)) as studio:

        def call_(tool: str, arguments: dict[str, Any], **given: Any) -> Any:
            found = studio.call(tool, arguments, given.pop("inputs", None), seed=3, **given)
            assert found.status == "succeeded", found.errors
            return studio.house.library.get(found.assets[0].id)

        yield call_


def photo() -> Asset:
    noise = np.random.default_rng(1).integers(0, 255, (48, 72, 3)).astype(np.uint8)
    return image_asset(Image.fromarray(noise))


def pixels(asset: Any) -> Any:
    return np.asarray(read_image(asset, mode="RGB"))


@pytest.mark.parametrize("family", ["sd_folder", "sdxl_folder", "flux_folder"])
def test_generate_image_with_a_folder(
    request: pytest.FixtureRequest, call: Any, family: str
) -> None:
    folder = str(request.getfixturevalue(family))
    models = {"text-to-image": folder}
    found = call("generate_image", {"prompt": "a red fox", **SIZE}, models=models)
    assert pixels(found).shape == (64, 64, 3)
    assert found.facts["prompt"] == "a red fox"
    assert found.facts["num_inference_steps"] == 2
    used = {use.role: use for use in found.origin.models}
    assert used["text-to-image"].card == folder
    assert found.origin.arguments["num_inference_steps"] == 2


def test_layout_and_windows_through_the_flow(call: Any, sd_folder: Path) -> None:
    models = {"text-to-image": str(sd_folder)}
    layout = Asset.from_json({"objects": [{"label": "fox", "box": [0.0, 0.0, 0.5, 1.0]}]}, "layout")
    plain = call("generate_image", {"prompt": "home", **SIZE}, models=models)
    found = call(
        "generate_image",
        {"prompt": "home", **SIZE, "tiles": True},
        inputs={"layout": layout},
        models=models,
    )
    assert found.facts["layout"] == "followed by regions"
    assert not np.array_equal(pixels(found), pixels(plain))


def test_redraw_and_fill_through_the_flow(call: Any, sd_folder: Path) -> None:
    source = photo()
    mask = np.zeros((48, 72), np.uint8)
    mask[10:30, 20:50] = 255
    models = dict.fromkeys(("image-to-image", "inpainting"), str(sd_folder))
    given = {"prompt": "a fox", "num_inference_steps": 4}
    redrawn = call("redraw_image", given, inputs={"image": source}, models=models)
    assert not np.array_equal(pixels(redrawn), pixels(source))
    same = call("redraw_image", {**given, "strength": 0}, inputs={"image": source}, models=models)
    assert same.id == source.id
    inputs = {"image": source, "mask": image_asset(Image.fromarray(mask), "mask")}
    filled = call("fill_region", given, inputs=inputs, models=models)
    np.testing.assert_array_equal(pixels(filled)[mask == 0], pixels(source)[mask == 0])
    assert not np.array_equal(pixels(filled), pixels(source))
