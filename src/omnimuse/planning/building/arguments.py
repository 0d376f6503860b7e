"""Arguments from schemas: each parameter looks for its value in the step's own words.

A parameter says what it wants by its type, unit, name, description, choices and examples. Nothing
here knows a tool, so it works for tools never seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from omnimuse.graph.spec import Param, ToolSpec
from omnimuse.planning.building.retrieval import stem
from omnimuse.planning.building.scales import scaled
from omnimuse.planning.intent import NEW, Step
from omnimuse.planning.reading.values import COLOURS, Value, find_values
from omnimuse.planning.reading.vocabulary import kind_of

_UNITS = {
    "s": "duration", "sec": "duration", "seconds": "duration", "duration": "duration",
    "length": "duration", "px": "pixels", "pixels": "pixels", "width": "pixels",
    "height": "pixels", "bpm": "tempo", "tempo": "tempo", "fps": "rate", "db": "level",
    "lufs": "level", "deg": "angle", "degrees": "angle", "angle": "angle", "factor": "factor",
    "scale": "factor", "speed": "factor", "zoom": "factor", "rate": "factor",
    "strength": "share", "amount": "share", "opacity": "share", "volume": "share",
    "semitones": "interval", "start": "start", "begin": "start", "end": "end", "stop": "end",
}  # fmt: skip
_MEANT = 0.55  # cosine from which a choice counts as meant though not named
_UNTOLD = frozenset(
    ["the", "and", "for", "between", "each", "time", "from", "with", "left", "out", "seconds",
     "end", "start", "how", "long", "film", "video", "sound"]
)  # fmt: skip
_COUNTED = frozenset(["count", "number", "n", "num", "how", "many", "copies", "amount"])
_TEXTUAL = frozenset(
    ["prompt", "description", "query", "instruction", "request", "content", "idea"]
)
_THING_NAMES = frozenset(["words", "subject", "region", "object", "thing", "target"])
_THING_ROLES = frozenset(["object", "subject", "of", "around", "on", "to"])
_ASPECTS = frozenset(stem(w) for w in ["background", "colour", "color", "light", "edge", "size"])
_SOURCE = re.compile(
    r"\s+(?:in|from|of|on|out of)\s+(?:the\s+|this\s+|my\s+)?"
    r"(?:picture|photo|image|painting|drawing|\S+\.\w{2,4})\b.*$",
    re.I,
)
_STYLE = re.compile(
    r"\b(?:in|with|using|like|as)\s+(?:the\s+|a\s+)?(?:visual\s+)?style\s+of\s+(?P<a>[^,.;]+)"
    r"|\b(?:in|with)\s+(?:an?\s+|the\s+)?(?P<b>[\w' -]{3,40}?)[ -]style\b"
    r"|\binto\s+(?:an?\s+|the\s+)?(?P<d>[\w' -]{3,40}?)[ -]style\b"
    r"|\b(?:look|looks|turn it|turned)\s+(?:like|into)\s+(?P<c>an?\s[^,.;]+)"
)


class ArgumentFiller:
    """Finds the values of a tool's plain arguments in a step.

    Args:
        similarity: pairs of short texts -> cosine; for choices that are meant but not named.
    """

    def __init__(self, similarity: Callable[[Sequence[str], Sequence[str]], Any] | None) -> None:
        self._similarity = similarity

    def fill(self, spec: ToolSpec, step: Step, *, defaults: Mapping[str, Any]) -> dict[str, Any]:
        """Argument values that the step gives, by name.

        Args:
            spec: the tool.
            step: the clause with its words.
            defaults: values already known for some arguments (the resolved content, say).
        """
        text = str(step.details.get("english") or step.details.get("said") or step.text)
        values = find_values(text)
        found: dict[str, Any] = {}
        for param in spec.params:
            value = self._one(param, spec, step, text, values)
            if value is None and param.name in defaults:
                value = defaults[param.name]
            if value is not None:
                fitted = fit_schema(value, param.schema)
                if fitted is not None:
                    found[param.name] = fitted
        _fill_sizes(spec, values, found)
        return found

    def _one(self, param: Param, spec: ToolSpec, step: Step, text: str, values: list[Value]) -> Any:
        kinds = _types(param.schema)
        choices = _choices(param)
        if choices and all(isinstance(c, int | float) for c in choices):
            return _number_for(param, spec, values, text)
        if "array" in kinds:
            return _list_for(param, text)
        if choices:
            is_open = "enum" not in param.schema
            chosen = self._choose(choices, param, text, values, is_open=is_open)
            if chosen is None and is_open:
                chosen = turned_into(param, step) or thing_of(param, spec, step)
            return chosen
        if kinds & {"integer", "number"}:
            number = _number_for(param, spec, values, text)
            return scaled(param, text, step.verb) if number is None else number
        if "boolean" in kinds:
            return _flag_for(param, text)
        if "string" in kinds:
            said = _string_for(param, step, text, values)
            return thing_of(param, spec, step) if said is None else said
        return None

    def _choose(
        self, choices: list[Any], param: Param, text: str, values: list[Value], *, is_open: bool
    ) -> Any:
        """A choice whose name is said, or, failing that, clearly meant."""
        low = re.sub(r"[_\-]+", " ", text.lower())
        stems = {stem(w) for w in re.findall(r"[a-z0-9]+", low)}
        for dimension in ("language", "place", "colour", "key", "aspect"):
            for value in values:
                if _is_meant(value, dimension, param) and _says(param, dimension):
                    for choice in choices:
                        if _same_name(choice, value):
                            return choice
        best: tuple[int, Any] | None = None
        for choice in choices:
            words = re.findall(r"[a-z0-9]+", re.sub(r"[_\-]+", " ", str(choice).lower()))
            is_said = bool(words) and all(stem(word) in stems for word in words)
            if len(words) == 1 and len(words[0]) == 3:  # "webvtt" is the format vtt
                is_said = is_said or any(s.endswith(words[0]) for s in low.split())
            if is_said and (best is None or len(words) > best[0]):
                best = (len(words), choice)
        if best is not None:
            return best[1]
        own = _string_for(param, None, text, values) if is_open else _style_of(param, text)
        if own is None or (not is_open and self._similarity is None):
            return own if is_open else None
        if self._similarity is None or is_open:
            return own
        near = self._similarity([own], [str(c).replace("_", " ") for c in choices])[0]
        position = int(near.argmax())
        return choices[position] if float(near[position]) > _MEANT else None


_ARTICLES = frozenset(["a", "an", "the", "my", "his", "her", "our", "their", "its", "this", "that"])


def thing_of(param: Param, spec: ToolSpec, step: Step) -> str | None:
    """The thing in a given picture that is acted on: "the dog" of "remove the dog from it"."""
    if not set(param.name.lower().split("_")) & _THING_NAMES:
        return None
    if not any(port.kind in ("image", "video") for port in spec.inputs):
        return None
    own = {stem(w) for w in re.findall(r"[a-z]+", f"{spec.name} {spec.summary}".lower())}
    if said := str(step.details.get("thing_en", "")):
        if _is_shape(said):
            return None
        return None if stem(said) in own & _ASPECTS else said
    for mention in step.mentions:
        is_one = mention.head in ("one", "version")  # "the first one" is a picture, not in it
        if mention.kind or mention.literals or mention.status == "pronoun" or is_one:
            continue
        if _is_shape(mention.text):
            continue  # "a square crop" says how
        if any(m.kind and m != mention and mention.text in m.text for m in step.mentions):
            continue  # "a beach" in "before a picture of a beach"
        if mention.head.lower() in COLOURS and (thing := _without_colour(mention.text)):
            return thing
        is_part = stem(mention.head) in own & _ASPECTS or mention.head in COLOURS
        if mention.head.isalpha() and not is_part and mention.role in _THING_ROLES:
            words = _SOURCE.sub("", mention.text)
            return re.sub(r"^(?:an?|my|his|her|our|their|its)\s+", "", words).strip() or None
    return None


def _is_shape(text: str) -> bool:
    """Whether words are those for a shape of pictures: "square format"."""
    return any(value.dimension == "aspect" for value in find_values(text.lower()))


def _without_colour(text: str) -> str:
    """The sofa of "the sofa lilac", which parsers take for one noun."""
    words = [word for word in text.split() if word.lower() not in COLOURS]
    plain = [word for word in words if word.lower() not in _ARTICLES]
    return " ".join(plain) if len(words) < len(text.split()) else ""


def turned_into(param: Param, step: Step) -> str | None:
    """The style in "turn it into an oil painting", "as a watercolour"."""
    if "style" not in _words(param):
        return None
    plain = {"image", "picture", "photo", "photograph", "version", "file"}
    for mention in step.mentions:
        is_turn = mention.kind == "image" and mention.role in ("into", "as", "like", "to")
        is_new = mention.status == NEW and not mention.literals
        if is_turn and is_new and mention.head not in plain:
            return re.sub(r"^(?:an?|the)\s+", "", mention.text)
    return None


def _list_for(param: Param, text: str) -> list[str] | None:
    """The choices of a list's items that the words name."""
    items = param.schema.get("items") or {}
    choices = items.get("enum") or items.get("examples") or param.schema.get("examples") or ()
    flat = [c for choice in choices for c in (choice if isinstance(choice, list) else [choice])]
    stems = {stem(w) for w in re.findall(r"[a-z0-9]+", text.lower())}
    said = [
        c
        for c in dict.fromkeys(flat)
        if isinstance(c, str)
        and all(stem(w) in stems for w in re.findall(r"[a-z0-9]+", c.lower().replace("_", " ")))
    ]
    return said or None


def _is_meant(value: Value, dimension: str, param: Param) -> bool:
    """Whether a value is of the dimension, and "from French" goes to the source alone."""
    if value.dimension != dimension:
        return False
    is_source = bool({"source", "from", "input"} & set(param.name.lower().split("_")))
    return dimension != "language" or is_source == value.text.startswith("from ")


def _types(schema: Mapping[str, Any]) -> set[str]:
    declared = schema.get("type", "string")
    return {declared} if isinstance(declared, str) else set(declared)


def _choices(param: Param) -> list[Any]:
    listed = param.schema.get("enum")
    if listed:
        return [c for c in listed if c is not None]
    return [c for c in param.schema.get("examples") or () if isinstance(c, str)]


def _words(param: Param) -> set[str]:
    said = (
        f"{param.name.replace('_', ' ')} {param.description or param.schema.get('description', '')}"
    )
    return set(re.findall(r"[a-z]+", said.lower()))


def _says(param: Param, dimension: str) -> bool:
    names = {
        "language": {"language"},
        "place": {"position", "place", "anchor", "corner", "where", "location"},
        "colour": {"colour", "color"},
        "key": {"key"},
        "aspect": {"aspect"},
    }
    return bool(_words(param) & names[dimension])


def _same_name(choice: Any, value: Value) -> bool:
    said = str(choice).lower().replace("_", " ").replace("-", " ")
    return said in (str(value.value).lower(), value.text, str(value.value).lower().replace(" ", ""))


def dimension_of(param: Param) -> str:
    """What a numeric parameter measures, empty if it does not say."""
    parts = param.name.lower().split("_")
    unit = str(param.schema.get("unit", "")).lower()
    if parts[0] in ("start", "begin", "end", "stop", "from", "to", "until"):
        return "start" if parts[0] in ("start", "begin", "from") else "end"
    if unit in _UNITS:
        return _UNITS[unit]
    if parts[0] in ("first", "last") and len(parts) > 1:
        return parts[0]
    for part in (parts[-1], *parts):
        if part in _UNITS and not (part == "scale" and parts[:-1]):  # "guidance_scale" is no size
            return _UNITS[part]
    return ""


def _number_for(param: Param, spec: ToolSpec, values: list[Value], text: str) -> float | None:
    dimension = dimension_of(param)
    rivals = [p for p in spec.params if dimension_of(p) == dimension == "duration"]
    is_aside = bool(set(param.name.split("_")) & _ASIDE) and dimension == "duration"
    if (len(rivals) > 1 or is_aside) and (
        not _is_spoken_of(param, text) or _is_rivals(param, rivals, text)
    ):
        return None
    if dimension in ("first", "last"):
        own = [v for v in values if v.dimension == dimension]
        return next((float(v.value) for v in own if v.unit in param.name), None)
    for value in values:
        if value.dimension == dimension and dimension not in ("", "pixels"):
            return float(value.value)
        is_side = dimension == value.dimension == "pixels"
        if is_side and (not value.unit or value.unit in param.name):
            return float(value.value)
    if dimension == "factor":
        share = next((v.value for v in values if v.dimension == "share"), None)
        return float(share) if share is not None else None
    if dimension:
        return None
    counted = {stem(w) for w in param.name.lower().split("_")}
    plural = {stem(p.kind) for p in spec.outputs} | {stem(p.name) for p in spec.outputs}
    for value in values:
        if value.dimension != "count":
            continue
        unit = stem(value.unit)
        if kind_of(value.unit.removesuffix("s")) in {p.kind for p in spec.outputs if p.is_list}:
            unit = stem(spec.outputs[0].kind)
        if unit in counted or (counted & {stem(w) for w in _COUNTED} and unit in plural):
            return float(value.value)
    return None


_ASIDE = frozenset(["fade", "crossfade", "gap", "pause", "tail", "shift"])


def _is_rivals(param: Param, rivals: Sequence[Param], text: str) -> bool:
    """Whether only what tells a rival apart is said: "fade it in" is no "fade out"."""
    said = set(re.findall(r"[a-z]+", text.lower()))
    names = {p.name: set(p.name.lower().split("_")) for p in rivals}
    if param.name not in names:
        return False
    apart = {
        name: own - set[str]().union(*(o for n, o in names.items() if n != name))
        for name, own in names.items()
    }
    others = [own for name, own in apart.items() if name != param.name and own]
    return not apart[param.name] & said and any(own & said for own in others)


def _is_spoken_of(param: Param, text: str) -> bool:
    """A length of something ("fade_s", "gap_s") is given only where that is spoken of."""
    names = set(param.name.lower().split("_"))
    if names & {"duration", "length"} or dimension_of(param) != "duration":
        return True
    own = {stem(w) for w in (names | _words(param)) - _UNTOLD if len(w) > 2}
    said = {stem(w) for w in re.findall(r"[a-z]+", text.lower())}
    return bool(own & said)


def _flag_for(param: Param, text: str) -> bool | None:
    words = [
        w for w in param.name.lower().split("_") if w not in ("is", "has", "with", "use", "do")
    ]
    if not words:
        return None
    low = text.lower()
    said = all(stem(w) in {stem(x) for x in re.findall(r"[a-z]+", low)} for w in words)
    if not said:
        return None
    head = words[-1][:5]
    return re.search(rf"\b(?:no|without|not)\s+(?:\w+\s+)?{re.escape(head)}", low) is None


def _style_of(param: Param, text: str) -> str | None:
    if "style" not in _words(param):
        return None
    match = _STYLE.search(text)
    if match is None:
        return None
    said = next(group for group in match.groups() if group)
    return re.sub(r"^(?:an?|the)\s+", "", said.strip())


def _string_for(param: Param, step: Step | None, text: str, values: list[Value]) -> str | None:
    if _says(param, "aspect") and (
        shape := next((v for v in values if v.dimension == "aspect"), None)
    ):
        return f"{shape.value[0]}:{shape.value[1]}"
    for dimension in ("language", "colour", "key", "place"):
        if _says(param, dimension):
            value = next((v for v in reversed(values) if _is_meant(v, dimension, param)), None)
            if value is None:
                continue
            pattern = str(param.schema.get("pattern", ""))
            is_hex = "#" in pattern or "hex" in _words(param)
            return COLOURS.get(value.value, value.value) if is_hex else str(value.value)
    style = _style_of(param, text)
    if style is not None or step is None:
        return style
    names = set(param.name.lower().split("_"))
    quotes = [item for m in step.mentions for item in m.literals if item.type == "quote"]
    if names & {"text", "title", "caption", "words", "message", "label"}:
        quoted = re.search(r"'([^']+)'", text)
        return quotes[0].value if quotes else quoted[1] if quoted else None
    if "negative" in names:
        unwanted = re.search(r"\b(?:without|no)\s+(?:any\s+)?([^,.;]+)", text)
        return unwanted[1].strip() if unwanted else None
    if param.name in _TEXTUAL:
        return step.content or step.text
    return None


def _fill_sizes(spec: ToolSpec, values: list[Value], found: dict[str, Any]) -> None:
    """Width and height from "1024x768", "4K", "square" or "16:9"."""
    width, height = spec.param("width") or spec.param("width_px"), None
    height = spec.param("height") or spec.param("height_px")
    if width is None or height is None:
        return
    for value in values:
        if value.dimension == "size":
            pair = value.value
        elif value.dimension == "aspect":
            pair = _sized(value.value, width, height)
        else:
            continue
        for param, number in ((width, pair[0]), (height, pair[1])):
            fitted = fit_schema(number, param.schema)
            if fitted is not None:
                found[param.name] = fitted
        return


def _sized(aspect: tuple[int, int], width: Param, height: Param) -> tuple[int, int]:
    """An aspect ratio with about as many pixels as the defaults have, in steps of 8."""
    pixels = float(width.default or 768) * float(height.default or 768)
    wide = (pixels * aspect[0] / aspect[1]) ** 0.5
    return int(round(wide / 8) * 8), int(round(wide * aspect[1] / aspect[0] / 8) * 8)


def fit_schema(value: Any, schema: Mapping[str, Any]) -> Any:
    """A value brought to a schema's type and range; None if it cannot be."""
    kinds = _types(schema)
    if "enum" in schema:
        return next((choice for choice in schema["enum"] if choice == value), None)
    if kinds & {"integer", "number"}:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        low, high = schema.get("minimum"), schema.get("maximum")
        value = max(value, low) if low is not None else value
        value = min(value, high) if high is not None else value
        return round(value) if "number" not in kinds else float(value)
    if "boolean" in kinds:
        return value if isinstance(value, bool) else None
    if "string" in kinds:
        text = str(value)
        limit, pattern = schema.get("maxLength"), schema.get("pattern")
        if pattern and re.search(pattern, text) is None:
            return None
        return text[:limit] if limit else text
    return value
