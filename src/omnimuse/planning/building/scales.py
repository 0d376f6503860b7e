"""Numbers that are said with adjectives: "brighter", "much warmer", "black and white".

A tool that tells what the ends of a scale mean ("-1 dark, 1 bright") is understood without a table
of its own: the words of the request are looked for among the words of the ends. What is "too dark"
is to be brighter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from omnimuse.graph.spec import Param

_END = re.compile(r"(?:^|[,;]\s*)(-?\d+(?:\.\d+)?)\s+([a-z][a-z ]*)")
_SOME, _MUCH = 0.4, 0.8
_STRONG = re.compile(r"\b(?:much|very|far|a lot|strongly|extremely)\b")


def ends_of(param: Param) -> dict[float, str]:
    """What the ends of a parameter's scale mean, as its description tells."""
    said = param.description or str(param.schema.get("description", ""))
    return {float(number): words.strip() for number, words in _END.findall(said.lower())}


def scaled(param: Param, text: str, verb: str) -> float | None:
    """The value that a clause means on a parameter's scale, None if it says nothing of it.

    Args:
        param: a numeric parameter with a default.
        text: the clause.
        verb: its verb; "blur" means some of the parameter `blur`.
    """
    low, rest = text.lower(), param.default
    if not isinstance(rest, int | float) or isinstance(rest, bool):
        return None
    found = re.findall(r"[a-z]+", low)
    for end, words in sorted(ends_of(param).items()):
        if end == rest:
            continue
        if re.search(rf"\b{words}\b", low) and " " in words:
            return end
        forms = [said for said in found for word in words.split() if _is_form(said, word)]
        if forms:
            share = _MUCH if _STRONG.search(low) else _SOME
            if re.search(rf"\b(?:too|overly)\s(?:\w+\s)?{forms[0]}\b", low):
                end = next((e for e in ends_of(param) if (e - rest) * (end - rest) < 0), rest)
            return round(rest + share * (end - rest), 3) if end != rest else None
    return _middle(param.schema, rest) if verb.lower() == param.name.lower() else None


def _is_form(said: str, word: str) -> bool:
    """Such as "brighten", "brighter" of "bright"."""
    return len(word) > 3 and said.startswith(word) and said[len(word) :] in _ENDINGS


_ENDINGS = frozenset(["", "er", "en", "ens", "est", "ly", "ish", "ness", "ened"])


def _middle(schema: Mapping[str, Any], rest: float) -> float | None:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None or high is None or rest != low:
        return None
    return float(low + 0.5 * (high - low))
