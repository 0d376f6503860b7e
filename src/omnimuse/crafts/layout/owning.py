"""How many there are of what each of several people has: "six people ride horses" is six horses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.framing import is_holdable
from omnimuse.crafts.layout.schema import GroupRelation, ThingGroup
from omnimuse.crafts.layout.sizes import real_size

if TYPE_CHECKING:
    from omnimuse.crafts.layout.relations import RelationReader

_LEADING = frozenset(["on", "with"])
_USING = frozenset(["using", "flying", "operating"])


def share_out(reader: RelationReader) -> None:
    """As in "six people ride horses": one each, where the prompt leaves the number open."""
    for index, group in enumerate(reader.reading.groups):
        is_pair = group.label in w.ALWAYS_PLURAL and group.count == 1
        if not is_pair and (group.is_exact or not reader.reading.founders[index].is_plural):
            continue
        if reader.reading.founders[index].count:
            continue
        users = {
            r.subject for r in reader.relations if r.object == index and _is_own(reader, r, group)
        }
        beside = _people_next_to(reader, index)
        if users and beside and not beside & users:
            users = beside
        users = users or _people_before(reader, index, group)
        if users:
            owners = [reader.reading.groups[user] for user in users]
            is_known = all(owner.is_exact for owner in owners)
            count = sum(owner.count for owner in owners)
            reader.reading.change(index, count=count, is_exact=is_known)


def _people_next_to(reader: RelationReader, index: int) -> set[int]:
    """As in "a man chasing two boys on bikes": the boys have them, whatever the parser says."""
    founder = reader.reading.founders[index]
    before = reader.sentence.before(founder.start - 1)
    if before is None or before.group < 0 or before.end != founder.start - 1:
        return set()
    is_person = w.noun_kind(reader.reading.groups[before.group].label) == "p"
    is_led = reader.sentence.words[founder.start - 1] in _LEADING
    return {before.group} if is_person and is_led and before.group != index else set()


def _people_before(reader: RelationReader, index: int, group: ThingGroup) -> set[int]:
    """As in "two men are in the sea on surfboards", "four people using laptops"."""
    founder, words = reader.reading.founders[index], reader.sentence.words
    lead = words[founder.start - 1] if founder.start else ""
    before = reader.sentence.before(founder.start - 1)
    is_past_scenery = before is not None and before.kind == "scenery" and lead in _LEADING
    tags = reader.sentence.tags
    is_past_scenery |= lead == "with" and tags[founder.start - 2 : founder.start - 1] == ["VBG"]
    if not (is_past_scenery or lead in _USING) or not (
        _is_small(group) or is_holdable(group.label)
    ):
        return set()
    people = [
        mention.group
        for mention in reader.sentence.mentions
        if mention.end <= founder.start
        and mention.group >= 0
        and w.noun_kind(reader.reading.groups[mention.group].label) == "p"
    ]
    return set(people[-1:])


def _is_own(reader: RelationReader, relation: GroupRelation, group: ThingGroup) -> bool:
    """Whether each has one of its own: what is ridden, held or worn; people on skateboards."""
    if relation.relation in ("riding", "holding", "wearing"):
        return True
    user = reader.reading.groups[relation.subject]
    kind = w.noun_kind(user.label)
    if relation.relation == "on" and w.noun_kind(group.label) == "a":
        return kind == "p" and user.is_exact  # "three people on horses"
    return (
        relation.relation in ("on", "under") and _is_small(group) and kind in "pa" and user.is_exact
    )


def _is_small(group: ThingGroup) -> bool:
    """A thing for one or two, on the ground or on water."""
    wide, _, stance = real_size(group.label)
    return wide < 3.0 and w.noun_kind(group.label) == "o" and stance in "gsw"
