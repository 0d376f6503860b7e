"""Foreign tool sets: names, descriptions, input and output kinds from a file.

Four layouts are read: our own JSON (a list of ToolSpec records, or `{"tools": [...]}`), TaskBench
(`{"nodes": [{"id", "desc", "input-type", "output-type"}]}`, a file or its folder), OpenAPI 3
documents, and the tool list of an MCP server (`{"tools": [{"name", "inputSchema"}]}`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from omnimuse.errors import InputError
from omnimuse.graph.spec import Param, Port, ToolSpec
from omnimuse.planning.reading.vocabulary import kind_of

_MAX_BYTES = 16_000_000
_MAX_TOOLS = 5_000
_MAX_TEXT = 4_000
_METHODS = ("get", "put", "post", "delete", "patch")


def load_toolset(path: Path) -> dict[str, ToolSpec]:
    """Read a tool set.

    Args:
        path: a JSON file, or a folder that holds `tool_desc.json`.

    Raises:
        InputError: unreadable, of no known layout, ill-typed, or two tools of one name.
    """
    path = Path(path)
    file = path / "tool_desc.json" if path.is_dir() else path
    return parse_toolset(_read(file), str(file))


def parse_toolset(data: Any, origin: str) -> dict[str, ToolSpec]:
    """As `load_toolset`, of JSON that was read already; `origin` is named in errors."""
    specs = list(_parse(data, origin))
    if not specs:
        raise InputError(f"{origin} names no tools")
    if len(specs) > _MAX_TOOLS:
        raise InputError(f"{origin} names {len(specs)} tools; {_MAX_TOOLS} at most")
    found: dict[str, ToolSpec] = {}
    for spec in specs:
        if spec.name in found:
            raise InputError(
                f"{origin}: two tools are called {spec.name!r}", hint="Rename one of them."
            )
        found[spec.name] = spec
    return found


def _read(file: Path) -> Any:
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise InputError(f"{file} is larger than {_MAX_BYTES} bytes")
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is not JSON: {error}") from None


def _parse(data: Any, origin: str) -> Iterable[ToolSpec]:
    if isinstance(data, dict) and isinstance(data.get("nodes"), list):
        return [_taskbench(entry, origin) for entry in data["nodes"]]
    if isinstance(data, dict) and "openapi" in data and isinstance(data.get("paths"), dict):
        return list(_openapi(data, origin))
    tools = data.get("tools") if isinstance(data, dict) else data
    if not isinstance(tools, list):
        raise InputError(
            f"{origin} is no tool set",
            hint="Wanted a list of tools, TaskBench nodes, OpenAPI 3 or an MCP tool list.",
        )
    return [_mcp(t, origin) if _is_mcp(t) else _own(t, origin) for t in tools]


def _fail(origin: str, entry: Any, wanted: str) -> InputError:
    return InputError(f"{origin}: {json.dumps(entry, default=str)[:120]}: {wanted}")


def _text(value: Any, origin: str, entry: Any, wanted: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _fail(origin, entry, wanted)
    return value.strip()[:_MAX_TEXT]


def _kinds(value: Any, origin: str, entry: Any) -> list[str]:
    if not isinstance(value, list) or any(not isinstance(kind, str) or not kind for kind in value):
        raise _fail(origin, entry, "input-type and output-type are lists of kind names")
    return [kind.strip().lower() for kind in value]


def _ports(kinds: list[str]) -> tuple[Port, ...]:
    names: list[str] = []
    for kind in kinds:
        base = re.sub(r"\W+", "_", kind)
        names.append(base if kinds.count(kind) == 1 else f"{base}_{names_like(names, base) + 1}")
    return tuple(Port(name, kind) for name, kind in zip(names, kinds))


def names_like(names: list[str], base: str) -> int:
    """How many of the names are numbered forms of a base name."""
    return sum(re.fullmatch(rf"{re.escape(base)}_\d+", name) is not None for name in names)


def _taskbench(entry: Any, origin: str) -> ToolSpec:
    if not isinstance(entry, dict):
        raise _fail(origin, entry, "a tool is an object")
    name = _text(entry.get("id"), origin, entry, "a tool needs an id")
    summary, _, rest = str(entry.get("desc", "")).strip()[:_MAX_TEXT].partition(". ")
    return ToolSpec(
        name=name,
        version="0",
        summary=summary or name,
        description=rest,
        inputs=_ports(_kinds(entry.get("input-type", []), origin, entry)),
        params=tuple(_param(p, origin) for p in entry.get("parameters", []) if isinstance(p, dict)),
        outputs=_ports(_kinds(entry.get("output-type", []), origin, entry)),
        family="foreign",
    )


def _param(entry: Mapping[str, Any], origin: str) -> Param:
    name = _text(entry.get("name"), origin, entry, "a parameter needs a name")
    return Param(name, {"type": "string"}, False, None, str(entry.get("desc", "")))


def _own(entry: Any, origin: str) -> ToolSpec:
    if not isinstance(entry, dict):
        raise _fail(origin, entry, "a tool is an object")
    _text(entry.get("name"), origin, entry, "a tool needs a name")
    try:
        return ToolSpec.from_json({"version": "0", "summary": entry["name"], **entry})
    except (TypeError, AttributeError) as error:
        raise _fail(origin, entry, str(error)) from None


def _is_mcp(entry: Any) -> bool:
    return isinstance(entry, dict) and ("inputSchema" in entry or "input_schema" in entry)


def _mcp(entry: Mapping[str, Any], origin: str) -> ToolSpec:
    name = _text(entry.get("name"), origin, entry, "a tool needs a name")
    schema = entry.get("inputSchema", entry.get("input_schema"))
    if not isinstance(schema, dict):
        raise _fail(origin, entry, "inputSchema is an object")
    summary, _, rest = str(entry.get("description") or entry.get("title") or name)[
        :_MAX_TEXT
    ].partition("\n")
    return _from_schema(name, summary, rest, schema, entry.get("outputSchema"))


def _from_schema(
    name: str, summary: str, description: str, schema: Mapping[str, Any], result: Any
) -> ToolSpec:
    """Properties that name a medium are ports, all others are plain arguments."""
    required = set(schema.get("required") or ())
    inputs, params = [], []
    for key, value in (schema.get("properties") or {}).items():
        value = value if isinstance(value, dict) else {}
        said = str(value.get("description", ""))
        kind = _kind_named(key, value)
        if kind:
            is_list = value.get("type") == "array"
            inputs.append(Port(key, kind, is_list, key in required, said))
        else:
            params.append(Param(key, dict(value), key in required, value.get("default"), said))
    kind = _kind_of_result(name, summary, result)
    outputs = (Port("result", kind),)
    return ToolSpec(
        name,
        "0",
        summary.strip(),
        description.strip(),
        tuple(inputs),
        tuple(params),
        outputs,
        family="foreign",
    )


def _kind_named(key: str, schema: Mapping[str, Any]) -> str:
    if schema.get("enum") or schema.get("type") in ("integer", "number", "boolean", "object"):
        return ""
    parts = [part for part in re.split(r"[_\W]+|(?<=[a-z])(?=[A-Z])", key) if part]
    for part in reversed(parts):
        word = part.lower()
        kind = kind_of(word) or kind_of(word.removesuffix("s"))
        if kind:
            return kind
    return "text" if parts and parts[-1].lower() in ("prompt", "query", "input") else ""


def _kind_of_result(name: str, summary: str, result: Any) -> str:
    if isinstance(result, dict):
        for key, value in (result.get("properties") or {}).items():
            if kind := _kind_named(key, value if isinstance(value, dict) else {}):
                return kind
    for text in (name, summary):
        words = [
            w.lower() for w in re.findall(r"[A-Za-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))
        ]
        for word in reversed(words) if text is name else words:
            if kind := kind_of(word) or kind_of(word.removesuffix("s")):
                return kind
    return "text"


def _openapi(data: Mapping[str, Any], origin: str) -> Iterable[ToolSpec]:
    for path, item in data["paths"].items():
        if not isinstance(item, dict):
            raise _fail(origin, item, "a path is an object")
        for method in _METHODS:
            operation = item.get(method)
            if isinstance(operation, dict):
                yield _operation(data, str(path), method, operation)


def _operation(
    data: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]
) -> ToolSpec:
    name = operation.get("operationId") or re.sub(r"\W+", "_", f"{method} {path}").strip("_")
    properties: dict[str, Any] = {}
    required: list[str] = []
    for entry in operation.get("parameters") or ():
        entry = _resolve(data, entry)
        key = entry.get("name")
        if isinstance(key, str):
            schema = _resolve(data, entry.get("schema") or {})
            properties[key] = {**schema, "description": entry.get("description", "")}
            required += [key] if entry.get("required") else []
    body = _resolve(data, operation.get("requestBody") or {})
    for media in (body.get("content") or {}).values():
        schema = _resolve(data, (media or {}).get("schema") or {})
        for key, value in (schema.get("properties") or {}).items():
            properties[key] = _resolve(data, value)
        required += list(schema.get("required") or ())
    summary = str(operation.get("summary") or operation.get("description") or name)[:_MAX_TEXT]
    schema = {"properties": properties, "required": required}
    spec = _from_schema(
        str(name), summary, str(operation.get("description") or "")[:_MAX_TEXT], schema, None
    )
    kind = _kind_of_response(operation)
    return (
        spec
        if not kind
        else ToolSpec(
            spec.name,
            "0",
            spec.summary,
            spec.description,
            spec.inputs,
            spec.params,
            (Port("result", kind),),
            family="foreign",
        )
    )


def _kind_of_response(operation: Mapping[str, Any]) -> str:
    for code, response in (operation.get("responses") or {}).items():
        if str(code).startswith("2") and isinstance(response, dict):
            for media_type in response.get("content") or {}:
                family = str(media_type).partition("/")[0]
                if family in ("image", "audio", "video"):
                    return family
    return ""


def _resolve(data: Mapping[str, Any], node: Any, depth: int = 8) -> dict[str, Any]:
    """Follow local `$ref`s; a cycle ends after a few steps."""
    while isinstance(node, dict) and isinstance(node.get("$ref"), str) and depth:
        target: Any = data
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target.get(part, {}) if isinstance(target, dict) else {}
        node, depth = target, depth - 1
    return node if isinstance(node, dict) and "$ref" not in node else {}
