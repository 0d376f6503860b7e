from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from omnimuse.backends.card import ModelCard, Source
from omnimuse.backends.pull import pull
from omnimuse.backends.store import ModelStore
from omnimuse.errors import CheckpointError

Make, MakeCard = Callable[..., Path], Callable[..., ModelCard]


def test_check_names_changed_and_missing_files(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    card = make_card(make_archive({"a": b"1", "b": b"2", "c": b"3"}), ("*", "all/"))
    pull(card, store)
    assert store.check(card) == []
    (store.folder(card) / "all" / "a").write_bytes(b"9")
    (store.folder(card) / "all" / "b").unlink()
    assert store.check(card) == ["all/a: changed since it was pulled", "all/b: missing"]


def test_hash_follows_the_files(store: ModelStore, make_archive: Make, make_card: MakeCard) -> None:
    one = make_card(make_archive({"a": b"1"}, "1.zip"), ("a", "x"), name="one")
    same = make_card(make_archive({"b": b"1"}, "2.zip"), ("b", "x"), name="same")
    other = make_card(make_archive({"a": b"2"}, "3.zip"), ("a", "x"), name="other")
    for card in (one, same, other):
        pull(card, store)
    assert store.sha256(one) == store.sha256(same) != store.sha256(other)


def test_folder_without_manifest_is_not_pulled(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    card = make_card(make_archive({"a": b"1"}), ("a", "x"))
    store.folder(card).mkdir(parents=True)
    (store.folder(card) / "x").write_bytes(b"1")
    assert not store.is_pulled(card)
    with pytest.raises(CheckpointError, match="no file 'x'") as caught:
        store.file(card, "x")
    assert caught.value.hint == "Run `omnimuse models pull tiny`."


def test_damaged_manifest_counts_as_not_pulled(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    card = make_card(make_archive({"a": b"1"}), ("a", "x"))
    pull(card, store)
    (store.folder(card) / "manifest.json").write_text("{")
    assert not store.is_pulled(card)
    assert store.check(card) == ["not pulled"]


def test_card_without_sources_is_there(store: ModelStore) -> None:
    card = ModelCard("plain", ("r",), "illustrator")
    assert store.is_pulled(card)
    assert store.sha256(card) == store.sha256(replace(card, name="other"))


def test_users_folder_is_used_in_place(store: ModelStore, tmp_path: Path) -> None:
    card = ModelCard("mine", ("r",), "diffusers", sources=(Source(f"file:{tmp_path}/sd"),))
    assert not store.is_pulled(card)
    (tmp_path / "sd").mkdir()
    assert store.is_pulled(card)
    assert store.folder(card) == tmp_path / "sd"


def test_hub_model_only_from_the_local_cache(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    card = ModelCard("hub", ("r",), "transformers", sources=(Source("hub:org/name"),))
    assert not store.is_pulled(card)
    with pytest.raises(CheckpointError, match="not in the local cache"):
        store.folder(card)
    folder = tmp_path / "models--org--name"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots" / "abc").mkdir(parents=True)
    assert store.folder(card) == folder / "snapshots" / "abc"


def test_hash_of_a_folder_of_the_users_own_follows_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    store = ModelStore(tmp_path / "models")
    card = ModelCard("mine", ("text-to-image",), "diffusers", sources=(Source(f"file:{folder}"),))
    (folder / "a.safetensors").write_bytes(b"1")
    first = store.sha256(card)
    assert store.sha256(card) == first
    (folder / "a.safetensors").write_bytes(b"22")
    assert store.sha256(card) != first
