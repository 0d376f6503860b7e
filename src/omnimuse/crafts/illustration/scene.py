"""Scene: what the illustrator draws, as plain values that anyone may read and change.

JSON of a scene asset (kind `scene`); boxes are x, y, w, h as shares of the canvas:

    {
      "format": "omnimuse-scene/1",
      "canvas": [1024, 768],             # natural size in pixels; it renders at any other size too
      "style": "shaded",                 # shaded, flat, contrast, silhouette or paper
      "seed": 7,
      "background": {"place": "meadow", "time": "night", "weather": "rain", "season": "",
                     "horizon": 0.62, "light": [0.7, 0.2]},
      "objects": [{"id": "fox-1", "label": "fox", "art": "drawn:fox", "box": [.3, .4, .3, .5],
                   "attributes": {"color": "red"}, "color": "#e3242b", "flip": false,
                   "rotation": 0.0, "depth": 0.8, "anchor": "ground", "shadow": true,
                   "reflection": false, "opacity": 1.0, "variant": 0,
                   "confidence": 1.0, "match": "name"}],
      "texts": [{"id": "text-1", "text": "SALE", "box": [.1, .05, .8, .15], "color": "#222222",
                 "panel": "banner", "panel_color": "#ffffff", "on": ""}]
    }

`art` names a drawing: `fluent:NAME` of the art pack, `drawn:NAME` of our own drawings, or
`standin:LABEL`, a labelled card for what neither has.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from omnimuse.errors import ArgumentError

FORMAT = "omnimuse-scene/1"
STYLES = ("shaded", "flat", "contrast", "silhouette", "paper")
ANCHORS = ("ground", "sky", "water", "center", "fill")
MAX_OBJECTS = 400
MAX_SIDE_PX = 8192

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Background:
    """Where and when: see `backdrop` for the places.

    `light` points at the light, as shares; `glow` is whether the sky glows there: where a sun or
    moon of the scene shines, that thing bears its own halo instead and takes it along.
    """

    place: str = "plain"
    time: str = "day"
    weather: str = ""
    season: str = ""
    horizon: float = 0.62
    light: tuple[float, float] = (0.25, 0.1)
    glow: bool = True


@dataclass(frozen=True)
class SceneObject:
    """One thing in the picture.

    Attributes:
        id: unique within the scene.
        label: what it is, in the prompt's word.
        art: which drawing, see the module's docstring.
        box: the room it has; the drawing fits into it.
        attributes: what the prompt said of it.
        color: `#rrggbb` that its main colour is brought to, "" for the art's own.
        flip: mirrored left to right.
        rotation: degrees clockwise.
        depth: 0 is far away, 1 in front; drawn in this order.
        anchor: how the drawing sits in the box: on its lower edge (ground, water), in its middle
            (sky, center), or filling it (fill).
        shadow: whether it throws a contact shadow.
        reflection: whether water below mirrors it.
        opacity: 0 to 1.
        variant: seed of the drawing's small irregularities.
        confidence: how sure the match between label and art is, 0 to 1.
        match: how it was found: name, tag, head, kind, meaning or standin.
    """

    id: str
    label: str
    art: str
    box: Box
    attributes: Mapping[str, str] = field(default_factory=dict)
    color: str = ""
    flip: bool = False
    rotation: float = 0.0
    depth: float = 0.5
    anchor: str = "ground"
    shadow: bool = True
    reflection: bool = False
    opacity: float = 1.0
    variant: int = 0
    confidence: float = 1.0
    match: str = "name"


@dataclass(frozen=True)
class TextLayer:
    """Words in the picture; `on` is the id of the object that bears them, if any."""

    id: str
    text: str
    box: Box
    color: str = "#26262b"
    panel: str = ""
    panel_color: str = "#fffdf6"
    on: str = ""


@dataclass(frozen=True)
class Scene:
    """A layered picture; immutable, changed by making another one."""

    canvas: tuple[int, int]
    background: Background = field(default_factory=Background)
    objects: tuple[SceneObject, ...] = ()
    texts: tuple[TextLayer, ...] = ()
    style: str = "shaded"
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; numbers rounded so that equal scenes have equal bytes."""
        return {"format": FORMAT, **_plain(asdict(self))}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read a scene back, checking all of it.

        Raises:
            ArgumentError: not a scene; the message names the field.
        """
        data = _mapping(value, "scene")
        if data.get("format") != FORMAT:
            raise ArgumentError(
                f"not a scene: format is {data.get('format')!r}, wanted {FORMAT!r}",
                hint="A scene is what generate_image gives besides the picture.",
            )
        canvas = _numbers(data.get("canvas"), 2, "canvas")
        if not all(1 <= side <= MAX_SIDE_PX for side in canvas):
            raise ArgumentError(f"canvas {canvas} is not within 1..{MAX_SIDE_PX} px")
        objects = _records(data, "objects", SceneObject)
        texts = _records(data, "texts", TextLayer)
        if len(objects) > MAX_OBJECTS:
            raise ArgumentError(f"{len(objects)} objects, at most {MAX_OBJECTS} can be drawn")
        names = [item.id for item in (*objects, *texts)]
        if len(set(names)) != len(names):
            raise ArgumentError("two layers of the scene have the same id")
        style = data.get("style", "shaded")
        if style not in STYLES:
            raise ArgumentError(f"style {style!r}", hint=f"Styles: {', '.join(STYLES)}.")
        seed = data.get("seed", 0)
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise ArgumentError(f"seed must be a whole number, got {seed!r}")
        background = _record(data.get("background", {}), Background, "background")
        size = (round(canvas[0]), round(canvas[1]))
        return cls(size, background, objects, texts, style, seed)

    def object(self, id: str) -> SceneObject:
        """The object with that id.

        Raises:
            ArgumentError: there is none.
        """
        for item in self.objects:
            if item.id == id:
                return item
        known = ", ".join(item.id for item in self.objects) or "none"
        raise ArgumentError(f"no object {id!r} in the scene", hint=f"Objects: {known}.")

    def with_object(self, item: SceneObject) -> Self:
        """The scene with the object of the same id replaced, or added on top."""
        if any(known.id == item.id for known in self.objects):
            changed = tuple(item if known.id == item.id else known for known in self.objects)
            return replace(self, objects=changed)
        return replace(self, objects=(*self.objects, item))

    def without_object(self, id: str) -> Self:
        """The scene without that object and the words it bears; raises as `object` does."""
        self.object(id)
        return replace(
            self,
            objects=tuple(item for item in self.objects if item.id != id),
            texts=tuple(text for text in self.texts if text.on != id),
        )

    def drawing_order(self) -> tuple[SceneObject, ...]:
        """Objects from back to front; equal depths by where their feet stand."""
        return tuple(sorted(self.objects, key=lambda o: (o.depth, o.box[1] + o.box[3], o.id)))


def dumps(scene: Scene) -> str:
    """Canonical JSON text."""
    return json.dumps(scene.to_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ArgumentError(f"{where} must be an object, got {type(value).__name__}")
    return value


def _records(data: Mapping[str, Any], name: str, kind: type[Any]) -> tuple[Any, ...]:
    entries = data.get(name, [])
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise ArgumentError(f"{name} must be a list")
    return tuple(_record(entry, kind, f"{name}[{i}]") for i, entry in enumerate(entries))


def _record(value: Any, kind: type[Any], where: str) -> Any:
    """A dataclass from a mapping; every value is checked against the type of its field."""
    data = _mapping(value, where)
    known = {f.name: str(f.type) for f in fields(kind)}
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise ArgumentError(f"{where} has unknown fields {unknown}", hint=f"Known: {list(known)}.")
    values = {name: _checked(data[name], known[name], f"{where}.{name}") for name in data}
    try:
        record = kind(**values)
    except TypeError as error:
        raise ArgumentError(f"{where}: {error}") from None
    anchor = getattr(record, "anchor", "ground")
    if anchor not in ANCHORS:
        raise ArgumentError(f"{where}.anchor {anchor!r}", hint=f"Anchors: {', '.join(ANCHORS)}.")
    for name in ("color", "panel_color"):
        code = getattr(record, name, "")
        if code and not _is_hex(code):
            raise ArgumentError(f"{where}.{name} must be #rrggbb, got {code!r}")
    return record


def _is_hex(code: str) -> bool:
    return (
        len(code) == 7 and code[0] == "#" and all(c in "0123456789abcdefABCDEF" for c in code[1:])
    )


def _checked(value: Any, kind: str, where: str) -> Any:
    if kind == "str" and isinstance(value, str):
        return value
    if kind == "bool" and isinstance(value, bool):
        return value
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind in ("float", "int") and is_number and math.isfinite(value):
        return float(value) if kind == "float" else int(value)
    if kind == "Box":
        x, y, w, h = _numbers(value, 4, where)
        if w <= 0 or h <= 0 or max(abs(x), abs(y), w, h) > 8:
            raise ArgumentError(f"{where} {list(value)} is not a box of shares of the canvas")
        return (x, y, w, h)
    if kind.startswith("tuple"):
        return _numbers(value, 2, where)
    if kind.startswith("Mapping") and isinstance(value, Mapping):
        return {str(key): str(item) for key, item in value.items()}
    raise ArgumentError(f"{where} must be a {kind}, got {value!r}")


def _numbers(value: Any, count: int, where: str) -> tuple[float, ...]:
    good = (
        isinstance(value, Sequence)
        and len(value) == count
        and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value)
        and all(math.isfinite(v) for v in value)
    )
    if not good:
        raise ArgumentError(f"{where} must be {count} numbers, got {value!r}")
    return tuple(float(v) for v in value)
