"""From a SceneRequest to boxes: every relation holds, nothing is cloned, everything fits.

Groups joined by relations form a component. In it each group gets a cell of a grid, so that "left
of" is a step along a row and "above" a step along a column; contradictions show as cells that
cannot be had. Cells become boxes by the drawn sizes of the things, components are set side by side
or where the prompt wants them, and a last pass repairs and checks each relation by the angle
between box centres.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from omnimuse.crafts.layout.abreast import stand_abreast
from omnimuse.crafts.layout.coupling import couple
from omnimuse.crafts.layout.framing import fill_frame, gather_around, set_down, set_tables
from omnimuse.crafts.layout.grid import Cell, assign_cells
from omnimuse.crafts.layout.schema import SceneRequest, ThingGroup
from omnimuse.crafts.layout.settle import (
    HORIZONTAL,
    VERTICAL,
    Box,
    carry_along,
    flank,
    lie_aside,
    paired,
    relation_holds,
    stand_under,
    sticks_out,
    with_supports,
)
from omnimuse.crafts.layout.sizes import Extent, contrasted, extent, real_size

MARGIN = 0.03
GROUND = 0.9
AIR = 0.28
_GAP = 0.12
_FEW = 4
"""Up to so many stand in one row."""
_WIDEST, _HIGHEST = 1.8, 2.2
"""Of a crowd nothing is drawn longer than this times its other side."""
_NEARER = 1.8
"""How much larger birds are drawn than what stands below them: they may be nearer."""
_FIELD_STEP = 2.4
"""How far apart flowers of a field grow, beside things in a row."""
_FLAT_STEP = 0.45
"""How far plates in a stack rise above each other, as a share of their drawn height."""
_MOST_IN_A_ROW = 24
_LONG, _HAND = 2.5, 0.24
"""A rod is so many times longer than thick, and shorter than so many metres."""
_LEAST = 0.18
"""Least side of a thing, as a share of the largest one's (geometric means of both sides)."""
_WIDE, _HIGH = 1.0, 0.62
"""Shape of the part of a picture that a crowd fills."""
_REGION_X = {"left": 0.2, "right": 0.8, "center": 0.5}
_REGION_Y = {"top": 0.2, "bottom": 0.8, "center": 0.5}


@dataclass(slots=True)
class Cluster:
    """The things of one group around (0, 0), in drawn units."""

    group: int
    boxes: list[Box]
    width: float
    height: float
    stance: str


@dataclass(slots=True)
class Placement:
    """Boxes in shares of the canvas, and the relations that could not be had, in words."""

    boxes: list[Box] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def place(request: SceneRequest, *, seed: int = 0, aspect: float = 1.0) -> Placement:
    """Boxes for all things of a request.

    Args:
        request: what is to be seen.
        seed: varies positions that the request leaves free.
        aspect: canvas width / height.
    """
    if not request.things:
        return Placement()
    rng = random.Random(seed)
    extents = [
        extent(t.label, t.attributes.get("size", ""), t.attributes.get("age", ""))
        for t in request.things
    ]
    extents = [
        Extent(size.width, size.height, "a") if _is_in_air(thing) else size
        for size, thing in zip(extents, request.things, strict=True)
    ]
    extents = contrasted(extents, [t.attributes.get("size", "") for t in request.things])
    extents = _visible(_stood_up(extents, request), request)
    clusters = [_cluster(i, thing, extents[i], rng) for i, thing in enumerate(request.things)]
    components, conflicts = assign_cells(with_supports(request))
    blocks = [_block(component, clusters) for component in components]
    _arrange(blocks, request, aspect)
    boxes = [box for cluster in clusters for box in cluster.boxes]
    flank(boxes, request)
    loose = lie_aside(boxes, request)
    _repair(boxes, request, conflicts, loose)
    stand_under(boxes, request, loose)
    gather_around(boxes, request)
    set_down(boxes, request)
    set_tables(boxes, with_supports(request))
    carry_along(boxes, request)
    couple(boxes, request)
    fill_frame(boxes, request)
    for box in boxes:
        _keep_inside(box)
    _set_depth(boxes, request)
    return Placement(boxes, conflicts)


# -- one group ----------------------------------------------------------------------------------


def _is_in_air(thing: ThingGroup) -> bool:
    """Falling leaves, flying books."""
    return any(
        thing.attributes.get(key) in ("falling", "flying", "floating", "hovering", "soaring")
        and max(real_size(thing.label)[:2]) < 1.0
        for key in ("state", "pose")
    )


def _stood_up(extents: Sequence[Extent], request: SceneRequest) -> list[Extent]:
    """Long small things lie only on something: a lone fork is shown upright, as seen from above."""
    lying = {r.subject for r in request.relations if r.relation in ("on", "in", "under", "at")}
    lying |= {r.subject for r in with_supports(request).relations if r.relation == "on"}
    return [
        Extent(size.height, size.width, size.stance)
        if i not in lying and _is_rod(request.things[i].label)
        else size
        for i, size in enumerate(extents)
    ]


def _is_rod(label: str) -> bool:
    wide, high, stance = real_size(label)
    return stance == "s" and wide > _LONG * high and wide < _HAND


def _visible(extents: Sequence[Extent], request: SceneRequest) -> list[Extent]:
    """A spoon beside a ship is drawn larger than it is, unless the prompt calls it small."""
    spans = [math.sqrt(size.width * size.height) for size in extents]
    least = _LEAST * max(spans)
    grown = []
    for size, span, thing in zip(extents, spans, request.things, strict=True):
        factor = 1.0 if thing.attributes.get("size") else max(1.0, least / span)
        grown.append(Extent(size.width * factor, size.height * factor, size.stance))
    return grown


def _cluster(group: int, thing: ThingGroup, size: Extent, rng: random.Random) -> Cluster:
    """Things of a group in staggered rows, in one row or stacked; each a little different."""
    count, order = thing.count, thing.attributes.get("arrangement", "")
    if order in ("stack", "pile") and count > 1:
        return _stack(group, count, size, rng)
    if count > _FEW:
        size = _compact(size)
    columns = count if count <= _FEW or order in ("row", "line") else _columns(count, size)
    rows = math.ceil(count / columns)
    step_x = size.width * (1.15 if count <= _FEW else 1.22)
    step_x *= _FIELD_STEP if order == "field" else 1.0
    step_y = size.height * (1.12 if rows == 1 else 1.28)
    boxes = []
    for k in range(count):
        row, column = divmod(k, columns)
        in_row = min(columns, count - row * columns)
        jitter = (rng.random() - 0.5, rng.random() - 0.5, rng.random() - 0.5)
        scale = 1.0 + (0.12 * jitter[2] if count > 1 else 0.0)
        x = (column - (in_row - 1) / 2 + (0.3 * (row % 2) if order == "field" else 0.0)) * step_x
        y = (row - (rows - 1) / 2) * step_y
        if count > 1:
            x += 0.08 * jitter[0] * size.width
            y += (0.1 if size.stance != "a" else 0.4) * jitter[1] * size.height
        boxes.append(Box(group, k, x, y, size.width * scale, size.height * scale))
    left = min(b.x - b.w / 2 for b in boxes)
    right = max(b.x + b.w / 2 for b in boxes)
    top = min(b.y - b.h / 2 for b in boxes)
    bottom = max(b.y + b.h / 2 for b in boxes)
    for box in boxes:
        box.x -= (left + right) / 2
        box.y -= (top + bottom) / 2
    return Cluster(group, boxes, right - left, bottom - top, size.stance)


def _stack(group: int, count: int, size: Extent, rng: random.Random) -> Cluster:
    """One on another, the lowest first; flat things are seen a little from above."""
    step = _FLAT_STEP * size.height
    if size.height > size.width:  # books lie in a stack
        size = Extent(size.height, 0.6 * size.width, size.stance)
        step = 0.9 * size.height
    boxes = [
        Box(group, k, 0.04 * (rng.random() - 0.5) * size.width, -k * step, size.width, size.height)
        for k in range(count)
    ]
    middle = -(count - 1) * step / 2
    for box in boxes:
        box.y -= middle
    height = size.height + (count - 1) * step
    return Cluster(group, boxes, 1.04 * size.width, height, size.stance)


def _compact(size: Extent) -> Extent:
    """Of a crowd each is drawn less long than it is, or all would be slivers."""
    wide, high = min(size.width, _WIDEST * size.height), min(size.height, _HIGHEST * size.width)
    grow = math.sqrt(size.width * size.height / (wide * high))
    return Extent(wide * grow, high * grow, size.stance)


def _columns(count: int, size: Extent) -> int:
    """With how many in a row the things of a crowd are largest; of equals the fewest."""
    best, most = 1, 0.0
    for columns in range(1, min(count, _MOST_IN_A_ROW) + 1):
        rows = math.ceil(count / columns)
        scale = min(_WIDE / (columns * size.width), _HIGH / (rows * size.height))
        if scale > most * 1.001:
            best, most = columns, scale
    return best


# -- one component ------------------------------------------------------------------------------


@dataclass(slots=True)
class Block:
    """The groups of one component, their cells turned into places around (0, 0)."""

    clusters: list[Cluster]
    x: dict[int, float]
    y: dict[int, float]
    left: float = 0.0
    right: float = 0.0
    top: float = 0.0
    bottom: float = 0.0

    @property
    def width(self) -> float:
        """Of the outline, in drawn units."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Of the outline, in drawn units."""
        return self.bottom - self.top

    def measure(self) -> None:
        """Set the outline again."""
        self.left = min(self.x[c.group] - c.width / 2 for c in self.clusters)
        self.right = max(self.x[c.group] + c.width / 2 for c in self.clusters)
        self.top = min(self.y[c.group] - c.height / 2 for c in self.clusters)
        self.bottom = max(self.y[c.group] + c.height / 2 for c in self.clusters)


def _block(cells: dict[int, Cell], clusters: Sequence[Cluster]) -> Block:
    members = [clusters[group] for group in cells]
    by_host = [g for g in cells if cells[g].host < 0]
    columns = sorted({cells[g].column for g in by_host})
    rows = sorted({cells[g].row for g in by_host})
    width = {c: max(clusters[g].width for g in by_host if cells[g].column == c) for c in columns}
    height = {r: max(clusters[g].height for g in by_host if cells[g].row == r) for r in rows}
    slack = max((h for h in height.values()), default=0.0) if len(columns) > 1 else 0.0
    centre_x: dict[float, float] = {}
    edge = 0.0
    for previous, column in zip([None, *columns], columns, strict=False):
        centre = edge + width[column] / 2
        if previous is not None:
            lowest = min(height.values())
            centre = max(centre + _GAP, centre_x[previous] + 0.62 * max(0.0, slack - lowest))
        centre_x[column] = centre
        edge = centre + width[column] / 2
    base: dict[float, float] = {}
    edge = 0.0
    for row in rows:
        base[row] = edge + height[row]
        flies = all(clusters[g].stance == "a" for g in by_host if cells[g].row == row)
        edge = base[row] + (0.5 * sum(height.values()) / len(rows) if flies else 0.06)
    x = {g: centre_x[cells[g].column] for g in by_host}
    y = {g: base[cells[g].row] - clusters[g].height / 2 for g in by_host}
    for group in by_host:
        if clusters[group].stance in "ah" and len(rows) == 1:
            y[group] = base[cells[group].row] - height[cells[group].row] / 2
    pending = [g for g in cells if cells[g].host >= 0]
    while pending:
        ready = [g for g in pending if cells[g].host in x] or pending[:1]
        for group in ready:
            _overlay(group, cells[group], clusters, x, y)
            pending.remove(group)
    stand_abreast(cells, clusters, x, y)
    block = Block(members, x, y)
    block.measure()
    return block


def _overlay(
    group: int, cell: Cell, clusters: Sequence[Cluster], x: dict[int, float], y: dict[int, float]
) -> None:
    """A group that shares the place of another: in it, held by it, in front of it, ..."""
    host, guest = clusters[cell.host], clusters[group]
    host_x, host_y = x.get(cell.host, 0.0), y.get(cell.host, 0.0)
    if cell.manner == "in":
        factor = min(1.0, 0.7 * host.width / guest.width, 0.8 * host.height / guest.height)
        _shrink(guest, max(factor, 0.15))
        x[group], y[group] = host_x, host_y - 0.12 * (host.height - guest.height)
    elif cell.manner in ("holding", "wearing"):
        factor = min(1.0, 0.8 * host.width / guest.width, 0.45 * host.height / guest.height)
        _shrink(guest, max(factor, 0.2))
        side = 0.42 * host.width if cell.manner == "holding" else 0.0
        x[group], y[group] = host_x + side, host_y - 0.08 * host.height
    elif cell.manner == "at":
        x[group] = host_x
        y[group] = host_y + host.height * 0.15 - guest.height / 2
    elif cell.manner in ("in front of", "behind"):
        sign = 1 if cell.manner == "in front of" else -1
        if sign > 0 and guest.stance == "g":  # what is nearer looks larger
            nearer = 0.45 * min(host.height / guest.height, host.width / guest.width)
            _shrink(guest, min(max(nearer, 1.0), 2.2))
        x[group] = host_x + sign * 0.22 * host.width
        bottom = host_y + host.height / 2 + sign * (0.2 * min(host.height, guest.height) + 0.05)
        y[group] = bottom - guest.height / 2
    else:
        x[group], y[group] = host_x, host_y


def _shrink(cluster: Cluster, factor: float) -> None:
    for box in cluster.boxes:
        box.x, box.y = box.x * factor, box.y * factor
        box.w, box.h = box.w * factor, box.h * factor
    cluster.width *= factor
    cluster.height *= factor


# -- the canvas ---------------------------------------------------------------------------------


def _arrange(blocks: list[Block], request: SceneRequest, aspect: float) -> None:
    """Give each block its part of the canvas and write canvas shares into the boxes."""
    fixed = [(block, _region(block, request)) for block in blocks]
    free = [block for block, region in fixed if not region]
    placed = [(block, region) for block, region in fixed if region]
    for block, region in placed:
        _fit(block, _region_window(region, len(placed)), aspect)
    if not free:
        return
    air = [b for b in free if all(c.stance == "a" for c in b.clusters)]
    air.sort(key=lambda b: not _is_celestial(b, request))
    ground = [b for b in free if b not in air]
    window = _free_window([region for _, region in placed])
    if air and ground:
        split = window[1] + 0.38 * (window[3] - window[1])
        scale = _row(ground, (window[0], split + 0.03, window[2], window[3]), aspect)
        largest = math.inf if any(_is_celestial(b, request) for b in air) else _NEARER * scale
        _row(air, (window[0], window[1], window[2], split - 0.03), aspect, largest=largest)
    else:
        _row(air or ground, window, aspect)


def _is_celestial(block: Block, request: SceneRequest) -> bool:
    names = {request.things[c.group].label.rsplit(" ", 1)[-1] for c in block.clusters}
    return bool(names & {"sun", "moon", "star", "cloud", "rainbow", "planet"})


def _region(block: Block, request: SceneRequest) -> str:
    for cluster in block.clusters:
        region = request.things[cluster.group].region
        if region:
            return region
    return ""


def _region_window(region: str, crowd: int) -> tuple[float, float, float, float]:
    parts = region.split()
    x = next((_REGION_X[p] for p in parts if p in ("left", "right")), 0.5)
    y = next((_REGION_Y[p] for p in parts if p in ("top", "bottom")), 0.5)
    if "foreground" in parts:
        return (0.2, 0.45, 0.8, 0.97)
    if "background" in parts:
        return (0.3, 0.12, 0.7, 0.5)
    half = 0.18 if crowd > 1 or len(parts) > 1 else 0.2
    return (x - half, y - half, x + half, y + half)


def _free_window(regions: list[str]) -> tuple[float, float, float, float]:
    """Where the rest goes: away from what the prompt has put somewhere."""
    left, top, right, bottom = MARGIN, MARGIN + 0.02, 1 - MARGIN, GROUND
    names = {part for region in regions for part in region.split()}
    if "left" in names:
        left = 0.42
    if "right" in names:
        right = 0.58 if "left" not in names else 0.62
    if "left" in names and "right" in names:
        left = 0.38
    if "top" in names:
        top = 0.42
    if "bottom" in names:
        bottom = 0.58
    if names & {"center"} and not names & {"left", "right", "top", "bottom"}:
        right = 0.28
    if names == {"background"}:
        top = 0.4
    if names == {"foreground"}:
        bottom = 0.5
    return left, top, right, bottom


def _row(
    blocks: list[Block],
    window: tuple[float, float, float, float],
    aspect: float,
    *,
    largest: float = math.inf,
) -> float:
    """Blocks side by side in one or more rows, the nearest row lowest; the scale they got."""
    left, top, right, bottom = window
    total = sum(block.width for block in blocks)
    tallest = max(block.height for block in blocks)
    shape = (right - left) * aspect / (bottom - top)
    rows = max(1, min(len(blocks), round(math.sqrt(total / (tallest * shape * 1.6)))))
    if (right - left) * aspect / total * tallest >= 0.2:
        rows = 1  # on one ground, as long as nothing gets too small
    per_row = math.ceil(len(blocks) / rows)
    step = (bottom - top) / rows
    chunks = [blocks[r * per_row : (r + 1) * per_row] for r in range(rows)]
    return max(
        _line(chunk, (left, top + r * step, right, top + (r + 1) * step), aspect, largest)
        for r, chunk in enumerate(chunks)
        if chunk
    )


def _line(
    blocks: list[Block], window: tuple[float, float, float, float], aspect: float, largest: float
) -> float:
    """Blocks side by side, at most at the largest scale; the scale they got."""
    left, top, right, bottom = window
    gap = 0.12 * sum(block.width for block in blocks) / len(blocks)
    total = sum(block.width for block in blocks) + gap * (len(blocks) - 1)
    tallest = max(block.height for block in blocks)
    scale = min((right - left) * aspect / total, (bottom - top) / tallest, 0.75 / tallest, largest)
    cursor = left * aspect + ((right - left) * aspect - total * scale) / 2
    for block in blocks:
        centre = (cursor + block.width * scale / 2) / aspect
        low = bottom - (0.06 * (bottom - top) if block.height < tallest else 0.0)
        if all(cluster.stance == "a" for cluster in block.clusters):
            low = bottom - (tallest - block.height) * scale  # what flies is up
        _write(block, centre, low - block.height * scale / 2, scale, aspect)
        cursor += (block.width + gap) * scale
    return scale


def _fit(block: Block, window: tuple[float, float, float, float], aspect: float) -> None:
    left, top, right, bottom = window
    scale = min((right - left) * aspect / block.width, (bottom - top) / block.height)
    _write(block, (left + right) / 2, (top + bottom) / 2, scale, aspect)


def _write(block: Block, x: float, y: float, scale: float, aspect: float) -> None:
    """Boxes from drawn units to canvas shares, the block's outline centred at (x, y)."""
    middle_x, middle_y = (block.left + block.right) / 2, (block.top + block.bottom) / 2
    for cluster in block.clusters:
        offset_x = block.x[cluster.group] - middle_x
        offset_y = block.y[cluster.group] - middle_y
        for box in cluster.boxes:
            box.x = x + (box.x + offset_x) * scale / aspect
            box.y = y + (box.y + offset_y) * scale
            box.w, box.h = box.w * scale / aspect, box.h * scale


# -- the proof ----------------------------------------------------------------------------------


def _repair(
    boxes: list[Box], request: SceneRequest, conflicts: list[str], loose: set[tuple[int, int]]
) -> None:
    """Nudge centres until each relation holds with a margin; shrink what leaves the canvas."""
    pairs = [
        (subject, relation, other)
        for subject, relation, other in paired(request, boxes)
        if _in_words(subject, relation, other, request) not in conflicts
        and (
            relation in HORIZONTAL
            or (relation in VERTICAL and (subject.group, other.group) not in loose)
        )
    ]
    for _ in range(24):
        moved = False
        for subject, relation, other in pairs:
            moved = _nudge(subject, other, relation) or moved
        for box in boxes:
            _keep_inside(box)
        if not moved:
            break
    failed = {
        _in_words(s, relation, o, request)
        for s, relation, o in pairs
        if not relation_holds(s, o, relation)
    }
    conflicts.extend(sorted(failed - set(conflicts)))


def _in_words(subject: Box, relation: str, other: Box, request: SceneRequest) -> str:
    things = request.things
    return f"{things[subject.group].label} {relation} {things[other.group].label}"


def _nudge(subject: Box, other: Box, relation: str) -> bool:
    dx, dy = subject.x - other.x, subject.y - other.y
    if relation in HORIZONTAL:
        sign = HORIZONTAL[relation] or (1 if dx >= 0 else -1)
        along, across = dx * sign, abs(dy)
    else:
        sign = VERTICAL[relation]
        along, across = dy * sign, abs(dx)
    wanted = max(0.03, 1.25 * across)
    if along >= wanted:
        return False
    closer = min(1.0, max(0.0, along, 0.03) / (1.3 * across)) if across > 0 else 1.0
    closer = max(closer, 0.5)
    push = (max(0.035, 1.3 * across * closer) - along) / 2
    if relation in HORIZONTAL:
        middle = (subject.y + other.y) / 2
        subject.y = middle + dy * closer / 2
        other.y = middle - dy * closer / 2
        subject.x, other.x = subject.x + sign * push, other.x - sign * push
    else:
        middle = (subject.x + other.x) / 2
        subject.x = middle + dx * closer / 2
        other.x = middle - dx * closer / 2
        subject.y, other.y = subject.y + sign * push, other.y - sign * push
    return True


def _keep_inside(box: Box) -> None:
    box.w, box.h = min(max(box.w, 0.004), 0.98), min(max(box.h, 0.004), 0.98)
    box.x = min(max(box.x, box.w / 2 + 0.005), 1 - box.w / 2 - 0.005)
    box.y = min(max(box.y, box.h / 2 + 0.005), 1 - box.h / 2 - 0.005)


def _is_overhead(label: str) -> bool:
    """Held over the head, and drawn behind it."""
    return label.endswith(("umbrella", "parasol"))


def _set_depth(boxes: list[Box], request: SceneRequest) -> None:
    for box in boxes:
        box.depth = round(min(1.0, max(0.0, box.y + box.h / 2)), 4)
    _raise_stacks(boxes, request)
    for subject, relation, other in paired(with_supports(request), boxes):
        if relation == "in" and sticks_out(request.things[other.group].label):
            subject.depth = min(subject.depth, round(max(0.0, other.depth - 0.01), 4))
        elif relation in ("on", "in", "riding", "under", "in front of"):
            subject.depth = max(subject.depth, round(min(1.0, other.depth + 0.01), 4))
        elif relation in ("behind", "around"):
            subject.depth = min(subject.depth, round(max(0.0, other.depth - 0.01), 4))
        elif relation == "holding" and _is_overhead(request.things[other.group].label):
            other.depth = min(other.depth, round(max(0.0, subject.depth - 0.01), 4))
        elif relation in ("holding", "wearing"):
            other.depth = max(other.depth, round(min(1.0, subject.depth + 0.01), 4))


def _raise_stacks(boxes: list[Box], request: SceneRequest) -> None:
    """What lies higher in a stack hides what lies below it."""
    for group, thing in enumerate(request.things):
        if thing.attributes.get("arrangement") not in ("stack", "pile"):
            continue
        own = [box for box in boxes if box.group == group]
        lowest = max(box.depth for box in own)
        for box in own:
            box.depth = round(min(1.0, lowest + 0.0005 * box.number), 4)
