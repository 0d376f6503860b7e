"""What of a recording an instruction means: sentences by meaning, by place or by their words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from omnimuse.backends.base import Segment, Word
from omnimuse.errors import NeedsInputError

Embed = Callable[[Sequence[str]], Any]

_KEEP = re.compile(
    r"\b(?:keep|leave|retain)\b(?:\s+\w+){0,2}?\s+\bonly\b|\bonly keep\b|只保留", re.I
)
_QUOTED = re.compile(r"[\"“”„«»「」]([^\"“”„«»「」]+)[\"“”„«»「」]|(?<!\w)'([^']+)'(?!\w)")
_PLACE = re.compile(
    r"\b(first|second|third|fourth|fifth|last|\d{1,3}(?:st|nd|rd|th))\s+(?:\w+\s+)?sentences?\b",
    re.I,
)
_PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
_TOPIC = re.compile(
    r"\b(?:about|mention(?:s|ing)?|says?|saying|tells?|talks? (?:of|about)|describ(?:es|ing)|where"
    r"|that|in which|when|with|关于)\b\s*(.+)$|关于(.+?)(?:的.*)?$",
    re.I | re.S,
)
_MANY = re.compile(r"\b(?:all|every|any|sentences|parts|passages)\b|所有", re.I)
_NORMAL = re.compile(r"[^\w']+")
_NEAR, _MATCH, _ALSO = 0.30, 0.72, 0.08


@dataclass(frozen=True)
class Passage:
    """Words that stand together, and their place among all words."""

    words: tuple[Word, ...]
    first: int

    @property
    def text(self) -> str:
        """As said."""
        return " ".join(word.text.strip() for word in self.words)


@dataclass(frozen=True)
class Choice:
    """What was chosen, whether it is what stays, and how it was found."""

    passages: tuple[Passage, ...]
    is_kept: bool
    found_by: str


def sentences(segments: Sequence[Segment]) -> list[Passage]:
    """The words of a transcript in sentences, by their marks or by long silences."""
    words = [word for segment in segments for word in segment.words if word.text.strip()]
    out: list[Passage] = []
    start = 0
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else None
        is_end = word.text.strip()[-1:] in ".!?。！？" and not _is_initial(word.text.strip())
        if following is None or is_end or following.start_s - word.end_s > 1.5:
            out.append(Passage(tuple(words[start : index + 1]), start))
            start = index + 1
    return out


def _is_initial(text: str) -> bool:
    return bool(re.fullmatch(r"(?:[A-Z]|Mr|Mrs|Ms|Dr|St|No)\.", text))


def choose(instruction: str, segments: Sequence[Segment], embed: Embed | None) -> Choice:
    """The passages that an instruction means.

    Words in quotation marks are found by their letters, `the second sentence` by its place, all
    else by meaning.

    Raises:
        NeedsInputError: nothing fits well enough; the question names what was said.
    """
    said = sentences(segments)
    if not said:
        raise NeedsInputError(
            "No words were recognised in the recording; which seconds shall go?",
            hint="trim_audio cuts by time.",
        )
    is_kept = bool(_KEEP.search(instruction))
    quoted = _QUOTED.search(instruction)
    if quoted:
        return Choice((_by_words(quoted[1] or quoted[2], said),), is_kept, "words")
    placed = _PLACE.search(instruction)
    if placed:
        word = placed[1].lower()
        index = _PLACES[word] if word in _PLACES else int(re.match(r"\d+", word)[0]) - 1  # type: ignore[index]
        if index >= len(said):
            raise _question(instruction, said)
        return Choice((said[index],), is_kept, "place")
    return Choice(_by_meaning(instruction, said, embed), is_kept, "meaning")


def _by_words(text: str, said: Sequence[Passage]) -> Passage:
    """The run of words that is most like a quotation."""
    words = [word for passage in said for word in passage.words]
    wanted = _plain(text).split()
    best: tuple[float, int, int] = (0.0, 0, 0)
    for size in range(max(1, len(wanted) - 1), len(wanted) + 2):
        for first in range(len(words) - size + 1):
            run = " ".join(_plain(word.text) for word in words[first : first + size])
            match = SequenceMatcher(None, run, " ".join(wanted), autojunk=False)
            if match.quick_ratio() > best[0]:
                best = max(best, (match.ratio(), first, size))
    if best[0] < _MATCH:
        raise _question(text, said)
    return Passage(tuple(words[best[1] : best[1] + best[2]]), best[1])


def _plain(text: str) -> str:
    return _NORMAL.sub(" ", text.lower()).strip()


def _by_meaning(
    instruction: str, said: Sequence[Passage], embed: Embed | None
) -> tuple[Passage, ...]:
    found = _TOPIC.search(instruction.strip(" .!?"))
    topic = ((found[1] or found[2]) if found else instruction).strip()
    if embed is None:
        raise NeedsInputError(
            f"Which words are meant by {topic!r}?",
            hint="Put them in quotation marks, or pull a model for feature-extraction.",
        )
    vectors = embed([topic, *(passage.text for passage in said)])
    likeness = (vectors[1:] @ vectors[0]).tolist()
    ranked = sorted(zip(likeness, range(len(said)), strict=True), reverse=True)
    if ranked[0][0] < _NEAR:
        raise _question(topic, said)
    if not _MANY.search(instruction):
        return (said[ranked[0][1]],)
    level = max(_NEAR, ranked[0][0] - 3 * _ALSO)
    return tuple(said[index] for index in sorted(i for value, i in ranked if value >= level))


def _question(wanted: str, said: Sequence[Passage]) -> NeedsInputError:
    listed = " / ".join(passage.text[:70] for passage in said[:8])
    return NeedsInputError(
        f"Nothing that is said fits {wanted[:80]!r}. Which of these is meant: {listed}?",
        hint="Quote the words as they are said.",
    )


def remaining(segments: Sequence[Segment], removed: Sequence[tuple[float, float]]) -> list[Segment]:
    """The transcript without some spans of seconds, later words moved forward."""

    def moved(time_s: float) -> float:
        return time_s - sum(max(0.0, min(time_s, b) - a) for a, b in removed)

    def is_gone(word: Word) -> bool:
        middle = (word.start_s + word.end_s) / 2
        return any(a <= middle < b for a, b in removed)

    out = []
    for segment in segments:
        words = tuple(
            Word(w.text, moved(w.start_s), moved(w.end_s), w.confidence)
            for w in segment.words
            if not is_gone(w)
        )
        if words:
            text = " ".join(word.text.strip() for word in words)
            out.append(Segment(text, words[0].start_s, words[-1].end_s, words))
    return out
