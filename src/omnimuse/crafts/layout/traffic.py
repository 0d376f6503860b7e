"""Bridges and trains: "a train crossing a bridge" is on it, "with three cars" has them in tow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.phrases import Mention

if TYPE_CHECKING:
    from omnimuse.crafts.layout.relations import Place, RelationReader

_CROSSING = frozenset(("cross", "crosses", "crossing", "crossed"))


def is_span(mention: Mention) -> bool:
    """Whether the thing is crossed on its upper side, as a bridge is."""
    return mention.kind == "thing" and mention.label.rsplit(" ", 1)[-1] in w.SPANS


def verb_crosses(verb: str, mention: Mention) -> bool:
    """Whether a verb puts its subject on a bridge."""
    return verb in _CROSSING and is_span(mention)


def leads_over(reader: RelationReader, place: Place, landmark: Mention) -> bool:
    """As in "cars driving over a bridge", where "a plane flying over a bridge" stays above it."""
    if place.relation != "above" or not is_span(landmark) or not place.start:
        return False
    return reader.sentence.words[place.start - 1] in w.GOING


def read_across(reader: RelationReader, mention: Mention) -> None:
    """As in "a woman runs across a bridge"."""
    from omnimuse.crafts.layout.relations import Place

    start, words = mention.start, reader.sentence.words
    if start and words[start - 1] == "across" and is_span(mention) and mention.group >= 0:
        reader.add(Place(start - 1, start, "on"), [mention.group], "on")


def couple_wagons(reader: RelationReader, mention: Mention) -> None:
    """As in "a train with three cars": cars of its own, not of the road."""
    before = reader.sentence.before(mention.start)
    if mention.label != "car" or mention.group < 0 or before is None or before.group < 0:
        return
    gap = reader.sentence.words[before.end : mention.start]
    if gap == ["with"] and before.label.rsplit(" ", 1)[-1] in ("train", "locomotive"):
        reader.reading.change(mention.group, label="railway car")
        reader.connect([mention.group], "right of", [before.group])
