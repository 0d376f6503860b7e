"""Picture tools without models: invariants, sizes, bad masks, odd files."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import image_asset, read_image
from omnimuse.backends.base import Detection, Painted
from omnimuse.errors import ArgumentError, InputError, NeedsInputError, UnsupportedMediaError
from omnimuse.tools.image_compose import composite_images, crop_image, overlay_text, resize_image
from omnimuse.tools.image_edit import recolor_image, relight_image, stylize_image, upscale_image
from omnimuse.tools.image_retouch import (
    extend_image,
    remove_background,
    remove_object,
    replace_background,
    select_region,
)
from omnimuse.tools.image_understand import describe_image, detect_objects, find_edges, read_text

Make = Callable[..., Any]


def pixels_of(asset: Asset, mode: str = "RGB") -> np.ndarray:
    return np.asarray(read_image(asset, mode=mode))  # type: ignore[arg-type]


def scene() -> np.ndarray:
    """A red square left and a blue disc right on a grey ground, 120 x 160."""
    rgb = np.full((120, 160, 3), (170, 175, 170), np.uint8)
    rgb[40:90, 20:60] = (200, 40, 40)
    y, x = np.mgrid[0:120, 0:160]
    rgb[(x - 115) ** 2 + (y - 60) ** 2 < 25**2] = (40, 70, 200)
    return rgb


@pytest.fixture
def image() -> Asset:
    return image_asset(Image.fromarray(scene()))


@pytest.fixture
def left_mask() -> Asset:
    mask = np.zeros((120, 160), np.uint8)
    mask[35:95, 15:65] = 255
    return image_asset(Image.fromarray(mask), "mask")


class Painter:
    """A style model that inverts."""

    styles = ("starry-night",)

    def stylize(self, pixels: np.ndarray, weights: dict[str, float]) -> np.ndarray:
        assert weights == {"starry-night": 1.0}
        return 255 - pixels[..., :3]

    def stylize_like(self, pixels: np.ndarray, style: np.ndarray) -> np.ndarray:
        return 255 - pixels[::2, ::2, :3]


class Detector:
    labels = ("apple", "ball")

    def detect(self, pixels: np.ndarray, *, threshold: float = 0.3) -> list[Detection]:
        seen = [Detection("apple", 0.9, (20, 40, 40, 50)), Detection("ball", 0.4, (90, 35, 50, 50))]
        return [d for d in seen if d.score >= threshold]


class Doubler:
    scale = 4

    def transform(self, pixels: np.ndarray, *, options: dict[str, Any]) -> np.ndarray:
        options["report"](1.0)
        return pixels.repeat(4, axis=0).repeat(4, axis=1)


def test_style_strength_0_gives_the_asset_back(make_context: Make, image: Asset) -> None:
    ctx = make_context(**{"style-transfer": Painter()})
    assert stylize_image(ctx, image, style="van gogh", strength=0.0) is image


def test_style_within_a_mask_only(make_context: Make, image: Asset, left_mask: Asset) -> None:
    ctx = make_context(**{"style-transfer": Painter()})
    done = pixels_of(stylize_image(ctx, image, mask=left_mask, style="van gogh"))
    outside = pixels_of(left_mask, "L") == 0
    assert np.array_equal(done[outside], scene()[outside])
    assert np.abs(done[~outside].astype(int) - scene()[~outside]).mean() > 30


def test_style_of_a_part_only(
    make_context: Make, image: Asset, left_mask: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def region(ctx: Any, pixels: np.ndarray, words: str) -> np.ndarray:
        asked.append(words)
        return pixels_of(left_mask, "L").astype(np.float32) / 255

    monkeypatch.setattr("omnimuse.tools.regions.region", region)
    ctx = make_context(**{"style-transfer": Painter()})
    done = pixels_of(stylize_image(ctx, image, style="van gogh", part="background"))
    outside = pixels_of(left_mask, "L") == 0
    assert asked == ["background"]
    assert np.array_equal(done[outside], scene()[outside])
    assert np.abs(done[~outside].astype(int) - scene()[~outside]).mean() > 30


def test_style_keeps_alpha_and_size(make_context: Make) -> None:
    rgba = np.dstack([scene(), np.full((120, 160), 255, np.uint8)])
    rgba[:30, :, 3] = 0
    ctx = make_context(**{"style-transfer": Painter()})
    source = image_asset(Image.fromarray(rgba))
    for done in (
        stylize_image(ctx, source, style="van gogh", max_side=64),
        stylize_image(ctx, source, source),
    ):
        assert np.array_equal(pixels_of(done, "RGBA")[..., 3], rgba[..., 3])


def test_style_errors(make_context: Make, image: Asset) -> None:
    ctx = make_context(**{"style-transfer": Painter()})
    with pytest.raises(ArgumentError, match="no style"):
        stylize_image(ctx, image)
    with pytest.raises(NeedsInputError):
        stylize_image(ctx, image, style="qwertz")


@pytest.mark.parametrize(
    ("factor", "size"), [(2.0, (320, 240)), (4.0, (640, 480)), (1.5, (240, 180))]
)
def test_upscaling_gives_the_size(
    make_context: Make, image: Asset, factor: float, size: tuple[int, int]
) -> None:
    done = upscale_image(
        make_context(**{"image-super-resolution": Doubler()}), image, factor=factor
    )
    assert (done.facts["width_px"], done.facts["height_px"]) == size


def test_upscaling_by_1_changes_nothing(make_context: Make, image: Asset) -> None:
    assert upscale_image(make_context(), image, factor=1.0) is image


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ({"width": 80}, (80, 60)),
        ({"height": 30}, (40, 30)),
        ({"width": 50, "height": 50}, (50, 38)),
        ({"width": 50, "height": 50, "fit": "fill"}, (50, 50)),
        ({"width": 33, "height": 77, "fit": "exact"}, (33, 77)),
        ({"width": 50, "height": 50, "fit": "pad"}, (50, 50)),
        ({"factor": 0.5}, (80, 60)),
    ],
)
def test_resize(make_context: Make, image: Asset, arguments: dict, size: tuple[int, int]) -> None:
    done = resize_image(make_context(), image, **arguments)
    assert (done.facts["width_px"], done.facts["height_px"]) == size


def test_resize_keeps_the_kind_and_names_errors(
    make_context: Make, image: Asset, left_mask: Asset
) -> None:
    assert resize_image(make_context(), left_mask, width=80).kind == "mask"
    with pytest.raises(ArgumentError):
        resize_image(make_context(), image)
    with pytest.raises(ArgumentError):
        resize_image(make_context(), image, width=9, factor=2.0)


def test_crop(make_context: Make, image: Asset) -> None:
    done = crop_image(make_context(), image, box=[20, 40, 40, 50])
    assert np.array_equal(pixels_of(done), scene()[40:90, 20:60])
    square = crop_image(make_context(), image, aspect="1:1")
    assert (square.facts["width_px"], square.facts["height_px"]) == (120, 120)
    around = crop_image(make_context(**{"object-detection": Detector()}), image, subject="apple")
    assert np.median(pixels_of(around).reshape(-1, 3), axis=0).tolist() == [200, 40, 40]


@pytest.mark.parametrize("box", [[150, 0, 20, 20], [0, 0, 0, 5], [1, 2, 3], [-1, 0, 10, 10]])
def test_bad_crop_boxes(make_context: Make, image: Asset, box: list[float]) -> None:
    with pytest.raises(ArgumentError):
        crop_image(make_context(), image, box=box)


def test_composite(make_context: Make, image: Asset) -> None:
    over = image_asset(Image.new("RGBA", (20, 10), (0, 255, 0, 255)))
    done = pixels_of(composite_images(make_context(), image, over, at=[5, 7]))
    expected = scene()
    expected[7:17, 5:25] = (0, 255, 0)
    assert np.array_equal(done, expected)
    faint = composite_images(make_context(), image, over, opacity=0.0)
    assert np.array_equal(pixels_of(faint), scene())


def test_shadow_lies_beside_the_overlay(make_context: Make, image: Asset) -> None:
    over = image_asset(Image.new("RGBA", (40, 40), (255, 255, 255, 255)))
    plain = pixels_of(composite_images(make_context(), image, over, at=[60, 5])).astype(int)
    done = pixels_of(composite_images(make_context(), image, over, at=[60, 5], shadow=True))
    assert (plain[46:50, 70:100] - done[46:50, 70:100]).mean() > 15
    assert np.array_equal(plain[5:45, 60:100], done[5:45, 60:100])


@pytest.mark.parametrize("tool", [recolor_image, relight_image, remove_background, remove_object])
@pytest.mark.parametrize(
    ("size", "value", "match"), [((160, 120), 0, "empty"), ((80, 60), 255, "80 x 60")]
)
def test_bad_masks_are_named(
    make_context: Make, image: Asset, tool: Any, size: tuple[int, int], value: int, match: str
) -> None:
    mask = image_asset(Image.new("L", size, value), "mask")
    more = {"color": "blue"} if tool is recolor_image else {}
    more |= {"brightness": 0.3} if tool is relight_image else {}
    with pytest.raises(ArgumentError, match=match):
        tool(make_context(), image, mask, **more)


def test_recolor_within_mask(make_context: Make, image: Asset, left_mask: Asset) -> None:
    done = pixels_of(recolor_image(make_context(), image, left_mask, color="green"))
    outside = pixels_of(left_mask, "L") == 0
    assert np.array_equal(done[outside], scene()[outside])
    red, green, blue = done[60, 40].tolist()
    assert green > red + 40
    assert green > blue + 40
    assert np.array_equal(done[37, 17], scene()[37, 17])  # grey ground within the mask


def test_recolor_by_click_and_by_words(make_context: Make, image: Asset) -> None:
    for arguments in (
        {"points": [[40.0, 60.0]]},
        {"region": "the red part"},
        {"box": [14, 34, 52, 62]},
    ):
        done = pixels_of(recolor_image(make_context(), image, color="yellow", **arguments))
        assert np.array_equal(done[:, 90:], scene()[:, 90:])
        assert done[60, 40, 1] > 150
    assert recolor_image(make_context(), image, color="blue", strength=0.0) is image


def test_select_by_click_box_words_and_colour(make_context: Make, image: Asset) -> None:
    ctx = make_context(**{"object-detection": Detector()})
    truth = np.zeros((120, 160), bool)
    truth[40:90, 20:60] = True
    for arguments in (
        {"points": [[40.0, 60.0]]},
        {"box": [14, 34, 52, 62]},
        {"words": "the apple"},
        {"words": "the red thing"},
    ):
        mask = select_region(ctx, image, **arguments)
        found = pixels_of(mask, "L") > 127
        assert mask.kind == "mask"
        assert (found & truth).sum() / (found | truth).sum() > 0.9, arguments


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"points": [[1.0]]},
        {"points": [[999.0, 3.0]]},
        {"box": [1, 2, 3]},
        {"box": [0, 0, -5, 2]},
    ],
)
def test_bad_pointing(make_context: Make, image: Asset, arguments: dict) -> None:
    with pytest.raises(ArgumentError):
        select_region(make_context(), image, **arguments)


def test_what_is_not_seen_is_asked_about(make_context: Make, image: Asset) -> None:
    with pytest.raises(NeedsInputError) as caught:
        select_region(make_context(**{"object-detection": Detector()}), image, words="the zebra")
    assert "apple, ball" in caught.value.hint


def test_remove_background_keeps_what_the_mask_says(
    make_context: Make, image: Asset, left_mask: Asset
) -> None:
    done = pixels_of(remove_background(make_context(), image, left_mask), "RGBA")
    mask = pixels_of(left_mask, "L")
    assert np.array_equal(done[..., 3], mask)
    assert np.array_equal(done[mask == 255][:, :3], scene()[mask == 255])


def test_replace_background(make_context: Make, image: Asset, left_mask: Asset) -> None:
    done = pixels_of(replace_background(make_context(), image, None, left_mask, color="white"))
    mask = pixels_of(left_mask, "L") == 255
    assert np.array_equal(done[mask], scene()[mask])
    assert done[~mask].min() > 240
    ground = image_asset(Image.new("RGB", (30, 90), (1, 2, 3)))
    done = pixels_of(replace_background(make_context(), image, ground, left_mask))
    assert (done[~mask] == (1, 2, 3)).all()
    with pytest.raises(ArgumentError):
        replace_background(make_context(), image, None, left_mask)
    with pytest.raises(ArgumentError):
        replace_background(make_context(), image, ground, left_mask, color="red")


class Words:
    """A model for pictures that paints one colour and keeps the prompt."""

    draws_layouts = False

    def __init__(self) -> None:
        self.prompts: list[str] = []

    def paint(self, prompt: str, **order: Any) -> Painted:
        self.prompts.append(prompt)
        shape = (order["height"], order["width"], 4)
        return Painted(np.full(shape, (9, 8, 7, 255), np.uint8))


@pytest.mark.parametrize(
    ("said", "painted"),
    [
        ("a beach with palms", "a beach with palms"),
        ("replace the background by a beach with palms", "a beach with palms"),
        ("change the backdrop to a forest at night.", "a forest at night"),
    ],
)
def test_backgrounds_are_painted_from_words(
    make_context: Make, image: Asset, left_mask: Asset, said: str, painted: str
) -> None:
    model = Words()
    ctx = make_context(**{"text-to-image": model})
    done = pixels_of(replace_background(ctx, image, None, left_mask, description=said))
    mask = pixels_of(left_mask, "L") == 255
    assert model.prompts == [painted]
    assert np.array_equal(done[mask], scene()[mask])
    assert (done[~mask] == (9, 8, 7)).all()


@pytest.mark.parametrize("said", ["the background", "blur the background", ""])
def test_backgrounds_of_no_words_are_refused(
    make_context: Make, image: Asset, left_mask: Asset, said: str
) -> None:
    with pytest.raises(ArgumentError):
        replace_background(make_context(), image, None, left_mask, description=said)


def test_remove_object(make_context: Make, image: Asset, left_mask: Asset) -> None:
    done = pixels_of(remove_object(make_context(), image, left_mask))
    outside = pixels_of(left_mask, "L") == 0
    assert np.array_equal(done[outside], scene()[outside])
    assert np.abs(done[~outside].astype(int) - (170, 175, 170)).max() < 8
    clicked = pixels_of(remove_object(make_context(), image, points=[[115.0, 60.0]]))
    assert np.abs(clicked[35:85, 90:140].astype(int) - (170, 175, 170)).max() < 12


def test_extend(make_context: Make, image: Asset) -> None:
    done = extend_image(make_context(), image, left=20, bottom=10)
    assert (done.facts["width_px"], done.facts["height_px"]) == (180, 130)
    assert np.array_equal(pixels_of(done)[:120, 20:], scene())
    with pytest.raises(ArgumentError):
        extend_image(make_context(), image)


@pytest.mark.parametrize(
    ("side", "given", "size"),
    [
        ("left", {}, (200, 120)),
        ("above", {}, (160, 150)),
        ("all", {}, (240, 180)),
        ("all", {"left": 10}, (180, 140)),
        ("right", {"left": 10}, (170, 120)),
    ],
)
def test_extend_by_side(
    make_context: Make, image: Asset, side: str, given: dict[str, int], size: tuple[int, int]
) -> None:
    done = extend_image(make_context(), image, side=side, **given)
    assert (done.facts["width_px"], done.facts["height_px"]) == size


def test_text_is_written_where_said(make_context: Make, image: Asset) -> None:
    text = Asset.from_text("SALE", "text")
    done = pixels_of(
        overlay_text(make_context(), image, text, position="top", color="yellow", size=0.2)
    )
    changed = (done != scene()).any(axis=2)
    assert changed[:60].sum() > 300
    assert not changed[60:].any()
    with pytest.raises(ArgumentError):
        overlay_text(make_context(), image, Asset.from_text(" ", "text"))


def test_long_text_is_broken_and_stays_inside(make_context: Make, image: Asset) -> None:
    text = Asset.from_text("many words that cannot stand in a single line of this", "text")
    done = pixels_of(overlay_text(make_context(), image, text, position="center", size=0.15))
    changed = (done != scene()).any(axis=2)
    assert not changed[:2].any()
    assert not changed[:, :2].any()
    assert not changed[:, -2:].any()


def test_relight_without_change_is_the_asset(make_context: Make, image: Asset) -> None:
    assert relight_image(make_context(), image) is image
    assert pixels_of(relight_image(make_context(), image, brightness=0.5)).mean() > scene().mean()


def test_detections_become_a_layout(make_context: Make, image: Asset) -> None:
    ctx = make_context(**{"object-detection": Detector()})
    layout = detect_objects(ctx, image).read_json()
    assert layout["canvas"] == [160, 120]
    assert [o["label"] for o in layout["objects"]] == ["apple", "ball"]
    assert layout["objects"][0]["box"] == [0.125, round(40 / 120, 5), 0.25, round(50 / 120, 5)]
    assert detect_objects(ctx, image, labels=["ball"]).read_json()["objects"][0]["id"] == "ball-1"
    assert detect_objects(ctx, image, threshold=0.95).read_json()["objects"] == []


def test_description_without_models_is_honest(make_context: Make, image: Asset) -> None:
    said = describe_image(make_context(), image).read_text()
    assert "cannot tell" in said
    assert "gray" in said
    seen = describe_image(make_context(**{"object-detection": Detector()}), image).read_text()
    assert "an apple" in seen


def test_edges_have_the_size(make_context: Make, image: Asset) -> None:
    done = find_edges(make_context(), image)
    assert done.kind == "edges"
    assert pixels_of(done, "L").shape == (120, 160)


def test_read_text_keeps_sure_lines(make_context: Make, image: Asset) -> None:
    class Reader:
        def read(self, pixels: np.ndarray) -> list[Detection]:
            box = (0.0, 0.0, 9.0, 9.0)
            return [Detection("OPEN", 0.9, box), Detection("x#", 0.2, box)]

    assert read_text(make_context(**{"image-to-text": Reader()}), image).read_text() == "OPEN"


def _file(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _odd_files() -> list[tuple[str, bytes, str, tuple[int, int]]]:
    rgb = Image.fromarray(scene())
    deep = Image.fromarray(np.full((120, 160), 40000, np.uint16))
    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        ("cmyk", _file(rgb.convert("CMYK"), "JPEG"), "image/jpeg", (160, 120)),
        ("16 bit", _file(deep, "PNG"), "image/png", (160, 120)),
        ("animated", _file(rgb, "GIF", save_all=True, append_images=[rgb.rotate(90)]), "image/gif",
         (160, 120)),
        ("rotated", _file(rgb, "JPEG", exif=exif), "image/jpeg", (120, 160)),
        ("palette", _file(rgb.convert("P"), "PNG"), "image/png", (160, 120)),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "media_type", "size"), _odd_files())
def test_odd_files_are_read(
    make_context: Make, name: str, data: bytes, media_type: str, size: tuple[int, int]
) -> None:
    asset = Asset.from_bytes(data, "image", media_type)
    done = relight_image(make_context(), asset, contrast=0.2)
    assert (done.facts["width_px"], done.facts["height_px"]) == size


def test_cut_files_are_named(make_context: Make) -> None:
    data = _file(
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (99, 99, 3), np.uint8)), "PNG"
    )
    asset = Asset.from_bytes(data[: len(data) // 2], "image", "image/png")
    with pytest.raises(UnsupportedMediaError):
        crop_image(make_context(), asset, aspect="1:1")


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (15, 15)])
def test_tiny_pictures_are_handled_or_named(make_context: Make, size: tuple[int, int]) -> None:
    asset = image_asset(Image.new("RGB", size, (9, 99, 199)))
    ctx = make_context()
    for call in (
        lambda: find_edges(ctx, asset),
        lambda: describe_image(ctx, asset),
        lambda: recolor_image(ctx, asset, color="red"),
        lambda: select_region(ctx, asset, points=[[0.0, 0.0]]),
        lambda: remove_background(ctx, asset),
        lambda: extend_image(ctx, asset, right=2),
        lambda: crop_image(ctx, asset, aspect="16:9"),
    ):
        with contextlib.suppress(InputError):
            assert call().size_bytes
