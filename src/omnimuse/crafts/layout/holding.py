"""What "with" and "of" say: who holds what, what lies in or on what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.framing import is_holdable
from omnimuse.crafts.layout.phrases import Mention
from omnimuse.crafts.layout.sizes import real_size

if TYPE_CHECKING:
    from omnimuse.crafts.layout.relations import Place, RelationReader

HIGH = frozenset(
    ("next to", "near", "in front of", "behind", "left of", "right of", "under", "below", "above")
)
"""Relations that are said of the first of two things, not of what it bears or stands on."""


def read_contents(reader: RelationReader, mention: Mention) -> None:
    """As in "a bowl of oranges": the oranges are in the bowl."""
    noun = mention.label.rsplit(" ", 1)[-1]
    if noun not in w.CONTAINERS or reader.sentence.words[mention.end : mention.end + 1] != ["of"]:
        return
    inside = reader.sentence.after(mention.end)
    if inside is not None and inside.start == mention.end + 1 and inside.kind == "thing":
        reader.connect(reader.groups_of(inside), "in", reader.groups_of(mention))


def read_with(reader: RelationReader, mention: Mention) -> None:
    """As in "a woman with an umbrella", "a basket with apples", "a table with a bowl"."""
    start, sentence = mention.start, reader.sentence
    if mention.kind != "thing" or mention.group < 0 or sentence.words[start - 1] != "with":
        return
    owner = sentence.before(start - 1)
    if not start or owner is None or owner.kind != "thing" or owner.group < 0:
        return
    if owner.end != start - 1 or owner.group == mention.group:
        return
    is_holder = owner.label.rsplit(" ", 1)[-1] in w.CONTAINERS
    if _says_more(reader, mention, is_holder):
        return
    for joined in [mention, *reader.conjuncts(mention, past_places=is_holder)]:
        if joined.kind == "thing" and joined.group >= 0 and joined.group != owner.group:
            _connect_with(reader, owner, joined)


def _connect_with(reader: RelationReader, owner: Mention, mention: Mention) -> None:
    """The relation that the natures of owner and owned suggest."""
    host, guest = reader.reading.groups[owner.group], reader.reading.groups[mention.group]
    last, held = host.label.rsplit(" ", 1)[-1], guest.label.rsplit(" ", 1)[-1]
    if w.noun_kind(host.label) == "p" and held not in w.CLOTHES and is_holdable(guest.label):
        owners = [one.group for one in _owners(reader, owner, mention)]
        reader.connect(owners, "holding", [mention.group])
    elif w.noun_kind(guest.label) in "ap" or real_size(guest.label)[0] > real_size(last)[0]:
        return
    elif _is_bed_of(host.label, last) and real_size(held)[2] == "s":
        reader.connect([mention.group], "on", [owner.group])
    elif last in w.CONTAINERS:
        is_flat = last in ("plate", "platter", "tray", "dish")
        reader.connect([mention.group], "on" if is_flat else "in", [owner.group])


def _owners(reader: RelationReader, owner: Mention, mention: Mention) -> list[Mention]:
    """As in "two boys and a girl with umbrellas": all three have one."""
    if not mention.is_plural or mention.count:
        return [owner]
    people = [
        one
        for one in reader.sentence.mentions
        if one.end <= owner.start
        and one.group >= 0
        and owner in reader.conjuncts(one)
        and w.noun_kind(reader.reading.groups[one.group].label) == "p"
    ]
    return [*people, owner]


def bearer(reader: RelationReader, mention: Mention, place: Place) -> Mention | None:
    """As in "a wizard with a wand in front of a castle": the wizard is in front of it."""
    sentence, start = reader.sentence, mention.start
    owner = sentence.before(start - 1)
    if mention.end != place.start or start < 2 or sentence.words[start - 1] != "with":
        return None
    if owner is None or owner.end != start - 1 or owner.group < 0 or mention.group < 0:
        return None
    is_person = w.noun_kind(reader.reading.groups[owner.group].label) == "p"
    speaks_of_owner = sentence.tags[place.end : place.end + 1] == ["PRP"]
    is_held = is_holdable(reader.reading.groups[mention.group].label)
    return owner if is_person and is_held and not speaks_of_owner else None


def read_on_top(reader: RelationReader, mention: Mention) -> None:
    """As in "a stack of books with an apple on top"."""
    sentence, start = reader.sentence, mention.start
    end = mention.end + (sentence.tags[mention.end : mention.end + 1] == ["VBG"])
    words, owner = sentence.words, sentence.before(start - 1)
    is_bare = words[end : end + 2] == ["on", "top"] and words[end + 2 : end + 3] != ["of"]
    if not is_bare or start < 2 or words[start - 1] not in ("with", "and") or owner is None:
        return
    reader.connect(reader.groups_of(mention), "on", reader.groups_of(owner))


def _says_more(reader: RelationReader, mention: Mention, is_holder: bool) -> bool:
    """Whether a preposition or verb after the mention places it: "with a box on it"."""
    end = mention.end
    placed = next((p for p in reader.places if p.start == end and not p.direction), None)
    if placed is not None and bearer(reader, mention, placed) is not None:
        return placed.relation not in HIGH
    if placed is not None:
        return not is_holder or reader.sentence.tags[end + 1 : end + 2] == ["PRP"]
    if reader.sentence.words[end : end + 1] and reader.sentence.words[end] in w.GOING:
        return w.noun_kind(mention.label) != "o"  # "a girl with an umbrella walking"
    return reader.sentence.tags[end : end + 1] in (["VBG"], ["VBZ"])


def _is_bed_of(label: str, last: str) -> bool:
    """Whether small things lie on it: candles on a cake, pillows on a bed."""
    return w.noun_kind(label) == "f" or last in ("bed", "couch", "sofa")
