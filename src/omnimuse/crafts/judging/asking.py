"""Questions of people about a picture, answered from what is seen in it.

A question's grammar says what is asked (how many, which colour, where, what is there, what is
written, whether something is so); the rest of it is read as a caption, whose things and relations
are looked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from omnimuse.backends.base import ParsedToken, Parser
from omnimuse.crafts.imaging.describing import article, count_word, counted, join_words, plural
from omnimuse.crafts.judging.answers import CANNOT_TELL, Answer, Read, Witness, holds, letters_of
from omnimuse.crafts.judging.coloring import family_of, has_color
from omnimuse.crafts.judging.labelled import LabelledLook
from omnimuse.crafts.judging.questions import questions_of
from omnimuse.crafts.judging.seeing import Look, Thing
from omnimuse.crafts.layout.parse import describe_scenes
from omnimuse.crafts.layout.schema import SceneRequest
from omnimuse.errors import ArgumentError

_PICTURE = (
    "picture",
    "image",
    "photo",
    "photograph",
    "drawing",
    "illustration",
    "scene",
    "painting",
)
_FILLERS = ("there", "you", "see", "visible", "shown", "show", "any", "please", "tell", "me")
_WRITING = ("say", "read", "write", "text", "word", "letter", "writing", "caption")
# Verbs of questions on what is there, and nouns for whatever is there.
_SHOWING = frozenset(
    ("be", "do", "can", "see", "show", "contain", "depict", "have", "appear", "find", "tell")
)
_WHATEVER = frozenset(("thing", "object", "item", "kind", "sort", "content"))
_MAX_QUESTION = 300
_ANYTHING = "a ball"
"""Stands in a caption for what "what" asks for; any noun does."""


@dataclass(frozen=True)
class Reply:
    """An answer in words; `confidence` 0 means that it cannot be told.

    `evidence` are boxes as shares of the picture.
    """

    words: str
    confidence: float
    evidence: tuple[tuple[float, float, float, float], ...] = ()


def ask(
    question: str, look: Look | LabelledLook, parser: Parser, read: Read | None = None
) -> Reply:
    """Answer a question in English.

    Args:
        question: such as "how many red cars are left of the bus?".
        look: what was seen in the picture.
        parser: reads the question's grammar.
        read: reads written words; None where there is no model for it.

    Raises:
        ArgumentError: an empty or a very long question.
    """
    words = " ".join(question.split())
    if not words or len(words) > _MAX_QUESTION:
        raise ArgumentError(
            "the question is empty" if not words else "the question is too long",
            hint=f"Ask in 1 to {_MAX_QUESTION} characters.",
        )
    if not words.isascii():
        return Reply(f"{CANNOT_TELL}: I understand questions in English only.", 0.0)
    tokens = parser.parse([words.rstrip("?!. ")])[0]
    return _Interview(tokens, look, parser, read).reply()


class _Interview:
    """One question and what it is answered from."""

    def __init__(
        self,
        tokens: Sequence[ParsedToken],
        look: Look | LabelledLook,
        parser: Parser,
        read: Read | None,
    ) -> None:
        self._tokens, self._look, self._parser, self._read = list(tokens), look, parser, read
        self._lemmas = [token.lemma.lower() for token in tokens]

    def reply(self) -> Reply:
        first = self._lemmas[0] if self._lemmas else ""
        if self._asks_for_writing(first):
            return self._writing()
        if first == "how":
            return self._how_many() if self._lemmas[1:2] == ["many"] else _unknown()
        if first in ("what", "which") and {"color", "colour"} & set(self._lemmas):
            return self._color()
        if first == "where":
            return self._where()
        if first in ("what", "which", "who"):
            return self._what()
        if self._tokens and self._tokens[0].tag[:2] in ("VB", "MD"):
            return self._whether()
        return _unknown()

    def _asks_for_writing(self, first: str) -> bool:
        return first in ("what", "which", "read") and bool(set(self._lemmas) & set(_WRITING))

    # -- kinds of questions ---------------------------------------------------------------------

    def _writing(self) -> Reply:
        if self._read is None:
            return Reply(f"{CANNOT_TELL}: no model that reads written words is there.", 0.0)
        lines = list(self._read())
        if not lines:
            return Reply("I can read no words in it.", 0.6)
        sure = min(line.score for line in lines)
        boxes = tuple(self._share(line.box) for line in lines)
        return Reply("It says: " + " / ".join(line.label for line in lines), sure, boxes)

    def _how_many(self) -> Reply:
        request = self._request("some", 2)
        if request is None:
            return _unknown()
        noun = request.things[0].label
        if not self._look.classes_of(noun):
            return self._unfamiliar(noun)
        found = self._fitting(request)
        number, many = len(found), plural(noun)
        said = noun if number == 1 else many
        color = request.things[0].attributes.get("color", "")
        phrase = f"{color} {said}".strip()
        verb = "is" if number == 1 else "are"
        words = f"There {verb} {count_word(number)} {phrase}."
        return Reply(words, self._sure(found, noun), self._boxes(found))

    def _color(self) -> Reply:
        request = self._request("", 1)
        if request is None:
            return _unknown()
        noun = request.things[0].label
        if not self._look.classes_of(noun):
            return self._unfamiliar(noun)
        found = [thing for thing in self._fitting(request) if thing.colors]
        if not found:
            return self._none_of(noun)
        named = list(dict.fromkeys(next(iter(thing.colors)) for thing in found))
        said = noun if len(found) == 1 else plural(noun)
        verb = "is" if len(found) == 1 else "are"
        words = f"The {said} {verb} {join_words(named)}."
        return Reply(words, 0.9 * self._sure(found, noun), self._boxes(found))

    def _where(self) -> Reply:
        request = self._request("", 1)
        if request is None:
            return _unknown()
        noun = request.things[0].label
        if not self._look.classes_of(noun):
            return self._unfamiliar(noun)
        found = self._fitting(request)
        if not found:
            return self._none_of(noun)
        places = list(dict.fromkeys(self._place(thing) for thing in found))
        verb = "is" if len(found) == 1 else "are"
        said = noun if len(found) == 1 else plural(noun)
        words = f"The {said} {verb} {join_words(places)}{self._beside(found)}."
        return Reply(words, self._sure(found, noun), self._boxes(found))

    def _what(self) -> Reply:
        if {"this", "that", "he", "she", "they"} & set(self._lemmas) and self._lemmas[0] == "who":
            return Reply(f"{CANNOT_TELL}: I know nobody by name.", 0.0)
        request = self._request(_ANYTHING if self._is_bare() else "some", 1)
        if request is not None and request.relations:
            relation = request.relations[0]
            landmark = request.things[relation.object].label
            if not self._look.classes_of(landmark):
                return self._unfamiliar(landmark)
            others = self._look.find(landmark)
            if not others:
                return self._none_of(landmark)
            size = self._look.size
            found = [
                thing
                for thing in self._named()
                if thing not in others
                and any(holds(relation.relation, thing, o, size) for o in others)
            ]
            return self._listed(found, f"{relation.relation} the {landmark}")
        if self._asks_for_more():
            return _unknown()
        if not self._is_bare() and self._lemmas[1] not in _WHATEVER:
            if request is None:
                return _unknown()
            noun = request.things[0].label
            found = self._look.find(noun)
            if found:
                return self._listed(found, "in the picture")
            if not self._look.classes_of(noun):
                return self._unfamiliar(noun)
        return self._listed(self._named(), "in the picture")

    def _asks_for_more(self) -> bool:
        """As "what is she thinking about": of more than what is there."""
        verbs = {
            lemma
            for lemma, token in zip(self._lemmas, self._tokens, strict=True)
            if token.tag[:2] == "VB"
        }
        return bool(verbs - _SHOWING)

    def _whether(self) -> Reply:
        if "say" in self._lemmas and self._read is not None:
            return self._says(self._read)
        request = self._quality() or self._request("", 0)
        if request is None:
            return _unknown()
        witness = Witness(self._look, self._read)
        answers = [witness.answer(question) for question in questions_of(request)]
        wrong = [answer for answer in answers if answer.passed is False]
        open_ones = [answer for answer in answers if answer.passed is None]
        boxes = tuple(box for answer in answers for box in answer.evidence)
        if wrong:
            sure = max(answer.confidence for answer in wrong)
            return Reply(f"No: {_because(wrong[0])}.", sure, boxes)
        if open_ones or not answers:
            reason = open_ones[0].reason if open_ones else "I know no such thing."
            return Reply(f"{CANNOT_TELL}: {reason}", 0.0, boxes)
        return Reply("Yes.", min(answer.confidence for answer in answers), boxes)

    def _says(self, read: Read) -> Reply:
        """As "does it say STOP"."""
        wanted = letters_of(" ".join(t.text for t in self._tokens[self._lemmas.index("say") + 1 :]))
        lines = list(read())
        said = " / ".join(line.label for line in lines)
        if wanted and wanted in letters_of(said):
            boxes = tuple(self._share(line.box) for line in lines)
            return Reply("Yes.", min(line.score for line in lines), boxes)
        return Reply(f"No: it says {said}." if said else "No: I can read no words in it.", 0.8)

    def _quality(self) -> SceneRequest | None:
        """As "is the old car red": read as "the red old car"; None for other questions."""
        is_plain = self._lemmas[0] == "be" and len(self._tokens) > 3 and "there" not in self._lemmas
        last = self._tokens[-1]
        if not is_plain or not (last.tag.startswith("JJ") or family_of(last.text)):
            return None
        if any(token.tag == "IN" for token in self._tokens):
            return None
        article_word, *rest = [token.text for token in self._tokens[1:-1]]
        request = describe_scenes([" ".join([article_word, last.text, *rest])], self._parser)[0]
        return request if request.things else None

    # -- what they share ------------------------------------------------------------------------

    def _is_bare(self) -> bool:
        """As "what is left of the dog" is, and "which animals are left of the dog" is not."""
        return not any(token.tag.startswith("NN") for token in self._tokens[1:2])

    def _request(self, opening: str, start: int) -> SceneRequest | None:
        """The question from a word on, read as a caption; None if it names no thing."""
        kept: list[str] = [opening] if opening else []
        for i, token in enumerate(self._tokens):
            lemma = self._lemmas[i]
            if i < start or lemma in ("be", "color", "colour", "do", "can", *_FILLERS):
                continue
            if lemma in _PICTURE or (lemma in ("in", "the", "this", "a") and self._leads_out(i)):
                continue
            kept.append(token.text)
        caption = " ".join(kept).strip()
        if not caption:
            return None
        request = describe_scenes([caption], self._parser)[0]
        return request if request.things else None

    def _leads_out(self, i: int) -> bool:
        """Whether this word begins "in the picture"."""
        ahead = self._lemmas[i : i + 3]
        return any(word in _PICTURE for word in ahead) and all(
            word in ("in", "the", "this", "a", *_PICTURE) for word in ahead
        )

    def _fitting(self, request: SceneRequest) -> list[Thing]:
        """The things of the first group that have its colour and stand as it does."""
        group = request.things[0]
        color = group.attributes.get("color", "")
        found = self._look.find(group.label)
        found = [t for t in found if not color or has_color(t.colors, color)]
        for relation in request.relations:
            if relation.subject == 0:
                others = self._look.find(request.things[relation.object].label)
                found = [
                    t
                    for t in found
                    if any(holds(relation.relation, t, o, self._look.size) for o in others)
                ]
        return found

    def _named(self) -> list[Thing]:
        """All things that have a name, none twice."""
        names = dict.fromkeys(self._look.name_of(thing) for thing in self._look.things)
        found = {t.box: t for name in names if name != "something" for t in self._look.find(name)}
        return list(found.values())

    def _listed(self, things: Sequence[Thing], where: str) -> Reply:
        names = [self._look.name_of(thing) for thing in things]
        told = Counter(name for name in names if name != "something")
        if not told:
            return Reply(f"{CANNOT_TELL}: I recognise nothing {where}.", 0.0)
        listed = join_words([counted(name, number) for name, number in told.items()])
        sure = min(
            self._look.probability(thing, name)
            for thing, name in zip(things, names, strict=True)
            if name in told
        )
        return Reply(f"I see {listed}.", round(sure, 3), self._boxes(things))

    def _place(self, thing: Thing) -> str:
        x, y = thing.center[0] / self._look.size[0], thing.center[1] / self._look.size[1]
        across = "left" if x < 0.38 else "right" if x > 0.62 else ""
        down = "top" if y < 0.38 else "bottom" if y > 0.68 else ""
        if across and down:
            return f"at the {down} {across}"
        if down:
            return f"at the {down}"
        return f"on the {across}" if across else "in the middle"

    def _beside(self, found: Sequence[Thing]) -> str:
        """As in ", on the table": what a single thing stands on."""
        if len(found) != 1:
            return ""
        hosts = [
            self._look.name_of(other)
            for other in self._look.things
            if other.box != found[0].box
            and holds("on", found[0], other, self._look.size)
            and other.center[1] > found[0].center[1]
        ]
        return f", on the {hosts[0]}" if hosts and hosts[0] != "something" else ""

    def _none_of(self, noun: str) -> Reply:
        return Reply(f"I see no {noun} in it.", 0.6)

    def _unfamiliar(self, noun: str) -> Reply:
        return Reply(f"{CANNOT_TELL}: I do not know what {article(noun)} looks like.", 0.0)

    def _sure(self, found: Sequence[Thing], noun: str) -> float:
        shares = [self._look.probability(thing, noun) for thing in found]
        return round(min(shares, default=0.6), 3)

    def _share(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        w, h = self._look.size
        return (
            round(box[0] / w, 4), round(box[1] / h, 4), round(box[2] / w, 4), round(box[3] / h, 4)
        )  # fmt: skip

    def _boxes(self, things: Sequence[Thing]) -> tuple[tuple[float, float, float, float], ...]:
        return tuple(self._share(thing.box) for thing in things)


def _unknown() -> Reply:
    asked = "how many, which colour, where, what is there, what it says, or whether something is so"
    return Reply(f"{CANNOT_TELL}: ask {asked}.", 0.0)


def _because(answer: Answer) -> str:
    if answer.question.kind == "object":
        return f"I see no {answer.question.noun}"
    said = answer.answer.removeprefix("no, ")
    question = answer.question
    if question.kind == "count":
        return f"I count {said}"
    if question.kind == "color":
        return f"the {question.noun} is {said}"
    return f"{question.words.rstrip('?').lower()}: {answer.answer}"
