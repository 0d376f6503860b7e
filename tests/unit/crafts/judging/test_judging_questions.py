from __future__ import annotations

import pytest

from omnimuse.crafts.judging.questions import plural, questions_of
from omnimuse.crafts.layout.schema import GroupRelation, SceneRequest, ThingGroup


def asked(request: SceneRequest) -> dict[str, str]:
    return {question.words: question.expected for question in questions_of(request)}


def test_objects_counts_colors_and_relations() -> None:
    things = (ThingGroup("dog", 2, {"color": "brown"}), ThingGroup("apple", 1, {"color": "red"}))
    request = SceneRequest("", things, (GroupRelation(0, "left of", 1),), excluded=("cat",))
    assert asked(request) == {
        "Is there a dog?": "yes",
        "Is there an apple?": "yes",
        "How many dogs are there?": "2",
        "How many apples are there?": "1",
        "Are the dogs brown?": "yes",
        "Is the apple red?": "yes",
        "Are the brown dogs to the left of the red apple?": "yes",
        "Is there no cat?": "yes",
    }


def test_groups_of_one_noun_are_counted_together_and_by_color() -> None:
    things = (ThingGroup("car", 2, {"color": "red"}), ThingGroup("car", 1, {"color": "blue"}))
    questions = asked(SceneRequest("", things))
    assert questions["How many cars are there?"] == "3"
    assert questions["How many red cars are there?"] == "2"
    assert questions["How many blue cars are there?"] == "1"


def test_an_open_count_is_more_than_one() -> None:
    things = (ThingGroup("bird", 3, is_exact=False),)
    assert asked(SceneRequest("", things))["How many birds are there?"] == "more than one"


def test_written_words_are_asked_for_once() -> None:
    things = (ThingGroup("sign", 1, {"text": "SALE"}),)
    questions = questions_of(SceneRequest("", things, text=("SALE",)))
    assert [q.value for q in questions if q.kind == "text"] == ["SALE"]


@pytest.mark.parametrize(
    ("one", "many"),
    [("dog", "dogs"), ("bus", "buses"), ("butterfly", "butterflies"), ("child", "children"),
     ("sheep", "sheep"), ("teddy bear", "teddy bears"), ("scissors", "scissors")],
)  # fmt: skip
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many
