"""Chinese requests as wholes: descriptions, remarks, questions, and what only goes along."""

from __future__ import annotations

import re
from dataclasses import replace

from omnimuse.backends.base import Dictionary
from omnimuse.planning.building.resources import related
from omnimuse.planning.intent import Step
from omnimuse.planning.reading.bare import REMARK
from omnimuse.planning.reading.chinese_words import tokens_of
from omnimuse.planning.reading.masking import Masked

BREAK = re.compile(r"[，,。；;！!？?\n]+|、(?=\s*[把将再并])")
_MAY = re.compile(r"(?:请|帮|麻烦|你|您)*(?:能|可以|可不可以)")
_WISHING = ("maker", "turner", "joiner")
_VERBS = ("maker", "turner", "doer", "joiner")
_TO_ME = re.compile(r"给我(?=$|[，。；,;])|(?<=[片频乐曲音字])(?:发|交|传)?给我")
_THERE = re.compile(r"(?:里|中|里面)(?:有|含有)(?!几|多少|哪|什么|没有)")
_EACH_OF = re.compile(
    r"(\d+(?:\.\d+)?\s*秒(?:钟)?的?[^，。；、和与]{1,12})(?:和|与|、)(?=\d+(?:\.\d+)?\s*秒)"
)


def described(masked: Masked, dictionary: Dictionary | None) -> Step | None:
    """A description without a verb: "夜晚下雨的街道". None for a greeting."""
    tokens = [t for part in BREAK.split(masked.text) for t in tokens_of(part, dictionary)]
    known = [t.gloss for t in tokens if t.gloss]
    text = masked.text.strip("，。,.!！ ")
    if not known or len(text) < 4 or text.endswith(("?", "？", "吗")):
        return None
    gloss = " ".join(known)
    subject = {"subject": text, "subject_en": gloss if all(t.gloss for t in tokens) else ""}
    details = {"bare": True, "english": gloss, "content_en": subject["subject_en"], **subject}
    return Step(masked.unmask(text), gloss, "", masked.unmask(text), details=details)


def remarked(step: Step, masked: Masked, given: frozenset[str]) -> Step:
    """Such as "照片太暗了" beside a photo: nothing is to be made, something is wrong with it."""
    named = [m for m in step.mentions if m.is_output and not m.literals]
    is_told = step.verb or any(t.part in ("count", *_VERBS) for t in tokens_of(masked.text))
    if is_told or len(named) != 1 or not any(related(named[0].kind, kind) for kind in given):
        return step
    meant = replace(named[0], status="known", is_output=False)
    others = [m for m in step.mentions if m is not named[0]]
    details = {k: v for k, v in step.details.items() if k != "core"}
    return replace(
        step,
        wanted="",
        mentions=(meant, *others),
        details={**details, "bare": True, "talk": REMARK},
    )


def asked(masked: Masked, dictionary: Dictionary | None) -> Step | None:
    """A question on what is there; a wish may have the form of one ("能画一只猫吗？")."""
    text = masked.text.strip("，。,.!！ ")
    tokens = tokens_of(text, dictionary)
    is_wish = _MAY.match(text) or any(t.part in _WISHING for t in tokens)
    if is_wish or not text.endswith(("?", "？", "吗")):
        return None
    gloss = " ".join(t.gloss for t in tokens if t.gloss)
    said = masked.unmask(text)
    return Step(said, gloss, "", said, details={"asks": True, "english": gloss})


def is_told(part: str, is_only: bool) -> bool:
    """Such as "a.wav里有雨声": it says what is there, and asks for nothing.

    Args:
        part: a piece of the request.
        is_only: nothing else is said.
    """
    return (
        not is_only and bool(_THERE.search(part)) and not part.rstrip().endswith(("?", "？", "吗"))
    )


def told_apart(text: str) -> str:
    """Two things of a length each are two ("5秒的雷声和5秒的海浪声"); "给我" is dropped."""
    text = _TO_ME.sub("", text)
    match = _EACH_OF.search(text)
    if match is None:
        return text
    return f"{text[: match.end(1)]}，生成{text[match.end() :]}"


def without_titles(steps: list[Step]) -> list[Step]:
    """Without "带上字幕" of a film: its voice brings the words along."""
    kept: list[Step] = []
    for step in steps:
        is_along = step.wanted == "caption" and step.joins >= 0 and not step.verb
        if not (is_along and any(s.wanted == "video" for s in steps)):
            kept.append(step)
    return kept
