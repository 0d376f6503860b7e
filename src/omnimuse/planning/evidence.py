"""What the request tagger saw, as evidence for the search: nearer tools, and steps overlooked.

Grammar cuts a request into steps; the tagger reads it word by word. Where both agree a tool comes
nearer. Where the tagger is sure of a tool that no step led to ("the *summarised* transcript"), the
words become a step of their own, before or after the one around them, as the kinds allow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.context import Reading, Scores
from omnimuse.planning.draft import Draft
from omnimuse.planning.intent import PRONOUN, Intent, Mention, Step
from omnimuse.planning.masking import Masked
from omnimuse.planning.tagger import Region, Tags

NEARER, DOUBT = 0.30, 0.04
SURE, SURER = 0.7, 0.85
_FOUND = 0.8
_MOST = 4


def weighed(readings: Sequence[Reading], intent: Intent, tags: Tags) -> list[Reading]:
    """The readings of all steps, with what the tagger saw in each step's words."""
    ranges = step_ranges(intent)
    return [
        _lifted(reading, tags.within(start, end))
        for reading, (start, end) in zip(readings, ranges, strict=True)
    ]


def _lifted(reading: Reading, seen: Scores) -> Reading:
    if not seen:
        return reading

    def lift(scores: Scores) -> dict[str, float]:
        return {n: near + NEARER * seen.get(n, 0.0) - DOUBT for n, near in scores.items()}

    return replace(
        reading,
        plain=lift(reading.plain),
        about={kind: lift(scores) for kind, scores in reading.about.items()},
    )


def step_ranges(intent: Intent) -> list[tuple[int, int]]:
    """The characters of each step: from its own start to that of the next one in the text."""
    starts = sorted({step.start for step in intent.steps})
    ends = dict(zip(starts, [*starts[1:], 1_000_000]))
    return [(step.start, ends[step.start]) for step in intent.steps]


def complete(
    intent: Intent,
    readings: list[Reading],
    tags: Tags,
    masked: Masked,
    specs: Mapping[str, ToolSpec],
    search: Callable[[Intent, Sequence[Reading]], Draft],
) -> tuple[Draft, Intent]:
    """The best draft, with steps for what the tagger is sure of and the grammar overlooked.

    Args:
        intent: the steps.
        readings: of its steps.
        tags: of its words.
        masked: the request.
        specs: the tools.
        search: steps and readings -> the best draft.
    """
    draft = search(intent, readings)
    for region in _overlooked(draft, intent, tags, specs):
        best: tuple[float, Draft, Intent, list[Reading]] | None = None
        for is_before in (True, False):
            longer, more = _with_step(intent, readings, region, masked, is_before=is_before)
            grown = search(longer, more)
            if _keeps(draft, grown, region.tool) and (best is None or grown.score > best[0]):
                best = (grown.score, grown, longer, more)
        if best is not None:
            _, draft, intent, readings = best
    return draft, intent


def _overlooked(
    draft: Draft, intent: Intent, tags: Tags, specs: Mapping[str, ToolSpec]
) -> list[Region]:
    """Sure regions whose tool is not in the draft, one for each tool.

    Words before the first step mostly tell what there is; and where a step has found a tool that
    takes and gives the same kinds, its words rather say more about that one: both must be surer.
    """
    known = {node.tool for node in draft.nodes}
    ranges = step_ranges(intent)
    first = min((start for start, _ in ranges), default=0)
    found: dict[str, Region] = {}
    for region in tags.regions():
        if region.tool in known:
            continue
        around = {n for n, (a, b) in enumerate(ranges) if a <= region.start < b}
        beside = {_kinds(specs[node.tool]) for node in draft.nodes if node.step in around}
        is_doubtful = region.start < first or _kinds(specs[region.tool]) in beside
        if region.sureness > (SURER if is_doubtful else SURE):
            kept = found.get(region.tool)
            if kept is None or region.sureness > kept.sureness:
                found[region.tool] = region
    return sorted(found.values(), key=lambda r: r.start)[:_MOST]


def _kinds(spec: ToolSpec) -> tuple[tuple[str, ...], tuple[str, ...]]:
    takes = tuple(port.kind for port in spec.inputs if port.is_required)
    return takes, tuple(port.kind for port in spec.outputs)


def _keeps(draft: Draft, grown: Draft, tool: str) -> bool:
    """Whether the longer draft has the tool, and still all others."""
    before, after = (Counter(node.tool for node in d.nodes) for d in (draft, grown))
    return after[tool] > 0 and not before - after


def _with_step(
    intent: Intent, readings: list[Reading], region: Region, masked: Masked, *, is_before: bool
) -> tuple[Intent, list[Reading]]:
    """The steps with one more, made of a region's words, around the step that they stand in."""
    ranges = step_ranges(intent)
    around = next((n for n, (a, b) in enumerate(ranges) if a <= region.start < b), -1)
    words = masked.text[region.start : region.end]
    step = Step(
        masked.unmask(words), masked.speak(words), "",
        mentions=(Mention("it", "it", "object", PRONOUN, start=region.start),),
        start=region.start,
    )  # fmt: skip
    steps, place = list(intent.steps), around if is_before and around >= 0 else around + 1
    if is_before and around >= 0:
        steps[around], step = _handed_on(steps[around], step)
    shown = dict.fromkeys(readings[0].plain, 0.0) if readings else {}
    reading = Reading({**shown, region.tool: _FOUND})
    steps.insert(place, step)
    joined = [
        replace(s, joins=s.joins + 1) if s.joins >= place and n != place else s
        for n, s in enumerate(steps)
    ]
    return replace(intent, steps=tuple(joined)), [*readings[:place], reading, *readings[place:]]


def _handed_on(outer: Step, inner: Step) -> tuple[Step, Step]:
    """What stands after the inner words is theirs; the outer step works on what they give."""
    own = [m for m in outer.mentions if m.start < inner.start or m.is_output]
    taken = tuple(m for m in outer.mentions if m not in own and (m.literals or m.kind))
    if not taken:
        return outer, inner
    pointer = Mention("it", "it", "object", PRONOUN, start=inner.start)
    return replace(outer, mentions=(*own, pointer)), replace(inner, mentions=taken)
