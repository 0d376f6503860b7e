"""What a request asks for, as data: the decomposer's output and the search's input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NEW, KNOWN, PRONOUN, LITERAL = "new", "known", "pronoun", "literal"


@dataclass(frozen=True)
class Literal:
    """A piece of the request that is not prose: a quotation, a file name or an address.

    Attributes:
        token: what stands for it in the masked text.
        value: the piece itself, without quotation marks.
        kind: kind of media it is or points at; `text` for a quotation.
        type: `quote`, `file` or `url`.
    """

    token: str
    value: str
    kind: str
    type: str


@dataclass(frozen=True)
class Mention:
    """A noun phrase in a step.

    Attributes:
        text: its words, as the user wrote them.
        head: lemma of its head noun.
        role: `object`, `subject`, or the preposition before it (`with`, `into`, `of`, ...).
        status: `new` (a picture), `known` (the picture), `pronoun` (it) or `literal` (a file).
        kind: kind of media that the noun names, empty if it names none.
        count: how many; 0 if plural without a number.
        modifiers: lemmas of the words around the head; "translated" in "the translated text".
        literals: quotations, files and addresses inside it.
        start: where it stands in the request.
        is_output: it names what the step makes, not what it takes.
        is_each: it stands for every one of several things.
        is_wrought: it is called by what was done to it: "the enhanced audio".
    """

    text: str
    head: str
    role: str
    status: str
    kind: str = ""
    count: int = 1
    modifiers: tuple[str, ...] = ()
    literals: tuple[Literal, ...] = ()
    start: int = 0
    is_output: bool = False
    is_each: bool = False
    is_wrought: bool = False


@dataclass(frozen=True)
class Step:
    """One thing to be done.

    Attributes:
        text: the clause, as the user wrote it.
        query: the clause as it is shown to the tool index (English, literals by their nouns).
        verb: lemma of its verb; empty if it is a bare noun phrase ("with a piano tune").
        content: what the thing is about, for tools that take a description.
        mentions: its noun phrases in order.
        wanted: kind of media to come out, empty if not said.
        joins: index of the step whose result this one accompanies ("over a piano tune"), or -1.
        is_firm: it must be done; a step that is not firm may be only talk.
        start: where it stands in the request.
    """

    text: str
    query: str
    verb: str
    content: str = ""
    mentions: tuple[Mention, ...] = ()
    wanted: str = ""
    joins: int = -1
    is_firm: bool = True
    start: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Intent:
    """The whole request: its steps in the order of doing, and its literals.

    Attributes:
        prompt: the request, as the user wrote it.
        language: `en` or `zh`.
        steps: what is to be done.
        literals: its quotations, files and addresses.
        given: things that it only says are there.
        masked: the prompt with a token for each literal; `start` of steps and mentions counts here.
    """

    prompt: str
    language: str
    steps: tuple[Step, ...]
    literals: tuple[Literal, ...] = ()
    given: tuple[Mention, ...] = ()
    masked: str = ""
