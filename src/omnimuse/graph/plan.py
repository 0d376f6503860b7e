"""Plan: a directed acyclic graph of tool calls, as data, JSON both ways.

    {"version": 1,
     "nodes": [{"id": "poem", "tool": "write_text", "arguments": {"prompt": "..."}, "inputs": {}},
               {"id": "voice", "tool": "synthesize_speech", "arguments": {},
                "inputs": {"text": "poem"}}],
     "outputs": ["poem", "voice"]}

An input is a reference or a list of them: `"node"` (its primary output), `"node.port"`, `"node.K"`
(the K-th element, from 0, of a primary output that is a list), or `"request.K"` (the K-th
attachment of the request, from 0). An input of a textual kind may instead stand in `arguments` as a
plain string.

A node with `"each": "image"` is run once for every element of that input; its outputs are lists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from omnimuse.errors import PlanParseError

REQUEST = "request"
_NODE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_REFERENCE = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,63})(?:\.([A-Za-z0-9_]+))?")
_MAX_JSON_CHARS = 4_000_000


@dataclass(frozen=True, order=True)
class Ref:
    """A pointer at a node's output, or at an attachment (`request`, its number as port)."""

    node: str
    port: str = ""

    @property
    def place(self) -> int | None:
        """Which element of a node's list is meant, from 0; None if all of what it gives."""
        is_place = not self.is_attachment and self.port.isascii() and self.port.isdecimal()
        return int(self.port) if is_place and len(self.port) <= 6 else None

    @property
    def is_attachment(self) -> bool:
        """Whether this points at the request, not at a node."""
        return self.node == REQUEST

    def __str__(self) -> str:
        return f"{self.node}.{self.port}" if self.port else self.node

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `node`, `node.port` or `request.K`.

        Raises:
            PlanParseError: anything else.
        """
        match = _REFERENCE.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise PlanParseError(f"not a reference: {text!r}; wanted NODE, NODE.PORT or request.K")
        return cls(match[1], match[2] or "")


@dataclass(frozen=True)
class Edge:
    """A reference together with the input that it feeds."""

    source: Ref
    target: str
    port: str


@dataclass(frozen=True)
class Node:
    """One tool call.

    Attributes:
        id: unique in the plan.
        tool: a tool's name.
        arguments: plain JSON values by argument name.
        inputs: references by input name; a list for list inputs.
        note: why the planner put it here; shown to people, never read by code.
        each: name of an input that takes one thing and is given several: the tool is run once for
            each of them, and every output is a list; empty for one run.
    """

    id: str
    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Ref | tuple[Ref, ...]] = field(default_factory=dict)
    note: str = ""
    each: str = ""

    def edges(self) -> Iterator[Edge]:
        """All references of this node, in order."""
        for port, value in self.inputs.items():
            for ref in value if isinstance(value, tuple) else (value,):
                yield Edge(ref, self.id, port)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        data: dict[str, Any] = {
            "id": self.id,
            "tool": self.tool,
            "arguments": self.arguments,
            "inputs": {
                port: [str(ref) for ref in value] if isinstance(value, tuple) else str(value)
                for port, value in self.inputs.items()
            },
        }
        data |= {"each": self.each} if self.each else {}
        return {**data, "note": self.note} if self.note else data

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read what `to_json` wrote.

        Raises:
            PlanParseError: with the node's id where it could be read.
        """
        if not isinstance(data, dict):
            raise PlanParseError(f"a node must be an object, got {type(data).__name__}")
        node_id, tool = data.get("id"), data.get("tool")
        if not isinstance(node_id, str) or not _NODE_ID.fullmatch(node_id) or node_id == REQUEST:
            raise PlanParseError(
                f"bad node id {node_id!r}: wanted a letter, then letters, digits, '_' or '-' "
                f"(64 at most), and not '{REQUEST}'"
            )
        if not isinstance(tool, str) or not tool:
            raise PlanParseError(f"node {node_id} names no tool", node_id=node_id)
        arguments, inputs = data.get("arguments", {}), data.get("inputs", {})
        if not isinstance(arguments, dict) or not isinstance(inputs, dict):
            raise PlanParseError("arguments and inputs must be objects", node_id=node_id)
        unknown = set(data) - {"id", "tool", "arguments", "inputs", "note", "each"}
        if unknown:
            raise PlanParseError(f"unknown fields {sorted(unknown)}", node_id=node_id)
        try:
            refs = {
                port: tuple(Ref.parse(ref) for ref in value)
                if isinstance(value, list)
                else Ref.parse(value)
                for port, value in inputs.items()
            }
        except PlanParseError as error:
            raise PlanParseError(error.message, node_id=node_id) from None
        note, each = str(data.get("note", "")), data.get("each") or ""
        if not isinstance(each, str):
            raise PlanParseError("each must be the name of an input", node_id=node_id)
        return cls(node_id, tool, arguments, refs, note, each)


@dataclass(frozen=True)
class Plan:
    """Nodes, and which of their outputs the request asked for (all leaves if empty)."""

    nodes: tuple[Node, ...]
    outputs: tuple[Ref, ...] = ()

    def node(self, node_id: str) -> Node | None:
        """The node of that id, if there is one."""
        return next((node for node in self.nodes if node.id == node_id), None)

    def edges(self) -> Iterator[Edge]:
        """All edges, attachments included."""
        for node in self.nodes:
            yield from node.edges()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `from_json` reads them back to an equal plan."""
        return {
            "version": 1,
            "nodes": [node.to_json() for node in self.nodes],
            "outputs": [str(ref) for ref in self.outputs],
        }

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read a plan from JSON values or JSON text.

        Raises:
            PlanParseError: not a plan; says where.
        """
        if isinstance(data, str | bytes):
            if len(data) > _MAX_JSON_CHARS:
                raise PlanParseError(f"plan of {len(data)} characters; {_MAX_JSON_CHARS} at most")
            try:
                data = json.loads(data)
            except (ValueError, RecursionError) as error:
                raise PlanParseError(f"not JSON: {error}") from None
        if not isinstance(data, dict) or not isinstance(data.get("nodes"), list):
            raise PlanParseError('a plan is an object with a list "nodes"')
        if data.get("version", 1) != 1:
            raise PlanParseError(f"plan version {data['version']!r}; this program reads version 1")
        outputs = data.get("outputs", [])
        if not isinstance(outputs, list):
            raise PlanParseError('"outputs" must be a list of references')
        return cls(
            tuple(Node.from_json(node) for node in data["nodes"]),
            tuple(Ref.parse(ref) for ref in outputs),
        )
