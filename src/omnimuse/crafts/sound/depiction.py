"""From the description of a picture to what one would hear there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from omnimuse.crafts.sound.scene import MAX_LAYERS, Layer
from omnimuse.crafts.sound.take import SoundClass
from omnimuse.errors import NeedsInputError

_PARTS = re.compile(r"[.;,:]|\b(?:and|with|on|in|at|near|behind|under|above|beside|of)\b", re.I)
# What captions say of the picture as such: how bright it is, and that it shows something.
_OF_THE_PICTURE = re.compile(r"\bThe picture (?:is [^.]*\.|shows\b)", re.I)
SURE = 0.6
"""How alike a thing and a class must be: nobody asked for the sound of each thing in a picture."""
_SPREAD = (0.0, 0.35, -0.35, 0.6, -0.6, 0.2, -0.2, 0.8)


def heard_layers(caption: str, find: Callable[[str], SoundClass]) -> list[Layer]:
    """Layers for the things of a caption that have a sound; what is silent is left out.

    Args:
        caption: a description of a picture.
        find: names the class of a phrase or raises NeedsInputError.

    Raises:
        NeedsInputError: nothing in it can be heard.
    """
    found: dict[str, Layer] = {}
    for part in _PARTS.split(_OF_THE_PICTURE.sub(" ", caption)):
        phrase = re.sub(r"^\s*(?:an?|the|some|its|is|it|there)\s+", "", part, flags=re.I).strip()
        if not phrase or len(phrase.split()) > 6:
            continue
        try:
            kind = find(phrase)
        except NeedsInputError:
            continue
        # Ambiences lie behind, single sources are heard now and then, a little way off.
        distance_m = 4.0 if kind.is_ambience else 12.0
        layer = Layer(phrase, kind.name, distance_m=distance_m, density=0.3)
        found.setdefault(kind.name, layer)
    if not found:
        raise NeedsInputError(
            "Nothing in the description can be heard; which sound is wanted?",
            hint="Describe it: 'wind and distant bells'.",
        )
    layers = list(found.values())[: min(MAX_LAYERS, 5)]
    return [replace(layer, pan=_SPREAD[index]) for index, layer in enumerate(layers)]
