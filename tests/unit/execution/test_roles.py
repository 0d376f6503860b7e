from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from omnimuse.backends.card import ModelCard
from omnimuse.errors import BackendUnavailableError
from omnimuse.execution.roles import NoRoles, ResolvedRoles

CARDS = {
    name: ModelCard(name, ("asr",), "stub", licence="MIT", memory_mb=12.0)
    for name in ("small", "large")
}


class Resolver:
    def __init__(self) -> None:
        self.asked: list[Any] = []

    def resolve(self, role: str, choice: str | None = None) -> ModelCard:
        self.asked.append((role, choice))
        return CARDS[choice or "small"]

    def hash(self, card: ModelCard) -> str:
        return f"hash of {card.name}"

    @contextmanager
    def lease(self, card: ModelCard) -> Iterator[str]:
        yield f"model of {card.name}"


def test_cards_become_plain_data_and_models_are_leased():
    resolver = Resolver()
    roles = ResolvedRoles(resolver)
    card = roles.resolve("asr", "large")
    assert (card.role, card.card, card.sha256, card.licence, card.memory_mb) == (
        "asr",
        "large",
        "hash of large",
        "MIT",
        12.0,
    )
    assert card.as_use().card == "large"
    with roles.lease("asr", "large") as model:
        assert model == "model of large"
    assert resolver.asked == [("asr", "large")]
    with roles.lease("asr", "small") as model:  # resolved in another process
        assert model == "model of small"


def test_without_a_resolver_every_role_is_refused_by_name():
    for ask in (NoRoles().resolve, NoRoles().lease):
        with pytest.raises(BackendUnavailableError, match="asr"):
            ask("asr", "x")
