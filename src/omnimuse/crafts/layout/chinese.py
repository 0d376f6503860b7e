"""Chinese prompts: segmented with jieba, read by Chinese word order, labels in English.

Number, measure word, description and noun make a phrase (一只红色的猫); a landmark comes before its
side word (桌子左边), a place before or after what is there (桌子上有猫, 猫在桌子上). Nouns that the
lexicon (`data/nouns_zh.txt`) lacks are looked up in a dictionary if there is one; what that does
not know either keeps its Chinese name and is listed as untranslated.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from omnimuse.backends.base import Dictionary
from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.schema import GroupRelation, SceneRequest, ThingGroup

_TABLES = tomllib.loads(
    (files("omnimuse.crafts.layout") / "data" / "words_zh.toml").read_text(encoding="utf-8")
)


def _table(name: str) -> dict[str, str]:
    return {word: value for value, words in _TABLES[name].items() for word in words.split()}


_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "俩": 2, "〇": 0}
_NUMERAL = re.compile(r"^[零〇一二三四五六七八九十百两俩\d]+$")
_VAGUE = {word: int(number) for word, number in _table("vague").items()}
_MEASURES, _NEGATIVES, _EXIST, _FRAMES = (
    frozenset(_TABLES["sets"][name].split())
    for name in ("measures", "negatives", "exist", "frames")
)
_MANY = {"群": 5, "串": 4, "束": 5, "堆": 5, "排": 4, "些": 3}
_PAIRS = {"双": 2, "对": 2}
_COLORS, _SIZES, _SIDES = _table("colors"), _table("sizes"), _table("sides")
# Other descriptions: attribute key and value.
_OTHER = {word: tuple(value.split(":")) for word, value in _table("described").items()}
_CORNERS, _STYLES = _table("corners"), _table("styles")
_TIMES, _WEATHERS, _SEASONS = _table("times"), _table("weathers"), _table("seasons")
_REGIONS = {"left of": "left", "right of": "right", "on": "top", "above": "top", "under": "bottom",
            "below": "bottom", "between": "center", "in front of": "foreground",
            "behind": "background"}  # fmt: skip
_QUOTE = re.compile(r"[“\"「『]([^”\"」』]{1,100})[”\"」』]")
_SIDE_ENDINGS = ("边", "面", "侧", "方", "部", "头")


@dataclass(slots=True)
class _Element:
    """One step of the sentence: a noun group, a side word, 在, 有, 的, a break, ..."""

    kind: str
    group: int = -1
    relation: str = ""
    region: str = ""


@dataclass(slots=True)
class _Reader:
    elements: list[_Element] = field(default_factory=list)
    groups: list[ThingGroup] = field(default_factory=list)
    relations: list[GroupRelation] = field(default_factory=list)
    scenery: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    untranslated: list[str] = field(default_factory=list)
    style: list[str] = field(default_factory=list)
    scene: dict[str, str] = field(default_factory=dict)
    count: int = 0
    is_exact: bool = False
    attributes: dict[str, str] = field(default_factory=dict)
    is_negative: bool = False
    has_measure: bool = False
    dictionary: Dictionary | None = None


@cache
def _lexicon() -> dict[str, str]:
    text = (files("omnimuse.crafts.layout") / "data" / "nouns_zh.txt").read_text(encoding="utf-8")
    pairs = re.findall(r"([\u4e00-\u9fff]+)=([A-Za-z ]+?)(?=\s+[\u4e00-\u9fff]|\s*$)", text)
    return dict(pairs)


@cache
def _tagger() -> Any:
    import logging

    import jieba
    import jieba.posseg

    jieba.setLogLevel(logging.ERROR)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    for word in _lexicon():
        tokenizer.add_word(word, freq=200_000 if len(word) > 1 else None, tag="n")
    for word in (*_SIDES, *_CORNERS, *_TIMES, *_WEATHERS, *_EXIST, *_NEGATIVES, *_STYLES, *_OTHER):
        if len(word) > 1:
            tokenizer.add_word(word, freq=100_000, tag="x")
    return jieba.posseg.POSTokenizer(tokenizer)


def describe_chinese(prompt: str, dictionary: Dictionary | None = None) -> SceneRequest:
    """What a Chinese prompt asks to see."""
    quotes = tuple(_QUOTE.findall(prompt))
    reader = _Reader(dictionary=dictionary)
    tokens = [
        part
        for p in _tagger().lcut(_QUOTE.sub("", prompt), HMM=False)
        for part in _place_and_side(p.word, p.flag, dictionary)
    ]
    for i, (word, flag) in enumerate(tokens):
        _take(reader, word, flag, tokens[i + 1][0] if i + 1 < len(tokens) else "")
    _relate(reader)
    _compare(reader, [word for word, _ in tokens])
    return SceneRequest(
        prompt=prompt,
        things=tuple(reader.groups),
        relations=tuple(dict.fromkeys(reader.relations)),
        background=", ".join(dict.fromkeys(reader.scenery)),
        time=reader.scene.get("time", ""),
        weather=reader.scene.get("weather", ""),
        season=reader.scene.get("season", ""),
        style=" ".join(dict.fromkeys(reader.style)),
        text=quotes,
        excluded=tuple(dict.fromkeys(reader.excluded)),
        language="zh",
        untranslated=tuple(dict.fromkeys(reader.untranslated)),
    )


def _place_and_side(
    word: str, flag: str, dictionary: Dictionary | None
) -> tuple[tuple[str, str], ...]:
    """Such as 河里, in the river: the place and the side, which some segmenters leave together."""
    place, side = word[:-1], word[-1:]
    if not place or side not in _SIDES or word in _lexicon() or _side(word) is not None:
        return ((word, flag),)
    is_known = place in _lexicon()
    if not is_known and dictionary is not None:
        is_known = bool(dictionary.senses(place)) and not dictionary.senses(word)
    return ((place, "n"), (side, "f")) if is_known and flag[:1] in "ns" else ((word, flag),)


def number_of(word: str) -> int | None:
    """The value of a Chinese or Arabic numeral below 1000; None if it is none."""
    if word.isascii() and word.isdigit():
        return int(word)
    if not _NUMERAL.match(word):
        return None
    total, digit = 0, 0
    for char in word:
        if char == "十":
            total, digit = total + (digit or 1) * 10, 0
        elif char == "百":
            total, digit = total + (digit or 1) * 100, 0
        else:
            digit = digit * 10 + int(char) if char.isdigit() else _DIGITS[char]
    return total + digit


def _take(reader: _Reader, word: str, flag: str, following: str) -> None:
    """Sort one word into the reader."""
    for key, table in (("time", _TIMES), ("weather", _WEATHERS), ("season", _SEASONS)):
        if word in table:
            reader.scene.setdefault(key, table[word])
            return
    if word in _STYLES:
        reader.style.append(_STYLES[word])
    elif word in _FRAMES:
        reader.elements.append(_Element("frame"))
        _forget(reader)
    elif word in _NEGATIVES:
        reader.is_negative = True
    elif _take_count(reader, word, following) or _take_description(reader, word):
        return
    elif (side := _side(word)) is not None:
        reader.elements.append(side)
    elif word in _lexicon() or (flag[:1] in ("n", "j") and (len(word) > 1 or reader.has_measure)):
        _noun(reader, word)
    elif word in _EXIST:
        reader.elements.append(_Element("exist"))
    elif word.endswith("在") or word in ("位于", "处于", "于"):
        _pose(reader, word[:-1])
        reader.elements.append(_Element("at"))
    elif word in ("的", "之"):
        reader.is_negative = reader.is_negative and not reader.excluded
        reader.elements.append(_Element("of"))
    elif word in ("和", "与", "、", "及", "以及", "跟", "还有"):
        reader.elements.append(_Element("and"))
    elif word in "，。；,.;！!：:":
        reader.elements.append(_Element("break"))
        reader.is_negative = False


def _take_count(reader: _Reader, word: str, following: str) -> bool:
    """Numerals and measure words; also both in one word (一只)."""
    number = number_of(word)
    if number is not None:
        reader.count, reader.is_exact = number, True
        return True
    if word in _VAGUE:
        reader.count, reader.is_exact = _VAGUE[word], False
        return True
    if len(word) > 1 and word[-1] in _MEASURES and number_of(word[:-1]) is not None:
        return _take_count(reader, word[:-1], "") and _take_count(reader, word[-1], following)
    if len(word) == 2 and word[0] == "几" and word[1] in _MEASURES:
        reader.count, reader.is_exact = 3, False
        return True
    if word in _MEASURES and reader.count and not reader.has_measure:
        reader.has_measure = True
        if word in _MANY and reader.count == 1:
            reader.count, reader.is_exact = _MANY[word], False
        elif word in _PAIRS:
            reader.count *= 2
        elif word == "打":
            reader.count *= 12
        return True
    return False


def _take_description(reader: _Reader, word: str) -> bool:
    stem = word.removesuffix("色").removesuffix("制").removesuffix("着")
    if word in _lexicon() and word not in _COLORS:
        return False
    if stem in _COLORS and (word.endswith("色") or word in _COLORS):
        _describe(reader, "color", _COLORS[stem])
    elif stem in _SIZES:
        _describe(reader, "size", _SIZES[stem])
    elif stem in _OTHER and not word.endswith("在"):
        _describe(reader, _OTHER[stem][0], _OTHER[stem][1])
    else:
        return False
    return True


def _describe(reader: _Reader, key: str, value: str) -> None:
    """To the noun that follows; after "是" or a verb of state, to the one before."""
    last = next((e for e in reversed(reader.elements) if e.kind != "of"), None)
    is_after = last is not None and last.kind == "exist" and not reader.count
    if key == "pose" and last is not None and last.kind == "noun":
        is_after = True
    if is_after:
        nouns = [e.group for e in reader.elements if e.kind == "noun" and e.group >= 0]
        if nouns:
            _change(reader, nouns[-1], key, value)
            return
    old = reader.attributes.get(key)
    reader.attributes[key] = f"{old} and {value}" if old and key == "color" else value


def _change(reader: _Reader, group: int, key: str, value: str) -> None:
    from dataclasses import replace

    old = reader.groups[group]
    if key not in old.attributes:
        reader.groups[group] = replace(old, attributes={**old.attributes, key: value})


def _pose(reader: _Reader, verb: str) -> None:
    nouns = [e.group for e in reader.elements if e.kind == "noun" and e.group >= 0]
    if verb in _OTHER and _OTHER[verb][0] == "pose" and nouns:
        _change(reader, nouns[-1], _OTHER[verb][0], _OTHER[verb][1])


def _side(word: str) -> _Element | None:
    for corner, region in _CORNERS.items():
        if word.startswith(corner):
            return _Element("side", region=region)
    stems = [word, word[1:] if word[:1] in "最正靠" else word]
    for stem in stems:
        bare = stem[:-1] if len(stem) > 1 and stem.endswith(_SIDE_ENDINGS) else stem
        for name in (stem, bare):
            if name in _SIDES:
                relation = _SIDES[name]
                return _Element("side", relation=relation, region=_REGIONS.get(relation, ""))
    return None


def _noun(reader: _Reader, word: str) -> None:
    label = _lexicon().get(word) or _translated(word, reader.dictionary)
    if label == word:
        reader.untranslated.append(word)
    count, is_exact = reader.count or 1, reader.is_exact or not reader.count
    attributes = dict(reader.attributes)
    if label in w.ALWAYS_PLURAL and reader.has_measure and count == 2:
        count = 1  # a pair of scissors is one thing
    _forget(reader)
    if reader.is_negative:
        reader.excluded.append(label)
        return
    if w.noun_kind(label) == "l" and label in w.SCENERY | {"living room"}:
        reader.scenery.append(" ".join([*attributes.values(), label]))
        reader.elements.append(_Element("scenery"))
        return
    for index, group in enumerate(reader.groups):
        if group.label == label and not attributes and count == 1 and is_exact:
            reader.elements.append(_Element("noun", index))
            return
    reader.groups.append(ThingGroup(label, count, attributes, is_exact))
    reader.elements.append(_Element("noun", len(reader.groups) - 1))


def _translated(word: str, dictionary: Dictionary | None) -> str:
    """The English noun for a word that the lexicon lacks, or the word itself.

    A sense that is known as a thing comes first, then a known word at its end (the 船 of 小木船),
    then whatever the dictionary says.
    """
    senses = dictionary.senses(word) if dictionary is not None else ()
    nouns = [sense.lower() for sense in senses]
    nouns = [noun.removeprefix("a ").removeprefix("the ") for noun in nouns]
    nouns = [n for n in nouns if n.replace(" ", "").isalpha() and not n.startswith("to ")]
    known = next((n for n in nouns if w.noun_kind(n) in "aoftpl"), "")
    tails = (word[k:] for k in range(1, len(word)))
    tail = next((_lexicon()[tail] for tail in tails if tail in _lexicon()), "")
    return known or tail or next((n for n in nouns if n.count(" ") < 3), word)


def _forget(reader: _Reader) -> None:
    reader.count, reader.is_exact, reader.attributes = 0, False, {}
    reader.has_measure = False


def _relate(reader: _Reader) -> None:
    """Side words with the nouns around them."""
    from dataclasses import replace

    elements = reader.elements
    for i, element in enumerate(elements):
        if element.kind != "side":
            continue
        landmarks = _landmarks(elements, i)
        subjects = _subjects(elements, i, landmarks)
        if landmarks and element.relation:
            others = [e.group for e in landmarks]
            for subject in subjects:
                pairs = [other for other in others if other != subject]
                if element.relation == "between" and pairs:
                    second = pairs[1] if len(pairs) > 1 else -1
                    reader.relations.append(GroupRelation(subject, "between", pairs[0], second))
                elif pairs:
                    reader.relations.append(GroupRelation(subject, element.relation, pairs[-1]))
        elif element.region:
            for subject in subjects:
                reader.groups[subject] = replace(reader.groups[subject], region=element.region)


def _landmarks(elements: list[_Element], i: int) -> list[_Element]:
    """Nouns right before a side word: 桌子(的)左边, 猫和狗之间."""
    found: list[_Element] = []
    k = i - 1
    while k >= 0 and elements[k].kind == "of":
        k -= 1
    while k >= 0 and elements[k].kind == "noun":
        found.insert(0, elements[k])
        if elements[i].relation != "between" or k < 2 or elements[k - 1].kind != "and":
            break
        k -= 2
    return found


def _subjects(elements: list[_Element], i: int, landmarks: list[_Element]) -> list[int]:
    """Things that stand at the side: before 在, after 有, or after 的."""
    first = elements.index(landmarks[0]) if landmarks else i
    following = elements[i + 1 : i + 3]
    kinds = [e.kind for e in following]
    if kinds[:1] == ["exist"] or kinds[:2] == ["of", "noun"] or kinds[:1] == ["noun"]:
        return _run(elements, i + 1)
    k = first - 1
    while k >= 0 and elements[k].kind in ("at", "of"):
        k -= 1
    groups: list[int] = []
    while k >= 0 and elements[k].kind == "noun":
        groups.insert(0, elements[k].group)
        if k < 2 or elements[k - 1].kind != "and" or elements[k - 2].kind != "noun":
            break
        k -= 2
    return groups


def _run(elements: list[_Element], k: int) -> list[int]:
    """Nouns from position k on, joined by 和 or 、."""
    groups: list[int] = []
    while k < len(elements) and elements[k].kind in ("exist", "of", "noun", "and"):
        if elements[k].kind == "noun":
            if k + 1 < len(elements) and elements[k + 1].kind == "side" and groups:
                break
            groups.append(elements[k].group)
        k += 1
    return groups


def _compare(reader: _Reader, words: list[str]) -> None:
    """As in 杯子比盘子少: counts that the prompt leaves open follow the comparison."""
    from dataclasses import replace

    if "比" not in words or len(reader.groups) < 2:
        return
    after = words[words.index("比") :]
    sign = 1 if "多" in after else -1 if "少" in after else 0
    if sign == 0:
        return
    first, second = reader.groups[0], reader.groups[1]
    if second.count > 1:
        count = max(1, second.count + sign)
        reader.groups[0] = replace(first, count=count)
    else:
        base = first.count if first.count > 1 else 2
        reader.groups[0] = replace(first, count=base)
        reader.groups[1] = replace(second, count=max(1, base - sign))
