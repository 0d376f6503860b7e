"""Composition: a layout becomes a scene. Boxes are obeyed; all else is made to look right."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from omnimuse.crafts.illustration.art import ArtPack, measure
from omnimuse.crafts.illustration.backdrop import hill_color
from omnimuse.crafts.illustration.color import (
    NAMED,
    from_oklch,
    name_of,
    parse_color,
    to_oklch,
)
from omnimuse.crafts.illustration.concepts import Concept, ConceptIndex, Embed
from omnimuse.crafts.illustration.drawings import all_drawings
from omnimuse.crafts.illustration.drawings.animals import COATS
from omnimuse.crafts.illustration.drawings.base import FILLED
from omnimuse.crafts.illustration.layers import place_object
from omnimuse.crafts.illustration.lettering import ink_on
from omnimuse.crafts.illustration.resting import (
    SEA_LIFE,
    adrift,
    airborne,
    asleep,
    mounts,
    seated,
    settled,
)
from omnimuse.crafts.illustration.scene import (
    MAX_OBJECTS,
    MAX_SIDE_PX,
    STYLES,
    Background,
    Box,
    Scene,
    SceneObject,
    TextLayer,
)
from omnimuse.crafts.illustration.setting import choose_background
from omnimuse.crafts.layout.settle import sticks_out
from omnimuse.errors import ArgumentError

MIN_SHARE = 0.012
"""Smallest side of an object's box as a share of the canvas: smaller cannot be seen."""
_METALS = {
    "gold": "gold",
    "golden": "gold",
    "silver": "silver",
    "bronze": "bronze",
    "copper": "copper",
}
_STYLE_WORDS = {
    "flat": "flat",
    "minimal": "flat",
    "minimalist": "flat",
    "line art": "contrast",
    "line": "contrast",
    "high contrast": "contrast",
    "black and white": "contrast",
    "ink": "contrast",
    "silhouette": "silhouette",
    "paper": "paper",
    "paper cut": "paper",
    "papercut": "paper",
    "cutout": "paper",
    "collage": "paper",
}
_FACES_RIGHT = {"fluent:delivery-truck", "fluent:sailboat"}
_MANY_COLORS = ("colorful", "colourful", "multicolor", "rainbow", "various colors", "assorted")
_MOTLEY = ("red", "azure", "yellow", "green", "purple", "orange", "pink", "turquoise")
_PARTY = {"balloon", "hot-air-balloon", "butterfly", "tulip", "blossom", "kite", "wrapped-gift"}
_RED_FUR = "#d8431f"
_LOW, _SLIM = 2.0, 0.45
_FACING_GROUPS = ("animals", "people")
_AFLOAT = {"flying", "floating", "falling", "hovering", "soaring"}
_TURNS = {"upside down": 180.0, "tilted": 14.0, "falling": 24.0, "lying": 90.0}


def compose_scene(
    layout: Mapping[str, Any],
    pack: ArtPack,
    *,
    canvas: tuple[int, int] | None = None,
    style: str = "",
    seed: int = 0,
    embed: Embed | None = None,
) -> Scene:
    """The scene of a layout.

    Args:
        layout: see `omnimuse.crafts.layout.schema`; boxes are shares of the canvas.
        pack: the art.
        canvas: width and height in pixels; the layout's own if not given.
        style: one of `scene.STYLES`; from the layout's words if empty.
        seed: of the small irregularities.
        embed: sentence embedding for labels that no name or tag matches.

    Raises:
        ArgumentError: not a layout, or more than MAX_OBJECTS objects.
    """
    entries = _entries(layout)
    size = canvas or _canvas(layout)
    index = ConceptIndex(pack, embed)
    concepts = [_concept(entry, index) for entry in entries]
    concepts = airborne(entries, concepts, [_box(entry) for entry in entries])
    standing = [concept.anchor == "ground" for concept in concepts]
    boxes = settled(entries, [_box(entry) for entry in entries], standing)
    boxes = seated(layout, entries, boxes)
    lying = asleep(layout, entries, boxes)
    boxes = [lying.get(i, box) for i, box in enumerate(boxes)]
    background = choose_background(layout, concepts, boxes, embed=embed)
    if background.place == "underwater":
        boxes = adrift(layout, entries, concepts, boxes)
    composer = _Composer(layout, entries, concepts, boxes, background, pack, seed)
    objects = tuple(composer.object(i) for i in range(len(entries)))
    chosen = style or _STYLE_WORDS.get(str(layout.get("style") or "").lower().strip(), "shaded")
    if chosen not in STYLES:
        raise ArgumentError(f"style {chosen!r}", hint=f"Styles: {', '.join(STYLES)}.")
    bare = Scene(size, background, objects, (), chosen, seed)
    return replace(bare, texts=_texts(layout, bare, pack))


def _entries(layout: Mapping[str, Any]) -> list[dict[str, Any]]:
    entries = layout.get("objects", [])
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise ArgumentError("layout: objects must be a list")
    if len(entries) > MAX_OBJECTS:
        raise ArgumentError(
            f"{len(entries)} objects, at most {MAX_OBJECTS} can be drawn", hint="Ask for fewer."
        )
    found, used = [], set()
    for i, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("label"), str):
            raise ArgumentError(f"layout: objects[{i}] has no label")
        label = entry["label"].strip().lower() or "thing"
        id = str(entry.get("id") or f"{label.replace(' ', '-')}-{i + 1}")
        while id in used:
            id += "x"
        used.add(id)
        attributes = entry.get("attributes") or {}
        if not isinstance(attributes, Mapping):
            raise ArgumentError(f"layout: objects[{i}].attributes must be an object")
        found.append({**entry, "id": id, "label": label, "attributes": _words(attributes)})
    return found


def _concept(entry: Mapping[str, Any], index: ConceptIndex) -> Concept:
    """What a thing is; a wooden house, an old man or a bare tree may have drawings of their own."""
    whole = index.named(entry["attributes"].get("type", ""))
    if whole is not None:
        return whole
    for key in ("material", "age", "state", "pattern"):
        kind = entry["attributes"].get(key)
        found = index.named(f"{kind} {entry['label']}") if kind else None
        if found is not None:
            return found
    return index.find(entry["label"])


def _words(attributes: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(key): " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        for key, value in attributes.items()
        if value not in (None, "", [])
    }


def _unquoted(words: str) -> str:
    return words.strip().strip("\"'“”‘’「」『』《》").strip()


def _canvas(layout: Mapping[str, Any]) -> tuple[int, int]:
    canvas = layout.get("canvas") or (1024, 1024)
    try:
        width, height = (int(v) for v in canvas)
    except (TypeError, ValueError):
        raise ArgumentError(f"layout: canvas {canvas!r} is not [width, height]") from None
    if not (1 <= width <= MAX_SIDE_PX and 1 <= height <= MAX_SIDE_PX):
        raise ArgumentError(f"layout: canvas {width} x {height} px, at most {MAX_SIDE_PX}")
    return width, height


def _box(entry: Mapping[str, Any]) -> Box:
    box = entry.get("box")
    try:
        x, y, w, h = (float(v) for v in box)  # type: ignore[union-attr]
    except (TypeError, ValueError):
        raise ArgumentError(f"layout: box {box!r} of {entry['id']} is not [x, y, w, h]") from None
    if not all(math.isfinite(v) for v in (x, y, w, h)) or max(abs(x), abs(y), w, h) > 8:
        raise ArgumentError(f"layout: box {box!r} of {entry['id']} is not in shares of the canvas")
    wide, tall = max(w, MIN_SHARE), max(h, MIN_SHARE)
    return (x - (wide - w) / 2, y - (tall - h) / 2, wide, tall)


class _Composer:
    """Turns the entries of one layout into objects."""

    def __init__(
        self,
        layout: Mapping[str, Any],
        entries: Sequence[Mapping[str, Any]],
        concepts: Sequence[Concept],
        boxes: Sequence[Box],
        background: Background,
        pack: ArtPack,
        seed: int,
    ) -> None:
        self._layout = layout
        self._entries, self._concepts, self._boxes = entries, concepts, boxes
        self._background, self._pack, self._seed = background, pack, seed
        self._places = {entry["id"]: i for i, entry in enumerate(entries)}
        self._partners = _partners(layout, self._places)
        self._mounts = mounts(layout, entries, self._places)
        self._lying = set(asleep(layout, entries, boxes))
        self._filled = _filled(layout, entries, self._places)
        self._copies = Counter(entry["label"] for entry in entries)
        seen: Counter[str] = Counter()
        self._ranks: dict[str, int] = {}
        for entry in entries:
            self._ranks[entry["id"]] = seen[entry["label"]]
            seen[entry["label"]] += 1

    def object(self, i: int) -> SceneObject:
        """The i-th entry as an object of the scene."""
        entry, concept, box = self._entries[i], self._concepts[i], self._boxes[i]
        rng = np.random.default_rng([self._seed, zlib.crc32(entry["id"].encode())])
        anchor = self._anchor(i)
        is_low = box[1] + box[3] > self._background.horizon - 0.03 or bool(entry.get("support"))
        has_shadow = anchor == "ground" and is_low and self._casts_shadow(concept)
        color = self._color(entry, concept, rng)
        turn = _TURNS.get(entry["attributes"].get("state", ""), 0.0) if anchor != "fill" else 0.0
        if self._copies[entry["label"]] > 1 and anchor == "sky" and turn == 0.0:
            turn = round(float(rng.uniform(-7, 7)), 1)
        if i in self._lying:
            turn = 270.0
        is_stacked = entry["attributes"].get("arrangement") in ("stack", "pile")
        if turn == 0.0 and anchor == "ground" and self._lies(concept, box, is_stacked):
            turn = 90.0
        return SceneObject(
            id=entry["id"],
            label=entry["label"],
            art=concept.art,
            box=box,
            attributes=entry["attributes"] | ({FILLED: "yes"} if i in self._filled else {}),
            color=color,
            flip=self._flip(i, rng),
            rotation=turn,
            depth=self._depth(i),
            anchor=anchor,
            shadow=has_shadow,
            reflection=anchor == "water" and self._is_afloat(box),
            variant=int(rng.integers(4)) if self._copies[entry["label"]] > 1 else 0,
            confidence=round(concept.confidence, 3),
            match=concept.match,
        )

    def _lies(self, concept: Concept, box: Box, is_stacked: bool) -> bool:
        """Whether a long thing has a low room to lie in, as a spoon on a table has."""
        width, height = _canvas(self._layout)
        if box[2] * width < _LOW * box[3] * height:
            return False
        if is_stacked and concept.art.startswith("fluent:"):
            return True
        sort, _, name = concept.art.partition(":")
        if sort == "drawn":
            return all_drawings()[name].aspect[1] < _SLIM
        return sort == "fluent" and measure(self._pack.svg(name)).aspect < _SLIM

    def _anchor(self, i: int) -> str:
        concept = self._concepts[i]
        said = self._entries[i]["attributes"]
        if {said.get("pose"), said.get("state")} & _AFLOAT:
            return "sky"
        if concept.anchor == "water" and self._background.place not in ("sea", "lake", "beach"):
            return (
                "center" if self._background.place in ("underwater", "air", "space") else "ground"
            )
        if concept.anchor == "water" and concept.subgroup == SEA_LIFE:
            return "center"
        return concept.anchor

    def _casts_shadow(self, concept: Concept) -> bool:
        if concept.art.startswith("drawn:"):
            return all_drawings()[concept.art.partition(":")[2]].has_shadow
        return self._background.place not in ("air", "space", "underwater")

    def _is_afloat(self, box: Box) -> bool:
        is_wet = self._background.place in ("sea", "lake")
        return is_wet and box[1] + box[3] > self._background.horizon

    def _depth(self, i: int) -> float:
        mount = self._mounts.get(i)
        if mount is not None:
            return round(max(self._depth(mount) - 0.001, 0.0), 4)
        given = self._entries[i].get("depth")
        if isinstance(given, (int, float)) and not isinstance(given, bool) and math.isfinite(given):
            return round(min(max(float(given), 0.0), 1.0), 4)
        if self._concepts[i].anchor in ("sky", "fill"):
            return 0.05
        box = self._boxes[i]
        return round(min(max(box[1] + box[3], 0.0), 1.0), 4)

    def _flip(self, i: int, rng: np.random.Generator) -> bool:
        """The art looks left; turn it towards its partner, else into the picture."""
        concept, box = self._concepts[i], self._boxes[i]
        if concept.match == "standin" or self._entries[i]["attributes"].get("text"):
            return False
        if concept.art.startswith("drawn:"):
            drawing = all_drawings()[concept.art.partition(":")[2]]
            if not drawing.faces_left:
                return False
        elif concept.group not in _FACING_GROUPS and concept.subgroup not in (54, 55, 56):
            return False
        middle = box[0] + box[2] / 2
        partner = self._partners.get(self._entries[i]["id"])
        if partner is not None:
            other = self._boxes[self._places[partner]]
            wants_right = other[0] + other[2] / 2 > middle
        elif abs(middle - 0.5) < 0.12 or self._copies[self._entries[i]["label"]] > 2:
            wants_right = bool(rng.integers(2))
        else:
            wants_right = middle < 0.5
        return wants_right != (concept.art in _FACES_RIGHT)

    def _color(self, entry: Mapping[str, Any], concept: Concept, rng: np.random.Generator) -> str:
        attributes = entry["attributes"]
        words = attributes.get("color") or concept.color
        if self._is_motley(entry, concept):
            place = self._ranks[entry["id"]]
            return _jittered(NAMED[_MOTLEY[(place + self._seed) % len(_MOTLEY)]], rng, 0.01)
        if not words:
            words = _METALS.get(attributes.get("material", "").lower(), "")
        found = parse_color(words) if words and not _is_two_colors(words) else None
        if not words and concept.art == "drawn:hill":
            return hill_color(self._background)
        if words == "red" and _has_fur(concept):
            found = _RED_FUR
        if found is not None:
            return "" if self._has_color(concept, found) else _jittered(found, rng, 0.012)
        if words or self._copies[entry["label"]] < 2 or not concept.art.startswith("fluent:"):
            return ""
        family = measure(self._pack.svg(concept.art.partition(":")[2])).family
        return _jittered(from_oklch(family.center), rng, 0.03)

    def _is_motley(self, entry: Mapping[str, Any], concept: Concept) -> bool:
        """Whether copies shall have a colour each: told so, or balloons and their like."""
        said = " ".join(entry["attributes"].values()).lower()
        if any(word in said for word in _MANY_COLORS):
            return self._copies[entry["label"]] > 1
        name = concept.art.partition(":")[2]
        is_plain = not entry["attributes"].get("color") and not concept.color
        return is_plain and name in _PARTY and self._copies[entry["label"]] > 1

    def _has_color(self, concept: Concept, wanted: str) -> bool:
        """Whether the art has that colour already, and plainly."""
        if not concept.art.startswith("fluent:"):
            return False
        family = measure(self._pack.svg(concept.art.partition(":")[2])).family
        same = name_of(from_oklch(family.center)) == name_of(wanted)
        goal = to_oklch(wanted)
        near = abs(family.center.lightness - goal.lightness) < 0.12
        return same and near and family.center.chroma > 0.8 * goal.chroma and family.share > 0.7


def _has_fur(concept: Concept) -> bool:
    """Mammals: their red is a rusty one (red fox, red panda, red cow)."""
    name = concept.art.partition(":")[2]
    return concept.subgroup == 34 or (concept.art.startswith("drawn:") and name in COATS)


def _jittered(code: str, rng: np.random.Generator, amount: float) -> str:
    """The colour with a tiny change of lightness and hue, so that copies do not look cloned."""
    color = to_oklch(code)
    light = min(max(color.lightness + float(rng.normal(0, amount)), 0.05), 0.99)
    hue = (color.hue + float(rng.normal(0, amount * 130))) % 360
    return from_oklch(type(color)(light, color.chroma, hue))


def _is_two_colors(words: str) -> bool:
    parts = [part for part in words.replace(",", " and ").split(" and ") if part.strip()]
    return len(parts) > 1


def _filled(
    layout: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], places: Mapping[str, int]
) -> set[int]:
    """Vessels that something looks out of."""
    return {
        places[str(relation["object"])]
        for relation in layout.get("relations") or ()
        if isinstance(relation, Mapping)
        and relation.get("relation") == "in"
        and str(relation.get("object")) in places
        and sticks_out(entries[places[str(relation["object"])]]["label"])
    }


def _partners(layout: Mapping[str, Any], places: Mapping[str, int]) -> dict[str, str]:
    """Whom each object turns to, from the layout's relations."""
    found: dict[str, str] = {}
    sideways = ("looking at", "next to", "near", "left of", "right of", "at", "holding")
    for relation in layout.get("relations") or ():
        if not isinstance(relation, Mapping) or relation.get("relation") not in sideways:
            continue
        subject, other = str(relation.get("subject")), str(relation.get("object"))
        if subject in places and other in places and subject != other:
            found.setdefault(subject, other)
            if relation["relation"] != "looking at":
                found.setdefault(other, subject)
    return found


def _texts(layout: Mapping[str, Any], scene: Scene, pack: ArtPack) -> tuple[TextLayer, ...]:
    """Words that objects bear, then the rest on a banner of its own."""
    layers: list[TextLayer] = []
    objects = scene.objects
    for item in objects:
        words = _unquoted(item.attributes.get("text", ""))
        if not words and item.art == "drawn:shop":
            words = item.label.upper()
        if words:
            layers.append(_on_object(words, item, len(layers) + 1, _drawn_box(item, scene, pack)))
        spoken = _unquoted(item.attributes.get("speech", ""))
        if spoken:
            layers.append(_balloon(spoken, item, len(layers) + 1))
    written = {layer.text for layer in layers}
    borne = {layer.on for layer in layers}
    free = [item for item in objects if text_room(item) is not None and item.id not in borne]
    for words in layout.get("text") or ():
        words = _unquoted(str(words))
        if not words or words in written:
            continue
        written.add(words)
        if free:
            layers.append(
                _on_object(words, free[0], len(layers) + 1, _drawn_box(free.pop(0), scene, pack))
            )
        else:
            layers.append(_banner(words, objects, len(layers) + 1))
    return tuple(layers)


def text_room(item: SceneObject) -> Box | None:
    """Where words go on an object, as shares of its box; None if it bears none by nature."""
    sort, _, name = item.art.partition(":")
    if sort != "drawn":
        return (0.16, 0.1, 0.68, 0.34) if name == "placard" else None
    drawing = all_drawings().get(name)
    return drawing.text_box if drawing else None


def _drawn_box(item: SceneObject, scene: Scene, pack: ArtPack) -> Box:
    """Where the art really is: it keeps its shape in a box of another."""
    if text_room(item) is None:
        return item.box
    placed = place_object(item, scene, pack, scene.canvas)
    wide, high = scene.canvas
    return (placed.x / wide, placed.y / high, placed.width / wide, placed.height / high)


def _on_object(words: str, item: SceneObject, number: int, drawn: Box) -> TextLayer:
    room = text_room(item)
    x, y, w, h = drawn
    if room is not None:
        color = ink_on(item.color) if item.color else _drawn_ink(item)
        box = (x + room[0] * w, y + room[1] * h, room[2] * w, room[3] * h)
        return TextLayer(f"text-{number}", words, box, color, on=item.id)
    box = (x + 0.1 * w, y + 0.52 * h, 0.8 * w, 0.2 * h)
    return TextLayer(f"text-{number}", words, box, panel="plate", on=item.id)


def _balloon(words: str, speaker: SceneObject, number: int) -> TextLayer:
    """A speech balloon above the speaker's head, inside of the picture."""
    x, y, w, _ = speaker.box
    lines = 1 if len(words) < 16 else 2 if len(words) < 40 else 3
    wide, tall = min(0.1 + 0.024 * len(words) / lines, 0.6), 0.05 + 0.05 * lines
    left = min(max(x + w / 2 - wide / 2, 0.015), 0.985 - wide)
    top = max(y - tall - 0.035, 0.015)
    return TextLayer(
        f"text-{number}", words, (left, top, wide, tall), panel="bubble", on=speaker.id
    )


def _drawn_ink(item: SceneObject) -> str:
    return "#f6f8f2" if item.art in ("drawn:board", "drawn:stop-sign") else "#26262b"


def _banner(words: str, objects: Sequence[SceneObject], number: int) -> TextLayer:
    """A banner where it hides least: at the top, or at the bottom."""
    width, height = min(0.9, 0.16 + 0.045 * len(words)), 0.11 if len(words) < 24 else 0.17
    best = min(
        (0.035, 0.965 - height),
        key=lambda top: (
            sum(_overlap(item.box, ((1 - width) / 2, top, width, height)) for item in objects),
            top,
        ),
    )
    return TextLayer(
        f"text-{number}", words, ((1 - width) / 2, best, width, height), panel="banner"
    )


def _overlap(a: Box, b: Box) -> float:
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    tall = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(wide, 0.0) * max(tall, 0.0)
