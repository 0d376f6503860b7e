from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from omnimuse.errors import ArgumentError
from omnimuse.graph.arguments import describe, nearest, parse_arguments, resolve_arguments
from omnimuse.graph.schema import violation
from omnimuse.graph.spec import Param, Port, ToolSpec

SPEC = ToolSpec(
    "draw_thing",
    "1.0.0",
    "Draw.",
    inputs=(
        Port("prompt", "text"),
        Port("labels", "caption", is_list=True, is_required=False),
        Port("style", "image", is_required=False),
    ),
    params=(
        Param("width", {"type": "integer", "minimum": 16, "maximum": 64, "unit": "px"}, default=32),
        Param("strength", {"type": "number", "minimum": 0, "maximum": 1}, default=0.5),
        Param("mood", {"type": "string", "enum": ["calm", "wild"]}, is_required=True),
        Param("is_flat", {"type": "boolean"}, default=False),
        Param("sizes", {"type": "array", "items": {"type": "integer"}, "maxItems": 3}, default=[]),
        Param("extra", {"type": "object"}, default={}),
        Param("name", {"type": ["string", "null"], "maxLength": 5}, default=None),
    ),
    outputs=(Port("image", "image"),),
)


def test_defaults_are_filled_in_in_the_order_of_the_spec():
    assert resolve_arguments(SPEC, {"mood": "wild", "prompt": "a fox"}) == {
        "width": 32,
        "strength": 0.5,
        "mood": "wild",
        "is_flat": False,
        "sizes": [],
        "extra": {},
        "name": None,
        "prompt": "a fox",
    }
    assert list(resolve_arguments(SPEC, {"mood": "wild"}))[:3] == ["width", "strength", "mood"]


def test_numbers_come_in_the_type_of_the_schema():
    resolved = resolve_arguments(SPEC, {"mood": "calm", "width": 20.0, "strength": 1})
    assert resolved["width"] == 20
    assert type(resolved["width"]) is int
    assert type(resolved["strength"]) is float


def test_seed_is_an_argument_of_every_tool():
    assert resolve_arguments(SPEC, {"mood": "calm", "seed": 7})["seed"] == 7
    assert "seed" not in resolve_arguments(SPEC, {"mood": "calm"})
    with pytest.raises(ArgumentError, match="seed"):
        resolve_arguments(SPEC, {"mood": "calm", "seed": -1})


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ({}, "needs mood", '"calm", "wild"'),
        ({"mood": "grim"}, "mood", '"calm", "wild"'),
        ({"mood": "calm", "width": 65}, "width", "from 16 to 64 px"),
        ({"mood": "calm", "width": True}, "width", "integer"),
        ({"mood": "calm", "width": 16.5}, "width", "integer"),
        ({"mood": "calm", "strength": math.nan}, "finite", "from 0 to 1"),
        ({"mood": "calm", "strength": math.inf}, "finite", "from 0 to 1"),
        ({"mood": "calm", "extra": {"deep": [math.nan]}}, "finite", "object"),
        ({"mood": "calm", "extra": {1: 2}}, "keys", "object"),
        ({"mood": "calm", "sizes": [1, "two"]}, r"\[1\]", "array"),
        ({"mood": "calm", "widht": 5}, "no argument 'widht'", "width"),
        ({"mood": "calm", "style": "x.png"}, "takes a image asset", "-i"),
        ({"mood": "calm", "prompt": 5}, "wants a string", "string"),
        ({"mood": "calm", "labels": "one"}, "list of strings", "list of strings"),
        ({"mood": "calm", "name": object()}, "plain JSON", "null"),
    ],
)
def test_bad_arguments_are_named_with_their_range(arguments, message, hint):
    with pytest.raises(ArgumentError, match=message) as caught:
        resolve_arguments(SPEC, arguments)
    assert hint in caught.value.hint


def test_texts_are_typed_by_the_schema():
    texts = {
        "width": " 20 ",
        "strength": "0.25",
        "mood": "calm",
        "is_flat": "yes",
        "sizes": "1, 2,3",
        "extra": '{"a": [1]}',
        "name": "Ann",
        "prompt": "20",
        "labels": '["a, b", "c"]',
        "seed": "12",
    }
    assert parse_arguments(SPEC, texts) == {
        "width": 20,
        "strength": 0.25,
        "mood": "calm",
        "is_flat": True,
        "sizes": [1, 2, 3],
        "extra": {"a": [1]},
        "name": "Ann",
        "prompt": "20",
        "labels": ["a, b", "c"],
        "seed": 12,
    }


def test_an_empty_text_is_null_where_null_is_allowed():
    assert parse_arguments(SPEC, {"name": ""}) == {"name": None}


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("width", "wide", "from 16 to 64 px"),
        ("width", "8", "from 16 to 64 px"),
        ("strength", "nan", "from 0 to 1"),
        ("mood", "grim", '"calm", "wild"'),
        ("is_flat", "perhaps", "boolean"),
        ("sizes", "1,b", "array"),
        ("sizes", "1,2,3,4", "3 items at most"),
        ("extra", "[1]", "object"),
        ("extra", "{", "object"),
        ("name", "too long", "5 characters at most"),
        ("moood", "calm", "mood"),
        ("style", "x.png", "-i"),
    ],
)
def test_texts_that_are_no_such_value_are_refused(name, text, hint):
    with pytest.raises(ArgumentError) as caught:
        parse_arguments(SPEC, {name: text})
    assert hint in caught.value.hint


def test_deeply_nested_json_is_refused_not_a_crash():
    with pytest.raises(ArgumentError):
        parse_arguments(SPEC, {"extra": '{"a":' * 100_000})


def test_references_to_the_network_are_not_followed():
    spec = ToolSpec("t", "1", "t", params=(Param("x", {"$ref": "http://127.0.0.1:9/x.json"}),))
    with pytest.raises(ArgumentError, match="cannot be used"):
        resolve_arguments(spec, {"x": 1})


def test_a_broken_schema_is_named():
    spec = ToolSpec("t", "1", "t", params=(Param("x", {"type": "strnig"}),))
    with pytest.raises(ArgumentError, match="schema that cannot be used"):
        resolve_arguments(spec, {"x": "a"})


def test_describe_says_range_unit_and_meaning():
    param = Param("tempo", {"type": "number", "minimum": 40, "unit": "bpm"}, description="speed")
    assert describe(param) == "tempo: number, 40 or more bpm (speed)."


def test_nearest_offers_few_names():
    assert nearest("paint_imag", ["paint_image", "mix_audio"]) == "Did you mean paint_image?"
    assert nearest("zzz", ["a", "b"]) == "Known: a, b."
    assert nearest("zzz", [f"tool_{k:02}" for k in range(30)]).endswith("tool_11, ....")
    assert nearest("x", []) == "There are none."


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-100, 100),
    st.floats(-100, 100),
    st.text(max_size=8),
    st.just(1.0),
    st.lists(st.integers(0, 3), max_size=2),
)
bounds = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(
            st.sampled_from(["string", "integer", "number", "boolean", "null", "array"]),
            st.lists(
                st.sampled_from(["string", "integer", "number", "boolean", "null"]),
                min_size=1,
                max_size=3,
                unique=True,
            ),
        ),
        "enum": st.lists(scalars, min_size=1, max_size=4),
        "minimum": st.integers(-50, 50),
        "maximum": st.integers(-50, 50),
        "maxLength": st.integers(0, 6),
        "unit": st.just("px"),
    },
)


@given(bounds, scalars)
def test_the_fast_way_judges_as_jsonschema_does(schema: dict[str, Any], value: Any):
    assert (violation(schema, value) == "") == Draft202012Validator(schema).is_valid(value)
