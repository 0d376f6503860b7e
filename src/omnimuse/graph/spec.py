"""ToolSpec: what a tool takes and gives, as data.

Derived from `@tool` functions by `omnimuse.tools.declare`, or loaded from a foreign tool set. Pure:
checking a plan against specs imports no tool.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Port:
    """A typed asset input or output.

    Attributes:
        name: argument name (inputs) or field name (outputs).
        kind: a kind of `omnimuse.graph.kinds`, or a foreign tool set's own.
        is_list: takes or gives any number of assets.
        is_required: inputs only; outputs are always given.
        description: one phrase.
    """

    name: str
    kind: str
    is_list: bool = False
    is_required: bool = True
    description: str = ""


@dataclass(frozen=True)
class Param:
    """A plain argument: a number, a choice, a string.

    Attributes:
        name: argument name.
        schema: JSON Schema of the value (type, enum, minimum, maximum, description, unit...).
        is_required: no default.
        default: JSON value if not required.
        description: one phrase.
    """

    name: str
    schema: dict[str, Any]
    is_required: bool = False
    default: Any = None
    description: str = ""


@dataclass(frozen=True)
class ToolSpec:
    """All that a planner, a checker and a face need to know of a tool.

    Attributes:
        name: `verb_noun`.
        version: semantic version; part of the cache key.
        summary: first line of the docstring.
        description: the rest of it, without the argument list.
        inputs: asset inputs.
        params: plain arguments.
        outputs: asset outputs; the first is the primary one.
        roles: model roles that the tool may ask for (hub task names), e.g. `text-to-speech`.
        family: `text`, `image`, `image_edit`, `video`, `speech`, `music`, `sound`, `scene3d`, ...
        is_deterministic: same arguments, inputs, models and seed give the same bytes.
        cost_s: rough seconds on two cores, for planners that weigh alternatives.
        memory_mb: rough peak memory of the tool itself, models not counted.
        examples: requests, as people write them, that this tool answers.
    """

    name: str
    version: str
    summary: str
    description: str = ""
    inputs: tuple[Port, ...] = ()
    params: tuple[Param, ...] = ()
    outputs: tuple[Port, ...] = ()
    roles: tuple[str, ...] = ()
    family: str = ""
    is_deterministic: bool = True
    cost_s: float = 1.0
    memory_mb: float = 50.0
    examples: tuple[str, ...] = field(default=())

    def input(self, name: str) -> Port | None:
        """The input port of that name, if there is one."""
        return next((port for port in self.inputs if port.name == name), None)

    def param(self, name: str) -> Param | None:
        """The plain argument of that name, if there is one."""
        return next((param for param in self.params if param.name == name), None)

    def output(self, name: str) -> Port | None:
        """The output port of that name; the empty name is the primary output."""
        if not name:
            return self.outputs[0] if self.outputs else None
        return next((port for port in self.outputs if port.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `from_json` reads them back to an equal spec."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            TypeError: fields are missing or unknown.
        """
        rest = dict(data)
        for key, item in (("inputs", Port), ("outputs", Port), ("params", Param)):
            rest[key] = tuple(item(**entry) for entry in data.get(key, ()))
        for key in ("roles", "examples"):
            rest[key] = tuple(data.get(key, ()))
        return cls(**rest)
