"""Where edited things go; verbs by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.crafts.illustration.scene import Scene, SceneObject
from omnimuse.crafts.scene_editing.apply import (
    _beside,
    _freest,
    _hidden_share,
    _roomiest,
    _scaled,
    _to_side,
)
from omnimuse.crafts.scene_editing.instruction import verb_action

BOXES = st.tuples(st.floats(0, 0.6), st.floats(0, 0.6), st.floats(0.02, 0.4), st.floats(0.02, 0.4))


@pytest.mark.parametrize(
    ("verb", "action"),
    [("delete", "remove"), ("get rid", "remove"), ("swap", "replace"), ("put", "move"), ("xq", "")],
)
def test_verbs_by_name(verb: str, action: str) -> None:
    assert verb_action(verb, verb, None) == action


@given(BOXES, st.floats(0.3, 3.0))
def test_standing_things_keep_their_feet(box: tuple, factor: float) -> None:
    x, y, w, h = _scaled(SceneObject("a", "dog", "fluent:dog", box), factor)
    assert y + h == pytest.approx(box[1] + box[3])
    assert x + w / 2 == pytest.approx(box[0] + box[2] / 2)
    assert w >= 0.012


@given(BOXES)
def test_sides(box: tuple) -> None:
    x, y, w, _h = box
    assert _to_side(box, ("left",))[0] <= x
    assert _to_side(box, ("right",))[0] >= x
    corner = _to_side(box, ("top", "right"))
    assert corner[0] + w == pytest.approx(0.98)
    assert corner[1] == pytest.approx(0.03)
    assert _to_side(box, ("up",))[1] <= max(y, 0.02)


@given(BOXES, st.tuples(st.just(0.4), st.just(0.5), st.just(0.2), st.just(0.2)))
def test_relations_hold(box: tuple, other: tuple) -> None:
    small = (box[0], box[1], min(box[2], 0.3), min(box[3], 0.3))
    left = _beside(small, other, "left of")
    assert left[0] + left[2] / 2 < other[0] + other[2] / 2
    right = _beside(small, other, "right of")
    assert right[0] + right[2] / 2 > other[0] + other[2] / 2
    above = _beside(small, other, "above")
    assert above[1] + above[3] / 2 < other[1] + other[3] / 2


def test_new_things_go_where_there_is_room() -> None:
    there = SceneObject("a", "dog", "fluent:dog", (0.4, 0.5, 0.2, 0.2))
    box = _freest((0.4, 0.5, 0.2, 0.2), Scene((100, 100), objects=(there,)), spread=True)
    assert box[0] >= 0.6 or box[0] + box[2] <= 0.4


def test_new_things_shrink_where_there_is_no_room() -> None:
    there = SceneObject("a", "bird", "fluent:bird", (0.2, 0.1, 0.6, 0.8))
    new = SceneObject("b", "bird", "fluent:bird", (0.2, 0.1, 0.6, 0.8))
    crowded = _roomiest(new, Scene((100, 100), objects=(there,)), spread=True)
    assert crowded[2] < 0.6
    assert _hidden_share(crowded, Scene((100, 100), objects=(there,))) < 0.45
    assert crowded[1] + crowded[3] == pytest.approx(0.9)
    assert _roomiest(new, Scene((100, 100)), spread=True) == pytest.approx(new.box)
