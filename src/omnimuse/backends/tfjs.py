"""Read TensorFlow.js graph models, as JSON with weight shards or packed in JS modules, as ONNX.

Nothing is run: a JS module is read as text, its one object literal and its base64 strings are
parsed. The graph's meaning is translated in `tfjs_ops`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.errors import CheckpointError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>void\ 0|!0|!1|[A-Za-z_$][\w$]*)
      | (?P<mark>[{}\[\]:,])
    )""",
    re.VERBOSE,
)
_WORDS = {
    "true": True,
    "!0": True,
    "false": False,
    "!1": False,
    "null": None,
    "undefined": None,
    "void 0": None,
    "Infinity": float("inf"),
    "NaN": float("nan"),
}
_BASE64 = re.compile(r"[\"']([A-Za-z0-9+/]{64,}={0,2})[\"']")
MAX_DEPTH = 64


@dataclass(frozen=True)
class TfjsModel:
    """A model as read: its graph's nodes in any order, weights by name, and named outputs."""

    nodes: list[dict[str, Any]]
    weights: dict[str, NDArray[Any]]
    signature: dict[str, Any]


def convert_files(files: Mapping[str, Path]) -> bytes:
    """A serialised ONNX model of a graph model's files, by name.

    Raises:
        CheckpointError: files are missing or damaged, it is no graph model, or it has an operation
            that is not known (the message names it).
    """
    from omnimuse.backends.tfjs_ops import build_onnx

    return build_onnx(read_model(files))


def read_model(files: Mapping[str, Path]) -> TfjsModel:
    """Parse the topology and decode the weights; raises as `convert_files`."""
    name = _topology_name(files)
    topology = _parse_topology(files[name].read_text(encoding="utf-8"), name)
    graph = topology.get("modelTopology") or {}
    if not isinstance(graph, dict) or "node" not in graph:
        raise CheckpointError(
            f"{name} is a TensorFlow.js {topology.get('format', 'layers-model')}",
            hint="Only graph models can be converted.",
        )
    weights: dict[str, NDArray[Any]] = {}
    for group in topology.get("weightsManifest") or []:
        data = b"".join(_shard(files, str(path), name) for path in group["paths"])
        weights.update(_decode_group(data, group["weights"], name))
    nodes = list(graph["node"])
    return TfjsModel(nodes, weights, topology.get("signature") or {})


def _topology_name(files: Mapping[str, Path]) -> str:
    found = [n for n in files if n.endswith(".json") or re.match(r"model.*\.js$", n)]
    if len(found) != 1:
        raise CheckpointError(
            f"one model.json is wanted, got {', '.join(sorted(files)) or 'nothing'}",
            hint="Name the topology and its weight shards in the card.",
        )
    return found[0]


def _parse_topology(text: str, name: str) -> dict[str, Any]:
    if name.endswith(".json"):
        try:
            data = json.loads(text)
        except ValueError as error:
            raise CheckpointError(f"{name} is damaged: {error}", hint="Pull it again.") from None
        return data if isinstance(data, dict) else {}
    start = _object_start(text, name)
    value, _ = _literal(text, start, 0)
    return value if isinstance(value, dict) else {}


def _object_start(text: str, name: str) -> int:
    """Where the object that has the key modelTopology begins."""
    key = re.search(r"[\"']?modelTopology[\"']?\s*:", text)
    position, depth = (key.start() if key else 0), 0
    while position > 0:
        position -= 1
        if text[position] in "}]":
            depth += 1
        elif text[position] in "{[":
            if depth == 0:
                return position
            depth -= 1
    raise CheckpointError(f"{name} holds no model", hint="Choose a TensorFlow.js graph model.")


def _literal(text: str, position: int, depth: int) -> tuple[Any, int]:
    """One JS literal at `position`, and where it ends."""
    kind, token, position = _next(text, position)
    if depth > MAX_DEPTH:
        raise CheckpointError("the model's text is nested too deeply")
    if token == "{":
        return _object(text, position, depth)
    if token == "[":
        items: list[Any] = []
        if _next(text, position)[1] == "]":
            return items, _next(text, position)[2]
        while True:
            value, position = _literal(text, position, depth + 1)
            items.append(value)
            _, token, position = _next(text, position)
            if token == "]":
                return items, position
            _expect(token, ",")
    if kind == "string":
        return _unquote(token), position
    if kind == "number":
        return (int(token) if re.fullmatch(r"-?\d+", token) else float(token)), position
    if token in _WORDS:
        return _WORDS[token], position
    raise CheckpointError(f"the model's text has {token!r} where a value is wanted")


def _object(text: str, position: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    if _next(text, position)[1] == "}":
        return found, _next(text, position)[2]
    while True:
        kind, key, position = _next(text, position)
        _, colon, position = _next(text, position)
        _expect(colon, ":")
        found[_unquote(key) if kind == "string" else key], position = _literal(
            text, position, depth + 1
        )
        _, token, position = _next(text, position)
        if token == "}":
            return found, position
        _expect(token, ",")


def _next(text: str, position: int) -> tuple[str, str, int]:
    match = _TOKEN.match(text, position)
    if match is None:
        raise CheckpointError(f"the model's text cannot be read at character {position}")
    return str(match.lastgroup), match.group(str(match.lastgroup)), match.end()


def _expect(token: str, wanted: str) -> None:
    if token != wanted:
        raise CheckpointError(f"the model's text has {token!r} where {wanted!r} is wanted")


def _unquote(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    if token[0] == "'":
        swapped = re.sub(r"\\'|\"", lambda m: "'" if m[0] == "\\'" else '\\"', token[1:-1])
        token = f'"{swapped}"'
    try:
        return str(json.loads(token))
    except ValueError:
        raise CheckpointError(
            f"the model's text has a string that cannot be read: {token[:80]}"
        ) from None


def _shard(files: Mapping[str, Path], path: str, topology: str) -> bytes:
    """A weight shard: a binary file of that name, or base64 in a JS module of nearly that name."""
    if path in files:
        return files[path].read_bytes()
    module = next((n for n in files if re.fullmatch(re.escape(path) + r"(\.min)?\.js", n)), None)
    if module is None:
        raise CheckpointError(f"{topology} wants {path}, which is missing", hint="Pull it again.")
    found = _BASE64.findall(files[module].read_text(encoding="utf-8"))
    if len(found) != 1:
        raise CheckpointError(f"{module} holds {len(found)} base64 texts instead of one")
    try:
        return base64.b64decode(found[0], validate=True)
    except binascii.Error as error:
        raise CheckpointError(f"{module} is damaged: {error}", hint="Pull it again.") from None


def _decode_group(data: bytes, entries: list[dict[str, Any]], name: str) -> dict[str, NDArray[Any]]:
    import numpy as np

    offset, found = 0, {}
    for entry in entries:
        quantization = entry.get("quantization") or {}
        stored = np.dtype(quantization.get("dtype") or _stored_type(entry["dtype"], name))
        count = int(np.prod(entry["shape"], dtype=np.int64))
        end = offset + count * stored.itemsize
        if end > len(data):
            raise CheckpointError(
                f"{name}: weights end at byte {len(data)}, {entry['name']} needs {end}",
                hint="Pull it again.",
            )
        values = np.frombuffer(data[offset:end], stored.newbyteorder("<")).reshape(entry["shape"])
        found[entry["name"]] = _dequantize(values, entry["dtype"], quantization)
        offset = end
    return found


def _stored_type(dtype: str, name: str) -> str:
    known = {"float32": "float32", "int32": "int32", "bool": "uint8", "uint8": "uint8"}
    if dtype not in known:
        raise CheckpointError(f"{name} has weights of type {dtype}", hint="Use another model.")
    return known[dtype]


def _dequantize(values: NDArray[Any], dtype: str, quantization: Mapping[str, Any]) -> NDArray[Any]:
    import numpy as np

    wide: NDArray[Any] = values
    if "scale" in quantization:
        wide = values.astype(np.float64) * quantization["scale"] + quantization["min"]
        if dtype == "int32":
            wide = wide.round()
    return wide.astype({"float32": np.float32, "bool": np.bool_}.get(dtype, np.int64))
