"""What "it" may be, before a tool is chosen: one reading of a clause for each kind of thing.

"Enhance its quality" is near different tools after a picture and after a recording. Which reading
counts is decided in the search, where it is known what came before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.building.resources import Resource
from omnimuse.planning.intent import Intent, Mention, Step

_POINTER = re.compile(
    r"\b(?:it|them|they|which)\b|\b(?:this|that|these|those)\b"
    r"(?=\s*(?:$|[,.;]|(?:in|into|to|as|with|for|from|and|on|by)\b))",
    re.I,
)
_OWNER = re.compile(r"\b(its|their)\b", re.I)
BY_POINTER, BY_SILENCE, BY_TEXT = 0.5, 0.0, 0.0
CORE_SHARE = 0.5
Scores = Mapping[str, float]


@dataclass(frozen=True)
class Reading:
    """How near the tools are to a clause, as it stands and for each kind that it may be about."""

    plain: Scores
    about: Mapping[str, Scores] = field(default_factory=dict)
    share: float = 1.0

    def for_kind(self, kind: str) -> Scores:
        """The scores if the clause is about a thing of that kind."""
        if kind not in self.about:
            return self.plain
        about = self.about[kind]
        return {
            name: self.share * about[name] + (1 - self.share) * plain
            for name, plain in self.plain.items()
        }


def read_clauses(
    intent: Intent,
    specs: Mapping[str, ToolSpec],
    resources: Sequence[Resource],
    score: Callable[[Sequence[str]], list[dict[str, float]]],
    *,
    cores: bool = False,
) -> list[Reading]:
    """The readings of every step, scored in one batch.

    Args:
        intent: the steps.
        specs: the tools.
        resources: what is there.
        score: clauses -> nearness of every tool.
        cores: let a making clause count by half without what the made thing shows.
    """
    phrases = _phrases(intent, specs, resources)
    queries: list[str] = []
    places: list[tuple[int, bool, dict[str, int]]] = []
    for step in intent.steps:
        base = len(queries)
        queries.append(step.query)
        core = str(step.details.get("core", "")) if cores else ""
        if core:
            queries.append(core)
        about = {}
        if _share(step) > 0:
            for kind, phrase in phrases.items():
                about[kind] = len(queries)
                queries.append(_about(step.query, phrase))
        places.append((base, bool(core), about))
    scores = score(queries)
    return [
        Reading(
            _blend(scores[base], scores[base + 1]) if has_core else scores[base],
            {kind: scores[n] for kind, n in about.items()},
            _share(step),
        )
        for step, (base, has_core, about) in zip(intent.steps, places)
    ]


def _blend(whole: Scores, core: Scores) -> dict[str, float]:
    """Half what the clause says, half what it says apart from what is depicted."""
    return {name: (1 - CORE_SHARE) * near + CORE_SHARE * core[name] for name, near in whole.items()}


def _phrases(
    intent: Intent, specs: Mapping[str, ToolSpec], resources: Sequence[Resource]
) -> dict[str, str]:
    """Kind -> how a thing of it is called in this request."""
    kinds = {p.kind for s in specs.values() for p in s.outputs} | {r.kind for r in resources}
    phrases = {kind: kind for kind in sorted(kinds)}
    for mention in intent.given:
        if mention.kind in phrases and phrases[mention.kind] == mention.kind:
            phrases[mention.kind] = _called(mention)
    return phrases


def _called(mention: Mention) -> str:
    words = [w for w in mention.modifiers if w.isalpha()][-2:]
    head = "" if mention.head == "file" else mention.head
    return " ".join(dict.fromkeys([*words, head])).strip() or mention.kind


def _share(step: Step) -> float:
    """How much a clause leaves open what it is about: all with "it", nothing if it says so."""
    if _POINTER.search(step.query) or _OWNER.search(step.query):
        return BY_POINTER
    if not any(m.kind or m.literals for m in step.mentions):
        return BY_SILENCE
    return BY_TEXT if all(m.kind in ("", "text") for m in step.mentions) else 0.0


def _about(query: str, phrase: str) -> str:
    said, count = _POINTER.subn(f"the {phrase}", query, count=1)
    if not count:
        said, count = _OWNER.subn(f"the {phrase}", query, count=1)
    return said if count else f"{query} of the {phrase}"
