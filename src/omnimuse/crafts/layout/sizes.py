"""How big things look in a picture: real sizes by noun, drawn closer together as artists do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from omnimuse.crafts.layout import words as w

# A picture that kept true sizes would show a mouse beside an elephant as a dot; sizes are drawn as
# this power of the true ones.
COMPRESSION = 0.42
_BY_KIND = {
    "a": (0.9, 0.7, "g"),
    "p": (0.6, 1.7, "g"),
    "f": (0.16, 0.1, "s"),
    "t": (0.6, 0.9, "g"),
    "b": (0.3, 0.3, "s"),
}
_DEFAULT = (0.5, 0.5, "s")
_SIZE_WORDS = {
    "tiny": 0.55, "miniature": 0.5, "mini": 0.6, "small": 0.75, "little": 0.75, "short": 0.85,
    "large": 1.25, "big": 1.25, "huge": 1.5, "giant": 1.6, "gigantic": 1.7, "enormous": 1.6,
    "massive": 1.6, "oversized": 1.4, "jumbo": 1.4, "colossal": 1.7, "towering": 1.5,
}  # fmt: skip


_CONTRAST = 1.5
"""What is called huge is drawn so many times as large as what is called tiny, whatever they are."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Drawn width and height in arbitrary units, and stance (see data/sizes.tsv)."""

    width: float
    height: float
    stance: str


@lru_cache(maxsize=8192)
def real_size(label: str) -> tuple[float, float, str]:
    """Width and height in metres, and stance.

    The noun itself, its last words ("coffee cup" is a cup), the nearest noun above it in WordNet
    ("spaniel" is a dog), and at last what is usual for its kind.
    """
    sizes, nouns = w.size_table(), w.noun_table()
    parts = label.split(" ")
    for i in range(len(parts)):
        name = " ".join(parts[i:])
        if name in sizes:
            return sizes[name]
        anchor = nouns.get(name, ("", ""))[1]
        if anchor in sizes:
            return sizes[anchor]
    return _BY_KIND.get(w.noun_kind(label), _DEFAULT)


@lru_cache(maxsize=8192)
def extent(label: str, size_word: str = "", age: str = "") -> Extent:
    """The drawn extent of a thing that the prompt may call small, tall or a baby."""
    width, height, stance = real_size(label)
    longest = max(width, height)
    drawn = longest**COMPRESSION
    factor = _factor(size_word)
    if age == "baby":
        factor *= 0.6
    wide = max(width / longest, 0.22) * drawn * factor
    high = max(height / longest, 0.22) * drawn * factor
    for word in size_word.split():
        high *= 1.3 if word == "tall" else 1.0
        wide *= {"long": 1.3, "wide": 1.3, "narrow": 0.7, "thin": 0.75, "fat": 1.25}.get(word, 1.0)
    return Extent(wide, high, stance)


def contrasted(extents: Sequence[Extent], size_words: Sequence[str]) -> list[Extent]:
    """Extents where the prompt's contrast holds: "a huge ant next to a tiny house".

    Args:
        extents: of the things.
        size_words: what the prompt calls each, "" if nothing.
    """
    spans = [math.sqrt(size.width * size.height) for size in extents]
    factors = [_factor(word) for word in size_words]
    large = [span for span, factor in zip(spans, factors, strict=True) if factor > 1]
    small = [span for span, factor in zip(spans, factors, strict=True) if factor < 1]
    if not large or not small:
        return list(extents)
    away = math.sqrt(max(1.0, _CONTRAST * max(small) / min(large)))
    changes = [away if factor > 1 else 1 / away if factor < 1 else 1.0 for factor in factors]
    return [
        Extent(size.width * change, size.height * change, size.stance)
        for size, change in zip(extents, changes, strict=True)
    ]


def _factor(size_word: str) -> float:
    return math.prod(_SIZE_WORDS.get(word, 1.0) for word in size_word.split())
