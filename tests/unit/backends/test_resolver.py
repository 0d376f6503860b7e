from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from omnimuse.backends.card import Member, ModelCard, Source
from omnimuse.backends.registry import BackendRegistry
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.config import Settings
from omnimuse.errors import ArgumentError, BackendUnavailableError, DeviceMemoryError

ROLE = "text-generation"


class FakeBackend:
    built: list[str] = []
    delay_s = 0.0

    def __init__(self, card: ModelCard, folder: Path) -> None:
        time.sleep(self.delay_s)
        self.name = card.name
        self.built.append(card.name)


class PlainBackend(FakeBackend):
    @classmethod
    def from_settings(cls, card: ModelCard, folder: Path, settings: Settings) -> PlainBackend:
        made = cls(card, folder)
        made.name = f"{card.name} at {settings.endpoint_url}"
        return made


@pytest.fixture(autouse=True)
def _fresh() -> None:
    FakeBackend.built.clear()
    FakeBackend.delay_s = 0.0


def card(name: str, **more: Any) -> ModelCard:
    return ModelCard(name, more.pop("roles", (ROLE,)), more.pop("backend", "fake"), **more)


def resolver(tmp_path: Path, *cards: ModelCard, **more: Any) -> Resolver:
    refuse = more.pop("refuse", lambda card: "")
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models", **more)
    table = {"fake": f"{__name__}:FakeBackend", "plain": f"{__name__}:PlainBackend"}
    registry = BackendRegistry(table, plugins=())
    # Tests are not importable by name under importlib mode: hand the classes over.
    registry.backend_class = {  # type: ignore[method-assign]
        "fake": FakeBackend,
        "plain": PlainBackend,
    }.__getitem__
    store = ModelStore(settings.models_dir)
    known = {card.name: card for card in cards}
    return Resolver(settings, store, known, registry=registry, refuse=refuse)


def missing(name: str, **more: Any) -> ModelCard:
    source = Source("wheel:x==1", "", (Member("a", "a"),))
    return card(name, sources=(source,), **more)


def test_quality_decides(tmp_path: Path) -> None:
    found = resolver(tmp_path, card("weak", quality=1), card("strong", quality=9))
    assert found.resolve(ROLE).name == "strong"


def test_users_choice_beats_quality(tmp_path: Path) -> None:
    cards = card("weak", quality=1), card("strong", quality=9)
    assert resolver(tmp_path, *cards).resolve(ROLE, "weak").name == "weak"
    chosen = resolver(tmp_path, *cards, models={ROLE: "weak"})
    assert chosen.resolve(ROLE).name == "weak"
    assert chosen.resolve(ROLE, "strong").name == "strong"


def test_language_comes_before_quality(tmp_path: Path) -> None:
    cards = card("en", languages=("en",), quality=9), card("zh", languages=("zh",), quality=1)
    found = resolver(tmp_path, *cards)
    assert found.resolve(ROLE).name == "en"
    assert found.resolve(ROLE, language="zh").name == "zh"
    assert found.resolve(ROLE, language="de").name == "en"


def test_policy_and_memory_exclude(tmp_path: Path) -> None:
    cards = card("refused", quality=9), card("huge", quality=8, memory_mb=900.0), card("fits")
    found = resolver(
        tmp_path, *cards, memory_limit_mb=500, refuse=lambda c: "no" * (c.name == "refused")
    )
    assert found.resolve(ROLE).name == "fits"
    reasons = {v.card.name: (v.verdict, v.reason) for v in found.explain(ROLE)}
    assert reasons["refused"] == ("unusable", "policy refuses it: no")
    assert reasons["huge"] == ("unusable", "it needs 900 MB, 500 MB are allowed")
    assert reasons["fits"][0] == "chosen"


def test_nothing_installed_names_the_pull(tmp_path: Path) -> None:
    found = resolver(tmp_path, missing("best", quality=9), missing("usual", default=True))
    with pytest.raises(BackendUnavailableError) as caught:
        found.resolve(ROLE)
    assert caught.value.hint == "Run `omnimuse models pull usual`."
    with pytest.raises(BackendUnavailableError, match="not pulled"):
        found.load(found.cards["best"])


def test_unknown_role_and_wrong_choices(tmp_path: Path) -> None:
    found = resolver(tmp_path, card("one"), card("eye", roles=("object-detection",)))
    with pytest.raises(BackendUnavailableError, match="no installed model can do text-to-odour"):
        found.resolve("text-to-odour")
    with pytest.raises(BackendUnavailableError, match="no model is called 'nope'"):
        found.resolve(ROLE, "nope")
    with pytest.raises(BackendUnavailableError, match="'eye' cannot do text-generation"):
        found.resolve(ROLE, "eye")
    with pytest.raises(ArgumentError, match="not an endpoint"):
        found.resolve(ROLE, "endpoint")


def test_explain_puts_the_used_one_first(tmp_path: Path) -> None:
    found = resolver(tmp_path, card("a", quality=1), card("b", quality=2), missing("c"))
    assert [(v.card.name, v.verdict) for v in found.explain(ROLE)] == [
        ("b", "chosen"),
        ("a", "usable"),
        ("c", "unusable"),
    ]
    assert found.explain(ROLE, "a")[0].reason == "the user's choice"
    assert found.explain("text-to-odour") == []


def test_hash_follows_options(tmp_path: Path) -> None:
    found = resolver(tmp_path)
    assert found.hash(card("a")) == found.hash(card("a", quality=3))
    assert found.hash(card("a")) != found.hash(card("a", options={"context": 1}))


def test_loaded_once_for_many_callers(tmp_path: Path) -> None:
    FakeBackend.delay_s = 0.05
    found = resolver(tmp_path, card("one"))
    models: list[Any] = []
    threads = [threading.Thread(target=lambda: models.append(found.role(ROLE))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert FakeBackend.built == ["one"]
    assert len({id(model) for model in models}) == 1


def test_least_recently_used_is_unloaded(tmp_path: Path) -> None:
    cards = [card(name, memory_mb=40.0) for name in "abc"]
    found = resolver(tmp_path, *cards, memory_limit_mb=100)
    for name in ("a", "b", "a", "c"):
        found.load(found.cards[name])
    assert list(found.loaded()) == ["a", "c"]


def test_held_models_are_never_unloaded(tmp_path: Path) -> None:
    cards = [card(name, memory_mb=40.0) for name in "abc"]
    found = resolver(tmp_path, *cards, memory_limit_mb=100)
    held = found.load(found.cards["a"])
    found.load(found.cards["b"])
    found.load(found.cards["c"])
    assert list(found.loaded()) == ["a", "c"]
    assert found.load(found.cards["a"]) is held


def test_no_room_beside_models_in_use(tmp_path: Path) -> None:
    cards = [card(name, memory_mb=60.0) for name in "ab"]
    found = resolver(tmp_path, *cards, memory_limit_mb=100)
    with found.lease(cards[0]) as model:
        assert model.name == "a"
        with pytest.raises(DeviceMemoryError, match="60 of 100 MB are in use by a") as caught:
            found.load(cards[1])
        assert caught.value.retryable
        del model
    assert found.load(cards[1]).name == "b"


def test_failed_load_can_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = resolver(tmp_path, card("one"))
    monkeypatch.setattr(FakeBackend, "delay_s", "soon")
    with pytest.raises(TypeError):
        found.role(ROLE)
    monkeypatch.setattr(FakeBackend, "delay_s", 0.0)
    assert found.role(ROLE).name == "one"


def test_backends_that_want_settings_get_them(tmp_path: Path) -> None:
    found = resolver(tmp_path, card("p", backend="plain"), endpoint_url="http://h")
    assert found.role(ROLE).name == "p at http://h"


def test_close_closes_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    monkeypatch.setattr(FakeBackend, "close", lambda self: closed.append(self.name), raising=False)
    found = resolver(tmp_path, card("one"))
    found.role(ROLE)
    found.close()
    assert closed == ["one"]
    assert found.loaded() == {}


def test_allowed_download_pulls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = resolver(tmp_path, missing("usual"), allow_download=True)
    monkeypatch.setattr(found.store, "is_pulled", lambda card: "usual" in pulled)
    pulled: list[str] = []
    monkeypatch.setattr("omnimuse.backends.pull.pull", lambda card, store: pulled.append(card.name))
    assert found.resolve(ROLE).name == "usual"
    assert pulled == ["usual"]
