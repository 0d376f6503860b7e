from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.building.retrieval import ToolIndex, documents_of, stem, words_of


def _embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Bags of stems, hashed; near texts share words."""
    rows = np.zeros((len(texts), 512), np.float32)
    for row, text in zip(rows, texts):
        for word in words_of(text):
            row[sum(ord(c) * 31**n for n, c in enumerate(word)) % 512] += 1
        row /= np.linalg.norm(row) or 1
    return rows


def test_a_tool_is_found_by_its_own_words(house_specs: Mapping[str, ToolSpec]) -> None:
    index = ToolIndex(house_specs, _embed)
    clauses = ["remove the background", "transcribe this recording", "compose a calm piano tune"]
    best = [max(scores, key=lambda name: scores[name]) for scores in index.score(clauses)]
    assert best == ["remove_background", "transcribe_speech", "compose_music"]


def test_vectors_are_cached_by_the_tools_words(
    house_specs: Mapping[str, ToolSpec], tmp_path: Path
) -> None:
    calls: list[int] = []

    def counting(texts: Sequence[str]) -> NDArray[np.float32]:
        calls.append(len(texts))
        return _embed(texts)

    first = ToolIndex(house_specs, counting, cache_dir=tmp_path).score(["read it aloud"])
    again = ToolIndex(house_specs, counting, cache_dir=tmp_path).score(["read it aloud"])
    assert calls[1:] == [1, 1]
    assert first == again
    for file in tmp_path.iterdir():
        file.write_bytes(b"damaged")
    assert ToolIndex(house_specs, counting, cache_dir=tmp_path).score(["read it aloud"]) == first


def test_inflections_share_a_stem() -> None:
    assert len({stem(w) for w in ("stylize", "stylized", "stylizes", "stylizing")}) == 1


def test_documents_hold_name_summary_and_english_examples(
    house_specs: Mapping[str, ToolSpec],
) -> None:
    own = documents_of(house_specs["write_text"])
    assert own[0].startswith("write text. Write a short text")
    assert "write a poem about the sea" in own
    assert all(text.isascii() for text in own)


def test_no_tools_no_scores() -> None:
    assert ToolIndex({}, _embed).score(["x"]) == [{}]
