"""The main flow with stub parts: outcomes, repair, delivery, sessions, batches, stream."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import pytest

from omnimuse.app import Studio
from omnimuse.assets.asset import Asset
from omnimuse.batch import call_many
from omnimuse.config import load_settings
from omnimuse.errors import (
    ArgumentError,
    InputError,
    NeedsInputError,
    OmnimuseError,
    PlanError,
    SafetyRefusal,
)
from omnimuse.graph.plan import Node, Plan, Ref
from omnimuse.request import Event, Request, Response
from omnimuse.services import build_house
from omnimuse.stream import stream
from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Text


@tool(version="1.0.0", family="text")
def shout(
    ctx: ToolContext, text: Text, *, times: Annotated[int, Arg("how often", ge=1, le=3)] = 1
) -> Text:
    """Say it loudly."""
    return Asset.from_text(text.read_text().upper() * times)


@tool(version="1.0.0", family="text")
def break_down(ctx: ToolContext, text: Text) -> Text:
    """Fail."""
    raise InputError("no", hint="never")


class Stubs:
    """A planner that plays back plans, and gates that refuse one word."""

    def __init__(self, *plans: Plan | OmnimuseError) -> None:
        self.plans = list(plans)
        self.seen: list[tuple[Sequence[PlanError], Plan | None]] = []

    def plan(self, request, attachments, specs, *, errors=(), previous=None) -> Plan:
        self.seen.append((errors, previous))
        answer = self.plans.pop(0)
        if isinstance(answer, OmnimuseError):
            raise answer
        return answer

    policy_key = "stub"

    def check_input(self, request: Request, attachments: Sequence[Asset]) -> None:
        if "forbidden" in request.prompt:
            raise SafetyRefusal("no", gate="input", category="test")

    def check_inputs(self, requests: Sequence[Request]) -> list[SafetyRefusal | None]:
        return [None] * len(requests)

    def check_plan(self, plan: Plan, specs: Any, request: Request | None = None) -> None: ...

    def check_output(self, asset: Asset, task: Any, /) -> Asset:
        if asset.kind == "text" and "SECRET" in asset.read_text():
            raise SafetyRefusal("no", gate="output", category="test")
        return asset


def _studio(tmp_path: Path, *plans: Plan | OmnimuseError) -> tuple[Studio, Stubs]:
    settings = load_settings({"home": tmp_path / "home", "workers": 2}, environ={})
    house = build_house(settings)
    house.registry.add(shout)
    house.registry.add(break_down)
    stubs = Stubs(*plans)
    house.__dict__.update(planner=stubs, gates=stubs)
    return Studio(settings, house=house), stubs


def _node(node_id: str, tool_name: str = "shout", **more: Any) -> Node:
    return Node(node_id, tool_name, more.pop("arguments", {}), more)


SHOUT = Plan((_node("a", arguments={"text": "hello", "times": 2}), _node("b", text=Ref("a"))))


def test_a_run_makes_stores_exports_and_answers(tmp_path: Path) -> None:
    studio, _ = _studio(tmp_path, SHOUT)
    events: list[Event] = []
    response = studio.run(Request("shout", output_dir=tmp_path / "out", seed=1), events.append)
    assert response.status == "succeeded"
    assert [asset.read_text() for asset in response.assets] == ["HELLOHELLO", "HELLOHELLO"]
    assert [result.node for result in response.results] == ["a", "b"]
    assert all(result.path.is_file() for result in response.results)
    assert (tmp_path / "out" / "plan.json").is_file()
    assert (tmp_path / "out" / "contact-sheet.png").is_file()
    assert events[0].type == "planned"
    assert events[-1].type == "finished"
    assert set(response.to_json()) >= {"run_id", "status", "reply", "plan", "assets", "timings"}


def test_replay_and_resume_give_the_same_assets(tmp_path: Path) -> None:
    studio, _ = _studio(tmp_path, SHOUT)
    first = studio.run(Request("shout"))
    for again in (studio.replay(first.run_id), studio.resume(first.run_id)):
        assert [a.id for a in again.assets] == [a.id for a in first.assets]


def test_a_refused_plan_returns_with_its_errors_and_is_repaired(tmp_path: Path) -> None:
    bad = Plan((_node("a", "no_such_tool"),))
    studio, stubs = _studio(tmp_path, bad, SHOUT)
    assert studio.run(Request("x")).status == "succeeded"
    (none, _), (errors, previous) = stubs.seen
    assert none == ()
    assert errors[0].error_code == "unknown_tool"
    assert previous == bad


def test_repair_is_bounded(tmp_path: Path) -> None:
    bad = Plan((_node("a", "no_such_tool"),))
    studio, stubs = _studio(tmp_path, *[bad] * 9)
    response = studio.run(Request("x"))
    assert response.status == "failed"
    assert response.errors[0]["code"] == "unknown_tool"
    assert len(stubs.seen) == studio.settings.repair_attempts + 1


@pytest.mark.parametrize(
    ("answer", "prompt", "status"),
    [
        (NeedsInputError("which one?"), "x", "needs_input"),
        (PlanError("cannot"), "x", "failed"),
        (SHOUT, "forbidden", "refused"),
        (Plan((_node("a", arguments={"text": "secret"}),)), "x", "refused"),
        (Plan((_node("a", "break_down", arguments={"text": "t"}),)), "x", "failed"),
    ],
)
def test_outcomes(tmp_path: Path, answer, prompt, status) -> None:
    studio, _ = _studio(tmp_path, answer)
    response = studio.run(Request(prompt, output_dir=tmp_path / "out"))
    assert response.status == status
    assert response.assets == ()
    assert response.exception is not None
    if status == "refused":
        assert response.to_json()["refusal"]["category"] == "test"
        assert list(studio.house.library.find()) == []
    if status == "needs_input":
        assert response.question == "which one?"


def test_siblings_of_a_failed_node_are_kept(tmp_path: Path) -> None:
    plan = Plan((_node("a", "break_down", arguments={"text": "t"}), SHOUT.nodes[0].__class__(
        "good", "shout", {"text": "fine"}
    ), _node("c", text=Ref("a"))))  # fmt: skip
    studio, _ = _studio(tmp_path, plan)
    response = studio.run(Request("x", output_dir=tmp_path / "out"))
    assert response.status == "failed"
    assert [asset.read_text() for asset in response.assets] == ["FINE"]


@pytest.mark.parametrize("prompt", ["", "  \n", "x" * 20_001])
def test_prompts_that_cannot_be(tmp_path: Path, prompt: str) -> None:
    studio, _ = _studio(tmp_path, SHOUT)
    with pytest.raises(InputError):
        studio.run(Request(prompt))


def test_call_runs_one_tool_and_blames_the_caller(tmp_path: Path) -> None:
    studio, _ = _studio(tmp_path)
    assert studio.call("shout", {"text": "hi"}).assets[0].read_text() == "HI"
    assert studio.call("shout", {}, {"text": Asset.from_text("hi")}).assets[0].read_text() == "HI"
    for arguments in ({}, {"text": "a", "times": 9}, {"text": "a", "loud": 1}):
        with pytest.raises(ArgumentError):
            studio.call("shout", arguments)


def test_a_session_remembers_what_its_turns_made(tmp_path: Path) -> None:
    studio, _ = _studio(tmp_path, SHOUT, Plan((_node("z", text=Ref("request", "0")),)))
    made = studio.run(Request("x", session="talk")).assets[-1]
    assert studio.house.sessions.assets("talk")[0] == made.id
    assert studio.run(Request("it again", session="talk")).status == "succeeded"
    with pytest.raises(InputError):
        studio.run(Request("x", session="../evil"))


def test_undo_makes_the_earlier_result_current_without_a_tool(tmp_path: Path) -> None:
    studio, stubs = _studio(tmp_path, SHOUT, Plan((_node("z", text=Ref("request", "0")),)))
    first = studio.run(Request("x", session="talk")).assets
    studio.run(Request("it again", session="talk"))
    asked = len(stubs.seen)
    undone = studio.run(Request("undo that", session="talk"))
    assert (undone.status, undone.plan.nodes) == ("succeeded", ())
    assert undone.reply.startswith("Back to 'x'")
    assert [asset.id for asset in undone.assets] == [asset.id for asset in first]
    assert all(result.path.is_file() for result in undone.results)
    assert studio.house.sessions.assets("talk")[0] == first[0].id
    again = studio.run(Request("undo", session="talk"))
    assert again.status == "needs_input"
    assert "nothing to go back to" in (again.question or "")
    assert len(stubs.seen) == asked


def test_what_is_asked_after_going_back_is_planned(tmp_path: Path) -> None:
    again = Plan((_node("z", text=Ref("request", "0")),))
    studio, _ = _studio(tmp_path, SHOUT, again, again)
    first = studio.run(Request("x", session="talk")).assets[0]
    studio.run(Request("it again", session="talk"))
    response = studio.run(Request("go back to the first version and shout", session="talk"))
    assert response.status == "succeeded"
    assert response.plan == again
    turns = studio.house.sessions.turns("talk")
    assert turns[2]["back"] == 0
    assert turns[3]["prompt"] == "shout"
    assert studio.house.sessions.assets("talk") == [first.id]  # the same words, the same asset


def test_batches_keep_the_order_and_pass_the_gates(tmp_path: Path) -> None:
    studio, _ = _studio(tmp_path)
    lines = [({"text": word}, {}) for word in ("one", "secret", "two")]
    lines.insert(1, InputError("not JSON"))
    one, bad, refused, two = call_many(studio, "shout", lines)
    assert isinstance(one, Response)
    assert isinstance(bad, InputError)
    assert isinstance(refused, SafetyRefusal)
    assert isinstance(two, Response)


def test_the_stream_ends_with_the_response(tmp_path: Path) -> None:
    studio, _ = _studio(tmp_path, SHOUT)

    async def collect() -> list[Event | Response]:
        return [item async for item in stream(studio, Request("x"))]

    items = asyncio.run(collect())
    assert isinstance(items[-1], Response)
    assert [item.type for item in items[:-1] if isinstance(item, Event)][-1] == "finished"
