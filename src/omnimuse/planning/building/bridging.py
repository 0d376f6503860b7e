"""Given media that no tool of a plan takes: what must be done so that one does.

"I have a recording of a lecture; give me a summary" asks for one tool and needs two. A request that
hands over a file wants it used: either a tool of the plan is the wrong one of two that do the same
with things of different kinds (questions on a text, questions on a picture), or one is missing
that turns the medium into what the others take.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from omnimuse.graph.kinds import accepts, is_textual
from omnimuse.graph.spec import Port, ToolSpec
from omnimuse.planning.building.draft import Draft
from omnimuse.planning.building.resources import Resource
from omnimuse.planning.building.retrieval import documents_of

SWAPPED, BRIDGED = -4.0, -6.0
NEARNESS, IDLE = 12.0, 2.0
Embed = Callable[[Sequence[str]], Any]


def with_idle_media(
    draft: Draft,
    chances: Mapping[str, float],
    specs: Mapping[str, ToolSpec],
    phrases: Mapping[str, Any],
    embed: Embed,
) -> tuple[Draft, set[str]]:
    """A draft in which tools that cannot take an idle medium are exchanged, and tools to add.

    Args:
        draft: the plan so far.
        chances: how likely each tool is asked for.
        specs: the tools.
        phrases: vectors of ways of asking for some of them, (phrases, dimension).
        embed: texts -> unit vectors.
    """
    more: set[str] = set()
    for kind in idle_kinds(draft, specs):
        odds = {
            name: _odds(chance)
            for name, chance in chances.items()
            if not any(node.tool == name for node in draft.nodes)
        }
        swap = _best_swap(draft, kind, odds, specs)
        if swap is not None:
            number, name = swap
            node = replace(draft.nodes[number], tool=name, inputs={}, content=())
            draft = replace(draft, nodes=(*draft.nodes[:number], node, *draft.nodes[number + 1 :]))
            continue
        name = _best_bridge(draft, kind, odds, specs, phrases, embed)
        if name:
            more.add(name)
    return draft, more


def without_rivals(
    asked: Set[str],
    chances: Mapping[str, float],
    specs: Mapping[str, ToolSpec],
    given: Sequence[Resource],
) -> set[str]:
    """The asked tools without those that would do the same thing over, with other kinds of things.

    One question is answered from the text, the photo or the scanned page, not from all of them. As
    many stay as questions are quoted, at least one: the likeliest, where a given medium that no
    other tool takes counts for the one that takes it.

    Args:
        asked: names of tools.
        chances: how likely each is asked for.
        specs: the tools.
        given: what is there before anything is done.
    """
    questions = sum(is_textual(r.kind) and r.value.rstrip().endswith("?") for r in given)
    media = {r.kind for r in given if not is_textual(r.kind)}
    kept = set(asked)
    for name in sorted(asked, key=lambda n: (chances[n], n), reverse=True):
        group = [n for n in asked if n == name or _exchanged(specs[name], specs[n])]
        rest = [port.kind for n in asked if n not in group for port in _needed(specs[n])]
        idle = {kind for kind in media if not any(accepts(other, kind) for other in rest)}

        def worth(tool: str, idle: Set[str] = frozenset(idle)) -> tuple[float, str]:
            takes = any(accepts(p.kind, kind) for p in _needed(specs[tool]) for kind in idle)
            return _odds(chances[tool]) + IDLE * takes, tool

        best = sorted(group, key=worth, reverse=True)[: max(1, questions)]
        if len(group) > 1 and name not in best:
            kept.discard(name)
    return kept


def _odds(chance: float) -> float:
    return math.log(max(chance, 1e-9) / max(1e-9, 1.0 - chance))


def _exchanged(old: ToolSpec, new: ToolSpec) -> tuple[str, str] | None:
    """The kind that one tool takes and the other does not, and the other way round.

    None unless they make the same of a text (a question) and one other thing.
    """
    before = Counter(port.kind for port in _needed(old))
    after = Counter(port.kind for port in _needed(new))
    gone, come = list((before - after).elements()), list((after - before).elements())
    does_the_same = [p.kind for p in old.outputs] == [p.kind for p in new.outputs]
    shared = list((before & after).elements())
    if len(gone) != 1 or len(come) != 1 or len(shared) != 1 or not does_the_same:
        return None
    if not is_textual(shared[0]):
        return None
    return gone[0], come[0]


def idle_kinds(draft: Draft, specs: Mapping[str, ToolSpec]) -> list[str]:
    """Kinds of given media that no tool takes, and that none makes (a name for the result)."""
    given = {r.kind for r in draft.resources if not r.is_result and not is_textual(r.kind)}
    ports = [
        port
        for node in draft.nodes
        for port in (*specs[node.tool].inputs, *specs[node.tool].outputs)
        if not is_textual(port.kind)
    ]
    return sorted(k for k in given if not any(accepts(port.kind, k) for port in ports))


def _needed(spec: ToolSpec) -> list[Port]:
    return [port for port in spec.inputs if port.is_required]


def _best_swap(
    draft: Draft, kind: str, odds: Mapping[str, float], specs: Mapping[str, ToolSpec]
) -> tuple[int, str] | None:
    """A call, and the tool for it that takes the medium in place of one of several texts."""
    found: list[tuple[float, int, str]] = []
    for number, node in enumerate(draft.nodes):
        for name, chance in odds.items():
            exchange = _exchanged(specs[node.tool], specs[name])
            if exchange is None or chance <= SWAPPED:
                continue
            if is_textual(exchange[0]) and accepts(exchange[1], kind):
                found.append((chance, -number, name))
    if not found:
        return None
    _, number, name = max(found)
    return -number, name


def _best_bridge(
    draft: Draft,
    kind: str,
    odds: Mapping[str, float],
    specs: Mapping[str, ToolSpec],
    phrases: Mapping[str, Any],
    embed: Embed,
) -> str:
    """The tool that turns the medium into what a call lacks; empty if none does."""
    wanted = {
        port.kind
        for node in draft.nodes
        for port in _needed(specs[node.tool])
        if not node.inputs.get(port.name)
    }
    able = []
    for name, chance in odds.items():
        media = [port.kind for port in _needed(specs[name]) if not is_textual(port.kind)]
        makes = [port.kind for port in specs[name].outputs]
        is_able = len(media) == 1 and accepts(media[0], kind) and chance > BRIDGED
        if is_able and any(accepts(want, made) for want in wanted for made in makes):
            able.append(name)
    if not able:
        return ""
    near = _turns(able, kind, specs, phrases, embed)
    return max(able, key=lambda name: (odds[name] + NEARNESS * near[name], name))


def _turns(
    names: Sequence[str],
    kind: str,
    specs: Mapping[str, ToolSpec],
    phrases: Mapping[str, Any],
    embed: Embed,
) -> dict[str, float]:
    """How near each tool is to just turning a kind into the one that it makes, -1 to 1."""
    near = {}
    for name in names:
        texts = documents_of(specs[name])
        query, *own = embed([f"turn the {kind} into {specs[name].outputs[0].kind}", *texts])
        best = max(float(query @ vector) for vector in own)
        lent = float((phrases[name] @ query).max()) if name in phrases else best
        near[name] = (best + lent) / 2
    return near
