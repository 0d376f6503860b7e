"""What belongs to a plan as a whole: clicks and boxes of the request, one length for all sound.

A click is on an attachment; it goes to the first tool that works on that attachment, or on what was
made of it, and that can be told where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from omnimuse.graph.kinds import accepts
from omnimuse.graph.plan import REQUEST, Node, Plan, Ref
from omnimuse.graph.spec import ToolSpec
from omnimuse.request import Request

_MASK = "mask"
_DURATION = "duration_s"
_VAGUE = frozenset(["this", "that", "it", "these", "those", "here", "there", "thing", "this thing"])


def pointed_at(request: Request, kinds: Sequence[str] = ()) -> frozenset[str]:
    """The arguments that the request's clicks and boxes would be, the inputs its masks would be.

    Args:
        request: with points and boxes.
        kinds: of the attachments.
    """
    painted = [_MASK] * (_MASK in kinds and any(_is_picture(kind) for kind in kinds))
    return frozenset(["points"] * bool(request.points) + ["box"] * bool(request.boxes) + painted)


def bind_pointing(plan: Plan, request: Request, specs: Mapping[str, ToolSpec]) -> Plan:
    """The plan with the request's points and boxes as arguments `points` and `box`."""
    clicks: dict[int, list[list[float]]] = {}
    for point in request.points:
        clicks.setdefault(point.attachment, []).append([float(point.x), float(point.y)])
    boxes = {
        b.attachment: [float(b.x), float(b.y), float(b.width), float(b.height)]
        for b in reversed(request.boxes)
    }
    for name, values in (("points", clicks), ("box", boxes)):
        for attachment, value in values.items():
            plan = _bound(plan, specs, name, attachment, value)
    return plan


def bind_masks(plan: Plan, kinds: Sequence[str], specs: Mapping[str, ToolSpec]) -> Plan:
    """The plan with painted masks as input `mask`, where no step takes them by name.

    A mask belongs to the picture that was attached before it (to the first, if none was).

    Args:
        plan: from the planner.
        kinds: of the attachments.
        specs: of the tools.
    """
    pictures = [number for number, kind in enumerate(kinds) if _is_picture(kind)]
    taken = {edge.source.port for edge in plan.edges() if edge.source.is_attachment}
    for number, kind in enumerate(kinds):
        if kind != _MASK or not pictures or str(number) in taken:
            continue
        picture = max((p for p in pictures if p < number), default=pictures[0])
        plan = _masked(plan, specs, picture, Ref(REQUEST, str(number)))
    return plan


def _masked(plan: Plan, specs: Mapping[str, ToolSpec], picture: int, mask: Ref) -> Plan:
    touched: set[str] = set()
    nodes = list(plan.nodes)
    for number, node in enumerate(nodes):
        if not any(_is_from(edge.source, picture, touched) for edge in node.edges()):
            continue
        touched.add(node.id)
        if specs[node.tool].input(_MASK) is not None and _MASK not in node.inputs:
            inputs = {**node.inputs, _MASK: mask}
            nodes[number] = replace(node, arguments=_unnamed(node), inputs=inputs)
            return replace(plan, nodes=tuple(nodes))
    return plan


def _is_picture(kind: str) -> bool:
    return kind != _MASK and accepts("image", kind)


def _bound(
    plan: Plan, specs: Mapping[str, ToolSpec], name: str, attachment: int, value: Any
) -> Plan:
    touched: set[str] = set()
    nodes = list(plan.nodes)
    for number, node in enumerate(nodes):
        sources = [edge.source for edge in node.edges()]
        if not any(_is_from(source, attachment, touched) for source in sources):
            continue
        touched.add(node.id)
        if specs[node.tool].param(name) is not None and name not in node.arguments:
            nodes[number] = replace(node, arguments={**_unnamed(node), name: value})
            return replace(plan, nodes=tuple(nodes))
    return plan


def _is_from(source: Ref, attachment: int, touched: set[str]) -> bool:
    if source.is_attachment:
        return source.port == str(attachment)
    return source.node in touched


def _unnamed(node: Node) -> dict[str, Any]:
    """The arguments without words that only point: "this", "that thing"."""
    return {
        key: value
        for key, value in node.arguments.items()
        if not (isinstance(value, str) and value.lower() in _VAGUE)
    }


def fit_durations(plan: Plan, specs: Mapping[str, ToolSpec]) -> Plan:
    """A film of twelve seconds gets sounds of twelve seconds, where nothing else was said."""
    known = {node.id: node for node in plan.nodes}
    wanted: dict[str, float] = {}
    for node in reversed(plan.nodes):
        length = node.arguments.get(_DURATION, wanted.get(node.id))
        if not isinstance(length, int | float):
            continue
        for edge in node.edges():
            source = known.get(edge.source.node)
            if source is not None and _sounds(specs[source.tool]):
                wanted.setdefault(source.id, float(length))
    nodes = tuple(
        replace(node, arguments={**node.arguments, _DURATION: wanted[node.id]})
        if node.id in wanted
        and _DURATION not in node.arguments
        and specs[node.tool].param(_DURATION) is not None
        else node
        for node in plan.nodes
    )
    return replace(plan, nodes=nodes)


def _sounds(spec: ToolSpec) -> bool:
    return bool(spec.outputs) and accepts("audio", spec.outputs[0].kind)
