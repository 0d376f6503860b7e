"""The cards that the how-to shows are cards, and set nothing that the painter does not know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from omnimuse.backends.card import ModelCard
from omnimuse.backends.diffusers_schedulers import SCHEDULERS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "checkpoints.md"
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
TABLE = set(
    re.findall(
        r"`(\w+)`", "".join(re.findall(r"^\| (`[^|]*)\|", PAGE.read_text("utf-8"), re.MULTILINE))
    )
)


def test_there_are_five_cards() -> None:
    assert len(BLOCKS) == 5


@pytest.mark.parametrize("text", BLOCKS)
def test_card_of_the_how_to_is_right(text: str) -> None:
    card = ModelCard.from_toml(text)
    assert card.backend == "diffusers"
    assert set(card.roles) <= {"text-to-image", "image-to-image", "inpainting"}
    assert set(card.options) <= TABLE
    assert card.options.get("scheduler", "ddim") in SCHEDULERS
    assert len(card.sources) == 1
    assert card.memory_mb > 0
