"""How likely a request asks for each tool, all evidence together.

Grammar, sentence vectors, phrase book, tagger and kinds each say something about every tool of the
set; a logistic regression of eleven features weighs them (coefficients by
`recipes/tool_verdict.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omnimuse.graph.kinds import accepts, is_textual
from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.building.context import Scores
from omnimuse.planning.building.draft import Draft
from omnimuse.planning.building.resources import Resource
from omnimuse.planning.foreign.tagger import Tags, strongest
from omnimuse.planning.intent import Intent

FEATURES = (
    "chosen",  # by the first search, for a step
    "inserted",  # by the first search, because the kinds need it
    "tagged",  # how strongly some words ask for it
    "tagged_bare",  # the same by its own words, without the lent phrases
    "said",  # how near some clause is
    "fed",  # share of its inputs whose kinds are there
    "awaited",  # it takes a given medium that the first search leaves lying
    "leading",  # how far it leads where words ask for it the most
    "short",  # texts that it needs beyond those that are given or made
    "shadowed",  # the words that ask for it ask more for another tool
    "given",  # all media that it takes are given
)
COEFFICIENTS = (1.929, 4.193, 0.347, 0.502, 0.364, 0.317, 1.887, 0.277, -0.316, -1.235, 0.494)
BIAS = -1.111
_SHARPNESS, _UNKNOWN, _OVERLOOKED = 10.0, 0.3, -1.5
_SHARES = (0.5, 0.3, 0.2)


@dataclass(frozen=True)
class Evidence:
    """What is known of a request.

    Attributes:
        intent: its steps and things.
        nearness: for each step, how near each tool's own words are.
        tags: of its words.
        draft: the plan that the search would make.
    """

    intent: Intent
    nearness: Sequence[Scores]
    tags: Tags
    draft: Draft


def verdict(
    seen: Evidence,
    specs: Mapping[str, ToolSpec],
    phrases: Mapping[str, Any],
    embed: Callable[[Sequence[str]], Any],
) -> dict[str, float]:
    """For each tool the probability that the request asks for it.

    Args:
        seen: the evidence.
        specs: the tools.
        phrases: vectors of ways of asking for some of them, (phrases, dimension).
        embed: texts -> unit vectors.
    """
    import numpy as np

    rows = features(seen, specs, phrases, embed)
    scores = rows @ np.array(COEFFICIENTS) + BIAS
    return dict(zip(specs, (1.0 / (1.0 + np.exp(-scores))).tolist()))


def features(
    seen: Evidence,
    specs: Mapping[str, ToolSpec],
    phrases: Mapping[str, Any],
    embed: Callable[[Sequence[str]], Any],
) -> Any:
    """(tools, `FEATURES`): the numbers that are weighed."""
    import numpy as np

    own = {node.tool for node in seen.draft.nodes if not node.is_inserted}
    helping = {node.tool for node in seen.draft.nodes} - own
    said = _said(seen, list(specs), phrases, embed)
    is_read = len(seen.tags.shares) > 0
    tagged = strongest(seen.tags.shares) if is_read else np.zeros(len(specs))
    bare = strongest(seen.tags.bare) if is_read else np.zeros(len(specs))
    there = _kinds_there(seen, specs)
    fed = [_share_fed(spec, there) for spec in specs.values()]
    given = [r for r in seen.draft.resources if not r.is_result]
    idle = [r for r in given if r.order not in seen.draft.used]
    texts = sum(is_textual(r.kind) for r in seen.draft.resources)
    media = [
        [port.kind for port in spec.inputs if port.is_required and not is_textual(port.kind)]
        for spec in specs.values()
    ]
    needed = [
        sum(port.is_required and is_textual(port.kind) for port in spec.inputs)
        for spec in specs.values()
    ]
    # The tagger is at home with tools like those of the book; of others it may overlook the words.
    floor = [_OVERLOOKED if name in own and name not in phrases else -np.inf for name in specs]
    columns = (
        [float(name in own) for name in specs],
        [float(name in helping) for name in specs],
        np.maximum(_log_odds(tagged), floor),
        np.maximum(_log_odds(bare), floor),
        _log_odds(said),
        fed,
        [float(any(_is_there(kind, idle) for kind in kinds)) for kinds in media],
        _lead(seen.tags.shares) if is_read else np.zeros(len(specs)),
        [float(max(0, count - texts)) for count in needed],
        _shadow(seen.tags.shares) if is_read else np.zeros(len(specs)),
        [float(all(_is_there(kind, given) for kind in kinds)) for kinds in media],
    )
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=1)


def _said(
    seen: Evidence,
    names: list[str],
    phrases: Mapping[str, Any],
    embed: Callable[[Sequence[str]], Any],
) -> Any:
    """How much of some step goes to each tool, by its own words and the phrase book's together."""
    import numpy as np

    steps = seen.intent.steps
    if not steps:
        return np.full(len(names), 1.0 / max(1, len(names)))
    near = np.array([[scores[name] for name in names] for scores in seen.nearness])
    clauses = embed([step.query for step in steps])
    for column, name in enumerate(names):
        if name in phrases:
            best = np.sort(clauses @ phrases[name].T, axis=1)[:, ::-1][:, : len(_SHARES)]
            near[:, column] += best @ np.array(_SHARES[: best.shape[1]])
        else:
            near[:, column] += _UNKNOWN
    shares = np.exp(_SHARPNESS * (near - near.max(axis=1, keepdims=True)))
    return (shares / shares.sum(axis=1, keepdims=True)).max(axis=0)


def _kinds_there(seen: Evidence, specs: Mapping[str, ToolSpec]) -> set[str]:
    """Kinds of what is given and of what the draft makes."""
    given = {mention.kind for mention in seen.intent.given}
    given |= {literal.kind for literal in seen.intent.literals}
    made = {port.kind for node in seen.draft.nodes for port in specs[node.tool].outputs}
    return given | made


def _share_fed(spec: ToolSpec, there: set[str]) -> float:
    needed = [port.kind for port in spec.inputs if port.is_required]
    return sum(kind in there for kind in needed) / max(1, len(needed))


def _is_there(kind: str, resources: Sequence[Resource]) -> bool:
    return any(accepts(kind, resource.kind) for resource in resources)


def _lead(shares: Any) -> Any:
    """Words' shares (words, tools) -> for each tool, at its best word, log of it to the next."""
    import numpy as np

    rows, columns = shares.argmax(axis=0), np.arange(shares.shape[1])
    others = shares[rows].copy()
    others[columns, columns] = 0.0
    return np.log((shares[rows, columns] + 0.01) / (others.max(axis=1) + 0.01))


def _shadow(shares: Any) -> Any:
    """Words' shares -> how much a tool's words (cosine) are those of one that they ask more for."""
    import numpy as np

    norms = np.linalg.norm(shares, axis=0) + 1e-6
    alike = (shares.T @ shares) / norms[:, None] / norms[None]
    best = shares.max(axis=0)
    return (alike * best[None] * (best[None] > best[:, None])).max(axis=1)


def _log_odds(share: Any) -> Any:
    """Of a probability, kept finite."""
    import numpy as np

    return np.log((share + 0.01) / (1.01 - share))
