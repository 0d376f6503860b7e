from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.crafts.illustration.scene import (
    ANCHORS,
    Background,
    Scene,
    SceneObject,
    TextLayer,
    dumps,
)
from omnimuse.errors import ArgumentError

_shares = st.floats(0, 1).map(lambda v: round(v, 5))
_sides = st.floats(0.01, 1).map(lambda v: round(v, 5))
_objects = st.builds(
    SceneObject,
    id=st.uuids().map(str),
    label=st.text(max_size=9),
    art=st.sampled_from(["fluent:dog", "drawn:tree", "standin:x"]),
    box=st.tuples(_shares, _shares, _sides, _sides),
    attributes=st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
    color=st.sampled_from(["", "#a1b2c3"]),
    flip=st.booleans(),
    rotation=st.integers(-180, 180).map(float),
    depth=_shares,
    anchor=st.sampled_from(ANCHORS),
    variant=st.integers(0, 9),
)


@given(st.lists(_objects, max_size=5), st.integers(0, 2**31))
def test_a_scene_survives_json(objects: list[SceneObject], seed: int) -> None:
    scene = Scene((640, 480), Background("sea", "night"), tuple(objects), (), "flat", seed)
    assert Scene.from_json(json.loads(dumps(scene))) == scene


def _scene() -> Scene:
    first = SceneObject("a", "dog", "fluent:dog", (0.1, 0.1, 0.2, 0.2), depth=0.9)
    second = SceneObject("b", "cat", "fluent:cat", (0.5, 0.1, 0.2, 0.2), depth=0.2)
    text = TextLayer("t", "HI", (0.1, 0.1, 0.2, 0.1), on="a")
    return Scene((100, 100), objects=(first, second), texts=(text,))


def test_objects_are_drawn_from_back_to_front() -> None:
    assert [item.id for item in _scene().drawing_order()] == ["b", "a"]


def test_objects_are_replaced_added_and_removed_with_their_words() -> None:
    scene = _scene()
    moved = SceneObject("a", "dog", "fluent:dog", (0.6, 0.6, 0.2, 0.2))
    assert scene.with_object(moved).object("a").box[0] == 0.6
    assert len(scene.with_object(SceneObject("c", "x", "drawn:tree", (0, 0, 1, 1))).objects) == 3
    without = scene.without_object("a")
    assert [item.id for item in without.objects] == ["b"]
    assert without.texts == ()


def test_a_missing_object_is_named_with_those_that_exist() -> None:
    with pytest.raises(ArgumentError) as caught:
        _scene().object("zzz")
    assert "zzz" in caught.value.message
    assert "a, b" in caught.value.hint


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("format",), "other", "format"),
        (("canvas",), [0, 10], "canvas"),
        (("canvas",), [10], "canvas"),
        (("canvas",), [90000, 10], "canvas"),
        (("style",), "oil", "style"),
        (("seed",), 1.5, "seed"),
        (("objects",), {}, "objects"),
        (("objects", 0, "box"), [0, 0, -1, 1], "box"),
        (("objects", 0, "box"), [0, 0, float("nan"), 1], "box"),
        (("objects", 0, "color"), "red", "color"),
        (("objects", 0, "anchor"), "nowhere", "anchor"),
        (("objects", 0, "flip"), 1, "flip"),
        (("objects", 0, "id"), "b", "same id"),
        (("objects", 0, "surprise"), 1, "surprise"),
        (("objects", 0, "label"), None, "label"),
        (("background", "light"), [1], "light"),
        (("background",), 3, "background"),
    ],
)
def test_what_is_not_a_scene_is_named(path: tuple[Any, ...], value: Any, named: str) -> None:
    data = copy.deepcopy(_scene().to_json())
    place: Any = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(ArgumentError, match=named):
        Scene.from_json(data)


@pytest.mark.parametrize("value", [None, 3, [], "scene", {}])
def test_other_json_is_not_a_scene(value: Any) -> None:
    with pytest.raises(ArgumentError):
        Scene.from_json(value)
