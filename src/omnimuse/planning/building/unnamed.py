"""What is wanted where the words name no kind of thing: a description, or a verb alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace

from omnimuse.graph.kinds import ancestors, is_textual
from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.building.binding import TELLING
from omnimuse.planning.building.resources import Resource
from omnimuse.planning.building.search import is_told
from omnimuse.planning.intent import NEW, Step
from omnimuse.planning.reading.bare import REMARK
from omnimuse.planning.reading.mending import LIGHT
from omnimuse.planning.reading.values import find_values

QUESTION = "question"
"""The name of a port that takes a question."""
_MAKING = frozenset(["create", "generate", "produce"])
_CLEARLY, _PLAINLY, _NEAR = 0.2, 0.3, 0.4


def settled(
    steps: Sequence[Step],
    specs: Mapping[str, ToolSpec],
    resources: Sequence[Resource],
    score: Callable[[Sequence[str]], list[dict[str, float]]],
) -> tuple[Step, ...]:
    """Steps that do not name what is wanted: what comes nearest to the words is taken for it.

    A bare description is a picture ("a quiet lake") unless it is clearly something else ("a dog
    barking twice"); a verb tells a kind ("write" a text) unless its words are clearly those of a
    tool for what is there ("write bars 2 to 3 anew"); a question is about the thing that is there,
    where a tool takes questions about such things.
    """
    open_steps = [s for s in steps if _is_bare(s) or s.details.get("guess")]
    near = dict(zip(map(id, open_steps), score([s.query for s in open_steps])))
    kinds = {kind for r in resources for kind in ancestors(r.kind)}
    every = frozenset(port.kind for spec in specs.values() for port in spec.outputs)
    found = []
    for number, step in enumerate(steps):
        if step.details.get("asks") and (kind := _asked_about(step, specs, resources)):
            step = replace(step, wanted="text", query=f"answer a question about the {kind}")
        elif id(step) in near and _is_bare(step):
            step = _bare(step, near[id(step)], specs, kinds)
        elif id(step) in near:  # a later step may go on from what an earlier one made
            step = _guessed(step, near[id(step)], specs, kinds | every if number else kinds)
        found.append(step)
    return tuple(found)


def _asked_about(step: Step, specs: Mapping[str, ToolSpec], resources: Sequence[Resource]) -> str:
    """The kind of thing that is there and about which a tool takes questions; empty if none."""
    there = {kind for r in resources for kind in ancestors(r.kind)}
    for spec in specs.values():
        needed = [port for port in spec.inputs if port.is_required]
        things = [port.kind for port in needed if not is_textual(port.kind)]
        if len(things) != 1 or things[0] not in there:
            continue
        is_of_several = any(m.kind == things[0] and m.count != 1 for m in step.mentions)
        named = [m for m in step.mentions if m.literals and m.kind == things[0]]
        is_of_several = is_of_several or len(named) > 1
        if not is_of_several and any(p.name == QUESTION and is_textual(p.kind) for p in needed):
            return things[0]
    return ""


def _is_bare(step: Step) -> bool:
    if step.wanted:
        return False
    return bool(step.details.get("bare")) or _is_only_wished_for(step)


def _is_only_wished_for(step: Step) -> bool:
    """Such as "create a dragon", "I want a dragon": no medium is named, and no verb tells one."""
    things = [m for m in step.mentions if m.role == "object"]
    return (
        (step.verb in LIGHT | _MAKING or (not step.verb and step.joins < 0))
        and bool(things)
        and all(m.status == NEW and not m.kind and not m.literals for m in step.mentions)
        and not step.details.get("adjunct")
        and not step.details.get("talk")
    )


def _bare(
    step: Step, near: Mapping[str, float], specs: Mapping[str, ToolSpec], kinds: Set[str]
) -> Step:
    """A bare description with the kind that is wanted, unless it says how long it lasts."""
    if _is_of_what_is_there(step, near, specs, kinds):
        details = {key: value for key, value in step.details.items() if key != "bare"}
        return replace(step, details=details)
    told = {name: near[name] for name, spec in specs.items() if spec.outputs and is_told(spec)}
    shown = max((v for n, v in told.items() if specs[n].outputs[0].kind == "image"), default=0.0)
    best = max(sorted(told), key=lambda name: told[name], default="")
    if best and told[best] > shown + _PLAINLY:
        return replace(step, wanted=specs[best].outputs[0].kind)
    said = str(step.details.get("english") or step.text)
    if any(value.dimension == "duration" for value in find_values(said)):
        return step
    return replace(step, wanted="image", details={**step.details, "core": "make a picture"})


def _is_of_what_is_there(
    step: Step, near: Mapping[str, float], specs: Mapping[str, ToolSpec], kinds: Set[str]
) -> bool:
    """Such as "square crop" beside a picture: its words are those of a tool that takes it."""
    if step.details.get("talk") == REMARK:
        return True
    fed, told = 0.0, 0.0
    for name, spec in specs.items():
        required = [p for p in spec.inputs if p.is_required and p.name not in TELLING]
        things = [p.kind for p in required if not is_textual(p.kind)]
        needed = things or [p.kind for p in required]
        if needed and all(kind in kinds for kind in needed):
            fed = max(fed, near[name])
        elif spec.outputs and is_told(spec):
            told = max(told, near[name])
    return fed > max(told, _NEAR)


def _guessed(
    step: Step, near: Mapping[str, float], specs: Mapping[str, ToolSpec], kinds: Set[str]
) -> Step:
    """A step without the kind that its verb alone told, if the words are those of another tool."""
    made = [
        near[n] for n, spec in specs.items() if spec.outputs and spec.outputs[0].kind == step.wanted
    ]
    for name, spec in specs.items():
        needed = [p.kind for p in spec.inputs if p.is_required and not is_textual(p.kind)]
        is_fed = bool(needed) and all(kind in kinds for kind in needed)
        if is_fed and near[name] > max(made, default=0.0) + _CLEARLY:
            details = {key: value for key, value in step.details.items() if key != "core"}
            return replace(step, wanted="", details=details)
    return step
