"""From a label to a drawing, by meaning, with a stated confidence.

The order: a drawing of our own that answers to the label; the art's own name; the names that people
use for it; its tags, English and Chinese; the label without its adjectives; the nearest name by
sentence embedding; and, where nothing is near, a labelled stand-in.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.illustration.art import ArtItem, ArtPack
from omnimuse.crafts.illustration.color import NAMED
from omnimuse.crafts.illustration.drawings import all_drawings
from omnimuse.crafts.illustration.drawings.animals import COATS
from omnimuse.crafts.illustration.drawings.people import PEOPLE
from omnimuse.crafts.illustration.nouns import EVERYDAY_NAMES, singular
from omnimuse.crafts.layout.words import noun_kind, noun_table

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

NEAR = 0.6
"""Cosine similarity below which a name is not the thing."""

_THINGS = ("animals", "food", "travel", "activities", "objects", "people")
_AIR, _SKY, _WATER_CRAFT, _MARINE = 56, 59, 55, 38
_FLYING = {
    "balloon",
    "kite",
    "butterfly",
    "honeybee",
    "dove",
    "eagle",
    "bat",
    "parachute",
    "bubbles",
    "fireworks",
    "comet",
    "shooting-star",
    "star",
    "glowing-star",
    "airplane",
    "rocket",
    "feather",
    "flying-disc",
    "leaf-fluttering-in-wind",
    "mosquito",
    "fly",
    "witch",
    "phoenix-bird",
}
_SWIMMING = {"duck", "swan", "goose", "spouting-whale", "whale", "dolphin"}


@dataclass(frozen=True)
class Concept:
    """What a label was found to be.

    Attributes:
        art: as in scenes, `fluent:NAME`, `drawn:NAME` or `standin:LABEL`.
        confidence: 0 to 1; 1 for an exact name.
        match: name, tag, head, kind, meaning or standin.
        anchor: how such a thing sits in its box.
        group: animals, food, travel, activities, objects, people, or "" for our own drawings.
        subgroup: the art pack's narrower group, -1 if unknown.
        color: colour word that the label itself holds ("red apple"), "" if none.
    """

    art: str
    confidence: float
    match: str
    anchor: str = "ground"
    group: str = ""
    subgroup: int = -1
    color: str = ""


class ConceptIndex:
    """Finds the drawing for a label.

    Args:
        pack: the art pack.
        embed: sentence embedding, unit vectors; without it only names and tags are compared.
    """

    def __init__(self, pack: ArtPack, embed: Embed | None = None) -> None:
        self._pack, self._embed = pack, embed
        self._known: dict[str, Concept] = {}

    def find(self, label: str) -> Concept:
        """The drawing for a label; always one, if need be a stand-in."""
        key = " ".join(label.lower().replace("-", " ").split())
        if key not in self._known:
            self._known[key] = self._search(key)
        return self._known[key]

    def named(self, label: str) -> Concept | None:
        """The drawing that is called just so, None if there is none."""
        found = self._exact(" ".join(label.lower().replace("-", " ").split()))
        return found if found is not None and found.match == "name" else None

    def _search(self, label: str) -> Concept:
        words = label.split()
        exact = self._exact(label)
        if exact is not None:
            return exact
        colors = [word for word in words if word in NAMED]
        plain = " ".join(word for word in words if word not in NAMED)
        color = colors[0] if colors and plain else ""
        if color:
            exact = self._exact(plain)
            if exact is not None:
                return _with_color(exact, color)
        near = self._nearest(label)
        if near is not None and not self._is_of_kind(near, noun_kind(singular(label))):
            near = None
        if near is not None and near.confidence >= 0.8:
            return near
        for start in range(1, len(words)):
            head = self._exact(" ".join(words[start:]))
            if head is not None:
                found = Concept(**{**head.__dict__, "confidence": 0.75, "match": "head"})
                return _with_color(found, color)
        wider = self._wider(singular(label))
        if wider is not None:
            return wider
        if near is not None:
            return near
        return Concept(f"standin:{label}", 0.0, "standin")

    def _wider(self, label: str) -> Concept | None:
        """A drawing of the wider noun: a woodpecker is a bird, a waiter is a person."""
        anchor = noun_table().get(label, ("", ""))[1]
        names = ["" if anchor in ("worker", "animal") else anchor]
        names += ["person"] if noun_kind(label) == "p" else []
        for name in names:
            found = self._exact(name) if name and name != label else None
            if found is not None:
                return Concept(**{**found.__dict__, "confidence": 0.6, "match": "kind"})
        return None

    @staticmethod
    def _is_of_kind(concept: Concept, kind: str) -> bool:
        """Whether a drawing can be what a noun of that kind means: no animal for a dish."""
        groups = {"a": "animals", "p": "people", "f": "food"}
        if kind not in groups:
            return True
        sort, _, name = concept.art.partition(":")
        if sort == "drawn":
            return {"a": name in COATS, "p": name in PEOPLE}.get(kind, False)
        return concept.group == groups[kind]

    def _exact(self, label: str) -> Concept | None:
        for name in dict.fromkeys((label, singular(label))):
            drawn = self._drawn_words.get(name)
            if drawn:
                return _drawn(drawn, 1.0, "name")
            known = EVERYDAY_NAMES.get(name, name).replace(" ", "-")
            for candidate in (known, f"{known}-default"):
                item = self._pack.items.get(candidate)
                usual = item is not None and item.group in (*_THINGS, "smileys")
                if item is not None and (usual or name in EVERYDAY_NAMES):
                    return _fluent(item, 1.0, "name")
            tagged = self._by_tag(name)
            if tagged is not None:
                return _fluent(tagged, 0.9, "tag")
        return None

    @cached_property
    def _drawn_words(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for drawing in all_drawings().values():
            for word in drawing.words:
                found.setdefault(word, drawing.name)
        return found

    @cached_property
    def _tags(self) -> dict[str, list[ArtItem]]:
        found: dict[str, list[ArtItem]] = {}
        for item in self._pack.items.values():
            if item.group in _THINGS:
                for tag in {*item.tags, *item.zh}:
                    found.setdefault(tag, []).append(item)
        return found

    def _by_tag(self, label: str) -> ArtItem | None:
        """The item tagged so; a tag that a dozen things share says nothing."""
        items = self._tags.get(label, [])
        named = [item for item in items if item.words.split()[-1] == label]
        chinese = [item for item in items if item.zh and item.zh[0] == label]
        pool = chinese or named or (items if len(items) <= 4 else [])
        if not pool:
            return None
        return min(pool, key=lambda item: (len(item.words.split()), len(item.name), item.name))

    @cached_property
    def _names(self) -> list[tuple[str, str]]:
        """(words, art) of all that can be meant."""
        items = [i for i in self._pack.items.values() if i.group in _THINGS]
        pairs = [(item.words, f"fluent:{item.name}") for item in items]
        for drawing in all_drawings().values():
            if drawing.anchor == "fill":
                continue
            pairs += [(word, f"drawn:{drawing.name}") for word in drawing.words if word.isascii()]
        return sorted(pairs)

    def _nearest(self, label: str) -> Concept | None:
        if self._embed is None or not label.isascii():
            return None
        vectors = self._vectors
        query = np.asarray(self._embed([label]), dtype=np.float32)[0]
        scores = vectors @ query
        best = int(np.argmax(scores))
        score = float(scores[best])
        if score < NEAR:
            return None
        sort, _, name = self._names[best][1].partition(":")
        confidence = round(min(score, 0.95), 3)
        if sort == "drawn":
            return _drawn(name, confidence, "meaning")
        return _fluent(self._pack.items[name], confidence, "meaning")

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        """Vectors of all names; computed once and kept beside the art where that may be written."""
        if self._embed is None:
            raise ValueError("no embedding was given")
        texts = [words for words, _ in self._names]
        probe = np.asarray(self._embed(["a probe of the model"]), dtype=np.float32)
        mark = hashlib.sha256(("\n".join(texts) + str(np.round(probe, 2).tolist())).encode())
        path = self._pack.folder / f"names-{mark.hexdigest()[:16]}.npy"
        with suppress(OSError, ValueError):
            kept = np.load(path, allow_pickle=False)
            if kept.shape == (len(texts), probe.shape[1]):
                return np.asarray(kept, dtype=np.float32)
        vectors = np.asarray(self._embed(texts), dtype=np.float32)
        with suppress(OSError):
            part = path.with_suffix(f".{os.getpid()}.tmp.npy")
            np.save(part, vectors)
            part.replace(path)
        return vectors


def _with_color(concept: Concept, color: str) -> Concept:
    return Concept(**{**concept.__dict__, "color": color}) if color else concept


def _drawn(name: str, confidence: float, match: str) -> Concept:
    drawing = all_drawings()[name]
    return Concept(f"drawn:{name}", confidence, match, drawing.anchor)


def _fluent(item: ArtItem, confidence: float, match: str) -> Concept:
    anchor = "ground"
    if item.subgroup in (_AIR, _SKY) or item.name in _FLYING:
        anchor = "sky"
    elif item.subgroup in (_WATER_CRAFT, _MARINE) or item.name in _SWIMMING:
        anchor = "water"
    first = item.words.split()[0]
    color = first if first in NAMED and first != item.words else ""
    return Concept(
        f"fluent:{item.name}", confidence, match, anchor, item.group, item.subgroup, color
    )
