"""Which sightings to believe: of the picture as a whole, and of one noun.

Eyes give all that may be a thing: things, their parts, and groups of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from omnimuse.backends.base import Sighting

Box = tuple[float, float, float, float]
_SAME, _WITHIN, _FILLED, _CONVINCING = 0.4, 0.75, 0.5, 0.5
_APART, _AS_WELL = 0.25, 0.6
_TOO_WIDE = ("animal", "person")
"""Nouns that say too little for a box to be called well named by them."""


def selected(seen: Sequence[Sighting], names: Sequence[Sequence[str]]) -> list[Sighting]:
    """The sightings that explain the picture best: no thing twice, no part, no group.

    Sightings are taken in the order of how well they are named, the larger of equals first. One
    that shares its place with a better one goes, so does an unconvincing one within a better one,
    and one that is filled by several better ones and is not convincing or named as one of them.

    Args:
        seen: candidates.
        names: nouns of each class.
    """
    worth = {id(one): named_worth(one, names) for one in seen}
    kept: list[Sighting] = []
    for one in sorted(seen, key=lambda s: (-worth[id(s)] * (s.box[2] * s.box[3]) ** 0.08, s.box)):
        shared = [_common(one.box, other.box) for other in kept]
        own = one.box[2] * one.box[3]
        pairs = list(zip(shared, kept, strict=True))
        same = any(
            area / (own + other.box[2] * other.box[3] - area) > _SAME for area, other in pairs
        )
        is_weak = worth[id(one)] < _CONVINCING
        is_part = is_weak and any(area > _WITHIN * own for area in shared)
        filled = [pair for pair in pairs if pair[0] > _WITHIN * pair[1].box[2] * pair[1].box[3]]
        is_full = len(filled) > 1 and sum(area for area, _ in filled) > _FILLED * own
        is_alike = any(_share_noun(one, other, names) for _, other in filled)
        if not (same or is_part or (is_full and (is_weak or is_alike))):
            kept.append(one)
    return kept


def named_worth(one: Sighting, names: Sequence[Sequence[str]]) -> float:
    """How sure it is that a whole thing is there and that its likeliest noun names it."""
    shares: dict[str, float] = {}
    for index, share in one.classes:
        for noun in names[index]:
            if noun in _TOO_WIDE:
                continue
            shares[noun] = shares.get(noun, 0.0) + share
    nothing = next((share for index, share in one.classes if index == 0), 0.0)
    return float(max(shares.values(), default=0.0) * (1 - nothing) * one.score**0.25)


def _share_noun(one: Sighting, other: Sighting, names: Sequence[Sequence[str]]) -> bool:
    return bool(set(names[one.classes[0][0]]) & set(names[other.classes[0][0]]))


def _common(one: Box, other: Box) -> float:
    """Area that two boxes share."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    tall = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(tall, 0.0)


def of_noun(fits: Sequence[tuple[float, Sighting]]) -> list[Sighting]:
    """The distinct things among sightings that one noun names, each with how well it does.

    A box that is filled by two or more others apart from each other, each of them named about as
    well, is a group and goes; of boxes that share a place the best named stays.
    """
    ranked = sorted(fits, key=lambda pair: (-pair[0] * pair[1].score ** 0.25, pair[1].box))
    singles = [
        one
        for fit, one in ranked
        if not _is_group(one, [other for theirs, other in ranked if theirs > _AS_WELL * fit])
    ]
    kept: list[Sighting] = []
    for one in singles:
        own = one.box[2] * one.box[3]
        for other in kept:
            area, theirs = _common(one.box, other.box), other.box[2] * other.box[3]
            if area > _SAME * (own + theirs - area) or area > _WITHIN * min(own, theirs):
                break
        else:
            kept.append(one)
    return kept


def _is_group(one: Sighting, others: Sequence[Sighting]) -> bool:
    """Whether a box is filled by several others that are apart from each other."""
    own = one.box[2] * one.box[3]
    members: list[Sighting] = []
    for other in others:
        theirs = other.box[2] * other.box[3]
        is_inside = theirs < _CONVINCING * 1.2 * own and _common(one.box, other.box) > 0.8 * theirs
        if is_inside and all(
            _common(other.box, member.box) < _APART * min(theirs, member.box[2] * member.box[3])
            for member in members
        ):
            members.append(other)
    return len(members) > 1 and sum(m.box[2] * m.box[3] for m in members) > _FILLED * own
