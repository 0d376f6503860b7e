"""Questions about pictures, asked in English, answered from what is seen or recorded."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import MODELS_DIR

from omnimuse.backends.base import Detection
from omnimuse.backends.card import ModelCard
from omnimuse.backends.spacy_parser import SpacyParser
from omnimuse.crafts.judging.asking import Reply, ask
from omnimuse.crafts.judging.labelled import LabelledLook
from omnimuse.errors import ArgumentError

pytestmark = pytest.mark.weights
SCENE = {
    "objects": [
        {"label": "car", "box": [0.05, 0.6, 0.2, 0.1], "attributes": {"color": "red"}},
        {"label": "car", "box": [0.30, 0.6, 0.2, 0.1], "attributes": {"color": "red"}},
        {"label": "bus", "box": [0.60, 0.55, 0.3, 0.2], "attributes": {"color": "blue"}},
    ]
}


@pytest.fixture(scope="module")
def parser() -> SpacyParser:
    folder = MODELS_DIR / "en-core-web-sm"
    if not folder.is_dir():
        pytest.skip("en-core-web-sm is not pulled")
    return SpacyParser(ModelCard("en-core-web-sm", ("token-classification",), "spacy"), folder)


def asked(question: str, parser: SpacyParser) -> Reply:
    look = LabelledLook.of_scene(SCENE, (400, 400))
    return ask(question, look, parser, lambda: [Detection("STOP HERE", 0.9, (0, 0, 40, 10))])


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many cars are there?", "There are two cars."),
        ("how many red cars are left of the bus?", "There are two red cars."),
        ("How many dogs are in the picture?", "There are no dogs."),
        ("What color is the bus?", "The bus is blue."),
        ("What colour are the cars?", "The cars are red."),
        ("Where is the bus in this image?", "The bus is on the right."),
        ("What is left of the bus?", "I see two cars."),
        ("What is in the picture?", "I see two cars and a bus."),
        ("What do you see?", "I see two cars and a bus."),
        ("What does the picture show?", "I see two cars and a bus."),
        ("What things are there?", "I see two cars and a bus."),
        ("What does the sign say?", "It says: STOP HERE"),
        ("Does it say stop here?", "Yes."),
        ("Is there a dog?", "No: I see no dog."),
        ("Are there two cars?", "Yes."),
        ("Are there three cars?", "No: I count 2."),
        ("Is the bus blue?", "Yes."),
        ("Is the bus green?", "No: the bus is blue."),
        ("Is the bus to the right of the cars?", "Yes."),
    ],
)
def test_answers(question: str, answer: str, parser: SpacyParser) -> None:
    assert asked(question, parser).words == answer


@pytest.mark.parametrize(
    "question",
    [
        "Why is it sad?",
        "Is the bus happy?",
        "图里有几辆车？",
        "What is she thinking about?",
        "What will happen next?",
        "Who is this?",
        "What time is it?",
        "What year was this taken?",
    ],
)
def test_what_cannot_be_told_says_so(question: str, parser: SpacyParser) -> None:
    reply = asked(question, parser)
    assert reply.words.startswith("I cannot tell")
    assert reply.confidence == 0.0


def test_evidence_is_where_the_things_are(parser: SpacyParser) -> None:
    assert asked("Where is the bus?", parser).evidence == ((0.6, 0.55, 0.3, 0.2),)


def test_an_unknown_noun_is_not_denied(parser: SpacyParser) -> None:
    look = LabelledLook.of_photo(np.zeros((50, 50, 3), np.uint8), (), ("dog",))
    assert ask("Is there a castle?", look, parser).words.startswith("I cannot tell")


@pytest.mark.parametrize("question", ["  ", "how many " + "very " * 80 + "red cars?"])
def test_empty_and_endless_questions_are_refused(question: str, parser: SpacyParser) -> None:
    with pytest.raises(ArgumentError):
        asked(question, parser)
