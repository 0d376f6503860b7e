from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from omnimuse.backends.base import Detection
from omnimuse.backends.card import ModelCard
from omnimuse.backends.vision import (
    OnnxClassifier,
    OnnxSegmenter,
    intersection_over_union,
    opaque,
    suppress,
)
from omnimuse.errors import ArgumentError, CheckpointError

SIDES = st.floats(1, 50)
BOXES = st.tuples(st.floats(0, 50), st.floats(0, 50), SIDES, SIDES)
FOUND = st.builds(Detection, st.sampled_from("ab"), st.floats(0, 1), BOXES)


@given(BOXES, BOXES)
def test_overlap_is_a_symmetric_share(one: tuple, two: tuple) -> None:
    share = intersection_over_union(one, two)
    assert 0 <= share <= 1 + 1e-9
    assert share == pytest.approx(intersection_over_union(two, one))
    assert intersection_over_union(one, one) == pytest.approx(1)


@given(st.lists(FOUND, max_size=12))
def test_suppression_keeps_the_best_of_each_place(found: list[Detection]) -> None:
    kept = suppress(found)
    assert [d.score for d in kept] == sorted((d.score for d in kept), reverse=True)
    for one in found:
        rivals = [k for k in kept if k.label == one.label and k.score >= one.score]
        assert any(k == one or intersection_over_union(k.box, one.box) > 0.5 for k in rivals)
    for index, one in enumerate(kept):
        for other in kept[:index]:
            assert one.label != other.label or intersection_over_union(one.box, other.box) <= 0.5


def test_transparency_lies_on_grey() -> None:
    pixels = np.zeros((1, 2, 4), np.uint8)
    pixels[0, 0] = (200, 100, 0, 255)
    assert opaque(pixels).tolist() == [[[200, 100, 0], [128, 128, 128]]]


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (0, 4, 3)])
def test_what_is_no_picture(shape: tuple[int, ...]) -> None:
    with pytest.raises(ArgumentError):
        opaque(np.zeros(shape, np.uint8))
    with pytest.raises(ArgumentError):
        opaque(np.zeros((4, 4, 3), np.float32))


def save_model(folder: Path, axes: list[int], keep: int, shape: list) -> None:
    """Means over `axes`, in the range that the card promises."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    node = helper.make_node("ReduceMean", ["x"], ["y"], axes=axes, keepdims=keep)
    graph = helper.make_graph([node], "g", [x], [y])
    opset = [helper.make_opsetid("", 13)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    (folder / "model.onnx").write_bytes(model.SerializeToString())


def card(**options: object) -> ModelCard:
    return ModelCard("eye", ("image-classification",), "onnx-classifier", options=options)


def test_classifier_scales_to_the_models_range(tmp_path: Path) -> None:
    save_model(tmp_path, [1, 2], 0, [1, 8, 8, 3])
    labels = ["red", "green", "blue"]
    pixels = np.full((20, 30, 3), (255, 0, 51), np.uint8)
    found = OnnxClassifier(card(labels=labels), tmp_path).classify(pixels)
    assert found == pytest.approx({"red": 1.0, "green": 0.0, "blue": 0.2}, abs=1e-5)
    wide = OnnxClassifier(card(labels=labels, range=[-1, 1]), tmp_path).classify(pixels)
    assert wide == pytest.approx({"red": 1.0, "green": -1.0, "blue": -0.6}, abs=1e-5)


def test_labels_must_fit_the_model(tmp_path: Path) -> None:
    save_model(tmp_path, [1, 2], 0, [1, 8, 8, 3])
    with pytest.raises(CheckpointError, match="3 scores, the card has 1 labels"):
        OnnxClassifier(card(labels=["a"]), tmp_path).classify(np.zeros((8, 8, 3), np.uint8))


def test_segmenter_gives_the_pictures_size(tmp_path: Path) -> None:
    save_model(tmp_path, [3], 1, [1, 8, 8, 3])
    eye = OnnxSegmenter(card(), tmp_path)
    pixels = np.zeros((16, 24, 3), np.uint8)
    pixels[:, 12:] = 255
    mask = eye.segment(pixels)
    assert mask.shape == (16, 24)
    assert mask[:, :9].max() < 0.05
    assert mask[:, 15:].min() > 0.95
    with pytest.raises(ArgumentError, match="cannot follow points"):
        eye.segment(pixels, points=[(1, 1, True)])


def test_models_of_other_shapes_are_refused(tmp_path: Path) -> None:
    save_model(tmp_path, [1], 0, [1, 8])
    with pytest.raises(CheckpointError, match="wanted"):
        OnnxClassifier(card(), tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(CheckpointError, match="cannot load"):
        OnnxClassifier(card(), tmp_path)
    (tmp_path / "model.onnx").unlink()
    with pytest.raises(CheckpointError, match="is missing"):
        OnnxClassifier(card(), tmp_path)
