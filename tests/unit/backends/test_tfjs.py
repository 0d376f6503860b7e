from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.backends.tfjs import _literal, convert_files, read_model
from omnimuse.errors import CheckpointError


def text(value: str) -> dict[str, str]:
    return {"s": base64.b64encode(value.encode()).decode()}


def ints(*values: int) -> dict[str, Any]:
    return {"list": {"i": [str(value) for value in values]}}


def texts(*values: str) -> dict[str, Any]:
    return {"list": {"s": [text(value)["s"] for value in values]}}


class Graph:
    """Builds a graph model's two files."""

    def __init__(self, *shape: int) -> None:
        dims = [{"size": str(n)} for n in shape]
        attributes = {"dtype": {"type": "DT_FLOAT"}, "shape": {"shape": {"dim": dims}}}
        self.nodes: list[dict[str, Any]] = [{"name": "x", "op": "Placeholder", "attr": attributes}]
        self.weights: list[dict[str, Any]] = []
        self.data = b""

    def const(self, name: str, values: Any, dtype: str = "float32") -> str:
        array = np.array(values, dtype)
        self.nodes.append({"name": name, "op": "Const", "attr": {}})
        self.weights.append({"name": name, "shape": list(array.shape), "dtype": dtype})
        self.data += array.astype(array.dtype.newbyteorder("<")).tobytes()
        return name

    def node(self, op: str, *inputs: str, name: str = "y", **attr: Any) -> str:
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attr})
        return name

    def files(self, folder: Path) -> dict[str, Path]:
        manifest = [{"paths": ["w.bin"], "weights": self.weights}]
        model = {"format": "graph-model", "modelTopology": {"node": self.nodes}}
        (folder / "model.json").write_text(json.dumps({**model, "weightsManifest": manifest}))
        (folder / "w.bin").write_bytes(self.data)
        return {name: folder / name for name in ("model.json", "w.bin")}

    def run(self, folder: Path, x: Any) -> np.ndarray:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(convert_files(self.files(folder)), options)
        given = session.get_inputs()[0].name
        found: np.ndarray = session.run(None, {given: np.asarray(x, np.float32)})[0]
        return found


def tf_conv(x: np.ndarray, kernel: np.ndarray, stride: int, *, same: bool) -> np.ndarray:
    """TensorFlow's definition, by loops: SAME pads the odd pixel at the end."""
    height, width = x.shape[1:3]
    kh, kw, _, count = kernel.shape
    if same:
        out = (-(-height // stride), -(-width // stride))
        pads = [
            max((o - 1) * stride + k - n, 0)
            for o, k, n in zip(out, (kh, kw), (height, width), strict=True)
        ]
        x = np.pad(x, ((0, 0), *((p // 2, p - p // 2) for p in pads), (0, 0)))
    else:
        out = ((height - kh) // stride + 1, (width - kw) // stride + 1)
    y = np.zeros((1, *out, count))
    for i in range(out[0]):
        for j in range(out[1]):
            patch = x[0, i * stride : i * stride + kh, j * stride : j * stride + kw]
            y[0, i, j] = np.tensordot(patch, kernel, 3)
    return y


@settings(max_examples=8, deadline=None)
@given(st.integers(3, 8), st.integers(3, 8), st.integers(1, 3), st.integers(1, 2), st.booleans())
def test_convolution_pads_as_tensorflow_does(
    tmp_path_factory: pytest.TempPathFactory, h: int, w: int, k: int, stride: int, same: bool
) -> None:
    rng = np.random.default_rng(h * 100 + w * 10 + k)
    x, kernel = rng.normal(size=(1, h, w, 2)), rng.normal(size=(k, k, 2, 3))
    graph = Graph(1, h, w, 2)
    graph.const("k", kernel)
    padding = text("SAME" if same else "VALID")
    graph.node("Conv2D", "x", "k", strides=ints(1, stride, stride, 1), padding=padding)
    found = graph.run(tmp_path_factory.mktemp("g"), x)
    wanted = tf_conv(x, kernel, stride, same=same)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_fused_depthwise_bias_relu6(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, kernel, bias = rng.normal(size=(1, 5, 5, 2)) * 5, rng.normal(size=(3, 3, 2, 1)), [1.0, -1.0]
    graph = Graph(1, 5, 5, 2)
    graph.const("k", kernel)
    graph.const("b", bias)
    graph.node(
        "FusedDepthwiseConv2dNative",
        "x",
        "k",
        "b",
        strides=ints(1, 1, 1, 1),
        padding=text("SAME"),
        fused_ops=texts("BiasAdd", "Relu6"),
    )
    each = [tf_conv(x[..., c : c + 1], kernel[:, :, c : c + 1], 1, same=True) for c in range(2)]
    wanted = np.clip(np.concatenate(each, -1) + bias, 0, 6)
    np.testing.assert_allclose(graph.run(tmp_path, x), wanted, atol=1e-4)
    assert wanted.max() == 6.0


def test_transposed_convolution_is_the_adjoint(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    kernel, small, large = (rng.normal(size=s) for s in ((3, 3, 2, 4), (1, 3, 3, 4), (1, 6, 6, 2)))
    graph = Graph(1, 3, 3, 4)
    graph.const("size", [1, 6, 6, 2], "int32")
    graph.const("k", kernel)
    attributes = {"strides": ints(1, 2, 2, 1), "padding": text("SAME")}
    graph.node("Conv2DBackpropInput", "size", "k", "x", **attributes)
    found = graph.run(tmp_path, small)
    forward = tf_conv(large, kernel, 2, same=True)
    assert found.shape == large.shape
    np.testing.assert_allclose((found * large).sum(), (small * forward).sum(), rtol=1e-4)


def test_batch_norm(tmp_path: Path) -> None:
    x = np.arange(8.0).reshape(1, 2, 2, 2)
    graph = Graph(1, 2, 2, 2)
    for name, values in zip("gbmv", ([2, 3], [1, 0], [4, 5], [4, 9]), strict=True):
        graph.const(name, values)
    graph.node("FusedBatchNormV3", "x", *"gbmv", epsilon={"f": 0.0})
    wanted = (x - [4, 5]) / np.sqrt([4, 9]) * [2, 3] + [1, 0]
    np.testing.assert_allclose(graph.run(tmp_path, x), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ({}, [0, 0.5, 1, 1]),
        ({"align_corners": {"b": True}}, [0, 1 / 3, 2 / 3, 1]),
        ({"half_pixel_centers": {"b": True}}, [0, 0.25, 0.75, 1]),
    ],
)
def test_bilinear_resize_conventions(tmp_path: Path, flags: Any, wanted: list[float]) -> None:
    graph = Graph(1, 1, 2, 1)
    graph.const("size", [1, 4], "int32")
    graph.node("ResizeBilinear", "x", "size", **flags)
    found = graph.run(tmp_path, np.array([0.0, 1.0]).reshape(1, 1, 2, 1))
    np.testing.assert_allclose(found.ravel(), wanted, atol=1e-6)


def test_strided_slice_masks(tmp_path: Path) -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    graph = Graph(2, 3, 4)
    for name, values in (("b", [0, 1, 0]), ("e", [1, 0, 3]), ("s", [1, 1, 2])):
        graph.const(name, values, "int32")
    masks = {"end_mask": {"i": "2"}, "begin_mask": {"i": "4"}, "shrink_axis_mask": {"i": "1"}}
    graph.node("StridedSlice", "x", "b", "e", "s", **masks)
    np.testing.assert_array_equal(graph.run(tmp_path, x), x[0, 1:, 0:3:2])


def test_shapes_and_numbers(tmp_path: Path) -> None:
    x = np.arange(6.0).reshape(1, 2, 3)
    graph = Graph(1, 2, 3)
    graph.const("axes", [2], "int32")
    graph.const("axis", 1, "int32")
    graph.node("Mean", "x", "axes", name="mean", keep_dims={"b": True})
    graph.node("SquaredDifference", "x", "mean", name="d")
    graph.node("Unpack", "d", name="rows", num={"i": "2"}, axis={"i": "1"})
    graph.node("Pack", "rows:1", "rows", name="p", axis={"i": "1"})
    graph.node("Rsqrt", "p", name="r")
    graph.node("ConcatV2", "p", "x", "axis")
    d = (x - x.mean(-1, keepdims=True)) ** 2
    wanted = np.concatenate([d[:, ::-1], x], 1)
    graph.nodes = [node for node in graph.nodes if node["name"] != "r"]
    np.testing.assert_allclose(graph.run(tmp_path, x), wanted, atol=1e-6)


def test_quantized_weights_and_js_modules(tmp_path: Path) -> None:
    data = base64.b64encode(bytes(range(96))).decode()
    (tmp_path / "w.min.js").write_text(f'!function(){{module.exports="{data}"}}();')
    (tmp_path / "model.min.js").write_text(
        "var m={1:[function(a,b){b.exports={format:'graph-model',modelTopology:{node:["
        '{name:"x",op:"Placeholder",attr:{dtype:{type:"DT_FLOAT"},'
        'shape:{shape:{dim:[{size:"96"}]}}}},'
        '{name:"c",op:"Const",attr:{}},'
        '{name:"y",op:"AddV2",input:["x","c"],attr:{T:void 0,u:!0}}]},'
        'weightsManifest:[{paths:["w"],weights:[{name:"c",shape:[96],dtype:"float32",'
        "quantization:{min:-.5,scale:.25,dtype:'uint8'}}]}]}},{}]}"
    )
    files = {path.name: path for path in tmp_path.iterdir()}
    model = read_model(files)
    np.testing.assert_allclose(model.weights["c"], np.arange(96) * 0.25 - 0.5)
    assert len(convert_files(files)) > 300


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="ascii")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc_"), inner),
    max_leaves=15,
)


@settings(max_examples=40, deadline=None)
@given(JSON)
def test_json_is_read_as_a_literal(value: Any) -> None:
    assert _literal(json.dumps(value), 0, 0)[0] == value


def test_unknown_operation_is_named(tmp_path: Path) -> None:
    graph = Graph(1, 2)
    graph.node("QuantumLeap", "x")
    with pytest.raises(CheckpointError, match="uses QuantumLeap"):
        convert_files(graph.files(tmp_path))


def test_loops_and_missing_inputs_are_named(tmp_path: Path) -> None:
    graph = Graph(1, 2)
    graph.node("Add", "x", "z", name="y")
    with pytest.raises(CheckpointError, match="y reads z"):
        convert_files(graph.files(tmp_path))
    graph.node("Add", "x", "y", name="z")
    with pytest.raises(CheckpointError, match="loops"):
        convert_files(graph.files(tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f["w.bin"].write_bytes(b"1"), "weights end at byte 1"),
        (lambda f: f.pop("w.bin"), r"wants w\.bin, which is missing"),
        (lambda f: f["model.json"].write_text("{"), "is damaged"),
        (lambda f: f["model.json"].write_text('{"format":"layers-model"}'), "layers-model"),
        (lambda f: f.pop("model.json"), r"one model\.json is wanted"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, change: Any, message: str) -> None:
    graph = Graph(1, 2)
    graph.const("c", [1.0, 2.0])
    graph.node("Add", "x", "c")
    files = graph.files(tmp_path)
    change(files)
    with pytest.raises(CheckpointError, match=message):
        convert_files(files)
