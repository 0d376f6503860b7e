from __future__ import annotations

import numpy as np
import pytest

from omnimuse.crafts.sound.catalogue import sound_classes
from omnimuse.crafts.sound.retrieval import named_class
from omnimuse.crafts.sound.scene import (
    Layer,
    asked_duration_s,
    bare_phrase,
    plan_layers,
    read_layer,
    render_layers,
    split_request,
)
from omnimuse.errors import InputError

RATE = 22050


@pytest.mark.parametrize(
    ("prompt", "phrases"),
    [
        ("rain on a roof with distant thunder and an owl",
         ["rain on a roof", "distant thunder", "owl"]),
        ("make the sound of a dog barking", ["dog barking"]),
        ("10 seconds of wind, then a door slam", ["wind", "door slam"]),
        ("下雨和远处打雷，还有猫头鹰", ["下雨", "远处打雷", "猫头鹰"]),
        ("Church bells.", ["Church bells"]),
    ],
)  # fmt: skip
def test_requests_are_split_into_sources(prompt, phrases):
    got = [phrase.removeprefix("then ") for phrase in split_request(prompt)]
    assert got == phrases


def test_nothing_or_too_much_is_refused():
    with pytest.raises(InputError, match="no sound was described"):
        split_request(" , and . ")
    with pytest.raises(InputError, match="9 sounds at once"):
        split_request(", ".join(f"sound{i}" for i in range(9)))


def test_degree_words_become_numbers():
    layer = read_layer("a very distant loud train from left to right in a cave in the background")
    assert (layer.distance_m, layer.intensity, layer.pan, layer.pan_to) == (250.0, 0.8, -0.9, 0.9)
    assert (layer.place, layer.gain_db) == ("cave", -8.0)
    plain = read_layer("a train")
    assert (plain.distance_m, plain.intensity, plain.density) == (2.0, 0.5, 0.5)
    assert read_layer("远处轻轻的风声").distance_m == 70.0
    assert bare_phrase("a distant owl on the left") == "a owl"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10 seconds of rain", 10), ("a 2.5 s beep", 2.5), ("2 minutes of sea", 120),
     ("30秒的雨声", 30), ("rain", None), ("3 students talking", None)],
)  # fmt: skip
def test_duration_is_read(text, seconds):
    assert asked_duration_s(text) == seconds


def test_layers_share_a_place_and_are_spread():
    layers = plan_layers("dog barking in a forest, an owl, a wolf", lambda p: _named(p))
    assert [layer.sound for layer in layers] == ["dog_bark", "owl", "wolf"]
    assert {layer.place for layer in layers} == {"forest"}
    assert layers[0].pan == 0
    assert layers[1].pan > 0 > layers[2].pan


def _named(phrase):
    words = phrase.replace("in a forest", "").strip().removeprefix("an ").removeprefix("a ")
    kind = named_class(words)
    assert kind is not None, phrase
    return kind


def render(layers, seconds, seed=0):
    return render_layers(
        layers, sound_classes(), duration_s=seconds, sample_rate_hz=RATE, seed=seed
    )


def test_happenings_repeat_over_a_long_scene():
    rare = render([Layer("", "door_slam", density=0.0)], 20.0)
    often = render([Layer("", "door_slam", density=1.0)], 20.0)
    assert rare.shape == often.shape == (20 * RATE, 2)
    step = RATE // 10
    loud = [
        int((np.abs(x[: len(x) // step * step]).reshape(-1, step * 2).max(axis=1) > 0.1).sum())
        for x in (rare, often)
    ]
    assert loud[1] > 2 * loud[0] > 0


def test_direction_and_movement_are_heard():
    left = render([Layer("", "dog_bark", pan=-0.8)], 2.0)
    energy = (left**2).sum(axis=0)
    assert energy[0] > 3 * energy[1]
    moving = render([Layer("", "car_engine", pan=-0.9, pan_to=0.9)], 4.0)
    first, last = (moving[:RATE] ** 2).sum(axis=0), (moving[-RATE:] ** 2).sum(axis=0)
    assert first[0] > first[1]
    assert last[1] > last[0]


def test_scene_is_deterministic_and_soft_at_its_edges():
    layers = [Layer("", "rain"), Layer("", "owl", distance_m=40)]
    first, second = render(layers, 2.0, 5), render(layers, 2.0, 5)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, render(layers, 2.0, 6))
    assert np.abs(first[0]).max() < 1e-3
    assert np.abs(first[-1]).max() < 1e-3
