"""How things share a place, and whether a relation holds: the fine work after the grid.

What stands on one support shares it, candles flank the vase between them, a tree reaches the ground
that the things under it stand on. No pass here breaks a relation that holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.schema import GroupRelation, SceneRequest
from omnimuse.crafts.layout.sizes import real_size

VERTICAL = {"above": -1, "on": -1, "riding": -1, "below": 1, "under": 1}
HORIZONTAL = {"left of": -1, "right of": 1, "next to": 0}
# Furniture that small things are put on where the prompt does not say.
_SURFACES = frozenset(("table", "desk", "counter", "shelf", "nightstand", "tray", "dresser"))


# Where the rim of a vessel is in its box; it hides the lower part of what is in the vessel.
_RIMS = {
    "vase": 0.05, "basket": 0.42, "bucket": 0.1, "pail": 0.1, "pot": 0.3, "flowerpot": 0.1,
    "box": 0.24, "crate": 0.02, "barrel": 0.06, "backpack": 0.1, "bathtub": 0.4, "tub": 0.3,
}  # fmt: skip
_SMALL_HELD = 0.26
"""A book in hand is at most so high, as a share of its reader."""
_HIDDEN = 0.35
"""Share of a guest's height that the rim hides."""


@dataclass(slots=True)
class Box:
    """One thing: centre, size, group, running number in its group and depth (1 is in front)."""

    group: int
    number: int
    x: float
    y: float
    w: float
    h: float
    depth: float = 0.5
    support: int = -1


def relation_holds(subject: Box, other: Box, relation: str) -> bool:
    """Whether the 90-degree sector of the offset between the centres is the relation's."""
    dx, dy = subject.x - other.x, subject.y - other.y
    if relation in HORIZONTAL:
        sign = HORIZONTAL[relation]
        return abs(dx) > abs(dy) and (sign == 0 or dx * sign > 0)
    if relation in VERTICAL:
        return abs(dy) > abs(dx) and dy * VERTICAL[relation] > 0
    return True


def paired(request: SceneRequest, boxes: Sequence[Box]) -> list[tuple[Box, str, Box]]:
    """Which thing stands in which relation to which; support relations pair things off."""
    by_group: dict[int, list[Box]] = {}
    for box in boxes:
        by_group.setdefault(box.group, []).append(box)
    pairs = []
    for relation in request.relations:
        subjects, others = by_group[relation.subject], by_group[relation.object]
        is_ordered = relation.relation in ("left of", "right of", "above", "below")
        if is_ordered and len(subjects) * len(others) <= 64:
            pairs += [(s, relation.relation, o) for s in subjects for o in others]
        else:
            count = max(len(subjects), len(others)) if is_ordered else len(subjects)
            order = request.things[relation.object].attributes.get("arrangement")
            if relation.relation == "on" and order in ("stack", "pile"):
                others = others[-1:]  # on top
            pairs += [
                (subjects[k % len(subjects)], relation.relation, others[k % len(others)])
                for k in range(count)
            ]
    return pairs


def with_supports(request: SceneRequest) -> SceneRequest:
    """The request with small things put on the furniture named, where nothing else is said."""
    surfaces = [i for i, t in enumerate(request.things) if t.label.rsplit(" ", 1)[-1] in _SURFACES]
    if len(surfaces) != 1 or request.things[surfaces[0]].count > 1:
        return request
    said = {r.subject for r in request.relations}
    said |= {r.object for r in request.relations if r.relation not in ("in", "on")}
    added = tuple(
        GroupRelation(i, "on", surfaces[0])
        for i, thing in enumerate(request.things)
        if i not in said
        and i != surfaces[0]
        and not thing.region
        and thing.count <= 6
        and real_size(thing.label)[2] == "s"
    )
    return replace(request, relations=request.relations + added)


def flank(boxes: list[Box], request: SceneRequest) -> None:
    """As in "a vase between two candles": the candles to both sides of the vase."""
    for relation in request.relations:
        if relation.relation != "between" or relation.other >= 0:
            continue
        middle = [b for b in boxes if b.group == relation.subject]
        sides = [b for b in boxes if b.group == relation.object]
        if len(sides) < 2 or not middle:
            continue
        left, right = min(b.x - b.w / 2 for b in middle), max(b.x + b.w / 2 for b in middle)
        low = max(b.y + b.h / 2 for b in middle)
        room = min(left, 1 - right) / ((len(sides) + 1) // 2)
        for k, box in enumerate(sides):
            factor = min(1.0, 0.95 * room / max(box.w, 1e-6))
            box.w, box.h = box.w * factor, box.h * factor
            step = (k // 2) * box.w * 1.1 + box.w * 0.55
            box.x = left - step if k % 2 == 0 else right + step
            box.y = low - box.h / 2


def lie_aside(boxes: list[Box], request: SceneRequest) -> set[tuple[int, int]]:
    """As in "a cat on a bed next to a pillow": both at their ends of the bed.

    Gives the group pairs whose offset is no longer mainly vertical.
    """
    loose: set[tuple[int, int]] = set()
    for relation in request.relations:
        if relation.relation != "on":
            continue
        guests = [b for b in boxes if b.group == relation.subject]
        hosts = [b for b in boxes if b.group == relation.object]
        others = [
            b
            for r in request.relations
            if r.relation == "next to" and relation.subject in (r.subject, r.object)
            for b in boxes
            if b.group == (r.object if r.subject == relation.subject else r.subject)
        ]
        lies = w.noun_kind(request.things[relation.subject].label) in "ap"
        fixed = any(real_size(request.things[b.group].label)[2] in "hg" for b in others)
        if fixed and not lies:
            continue  # a window stays where it hangs, a chair stands on the floor
        is_single = len(hosts) == 1 and len(guests) == 1 and bool(others)
        if not is_single or hosts[0].w < 1.2 * guests[0].w:
            continue
        _share(guests[0], hosts[0], others, request)
        loose.add((relation.subject, relation.object))
        if len(others) == 1:
            loose.add((others[0].group, relation.object))
    return loose


def _share(guest: Box, host: Box, others: list[Box], request: SceneRequest) -> None:
    side = -1 if others[0].x >= guest.x else 1
    guest.y = host.y - 0.25 * host.h - 0.2 * guest.h
    reach = max((host.w - 0.6 * guest.w) / 2, 1.3 * abs(guest.y - host.y))
    if reach > host.w / 2:
        guest.y = host.y - min(0.3 * host.w, abs(guest.y - host.y))
        reach = min(reach, 0.5 * host.w)
    guest.x = host.x + side * reach
    other = others[0]
    is_small = real_size(request.things[other.group].label)[2] == "s"
    if len(others) == 1 and is_small and other.group != host.group:
        factor = min(1.0, 0.45 * host.w / other.w)
        other.w, other.h = other.w * factor, other.h * factor
        other.x = host.x - side * (host.w - other.w) / 2
        other.y = guest.y + guest.h / 2 - other.h / 2


def carry_along(boxes: list[Box], request: SceneRequest) -> None:
    """What is in, held or worn goes where its holder went, each with its own."""
    bound = {
        r.subject for r in request.relations if r.relation in HORIZONTAL or r.relation in VERTICAL
    } | {r.object for r in request.relations if r.relation in HORIZONTAL or r.relation in VERTICAL}
    for relation in request.relations:
        is_seen = sticks_out(request.things[relation.object].label)
        if relation.relation == "in" and (relation.subject not in bound or is_seen):
            _put_inside(boxes, relation, request)
    for relation in request.relations:
        if relation.relation not in ("holding", "wearing") or relation.object in bound:
            continue
        holders = [box for box in boxes if box.group == relation.subject]
        held = [box for box in boxes if box.group == relation.object]
        for k, other in enumerate(held):
            subject, rank = holders[k % len(holders)], k // len(holders)
            tall = _SMALL_HELD if _is_small(request.things[other.group].label) else 0.5
            factor = min(1.0, 0.8 * subject.w / other.w, tall * subject.h / other.h)
            other.w, other.h = other.w * factor, other.h * factor
            side = 0.42 * (-1 if rank % 2 else 1) * (1 + 0.5 * (rank // 2))
            other.x = subject.x + (side * subject.w if relation.relation == "holding" else 0.0)
            other.y = subject.y - 0.08 * subject.h - 0.5 * (rank // 2) * other.h
            if request.things[other.group].label.endswith(("umbrella", "parasol")):
                factor = 1.5 * subject.w / other.w
                other.w, other.h = other.w * factor, other.h * factor
                other.x = subject.x + 0.12 * subject.w
                other.y = subject.y - subject.h / 2


def _is_small(label: str) -> bool:
    return max(real_size(label)[:2]) < 0.45


def sticks_out(container: str) -> bool:
    """Whether what is in it looks out of its opening: flowers in a vase, a puppy in a basket."""
    return container.rsplit(" ", 1)[-1] in _RIMS


def _let_stick_out(guests: Sequence[Box], host: Box, rim: float) -> None:
    """Guests side by side behind the rim at this height, their lower third hidden by it."""
    order = sorted(guests, key=lambda box: (round(box.x, 3), box.number))
    tall, wide = max(box.h for box in order), sum(box.w for box in order)
    fit = min(0.8 * host.h / tall, 1.4 * host.w / wide)
    factor = min(fit, 2.5) if tall < 0.5 * host.h else min(1.0, fit)
    room = max(0.9 * host.w, 0.5 * factor * wide)
    for k, box in enumerate(order):
        box.w, box.h = box.w * factor, box.h * factor
        box.x = host.x + room * ((k + 0.5) / len(order) - 0.5)
        box.y = rim + (_HIDDEN - 0.5) * box.h


def _put_inside(boxes: list[Box], relation: GroupRelation, request: SceneRequest) -> None:
    guests = [b for b in boxes if b.group == relation.subject]
    hosts = [b for b in boxes if b.group == relation.object]
    if len(hosts) != 1:
        for k, guest in enumerate(guests):
            host = hosts[k % len(hosts)]
            guest.x, guest.y = host.x, host.y - 0.1 * host.h
        return
    host = hosts[0]
    if sticks_out(request.things[relation.object].label):
        rim = _RIMS[request.things[relation.object].label.rsplit(" ", 1)[-1]]
        _let_stick_out(guests, host, host.y + (rim - 0.5) * host.h)
        return
    left, right = min(b.x - b.w / 2 for b in guests), max(b.x + b.w / 2 for b in guests)
    top, bottom = min(b.y - b.h / 2 for b in guests), max(b.y + b.h / 2 for b in guests)
    factor = min(1.0, 0.8 * host.w / (right - left), 0.85 * host.h / (bottom - top))
    for guest in guests:
        guest.x = host.x + (guest.x - (left + right) / 2) * factor
        guest.y = host.y - 0.1 * host.h * factor + (guest.y - (top + bottom) / 2) * factor
        guest.w, guest.h = guest.w * factor, guest.h * factor


def stand_under(boxes: list[Box], request: SceneRequest, loose: set[tuple[int, int]]) -> None:
    """As in "a dog under a tree": the tree comes down as far as the relations let it."""
    for relation in request.relations:
        if relation.relation not in ("under",):
            continue
        hosts = [b for b in boxes if b.group == relation.object]
        guests = [b for b in boxes if b.group == relation.subject]
        if len(hosts) != 1 or real_size(request.things[relation.object].label)[2] != "g":
            continue
        host, before = hosts[0], hosts[0].y
        pairs = [
            pair
            for pair in paired(request, boxes)
            if (pair[0].group, pair[2].group) not in loose and host in (pair[0], pair[2])
        ]
        if not all(relation_holds(*_ordered(pair)) for pair in pairs):
            continue
        if request.things[host.group].label.rsplit(" ", 1)[-1] in _SURFACES:
            _duck(guests, host)
        if request.things[host.group].label.rsplit(" ", 1)[-1] in w.SPANS:
            _pass_under(guests, host)
        lowest = max(b.y + b.h / 2 for b in guests)
        if not _has_room_under(host, guests, request):
            lowest = min(b.y - b.h / 2 for b in guests) + 0.12 * host.h
        for share in (1.0, 0.8, 0.6, 0.45, 0.3, 0.15):
            host.y = before + max(0.0, lowest - 0.01 - (before + host.h / 2)) * share
            firm = all(abs(g.y - host.y) > 1.1 * abs(g.x - host.x) and g.y > host.y for g in guests)
            if firm and all(relation_holds(*_ordered(pair)) for pair in pairs):
                break
        else:
            host.y = before


def _duck(guests: Sequence[Box], host: Box) -> None:
    """Small enough to be under a table, feet where they were."""
    factor = min(1.0, 0.6 * host.h / max(b.h for b in guests))
    for guest in guests:
        guest.y += guest.h * (1 - factor) / 2
        guest.w, guest.h = guest.w * factor, guest.h * factor


def _pass_under(guests: Sequence[Box], host: Box) -> None:
    """Narrow enough for an arch of a bridge, feet where they were; the middle one if alone."""
    factor = min(
        1.0, 0.24 * host.w / max(b.w for b in guests), 0.62 * host.h / max(b.h for b in guests)
    )
    for guest in guests:
        guest.y += guest.h * (1 - factor) / 2
        guest.w, guest.h = guest.w * factor, guest.h * factor
    if len(guests) == 1:
        guests[0].x = host.x


def _has_room_under(host: Box, guests: Sequence[Box], request: SceneRequest) -> bool:
    """Whether things can stand under another and be seen: under a tree, not under a cow."""
    wide = max(b.x + b.w / 2 for b in guests) - min(b.x - b.w / 2 for b in guests)
    tall = max(b.h for b in guests)
    lives = w.noun_kind(request.things[host.group].label) in "ap"
    return not lives and host.w > wide and host.h > 0.75 * tall


def _ordered(pair: tuple[Box, str, Box]) -> tuple[Box, Box, str]:
    return pair[0], pair[2], pair[1]
