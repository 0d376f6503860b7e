"""Prompts read by the real parser: needs the card en-core-web-sm."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import MODELS_DIR

from omnimuse.assets.asset import Asset
from omnimuse.backends.card import ModelCard
from omnimuse.backends.spacy_parser import SpacyParser
from omnimuse.crafts.layout import describe_scene, describe_scenes, plan_layouts
from omnimuse.crafts.layout.groups import grouped
from omnimuse.crafts.layout.schema import ATTRIBUTE_KEYS, RELATIONS
from omnimuse.errors import BackendUnavailableError, CheckpointError, InputError
from omnimuse.evaluation.layout import CountScore, is_placed, matches, score_counts
from omnimuse.tools.layout import plan_layout

ROOT = Path(__file__).parents[2]
CARD = ModelCard("en-core-web-sm", ("token-classification",), "spacy")
pytestmark = pytest.mark.weights
FRAGMENTS = (
    "a", "two", "cat", "dogs", "and", "of", "the", "on", "no", "without", "more", "than",
    "left", "right", ",", ".", "'s", "red", "it", "them", "one", "99999999", "half", "dozen",
    "group", "scissors", "is", "which", "not", "each", "other", "只", "猫", "在",
)  # fmt: skip


@cache
def parser() -> SpacyParser:
    if not (MODELS_DIR / CARD.name).is_dir():
        pytest.skip("en-core-web-sm is not pulled")
    return SpacyParser(CARD, MODELS_DIR / CARD.name)


def counts(prompt: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for thing in describe_scene(prompt, parser()).things:
        found[thing.label] = found.get(thing.label, 0) + thing.count
    return found


def links(prompt: str) -> list[tuple[str, str, str]]:
    request = describe_scene(prompt, parser())
    return [
        (request.things[r.subject].label, r.relation, request.things[r.object].label)
        for r in request.relations
    ]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (
            "two zebras grazing next to a giraffe under a tree",
            {"zebra": 2, "giraffe": 1, "tree": 1},
        ),
        ("a realistic photo of a scene with 8 apples", {"apple": 8}),
        ("a realistic photo of a scene with no cats", {}),
        ("a herd of five elephants", {"elephant": 5}),
        ("half a dozen eggs", {"egg": 6}),
        ("a pair of scissors and a pair of zebras", {"scissors": 1, "zebra": 2}),
        ("There are five sheep, one of them is black.", {"sheep": 5}),
        ("a cell-phone next to a hot-dog", {"cell phone": 1, "hot dog": 1}),
        ("A man with a dog. The dog is brown.", {"man": 1, "dog": 1}),
        ("three red and two yellow apples", {"apple": 5}),
        ("six people ride horses", {"person": 6, "horse": 6}),
        ("a photo of the roof of a car", {"car": 1}),
        ("a horse drawn carriage", {"carriage": 1}),
        ("children playing on the beach", {"child": 3}),
        ("three zorblaxes and a flumph", {"zorblax": 3, "flumph": 1}),
        ("a herd of cows", {"cow": 6}),
        ("seven fish swimming", {"fish": 7}),
        ("an owl under a full moon and stars", {"owl": 1, "moon": 1, "star": 3}),
        ("a man under umbrellas", {"man": 1, "umbrella": 1}),
        ("two horses and a herd of cows", {"horse": 2, "cow": 3}),
        ("two horses and some cows", {"horse": 2, "cow": 2}),
        ("a horse and some cows", {"horse": 1, "cow": 3}),
        ("two benches under trees", {"bench": 2, "tree": 3}),
    ],
)
def test_counts(prompt: str, expected: dict[str, int]) -> None:
    found = counts(prompt)
    if "zorblaxes" in prompt:
        found = {name.removesuffix("e"): number for name, number in found.items()}
    assert found == expected


@pytest.mark.parametrize(
    "prompt", ["seven fish swimming underwater", "a castle under the sea", "An underwater castle"]
)
def test_under_water_is_a_place(prompt: str) -> None:
    request = describe_scene(prompt, parser())
    assert request.background == "underwater"
    assert len(request.things) == 1


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (
            "A cat laying inside of a bag on top of a bed",
            [("cat", "in", "bag"), ("bag", "on", "bed")],
        ),
        ("a cat on a table next to a cup", [("cat", "on", "table"), ("cat", "next to", "cup")]),
        ("On top of the refrigerator sits a cat", [("cat", "on", "refrigerator")]),
        ("An old bridge over a river with a boat below it", [("boat", "below", "bridge")]),
        ("a cat and a dog laying next to each other", [("cat", "next to", "dog")]),
        ("a fork on the left side of a plate", [("fork", "left of", "plate")]),
        ("a woman holding an umbrella", [("woman", "holding", "umbrella")]),
        ("a bowl of oranges", [("orange", "in", "bowl")]),
        ("a vase between two candles", [("vase", "between", "candle")]),
        ("a train crossing a bridge", [("train", "on", "bridge")]),
        ("Two cars drive over a bridge", [("car", "on", "bridge")]),
        ("a woman runs across a footbridge", [("woman", "on", "footbridge")]),
        ("a plane flying over a bridge", [("plane", "above", "bridge")]),
        ("a dog under an arch", [("dog", "under", "arch")]),
        ("a train with two cars", [("railway car", "right of", "train")]),
    ],
)
def test_relations(prompt: str, expected: list[tuple[str, str, str]]) -> None:
    assert links(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "excluded"),
    [
        ("a room without any chairs", ("chair",)),
        ("There are not any birds on the fence.", ("bird",)),
        ("neither cats nor dogs", ("cat", "dog")),
        ("a scene that does not contain bananas", ("banana",)),
        ("a couch but no people", ("person",)),
    ],
)
def test_negation(prompt: str, excluded: tuple[str, ...]) -> None:
    assert describe_scene(prompt, parser()).excluded == excluded


def test_comparisons() -> None:
    found = counts("fewer cups than plates")
    assert 0 < found["cup"] < found["plate"]
    assert counts("four cups and twice as many spoons as cups") == {"cup": 4, "spoon": 8}
    assert counts("two more dogs than cats, three cats") == {"dog": 5, "cat": 3}
    assert counts("two cats with some dogs, there are fewer cats than dogs") == {"cat": 2, "dog": 3}
    assert counts("two airplanes and fewer trains are in the photo") == {"airplane": 2, "train": 1}
    found = counts("four birds and some cats, the number of cats is smaller than that of birds")
    assert found == {"bird": 4, "cat": 3}
    assert counts("three benches, as well as an equal number of chairs") == {"bench": 3, "chair": 3}


def test_attributes_setting_style_and_text() -> None:
    request = describe_scene(
        'a watercolor painting of a dark brown dog and a tiny wooden sign that says "SALE" '
        "in a snowy park at night in winter",
        parser(),
    )
    dog, sign = request.things
    assert dog.attributes == {"color": "dark brown"}
    assert sign.attributes == {"size": "tiny", "material": "wooden", "text": "SALE"}
    assert (request.style, request.time, request.season) == (
        "watercolor painting",
        "night",
        "winter",
    )
    assert request.weather == "snow"
    assert "park" in request.background
    assert request.text == ("SALE",)


def test_layouts_keep_to_the_schema_and_alone_equals_in_company() -> None:
    prompts = ["a red dog on a blue couch", "三只猫在桌子上", "nothing", "two cats left of a dog"]
    together = plan_layouts(prompts, parser(), seed=5)
    assert together == [plan_layouts([prompt], parser(), seed=5)[0] for prompt in prompts]
    for layout in together:
        assert {"objects", "relations", "background", "canvas"} <= set(layout)
        ids = [entry["id"] for entry in layout["objects"]]
        assert len(set(ids)) == len(ids)
        for entry in layout["objects"]:
            assert set(entry["attributes"]) <= set(ATTRIBUTE_KEYS)
        for relation in layout["relations"]:
            assert relation["relation"] in RELATIONS
            assert {relation["subject"], relation["object"]} <= set(ids)


def test_bad_prompts_are_named() -> None:
    for prompt in ("", "   ", "x" * 100_000, "a picture of 100000 dogs"):
        with pytest.raises(InputError):
            describe_scenes([prompt], parser())
    assert sum(counts("two hundred sheep").values()) == 200


def test_handwritten_captions() -> None:
    lines = (ROOT / "benchmarks/data/layout_captions.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    layouts = plan_layouts([row["prompt"] for row in rows], parser())
    total, placed = CountScore(), []
    for row, layout in zip(rows, layouts, strict=True):
        total += score_counts(layout, row["counts"])
        placed += [is_placed(layout, *relation) for relation in row.get("relations", [])]
        for name in row.get("excluded", []):
            assert not any(matches(entry["label"], name) for entry in layout["objects"])
    assert total.accuracy >= 0.975
    assert total.recall >= 0.99
    assert sum(placed) / len(placed) >= 0.95


def test_generated_captions() -> None:
    script = ROOT / "benchmarks/layout_prompts.py"
    done = subprocess.run(
        [sys.executable, str(script), "77"], capture_output=True, text=True, check=True
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    layouts = plan_layouts([row["prompt"] for row in rows], parser())
    total = CountScore()
    for row, layout in zip(rows, layouts, strict=True):
        total += score_counts(layout, row["counts"])
        for first, relation, second in row.get("relations", []):
            assert is_placed(layout, first, relation, second), row["prompt"]
    assert total.accuracy >= 0.99
    assert total.precision >= 0.99


def test_the_tool_alone_and_in_a_batch(make_context: Callable[..., Any]) -> None:
    ctx = make_context(seed=2, **{"token-classification": parser()})
    asset = plan_layout(ctx, Asset.from_text("two dogs and a cat"), width=800, height=600)
    assert asset.kind == "layout"
    assert asset.facts["objects"] == 3
    alone = asset.read_json()
    assert alone["canvas"] == [800, 600]
    good, bad = plan_layout.batch(
        ctx, [{"prompt": "two dogs and a cat", "width": 800, "height": 600}, {"prompt": " "}]
    )
    assert good == alone
    assert isinstance(bad, InputError)


def test_a_missing_or_broken_pipeline_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailableError) as caught:
        SpacyParser(CARD, tmp_path)
    assert "models pull en-core-web-sm" in caught.value.hint
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "config.cfg").write_text("[nlp]\nlang = 7\n")
    with pytest.raises(CheckpointError):
        SpacyParser(CARD, tmp_path)


@given(
    st.one_of(
        st.text(min_size=1, max_size=80),
        st.lists(
            st.sampled_from(FRAGMENTS),
            min_size=1,
            max_size=25,
        ).map(" ".join),
    )
)
@settings(max_examples=150, deadline=None)
def test_any_text_gives_a_layout_or_a_named_error(prompt: str) -> None:
    try:
        (layout,) = plan_layouts([prompt], parser())
    except InputError:
        return
    for entry in layout["objects"]:
        x, y, w, h = entry["box"]
        assert min(x, y, w, h) >= 0
        assert max(x + w, y + h) <= 1.001
        assert entry["label"]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("A man with a skateboard in each hand", {"man": 1, "skateboard": 2, "hand": 1}),
        ("Two tables with four chairs each", {"table": 2, "chair": 8}),
        ("Three women, each holding a cup", {"woman": 3, "cup": 3}),
        ("Three boys each carry a surf board", {"boy": 3, "surfboard": 3}),
        ("Two players with rackets and their dogs", {"player": 2, "racket": 2, "dog": 2}),
        ("Two kids on skateboards", {"kid": 2, "skateboard": 2}),
        ("Two planes wait as another one lands", {"plane": 3}),
        ("One duck flies over two others", {"duck": 3}),
        ("Two ducks swim while a third sits on a rock", {"duck": 3, "rock": 1}),
        ("Two dog bowls on a mat", {"dog bowl": 2, "mat": 1}),
        ("A black bear sniffs at a table", {"bear": 1, "table": 1}),
        ("Two women holding wine glasses", {"woman": 2, "wine glass": 2}),
        ("Two kites, a red one and a blue one", {"kite": 2}),
        ("A red cup and a blue one", {"cup": 2}),
        ("A plate of broccoli", {"plate": 1, "broccoli": 1}),
        ("A family of four eating a pizza", {"person": 4, "pizza": 1}),
        ("0 cats and one dog", {"dog": 1}),
        ("A house next to a dog house with a dog in it", {"house": 2, "dog": 1}),
        ("a cat next to a 🐶", {"cat": 1, "dog": 1}),
        ("一只猫和 two red cups", {"cat": 1, "cup": 2}),
    ],
)
def test_counts_that_are_shared_out_or_told_by_grammar(
    prompt: str, expected: dict[str, int]
) -> None:
    assert counts(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "relation"),
    [
        ("a laptop, a cup of coffee and a notebook on a desk", ("cup", "on", "desk")),
        ("a cat looking at a fish in a bowl", ("fish", "in", "bowl")),
        ("a woman with a dog and an umbrella", ("woman", "holding", "umbrella")),
        ("a basket with three apples on a bench", ("basket", "on", "bench")),
        ("a train next to a road with a truck", ("train", "next to", "truck")),
        ("a birthday cake with two candles", ("candle", "on", "birthday cake")),
    ],
)
def test_relations_that_are_implied(prompt: str, relation: tuple[str, str, str]) -> None:
    assert relation in links(prompt)


def test_what_is_not_on_the_chair_is_not_put_there() -> None:
    assert ("cat", "on", "chair") not in links("A cat that is not on the chair")


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("a poster that says SUMMER SALE", "SUMMER SALE"),
        ("a sign that says stop next to a dog", "stop"),
        ("a cake that says Happy Birthday Anna on a table", "Happy Birthday Anna"),
    ],
)
def test_words_to_be_written_need_no_quotation_marks(prompt: str, text: str) -> None:
    request = describe_scene(prompt, parser())
    assert request.text == (text,)
    assert request.things[0].attributes["text"] == text


def test_languages_that_are_not_read_are_named() -> None:
    with pytest.raises(InputError, match="French"):
        describe_scene("un chat noir sur une table avec deux pommes", parser())
    assert counts("a croissant and a cafe au lait on a table")["table"] == 1


@pytest.mark.parametrize(
    ("prompt", "labels"),
    [
        ("three dogs chase several birds", ["dog", "dog", "dog", "group of birds"]),
        ("two people riding horses", ["person", "person", "horse", "horse"]),
        ("fewer cups than four plates", ["cup", "cup", "cup", "plate", "plate", "plate", "plate"]),
    ],
)
def test_a_number_that_is_open_makes_a_group(prompt: str, labels: list[str]) -> None:
    layout = grouped(plan_layouts([prompt], parser())[0])
    assert sorted(entry["label"] for entry in layout["objects"]) == sorted(labels)


@pytest.mark.parametrize(
    ("prompt", "counts"),
    [
        ("Three people on horses in front of a church", {"person": 3, "horse": 3}),
        ("Two boys and a girl with umbrellas walking in the rain", {"umbrella": 3}),
        ("Four people riding skis on a track", {"skis": 4}),
        ("Two soldiers sit atop elephants", {"elephant": 2}),
        ("two men are in the sea on surfboards", {"man": 2, "surfboard": 2}),
        ("four people using laptops", {"laptop": 4}),
        ("A man is chasing two other boys on bikes", {"bike": 2}),
        ("three sheep search on the field for grass", {"sheep": 3}),
        ("The number of frisbees in this image is five.", {"frisbee": 5}),
        ("Apart from two toasters there is one sandwich.", {"toaster": 2, "sandwich": 1}),
        ("A room with nothing but a bed", {"bed": 1}),
        ("Five cakes and cows in one picture, the same number of each.", {"cake": 5, "cow": 5}),
        ("Four different breeds of cats sitting by the window.", {"cat": 4, "breed": 0}),
        ("five birds; there are just as many couches", {"bird": 5, "couch": 5}),
    ],
)
def test_each_has_its_own(prompt: str, counts: dict[str, int]) -> None:
    layout = grouped(plan_layouts([prompt], parser())[0])
    labels = [entry["label"] for entry in layout["objects"]]
    assert {label: labels.count(label) for label in counts} == counts
