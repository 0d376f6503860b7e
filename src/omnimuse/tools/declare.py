"""`@tool`: one typed function, and from it everything else.

The decorator attaches a `ToolSpec` to the function and registers nothing. From the spec come the
planner's description, `omnimuse call`, the HTTP schema, the MCP tool and the studio form.

    class Painting(NamedTuple):
        image: Image          # first field: the primary output
        scene: Scene

    @tool(version="1.0.0", roles=("text-to-image",), examples=("paint a red fox",))
    def generate_image(
        ctx: ToolContext,
        prompt: Text,                                   # asset port; a plain string will do too
        style: Image | None = None,                     # optional asset port
        *,
        width: Annotated[int, Arg("width", ge=64, le=4096, unit="px")] = 768,
    ) -> Painting:
        \"\"\"Paint a picture of what the prompt says.

        More for the planner: when to use it, what it cannot do.
        \"\"\"
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from omnimuse.assets.asset import Asset
from omnimuse.graph.spec import Param, Port, ToolSpec
from omnimuse.tools.kinds import Arg, OfKind

F = TypeVar("F", bound=Callable[..., Any])

_JSON_TYPES: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def tool(
    *,
    version: str,
    roles: tuple[str, ...] = (),
    family: str = "",
    is_deterministic: bool = True,
    cost_s: float = 1.0,
    memory_mb: float = 50.0,
    examples: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Declare a function to be a tool.

    Args:
        version: semantic version; raise it when results change, so that caches are not reused.
        roles: model roles that the function may ask its context for.
        family: the family it is listed under; the module's name if empty.
        is_deterministic: same arguments, inputs, models and seed give the same bytes.
        cost_s: rough seconds on two cores.
        memory_mb: rough peak memory without models.
        examples: requests, as people write them, that this tool answers.

    Raises:
        TypeError: at import, if the signature is not fully typed or has no docstring.
    """

    def decorate(function: F) -> F:
        spec = _derive(function, version=version, roles=roles, family=family)
        spec = _replace(spec, is_deterministic, cost_s, memory_mb, examples)
        function.spec = spec  # type: ignore[attr-defined]
        return function

    return decorate


def spec_of(function: Callable[..., Any]) -> ToolSpec:
    """The spec of a decorated function.

    Raises:
        TypeError: not decorated.
    """
    spec = getattr(function, "spec", None)
    if not isinstance(spec, ToolSpec):
        raise TypeError(f"{function!r} is not declared with @tool")
    return spec


def _replace(
    spec: ToolSpec,
    is_deterministic: bool,
    cost_s: float,
    memory_mb: float,
    examples: tuple[str, ...],
) -> ToolSpec:
    from dataclasses import replace

    return replace(
        spec,
        is_deterministic=is_deterministic,
        cost_s=cost_s,
        memory_mb=memory_mb,
        examples=examples,
    )


def _derive(
    function: Callable[..., Any], *, version: str, roles: tuple[str, ...], family: str
) -> ToolSpec:
    name = function.__name__
    doc = inspect.getdoc(function)
    if not doc:
        raise TypeError(f"tool {name} has no docstring; planners and people need one")
    summary, _, rest = doc.partition("\n")
    description = rest.split("\nArgs:")[0].split("\nReturns:")[0].split("\nRaises:")[0].strip()
    hints = typing.get_type_hints(function, include_extras=True)
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    if not parameters or parameters[0].name != "ctx":
        raise TypeError(f"tool {name}: the first argument must be ctx: ToolContext")
    inputs: list[Port] = []
    params: list[Param] = []
    for parameter in parameters[1:]:
        if parameter.name not in hints:
            raise TypeError(f"tool {name}: argument {parameter.name} is not typed")
        hint, required = hints[parameter.name], parameter.default is inspect.Parameter.empty
        port = _input_port(parameter.name, hint, required)
        if port is not None:
            inputs.append(port)
        else:
            params.append(_param(name, parameter, hint, required))
    if "return" not in hints:
        raise TypeError(f"tool {name}: the result is not typed")
    return ToolSpec(
        name=name,
        version=version,
        summary=summary.strip(),
        description=description,
        inputs=tuple(inputs),
        params=tuple(params),
        outputs=_output_ports(name, hints["return"]),
        roles=tuple(roles),
        family=family or function.__module__.rsplit(".", 1)[-1],
    )


def _strip_optional(hint: Any) -> Any:
    """`X | None` -> `X`."""
    if get_origin(hint) in (Union, types.UnionType):
        rest = [arg for arg in get_args(hint) if arg is not type(None)]
        if len(rest) == 1:
            return rest[0]
    return hint


def _kind_of(hint: Any) -> str | None:
    """The kind of an annotation such as `Image`, None for anything else."""
    if get_origin(hint) is Annotated:
        base, *marks = get_args(hint)
        kinds = [mark.kind for mark in marks if isinstance(mark, OfKind)]
        if base is Asset and kinds:
            return str(kinds[-1])
    return None


def _input_port(name: str, hint: Any, required: bool) -> Port | None:
    inner = _strip_optional(hint)
    marks = [m for m in get_args(inner)[1:] if isinstance(m, Arg)] if _kind_of(inner) else []
    description = marks[0].description if marks else ""
    kind = _kind_of(inner)
    if kind is not None:
        return Port(name, kind, is_required=required, description=description)
    if get_origin(inner) in (list, tuple):
        item = _kind_of(get_args(inner)[0])
        if item is not None:
            return Port(name, item, is_list=True, is_required=required)
    return None


def _param(tool_name: str, parameter: inspect.Parameter, hint: Any, required: bool) -> Param:
    inner, mark = _strip_optional(hint), Arg()
    if get_origin(inner) is Annotated:
        inner, *marks = get_args(inner)
        mark = next((m for m in marks if isinstance(m, Arg)), mark)
        inner = _strip_optional(inner)
    schema = _schema(f"{tool_name}.{parameter.name}", inner)
    if _is_optional(hint):
        schema = {**schema, "type": [schema["type"], "null"]} if "type" in schema else schema
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    for key, value in (
        ("minimum", mark.ge),
        ("maximum", mark.le),
        ("maxLength" if inner is str else "maxItems", mark.max_length),
        ("pattern", mark.pattern),
        ("unit", mark.unit or None),
        ("examples", list(mark.examples) or None),
        ("description", mark.description or None),
    ):
        if value is not None:
            schema[key] = value
    default = None if required else parameter.default
    if isinstance(default, tuple):
        default = list(default)
    return Param(parameter.name, schema, required, default, mark.description)


def _is_optional(hint: Any) -> bool:
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    return _strip_optional(hint) is not hint


def _schema(where: str, hint: Any) -> dict[str, Any]:
    """JSON Schema of a plain type: str, int, float, bool, Literal, list/tuple of them, dict."""
    if hint in _JSON_TYPES:
        return {"type": _JSON_TYPES[hint]}
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _schema(where, args[0])
    if origin is Literal:
        kinds = {_JSON_TYPES[type(value)] for value in args}
        return {"type": kinds.pop() if len(kinds) == 1 else sorted(kinds), "enum": list(args)}
    if origin in (list, tuple):
        fixed = origin is tuple and not (len(args) == 2 and args[1] is Ellipsis)
        schema: dict[str, Any] = {"type": "array", "items": _schema(where, args[0])}
        return {**schema, "minItems": len(args), "maxItems": len(args)} if fixed else schema
    if hint is dict or origin is dict:
        return {"type": "object"}
    raise TypeError(
        f"{where}: {hint!r} is neither an asset kind nor str, int, float, bool, Literal, list, "
        "tuple or dict"
    )


def _output_ports(name: str, hint: Any) -> tuple[Port, ...]:
    kind = _kind_of(hint)
    if kind is not None:
        return (Port(kind, kind),)
    if get_origin(hint) in (list, tuple) and get_args(hint):
        item = _kind_of(get_args(hint)[0])
        if item is not None:
            return (Port(f"{item}s", item, is_list=True),)
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        ports = []
        for field, inner in typing.get_type_hints(hint, include_extras=True).items():
            item, is_list = _kind_of(_strip_optional(inner)), False
            if item is None and get_origin(inner) in (list, tuple):
                item, is_list = _kind_of(get_args(inner)[0]), True
            if item is None:
                raise TypeError(f"tool {name}: output {field} is not an asset kind")
            ports.append(Port(field, item, is_list=is_list))
        return tuple(ports)
    raise TypeError(f"tool {name}: the result must be asset kinds, got {hint!r}")
