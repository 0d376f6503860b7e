"""Spellings, pictographs and labels that do not pass for other things."""

from __future__ import annotations

import pytest

from omnimuse.crafts.layout import ThingGroup
from omnimuse.crafts.layout.naming import named_apart, respell, spelled_out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two surf boards", "two surfboards"),
        ("A Cellphone and three doughnuts", "A cell phone and three donuts"),
        ("a hairdryer", "a hair drier"),
        ("a board for surfing", "a board for surfing"),
    ],
)
def test_split_and_joined_names_get_one_spelling(text: str, expected: str) -> None:
    assert respell(text) == expected


def test_pictographs_are_read_as_nouns_and_moods_dropped() -> None:
    assert spelled_out("a 🐶 and 😀 two 🚗").split() == ["a", "dog", "and", "two", "automobile"]


def test_a_dog_house_beside_a_dog_is_a_house() -> None:
    dog, house, tower = ThingGroup("dog"), ThingGroup("dog house"), ThingGroup("clock tower")
    found = named_apart([dog, house, tower])
    assert [thing.label for thing in found] == ["dog", "house", "clock tower"]
    assert found[1].attributes == {"type": "dog house"}
    assert named_apart([house])[0].label == "dog house"
