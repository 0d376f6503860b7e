"""Diffusion tools with a painter that remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import image_asset, read_image
from omnimuse.backends.base import Joint, Painted
from omnimuse.backends.diffusers_schedulers import SCHEDULERS
from omnimuse.backends.movenet import JOINTS
from omnimuse.errors import ArgumentError, BackendUnavailableError, RunCancelled
from omnimuse.methods.region_denoising import RegionDenoising
from omnimuse.methods.tiled_diffusion import TiledDiffusion
from omnimuse.tools.diffusion import (
    draw_from_structure,
    fill_region,
    redraw_image,
    rewrite_prompt,
)
from omnimuse.tools.image import generate_image
from omnimuse.tools.image_understand import find_depth
from omnimuse.tools.painting import Scheduler


class FakePainter:
    draws_layouts = False
    takes_methods = True
    rewrites_prompts = False
    prompt_additions = "in ink"
    native_side = 32

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def paint(self, prompt: str, **given: Any) -> Painted:
        self.asked = {"prompt": prompt, **given}
        given["report"](0.5, "half")
        pixels = np.full((given["height"], given["width"], 3), 7, np.uint8)
        return Painted(pixels, details={"pipeline": "Fake", "extra": object()})

    def paint_batch(self, prompts: Sequence[str], **given: Any) -> list[Painted]:
        self.asked = {"prompts": list(prompts), **given}
        return [Painted(np.full((given["height"], given["width"], 3), 8, np.uint8))]

    def transform(self, pixels: Any, *, options: Any) -> Any:
        self.asked = dict(options)
        return 255 - pixels[..., :3]

    def inpaint(self, pixels: Any, mask: Any, *, options: Any) -> Any:
        self.asked = dict(options)
        return np.where(mask[..., None] > 0, 0, pixels[..., :3]).astype(np.uint8)


@pytest.fixture
def painter() -> FakePainter:
    return FakePainter()


def text(words: str) -> Asset:
    return Asset.from_text(words)


def photo(width: int = 20, height: int = 16) -> Asset:
    pixels = np.random.default_rng(1).integers(0, 255, (height, width, 4)).astype(np.uint8)
    return image_asset(Image.fromarray(pixels))


def mask(width: int = 20, height: int = 16) -> Asset:
    pixels = np.zeros((height, width), np.uint8)
    pixels[4:8, 5:9] = 255
    return image_asset(Image.fromarray(pixels), "mask")


def test_generate_image_paints_words_and_states_them(
    make_context: Callable[..., Any], painter: FakePainter
) -> None:
    ctx = make_context(seed=5, **{"text-to-image": painter})
    drawing = generate_image(
        ctx, text("a fox"), width=72, height=64, guidance_scale=3.0, scheduler="euler"
    )
    assert drawing.scene is None
    assert drawing.image.facts["prompt"] == "a fox"
    assert drawing.image.facts["pipeline"] == "Fake"
    assert "extra" not in drawing.image.facts
    assert read_image(drawing.image).size == (72, 64)
    assert painter.asked["options"] == {"scheduler": "euler"}
    assert (painter.asked["seed"], painter.asked["guidance_scale"]) == (5, 3.0)
    assert "layout" not in painter.asked


def test_generate_image_follows_a_layout_and_windows(
    make_context: Callable[..., Any], painter: FakePainter
) -> None:
    ctx = make_context(**{"text-to-image": painter})
    layout = Asset.from_json({"objects": [{"label": "fox", "box": [0.1, 0.1, 0.5, 0.5]}]}, "layout")
    found = generate_image(ctx, text("a fox"), layout, width=64, height=64, tiles=True)
    method = painter.asked["options"]["method"]
    assert isinstance(method, RegionDenoising)
    assert [region.prompt for region in method.regions] == ["fox"]
    assert method.tiles == TiledDiffusion(32, 8)
    assert found.image.facts["layout"] == "followed by regions"
    generate_image(ctx, text("a fox"), width=64, height=64, tiles=True)
    assert painter.asked["options"]["method"] == TiledDiffusion(32, 8)
    painter.takes_methods = False
    with pytest.raises(ArgumentError, match="no layout"):
        generate_image(ctx, text("a fox"), layout, width=64, height=64)
    with pytest.raises(ArgumentError, match="illustrator"):
        generate_image(ctx, text("a fox"), width=64, height=64, style="flat")


def test_rewriting_can_be_seen_and_switched_off(
    make_context: Callable[..., Any], painter: FakePainter
) -> None:
    ctx = make_context(**{"text-to-image": painter})
    given = {"width": 64, "height": 64}
    facts = generate_image(ctx, text("a fox"), **given, rewrite=True).image.facts
    assert painter.asked["prompt"] == facts["prompt"] == "a fox, in ink"
    assert (facts["prompt_given"], facts["rewriting"]) == ("a fox", "additions")
    painter.rewrites_prompts = True
    assert generate_image(ctx, text("a fox"), **given).image.facts["prompt"] == "a fox, in ink"
    facts = generate_image(ctx, text("a fox"), **given, rewrite=False).image.facts
    assert painter.asked["prompt"] == facts["prompt"] == "a fox"
    assert "prompt_given" not in facts


def test_a_cancelled_run_stops_the_painter(
    make_context: Callable[..., Any], painter: FakePainter
) -> None:
    ctx = make_context(**{"text-to-image": painter})
    asked: list[None] = []

    def is_cancelled() -> bool:
        asked.append(None)
        return len(asked) > 1  # not before the painter reports

    ctx.is_cancelled = is_cancelled
    with pytest.raises(RunCancelled):
        generate_image(ctx, text("a fox"), width=64, height=64)
    assert painter.asked["prompt"] == "a fox"


def test_redrawing_keeps_the_alpha_channel(
    make_context: Callable[..., Any], painter: FakePainter
) -> None:
    ctx = make_context(seed=4, **{"image-to-image": painter})
    source = photo()
    before = np.asarray(read_image(source))
    found = redraw_image(ctx, source, text("winter"), strength=0.4, negative_prompt="snow")
    after = np.asarray(read_image(found))
    np.testing.assert_array_equal(after[..., 3], before[..., 3])
    np.testing.assert_array_equal(after[..., :3], 255 - before[..., :3])
    assert (painter.asked["seed"], painter.asked["negative_prompt"]) == (4, "snow")
    assert found.facts["prompt"] == "winter"
    assert redraw_image(make_context(), source, text("winter"), strength=0) is source
    with pytest.raises(ArgumentError, match="prompt is empty"):
        redraw_image(ctx, source, text(" "))


def test_filling_refuses_masks_that_are_empty_or_of_another_size(
    make_context: Callable[..., Any], painter: FakePainter
) -> None:
    ctx = make_context(inpainting=painter)
    source = photo()
    before = np.asarray(read_image(source))
    after = np.asarray(read_image(fill_region(ctx, source, mask(), text("a boat"))))
    hole = np.zeros((16, 20), bool)
    hole[4:8, 5:9] = True
    np.testing.assert_array_equal(after[~hole], before[~hole])
    assert (after[hole][:, :3] == 0).all()
    with pytest.raises(ArgumentError, match="the mask is 10 x 16 px"):
        fill_region(ctx, source, mask(10), text("a boat"))
    empty = image_asset(Image.new("L", (20, 16)), "mask")
    with pytest.raises(ArgumentError, match="empty"):
        fill_region(ctx, source, empty, text("a boat"))


def test_structure_is_taken_from_pictures_or_maps(
    make_context: Callable[..., Any], painter: FakePainter
) -> None:
    ctx = make_context(seed=2, **{"text-to-image": painter})
    house = Image.new("RGB", (64, 48), "white")
    house.paste((20, 20, 20), (16, 12, 48, 36))
    source = image_asset(house)
    draw_from_structure(ctx, source, text("a house"))
    structure, lines = painter.asked["options"]["control"]
    assert (structure, lines.shape) == ("edges", (48, 64, 3))
    assert 0 < (lines > 0).mean() < 0.2
    draw_from_structure(ctx, source, text("a house"), structure="pose", is_ready=True)
    np.testing.assert_array_equal(painter.asked["options"]["control"][1], np.asarray(house))
    assert painter.asked["seeds"] == [2]
    depth = image_asset(house.convert("L"), "depth")
    found = draw_from_structure(ctx, depth, text("a house"), structure="depth")
    assert found.facts["structure"] == "depth"
    with pytest.raises(ArgumentError, match="map of depth was given for edges"):
        draw_from_structure(ctx, depth, text("a house"))
    with pytest.raises(ArgumentError, match="a map of pose is wanted"):
        draw_from_structure(ctx, source, text("a house"), structure="pose")
    painter.takes_methods = False
    with pytest.raises(BackendUnavailableError, match="cannot be controlled"):
        draw_from_structure(ctx, source, text("a house"))


def test_depth_is_taken_from_a_picture_where_a_model_finds_it(
    make_context: Callable[..., Any], painter: FakePainter
) -> None:
    class Near:
        def estimate_depth(self, pixels: Any) -> Any:
            return np.linspace(0, 1, pixels.shape[1], dtype=np.float32)[None].repeat(
                len(pixels), axis=0
            )

    ctx = make_context(**{"text-to-image": painter, "depth-estimation": Near()})
    source = image_asset(Image.new("RGB", (64, 48), "white"))
    draw_from_structure(ctx, source, text("a room"), structure="depth")
    structure, near = painter.asked["options"]["control"]
    assert (structure, near.shape) == ("depth", (48, 64, 3))
    assert near[0, 0].tolist() == [0, 0, 0]
    assert near[0, -1].tolist() == [255, 255, 255]
    found = find_depth(ctx, source)
    assert found.kind == "depth"
    np.testing.assert_array_equal(np.asarray(read_image(found, mode="L")), near[..., 0])


def test_a_pose_is_taken_from_a_picture_where_a_model_finds_poses(
    make_context: Callable[..., Any], painter: FakePainter
) -> None:
    class Poser:
        score = 0.9

        def estimate(self, pixels: Any, *, box: Any = None) -> tuple[Joint, ...]:
            return tuple(
                Joint(name, 4.0 + i, 4.0 + 2 * i, self.score) for i, name in enumerate(JOINTS)
            )

    poser = Poser()
    ctx = make_context(**{"text-to-image": painter, "keypoint-detection": poser})
    source = image_asset(Image.new("RGB", (64, 48), "white"))
    draw_from_structure(ctx, source, text("a dancer"), structure="pose")
    structure, figure = painter.asked["options"]["control"]
    assert structure == "pose"
    assert figure.shape == (48, 64, 3)
    assert 0.005 < (figure.max(axis=2) > 0).mean() < 0.5
    poser.score = 0.1
    with pytest.raises(ArgumentError, match="nobody's pose"):
        draw_from_structure(ctx, source, text("a dancer"), structure="pose")


@pytest.mark.parametrize(
    ("role", "use"),
    [
        ("image-to-image", lambda ctx: redraw_image(ctx, photo(), text("a"))),
        ("inpainting", lambda ctx: fill_region(ctx, photo(), mask(), text("a"))),
        ("text-to-image", lambda ctx: draw_from_structure(ctx, photo(), text("a"))),
    ],
)
def test_without_a_checkpoint_the_hint_says_how_to_choose_one(
    make_context: Callable[..., Any], role: str, use: Callable[[Any], Any]
) -> None:
    with pytest.raises(BackendUnavailableError) as caught:
        use(make_context())
    assert f"-m {role}=FOLDER" in caught.value.hint


def test_rewrite_prompt_states_what_it_did(make_context: Callable[..., Any]) -> None:
    found = rewrite_prompt(make_context(), text("a fox"), additions="oil painting")
    assert found.read_text() == "a fox, oil painting"
    assert found.facts["prompt_given"] == "a fox"
    assert found.facts["rewriting"] == "additions"
    with pytest.raises(ArgumentError, match="empty"):
        rewrite_prompt(make_context(), text(""))


def test_scheduler_names_are_those_of_the_backend() -> None:
    names = get_args(get_args(Scheduler)[0])
    assert set(names) == {"", *SCHEDULERS}
