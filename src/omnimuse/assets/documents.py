"""Written media: text, tables, structured JSON, SVG. Sizes, encoding and shape are checked."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any, BinaryIO

from omnimuse.assets.limits import check_size
from omnimuse.errors import MediaTooLargeError, UnsupportedMediaError

STRUCTURED = ("scene", "layout", "graph", "level", "transcript")
_SHAPES = (
    ("graph", {"nodes", "edges"}),
    ("scene", {"layers"}),
    ("scene", {"objects", "background"}),
    ("layout", {"tracks"}),
    ("layout", {"boxes"}),
    ("transcript", {"segments"}),
    ("level", {"tiles"}),
)
_UNITS_PX = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54}
_UNITS_PX |= {"in": 96.0, "em": 16.0, "ex": 8.0}
_MAX_COLUMNS = 10_000


def read_utf8(stream: BinaryIO) -> str:
    """The whole stream as text.

    Raises:
        UnsupportedMediaError: not UTF-8, or binary.
        MediaTooLargeError: over the limit of text.
    """
    check_size(stream, "text")
    data = stream.read()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnsupportedMediaError("the text is UTF-16", hint="Save it as UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnsupportedMediaError(
            f"the text is not UTF-8: byte {error.start} is {data[error.start]:#04x}",
            hint="Save it as UTF-8.",
        ) from None
    if "\0" in text:
        raise UnsupportedMediaError("the file holds binary data, not text")
    return text


def probe_text(stream: BinaryIO) -> dict[str, Any]:
    """characters, words, lines.

    Raises:
        UnsupportedMediaError: not UTF-8 text, or nothing but white space.
        MediaTooLargeError: over the limit of text.
    """
    text = read_utf8(stream)
    if not text.strip():
        raise UnsupportedMediaError("the text is empty", hint="Write something in it.")
    return {
        "characters": len(text),
        "words": len(text.split()),
        "lines": len(text.splitlines()),
    }


def probe_table(stream: BinaryIO) -> dict[str, Any]:
    """Rows (without the header line) and columns of a CSV or TSV.

    Raises:
        UnsupportedMediaError: not UTF-8, or no table.
        MediaTooLargeError: over a limit.
    """
    text = read_utf8(stream)
    sample = text[:8192]
    delimiter = max(",;\t|", key=lambda mark: sample.count(mark))
    rows, columns = 0, 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows += bool(row)
            columns = max(columns, len(row))
    except csv.Error as error:
        raise UnsupportedMediaError(f"the table cannot be read: {error}") from None
    if not rows:
        raise UnsupportedMediaError("the table has no rows")
    if columns > _MAX_COLUMNS:
        raise MediaTooLargeError(f"the table has {columns} columns; {_MAX_COLUMNS} are allowed")
    return {"rows": rows - 1, "columns": columns, "delimiter": delimiter}


def probe_json(stream: BinaryIO) -> tuple[str, dict[str, Any]]:
    """The kind that a JSON file is, and its facts.

    A `kind` key that names a structured kind decides, then the keys at the top (`nodes` and
    `edges`: a graph, `layers`: a scene, ...); JSON of no such shape is `text`.

    Raises:
        UnsupportedMediaError: not JSON.
        MediaTooLargeError: over the limit of text, or nested too deeply.
    """
    value = parse_json(read_utf8(stream))
    if not isinstance(value, dict):
        return "text", {"entries": len(value) if isinstance(value, list) else 1}
    facts = {"entries": len(value)}
    if value.get("kind") in STRUCTURED:
        return str(value["kind"]), facts
    keys = set(value)
    return next((kind for kind, wanted in _SHAPES if wanted <= keys), "text"), facts


def parse_json(text: str | bytes) -> Any:
    """JSON, with our names for its errors.

    Raises:
        UnsupportedMediaError: not JSON.
        MediaTooLargeError: nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise MediaTooLargeError("the JSON is nested too deeply") from None
    except ValueError as error:
        raise UnsupportedMediaError(f"not JSON: {error}") from None


def probe_svg(stream: BinaryIO) -> dict[str, Any]:
    """width_px and height_px of a self-contained SVG.

    Raises:
        UnsupportedMediaError: not SVG, or it declares entities or points at other files.
        MediaTooLargeError: over the limit of text.
    """
    from xml.etree import ElementTree

    text = read_utf8(stream)
    if re.search(r"<!ENTITY|<!DOCTYPE[^>]*\[", text, re.IGNORECASE):
        raise UnsupportedMediaError(
            "the SVG declares entities, which can hide other files or grow without end",
            hint="Save it as plain SVG.",
        )
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise UnsupportedMediaError(f"the SVG is not well-formed: {error}") from None
    if root.tag.rpartition("}")[2] != "svg":
        raise UnsupportedMediaError(f"the document is <{root.tag.rpartition('}')[2]}>, not <svg>")
    for element in root.iter():
        _check_self_contained(element)
    width_px, height_px = _svg_size(root)
    return {"width_px": width_px, "height_px": height_px, "is_vector": True}


def _check_self_contained(element: Any) -> None:
    if str(element.tag).rpartition("}")[2] not in ("image", "feImage", "use"):
        return
    for name, value in element.attrib.items():
        target = value.strip()
        if name.rpartition("}")[2] == "href" and not target.startswith(("#", "data:")):
            raise UnsupportedMediaError(
                f"the SVG points at another file: {target[:80]!r}", hint="Embed its pictures."
            )


def _svg_size(root: Any) -> tuple[int, int]:
    """Width and height in pixels: the attributes, else the view box, else 300 x 150."""
    box = [float(x) for x in re.findall(r"[-+]?\d*\.?\d+", root.get("viewBox", ""))[:4]]
    ratio = box[2] / box[3] if len(box) == 4 and box[2] > 0 and box[3] > 0 else None
    width, height = _length_px(root.get("width")), _length_px(root.get("height"))
    if width is None and height is None:
        width, height = (box[2], box[3]) if ratio else (300.0, 150.0)
    elif height is None:
        height = (width or 0) / ratio if ratio else 150.0
    elif width is None:
        width = height * ratio if ratio else 300.0
    return max(1, round(width or 0)), max(1, round(height or 0))


def _length_px(text: str | None) -> float | None:
    match = re.fullmatch(r"\s*(\d*\.?\d+)\s*([a-z]*)\s*", text or "")
    if not match or match[2] not in _UNITS_PX:
        return None
    return float(match[1]) * _UNITS_PX[match[2]] or None
