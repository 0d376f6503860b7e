"""Edits applied to a scene: what is not named stays exactly as it is."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from omnimuse.backends.base import Detection, ParsedToken, Parser
from omnimuse.crafts.illustration.art import ArtPack
from omnimuse.crafts.illustration.color import NAMED, name_of, parse_color
from omnimuse.crafts.illustration.compose import compose_scene
from omnimuse.crafts.illustration.scene import Background, Box, Scene, SceneObject
from omnimuse.crafts.imaging.mentions import Embed, Mention, read_mention, resolve
from omnimuse.crafts.imaging.recolor import color_of
from omnimuse.crafts.layout import describe_scenes, lay_out
from omnimuse.crafts.layout.sizes import extent
from omnimuse.crafts.scene_editing.instruction import Edit, read_edits
from omnimuse.errors import ArgumentError, NeedsInputError

_GAP = 0.015
_STEP = 0.22
_CROWDED = 0.5
_PRONOUNS = ("it", "them", "him", "her", "this", "that", "these", "those")


def _is_quality(tokens: Sequence[ParsedToken]) -> bool:
    """Whether words only name a thing and how it shall be: "the dog bigger", "the left car red"."""
    words = [token for token in tokens if token.tag[:1].isalpha()]
    if len(words) < 3 or any(t.tag[:2] in ("VB", "MD", "IN", "CD", "CC") for t in words[:-1]):
        return False
    last = words[-1]
    is_quality = last.tag in ("JJR", "RBR") or parse_color(last.text) is not None
    return words[0].tag in ("DT", "PRP", "PRP$") and is_quality


class SceneEditor:
    """Changes scenes by words.

    Args:
        pack: the art, for things that are added.
        parser: grammar.
        embed: sentence embedding; without it things and verbs are known by name.
    """

    def __init__(self, pack: ArtPack, parser: Parser, embed: Embed | None) -> None:
        self._pack, self._parser, self._embed = pack, parser, embed

    def edit(self, scene: Scene, instruction: str) -> Scene:
        """The scene with all edits of an instruction.

        Raises:
            ArgumentError: an empty instruction.
            NeedsInputError: it is not understood, or names a thing that is not there.
        """
        text = " ".join(instruction.split()).strip()
        if not text:
            raise ArgumentError("the instruction is empty", hint='E.g. "make the house blue".')
        last: list[str] = []
        for edit in self._read(text):
            scene, last = self._apply(scene, edit, last)
        return scene

    def _read(self, text: str) -> list[Edit]:
        plain, polite = text[0].lower() + text[1:], f"please {text[0].lower()}{text[1:]}"
        made = f"make {plain}"
        trees = self._parser.parse([plain, polite, made])
        if _is_quality(trees[0]):
            return read_edits(made, trees[2], self._embed)
        try:
            return read_edits(plain, trees[0], self._embed)
        except NeedsInputError:
            # A bare imperative may be taken for a noun; after "please" it is a verb.
            return read_edits(polite, trees[1], self._embed)

    def _apply(self, scene: Scene, edit: Edit, last: list[str]) -> tuple[Scene, list[str]]:
        if edit.action == "setting":
            return self._set(scene, edit.value), last
        if edit.action == "add":
            return self._add(scene, edit)
        if edit.action == "write" and not edit.target:
            return self._banner(scene, edit), last
        chosen = self.find(scene, edit.target, last)
        ids = [item.id for item in chosen]
        for item in chosen:
            scene = self._change(scene, scene.object(item.id), edit)
        return scene, ids

    def find(self, scene: Scene, words: str, last: Sequence[str] = ()) -> list[SceneObject]:
        """The objects that words mean; `last` are the ids that `it` stands for.

        Raises:
            NeedsInputError: none, or it is not said which.
        """
        bare = words.lower().strip()
        if bare in _PRONOUNS or not bare:
            known = [item for item in scene.objects if item.id in last]
            if known:
                return known
            if len(scene.objects) == 1:
                return list(scene.objects)
            raise NeedsInputError("Which thing is meant?", hint=_there(scene))
        mention = read_mention(words)
        seen = {_key(item, scene): item for item in scene.objects if _has_color(item, mention)}
        found = resolve(replace(mention, colors=()), list(seen), _blank(scene), self._embed)
        if not found:
            raise NeedsInputError(f"I see no {bare[:60]!r} in the scene.", hint=_there(scene))
        return [seen[one] for one in found]

    def _change(self, scene: Scene, item: SceneObject, edit: Edit) -> Scene:
        if edit.action == "remove":
            return scene.without_object(item.id)
        if edit.action == "replace":
            return self._replace(scene, item, edit.value)
        if edit.action == "copy":
            phrase = f"a {item.attributes.get('color', '')} {item.label}"
            return self._add(scene, Edit("add", value=" ".join(phrase.split())))[0]
        if edit.action == "write":
            return self._write(scene, item, edit.value)
        changed = item
        if edit.action == "color":
            attributes = {**item.attributes, "color": edit.value}
            changed = replace(item, color=color_of(edit.value), attributes=attributes)
        elif edit.action == "scale":
            changed = replace(item, box=_scaled(item, edit.factor))
        elif edit.action == "mirror":
            changed = replace(item, flip=not item.flip)
        elif edit.action == "rotate":
            changed = replace(item, rotation=(item.rotation + edit.factor) % 360)
        elif edit.action == "move":
            changed = self._moved(scene, item, edit)
        return _with_text_moved(scene.with_object(changed), item, changed)

    def _moved(self, scene: Scene, item: SceneObject, edit: Edit) -> SceneObject:
        if edit.relation:
            other = self.find(scene, edit.other)[0]
            box = _beside(item.box, other.box, edit.relation)
            depth = {"in front of": other.depth + 0.01, "behind": other.depth - 0.01}
            moved = depth.get(edit.relation, item.depth)
            return replace(item, box=box, depth=min(1.0, max(0.0, moved)))
        return replace(item, box=_to_side(item.box, edit.sides))

    def _new(self, scene: Scene, phrase: str) -> tuple[list[SceneObject], Any]:
        """Things of a phrase, drawn as the layout and the art say, not yet placed."""
        request = describe_scenes([phrase], self._parser)[0]
        if not request.things:
            raise NeedsInputError(
                f"What shall be added? {phrase[:60]!r} names no thing.", hint='E.g. "two birds".'
            )
        layout = lay_out(request, seed=scene.seed, canvas=scene.canvas)
        taken = {o.id for o in scene.objects} | {t.id for t in scene.texts}
        for entry in layout["objects"]:
            entry["id"] = _free_id(entry["label"], taken)
            taken.add(entry["id"])
        layout.pop("relations", None)
        drawn = compose_scene(
            {"canvas": list(scene.canvas), "objects": layout["objects"]},
            self._pack, canvas=scene.canvas, seed=scene.seed, embed=self._embed,
        )  # fmt: skip
        return list(drawn.objects), drawn.texts

    def _add(self, scene: Scene, edit: Edit) -> tuple[Scene, list[str]]:
        items, _ = self._new(scene, edit.value)
        other = self.find(scene, edit.other)[0] if edit.relation else None
        ids = []
        for item in items:
            item = replace(item, box=_in_scale(item, scene))
            like = [o for o in scene.objects if o.label == item.label]
            if like:
                width = sorted(o.box[2] for o in like)[len(like) // 2]
                height = sorted(o.box[3] for o in like)[len(like) // 2]
                feet = like[0].box[1] + like[0].box[3]
                item = replace(item, box=(item.box[0], feet - height, width, height),
                               depth=like[0].depth, anchor=like[0].anchor)  # fmt: skip
            if other is not None:
                box = _beside(item.box, other.box, edit.relation)
                change = -0.01 if edit.relation == "behind" else 0.01
                item = replace(item, box=box, depth=min(1.0, max(0.0, other.depth + change)))
            elif edit.sides:
                item = replace(item, box=_to_side(item.box, edit.sides))
            item = replace(item, box=_roomiest(item, scene, spread=other is None))
            scene = scene.with_object(item)
            ids.append(item.id)
        return scene, ids

    def _replace(self, scene: Scene, item: SceneObject, phrase: str) -> Scene:
        new = self._new(scene, f"a {phrase}" if len(phrase.split()) == 1 else phrase)[0][0]
        x, y, w, h = item.box
        scale = min(1.0, w / new.box[2] * 1.15, h / new.box[3] * 1.15)
        scale = max(scale, 0.75 * min(w / new.box[2], h / new.box[3]))
        width, height = new.box[2] * scale, new.box[3] * scale
        box = (x + w / 2 - width / 2, y + h - height, width, height)
        placed = replace(new, box=box, depth=item.depth, flip=item.flip)
        order = tuple(placed if o.id == item.id else o for o in scene.objects)
        texts = tuple(text for text in scene.texts if text.on != item.id)
        return replace(scene, objects=order, texts=texts)

    def _write(self, scene: Scene, item: SceneObject, text: str) -> Scene:
        drawn = compose_scene(
            {"canvas": list(scene.canvas), "objects": [_entry(item, text)]},
            self._pack, canvas=scene.canvas, seed=scene.seed, embed=self._embed,
        )  # fmt: skip
        kept = [layer for layer in scene.texts if layer.on != item.id]
        taken = {o.id for o in scene.objects} | {t.id for t in kept}
        new = [replace(layer, id=_free_id("text", taken), on=item.id) for layer in drawn.texts]
        named = replace(item, attributes={**item.attributes, "text": text})
        return replace(scene.with_object(named), texts=(*kept, *new))

    def _banner(self, scene: Scene, edit: Edit) -> Scene:
        # Where a side is given the words do not go on a sign that happens to be free.
        entries = [] if edit.sides else [_entry(item, "") for item in scene.objects]
        drawn = compose_scene(
            {"canvas": list(scene.canvas), "objects": entries, "text": [edit.value]},
            self._pack, canvas=scene.canvas, seed=scene.seed, embed=self._embed,
        )  # fmt: skip
        taken = {o.id for o in scene.objects} | {t.id for t in scene.texts}
        layer = replace(drawn.texts[-1], id=_free_id("text", taken))
        if edit.sides and not layer.on:
            layer = replace(layer, box=_to_side(layer.box, edit.sides))
        return replace(scene, texts=(*scene.texts, layer))

    def _set(self, scene: Scene, words: str) -> Scene:
        """Another time, weather, season or place."""
        layout = lay_out(describe_scenes([f"a picture of {words}"], self._parser)[0],
                         seed=scene.seed, canvas=scene.canvas)  # fmt: skip
        wanted = compose_scene(
            {
                "canvas": list(scene.canvas),
                "objects": [_entry(item, "") for item in scene.objects],
                "background": layout.get("background") or "",
                **{key: layout[key] for key in ("time", "weather", "season") if layout.get(key)},
            },
            self._pack, canvas=scene.canvas, seed=scene.seed, embed=self._embed,
        ).background  # fmt: skip
        old = scene.background
        has_place = bool(layout.get("background")) and wanted.place != old.place
        return replace(scene, background=Background(
            place=wanted.place if has_place else old.place,
            time=(layout.get("time") and wanted.time) or old.time,
            weather=(layout.get("weather") and wanted.weather) or old.weather,
            season=(layout.get("season") and wanted.season) or old.season,
            horizon=wanted.horizon if has_place else old.horizon,
            light=old.light,
            glow=old.glow,
        ))  # fmt: skip


def _entry(item: SceneObject, text: str) -> dict[str, Any]:
    attributes = {k: v for k, v in item.attributes.items() if k != "text"}
    if text:
        attributes["text"] = text
    return {"id": item.id, "label": item.label, "box": list(item.box), "attributes": attributes,
            "depth": item.depth}  # fmt: skip


def _key(item: SceneObject, scene: Scene) -> Detection:
    x, y, w, h = item.box
    width, height = scene.canvas
    return Detection(item.label, 1.0, (x * width, y * height, w * width, h * height))


def _has_color(item: SceneObject, mention: Mention) -> bool:
    if not mention.colors:
        return True
    said = item.attributes.get("color", "").split()
    own = name_of(item.color) if item.color else ""
    return any(color in said or name_of(NAMED[color]) == own for color in mention.colors)


def _blank(scene: Scene) -> Any:
    import numpy as np

    return np.broadcast_to(np.uint8(0), (scene.canvas[1], scene.canvas[0], 3))


def _there(scene: Scene) -> str:
    labels = dict.fromkeys(item.label for item in scene.objects)
    return f"There are: {', '.join(labels) or 'no things'}."


def _free_id(label: str, taken: set[str]) -> str:
    base = re.sub(r"\s+", "-", label.strip().lower()) or "thing"
    number = 1
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def _scaled(item: SceneObject, factor: float) -> Box:
    """Larger or smaller about its feet where it stands, else about its middle."""
    x, y, w, h = item.box
    factor = min(factor, 4.0 / max(w, h))
    wide, high = max(0.012, w * factor), max(0.012, h * factor)
    top = y + h - high if item.anchor in ("ground", "water") else y + h / 2 - high / 2
    return (x + w / 2 - wide / 2, top, wide, high)


def _to_side(box: Box, sides: Sequence[str]) -> Box:
    """A step to the side for left, right, up and down; the edge or the middle for the others."""
    x, y, w, h = box
    both = {"top", "bottom"} & set(sides) and {"left", "right"} & set(sides)
    for side in sides:
        if side in ("left", "right"):
            x = (0.02 if both else max(min(0.02, x), x - _STEP)) if side == "left" else (
                0.98 - w if both else min(max(0.98 - w, x), x + _STEP)
            )  # fmt: skip
        elif side in ("up", "down"):
            y = max(0.02, y - _STEP / 1.5) if side == "up" else min(0.98 - h, y + _STEP / 1.5)
        elif side in ("top", "bottom"):
            y = 0.03 if side == "top" else 0.97 - h
        elif side == "center":
            x = 0.5 - w / 2
    return (x, y, w, h)


def _beside(box: Box, other: Box, relation: str) -> Box:
    """The box at its place by another one."""
    _, _, w, h = box
    ox, oy, ow, oh = other
    middle, feet = ox + ow / 2 - w / 2, oy + oh - h
    room_right = 1.0 - (ox + ow)
    x, y = {
        "above": (middle, oy - h - _GAP),
        "below": (middle, oy + oh + _GAP),
        "on": (middle, oy - h * 0.92),
        "left of": (ox - w - _GAP, feet),
        "right of": (ox + ow + _GAP, feet),
        "next to": (ox + ow + _GAP if room_right >= w else ox - w - _GAP, feet),
        "behind": (middle + 0.35 * ow, feet - 0.04),
        "in front of": (middle, oy + oh - h * 0.75),
    }.get(relation, (middle, feet))
    return (min(max(x, -w * 0.2), 1.0 - w * 0.8), min(max(y, 0.0), 1.02 - h), w, h)


def _in_scale(item: SceneObject, scene: Scene) -> Box:
    """The new thing's box at the scale at which the others are drawn."""
    units = sorted(_drawn_side(o.box) / _side(o) for o in scene.objects if o.anchor != "fill")
    x, y, w, h = item.box
    if not units:
        return item.box
    wanted = min(units[len(units) // 2] * _side(item), 0.6)
    ratio = min(wanted / _drawn_side(item.box), 0.9 / max(w, h))
    wide, high = w * ratio, h * ratio
    top = y + h - high if item.anchor in ("ground", "water") else y + h / 2 - high / 2
    return (x + w / 2 - wide / 2, top, wide, high)


def _side(item: SceneObject) -> float:
    drawn = extent(item.label, item.attributes.get("size", ""), item.attributes.get("age", ""))
    return math.sqrt(drawn.width * drawn.height)


def _drawn_side(box: Box) -> float:
    return math.sqrt(box[2] * box[3])


def _roomiest(item: SceneObject, scene: Scene, *, spread: bool) -> Box:
    """A free place; where the scene is too full for one the new thing is drawn smaller."""
    box = item.box
    for factor in (1.0, 0.8, 0.64, 0.5):
        box = _freest(_scaled(item, factor), scene, spread=spread)
        if not spread or _hidden_share(box, scene) <= _CROWDED:
            break
    return box


def _hidden_share(box: Box, scene: Scene) -> float:
    """How much of the box lies on other things, as a share of it."""
    hidden = sum(_overlap(box, item.box) for item in scene.objects if item.anchor != "fill")
    return hidden / (box[2] * box[3])


def _freest(box: Box, scene: Scene, *, spread: bool) -> Box:
    """The place near the wanted one that hides least of what is there."""
    _, y, w, h = box
    steps = [0.0, 0.06, -0.06, 0.12, -0.12, 0.2, -0.2, 0.3, -0.3, 0.42, -0.42, 0.55, -0.55]
    best, least = box, float("inf")
    for shift in steps if spread else steps[:3]:
        x = min(max(box[0] + shift, 0.01), max(0.01, 0.99 - w))
        cost = _hidden_share((x, y, w, h), scene) + 0.25 * abs(x - box[0])
        if cost < least - 1e-9:
            best, least = (x, y, w, h), cost
    return best


def _overlap(a: Box, b: Box) -> float:
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0.0, wide) * max(0.0, high)


def _with_text_moved(scene: Scene, old: SceneObject, new: SceneObject) -> Scene:
    """Words that an object bears go with it."""
    if old.box == new.box:
        return scene
    sx, sy = new.box[2] / old.box[2], new.box[3] / old.box[3]

    def moved(box: Box) -> Box:
        return (new.box[0] + (box[0] - old.box[0]) * sx, new.box[1] + (box[1] - old.box[1]) * sy,
                box[2] * sx, box[3] * sy)  # fmt: skip

    texts = tuple(replace(t, box=moved(t.box)) if t.on == new.id else t for t in scene.texts)
    return replace(scene, texts=texts)
