"""Relations hold in space, nothing intersects, nothing floats unasked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.crafts.scene3d.arrange import (
    Arrangement,
    Arranger,
    Relation,
    Thing,
    overlap,
    relations_of,
)
from omnimuse.crafts.scene3d.build import Form, build
from omnimuse.crafts.scene3d.models import all_models

FORMS: dict[str, Form] = {}


def form(name: str) -> Form:
    return FORMS.setdefault(name, build(all_models()[name]))


def thing(id: str, x: float = 0.5, depth: float = 0.5) -> Thing:
    name = id.rsplit("-", 1)[0]
    return Thing(
        id, form(name), hint=(x, depth), is_flying=all_models()[name].stance == "sky", group=name
    )


def arrange(ids: str, *relations: str) -> tuple[dict[str, Thing], Arrangement]:
    names = ids.split()
    things = [thing(id, (i + 0.5) / len(names)) for i, id in enumerate(names)]
    links = [Relation(r.split()[0], " ".join(r.split()[1:-1]), r.split()[-1]) for r in relations]
    done = Arranger(things, links).arrange()
    return {t.id: t for t in done.things}, done


def free(things: Sequence[Thing], allowed: set[frozenset[str]] = frozenset()) -> bool:
    return not any(
        overlap(a, b) and frozenset((a.id, b.id)) not in allowed
        for i, a in enumerate(things)
        for b in things[i + 1 :]
    )


def test_things_side_by_side_do_not_touch_and_stand_on_the_ground() -> None:
    found, done = arrange("chair-1 barrel-1 house-1 bush-1 bench-1")
    assert free(done.things)
    assert all(t.at[1] == 0 for t in found.values())


@pytest.mark.parametrize(
    ("relation", "axis", "sign"),
    [("left of", 0, -1), ("right of", 0, 1), ("behind", 2, -1), ("in front of", 2, 1)],
)
def test_directions(relation: str, axis: int, sign: int) -> None:
    found, done = arrange("barrel-1 chair-1", f"chair-1 {relation} barrel-1")
    apart = (found["chair-1"].at[axis] - found["barrel-1"].at[axis]) * sign
    assert apart >= (found["chair-1"].size[axis] + found["barrel-1"].size[axis]) / 2
    assert free(done.things)


def test_between_stands_between() -> None:
    found, done = arrange(
        "barrel-1 barrel-2 chair-1", "chair-1 between barrel-1", "chair-1 between barrel-2"
    )
    assert found["barrel-1"].at[0] < found["chair-1"].at[0] < found["barrel-2"].at[0]
    assert free(done.things)


def test_next_to_is_near() -> None:
    found, _ = arrange(
        "house-1 barrel-1 dome-1".replace("dome", "hemisphere"), "barrel-1 next to hemisphere-1"
    )
    gap = np.hypot(*np.subtract(found["barrel-1"].at, found["hemisphere-1"].at)[[0, 2]])
    assert gap < 2.5


def test_around_is_on_all_sides() -> None:
    found, done = arrange(
        "table-1 stool-1 stool-2 stool-3 stool-4",
        *[f"stool-{i} around table-1" for i in range(1, 5)],
    )
    center = np.array(found["table-1"].at)[[0, 2]]
    angles = sorted(
        float(np.degrees(np.arctan2(*(np.array(found[f"stool-{i}"].at)[[2, 0]] - center[::-1]))))
        for i in range(1, 5)
    )
    assert max(np.diff([*angles, angles[0] + 360])) < 150
    assert free(done.things)


def test_on_stands_on_the_top_and_within_it() -> None:
    found, _done = arrange(
        "table-1 mug-1 mug-2 vase-1", *[f"{t} on table-1" for t in ("mug-1", "mug-2", "vase-1")]
    )
    top = found["table-1"].at[1] + found["table-1"].form.top.y * found["table-1"].scale
    for id in ("mug-1", "mug-2", "vase-1"):
        assert found[id].at[1] == pytest.approx(top)
        assert abs(found[id].at[0] - found["table-1"].at[0]) < found["table-1"].size[0] / 2
    assert free([found[id] for id in ("mug-1", "mug-2", "vase-1")])


def test_relations_hold_on_a_table_too() -> None:
    found, _ = arrange(
        "table-1 mug-1 vase-1", "mug-1 on table-1", "vase-1 on table-1", "vase-1 left of mug-1"
    )
    assert found["vase-1"].at[0] < found["mug-1"].at[0]


def test_stacks_move_together() -> None:
    found, _ = arrange(
        "table-1 box-1 apple-1 chair-1",
        "box-1 on table-1",
        "apple-1 in box-1",
        "table-1 right of chair-1",
    )
    box, apple = found["box-1"], found["apple-1"]
    assert apple.at[1] == pytest.approx(box.at[1] + box.form.inside.y * box.scale)
    assert abs(apple.at[0] - box.at[0]) < box.size[0] / 2
    assert found["table-1"].at[0] > found["chair-1"].at[0]


def test_things_in_a_bowl_stay_in_it_and_apart() -> None:
    ids = [f"apple-{i}" for i in range(1, 8)]
    found, done = arrange("bowl-1 " + " ".join(ids), *[f"{i} in bowl-1" for i in ids])
    bowl = found["bowl-1"]
    for id in ids:
        apple = found[id]
        assert apple.at[1] >= bowl.form.inside.y * bowl.scale - 1e-9
        assert abs(apple.at[0] - bowl.at[0]) + apple.size[0] / 2 < bowl.size[0] / 2
    assert free([found[i] for i in ids])
    assert not done.notes


def test_under_a_table_there_is_room_and_too_large_things_are_made_smaller() -> None:
    found, _ = arrange("table-1 dog-1", "dog-1 under table-1")
    dog, table = found["dog-1"], found["table-1"]
    assert dog.at[1] == 0
    assert dog.size[1] <= table.form.under.clear * table.scale + 1e-9
    assert abs(dog.at[0] - table.at[0]) + dog.size[0] / 2 < table.size[0] / 2


def test_under_something_solid_is_noted_not_faked() -> None:
    _found, done = arrange("rock-1 chair-1", "chair-1 under rock-1")
    assert "no room under" in done.notes[0]
    assert free(done.things)


def test_in_something_without_an_inside_is_noted() -> None:
    _, done = arrange("car-1 dog-1", "dog-1 in car-1")
    assert "no room inside" in done.notes[0]


def test_the_moon_hangs_above_what_stands_under_it() -> None:
    found, done = arrange("fox-1 moon-1", "fox-1 under moon-1")
    assert found["fox-1"].at[1] == 0
    assert found["moon-1"].at[1] > found["fox-1"].size[1]
    assert free(done.things)


def test_flying_things_fly_and_seated_ones_do_not() -> None:
    found, _ = arrange("house-1 airplane-1 balloon-1 chair-1", "balloon-1 on chair-1")
    assert found["airplane-1"].at[1] > 1
    chair = found["chair-1"]
    assert found["balloon-1"].at[1] == pytest.approx(chair.form.top.y * chair.scale)


def test_circles_of_relations_end() -> None:
    found, _ = arrange(
        "barrel-1 chair-1 stool-1",
        "barrel-1 left of chair-1",
        "chair-1 left of stool-1",
        "stool-1 left of barrel-1",
    )
    assert found["barrel-1"].at[0] < found["chair-1"].at[0] < found["stool-1"].at[0]
    found, _done = arrange("box-1 table-1", "box-1 on table-1", "table-1 on box-1")
    assert found["box-1"].at[1] > 0
    assert found["table-1"].at[1] == 0


def test_between_two_of_a_kind_finds_the_second() -> None:
    entries = [{"subject": "a", "relation": "between", "object": "p-1"}]
    found = relations_of(entries, {"a": "castle", "p-1": "pine", "p-2": "pine"})
    assert [(r.subject, r.object) for r in found] == [("a", "p-1"), ("a", "p-2")]


NAMES = ("barrel", "chair", "rock", "bench", "pine")
SIDES = ("left of", "right of", "behind", "in front of", "next to", "around", "near")


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_is_asked_nothing_overlaps_and_acyclic_directions_hold(
    data: st.DataObject,
) -> None:
    count = data.draw(st.integers(2, 7))
    ids = [f"{data.draw(st.sampled_from(NAMES))}-{i}" for i in range(count)]
    spots = st.floats(0, 1)
    things = [thing(id, data.draw(spots), data.draw(spots)) for id in ids]
    links = []
    for i in range(count):
        for j in range(i + 1, count):
            if data.draw(st.booleans()):
                links.append(Relation(ids[i], data.draw(st.sampled_from(SIDES)), ids[j]))
    done = Arranger(things, links).arrange()
    assert free(done.things)
    assert all(t.at[1] == 0 for t in done.things)
    placed = {t.id: t for t in done.things}
    kinds = {r.relation for r in links}
    if kinds <= {"left of", "behind"}:
        for r in links:
            axis = 0 if r.relation == "left of" else 2
            assert placed[r.subject].at[axis] < placed[r.object].at[axis]
    again = Arranger([thing(t.id, *t.hint) for t in things], links).arrange()
    assert [t.at for t in again.things] == [t.at for t in done.things]
