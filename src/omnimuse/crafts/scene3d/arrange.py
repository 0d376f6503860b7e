"""Where things stand in the world: relations hold, nothing intersects, nothing floats unasked.

Things that stand on, in or under others belong to them; what shares a floor (the ground, a table
top, the inside of a bowl) is spread over it. Any two things on one floor are kept apart along x or
along z; the order along each axis comes from the relations first, then from the planned picture, so
both orders are free of cycles and every position follows by longest paths.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from omnimuse.crafts.scene3d.build import Area, Form

ON = ("on", "riding", "wearing")
SIDEWAYS = (
    "left of",
    "right of",
    "in front of",
    "behind",
    "next to",
    "near",
    "between",
    "around",
    "at",
    "looking at",
    "holding",
)
VESSEL_GROWTH = 2.0
_MAX_GROWTH, _MIN_SHRINK = 3.0, 0.3


@dataclass
class Thing:
    """One thing to be placed; `at` is where it will stand.

    Attributes:
        id: unique.
        form: its model.
        scale: factor on the form.
        hint: where the planned picture has it: x from 0 (left) to 1, depth from 0 (far) to 1.
        is_flying: whether it belongs into the air.
        group: things of one label share it.
        at: metres, of the middle of its lowest level.
        yaw_deg: turn about the vertical.
    """

    id: str
    form: Form
    scale: float = 1.0
    hint: tuple[float, float] = (0.5, 0.5)
    is_flying: bool = False
    group: str = ""
    at: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw_deg: float = 0.0

    @property
    def size(self) -> tuple[float, float, float]:
        """Width, height and depth in the world, metres."""
        extent = (self.form.high - self.form.low) * self.scale
        if abs(self.yaw_deg) % 180 == 90:
            extent = extent[[2, 1, 0]]
        return (float(extent[0]), float(extent[1]), float(extent[2]))


@dataclass(frozen=True)
class Relation:
    """Ids of two things and how the first stands to the second; `other` of "between"."""

    subject: str
    relation: str
    object: str


@dataclass
class Arrangement:
    """Placed things, and what could not be done as it was asked."""

    things: list[Thing]
    notes: list[str] = field(default_factory=list)


@dataclass
class _Spot:
    """A thing with all that it carries, as one block on its floor."""

    thing: Thing
    width: float
    depth: float
    center: tuple[float, float]
    x: float = 0.0
    z: float = 0.0


class Arranger:
    """Places things; deterministic.

    Args:
        things: what to place.
        relations: between their ids.
    """

    def __init__(self, things: Sequence[Thing], relations: Sequence[Relation]) -> None:
        self._things = {thing.id: thing for thing in things}
        self._relations = [
            r for r in relations if r.subject in self._things and r.object in self._things
        ]
        self._notes: list[str] = []
        self._parent: dict[str, tuple[str, str]] = {}
        self._dropped: set[Relation] = set()

    def arrange(self) -> Arrangement:
        """All things with their places."""
        self._find_parents()
        for id in self._bottom_up():
            self._fit_into_parent(id)
        self._spread("", self._children(""), None)
        self._raise_flying()
        return Arrangement(list(self._things.values()), self._notes)

    # ----- who stands on, in or under whom

    def _find_parents(self) -> None:
        for r in self._relations:
            subject, other = self._things[r.subject], self._things[r.object]
            how = ""
            if r.relation in ON or (
                r.relation == "above" and not subject.is_flying and other.form.top
            ):
                how = "on"
            elif r.relation == "below" or r.relation == "under":
                how = "" if other.is_flying else "under"
            elif r.relation == "in":
                how = "in" if other.form.inside else "on" if other.form.top else ""
                if how != "in":
                    self._note(
                        r, "there is no room inside; it stands " + ("on top" if how else "by")
                    )
            if r.relation == "under" and other.is_flying and not subject.is_flying:
                continue
            if not how or r.subject in self._parent or self._is_above(r.object, r.subject):
                continue
            if how == "under" and other.form.under is None:
                self._note(r, "there is no room under it")
                continue
            self._parent[r.subject] = (r.object, how)
            subject.is_flying = False

    def _is_above(self, id: str, ancestor: str) -> bool:
        while id:
            if id == ancestor:
                return True
            id = self._parent.get(id, ("", ""))[0]
        return False

    def _children(self, id: str) -> list[str]:
        return [t for t in self._things if self._parent.get(t, ("", ""))[0] == id]

    def _bottom_up(self) -> list[str]:
        """Parents before their children's parents: those who carry nothing are met first."""
        order: list[str] = []

        def visit(id: str) -> None:
            for child in self._children(id):
                visit(child)
            if id:
                order.append(id)

        visit("")
        return order

    def _note(self, r: Relation, why: str) -> None:
        if r not in self._dropped:
            self._dropped.add(r)
            self._notes.append(f"{r.subject} {r.relation} {r.object}: {why}")

    # ----- one parent and its children

    def _fit_into_parent(self, id: str) -> None:
        """Scale and spread the children of one thing over its floors."""
        parent = self._things[id]
        for how in ("on", "in", "under"):
            children = [c for c in self._children(id) if self._parent[c][1] == how]
            if not children:
                continue
            if how == "in":
                self._pack(parent, children)
                continue
            area = self._floor(parent, how)
            for child in list(children):
                if not self._make_fit(parent, self._things[child], area, how, len(children)):
                    r = next(r for r in self._relations if (r.subject, r.object) == (child, id))
                    self._note(r, f"it does not fit {how} it")
                    del self._parent[child]
                    children.remove(child)
            area = self._floor(parent, how)
            self._spread(id, children, area)
            self._keep_within(parent, children, how)

    def _pack(self, parent: Thing, children: Sequence[str]) -> None:
        """Rows and layers of things in a vessel, which grows or whose things shrink to fit."""
        blocks = [self._block(child) for child in children]
        side = max(max(b.width, b.depth) for b in blocks) * 1.04
        tall = max(b.thing.size[1] for b in blocks)
        area = self._floor(parent, "in")
        choices = []
        for layers in range(1, 5):
            per = math.ceil(len(children) / layers)
            columns = math.ceil(math.sqrt(per))
            rows = math.ceil(per / columns)
            room = min(2 * area.x / (columns * side), 2 * area.z / (rows * side))
            if layers > 1 or tall > area.clear:
                room = min(room, area.clear / (tall * layers))
            choices.append(
                (min(room, 1.0) * 0.8 ** (layers - 1), -layers, room, per, columns, rows)
            )
        _, _, room, per, columns, rows = max(choices)
        growth = min(1 / room, VESSEL_GROWTH)
        parent.scale *= growth
        area, shrink = self._floor(parent, "in"), min(1.0, room * growth)
        for number, block in enumerate(blocks):
            layer, place = divmod(number, per)
            row, column = divmod(place, columns)
            in_row = min(columns, min(per, len(blocks) - layer * per) - row * columns)
            x = area.at[0] + (column - (in_row - 1) / 2) * side * shrink
            z = area.at[1] + (row - (rows - 1) / 2) * side * shrink
            base = np.array(block.thing.at)
            for member in self._family(block.thing.id):
                item = self._things[member]
                offset = (np.array(item.at) - base) * shrink
                item.scale *= shrink
                item.at = (
                    float(x + offset[0] - block.center[0] * shrink),
                    float(area.y + layer * tall * shrink * 1.01 + offset[1]),
                    float(z + offset[2] - block.center[1] * shrink),
                )

    @staticmethod
    def _floor(parent: Thing, how: str) -> Area:
        form = parent.form
        found = {"on": form.top, "in": form.inside, "under": form.under}[how]
        if found is None:
            extent = form.high - form.low
            found = Area(float(form.high[1]), float(extent[0]) * 0.25, float(extent[2]) * 0.25)
        return found.scaled(parent.scale)

    def _make_fit(self, parent: Thing, child: Thing, area: Area, how: str, siblings: int) -> bool:
        """Whether the child fits, after making it smaller or its holder larger within reason."""
        width, height, depth = child.size
        if how == "on":
            slack = 1.35 if siblings == 1 else 1.0
            need = max(width / (2 * area.x * slack), depth / (2 * area.z * slack)) * 0.5
            growth = max(1.0, need)
        else:
            need = max(width / (2 * area.x), depth / (2 * area.z))
            growth = max(1.0, need, height / area.clear)
        if growth <= 1.0:
            return True
        if how == "under" or (how == "on" and not self._carried(parent)):
            shrink = 1 / growth
            if how == "on" and parent.form.top is None:
                shrink = 1.0
            if shrink >= _MIN_SHRINK:
                child.scale *= max(shrink, _MIN_SHRINK)
                return True
            return how == "on"
        larger = min(growth, _MAX_GROWTH)
        parent.scale *= larger
        child.scale *= max(larger / growth, _MIN_SHRINK)
        return larger / growth >= _MIN_SHRINK

    def _carried(self, thing: Thing) -> bool:
        return thing.id in self._parent

    def _keep_within(self, parent: Thing, children: Sequence[str], how: str) -> None:
        """Shrink what stands over the edge: things on a small floor stand closer together."""
        if how != "on" or not children:
            return
        area = self._floor(parent, how)
        blocks = [self._block(child) for child in children]
        reach_x = max(abs(b.thing.at[0] - area.at[0]) for b in blocks)
        reach_z = max(abs(b.thing.at[2] - area.at[1]) for b in blocks)
        factor = min(area.x / max(reach_x, 1e-9), area.z / max(reach_z, 1e-9))
        if factor >= 1:
            return
        for block in blocks:
            self._rescale(block.thing, factor, area)

    def _rescale(self, thing: Thing, factor: float, area: Area) -> None:
        for id in self._family(thing.id):
            item = self._things[id]
            item.scale *= factor
            item.at = (
                area.at[0] + (item.at[0] - area.at[0]) * factor,
                area.y + (item.at[1] - area.y) * factor,
                area.at[1] + (item.at[2] - area.at[1]) * factor,
            )

    def _family(self, id: str) -> list[str]:
        found = [id]
        for child in self._children(id):
            found += self._family(child)
        return found

    # ----- blocks on one floor

    def _block(self, id: str) -> _Spot:
        """The box around a thing and all that it carries, seen from above."""
        low, high = np.full(2, np.inf), np.full(2, -np.inf)
        for member in self._family(id):
            item = self._things[member]
            width, _, depth = item.size
            middle = np.array([item.at[0], item.at[2]])
            low = np.minimum(low, middle - np.array([width, depth]) / 2)
            high = np.maximum(high, middle + np.array([width, depth]) / 2)
        thing = self._things[id]
        center = ((low + high) / 2 - np.array([thing.at[0], thing.at[2]])).tolist()
        return _Spot(
            thing, float(high[0] - low[0]), float(high[1] - low[1]), (center[0], center[1])
        )

    def _spread(self, parent: str, ids: Sequence[str], area: Area | None) -> None:
        """Place blocks beside one another on a floor (the ground if there is no area)."""
        if not ids:
            return
        blocks = [self._block(id) for id in ids]
        owner = {member: index for index, id in enumerate(ids) for member in self._family(id)}
        links = [
            (owner[r.subject], r.relation, owner[r.object])
            for r in self._relations
            if r.subject in owner
            and r.object in owner
            and owner[r.subject] != owner[r.object]
            and r.relation in SIDEWAYS
        ]
        gap = _gap(blocks) if area is None else 0.06 * min(min(b.width, b.depth) for b in blocks)
        _settle(blocks, links, gap, aspect=1.6 if area is None else area.x / area.z)
        x0, y0, z0 = (0.0, 0.0, 0.0) if area is None else (area.at[0], area.y, area.at[1])
        for id, block in zip(ids, blocks, strict=True):
            thing = block.thing
            target = (x0 + block.x - block.center[0], y0, z0 + block.z - block.center[1])
            shift = np.subtract(target, thing.at)
            for member in self._family(id):
                item = self._things[member]
                item.at = tuple(float(v) for v in np.add(item.at, shift))  # type: ignore[assignment]

    # ----- the air

    def _raise_flying(self) -> None:
        """Lift what flies: above what it is told to be above, else above everything near."""
        grounded = [t for t in self._things.values() if not t.is_flying]
        ceiling = max((t.at[1] + t.size[1] for t in grounded), default=0.0)
        for thing in self._things.values():
            if not thing.is_flying:
                continue
            below = [
                self._things[r.object]
                for r in self._relations
                if r.subject == thing.id and r.relation == "above"
            ] + [
                self._things[r.subject]
                for r in self._relations
                if r.object == thing.id and r.relation in ("under", "below")
            ]
            if below:
                under = below[0]
                height = max(b.at[1] + b.size[1] for b in below)
                thing.at = (under.at[0], height + 0.25 * thing.size[1] + 0.1, under.at[2])
            elif grounded:
                thing.at = (thing.at[0], max(0.75 * ceiling, 0.6 * thing.size[1]), thing.at[2])
            else:
                thing.at = (thing.at[0], 0.35 * thing.size[1], thing.at[2])
        self._part_flying()

    def _part_flying(self) -> None:
        """Things in the air that were lifted into others rise until they are free."""
        placed = [t for t in self._things.values() if not t.is_flying]
        for thing in (t for t in self._things.values() if t.is_flying):
            for _ in range(len(placed) + 1):
                hit = [other for other in placed if overlap(thing, other)]
                if not hit:
                    break
                top = max(other.at[1] + other.size[1] for other in hit)
                thing.at = (thing.at[0], top + 0.05 * thing.size[1] + 0.02, thing.at[2])
            placed.append(thing)


def overlap(a: Thing, b: Thing, slack: float = 1e-6) -> bool:
    """Whether the boxes of two things share room."""
    for axis in range(3):
        half_a, half_b = a.size[axis] / 2, b.size[axis] / 2
        ca = a.at[axis] + (half_a if axis == 1 else 0)
        cb = b.at[axis] + (half_b if axis == 1 else 0)
        if abs(ca - cb) >= half_a + half_b - slack:
            return False
    return True


def _gap(blocks: Sequence[_Spot]) -> float:
    return 0.14 * float(np.median([min(b.width, b.depth) for b in blocks])) + 0.01


def _settle(
    blocks: list[_Spot], links: Sequence[tuple[int, str, int]], gap: float, aspect: float
) -> None:
    """Positions of blocks: every pair apart, every relation kept."""
    first = _first_guess(blocks, links, gap, aspect)
    before_x, before_z = _orders(len(blocks), links)
    rank_x = _ranks(first[:, 0], before_x)
    rank_z = _ranks(first[:, 1], before_z)
    apart_x, apart_z = list(before_x), list(before_z)
    held = {frozenset(pair) for pair in (*before_x, *before_z)}
    for i in range(len(blocks)):
        for j in range(i + 1, len(blocks)):
            if frozenset((i, j)) in held:
                continue
            dx = abs(first[i, 0] - first[j, 0]) / (blocks[i].width + blocks[j].width)
            dz = abs(first[i, 1] - first[j, 1]) / (blocks[i].depth + blocks[j].depth)
            is_x = dx >= dz
            rank, pairs = (rank_x, apart_x) if is_x else (rank_z, apart_z)
            pairs.append((i, j) if rank[i] < rank[j] else (j, i))
    widths = [b.width for b in blocks]
    depths = [b.depth for b in blocks]
    xs = _positions(first[:, 0], rank_x, apart_x, widths, gap)
    zs = _positions(first[:, 1], rank_z, apart_z, depths, gap)
    middle_x = (
        min(x - w / 2 for x, w in zip(xs, widths, strict=True))
        + max(x + w / 2 for x, w in zip(xs, widths, strict=True))
    ) / 2
    middle_z = (
        min(z - d / 2 for z, d in zip(zs, depths, strict=True))
        + max(z + d / 2 for z, d in zip(zs, depths, strict=True))
    ) / 2
    for block, x, z in zip(blocks, xs, zs, strict=True):
        block.x, block.z = float(x - middle_x), float(z - middle_z)


def _first_guess(
    blocks: Sequence[_Spot], links: Sequence[tuple[int, str, int]], gap: float, aspect: float
) -> np.ndarray:
    """Where things would like to be: by the planned picture, then beside what they belong to."""
    area = sum((b.width + gap) * (b.depth + gap) for b in blocks)
    span_x = math.sqrt(area * aspect)
    span_z = math.sqrt(area / aspect)
    places = np.array(
        [
            [(b.thing.hint[0] - 0.5) * span_x * 1.3, (b.thing.hint[1] - 0.5) * span_z * 1.3]
            for b in blocks
        ]
    )
    ring: dict[int, list[int]] = {}
    between: dict[int, list[int]] = {}
    for a, relation, b in links:
        one, two = blocks[a], blocks[b]
        side_x = (one.width + two.width) / 2 + gap
        side_z = (one.depth + two.depth) / 2 + gap
        if relation == "around":
            ring.setdefault(b, []).append(a)
        elif relation == "between":
            between.setdefault(a, []).append(b)
        elif relation == "left of":
            places[a] = [min(places[a, 0], places[b, 0] - side_x), places[b, 1]]
        elif relation == "right of":
            places[a] = [max(places[a, 0], places[b, 0] + side_x), places[b, 1]]
        elif relation == "in front of":
            places[a] = [places[b, 0], max(places[a, 1], places[b, 1] + side_z)]
        elif relation == "behind":
            places[a] = [places[b, 0], min(places[a, 1], places[b, 1] - side_z)]
        else:
            sign = 1.0 if places[a, 0] >= places[b, 0] else -1.0
            places[a] = [places[b, 0] + sign * side_x, places[b, 1]]
    for center, members in ring.items():
        _ring(blocks, places, center, members, gap)
    for a, others in between.items():
        if len(others) >= 2:
            places[a] = places[others[:2]].mean(axis=0)
    return places


def _ring(
    blocks: Sequence[_Spot], places: np.ndarray, center: int, members: Sequence[int], gap: float
) -> None:
    hub = blocks[center]
    widest = max(max(blocks[m].width, blocks[m].depth) for m in members)
    radius = max(
        math.hypot(hub.width, hub.depth) / 2 + widest / 2 + gap,
        (widest + gap) * len(members) / (2 * math.pi) * 1.25,
    )
    for index, member in enumerate(members):
        angle = 2 * math.pi * (index + 0.25) / len(members)
        places[member] = places[center] + radius * np.array([math.cos(angle), math.sin(angle)])


def _orders(
    count: int, links: Sequence[tuple[int, str, int]]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Pairs (first, second) along x and along z that relations fix, without cycles."""
    before_x: list[tuple[int, int]] = []
    before_z: list[tuple[int, int]] = []
    between: dict[int, list[int]] = {}
    for a, relation, b in links:
        pair, pairs = None, before_x
        if relation == "left of":
            pair = (a, b)
        elif relation == "right of":
            pair = (b, a)
        elif relation == "behind":
            pair, pairs = (a, b), before_z
        elif relation == "in front of":
            pair, pairs = (b, a), before_z
        elif relation == "between":
            between.setdefault(a, []).append(b)
        if pair and not _reaches(pairs, pair[1], pair[0]):
            pairs.append(pair)
    for a, others in between.items():
        for pair in ((others[0], a), (a, others[1])) if len(others) >= 2 else ():
            if not _reaches(before_x, pair[1], pair[0]):
                before_x.append(pair)
    return list(dict.fromkeys(before_x)), list(dict.fromkeys(before_z))


def _reaches(pairs: Sequence[tuple[int, int]], start: int, goal: int) -> bool:
    todo, seen = [start], set()
    while todo:
        at = todo.pop()
        if at == goal:
            return True
        if at not in seen:
            seen.add(at)
            todo += [b for a, b in pairs if a == at]
    return False


def _ranks(first: np.ndarray, before: Sequence[tuple[int, int]]) -> list[int]:
    """A total order that keeps the fixed pairs and is otherwise from low to high."""
    left = set(range(len(first)))
    rank = [0] * len(first)
    for place in range(len(first)):
        free = [i for i in left if not any(b == i and a in left for a, b in before)]
        chosen = min(free, key=lambda i: (first[i], i))
        rank[chosen] = place
        left.discard(chosen)
    return rank


def _positions(
    first: np.ndarray,
    rank: Sequence[int],
    apart: Sequence[tuple[int, int]],
    extent: Sequence[float],
    gap: float,
) -> np.ndarray:
    """Middles along one axis: apart as told, else as near as can be to where they like to be."""
    order = sorted(range(len(first)), key=lambda i: rank[i])
    lower: dict[int, list[tuple[int, float]]] = {i: [] for i in order}
    upper: dict[int, list[tuple[int, float]]] = {i: [] for i in order}
    for a, b in apart:
        distance = (extent[a] + extent[b]) / 2 + gap
        lower[b].append((a, distance))
        upper[a].append((b, distance))
    place = np.zeros(len(first))
    for i in order:
        place[i] = max([first[i], *(place[a] + d for a, d in lower[i])])
    for _ in range(40):
        for i in (*reversed(order), *order):
            low = max((place[a] + d for a, d in lower[i]), default=-math.inf)
            high = min((place[b] - d for b, d in upper[i]), default=math.inf)
            place[i] = min(max(first[i], low), high) if low <= high else low
    for i in order:
        place[i] = max([place[i], *(place[a] + d for a, d in lower[i])])
    return place


def relations_of(
    entries: Sequence[Mapping[str, str]], labels: Mapping[str, str] | None = None
) -> list[Relation]:
    """Relations from a layout's JSON; "between" two of a kind names the second one, too.

    Args:
        entries: `{"subject", "relation", "object"}`.
        labels: labels by id.
    """
    found = [Relation(e["subject"], e["relation"], e["object"]) for e in entries]
    labels = labels or {}
    for r in list(found):
        others = [o.object for o in found if (o.subject, o.relation) == (r.subject, "between")]
        if r.relation != "between" or len(others) > 1:
            continue
        peers = [
            i for i, label in labels.items() if label == labels.get(r.object) and i != r.object
        ]
        found += [Relation(r.subject, "between", peer) for peer in peers[:1]]
    return found
