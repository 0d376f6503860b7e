"""Arguments are found from schemas alone: these tools exist nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from omnimuse.graph.spec import Param, Port, ToolSpec
from omnimuse.planning.building.arguments import ArgumentFiller, fit_schema
from omnimuse.planning.intent import Step


def _fill(text: str, *params: Param) -> dict[str, Any]:
    spec = ToolSpec(
        "frobnicate", "1", "Frobnicate.", params=params, outputs=(Port("image", "image"),)
    )
    step = Step(text=text, query=text, verb="frobnicate", content=text)
    return ArgumentFiller(None).fill(spec, step, defaults={})


@pytest.mark.parametrize(
    ("text", "param", "value"),
    [
        ("wobble for half a minute", Param("period_s", {"type": "number", "unit": "s"}), 30.0),
        ("wobble 3x", Param("zoom", {"type": "integer", "minimum": 1, "maximum": 8}), 3),
        ("make 7 glints", Param("glints", {"type": "integer"}), 7),
        ("make five pictures", Param("count", {"type": "integer"}, description="how many"), None),
        ("in a Bold mood", Param("mood", {"type": "string", "enum": ["bold", "shy"]}), "bold"),
        ("paint it green", Param("tint_color", {"type": "string"}), "green"),
        ("at the top left", Param("position", {"type": "string", "enum": ["top_left", "center"]}),
         "top_left"),
        ("say it in Spanish", Param("target_language", {"type": "string"}), "es"),
        ("in E minor", Param("key", {"type": ["string", "null"]}), "E minor"),
        ("in the style of an old map", Param("style", {"type": "string"}), "old map"),
        ("with 30% strength", Param("strength", {"type": "number"}), 0.3),
        ("write 'Hello' there", Param("text", {"type": "string"}), "Hello"),
        ("without loop", Param("loop", {"type": "boolean"}), False),
        ("wobble it", Param("depth_px", {"type": "integer", "unit": "px"}), None),
    ],
)  # fmt: skip
def test_a_parameter_finds_its_value(text: str, param: Param, value: Any) -> None:
    assert _fill(text, param).get(param.name) == value


def test_sizes_fill_width_and_height() -> None:
    width = Param("width", {"type": "integer", "minimum": 16, "maximum": 2000}, default=768)
    height = Param("height", {"type": "integer", "minimum": 16, "maximum": 2000}, default=768)
    assert _fill("in 640x480", width, height) == {"width": 640, "height": 480}
    assert _fill("in square format", width, height) == {"width": 768, "height": 768}
    wide = _fill("in 16:9", width, height)
    assert wide["width"] / wide["height"] == pytest.approx(16 / 9, abs=0.03)


@pytest.mark.parametrize(
    ("value", "schema", "fitted"),
    [
        (500.0, {"type": "number", "maximum": 100}, 100.0),
        (2.6, {"type": "integer"}, 3),
        (4.0, {"type": "integer", "enum": [2, 4]}, 4),
        (5.0, {"type": "integer", "enum": [2, 4]}, None),
        ("x" * 50, {"type": "string", "maxLength": 10}, "x" * 10),
        ("red", {"type": "string", "pattern": "^#"}, None),
        ("yes", {"type": "number"}, None),
    ],
)
def test_values_are_fitted_to_the_schema(value: Any, schema: dict[str, Any], fitted: Any) -> None:
    assert fit_schema(value, schema) == fitted


def test_what_is_wanted_never_becomes_what_is_unwanted() -> None:
    negative = Param("negative_prompt", {"type": "string"})
    assert _fill("a red fox", negative) == {}
    assert _fill("a street without cars", negative) == {"negative_prompt": "cars"}


def test_languages_keep_their_direction() -> None:
    source = Param("source_language", {"type": "string"})
    target = Param("target_language", {"type": "string"})
    assert _fill("translate into French", source, target) == {"target_language": "fr"}
    found = _fill("translate from German into French", source, target)
    assert found == {"source_language": "de", "target_language": "fr"}
