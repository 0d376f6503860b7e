"""English requests into steps, by dependency parse.

A step is a predicate that the user asks for: an imperative, a complement of "I want" or "please",
a purpose, or a thing that is wanted ("I need a summary"). What merely describes ("a file that
contains speech") is not one. Each step keeps its noun phrases with their roles, so that the search
can see what goes in and what comes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from omnimuse.backends.base import Parser
from omnimuse.planning.intent import Intent, Mention, Step
from omnimuse.planning.masking import Masked, mask
from omnimuse.planning.phrases import ADDING, content_of, find_mentions, lemma_of
from omnimuse.planning.resources import related
from omnimuse.planning.syntax import Sentence, Word, build_sentences
from omnimuse.planning.vocabulary import kind_made_by

# Verbs that ask for something without saying what is to be done with it.
WANT = frozenset(
    [
        "want",
        "need",
        "like",
        "love",
        "wish",
        "require",
        "look",
        "hope",
        "prefer",
        "plan",
        "aim",
        "desire",
    ]
)
GET = frozenset(
    [
        "get",
        "give",
        "provide",
        "show",
        "see",
        "obtain",
        "receive",
        "have",
        "know",
        "help",
        "assist",
        "bring",
        "hand",
    ]
)
EMPTY = frozenset(
    [
        "be",
        "do",
        "use",
        "let",
        "go",
        "start",
        "try",
        "save",
        "call",
        "name",
        "contain",
        "include",
        "attach",
        "ensure",
        "proceed",
        "complete",
        "finish",
        "begin",
        "work",
        "base",
        "accord",
        "store",
        "title",
        "consist",
        "say",
        "regard",
        "upload",
        "share",
        "think",
        "feature",
        "mean",
        "relate",
        "associate",
        "require",
        "mention",
        "follow",
        "involve",
    ]
)
_DESCRIBING = frozenset(
    [
        "call",
        "name",
        "title",
        "base",
        "write",
        "give",
        "provide",
        "attach",
        "take",
        "make",
        "generate",
        "create",
        "find",
        "relate",
        "use",
        "locate",
        "entitle",
        "label",
        "contain",
        "show",
        "depict",
        "inspire",
        "represent",
        "follow",
        "illustrate",
        "express",
    ]
)
_HOLLOW = frozenset(["help", "output", "result", "assistance", "information"])
_PURPOSE = frozenset(
    ["xcomp", "ccomp", "advcl", "pcomp", "conj", "ROOT", "acl", "relcl", "dep", "parataxis"]
)
_JOINING = frozenset(
    ["with", "over", "against", "under", "underneath", "alongside", "to", "behind", "beneath"]
)
_FIRST = frozenset(["by", "after"])


class EnglishDecomposer:
    """Splits English requests with a dependency parser.

    Args:
        parser: the model of role `token-classification`.
    """

    def __init__(self, parser: Parser) -> None:
        self._parser = parser

    def decompose(self, prompt: str) -> Intent:
        """The steps of a request, in the order of doing."""
        masked = mask(prompt)
        steps: list[Step] = []
        given: list[Mention] = []
        for sentence, base in self._sentences(masked.text):
            found, known = _Sentence(sentence, masked, base, len(steps)).read()
            steps.extend(_without_umbrellas(found, len(steps)))
            given.extend(known)
        return Intent(prompt, "en", tuple(steps), masked.literals, tuple(given))

    def _sentences(self, text: str) -> Iterator[tuple[Sentence, int]]:
        """Sentences, each with what to add to its offsets.

        Those that open with a verb read as a noun are read again after "Please".
        """
        for sentence in self._parse(text):
            words = [word for word in sentence if word.pos_ != "SPACE"]
            if not words:
                continue
            if _opens_with_hidden_verb(words):
                first = words[0]
                rest = sentence.text[first.idx - sentence.start :]
                again = self._parse("Please " + rest[:1].lower() + rest[1:])
                if len(again) == 1:
                    yield again[0], first.idx - len("Please ")
                    continue
            yield sentence, 0

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


def _opens_with_hidden_verb(words: list[Word]) -> bool:
    first = words[0]
    if len(words) < 2 or first.pos_ in ("VERB", "AUX", "PRON", "DET", "INTJ", "NUM", "PUNCT"):
        return False
    if first.pos_ in ("ADP", "SCONJ", "CCONJ", "PART") and first.tag_ != "IN":
        return False
    return words[1].pos_ in ("DET", "PRON", "NUM", "ADP", "PROPN", "ADJ", "NOUN") and (
        first.pos_ in ("NOUN", "PROPN", "ADJ", "X") and first.dep_ not in ("nsubj", "nsubjpass")
    )


class _Sentence:
    """One parsed sentence being read."""

    def __init__(self, span: Sentence, masked: Masked, shift: int, index: int) -> None:
        self.span, self.masked, self.index, self.shift = span, masked, index, shift
        self.predicates = [token for token in span.words if self._is_predicate(token)]
        self._heads = {token.i for token in self.predicates}

    def read(self) -> tuple[list[Step], list[Mention]]:
        """Steps in the order of doing, and things that the sentence says are there."""
        steps: list[Step] = []
        given: list[Mention] = []
        for token in _order(self.predicates):
            tokens = self._own_tokens(token)
            mentions = find_mentions(token, tokens, self.masked, self.shift)
            if token.lemma_.lower() == "have" and not _is_complement(token):
                given.extend(
                    m
                    for m in mentions
                    if m.role == "object" and not _is_inside(m, token, self.shift)
                )
                continue
            steps.extend(self._steps_of(token, tokens, mentions, len(steps)))
        if not steps and not given and not self.predicates:
            steps.extend(self._bare())
        return steps, given

    def _bare(self) -> list[Step]:
        """A sentence without a request: a thing that is wanted ("a haiku on snow"), a question."""
        root = next((w for w in self.span if w.head == w), None)
        words = [w for w in self.span if w.pos_ not in ("PUNCT", "SPACE", "INTJ")]
        if root is None or len(words) < 2:
            return []
        asks = self.span.text.rstrip().endswith("?") and words[0].tag_ in (
            "WP",
            "WRB",
            "WDT",
            "WP$",
        )
        if root.pos_ not in ("NOUN", "PROPN") and not asks:
            return []
        mentions = find_mentions(Word(-1, "", "", "", "", -1, ""), words, self.masked, self.shift)
        if not asks and mentions:  # "a lake with plants around it": "it" is the lake
            mentions = [m for m in mentions if m.status != "pronoun"] or mentions
            mentions[0] = replace(mentions[0], is_output=bool(mentions[0].kind))
        step = self._step(None, self._text(words), mentions, True)
        is_plain = not asks and not step.wanted and not any(m.literals for m in mentions)
        return [replace(step, details={"bare": True}) if is_plain else step]

    # predicates -----------------------------------------------------------------------------

    def _is_predicate(self, token: Word) -> bool:
        lemma = lemma_of(token)
        if token.pos_ not in ("VERB", "AUX") and not self._is_hidden_verb(token):
            return False
        if _is_question(token):
            return False
        if token.dep_ in ("aux", "auxpass", "amod", "compound", "prep", "case", "mark", "prt"):
            return False
        if lemma == "be" or lemma in EMPTY:
            return False
        if lemma in WANT | GET:
            return self._is_requested(token) and self._has_object(token)
        return self._is_requested(token)

    def _is_hidden_verb(self, token: Word) -> bool:
        """A noun by its tag, a verb by its place: "..., crop it, ..."."""
        return (token.dep_ in ("ROOT", "conj") and token.tag_ in ("VB", "VBP")) or (
            token.dep_ == "ROOT"
            and token.pos_ in ("NOUN", "PROPN", "ADJ")
            and any(child.dep_ == "dobj" for child in token.children)
        )

    def _has_object(self, token: Word) -> bool:
        if lemma_of(token) == "have" and not _is_complement(token):
            return True
        if any(_is_question(c) for c in token.children):
            return True
        if any(c.dep_ in ("xcomp", "ccomp") and c.pos_ == "VERB" for c in token.children):
            return False
        things = [c for c in token.children if c.dep_ in ("dobj", "attr", "oprd")]
        things += [
            g
            for c in token.children
            if c.dep_ == "prep" and lemma_of(token) == "look"
            for g in c.children
            if g.dep_ == "pobj"
        ]
        if any(thing.pos_ == "PRON" for thing in things) and lemma_of(token) in ("show", "bring"):
            return any(c.dep_ == "prep" for c in token.children)
        return any(thing.pos_ != "PRON" for thing in things)

    def _acts_on_pronoun(self, token: Word) -> bool:
        """Such as "Show it from all sides" is done to it; "show me a cat" wants a cat."""
        return lemma_of(token) in GET and any(
            c.dep_ == "dobj" and c.pos_ == "PRON" for c in token.children
        )

    def _is_requested(self, token: Word) -> bool:
        """Whether the user asks for this, rather than describing with it."""
        if token.dep_ not in _PURPOSE:
            return False
        subjects = [c for c in token.children if c.dep_ in ("nsubj", "nsubjpass", "csubj")]
        modal = any(
            c.dep_ in ("aux", "auxpass")
            and c.lemma_ in ("should", "must", "shall", "will", "can", "could", "would")
            for c in token.children
        )
        lemma, parent = lemma_of(token), token.head
        if token.dep_ in ("ROOT", "parataxis", "dep"):
            return self._is_root_request(token, subjects, modal)
        if token.dep_ == "conj":
            if subjects:
                return self._is_root_request(token, subjects, modal)
            if token.tag_ in ("VBD", "VBZ") and token.lower_ != lemma:
                return False
            return self._leads(parent) or (token.tag_ == "VB" and parent.dep_ != "relcl")
        if token.dep_ == "relcl":
            return bool(subjects) and lemma in WANT
        if token.dep_ == "acl":
            if token.tag_ == "VB" or any(
                c.lower_ == "to" and c.dep_ == "aux" for c in token.children
            ):
                return self._leads(parent.head) if parent.pos_ in ("NOUN", "PROPN") else True
            return (
                token.tag_ == "VBN"
                and lemma not in _DESCRIBING
                and parent.dep_ == "dobj"
                and lemma_of(parent.head) in WANT | {"have", "get"}
                and (_is_complement(parent.head) or lemma_of(parent.head) in WANT)
            )
        if token.dep_ == "advcl" and any(
            c.dep_ in ("mark", "advmod")
            and c.lower_ in ("if", "because", "since", "when", "once", "as", "while", "although")
            for c in token.children
        ):
            return False
        if token.dep_ == "pcomp" and parent.lower_ in ("of", "about"):
            return False
        hangs_on_noun = token.head.head.pos_ in ("NOUN", "PROPN")
        if token.dep_ == "pcomp" and parent.lower_ in ("for", "in", "on", "with") and hangs_on_noun:
            return False
        return self._leads(self._verb_above(token))

    def _is_root_request(self, token: Word, subjects: list[Word], modal: bool) -> bool:
        lemma = lemma_of(token)
        if lemma in WANT:
            return True
        if not subjects:
            return (
                token.tag_ in ("VB", "VBP", "NN", "NNP", "JJ", "NNS", "VBG", "NNPS")
                or (token.tag_ in ("VBD", "VBN") and token == self.span.words[0])
                or any(c.lower_ == "please" for c in token.children)
            )
        who = subjects[0].lower_
        if who == "you" or modal:
            return True
        if who in ("i", "we"):
            return lemma == "have"
        return False

    def _leads(self, verb: Word) -> bool:
        """Whether a verb passes the user's wish on to its complement."""
        if verb is None:
            return False
        lemma = lemma_of(verb)
        if lemma in WANT | GET | {"be", "let", "ask", "use", "proceed", "go", "start", "try"}:
            if verb.dep_ == "relcl" and lemma not in WANT:
                return False
            return (
                lemma not in ("have", "be", "use")
                or verb.dep_ == "ROOT"
                or self._is_requested(verb)
            )
        return self._is_requested(verb)

    def _verb_above(self, token: Word) -> Word:
        node = token.head
        while node.pos_ not in ("VERB", "AUX") and node.head != node:
            if node.dep_ == "ROOT":
                break
            node = node.head
        return node

    # steps ------------------------------------------------------------------------------------

    def _own_tokens(self, token: Word) -> list[Word]:
        """The tokens of a predicate without those of the predicates inside it."""
        inner: set[int] = set()
        for other in self.predicates:
            if other != token and token.is_ancestor(other):
                inner.update(t.i for t in other.subtree)
        words = [t for t in token.subtree if t.i not in inner]
        while words and (
            words[-1].pos_ in ("PUNCT", "CCONJ", "SPACE")
            or words[-1].lower_ in ("then", "finally", "by", "after")
        ):
            words.pop()
        return words

    def _steps_of(
        self, token: Word, tokens: list[Word], mentions: list[Mention], offset: int
    ) -> list[Step]:
        lemma = lemma_of(token)
        is_nominal = lemma in WANT | GET and not self._acts_on_pronoun(token)
        if is_nominal and mentions and mentions[0].head in _HOLLOW:
            return []
        drop = {"please", "then", "finally", "also", "next", "afterwards", "lastly", "first", "now"}
        words = [t for t in tokens if t.lower_ not in drop and t.dep_ not in ("aux", "cc", "mark")]
        if is_nominal:
            words = [
                t
                for t in words
                if t.i != token.i and not (t.head == token and t.dep_ in ("nsubj", "dative"))
            ]
        else:
            words = [t for t in words if not (t.dep_ == "nsubj" and t.lower_ in ("i", "you", "we"))]
        words = [t for t in words if not _is_past(t) and not _is_addressee(t)]
        made = {m.kind for m in mentions if m.is_output}
        extras = [m for m in mentions if self._is_joined(m, token, made)]
        parts = self._split_objects(mentions, is_nominal)
        text = self._text(words)
        wanted_parts: list[Mention | None] = [*parts] or [None]
        steps = []
        for part in wanted_parts:
            own = [
                m
                for m in mentions
                if m not in extras
                and (
                    part is None
                    or m is part
                    or (m not in parts and (not is_nominal or m.text in part.text))
                )
            ]
            clause = (
                text if part is None else part.text if is_nominal else f"{token.text} {part.text}"
            )
            for extra in extras:
                clause = clause.replace(extra.text, "").strip()
            steps.append(self._step(token, clause, own, is_nominal))
        style = next((m for m in mentions if m.head == "style" and m.role in ("in", "with")), None)
        if style is not None and not is_nominal:
            steps.append(self._adjunct(style, steps[-1]))
        if not is_nominal:
            steps.extend(self._wrought(token, steps[-1]))
        for extra in extras:
            joined = self._step(
                None, extra.text, [replace(extra, role="object", is_output=True)], True
            )
            steps.append(replace(joined, joins=self.index + offset + len(wanted_parts) - 1))
        return steps

    def _step(
        self, token: Word | None, clause: str, mentions: list[Mention], is_nominal: bool
    ) -> Step:
        outputs = [m for m in mentions if m.is_output and m.kind]
        wanted = next((m.kind for m in reversed(outputs) if m.role in ("into", "as", "to")), "")
        wanted = wanted or next((m.kind for m in outputs), "") or _taken_out(mentions, token)
        if not wanted and token is not None and not is_nominal and _is_making(mentions):
            wanted = kind_made_by(lemma_of(token))
        ways = self._ways(token) if token is not None else 0
        weak = is_nominal and token is not None and any(m.status != "new" for m in mentions[:1])
        return Step(
            text=self.masked.unmask(clause),
            query=self.masked.speak(clause),
            verb="" if token is None or is_nominal else lemma_of(token),
            content=self.masked.unmask(content_of(clause, None if is_nominal else token)),
            mentions=tuple(mentions),
            wanted=wanted,
            is_firm=not ways and not weak,
            start=(token.idx + self.shift) if token is not None else mentions[0].start,
            details={"umbrella": ways} if ways else {},
        )

    def _wrought(self, token: Word, main: Step) -> list[Step]:
        """Such as "Create a stabilized video": what the participle says is done to what is made."""
        found = []
        for noun in self._own_tokens(token):
            if noun.pos_ not in ("NOUN", "PROPN") or noun.dep_ not in ("dobj", "pobj"):
                continue
            mention = next((m for m in main.mentions if m.start == noun.idx + self.shift), None)
            if mention is None or not mention.is_output:
                continue
            for child in noun.children:
                if child.dep_ == "amod" and child.tag_ == "VBN" and child.i < noun.i:
                    said = f"{lemma_of(child)} the {mention.head if mention.kind else 'result'}"
                    pointer = Mention("it", "it", "object", "pronoun", start=mention.start)
                    found.append(
                        Step(
                            text=said,
                            query=said,
                            verb=lemma_of(child),
                            mentions=(pointer,),
                            is_firm=False,
                            start=mention.start,
                            details={"adjunct": True},
                        )
                    )
        return found

    def _adjunct(self, style: Mention, main: Step) -> Step:
        """Such as "in the style of an old painting": to be done to what the step made."""
        said = f"{style.role} {style.text}"
        pointer = Mention("it", "it", "object", "pronoun", start=style.start)
        return Step(
            text=said,
            query=said,
            verb="",
            content=style.text,
            mentions=(pointer, *(m for m in main.mentions if m.literals and m.start > style.start)),
            is_firm=False,
            start=style.start,
            details={"adjunct": "style"},
        )

    def _ways(self, token: Word) -> int:
        """How many things are named by which this is done: "by joining the clips"."""
        found = [
            grandchild
            for child in token.children
            if child.dep_ == "prep" and child.lower_ == "by"
            for grandchild in child.children
            if grandchild.dep_ == "pcomp" and grandchild.i in self._heads
        ]
        return sum(1 + sum(p != w and w.is_ancestor(p) for p in self.predicates) for w in found)

    def _is_joined(self, mention: Mention, token: Word, made: set[str]) -> bool:
        """A thing that is new, a medium, and only goes along: "over a calm piano tune"."""
        return (
            mention.role in _JOINING
            and mention.status == "new"
            and bool(mention.kind)
            and mention.head != "style"
            and not mention.is_output
            and mention.kind not in ("text", "url", "image")
            and lemma_of(token) not in WANT
            and not any(related(mention.kind, kind) for kind in made)
        )

    @staticmethod
    def _split_objects(mentions: list[Mention], is_nominal: bool) -> list[Mention]:
        """Several new things of several kinds under one verb: each becomes a step."""
        things = [m for m in mentions if m.role == "object" and m.status == "new" and m.kind]
        if is_nominal and len({m.kind for m in things}) < 2:
            wanted = [m for m in mentions if m.role == "object" and m.status == "new"]
            return wanted if len(wanted) > 1 and all(" " in m.text for m in wanted) else []
        return things if len({m.kind for m in things}) > 1 else []

    def _text(self, tokens: list[Word]) -> str:
        return "".join(t.text_with_ws for t in tokens).strip(" ,.;:!?")


def _is_question(token: Word) -> bool:
    """The clause of "I want to know what is in the picture": asked for as a whole."""
    return (
        token.dep_ in ("ccomp", "advcl")
        and lemma_of(token.head)
        in GET | {"tell", "determine", "identify", "understand", "find", "check"}
        and any(
            w.tag_ in ("WP", "WRB", "WDT", "WP$") or w.lower_ in ("if", "whether")
            for w in token.subtree[:3]
        )
    )


def _is_inside(mention: Mention, verb: Word, shift: int) -> bool:
    """Whether a noun belongs to a clause about what one has, not to what one has."""
    token = next((w for w in verb.subtree if w.idx + shift == mention.start), None)
    while token is not None and token != verb:
        if token.dep_ in ("relcl", "acl", "advcl", "ccomp", "pcomp"):
            return True
        token = token.head
    return False


def _is_making(mentions: list[Mention]) -> bool:
    """Nothing of any medium is there to be worked on: "draw two cats", "paint it"."""
    return not any(m.kind or m.literals for m in mentions)


def _taken_out(mentions: list[Mention], verb: Word | None) -> str:
    """Such as "The text from this image": what comes out is named before what it comes from."""
    source = next((m for m in mentions if m.role == "from" and m.kind), None)
    thing = next((m for m in mentions if m.role == "object" and m.kind and not m.literals), None)
    if source is None or thing is None or related(source.kind, thing.kind):
        return ""
    if verb is not None and lemma_of(verb) in ADDING:
        return ""
    return thing.kind


def _is_addressee(token: Word) -> bool:
    """Such as "Help me ...": nobody needs that said to find a tool."""
    if token.lower_ in ("me", "us"):
        return True
    return lemma_of(token) == "help" and token.pos_ in ("VERB", "NOUN")


def _is_past(token: Word) -> bool:
    """Such as "the summarized text": what was done before, not what is to be done."""
    return (
        token.dep_ == "amod"
        and (token.tag_ in ("VBN", "VBD") or token.lower_ in ("resulting", "following", "given"))
        and any(c.lower_ in ("the", "this", "that", "these", "those") for c in token.head.children)
    )


def _is_complement(token: Word) -> bool:
    """Such as "I would like to have ..." asks; "I have ..." tells."""
    return token.dep_ in ("xcomp", "ccomp", "advcl") and lemma_of(token.head) in WANT | {"let"}


def _order(predicates: list[Word]) -> list[Word]:
    """As written, but what comes "by" or "after" doing is done before."""
    result = list(predicates)
    for token in predicates:
        if token.dep_ == "pcomp" and token.head.lower_ in _FIRST:
            group = [p for p in predicates if p == token or token.is_ancestor(p)]
            above = next((p for p in reversed(result) if p.is_ancestor(token)), None)
            if above is None:
                continue
            for member in group:
                result.remove(member)
            at = result.index(above)
            result[at:at] = group
    return result
