"""What a whole needs beyond its steps: things joined, parts gathered, copies for "each".

"Read it over a piano tune" is two sounds that want to be one; "make a film of it" wants every loose
end that fits. Both are found from the tools' ports, not from their names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from omnimuse.graph.kinds import accepts, ancestors, is_textual
from omnimuse.graph.spec import Port, ToolSpec
from omnimuse.planning.building.binding import GUIDES
from omnimuse.planning.building.draft import (
    RESULT_ORDER,
    Draft,
    DraftNode,
    add_node,
    drop_nodes,
    set_input,
)
from omnimuse.planning.building.resources import Resource, related
from omnimuse.planning.intent import Step


def join(
    draft: Draft,
    specs: Mapping[str, ToolSpec],
    first: Resource,
    second: Resource,
    *,
    fits: Mapping[str, float],
    step: Step,
    index: int,
) -> Draft:
    """Bring two results together: by a free port of the first one's tool, else by a tool for both.

    Args:
        draft: the plan so far.
        specs: the tools.
        first: the result that is accompanied.
        second: what goes along.
        fits: nearness of the tools to the words of both.
        step: the step that says so.
        index: its number.
    """
    node = draft.nodes[first.node]
    spec = specs[node.tool]
    port = free_port(spec, node, second)
    if port is not None and related_outputs(spec, second):
        return set_input(draft, first.node, port.name, (second,))
    found = joiner(specs, (first, second), fits)
    if found is None:
        return _mixed_in(draft, specs, first, second, fits=fits, step=step, index=index)
    name, inputs = found
    reason = f"brings {first.kind} and {second.kind} together"
    return add_node(
        draft, specs[name], DraftNode(name, index, inputs, (), reason, True), step, replaces=index
    )


def _mixed_in(
    draft: Draft,
    specs: Mapping[str, ToolSpec],
    first: Resource,
    second: Resource,
    *,
    fits: Mapping[str, float],
    step: Step,
    index: int,
) -> Draft:
    """A film that has a voice gets music too: both are mixed for the one port."""
    node = draft.nodes[first.node]
    for port in specs[node.tool].inputs:
        fed = node.inputs.get(port.name, ())
        is_open = port.kind not in GUIDES and not port.is_list and accepts(port.kind, second.kind)
        if len(fed) != 1 or not is_open or is_textual(port.kind):
            continue
        found = joiner(specs, (fed[0], second), fits)
        if found is None:
            continue
        name, inputs = found
        mixer = DraftNode(name, index, inputs, (), "mixes the sounds for it", True)
        draft = add_node(draft, specs[name], mixer, step)
        mixed = next(r for r in draft.resources if r.node == len(draft.nodes) - 1)
        return set_input(draft, first.node, port.name, (mixed,))
    return draft


def related_outputs(spec: ToolSpec, resource: Resource) -> bool:
    """Whether a tool makes something wider than a resource, of which it can be a part."""
    return all(not related(resource.kind, port.kind) for port in spec.outputs)


def widen_join(
    draft: Draft,
    specs: Mapping[str, ToolSpec],
    first: Resource,
    second: Resource,
    *,
    step: Step,
    index: int,
) -> Draft | None:
    """A third part for what joins two already: "read it over a tune and the sound of rain".

    None if nothing joins them, or the tool that does has no port left for it.
    """
    for number, node in enumerate(draft.nodes):
        takes = any(r.order == first.order for items in node.inputs.values() for r in items)
        if not (node.is_inserted and takes and len(node.inputs) > 1):
            continue
        port = free_port(specs[node.tool], node, second)
        if port is None:
            continue
        parts = {name: tuple(r.order for r in items) for name, items in node.inputs.items()}
        parts[port.name] = (second.order,)
        rest = drop_nodes(draft, {number})
        moved = {
            name: tuple(_after(rest, order, number) for order in orders)
            for name, orders in parts.items()
        }
        again = DraftNode(node.tool, index, moved, (), f"{node.reason} and {second.kind}", True)
        return add_node(rest, specs[node.tool], again, step, replaces=index)
    return None


def _after(draft: Draft, order: int, dropped: int) -> Resource:
    """A primary resource by its order before a node was dropped."""
    late = order > RESULT_ORDER + dropped
    return next(r for r in draft.resources if r.order == order - late and r.is_primary)


def free_port(spec: ToolSpec, node: DraftNode, resource: Resource) -> Port | None:
    """An unfed optional port that takes the resource as a part (a guide is no part)."""
    for port in spec.inputs:
        if port.name in node.inputs or port.is_required or port.kind in GUIDES:
            continue
        if accepts(port.kind, resource.kind):
            return port
    return None


def joiner(
    specs: Mapping[str, ToolSpec], parts: Sequence[Resource], fits: Mapping[str, float]
) -> tuple[str, dict[str, tuple[Resource, ...]]] | None:
    """The nearest tool that takes all the parts and gives their common kind, and how it is fed."""
    common = [
        kind
        for kind in ancestors(parts[0].kind)
        if all(kind in ancestors(part.kind) for part in parts)
    ] or list(ancestors(parts[0].kind))  # music goes with a film, and a film it stays
    best: tuple[float, str, dict[str, tuple[Resource, ...]]] | None = None
    for name, spec in specs.items():
        if not spec.outputs or spec.outputs[0].kind not in common:
            continue
        inputs = feed_all(spec, parts)
        if inputs is None:
            continue
        score = fits.get(name, 0.0)
        if best is None or (score, name) > (best[0], best[1]):
            best = (score, name, inputs)
    return (best[1], best[2]) if best else None


def feed_all(spec: ToolSpec, parts: Sequence[Resource]) -> dict[str, tuple[Resource, ...]] | None:
    """A port for every part, the narrowest kind first; None if a part or a needed port is left."""
    ports = [p for p in spec.inputs if p.kind not in GUIDES]
    inputs: dict[str, tuple[Resource, ...]] = {}
    for part in parts:
        fitting = [
            p for p in ports if accepts(p.kind, part.kind) and (p.is_list or p.name not in inputs)
        ]
        if not fitting:
            return None
        port = min(fitting, key=lambda p: (ancestors(part.kind).index(p.kind), p.is_list))
        inputs[port.name] = (*inputs.get(port.name, ()), part)
    if any(p.is_required and p.name not in inputs for p in spec.inputs):
        return None
    return inputs


def is_collector(spec: ToolSpec) -> bool:
    """Whether a tool makes one thing out of several parts (a film of pictures and sound)."""
    parts = [p for p in spec.inputs if not is_textual(p.kind) and p.kind not in GUIDES]
    return any(p.is_list for p in parts) and len(parts) > 1


def gather(
    draft: Draft,
    specs: Mapping[str, ToolSpec],
    number: int,
    *,
    fits: Mapping[str, float],
    step: Step,
    index: int,
) -> Draft:
    """Feed a collector's open ports with the loose ends that fit, and mix where several compete."""
    spec = specs[draft.nodes[number].tool]
    if not is_collector(spec):
        return draft
    for port in spec.inputs:
        node = draft.nodes[number]
        if port.kind in GUIDES or is_textual(port.kind):
            continue
        if port.is_list and _is_vague(step, node.inputs.get(port.name, ())):
            ends = loose_ends(draft, port.kind, before=number)
            own = node.inputs.get(port.name, ())
            draft = set_input(draft, number, port.name, tuple(sorted({*own, *ends}, key=_order)))
            continue
        if port.name in node.inputs or port.is_required:
            continue
        loose = loose_ends(draft, port.kind, before=number)
        if not loose:
            continue
        if len(loose) > 1 and not port.is_list:
            found = joiner(specs, loose, fits)
            if found is None:
                loose = loose[-1:]
            else:
                name, inputs = found
                mixer = DraftNode(name, index, inputs, (), "mixes the sounds for it", True)
                draft = add_node(draft, specs[name], mixer, step)
                loose = [r for r in draft.resources if r.node == len(draft.nodes) - 1][:1]
        draft = set_input(draft, number, port.name, tuple(loose))
    return _caption(draft, specs, number)


def _order(resource: Resource) -> int:
    return resource.order


def _is_vague(step: Step, items: Sequence[Resource]) -> bool:
    """Nothing says which: a pronoun or no word at all led to what is fed."""
    pointed = [m for m in step.mentions if not m.is_output and (m.kind or m.literals)]
    return bool(items) and all(r.is_result for r in items) and not pointed


def _caption(draft: Draft, specs: Mapping[str, ToolSpec], number: int) -> Draft:
    """A textual port of a collector shows the words that its sound speaks.

    Words with their times (a transcript beside the speech) come before plain ones.
    """
    spec, node = specs[draft.nodes[number].tool], draft.nodes[number]
    ports = [p for p in spec.inputs if is_textual(p.kind) and not p.is_required]
    if any(p.name in node.inputs for p in ports) or "text" in {o.kind for o in spec.outputs}:
        return draft
    spoken = ancestry(draft, number)
    beside = [r for s in spoken for r in draft.resources if s.is_result and r.node == s.node]
    for port in sorted(ports, key=lambda p: p.kind == "text"):
        for resource in spoken if port.kind == "text" else beside:
            if resource.is_result and accepts(port.kind, resource.kind):
                return set_input(draft, number, port.name, (resource,))
    return draft


def ancestry(draft: Draft, number: int) -> list[Resource]:
    """Everything that a node is made of, nearest first, by way of its sound."""
    found: list[Resource] = []
    queue = [
        r
        for items in draft.nodes[number].inputs.values()
        for r in items
        if accepts("audio", r.kind)
    ]
    while queue:
        resource = queue.pop(0)
        found.append(resource)
        if resource.is_result:
            queue.extend(r for items in draft.nodes[resource.node].inputs.values() for r in items)
    return found


def loose_ends(draft: Draft, kind: str, *, before: int) -> list[Resource]:
    """Primary results of a kind that nothing uses yet."""
    return [
        r
        for r in draft.resources
        if r.is_result
        and r.is_primary
        and r.node < before
        and r.order not in draft.used
        and accepts(kind, r.kind)
    ]


def with_copies(
    draft: Draft,
    number: int,
    extra: Sequence[Mapping[str, tuple[Resource, ...]]],
    specs: Mapping[str, ToolSpec],
    step: Step,
) -> Draft:
    """The same tool again, once for each further feeding."""
    node = draft.nodes[number]
    for copy, inputs in enumerate(extra, start=1):
        draft = add_node(draft, specs[node.tool], replace(node, inputs=inputs, copy=copy), step)
    return draft
