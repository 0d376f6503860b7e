"""A scene from a layout: models found, dressed, sized and arranged, with a record of how."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from omnimuse.crafts.illustration.color import NAMED
from omnimuse.crafts.layout.sizes import real_size
from omnimuse.crafts.scene3d.arrange import Arranger, Relation, Thing, relations_of
from omnimuse.crafts.scene3d.build import Builder, Form, Model, build
from omnimuse.crafts.scene3d.find import Found, ModelIndex
from omnimuse.crafts.scene3d.glb import Placed
from omnimuse.crafts.scene3d.material import is_material, metal_of
from omnimuse.crafts.scene3d.shapes import box, cylinder
from omnimuse.errors import InputError

Proportions = Literal["storybook", "real"]
CARRIED = ("on", "riding", "wearing", "in", "under", "below")
BESIDE, UPON = 5.0, 16.0
"""How many times as large as the smallest a thing may be drawn in a storybook."""
MAX_THINGS = 120
VARIANTS = 3
_SIZES = {
    "tiny": 0.45,
    "miniature": 0.4,
    "mini": 0.5,
    "small": 0.7,
    "little": 0.7,
    "short": 0.8,
    "large": 1.35,
    "big": 1.35,
    "huge": 1.8,
    "giant": 2.2,
    "gigantic": 2.4,
    "enormous": 2.0,
    "massive": 1.9,
    "tall": 1.3,
    "long": 1.3,
    "oversized": 1.6,
    "colossal": 2.4,
    "towering": 1.7,
}


@dataclass(frozen=True, eq=False)
class World:
    """A finished scene.

    Attributes:
        things: what stands where.
        objects: a record of each: id, label, model, match, confidence, place, size.
        notes: what was not done as it was asked, in words.
        mood: day, sunset or night.
    """

    things: tuple[Placed, ...]
    objects: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...] = ()
    mood: str = "day"
    stand_ins: tuple[str, ...] = field(default_factory=tuple)


def world_of(
    layout: Mapping[str, Any],
    index: ModelIndex,
    *,
    seed: int = 0,
    proportions: Proportions = "storybook",
) -> World:
    """Build the scene that a layout plans (see `omnimuse.crafts.layout.schema`).

    Args:
        layout: JSON of a layout.
        index: finds the models.
        seed: varies plants, rocks and the like.
        proportions: `real` keeps true sizes; `storybook` draws very large and very small things
            closer together, so that a cat can be seen beside a castle.

    Raises:
        InputError: nothing in it can be modelled, or there are more than MAX_THINGS things.
    """
    entries = list(layout.get("objects", ())) or _scenery(str(layout.get("background", "")))
    if not entries:
        raise InputError(
            "the description names nothing that can be modelled",
            hint="Name things, such as: a table with two chairs.",
        )
    if len(entries) > MAX_THINGS:
        raise InputError(f"{len(entries)} things; at most {MAX_THINGS} are built in one scene")
    found = {str(e["label"]): index.find(str(e["label"])) for e in entries}
    unknown = tuple(label for label, f in found.items() if f.model is None)
    if len(unknown) == len(found):
        raise _unknown(unknown, found)
    things = [_thing(e, found[str(e["label"])], seed, n) for n, e in enumerate(entries)]
    labels = {t.id: t.group for t in things}
    relations = relations_of(layout.get("relations", ()), labels)
    _size_sky(things, found, labels)
    if proportions == "storybook":
        _draw_closer(things, relations)
    arrangement = Arranger(things, relations).arrange()
    by_id = {str(e["id"]): e for e in entries}
    records = tuple(
        _record(t, by_id[t.id], found[str(by_id[t.id]["label"])]) for t in arrangement.things
    )
    placed = tuple(
        Placed(t.id, t.form, t.at, t.yaw_deg, t.scale, {"label": r["label"], "model": r["model"]})
        for t, r in zip(arrangement.things, records, strict=True)
    )
    notes = [*layout.get("conflicts", ()), *arrangement.notes]
    return World(placed, records, tuple(notes), _mood(str(layout.get("time", ""))), unknown)


def _size_sky(
    things: Sequence[Thing], found: Mapping[str, Found], labels: Mapping[str, str]
) -> None:
    """Sun, moon and stars have no size that fits a scene: they take a share of it."""
    sky = [t for t in things if getattr(found[labels[t.id]].model, "kind", "") == "sky"]
    extent = max((max(t.size) for t in things if t not in sky), default=0.0)
    for thing in sky:
        if extent:
            thing.scale *= 0.42 * extent / max(thing.size)


def _draw_closer(things: Sequence[Thing], relations: Sequence[Relation]) -> None:
    """Shrink what is so large that the smallest thing beside it could not be seen."""
    holder = {r.subject: r.object for r in relations if r.relation in CARRIED}
    by_id = {t.id: t for t in things}
    for known, limit in ((False, BESIDE), (True, UPON)):
        group = [t for t in things if (t.id in holder) == known and not t.is_flying]
        for thing in group:
            peers = [by_id[holder[thing.id]]] if known and holder[thing.id] in by_id else group
            if known:
                ratio = max(peers[0].size) / max(thing.size)
                thing.scale *= max(1.0, ratio / limit)
        if known or len(group) < 2:
            continue
        sizes = [max(t.size) for t in group]
        smallest, ratio = min(sizes), max(sizes) / min(sizes)
        if ratio > limit:
            power = math.log(limit) / math.log(ratio)
            for thing, size in zip(group, sizes, strict=True):
                thing.scale *= (size / smallest) ** (power - 1)


def _unknown(labels: Sequence[str], found: Mapping[str, Found]) -> InputError:
    near = ", ".join(dict.fromkeys(name for f in found.values() for name in f.nearest[:3]))
    return InputError(
        f"there is no 3D model of {', '.join(repr(label) for label in labels)}",
        hint=f"Nearest: {near}." if near else "Name common things, such as a chair or a tree.",
        code="no_model",
    )


def _scenery(background: str) -> list[dict[str, Any]]:
    """A prompt that names only a place asks for the place itself: "a forest", "mountains"."""
    names = [name.strip() for name in background.split(",") if name.strip()]
    return [
        {"id": f"{name.replace(' ', '-')}-1", "label": name, "box": [0.3, 0.3, 0.4, 0.4]}
        for name in names
    ]


def _thing(entry: Mapping[str, Any], found: Found, seed: int, number: int) -> Thing:
    said = {str(k): str(v) for k, v in (entry.get("attributes") or {}).items()}
    x, _, w, _ = entry.get("box", (0.4, 0.4, 0.2, 0.2))
    scale = 1.0
    for word in (said.get("size", "") + (" small" if said.get("age") == "baby" else "")).split():
        scale *= _SIZES.get(word, 1.0)
    form = _form_of(found.model, str(entry["label"]), said, (seed + number) % VARIANTS)
    return Thing(
        str(entry["id"]),
        form,
        scale,
        (float(x) + float(w) / 2, float(entry.get("depth", 0.5))),
        found.model is not None and found.model.stance == "sky",
        str(entry["label"]),
    )


def _form_of(model: Model | None, label: str, said: Mapping[str, str], variant: int) -> Form:
    words = said.get("color", "").replace(" and ", " ").split()
    color = next((NAMED[word] for word in reversed(words) if word in NAMED), "")
    stuff = said.get("material", "")
    metal = next((metal_of(word) for word in words if metal_of(word)), "")
    if metal and not stuff:
        stuff, color = metal, ""
    if model is None:
        return _stand_in(label, color)
    stuff = stuff if is_material(stuff) else ""
    kept = tuple(sorted(said.items()))
    return _form(model, color, stuff, kept, variant if model.varied else 0)


@lru_cache(maxsize=128)
def _form(
    model: Model, color: str, stuff: str, said: tuple[tuple[str, str], ...], variant: int
) -> Form:
    return build(model, color=color, stuff=stuff, said=dict(said), variant=variant)


@lru_cache(maxsize=32)
def _stand_in(label: str, color: str) -> Form:
    """A plain block of the thing's real size, where there is no model of it."""
    width, height, _ = real_size(label)

    def block(b: Builder) -> None:
        b.add(box(width, height, min(width, height * 1.5), 0.04 * min(width, height)))
        b.top(height, width * 0.4, width * 0.3)

    return build(Model(f"stand-in for {label}", (label,), block, "plaster #b9bcc2"), color=color)


def _record(thing: Thing, entry: Mapping[str, Any], found: Found) -> dict[str, Any]:
    return {
        "id": thing.id,
        "label": str(entry["label"]),
        "model": found.model.name if found.model else "stand-in",
        "match": found.match,
        "confidence": found.confidence,
        "at_m": [round(v, 3) for v in thing.at],
        "size_m": [round(v, 3) for v in thing.size],
        "attributes": dict(entry.get("attributes") or {}),
    }


def _mood(time: str) -> str:
    if time in ("night", "evening"):
        return "night"
    return "sunset" if time in ("sunset", "dawn") else "day"


def with_ground(world: World, layout: Mapping[str, Any]) -> World:
    """The scene on a disc of grass, snow, sand, water or stone, as its background says."""
    words = f"{layout.get('background', '')} {layout.get('weather', '')} {layout.get('season', '')}"
    stuff = next((s for s, names in _GROUNDS.items() if any(n in words for n in names)), "grass")
    low, high = _extent(world.things)
    radius = 0.62 * math.hypot(high[0] - low[0], high[1] - low[1]) + 0.05
    thick = 0.05 * radius

    def disc(b: Builder) -> None:
        b.add(cylinder(radius, thick, bevel=thick * 0.3, segments=96))

    form = build(Model("ground", ("ground",), disc, stuff, kind="land"))
    place = ((low[0] + high[0]) / 2, -thick, (low[1] + high[1]) / 2)
    ground = Placed("ground", form, place, extras={"label": "ground", "model": "ground"})
    return replace(world, things=(*world.things, ground))


_GROUNDS = {
    "snow": ("snow", "winter", "ice"),
    "sand": ("desert", "beach", "sand"),
    "water": ("sea", "ocean", "lake", "river", "water", "pond"),
    "stone": ("street", "city", "town", "square", "road"),
    "wood": ("room", "kitchen", "house", "floor", "indoor"),
}


def _extent(things: Sequence[Placed]) -> tuple[tuple[float, float], tuple[float, float]]:
    from omnimuse.crafts.scene3d.drawable import pieces_of

    points = np.concatenate([piece.vertices for piece in pieces_of(things)])
    low, high = points.min(axis=0), points.max(axis=0)
    return (float(low[0]), float(low[2])), (float(high[0]), float(high[2]))
