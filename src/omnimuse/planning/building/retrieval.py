"""Tools by meaning: which tool's own words say what a clause asks for.

A tool is known by its name, its summary, the sentences of its description and its examples; each is
a sentence vector. A clause is near a tool when it is near its best words (maximum) and to them in
general (mean of the best three), and when rare words are shared.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.reading.clauses import doing_verbs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Weights of the nearest text, of the mean of the three nearest and of shared rare words; where
# many ways of asking are known, the nearest one says more.
_FEW, _MANY = (0.6, 0.4, 0.18), (0.75, 0.25, 0.1)
_SENTENCES = 4
_STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "and",
        "or",
        "in",
        "on",
        "with",
        "for",
        "from",
        "by",
        "it",
        "its",
        "this",
        "that",
        "is",
        "are",
        "be",
        "as",
        "at",
        "into",
        "using",
        "use",
        "given",
        "based",
        "some",
        "any",
        "i",
        "my",
        "me",
        "you",
        "your",
        "can",
        "which",
        "also",
        "such",
        "one",
        "two",
        "other",
        "than",
        "more",
        "file",
        "task",
        "input",
        "output",
        "what",
        "how",
        "where",
        "each",
        "their",
        "them",
        "make",
        "made",
        "get",
        "want",
        "please",
    ]
)


def words_of(text: str) -> list[str]:
    """Stemmed content words: what is shared by "stylized", "stylize" and "stylizes"."""
    return [stem(w) for w in re.findall(r"[a-z][a-z0-9]+", text.lower()) if w not in _STOP]


def stem(word: str) -> str:
    """A crude stem, enough to compare inflections of one word."""
    for ending in (
        "ization",
        "isation",
        "ations",
        "ation",
        "izing",
        "ising",
        "ized",
        "ised",
        "izes",
        "izer",
        "ize",
        "ise",
        "ings",
        "ing",
        "ers",
        "ies",
        "ied",
        "ed",
        "er",
        "es",
        "s",
        "ion",
        "y",
        "e",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


@dataclass(frozen=True)
class _Entry:
    name: str
    rows: tuple[int, int]
    words: frozenset[str]


class ToolIndex:
    """Sentence vectors and rare words of a tool set.

    Args:
        specs: the tools.
        embed: texts -> unit vectors, (n, dimension).
        cache_dir: where the vectors of a tool set are kept; nowhere if None.
        phrases: further ways of asking, by tool; their words are not counted as rare ones, since
            they are full of examples.
    """

    def __init__(
        self,
        specs: Mapping[str, ToolSpec],
        embed: Callable[[Sequence[str]], NDArray[np.float32]],
        *,
        cache_dir: Path | None = None,
        phrases: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._embed, self._weights = embed, _MANY if phrases else _FEW
        texts: list[str] = []
        self._entries: list[_Entry] = []
        for spec in specs.values():
            own = documents_of(spec)
            words = frozenset(w for text in own for w in words_of(text))
            own += (phrases or {}).get(spec.name, ())
            self._entries.append(_Entry(spec.name, (len(texts), len(texts) + len(own)), words))
            texts.extend(own)
        self._vectors: Any = cached_vectors(texts, embed, cache_dir) if texts else None
        spread = Counter(word for entry in self._entries for word in entry.words)
        total = max(len(self._entries), 2)
        self._rarity = {w: math.log(total / n) / math.log(total) for w, n in spread.items()}

    def score(self, clauses: Sequence[str]) -> list[dict[str, float]]:
        """For each clause, how near each tool is: about 0 (unrelated) to 1 (its own words)."""
        if not clauses or self._vectors is None:
            return [{} for _ in clauses]
        queries = self._embed(list(clauses))
        near = queries @ self._vectors.T
        return [self._score_one(clause, near[row]) for row, clause in enumerate(clauses)]

    def _score_one(self, clause: str, near: Any) -> dict[str, float]:
        words = set(words_of(clause))
        weight = sum(self._rarity.get(w, 1.0) for w in words) or 1.0
        nearest, mean, word = self._weights
        found = {}
        for entry in self._entries:
            best = sorted((float(x) for x in near[slice(*entry.rows)]), reverse=True)[:3]
            shared = sum(self._rarity[w] for w in words & entry.words) / weight
            found[entry.name] = nearest * best[0] + mean * sum(best) / len(best) + word * shared
        return found


def cached_vectors(
    texts: list[str], embed: Callable[[Sequence[str]], Any], folder: Path | None
) -> Any:
    """The texts' vectors, from the cache file if they were made before."""
    import hashlib

    import numpy as np

    if folder is None:
        return embed(texts)
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:32]
    file = folder / f"tools-{digest}.npy"
    try:
        known = np.load(file, allow_pickle=False)
        if known.ndim == 2 and len(known) == len(texts):
            return known
    except (OSError, ValueError, EOFError):
        pass
    vectors = embed(texts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as out:
            np.save(out, vectors)
        part.replace(file)
    except OSError:
        return vectors  # a cache that cannot be written is no fault of the request
    return vectors


@cache
def own_phrases() -> Mapping[str, tuple[str, ...]]:
    """Tool -> clauses with which people ask for it, for the tools of this project."""
    file = resources.files("omnimuse.planning") / "data" / "own_phrases.txt"
    found: dict[str, tuple[str, ...]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, bar, said = line.partition("|")
        if bar and not line.startswith("#"):
            own = tuple(phrase.strip() for phrase in said.split(";"))
            found[name.strip()] = (*found.get(name.strip(), ()), *own)
    return found


@cache
def own_verbs() -> frozenset[str]:
    """The verbs with which people ask for something of our own tools."""
    return doing_verbs(phrase for own in own_phrases().values() for phrase in own)


def documents_of(spec: ToolSpec) -> list[str]:
    """A tool's own words, one text for each way of saying it."""
    name = re.sub(r"[_\-]+", " ", spec.name)
    sentences = re.split(r"(?<=[.!?])\s+", spec.description.replace("\n", " "))
    own = [f"{name}. {spec.summary}", spec.summary or name]
    own += [s for s in sentences if len(s) > 12][:_SENTENCES]
    own += [example for example in spec.examples if example.isascii()]
    return list(dict.fromkeys(own))
