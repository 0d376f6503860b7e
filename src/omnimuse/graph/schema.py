"""JSON Schemas of arguments: compiled once, fast for plain scalars, no network."""

from __future__ import annotations

import math
import re
from typing import Any

_ANNOTATIONS = {"description", "unit", "examples", "title", "default"}
_SIMPLE = {"type", "enum", "minimum", "maximum", "maxLength"} | _ANNOTATIONS
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_MAX_DEPTH = 32
_MAX_SHOWN = 80
_MAX_CHECKERS = 4096


def violation(schema: dict[str, Any], value: Any) -> str:
    """Why `value` does not fit the schema, in words; empty if it does."""
    checker = _checker(schema)
    if checker.is_plainly_valid(value):
        return ""
    return _unfit_for_json(value) or checker.explain(value)


def _unfit_for_json(value: Any, depth: int = 0) -> str:
    """Why `value` is not plain JSON: NaN and infinities slip through range checks."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"must be finite, got {value}"
    if value is None or isinstance(value, str | int | float):
        return ""
    if depth > _MAX_DEPTH:
        return f"is nested more than {_MAX_DEPTH} deep"
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return "has keys that are not strings"
        return next(filter(None, (_unfit_for_json(v, depth + 1) for v in value.values())), "")
    if isinstance(value, list | tuple):
        return next(filter(None, (_unfit_for_json(item, depth + 1) for item in value)), "")
    return f"must be plain JSON, got {type(value).__name__}"


class _Checker:
    """A compiled schema: plain scalars are judged here, the rest by jsonschema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema
        types = schema.get("type", ())
        names = (types,) if isinstance(types, str) else tuple(types)
        is_simple = _SIMPLE.issuperset(schema) and all(name in _PYTHON_TYPES for name in names)
        self._types = {t for name in names for t in _PYTHON_TYPES[name]} if is_simple else set()
        self._enum = schema.get("enum")
        self._low: float = schema.get("minimum", -math.inf)
        self._high: float = schema.get("maximum", math.inf)
        self._max_length: float = schema.get("maxLength", math.inf)
        self._validator: Any = None

    def is_plainly_valid(self, value: Any) -> bool:
        """True is certain; False means that jsonschema must decide."""
        kind = type(value)
        if kind not in self._types:
            return False
        if self._enum is not None and not any(
            type(choice) is kind and choice == value for choice in self._enum
        ):
            return False
        if kind is str:
            return len(value) <= self._max_length
        if kind is int or kind is float:
            return self._low <= value <= self._high and math.isfinite(value)
        return True

    def explain(self, value: Any) -> str:
        """The first violation in words; empty if there is none."""
        from jsonschema import Draft202012Validator, SchemaError
        from referencing import Registry
        from referencing.exceptions import Unresolvable

        try:
            if self._validator is None:
                Draft202012Validator.check_schema(self.schema)
                # A registry of its own: references to the network are not followed.
                self._validator = Draft202012Validator(self.schema, registry=Registry())
            listed = _with_lists(value)
            error = min(
                self._validator.iter_errors(listed), key=lambda e: len(e.path), default=None
            )
        except (SchemaError, Unresolvable, re.error, RecursionError) as fault:
            return f"has a schema that cannot be used: {str(fault).splitlines()[0]}"
        if error is None:
            return ""
        place = "".join(f"[{part!r}]" for part in error.path)
        message = error.message
        if len(message) > 2 * _MAX_SHOWN:
            message = f"{message[:_MAX_SHOWN]}...{message[-_MAX_SHOWN:]}"
        return f"{place and place + ' '}cannot be used: {message}"


def _with_lists(value: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    if isinstance(value, list | tuple):
        return [_with_lists(item) for item in value]
    if isinstance(value, dict):
        return {key: _with_lists(item) for key, item in value.items()}
    return value


_CHECKERS: dict[int, _Checker] = {}


def _checker(schema: dict[str, Any]) -> _Checker:
    """The compiled schema; kept by identity, and holds its schema so that the id stays its own."""
    checker = _CHECKERS.get(id(schema))
    if checker is None:
        if len(_CHECKERS) >= _MAX_CHECKERS:
            _CHECKERS.clear()
        checker = _CHECKERS[id(schema)] = _Checker(schema)
    return checker
