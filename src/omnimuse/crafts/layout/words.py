"""Closed-class English words of a picture request, and what kind of thing a noun names.

The tables (`data/words.toml`) hold function words and small classes; open-class nouns come from
`data/nouns.tsv` (derived from WordNet) and `data/sizes.tsv`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


def _text(name: str) -> str:
    return (files("omnimuse.crafts.layout") / "data" / name).read_text(encoding="utf-8")


def _inverted(table: dict[str, str]) -> dict[str, str]:
    """`{value: "word word"}` as `{word: value}`."""
    return {word: value for value, words in table.items() for word in words.split()}


_TABLES = tomllib.loads(_text("words.toml"))
_SETS = {name: frozenset(words.split()) for name, words in _TABLES["sets"].items()}

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS: dict[str, int] = {word: i for i, word in enumerate(_ONES)} | {
    word: 10 * (i + 2) for i, word in enumerate(_TENS)
}
MULTIPLIERS = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}

# Adjectives that leave a count open, and how many are then drawn; so for a bare plural.
VAGUE = {word: int(n) for word, n in _inverted(_TABLES["vague"]).items()}
BARE_PLURAL = 3
# Nouns that say how many of the noun after "of": count, and whether that count is exact.
QUANTITY_NOUNS: dict[str, tuple[int, bool]] = {
    word: (int(n), name == "exact_quantities")
    for name in ("vague_quantities", "exact_quantities")
    for word, n in _inverted(_TABLES[name]).items()
}
# Nouns that name a part, a kind or a helping of the noun after "of", which is the thing.
PORTIONS = _SETS["portions"]
# Nouns that picture the noun after "of".
LIKENESSES = _SETS["likenesses"]
CONTAINERS = _SETS["containers"]
# What is crossed on its upper side, and verbs of moving along it.
SPANS = _SETS["spans"]
GOING = _SETS["going"]
# Foods without a plural that lie in a container as things of their own.
SOLIDS = _SETS["solids"]
# Words after "each" that say what each has, and parts that come in pairs.
HAVING = _SETS["having"]
PAIRED = _SETS["paired"]
# Nouns that are always plural: "a pair of scissors" is one thing.
ALWAYS_PLURAL = _SETS["always_plural"]
UNMARKED_PLURAL = _SETS["unmarked_plural"]
IRREGULAR = _inverted(_TABLES["irregular"])
COLORS = _SETS["colors"]
SHADES = _SETS["shades"]
SIZES = _SETS["sizes"]
MATERIALS = _inverted(_TABLES["materials"])
PATTERNS = _SETS["patterns"]
SHAPES = _SETS["shapes"]
AGES = _SETS["ages"]
BABY_MODIFIERS = {"baby": "baby", "adult": "adult", "infant": "baby", "female": "", "male": ""}
# Words for a picture as such, and those that say nothing of its style.
FRAMES = _SETS["frames"]
PLAIN_FRAMES = _SETS["plain_frames"]
# Scenery is always the background.
SCENERY = _SETS["scenery"]
# Names for no thing that could be drawn, though a dictionary may know one.
NO_THING = _SETS["no_thing"]
PARTS = _SETS["parts"]
CLOTHES = _SETS["clothes"]
# People by nouns that a dictionary files elsewhere.
PEOPLE = _SETS["people"]
# Nouns for people by number, and how many of whom are drawn.
COUPLES = {"couple": ("adult", 2), "family": ("person", 4)}
# What makes an adjective of the noun before: "a snow covered hill".
COMPOUNDING = _SETS["compounding"]
# Verbs that quoted words follow.
SPEAKING = _SETS["speaking"]
# Verbs of what only the living do.
DEEDS = _SETS["deeds"]
# Verbs that people, animals and things pose in.
POSES = _SETS["poses"]
# Words that may come after "a photo": "of", "with", ...
FRAME_FOLLOWERS = _SETS["frame_followers"]
PLACE_PREPOSITIONS = _SETS["place_prepositions"]
# Buildings and grounds: scenery when things are in or at them, things otherwise.
PLACES = _SETS["places"]
# Adjectives that say nothing of looks, and verbs that double their last letter before "ing".
NO_ATTRIBUTE = _SETS["no_attribute"]
DOUBLING_VERBS = _SETS["doubling_verbs"]
TIMES = _inverted(_TABLES["times"])
WEATHERS = _inverted(_TABLES["weathers"])
SEASONS = _inverted(_TABLES["seasons"])
# Verbs that place their object, and the relation they name.
VERBS = _inverted(_TABLES["verbs"])
DIRECTIONS = _inverted(_TABLES["directions"])
PREPOSITIONS: dict[tuple[str, ...], str] = {
    tuple(phrase.split()): relation
    for relation, phrases in _TABLES["prepositions"].items()
    for phrase in phrases.split("|")
}
SPELLINGS = {
    variant: name
    for name, variants in _TABLES["spellings"].items()
    for variant in variants.split("|")
}
# Function words of languages that are not read, and English ones.
FOREIGN = {name: frozenset(words.split()) for name, words in _TABLES["foreign"].items()}
ENGLISH = _SETS["english"]
SINGULAR_PRONOUNS = frozenset(
    ("it", "him", "her", "he", "she", "this", "that", "itself", "himself", "herself")
)
PLURAL_PRONOUNS = frozenset(("them", "they", "these", "those", "themselves"))


@cache
def noun_table() -> dict[str, tuple[str, str]]:
    """Kind letter and the noun that the size is taken from, by noun; see data/nouns.tsv."""
    rows = _rows("nouns.tsv")
    return {row[0]: (row[1], row[2] if len(row) > 2 else "") for row in rows}


@cache
def size_table() -> dict[str, tuple[float, float, str]]:
    """Width and height in metres and stance, by noun; see data/sizes.tsv."""
    return {name: (float(w), float(h), stance) for name, w, h, stance in _rows("sizes.tsv")}


def _rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in _text(name).splitlines() if line and line[0] != "#"]


@cache
def noun_kind(noun: str) -> str:
    """Kind letter of a noun or compound, see data/nouns.tsv; `?` if nothing is known of it."""
    last = noun.rsplit(" ", 1)[-1]
    if last in SCENERY and noun not in size_table():
        return "l"
    for name in dict.fromkeys((noun, last)):
        if name in PEOPLE:
            return "p"
        if name in size_table():
            entry = noun_table().get(name, ("o", ""))
            return entry[0] if entry[0] in "aoftp" else "o"
        if name in NO_THING:
            return "x"
        if name in noun_table():
            return noun_table()[name][0]
    return "?"


def plural(noun: str) -> str:
    """The plural of a singular noun or compound."""
    *rest, last = noun.split(" ")
    if last in ALWAYS_PLURAL or last in UNMARKED_PLURAL or not last.isascii():
        return noun
    many = next((many for many, one in IRREGULAR.items() if one == last), "")
    if not many:
        if last.endswith(("s", "x", "ch", "sh")):
            many = last + "es"
        elif last.endswith("y") and last[-2:-1] not in "aeiou":
            many = last[:-1] + "ies"
        else:
            many = last + "s"
    return " ".join([*rest, many])


@cache
def is_compound(phrase: str) -> bool:
    """Whether two words together name a thing of their own, like "hot dog"."""
    if phrase in size_table():
        return True
    first = phrase.split(" ")[0]
    plain = COLORS | SIZES | AGES | PATTERNS | SHAPES | set(MATERIALS)
    return first not in plain and noun_table().get(phrase, ("x", ""))[0] in "aoftp"


@cache
def singular(word: str) -> str:
    """Singular of a plural noun, lower case."""
    word = word.lower()
    if word in ALWAYS_PLURAL or word in IRREGULAR:
        return IRREGULAR.get(word, word)
    known = noun_table()
    for ending, replacement in (("s", ""), ("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", "")):
        stem = word[: -len(ending)] + replacement
        if word.endswith(ending) and len(stem) > 1 and (stem in known or stem in size_table()):
            return stem
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    is_plural = len(word) > 2 and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return word[:-1] if is_plural else word


def number_of(word: str) -> int | None:
    """The number that a numeral or number word names, None if it is neither."""
    word = word.lower().rstrip("x").replace(",", "") if word[:1].isdigit() else word.lower()
    if word.isascii() and word.isdigit() and len(word) < 8:
        return int(word)
    if word in NUMBERS:
        return NUMBERS[word]
    tens, _, ones = word.replace("\u2011", "-").partition("-")
    if tens in _TENS and ones in _ONES[1:10]:
        return NUMBERS[tens] + NUMBERS[ones]
    return None
