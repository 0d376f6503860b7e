"""The whole-plan check: every error at once, each by name, on its node, with its remedy.

Pure: needs specs, not tools. What passes here runs without a type error: every input that a tool
asks for is there, of a kind that it takes, and every argument fits its schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from omnimuse.errors import (
    EdgeTypeError,
    PlanArgumentError,
    PlanError,
    PlanLimitError,
    PlanReferenceError,
    UnknownToolError,
)
from omnimuse.graph.arguments import (
    argument_names,
    describe,
    nearest,
    param_of,
    problem_with,
    text_problem,
)
from omnimuse.graph.kinds import accepts, is_textual
from omnimuse.graph.order import cycle_error, cycles, dependents, leaves, topological_order
from omnimuse.graph.plan import Node, Plan, Ref
from omnimuse.graph.spec import Port, ToolSpec

__all__ = ["check_plan", "dependents", "leaves", "topological_order"]

MAX_NODES = 200


def check_plan(
    plan: Plan,
    specs: Mapping[str, ToolSpec],
    attachments: Sequence[str],
    *,
    max_nodes: int = MAX_NODES,
) -> tuple[PlanError, ...]:
    """All that is wrong with a plan, in plan order; empty if it may run.

    Args:
        plan: the plan.
        specs: the tools that there are, by name.
        attachments: kinds of the request's attachments, in order.
        max_nodes: more nodes than this are refused without looking further.
    """
    if not 1 <= len(plan.nodes) <= max_nodes:
        return (
            PlanLimitError(
                f"a plan of {len(plan.nodes)} nodes; from 1 to {max_nodes} are allowed",
                hint="Split the request." if plan.nodes else "Call at least one tool.",
            ),
        )
    return tuple(_Check(plan, specs, attachments).errors())


class _Check:
    """One check of one plan; yields errors as it finds them."""

    def __init__(
        self, plan: Plan, specs: Mapping[str, ToolSpec], attachments: Sequence[str]
    ) -> None:
        self.plan = plan
        self.specs = specs
        self.attachments = attachments
        self.nodes: dict[str, Node] = {}
        for node in plan.nodes:
            self.nodes.setdefault(node.id, node)

    def errors(self) -> Iterator[PlanError]:
        seen: set[str] = set()
        for node in self.plan.nodes:
            if node.id in seen:
                yield PlanReferenceError(
                    f"two nodes have the id {node.id!r}",
                    node_id=node.id,
                    hint="Give each node an id of its own.",
                )
            seen.add(node.id)
            spec = self.specs.get(node.tool)
            if spec is None:
                yield UnknownToolError(
                    f"no tool is called {node.tool!r}",
                    node_id=node.id,
                    hint=nearest(node.tool, self.specs),
                )
                yield from self._references(node)
            else:
                yield from self._arguments(node, spec)
                yield from self._inputs(node, spec)
        for cycle in cycles(self.plan):
            yield cycle_error(cycle)
        for ref in self.plan.outputs:
            yield from self._output(ref)

    def _references(self, node: Node) -> Iterator[PlanError]:
        """Dangling references of a node whose own tool is unknown."""
        for edge in node.edges():
            problem = self._source(edge.source, node.id)
            if isinstance(problem, PlanError):
                yield problem

    def _arguments(self, node: Node, spec: ToolSpec) -> Iterator[PlanError]:
        for name, value in node.arguments.items():
            param, port = param_of(spec, name), spec.input(name)
            if name in node.inputs:
                yield PlanArgumentError(
                    f"{name} stands in arguments and in inputs",
                    node_id=node.id,
                    hint="Keep one of the two.",
                )
            elif param is not None:
                problem = problem_with(param, value)
                if problem:
                    yield PlanArgumentError(
                        f"argument {name} {problem}", node_id=node.id, hint=describe(param)
                    )
            elif port is not None:
                problem = text_problem(port, value)
                if problem:
                    yield PlanArgumentError(
                        f"{name} {problem}", node_id=node.id, hint=self._port_hint(port)
                    )
            else:
                yield PlanArgumentError(
                    f"{spec.name} has no argument {name!r}",
                    node_id=node.id,
                    hint=nearest(name, argument_names(spec)),
                )
        for param in spec.params:
            if param.is_required and param.name not in node.arguments:
                yield PlanArgumentError(
                    f"{spec.name} needs the argument {param.name}",
                    node_id=node.id,
                    hint=describe(param),
                )

    def _inputs(self, node: Node, spec: ToolSpec) -> Iterator[PlanError]:
        for name, value in node.inputs.items():
            port = spec.input(name)
            refs = value if isinstance(value, tuple) else (value,)
            if port is None:
                is_param = spec.param(name) is not None
                yield PlanArgumentError(
                    f"{spec.name} has no input {name!r}",
                    node_id=node.id,
                    hint=f"{name} is a plain value: put it into arguments."
                    if is_param
                    else nearest(name, [p.name for p in spec.inputs]),
                )
                yield from self._references(Node(node.id, node.tool, inputs={name: value}))
                continue
            if isinstance(value, tuple) and not port.is_list and node.each != name:
                yield EdgeTypeError(
                    f"input {name} takes one {port.kind}, got a list of {len(value)}",
                    node_id=node.id,
                    hint="Give one reference, not a list.",
                )
            for ref in refs:
                yield from self._edge(node, port, ref)
        if node.each:
            yield from self._each(node, spec)
        for port in spec.inputs:
            given = node.inputs.get(port.name)
            is_given = port.name in node.arguments or (given is not None and given != ())
            if port.is_required and not is_given:
                yield PlanArgumentError(
                    f"{spec.name} needs the input {port.name}",
                    node_id=node.id,
                    hint=self._port_hint(port),
                )

    def _each(self, node: Node, spec: ToolSpec) -> Iterator[PlanError]:
        """The input that a node is run over: there, wired, and of one thing."""
        port = spec.input(node.each)
        if port is None or node.each not in node.inputs:
            yield PlanArgumentError(
                f"each names {node.each!r}, which is no wired input of {spec.name}",
                node_id=node.id,
                hint=nearest(node.each, node.inputs),
            )
        elif port.is_list:
            yield PlanArgumentError(
                f"input {node.each} takes a list: it needs no run for each element",
                node_id=node.id,
                hint="Leave `each` out.",
            )

    def _edge(self, node: Node, port: Port, ref: Ref) -> Iterator[PlanError]:
        source = self._source(ref, node.id)
        if isinstance(source, PlanError):
            yield source
        elif source is None:
            return
        elif not accepts(port.kind, source.kind):
            yield EdgeTypeError(
                f"input {port.name} takes {port.kind}, but {ref} gives {source.kind}",
                node_id=node.id,
                hint=self._conversion_hint(port.kind, source),
            )
        elif source.is_list and not port.is_list and node.each != port.name:
            yield EdgeTypeError(
                f"input {port.name} takes one {port.kind}, but {ref} gives a list of them",
                node_id=node.id,
                hint=f'Run it for each (`"each": "{port.name}"`), take one element ({ref.node}.0), '
                "or use a tool that takes a list.",
            )

    def _source(self, ref: Ref, node_id: str | None) -> Port | PlanError | None:
        """What a reference gives; an error if it points at nothing; None if nobody can tell."""
        if ref.is_attachment:
            return self._attachment(ref, node_id)
        node = self.nodes.get(ref.node)
        if node is None:
            return PlanReferenceError(
                f"{ref} points at no node", node_id=node_id, hint=nearest(ref.node, self.nodes)
            )
        spec = self.specs.get(node.tool)
        if spec is None:
            return None
        place = ref.place
        port = spec.output("" if place is not None else ref.port)
        is_list = port is not None and (port.is_list or bool(node.each))
        if place is not None and not is_list:
            return PlanReferenceError(
                f"{ref}: {spec.name} gives one thing, not a list",
                node_id=node_id,
                hint=f"Refer to {ref.node}.",
            )
        if port is None:
            return PlanReferenceError(
                f"{ref}: {spec.name} has no output {ref.port or 'at all'}",
                node_id=node_id,
                hint=nearest(ref.port, [p.name for p in spec.outputs]),
            )
        return replace(port, is_list=is_list and place is None)

    def _attachment(self, ref: Ref, node_id: str | None) -> Port | PlanError:
        count = len(self.attachments)
        # isdecimal() alone lets other scripts' digits and huge numbers through.
        if ref.port.isascii() and ref.port.isdecimal() and len(ref.port) <= 6:
            place = int(ref.port)
            if place < count:
                return Port(ref.port, self.attachments[place])
        if not count:
            hint = "The request has no attachments: make the asset with a tool, or ask for a file."
        else:
            listed = ", ".join(f"request.{k} ({kind})" for k, kind in enumerate(self.attachments))
            hint = f"There are: {listed}."
        return PlanReferenceError(f"{ref} points at no attachment", node_id=node_id, hint=hint)

    def _output(self, ref: Ref) -> Iterator[PlanError]:
        if ref.is_attachment:
            yield PlanReferenceError(
                f"output {ref} is an attachment, not a result",
                hint="List nodes of the plan as outputs.",
            )
            return
        problem = self._source(ref, ref.node if ref.node in self.nodes else None)
        if isinstance(problem, PlanError):
            yield problem

    def _port_hint(self, port: Port) -> str:
        kind = f"a list of {port.kind}" if port.is_list else f"a {port.kind}"
        text = ", or write it as a string in arguments" if is_textual(port.kind) else ""
        makers = self._makers(port.kind)
        return f"{port.name} is {kind}: wire one to it{makers and f' (from {makers})'}{text}."

    def _conversion_hint(self, wanted: str, given: Port) -> str:
        names = [
            spec.name
            for spec in self.specs.values()
            if any(accepts(wanted, out.kind) for out in spec.outputs)
            and any(accepts(port.kind, given.kind) for port in spec.inputs)
        ]
        if names:
            return f"{' or '.join(sorted(names)[:3])} turns {given.kind} into {wanted}."
        makers = self._makers(wanted)
        if makers:
            return f"No tool turns {given.kind} into {wanted}; {makers} makes {wanted}."
        return f"No tool here makes {wanted}."

    def _makers(self, kind: str) -> str:
        """Up to three tools whose primary output is of this kind, or of one below it."""
        names = [
            spec.name
            for spec in self.specs.values()
            if spec.outputs and accepts(kind, spec.outputs[0].kind)
        ]
        return " or ".join(sorted(names)[:3])
