"""Bare "left of" and "right of", as GenEval writes them, whatever the tagger makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from omnimuse.backends.card import ModelCard
from omnimuse.backends.spacy_parser import SpacyParser
from omnimuse.crafts.layout.parse import describe_scenes

pytestmark = pytest.mark.weights


@pytest.mark.parametrize("side", ["left of", "right of", "to the right of", "above", "below"])
def test_both_things_and_their_relation_are_read(side: str, models_dir: Path) -> None:
    card = ModelCard("en-core-web-sm", ("token-classification",), "spacy")
    pairs = [("pig", "owl"), ("microwave", "kangaroo"), ("sunflower", "turtle"), ("zebra", "pig")]
    prompts = [f"a photo of a {one} {side} a {other}" for one, other in pairs]
    parser = SpacyParser(card, models_dir / card.name)
    for pair, request in zip(pairs, describe_scenes(prompts, parser), strict=True):
        assert {thing.label for thing in request.things} == set(pair)
        relation = request.relations[0]
        ends = (request.things[relation.subject].label, request.things[relation.object].label)
        assert (*ends, relation.relation) == (*pair, side.removeprefix("to the "))
