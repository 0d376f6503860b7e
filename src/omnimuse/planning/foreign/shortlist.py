"""The tools that a request is about, where there are more than a prompt can hold.

Retrieval by meaning: each sentence and clause of the request votes for the tools nearest to it
(Qin et al. 2023, ToolLLM's retriever, arXiv:2307.16789). Tools that lead from one kind to another
are added, so that what the request leaves unsaid can still be connected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from omnimuse.assets.asset import Asset
from omnimuse.errors import PlanError
from omnimuse.graph.kinds import accepts
from omnimuse.graph.plan import Plan
from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.building.retrieval import ToolIndex
from omnimuse.request import Request

if TYPE_CHECKING:
    from omnimuse.planning.planner import Planner

MOST = 40
_CLAUSE = re.compile(r"[.;:!?\n，。；！？]+|,|\b(?:and|then)\b", re.I)


class ShortlistPlanner:
    """A planner that is shown only the tools near to the request.

    Args:
        planner: plans over the shortlist.
        embed: texts -> unit vectors.
        most: length of the shortlist; smaller tool sets go through as they are.
    """

    def __init__(
        self, planner: Planner, embed: Callable[[Sequence[str]], Any], *, most: int = MOST
    ) -> None:
        self._planner, self._embed, self._most = planner, embed, most
        self._index: tuple[dict[str, ToolSpec], ToolIndex] | None = None

    def plan(
        self,
        request: Request,
        attachments: Sequence[Asset],
        specs: Mapping[str, ToolSpec],
        *,
        errors: Sequence[PlanError] = (),
        previous: Plan | None = None,
    ) -> Plan:
        """As the planner's own, over the shortlist; tools of `previous` stay on it."""
        kept = {node.tool for node in previous.nodes} if previous else set()
        chosen = self.shortlist(request.prompt, [a.kind for a in attachments], specs, kept)
        return self._planner.plan(request, attachments, chosen, errors=errors, previous=previous)

    def shortlist(
        self,
        prompt: str,
        kinds: Sequence[str],
        specs: Mapping[str, ToolSpec],
        kept: set[str] | frozenset[str] = frozenset(),
    ) -> dict[str, ToolSpec]:
        """The tools to show, in the order of `specs`.

        Args:
            prompt: the request.
            kinds: of the attachments.
            specs: all tools.
            kept: names that must stay.
        """
        if len(specs) <= self._most:
            return dict(specs)
        if self._index is None or self._index[0] != dict(specs):
            self._index = (dict(specs), ToolIndex(specs, self._embed))
        clauses = [c.strip() for c in _CLAUSE.split(prompt) if len(c.strip()) > 3] or [prompt]
        scores = self._index[1].score([prompt, *clauses])
        best = {name: max(score.get(name, 0.0) for score in scores) for name in specs}
        ranked = sorted(specs, key=lambda name: (name not in kept, -best[name], name))
        chosen = set(ranked[: self._most * 3 // 4])
        made = set(kinds) | {p.kind for name in chosen for p in specs[name].outputs}
        wanted = {p.kind for name in chosen for p in specs[name].inputs if p.is_required}
        for name in ranked:
            if len(chosen) >= self._most:
                break
            needs = [p.kind for p in specs[name].inputs if p.is_required]
            gives = specs[name].outputs[:1]
            if all(k in made for k in needs) and any(
                accepts(w, p.kind) for w in wanted for p in gives
            ):
                chosen.add(name)
        return {name: spec for name, spec in specs.items() if name in chosen | set(kept)}
