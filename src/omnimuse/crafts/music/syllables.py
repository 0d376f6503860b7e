"""Syllables of sung text: where words divide, what is stressed, how they are hyphenated.

English words are divided by their vowel groups and the principle of the maximal onset, with the
rules of spelling that hide or make a vowel (silent e, -ed, -tion, -ia). Stress follows the endings
that fix it, then light prefixes, then the first syllable; function words carry none. Chinese has a
syllable a character.
Sources: D. Kahn, "Syllable-based Generalizations in English Phonology", 1976 (maximal onset);
N. Chomsky, M. Halle, "The Sound Pattern of English", 1968 (endings and stress).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

_LETTERS = r"A-Za-z\u00c0-\u024f"
_WORD = re.compile(rf"[{_LETTERS}]+(?:['\u2019-][{_LETTERS}]+)*['\u2019]?|[\u4e00-\u9fff]|\d+")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_VOWELS = "aeiouyàáâäèéêëìíîïòóôöùúûü"
# Two vowels that are two sounds, unless a rule below joins them.
_HIATUS = re.compile(
    r"(?<=[aeiouy])(?:(?<=i)[aou]|(?<=e)o(?!u)|(?<=u)(?:a|o|i(?=ng|ty)|e[lt]$)|(?<=y)[ia]"
    r"|i(?=ng)|(?<=o)e(?=m|t)|(?<=ie)t$)"
)
_SILENT_ES = re.compile(r"(?<!ch)(?<!sh)(?<![^aeiouy]l)(?<![aeiouyszxgc])es$")
_SILENT_INSIDE = re.compile(
    r"(?<=[aeiouy][^aeiouy])e(?=(?:ly|less|ful|ment|ness|light|side|time|body|thing|where|one|"
    r"walk|land|man|men|stone|work|bird|boat|fire)s?$)"
)
_JOINED = re.compile(
    r"(?:[tcsx]i|gi)(?=on|ou|al|an|a$|ent|enc)|qu|gu(?=[aeiy])|(?<=[^aeiouy])eau|eou"
)
_PREFIXES = ("a", "be", "de", "re", "un", "in", "en", "em", "ex", "for", "com", "con", "pre", "dis",
             "mis", "per", "pro", "sur", "with", "to")  # fmt: skip
# Endings that draw the stress: how many syllables before the last one.
_DRAWING = (
    (re.compile(r"(?:tion|sion|cian|cious|tious|cial|tial|ic|ics|ience|ient|geon|gious)s?$"), 1),
    (re.compile(r"(?:ity|ety|ify|graphy|logy|ical|ian|ial|ious|eous)s?$"), 2),
    (re.compile(r"(?:ee|eer|ese|ette|oon|ique|esque|ade|self|selves)s?$"), 0),
)
_LIGHT_LAST = re.compile(r"(?:y|er|le|ow|or|ing|ed|es|en|on|el|al|et|ish|ness|ly|ful)s?$")
_LIGHT_SECOND = re.compile(r"^(?:a|be|de|re|en|em|con|com|ex|pro|un|dis|mis|per|for|pre)")


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, tuple[str, ...]]]:
    """Sections of `syllables.txt`: word -> its syllables."""
    text = files("omnimuse.crafts.music").joinpath("syllables.txt").read_text(encoding="utf-8")
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    section: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif not line.startswith("#"):
            section.update((w.replace("-", ""), tuple(w.split("-"))) for w in line.split())
    return found


@dataclass(frozen=True)
class Syllable:
    """What is sung on one note.

    Attributes:
        text: as written, punctuation with it.
        is_open: the word goes on with the next syllable (a hyphen follows).
        stress: 0 unstressed, 1 stressed.
        ends_line: the last of a line of verse.
    """

    text: str
    is_open: bool
    stress: float
    ends_line: bool = False

    @property
    def written(self) -> str:
        """With its hyphen, as MIDI lyrics have it."""
        return self.text + ("-" if self.is_open else "")


def sung_syllables(text: str) -> list[Syllable]:
    """All syllables of a lyric, line by line; headings in brackets (`[Chorus]`) are left out."""
    found: list[Syllable] = []
    for line in re.sub(r"[\[(][^\])]*[\])]", " ", text).splitlines():
        words = list(_WORD.finditer(line))
        for index, match in enumerate(words):
            after = line[match.end() : words[index + 1].start() if index + 1 < len(words) else None]
            mark = re.match(r"[,.;:!?\u3002\uff0c\uff01\uff1f\u2026]*", after)
            is_last = index + 1 == len(words)
            found += _of_word(match[0], mark[0] if mark else "", ends_line=is_last)
    return found


def _of_word(word: str, mark: str, *, ends_line: bool) -> list[Syllable]:
    parts = divide(word)
    stressed = stressed_syllable(word, len(parts))
    last = len(parts) - 1
    return [
        Syllable(
            part + (mark if index == last else ""), index < last, float(index == stressed),
            ends_line and index == last,
        )
        for index, part in enumerate(parts)
    ]  # fmt: skip


def divide(word: str) -> list[str]:
    """A word's syllables in its own spelling; their concatenation is the word.

    Hyphenated words divide at the hyphen, which is dropped.
    """
    if "-" in word:
        return [part for piece in word.split("-") if piece for part in divide(piece)]
    if _HAN.fullmatch(word) or word.isdigit():
        return [word]
    known = _table()["irregular"].get(word.lower().replace("’", "'"))
    if known is not None:
        cuts = [sum(map(len, known[:index])) for index in range(len(known) + 1)]
        return [word[a:b] for a, b in pairwise(cuts)]
    nuclei = _nuclei(word.lower())
    if len(nuclei) < 2:
        return [word]
    lower, cuts = word.lower(), [0]
    for (_, end), (start, _) in pairwise(nuclei):
        cuts.append(start - _onset(lower[end:start]))
    return [word[a:b] for a, b in zip(cuts, [*cuts[1:], len(word)], strict=True)]


def _nuclei(word: str) -> list[tuple[int, int]]:
    """Spans of the vowels that sound."""
    silent = _silent_spans(word)
    is_vowel = [
        letter in _VOWELS and not (letter == "y" and _is_consonant_y(word, index))
        and not any(a <= index < b for a, b in silent)
        for index, letter in enumerate(word)
    ]  # fmt: skip
    splits = {match.start() for match in _HIATUS.finditer(word)}
    splits -= {i for match in _JOINED.finditer(word) for i in range(match.start(), match.end() + 1)}
    spans: list[tuple[int, int]] = []
    for index, sounds in enumerate(is_vowel):
        if sounds and spans and spans[-1][1] == index and index not in splits:
            spans[-1] = (spans[-1][0], index + 1)
        elif sounds:
            spans.append((index, index + 1))
    if re.search(r"[^aeiouylr][lr]es?$", word) and len(word) > 3 and not word.endswith(("rle",)):
        at = word.rindex("l") if "l" in word[-3:] else word.rindex("r")
        spans.append((at, at + 1))  # the l of `little` sounds like a vowel
    elif word.endswith(("thm", "sm")) and len(word) > 3:
        spans.append((len(word) - 1, len(word)))
    return spans


def _is_consonant_y(word: str, index: int) -> bool:
    return index + 1 < len(word) and word[index + 1] in "aeiou" and (
        index == 0 or word[index - 1] in _VOWELS
    )  # fmt: skip


def _silent_spans(word: str) -> list[tuple[int, int]]:
    """Letters e and u that are written and not spoken."""
    spans = [(m.start() + 1, m.start() + 2) for m in re.finditer(r"qu|gu(?=[aeiy])", word)]
    stem = len(word)
    if len(word) > 3 and (re.search(r"[^aeiouytd]ed$", word) or _SILENT_ES.search(word)):
        spans.append((stem - 2, stem - 1))
    elif re.search(r"[^aeiouy]e$", word) and len(word) > 3:
        spans.append((stem - 1, stem))
    elif re.search(r"[aeiouy][^aeiouy]e(?:'s|\u2019s)$", word):
        spans.append((stem - 3, stem - 2))
    spans += [match.span() for match in _SILENT_INSIDE.finditer(word)]
    return spans


def _onset(between: str) -> int:
    """How many of the consonants between two vowels begin the second syllable."""
    if len(between) > 1 and between[0] == between[1]:
        return len(between) - 1
    for size in range(len(between), 0, -1):
        if between[-size:] in _table()["onsets"]:
            return size
    return min(1, len(between))


def stressed_syllable(word: str, count: int) -> int:
    """Index of the stressed syllable of a word of `count`; -1 for a function word."""
    lower = word.lower().replace("\u2019", "'")
    if _HAN.fullmatch(word):
        return 0
    if lower in _table()["weak"]:
        return -1
    if count == 1:
        return 0
    for pattern, before in _DRAWING:
        if pattern.search(lower):
            return max(0, count - 1 - before)
    if count == 2 and _LIGHT_LAST.search(lower):
        return int(bool(_LIGHT_SECOND.match(lower)) and lower.endswith(("ing", "ed")))
    if _LIGHT_SECOND.match(lower) and lower.startswith(_PREFIXES):
        return 1
    return 0
