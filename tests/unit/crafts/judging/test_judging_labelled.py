"""What detectors and scene records tell, asked for like things that were seen."""

from __future__ import annotations

import numpy as np

from omnimuse.backends.base import Detection
from omnimuse.crafts.judging.labelled import LabelledLook, is_drawn

FOUND = (Detection("person", 0.8, (10, 10, 30, 60)), Detection("dog", 0.9, (60, 40, 30, 30)))
SCENE = {
    "objects": [
        {"label": "red car", "box": [0.5, 0.5, 0.2, 0.1], "attributes": {"color": "dark blue"}},
        {"label": "duck", "box": [0.1, 0.5, 0.1, 0.1], "attributes": {}},
    ]
}


def photo() -> LabelledLook:
    pixels = np.full((100, 100, 3), 255, np.uint8)
    pixels[40:70, 60:90] = (36, 103, 217)
    return LabelledLook.of_photo(pixels, FOUND, ("person", "dog", "cat"))


def test_wider_and_narrower_nouns_find_a_label() -> None:
    look = photo()
    assert [look.name_of(t) for t in look.find("woman")] == ["person"]
    assert [look.name_of(t) for t in look.find("animals")] == ["dog"]
    assert look.find("cat") == []


def test_a_detector_knows_its_labels_only() -> None:
    assert photo().classes_of("cats")
    assert not photo().classes_of("castle")


def test_colours_come_from_the_middle_of_the_box() -> None:
    assert next(iter(photo().find("dog")[0].colors)) == "blue"


def test_a_record_is_exact() -> None:
    look = LabelledLook.of_scene(SCENE, (200, 100))
    car = look.find("car")[0]
    assert car.box == (100.0, 50.0, 40.0, 10.0)
    assert car.colors == {"blue": 1.0}
    assert [look.name_of(t) for t in look.find("animals")] == ["duck"]
    assert look.classes_of("unicyclist")
    assert not look.find("unicyclist")


def test_grain_tells_photographs_from_drawings() -> None:
    rng = np.random.default_rng(0)
    flat = np.tile(np.linspace(90, 160, 200, dtype=np.uint8)[:, None, None], (1, 200, 3))
    grainy = np.clip(flat + rng.normal(0, 6, flat.shape), 0, 255).astype(np.uint8)
    assert is_drawn(flat)
    assert not is_drawn(grainy)
