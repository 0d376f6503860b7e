"""Which sound classes a phrase means: by sentence embeddings of their own descriptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from omnimuse.backends.base import Embedder
from omnimuse.crafts.sound.catalogue import sound_classes
from omnimuse.crafts.sound.take import SoundClass
from omnimuse.errors import NeedsInputError

THRESHOLD = 0.45
"""Below this likeness a phrase is asked about rather than guessed."""

OUT_OF_REACH = (
    "a person laughing",
    "a baby crying",
    "a woman screaming",
    "a person speaking",
    "someone singing a song",
    "an opera singer",
    "a choir",
    "an electric guitar solo",
    "a piano melody",
    "a violin playing",
    "a song",
    "pop music",
    "background music",
    "a lion roaring",
    "an elephant trumpeting",
    "a monkey screeching",
    "a dinosaur",
    "a pig grunting",
    "a toilet flushing",
    "swords clashing",
    "scissors cutting",
    "a zipper",
    "chewing and eating",
    "coughing",
    "sneezing",
    "a kiss",
    "burping",
    "a ball bouncing",
    "a saw cutting wood",
    "a chainsaw",
    "a lawn mower",
    "a tractor",
    "a rocket launch",
    "a record scratch",
    "a radio tuning",
    "cooking and frying",
)
"""Sounds that people ask for and synthesis here cannot make: near one of these, it says so."""


@dataclass(frozen=True)
class Match:
    """A phrase and the class it is taken for; `likeness` is from -1 to 1."""

    phrase: str
    kind: SoundClass
    likeness: float


@dataclass(frozen=True)
class Vectors:
    """Embedded names, (texts, dimension), the class index of each, and what is out of reach."""

    texts: NDArray[np.float32]
    owners: NDArray[np.int64]
    out_of_reach: NDArray[np.float32]


def named_class(phrase: str) -> SoundClass | None:
    """The class that a phrase names word for word, or whose Chinese name it holds."""
    plain = phrase.lower().strip(" .!?\"'")
    plain = plain.removeprefix("a ").removeprefix("an ").removeprefix("the ")
    longest: tuple[int, SoundClass | None] = (0, None)
    for kind in sound_classes().values():
        if plain in (kind.name.replace("_", " "), *kind.aliases):
            return kind
        for name in kind.names_zh:
            if name in phrase and len(name) > longest[0]:
                longest = (len(name), kind)
    return longest[1]


def _texts(kind: SoundClass) -> list[str]:
    name = kind.name.replace("_", " ")
    return [kind.description, name, *kind.aliases, *(f"the sound of {name}",)]


_VECTORS: WeakKeyDictionary[Embedder, Vectors] = WeakKeyDictionary()


def _class_vectors(embedder: Embedder) -> Vectors:
    """Unit vectors of every class's texts, the classes they belong to, and what is out of reach.

    Kept as long as the embedder lives.
    """
    if embedder not in _VECTORS:
        classes = list(sound_classes().values())
        texts = [(index, text) for index, kind in enumerate(classes) for text in _texts(kind)]
        _VECTORS[embedder] = Vectors(
            embedder.embed([text for _, text in texts]),
            np.array([index for index, _ in texts]),
            embedder.embed(OUT_OF_REACH),
        )
    return _VECTORS[embedder]


def rank(phrases: Sequence[str], embedder: Embedder) -> list[list[Match]]:
    """For each phrase all classes, most alike first, by the best of names and description."""
    classes, known = list(sound_classes().values()), _class_vectors(embedder)
    wanted = embedder.embed(list(phrases))
    ranked = []
    for phrase, likeness in zip(phrases, wanted @ known.texts.T, strict=True):
        best = np.array([likeness[known.owners == index].max() for index in range(len(classes))])
        order = np.argsort(-best, kind="stable")
        ranked.append([Match(phrase, classes[i], float(best[i])) for i in order])
    return ranked


def find_class(phrase: str, embedder: Embedder | None) -> Match:
    """The class that a phrase means.

    Args:
        phrase: one sound, in words.
        embedder: needed unless the phrase is a class's own name.

    Raises:
        NeedsInputError: nothing is alike enough; names the nearest classes.
    """
    named = named_class(phrase)
    if named is not None:
        return Match(phrase, named, 1.0)
    if embedder is None:
        raise NeedsInputError(
            f"No sound is called {phrase!r}; which of the known sounds is meant?",
            hint=f"Known: {', '.join(sound_classes())}.",
        )
    best = rank([phrase], embedder)[0]
    beyond = float((_class_vectors(embedder).out_of_reach @ embedder.embed([phrase])[0]).max())
    if best[0].likeness >= max(THRESHOLD, beyond):
        return best[0]
    nearest = ", ".join(match.kind.name.replace("_", " ") for match in best[:4])
    raise NeedsInputError(
        f"No sound here is close enough to {phrase!r}. Is one of these meant: {nearest}?",
        hint="Effects are synthesised from a fixed set of classes; describe one of them, or attach "
        "a recording.",
    )
