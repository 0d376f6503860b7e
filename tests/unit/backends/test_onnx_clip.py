"""The small CLIP's backend: what must hold whatever it has learned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from omnimuse.backends.base import PictureTextEncoder
from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_clip import OnnxClip
from omnimuse.config import Settings
from omnimuse.errors import ArgumentError, CheckpointError

ROLE = "zero-shot-image-classification"
CARD = ModelCard(
    "eyes", (ROLE,), "onnx-clip", options={"picture": "p.onnx", "text": "t.onnx", "scale": 20.0}
)
SIDE = 8


def write_tower(path: Path, inputs: list, weights: np.ndarray, *, flat: bool) -> None:
    """Inputs times a matrix, at unit length."""
    start = [helper.make_node("Flatten", ["x"], ["rows"])] if flat else []
    nodes = [
        *start,
        helper.make_node("MatMul", ["rows" if flat else "x", "w"], ["y"]),
        helper.make_node("LpNormalization", ["y"], ["vectors"], axis=1, p=2),
    ]
    graph = helper.make_graph(
        nodes, "tower", [helper.make_tensor_value_info("x", TensorProto.FLOAT, inputs)],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", weights.shape[1]])],
        [numpy_helper.from_array(weights.astype(np.float32), "w")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())


class Letters:
    """Sentence vectors: how often each letter stands in a text."""

    def embed(self, texts):
        return np.array([[t.count(c) + 0.1 for c in "abcd"] for t in texts], np.float32)


@pytest.fixture
def encoder(tmp_path: Path) -> OnnxClip:
    rng = np.random.default_rng(0)
    write_tower(
        tmp_path / "p.onnx", ["n", 3, SIDE, SIDE], rng.normal(size=(3 * SIDE**2, 5)), flat=True
    )
    write_tower(tmp_path / "t.onnx", ["n", 4], rng.normal(size=(4, 5)), flat=False)
    return OnnxClip(CARD, tmp_path, Letters())


def picture(height: int, width: int, color: tuple[int, ...] = (200, 30, 30)) -> np.ndarray:
    found = np.zeros((height, width, len(color)), np.uint8)
    found[...] = color
    return found


def test_it_plays_its_role_with_unit_vectors(encoder: OnnxClip) -> None:
    assert isinstance(encoder, PictureTextEncoder)
    assert encoder.scale == 20
    pictures = encoder.embed_pictures([picture(8, 8), picture(40, 20), picture(3, 5)])
    texts = encoder.embed_texts(["a cab", "bad"])
    assert pictures.shape == (3, 5)
    assert texts.shape == (2, 5)
    assert np.allclose(np.linalg.norm(np.concatenate([pictures, texts]), axis=1), 1, atol=1e-5)


def test_pictures_keep_their_shape_on_white(encoder: OnnxClip) -> None:
    tall, wide = picture(40, 20), picture(20, 40)
    seen = encoder.embed_pictures([tall, wide])
    assert not np.allclose(seen[0], seen[1], atol=1e-3)
    framed = picture(40, 40, (255, 255, 255))
    framed[:, 10:30] = tall
    assert np.allclose(encoder.embed_pictures([framed])[0], seen[0], atol=1e-5)


def test_what_is_transparent_is_white(encoder: OnnxClip) -> None:
    clear = picture(8, 8, (10, 20, 30, 0))
    white = picture(8, 8, (255, 255, 255))
    assert np.allclose(*encoder.embed_pictures([clear, white]))


def test_many_at_once_are_each_alone(encoder: OnnxClip) -> None:
    rng = np.random.default_rng(1)
    pictures = list(rng.integers(0, 255, (70, 8, 8, 3)).astype(np.uint8))
    together = encoder.embed_pictures(pictures)
    assert together.shape == (70, 5)
    assert np.allclose(together[69], encoder.embed_pictures(pictures[69:])[0], atol=1e-5)


def test_nothing_to_look_at_or_wrong_pixels(encoder: OnnxClip) -> None:
    with pytest.raises(ArgumentError, match="no pictures"):
        encoder.embed_pictures([])
    with pytest.raises(ArgumentError, match="no texts"):
        encoder.embed_texts([])
    with pytest.raises(ArgumentError, match="uint8"):
        encoder.embed_pictures([np.zeros((4, 4, 3), np.float32)])


def test_weights_are_checked(tmp_path: Path, encoder: OnnxClip) -> None:
    wrong = replace(CARD, options={**CARD.options, "picture_sha256": "0" * 64})
    with pytest.raises(CheckpointError, match="not the file"):
        OnnxClip(wrong, tmp_path, Letters())
    with pytest.raises(CheckpointError, match="missing"):
        OnnxClip(replace(CARD, options={"picture": "p.onnx"}), tmp_path, Letters())
    swapped = replace(CARD, options={"picture": "t.onnx", "text": "p.onnx"})
    with pytest.raises(CheckpointError, match="picture tower"):
        OnnxClip(swapped, tmp_path, Letters())


def test_the_sentence_encoder_must_be_pulled(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, models_dir=tmp_path)
    with pytest.raises(CheckpointError, match="all-minilm"):
        OnnxClip.from_settings(CARD, tmp_path, settings)
