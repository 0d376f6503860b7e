"""Who does what a participle says, where grammar alone would take the nearest noun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.phrases import Mention

if TYPE_CHECKING:
    from omnimuse.crafts.layout.relations import RelationReader


def doer(reader: RelationReader, mention: Mention, verb: int) -> Mention:
    """Who does what the verb at this token says, that is attached to a mention.

    Clothes and trees do nothing: their wearer does, or who is on them.
    """
    return _agent(reader, _wearer(reader, mention), verb)


def _wearer(reader: RelationReader, mention: Mention) -> Mention:
    """As in "people in wetsuits holding boards": the people hold them."""
    is_worn = mention.label.rsplit(" ", 1)[-1] in w.CLOTHES
    if is_worn and reader.sentence.words[mention.start - 1] in ("in", "wearing"):
        earlier = reader.sentence.before(mention.start)
        if earlier is not None and reader.groups_of(earlier):
            return earlier
    return mention


def _agent(reader: RelationReader, mention: Mention, verb: int) -> Mention:
    """As in "a monkey on a tree eating a banana": trees do not eat."""
    sentence = reader.sentence
    if sentence.tokens[verb].lemma.lower() not in w.DEEDS or _is_alive(reader, mention):
        return mention
    for earlier in reversed(sentence.mentions):
        if earlier.end > mention.start or not _is_alive(reader, earlier):
            continue
        between = sentence.tags[earlier.end : mention.start]
        is_bound = "IN" in between and "CC" not in between and "." not in between
        return earlier if is_bound else mention
    return mention


def _is_alive(reader: RelationReader, mention: Mention) -> bool:
    groups = reader.groups_of(mention)
    return bool(groups) and w.noun_kind(reader.reading.groups[groups[0]].label) in "ap"
