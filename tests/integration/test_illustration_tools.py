"""generate_image and render_scene with the pulled art: what was asked for is in the pixels."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from omnimuse.assets.asset import Asset
from omnimuse.backends.base import Painted
from omnimuse.backends.card import ModelCard
from omnimuse.crafts.illustration.backend import IllustratorBackend, scene_attribution
from omnimuse.crafts.illustration.color import NAMED, name_of, oklab
from omnimuse.crafts.illustration.render import object_mask, render_scene
from omnimuse.crafts.illustration.scene import Scene
from omnimuse.errors import ArgumentError
from omnimuse.tools.image import generate_image
from omnimuse.tools.image import render_scene as render_scene_tool


@lru_cache(maxsize=1)
def _painter(folder: Path) -> IllustratorBackend:
    card = ModelCard("fluent-illustrator", ("text-to-image", "scene-to-image"), "illustrator")
    return IllustratorBackend(card, folder)


@pytest.fixture
def painter() -> IllustratorBackend:
    folder = Path(os.environ["OMNIMUSE_MODELS_DIR"]) / "fluent-illustrator"
    if not (folder / "modern.zip").is_file():
        pytest.skip("the card fluent-illustrator is not pulled")
    return _painter(folder)


def layout(*objects: tuple[str, list[float], str], **more: Any) -> dict[str, Any]:
    things = [
        {"label": label, "box": box, "attributes": {"color": color} if color else {}}
        for label, box, color in objects
    ]
    return {"objects": things, "relations": [], "background": "white background", **more}


def pixels_of(asset: Asset) -> np.ndarray:
    with Image.open(io.BytesIO(asset.read_bytes())) as image:
        return np.asarray(image.convert("RGB"))


def call(make_context: Callable[..., Any], painter: Any, plan: dict[str, Any], **more: Any) -> Any:
    context = make_context(seed=3, **{"text-to-image": painter, "scene-to-image": painter})
    wanted = {"width": 256, "height": 256, **more}
    return generate_image(
        context, Asset.from_text("as planned"), Asset.from_json(plan, "layout"), **wanted
    )


pytestmark = pytest.mark.weights


def test_a_picture_and_its_scene_come_with_credits(make_context: Any, painter: Any) -> None:
    plan = layout(("dog", [0.1, 0.3, 0.4, 0.5], ""), ("tree", [0.6, 0.2, 0.3, 0.6], ""))
    image, scene = call(make_context, painter, plan)
    assert (image.kind, image.facts["width_px"], image.facts["height_px"]) == ("image", 256, 256)
    assert scene.kind == "scene"
    assert [a.licence for a in image.attribution] == ["MIT"]
    assert image.attribution[0].source.endswith("icons/modern/dog.svg")
    again = call(make_context, painter, plan)
    assert (again.image.id, again.scene.id) == (image.id, scene.id)


@pytest.mark.parametrize(
    "color",
    ["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"],
)
@pytest.mark.parametrize("label", ["car", "dog", "cup", "umbrella", "bird"])
def test_colors_can_be_read_from_the_pixels(painter: Any, label: str, color: str) -> None:
    plan = layout((label, [0.2, 0.2, 0.6, 0.6], color))
    scene = Scene.from_json(painter.paint("", width=128, height=128, seed=0, layout=plan).scene)
    mask = object_mask(scene, painter.pack, scene.objects[0].id) > 0.95
    inside = render_scene(scene, painter.pack)[mask][:, :3]
    lab = oklab(inside.astype(float) / 255)
    target = oklab(np.array([int(NAMED[color][i : i + 2], 16) / 255 for i in (1, 3, 5)]))
    names = [name_of("#" + bytes(p).hex()) for p in inside[::7]]
    near = np.hypot(*(lab[:, 1:] - target[1:]).T) < 0.12
    assert names.count(color) / len(names) > 0.3 or near.mean() > 0.45


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_things_can_be_counted_in_the_pixels(painter: Any, count: int) -> None:
    boxes = [[0.03 + 0.33 * (i % 3), 0.03 + 0.33 * (i // 3), 0.26, 0.26] for i in range(count)]
    plan = layout(*[("apple", box, "red") for box in boxes])
    picture = painter.paint("", width=300, height=300, seed=1, layout=plan).pixels.astype(int)
    red = (picture[..., 0] > 140) & (picture[..., 1] < 110) & (picture[..., 2] < 110)
    _, found = ndimage.label(ndimage.binary_opening(red, iterations=2))
    assert found == count


def test_words_are_written_so_that_they_can_be_found(painter: Any) -> None:
    plan = layout(("sign", [0.1, 0.1, 0.8, 0.8], ""), text=["OPEN"])
    scene = Scene.from_json(painter.paint("", width=256, height=256, seed=0, layout=plan).scene)
    assert [t.text for t in scene.texts] == ["OPEN"]
    credits = scene_attribution(scene, painter.pack)
    assert [(c.source, c.licence) for c in credits] == [
        ("npm:@fontsource/fredoka==5.3.0", "OFL-1.1")
    ]
    silent = Scene.from_json({**scene.to_json(), "texts": []})
    changed = (render_scene(scene, painter.pack) != render_scene(silent, painter.pack)).any(-1)
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    x, y, w, h = (v * 256 for v in scene.texts[0].box)
    assert x - 2 <= columns[0] < columns[-1] <= x + w + 2
    assert y - 2 <= rows[0] < rows[-1] <= y + h + 2
    assert columns[-1] - columns[0] > 0.8 * w or rows[-1] - rows[0] > 0.5 * h


def test_a_scene_renders_at_any_size_and_as_svg(make_context: Any, painter: Any) -> None:
    scene = call(make_context, painter, layout(("fox", [0.2, 0.2, 0.6, 0.6], "red"))).scene
    context = make_context(**{"scene-to-image": painter})
    large = render_scene_tool(context, scene, width=512)
    assert pixels_of(large).shape == (512, 512, 3)
    flat = render_scene_tool(context, scene, style="flat")
    assert flat.attribution[0].source.endswith("icons/flat/fox.svg")
    drawing = render_scene_tool(context, scene, file_format="svg")
    assert drawing.media_type == "image/svg+xml"
    assert '<g id="fox-1"' in drawing.read_text()


def test_the_prompt_is_planned_where_no_layout_is_given(make_context: Any, painter: Any) -> None:
    folder = Path(os.environ["OMNIMUSE_MODELS_DIR"]) / "en-core-web-sm"
    if not folder.is_dir():
        pytest.skip("the card en-core-web-sm is not pulled")
    from omnimuse.backends.spacy_parser import SpacyParser

    parser = SpacyParser(ModelCard("en-core-web-sm", ("token-classification",), "spacy"), folder)
    context = make_context(**{"text-to-image": painter, "token-classification": parser})
    result = generate_image(
        context, Asset.from_text("two cats and a blue car"), width=128, height=128
    )
    labels = sorted(item["label"] for item in result.scene.read_json()["objects"])
    assert labels == ["car", "cat", "cat"]


class Sprayer:
    """A text-to-image model without scenes."""

    def paint(self, prompt: str, *, width: int, height: int, **more: Any) -> Painted:
        return Painted(np.full((height, width, 3), 90, np.uint8))


def test_models_without_scenes_give_the_picture_only(make_context: Any) -> None:
    result = call(make_context, Sprayer(), layout())
    assert result.scene is None
    assert pixels_of(result.image).mean() == 90


def test_nothing_to_draw_and_no_layout_are_named(make_context: Any, painter: Any) -> None:
    context = make_context(**{"text-to-image": painter})
    with pytest.raises(ArgumentError, match="empty"):
        generate_image(context, Asset.from_text("  "))
    with pytest.raises(ArgumentError, match="layout"):
        painter.paint("a dog", width=64, height=64, seed=0)
    with pytest.raises(ArgumentError, match="format"):
        render_scene_tool(
            make_context(**{"scene-to-image": painter}), Asset.from_json({"a": 1}, "scene")
        )


def test_the_common_things_have_drawings(painter: Any) -> None:
    from omnimuse.crafts.illustration.concepts import ConceptIndex

    index = ConceptIndex(painter.pack)
    things = (  # noqa: SIM905
        "person bicycle car motorcycle airplane bus train truck boat bird cat dog horse sheep cow "
        "elephant bear zebra giraffe backpack umbrella handbag tie suitcase frisbee skis snowboard "
        "kite skateboard surfboard bottle cup fork knife spoon bowl banana apple sandwich orange "
        "broccoli carrot pizza donut cake chair couch bed toilet tv laptop mouse remote keyboard "
        "microwave oven toaster sink refrigerator book clock vase scissors toothbrush"
    ).split()
    pairs = ["traffic light", "fire hydrant", "stop sign", "parking meter", "sports ball",
             "hot dog", "baseball bat",
             "baseball glove", "tennis racket", "wine glass", "potted plant",
             "dining table", "cell phone", "teddy bear", "hair drier", "bench"]  # fmt: skip
    assert len(things) + len(pairs) == 80
    found = {label: index.find(label) for label in (*things, *pairs)}
    assert {label for label, c in found.items() if c.match not in ("name", "tag")} == set()


def test_unwanted_things_are_left_out(make_context: Any, painter: Any) -> None:
    plan = layout(("dog", [0.1, 0.3, 0.4, 0.5], ""), ("tree", [0.6, 0.2, 0.3, 0.6], ""))
    scene = call(make_context, painter, plan, negative_prompt="Tree, car").scene.read_json()
    assert [item["label"] for item in scene["objects"]] == ["dog"]
    with pytest.raises(ArgumentError, match="objects must be a list"):
        call(make_context, painter, {"objects": "dog"}, negative_prompt="tree")
