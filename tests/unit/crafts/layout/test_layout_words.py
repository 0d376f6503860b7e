"""Nouns: kinds, plurals, numbers, sizes."""

from __future__ import annotations

import pytest

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.sizes import extent, real_size


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("s", "s"),
        ("people", "person"), ("sheep", "sheep"), ("geese", "goose"), ("knives", "knife"),
        ("buses", "bus"), ("horses", "horse"), ("puppies", "puppy"), ("boxes", "box"),
        ("mice", "mouse"), ("planes", "plane"), ("scissors", "scissors"), ("cookies", "cookie"),
        ("tomatoes", "tomato"), ("glasses", "glasses"), ("benches", "bench"), ("gloves", "glove"),
    ],
)  # fmt: skip
def test_singular(plural: str, singular: str) -> None:
    assert w.singular(plural) == singular


@pytest.mark.parametrize(
    ("noun", "kind"),
    [
        ("spaniel", "a"), ("fire hydrant", "o"), ("teacher", "p"), ("kitchen", "l"),
        ("front yard", "l"), ("idea", "x"), ("glass", "o"), ("zorblax", "?"), ("tulip", "t"),
    ],
)  # fmt: skip
def test_noun_kind(noun: str, kind: str) -> None:
    assert w.noun_kind(noun) == kind


def test_compounds() -> None:
    assert w.is_compound("hot dog")
    assert w.is_compound("stop sign")
    assert not w.is_compound("red dog")
    assert not w.is_compound("old house")


@pytest.mark.parametrize(
    ("word", "number"), [("seven", 7), ("twenty-one", 21), ("1,200", 1200), ("3", 3), ("dog", None)]
)
def test_number_of(word: str, number: int | None) -> None:
    assert w.number_of(word) == number


def test_size_of_an_untabled_noun_is_that_of_its_kind() -> None:
    assert real_size("spaniel") == real_size("dog")
    assert real_size("coffee cup") == real_size("cup")
    assert real_size("zorblax")[2] == "s"


def test_size_words_change_the_extent() -> None:
    assert extent("dog", "large").height > extent("dog").height > extent("dog", "tiny").height
    assert extent("elephant", "", "baby").height < extent("elephant").height
