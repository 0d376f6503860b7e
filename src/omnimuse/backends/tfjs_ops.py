"""TensorFlow graph operations as ONNX operations (opset 18).

Tensors keep TensorFlow's layout (batch, height, width, channels); convolutions, pools and resizing
are wrapped in transposes, which onnxruntime moves out of the way when it loads the model. Integers
are int64 throughout, as ONNX wants for shapes and indices. An operation that is not in the table
is an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from omnimuse.backends.tfjs import TfjsModel
from omnimuse.backends.tfjs_nodes import GraphNode, in_order
from omnimuse.errors import CheckpointError

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPSET = 18
_TO_NCHW, _TO_NHWC = (0, 3, 1, 2), (0, 2, 3, 1)

# One ONNX operation with the same inputs.
_SAME: dict[str, str] = {
    **{name: name for name in ("Abs", "Ceil", "Cos", "Elu", "Equal", "Exp", "Floor", "Greater")},
    **{name: name for name in ("Less", "Log", "Mul", "Neg", "Pow", "Reciprocal", "Relu", "Selu")},
    **{name: name for name in ("Sigmoid", "Sign", "Sin", "Softplus", "Sqrt", "Sub", "Tanh")},
    **{name: name for name in ("Add", "Tile", "GatherNd", "Identity", "Softmax", "Round", "Erf")},
    "AddN": "Sum",
    "AddV2": "Add",
    "BiasAdd": "Add",
    "GatherNd": "GatherND",
    "GreaterEqual": "GreaterOrEqual",
    "LessEqual": "LessOrEqual",
    "LogicalAnd": "And",
    "LogicalNot": "Not",
    "LogicalOr": "Or",
    "Maximum": "Max",
    "Minimum": "Min",
    "Prelu": "PRelu",
    "RealDiv": "Div",
    "Select": "Where",
    "SelectV2": "Where",
    "StopGradient": "Identity",
}
_REDUCTIONS = {
    "Max": "ReduceMax",
    "Mean": "ReduceMean",
    "Min": "ReduceMin",
    "Prod": "ReduceProd",
    "Sum": "ReduceSum",
}
_DEPTHWISE = ("DepthwiseConv2dNative", "DepthwiseConv2D", "FusedDepthwiseConv2dNative")
_CONVOLUTIONS = ("Conv2D", "_FusedConv2D", *_DEPTHWISE)


def build_onnx(model: TfjsModel) -> bytes:
    """A serialised ONNX model of the graph.

    Raises:
        CheckpointError: an operation or a form of one that is not known.
    """
    return _Builder(model).build()


class _Builder:
    """Translates node after node; `special` holds the operations that need more than a name."""

    def __init__(self, model: TfjsModel) -> None:
        self.model = model
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self.inputs: list[Any] = []
        self.counter = 0
        self.stored: set[str] = set()
        self.special: dict[str, Callable[[GraphNode], object]] = {
            **dict.fromkeys(_CONVOLUTIONS, self._convolution),
            **dict.fromkeys(_REDUCTIONS, self._reduction),
            **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2"), self._batch_norm),
            **dict.fromkeys(
                ("MatMul", "_FusedMatMul", "BatchMatMul", "BatchMatMulV2"), self._matmul
            ),
            **dict.fromkeys(("Pad", "PadV2", "MirrorPad"), self._pad),
            **dict.fromkeys(("MaxPool", "AvgPool"), self._pool),
            **dict.fromkeys(("ResizeBilinear", "ResizeNearestNeighbor"), self._resize),
            **dict.fromkeys(("DepthToSpace", "SpaceToDepth"), self._depth_space),
            "ArgMax": self._argmax,
            "Cast": self._cast,
            "ConcatV2": self._concat,
            "Const": self._const,
            "Conv2DBackpropInput": self._transposed_convolution,
            "ExpandDims": self._expand_dims,
            "Fill": self._fill,
            "FloorDiv": self._floor_div,
            "FloorMod": lambda node: self._emit("Mod", node.inputs, node.name),
            "FusedBatchNormV3": self._batch_norm,
            "GatherV2": self._gather,
            "LeakyRelu": lambda node: self._emit(
                "LeakyRelu", node.inputs, node.name, alpha=node.number("alpha", 0.2)
            ),
            "NoOp": lambda node: None,
            "Pack": self._pack,
            "Placeholder": self._placeholder,
            "Range": lambda node: self._emit("Range", node.inputs, node.name),
            "Relu6": lambda node: self._activate("Relu6", node.inputs[0], node.name, []),
            "Reshape": lambda node: self._emit("Reshape", node.inputs, node.name),
            "Rsqrt": self._rsqrt,
            "Shape": lambda node: self._emit("Shape", node.inputs, node.name),
            "Slice": self._slice,
            "SparseToDense": self._sparse_to_dense,
            "Split": self._split,
            "SplitV": self._split,
            "Square": lambda node: self._emit("Mul", [node.inputs[0]] * 2, node.name),
            "SquaredDifference": self._squared_difference,
            "Squeeze": self._squeeze,
            "StridedSlice": self._strided_slice,
            "TopKV2": self._top_k,
            "Transpose": self._transpose,
            "Unpack": self._unpack,
            "ZerosLike": lambda node: self._emit("Sub", [node.inputs[0]] * 2, node.name),
        }

    def build(self) -> bytes:
        """Translate everything, let ONNX infer the types of the outputs, and serialise it."""
        from onnx import checker, helper, shape_inference
        from onnx.onnx_cpp2py_export.checker import ValidationError
        from onnx.onnx_cpp2py_export.shape_inference import InferenceError

        nodes = in_order([GraphNode(data) for data in self.model.nodes])
        for node in nodes:
            self._translate(node)
        outputs = [helper.make_empty_tensor_value_info(name) for name in self._outputs(nodes)]
        graph = helper.make_graph(
            self.nodes, "tfjs", self.inputs, outputs, initializer=self.initializers
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="omnimuse",
            ir_version=9,
        )
        try:
            model = shape_inference.infer_shapes(model, check_type=True, data_prop=True)
            del model.graph.value_info[:]
            checker.check_model(model)
        except (ValidationError, InferenceError) as error:
            raise CheckpointError(f"the converted graph is not sound: {error}") from None
        return bytes(model.SerializeToString())

    def _translate(self, node: GraphNode) -> None:
        if node.op in self.special:
            self.special[node.op](node)
        elif node.op in _SAME:
            self._emit(_SAME[node.op], node.inputs, node.name)
        else:
            raise CheckpointError(
                f"the model uses {node.op}, which cannot be converted",
                hint="Choose another model, or one in ONNX.",
            )

    def _outputs(self, nodes: list[GraphNode]) -> list[str]:
        """Names: those of the signature, else what nothing reads."""
        signed = (self.model.signature.get("outputs") or {}).values()
        names = [entry["name"].removesuffix(":0") for entry in signed]
        if not names:
            read = {name for node in nodes for name in node.inputs}
            silent = ("Const", "NoOp", "Placeholder")
            names = [n.name for n in nodes if n.name not in read and n.op not in silent]
        return list(dict.fromkeys(names))

    # Making nodes

    def _emit(self, op: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        return self._emit_many(op, inputs, [output], **attributes)[0]

    def _emit_many(
        self, op: str, inputs: Sequence[str], outputs: list[str], **attributes: Any
    ) -> list[str]:
        from onnx import helper

        for name in inputs:
            self._store(name)
        self.nodes.append(
            helper.make_node(
                op, list(inputs), outputs, name=f"{op}_{len(self.nodes)}", **attributes
            )
        )
        return outputs

    def _fresh(self) -> str:
        self.counter += 1
        return f"omnimuse/{self.counter}"

    def _constant(self, values: Any, dtype: str = "int64") -> str:
        import numpy as np

        name = self._fresh()
        self.constants[name] = np.array(values, dtype=dtype)
        return name

    def _store(self, name: str) -> None:
        """Constants enter the graph when something reads them: others would be dead weight."""
        from onnx import numpy_helper

        if name in self.constants and name not in self.stored:
            self.stored.add(name)
            self.initializers.append(numpy_helper.from_array(self.constants[name], name))

    def _value(self, node: GraphNode, index: int) -> NDArray[Any]:
        """A constant input.

        Raises:
            CheckpointError: it is computed, which the translation of this operation cannot follow.
        """
        name = node.inputs[index]
        if name not in self.constants:
            raise CheckpointError(f"{node.op} {node.name}: input {index} is not a constant")
        return self.constants[name]

    def _nchw(self, name: str) -> str:
        return self._emit("Transpose", [name], self._fresh(), perm=_TO_NCHW)

    def _nhwc(self, name: str, output: str) -> str:
        return self._emit("Transpose", [name], output, perm=_TO_NHWC)

    # Inputs

    def _const(self, node: GraphNode) -> None:
        if node.name not in self.model.weights:
            raise CheckpointError(f"the weights of {node.name} are missing", hint="Pull it again.")
        self.constants[node.name] = _wide(self.model.weights[node.name])

    def _placeholder(self, node: GraphNode) -> None:
        from onnx import TensorProto, helper

        shape = node.shape()
        dims = None if shape is None else [d if d > 0 else f"d{i}" for i, d in enumerate(shape)]
        if node.type("dtype") == "DT_FLOAT":
            self.inputs.append(helper.make_tensor_value_info(node.name, TensorProto.FLOAT, dims))
            return
        name = f"{node.name}/given"
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.INT32, dims))
        self._emit("Cast", [name], node.name, to=TensorProto.INT64)

    # Convolutions and their like

    def _convolution(self, node: GraphNode) -> None:
        import numpy as np

        is_depthwise = node.op in _DEPTHWISE
        weights = self._value(node, 1)
        height, width, channels, last = weights.shape
        if is_depthwise:
            kernel = weights.transpose(2, 3, 0, 1).reshape(channels * last, 1, height, width)
        else:
            kernel = weights.transpose(3, 2, 0, 1)
        attributes = {
            "strides": node.ints("strides", (1, 1, 1, 1))[1:3],
            "dilations": node.ints("dilations", (1, 1, 1, 1))[1:3],
            "kernel_shape": [height, width],
            "group": channels if is_depthwise else 1,
            **self._padding(node),
        }
        inputs = [self._nchw(node.inputs[0]), self._constant(kernel, "float32")]
        fused, extra = node.texts("fused_ops"), node.inputs[2:]
        if fused[:1] == ["BiasAdd"] and extra and extra[0] in self.constants:
            inputs.append(self._constant(np.ravel(self.constants[extra[0]]), "float32"))
            fused, extra = fused[1:], extra[1:]
        raw = self._emit("Conv", inputs, self._fresh(), **attributes)
        self._finish(self._nhwc(raw, self._fresh()), fused, extra, node)

    def _padding(self, node: GraphNode) -> dict[str, Any]:
        """TensorFlow's SAME puts the odd pixel at the end, which ONNX calls SAME_UPPER."""
        if node.text("data_format", "NHWC") != "NHWC":
            raise CheckpointError(f"{node.op} {node.name} is not NHWC")
        padding = node.text("padding", "VALID")
        if padding == "EXPLICIT":
            pads = node.ints("explicit_paddings")
            return {"pads": [pads[2], pads[4], pads[3], pads[5]]}
        return {"auto_pad": "SAME_UPPER" if padding == "SAME" else "VALID"}

    def _finish(self, name: str, fused: list[str], extra: Sequence[str], node: GraphNode) -> None:
        """Apply what was fused onto a convolution or product, the last under the node's name."""
        extra = list(extra)
        for index, op in enumerate(fused):
            output = node.name if index == len(fused) - 1 else self._fresh()
            if op == "BiasAdd":
                name = self._emit("Add", [name, extra.pop(0)], output)
            elif op == "LeakyRelu":
                alpha = node.number("leakyrelu_alpha", 0.2)
                name = self._emit("LeakyRelu", [name], output, alpha=alpha)
            else:
                name = self._activate(op, name, output, extra)
        if not fused:
            self._emit("Identity", [name], node.name)

    def _activate(self, op: str, name: str, output: str, extra: list[str]) -> str:
        if op == "Relu6":
            bounds = [self._constant(0.0, "float32"), self._constant(6.0, "float32")]
            return self._emit("Clip", [name, *bounds], output)
        if op == "Prelu":
            return self._emit("PRelu", [name, extra.pop(0)], output)
        if op in ("Relu", "Elu", "Sigmoid", "Tanh"):
            return self._emit(op, [name], output)
        raise CheckpointError(f"the model fuses {op}, which cannot be converted")

    def _transposed_convolution(self, node: GraphNode) -> None:
        size, weights = self._value(node, 0), self._value(node, 1)
        strides = node.ints("strides", (1, 1, 1, 1))[1:3]
        begins, ends, extras = [], [], []
        for out, kernel, stride in zip(size[1:3], weights.shape[:2], strides, strict=True):
            is_same = node.text("padding", "VALID") == "SAME"
            given = -(-int(out) // stride) if is_same else (int(out) - kernel) // stride + 1
            spare = (given - 1) * stride + kernel - int(out)
            begins.append(max(spare, 0) // 2)
            ends.append(max(spare, 0) - max(spare, 0) // 2)
            extras.append(max(-spare, 0))
        raw = self._emit(
            "ConvTranspose",
            [self._nchw(node.inputs[2]), self._constant(weights.transpose(3, 2, 0, 1), "float32")],
            self._fresh(),
            strides=strides,
            pads=[*begins, *ends],
            output_padding=extras,
        )
        self._nhwc(raw, node.name)

    def _pool(self, node: GraphNode) -> None:
        attributes: dict[str, Any] = {
            "kernel_shape": node.ints("ksize")[1:3],
            "strides": node.ints("strides")[1:3],
            **self._padding(node),
        }
        op = "MaxPool" if node.op == "MaxPool" else "AveragePool"
        raw = self._emit(op, [self._nchw(node.inputs[0])], self._fresh(), **attributes)
        self._nhwc(raw, node.name)

    def _resize(self, node: GraphNode) -> None:
        mode = "asymmetric"
        if node.flag("align_corners"):
            mode = "align_corners"
        elif node.flag("half_pixel_centers"):
            mode = "half_pixel"
        is_linear = node.op == "ResizeBilinear"
        rounding = "floor" if mode == "asymmetric" else "round_prefer_ceil"
        # All four sizes are given: with `axes`, onnxruntime's transpose optimiser goes wrong.
        source = self._nchw(node.inputs[0])
        shape = self._emit("Shape", [source], self._fresh(), start=0, end=2)
        sizes = self._emit("Concat", [shape, node.inputs[1]], self._fresh(), axis=0)
        raw = self._emit(
            "Resize",
            [source, "", "", sizes],
            self._fresh(),
            mode="linear" if is_linear else "nearest",
            coordinate_transformation_mode=mode,
            nearest_mode=rounding,
        )
        self._nhwc(raw, node.name)

    def _depth_space(self, node: GraphNode) -> None:
        raw = self._emit(
            node.op,
            [self._nchw(node.inputs[0])],
            self._fresh(),
            blocksize=node.integer("block_size", 2),
        )
        self._nhwc(raw, node.name)

    def _batch_norm(self, node: GraphNode) -> None:
        import numpy as np

        gamma, beta, mean, variance = (self._value(node, i) for i in range(1, 5))
        scale = gamma / np.sqrt(variance + node.number("epsilon", 1e-4))
        scaled = self._emit(
            "Mul", [node.inputs[0], self._constant(scale, "float32")], self._fresh()
        )
        self._emit("Add", [scaled, self._constant(beta - mean * scale, "float32")], node.name)

    def _matmul(self, node: GraphNode) -> None:
        left, right = node.inputs[:2]
        if node.flag("transpose_a") or node.flag("adj_x"):
            left = self._emit("Transpose", [left], self._fresh(), perm=self._swap(node, 0))
        if node.flag("transpose_b") or node.flag("adj_y"):
            right = self._emit("Transpose", [right], self._fresh(), perm=self._swap(node, 1))
        raw = self._emit("MatMul", [left, right], self._fresh())
        self._finish(raw, node.texts("fused_ops"), node.inputs[2:], node)

    def _swap(self, node: GraphNode, index: int) -> list[int]:
        if node.op in ("MatMul", "_FusedMatMul"):
            return [1, 0]
        rank = self._value(node, index).ndim
        return [*range(rank - 2), rank - 1, rank - 2]

    # Shapes

    def _pad(self, node: GraphNode) -> None:
        pads = self._value(node, 1)
        inputs = [node.inputs[0], self._constant([*pads[:, 0], *pads[:, 1]])]
        mode = node.text("mode", "CONSTANT").lower()
        if node.op == "PadV2":
            inputs.append(node.inputs[2])
        if mode not in ("constant", "reflect"):
            raise CheckpointError(f"the model pads with {mode}, which cannot be converted")
        self._emit("Pad", inputs, node.name, mode=mode)

    def _transpose(self, node: GraphNode) -> None:
        perm = [int(axis) for axis in self._value(node, 1)]
        self._emit("Transpose", [node.inputs[0]], node.name, perm=perm)

    def _concat(self, node: GraphNode) -> None:
        axis = int(self._value(node, len(node.inputs) - 1))
        self._emit("Concat", node.inputs[:-1], node.name, axis=axis)

    def _expand_dims(self, node: GraphNode) -> None:
        axis = int(self._value(node, 1).ravel()[0])
        self._emit("Unsqueeze", [node.inputs[0], self._constant([axis])], node.name)

    def _squeeze(self, node: GraphNode) -> None:
        axes = node.ints("squeeze_dims")
        self._emit(
            "Squeeze", [node.inputs[0], *([self._constant(axes)] if axes else [])], node.name
        )

    def _pack(self, node: GraphNode) -> None:
        axis = node.integer("axis")
        parts = [
            self._emit("Unsqueeze", [name, self._constant([axis])], self._fresh())
            for name in node.inputs
        ]
        self._emit("Concat", parts, node.name, axis=axis)

    def _unpack(self, node: GraphNode) -> None:
        count, axis = node.integer("num"), node.integer("axis")
        parts = [self._fresh() for _ in range(count)]
        sizes = self._constant([1] * count)
        self._emit_many("Split", [node.inputs[0], sizes], parts, axis=axis)
        for index, part in enumerate(parts):
            self._emit("Squeeze", [part, self._constant([axis])], _port(node.name, index))

    def _split(self, node: GraphNode) -> None:
        if node.op == "SplitV":
            sizes = [int(size) for size in self._value(node, 1)]
            axis, source = int(self._value(node, 2)), node.inputs[0]
            outputs = [_port(node.name, index) for index in range(len(sizes))]
            self._emit_many("Split", [source, self._constant(sizes)], outputs, axis=axis)
            return
        count = node.integer("num_split")
        outputs = [_port(node.name, index) for index in range(count)]
        axis = int(self._value(node, 0))
        self._emit_many("Split", [node.inputs[1]], outputs, axis=axis, num_outputs=count)

    def _slice(self, node: GraphNode) -> None:
        begin, size = self._value(node, 1), self._value(node, 2)
        ends = [int(b + s) if s >= 0 else 2**62 for b, s in zip(begin, size, strict=True)]
        self._emit(
            "Slice", [node.inputs[0], self._constant(begin), self._constant(ends)], node.name
        )

    def _strided_slice(self, node: GraphNode) -> None:
        if node.integer("ellipsis_mask") or node.integer("new_axis_mask"):
            raise CheckpointError(f"StridedSlice {node.name} has an ellipsis or a new axis")
        begin, end, steps = ([int(v) for v in self._value(node, i)] for i in (1, 2, 3))
        shrink = node.integer("shrink_axis_mask")
        for axis, step in enumerate(steps):
            bit, far = 1 << axis, 2**62
            if node.integer("begin_mask") & bit:
                begin[axis] = 0 if step > 0 else far
            if node.integer("end_mask") & bit:
                end[axis] = far if step > 0 else -far
            if shrink & bit:
                end[axis] = begin[axis] + 1 if begin[axis] != -1 else far
                steps[axis] = 1
        axes = list(range(len(begin)))
        parts = [self._constant(values) for values in (begin, end, axes, steps)]
        lost = [axis for axis in axes if shrink & 1 << axis]
        output = self._fresh() if lost else node.name
        self._emit("Slice", [node.inputs[0], *parts], output)
        if lost:
            self._emit("Squeeze", [output, self._constant(lost)], node.name)

    def _gather(self, node: GraphNode) -> None:
        axis = int(self._value(node, 2)) if len(node.inputs) > 2 else 0
        self._emit("Gather", node.inputs[:2], node.name, axis=axis)

    def _fill(self, node: GraphNode) -> None:
        self._emit("Expand", [node.inputs[1], node.inputs[0]], node.name)

    def _sparse_to_dense(self, node: GraphNode) -> None:
        import numpy as np

        indices, shape, values, default = (self._value(node, i) for i in range(4))
        dense = np.full([int(n) for n in shape], default)
        dense[tuple(indices.reshape(-1, len(shape)).T)] = values
        self.constants[node.name] = dense

    # Numbers

    def _cast(self, node: GraphNode) -> None:
        from onnx import TensorProto

        kinds = {"DT_FLOAT": TensorProto.FLOAT, "DT_BOOL": TensorProto.BOOL}
        kind = kinds.get(node.type("DstT"), TensorProto.INT64)
        self._emit("Cast", node.inputs, node.name, to=kind)

    def _reduction(self, node: GraphNode) -> None:
        axes = self._constant(self._value(node, 1).reshape(-1))
        keep = int(node.flag("keep_dims"))
        self._emit(_REDUCTIONS[node.op], [node.inputs[0], axes], node.name, keepdims=keep)

    def _argmax(self, node: GraphNode) -> None:
        axis = int(self._value(node, 1))
        self._emit("ArgMax", [node.inputs[0]], node.name, axis=axis, keepdims=0)

    def _top_k(self, node: GraphNode) -> None:
        count = self._constant(self._value(node, 1).reshape(1))
        outputs = [_port(node.name, index) for index in range(2)]
        self._emit_many("TopK", [node.inputs[0], count], outputs, axis=-1)

    def _floor_div(self, node: GraphNode) -> None:
        if node.type("T") == "DT_FLOAT":
            raw = self._emit("Div", node.inputs, self._fresh())
            self._emit("Floor", [raw], node.name)
        else:  # floor(a / b) of integers, where ONNX's Div cuts towards zero
            rest = self._emit("Mod", node.inputs, self._fresh())
            whole = self._emit("Sub", [node.inputs[0], rest], self._fresh())
            self._emit("Div", [whole, node.inputs[1]], node.name)

    def _rsqrt(self, node: GraphNode) -> None:
        self._emit("Reciprocal", [self._emit("Sqrt", node.inputs, self._fresh())], node.name)

    def _squared_difference(self, node: GraphNode) -> None:
        difference = self._emit("Sub", node.inputs, self._fresh())
        self._emit("Mul", [difference, difference], node.name)


def _port(name: str, index: int) -> str:
    return name if index == 0 else f"{name}:{index}"


def _wide(values: NDArray[Any]) -> NDArray[Any]:
    """Integers as int64, as everywhere in the converted graph."""
    import numpy as np

    return values.astype(np.int64) if values.dtype.kind in "iu" else values
