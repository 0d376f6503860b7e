"""Pictures are filled, tables hold what stands on them, angles survive the zoom."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.crafts.layout import GroupRelation, SceneRequest, ThingGroup
from omnimuse.crafts.layout.framing import fill_frame
from omnimuse.crafts.layout.place import place
from omnimuse.crafts.layout.settle import Box, relation_holds


def scene(*things: ThingGroup, relations: tuple[GroupRelation, ...] = ()) -> SceneRequest:
    return SceneRequest("", things, relations)


def test_things_on_one_desk_stand_on_it_side_by_side() -> None:
    request = scene(
        *(ThingGroup(name) for name in ("laptop", "cup", "notebook", "desk")),
        relations=tuple(GroupRelation(i, "on", 3) for i in range(3)),
    )
    *guests, desk = place(request, seed=1).boxes
    top = desk.y - desk.h / 2
    for guest in guests:
        assert guest.y + guest.h / 2 == pytest.approx(top, abs=0.02)
        assert abs(guest.x - desk.x) <= desk.w / 2
        assert relation_holds(guest, desk, "on")
    assert desk.w >= sum(guest.w for guest in guests)
    ordered = sorted(guests, key=lambda box: box.x)
    for left, right in pairwise(ordered):
        assert left.x + left.w / 2 <= right.x - right.w / 2 + 0.02


def test_candles_on_a_cake_are_smaller_than_the_cake() -> None:
    request = scene(
        ThingGroup("cake"), ThingGroup("candle", 3), relations=(GroupRelation(1, "on", 0),)
    )
    cake, *candles = place(request, seed=2).boxes
    assert sum(candle.w for candle in candles) < cake.w
    assert all(candle.h < cake.h for candle in candles)


def test_people_around_a_table_stand_at_its_floor_and_behind_it() -> None:
    request = scene(
        ThingGroup("person", 4), ThingGroup("table"), relations=(GroupRelation(0, "around", 1),)
    )
    *people, table = place(request, seed=3).boxes
    assert min(p.x for p in people) < table.x < max(p.x for p in people)
    assert all(p.depth < table.depth for p in people)
    assert all(table.y - table.h / 2 < p.y + p.h / 2 < table.y + table.h / 2 for p in people)


def test_a_lamp_beside_a_rabbit_on_a_chair_stands_on_the_floor() -> None:
    request = scene(
        *(ThingGroup(name) for name in ("rabbit", "chair", "lamp")),
        relations=(GroupRelation(0, "on", 1), GroupRelation(0, "next to", 2)),
    )
    rabbit, chair, lamp = place(request, seed=4).boxes
    assert lamp.y + lamp.h / 2 == pytest.approx(chair.y + chair.h / 2, abs=0.02)
    assert relation_holds(rabbit, lamp, "next to")


def test_three_balloons_are_held_at_both_sides() -> None:
    request = scene(
        ThingGroup("boy"), ThingGroup("balloon", 3), relations=(GroupRelation(0, "holding", 1),)
    )
    boy, *balloons = place(request, seed=5).boxes
    assert len({round(balloon.x, 3) for balloon in balloons}) == 3
    assert min(b.x for b in balloons) < boy.x < max(b.x for b in balloons)


@pytest.mark.parametrize("label", ["mouse", "cow", "tree", "airplane"])
def test_a_lone_thing_fills_a_good_part_of_the_picture(label: str) -> None:
    (box,) = place(scene(ThingGroup(label)), seed=6).boxes
    assert max(box.w, box.h) >= 0.5


@given(
    st.lists(
        st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8), st.floats(0.02, 0.2)),
        min_size=2,
        max_size=6,
    )
)
def test_zooming_keeps_every_angle(spots: list[tuple[float, float, float]]) -> None:
    boxes = [Box(0, i, x, y, size, size) for i, (x, y, size) in enumerate(spots)]
    before = [(b.x - boxes[0].x, b.y - boxes[0].y) for b in boxes]
    width = boxes[0].w
    fill_frame(boxes, scene(ThingGroup("dog", len(boxes))))
    scale = boxes[0].w / width
    assert scale >= 1.0
    for box, (dx, dy) in zip(boxes, before, strict=True):
        assert math.isclose(box.x - boxes[0].x, dx * scale, abs_tol=1e-9)
        assert math.isclose(box.y - boxes[0].y, dy * scale, abs_tol=1e-9)


def test_told_regions_are_not_zoomed_away() -> None:
    boxes = [Box(0, 0, 0.2, 0.2, 0.1, 0.1)]
    fill_frame(boxes, scene(ThingGroup("sun", region="top left")))
    assert (boxes[0].x, boxes[0].y, boxes[0].w) == (0.2, 0.2, 0.1)
