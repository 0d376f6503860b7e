"""English requests into steps, by dependency parse.

A step is a predicate that the user asks for: an imperative, a complement of "I want" or "please",
a purpose, or a thing that is wanted ("I need a summary"). What merely describes ("a file that
contains speech") is not one. Each step keeps its noun phrases with their roles, so that the search
can see what goes in and what comes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from omnimuse.backends.base import Parser
from omnimuse.planning.intent import Intent, Mention, Step
from omnimuse.planning.reading.bare import merged
from omnimuse.planning.reading.causatives import said_actively
from omnimuse.planning.reading.clauses import clauses
from omnimuse.planning.reading.enumerations import chosen, listed, parted
from omnimuse.planning.reading.masking import Masked, mask
from omnimuse.planning.reading.mending import (
    hidden_imperatives,
    opens_object,
    said_first,
    said_plainly,
    trim_clause,
)
from omnimuse.planning.reading.remarks import keep_with
from omnimuse.planning.reading.sentences import SentenceReader, with_more
from omnimuse.planning.reading.statements import said_as_requests
from omnimuse.planning.reading.syntax import Sentence, Word, build_sentences, opened_by
from omnimuse.planning.reading.values import in_common_colours, is_measure


class EnglishDecomposer:
    """Splits English requests with a dependency parser.

    Args:
        parser: the model of role `token-classification`.
        openers: verbs with which requests to the tools begin; where one opens a clause that the
            parser overlooked, the sentence is read again in pieces.
        verbs: those of them at which a request is cut before it is parsed; none over foreign tools.
        given: kinds of the attachments, if things that are only described may be made; a plan
            over foreign tools (None) takes them as given.
    """

    def __init__(
        self,
        parser: Parser,
        *,
        openers: frozenset[str] = frozenset(),
        verbs: frozenset[str] = frozenset(),
        given: frozenset[str] | None = None,
    ) -> None:
        self._parser, self._openers, self._given = parser, openers, given
        self._verbs = verbs

    def decompose(self, prompt: str, masked: Masked | None = None) -> Intent:
        """The steps of a request, in the order of doing; `masked` if it was masked already."""
        masked = masked or mask(prompt)
        steps: list[Step] = []
        asides: list[Step] = []
        given: list[Mention] = []
        for sentence, base, opener in self._pieces(masked.text):
            reader = SentenceReader(
                sentence, masked, base, len(steps), given=self._given, opener=opener
            )
            found, known = reader.read()
            if steps and len(found) == 1 and is_measure(found[0].text):
                steps[-1] = with_more(steps[-1], found[0].text)
                continue
            if any(step.details.get("talk") for step in found):
                asides.extend(found)
                continue
            steps.extend(_without_umbrellas(found, len(steps)))
            given.extend(known)
        steps = steps or merged(asides, masked)
        if self._given is not None:
            steps = [replace(step, query=in_common_colours(step.query)) for step in steps]
            steps = listed(parted(chosen(keep_with(steps))))
        return Intent(prompt, "en", tuple(steps), masked.literals, tuple(given), masked=masked.text)

    def _pieces(self, text: str) -> Iterator[tuple[Sentence, int, Word | None]]:
        """What is to be read, each with what to add to its offsets and the verb that opens it."""
        if not self._verbs:
            yield from ((sentence, base, None) for sentence, base in self._sentences(text))
            return
        text = said_actively(said_as_requests(text, self._verbs), self._verbs)
        for clause in clauses(said_plainly(text), self._verbs):
            said = clause.text
            if not clause.opens:
                yield from ((s, base, None) for s, base in self._sentences(said, clause.start))
                continue
            lead = "Please "
            found = self._parse(f"{lead}{said[:1].lower()}{said[1:]}")
            for number, sentence in enumerate(found):
                opener = opened_by(sentence, len(lead)) if not number else None
                yield sentence, clause.start - len(lead), opener

    def _sentences(self, text: str, shift: int = 0) -> Iterator[tuple[Sentence, int]]:
        """Sentences, each with what to add to its offsets.

        Those that open with a verb read as a noun are read again after "Please"; those that hide
        an imperative after a comma or "and" are read again in pieces.
        """
        if self._given is not None:
            text = said_first(said_plainly(text), self._openers)
        for read in self._parse(text):
            sentence, more = self._opened(read)
            if all(word.pos_ == "SPACE" for word in sentence):
                continue
            offset = max(sentence.start, -more)
            cuts = [cut for cut in self._cuts(sentence) if cut > offset]
            if not cuts:
                yield sentence, shift + more
                continue
            edges = [offset, *cuts, sentence.start + len(sentence.text)]
            for start, end in pairwise(edges):
                piece = sentence.text[start - sentence.start : end - sentence.start]
                yield from self._sentences(trim_clause(piece), shift + more + start)

    def _opened(self, sentence: Sentence) -> tuple[Sentence, int]:
        """The sentence, read again after "Please" if it opens with a verb read as a noun."""
        words = [word for word in sentence if word.pos_ != "SPACE"]
        if not words:
            return sentence, 0
        is_known = words[0].lower_ in self._openers and opens_object(words, 1)
        is_verb = words[0].tag_ in ("VB", "VBP")
        is_hidden = _opens_with_hidden_verb(words) and (
            self._given is None  # "glass breaking" is no order to the tools
            or words[1].pos_ not in ("NOUN", "PROPN", "ADJ")
            or words[0].lower_ in self._openers
        )
        if is_hidden or (is_known and not is_verb):
            first = words[0]
            rest = sentence.text[first.idx - sentence.start :]
            again = self._parse("Please " + rest[:1].lower() + rest[1:])
            if len(again) == 1 and (words[1].tag_ != "IN" or _acts(again[0])):
                return again[0], first.idx - len("Please ")
        return sentence, 0

    def _cuts(self, sentence: Sentence) -> list[int]:
        """Where an imperative begins that the parser read as something else."""
        if not self._openers:
            return []
        read = {word.i for word in SentenceReader(sentence, mask(""), 0, 0).predicates}
        return hidden_imperatives(sentence.words, read, self._openers)

    def _parse(self, text: str) -> list[Sentence]:
        return build_sentences(text, self._parser.parse([text])[0])


def _without_umbrellas(steps: list[Step], base: int) -> list[Step]:
    """Such as "Make a film by joining the clips" is one thing, said as a whole and by its way."""
    kept: list[Step] = []
    for step in steps:
        if kept and _shares_object(kept[-1], step):
            kept[-1] = replace(
                step, query=f"{kept[-1].query} and {step.query}", start=kept[-1].start
            )
            continue
        if not step.details.get("umbrella") or not kept:
            kept.append(step)
            continue
        way = kept[-1]
        if step.details["umbrella"] == 1 and not way.wanted and way.joins < 0:
            kept[-1] = replace(way, query=f"{step.query} {way.query}", wanted=step.wanted)
    return kept


def _shares_object(first: Step, second: Step) -> bool:
    """Such as "Identify and label the objects": one thing, done to one object."""
    return (
        bool(first.verb and second.verb)
        and not first.mentions
        and " " not in first.query
        and not second.details
        and 0 < second.start - first.start <= len(first.query) + 6
    )


def _acts(sentence: Sentence) -> bool:
    """Whether its verb has an object or a particle: "rain on a roof" has none."""
    root = next(word for word in sentence if word.head == word)
    return any(c.dep_ in ("dobj", "prt") or c.tag_ == "RP" for c in root.children)


def _opens_with_hidden_verb(words: list[Word]) -> bool:
    first = words[0]
    if len(words) < 2 or first.pos_ in ("VERB", "AUX", "PRON", "DET", "INTJ", "NUM", "PUNCT"):
        return False
    if first.pos_ in ("ADP", "SCONJ", "CCONJ", "PART") and first.tag_ != "IN":
        return False
    return words[1].pos_ in ("DET", "PRON", "NUM", "ADP", "PROPN", "ADJ", "NOUN") and (
        first.pos_ in ("NOUN", "PROPN", "ADJ", "X") and first.dep_ not in ("nsubj", "nsubjpass")
    )
