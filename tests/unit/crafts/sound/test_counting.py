"""Numbers of events: read from words, and heard in the sound."""

import numpy as np
import pytest

from omnimuse.crafts.sound.catalogue import sound_classes
from omnimuse.crafts.sound.counting import asked_count, events_of, without_count
from omnimuse.crafts.sound.scene import Layer, read_layer, render_layers
from omnimuse.errors import InputError

RATE = 22050


@pytest.mark.parametrize(
    ("phrase", "count"),
    [
        ("a dog barking twice", 2),
        ("a dog barks three times", 3),
        ("three knocks on a wooden door", 3),
        ("two car horns", 2),
        ("a bell rings 12 times", 12),
        ("\u72d7\u53eb\u4e24\u58f0", 2),
        ("two dogs barking", None),
        ("a dog barking", None),
        ("heavy rain", None),
    ],
)
def test_how_often_is_read(phrase: str, count: int | None) -> None:
    assert asked_count(phrase) == count
    assert read_layer(phrase).count == count


def test_words_of_number_are_left_out_of_the_search() -> None:
    assert without_count("a dog barking twice") == "a dog barking"
    with pytest.raises(InputError, match="60 is the most"):
        asked_count("knocking 99 times")


@pytest.mark.parametrize("sound", ["dog_bark", "door_knock", "hand_bell", "car_horn"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_so_many_events_are_heard(sound: str, count: int) -> None:
    classes = sound_classes()
    if sound not in classes:
        pytest.fail(f"no class {sound}")
    made = render_layers(
        [Layer("x", sound, count=count)], classes, duration_s=8.0, sample_rate_hz=RATE, seed=3
    )
    assert len(made) == 8 * RATE
    assert len(events_of(made, RATE)) == count


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(InputError, match="do not fit"):
        render_layers([Layer("x", "dog_bark", count=30)], sound_classes(), duration_s=2.0,
                      sample_rate_hz=RATE, seed=1)  # fmt: skip


def test_silence_has_no_events() -> None:
    assert events_of(np.zeros((1000, 1), np.float32), RATE) == []
