"""Where clauses begin, before anything is parsed."""

from __future__ import annotations

import pytest

from omnimuse.planning.building.retrieval import own_phrases, own_verbs
from omnimuse.planning.reading.clauses import clauses, doing_verbs


def cut(text: str) -> list[str]:
    return [clause.text for clause in clauses(text, own_verbs())]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Erase the sun from the F0x, sharpen the result, and finish it as an oil painting",
            ["Erase the sun from the F0x", "sharpen the result", "finish it as an oil painting"],
        ),
        (
            "Write down the words, translate, speak and put it back",
            ["Write down the words", "translate", "speak", "put it back"],
        ),
        ("Paint a mouse, a dog and a bird", ["Paint a mouse, a dog and a bird"]),
        ("Make a film of sound and picture", ["Make a film of sound and picture"]),
        ("Take the F0x, trim it to 4 seconds", ["trim it to 4 seconds"]),
        (
            "Using the F0x, make a poster, then a smaller version",
            ["make a poster using the F0x", "a smaller version"],
        ),
        (
            "Create an advert: a slogan for a cafe, a picture of a cup and a jingle",
            ["make a slogan for a cafe", "make a picture of a cup", "make a jingle"],
        ),
        ("Read this line aloud: Q0x", ["Read this line aloud: Q0x"]),
        (
            "Turn the F0x into a film: read it aloud and draw a fox",
            ["read it aloud", "draw a fox", "make a film of it"],
        ),
        (
            "I need a slogan, a drawing of a bear and some music",
            ["make a slogan", "make a drawing of a bear", "make some music"],
        ),
        (
            "Write a slogan, print it onto a square crop of the F0x",
            ["Write a slogan", "get a square crop of the F0x", "print it onto it"],
        ),
        (
            "Draw a cat. Soft music under it.",
            ["Draw a cat", "put soft music under it"],
        ),
    ],
)
def test_requests_are_cut_where_verbs_ask(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


def test_verbs_are_found_in_ways_of_asking() -> None:
    assert doing_verbs(["fade it out", "in her own voice", "the sound of rain", "crop to it"]) == {
        "fade"
    }
    assert {"transcribe", "paint", "let"} <= own_verbs()
    assert not {"in", "with", "the", "and"} & own_verbs()


def test_every_way_of_asking_belongs_to_a_tool() -> None:
    from omnimuse.tools.registry import ToolRegistry

    names = set(ToolRegistry(plugins=()).specs())
    assert set(own_phrases()) <= names
    assert min(len(said) for said in own_phrases().values()) >= 1
