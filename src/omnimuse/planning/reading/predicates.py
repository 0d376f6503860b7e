"""Which verbs of an English sentence ask for something, and which merely describe."""

from __future__ import annotations

from omnimuse.planning.reading.mending import LIGHT, SAYING
from omnimuse.planning.reading.phrases import lemma_of
from omnimuse.planning.reading.syntax import Sentence, Word

# Verbs that ask for something without saying what is to be done with it.
WANT = frozenset(
    ["want", "need", "like", "love", "wish", "require", "look", "hope", "prefer", "plan", "aim",
     "desire"]
)  # fmt: skip
GET = frozenset(
    ["get", "give", "provide", "show", "see", "obtain", "receive", "have", "know", "help",
     "assist", "bring", "hand"]
)  # fmt: skip
EMPTY = frozenset(
    ["be", "do", "use", "let", "go", "start", "try", "save", "call", "name", "contain",
     "include", "attach", "ensure", "proceed", "complete", "finish", "begin", "work", "base",
     "accord", "store", "title", "consist", "say", "regard", "upload", "share", "think",
     "feature", "mean", "relate", "associate", "require", "mention", "follow", "involve"]
)  # fmt: skip
DESCRIBING = frozenset(
    ["call", "name", "title", "base", "write", "give", "provide", "attach", "take", "make",
     "generate", "create", "find", "relate", "use", "locate", "entitle", "label", "contain",
     "show", "depict", "inspire", "represent", "follow", "illustrate", "express"]
)  # fmt: skip
HOLLOW = frozenset(
    ["help", "output", "result", "assistance", "information"]
)  # fmt: skip
PURPOSE = frozenset(
    ["xcomp", "ccomp", "advcl", "pcomp", "conj", "ROOT", "acl", "relcl", "dep", "parataxis"]
)  # fmt: skip
JOINING = frozenset(
    ["with", "over", "against", "under", "underneath", "alongside", "to", "behind", "beneath"]
)  # fmt: skip
FIRST = frozenset(
    ["by", "after"]
)  # fmt: skip


class PredicateFinder:
    """Finds the predicates that the user asks for.

    Args:
        span: a parsed sentence.
        opener: a word that is known to ask for something, whatever the parser took it for.
    """

    def __init__(self, span: Sentence, opener: Word | None = None) -> None:
        self.span, self._opener = span, opener
        self.predicates = [token for token in span.words if self._is_predicate(token)]
        self._heads = {token.i for token in self.predicates}

    def _is_predicate(self, token: Word) -> bool:
        if token is self._opener:
            return True
        lemma = lemma_of(token)
        if self._opener is not None and not self._is_second_wish(token):
            return False
        if token.pos_ not in ("VERB", "AUX") and not self._is_hidden_verb(token):
            return False
        if is_question(token):
            return False
        if token.dep_ in ("aux", "auxpass", "amod", "compound", "prep", "case", "mark", "prt"):
            return False
        if is_caused(token) or is_manner(token):
            return False
        if lemma == "have" and token.tag_ == "VBG":
            return False  # "a family having a picnic" is described
        if lemma == "be" or (lemma in EMPTY and not is_spoken(token)):
            return False
        if lemma in WANT | GET:
            return self._is_requested(token) and self._has_object(token)
        return self._is_requested(token)

    def _is_second_wish(self, token: Word) -> bool:
        """In a clause that was cut out, only the way it is done: "sharpen it by enlarging it"."""
        opener = self._opener
        if opener is not None and lemma_of(opener) in WANT | GET | {"let", "use", "help"}:
            return True
        is_way = token.dep_ == "pcomp" and token.head.lower_ in ("by", "after", "before")
        has_object = any(c.dep_ in ("dobj", "prt") or c.tag_ == "RP" for c in token.children)
        return has_object and (is_way or token.dep_ == "conj")

    def _is_hidden_verb(self, token: Word) -> bool:
        """A noun by its tag, a verb by its place: "..., crop it, ..."."""
        return (token.dep_ in ("ROOT", "conj") and token.tag_ in ("VB", "VBP")) or (
            token.dep_ == "ROOT"
            and token.pos_ in ("NOUN", "PROPN", "ADJ")
            and any(child.dep_ == "dobj" for child in token.children)
            and not any(c.i < token.i and c.tag_ in ("NN", "NNS", "JJ") for c in token.children)
        )

    def _has_object(self, token: Word) -> bool:
        if lemma_of(token) == "have" and not is_complement(token):
            return True
        if any(is_question(c) for c in token.children):
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
        if token.dep_ not in PURPOSE or _is_stranding(token):
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
                and lemma not in DESCRIBING
                and parent.dep_ == "dobj"
                and lemma_of(parent.head) in WANT | {"have", "get"}
                and (is_complement(parent.head) or lemma_of(parent.head) in WANT)
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


def is_caused(token: Word) -> bool:
    """Such as "make it look like ...": one wish, said with two verbs."""
    is_complement = token.dep_ == "ccomp" and token.tag_ in ("VB", "VBP")
    has_subject = any(c.dep_ == "nsubj" for c in token.children)
    return is_complement and has_subject and lemma_of(token.head) in LIGHT


def is_manner(token: Word) -> bool:
    """Such as "film it turning": how the object is, not a further wish."""
    if token.tag_ != "VBG" or token.dep_ not in ("advcl", "ccomp", "xcomp", "acl", "dep"):
        return False
    has_object = any(c.dep_ in ("dobj", "attr") for c in token.children)
    is_led = any(c.dep_ in ("mark", "prep") and c.i < token.i for c in token.children)
    things = [c for c in token.head.children if c.dep_ == "dobj" and c.pos_ == "PRON"]
    things += [c for c in token.children if c.dep_ == "nsubj" and c.pos_ == "PRON"]
    return not has_object and not is_led and any(c.i == token.i - 1 for c in things)


def is_spoken(token: Word) -> bool:
    """Such as "Say 'hello'": a request to speak, where "the sign says" tells."""
    is_free = token.tag_ in ("VB", "VBP") and not any(c.dep_ == "nsubj" for c in token.children)
    return lemma_of(token) in SAYING and is_free


def is_question(token: Word) -> bool:
    """The clause of "I want to know what is in the picture": asked for as a whole."""
    if token.dep_ in ("ccomp", "dobj") and any(
        c.tag_ == "WP" and c.dep_ in ("nsubj", "nsubjpass") for c in token.children
    ):
        return True  # "transcribe what is left"
    return (
        token.dep_ in ("ccomp", "advcl")
        and lemma_of(token.head)
        in GET | {"tell", "determine", "identify", "understand", "find", "check"}
        and any(
            w.tag_ in ("WP", "WRB", "WDT", "WP$") or w.lower_ in ("if", "whether")
            for w in token.subtree[:3]
        )
    )


def is_addressee(token: Word) -> bool:
    """Such as "Help me ...": nobody needs that said to find a tool."""
    if token.lower_ in ("me", "us"):
        return True
    return lemma_of(token) == "help" and token.pos_ in ("VERB", "NOUN")


def is_past(token: Word) -> bool:
    """Such as "the summarized text": what was done before, not what is to be done."""
    return (
        token.dep_ == "amod"
        and (token.tag_ in ("VBN", "VBD") or token.lower_ in ("resulting", "following", "given"))
        and any(c.lower_ in ("the", "this", "that", "these", "those") for c in token.head.children)
    )


def is_complement(token: Word) -> bool:
    """Such as "I would like to have ..." asks; "I have ..." tells."""
    return token.dep_ in ("xcomp", "ccomp", "advcl") and lemma_of(token.head) in WANT | {"let"}


def in_order_of_doing(predicates: list[Word]) -> list[Word]:
    """As written, but what comes "by" or "after" doing is done before."""
    result = list(predicates)
    for token in predicates:
        if token.dep_ == "pcomp" and token.head.lower_ in FIRST:
            group = [p for p in predicates if p == token or token.is_ancestor(p)]
            above = next((p for p in reversed(result) if p.is_ancestor(token)), None)
            if above is None:
                continue
            for member in group:
                result.remove(member)
            at = result.index(above)
            result[at:at] = group
    return result


def _is_stranding(token: Word) -> bool:
    """Such as "waves to fall asleep to": a preposition without its noun means one said before."""
    if token.dep_ == "ROOT" or not any(
        c.lower_ == "to" and c.dep_ == "aux" for c in token.children
    ):
        return False
    last = token.subtree[-1] if token.subtree else token
    return last.tag_ == "IN" and last.dep_ == "prep" and not last.children
