from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from omnimuse.api import Asset
from omnimuse.execution.keys import node_seeds, result_key
from omnimuse.execution.task import NodeTask, RoleCard
from omnimuse.graph.plan import Node, Plan, Ref

TASK = NodeTask("r", "n", "t", "1", {"a": 1}, {"x": Asset.from_text("x")}, 5, Path("/w"))


def key(task: NodeTask = TASK, roles: tuple[str, ...] = (), policy: str = "p") -> str:
    return result_key(task, roles, policy)


def test_the_key_knows_what_matters_and_nothing_else():
    card = RoleCard("llm", "small", "abc")
    with_card = replace(TASK, models={"llm": card})
    same = [
        replace(TASK, run_id="other", node_id="other", workdir=Path("/v"), attempt=2),
        replace(TASK, memory_mb=9.0),
    ]
    different = [
        key(replace(TASK, tool="u")),
        key(replace(TASK, version="2")),
        key(replace(TASK, arguments={"a": 2})),
        key(replace(TASK, seed=6)),
        key(replace(TASK, inputs={"x": Asset.from_text("y")})),
        key(replace(TASK, inputs={"y": Asset.from_text("x")})),
        key(replace(TASK, inputs={"x": Asset.from_text("x", "caption")})),
        key(policy="q"),
        key(roles=("llm",)),
        key(with_card, ("llm",)),
        key(replace(TASK, models={"llm": replace(card, sha256="abd")}), ("llm",)),
        key(replace(TASK, models={"llm": replace(card, card="large")}), ("llm",)),
    ]
    assert {key(task) for task in same} == {key()}
    assert len({key(), *different}) == len(different) + 1


edges = st.lists(st.lists(st.integers(0, 30), max_size=3), min_size=1, max_size=12)


def build(shape: list[list[int]], prefix: str = "n") -> list[Node]:
    return [
        Node(
            f"{prefix}{k}",
            "t",
            {"size": len(origins)},
            {"x": tuple(Ref(f"{prefix}{o % k}") for o in origins)} if k else {},
        )
        for k, origins in enumerate(shape)
    ]


@given(edges, st.integers(0, 2**32 - 1))
def test_seeds_do_not_depend_on_names_or_on_what_comes_after(shape, run_seed):
    one = node_seeds(Plan(tuple(build(shape))), run_seed, ())
    renamed = node_seeds(Plan(tuple(build(shape, "other"))), run_seed, ())
    assert list(one.values()) == list(renamed.values())
    more = [*build(shape), Node("z", "unlike_all_others", {}), Node("n_last", "t", {"size": 0})]
    longer = node_seeds(Plan(tuple(more)), run_seed, ())
    assert {name: longer[name] for name in one} == one
    assert len(set(one.values())) == len(one)
    assert all(0 <= seed < 2**32 for seed in one.values())


def test_a_given_seed_wins_and_attachments_count_by_what_they_are():
    plan = Plan((Node("a", "t", {"seed": 3}), Node("b", "t", {}, {"x": Ref("request", "0")})))
    fox = node_seeds(plan, 1, [Asset.from_text("fox")])
    hen = node_seeds(plan, 1, [Asset.from_text("hen")])
    assert fox["a"] == hen["a"] == 3
    assert fox["b"] != hen["b"]
    moved = Plan((Node("b", "t", {}, {"x": Ref("request", "1")}),))
    both = [Asset.from_text("hen"), Asset.from_text("fox")]
    assert node_seeds(moved, 1, both)["b"] == fox["b"]
