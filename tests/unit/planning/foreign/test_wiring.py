"""The links of a plan over a foreign tool set, weighed as a whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.graph.plan import Ref
from omnimuse.graph.spec import Param, Port, ToolSpec
from omnimuse.planning.building.draft import Draft, DraftNode, add_node
from omnimuse.planning.building.resources import Resource
from omnimuse.planning.foreign.tagger import Tags
from omnimuse.planning.foreign.wiring import Item, best_graph, rewired
from omnimuse.planning.intent import Intent, Step

KINDS = {
    "Sharpener": (["image"], "image"),
    "Captioner": (["image"], "text"),
    "Asker": (["image", "text"], "text"),
    "Translator": (["text"], "text"),
    "Speaker": (["text"], "audio"),
    "Transcriber": (["audio"], "text"),
}
SPECS = {
    name: ToolSpec(
        name, "1", name.lower(),
        inputs=tuple(Port(f"p{n}", kind) for n, kind in enumerate(takes)),
        outputs=(Port("out", gives),),
    )
    for name, (takes, gives) in KINDS.items()
}  # fmt: skip
PHOTO = Resource("image", None, "a.jpg", order=0)
QUESTION = Resource("text", None, "Who is it?", order=1)
TALK = Resource("audio", None, "a.wav", order=0)


def items(*names: str) -> list[Item]:
    return [Item(SPECS[name], rank, 1.0) for rank, name in enumerate(names)]


def links(*names: str, there: tuple[Resource, ...] = (PHOTO,)) -> set[tuple[str, str]]:
    graph = best_graph(items(*names), there, set())
    return {(names[a], names[b]) for a, b in graph.links}


def test_tools_asked_for_one_after_the_other_are_a_chain() -> None:
    assert links("Sharpener", "Captioner", "Translator", "Speaker") == {
        ("Sharpener", "Captioner"),
        ("Captioner", "Translator"),
        ("Translator", "Speaker"),
    }


def test_a_question_that_is_given_leaves_the_picture_to_be_linked() -> None:
    assert links("Sharpener", "Asker", there=(PHOTO, QUESTION)) == {("Sharpener", "Asker")}


def test_words_in_the_other_order_than_the_kinds_are_turned_round() -> None:
    """Such as "the summarised transcript": what is given is taken."""
    assert links("Translator", "Transcriber", there=(TALK,)) == {("Transcriber", "Translator")}


def test_links_of_the_search_are_kept_where_nothing_speaks_against_them() -> None:
    some = items("Sharpener", "Captioner", "Captioner")
    graph = best_graph(some, (PHOTO,), {(0, 1), (0, 2)})
    assert graph.links == {(0, 1), (0, 2)}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(sorted(SPECS)), min_size=1, max_size=5))
def test_every_item_is_placed_once_and_links_run_forward_between_fitting_kinds(
    names: list[str],
) -> None:
    graph = best_graph(items(*names), (PHOTO,), set())
    assert sorted(graph.order) == list(range(len(names)))
    for source, target in graph.links:
        assert graph.order.index(source) < graph.order.index(target)
        assert KINDS[names[source]][1] in KINDS[names[target]][0]


def drafted() -> tuple[Draft, Intent, Tags]:
    steps = (
        Step("sharpen a.jpg", "sharpen the image", "sharpen", start=0),
        Step("answer who it is", "answer who it is", "answer", start=20),
    )
    draft = Draft(resources=(PHOTO, QUESTION))
    draft = add_node(
        draft, SPECS["Sharpener"], DraftNode("Sharpener", 0, {"p0": (PHOTO,)}), steps[0]
    )
    asker = DraftNode("Asker", 1, {"p0": (PHOTO,), "p1": (QUESTION,)})
    draft = add_node(draft, SPECS["Asker"], asker, steps[1])
    shares = np.zeros((3, len(SPECS)), np.float32)
    for row, name in enumerate(("Sharpener", "Asker", "Speaker")):
        shares[row, list(SPECS).index(name)] = 0.9
    tags = Tags(tuple(SPECS), ((0, 7), (20, 26), (40, 45)), shares, shares)
    return draft, Intent("", "en", steps), tags


def test_a_draft_is_rewired_and_given_things_stay_with_their_tools() -> None:
    draft, intent, tags = drafted()
    new = rewired(draft, {"Sharpener", "Asker"}, tags, SPECS, intent)
    assert [node.tool for node in new.nodes] == ["Sharpener", "Asker"]
    picture, question = new.nodes[1].inputs["p0"][0], new.nodes[1].inputs["p1"][0]
    assert picture.ref == Ref("n1")
    assert question is QUESTION


def test_an_overlooked_tool_is_added_under_the_step_whose_words_ask_for_it() -> None:
    draft, intent, tags = drafted()
    new = rewired(draft, {"Sharpener", "Asker", "Speaker"}, tags, SPECS, intent)
    added = new.nodes[2]
    assert (added.tool, added.step, added.is_inserted) == ("Speaker", 1, True)
    assert added.inputs["p0"][0].node == 1


def test_a_tool_run_on_its_own_result_without_more_to_tell_it_runs_once() -> None:
    draft, intent, tags = drafted()
    picture = draft.resources[2]
    again = DraftNode("Sharpener", 1, {"p0": (picture,)})
    draft = add_node(draft, SPECS["Sharpener"], again, intent.steps[1])
    new = rewired(draft, {"Sharpener", "Asker"}, tags, SPECS, intent)
    assert [node.tool for node in new.nodes] == ["Sharpener", "Asker"]
    told = replace(SPECS["Sharpener"], params=(Param("strength", {"type": "number"}, False),))
    new = rewired(draft, {"Sharpener", "Asker"}, tags, SPECS | {"Sharpener": told}, intent)
    assert [node.tool for node in new.nodes].count("Sharpener") == 2


@pytest.mark.parametrize("asked", [{"Sharpener"}, set()])
def test_a_single_call_and_a_silent_tagger_change_nothing(asked: set[str]) -> None:
    draft, intent, tags = drafted()
    single = Draft(nodes=draft.nodes[:1], resources=draft.resources)
    assert rewired(single, asked, tags, SPECS, intent) is single
    none = np.zeros((0, len(SPECS)), np.float32)
    silent = Tags(tuple(SPECS), (), none, none)
    assert rewired(draft, {"Asker", "Sharpener"}, silent, SPECS, intent) is draft
