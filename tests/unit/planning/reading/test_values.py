from __future__ import annotations

from typing import Any

import pytest

from omnimuse.planning.reading.values import find_values


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("for 10 seconds", "duration", 10.0),
        ("a 10-second clip", "duration", 10.0),
        ("half a minute of rain", "duration", 30.0),
        ("two minutes long", "duration", 120.0),
        ("1.5 hours", "duration", 5400.0),
        ("resize to 1024x768", "size", (1024, 768)),
        ("800 by 600", "size", (800, 600)),
        ("in 4K", "size", (3840, 2160)),
        ("512 pixels wide", "pixels", 512),
        ("in 16:9", "aspect", (16, 9)),
        ("upscale it 4x", "factor", 4.0),
        ("twice as large", "factor", 2.0),
        ("three times bigger", "factor", 3.0),
        ("at 50%", "share", 0.5),
        ("at 120 bpm", "tempo", 120.0),
        ("in D minor", "key", "D minor"),
        ("in F sharp major", "key", "F# major"),
        ("24 fps", "rate", 24.0),
        ("-14 LUFS", "level", -14.0),
        ("make it blue", "colour", "blue"),
        ("translate into French", "language", "fr"),
        ("in the top left", "place", "top left"),
        ("at the centre", "place", "center"),
    ],
)
def test_a_value_is_read(text: str, dimension: str, value: Any) -> None:
    found = [v.value for v in find_values(text) if v.dimension == dimension]
    assert found == [value]


def test_spans_of_time_give_start_and_end() -> None:
    found = {v.dimension: v.value for v in find_values("from 0:10 to 0:20")}
    assert (found["start"], found["end"]) == (10.0, 20.0)
    found = {v.dimension: v.value for v in find_values("the first 5 seconds")}
    assert (found["start"], found["end"]) == (0.0, 5.0)


def test_counts_know_what_is_counted() -> None:
    counts = {(v.value, v.unit) for v in find_values("a two-line poem") if v.dimension == "count"}
    assert counts == {(2, "line")}


def test_plain_prose_has_no_values() -> None:
    assert find_values("paint the fox under the moon") == []
