"""How people ask for tools of many trades, lent to tools that only describe themselves.

A foreign tool has one dry sentence. The phrase book holds 278 tools of its own, each with a
description and the ways people ask for it. Descriptions are near to descriptions, much nearer than
wishes are: each foreign tool is paired with the one of its kinds that it resembles most (one to
one, the best pairing in all), and takes over its phrases. Tools that resemble none stay as they
are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.building.retrieval import cached_vectors, documents_of

LIKE, NEARLY = 0.45, 0.1
_BEST = 3
Embed = Callable[[Sequence[str]], Any]


@dataclass(frozen=True)
class Entry:
    """A tool of the phrase book.

    Attributes:
        name: its name.
        about: one sentence on what it does.
        inputs: kinds that it takes, sorted.
        output: kind that it gives.
        phrases: ways of asking for it, with the kinds of things in place.
    """

    name: str
    about: str
    inputs: tuple[str, ...]
    output: str
    phrases: tuple[str, ...]


@cache
def entries() -> tuple[Entry, ...]:
    """The phrase book, in the order of its file."""
    text = (files("omnimuse.planning") / "data" / "tool_phrases.txt").read_text(encoding="utf-8")
    heads: list[tuple[str, str, str]] = []
    phrases: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.strip() or line[0] in "#@":
            continue
        if line.startswith("+"):  # more phrases for a tool above
            name, _, more = line[1:].partition("|")
            phrases[name.strip()] += more.split(";")
        elif line.count("|") == 2:
            name, about, kinds = (part.strip() for part in line.split("|"))
            heads.append((name, about, kinds))
        else:
            phrases.setdefault(heads[-1][0], []).extend(line.split(";"))
    found = []
    for name, about, kinds in heads:
        takes, gives = kinds.split(">")
        inputs, output = takes.split(), gives.strip()
        own = [p.strip() for p in phrases[name] if p.strip() and p.strip()[0] != "%"]
        said = tuple(_spoken(phrase, inputs, output) for phrase in own)
        found.append(Entry(name, about, tuple(sorted(inputs)), output, said))
    return tuple(found)


def _spoken(phrase: str, inputs: Sequence[str], output: str) -> str:
    if phrase.startswith("~"):
        return f"{phrase[1:]} {output}"
    said = phrase.lstrip("=?").replace("{2}", f"the {inputs[-1]}")
    return re.sub(r"\{\}", f"the {inputs[0]}", said)


def phrases_for(
    specs: Mapping[str, ToolSpec], embed: Embed, *, cache_dir: Path | None = None
) -> dict[str, tuple[str, ...]]:
    """Ways of asking for each tool that the phrase book knows something like.

    Args:
        specs: the tools; only their names, words and kinds count.
        embed: texts -> unit vectors.
        cache_dir: where the book's vectors are kept.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    names = list(specs)
    wanted = {_kinds_of(spec) for spec in specs.values()}
    known = [e for e in entries() if (e.inputs, e.output) in wanted]
    if not names or not known:
        return {}
    likeness = _likeness([specs[name] for name in names], known, embed, cache_dir)
    rows, columns = linear_sum_assignment(-likeness)
    lent: dict[str, tuple[str, ...]] = {}
    limits: dict[int, float] = {}
    for row, column in zip(rows.tolist(), columns.tolist()):
        if likeness[row, column] > LIKE:
            lent[names[row]] = known[column].phrases
            limits[row] = float(likeness[row, column]) - NEARLY
    for column in sorted(set(range(len(known))) - set(columns.tolist())):
        row = int(np.argmax(likeness[:, column]))  # nobody's: goes along where it is as near
        if row in limits and likeness[row, column] > max(LIKE, limits[row]):
            lent[names[row]] += known[column].phrases
    return lent


def phrase_vectors(
    phrases: Mapping[str, Sequence[str]], embed: Embed, *, cache_dir: Path | None = None
) -> dict[str, Any]:
    """For each tool the vectors of its phrases, (phrases, dimension)."""
    import numpy as np

    if not phrases:
        return {}
    every = cached_vectors([p for said in phrases.values() for p in said], embed, cache_dir)
    edges = np.cumsum([len(said) for said in phrases.values()])[:-1]
    return dict(zip(phrases, np.split(every, edges)))


def _likeness(
    specs: Sequence[ToolSpec], known: Sequence[Entry], embed: Embed, cache_dir: Path | None
) -> Any:
    """(tools, entries): half by descriptions, half by phrases; -1 where kinds differ."""
    import numpy as np

    about = cached_vectors(
        [text for e in known for text in (f"{e.name}. {e.about}", e.about)], embed, cache_dir
    )
    said = cached_vectors([p for e in known for p in e.phrases], embed, cache_dir)
    edges = np.cumsum([0, *(len(e.phrases) for e in known)])
    table = np.full((len(specs), len(known)), -1.0)
    for row, spec in enumerate(specs):
        own = embed(documents_of(spec)[:3])
        by_about = (own @ about.T).max(axis=0).reshape(-1, 2).max(axis=1)
        by_phrase = (own[:2] @ said.T).max(axis=0)
        kinds = _kinds_of(spec)
        for column, entry in enumerate(known):
            if (entry.inputs, entry.output) == kinds:
                best = np.sort(by_phrase[edges[column] : edges[column + 1]])[-_BEST:].mean()
                table[row, column] = 0.5 * (by_about[column] + best)
    return table


def _kinds_of(spec: ToolSpec) -> tuple[tuple[str, ...], str]:
    takes = tuple(sorted(port.kind for port in spec.inputs if port.is_required))
    return takes, spec.outputs[0].kind if spec.outputs else "text"
