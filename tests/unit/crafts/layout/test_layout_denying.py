"""What must not be there, rows in words, colours behind their nouns, sizes against each other."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from omnimuse.backends.card import ModelCard
from omnimuse.backends.spacy_parser import SpacyParser
from omnimuse.crafts.layout import plan_layouts
from omnimuse.crafts.layout.sizes import Extent, contrasted

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def parser(models_dir: Path) -> SpacyParser:
    card = ModelCard("en-core-web-sm", ("token-classification",), "spacy")
    return SpacyParser(card, models_dir / card.name)


def _labels(layout: dict) -> list[str]:
    return [entry["label"] for entry in layout["objects"]]


@pytest.mark.parametrize(
    ("prompt", "excluded"),
    [
        ("a street with everything but cars", ["car"]),
        ("an office with three desks, leave the lamps out", ["lamp"]),
        ("a desk with a laptop; omit the books", ["book"]),
        ("the table is there but the plates are missing", ["plate"]),
        ("a kitchen in which the oven has been removed", ["oven"]),
        ("a garden lacking flowers, with a cat", ["flower"]),
    ],
)
def test_what_is_denied_is_excluded(parser: SpacyParser, prompt: str, excluded: list[str]) -> None:
    layout = plan_layouts([prompt], parser)[0]
    assert layout["excluded"] == excluded
    assert not set(excluded) & set(_labels(layout))


@pytest.mark.parametrize("prompt", ["a man avoiding a puddle", "a hat left on a chair"])
def test_deeds_deny_nothing(parser: SpacyParser, prompt: str) -> None:
    layout = plan_layouts([prompt], parser)[0]
    assert "excluded" not in layout
    assert len(_labels(layout)) == 2


@pytest.mark.parametrize(
    ("prompt", "colors"),
    [
        ("the mug is red, the plate green", {"mug": "red", "plate": "green"}),
        ("paint the car yellow", {"car": "yellow"}),
        ("a chair in red and a book in black", {"chair": "red", "book": "black"}),
        ("a sofa, green, and two lamps, white", {"sofa": "green", "lamp": "white"}),
        ("a bottle of white colour", {"bottle": "white"}),
    ],
)
def test_colors_behind_their_nouns(
    parser: SpacyParser, prompt: str, colors: dict[str, str]
) -> None:
    layout = plan_layouts([prompt], parser)[0]
    assert {e["label"]: e["attributes"].get("color") for e in layout["objects"]} == colors


def test_rows_in_words(parser: SpacyParser) -> None:
    layout = plan_layouts(["from right to left: a cat, a dog and a horse"], parser)[0]
    x = {entry["label"]: entry["box"][0] for entry in layout["objects"]}
    assert x["horse"] < x["dog"] < x["cat"]


def test_another_is_one_more_of_what_was_placed(parser: SpacyParser) -> None:
    layout = plan_layouts(["two dogs on the carpet and a third one by the door"], parser)[0]
    assert sorted(_labels(layout)) == ["carpet", "dog", "dog", "dog", "door"]
    assert layout["relations"][-1] == {
        "subject": "dog-3", "relation": "next to", "object": "door-1"
    }  # fmt: skip


def test_trees_do_not_eat_and_tables_bear(parser: SpacyParser) -> None:
    eating, bearing = plan_layouts(
        ["a monkey on a tree eating a banana", "a dog under the table and a cat on it"], parser
    )
    said = [tuple(r.values()) for r in eating["relations"] + bearing["relations"]]
    assert ("monkey-1", "holding", "banana-1") in said
    assert ("cat-1", "on", "table-1") in said


def test_words_are_given_to_who_says_them(parser: SpacyParser) -> None:
    prompt = 'a man shouting "Help!" next to a sign that says "STOP"'
    layout = plan_layouts([prompt], parser)[0]
    said = {entry["label"]: entry["attributes"] for entry in layout["objects"]}
    assert said["man"]["speech"] == "Help!"
    assert said["sign"]["text"] == "STOP"


def test_a_stack_is_one_on_another(parser: SpacyParser) -> None:
    layout = plan_layouts(["a stack of four plates"], parser)[0]
    boxes = [entry["box"] for entry in layout["objects"]]
    assert len(boxes) == 4
    assert max(b[0] for b in boxes) - min(b[0] for b in boxes) < 0.1 * boxes[0][2]
    assert all(upper[1] < lower[1] for lower, upper in pairwise(boxes))


def test_the_train_pulls_its_cars(parser: SpacyParser) -> None:
    layout = plan_layouts(["a train with three cars"], parser)[0]
    boxes = sorted(entry["box"] for entry in layout["objects"])
    assert len(boxes) == 4
    for (x, _, w, _), (following, *_) in pairwise(boxes):
        assert abs(x + w - following) < 0.02


def test_a_cat_looks_out_of_its_box(parser: SpacyParser) -> None:
    layout = plan_layouts(["a cat in a cardboard box"], parser)[0]
    cat, box = layout["objects"]
    assert cat["depth"] < box["depth"]
    assert cat["box"][1] < box["box"][1] < cat["box"][1] + cat["box"][3]


def test_what_is_huge_is_larger_than_what_is_tiny() -> None:
    ant, house = Extent(0.2, 0.1, "g"), Extent(2.0, 2.0, "g")
    large, small = contrasted([ant, house], ["huge", "tiny"])
    ratio = (large.width * large.height / (small.width * small.height)) ** 0.5
    assert ratio == pytest.approx(1.5)
    assert contrasted([ant, house], ["huge", ""]) == [ant, house]
