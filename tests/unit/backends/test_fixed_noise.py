from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from omnimuse.backends.fixed_noise import convert_files, fix_noise
from omnimuse.errors import CheckpointError


def model(op: str, **attributes: Any) -> bytes:
    node = helper.make_node(op, ["x"], ["y"], **attributes)
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["a", "b"]) for n in "xy"]
    graph = helper.make_graph([node], "g", info[:1], info[1:])
    opset = [helper.make_opsetid("", 15)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString())


def run(data: bytes, shape: tuple[int, int]) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(data)
    found: np.ndarray = session.run(None, {"x": np.zeros(shape, np.float32)})[0]
    return found


def test_noise_is_normal_and_always_the_same() -> None:
    data = fix_noise(model("RandomNormalLike"))
    first, again = run(data, (40, 50)), run(data, (40, 50))
    np.testing.assert_array_equal(first, again)
    assert abs(first.mean()) < 0.08
    assert abs(first.std() - 1) < 0.06
    assert not np.array_equal(first, run(fix_noise(model("RandomNormalLike"), seed=1), (40, 50)))


def test_more_numbers_than_the_table_has() -> None:
    found = run(fix_noise(model("RandomNormalLike")), (600, 500))
    assert found.shape == (600, 500)
    assert abs(found.std() - 1) < 0.01


def test_models_without_noise_stay(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(model("Relu"))
    assert convert_files({"m": tmp_path / "m"}) == model("Relu")


def test_other_noise_is_refused() -> None:
    with pytest.raises(CheckpointError, match="RandomUniformLike"):
        fix_noise(model("RandomUniformLike"))
    with pytest.raises(CheckpointError, match="not standard normal"):
        fix_noise(model("RandomNormalLike", scale=2.0))
    with pytest.raises(CheckpointError, match="not an ONNX model"):
        fix_noise(b"\xff\xff\xff")
