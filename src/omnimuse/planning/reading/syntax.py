"""A parsed sentence as a tree of words, whatever parser read it.

Tags are those of the Penn Treebank, relations those of spaCy's English pipelines (ClearNLP).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from omnimuse.planning.reading.vocabulary import kind_of

_COARSE = {
    "NN": "NOUN", "NNS": "NOUN", "NNP": "PROPN", "NNPS": "PROPN", "PRP": "PRON", "PRP$": "PRON",
    "WP": "PRON", "WP$": "PRON", "WDT": "PRON", "EX": "PRON", "DT": "DET", "PDT": "DET",
    "JJ": "ADJ", "JJR": "ADJ", "JJS": "ADJ", "RB": "ADV", "RBR": "ADV", "RBS": "ADV",
    "WRB": "ADV", "IN": "ADP", "CC": "CCONJ", "CD": "NUM", "TO": "PART", "POS": "PART",
    "RP": "ADP", "UH": "INTJ", "MD": "AUX", "_SP": "SPACE", "SYM": "SYM", "FW": "X", "ADD": "X",
    "AFX": "ADJ",
}  # fmt: skip
_BE = frozenset(["am", "is", "are", "was", "were", "be", "been", "being", "'s", "'re", "'m"])


@dataclass(eq=False)
class Word:
    """One word in its tree; attribute names are spaCy's."""

    i: int
    text: str
    lemma_: str
    tag_: str
    dep_: str
    idx: int
    text_with_ws: str
    head: Word = field(init=False, repr=False)
    children: list[Word] = field(default_factory=list, repr=False)

    @property
    def lower_(self) -> str:
        """The word in lower case."""
        return self.text.lower()

    @property
    def pos_(self) -> str:
        """Coarse part of speech."""
        if self.tag_.startswith("VB"):
            is_auxiliary = self.dep_ in ("aux", "auxpass") or self.lower_ in _BE
            return "AUX" if is_auxiliary else "VERB"
        return _COARSE.get(self.tag_, "PUNCT")

    @property
    def subtree(self) -> list[Word]:
        """The word itself and all below it, in order."""
        found = [self]
        for child in self.children:
            found.extend(child.subtree)
        return sorted(found, key=lambda word: word.i)

    def is_ancestor(self, other: Word) -> bool:
        """Whether `other` hangs below this word."""
        node = other
        while node.head is not node:
            node = node.head
            if node is self:
                return True
        return False


@dataclass
class Sentence:
    """Words of one tree, in order; `start` is where it begins in the text."""

    words: list[Word]
    text: str
    start: int

    def __iter__(self) -> Iterator[Word]:
        return iter(self.words)


def build_sentences(text: str, tokens: Sequence[Any]) -> list[Sentence]:
    """Trees from a parser's flat output (`backends.base.ParsedToken`)."""
    words = [
        Word(n, t.text, t.lemma, t.tag, t.dep, t.start, _with_space(text, tokens, n))
        for n, t in enumerate(tokens)
    ]
    for word, token in zip(words, tokens):
        word.head = words[token.head]
        if word.head is not word:
            word.head.children.append(word)
    for word in words:
        _mend_plural(words, word)
        _mend_medium(words, word)
        _mend_aloud(words, word)
    roots: dict[int, list[Word]] = {}
    for word in words:
        node = word
        while node.head is not node:
            node = node.head
        roots.setdefault(node.i, []).append(word)
    sentences = []
    for members in sorted(roots.values(), key=lambda group: group[0].i):
        start, last = members[0].idx, members[-1]
        sentences.append(Sentence(members, text[start : last.idx + len(last.text)], start))
    return sentences


def opened_by(sentence: Sentence, start: int) -> Word | None:
    """The word at an offset, made the verb that governs the sentence if it was read otherwise.

    Args:
        sentence: as it was parsed; its tree is changed where the word was taken for a noun.
        start: where the word begins.
    """
    word = next((w for w in sentence if w.idx == start), None)
    if word is None:
        return None
    if not word.tag_.startswith("VB"):
        word.tag_, word.lemma_ = "VB", word.text.lower()
    if word.head is word:
        return word
    root = next(w for w in sentence if w.head is w)
    above = word.head
    above.children.remove(word)
    if word.dep_ in ("compound", "amod", "nmod", "det", "poss", "npadvmod"):
        _hang(above, word, "dobj")  # "film it": read as one noun
    elif root.tag_.startswith("VB") and root.idx > start:
        return _restored(word, above, root)
    if root is not word and root.head is root and root is not above:
        _hang(root, word, "dep")
    word.head, word.dep_ = word, "ROOT"
    return word


def _restored(word: Word, above: Word, root: Word) -> Word:
    """A verb before the root, whose subject or object it was taken for."""
    word.head, word.dep_ = word, "ROOT"
    _hang(root, word, "xcomp" if root.tag_ == "VB" else "acl")
    del above
    return word


def _hang(node: Word, head: Word, dep: str) -> None:
    """Hang a word, with all below it, under another one."""
    if node.head is not node:
        node.head.children.remove(node)
    node.head, node.dep_ = head, dep
    head.children = sorted([*head.children, node], key=lambda child: child.i)


def _mend_plural(words: list[Word], word: Word) -> None:
    """Such as "with rain sounds": a plural that was read as a verb becomes its phrase's head."""
    previous = words[word.i - 1] if word.i else None
    if previous is None or word.tag_ != "VBZ" or previous.pos_ not in ("NOUN", "PROPN", "ADJ"):
        return
    if word.dep_ not in ("conj", "dep", "advcl") or previous.dep_ not in ("pobj", "dobj", "conj"):
        return
    if any(child.dep_ in ("nsubj", "nsubjpass", "dobj", "aux") for child in word.children):
        return
    if word.head is word or previous.head is word:
        return
    word.head.children.remove(word)
    previous.head.children.remove(previous)
    word.head, word.dep_, word.tag_ = previous.head, previous.dep_, "NNS"
    previous.head.children.append(word)
    previous.head, previous.dep_ = word, "compound"
    for child in [c for c in previous.children if c.i < previous.i]:
        previous.children.remove(child)
        child.head = word
        word.children.append(child)
    word.children = sorted([previous, *word.children], key=lambda child: child.i)


def _mend_medium(words: list[Word], word: Word) -> None:
    """Such as "with a purring sound": a medium that was read as a verb after its participle."""
    previous = words[word.i - 1] if word.i else None
    if previous is None or not kind_of(word.lower_) or previous.tag_ not in ("VBG", "VBN", "NN"):
        return
    if word.head is previous and not word.children and word.dep_ != "compound":
        _swap(previous, word)
        return
    is_led = any(c.dep_ == "det" and c.i == previous.i - 1 for c in previous.children)
    is_misread = word.pos_ in ("VERB", "AUX") or word.dep_ in ("ccomp", "oprd", "acomp")
    if not is_led or not is_misread or word.head is word:
        return
    if any(c.dep_ in ("nsubj", "dobj", "aux") and c is not previous for c in word.children):
        return
    above = previous.head if previous.head is not word else word.head
    if above in (previous, word):
        return
    dep = previous.dep_ if previous.head is not word else "dobj"
    for node in (word, previous):
        if node in node.head.children:
            node.head.children.remove(node)
    word.head, word.dep_, word.tag_ = above, dep, "NN"
    above.children.append(word)
    kept = [c for c in previous.children if c.i > previous.i]
    for child in [c for c in previous.children if c.i < previous.i]:
        child.head = word
        word.children.append(child)
    previous.children, previous.head, previous.dep_ = kept, word, "amod"
    word.children = sorted([previous, *word.children], key=lambda child: child.i)


def _swap(head: Word, word: Word) -> None:
    """The word after a head takes its place, and the head becomes its modifier."""
    if head.head is head or head.dep_ not in ("pobj", "dobj", "conj"):
        return
    above = head.head
    above.children[above.children.index(head)] = word
    head.children.remove(word)
    word.head, word.dep_, word.tag_ = above, head.dep_, "NN"
    before = [c for c in head.children if c.i < head.i]
    after = [c for c in head.children if c.i > word.i]
    for child in (*before, *after):
        child.head = word
    head.children, head.head, head.dep_ = [], word, "amod"
    word.children = sorted([head, *before, *after], key=lambda child: child.i)


def _mend_aloud(words: list[Word], word: Word) -> None:
    """Such as "write it and read it aloud": aloud is read what stands nearest."""
    if word.lower_ not in ("aloud", "loud") or word.head is word or word.children:
        return
    verb = next((w for w in reversed(words[: word.i]) if w.tag_.startswith("VB")), None)
    if verb is not None and verb is not word.head and not word.is_ancestor(verb):
        word.head.children.remove(word)
        word.head, word.dep_ = verb, "advmod"
        verb.children.append(word)


def _with_space(text: str, tokens: Sequence[Any], n: int) -> str:
    end = tokens[n + 1].start if n + 1 < len(tokens) else len(text)
    return text[tokens[n].start : end]
