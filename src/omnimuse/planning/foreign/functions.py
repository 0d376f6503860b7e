"""Which of a caller's functions answers a sentence, and with which arguments.

The function is the one whose description lies nearest to the sentence, if any lies near. The
arguments are extracted by a small language model under a schema that allows texts only as they
stand in the sentence: a model that may only point cannot invent. Optional arguments that the
sentence does not bear out are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from omnimuse.graph.schema import violation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEAR = 0.28
_MAX_WORDS, _MAX_SPAN, _MAX_SPANS = 60, 14, 500
_MAX_TOKENS = 300
_SHOT = (
    {"role": "user", "content": "Book a table for 4 at Luigi's on Friday"},
    {
        "role": "assistant",
        "content": '{"guests": 4, "restaurant": "Luigi\'s", "day": "Friday"}',
    },
)
Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]
Generate = Callable[..., str]


def choose_function(
    text: str,
    functions: Sequence[Mapping[str, Any]],
    *,
    embed: Embed,
    generate: Generate,
    must: bool = False,
) -> dict[str, Any] | None:
    """The call that answers `text`: `{"name", "arguments"}`; None if no function is near it.

    Args:
        text: what the user said.
        functions: each `{"name", "description", "parameters"}`, parameters as a JSON Schema.
        embed: unit sentence vectors.
        generate: a TextGenerator's `generate`.
        must: take the nearest one however far it is.
    """
    if not functions or not text.strip():
        return None
    about = [f"{f['name'].replace('_', ' ')}: {f.get('description', '')}"[:400] for f in functions]
    nearness = embed(about) @ embed([text[:400]])[0]
    best = int(nearness.argmax())
    if nearness[best] < NEAR and not must:
        return None
    function = functions[best]
    arguments = extract_arguments(text, function.get("parameters") or {}, generate=generate)
    return {"name": function["name"], "arguments": arguments}


def extract_arguments(
    text: str, schema: Mapping[str, Any], *, generate: Generate
) -> dict[str, Any]:
    """Values for an object schema, taken from the sentence."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        return {}
    spans = _spans(text)
    pointing = {
        "type": "object",
        "properties": {name: _pointing(value, spans) for name, value in properties.items()},
        "required": list(properties),
    }
    names = "; ".join(
        f"{name} ({value.get('description', '')})" if isinstance(value, Mapping) else name
        for name, value in properties.items()
    )
    messages = [
        {
            "role": "system",
            "content": f"Extract from the sentence, in its own words, as JSON: {names}"[:1500],
        },
        *_SHOT,
        {"role": "user", "content": text[:2000]},
    ]
    said = generate(messages, json_schema=pointing, temperature=0.0, max_tokens=_MAX_TOKENS)
    try:
        found = json.loads(said)
    except ValueError:
        found = {}
    required = set(schema.get("required", ()))
    return {
        name: value
        for name, value in found.items()
        if name in properties
        and (name in required or _is_borne_out(value, text))
        and not violation(dict(properties[name]), value)
    }


def _pointing(schema: Any, spans: Sequence[str]) -> dict[str, Any]:
    """The schema with free texts narrowed to spans of the sentence."""
    if not isinstance(schema, Mapping):
        return {"type": "string", "enum": list(spans)}
    if "enum" in schema or "const" in schema:
        return {key: schema[key] for key in ("enum", "const", "type") if key in schema}
    kind = schema.get("type", "string")
    kind = next((k for k in kind if k != "null"), "string") if isinstance(kind, list) else kind
    if kind == "string":
        return {"enum": list(spans)}
    if kind == "array":
        return {"type": "array", "items": _pointing(schema.get("items", {}), spans), "maxItems": 8}
    return {"type": kind}


def _spans(text: str) -> list[str]:
    """Runs of words of the sentence, without the marks around them, the short ones first."""
    words = [match.span() for match in re.finditer(r"\S+", text)][:_MAX_WORDS]
    spans: dict[str, None] = {}
    for length in range(1, _MAX_SPAN + 1):
        for start in range(len(words) - length + 1):
            span = text[words[start][0] : words[start + length - 1][1]].strip(" .,;:!?\"'()")
            if span:
                spans.setdefault(span)
            if len(spans) >= _MAX_SPANS:
                return list(spans)
    return list(spans) or [text]


def _is_borne_out(value: Any, text: str) -> bool:
    if isinstance(value, str):
        return value.casefold() in text.casefold()
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int | float):
        return re.search(rf"(?<![\d.]){re.escape(f'{value:g}')}(?![\d])", text) is not None
    return bool(value) and isinstance(value, list) and all(_is_borne_out(v, text) for v in value)
