"""Sentences without a request: what one that says no verb of wishing is meant as.

People who want a picture often just say what it shows ("a dog sleeps on a sofa"), and people with a
file what is wrong with it ("too dark") or how it shall be ("twice as fast").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from omnimuse.planning.intent import Step
from omnimuse.planning.reading.masking import Masked
from omnimuse.planning.reading.syntax import Sentence, Word

ASKED, THING, SCENE, REMARK = "asked", "thing", "scene", "remark"
_SUBJECTS = ("nsubj", "nsubjpass", "csubj", "expl")
_ASKING = ("WP", "WRB", "WDT", "WP$")
_POINTING = frozenset(["it", "this", "that", "they", "these", "those", "he", "she"])
_SPEAKERS = frozenset(["i", "you", "we", "me", "us", "my", "your", "our"])


def meant_as(span: Sentence) -> str:
    """How a sentence in which nothing is asked for by a verb is meant.

    Returns:
        `asked`: a question; `thing`: a noun phrase; `scene`: a clause about somebody or something
        else than speaker and listener; `remark`: a piece of a sentence, or one about "it"; empty
        for a greeting, and for what people tell of themselves.
    """
    root = next((w for w in span if w.head == w), None)
    words = [w for w in span if w.pos_ not in ("PUNCT", "SPACE", "INTJ")]
    if root is None or not words:
        return ""
    is_asking = words[0].tag_ in _ASKING or words[0].pos_ == "AUX"
    if is_asking and span.text.rstrip().endswith("?") and len(words) > 1:
        return ASKED
    subjects = [c for c in root.children if c.dep_ in _SUBJECTS]
    if root.pos_ in ("NOUN", "PROPN") or (root.pos_ == "ADJ" and _has(root, "nsubj")):
        return THING
    if not subjects:
        return THING if root.tag_ == "FW" and _has(root, "det") else REMARK
    if any(c.lower_ in _SPEAKERS for s in subjects for c in s.subtree):
        return ""
    if any(s.lower_ in _POINTING for s in subjects) or _is_wish(root):
        return REMARK
    return SCENE


def _has(word: Word, relation: str) -> bool:
    return any(child.dep_ == relation for child in word.children)


def _is_wish(root: Word) -> bool:
    """Such as "the sky should be red"."""
    return any(c.tag_ == "MD" for c in root.children)


def merged(asides: Sequence[Step], masked: Masked) -> list[Step]:
    """What is only told, where nothing is asked for: several sentences tell of one scene."""
    if len(asides) < 2 or any(step.details.get("talk") != SCENE for step in asides):
        return list(asides[:1])
    whole = masked.unmask(masked.text).strip()
    said = masked.speak(masked.text).strip()
    return [replace(asides[0], text=whole, query=said, content=whole, mentions=())]
