"""Picture tools on the real models; needs them pulled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import image_asset, read_image
from omnimuse.crafts.imaging.oklab import to_oklab
from omnimuse.crafts.imaging.styles import rank_styles, trained_styles
from omnimuse.errors import BackendUnavailableError
from omnimuse.tools.image_edit import stylize_image, upscale_image

pytestmark = pytest.mark.weights


@pytest.fixture
def role() -> Iterator[Callable[[str], Any]]:
    from omnimuse.backends.cards import load_cards
    from omnimuse.backends.resolver import Resolver
    from omnimuse.backends.store import ModelStore
    from omnimuse.config import load_settings

    settings = load_settings()
    resolver = Resolver(settings, ModelStore(settings.models_dir), load_cards(settings))

    def find(name: str) -> Any:
        try:
            return resolver.role(name)
        except BackendUnavailableError as error:
            pytest.skip(f"{error.message} {error.hint}")

    return find  # type: ignore[return-value]


@pytest.fixture
def context(role: Callable[[str], Any], tmp_path: Path) -> Any:
    from omnimuse.tools.context import ToolContext

    return ToolContext(seed=4, workdir=tmp_path, role=role)


def drawing(width: int, height: int) -> Asset:
    """A sky with a gradient, a green ground, a yellow disc and a small red figure."""
    y = np.linspace(0, 1, height)[:, None, None]
    rgb = (np.array([90, 140, 220]) * (1 - y) + np.array([210, 230, 250]) * y) * np.ones(
        (1, width, 1)
    )
    image = Image.fromarray(rgb.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height * 0.7, width, height), fill=(80, 170, 80))
    draw.ellipse((width * 0.6, height * 0.1, width * 0.85, height * 0.43), fill=(245, 210, 50))
    draw.rectangle((width * 0.2, height * 0.66, width * 0.26, height * 0.78), fill=(210, 40, 30))
    return image_asset(image)


def pixels(asset: Asset) -> np.ndarray:
    return np.asarray(read_image(asset, mode="RGB"))


def test_old_painting_at_1024_is_fast_and_keeps_things_recognisable(context: Any) -> None:
    image = drawing(1024, 768)
    stylize_image(context, drawing(64, 64), style="old painting")
    started = time.process_time()
    done = stylize_image(context, image, style="old painting")
    assert time.process_time() - started < 3.0
    before, after = pixels(image), pixels(done)
    assert after.shape == before.shape
    assert np.abs(after.astype(int) - before).mean() > 15
    lab = to_oklab(after)
    figure = lab[540:580, 215:255].reshape(-1, 3).mean(axis=0)
    ground = lab[540:580, 300:380].reshape(-1, 3).mean(axis=0)
    assert figure[1] > ground[1] + 0.06  # still redder than the grass
    assert done.id == stylize_image(context, image, style="old painting").id


def test_gradients_get_strokes_and_not_bands(context: Any) -> None:
    styled = pixels(stylize_image(context, drawing(512, 512), style="starry-night", strength=1.0))
    sky = to_oklab(styled[20:150, 20:280])[..., 0]
    rows = sky.mean(axis=1)
    assert (sky - rows[:, None]).std() > 0.8 * (rows - rows.mean()).std()


def test_every_style_paints_its_own_picture(context: Any) -> None:
    image = drawing(160, 128)
    seen = [pixels(stylize_image(context, image, style=s.name)) for s in trained_styles()]
    for i, first in enumerate(seen):
        for second in seen[:i]:
            assert np.abs(first.astype(int) - second).mean() > 4


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("medieval portrait in a museum", "old-master-brown"),
        ("watercolor", "coloured-pencil"),
        ("japanese woodblock print", "navy-block-print"),
        ("a stained-glass window", "pastel-stained-glass"),
        ("cold and icy", "frosty-pastel"),
        ("kids crayon drawing", "blue-crayon"),
        ("cubist portrait", "blue-grey-cubism"),
        ("anime", "comic-cutout"),
        ("impressionist", "afternoon-impressionism"),
        ("thick oil paint with a palette knife", "autumn-impasto"),
    ],
)
def test_styles_are_found_by_meaning(role: Callable[[str], Any], words: str, name: str) -> None:
    assert rank_styles(words, role("feature-extraction").embed)[0].style.name == name


def test_a_style_picture_gives_its_colours(context: Any) -> None:
    image = drawing(256, 192)
    teal = Image.effect_noise((128, 128), 60).convert("RGB")
    red = image_asset(Image.blend(teal, Image.new("RGB", teal.size, (230, 20, 20)), 0.7))
    done = to_oklab(pixels(stylize_image(context, image, red)))
    assert done[..., 1].mean() > to_oklab(pixels(image))[..., 1].mean() + 0.05


@pytest.mark.parametrize("factor", [2.0, 3.0, 4.0])
def test_enlarging_beats_interpolation_on_edges(context: Any, factor: float) -> None:
    size = (round(96 * factor), round(72 * factor))
    large = read_image(drawing(size[0] * 4, size[1] * 4), mode="RGB")
    truth = np.asarray(large.resize(size, Image.Resampling.BOX)).astype(float)
    small = large.resize((96, 72), Image.Resampling.BOX)
    done = upscale_image(context, image_asset(small), factor=factor)
    assert (done.facts["width_px"], done.facts["height_px"]) == size
    plain = np.asarray(small.resize(size, Image.Resampling.BICUBIC))
    assert ((pixels(done) - truth) ** 2).mean() < 0.8 * ((plain - truth) ** 2).mean()


def test_tiles_leave_no_seams(role: Callable[[str], Any]) -> None:
    model = role("image-super-resolution")
    smooth = np.tile(np.linspace(40, 200, 300)[None, :, None], (40, 1, 3)).astype(np.uint8)
    large = model.transform(smooth, options={}).astype(int)
    assert np.abs(np.diff(large[20:-20], axis=1))[:, 20:-20].max() < 8
