"""What shall be, and what shall be done, said as requests."""

from __future__ import annotations

import pytest

from omnimuse.planning.building.retrieval import own_verbs
from omnimuse.planning.reading.causatives import said_actively
from omnimuse.planning.reading.statements import said_as_requests, unnested


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("have it read out", "read it out"),
        ("let a narrator read the F0x", "read the F0x"),
        ("let soft music play under it", "put soft music under it"),
        ("let it rotate once", "rotate it once"),
        ("have the tale read by a narrator", "read the tale"),
        ("I'd like the text translated into German", "translate the text into German"),
        ("show the F0x while a voice says Q1x", "show the F0x, and say Q1x"),
        ("let me hear it", "let me hear it"),
        ("make it look old", "make it look old"),
        ("I need a red hat", "I need a red hat"),
        ("have a picture of a cat", "have a picture of a cat"),
    ],
)
def test_causatives_become_imperatives(said: str, meant: str) -> None:
    assert said_actively(said, own_verbs()) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("It should be read aloud", "read It aloud"),
        ("the F0x should become a radio play", "turn the F0x into a radio play"),
        ("there should be a picture of a fox", "make a picture of a fox"),
        ("the words should appear as captions", "show the words as captions"),
        ("The F0x needs a title", "give The F0x a title"),
        ("you should draw a cat", "you should draw a cat"),
        ("Could you please draw a cat?", "draw a cat?"),
        ("trim it -> fade it", "trim it; fade it"),
        ("Draw a cat. After that append the F0x", "Draw a cat. then append the F0x"),
    ],
)
def test_statements_become_requests(said: str, meant: str) -> None:
    assert " ".join(said_as_requests(said, own_verbs()).split()) == meant


def test_what_is_made_of_a_file_on_the_way_comes_first() -> None:
    assert unnested("write it on a square crop of the F0x") == (
        "get a square crop of the F0x; write it on it"
    )
    assert unnested("get the sound of the F0x") == "get the sound of the F0x"
