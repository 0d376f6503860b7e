from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from omnimuse.backends import cards as module
from omnimuse.backends.cards import load_cards
from omnimuse.backends.registry import BUILT_IN
from omnimuse.backends.store import needs_pull
from omnimuse.config import Settings
from omnimuse.errors import ConfigError, PluginError

CARD = 'name = "mine"\nroles = ["text-generation"]\nbackend = "gguf"\n'


def settings(tmp_path: Path, **more: Any) -> Settings:
    return Settings(home=tmp_path, models_dir=tmp_path / "models", **more)


def test_built_in_cards_are_complete(tmp_path: Path) -> None:
    cards = load_cards(settings(tmp_path))
    assert list(cards) == sorted(cards)
    assert {"smollm2-135m-instruct", "all-minilm-l6-v2-int8", "piper-joe"} <= set(cards)
    for card in cards.values():
        assert card.backend in BUILT_IN, card.name
        assert card.licence, card.name
        assert card.attribution, card.name
        if needs_pull(card):
            for source in card.sources:
                hashes = source.sha256.split() or [m.sha256 for m in source.members]
                assert hashes, card.name  # of the archive; of members where archives differ
                assert all(re.fullmatch("[0-9a-f]{64}", value) for value in hashes), card.name
                assert re.search(r"==[\w.+:~-]+$", source.url), source.url


def test_agpl_cards_are_never_default(tmp_path: Path) -> None:
    cards = load_cards(settings(tmp_path)).values()
    assert not [card.name for card in cards if card.default and "AGPL" in card.licence]


def test_user_cards_are_read(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "mine.toml").write_text(CARD)
    assert load_cards(settings(tmp_path))["mine"].backend == "gguf"


def test_second_card_of_a_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "a.toml").write_text(CARD)
    (tmp_path / "cards" / "b.toml").write_text(CARD)
    with pytest.raises(ConfigError, match=r"two cards are called 'mine'.*a\.toml.*b\.toml"):
        load_cards(settings(tmp_path))


def test_unreadable_user_card_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"bad\.toml"):
        load_cards(settings(tmp_path))


class _Point:
    def __init__(self, given: Any) -> None:
        self.name, self.dist, self._given = "extra", SimpleNamespace(name="acme"), given

    def load(self) -> Any:
        if isinstance(self._given, Exception):
            raise self._given
        return self._given


def test_plugin_cards_by_text_and_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p.toml").write_text(CARD.replace("mine", "by-path"))
    points = [_Point(CARD), _Point(lambda: [tmp_path / "p.toml"])]
    monkeypatch.setattr(module, "entry_points", lambda group: points)
    assert {"mine", "by-path"} <= set(load_cards(settings(tmp_path)))
    assert "mine" not in load_cards(settings(tmp_path, plugins=()))


@pytest.mark.parametrize("given", [RuntimeError("boom"), 3])
def test_broken_plugin_names_distribution(
    given: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "entry_points", lambda group: [_Point(given)])
    with pytest.raises(PluginError, match="plugin acme, entry point extra"):
        load_cards(settings(tmp_path))
