"""What speaks against a tool, whatever the words: nothing to join, no time, "it" left out."""

from __future__ import annotations

from collections.abc import Mapping

from omnimuse.graph.kinds import is_textual
from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.building.binding import Binding
from omnimuse.planning.building.compose import is_collector
from omnimuse.planning.building.draft import Draft
from omnimuse.planning.building.resources import Resource, related
from omnimuse.planning.intent import NEW, Step
from omnimuse.planning.reading.values import find_values
from omnimuse.planning.reading.vocabulary import kind_made_by


def subject_of_result(draft: Draft, result: Resource) -> str:
    """The kind of what "it" means after a report: of what the report is about."""
    if result.kind not in ("graph", "table", "layout"):
        return result.kind
    about = [r for items in draft.nodes[result.node].inputs.values() for r in items]
    return next((r.kind for r in about if not is_textual(r.kind)), result.kind)


def is_alone(spec: ToolSpec, inputs: Mapping[str, tuple[Resource, ...]]) -> bool:
    """One thing for a tool that brings several of its kind together."""
    made = spec.outputs[0].kind if spec.outputs else ""
    parts = [p for p in spec.inputs if related(p.kind, made) and not is_textual(p.kind)]
    fed = [r for items in inputs.values() for r in items]
    is_for_several = any(p.is_list for p in parts)
    return is_for_several and len(fed) == 1 and not fed[0].is_list and related(fed[0].kind, made)


def is_untimed(step: Step, spec: ToolSpec) -> bool:
    """A tool that puts one thing into another at a time, where no time is said."""
    kinds = [p.kind for p in spec.inputs if p.is_required and not is_textual(p.kind)]
    if len(kinds) < 2 or not related(kinds[0], kinds[1]):
        return False
    times = [p for p in spec.params if p.name in ("at_s", "start_s")]
    said = str(step.details.get("english") or step.text)
    return bool(times) and not any(v.dimension in ("duration", "start") for v in find_values(said))


def is_passed_by(
    binding: Binding, inputs: Mapping[str, tuple[Resource, ...]], grown: Draft, draft: Draft
) -> bool:
    """The tool does not take what "it" means, nor anything that is made of it."""
    meant = binding.meant
    if meant is None:
        return False
    fed = [r for items in inputs.values() for r in items]
    fed += [
        r for n in grown.nodes[len(draft.nodes) :] for items in n.inputs.values() for r in items
    ]
    return all(r.order != meant.order or r.is_primary != meant.is_primary for r in fed)


def is_unheard(step: Step, spec: ToolSpec, binding: Binding) -> bool:
    """A new thing is to be shown, and the tool only works on what is given."""
    shows_new = any(
        m.role in ("object", "of") and m.status == NEW and not m.kind and not m.literals
        for m in step.mentions
    )
    takes = any(not r.is_result and r.ref for items in binding.inputs.values() for r in items)
    shows_new = shows_new or bool(step.details.get("subject"))
    is_made = step.wanted == "image" or kind_made_by(step.verb) == "image"
    return is_made and shows_new and takes and not binding.content and not is_collector(spec)
