"""The evidence on each tool, and the plan of just the tools that are asked for."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

import numpy as np
import pytest

from omnimuse.graph.spec import Port, ToolSpec
from omnimuse.planning.building.context import Reading
from omnimuse.planning.building.draft import Draft, DraftNode
from omnimuse.planning.building.resources import Resource
from omnimuse.planning.foreign import evidence
from omnimuse.planning.foreign.evidence import settle
from omnimuse.planning.foreign.tagger import Tags
from omnimuse.planning.foreign.verdict import FEATURES, Evidence, features, verdict
from omnimuse.planning.intent import Intent, Literal, Step

PROMPT = "shorten F0x and paint it"
KINDS = {
    "Shrinker": (["text"], "text"),
    "Painter": (["text"], "image"),
    "Mixer": (["audio", "text"], "audio"),
}
SPECS = {
    name: ToolSpec(
        name, "1", name.lower(),
        inputs=tuple(Port(f"p{n}", kind) for n, kind in enumerate(takes)),
        outputs=(Port("out", gives),),
    )
    for name, (takes, gives) in KINDS.items()
}  # fmt: skip
STEPS = (
    Step("shorten", "shorten it", "shorten", start=0),
    Step("paint", "paint it", "paint", start=16),
)


def seen(draft: Draft, steps: tuple[Step, ...] = STEPS) -> Evidence:
    literal = Literal("F0x", "a.txt", "text", "file")
    intent = Intent("shorten a.txt and paint it", "en", steps, (literal,), masked=PROMPT)
    shares = np.array([[0.9, 0, 0], [0.7, 0, 0], [0, 0.1, 0], [0, 0.8, 0], [0, 0.6, 0]], np.float32)
    spans = ((0, 7), (8, 11), (12, 15), (16, 21), (22, 24))
    near = [
        {"Shrinker": 0.7, "Painter": 0.1, "Mixer": 0.1},
        {"Shrinker": 0.1, "Painter": 0.6, "Mixer": 0.1},
    ]
    return Evidence(
        intent, near[: len(steps)], Tags(tuple(SPECS), spans, shares, shares / 2), draft
    )


def embed(texts: Sequence[str]) -> Any:
    return np.array([[1.0, 0.0] if "mix" in text else [0.0, 1.0] for text in texts])


def test_features_of_a_drafted_and_of_an_idle_tool() -> None:
    draft = Draft((DraftNode("Shrinker", 0, {}),))
    rows = features(seen(draft), SPECS, {"Mixer": embed(["mix", "mix it"])}, embed)
    assert rows.shape == (3, len(FEATURES))
    table = dict(zip(SPECS, rows))
    assert table["Shrinker"][0] == 1.0
    assert table["Painter"][0] == table["Painter"][1] == 0.0
    assert table["Shrinker"][2] == pytest.approx(np.log(0.81 / 0.21), abs=1e-3)
    assert table["Shrinker"][3] == pytest.approx(np.log(0.41 / 0.61), abs=1e-3)
    assert table["Painter"][4] > table["Mixer"][4]
    assert table["Mixer"][5] == 0.5
    assert table["Painter"][5] == 1.0


def test_features_tell_what_is_given_what_lies_idle_and_who_leads() -> None:
    text = Resource("text", None, "a.txt", order=0)
    sound = Resource("audio", None, "a.wav", order=1)
    draft = Draft((DraftNode("Shrinker", 0, {"p0": (text,)}),), (text, sound), frozenset({0}))
    rows = {
        n: dict(zip(FEATURES, row))
        for n, row in zip(SPECS, features(seen(draft), SPECS, {}, embed))
    }
    assert [rows[name]["awaited"] for name in SPECS] == [0.0, 0.0, 1.0]
    assert [rows[name]["given"] for name in SPECS] == [1.0, 1.0, 1.0]
    assert [rows[name]["short"] for name in SPECS] == [0.0, 0.0, 0.0]
    assert rows["Shrinker"]["leading"] == pytest.approx(np.log(0.91 / 0.01))
    assert rows["Mixer"]["leading"] == pytest.approx(np.log(0.01 / 0.91))
    assert rows["Painter"]["shadowed"] == 0.0
    bare = Draft(resources=(), nodes=draft.nodes)
    rows = {
        n: dict(zip(FEATURES, row)) for n, row in zip(SPECS, features(seen(bare), SPECS, {}, embed))
    }
    assert [rows[name]["short"] for name in SPECS] == [1.0, 1.0, 1.0]
    assert [rows[name]["given"] for name in SPECS] == [1.0, 1.0, 0.0]


def test_a_tool_is_shadowed_where_its_words_ask_more_for_another() -> None:
    evidence_seen = seen(Draft((DraftNode("Shrinker", 0, {}),)))
    evidence_seen.tags.shares[0, 2] = 0.3
    rows = features(evidence_seen, SPECS, {}, embed)
    shadow = FEATURES.index("shadowed")
    assert rows[2][shadow] == pytest.approx(0.9 * 0.9 / np.hypot(0.9, 0.7), abs=1e-3)
    assert rows[0][shadow] == 0.0


def test_silence_of_the_tagger_counts_little_for_tools_that_the_book_does_not_know() -> None:
    drafted = seen(Draft((DraftNode("Mixer", 0, {}),)))
    strange = features(drafted, SPECS, {}, embed)[2]
    known = features(drafted, SPECS, {"Mixer": embed(["mix"])}, embed)[2]
    assert strange[2] == strange[3] == -1.5
    assert known[2] == known[3] == pytest.approx(np.log(0.01 / 1.01))


def test_chances_follow_the_evidence() -> None:
    draft = Draft((DraftNode("Shrinker", 0, {}), DraftNode("Painter", 1, {})))
    chances = verdict(seen(draft), SPECS, {}, embed)
    assert chances["Shrinker"] > 0.8
    assert chances["Painter"] > 0.8
    assert chances["Mixer"] < 0.1


def test_a_request_without_steps_or_words_has_chances_too() -> None:
    bare = seen(Draft(), ())
    none = Tags(bare.tags.names, (), np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32))
    chances = verdict(Evidence(bare.intent, [], none, Draft()), SPECS, {}, embed)
    assert set(chances) == set(SPECS)
    assert all(0 < chance < 0.5 for chance in chances.values())


class Searches:
    """A search that gives each step its nearest allowed tool."""

    def __init__(self) -> None:
        self.allowed: list[Set[str]] = []

    def __call__(self, intent: Intent, readings: Sequence[Reading], allowed: Set[str]) -> Draft:
        self.allowed.append(allowed)
        nodes = []
        for number, reading in enumerate(readings):
            best = max(sorted(reading.plain), key=lambda name: reading.plain[name])
            if reading.plain[best] > 0.4 and best in allowed:
                nodes.append(DraftNode(best, number, {}))
        return Draft(tuple(nodes), score=float(len(nodes)))


def test_tools_that_are_not_asked_for_are_left_out_and_overlooked_ones_found() -> None:
    first = Draft((DraftNode("Shrinker", 0, {}), DraftNode("Mixer", 1, {})))
    readings = [Reading(dict.fromkeys(SPECS, 0.5)) for _ in STEPS]
    search = Searches()
    chances = {"Shrinker": 0.9, "Painter": 0.7, "Mixer": 0.2}
    draft, intent = settle(seen(first), readings, chances, search, SPECS)
    assert [node.tool for node in draft.nodes] == ["Shrinker", "Painter"]
    assert all(allowed == {"Shrinker", "Painter"} for allowed in search.allowed)
    assert "paint it" in [step.text for step in intent.steps if step.start == 16]


def test_where_nothing_is_asked_for_the_likeliest_drafted_tool_stays() -> None:
    first = Draft((DraftNode("Shrinker", 0, {}), DraftNode("Mixer", 1, {})))
    readings = [Reading(dict.fromkeys(SPECS, 0.5)) for _ in STEPS]
    chances = {"Shrinker": 0.1, "Painter": evidence.ASKED / 2, "Mixer": 0.05}
    draft, _ = settle(seen(first), readings, chances, Searches(), SPECS)
    assert [node.tool for node in draft.nodes] == ["Shrinker"]
