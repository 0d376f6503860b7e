"""Phrases are lent by kinds and by likeness, one entry to one tool."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnimuse.graph.spec import Port, ToolSpec
from omnimuse.planning.foreign.phrasebook import entries, phrase_vectors, phrases_for


def bag_of_words(texts: Sequence[str]) -> Any:
    rows = np.zeros((len(texts), 512), np.float32)
    for row, text in zip(rows, texts):
        for word in re.findall(r"[a-z]{4,}", text.lower()):
            row[zlib.crc32(word[:6].encode()) % 512] += 1
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def tool(name: str, summary: str, takes: Sequence[str], gives: str) -> ToolSpec:
    ports = tuple(Port(f"p{n}", kind) for n, kind in enumerate(takes))
    return ToolSpec(name, "1", summary, inputs=ports, outputs=(Port("out", gives),))


def test_the_book_is_whole() -> None:
    book = entries()
    assert len({entry.name for entry in book}) == len(book) > 250
    assert all(len(entry.phrases) >= 2 and entry.inputs and entry.output for entry in book)
    said = [phrase for entry in book for phrase in entry.phrases]
    assert not [phrase for phrase in said if set(phrase) & set("{}~%=|")]
    assert not any(phrase.startswith("?") for phrase in said)


def test_each_tool_gets_the_entry_it_resembles() -> None:
    specs = {
        "steady": tool("steady", "Smooths a shaky film.", ["video"], "video"),
        "still": tool("still", "Takes a still picture out of a film.", ["video"], "image"),
        "odd": tool("odd", "Grinds coffee.", ["beans"], "powder"),
    }
    lent = phrases_for(specs, bag_of_words)
    assert set(lent) == {"steady", "still"}
    assert any("shake" in phrase for phrase in lent["steady"])
    assert any("frame" in phrase for phrase in lent["still"])


def test_two_alike_tools_do_not_share_one_entry() -> None:
    about = "Makes a text shorter and keeps its main points."
    specs = {name: tool(name, about, ["text"], "text") for name in ("one", "two")}
    lent = phrases_for(specs, bag_of_words)
    assert lent["one"] != lent.get("two")


def test_tools_of_other_kinds_get_nothing() -> None:
    about = "Makes a text shorter and keeps its main points."
    assert phrases_for({"x": tool("x", about, ["text"], "audio")}, bag_of_words) == {}
    assert phrases_for({}, bag_of_words) == {}


def test_each_phrase_keeps_its_vector() -> None:
    phrases = {"a": ("shorten text", "summarise text"), "b": ("paint picture",)}
    vectors = phrase_vectors(phrases, bag_of_words)
    assert {name: len(rows) for name, rows in vectors.items()} == {"a": 2, "b": 1}
    assert np.array_equal(vectors["b"], bag_of_words(["paint picture"]))
    assert phrase_vectors({}, bag_of_words) == {}


def test_vectors_of_the_book_are_kept(tmp_path: Path) -> None:
    specs = {"steady": tool("steady", "Smooths a shaky film.", ["video"], "video")}
    first = phrases_for(specs, bag_of_words, cache_dir=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2

    def only_the_tool(texts: Sequence[str]) -> Any:
        if len(texts) > 3:
            pytest.fail("embedded again")
        return bag_of_words(texts)

    assert phrases_for(specs, only_the_tool, cache_dir=tmp_path) == first
