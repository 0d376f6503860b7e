from __future__ import annotations

import pytest
from tests.unit.crafts.judging.judging_world import Spot, ToldEyes, picture_of

from omnimuse.backends.base import Detection
from omnimuse.crafts.judging.answers import CANNOT_TELL, Answer, Witness
from omnimuse.crafts.judging.questions import Question
from omnimuse.crafts.judging.seeing import Look

DOG, CAT, CAR, TABLE, BLACK_CAT = 1, 2, 3, 4, 5


def ask(question: Question, *spots: Spot, read=None) -> Answer:
    return Witness(Look(picture_of(*spots), ToldEyes(*spots)), read).answer(question)


def test_a_thing_that_is_there_has_a_box_as_evidence() -> None:
    answer = ask(Question("object", "Is there a dog?", "yes", "dog"), Spot(DOG, 30, 40))
    assert (answer.passed, answer.answer) == (True, "yes")
    assert answer.evidence == ((0.2, 0.3, 0.2, 0.2),)


def test_a_thing_that_is_not_there() -> None:
    answer = ask(Question("object", "Is there a dog?", "yes", "dog"), Spot(CAT, 30, 40))
    assert answer.passed is False
    assert "cat" in answer.reason


def test_a_thing_that_may_be_there_cannot_be_told() -> None:
    spot = Spot(DOG, 30, 40, sure=0.2)
    answer = ask(Question("object", "Is there a dog?", "yes", "dog"), spot)
    assert (answer.passed, answer.answer) == (None, CANNOT_TELL)


def test_an_unknown_noun_cannot_be_told() -> None:
    answer = ask(Question("object", "Is there a gnu?", "yes", "gnu"), Spot(DOG, 30, 40))
    assert answer.passed is None
    assert "gnu" in answer.reason


@pytest.mark.parametrize(("count", "passed"), [(1, False), (2, True), (3, False)])
def test_counts_are_exact(count: int, passed: bool) -> None:
    question = Question("count", "How many cats?", str(count), "cat", count=count)
    answer = ask(question, Spot(CAT, 20, 20), Spot(BLACK_CAT, 70, 20), Spot(DOG, 50, 80))
    assert (answer.passed, answer.answer) == (passed, "2")


def test_an_open_plural_wants_more_than_one() -> None:
    question = Question("count", "How many cats?", "more than one", "cat", count=3)
    assert ask(question, Spot(CAT, 20, 20), Spot(CAT, 70, 20)).passed is True
    assert ask(question, Spot(CAT, 20, 20)).passed is False


def test_counts_by_color() -> None:
    spots = (Spot(CAR, 20, 20, color="red"), Spot(CAR, 70, 20, color="blue"))
    question = Question("count", "How many red cars?", "1", "car", count=1, color="red")
    assert ask(question, *spots).answer == "1"


def test_a_part_of_a_thing_is_not_counted_besides_it() -> None:
    question = Question("count", "How many dogs?", "1", "dog", count=1)
    assert ask(question, Spot(DOG, 50, 50, 40), Spot(DOG, 52, 52, 12)).passed is True


@pytest.mark.parametrize(("color", "passed"), [("blue", True), ("red", False), ("green", False)])
def test_colors(color: str, passed: bool) -> None:
    question = Question("color", f"Is the car {color}?", "yes", "car", color)
    answer = ask(question, Spot(CAR, 50, 50, color="blue"))
    assert answer.passed is passed
    assert passed or "blue" in answer.answer


@pytest.mark.parametrize(
    ("relation", "dog", "cat", "passed"),
    [
        ("left of", (20, 50), (80, 50), True),
        ("left of", (80, 50), (20, 50), False),
        ("left of", (45, 20), (50, 80), False),
        ("right of", (80, 50), (20, 55), True),
        ("above", (50, 20), (50, 80), True),
        ("below", (50, 80), (45, 20), True),
        ("below", (50, 20), (45, 80), False),
        ("next to", (30, 50), (55, 50), True),
        ("next to", (10, 10), (90, 90), False),
        ("on", (50, 32), (50, 50), True),
        ("on", (50, 10), (50, 80), False),
    ],
)
def test_relations(relation: str, dog: tuple, cat: tuple, passed: bool) -> None:
    question = Question("relation", "?", "yes", "dog", relation, other="cat")
    assert ask(question, Spot(DOG, *dog), Spot(CAT, *cat)).passed is passed


def test_between() -> None:
    question = Question("relation", "?", "yes", "dog", "between", other="cat", third="car")
    cat, car = Spot(CAT, 15, 50), Spot(CAR, 85, 50)
    assert ask(question, Spot(DOG, 50, 50), cat, car).passed is True
    assert ask(question, Spot(DOG, 15, 80), cat, car).passed is False


def test_what_boxes_do_not_show_cannot_be_told() -> None:
    question = Question("relation", "?", "yes", "dog", "looking at", other="cat")
    assert ask(question, Spot(DOG, 20, 50), Spot(CAT, 80, 50)).passed is None
    assert ask(Question("attribute", "?", "yes", "dog", "happy"), Spot(DOG, 20, 50)).passed is None


def test_absence() -> None:
    question = Question("absence", "Is there no dog?", "yes", "dog", count=0)
    assert ask(question, Spot(CAT, 20, 50)).passed is True
    assert ask(question, Spot(DOG, 20, 50)).passed is False
    assert ask(question, Spot(DOG, 20, 50, sure=0.2)).passed is None


def test_words_are_read_by_a_model_or_not_at_all() -> None:
    question = Question("text", "Does it say SALE?", "yes", "", "SALE")
    assert ask(question).passed is None
    assert ask(question, read=lambda: [Detection("Big sale!", 0.9, (0, 0, 1, 1))]).passed is True
    assert ask(question, read=list).passed is False
