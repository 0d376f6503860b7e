"""What the request tagger saw, as evidence for the search: nearer tools, and steps overlooked.

Grammar cuts a request into steps; the tagger reads it word by word. Where both agree a tool comes
nearer. Then the verdict on each tool counts: the search is run again with the tools that are asked
for alone. Where no step led to one of them ("the *summarised* transcript"), the words become a step
of their own, before or after the one around them, as the kinds allow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from omnimuse.graph.spec import ToolSpec
from omnimuse.planning.building.bridging import without_rivals
from omnimuse.planning.building.context import Reading, Scores
from omnimuse.planning.building.draft import Draft
from omnimuse.planning.foreign.tagger import Tags
from omnimuse.planning.foreign.verdict import Evidence
from omnimuse.planning.foreign.wiring import rewired
from omnimuse.planning.intent import PRONOUN, Intent, Mention, Step
from omnimuse.planning.reading.masking import Masked

NEARER, DOUBT = 0.40, 0.07
ASKED = 0.38
_FOUND, _AROUND = 0.8, 0.2


@dataclass(frozen=True)
class Region:
    """Words that ask for one tool.

    Attributes:
        tool: its name.
        start: first character, in the masked text.
        end: after the last one.
    """

    tool: str
    start: int
    end: int


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


def settle(
    seen: Evidence,
    readings: Sequence[Reading],
    chances: Mapping[str, float],
    search: Callable[[Intent, Sequence[Reading], Set[str]], Draft],
    specs: Mapping[str, ToolSpec],
    idle: Callable[[Draft], tuple[Draft, set[str]]] = lambda draft: (draft, set()),
) -> tuple[Draft, Intent]:
    """The best draft of just the tools that the request asks for, with steps for those overlooked.

    Args:
        seen: what is known of the request, and a first draft.
        readings: of its steps.
        chances: how likely each tool is asked for.
        search: steps, readings, and the tools that may be used -> the best draft.
        specs: the tools.
        idle: a draft -> the same with tools exchanged for what it leaves lying, and further tools.
    """
    asked = {name for name, chance in chances.items() if chance > ASKED}
    if not asked:
        mine = {node.tool for node in seen.draft.nodes} or set(chances)
        asked = {max(sorted(mine), key=lambda name: chances[name])}
    draft, intent = seen.draft, seen.intent
    asked = without_rivals(asked, chances, specs, [r for r in draft.resources if not r.is_result])
    readings = _narrowed(readings, draft, asked)
    draft = search(intent, readings, asked)
    masked = Masked(intent.masked, intent.literals)
    missing = asked - {node.tool for node in draft.nodes}
    for region in sorted((_region(seen.tags, name) for name in missing), key=lambda r: r.start):
        best: tuple[float, Draft, Intent, list[Reading]] | None = None
        for is_before in (True, False):
            longer, more = _with_step(intent, readings, region, masked, is_before=is_before)
            grown = search(longer, more, asked)
            if _keeps(draft, grown, region.tool) and (best is None or grown.score > best[0]):
                best = (grown.score, grown, longer, more)
        if best is not None:
            _, draft, intent, readings = best
    draft, added = idle(rewired(draft, asked, seen.tags, specs, intent))
    return rewired(draft, added, seen.tags, specs, intent), intent


def _narrowed(readings: Sequence[Reading], draft: Draft, asked: Set[str]) -> list[Reading]:
    """Readings by which each step finds the asked tool that it led to, or none."""
    found: list[Reading] = []
    for number, reading in enumerate(readings):
        mine = {n.tool for n in draft.nodes if n.step == number and not n.is_inserted} & asked
        near = {name: _FOUND if name in mine else 0.0 for name in reading.plain}
        found.append(Reading(near))
    return found


def _region(tags: Tags, tool: str) -> Region:
    """The words that ask for a tool the most: the surest one, and those around it."""
    column = tags.names.index(tool)
    shares = tags.shares[:, column]
    first = last = int(shares.argmax())
    while first > 0 and shares[first - 1] > _AROUND:
        first -= 1
    while last + 1 < len(shares) and shares[last + 1] > _AROUND:
        last += 1
    return Region(tool, tags.spans[first][0], tags.spans[last][1])


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
