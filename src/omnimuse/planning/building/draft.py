"""A plan while it is being made: tool calls wired to resources, not yet to references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from omnimuse.graph.plan import Ref
from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.building.resources import Resource, result_label
from omnimuse.planning.intent import Step

RESULT_ORDER = 1000


@dataclass(frozen=True)
class DraftNode:
    """A tool call before it has arguments.

    Attributes:
        tool: the tool's name.
        step: number of the step that it belongs to.
        inputs: resources by port.
        content: textual ports that take the step's own words.
        reason: why it is there, for people.
        is_inserted: no step asked for it; the types did.
        copy: 0, or the number of a repetition ("three pictures").
    """

    tool: str
    step: int
    inputs: Mapping[str, tuple[Resource, ...]]
    content: tuple[str, ...] = ()
    reason: str = ""
    is_inserted: bool = False
    copy: int = 0


@dataclass(frozen=True)
class Draft:
    """A partial plan: nodes, what is there, and how good it is so far.

    Attributes:
        nodes: tool calls, in the order in which they were added.
        resources: attachments, quotations, and all outputs so far.
        used: `order` of resources that some node takes.
        score: gains of its nodes less their costs.
        made: what each step made, by step number.
        skipped: steps without a tool.
    """

    nodes: tuple[DraftNode, ...] = ()
    resources: tuple[Resource, ...] = ()
    used: frozenset[int] = frozenset()
    score: float = 0.0
    made: Mapping[int, tuple[Resource, ...]] = field(default_factory=dict)
    skipped: tuple[int, ...] = ()


def each_of(spec: ToolSpec, node: DraftNode) -> str:
    """The input over whose elements a node is run, empty if it runs once."""
    for port in spec.inputs:
        items = node.inputs.get(port.name, ())
        if not port.is_list and len(items) == 1 and items[0].is_list:
            return port.name
    return ""


def node_id(index: int) -> str:
    """Provisional id of a draft node."""
    return f"n{index + 1}"


def add_node(
    draft: Draft, spec: ToolSpec, node: DraftNode, step: Step, *, replaces: int | None = None
) -> Draft:
    """The draft with one more node and its outputs.

    Args:
        draft: the draft.
        spec: the node's tool.
        node: the node.
        step: the step whose words name the outputs.
        replaces: number of a step whose result this one now stands for.
    """
    number = len(draft.nodes)
    label = result_label(step)
    if step.details.get("adjunct"):
        label |= {w for items in node.inputs.values() for r in items for w in r.label}
    made = tuple(
        Resource(
            port.kind,
            Ref(node_id(number), port.name if position else ""),
            label=label,
            order=RESULT_ORDER + number,
            is_primary=position == 0,
            node=number,
            is_list=port.is_list or bool(each_of(spec, node)),
            is_told=bool(node.content) and not node.inputs,
        )
        for position, port in enumerate(spec.outputs)
    )
    owner = replaces if replaces is not None else None if node.is_inserted else node.step
    earlier = draft.made.get(owner, ()) if owner is not None and node.copy else ()
    return replace(
        draft,
        nodes=(*draft.nodes, node),
        resources=(*draft.resources, *made),
        used=draft.used | {r.order for items in node.inputs.values() for r in items},
        made=draft.made if owner is None else {**draft.made, owner: (*earlier, *made)},
    )


def set_input(draft: Draft, number: int, port: str, resources: tuple[Resource, ...]) -> Draft:
    """The draft with one more input fed."""
    node = draft.nodes[number]
    new = replace(node, inputs={**node.inputs, port: resources})
    nodes = (*draft.nodes[:number], new, *draft.nodes[number + 1 :])
    return replace(draft, nodes=nodes, used=draft.used | {r.order for r in resources})


def drop_nodes(draft: Draft, drop: set[int]) -> Draft:
    """The draft without some nodes that nothing uses; the others are renumbered."""
    return renumber(draft, [n for n in range(len(draft.nodes)) if n not in drop])


def renumber(draft: Draft, order: list[int]) -> Draft:
    """The draft with only the nodes listed, in that order."""
    number = {old: new for new, old in enumerate(order)}

    def move(resource: Resource) -> Resource:
        if not resource.is_result or resource.ref is None:
            return resource
        new = number[resource.node]
        reference = Ref(node_id(new), resource.ref.port)
        return replace(resource, node=new, order=RESULT_ORDER + new, ref=reference)

    def moved(items: tuple[Resource, ...]) -> tuple[Resource, ...]:
        return tuple(move(r) for r in items if not r.is_result or r.node in number)

    nodes = tuple(
        replace(
            draft.nodes[n],
            inputs={port: moved(items) for port, items in draft.nodes[n].inputs.items()},
        )
        for n in order
    )
    used = frozenset(r.order for node in nodes for items in node.inputs.values() for r in items)
    made = {index: moved(items) for index, items in draft.made.items()}
    return replace(draft, nodes=nodes, resources=moved(draft.resources), used=used, made=made)


def topological(draft: Draft) -> Draft:
    """The draft with every node after what it takes, otherwise as it was."""
    order: list[int] = []
    pending = list(range(len(draft.nodes)))
    while pending:
        ready = next(
            n
            for n in pending
            if all(
                not r.is_result or r.node in order
                for items in draft.nodes[n].inputs.values()
                for r in items
            )
        )
        order.append(ready)
        pending.remove(ready)
    return renumber(draft, order) if order != list(range(len(order))) else draft
