"""Each family of diffusion checkpoints through one door."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnimuse.backends.card import ModelCard, Source
from omnimuse.backends.diffusers_images import DiffusersPainter
from omnimuse.errors import ArgumentError, CheckpointError

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytestmark = pytest.mark.torch

FAMILIES = ("sd_folder", "sdxl_folder", "sd3_folder", "flux_folder", "pixart_folder")
REDRAWERS = ("sd_folder", "sdxl_folder", "sd3_folder", "flux_folder")


@pytest.fixture(scope="module")
def opened() -> Callable[..., DiffusersPainter]:
    """Painters by folder, opened once for the module."""
    known: dict[Path, DiffusersPainter] = {}

    def open_(folder: Path) -> DiffusersPainter:
        if folder not in known:
            card = ModelCard("tiny", ("text-to-image",), "diffusers", options={"steps": 2})
            known[folder] = DiffusersPainter(card, folder)
        return known[folder]

    return open_


def picture(height: int = 40, width: int = 56) -> Any:
    return np.random.default_rng(5).integers(0, 255, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("family", FAMILIES)
def test_family_paints(
    request: pytest.FixtureRequest, opened: Callable[..., Any], family: str
) -> None:
    model = opened(request.getfixturevalue(family))
    seen: list[float] = []
    first = model.paint(
        "a fox", width=70, height=50, seed=1, report=lambda share, doing: seen.append(share)
    )
    assert first.pixels.shape == (50, 70, 3)
    assert first.pixels.dtype == np.uint8
    assert seen[-1] == 1.0
    again = model.paint("a fox", width=70, height=50, seed=1)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    other = model.paint("a fox", width=70, height=50, seed=2)
    assert not np.array_equal(first.pixels, other.pixels)
    assert first.details["num_inference_steps"] == 2


@pytest.mark.parametrize("family", REDRAWERS)
def test_family_redraws_and_fills(
    request: pytest.FixtureRequest, opened: Callable[..., Any], family: str
) -> None:
    model = opened(request.getfixturevalue(family))
    pixels = picture()
    options = {"prompt": "a fox", "seed": 3, "num_inference_steps": 3}
    np.testing.assert_array_equal(
        model.transform(pixels, options={**options, "strength": 0}), pixels
    )
    redrawn = model.transform(pixels, options={**options, "strength": 0.7})
    assert redrawn.shape == pixels.shape
    assert not np.array_equal(redrawn, pixels)
    mask = np.zeros(pixels.shape[:2], np.float32)
    mask[8:30, 10:40] = 1.0
    mask[30:34, 10:40] = 0.5
    filled = model.inpaint(pixels, mask, options=options)
    np.testing.assert_array_equal(filled[mask == 0], pixels[mask == 0])
    assert (filled[mask == 1] != pixels[mask == 1]).mean() > 0.5


def test_checkpoint_trained_for_inpainting_fills_only(
    opened: Callable[..., Any], sd_inpaint_folder: Path
) -> None:
    model = opened(sd_inpaint_folder)
    pixels = picture()
    mask = np.zeros(pixels.shape[:2], np.float32)
    mask[:20] = 1.0
    filled = model.inpaint(pixels, mask, options={"prompt": "a fox"})
    np.testing.assert_array_equal(filled[20:], pixels[20:])
    with pytest.raises(CheckpointError, match="takes 9 channels"):
        model.paint("a fox", width=64, height=64, seed=1)


def test_family_without_the_form_is_refused(
    opened: Callable[..., Any], pixart_folder: Path
) -> None:
    with pytest.raises(CheckpointError, match="no form for image-to-image"):
        opened(pixart_folder).transform(picture(), options={"prompt": "a", "strength": 0.5})


@pytest.mark.parametrize("family", ["sd_folder", "sdxl_folder", "sd3_folder", "flux_folder"])
def test_batch_equals_single(
    request: pytest.FixtureRequest, opened: Callable[..., Any], family: str
) -> None:
    model = opened(request.getfixturevalue(family))
    options = {"negative_prompt": "" if family == "flux_folder" else "home"}
    batch = model.paint_batch(
        ["a fox", "the red moon"], width=64, height=64, seeds=[1, 2], options=options
    )
    for prompt, seed, found in zip(["a fox", "the red moon"], [1, 2], batch, strict=True):
        alone = model.paint(prompt, width=64, height=64, seed=seed, **options)
        difference = np.abs(alone.pixels.astype(int) - found.pixels.astype(int))
        assert difference.max() <= 1


@pytest.mark.parametrize(
    "name", ["ddim", "ddpm", "euler", "euler-a", "dpm++2m", "dpm++2m-karras", "unipc", "lcm"]
)
def test_schedulers_by_name(opened: Callable[..., Any], sd_folder: Path, name: str) -> None:
    model = opened(sd_folder)
    given: dict[str, Any] = {"width": 64, "height": 64, "seed": 1, "num_inference_steps": 4}
    found = model.paint("a fox", **given, options={"scheduler": name})
    again = model.paint("a fox", **given, options={"scheduler": name})
    np.testing.assert_array_equal(found.pixels, again.pixels)
    assert found.pixels.std() > 1
    own = model.paint("a fox", **given)
    assert own.details["scheduler"] == "DDIMScheduler"
    if name != "ddim":
        assert found.details["scheduler"] != "DDIMScheduler"
        assert not np.array_equal(found.pixels, own.pixels)
    else:
        np.testing.assert_array_equal(found.pixels, own.pixels)


def test_schedulers_of_flow_models(opened: Callable[..., Any], sd3_folder: Path) -> None:
    model = opened(sd3_folder)
    given: dict[str, Any] = {"width": 64, "height": 64, "seed": 1, "num_inference_steps": 4}
    own = model.paint("a fox", **given)
    euler = model.paint("a fox", **given, options={"scheduler": "euler"})
    np.testing.assert_array_equal(own.pixels, euler.pixels)
    other = model.paint("a fox", **given, options={"scheduler": "dpm++2m"})
    assert other.details["scheduler"] == "DPMSolverMultistepScheduler"
    assert np.abs(other.pixels.astype(int) - own.pixels).mean() < 60
    with pytest.raises(ArgumentError, match="flow matching"):
        model.paint("a fox", **given, options={"scheduler": "ddim"})
    with pytest.raises(ArgumentError, match="no scheduler is called"):
        model.paint("a fox", **given, options={"scheduler": "magic"})


def test_options_change_the_picture(opened: Callable[..., Any], sd_folder: Path) -> None:
    model = opened(sd_folder)
    given: dict[str, Any] = {"width": 64, "height": 64, "seed": 1, "num_inference_steps": 4}
    plain = model.paint("a fox", **given).pixels
    for changed in (
        {"guidance_scale": 20.0},
        {"negative_prompt": "moon"},
        {"num_inference_steps": 6},
    ):
        assert not np.array_equal(model.paint("a fox", **{**given, **changed}).pixels, plain)
    assert model.paint("a fox", **given, guidance_scale=3.5).details["guidance_scale"] == 3.5


def test_words_that_the_encoder_cannot_see_are_counted(
    opened: Callable[..., Any], sd_folder: Path
) -> None:
    model = opened(sd_folder)
    short = model.paint("a red fox", width=64, height=64, seed=1)
    long = model.paint(" ".join(["fox"] * 40), width=64, height=64, seed=1)
    assert short.details["prompt_tokens_dropped"] == 0
    assert long.details["prompt_tokens_dropped"] == 24


def test_a_card_needs_no_source_to_be_described() -> None:
    card = ModelCard("x", ("text-to-image",), "diffusers", sources=(Source("file:/nowhere"),))
    with pytest.raises(CheckpointError, match="no diffusers pipeline"):
        DiffusersPainter(card, Path("/nowhere"))
