"""A node over a list: one run for each element."""

from __future__ import annotations

from typing import Any

import pytest

from omnimuse.api import Asset, Image, Text, ToolContext, tool
from omnimuse.errors import InputError, ToolError
from omnimuse.graph.plan import Plan

SHOUTED: list[str] = []


@pytest.fixture
def shouting(house: Any) -> Any:
    """The house with a tool that takes one text, and whose words may be cursed."""
    SHOUTED.clear()
    house.cursed = set()

    @tool(version="1.0.0", memory_mb=1)
    def shout(ctx: ToolContext, text: Text, *, mark: str = "!") -> Text:
        """Shout."""
        word = text.read_text()
        if word in house.cursed:
            raise InputError(f"{word} is cursed", hint="Use another.")
        SHOUTED.append(word)
        return Asset.from_text(word.upper() + mark)

    @tool(version="1.0.0", memory_mb=1)
    def look(ctx: ToolContext, image: Image) -> Text:
        """Look."""
        return Asset.from_text(image.id[:9])

    house.registry.add(shout)
    house.registry.add(look)
    return house


def over(words: str = "one two three", **more: Any) -> Plan:
    shout = {"id": "loud", "tool": "shout", "inputs": {"text": "words"}, "each": "text", **more}
    return Plan.from_json(
        {
            "nodes": [
                {"id": "words", "tool": "split_text", "arguments": {"text": words}},
                shout,
                {"id": "all", "tool": "join_texts", "inputs": {"texts": "loud"}},
            ]
        }
    )


def test_each_element_is_worked_on_and_the_results_are_a_list(shouting):
    result = shouting.executor().execute(over(), run_id="r", seed=1)
    assert result.status == "succeeded"
    assert result.outputs["all"]["text"].read_text() == "ONE!|TWO!|THREE!"
    assert [a.read_text() for a in result.outputs["loud"]["text"]] == ["ONE!", "TWO!", "THREE!"]
    assert list(result.outputs) == ["words", "loud", "all"]
    assert result.outputs["loud"]["text"][1].origin.node == "loud.1"


def test_each_element_is_kept_by_itself(shouting):
    shouting.executor().execute(over(), run_id="r", seed=1)
    SHOUTED.clear()
    result = shouting.executor().execute(over("one new three"), run_id="r2", seed=1)
    assert result.outputs["all"]["text"].read_text() == "ONE!|NEW!|THREE!"
    assert SHOUTED == ["new"] or set(SHOUTED) <= {"one", "new", "three"}


def test_a_run_that_broke_at_one_element_goes_on_with_it(shouting):
    shouting.cursed = {"two"}
    executor = shouting.executor(cache=None)
    failed = executor.execute(over(), run_id="r", seed=1)
    assert failed.status == "failed"
    assert [(e.node_id, e.code) for e in failed.errors] == [("loud", "input")] or (
        failed.errors[0].node_id == "loud"
    )
    assert failed.skipped == ("all",)
    assert sorted(executor.runs.record("r").nodes) == ["loud.0", "loud.2", "words"]
    shouting.cursed, before = set(), sorted(SHOUTED)
    result = executor.execute(over(), run_id="r", seed=1)
    assert result.status == "succeeded"
    assert before == ["one", "three"]
    assert sorted(SHOUTED) == ["one", "three", "two"]
    again = executor.execute(over(), run_id="r", seed=1)
    assert again.reused == ("words", "loud", "all")


def test_progress_counts_the_elements(shouting):
    events: list[Any] = []
    shouting.executor(workers=1).execute(over(), run_id="r", seed=1, on_event=events.append)
    own = [(e.type, e.message) for e in events if e.node == "loud"]
    assert own[0] == ("node_started", "3 elements")
    assert [m for t, m in own if t == "node_progress"] == ["1 of 3", "2 of 3", "3 of 3"]
    assert own[-1][0] == "node_finished"
    assert {e.node for e in events} - {None, ""} == {"words", "loud", "all"}


def test_one_element_is_meant_by_its_place(shouting):
    plan = over()
    second = {"id": "second", "tool": "shout", "inputs": {"text": "loud.1"}}
    plan = Plan.from_json({"nodes": [*plan.to_json()["nodes"], second]})
    result = shouting.executor().execute(plan, run_id="r", seed=1)
    assert result.outputs["second"]["text"].read_text() == "TWO!!"
    third = {"id": "fifth", "tool": "shout", "inputs": {"text": "words.4"}}
    plan = Plan.from_json({"nodes": [*over().to_json()["nodes"], third]})
    late = shouting.executor().execute(plan, run_id="r2", seed=1)
    assert isinstance(late.errors[0], ToolError)
    assert "gave 3, not 5" in late.errors[0].message


def test_a_list_of_references_is_a_list_too(shouting):
    plan = Plan.from_json(
        {
            "nodes": [
                {"id": "a", "tool": "make_text", "arguments": {"topic": "a"}},
                {"id": "b", "tool": "make_text", "arguments": {"topic": "b"}},
                {"id": "s", "tool": "shout", "inputs": {"text": ["a", "b"]}, "each": "text"},
            ]
        }
    )
    result = shouting.executor().execute(plan, run_id="r", seed=1)
    assert [a.read_text()[0] for a in result.outputs["s"]["text"]] == ["A", "B"]


def test_nothing_to_work_on_is_said(shouting):
    result = shouting.executor().execute(over(" "), run_id="r", seed=1)
    assert result.errors[0].node_id == "loud"
    assert "no elements" in result.errors[0].message
