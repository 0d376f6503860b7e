"""Structure control, LoRAs, windows, regions, stopping and memory on tiny real checkpoints."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnimuse.backends.card import ModelCard
from omnimuse.backends.diffusers_images import DiffusersPainter
from omnimuse.errors import ArgumentError, CheckpointError, RunCancelled
from omnimuse.methods.region_denoising import Region, RegionDenoising
from omnimuse.methods.tiled_diffusion import TiledDiffusion

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytestmark = pytest.mark.torch

GIVEN: dict[str, Any] = {"width": 64, "height": 64, "seed": 1, "num_inference_steps": 3}


def open_painter(folder: Path, **options: Any) -> DiffusersPainter:
    return DiffusersPainter(
        ModelCard("tiny", ("text-to-image",), "diffusers", options=options), folder
    )


@pytest.fixture(scope="module")
def painter(sd_folder: Path) -> DiffusersPainter:
    return open_painter(sd_folder)


def differ(a: Any, b: Any) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


# Structure control


def test_structure_controls_the_picture(sd_folder: Path, controlnet_folder: Path) -> None:
    model = open_painter(sd_folder, controlnet={"edges": str(controlnet_folder)})
    plain = model.paint("a fox", **GIVEN).pixels
    lines = np.zeros((64, 64, 3), np.uint8)
    lines[:, 30:34] = 255
    turned = lines.transpose(1, 0, 2).copy()
    found = [
        model.paint("a fox", **GIVEN, options={"control": ("edges", picture)}).pixels
        for picture in (lines, lines, turned)
    ]
    np.testing.assert_array_equal(found[0], found[1])
    assert differ(found[0], plain) > 0
    assert differ(found[0], found[2]) > 0
    free = model.paint(
        "a fox", **GIVEN, options={"control": ("edges", lines), "control_scale": 0.0}
    )
    assert differ(free.pixels, plain) < 1
    np.testing.assert_array_equal(model.paint("a fox", **GIVEN).pixels, plain)
    with pytest.raises(ArgumentError, match="no ControlNet for pose"):
        model.paint("a fox", **GIVEN, options={"control": ("pose", lines)})


def test_a_part_that_is_no_controlnet_is_named(sd_folder: Path) -> None:
    model = open_painter(sd_folder, controlnet=str(sd_folder / "vae"))
    lines = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(CheckpointError, match="AutoencoderKL, not a ControlNet"):
        model.paint("a fox", **GIVEN, options={"control": ("edges", lines)})


# LoRA


def test_lora_scales_and_adds_up(sd_folder: Path, lora_file: Path, painter: Any) -> None:
    plain = painter.paint("a fox", **GIVEN).pixels
    full = open_painter(sd_folder, lora=str(lora_file)).paint("a fox", **GIVEN).pixels
    assert differ(full, plain) > 0
    none = open_painter(sd_folder, lora=[{"path": str(lora_file), "scale": 0.0}])
    np.testing.assert_array_equal(none.paint("a fox", **GIVEN).pixels, plain)
    halves = open_painter(sd_folder, lora=[{"path": str(lora_file), "scale": 0.5}] * 2)
    assert np.abs(halves.paint("a fox", **GIVEN).pixels.astype(int) - full).max() <= 1
    apart = open_painter(sd_folder, lora=str(lora_file.parent), fuse_lora=False)
    assert np.abs(apart.paint("a fox", **GIVEN).pixels.astype(int) - full).max() <= 1


def test_lora_that_cannot_be_used_is_named(
    tmp_path: Path, sd_folder: Path, lora_file: Path
) -> None:
    from safetensors.torch import load_file, save_file

    pickled = tmp_path / "lora.pt"
    torch.save(load_file(lora_file), pickled)
    with pytest.raises(CheckpointError, match="can carry code"):
        open_painter(sd_folder, lora=str(pickled))
    disguised = tmp_path / "lora.safetensors"
    disguised.write_bytes(pickled.read_bytes())
    with pytest.raises(CheckpointError):
        open_painter(sd_folder, lora=str(disguised))
    foreign = tmp_path / "foreign.safetensors"
    save_file({"unet.elsewhere.lora_A.weight": torch.ones(2, 3)}, foreign)
    with pytest.raises(CheckpointError, match=r"foreign\.safetensors"):
        open_painter(sd_folder, lora=str(foreign))
    with pytest.raises(CheckpointError, match="does not exist"):
        open_painter(sd_folder, lora=str(tmp_path / "none.safetensors"))
    with pytest.raises(ArgumentError, match="lora"):
        open_painter(sd_folder, lora=[{"weight": 1}])


# Windows


@pytest.mark.parametrize("family", ["sd_folder", "sdxl_folder", "sd3_folder", "pixart_folder"])
def test_one_window_is_the_plain_picture(request: pytest.FixtureRequest, family: str) -> None:
    model = open_painter(request.getfixturevalue(family))
    plain = model.paint("a fox", **GIVEN).pixels
    method = TiledDiffusion(window=64, overlap=8)
    np.testing.assert_array_equal(
        model.paint("a fox", **GIVEN, options={"method": method}).pixels, plain
    )
    np.testing.assert_array_equal(model.paint("a fox", **GIVEN).pixels, plain)


@pytest.mark.parametrize("scheduler", ["ddim", "euler-a", "dpm++2m"])
def test_windows_paint_large_sizes(painter: Any, scheduler: str) -> None:
    given = {**GIVEN, "width": 200, "height": 120}
    options = {"method": TiledDiffusion(8, 4), "scheduler": scheduler}
    found = painter.paint("a fox", **given, options=options).pixels
    assert found.shape == (120, 200, 3)
    np.testing.assert_array_equal(painter.paint("a fox", **given, options=options).pixels, found)
    assert (
        differ(found, painter.paint("a fox", **given, options={"scheduler": scheduler}).pixels) > 0
    )


def test_windows_of_packed_latents_are_refused(flux_folder: Path) -> None:
    model = open_painter(flux_folder)
    with pytest.raises(ArgumentError, match="cannot be denoised in parts"):
        model.paint("a fox", **GIVEN, options={"method": TiledDiffusion(8, 4)})
    assert model.paint("a fox", **GIVEN).pixels.shape == (64, 64, 3)


def test_windows_and_structure_control_are_refused_together(
    sd_folder: Path, controlnet_folder: Path
) -> None:
    model = open_painter(sd_folder, controlnet=str(controlnet_folder))
    lines = np.zeros((64, 64, 3), np.uint8)
    options = {"control": ("edges", lines), "method": TiledDiffusion(4, 2)}
    with pytest.raises(ArgumentError, match="cannot be denoised in parts"):
        model.paint("a fox", **GIVEN, options=options)


# Regions


@pytest.mark.parametrize("family", ["sd_folder", "sdxl_folder"])
def test_region_follows_its_words(request: pytest.FixtureRequest, family: str) -> None:
    model = open_painter(request.getfixturevalue(family))

    def paint(words: str, **more: Any) -> Any:
        method = RegionDenoising([Region((0.0, 0.0, 0.5, 1.0), words)], **more)
        return model.paint("a fox", **GIVEN, options={"method": method, "scheduler": "ddim"}).pixels

    fox, moon = paint("a fox"), paint("the yellow moon")
    change = np.abs(fox.astype(int) - moon).mean(axis=(0, 2))
    assert change[:24].mean() > 2 * change[40:].mean()
    np.testing.assert_array_equal(paint("a fox"), fox)
    assert differ(paint("a fox", seed=9), fox) > 0


def test_region_of_the_whole_prompt_changes_nothing(painter: Any) -> None:
    method = RegionDenoising([Region((0.2, 0.2, 0.5, 0.5), "a fox")], bootstrap=0.0)
    found = painter.paint("a fox", **GIVEN, options={"method": method}).pixels
    plain = painter.paint("a fox", **GIVEN).pixels
    assert np.abs(found.astype(int) - plain).max() <= 1


def test_regions_in_windows(painter: Any) -> None:
    given = {**GIVEN, "width": 128}
    regions = [Region((0.1, 0.1, 0.4, 0.8), "a red fox"), Region((0.3, 0.1, 0.6, 0.8), "moon")]
    whole, tiled = (
        painter.paint(
            "home", **given, options={"method": RegionDenoising(regions, tiles=tiles)}
        ).pixels
        for tiles in (TiledDiffusion(16, 4), TiledDiffusion(8, 4))
    )
    assert whole.shape == (64, 128, 3)
    assert 0 < differ(whole, tiled) < 64


def test_regions_need_the_text_encodings_of_a_unet(sd3_folder: Path) -> None:
    method = RegionDenoising([Region((0.0, 0.0, 0.5, 1.0), "fox")])
    with pytest.raises(ArgumentError, match="cannot follow a layout"):
        open_painter(sd3_folder).paint("a fox", **GIVEN, options={"method": method})


# Stopping


@pytest.mark.parametrize("family", ["sd_folder", "flux_folder", "pixart_folder"])
def test_a_run_stops_between_steps(request: pytest.FixtureRequest, family: str) -> None:
    model = open_painter(request.getfixturevalue(family))
    plain = model.paint("a fox", **GIVEN).pixels
    seen: list[str] = []

    def report(share: float, doing: str) -> None:
        seen.append(doing)
        if len(seen) == 2:
            raise RunCancelled("cancelled")

    with pytest.raises(RunCancelled):
        model.paint("a fox", **{**GIVEN, "num_inference_steps": 50}, report=report)
    assert seen == ["step 1 of 50", "step 2 of 50"]
    np.testing.assert_array_equal(model.paint("a fox", **GIVEN).pixels, plain)


# Memory and repeated work


def test_memo_changes_no_bit_and_saves_work(sd_folder: Path) -> None:
    memo, bare = open_painter(sd_folder), open_painter(sd_folder, memoize=False)
    calls = [("a fox", 1), ("a fox", 2), ("the moon", 1), ("a fox", 1)]
    for prompt, seed in calls:
        given = {**GIVEN, "seed": seed, "negative_prompt": "home"}
        np.testing.assert_array_equal(
            memo.paint(prompt, **given).pixels, bare.paint(prompt, **given).pixels
        )
    # of eight encodings three are new: the fox, the negative prompt and the moon
    assert memo._memo.hits == 5
    assert bare._memo.hits == 0
    assert "forward" not in memo._pipeline.text_encoder.__dict__


def test_decoding_by_tiles_when_memory_is_short(sd_folder: Path) -> None:
    card = ModelCard("tiny", ("text-to-image",), "diffusers")
    roomy, tight = (
        DiffusersPainter(card, sd_folder),
        DiffusersPainter(card, sd_folder, memory_limit_mb=1),
    )
    assert roomy.paint("a fox", **GIVEN).details["is_decoded_by_tiles"] is False
    assert tight.paint("a fox", **GIVEN).details["is_decoded_by_tiles"] is True
    asked = open_painter(sd_folder, vae_tiling=True)
    assert asked.paint("a fox", **GIVEN).details["is_decoded_by_tiles"] is True


def test_channels_last_gives_the_same_picture(sd_folder: Path, painter: Any) -> None:
    found = open_painter(sd_folder, channels_last=True).paint("a fox", **GIVEN).pixels
    assert np.abs(found.astype(int) - painter.paint("a fox", **GIVEN).pixels).max() <= 1


# Broken checkpoints


@pytest.fixture
def copied(tmp_path: Path, sd_folder: Path) -> Callable[[], Path]:
    def copy() -> Path:
        return Path(shutil.copytree(sd_folder, tmp_path / "copy"))

    return copy


def test_wrong_class_is_named(copied: Callable[[], Path]) -> None:
    index = copied() / "model_index.json"
    text = index.read_text()
    for name in ("StableVideoDiffusionPipeline", "os.system", "AutoencoderKL"):
        index.write_text(text.replace("StableDiffusionPipeline", name))
        with pytest.raises(CheckpointError, match="no picture pipeline"):
            open_painter(index.parent)


def test_missing_part_is_named(copied: Callable[[], Path]) -> None:
    folder = copied()
    shutil.rmtree(folder / "unet")
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        open_painter(folder)


def test_cut_weights_are_named(copied: Callable[[], Path]) -> None:
    path = copied() / "unet" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        open_painter(path.parents[1])


def test_pickled_part_is_refused(copied: Callable[[], Path]) -> None:
    from safetensors.torch import load_file

    path = copied() / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(path), path.with_suffix(".bin"))
    path.unlink()
    with pytest.raises(CheckpointError, match=r"only as \.bin, which can carry code"):
        open_painter(path.parents[1])


def test_damaged_index_is_named(copied: Callable[[], Path]) -> None:
    folder = copied()
    (folder / "model_index.json").write_text("{")
    with pytest.raises(CheckpointError, match="no diffusers pipeline"):
        open_painter(folder)


def test_numbers_that_are_not_finite_are_named(copied: Callable[[], Path]) -> None:
    from safetensors.torch import load_file, save_file

    path = copied() / "unet" / "diffusion_pytorch_model.safetensors"
    weights = load_file(path)
    weights["conv_in.bias"][:] = float("nan")
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match="not finite"):
        open_painter(path.parents[1]).paint("a fox", **GIVEN)


def test_half_precision_variant_is_found(tmp_path: Path, sd_folder: Path) -> None:
    from diffusers import StableDiffusionPipeline

    StableDiffusionPipeline.from_pretrained(sd_folder).save_pretrained(
        tmp_path / "half", variant="fp16"
    )
    found = open_painter(tmp_path / "half").paint("a fox", **GIVEN).pixels
    np.testing.assert_array_equal(found, open_painter(sd_folder).paint("a fox", **GIVEN).pixels)


def test_unknown_settings_are_named(sd_folder: Path) -> None:
    with pytest.raises(ArgumentError, match="offload 'disk'"):
        open_painter(sd_folder, offload="disk")
    with pytest.raises(ArgumentError, match="dtype 'int8'"):
        open_painter(sd_folder, dtype="int8")
