"""What must not be there: "without cats", "leave out the books", "the chair is gone"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnimuse.crafts.layout.phrases import Mention

if TYPE_CHECKING:
    from omnimuse.crafts.layout.reading import Reading

_NEGATIVE = frozenset(
    [
        *("without", "lacking", "lacks", "lack", "lacked", "minus", "sans", "neither", "nor"),
        *("excluding", "excludes", "exclude", "omitting", "omits", "omit", "except", "excepting"),
        *("barring", "removing"),
    ]
)
_NEGATIVE_PAIRS = frozenset(
    (
        *(("free", "of"), ("devoid", "of"), ("instead", "of"), ("rather", "than"), ("empty", "of")),
        *(("except", "for"), ("apart", "from"), ("aside", "from"), ("everything", "but")),
        *(("anything", "but"), ("leave", "out"), ("leaving", "out"), ("leaves", "out")),
        *(("left", "out"), ("bereft", "of"), ("other", "than")),
    )
)
# Orders, not deeds of someone in the picture, where they open a clause.
_ORDERS = frozenset(["skip", "avoid", "remove", "drop", "hide", "ban", "forget", "delete"])
_OPENING = frozenset([";", ".", ",", ":", "and", "but", "please"])
_LINKS = frozenset(
    [
        *("is", "are", "was", "were", "be", "been", "being", "has", "have", "had", "'s", "'re"),
        *("gone", "gotten", "got", "now", "all", "both", "completely", "entirely", "nowhere"),
        *("should", "must", "may", "shall", "to", "went", "left"),
    ]
)
_AWAY = frozenset(["missing", "absent", "gone", "nowhere", "removed", "omitted", "excluded"])


def mark_excluded(reading: Reading) -> None:
    """Set aside the mentions of what is ruled out, and note their labels."""
    sentence = reading.sentence
    for mention in sentence.mentions:
        if mention.determiner == "no":
            _exclude(reading, mention)
    for i, word in enumerate(sentence.words):
        pair = (word, sentence.words[i + 1] if i + 1 < len(sentence.words) else "")
        if word in _NEGATIVE:
            _exclude_next(reading, i + 1)
        elif pair in _NEGATIVE_PAIRS:
            _exclude_next(reading, i + 2)
        elif word in _ORDERS and (i == 0 or sentence.words[i - 1] in _OPENING):
            _exclude_next(reading, i + 1)
        elif word in _AWAY:
            _exclude_absent(reading, i)
        elif word == "out":
            _exclude_left_out(reading, i)
        elif word in ("not", "n't", "never"):
            verb = max(sentence.tokens[i].head, i)
            _exclude_next(reading, verb + 1 if sentence.tags[verb][:2] == "VB" else i + 1)


def _exclude_next(reading: Reading, i: int) -> None:
    sentence = reading.sentence
    mention = sentence.after(i)
    if mention is None:
        return
    between = sentence.tags[i : mention.start]
    if all(tag in ("RB", "JJ", "VBG", "DT", "PDT", "VB", "RBR") for tag in between):
        _exclude(reading, mention)


def _exclude(reading: Reading, mention: Mention) -> None:
    """Rule the mention out, and what is joined to it by "or" or "nor", or by a bare "and"."""
    sentence = reading.sentence
    position = sentence.mentions.index(mention)
    joined = {"or", "nor", ",", "any", "and", "of"}
    previous = mention
    for following in sentence.mentions[position:]:
        if following is not mention:
            between = sentence.words[previous.end : following.start]
            if not between or not set(between) <= joined:
                break
            is_or = bool({"or", "nor", "of"} & set(between))
            if not is_or and (following.determiner or following.count):
                break
        if following.kind in ("thing", "scenery"):
            reading.excluded.append(following.label)
        following.kind = "excluded"
        previous = following


def _exclude_absent(reading: Reading, i: int) -> None:
    """As in "the chairs have gone missing", "a table missing its chairs", "a missing chair"."""
    sentence = reading.sentence
    subject = sentence.before(i)
    if subject is not None and subject.end < i + 1 and subject.kind in ("thing", "scenery"):
        between = sentence.words[subject.end : i]
        if between and set(between) <= _LINKS:
            _exclude(reading, subject)
            return
    if sentence.words[i] == "missing" and i not in sentence.at:
        _exclude_next(reading, i + 1)
    elif sentence.words[i] in ("missing", "absent") and i in sentence.at:
        _exclude(reading, sentence.at[i])


def _exclude_left_out(reading: Reading, i: int) -> None:
    """As in "leave the books out"."""
    sentence = reading.sentence
    mention = sentence.before(i)
    if mention is None or mention.end != i or not mention.start:
        return
    if sentence.words[mention.start - 1] in ("leave", "leaving", "keep", "keeping"):
        _exclude(reading, mention)
