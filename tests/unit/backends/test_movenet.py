from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from omnimuse.backends.card import ModelCard
from omnimuse.backends.movenet import JOINTS, MoveNetPose
from omnimuse.errors import ArgumentError, CheckpointError

CARD = ModelCard("pose", ("keypoint-detection",), "movenet")
SIDE = 16


def save_model(folder: Path, rows: np.ndarray, *, kind: int = TensorProto.INT32) -> None:
    """Joints at fixed shares of the square; scores grow with its mean brightness."""
    x = helper.make_tensor_value_info("x", kind, [1, SIDE, SIDE, 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    gain = np.zeros((1, 1, 1, 3), np.float32)
    gain[..., 2] = 1 / 255
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["f"], ["m"], keepdims=1),
        helper.make_node("Mul", ["m", "gain"], ["s"]),
        helper.make_node("Add", ["rows", "s"], ["y"]),
    ]
    held = [
        numpy_helper.from_array(rows.astype(np.float32)[None, None], "rows"),
        numpy_helper.from_array(gain, "gain"),
    ]
    graph = helper.make_graph(nodes, "g", [x], [y], initializer=held)
    opset = [helper.make_opsetid("", 13)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    (folder / "model.onnx").write_bytes(model.SerializeToString())


def joints_at(share: tuple[float, float]) -> np.ndarray:
    return np.tile(np.array([share[1], share[0], 0.0], np.float32), (17, 1))


def test_joints_are_told_in_pixels_of_the_picture(tmp_path: Path) -> None:
    save_model(tmp_path, joints_at((0.5, 0.25)))
    pose = MoveNetPose(CARD, tmp_path)
    found = pose.estimate(np.full((40, 80, 3), 255, np.uint8))
    assert [joint.name for joint in found] == list(JOINTS)
    # The square about the picture is 80 px wide and begins 20 px above it.
    assert (found[0].x, found[0].y) == (pytest.approx(40), pytest.approx(0))
    assert found[0].score == pytest.approx(0.5, abs=0.05)  # half of the square is black
    boxed = pose.estimate(np.full((40, 80, 3), 255, np.uint8), box=(60, 10, 8, 16))
    assert (boxed[3].x, boxed[3].y) == (pytest.approx(64), pytest.approx(13))
    assert boxed[3].score == pytest.approx(1.0)


def test_what_cannot_be_looked_at(tmp_path: Path) -> None:
    save_model(tmp_path, joints_at((0.5, 0.5)))
    pose = MoveNetPose(CARD, tmp_path)
    with pytest.raises(ArgumentError, match="no room"):
        pose.estimate(np.zeros((9, 9, 3), np.uint8), box=(1, 1, 0, 4))
    outside = pose.estimate(np.full((9, 9, 3), 255, np.uint8), box=(90, 90, 4, 4))
    assert outside[0].score == 0


def test_models_of_other_shapes_are_refused(tmp_path: Path) -> None:
    save_model(tmp_path, joints_at((0.5, 0.5)), kind=TensorProto.FLOAT)
    with pytest.raises(CheckpointError, match="wanted int32"):
        MoveNetPose(CARD, tmp_path)
    save_model(tmp_path, joints_at((0.5, 0.5))[:3])
    with pytest.raises(CheckpointError, match="3 joints"):
        MoveNetPose(CARD, tmp_path).estimate(np.zeros((9, 9, 3), np.uint8))
