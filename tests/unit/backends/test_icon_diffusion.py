"""The icon model's backend: what must hold whatever it has learned."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper

from omnimuse.backends.base import ImageGenerator, ImageInpainter, ImageTransformer
from omnimuse.backends.card import ModelCard, Source
from omnimuse.backends.icon_diffusion import IconDiffusion, Seen
from omnimuse.backends.registry import BUILT_IN
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.config import Settings
from omnimuse.errors import (
    ArgumentError,
    BackendUnavailableError,
    CheckpointError,
    RunCancelled,
)

ROLES = ("text-to-image", "image-to-image", "inpainting")
STEPS = {"num_inference_steps": 4}
OPTIONS = {
    **{part: f"{part}.onnx" for part in ("denoiser", "encoder", "decoder")},
    "default_style": "gradient style",
}
CARD = ModelCard("icons", ROLES, "icon-diffusion", options=OPTIONS, by_choice=True)


def write_networks(folder: Path) -> None:
    """Small networks with the ports of the trained ones: folding, mixing, one attention."""
    rng = np.random.default_rng(0)
    fold = rng.standard_normal((192, 32)).astype(np.float32)
    fold = np.linalg.qr(fold)[0].T.astype(np.float32)  # (32, 192), orthonormal rows
    tensors = {
        "fold": fold[:, :, None, None],
        "unfold": np.ascontiguousarray(fold.T)[:, :, None, None],
        "mix": (rng.standard_normal((32, 32, 3, 3)) * 0.05).astype(np.float32),
        "words": (rng.standard_normal((384, 32)) * 0.2).astype(np.float32),
        "places": (rng.standard_normal((1, 64, 384)) * 0.2).astype(np.float32),
        "wide": np.array([0, 32, 8, 8], np.int64),
        "late": np.array(1 / 1000, np.float32),
        "apart": np.array([-1, 1, 1, 1], np.int64),
    }
    graphs = {
        "encoder": (
            [("SpaceToDepth", ["pictures"], "deep", {"blocksize": 8}),
             ("Conv", ["deep", "fold"], "latents", {})],
            {"pictures": ["b", 3, 64, 64]}, {"latents": ["b", 32, 8, 8]},
        ),
        "decoder": (
            [("Conv", ["latents", "unfold"], "deep", {}),
             ("DepthToSpace", ["deep"], "pictures", {"blocksize": 8})],
            {"latents": ["b", 32, 8, 8]}, {"pictures": ["b", 3, 64, 64]},
        ),
        "denoiser": (
            [("Conv", ["latents", "mix"], "near", {"pads": [1, 1, 1, 1]}),
             ("Transpose", ["text"], "columns", {"perm": [0, 2, 1]}),
             ("MatMul", ["places", "columns"], "scores", {}),
             ("Softmax", ["scores"], "attention.0", {"axis": 2}),
             ("MatMul", ["text", "words"], "said", {}),
             ("MatMul", ["attention.0", "said"], "heard", {}),
             ("Transpose", ["heard"], "turned", {"perm": [0, 2, 1]}),
             ("Reshape", ["turned", "wide"], "map", {}),
             ("Mul", ["time", "late"], "share", {}),
             ("Reshape", ["share", "apart"], "spread", {}),
             ("Mul", ["map", "spread"], "told", {}),
             ("Add", ["near", "told"], "v", {})],
            {"latents": ["b", 32, 8, 8], "time": ["b"], "text": ["b", 24, 384]},
            {"v": ["b", 32, 8, 8], "attention.0": ["b", 64, 24]},
        ),
    }  # fmt: skip
    for name, (nodes, inputs, outputs) in graphs.items():
        ports = [
            [helper.make_tensor_value_info(key, 1, shape) for key, shape in group.items()]
            for group in (inputs, outputs)
        ]
        made = [helper.make_node(op, given, [out], **how) for op, given, out, how in nodes]
        used = {key for node in made for key in node.input} & set(tensors)
        stored = [numpy_helper.from_array(tensors[key], key) for key in sorted(used)]
        model = helper.make_model(
            helper.make_graph(made, name, *ports, stored),
            opset_imports=[helper.make_opsetid("", 17)],
            ir_version=9,
        )
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())


class StandInText:
    """States that differ by text; as many tokens as words."""

    def embed_padded(self, text: str, length: int) -> tuple[np.ndarray, int]:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")
        states = np.random.default_rng(seed).standard_normal((length, 384)) * 0.4
        return states.astype(np.float32), max(0, len(text.split()) - length)

    def tokens(self, text: str, length: int) -> list[str]:
        return text.split()[:length]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("icons")
    write_networks(made)
    return made


@pytest.fixture(scope="module")
def model(folder: Path) -> IconDiffusion:
    return IconDiffusion(CARD, folder, StandInText())


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    y, x = np.mgrid[0:90, 0:120]
    return np.stack([x * 2, y * 2, (x + y) % 256], axis=-1).astype(np.uint8)


def test_card_by_choice_is_found_by_name_and_never_by_itself(folder: Path, tmp_path: Path) -> None:
    place = replace(CARD, sources=(Source(f"file:{folder}"),))
    resolver = Resolver(
        Settings(home=tmp_path, models_dir=tmp_path), ModelStore(tmp_path), {"icons": place}
    )
    assert resolver.resolve("text-to-image", "icons") == place
    with pytest.raises(BackendUnavailableError):
        resolver.resolve("text-to-image")
    assert not resolver.serves("inpainting")
    assert CARD.backend in BUILT_IN


def test_plays_all_three_roles(model: IconDiffusion) -> None:
    assert isinstance(model, ImageGenerator)
    assert isinstance(model, ImageTransformer)
    assert isinstance(model, ImageInpainter)


def test_same_seed_same_bytes_and_another_seed_another_picture(model: IconDiffusion) -> None:
    one, two, other = (
        model.paint("red apple", width=64, height=64, seed=seed, options=STEPS).pixels
        for seed in (3, 3, 4)
    )
    assert one.shape == (64, 64, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_batch_equals_single(model: IconDiffusion) -> None:
    both = model.paint_batch(["cat", "dog"], width=64, height=64, seeds=[1, 2], options=STEPS)
    alone = model.paint("dog", width=64, height=64, seed=2, options=STEPS)
    assert np.array_equal(both[1].pixels, alone.pixels)


def test_prompt_and_negative_prompt_and_guidance_matter(model: IconDiffusion) -> None:
    def picture(prompt: str, **more: object) -> np.ndarray:
        return model.paint(
            prompt, width=64, height=64, seed=0, num_inference_steps=4, **more
        ).pixels  # type: ignore[arg-type]

    plain = picture("cat")
    assert not np.array_equal(plain, picture("dog"))
    assert not np.array_equal(plain, picture("cat", negative_prompt="dog"))
    assert not np.array_equal(plain, picture("cat", guidance_scale=1.0))


@pytest.mark.parametrize("scheduler", ["dpm++2m", "ddim", "euler", "heun", "ddpm"])
def test_every_scheduler_gives_a_finite_picture(model: IconDiffusion, scheduler: str) -> None:
    painted = model.paint(
        "cat", width=64, height=64, seed=0, options={"scheduler": scheduler, **STEPS}
    )
    assert painted.details["scheduler"] == scheduler
    assert painted.pixels.std() > 0


def test_any_size_is_centred_on_white(model: IconDiffusion) -> None:
    wide = model.paint("cat", width=300, height=100, seed=0, options=STEPS).pixels
    assert wide.shape == (100, 300, 3)
    assert (wide[:, :100] == 255).all()
    assert (wide[:, 200:] == 255).all()
    middle = model.paint("cat", width=100, height=100, seed=0, options=STEPS).pixels
    assert np.array_equal(wide[:, 100:200], middle)


def test_strength_zero_gives_the_picture_back_and_more_changes_more(
    model: IconDiffusion, photo: np.ndarray
) -> None:
    def changed(strength: float) -> float:
        found = model.transform(
            photo, options={"prompt": "cat", "strength": strength, "num_inference_steps": 10}
        )
        assert found.shape == photo.shape
        return float(np.abs(found.astype(int) - photo).mean())

    assert changed(0.0) == 0
    assert 0 < changed(0.1) < changed(0.5) < changed(1.0)


def test_outside_the_mask_no_byte_changes(model: IconDiffusion, photo: np.ndarray) -> None:
    mask = np.zeros(photo.shape[:2], np.float32)
    mask[10:60, 70:120] = 1.0  # reaches the picture's edge
    found = model.inpaint(photo, mask, options={"prompt": "cat", **STEPS})
    assert np.array_equal(found[mask == 0], photo[mask == 0])
    assert (found[mask > 0] != photo[mask > 0]).any()
    assert np.array_equal(model.inpaint(photo, mask * 0, options={"prompt": "cat"}), photo)
    half = model.inpaint(photo, mask * 0.5, options={"prompt": "cat", **STEPS})
    middle = (found[30, 90].astype(float) + photo[30, 90]) / 2
    assert np.abs(half[30, 90] - middle).max() <= 1


def test_progress_rises_and_cancelling_stops(model: IconDiffusion) -> None:
    shares: list[float] = []
    model.paint(
        "cat", width=64, height=64, seed=0, num_inference_steps=4,
        report=lambda share, doing: shares.append(share),
    )  # fmt: skip
    assert shares == sorted(shares)
    assert len(shares) == 5

    def cancel(share: float, doing: str) -> None:
        raise RunCancelled("enough")

    with pytest.raises(RunCancelled):
        model.paint("cat", width=64, height=64, seed=0, report=cancel)


def test_latents_and_attention_of_each_step_can_be_observed(model: IconDiffusion) -> None:
    seen: list[Seen] = []
    options = {"observe": seen.append, **STEPS}
    observed = model.paint("red apple", width=64, height=64, seed=0, options=options).pixels
    assert [step.number for step in seen] == [0, 1, 2, 3]
    assert seen[-1].latents.shape == (32, 8, 8)
    assert np.array_equal(seen[-1].latents, seen[-1].data)
    for shares in seen[0].attention:
        assert shares.shape[2] == 24
        assert np.allclose(shares.sum(axis=2), 1, atol=1e-5)
    plain = model.paint("red apple", width=64, height=64, seed=0, options=STEPS).pixels
    assert np.array_equal(observed, plain)
    assert model.tokens("red apple") == ["red", "apple,", "gradient", "style"]


@pytest.mark.parametrize(
    ("prompt", "more"),
    [
        ("", {}),
        ("cat", {"layout": {"objects": []}}),
        ("cat", {"num_inference_steps": 0}),
        ("cat", {"num_inference_steps": 501}),
        ("cat", {"guidance_scale": -1.0}),
        ("cat", {"options": {"scheduler": "magic"}}),
        ("cat", {"options": {"lora": "x"}}),
        ("cat", {"width": 0}),
    ],
)
def test_what_it_cannot_do_is_refused(
    model: IconDiffusion, prompt: str, more: dict[str, object]
) -> None:
    given = {"width": 64, "height": 64, "seed": 0, **more}
    with pytest.raises(ArgumentError):
        model.paint(prompt, **given)  # type: ignore[arg-type]


def test_wrong_strength_and_mask_are_refused(model: IconDiffusion, photo: np.ndarray) -> None:
    with pytest.raises(ArgumentError, match="strength"):
        model.transform(photo, options={"prompt": "cat", "strength": 1.5})
    with pytest.raises(ArgumentError, match="mask"):
        model.inpaint(photo, np.ones((3, 3), np.float32), options={"prompt": "cat"})
    with pytest.raises(ArgumentError):
        model.paint_batch(["cat"], width=64, height=64, seeds=[])


def test_missing_text_encoder_and_wrong_weights_are_named(folder: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, models_dir=tmp_path)
    with pytest.raises(CheckpointError, match="all-minilm"):
        IconDiffusion.from_settings(CARD, folder, settings)
    with pytest.raises(CheckpointError, match="missing"):
        IconDiffusion(CARD, tmp_path, StandInText())
    hashed = replace(CARD, options={**OPTIONS, "decoder_sha256": "0" * 64})
    with pytest.raises(CheckpointError, match="not the file"):
        IconDiffusion(hashed, folder, StandInText())
    swapped = replace(CARD, options={**OPTIONS, "denoiser": "decoder.onnx"})
    with pytest.raises(CheckpointError, match="takes"):
        IconDiffusion(swapped, folder, StandInText())
    (folder / "broken.onnx").write_bytes(b"not a network")
    broken = replace(CARD, options={**OPTIONS, "encoder": "broken.onnx"})
    with pytest.raises(CheckpointError, match="cannot load"):
        IconDiffusion(broken, folder, StandInText())
