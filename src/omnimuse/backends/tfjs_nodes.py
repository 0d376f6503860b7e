"""The nodes of a TensorFlow.js graph: attributes decoded, in the order of their inputs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from omnimuse.errors import CheckpointError


class GraphNode:
    """A graph node with its attributes decoded."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.name: str = data["name"]
        self.op: str = data["op"]
        self.inputs = [
            name.removesuffix(":0") for name in data.get("input") or [] if name[:1] != "^"
        ]
        self._attributes: dict[str, Any] = data.get("attr") or {}

    def ints(self, name: str, default: Sequence[int] = ()) -> list[int]:
        """An attribute that is a list of integers."""
        values = (self._attributes.get(name) or {}).get("list", {}).get("i")
        return [int(value) for value in values] if values else list(default)

    def texts(self, name: str) -> list[str]:
        """An attribute that is a list of strings."""
        values = (self._attributes.get(name) or {}).get("list", {}).get("s") or []
        return [_text(value) for value in values]

    def integer(self, name: str, default: int = 0) -> int:
        """An integer."""
        return int((self._attributes.get(name) or {}).get("i", default))

    def number(self, name: str, default: float) -> float:
        """A float."""
        return float((self._attributes.get(name) or {}).get("f", default))

    def flag(self, name: str) -> bool:
        """A boolean."""
        return bool((self._attributes.get(name) or {}).get("b", False))

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        entry = self._attributes.get(name) or {}
        return _text(entry["s"]) if "s" in entry else default

    def type(self, name: str) -> str:
        """A data type, such as DT_FLOAT."""
        return str((self._attributes.get(name) or {}).get("type", "DT_FLOAT"))

    def shape(self) -> list[int] | None:
        """The shape, -1 where open; None if even the rank is."""
        shape = (self._attributes.get("shape") or {}).get("shape") or {}
        if shape.get("unknownRank"):
            return None
        return [int(dim.get("size", -1)) for dim in shape.get("dim") or []]


def _text(value: Any) -> str:
    """TensorFlow strings come as base64, or as the text itself, or as character codes."""
    if isinstance(value, list):
        return bytes(value).decode("ascii", "replace")
    try:
        decoded = base64.b64decode(value, validate=True).decode("ascii")
        return decoded if decoded.isprintable() else str(value)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return str(value)


def in_order(nodes: list[GraphNode]) -> list[GraphNode]:
    """Each node after its inputs.

    Raises:
        CheckpointError: a cycle (control flow), or an input that does not exist.
    """
    by_name = {node.name: node for node in nodes}
    done: dict[str, GraphNode] = {}
    for start in nodes:
        stack: list[tuple[GraphNode, int]] = [(start, 0)]
        open_names: set[str] = {start.name}
        while stack:
            node, index = stack.pop()
            if node.name in done:
                continue
            if index == len(node.inputs):
                done[node.name] = node
                open_names.discard(node.name)
                continue
            stack.append((node, index + 1))
            name = node.inputs[index].partition(":")[0]
            if name not in by_name:
                raise CheckpointError(f"{node.name} reads {name}, which does not exist")
            if name not in done:
                if name in open_names:
                    raise CheckpointError(
                        "the model has loops, which cannot be converted",
                        hint="Choose another model.",
                    )
                open_names.add(name)
                stack.append((by_name[name], 0))
    return list(done.values())
