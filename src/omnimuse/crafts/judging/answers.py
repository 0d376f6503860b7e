"""Answers to questions, from what is seen in the pixels; "I cannot tell" where it is not seen well.

Boxes of evidence are x, y, w, h as shares of the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product

from omnimuse.backends.base import Detection
from omnimuse.crafts.judging.coloring import family_of, has_color
from omnimuse.crafts.judging.labelled import LabelledLook
from omnimuse.crafts.judging.questions import Question
from omnimuse.crafts.judging.seeing import MAYBE, Look, Thing
from omnimuse.crafts.layout.words import plural

CANNOT_TELL = "I cannot tell"
Read = Callable[[], Sequence[Detection]]


@dataclass(frozen=True)
class Answer:
    """An answer from pixels.

    Attributes:
        question: what was asked.
        answer: in words; CANNOT_TELL where the picture does not say.
        passed: whether it is what was expected; None where it cannot be told.
        confidence: 0 to 1.
        evidence: boxes that it rests on, shares of the picture.
        reason: why, in words.
    """

    question: Question
    answer: str
    passed: bool | None
    confidence: float
    evidence: tuple[tuple[float, float, float, float], ...] = field(default=())
    reason: str = ""


class Witness:
    """Answers questions about one picture.

    Args:
        look: what was seen.
        read: reads written words; None where there is no model for it.
    """

    def __init__(self, look: Look | LabelledLook, read: Read | None = None) -> None:
        self._look, self._read = look, read

    def answer(self, question: Question) -> Answer:
        """The answer to one question."""
        if question.kind == "text":
            return self._text(question)
        for noun in filter(None, (question.noun, question.other, question.third)):
            if not self._look.classes_of(noun):
                return _unsure(question, f"I do not know what {plural(noun)} look like.")
        kinds = {
            "object": self._object,
            "count": self._count,
            "color": self._color,
            "relation": self._relation,
            "absence": self._absence,
        }
        if question.kind not in kinds:
            return _unsure(question, f"I cannot judge whether something is {question.value}.")
        return kinds[question.kind](question)

    def _things(self, noun: str, color: str = "") -> list[Thing]:
        found = self._look.find(noun)
        return [t for t in found if has_color(t.colors, color)] if color else found

    def _maybe(self, noun: str) -> list[Thing]:
        """Things that could be what the noun names, though something else is likelier."""
        sure = self._look.find(noun)
        return [t for t in self._look.find(noun, least=MAYBE) if t not in sure]

    def _object(self, question: Question) -> Answer:
        found = self._things(question.noun)
        if found:
            best = max(self._look.probability(t, question.noun) for t in found)
            return self._made(question, "yes", True, best, found)
        maybe = self._maybe(question.noun)
        if maybe:
            return _unsure(question, f"Something may be {question.noun}.", self._boxes(maybe))
        return self._made(question, "no", False, 0.8, [], self._instead())

    def _count(self, question: Question) -> Answer:
        found, maybe = self._things(question.noun, question.color), self._maybe(question.noun)
        number = len(found)
        is_open = question.expected == "more than one"
        passed = number > 1 if is_open else number == question.count
        if not passed and maybe and number < question.count <= number + len(maybe):
            reason = f"{number} for certain, {len(maybe)} more perhaps."
            return _unsure(question, reason, self._boxes([*found, *maybe]))
        sure = min((self._look.probability(t, question.noun) for t in found), default=0.8)
        return self._made(question, str(number), passed, sure, found)

    def _color(self, question: Question) -> Answer:
        if not all(family_of(p) for p in question.value.split(" and ")):
            return _unsure(question, f"I know no colour called {question.value}.")
        found = self._things(question.noun)
        if not found:
            return _unsure(question, f"I see no {question.noun}.")
        right = [t for t in found if has_color(t.colors, question.value)]
        passed = len(right) >= question.count
        seen = _colors_in_words(right if passed else [t for t in found if t not in right])
        return self._made(
            question, "yes" if passed else f"no, {seen}", passed, 0.85, right or found
        )

    def _relation(self, question: Question) -> Answer:
        subjects = self._things(question.noun, question.color)
        others = self._things(question.other, question.other_color)
        thirds = self._things(question.third) if question.third else []
        if not subjects or not others or (question.third and not thirds):
            missing = (
                question.noun if not subjects else question.other if not others else question.third
            )
            return _unsure(question, f"I see no {missing}.")
        if question.value == "between":
            passed: bool | None = any(
                is_between(a, b, c) for a, b, c in product(subjects, others, thirds) if b != c
            )
        else:
            pairs = [(a, b) for a, b in product(subjects, others) if a != b]
            checks = [holds(question.value, a, b, self._look.size) for a, b in pairs]
            passed = None if not checks or None in checks else any(checks)
        if passed is None:
            return _unsure(question, f"I cannot see what is {question.value} what.")
        sure = min(0.95, *(self._look.probability(t, question.noun) for t in subjects))
        return self._made(question, "yes" if passed else "no", passed, sure, [*subjects, *others])

    def _absence(self, question: Question) -> Answer:
        found, maybe = self._things(question.noun), self._maybe(question.noun)
        if found:
            return self._made(question, "no", False, 0.9, found)
        if maybe:
            return _unsure(question, f"Something may be {question.noun}.", self._boxes(maybe))
        return self._made(question, "yes", True, 0.9, [])

    def _text(self, question: Question) -> Answer:
        if self._read is None:
            return _unsure(question, "No model that reads written words is there.")
        lines = list(self._read())
        wanted = letters_of(question.value)
        words = " ".join(line.label for line in lines)
        passed = bool(wanted) and wanted in letters_of(words)
        return Answer(question, f"it says {words}" if words else "no words", passed, 0.8)

    def _made(
        self,
        question: Question,
        answer: str,
        passed: bool,
        confidence: float,
        things: Sequence[Thing],
        reason: str = "",
    ) -> Answer:
        boxes = self._boxes(things)
        return Answer(question, answer, passed, round(min(confidence, 1.0), 3), boxes, reason)

    def _boxes(self, things: Sequence[Thing]) -> tuple[tuple[float, float, float, float], ...]:
        width, height = self._look.size
        return tuple(
            (round(x / width, 4), round(y / height, 4), round(w / width, 4), round(h / height, 4))
            for x, y, w, h in (thing.box for thing in things)
        )

    def _instead(self) -> str:
        names = sorted({self._look.name_of(thing) for thing in self._look.things})
        return f"I see: {', '.join(names)}." if names else "I see no things at all."


def holds(relation: str, one: Thing, other: Thing, size: tuple[int, int]) -> bool | None:
    """Whether one thing stands in a relation to another, by their boxes; None if unseen.

    Directions are those of the centres, and of the four the one they lie furthest apart in (the
    90-degree sectors of arXiv:2305.15393); "on" and "in" go by the lower edge.
    """
    dx, dy = one.center[0] - other.center[0], one.center[1] - other.center[1]
    sideways = abs(dx) >= abs(dy)
    directions = {
        "left of": sideways and dx < 0,
        "right of": sideways and dx > 0,
        "above": not sideways and dy < 0,
        "below": not sideways and dy > 0,
    }
    if relation in directions:
        return directions[relation]
    if relation in ("on", "riding"):
        return _is_on(one, other, size)
    if relation == "under":
        return dy > 0 and _shared(one, other, 0) > 0.25
    if relation == "in":
        return _shared(one, other, 0) > 0.5 and _shared(one, other, 1) > 0.3
    if relation in ("next to", "near"):
        return _gap(one, other) < 0.35 * max(size)
    return None


def _is_on(one: Thing, other: Thing, size: tuple[int, int]) -> bool:
    foot = one.box[1] + one.box[3]
    top, low = other.box[1], other.box[1] + other.box[3]
    slack = 0.03 * size[1]
    return _shared(one, other, 0) > 0.4 and top - slack <= foot <= low + slack


def _shared(one: Thing, other: Thing, axis: int) -> float:
    """Overlap along an axis as a share of the first thing's extent."""
    a, b = one.box, other.box
    common = min(a[axis] + a[axis + 2], b[axis] + b[axis + 2]) - max(a[axis], b[axis])
    return max(common, 0.0) / a[axis + 2]


def _gap(one: Thing, other: Thing) -> float:
    """Pixels between two boxes, 0 if they touch."""
    a, b = one.box, other.box
    dx = max(a[0] - b[0] - b[2], b[0] - a[0] - a[2], 0.0)
    dy = max(a[1] - b[1] - b[3], b[1] - a[1] - a[3], 0.0)
    return float((dx * dx + dy * dy) ** 0.5)


def is_between(one: Thing, first: Thing, second: Thing) -> bool:
    """Whether the centre lies within the middle eight tenths of the way between two others."""
    ax, ay = first.center
    bx, by = second.center
    length = (bx - ax) ** 2 + (by - ay) ** 2
    if length == 0:
        return False
    share = ((one.center[0] - ax) * (bx - ax) + (one.center[1] - ay) * (by - ay)) / length
    return 0.1 < share < 0.9


def _colors_in_words(things: Sequence[Thing]) -> str:
    named = [next(iter(thing.colors), "no colour") for thing in things]
    return ", ".join(dict.fromkeys(named)) or "no colour"


def letters_of(text: str) -> str:
    """What is compared of written words: letters and digits, whatever their case."""
    return "".join(c for c in text.casefold() if c.isalnum())


def _unsure(
    question: Question,
    reason: str,
    evidence: tuple[tuple[float, float, float, float], ...] = (),
) -> Answer:
    return Answer(question, CANNOT_TELL, None, 0.0, evidence, reason)
