"""Chinese words: segmentation, numerals, and a bilingual lexicon of nouns and verbs."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from omnimuse.backends.base import Dictionary
from omnimuse.planning.reading.vocabulary import read_data

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_NUMBER = r"(?:\d+(?:\.\d+)?|[零一二两三四五六七八九十百]+|半)"
_MEASURES = "张幅首只个段篇句行条部座辆棵朵位头匹艘件份种字帧秒"
_QUANTITIES = (
    (re.compile(rf"({_NUMBER})\s*(?:个)?(?:半)?小时"), "hours"),
    (re.compile(rf"({_NUMBER})\s*(?:个)?分钟"), "minutes"),
    (re.compile(rf"({_NUMBER})\s*秒(?:钟)?"), "seconds"),
    (re.compile(rf"({_NUMBER})\s*倍"), "times"),
    (re.compile(rf"({_NUMBER})\s*(?:像素|px)"), "px"),
    (re.compile(rf"({_NUMBER})\s*年代"), "years"),
    (re.compile(rf"百分之({_NUMBER})"), "percent"),
)
_COUNTED = re.compile(rf"^({_NUMBER})([{_MEASURES}])?$")
_LATIN = re.compile(r"\d*[A-Za-z][A-Za-z0-9]*")
_ACTING = ("maker", "turner", "doer", "joiner", "link", "input")
_UNIT_WORDS = {"行": "line", "句": "sentence", "字": "words", "帧": "frames", "张": "picture"}


def number_of(word: str) -> float | None:
    """The value of an Arabic or Chinese numeral up to 999, None if it is none."""
    if re.fullmatch(r"\d+(?:\.\d+)?", word):
        return float(word)
    if word == "半":
        return 0.5
    if not word or any(c not in _DIGITS and c not in "十百" for c in word):
        return None
    total, digit = 0, 0
    for char in word:
        if char in _DIGITS:
            digit = _DIGITS[char]
        else:
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
    return float(total + digit)


@dataclass(frozen=True)
class Token:
    """A word with its part in the clause and its English gloss."""

    text: str
    part: str
    gloss: str = ""
    kind: str = ""
    number: float | None = None


@cache
def _lexicon() -> dict[str, Token]:
    data: dict[str, Any] = read_data("zh_words.json")
    table = {word: Token(word, "word", gloss) for word, gloss in data["words"].items()}
    table |= {w: Token(w, "known", "the") for w in data["known"]}
    table |= {w: Token(w, "input", "") for w in data["inputs"]}
    table |= {w: Token(w, "link", "") for w in data["connectives"]}
    table |= {w: Token(w, "media", entry[0], entry[1]) for w, entry in data["media"].items()}
    for part in ("makers", "turners", "doers", "joiners"):
        table |= {w: Token(w, part[:-1], gloss) for w, gloss in data[part].items()}
    table |= {w: Token(w, "pronoun", "it") for w in data["pronouns"]}
    return table


@cache
def _segmenter() -> Any:
    import jieba

    jieba.setLogLevel(logging.ERROR)
    segmenter = jieba.Tokenizer()
    for word in _lexicon():
        if len(word) > 1:
            segmenter.add_word(word, freq=200_000)
    return segmenter


def tokens_of(text: str, dictionary: Dictionary | None = None) -> list[Token]:
    """Words of a clause with their glosses; quantities first, then the lexicon, then the rest.

    Args:
        text: a clause.
        dictionary: glosses words that the lexicon lacks; what such a word does in its clause it
            cannot tell, so that it stands for a thing.
    """
    spans: list[tuple[int, int, Token]] = []
    for pattern, unit in _QUANTITIES:
        for match in pattern.finditer(text):
            value = number_of(match[1])
            if value is not None and not any(
                a < match.end() and match.start() < b for a, b, _ in spans
            ):
                gloss = f"{value:g} {unit}"
                spans.append((match.start(), match.end(), Token(match[0], "quantity", gloss)))
    found: list[Token] = []
    at = 0
    for start, end, token in sorted(spans, key=lambda span: span[0]):
        found.extend(_cut(text[at:start]))
        found.append(token)
        at = end
    found += _cut(text[at:])
    found = _with_sounds(found)
    return found if dictionary is None else [_glossed(token, dictionary) for token in found]


def _with_sounds(tokens: list[Token]) -> list[Token]:
    """A word before "声" names what is heard: "呼噜声"."""
    found: list[Token] = []
    for token in tokens:
        before = found[-1] if found else None
        if token.text == "声" and before is not None and before.part in ("other", "word"):
            found.pop()
            gloss = f"{before.gloss} sound".strip()
            token = Token(before.text + "声", "media", gloss, "sound")
        found.append(token)
    return found


def _glossed(token: Token, dictionary: Dictionary) -> Token:
    if token.part != "other" or token.gloss:
        return token
    senses = dictionary.senses(token.text)
    nouns = [sense for sense in senses if not sense.startswith("to ")]
    gloss = next((s for s in [*nouns, *senses] if s.count(" ") < 3), "")
    return replace(token, gloss=gloss.removeprefix("to ").lower())


def _cut(text: str) -> list[Token]:
    found: list[Token] = []
    for piece in re.split(r"([QFU]\d+x|\d{2,5}\s*[xX×*]\s*\d{2,5})", text):
        if re.fullmatch(r"[QFU]\d+x", piece):
            found.append(Token(piece, "literal"))
        elif re.fullmatch(r"\d{2,5}\s*[xX×*]\s*\d{2,5}", piece):
            found.append(Token(piece, "quantity", piece.replace("×", "x").replace("*", "x")))
        else:
            for word in _segmenter().cut(piece):
                if word.strip():
                    found.extend(_lookup(word.strip()))
    return found


def _is_one_word(word: str) -> bool:
    """Such as 沙发, a sofa: that 发 alone means to send says nothing about it."""
    table = _lexicon()
    pieces = [table[p] for i in range(1, len(word)) for p in (word[:i], word[i:]) if p in table]
    return (
        bool(_segmenter().FREQ.get(word))
        and any(len(p.text) == 1 and p.part in _ACTING for p in pieces)
        and not any(len(p.text) > 1 for p in pieces)
    )


def _lookup(word: str) -> list[Token]:
    """A word of the lexicon, a counted measure, or the longest known words inside it."""
    table = _lexicon()
    if word.lower() in table:
        return [replace(table[word.lower()], text=word)]
    counted = _COUNTED.match(word)
    if counted and (number := number_of(counted[1])) is not None:
        unit = _UNIT_WORDS.get(counted[2] or "", "")
        unit = unit.removesuffix("s") if number == 1 and unit == "frames" else unit
        return [Token(word, "count", f"{number:g} {unit}".strip(), number=number)]
    if _LATIN.fullmatch(word) or _is_one_word(word):
        return [Token(word, "other", word if word.isascii() else "")]
    for size in range(len(word) - 1, 0, -1):
        if (counted := _COUNTED.match(word[:size])) and number_of(counted[1]) is not None:
            return _lookup(word[:size]) + _lookup(word[size:])
        if word[:size] in table:
            return [replace(table[word[:size]], text=word[:size]), *_lookup(word[size:])]
    if word[1:] and any(word[i:] in table for i in range(1, len(word))):
        cut = next(i for i in range(1, len(word)) if word[i:] in table)
        return [Token(word[:cut], "other"), *_lookup(word[cut:])]
    return [Token(word, "other", word if word.isascii() else "")]
