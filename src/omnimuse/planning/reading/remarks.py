"""Remarks on one thing, made one after the other: "make it darker, add drums, keep the melody".

A tool that takes a remark understands several at once; run once for each it would begin anew each
time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.building.draft import Draft, drop_nodes
from omnimuse.planning.intent import Intent, Step

_SAVING = frozenset(["export", "save", "download", "output", "deliver"])
_KEEPING = frozenset(["keep", "leave", "preserve", "retain"])


def keep_with(steps: list[Step]) -> list[Step]:
    """Steps with what is only to be kept said to the step before: it asks for no tool."""
    kept: list[Step] = []
    for step in steps:
        if kept and step.verb in _SAVING and not step.content.strip("it ").startswith("'"):
            only = [m for m in step.mentions if m.status != "pronoun" and not m.is_output]
            if not only:
                continue  # "export it as one track": what is made is kept anyway
        is_files = any(item.type == "file" for m in step.mentions for item in m.literals)
        if not kept or step.verb not in _KEEPING or step.wanted or is_files:
            kept.append(step)
            continue
        last = kept[-1]
        kept[-1] = replace(
            last,
            text=f"{last.text}, {step.text}",
            query=last.query,
            content=f"{last.content}, {step.text}" if last.content else last.content,
            details={**last.details, "said": f"{last.details.get('said', last.text)}, {step.text}"},
        )
    return kept


def merge_remarks(
    draft: Draft, intent: Intent, specs: Mapping[str, ToolSpec]
) -> tuple[Draft, Intent]:
    """The draft with remarks to one tool after the other joined into one call of it."""
    number = 1
    while number < len(draft.nodes):
        if not _goes_on(draft, number, specs):
            number += 1
            continue
        before, after = draft.nodes[number - 1], draft.nodes[number]
        first, second = intent.steps[before.step], intent.steps[after.step]
        said = f"{first.text}, {second.text}"
        english = [str(s.details.get("english", "")) for s in (first, second)]
        details = {**first.details, "said": said}
        if all(english):
            details["english"] = ", ".join(english)
        steps = list(intent.steps)
        steps[before.step] = replace(
            first, text=said, content=said, mentions=first.mentions, details=details
        )
        intent = replace(intent, steps=tuple(steps))
        draft = _joined(draft, number)
    return draft, intent


def _goes_on(draft: Draft, number: int, specs: Mapping[str, ToolSpec]) -> bool:
    """Whether a node says more to the tool before it, of what that made alone."""
    before, after = draft.nodes[number - 1], draft.nodes[number]
    if before.tool != after.tool or not before.content or before.content != after.content:
        return False
    if not before.inputs or before.is_inserted or after.is_inserted:
        return False
    feeds = [r for items in after.inputs.values() for r in items]
    users = [
        n
        for n, node in enumerate(draft.nodes)
        if any(r.node == number - 1 for items in node.inputs.values() for r in items)
    ]
    return bool(feeds) and all(r.node == number - 1 for r in feeds) and users == [number]


def _joined(draft: Draft, number: int) -> Draft:
    """The draft without a node, whose results are now those of the node before it."""
    own = [r for r in draft.resources if r.node == number - 1]
    names = [r for r in draft.resources if r.node == number]
    nodes = tuple(
        replace(
            node,
            inputs={
                port: tuple(own[names.index(r)] if r in names else r for r in items)
                for port, items in node.inputs.items()
            },
        )
        if n > number
        else node
        for n, node in enumerate(draft.nodes)
    )
    return drop_nodes(replace(draft, nodes=nodes), {number})
