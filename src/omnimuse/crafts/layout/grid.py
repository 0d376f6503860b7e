"""Cells for groups: relations become steps on a grid, contradictions become visible."""

from __future__ import annotations

from dataclasses import dataclass

from omnimuse.crafts.layout.schema import GroupRelation, SceneRequest

_STEPS: dict[str, tuple[int, int]] = {
    "left of": (-1, 0), "right of": (1, 0), "above": (0, -1), "on": (0, -1), "riding": (0, -1),
    "below": (0, 1), "under": (0, 1), "next to": (1, 0), "near": (1, 0), "looking at": (-1, 0),
    "around": (1, 0),
}  # fmt: skip
_EITHER_SIDE = frozenset(("next to", "near", "looking at", "around"))
# Guests share their host's cell: subject in object; object held or worn by the subject.
_GUEST_IS_SUBJECT = frozenset(("in", "in front of", "behind", "at"))
_GUEST_IS_OBJECT = frozenset(("holding", "wearing"))


@dataclass(slots=True)
class Cell:
    """Column and row; or, if `host` is not -1, the host's place in some `manner`."""

    column: float = 0.0
    row: float = 0.0
    host: int = -1
    manner: str = ""


def assign_cells(request: SceneRequest) -> tuple[list[dict[int, Cell]], list[str]]:
    """Components as `{group: cell}`, in the prompt's order, and the contradictions in words."""
    count = len(request.things)
    links: dict[int, list[GroupRelation]] = {i: [] for i in range(count)}
    for relation in request.relations:
        for end in {relation.subject, relation.object} | ({relation.other} - {-1}):
            links[end].append(relation)
    cells: dict[int, Cell] = {}
    components: list[dict[int, Cell]] = []
    conflicts: list[str] = []
    for start in range(count):
        if start in cells:
            continue
        component = {start: Cell()}
        cells[start] = component[start]
        queue = [start]
        while queue:
            group = queue.pop(0)
            for relation in links[group]:
                for found in _follow(relation, component):
                    cells[found] = component[found]
                    queue.append(found)
        components.append(component)
    for relation in request.relations:
        problem = _contradiction(relation, cells)
        if problem:
            first, second = request.things[relation.subject], request.things[relation.object]
            conflicts.append(f"{first.label} {relation.relation} {second.label}")
    return components, list(dict.fromkeys(conflicts))


def _follow(relation: GroupRelation, component: dict[int, Cell]) -> list[int]:
    """Give cells to the ends of a relation that have none yet."""
    subject, other = relation.subject, relation.object
    if relation.relation == "between":
        return _between(relation, component)
    if (subject in component) == (other in component):
        return []
    known, new = (other, subject) if other in component else (subject, other)
    guest = (
        subject
        if relation.relation in _GUEST_IS_SUBJECT
        else other
        if relation.relation in _GUEST_IS_OBJECT
        else -1
    )
    if guest == new:
        component[new] = Cell(host=known, manner=relation.relation)
        return [new]
    origin = _root(known, component)
    if guest == known and component[known].host < 0:
        component[new] = Cell(component[known].column, component[known].row)
        component[known] = Cell(host=new, manner=relation.relation)
        return [new]
    dx, dy = _STEPS.get(relation.relation, (1, 0))
    if new == other:
        dx, dy = -dx, -dy
    component[new] = _free_cell(origin, (dx, dy), relation.relation, component)
    return [new]


def _root(group: int, component: dict[int, Cell]) -> Cell:
    cell = component[group]
    for _ in range(len(component)):
        if cell.host < 0:
            break
        cell = component[cell.host]
    return cell


def _free_cell(
    origin: Cell, step: tuple[int, int], relation: str, component: dict[int, Cell]
) -> Cell:
    taken = {(cell.column, cell.row) for cell in component.values() if cell.host < 0}
    sides = [step, (-step[0], -step[1])] if relation in _EITHER_SIDE else [step]
    for distance in range(1, len(component) + 2):
        for dx, dy in sides:
            spot = (origin.column + dx * distance, origin.row + dy * distance)
            if spot not in taken:
                return Cell(*spot)
    return Cell(origin.column + step[0], origin.row + step[1])


def _between(relation: GroupRelation, component: dict[int, Cell]) -> list[int]:
    ends = [relation.object] + ([relation.other] if relation.other >= 0 else [])
    middle = relation.subject
    found = []
    if len(ends) == 1:
        if middle in component and ends[0] not in component:
            component[ends[0]] = Cell(host=middle, manner="between")
            return ends
        if ends[0] in component and middle not in component:
            component[middle] = Cell(host=ends[0], manner="between")
            return [middle]
        return []
    placed = [end for end in ends if end in component]
    if middle not in component and len(placed) == 2:
        a, b = (_root(end, component) for end in placed)
        component[middle] = Cell((a.column + b.column) / 2, (a.row + b.row) / 2)
        return [middle]
    if middle not in component and placed:
        component[middle] = _free_cell(_root(placed[0], component), (1, 0), "next to", component)
        found.append(middle)
    if middle in component:
        origin = _root(middle, component)
        side = 1
        for end in ends:
            if end not in component:
                component[end] = _free_cell(origin, (side, 0), "next to", component)
                found.append(end)
            side = -side
    return found


def _contradiction(relation: GroupRelation, cells: dict[int, Cell]) -> bool:
    name = relation.relation
    if name not in _STEPS or name in _EITHER_SIDE - {"next to"}:
        return False
    subject, other = cells[relation.subject], cells[relation.object]
    if subject.host >= 0 or other.host >= 0:
        return False
    dx, dy = subject.column - other.column, subject.row - other.row
    step = _STEPS[name]
    if name == "next to":
        return False
    if step[0]:
        return dx * step[0] < 0
    return dy * step[1] < 0
