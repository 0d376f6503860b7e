"""Sentences to 3D scenes with the pulled parser and sentence embedding."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from tests.conftest import MODELS_DIR

from omnimuse.assets.asset import Asset
from omnimuse.backends.card import ModelCard
from omnimuse.backends.spacy_parser import SpacyParser
from omnimuse.errors import InputError
from omnimuse.tools.scene3d import generate_3d

CARD = ModelCard("en-core-web-sm", ("token-classification",), "spacy")
pytestmark = pytest.mark.weights


@cache
def parser() -> SpacyParser:
    if not (MODELS_DIR / CARD.name).is_dir():
        pytest.skip("en-core-web-sm is not pulled")
    return SpacyParser(CARD, MODELS_DIR / CARD.name)


def objects(make_context: Any, prompt: str) -> dict[str, dict[str, Any]]:
    context = make_context(seed=1, **{"token-classification": parser()})
    model, _ = generate_3d(context, Asset.from_text(prompt), width=96, height=96)
    assert model.size_bytes < 5_000_000
    return {record["id"]: record for record in model.facts["objects"]}


def test_counts_colours_and_places(make_context: Any) -> None:
    found = objects(
        make_context, "two red mugs on a wooden table and a chair to the left of the table"
    )
    assert set(found) == {"mug-1", "mug-2", "table-1", "chair-1"}
    assert found["mug-1"]["attributes"]["color"] == "red"
    assert found["mug-1"]["at_m"][1] == pytest.approx(0.75, abs=0.01)
    assert found["chair-1"]["at_m"][0] < found["table-1"]["at_m"][0]


def test_fruit_in_a_bowl(make_context: Any) -> None:
    found = objects(make_context, "five green apples in a bowl")
    assert len(found) == 6
    bowl = found.pop("bowl-1")
    for apple in found.values():
        assert abs(apple["at_m"][0] - bowl["at_m"][0]) < bowl["size_m"][0] / 2
        assert apple["at_m"][1] > 0.005


def test_a_fox_under_the_moon(make_context: Any) -> None:
    found = objects(make_context, "a red fox under a yellow moon")
    assert found["fox-1"]["at_m"][1] == 0
    assert found["moon-1"]["at_m"][1] > found["fox-1"]["size_m"][1]


def test_chinese(make_context: Any) -> None:
    found = objects(make_context, "树下有一只狐狸")
    assert {record["model"] for record in found.values()} == {"tree", "fox"}


def test_what_has_no_model_is_refused(make_context: Any) -> None:
    with pytest.raises(InputError, match="zeppelin"):
        objects(make_context, "a zeppelin")
