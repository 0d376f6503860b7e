"""What makes lines of English verse: syllables, rhyme, and grammars that hold a model to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

_VOWELS = re.compile(r"[aeiouy]+")
_WORD = re.compile(r"[a-z']+")


@lru_cache(maxsize=1)
def rhyme_families() -> tuple[tuple[str, ...], ...]:
    """Families of words that rhyme, from `rhymes.txt`."""
    text = files("omnimuse.crafts.writing").joinpath("rhymes.txt").read_text(encoding="utf-8")
    return tuple(tuple(line.split()) for line in text.splitlines() if not line.startswith("#"))


def rhymes_with(word: str) -> tuple[str, ...]:
    """Known words that rhyme with `word`, itself left out; empty if the word is not known."""
    word = word.lower()
    found = dict.fromkeys(w for family in rhyme_families() if word in family for w in family)
    found.pop(word, None)
    return tuple(found)


def last_word(line: str) -> str:
    """The last word of a line, lower case, without punctuation."""
    words = _WORD.findall(line.lower())
    return words[-1].strip("'") if words else ""


def do_rhyme(first: str, second: str) -> bool:
    """Whether two lines end in different words that rhyme.

    Known families first; else the same spelling from the last stressed-looking vowel on.
    """
    a, b = last_word(first), last_word(second)
    if not a or not b or a == b:
        return False
    return b in rhymes_with(a) or (len(_ending(a)) > 2 and _ending(a) == _ending(b))


def syllables(text: str) -> int:
    """Syllables of English text, by vowel groups; silent final e and -ed are left out."""
    return sum(_word_syllables(word) for word in _WORD.findall(text.lower()))


def couplet_grammar(endings: Sequence[str], *, letters: tuple[int, int] = (22, 58)) -> str:
    """GBNF for one line that ends in one of `endings` and a full stop."""
    choices = " | ".join(f'"{word}"' for word in endings)
    low, high = letters[0] // 6, letters[1] // 6
    return (
        f'root ::= [A-Z] [a-z\']{{0,9}} ((" " | ", ") [a-z\']{{1,11}}){{{low},{high}}} " " end '
        f"[.!]\nend ::= {choices}"
    )


def free_line_grammar(*, letters: tuple[int, int] = (24, 60)) -> str:
    """GBNF for one line of verse, open at its end."""
    low, high = letters[0] // 6, letters[1] // 6
    return f'root ::= [A-Z] [a-z\']{{0,9}} ((" " | ", ") [a-z\']{{1,11}}){{{low},{high}}} ","'


def _ending(word: str) -> str:
    groups = list(_VOWELS.finditer(word.removesuffix("e") if len(word) > 3 else word))
    return word[groups[-1].start() :] if groups else word


def _word_syllables(word: str) -> int:
    word = word.replace("'", "")
    if len(word) > 3 and word.endswith(("es", "ed")) and word[-3] not in "aeiouytd":
        word = word[:-2]
    elif len(word) > 2 and word.endswith("e") and not word.endswith(("le", "ee")):
        word = word[:-1]
    return max(1, len(_VOWELS.findall(word)))
