"""Read multilingual E5 from its packed 4-bit form (E5S1) as ONNX and a tokenizer.

The package that carries it has its own engine; only its data are used. Weights are blocks of 32
four-bit numbers with a half-precision scale (Q4_0) and stay so: onnxruntime multiplies by them as
they are. The tokenizer is the SentencePiece unigram model of XLM-RoBERTa.

Source: Wang et al. 2024, arXiv:2402.05672.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.errors import CheckpointError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 32
_OPSET = 17
_PAD = "<pad>"


@dataclass(frozen=True)
class E5Model:
    """The file's parts: sizes, tokenizer tables, and where each tensor starts."""

    hidden: int
    layers: int
    heads: int
    inner: int
    epsilon: float
    special: dict[str, int]
    pieces: list[tuple[str, float]]
    normalization: dict[str, str]
    offsets: dict[str, int]
    data: bytes


def convert_model(files: Mapping[str, Path]) -> bytes:
    """A serialised ONNX model: input_ids, attention_mask -> hidden states (batch, tokens, hidden).

    Raises:
        CheckpointError: not one E5S1 file, or damaged.
    """
    model = read_e5(files)
    try:
        return _Graph(model).build()
    except ValueError as error:  # a tensor that reaches past the end
        raise CheckpointError(f"the E5 file is damaged: {error}", hint="Pull it again.") from None


def convert_tokenizer(files: Mapping[str, Path]) -> bytes:
    """The tokenizer as tokenizer.json; raises as `convert_model`."""
    model = read_e5(files)
    ids = model.special
    ordered = sorted(ids.items(), key=lambda item: item[1])
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": index, "content": token, "special": True}
            | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
            for token, index in ordered
        ],
        "normalizer": _normalizer(model.normalization),
        "pre_tokenizer": {
            "type": "Metaspace",
            "replacement": "▁",
            "prepend_scheme": "always",
            "split": False,
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [_special("<s>"), {"Sequence": {"id": "A", "type_id": 0}}, _special("</s>")],
            "pair": [],
            "special_tokens": {
                token: {"id": token, "ids": [ids[token]], "tokens": [token]}
                for token in ("<s>", "</s>")
            },
        },
        "decoder": None,
        "model": {
            "type": "Unigram",
            "unk_id": ids["<unk>"],
            "vocab": [list(piece) for piece in model.pieces],
            "byte_fallback": False,
        },
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _special(token: str) -> dict[str, Any]:
    return {"SpecialToken": {"id": token, "type_id": 0}}


def _normalizer(table: Mapping[str, str]) -> dict[str, Any]:
    """What the table does beyond Unicode's NFKC, then NFKC, then runs of spaces as one."""
    import unicodedata

    by_result: dict[str, list[str]] = {}
    for character, result in table.items():
        if unicodedata.normalize("NFKC", character) != unicodedata.normalize("NFKC", result):
            by_result.setdefault(result, []).append(character)
    steps: list[dict[str, Any]] = []
    for result, characters in sorted(by_result.items()):
        codes = "".join(f"\\x{{{ord(character):X}}}" for character in sorted(characters))
        steps.append({"type": "Replace", "pattern": {"Regex": f"[{codes}]"}, "content": result})
    steps.append({"type": "NFKC"})
    steps.append({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "})
    return {"type": "Sequence", "normalizers": steps}


def read_e5(files: Mapping[str, Path]) -> E5Model:
    """Parse the packed file; raises as `convert_model`."""
    if len(files) != 1:
        raise CheckpointError(f"one file is wanted, got {len(files)}", hint="Correct the card.")
    data = next(iter(files.values())).read_bytes()
    try:
        return _Reader(data).read()
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise CheckpointError(f"the E5 file is damaged: {error}", hint="Pull it again.") from None


class _Reader:
    """Little-endian numbers one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> Any:
        found = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return found if len(found) > 1 else found[0]

    def read(self) -> E5Model:
        if self.data[:4] != b"E5S1":
            raise CheckpointError("not an E5S1 file", hint="Correct the card.")
        self.at = 8
        hidden, layers, heads, inner, _, _, _ = self.take("7i")
        epsilon, block = self.take("fi")
        if block != BLOCK:
            raise CheckpointError(f"blocks of {block} weights are not known")
        special, pieces = self._pieces()
        normalization = self._normalization()
        offsets = {}
        for _ in range(self.take("i")):
            length = self.take("H")
            name = self.data[self.at : self.at + length].decode()
            self.at += length
            _, _, offset, _ = self.take("BIQQ")
            offsets[name] = offset
        parts = (special, pieces, normalization, offsets, self.data)
        return E5Model(hidden, layers, heads, inner, epsilon, *parts)

    def _pieces(self) -> tuple[dict[str, int], list[tuple[str, float]]]:
        count, *ids = self.take("5i")
        length = self.take("Q")
        starts = self.take(f"{count + 1}I")
        scores = self.take(f"{count}f")
        blob = self.data[self.at : self.at + length]
        self.at += length
        texts = [blob[starts[i] : starts[i + 1]].decode() for i in range(count)]
        special = dict(zip(("<s>", "</s>", _PAD, "<unk>"), ids, strict=True))
        return special, list(zip(texts, scores, strict=True))

    def _normalization(self) -> dict[str, str]:
        count, _ = self.take("iI")
        found = {}
        for _ in range(count):
            code, length = self.take("IB")
            codes = [self.take("I") for _ in range(length)]
            found[chr(code)] = "".join(map(chr, codes))
        return found


class _Graph:
    """BERT's encoder with 4-bit products (onnxruntime's MatMulNBits, GatherBlockQuantized)."""

    def __init__(self, model: E5Model) -> None:
        self.model = model
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.counter = 0

    def build(self) -> bytes:
        """Translate and serialise."""
        from onnx import TensorProto, helper

        hidden = self._embed()
        mask = self._mask()
        for layer in range(self.model.layers):
            hidden = self._layer(hidden, mask, f"l{layer}.")
        self.nodes.append(helper.make_node("Identity", [hidden], ["last_hidden_state"]))
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
            for name in ("input_ids", "attention_mask")
        ]
        shape = ["batch", "tokens", self.model.hidden]
        output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, "e5", inputs, [output], initializer=self.initializers)
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        return bytes(model.SerializeToString())

    def _emit(self, op: str, inputs: list[str], **attributes: Any) -> str:
        from onnx import helper

        self.counter += 1
        output = f"t{self.counter}"
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def _constant(self, values: Any, dtype: str) -> str:
        import numpy as np
        from onnx import numpy_helper

        self.counter += 1
        name = f"c{self.counter}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype), name))
        return name

    def _floats(self, name: str, *shape: int) -> NDArray[np.float32]:
        import numpy as np

        count = int(np.prod(shape))
        start = self._offset(name)
        return np.frombuffer(self.model.data, "<f4", count, start).reshape(shape)

    def _offset(self, name: str) -> int:
        if name not in self.model.offsets:
            raise CheckpointError(f"the E5 file has no tensor {name}", hint="Pull it again.")
        return self.model.offsets[name]

    def _blocks(self, name: str, rows: int, columns: int) -> tuple[Any, Any]:
        """Scales (rows, blocks) and nibbles (rows, blocks, 32) of a Q4_0 matrix."""
        import numpy as np

        blocks = columns // BLOCK
        packed = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
        raw = np.frombuffer(self.model.data, packed, rows * blocks, self._offset(name))
        raw = raw.reshape(rows, blocks)
        nibbles = raw["nibbles"]
        values = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1)
        return raw["scale"].astype(np.float32), values

    def _linear(self, source: str, prefix: str, rows: int, columns: int) -> str:
        scales, values = self._blocks(f"{prefix}.w", rows, columns)
        weights = self._constant(_paired(values), "uint8")
        product = self._emit(
            "MatMulNBits",
            [source, weights, self._constant(scales.ravel(), "float32")],
            domain="com.microsoft",
            K=columns,
            N=rows,
            bits=4,
            block_size=BLOCK,
        )
        bias = self._constant(self._floats(f"{prefix}.b", rows), "float32")
        return self._emit("Add", [product, bias])

    def _norm(self, source: str, prefix: str) -> str:
        hidden = self.model.hidden
        weights = [self._constant(self._floats(f"{prefix}.{p}", hidden), "float32") for p in "wb"]
        return self._emit(
            "LayerNormalization", [source, *weights], axis=-1, epsilon=self.model.epsilon
        )

    def _embed(self) -> str:
        hidden, rows = self.model.hidden, len(self.model.pieces)
        count = max(rows, max(self.model.special.values()) + 1)
        scales, values = self._blocks("emb.word", count, hidden)
        word = self._emit(
            "GatherBlockQuantized",
            [
                self._constant(_paired(values).reshape(count, hidden // 2), "uint8"),
                "input_ids",
                self._constant(scales, "float32"),
            ],
            domain="com.microsoft",
            gather_axis=0,
            quantize_axis=1,
            block_size=BLOCK,
            bits=4,
        )
        positions = (self._offset("emb.type") - self._offset("emb.pos")) // (4 * hidden)
        table = self._floats("emb.pos", positions, hidden) + self._floats("emb.type", hidden)
        tokens = self._emit("Shape", ["input_ids"], start=1, end=2)
        place = self._emit("Slice", [self._constant(table, "float32"), self._int(0), tokens])
        return self._norm(self._emit("Add", [word, place]), "emb.ln")

    def _int(self, value: int) -> str:
        return self._constant([value], "int64")

    def _mask(self) -> str:
        """0 where there is a token, far below elsewhere, (batch, 1, 1, tokens)."""
        floats = self._emit("Cast", ["attention_mask"], to=1)
        missing = self._emit("Sub", [floats, self._constant(1.0, "float32")])
        large = self._emit("Mul", [missing, self._constant(1e9, "float32")])
        return self._emit("Unsqueeze", [large, self._constant([1, 2], "int64")])

    def _layer(self, source: str, mask: str, prefix: str) -> str:
        hidden, heads = self.model.hidden, self.model.heads
        split = self._constant([0, 0, heads, hidden // heads], "int64")
        perms = {"q": (0, 2, 1, 3), "k": (0, 2, 3, 1), "v": (0, 2, 1, 3)}
        part = {}
        for name, perm in perms.items():
            projected = self._linear(source, prefix + name, hidden, hidden)
            by_head = self._emit("Reshape", [projected, split])
            part[name] = self._emit("Transpose", [by_head], perm=perm)
        scores = self._emit("MatMul", [part["q"], part["k"]])
        scale = self._constant((hidden // heads) ** -0.5, "float32")
        scores = self._emit("Add", [self._emit("Mul", [scores, scale]), mask])
        mixed = self._emit("MatMul", [self._emit("Softmax", [scores], axis=-1), part["v"]])
        joined = self._emit("Transpose", [mixed], perm=(0, 2, 1, 3))
        joined = self._emit("Reshape", [joined, self._constant([0, 0, hidden], "int64")])
        attended = self._linear(joined, f"{prefix}ao", hidden, hidden)
        source = self._norm(self._emit("Add", [source, attended]), f"{prefix}aln")
        inner = self._linear(source, f"{prefix}fi", self.model.inner, hidden)
        active = self._emit("Gelu", [inner], domain="com.microsoft")
        outer = self._linear(active, f"{prefix}fo", hidden, self.model.inner)
        return self._norm(self._emit("Add", [source, outer]), f"{prefix}oln")


def _paired(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Four-bit numbers packed so that neighbours share a byte, the first in its low half."""
    packed: NDArray[Any] = values[..., 0::2] | values[..., 1::2] << 4
    return packed
