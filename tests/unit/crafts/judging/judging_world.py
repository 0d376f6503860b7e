"""Pictures of coloured squares, and eyes that were told what is where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omnimuse.backends.base import Sighting

NAMES = (
    (),
    ("dog", "animal"),
    ("cat", "animal"),
    ("car",),
    ("table",),
    ("black cat", "cat", "animal"),
    ("lamp",),
)
LAMP = 6
COLORS = {"red": (227, 36, 43), "blue": (36, 103, 217), "green": (47, 164, 68)}


@dataclass(frozen=True)
class Spot:
    """A square thing: class index, centre and size in pixels, colour, how sure the eyes are."""

    kind: int
    x: float
    y: float
    size: float = 20.0
    color: str = "red"
    sure: float = 0.9


class ToldEyes:
    """Sees the spots that it was given."""

    names = NAMES

    def __init__(self, *spots: Spot) -> None:
        self.spots = spots

    def look(self, pixels: np.ndarray) -> list[Sighting]:
        seen = []
        for spot in self.spots:
            box = (spot.x - spot.size / 2, spot.y - spot.size / 2, spot.size, spot.size)
            rest = ((LAMP, round(1 - spot.sure, 3)),)
            classes = ((spot.kind, spot.sure), *rest)
            classes = tuple(sorted(classes, key=lambda pair: -pair[1]))
            cover = np.ones((round(spot.size), round(spot.size)), np.float32)
            seen.append(Sighting(box, 0.9, classes, cover))
        return seen


def picture_of(*spots: Spot, side: int = 100) -> np.ndarray:
    """White, with the spots painted on."""
    pixels = np.full((side, side, 3), 255, np.uint8)
    for spot in spots:
        half = spot.size / 2
        top, low = round(spot.y - half), round(spot.y + half)
        left, right = round(spot.x - half), round(spot.x + half)
        pixels[max(top, 0) : low, max(left, 0) : right] = COLORS[spot.color]
    return pixels
