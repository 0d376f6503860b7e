from __future__ import annotations

from typing import Any

import pytest

from omnimuse.errors import ArgumentError
from omnimuse.methods.multidiffusion import View
from omnimuse.methods.region_denoising import Region, regions_of, view_of


def test_regions_say_what_the_layout_says() -> None:
    layout = {
        "objects": [
            {
                "label": "car",
                "box": [0.5, 0.5, 0.3, 0.2],
                "attributes": {"size": "large", "color": "blue"},
                "depth": 0.9,
            },
            {"label": "tree", "box": [0.0, 0.1, 0.4, 0.8], "depth": 0.2},
        ]
    }
    assert regions_of(layout) == [
        Region((0.0, 0.1, 0.4, 0.8), "tree"),
        Region((0.5, 0.5, 0.3, 0.2), "large blue car"),
    ]
    assert regions_of({}) == []


@pytest.mark.parametrize(
    "thing",
    [
        {"label": "car"},
        {"label": "car", "box": [0, 0, 1]},
        {"label": "car", "box": [0, 0, 0, 1]},
        {"label": "car", "box": [1.0, 0, 0.2, 1]},
        {"label": "car", "box": "all of it"},
        {"label": "", "box": [0, 0, 1, 1]},
        {"label": "car", "box": [0, 0, 1, 1], "attributes": ["red"]},
    ],
)
def test_damaged_layouts_are_refused(thing: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        regions_of({"objects": [thing]})
    with pytest.raises(ArgumentError):
        regions_of({"objects": "car"})


def test_boxes_are_cut_at_the_canvas() -> None:
    assert regions_of({"objects": [{"label": "a", "box": [0.5, 0.5, 9, 9]}]})[0].box == (
        0.5,
        0.5,
        0.5,
        0.5,
    )


def test_views_of_boxes_have_at_least_one_cell() -> None:
    assert view_of((0.25, 0.5, 0.5, 0.25), 8, 16) == View(4, 4, 2, 8)
    assert view_of((0.0, 0.0, 1.0, 1.0), 8, 16) == View(0, 0, 8, 16)
    assert view_of((0.999, 0.999, 0.001, 0.001), 8, 8) == View(7, 7, 1, 1)
