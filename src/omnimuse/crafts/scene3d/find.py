"""From a noun to a model, by name, by what it is a kind of, or by meaning, with a confidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.layout.words import noun_kind, noun_table, singular
from omnimuse.crafts.scene3d.build import Model
from omnimuse.crafts.scene3d.models import all_models

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
NEAR = 0.6
"""Cosine similarity below which a name is not the thing."""
_KINDS = {"a": "animal", "p": "person", "f": "food"}


@dataclass(frozen=True)
class Found:
    """What a noun was found to be.

    Attributes:
        model: None where nothing is near enough.
        confidence: 0 to 1; 1 for an exact name.
        match: name, head (the noun's last words), kind (a wider noun), meaning, or none.
        nearest: names of the nearest models, best first, where they were compared.
    """

    model: Model | None
    confidence: float
    match: str
    nearest: tuple[str, ...] = ()


class ModelIndex:
    """Finds models for nouns.

    Args:
        embed: sentence embedding, unit vectors; without it only names are compared.
    """

    def __init__(self, embed: Embed | None = None) -> None:
        self._embed = embed
        self._vectors: NDArray[np.float32] | None = None

    def find(self, label: str) -> Found:
        """The model for a noun in the singular or the plural."""
        words = " ".join(label.lower().replace("-", " ").split())
        parts = words.split()
        for start in range(len(parts)):
            model = _named(" ".join(parts[start:]))
            if model is not None:
                return Found(model, 1.0 if start == 0 else 0.8, "name" if start == 0 else "head")
        wider = self._wider(words)
        if wider is not None:
            return Found(wider, 0.65, "kind")
        return self._nearest(words)

    @staticmethod
    def _wider(label: str) -> Model | None:
        """The model of a wider noun: a spaniel is a dog, a waiter is a person."""
        noun = singular(label)
        anchor = noun_table().get(noun, ("", ""))[1]
        if anchor and anchor not in ("animal", "worker"):
            model = _named(anchor)
            if model is not None:
                return model
        return _named("person") if noun_kind(noun) == "p" else None

    def _nearest(self, label: str) -> Found:
        if self._embed is None or not label.isascii():
            return Found(None, 0.0, "none")
        names = _names()
        if self._vectors is None:
            self._vectors = np.asarray(self._embed([name for name, _ in names]), np.float32)
        query = np.asarray(self._embed([label]), np.float32)[0]
        scores = self._vectors @ query
        kind = _KINDS.get(noun_kind(singular(label)), "")
        ranked: list[tuple[float, Model]] = []
        for index in np.argsort(-scores, kind="stable"):
            model = names[int(index)][1]
            if all(model is not known for _, known in ranked):
                ranked.append((float(scores[index]), model))
            if len(ranked) == 5:
                break
        nearest = tuple(model.name for _, model in ranked)
        fitting = [(s, m) for s, m in ranked if not kind or m.kind == kind]
        if fitting and fitting[0][0] >= NEAR:
            return Found(fitting[0][1], round(min(fitting[0][0], 0.95), 3), "meaning", nearest)
        return Found(None, round(ranked[0][0], 3), "none", nearest)


@lru_cache(maxsize=1)
def _by_word() -> dict[str, Model]:
    found: dict[str, Model] = {}
    for model in all_models().values():
        found.setdefault(model.name, model)
    for model in all_models().values():
        for word in model.words:
            found.setdefault(word, model)
    return found


def _named(name: str) -> Model | None:
    table = _by_word()
    return table.get(name) or table.get(singular(name))


@lru_cache(maxsize=1)
def _names() -> tuple[tuple[str, Model], ...]:
    """All names that can be meant, in English, in a fixed order."""
    return tuple(sorted(((w, m) for w, m in _by_word().items() if w.isascii()), key=lambda p: p[0]))
