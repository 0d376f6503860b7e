"""Questions about what is there are answered; wishes in the form of questions are done."""

from __future__ import annotations

from pathlib import Path

import pytest

from omnimuse.assets.asset import Asset
from omnimuse.errors import NeedsInputError
from omnimuse.graph.plan import Plan
from omnimuse.planning.embedded import EmbeddedPlanner
from omnimuse.planning.reading.vocabulary import kind_of_file
from omnimuse.request import Request
from omnimuse.tools.registry import ToolRegistry

pytestmark = pytest.mark.weights


def plan(planner: EmbeddedPlanner, prompt: str, *names: str) -> Plan:
    assets = [Asset.from_bytes(name.encode(), kind_of_file(name)) for name in names]
    request = Request(prompt, files=tuple(map(Path, names)))
    return planner.plan(request, assets, ToolRegistry(plugins=()).specs())


@pytest.mark.parametrize(
    "question",
    [
        "How many foxes are in the picture?",
        "Is there a cat in the photo?",
        "What colour is the fox?",
        "Are the birds flying?",
        "Does the picture show a dog?",
        "Where is the cat?",
        "Is it raining?",
        "图里有几只狐狸？",
        "这张照片里有猫吗？",
    ],
)
def test_a_question_about_a_picture_is_answered_from_it(
    planner: EmbeddedPlanner, question: str
) -> None:
    found = plan(planner, question, "a.png")
    assert [node.tool for node in found.nodes] == ["answer_about_image"]
    assert str(found.nodes[0].arguments["question"]).rstrip("?？") == question.rstrip("?？")
    assert str(found.nodes[0].inputs["image"]) == "request.0"


@pytest.mark.parametrize(
    ("wish", "names", "tool"),
    [
        ("Can you make a picture of a cat?", (), "generate_image"),
        ("Could you remove the dog?", ("a.png",), "remove_object"),
        ("能去掉这只狗吗？", ("a.png",), "remove_object"),
        ("你能画一只猫吗？", (), "generate_image"),
        ("What is the tempo of this song?", ("a.wav",), "analyse_audio"),
    ],
)
def test_a_wish_in_the_form_of_a_question_is_done(
    planner: EmbeddedPlanner, wish: str, names: tuple[str, ...], tool: str
) -> None:
    assert [node.tool for node in plan(planner, wish, *names).nodes] == [tool]


def test_which_of_several_is_searched_in_all(planner: EmbeddedPlanner) -> None:
    found = plan(planner, "Which of these pictures shows a fox?", "a.png", "b.png", "c.png")
    assert [node.tool for node in found.nodes] == ["find_picture"]
    references = found.nodes[0].inputs["images"]
    assert isinstance(references, tuple)
    assert len(references) == 3


def test_a_question_read_as_its_own_first_clause_ends(planner: EmbeddedPlanner) -> None:
    with pytest.raises(NeedsInputError):  # it was read again and again
        plan(planner, "Does it?")
