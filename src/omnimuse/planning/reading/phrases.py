"""Noun phrases of a clause: what they name, how they point, how many they are."""

from __future__ import annotations

import re

from omnimuse.planning.intent import KNOWN, LITERAL, NEW, PRONOUN, Mention
from omnimuse.planning.reading.masking import Masked
from omnimuse.planning.reading.syntax import Word
from omnimuse.planning.reading.vocabulary import kind_of

_KNOWN_DETERMINERS = frozenset(
    [
        "the",
        "this",
        "that",
        "these",
        "those",
        "its",
        "his",
        "her",
        "their",
        "my",
        "our",
        "your",
        "both",
        "each",
        "every",
        "all",
    ]
)
_EACH = frozenset(["both", "each", "every", "all"])
_HEADS = frozenset(
    [
        "dobj",
        "pobj",
        "nsubj",
        "nsubjpass",
        "conj",
        "attr",
        "dative",
        "oprd",
        "ROOT",
        "appos",
        "npadvmod",
        "nmod",
        "dep",
    ]
)
_OUTPUT_ROLES = frozenset(["into", "as"])
# Verbs whose object is a part that is put to something else.
ADDING = frozenset(
    ["add", "apply", "put", "insert", "attach", "overlay", "place", "lay", "layer", "stick", "run",
     "drop", "underlay", "superimpose", "stamp"]
)  # fmt: skip
_NUMBERS = {
    w: n
    for n, w in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
}
_TOKEN = re.compile(r"[QFU]\d+x")
_ABOUT = re.compile(
    r"^(?:an?|the|some|\d+|two|three|four|five|six)?\s*(?:[\w'-]+\s+){0,4}?"
    r"(?:of|about|showing|depicting|with|featuring|that shows|representing|illustrating)\s+(.*)$"
)


def lemma_of(token: Word) -> str:
    """Lower-case lemma."""
    return str(token.lemma_).lower()


def number_of(word: str) -> int | None:
    """The number that a word says, None if none."""
    if word.isdigit() and len(word) < 5:
        return int(word)
    return _NUMBERS.get(word.lower())


def find_mentions(verb: Word, tokens: list[Word], masked: Masked, shift: int) -> list[Mention]:
    """The noun phrases among the tokens of a clause, in order."""
    inside = {t.i for t in tokens}
    found = []
    for token in tokens:
        is_noun = token.pos_ in ("NOUN", "PROPN", "PRON", "NUM", "X", "SYM") and token.i != verb.i
        is_noun = is_noun or (token.lower_ == "both" and token.dep_ in ("dobj", "pobj"))
        if not is_noun and not _TOKEN.fullmatch(token.text):
            continue
        if token.dep_ not in _HEADS and not _TOKEN.fullmatch(token.text):
            continue
        if token.dep_ in ("compound", "poss") and not _TOKEN.fullmatch(token.text):
            continue
        if (
            token.pos_ == "PRON"
            and token.lower_
            in ("i", "you", "we", "me", "us", "what", "who", "which", "there", "that")
            and token.dep_ != "dobj"
            and not (token.lower_ == "that" and token.dep_ == "pobj")
        ):
            continue
        if lemma_of(token.head) in ("call", "name", "title") and _TOKEN.fullmatch(token.text):
            continue
        if token.dep_ == "appos" and token.head.i in inside and _TOKEN.fullmatch(token.text):
            continue
        found.append(_mention(token, inside, masked, shift))
    return found


def _mention(token: Word, inside: set[int], masked: Masked, shift: int) -> Mention:
    left = [
        c for c in token.subtree if c.i < token.i and c.i in inside and _is_premodifier(c, token)
    ]
    names = [
        t
        for t in token.subtree
        if t.i in inside
        and _TOKEN.fullmatch(t.text)
        and (
            t == token
            or (
                t.dep_ in ("appos", "compound", "nmod", "dep", "nummod", "punct")
                and t.head == token
            )
            or (t.head == token and t.dep_ in ("acl", "npadvmod"))
            or (t.head.head == token and lemma_of(t.head) in ("call", "name", "title"))
        )
    ]
    literals = masked.find(" ".join(t.text for t in names))
    words = [t.text for t in left]
    head, modifiers = (
        lemma_of(token),
        tuple(lemma_of(t) for t in left if t.pos_ not in ("DET", "PUNCT")),
    )
    if _TOKEN.fullmatch(token.text):
        head = next((m for m in reversed(modifiers) if kind_of(m)), "file")
    said = "notes" if token.lower_ == "notes" else head  # one note is written, several are played
    kind = kind_of(said, modifiers) or (literals[0].kind if literals else "")
    determiners = {t.lower_ for t in left if t.pos_ in ("DET", "PRON")}
    status = _status(token, determiners, bool(literals))
    if status == KNOWN and kind and determiners == {"the"} and _is_described(token):
        status = NEW
    role = role_of(token)
    numbers = [n for t in left if t.head == token and (n := number_of(t.text)) is not None]
    plural = token.tag_ in ("NNS", "NNPS") or token.lower_ in ("them", "both", "these", "those")
    count = (
        numbers[0]
        if numbers
        else (2 if determiners & {"both"} or token.lower_ == "both" else 0 if plural else 1)
    )
    return Mention(
        text=masked.unmask(_phrase(token, inside, words)),
        head=head,
        role=role,
        status=status,
        kind=kind,
        count=count,
        modifiers=modifiers,
        literals=literals,
        start=token.idx + shift,
        is_output=_is_output(role, status, kind) and not (role == "object" and _is_added(token)),
        is_wrought=any(t.tag_ in ("VBN", "VBD") and t.head == token for t in left)
        and "the" in determiners,
        is_each=bool(determiners & _EACH) or token.lower_ == "both",
    )


def _is_output(role: str, status: str, kind: str) -> bool:
    if not kind:
        return False
    if role in _OUTPUT_ROLES:
        return True
    return (role in ("object", "attr") and status == NEW) or (role == "to" and status == NEW)


def _is_described(token: Word) -> bool:
    """Such as "the sound of the sea": definite because it says which; nothing there is meant."""
    return any(
        grandchild.dep_ == "pobj"
        and grandchild.pos_ != "PRON"
        and not kind_of(lemma_of(grandchild))
        and not _TOKEN.fullmatch(grandchild.text)
        for child in token.children
        if child.lower_ == "of"
        for grandchild in child.children
    )


def _is_added(token: Word) -> bool:
    """The object of "add", "apply", ...: a part that is put to something, not the result."""
    return lemma_of(token.head) in ADDING


def _is_premodifier(token: Word, head: Word) -> bool:
    node = token
    while node.head != head:
        if node.dep_ not in (
            "compound",
            "amod",
            "nummod",
            "advmod",
            "punct",
            "npadvmod",
            "quantmod",
            "conj",
            "cc",
            "det",
            "poss",
            "case",
            "nmod",
        ):
            return False
        node = node.head
        if node.head == node:
            return False
    return node.dep_ in (
        "compound",
        "amod",
        "nummod",
        "det",
        "poss",
        "nmod",
        "punct",
        "predet",
        "advmod",
        "npadvmod",
        "quantmod",
    )


def _status(token: Word, determiners: set[str], has_literal: bool) -> str:
    if has_literal:
        return LITERAL
    if token.pos_ == "PRON" or token.lower_ in ("both", "this", "that", "these", "those"):
        return PRONOUN
    if determiners & _KNOWN_DETERMINERS or any(c.dep_ == "poss" for c in token.children):
        return KNOWN
    return NEW


def role_of(token: Word) -> str:
    """`object`, `subject`, or the preposition that leads to the noun."""
    node = token
    while (
        node.dep_ in ("conj", "appos")
        and node.head != node
        and node.head.pos_ in ("NOUN", "PROPN", "PRON", "X", "NUM")
    ):
        node = node.head
    if node.dep_ in ("pobj", "pcomp"):
        return str(node.head.lower_)
    if node.dep_ in ("nsubj",):
        return "subject"
    return "object"


def _phrase(token: Word, inside: set[int], left: list[str]) -> str:
    """The phrase with what hangs on it to the right, up to the next coordination."""
    stop = min((c.i for c in token.children if c.dep_ in ("cc", "conj")), default=10**9)
    words = [t for t in token.subtree if t.i in inside and t.i < stop]
    first = token.i - len(left)
    return "".join(t.text_with_ws for t in words if t.i >= first or t.i < token.i).strip(" ,.;:")


def content_of(clause: str, verb: Word | None) -> str:
    """What a clause is about: the words after its verb."""
    text = clause
    if verb is not None and verb.text in clause:
        text = clause.split(verb.text, 1)[1].strip(" ,:")
    return text


def subject_of(content: str) -> str:
    """What a described thing shows: "a picture of a red car" -> "a red car"."""
    match = _ABOUT.match(content)
    return match[1].strip() if match else content
