"""Crowds, small things, hills and things below others: where they come to stand."""

from __future__ import annotations

from itertools import combinations

import pytest

from omnimuse.crafts.layout.place import place
from omnimuse.crafts.layout.schema import GroupRelation, SceneRequest, ThingGroup
from omnimuse.crafts.layout.settle import Box


def placed(*things: tuple[str, int], relations: tuple[GroupRelation, ...] = ()) -> list[Box]:
    groups = tuple(ThingGroup(label, count, {}, True) for label, count in things)
    return place(SceneRequest("", groups, relations)).boxes


def covered(one: Box, other: Box) -> float:
    """Share of the first box that the second hides."""
    wide = min(one.x + one.w / 2, other.x + other.w / 2) - max(
        one.x - one.w / 2, other.x - other.w / 2
    )
    high = min(one.y + one.h / 2, other.y + other.h / 2) - max(
        one.y - one.h / 2, other.y - other.h / 2
    )
    return max(wide, 0.0) * max(high, 0.0) / (one.w * one.h)


@pytest.mark.parametrize(
    ("label", "count"), [("train", 7), ("bench", 8), ("keyboard", 7), ("giraffe", 9), ("car", 24)]
)
def test_a_crowd_hides_none_of_its_own(label: str, count: int) -> None:
    boxes = placed((label, count))
    assert len(boxes) == count
    assert max(covered(a, b) for a, b in combinations(boxes, 2)) < 0.03
    assert min(min(box.w, box.h) for box in boxes) > 0.05


def test_a_small_thing_beside_a_large_one_can_be_seen() -> None:
    spoon, ship = placed(("spoon", 1), ("ship", 1), relations=(GroupRelation(0, "left of", 1),))
    assert (spoon.w * spoon.h) ** 0.5 > 0.15 * (ship.w * ship.h) ** 0.5
    assert spoon.x < ship.x


def test_what_stands_under_a_smaller_thing_does_not_hide_it() -> None:
    truck, chair = placed(("truck", 1), ("chair", 1), relations=(GroupRelation(0, "under", 1),))
    assert covered(chair, truck) < 0.15
    assert chair.y < truck.y


def test_what_stands_under_a_table_is_smaller_than_the_table() -> None:
    dog, table = placed(("dog", 1), ("table", 1), relations=(GroupRelation(0, "under", 1),))
    assert dog.h < 0.7 * table.h
    assert dog.depth > table.depth


def test_a_hill_is_wider_than_what_is_on_it() -> None:
    castle, hill = placed(("castle", 1), ("hill", 1), relations=(GroupRelation(0, "on", 1),))
    assert hill.w > 1.4 * castle.w
    assert hill.y - hill.h / 2 < castle.y + castle.h / 2 < hill.y + hill.h / 2


@pytest.mark.parametrize("label", ["fork", "knife", "pencil"])
def test_long_things_lie_on_things_and_stand_elsewhere(label: str) -> None:
    alone = placed((label, 1))[0]
    lying = placed((label, 1), ("table", 1), relations=(GroupRelation(0, "on", 1),))[0]
    assert alone.h > 2 * alone.w
    assert lying.w > 2 * lying.h
