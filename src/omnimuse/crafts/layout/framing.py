"""How a picture is filled: things share a table, people gather around it, nothing looks lost.

The last pass is a uniform zoom; it keeps every angle between centres, hence every relation.
"""

from __future__ import annotations

from collections.abc import Sequence

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.schema import SceneRequest
from omnimuse.crafts.layout.settle import HORIZONTAL, VERTICAL, Box
from omnimuse.crafts.layout.sizes import real_size

WIDTH, HEIGHT = 0.92, 0.82
"""Shares of the canvas that the things of a picture may span together."""
TALLEST = 0.62
"""Largest height that zooming gives to one thing."""
GROUND = 0.9
_WIDEST = 1.9
_NARROW_ANGLE = 0.9
_FEW = 5
_LOOSE = frozenset(("looking at", "holding", "wearing"))
_RISES = ("hill", "hilltop", "knoll", "dune")


def set_tables(boxes: Sequence[Box], request: SceneRequest) -> None:
    """Things of several groups on one support stand side by side on it; the support is widened.

    Offsets stay mainly vertical, so that each still counts as on top. Only groups of which the
    prompt says nothing else are moved.
    """
    for host in range(len(request.things)):
        guests = [
            relation.subject
            for relation in request.relations
            if relation.relation == "on" and relation.object == host
        ]
        inner = {r.subject for r in request.relations if r.relation == "in"}
        guests = [guest for guest in guests if guest not in inner]
        if _is_hilltop(host, guests, request):
            low, alone = (next(box for box in boxes if box.group == g) for g in (host, guests[0]))
            _raise_ground(low, alone)
            continue
        free = [guest for guest in dict.fromkeys(guests) if _is_free(guest, host, request)]
        if not free or request.things[host].count != 1:
            continue
        base = next(box for box in boxes if box.group == host)
        standing = [box for box in boxes if box.group in free]
        if real_size(request.things[host].label)[2] == "s":
            _belittle(base, standing)
        elif len(free) < 2 and len(standing) <= _FEW:
            continue
        else:
            _widen(base, standing)
        _line_up(standing, base, boxes, request)


def _is_free(guest: int, host: int, request: SceneRequest) -> bool:
    """Whether a group is placed by nothing but its support."""
    firm = {*HORIZONTAL, *VERTICAL, "between", "near", "around"}
    return not any(
        relation.relation in firm
        and guest in (relation.subject, relation.object, relation.other)
        and (relation.subject, relation.object) != (guest, host)
        for relation in request.relations
    )


def _belittle(base: Box, standing: Sequence[Box]) -> None:
    """Candles on a cake are smaller than the cake, whatever they measure elsewhere."""
    wide, tall = sum(box.w for box in standing), max(box.h for box in standing)
    factor = min(1.0, 0.85 * base.w / wide, max(0.6 * base.h, 0.3 * base.w) / tall)
    for box in standing:
        box.w, box.h = box.w * factor, box.h * factor


def _widen(base: Box, standing: Sequence[Box]) -> None:
    """A support wide enough for what stands on it; what is still too wide is drawn smaller."""
    wanted = 1.25 * sum(box.w for box in standing)
    if wanted <= base.w:
        return
    base.w = min(wanted, base.w * _WIDEST, 0.92)
    factor = max(min(1.0, base.w / wanted), 0.35)
    for box in standing:
        box.w, box.h = box.w * factor, box.h * factor


def _is_hilltop(host: int, guests: Sequence[int], request: SceneRequest) -> bool:
    """Whether one thing stands on one hill, and neither beside anything."""
    things = request.things
    if things[host].label.rsplit(" ", 1)[-1] not in _RISES or len(set(guests)) != 1:
        return False
    pair = (host, guests[0])
    beside = any(
        relation.relation in HORIZONTAL and (relation.subject in pair or relation.object in pair)
        for relation in request.relations
    )
    return not beside and all(things[group].count == 1 for group in pair)


def _raise_ground(base: Box, thing: Box) -> None:
    """A hill is wider than the castle on it, and the castle stands in its grass."""
    low = base.y + base.h / 2
    base.w = min(max(base.w, 1.6 * thing.w), 0.96)
    base.x = min(max(thing.x, base.w / 2), 1 - base.w / 2)
    base.h = max(base.h, 0.3 * base.w)
    base.y = low - base.h / 2
    factor = min(1.0, base.w / (1.5 * thing.w))
    thing.w, thing.h = thing.w * factor, thing.h * factor
    thing.y = base.y - 0.2 * base.h - thing.h / 2


def _line_up(
    standing: Sequence[Box], base: Box, boxes: Sequence[Box], request: SceneRequest
) -> None:
    inside = {r.object: r.subject for r in request.relations if r.relation == "in"}
    order = sorted(standing, key=lambda box: (round(box.x, 3), box.group, box.number))
    total = sum(box.w for box in order)
    gap = max(base.w * 0.96 - total, 0.0) / len(order)
    cursor = base.x - (total + gap * len(order)) / 2
    top = base.y - base.h / 2
    for box in order:
        x = cursor + gap / 2 + box.w / 2
        y = top - box.h / 2 + min(0.04 * base.h, 0.01)
        reach = _NARROW_ANGLE * (base.y - y)
        if len(order) <= _FEW:  # of many not each needs to be seen as above the middle
            x = min(max(x, base.x - reach), base.x + reach)
        for guest in boxes:
            if guest.group == inside.get(box.group, -1) and request.things[box.group].count == 1:
                guest.x, guest.y = guest.x + x - box.x, guest.y + y - box.y
        box.x, box.y = x, y
        cursor += box.w + gap


def gather_around(boxes: Sequence[Box], request: SceneRequest) -> None:
    """As in "four people around a table": behind it and at its ends, their feet hidden by it."""
    for relation in request.relations:
        hosts = [box for box in boxes if box.group == relation.object]
        guests = [box for box in boxes if box.group == relation.subject]
        if relation.relation != "around" or len(hosts) != 1 or len(guests) < 2:
            continue
        host, label = hosts[0], request.things[relation.object].label.rsplit(" ", 1)[-1]
        if real_size(label)[2] != "g" or label in ("tree", "house", "fire"):
            continue
        host.w = min(max(host.w, 0.8 * sum(guest.w for guest in guests)), 0.9)
        span = host.w + guests[0].w
        for k, guest in enumerate(guests):
            at_end = k in (0, len(guests) - 1)
            guest.x = host.x - span / 2 + span * k / (len(guests) - 1)
            low = host.y + host.h / 2 - (0.12 if at_end else 0.35) * host.h
            guest.y = low - guest.h / 2


def set_down(boxes: Sequence[Box], request: SceneRequest) -> None:
    """As in "a rabbit on a chair next to a lamp": the lamp stands on the floor, not in the air.

    So does the television that a man on a sofa watches. It moves away as far as "next to" needs;
    nothing else may be said of where it is.
    """
    for relation in request.relations:
        if relation.relation not in ("next to", "looking at"):
            continue
        for raised, low in (
            (relation.subject, relation.object),
            (relation.object, relation.subject),
        ):
            hosts = [
                box
                for r in request.relations
                if r.relation == "on" and r.subject == raised and r.object != low
                for box in boxes
                if box.group == r.object
            ]
            firm = [r for r in request.relations if low in (r.subject, r.object, r.other)]
            said = sum(r.relation not in _LOOSE for r in firm)
            is_hung = real_size(request.things[low].label)[2] in "ah"
            if hosts and said == (relation.relation not in _LOOSE) and not is_hung:
                near = [box for box in boxes if box.group == raised]
                _put_on_floor([box for box in boxes if box.group == low], near, hosts[0])


def _put_on_floor(moved: Sequence[Box], near: Sequence[Box], host: Box) -> None:
    """Down to the floor and aside, clear of the host, unless that leads out of sight."""
    floor = host.y + host.h / 2
    if not moved or max(box.y + box.h / 2 for box in moved) >= floor - 0.02:
        return
    middle = sum(box.x for box in near) / len(near)
    side = 1 if sum(box.x for box in moved) / len(moved) >= middle else -1
    drop = floor - max(box.y + box.h / 2 for box in moved)
    shift = 0.0
    for box in moved:
        for other in near:
            reach = max(1.15 * abs(box.y + drop - other.y), (host.w + box.w) / 2)
            shift = max(shift, reach - side * (box.x - other.x))
    if shift > 0.6:
        return
    for box in moved:
        box.x, box.y = box.x + side * shift, box.y + drop


def fill_frame(boxes: Sequence[Box], request: SceneRequest) -> None:
    """Zoom to what is there, unless the prompt gives things their parts of the picture."""
    if not boxes or any(thing.region for thing in request.things):
        return
    left, right = min(b.x - b.w / 2 for b in boxes), max(b.x + b.w / 2 for b in boxes)
    top, bottom = min(b.y - b.h / 2 for b in boxes), max(b.y + b.h / 2 for b in boxes)
    stances = [real_size(request.things[box.group].label)[2] for box in boxes]
    tallest = max(box.h for box in boxes)
    scale = min(WIDTH / (right - left), HEIGHT / (bottom - top), max(TALLEST / tallest, 1.0))
    is_cut = left < 0.0 or right > 1.0 or top < 0.0 or bottom > 1.0
    scale = scale if is_cut else max(scale, 1.0)
    floats = all(stance in "ah" for stance in stances)
    middle = (left + right) / 2
    base = 0.5 + (bottom - top) * scale / 2 if floats else max(GROUND, bottom)
    base = min(base, 0.985)
    for box in boxes:
        box.x = 0.5 + (box.x - middle) * scale
        box.y = base + (box.y - bottom) * scale
        box.w, box.h = box.w * scale, box.h * scale


def is_holdable(label: str) -> bool:
    """Whether a person who is "with" it holds it: an umbrella, not a bicycle or a dog."""
    width, height, stance = real_size(label)
    is_thing = w.noun_kind(label) in "of?" and label not in w.PLACES
    return is_thing and stance in "sa" and max(width, height) <= 1.2
