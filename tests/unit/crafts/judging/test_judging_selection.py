from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.backends.base import Sighting
from omnimuse.crafts.judging.selection import of_noun, selected

NAMES = ((), ("table",), ("apple",), ("leg",), ("fence",), ("cup",))


def sighting(x: float, y: float, w: float, h: float, kind: int = 1, sure: float = 0.9) -> Sighting:
    classes = ((kind, sure), (0, round(1 - sure, 3)))
    return Sighting((x, y, w, h), 0.9, classes, np.ones((1, 1), np.float32))


def test_the_better_of_two_sightings_of_a_thing_stays() -> None:
    good, poor = sighting(10, 10, 40, 40), sighting(14, 12, 40, 40, sure=0.6)
    assert selected([poor, good], NAMES) == [good]


def test_a_thing_on_another_stays_and_a_doubtful_part_goes() -> None:
    table, apple = sighting(0, 0, 80, 80), sighting(30, 10, 20, 20, kind=2)
    part = sighting(60, 60, 15, 15, kind=3, sure=0.3)
    assert selected([part, table, apple], NAMES) == [table, apple]


def test_a_group_is_not_seen_besides_its_members() -> None:
    members = [sighting(x, 10, 20, 20, sure=0.9) for x in (0, 25, 50)]
    assert selected([sighting(0, 10, 70, 20, kind=4, sure=0.5), *members], NAMES) == members


@given(
    st.lists(
        st.builds(
            sighting,
            *[st.integers(0, 60)] * 2,
            *[st.integers(5, 40)] * 2,
            st.integers(1, 5),
            st.sampled_from([0.2, 0.5, 0.9]),
        ),
        max_size=12,
    )
)
def test_selection_keeps_the_best_and_invents_nothing(seen: list[Sighting]) -> None:
    kept = selected(seen, NAMES)
    assert all(any(one is other for other in seen) for one in kept)
    if seen:
        assert max(one.classes[0][1] for one in kept) == max(one.classes[0][1] for one in seen)


def test_of_one_noun_members_are_kept_and_their_group_is_not() -> None:
    members = [sighting(x, 10, 20, 20) for x in (0, 25, 50)]
    found = of_noun([(0.95, sighting(0, 8, 70, 24)), *((0.8, one) for one in members)])
    assert sorted(one.box for one in found) == [one.box for one in members]


def test_of_one_noun_a_thing_and_its_part_are_one() -> None:
    whole, part = sighting(0, 0, 40, 40), sighting(5, 5, 15, 15)
    assert of_noun([(0.9, whole), (0.5, part)]) == [whole]
