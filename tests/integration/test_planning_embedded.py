"""The embedded planner with its real parser and sentence vectors."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from omnimuse.assets.asset import Asset
from omnimuse.backends.resolver import Resolver
from omnimuse.errors import NeedsInputError, PlanError
from omnimuse.graph.check import check_plan
from omnimuse.graph.plan import Plan
from omnimuse.planning.embedded import EmbeddedPlanner
from omnimuse.planning.foreign.toolset import load_toolset
from omnimuse.planning.reading.vocabulary import kind_of_file
from omnimuse.request import Request

pytestmark = pytest.mark.weights
DATA = Path(__file__).resolve().parents[1] / "data"
SPECS = load_toolset(DATA / "planner_tools.json")
REQUESTS = [json.loads(line) for line in (DATA / "planner_requests.jsonl").open(encoding="utf-8")]
MAIN_JOB = (
    "Write a two-line poem about {a}, paint {b} in the style of an old painting, read the poem "
    "aloud over a calm piano tune, and make a short film of it"
)
PlanOf = Callable[..., Plan]


@pytest.fixture(scope="module")
def roles(resolver: Resolver) -> Callable[[str], Any]:
    return resolver.role


@pytest.fixture(scope="module")
def plan_of(roles: Callable[[str], Any]) -> PlanOf:
    planner = EmbeddedPlanner(roles)

    def plan(prompt: str, *files: str) -> Plan:
        assets = [Asset.from_bytes(name.encode(), kind_of_file(name)) for name in files]
        made = planner.plan(Request(prompt, files=tuple(map(Path, files))), assets, SPECS)
        assert check_plan(made, SPECS, [a.kind for a in assets]) == ()
        return made

    return plan


def _edges(plan: Plan) -> set[tuple[str, str, str]]:
    tools = {node.id: node.tool for node in plan.nodes}
    return {(tools.get(e.source.node, ""), e.port, tools[e.target]) for e in plan.edges()}


@pytest.mark.parametrize(
    ("about", "thing", "painted"),
    [
        ("a red fox under a yellow moon", "the fox", "a red fox under a yellow moon"),
        ("an old ship in a storm", "the ship", "an old ship in a storm"),
    ],
)
def test_the_main_job(plan_of: PlanOf, about: str, thing: str, painted: str) -> None:
    plan = plan_of(MAIN_JOB.format(a=about, b=thing))
    tools = {node.tool: node for node in plan.nodes}
    assert len(tools) == len(plan.nodes) == 7
    assert _edges(plan) == {
        ("generate_image", "image", "stylize_image"),
        ("write_text", "text", "synthesize_speech"),
        ("synthesize_speech", "speech", "mix_audio"),
        ("compose_music", "music", "mix_audio"),
        ("stylize_image", "images", "make_video"),
        ("mix_audio", "audio", "make_video"),
        ("write_text", "captions", "make_video"),
    }
    assert tools["write_text"].arguments["lines"] == 2
    assert tools["generate_image"].arguments["prompt"] == painted
    assert tools["stylize_image"].arguments["style"] == "old painting"
    assert tools["compose_music"].arguments["prompt"] == "a calm piano tune"
    assert all(node.note for node in plan.nodes)


def test_chinese(plan_of: PlanOf) -> None:
    plan = plan_of("写一首关于红狐狸的两行诗,画出来,配上钢琴曲,做成短片")
    assert [n.tool for n in plan.nodes] == [
        "write_text", "generate_image", "compose_music", "make_video",
    ]  # fmt: skip
    assert plan.nodes[0].arguments == {"lines": 2, "prompt": "一首关于红狐狸的两行诗"}
    assert plan.nodes[1].arguments["prompt"] == "红狐狸"
    assert _edges(plan) == {
        ("generate_image", "images", "make_video"),
        ("compose_music", "audio", "make_video"),
    }


def test_arguments_reach_the_tools(plan_of: PlanOf) -> None:
    music = plan_of("Compose a 30 second sad violin piece in D minor at 80 bpm").nodes[0]
    assert {**music.arguments, "prompt": ""} == {
        "duration_s": 30.0, "key": "D minor", "tempo_bpm": 80.0, "mood": "sad", "prompt": "",
    }  # fmt: skip
    first, second = plan_of(
        "Put the title 'Summer' on top of a.jpg and resize it to 800x600", "a.jpg"
    ).nodes
    assert first.arguments == {"text": "Summer", "position": "top"}
    assert second.arguments == {"width": 800, "height": 600}


@pytest.mark.parametrize(
    ("prompt", "files", "question"),
    [
        ("make it blue", (), "Which picture"),
        ("Turn the picture into a sketch", ("a.png", "b.png"), "a.png, b.png"),
        ("Send an email to my boss", (), "no tool"),
        ("Transcribe talk.mp3", (), "do not have the file"),
        ("   ", (), "What would you like"),
        ("Hello", (), "What should I make"),
        ("a" * 30_000, (), "20000 can be planned"),
    ],
)
def test_asking_back_beats_guessing(
    plan_of: PlanOf, prompt: str, files: tuple[str, ...], question: str
) -> None:
    with pytest.raises(NeedsInputError, match=question):
        plan_of(prompt, *files)


def test_the_same_words_give_the_same_plan(plan_of: PlanOf) -> None:
    prompt = MAIN_JOB.format(a="a cat", b="the cat")
    assert plan_of(prompt) == plan_of(prompt)


def test_refused_plans_are_not_given_again(roles: Callable[[str], Any]) -> None:
    with pytest.raises(PlanError, match="too large"):
        EmbeddedPlanner(roles).plan(Request("a cat"), (), SPECS, errors=[PlanError("too large")])


def test_own_requests_are_planned(plan_of: PlanOf) -> None:
    right = 0
    for entry in REQUESTS:
        try:
            plan = plan_of(entry["prompt"], *entry["files"])
        except NeedsInputError:
            right += entry["status"] == "needs_input"
            continue
        right += sorted(n.tool for n in plan.nodes) == sorted(entry["nodes"])
    assert right / len(REQUESTS) >= 0.85


def test_a_two_step_plan_is_quick(plan_of: PlanOf) -> None:
    plan_of("paint a cat")
    times = []
    for animal in ("cat", "dog", "owl", "fox", "bee"):
        start = time.perf_counter()
        plan_of(f"Write a poem about a {animal} and read it aloud")
        times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.3
