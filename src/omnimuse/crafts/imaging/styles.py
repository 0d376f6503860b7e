"""The trained styles by name, and which one a few free words mean."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.errors import NeedsInputError

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

THRESHOLD = 0.35
"""Below this likeness words are asked about rather than guessed."""
_NOISE_WORDS = ("in the style of ", "in style of ", "style of ", "an ", "a ", "the ")


@dataclass(frozen=True)
class Style:
    """A trained style and how it is best mixed with the picture.

    Attributes:
        name: the key that model cards use.
        title: for people.
        description: palette, stroke, mood, and the technique it resembles.
        aliases: other words for it.
        names_zh: Chinese words for it.
        strength: default share of the styled picture, 0 to 1.
        color: default share of the picture's own colours that is kept, 0 to 1.
        detail: default share of small structures that come back, 0 to 1.
    """

    name: str
    title: str
    description: str
    aliases: tuple[str, ...]
    names_zh: tuple[str, ...]
    strength: float
    color: float
    detail: float


@dataclass(frozen=True)
class StyleMatch:
    """A style and how well the words fit it, from -1 to 1; 1 where they name it."""

    style: Style
    likeness: float


@lru_cache(maxsize=1)
def trained_styles() -> tuple[Style, ...]:
    """All described styles."""
    text = files("omnimuse.crafts.imaging").joinpath("styles.toml").read_text(encoding="utf-8")
    return tuple(_style(entry) for entry in tomllib.loads(text)["style"])


def _style(entry: dict[str, Any]) -> Style:
    values: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()
    }
    return Style(**values)


def rank_styles(
    words: str, embed: Embed | None, *, among: Sequence[str] | None = None
) -> list[StyleMatch]:
    """Styles by how well they fit the words, best first.

    A style that is named (its name, title, an alias, a Chinese word for it) comes first with
    likeness 1. All others are compared by the meaning of their descriptions.

    Args:
        words: any; "old painting", "van gogh", "油画".
        embed: sentence embedding; without it only names are known.
        among: names of the styles that the model has; all if None.
    """
    styles = [s for s in trained_styles() if among is None or s.name in among]
    likeness = {style.name: 0.0 for style in styles}
    if embed is not None and styles:
        texts = [(s.name, text) for s in styles for text in (s.description, s.title, *s.aliases)]
        wanted = embed([_plain(words)])[0]
        for (name, _), value in zip(texts, embed([t for _, t in texts]) @ wanted, strict=True):
            likeness[name] = max(likeness[name], float(value))
    named = _named(words, styles)
    if named is not None:
        likeness[named.name] = 1.0
    found = [StyleMatch(style, min(1.0, likeness[style.name])) for style in styles]
    return sorted(found, key=lambda match: (-match.likeness, match.style.name))


def find_style(words: str, embed: Embed | None, *, among: Sequence[str] | None = None) -> Style:
    """The style that the words mean.

    Raises:
        NeedsInputError: none is alike enough; the hint names them all.
    """
    ranked = rank_styles(words, embed, among=among)
    if not ranked or ranked[0].likeness < THRESHOLD:
        raise NeedsInputError(
            f"Which style is meant by {words[:80]!r}?",
            hint=f"Trained styles: {', '.join(match.style.title for match in ranked)}; "
            "or give a picture as style_image.",
        )
    return ranked[0].style


def _plain(words: str) -> str:
    plain = " ".join(words.lower().split()).strip(" .!?\"'")
    for prefix in _NOISE_WORDS:
        plain = plain.removeprefix(prefix)
    return plain.removesuffix(" style")


def _named(words: str, styles: Sequence[Style]) -> Style | None:
    """A style named word for word, or the one whose longest Chinese word stands in the text."""
    plain = _plain(words)
    for style in styles:
        names = (style.name, style.name.replace("-", " "), style.title, *style.aliases)
        if plain in {name.lower() for name in names}:
            return style
    inside = [(len(name), style) for style in styles for name in style.names_zh if name in words]
    return max(inside, key=lambda pair: pair[0])[1] if inside else None
