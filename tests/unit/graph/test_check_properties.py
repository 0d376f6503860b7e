"""Random tool sets and plans: what the checker passes runs; what breaks a plan is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from omnimuse.errors import (
    EdgeTypeError,
    PlanArgumentError,
    PlanCycleError,
    PlanError,
    PlanLimitError,
    PlanReferenceError,
    UnknownToolError,
)
from omnimuse.graph.arguments import resolve_arguments
from omnimuse.graph.check import check_plan, topological_order
from omnimuse.graph.kinds import KINDS, ancestors, is_textual
from omnimuse.graph.plan import Node, Plan, Ref
from omnimuse.graph.spec import Param, Port, ToolSpec

KIND_NAMES = [*sorted(KINDS), "hologram"]
SCHEMAS: list[tuple[dict[str, Any], st.SearchStrategy[Any], Any]] = [
    ({"type": "integer", "minimum": 1, "maximum": 9}, st.integers(1, 9), 10),
    ({"type": "number", "maximum": 1}, st.floats(-5, 1), "1"),
    ({"type": "string", "maxLength": 4}, st.text(max_size=4), "12345"),
    ({"type": "boolean"}, st.booleans(), 1),
    ({"enum": ["a", 2, None]}, st.sampled_from(["a", 2, None]), "b"),
    (
        {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
        st.lists(st.integers(), max_size=2),
        [1, 2, 3],
    ),
]
Made = tuple[Plan, dict[str, ToolSpec], list[str]]


@st.composite
def specs(draw: st.DrawFn) -> dict[str, ToolSpec]:
    """A handful of tools with random ports and parameters."""
    found = {}
    for number in range(draw(st.integers(2, 6))):
        ports = [
            Port(
                f"in{k}",
                draw(st.sampled_from(KIND_NAMES)),
                draw(st.booleans()),
                draw(st.booleans()),
            )
            for k in range(draw(st.integers(0, 3)))
        ]
        outs = [
            Port(f"out{k}", draw(st.sampled_from(KIND_NAMES)), draw(st.booleans()))
            for k in range(draw(st.integers(1, 2)))
        ]
        params = []
        for k in range(draw(st.integers(0, 2))):
            schema, values, _ = SCHEMAS[draw(st.integers(0, len(SCHEMAS) - 1))]
            params.append(Param(f"arg{k}", schema, draw(st.booleans()), draw(values)))
        name = f"tool_{number}"
        found[name] = ToolSpec(
            name, "1", "A tool.", inputs=tuple(ports), outputs=tuple(outs), params=tuple(params)
        )
    return found


def offers(port: Port, made: list[tuple[Ref, Port]], kinds: list[str]) -> list[tuple[Ref, bool]]:
    """References that fit the port, and whether each gives a list."""
    given_ = [(ref, out.is_list) for ref, out in made if port.kind in ancestors(out.kind)]
    files = [
        (Ref("request", str(k)), False)
        for k, kind in enumerate(kinds)
        if port.kind in ancestors(kind)
    ]
    return [entry for entry in given_ + files if port.is_list or not entry[1]]


@st.composite
def good_plans(draw: st.DrawFn) -> Made:
    """A plan that is valid by construction."""
    tools, kinds = draw(specs()), draw(st.lists(st.sampled_from(KIND_NAMES), max_size=3))
    made: list[tuple[Ref, Port]] = []
    nodes: list[Node] = []
    for number in range(draw(st.integers(1, 7))):
        spec = draw(st.sampled_from(sorted(tools.values(), key=lambda s: s.name)))
        node = draw_node(draw, f"n{number}", spec, made, kinds)
        if node is None:
            continue
        nodes.append(node)
        for place, out in enumerate(spec.outputs):
            made.append((Ref(node.id, out.name), out))
            if not place:
                made.append((Ref(node.id), out))
    assume(nodes)
    return Plan(tuple(nodes)), tools, kinds


def draw_node(
    draw: st.DrawFn, node_id: str, spec: ToolSpec, made: list[tuple[Ref, Port]], kinds: list[str]
) -> Node | None:
    arguments: dict[str, Any] = {}
    inputs: dict[str, Ref | tuple[Ref, ...]] = {}
    for port in spec.inputs:
        fitting = [ref for ref, _ in offers(port, made, kinds)]
        if not port.is_required and draw(st.booleans()):
            continue
        if is_textual(port.kind) and (not fitting or draw(st.booleans())):
            arguments[port.name] = ["one", "two"] if port.is_list else "one"
        elif not fitting:
            if port.is_required:
                return None
        elif port.is_list and draw(st.booleans()):
            inputs[port.name] = tuple(
                draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=3))
            )
        else:
            inputs[port.name] = draw(st.sampled_from(fitting))
    for param in spec.params:
        if param.is_required or draw(st.booleans()):
            values = next(values for schema, values, _ in SCHEMAS if schema is param.schema)
            arguments[param.name] = draw(values)
    return Node(node_id, spec.name, arguments, inputs)


@st.composite
def any_plans(draw: st.DrawFn) -> Made:
    """A plan with wild references and arguments; most are wrong, some are right."""
    tools, kinds = draw(specs()), draw(st.lists(st.sampled_from(KIND_NAMES), max_size=2))
    names = [f"n{k}" for k in range(draw(st.integers(1, 4)))]
    refs = [Ref(name, port) for name in names for port in ("", "out0", "out1")]
    refs += [Ref("request", str(k)) for k in range(2)]
    any_ref = st.sampled_from(refs)
    nodes = []
    for name in names:
        spec = tools[draw(st.sampled_from(sorted(tools)))]
        inputs = {
            port.name: draw(st.one_of(any_ref, st.lists(any_ref, max_size=2).map(tuple)))
            for port in spec.inputs
            if draw(st.integers(0, 5))
        }
        arguments = {
            param.name: draw(st.one_of(*(values for _, values, _ in SCHEMAS)))
            for param in spec.params
            if draw(st.integers(0, 5))
        }
        nodes.append(Node(name, spec.name, arguments, inputs))
    return Plan(tuple(nodes)), tools, kinds


def run_typed(plan: Plan, tools: dict[str, ToolSpec], kinds: list[str]) -> int:
    """Run with kinds in place of assets; every tool checks what it is handed."""
    values: dict[str, dict[str, str | list[str]]] = {}
    for node in topological_order(plan):
        spec = tools[node.tool]
        resolved = resolve_arguments(spec, node.arguments)
        for param in spec.params:
            assert Draft202012Validator(param.schema).is_valid(resolved[param.name])
        for port in spec.inputs:
            if port.name in resolved:
                handed: Any = [port.kind] * len(resolved[port.name]) if port.is_list else port.kind
            elif port.name in node.inputs:
                handed = delivered(node, port, plan, tools, values, kinds)
            else:
                assert not port.is_required
                continue
            assert isinstance(handed, list) == port.is_list
            for kind in handed if isinstance(handed, list) else [handed]:
                assert port.kind in ancestors(kind)
        values[node.id] = {
            out.name: [out.kind, out.kind] if out.is_list else out.kind for out in spec.outputs
        }
    return len(values)


def delivered(
    node: Node,
    port: Port,
    plan: Plan,
    tools: dict[str, ToolSpec],
    values: dict[str, dict[str, str | list[str]]],
    kinds: list[str],
) -> str | list[str]:
    value = node.inputs[port.name]
    found: list[str] = []
    for ref in value if isinstance(value, tuple) else (value,):
        if ref.is_attachment:
            found.append(kinds[int(ref.port)])
            continue
        source = plan.node(ref.node)
        assert source is not None
        given_ = values[ref.node][ref.port or tools[source.tool].outputs[0].name]
        if isinstance(given_, list):
            assert port.is_list
            found += given_
        else:
            found.append(given_)
    return found if port.is_list else found[0]


few = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@few
@given(good_plans())
def test_plans_that_are_right_pass_and_run(made: Made):
    plan, tools, kinds = made
    assert check_plan(plan, tools, kinds) == ()
    assert run_typed(plan, tools, kinds) == len(plan.nodes)


@few
@given(good_plans())
def test_plans_and_specs_survive_json(made: Made):
    plan, tools, kinds = made
    again = Plan.from_json(plan.to_json())
    assert again == plan
    loaded = {name: ToolSpec.from_json(spec.to_json()) for name, spec in tools.items()}
    assert check_plan(again, loaded, kinds) == ()


@settings(few, max_examples=250)
@given(any_plans())
def test_whatever_passes_runs_and_whatever_does_not_is_named(made: Made):
    plan, tools, kinds = made
    errors = check_plan(plan, tools, kinds)
    if not errors:
        assert run_typed(plan, tools, kinds) == len(plan.nodes)
    for error in errors:
        assert error.node_id in {node.id for node in plan.nodes}
        assert error.message
        assert error.hint


def swap(plan: Plan, node: Node, **changes: Any) -> Plan:
    changed = replace(node, **changes)
    return replace(plan, nodes=tuple(changed if n is node else n for n in plan.nodes))


def without(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name != key}


Mutation = Callable[[st.DataObject, Plan, dict[str, ToolSpec], list[str]], tuple[Plan, str | None]]


def pick(data: st.DataObject, items: list[Any]) -> Any:
    assume(items)
    return data.draw(st.sampled_from(items))


def rename_tool(data, plan, tools, kinds):
    node = pick(data, list(plan.nodes))
    return swap(plan, node, tool="no_such_tool"), node.id


def drop_input(data, plan, tools, kinds):
    node, name = pick(
        data, [(n, p.name) for n in plan.nodes for p in tools[n.tool].inputs if p.is_required]
    )
    return (
        swap(
            plan, node, inputs=without(node.inputs, name), arguments=without(node.arguments, name)
        ),
        node.id,
    )


def swap_kind(data, plan, tools, kinds):
    node, name = pick(data, [(n, name) for n in plan.nodes for name in n.inputs])
    wanted = tools[node.tool].input(name).kind
    place = next((k for k, kind in enumerate(kinds) if wanted not in ancestors(kind)), None)
    assume(place is not None)
    return swap(plan, node, inputs={**node.inputs, name: Ref("request", str(place))}), node.id


def add_cycle(data, plan, tools, kinds):
    readers = [(n, ref.source.node) for n in plan.nodes for ref in n.edges()]
    late, early = pick(data, [(n, s) for n, s in readers if s != "request"])
    first = plan.node(early)
    name = pick(data, [p.name for p in tools[first.tool].inputs])
    inputs = {**first.inputs, name: Ref(late.id)}
    both = swap(plan, first, inputs=inputs, arguments=without(first.arguments, name))
    return both, {early, late.id}


def refer_to_itself(data, plan, tools, kinds):
    node, name = pick(data, [(n, p.name) for n in plan.nodes for p in tools[n.tool].inputs])
    inputs = {**node.inputs, name: Ref(node.id)}
    return swap(plan, node, inputs=inputs, arguments=without(node.arguments, name)), node.id


def bad_argument(data, plan, tools, kinds):
    node, param = pick(data, [(n, p) for n in plan.nodes for p in tools[n.tool].params])
    bad = next(bad for schema, _, bad in SCHEMAS if schema is param.schema)
    return swap(plan, node, arguments={**node.arguments, param.name: bad}), node.id


def unknown_argument(data, plan, tools, kinds):
    node = pick(data, list(plan.nodes))
    return swap(plan, node, arguments={**node.arguments, "no_such_argument": 1}), node.id


def drop_argument(data, plan, tools, kinds):
    node, name = pick(
        data, [(n, p.name) for n in plan.nodes for p in tools[n.tool].params if p.is_required]
    )
    return swap(plan, node, arguments=without(node.arguments, name)), node.id


def unknown_input(data, plan, tools, kinds):
    node = pick(data, list(plan.nodes))
    inputs = {**node.inputs, "no_such_input": Ref(plan.nodes[0].id)}
    return swap(plan, node, inputs=inputs), node.id


def refer_to_nobody(data, plan, tools, kinds):
    node, name = pick(data, [(n, name) for n in plan.nodes for name in n.inputs])
    return swap(plan, node, inputs={**node.inputs, name: Ref("ghost")}), node.id


def refer_to_no_output(data, plan, tools, kinds):
    node, name = pick(data, [(n, name) for n in plan.nodes[1:] for name in n.inputs])
    ref = Ref(plan.nodes[0].id, "no_such_output")
    return swap(plan, node, inputs={**node.inputs, name: ref}), node.id


def refer_to_no_attachment(data, plan, tools, kinds):
    node, name = pick(data, [(n, name) for n in plan.nodes for name in n.inputs])
    port = data.draw(st.sampled_from([str(len(kinds)), "", "first", "\u0661", "9" * 30]))
    return swap(plan, node, inputs={**node.inputs, name: Ref("request", port)}), node.id


def repeat_id(data, plan, tools, kinds):
    node = pick(data, list(plan.nodes))
    return replace(plan, nodes=(*plan.nodes, node)), node.id


def list_for_one(data, plan, tools, kinds):
    node, name = pick(
        data,
        [(n, p) for n in plan.nodes for p in n.inputs if not tools[n.tool].input(p).is_list],
    )
    ref = node.inputs[name]
    return swap(plan, node, inputs={**node.inputs, name: (ref, ref)}), node.id


def list_output_for_one(data, plan, tools, kinds):
    node, name = pick(
        data,
        [(n, p) for n in plan.nodes for p in n.inputs if not tools[n.tool].input(p).is_list],
    )
    kind = tools[node.tool].input(name).kind
    tools["many"] = ToolSpec("many", "1", "Many.", outputs=(Port("all", kind, is_list=True),))
    changed = swap(plan, node, inputs={**node.inputs, name: Ref("source")})
    return replace(changed, nodes=(Node("source", "many"), *changed.nodes)), node.id


def say_it_twice(data, plan, tools, kinds):
    node, name = pick(data, [(n, name) for n in plan.nodes for name in n.inputs])
    return swap(plan, node, arguments={**node.arguments, name: "text"}), node.id


def output_of_nobody(data, plan, tools, kinds):
    return replace(plan, outputs=(Ref("ghost"),)), None


def too_many(data, plan, tools, kinds):
    nodes = tuple(Node(f"m{k}", plan.nodes[0].tool) for k in range(201))
    return replace(plan, nodes=nodes), None


MUTATIONS: list[tuple[Mutation, type[PlanError]]] = [
    (rename_tool, UnknownToolError),
    (drop_input, PlanArgumentError),
    (swap_kind, EdgeTypeError),
    (add_cycle, PlanCycleError),
    (refer_to_itself, PlanCycleError),
    (bad_argument, PlanArgumentError),
    (unknown_argument, PlanArgumentError),
    (drop_argument, PlanArgumentError),
    (unknown_input, PlanArgumentError),
    (refer_to_nobody, PlanReferenceError),
    (refer_to_no_output, PlanReferenceError),
    (refer_to_no_attachment, PlanReferenceError),
    (repeat_id, PlanReferenceError),
    (list_for_one, EdgeTypeError),
    (list_output_for_one, EdgeTypeError),
    (say_it_twice, PlanArgumentError),
    (output_of_nobody, PlanReferenceError),
    (too_many, PlanLimitError),
]


@pytest.mark.parametrize(("mutate", "wanted"), MUTATIONS, ids=lambda v: getattr(v, "__name__", ""))
@settings(few, max_examples=25)
@given(made=good_plans(), data=st.data())
def test_each_way_to_break_a_plan_is_named_on_the_right_node(mutate, wanted, made: Made, data):
    plan, tools, kinds = made
    broken, node_id = mutate(
        data, plan, dict(tools) if mutate is not list_output_for_one else tools, kinds
    )
    errors = check_plan(broken, tools, kinds)
    where = node_id if isinstance(node_id, set) else {node_id}
    assert [e for e in errors if type(e) is wanted and e.node_id in where]
