"""What the judge can name: classes of illustrated things and the nouns that they answer to."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from omnimuse.crafts.illustration.art import ArtItem, ArtPack
from omnimuse.crafts.illustration.color import NAMED
from omnimuse.crafts.illustration.drawings import all_drawings
from omnimuse.crafts.illustration.nouns import EVERYDAY_NAMES
from omnimuse.crafts.layout.words import noun_table, singular

_GROUPS = ("animals", "food", "travel", "activities", "objects")
_THINGS_AMONG_FACES = (
    "alien",
    "alien-monster",
    "clown-face",
    "ghost",
    "goblin",
    "ogre",
    "pile-of-poo",
    "red-heart",
    "robot",
    "skull",
    "love-letter",
    "speech-balloon",
    "collision",
)
_FACES = ("grinning-face", "smiling-face", "slightly-smiling-face", "neutral-face")
_PARTS = ("brain", "eye", "bone", "tooth", "ear-default", "nose-default", "mouth", "footprints")
_NO_PERSON = re.compile(
    r"facing-right|hand|finger|fist|thumb|palm|index-|gesture|salute|bust|cane|"
    r"nail|selfie|lips?|leg|arm|foot|lungs|heart|tongue|speaking|biceps|pouting|frowning|"
    r"gesturing|shrugging|tipping|bowing|raising|kneeling|facepalm|-hair|-bald|getting|steamy|"
    r"wheelchair|veil|handball|juggling|feeding|cartwheel|polo|student|teacher|judge|office|"
    r"technologist|factory|mechanic|scientist|singer|pregnant|suit|skullcap|lotus|massage"
)
Entry = dict[str, Any]
_TABLES = tomllib.loads(
    (files("omnimuse.crafts.judging") / "data" / "vocabulary.toml").read_text(encoding="utf-8")
)
_ONLY_NEAR = frozenset(_TABLES["only_near"].split())
_LAST_WORD_LIES = frozenset(_TABLES["last_word_lies"].split())
_ALSO: dict[str, tuple[str, ...]] = {
    name: tuple(words.split(" | ")) for name, words in _TABLES["also"].items()
}


def build_vocabulary(pack: ArtPack) -> list[Entry]:
    """Classes as `{"art": [names of drawings], "names": [nouns]}`; the first is "nothing"."""
    everyday: dict[str, list[str]] = {}
    for said, art in EVERYDAY_NAMES.items():
        if said.replace(" ", "-") not in _ONLY_NEAR and said.isascii():
            everyday.setdefault(art, []).append(said)
    classes: list[Entry] = [{"art": [""], "names": []}, {"art": ["standin:thing"], "names": []}]
    for item in pack.items.values():
        if _is_thing(item):
            classes.append({"art": [f"fluent:{item.name}"], "names": _names(item, everyday)})
    classes.append({"art": [f"fluent:{face}" for face in _FACES], "names": ["face", "smiley"]})
    for drawing in all_drawings().values():
        if drawing.anchor != "fill":
            words = [word for word in drawing.words if word.isascii()]
            names = [*words, *_ALSO.get(drawing.name, ())]
            classes.append({"art": [f"drawn:{drawing.name}"], "names": _widened(names)})
    return classes


def _is_thing(item: ArtItem) -> bool:
    name = item.name
    if item.group in _GROUPS:
        return "face" not in name or name in ("clown-face",)
    if name in _THINGS_AMONG_FACES or name in _PARTS or name in ("phoenix-bird", "pinata"):
        return True
    is_person = item.group == "people" or "merpeople" in name
    return is_person and not _NO_PERSON.search(name)


def _names(item: ArtItem, everyday: Mapping[str, Sequence[str]]) -> list[str]:
    words = item.words.split()
    names = [item.words]
    if words[0] in NAMED and len(words) > 1:
        names.append(" ".join(words[1:]))
    if len(words) > 1 and item.name not in _LAST_WORD_LIES and item.group != "people":
        names.append(words[-1])
    names += [*everyday.get(item.name, ()), *everyday.get(item.words, ())]
    names += _ALSO.get(item.name, ())
    if item.group == "people" and not {"bone", "brain", "eye", "tooth"} & set(words):
        names += ["person", *_gendered(words)]
    return _widened(names)


def _gendered(words: Sequence[str]) -> list[str]:
    """A woman cook is a woman and a cook."""
    plain = [word for word in words if word not in ("man", "woman", "person", "standing")]
    found = [" ".join(plain)] if plain else []
    return found + [
        word for word in ("man", "woman", "boy", "girl", "child", "baby") if word in words
    ]


def _widened(names: Iterable[str]) -> list[str]:
    """The names with the wider nouns that a dictionary puts them under: a duck is a bird."""
    found = list(dict.fromkeys(" ".join(name.split()) for name in names if name))
    for name in tuple(found[:1]):
        kind, anchor = noun_table().get(singular(name), ("", ""))
        if kind != "f" and anchor in (
            "bird",
            "fish",
            "dog",
            "cat",
            "horse",
            "car",
            "boat",
            "person",
            "tree",
        ):
            found.append(anchor)
        if kind == "a":
            found.append("animal")
    return list(dict.fromkeys(found))


@lru_cache(maxsize=2)
def _vocabulary(pack: ArtPack) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple((art, frozenset(e["names"])) for e in build_vocabulary(pack) for art in e["art"])


def other_drawings(noun: str, pack: ArtPack) -> tuple[str, ...]:
    """All drawings that a noun names by its first or second name, in the pack's order."""
    one = " ".join(singular(word) if i else word for i, word in enumerate(noun.split()))
    wanted = {noun, singular(noun), one}
    return tuple(art for art, names in _vocabulary(pack) if art and wanted & names)
