"""Things seen in a picture and what they may be called; nothing here knows of scenes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from omnimuse.backends.base import PictureReader, Sighting
from omnimuse.crafts.judging.coloring import color_shares
from omnimuse.crafts.judging.selection import of_noun, selected
from omnimuse.crafts.layout.words import singular

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Box = tuple[float, float, float, float]
SURE = 0.35
"""Probability from which a thing is said to be what was asked."""
MAYBE = 0.1
"""Probability from which it cannot be ruled out."""
_MIN_SCORE = 0.3


@dataclass(frozen=True)
class Thing:
    """One thing in the picture; `colors` are shares by name, largest first."""

    sighting: Sighting
    colors: dict[str, float]

    @property
    def box(self) -> Box:
        """x, y, width, height in pixels."""
        return self.sighting.box

    @property
    def center(self) -> tuple[float, float]:
        """Of the box, in pixels."""
        x, y, w, h = self.box
        return (x + w / 2, y + h / 2)


class Look:
    """What a look at a picture tells.

    Args:
        pixels: the picture.
        eyes: finds and names things.
    """

    def __init__(self, pixels: NDArray[np.uint8], eyes: PictureReader) -> None:
        self.size = (int(pixels.shape[1]), int(pixels.shape[0]))
        self._names = eyes.names
        self._pixels = pixels
        self._seen = [s for s in eyes.look(pixels) if s.score >= _MIN_SCORE]
        best = selected(self._seen, self._names)
        self.things = tuple(self._thing(one) for one in best if not _is_nothing(one))

    def _thing(self, sighting: Sighting) -> Thing:
        return Thing(sighting, color_shares(self._pixels, sighting.box, sighting.cover))

    @cached_property
    def _classes(self) -> dict[str, frozenset[int]]:
        known: dict[str, set[int]] = {}
        for index, names in enumerate(self._names):
            for name in names:
                known.setdefault(name, set()).add(index)
        return {name: frozenset(found) for name, found in known.items()}

    def classes_of(self, noun: str) -> frozenset[int]:
        """The classes that a noun names; empty if the eyes do not know the noun."""
        label = " ".join(noun.lower().replace("-", " ").split())
        *rest, last = label.split() or [""]
        for name in (label, " ".join([*rest, singular(last)])):
            if name in self._classes:
                return self._classes[name]
        return frozenset()

    def probability(self, thing: Thing, noun: str) -> float:
        """That a thing is what the noun names."""
        return _share_of(thing.sighting, self.classes_of(noun))

    def find(self, noun: str, *, least: float = SURE) -> list[Thing]:
        """The things that the noun names, from left to right."""
        wanted = self.classes_of(noun)
        shares = ((_share_of(one, wanted), one) for one in self._seen)
        return [
            self._thing(one)
            for one in sorted(of_noun([p for p in shares if p[0] >= least]), key=lambda s: s.box)
        ]

    def name_of(self, thing: Thing) -> str:
        """The likeliest name of a thing, "something" where no name is likely."""
        index, share = thing.sighting.classes[0]
        names = self._names[index]
        return names[0] if names and share >= SURE else "something"


def _is_nothing(sighting: Sighting) -> bool:
    return sighting.classes[0][0] == 0 and sighting.classes[0][1] > 0.5


def _share_of(sighting: Sighting, wanted: frozenset[int]) -> float:
    return sum(share for index, share in sighting.classes if index in wanted)
