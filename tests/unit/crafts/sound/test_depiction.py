"""Of a described picture, the things that sound are heard and the silent ones are left out."""

from __future__ import annotations

import pytest

from omnimuse.crafts.sound.catalogue import sound_classes
from omnimuse.crafts.sound.depiction import heard_layers
from omnimuse.errors import NeedsInputError

NAMES = {"dog": "dog_bark", "waves": "sea_waves", "seagulls": "seagull"}


def find(phrase):
    for word, name in NAMES.items():
        if word in phrase:
            return sound_classes()[name]
    raise NeedsInputError("no such sound")


def test_things_with_a_sound_become_layers():
    layers = heard_layers("A dog on a red chair near the waves. It is mostly blue.", find)
    assert [layer.sound for layer in layers] == ["dog_bark", "sea_waves"]
    assert layers[0].pan != layers[1].pan
    assert layers[0].distance_m > layers[1].distance_m


def test_a_silent_picture_is_asked_about():
    with pytest.raises(NeedsInputError, match="Nothing in the description"):
        heard_layers("A red chair and a table. The picture is bright.", find)
