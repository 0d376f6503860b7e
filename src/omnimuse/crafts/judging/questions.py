"""Questions that a prompt raises about its picture, each with the answer that is expected.

Source: Hu et al. 2023, arXiv:2303.11897 (TIFA: a picture is as faithful as the answers to
questions made from its prompt). Here the questions come from the prompt's grammar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from omnimuse.crafts.layout.schema import SceneRequest, ThingGroup
from omnimuse.crafts.layout.words import plural

KINDS = ("object", "count", "color", "relation", "absence", "text", "attribute")
_VISIBLE_RELATIONS = {
    "left of": "to the left of",
    "right of": "to the right of",
    "above": "above",
    "below": "below",
    "on": "on",
    "under": "under",
    "in": "in",
    "next to": "next to",
    "near": "near",
    "between": "between",
    "riding": "on",
    "in front of": "in front of",
    "behind": "behind",
}


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        kind: one of KINDS.
        words: the question as people ask it.
        expected: the answer that a faithful picture gives.
        noun: the thing it is about, singular; "" for written words.
        value: the colour, relation, attribute or text it asks for.
        count: how many things of that sort the prompt asks for.
        color: colour that tells these things from others of the same noun, "" if none.
        other: the landmark of a relation.
        third: the second landmark of "between".
        other_color: as `color`, of the landmark.
    """

    kind: str
    words: str
    expected: str
    noun: str
    value: str = ""
    count: int = 1
    color: str = ""
    other: str = ""
    third: str = ""
    other_color: str = ""


def questions_of(request: SceneRequest) -> tuple[Question, ...]:
    """All questions that a prompt raises, in the order of its things; none twice."""
    found: dict[tuple[str, str], Question] = {}
    parts = (_objects(request), _counts(request), _qualities(request), _relations(request))
    for part in (*parts, _rest(request)):
        for question in part:
            found.setdefault((question.kind, question.words), question)
    return tuple(found.values())


def _objects(request: SceneRequest) -> Iterator[Question]:
    for thing in request.things:
        words = f"Is there {article(thing.label)} {thing.label}?"
        yield Question("object", words, "yes", thing.label)


def _counts(request: SceneRequest) -> Iterator[Question]:
    """How many of each noun; groups of one noun are counted together, then by colour."""
    totals: dict[str, int] = {}
    exact: dict[str, bool] = {}
    for thing in request.things:
        totals[thing.label] = totals.get(thing.label, 0) + thing.count
        exact[thing.label] = exact.get(thing.label, True) and thing.is_exact
    for label, total in totals.items():
        words = f"How many {plural(label)} are there?"
        expected = str(total) if exact[label] else "more than one"
        if exact[label] or total > 1:
            yield Question("count", words, expected, label, count=total)
    for thing in request.things:
        color = thing.attributes.get("color", "")
        if color and totals[thing.label] != thing.count and thing.is_exact:
            words = f"How many {color} {plural(thing.label)} are there?"
            yield Question(
                "count", words, str(thing.count), thing.label, count=thing.count, color=color
            )


def _qualities(request: SceneRequest) -> Iterator[Question]:
    for thing in request.things:
        is_one = thing.count == 1
        verb, noun = ("Is the", thing.label) if is_one else ("Are the", plural(thing.label))
        for key, value in thing.attributes.items():
            if key == "text":
                yield _written(value)
                continue
            kind = "color" if key == "color" else "attribute"
            words = f"{verb} {noun} {value}?"
            yield Question(kind, words, "yes", thing.label, value, thing.count)


def _relations(request: SceneRequest) -> Iterator[Question]:
    for relation in request.relations:
        subject, other = request.things[relation.subject], request.things[relation.object]
        third = request.things[relation.other] if relation.other >= 0 else None
        said = _VISIBLE_RELATIONS.get(relation.relation, relation.relation)
        verb = "Is" if subject.count == 1 else "Are"
        ends = f"{_named(other)} and {_named(third)}" if third else _named(other)
        yield Question(
            "relation",
            f"{verb} {_named(subject)} {said} {ends}?",
            "yes",
            subject.label,
            relation.relation,
            subject.count,
            color=_telling(subject, request),
            other=other.label,
            third=third.label if third else "",
            other_color=_telling(other, request),
        )


def _rest(request: SceneRequest) -> Iterator[Question]:
    for label in request.excluded:
        words = f"Is there no {label}?"
        yield Question("absence", words, "yes", label, count=0)
    for text in request.text:
        yield _written(text)


def _written(text: str) -> Question:
    return Question("text", f"Does it say {text}?", "yes", "", text)


def _telling(thing: ThingGroup, request: SceneRequest) -> str:
    """The colour that tells a group from others of its noun, "" where none is needed."""
    alike = [other for other in request.things if other.label == thing.label]
    return thing.attributes.get("color", "") if len(alike) > 1 else ""


def _named(thing: ThingGroup) -> str:
    color = thing.attributes.get("color", "")
    noun = thing.label if thing.count == 1 else plural(thing.label)
    return f"the {color} {noun}" if color else f"the {noun}"


def article(noun: str) -> str:
    """The indefinite article before a noun, by its first letter."""
    return "an" if noun[:1] in "aeiou" and noun[:1] else "a"
