"""How things of a scene come to rest: on what they stand on, astride what they ride, adrift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from omnimuse.crafts.illustration.concepts import Concept
from omnimuse.crafts.illustration.scene import Box
from omnimuse.crafts.layout.sizes import real_size
from omnimuse.crafts.layout.words import noun_kind

SEA_LIFE = 38
"""The art pack's subgroup of what lives in the sea."""
_BOARDS = frozenset(("skateboard", "surfboard", "snowboard", "skis", "ski", "sled", "wave"))
_SEATS = frozenset(("bench", "chair", "sofa", "couch", "armchair", "stool", "throne", "swing"))
_ALOFT = 0.25
"""How far above the feet of what stands a bird must be to fly, as a share of the picture."""
_BEDS = frozenset(("bed", "couch", "sofa", "mattress", "hammock", "cot", "crib"))
_LYING = frozenset(("sleeping", "lying", "napping", "laying", "dreaming"))
# Sinking of those who sit astride; where a mount's back and belly are in its box; a person's
# share of legs.
_ASTRIDE = 1.0
_BACK, _BELLY, _LEGS = 0.3, 0.63, 0.36
_BACKS = {"elephant": 0.04, "cow": 0.2, "bull": 0.2, "pig": 0.1, "turtle": 0.1, "tortoise": 0.1}


def _just_below(
    i: int,
    entries: Sequence[Mapping[str, Any]],
    boxes: Sequence[Box],
    is_standing: Sequence[bool],
) -> int | None:
    """What a thing hovers a hand's breadth above: it is meant to stand on it.

    Not another of its kind: rows of alike things stand behind each other.
    """
    x, y, w, h = boxes[i]
    for j, (left, top, wide, _) in enumerate(boxes):
        is_over = left < x + w / 2 < left + wide and 0 < top - (y + h) < 0.05 and w < wide
        is_alike = entries[i]["label"] == entries[j]["label"]
        if j != i and is_over and is_standing[i] and is_standing[j] and not is_alike:
            return j
    return None


def settled(
    entries: Sequence[Mapping[str, Any]], boxes: list[Box], is_standing: Sequence[bool]
) -> list[Box]:
    """Things that stand on others are let down onto them, and drawn together if they overhang.

    Boxes that touch their support already stay as they are.
    """
    places = {entry["id"]: i for i, entry in enumerate(entries)}
    loads: dict[int, list[int]] = {}
    for i, entry in enumerate(entries):
        hint = _just_below(i, entries, boxes, is_standing)
        below = places.get(str(entry.get("support", "")), hint)
        if below is not None and below != i:
            loads.setdefault(below, []).append(i)
    settled = list(boxes)
    for below, above in loads.items():
        limit = boxes[below][1] + 0.3 * boxes[below][3]
        hanging = [i for i in above if boxes[i][1] + boxes[i][3] < limit]
        for i, box in zip(hanging, _set_down([boxes[i] for i in hanging], boxes[below])):
            settled[i] = box
    return settled


def seated(
    layout: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], boxes: Sequence[Box]
) -> list[Box]:
    """Riders down to the saddle, sitters down to the seat: people are drawn standing.

    A thing whose box reaches into that of its mount already stays as it is; centres stay in order.
    """
    places = {entry["id"]: i for i, entry in enumerate(entries)}
    seated = list(boxes)
    for relation in layout.get("relations") or ():
        if not isinstance(relation, Mapping):
            continue
        rider = places.get(str(relation.get("subject")))
        mount = places.get(str(relation.get("object")))
        if rider is None or mount is None or rider == mount:
            continue
        sink = _sink(str(relation.get("relation")), entries[rider], entries[mount])
        (x, y, w, h), (left, top, wide, tall) = boxes[rider], boxes[mount]
        low = top + sink * tall
        if sink == _ASTRIDE:
            noun = entries[mount]["label"].rsplit(" ", 1)[-1]
            belly = _BELLY if noun_kind(noun) == "a" else 1.0
            low = top + min(_BACKS.get(noun, _BACK) * tall + _LEGS * h, belly * tall)
            reach = 0.1 * wide
            x = min(max(x, left + wide / 2 - w / 2 - reach), left + wide / 2 - w / 2 + reach)
        if sink and y + h < low and low - h / 2 < top + tall / 2:
            seated[rider] = (x, low - h, w, h)
    return seated


def _sink(relation: str, rider: Mapping[str, Any], mount: Mapping[str, Any]) -> float:
    """How far down the box of its mount a rider or sitter comes, as a share of its height."""
    noun = mount["label"].rsplit(" ", 1)[-1]
    if relation == "riding" and noun not in _BOARDS:
        return _ASTRIDE
    is_astride = relation == "on" and noun in ("bicycle", "bike", "motorcycle", "scooter", "horse")
    if is_astride:
        return _ASTRIDE
    is_sitting = rider["attributes"].get("pose") in ("sitting", "resting", "relaxing", "lying")
    return 0.8 if relation == "on" and is_sitting and noun in _SEATS else 0.0


def adrift(
    layout: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    concepts: Sequence[Concept],
    boxes: Sequence[Box],
) -> list[Box]:
    """Fish of one kind at depths of their own, where no relation says how they swim."""
    told = {
        str(relation.get(end))
        for relation in layout.get("relations") or ()
        if isinstance(relation, Mapping)
        for end in ("subject", "object")
    }
    kinds = Counter(entry["label"] for entry in entries)
    moved = list(boxes)
    rank = 0
    for i, (entry, concept) in enumerate(zip(entries, concepts)):
        is_bound = entry["id"] in told or entry.get("support")
        if concept.subgroup != SEA_LIFE or kinds[entry["label"]] < 2 or is_bound:
            continue
        rank += 1
        x, _, w, h = boxes[i]
        for turn in range(6):
            share = (0.38 + 0.618 * rank + 0.29 * turn) % 1.0
            level = 0.08 + share * max(0.8 - h - 0.08, 0.0)
            others = [box for j, box in enumerate(moved) if j != i]
            if not any(_meets((x, level, w, h), other) for other in others):
                moved[i] = (x, level, w, h)
                break
    return moved


def _meets(one: Box, other: Box) -> bool:
    is_beside = one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
    return not (is_beside or one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1])


def asleep(
    layout: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], boxes: Sequence[Box]
) -> dict[int, Box]:
    """Where people who sleep or lie on a bed lie: along it, head on the pillow's side."""
    places = {entry["id"]: i for i, entry in enumerate(entries)}
    found: dict[int, Box] = {}
    for relation in layout.get("relations") or ():
        if not isinstance(relation, Mapping) or relation.get("relation") not in ("on", "in"):
            continue
        sleeper = places.get(str(relation.get("subject")))
        bed = places.get(str(relation.get("object")))
        if sleeper is None or bed is None or noun_kind(entries[sleeper]["label"]) != "p":
            continue
        is_bed = entries[bed]["label"].rsplit(" ", 1)[-1] in _BEDS
        if is_bed and entries[sleeper]["attributes"].get("pose") in _LYING:
            left, top, wide, tall = boxes[bed]
            long = min(max(boxes[sleeper][3], 0.6 * wide), 0.74 * wide)
            thick = min(0.42 * long, 0.5 * tall)
            found[sleeper] = (left + 0.1 * wide, top + 0.55 * tall - thick, long, thick)
    return found


def airborne(
    entries: Sequence[Mapping[str, Any]], concepts: Sequence[Concept], boxes: Sequence[Box]
) -> list[Concept]:
    """The concepts, with birds far above all that stands as things of the sky."""
    feet = [b[1] + b[3] for b, c in zip(boxes, concepts, strict=True) if c.anchor == "ground"]
    lowest = max(feet, default=0.0)
    return [
        replace(concept, anchor="sky")
        if concept.anchor == "ground"
        and real_size(entry["label"])[2] == "a"
        and not entry.get("support")
        and box[1] + box[3] < lowest - _ALOFT
        else concept
        for entry, concept, box in zip(entries, concepts, boxes, strict=True)
    ]


def mounts(
    layout: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], places: Mapping[str, int]
) -> dict[int, int]:
    """What each rider sits astride: the mount hides the legs, since people are drawn standing."""
    found: dict[int, int] = {}
    for relation in layout.get("relations") or ():
        if not isinstance(relation, Mapping):
            continue
        rider = places.get(str(relation.get("subject")))
        mount = places.get(str(relation.get("object")))
        if rider is None or mount is None or rider == mount or mount in found:
            continue
        is_person = noun_kind(entries[rider]["label"]) == "p"
        sink = _sink(str(relation.get("relation")), entries[rider], entries[mount])
        if is_person and sink == _ASTRIDE:
            found.setdefault(rider, mount)
    return found


def _set_down(above: Sequence[Box], support: Box) -> list[Box]:
    """Boxes that hang over a support, stood on it, side by side if they would hide each other."""
    left, top, wide, tall = support
    low = top + min(0.1 * tall, 0.03)
    if not above:
        return []
    if len(above) == 1 and above[0][1] + above[0][3] > top:
        return list(above)
    total = sum(box[2] for box in above)
    if len(above) == 1:
        x, _, w, h = above[0]
        middle = min(max(x + w / 2, left), left + wide)
        return [(middle - w / 2, low - h, w, h)]
    scale = min(1.0, max(wide / total, 0.4))
    order = sorted(range(len(above)), key=lambda i: above[i][0] + above[i][2] / 2)
    hides = any(above[j][0] < above[i][0] + 0.75 * above[i][2] for i, j in pairwise(order))
    placed = list(above)
    cursor, gap = left, (wide - total * scale) / len(above)
    for i in order:
        x, _, w, h = above[i]
        middle = left + wide / 2 + (x + w / 2 - left - wide / 2) * scale
        if hides or total > wide:
            middle = cursor + gap / 2 + w * scale / 2
            cursor += gap + w * scale
        placed[i] = (middle - w * scale / 2, low - h * scale, w * scale, h * scale)
    return placed
