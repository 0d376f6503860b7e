from __future__ import annotations

import pytest

from omnimuse.errors import PlanCycleError
from omnimuse.graph.order import cycles, dependents, leaves, readers, sources, topological_order
from omnimuse.graph.plan import Node, Plan, Ref


def make_plan(edges: dict[str, list[str]]) -> Plan:
    return Plan(
        tuple(
            Node(name, "t", {}, {"items": tuple(Ref(origin) for origin in origins)})
            for name, origins in edges.items()
        )
    )


def ids(nodes: tuple[Node, ...]) -> list[str]:
    return [node.id for node in nodes]


def test_order_follows_edges_and_else_the_plan():
    plan = make_plan({"d": ["b", "c"], "c": ["a"], "b": ["a"], "a": [], "z": []})
    assert ids(topological_order(plan)) == ["a", "c", "b", "d", "z"]


def test_plan_order_is_kept_where_it_is_valid():
    plan = make_plan({name: [] for name in "qwertzuiop"})
    assert "".join(ids(topological_order(plan))) == "qwertzuiop"


def test_dependents_reach_through_others():
    plan = make_plan({"a": [], "b": ["a"], "c": ["b"], "d": [], "e": ["d", "c"]})
    assert ids(dependents(plan, "a")) == ["b", "c", "e"]
    assert ids(dependents(plan, "d")) == ["e"]
    assert ids(dependents(plan, "e")) == []
    assert ids(dependents(plan, "nobody")) == []


def test_leaves_are_what_nothing_reads():
    plan = make_plan({"a": [], "b": ["a"], "c": ["a"], "d": []})
    assert ids(leaves(plan)) == ["b", "c", "d"]


def test_sources_and_readers_name_each_node_once():
    plan = make_plan({"a": [], "b": ["a", "a", "request", "ghost"]})
    assert sources(plan) == {"a": (), "b": ("a",)}
    assert readers(plan) == {"a": ("b",), "b": ()}


def test_the_shortest_cycle_is_named():
    plan = make_plan({"x": [], "a": ["c", "x"], "b": ["a"], "c": ["b"], "d": ["d"]})
    assert cycles(plan) == (("a", "b", "c"), ("d",))
    with pytest.raises(PlanCycleError, match="a -> b -> c -> a") as caught:
        topological_order(plan)
    assert caught.value.node_id == "a"


def test_a_knot_of_several_cycles_is_named_once():
    plan = make_plan({"a": ["b", "c"], "b": ["a"], "c": ["a", "b"]})
    assert cycles(plan) == (("a", "b"),)


def test_a_chain_of_thousands_needs_no_recursion():
    size = 20_000
    chain = make_plan({f"n{k}": [f"n{k - 1}"] if k else [] for k in range(size)})
    assert len(topological_order(chain)) == size
    assert cycles(chain) == ()
    ring = make_plan({f"n{k}": [f"n{(k - 1) % size}"] for k in range(size)})
    assert len(cycles(ring)[0]) == size
