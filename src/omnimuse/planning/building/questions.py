"""When to ask back: nothing to work on, no tool for it, or several things that may be meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omnimuse.errors import NeedsInputError
from omnimuse.graph.kinds import accepts, is_textual
from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.building.binding import TELLING
from omnimuse.planning.building.draft import Draft
from omnimuse.planning.building.resources import ordinal_of
from omnimuse.planning.intent import KNOWN, PRONOUN, Intent, Mention, Step

_MEANT = 0.36 + 0.1
_CLEARLY = 0.2


def check_intent(intent: Intent, attached: Sequence[tuple[str, str]]) -> None:
    """Files that are named but not there, and requests that ask for nothing.

    Raises:
        NeedsInputError: with the question.
    """
    if not intent.steps:
        raise NeedsInputError(
            "What should I make or change?",
            hint="Say what you want, e.g. 'paint a red fox' or 'transcribe talk.wav'.",
        )
    names = {name for _, name in attached if name}
    made = {
        item.value
        for step in intent.steps
        for m in step.mentions
        if m.is_output or m.role in ("as", "into", "to")
        for item in m.literals
    }
    for literal in intent.literals:
        if literal.type == "file" and literal.value not in names | made:
            wanted = literal.value.replace("\\", "/").rpartition("/")[2]
            if wanted not in names:
                raise NeedsInputError(
                    f"I do not have the file {literal.value!r}. Could you attach it?",
                    hint="Attach files with -i FILE.",
                )


def ask_for_inputs(
    draft: Draft,
    intent: Intent,
    fits: Sequence[Mapping[str, float]],
    specs: Mapping[str, ToolSpec],
) -> None:
    """Steps that were skipped although the user asked for them.

    Raises:
        NeedsInputError: what is missing, or what cannot be done.
    """
    for index in draft.skipped:
        step = intent.steps[index]
        best, near = _nearest(fits[index])
        if best and near > _MEANT:
            _ask_for_input(specs[best], step, draft)
        if step.is_firm:
            raise NeedsInputError(
                f"I have no tool that can do this: {step.text!r}. Could you put it in other words, "
                "or leave it out?",
                hint="`omnimuse tools list` shows what can be done.",
            )
    for index, step in enumerate(intent.steps):
        _ask_for_what_is_missing(step, index, draft, fits[index], specs)
    _ask_which(draft, intent, specs)


def _ask_for_what_is_missing(
    step: Step,
    index: int,
    draft: Draft,
    fit: Mapping[str, float],
    specs: Mapping[str, ToolSpec],
) -> None:
    """Such as "remove the background" where there is no picture: no tune is made of that."""
    chosen = [fit[n.tool] for n in draft.nodes if n.step == index and not n.is_inserted]
    best, near = _nearest(fit)
    if step.verb and chosen and best and near >= max(_MEANT, max(chosen) + _CLEARLY):
        _ask_for_input(specs[best], step, draft)


def _nearest(fit: Mapping[str, float]) -> tuple[str, float]:
    """The tool that the words are nearest to, and how near; an empty name if there is none."""
    best = max(sorted(fit), key=lambda name: fit[name], default="")
    return best, fit.get(best, 0.0)


def _ask_for_input(spec: ToolSpec, step: Step, draft: Draft) -> None:
    """Ask for what a tool needs, if it is nowhere."""
    if kind := _needed_kind(spec, draft):
        raise NeedsInputError(
            f"Which {_noun(kind)} do you mean in {step.text!r}? Could you attach it?",
            hint="Attach files with -i FILE.",
        )


def _needed_kind(spec: ToolSpec, draft: Draft) -> str:
    for port in spec.inputs:
        is_needed = port.is_required and port.name not in TELLING
        if is_needed and not any(accepts(port.kind, r.kind) for r in draft.resources):
            return port.kind
    return ""


def _noun(kind: str) -> str:
    return {"image": "picture", "audio": "recording", "scene3d": "3D model"}.get(kind, kind)


def _ask_which(draft: Draft, intent: Intent, specs: Mapping[str, ToolSpec]) -> None:
    """One picture is meant, several are there, and no word says which."""
    for node in draft.nodes:
        step = intent.steps[node.step]
        spec = specs[node.tool]
        if node.is_inserted:
            continue
        for port in spec.inputs:
            items = node.inputs.get(port.name, ())
            if port.is_list or len(items) != 1 or items[0].is_result or is_textual(port.kind):
                continue
            rivals = [
                r
                for r in draft.resources
                if not r.is_result and r.ref is not None and r.value and r.kind == items[0].kind
            ]
            taken = {r.order for inputs in node.inputs.values() for r in inputs}
            if len(rivals) < 2 or all(r.order in taken for r in rivals):
                continue
            if _is_vague(step.mentions, draft, node.step):
                names = ", ".join(r.value or str(r.ref) for r in rivals)
                raise NeedsInputError(f"Which {_noun(port.kind)} do you mean: {names}?")


def _is_vague(mentions: Sequence[Mention], draft: Draft, index: int) -> bool:
    pointing = [m for m in mentions if not m.is_output]
    if any(m.literals or m.is_each or m.count != 1 or ordinal_of(m) is not None for m in pointing):
        return False
    others = [n for n in draft.nodes if n.step == index]
    if len(others) > 1:
        return False
    return any(m.status in (KNOWN, PRONOUN) for m in pointing) or not pointing


def ask_for_arguments(
    spec: ToolSpec, arguments: Mapping[str, object], inputs: Mapping[str, object], step: Step
) -> None:
    """A tool needs to be told something that the words do not say.

    Raises:
        NeedsInputError: what it needs.
    """
    for param in spec.params:
        if param.is_required and param.name not in arguments and param.name not in inputs:
            name = param.name.replace("_", " ")
            said = f" ({param.description})" if param.description else ""
            raise NeedsInputError(f"Which {name}{said} do you want in {step.text!r}?")


def check_missing(intent: Intent) -> None:
    """Nothing came of the request.

    Raises:
        NeedsInputError: always.
    """
    said = "; ".join(step.text for step in intent.steps[:3])
    raise NeedsInputError(
        f"I have no tool that can do this: {said!r}. What should I make instead?",
        hint="`omnimuse tools list` shows what can be done.",
    )
