"""Things that a step can take: attachments, quotations, and what earlier steps made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from omnimuse.graph.kinds import accepts, ancestors
from omnimuse.graph.plan import Ref
from omnimuse.planning.building.retrieval import stem
from omnimuse.planning.intent import KNOWN, NEW, PRONOUN, Intent, Mention, Step

_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "final": -1}
_SIDES = {"left": 0, "right": -1, "original": 0, "previous": -2}
# What tools give beside their main result.
_ASIDE = frozenset(["scene", "score", "transcript", "layout"])
# Words that name no particular thing of their kind, and words for what has just been made.
_PLAIN = frozenset(
    stem(w)
    for w in ["audio", "video", "image", "picture", "text", "file", "track", "clip", "the", "my"]
)
_WROUGHT = frozenset(["new", "final", "result", "resulting", "latest"])
_REPORTS, _REPORTED = frozenset(["graph", "table", "layout"]), 0.4
_WHOLE = frozenset(
    [
        "it",
        "them",
        "this",
        "that",
        "these",
        "those",
        "both",
        "result",
        "everything",
        "all",
        "one",
        "output",
    ]
)


@dataclass(frozen=True)
class Resource:
    """Something with a kind that an input can be wired to.

    Attributes:
        kind: kind of media.
        ref: where it is; None for a quotation, or for a thing that is only talked of.
        value: the quotation, file name or address; empty for results.
        label: stems of the words that name or made it.
        order: when it came about: attachments from 0, results from 1000 on.
        is_primary: the first output of its node.
        token: the literal's token.
        node: index of the node that made it, -1 for none.
        is_list: any number of things, which only a list port takes.
        past: 0, or its place among the results of earlier turns, newest first.
        place: which element of a list this is, from 0; None for all that there is.
        run: of an earlier turn that made it; runs sort by time.
        is_told: made from the user's own words alone, which say as much as it does.
    """

    kind: str
    ref: Ref | None
    value: str = ""
    label: frozenset[str] = frozenset()
    order: int = 0
    is_primary: bool = True
    token: str = ""
    node: int = -1
    is_told: bool = False
    is_list: bool = False
    past: int = 0
    run: str = ""
    place: int | None = None

    @property
    def is_result(self) -> bool:
        """Whether a node makes it."""
        return self.node >= 0


def initial_resources(
    intent: Intent,
    attached: Sequence[tuple[str, str]],
    *,
    assume: bool,
    kinds: frozenset[str] = frozenset(),
    runs: Sequence[str] = (),
) -> tuple[Resource, ...]:
    """What is there before anything is done.

    Args:
        intent: the request.
        attached: kind and file name of each attachment, in order.
        assume: also take what the request only says is there (a file that is not attached).
        kinds: kinds that the tools take; an address is a `url` if some tool takes one.
        runs: of each attachment, the run that made it; what one run made is of one turn.
    """
    found: list[Resource] = []
    by_name = {name: n for n, (_, name) in enumerate(attached) if name}
    words: dict[str, frozenset[str]] = {}
    talked: list[Mention] = [m for step in intent.steps for m in step.mentions] + list(intent.given)
    for mention in talked:
        for literal in mention.literals:
            own = {stem(w) for w in (mention.head, *mention.modifiers)}
            words[literal.token] = words.get(literal.token, frozenset()) | own
    taken: set[int] = set()
    for literal in intent.literals:
        label = words.get(literal.token, frozenset())
        number = by_name.get(literal.value)
        if number is not None:
            taken.add(number)
            kind = attached[number][0]
            found.append(
                Resource(
                    kind,
                    Ref("request", str(number)),
                    literal.value,
                    label,
                    len(found),
                    token=literal.token,
                )
            )
        elif literal.type != "file" or assume:
            kind = literal.kind or "text"
            if literal.type == "url" and "url" not in kinds:
                kind = "text"
            found.append(
                Resource(kind, None, literal.value, label, len(found), token=literal.token)
            )
    past = 0
    for number, (kind, name) in enumerate(attached):
        if number not in taken:
            label = frozenset(stem(w) for w in name.lower().replace("_", " ").split("."))
            past += not name
            thing = Resource(kind, Ref("request", str(number)), name, label, len(found))
            run = (runs[number] if number < len(runs) else "") or f"{99_999 - number:05d}"
            found.append(replace(thing, past=0 if name else past, run="" if name else run))
    if assume and not any(resource.kind == "url" for resource in found):
        found.extend(_talked_of(intent.given, found))
    return tuple(found)


def _talked_of(given: Sequence[Mention], found: Sequence[Resource]) -> list[Resource]:
    """Such as "I have a long article": not there, but a plan for foreign tools may count on it."""
    kinds = {resource.kind for resource in found}
    extra: list[Resource] = []
    for mention in given:
        is_given = bool(mention.kind) and mention.status == NEW and mention.role == "object"
        if is_given and not any(mention.kind in ancestors(kind) for kind in kinds):
            own = frozenset(stem(w) for w in (mention.head, *mention.modifiers))
            order = len(found) + len(extra)
            extra.append(Resource(mention.kind, None, mention.text, own, order))
            kinds.add(mention.kind)
    return extra


def result_label(step: Step) -> frozenset[str]:
    """Stems by which later words may point at what a step made: "the translated text"."""
    words = {step.verb} if step.verb else set()
    for mention in step.mentions:
        if mention.is_output or mention.role == "object":
            words.update((mention.head, *mention.modifiers))
    return frozenset(stem(w.strip(",.")) for w in words if w)


def link(mention: Mention, resource: Resource, newest: int) -> float:
    """How sure it is that a noun phrase points at a resource; 0 is not at all, above 4 is certain.

    Args:
        mention: the noun phrase.
        resource: the candidate.
        newest: `order` of the latest result, for recency.
    """
    if mention.literals:
        return 5.0 if any(item.token == resource.token for item in mention.literals) else 0.0
    age = max(0, newest - resource.order) if resource.is_result else 2 + 0.1 * resource.past
    recency = max(0.0, 0.6 - 0.12 * age)
    if mention.status == PRONOUN or mention.head in _WHOLE:
        is_aside = resource.past and resource.kind in _ASIDE
        if resource.kind in _REPORTS and not resource.past:
            recency -= _REPORTED  # "analyse a.wav, then describe it" means the recording
        return 1.5 + recency + (0.3 if resource.is_primary and not is_aside else -0.5)
    if not mention.kind:
        shared = stem(mention.head) in resource.label
        return 0.9 + recency if shared and mention.status == KNOWN else 0.0
    if not related(mention.kind, resource.kind):
        return 0.0
    score = 1.6 if mention.kind == resource.kind else 1.3
    own = ({stem(w) for w in mention.modifiers} | {stem(mention.head)}) - _PLAIN
    score += 0.5 * min(2, len(own & resource.label))
    score += recency + (0.2 if resource.is_primary else 0.0)
    if resource.is_result and (_WROUGHT & set(mention.modifiers) or mention.is_wrought):
        score += 0.8
    return score if mention.status == KNOWN else score - 0.8


def related(one: str, other: str) -> bool:
    """Whether one kind may stand for the other, either way, or both are forms of one kind."""
    return accepts(one, other) or accepts(other, one)


def ordinal_of(mention: Mention) -> int | None:
    """Which of several: 0 for "the first picture", "the left picture", -1 for the last."""
    which = next((_ORDINALS[w] for w in mention.modifiers if w in _ORDINALS), None)
    if which is None and (mention.kind or mention.head in ("one", "version")):
        which = next((_SIDES[w] for w in mention.modifiers if w in _SIDES), None)
    return which


def in_order(mention: Mention, resources: Sequence[Resource]) -> list[Resource]:
    """Things as "the first", "the second" count them.

    Files and what this plan makes count as they came. Of a conversation, the things of the newest
    turn count if it made several, else all of them from the oldest on.

    Args:
        mention: the noun phrase.
        resources: what it may mean.
    """
    files = sorted((r for r in resources if not r.past), key=lambda r: r.order)
    if files:
        return files
    things = [r for r in resources if r.kind not in _ASIDE or r.kind == mention.kind]
    if not mention.kind and things:  # "the first one": of what was made last
        newest = min(things, key=lambda r: r.past).kind
        things = [r for r in things if related(r.kind, newest)]
    latest = [r for r in things if r.run == max(t.run for t in things)]
    if len(latest) > 1:
        return sorted(latest, key=lambda r: r.past)
    return sorted(things, key=lambda r: (r.run, r.past))


def of_newest_turn(mention: Mention, resources: Sequence[Resource]) -> list[Resource]:
    """What "them" or "both" means of a conversation: what the newest turn made, if several."""
    things = [r for r in resources if r.past and r.kind not in _ASIDE]
    if not things:
        return []
    newest = min(things, key=lambda r: r.past)
    things = [r for r in things if related(r.kind, newest.kind)]
    latest = [r for r in things if r.run == newest.run]
    if len(latest) > 1:
        return latest
    return sorted(things, key=lambda r: r.past)[: mention.count or len(things)]
