"""Plain arguments of tools: checked against their JSON Schemas, defaults filled in, text typed.

Pure. `seed` is an argument of every tool, declared or not: it fixes the node's randomness.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from omnimuse.errors import ArgumentError
from omnimuse.graph.kinds import is_textual
from omnimuse.graph.schema import violation
from omnimuse.graph.spec import Param, Port, ToolSpec

SEED = Param(
    "seed",
    {"type": "integer", "minimum": 0, "maximum": 2**32 - 1, "description": "fixes all randomness"},
)
_MAX_SHOWN = 80


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that offers the known names most like `name`, or all if they are few."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    if not names:
        return "There are none."
    return f"Known: {', '.join(names[:12])}{', ...' if len(names) > 12 else ''}."


def param_of(spec: ToolSpec, name: str) -> Param | None:
    """The tool's plain argument of that name; `seed` is one of every tool's."""
    return spec.param(name) or (SEED if name == SEED.name and not spec.input(name) else None)


def argument_names(spec: ToolSpec) -> list[str]:
    """What may stand in `arguments`: plain arguments and textual inputs."""
    ports = (port.name for port in spec.inputs if is_textual(port.kind))
    return [*(param.name for param in spec.params), *ports]


def problem_with(param: Param, value: Any) -> str:
    """Why the argument cannot have this value; empty if it can."""
    return violation(param.schema, value)


def text_problem(port: Port, value: Any) -> str:
    """Why `value` cannot stand in `arguments` for this input; empty if it can."""
    if not is_textual(port.kind):
        return f"takes a {port.kind} asset, not a value"
    if port.is_list:
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return "" if value or not port.is_required else "needs at least one text"
        return f"wants a list of strings, got {_shown(value)}"
    return "" if isinstance(value, str) else f"wants a string, got {_shown(value)}"


def describe(param: Param) -> str:
    """What the argument may be: type, choices, range, unit and meaning, as a hint."""
    schema = param.schema
    parts = []
    if "enum" in schema:
        parts.append(
            "one of " + ", ".join(json.dumps(v, ensure_ascii=False) for v in schema["enum"])
        )
    elif "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        parts.append(" or ".join(str(name) for name in types))
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None or high is not None:
        parts.append(
            f"from {low} to {high}"
            if low is not None and high is not None
            else (f"{low} or more" if low is not None else f"{high} at most")
        )
    for key, text in (("maxLength", "{} characters at most"), ("maxItems", "{} items at most")):
        if key in schema:
            parts.append(text.format(schema[key]))
    if "pattern" in schema:
        parts.append(f"matching {schema['pattern']}")
    unit = f" {schema['unit']}" if "unit" in schema else ""
    meaning = f" ({param.description})" if param.description else ""
    return f"{param.name}: {', '.join(parts) or 'any value'}{unit}{meaning}."


def resolve_arguments(spec: ToolSpec, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The tool's arguments with defaults filled in, in the order of the spec.

    Numbers are brought to the schema's type (2.0 to 2 for an integer, 2 to 2.0 for a number), so
    that equal calls have equal cache keys. Textual inputs given as strings are kept as they are;
    `seed` is kept where it was given.

    Raises:
        ArgumentError: an argument is unknown, missing or refused by its schema.
    """
    for name in arguments:
        if param_of(spec, name) is None and spec.input(name) is None:
            raise ArgumentError(
                f"{spec.name} has no argument {name!r}", hint=nearest(name, argument_names(spec))
            )
    resolved: dict[str, Any] = {}
    declared = spec.params if spec.param(SEED.name) else (*spec.params, SEED)
    for param in declared:
        if param.name in arguments:
            problem = problem_with(param, arguments[param.name])
            if problem:
                raise ArgumentError(f"{spec.name}.{param.name} {problem}", hint=describe(param))
            resolved[param.name] = _normal(param.schema, arguments[param.name])
        elif param.is_required:
            raise ArgumentError(f"{spec.name} needs {param.name}", hint=describe(param))
        elif param is not SEED:
            resolved[param.name] = param.default
    for port in spec.inputs:
        if port.name in arguments:
            problem = text_problem(port, arguments[port.name])
            if problem:
                raise ArgumentError(f"{spec.name}.{port.name} {problem}", hint=_port_hint(port))
            value = arguments[port.name]
            resolved[port.name] = list(value) if port.is_list else value
    return resolved


def parse_arguments(spec: ToolSpec, texts: Mapping[str, str]) -> dict[str, Any]:
    """Command-line strings, typed by the tool's schemas and checked.

    Numbers and booleans (`true`, `yes`, `on`, `1` and their opposites) as people write them;
    arrays as JSON or comma-separated; objects as JSON; an empty text is null where null is allowed.

    Raises:
        ArgumentError: unknown argument, or text that is no such value; the hint has the range and
            the choices.
    """
    parsed: dict[str, Any] = {}
    for name, text in texts.items():
        param, port = param_of(spec, name), spec.input(name)
        if param is not None:
            parsed[name] = _parse(spec, param, text)
        elif port is not None and is_textual(port.kind):
            parsed[name] = _parse_items(text, {}) if port.is_list else text
        elif port is not None:
            raise ArgumentError(
                f"{spec.name}.{name} takes a {port.kind} asset, not a value",
                hint=_port_hint(port),
            )
        else:
            raise ArgumentError(
                f"{spec.name} has no argument {name!r}", hint=nearest(name, argument_names(spec))
            )
    return parsed


def _port_hint(port: Port) -> str:
    if is_textual(port.kind):
        return f"{port.name}: {'a list of strings' if port.is_list else 'a string'} or an asset."
    return f"Give a {port.kind} as an input (a reference, or a file with -i), not as an argument."


def _parse(spec: ToolSpec, param: Param, text: str) -> Any:
    types = param.schema.get("type", "string")
    types = [types] if isinstance(types, str) else list(types)
    value: Any = text
    for name in sorted(types, key=lambda name: name == "string"):
        try:
            value = _parse_as(name, text, param.schema)
        except (ValueError, RecursionError):
            continue
        break
    problem = problem_with(param, value)
    if problem:
        raise ArgumentError(f"{spec.name}.{param.name} {problem}", hint=describe(param))
    return _normal(param.schema, value)


def _parse_as(name: str, text: str, schema: Mapping[str, Any]) -> Any:
    """One JSON type from text; ValueError if the text is no such value."""
    plain = text.strip()
    if name == "integer":
        return int(plain)
    if name == "number":
        return float(plain)
    if name == "boolean":
        if plain.lower() in ("true", "yes", "on", "1"):
            return True
        if plain.lower() in ("false", "no", "off", "0"):
            return False
        raise ValueError(text)
    if name == "null":
        if plain.lower() in ("", "null", "none"):
            return None
        raise ValueError(text)
    if name == "array":
        return _parse_items(text, schema.get("items", {}))
    if name == "object":
        value = json.loads(plain)
        if not isinstance(value, dict):
            raise ValueError(text)
        return value
    return text


def _parse_items(text: str, items: Mapping[str, Any]) -> list[Any]:
    """A JSON array, or items with commas between them."""
    if text.lstrip().startswith("["):
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if isinstance(value, list):
            return value
    kind = items.get("type", "string")
    kind = kind if isinstance(kind, str) else "string"
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    return [_parse_as(kind, part, {}) for part in parts]


def _normal(schema: Mapping[str, Any], value: Any) -> Any:
    """Numbers in the schema's own type; tuples as lists; all else as it is."""
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float) and "integer" in kinds and "number" not in kinds:
        return int(value) if value.is_integer() else value
    if isinstance(value, int) and "number" in kinds and "integer" not in kinds:
        return float(value)
    if isinstance(value, list | tuple):
        items = schema.get("items", {})
        return [_normal(items if isinstance(items, dict) else {}, item) for item in value]
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
