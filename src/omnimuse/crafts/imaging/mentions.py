"""Which of the things that were seen do words mean: "the left dog", "all red cars", "the cyclist".

A thing is found by the meaning of its name, then by what the words say of place, size and colour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnimuse.backends.base import Detection
from omnimuse.crafts.illustration.color import NAMED, name_of
from omnimuse.crafts.imaging.palette import palette

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

ALIKE = 0.55
"""Likeness of a word and a label from which they are taken for the same thing."""

_ORDERS: dict[str, Callable[[Detection], float]] = {
    "left": lambda d: d.box[0] + d.box[2] / 2,
    "right": lambda d: -(d.box[0] + d.box[2] / 2),
    "top": lambda d: d.box[1] + d.box[3] / 2,
    "bottom": lambda d: -(d.box[1] + d.box[3] / 2),
    "big": lambda d: -d.box[2] * d.box[3],
    "small": lambda d: d.box[2] * d.box[3],
}
_QUALIFIERS = {
    "left": "left", "leftmost": "left", "lefthand": "left",
    "right": "right", "rightmost": "right", "righthand": "right",
    "top": "top", "upper": "top", "topmost": "top",
    "bottom": "bottom", "lower": "bottom", "lowest": "bottom",
    "big": "big", "bigger": "big", "biggest": "big", "large": "big", "larger": "big",
    "largest": "big", "front": "big", "nearest": "big", "closest": "big",
    "small": "small", "smaller": "small", "smallest": "small", "back": "small",
    "farthest": "small", "tiny": "small", "middle": "middle", "center": "middle",
    "centre": "middle", "central": "middle",
}  # fmt: skip
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}
_EVERY = {"all", "every", "each", "both"}
_EMPTY = {"the", "a", "an", "of", "on", "in", "at", "to", "one", "side", "this", "that", "these",
          "those", "hand", "from"}  # fmt: skip


@dataclass(frozen=True)
class Mention:
    """What words ask for.

    Attributes:
        noun: the thing's name.
        places: of left, right, top, bottom, big, small, middle.
        ordinal: which one from the left, -1 for the last; None if not said.
        colors: colour words.
        wants_all: whether every such thing is meant.
    """

    noun: str
    places: tuple[str, ...] = ()
    ordinal: int | None = None
    colors: tuple[str, ...] = ()
    wants_all: bool = False


def read_mention(words: str) -> Mention:
    """Split words into the name of a thing and what is said of it."""
    noun, places, colors = [], [], []
    ordinal, wants_all = None, False
    for word in re.findall(r"[\w']+", words.lower().replace("-", "")):
        if word in _EVERY:
            wants_all = True
        elif word in _QUALIFIERS:
            places.append(_QUALIFIERS[word])
        elif word in _ORDINALS:
            ordinal = _ORDINALS[word]
        elif word in NAMED:
            colors.append(word)
        elif word not in _EMPTY:
            noun.append(word)
    return Mention(" ".join(noun), tuple(places), ordinal, tuple(colors), wants_all)


def resolve(
    mention: Mention,
    seen: Sequence[Detection],
    rgb: NDArray[np.uint8],
    embed: Embed | None,
) -> list[Detection]:
    """The things that are meant, among those seen; empty if none fits."""
    labels = likely_labels(mention.noun, sorted({d.label for d in seen}), embed)
    found = [d for d in seen if d.label in labels]
    if mention.colors and len(found) > 1:
        wanted = {name_of(NAMED[color]) for color in mention.colors}
        colored = [d for d in found if wanted & set(_colors_in(rgb, d))]
        found = colored or found
    if not found:
        return []
    plural = mention.noun not in labels and any(is_plural(mention.noun, x) for x in labels)
    if mention.ordinal is not None:
        row = sorted(found, key=_ORDERS["left"])
        inside = -len(row) <= mention.ordinal < len(row)
        return [row[mention.ordinal]] if inside else []
    for place in mention.places:
        if place == "middle":
            center = np.array([rgb.shape[1] / 2, rgb.shape[0] / 2])
            found = sorted(found, key=lambda d: float(np.hypot(*(_middle(d) - center))))
        else:
            found = sorted(found, key=_ORDERS[place])
    return found if (mention.wants_all or plural) and not mention.places else found[:1]


def likely_labels(noun: str, labels: Sequence[str], embed: Embed | None) -> set[str]:
    """The labels that a noun names, or that mean nearly the same."""
    named = {label for label in labels if noun == label or is_plural(noun, label)}
    if named or embed is None or not labels or not noun:
        return named
    vectors = embed([noun, *labels])
    likeness = vectors[1:] @ vectors[0]
    best = float(likeness.max())
    if best < ALIKE:
        return set()
    return {x for x, value in zip(labels, likeness.tolist(), strict=True) if value > best - 0.05}


def is_plural(noun: str, label: str) -> bool:
    """Whether a noun is the plural of a label."""
    irregular = {"person": "people", "mouse": "mice", "knife": "knives", "sheep": "sheep"}
    forms = {label + "s", label + "es", irregular.get(label, "")}
    if label.endswith("y"):
        forms.add(label[:-1] + "ies")
    return noun in forms


def _middle(d: Detection) -> NDArray[np.float64]:
    return np.array([d.box[0] + d.box[2] / 2, d.box[1] + d.box[3] / 2])


def _colors_in(rgb: NDArray[np.uint8], d: Detection) -> list[str]:
    """The two main colours of the middle of a box."""
    x, y, w, h = d.box
    rows = slice(int(y + h * 0.2), max(int(y + h * 0.2) + 1, int(y + h * 0.8)))
    columns = slice(int(x + w * 0.2), max(int(x + w * 0.2) + 1, int(x + w * 0.8)))
    part = rgb[rows, columns]
    return [swatch.name for swatch in palette(part, 4)[:2]] if part.size else []
