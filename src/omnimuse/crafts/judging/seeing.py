"""Things seen in a picture and what they may be called; nothing here knows of scenes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from omnimuse.backends.base import PictureReader, Sighting
from omnimuse.crafts.judging.coloring import color_shares
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
_HELD = 0.8


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
        found = [s for s in eyes.look(pixels) if s.score >= _MIN_SCORE]
        self.things = tuple(
            Thing(s, color_shares(pixels, s.box, s.cover)) for s in found if not _is_nothing(s)
        )

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
        wanted = self.classes_of(noun)
        return sum(share for index, share in thing.sighting.classes if index in wanted)

    def find(self, noun: str, *, least: float = SURE) -> list[Thing]:
        """The things that the noun names, no part of one counted besides it."""
        fits = [
            (self.probability(thing, noun), thing)
            for thing in self.things
            if self.probability(thing, noun) >= least
            or (thing.sighting.classes[0][0] in self.classes_of(noun) and least <= SURE)
        ]
        kept: list[Thing] = []
        for _, thing in sorted(fits, key=lambda pair: (-pair[0], pair[1].box)):
            if all(_held(thing.box, other.box) < _HELD for other in kept):
                kept.append(thing)
        return sorted(kept, key=lambda thing: thing.box)

    def name_of(self, thing: Thing) -> str:
        """The likeliest name of a thing, "something" where no name is likely."""
        index, share = thing.sighting.classes[0]
        names = self._names[index]
        return names[0] if names and share >= SURE else "something"


def _is_nothing(sighting: Sighting) -> bool:
    return sighting.classes[0][0] == 0 and sighting.classes[0][1] > 0.5


def _held(one: Box, other: Box) -> float:
    """Overlap of two boxes as a share of the smaller."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    tall = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    smaller = min(one[2] * one[3], other[2] * other[3])
    return max(wide, 0.0) * max(tall, 0.0) / smaller if smaller > 0 else 0.0


def union(boxes: Iterable[Sequence[float]]) -> list[float]:
    """The box around boxes."""
    rows = list(boxes)
    x, y = min(r[0] for r in rows), min(r[1] for r in rows)
    right, low = max(r[0] + r[2] for r in rows), max(r[1] + r[3] for r in rows)
    return [round(v, 1) for v in (x, y, right - x, low - y)]
