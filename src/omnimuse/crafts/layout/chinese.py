"""Chinese prompts: segmented with jieba, read by Chinese word order, labels in English.

Number, measure word, description and noun make a phrase (一只红色的猫); a landmark comes before its
side word (桌子左边), a place before or after what is there (桌子上有猫, 猫在桌子上). Nouns that the
lexicon (`data/nouns_zh.txt`) lacks keep their Chinese name and are listed as untranslated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from omnimuse.crafts.layout import words as w
from omnimuse.crafts.layout.schema import GroupRelation, SceneRequest, ThingGroup

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "俩": 2, "〇": 0}
_NUMERAL = re.compile(r"^[零〇一二三四五六七八九十百两俩\d]+$")
_VAGUE = {"几": 3, "一些": 3, "有些": 3, "许多": 6, "很多": 6, "好多": 6, "众多": 6, "好几": 4,
          "若干": 4, "多": 4, "不少": 5, "无数": 9, "大量": 7, "数": 4}  # fmt: skip
_MEASURES = frozenset(
    "个只条头匹辆架艘张把本支枝朵棵株座栋幢间件块片颗粒根位名台部盏面顶双对副杯瓶碗盘盒篮群打串束堆排"
    "套幅匹口扇艇枚尊节列篇些道"
)
_MANY = {"群": 5, "串": 4, "束": 5, "堆": 5, "排": 4, "些": 3}
_PAIRS = {"双": 2, "对": 2}
_COLORS = {"红": "red", "橙": "orange", "黄": "yellow", "绿": "green", "蓝": "blue", "紫": "purple",
           "粉": "pink", "粉红": "pink", "棕": "brown", "褐": "brown", "咖啡": "brown",
           "黑": "black", "白": "white", "灰": "gray", "金": "gold", "银": "silver", "青": "cyan",
           "彩": "colorful", "米": "beige", "橘": "orange", "橘红": "orange", "黑白": "black and white",
           "深蓝": "dark blue", "浅蓝": "light blue", "天蓝": "sky blue", "深绿": "dark green",
           "浅绿": "light green", "深红": "dark red", "五颜六": "colorful"}  # fmt: skip
_SIZES = {"大": "large", "小": "small", "巨大": "huge", "高": "tall", "长": "long", "短": "short",
          "矮": "short", "胖": "fat", "瘦": "thin", "高大": "tall", "小小": "tiny", "迷你": "mini"}  # fmt: skip
_OTHER = {"木": ("material", "wooden"), "木头": ("material", "wooden"), "金属": ("material", "metal"),
          "玻璃": ("material", "glass"), "塑料": ("material", "plastic"), "石": ("material", "stone"),
          "皮": ("material", "leather"), "条纹": ("pattern", "striped"), "圆": ("shape", "round"),
          "方": ("shape", "square"), "圆形": ("shape", "round"), "方形": ("shape", "square"),
          "老": ("age", "old"), "旧": ("age", "old"), "古老": ("age", "old"), "新": ("age", "new"),
          "年轻": ("age", "young"), "可爱": ("state", "cute"), "漂亮": ("state", "beautiful"),
          "美丽": ("state", "beautiful"), "睡觉": ("pose", "sleeping"), "飞翔": ("pose", "flying"),
          "奔跑": ("pose", "running"), "跑": ("pose", "running"), "坐": ("pose", "sitting"),
          "站": ("pose", "standing"), "躺": ("pose", "lying"), "趴": ("pose", "lying"),
          "飞": ("pose", "flying"), "游泳": ("pose", "swimming"), "跳": ("pose", "jumping"),
          "吃草": ("pose", "grazing")}  # fmt: skip
_SIDES = {"左": "left of", "右": "right of", "上": "on", "上方": "above", "上空": "above",
          "下": "under", "下方": "below", "底下": "under", "旁": "next to", "旁边": "next to",
          "边上": "next to", "身边": "next to", "身旁": "next to", "隔壁": "next to", "前": "in front of",
          "前方": "in front of", "后": "behind", "后方": "behind", "背后": "behind", "里": "in",
          "中": "in", "内": "in", "附近": "near", "周围": "around", "之间": "between",
          "中间": "between", "顶": "on", "顶上": "on", "对面": "near"}  # fmt: skip
_REGIONS = {"left of": "left", "right of": "right", "on": "top", "above": "top", "under": "bottom",
            "below": "bottom", "between": "center", "in front of": "foreground",
            "behind": "background"}  # fmt: skip
_CORNERS = {"左上": "top left", "右上": "top right", "左下": "bottom left", "右下": "bottom right"}
_NEGATIVES = frozenset(["没有", "没", "无", "不含", "不要", "不包括", "不包含", "除了", "未见", "并无"])
_EXIST = frozenset(["有", "是", "放着", "站着", "坐着", "挂着", "停着", "躺着", "摆着", "飞着", "长着", "趴着", "漂着", "存在"])
_FRAMES = frozenset(["照片", "图片", "图", "画面", "场景", "图像", "相片", "插画", "一幅画", "图画", "写真", "海报画"])
_STYLES = {"水彩": "watercolor", "水彩画": "watercolor painting", "油画": "oil painting",
           "水墨画": "ink painting", "素描": "sketch", "卡通": "cartoon", "写实": "realistic",
           "像素": "pixel art", "水墨": "ink painting", "漫画": "comic", "版画": "print"}  # fmt: skip
_TIMES = {"夜晚": "night", "晚上": "night", "夜里": "night", "黑夜": "night", "夜空": "night",
          "日落": "sunset", "黄昏": "sunset", "傍晚": "evening", "日出": "dawn", "清晨": "dawn",
          "早晨": "morning", "早上": "morning", "中午": "day", "下午": "day", "白天": "day"}  # fmt: skip
_WEATHERS = {"下雨": "rain", "雨中": "rain", "雨天": "rain", "雨里": "rain", "下雪": "snow",
             "雪中": "snow", "雾": "fog", "大雾": "fog", "晴天": "sun", "阳光": "sun",
             "暴风雨": "storm", "刮风": "wind", "多云": "clouds", "阴天": "clouds"}  # fmt: skip
_SEASONS = {"春天": "spring", "夏天": "summer", "秋天": "autumn", "冬天": "winter", "春": "spring",
            "夏": "summer", "秋": "autumn", "冬": "winter"}  # fmt: skip
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


def describe_chinese(prompt: str) -> SceneRequest:
    """What a Chinese prompt asks to see."""
    quotes = tuple(_QUOTE.findall(prompt))
    reader = _Reader()
    tokens = [(p.word, p.flag) for p in _tagger().lcut(_QUOTE.sub("", prompt), HMM=False)]
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
    elif word in _lexicon() or (flag[:1] in ("n", "j") and len(word) > 1):
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
    if word in _MEASURES and reader.count:
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
        _describe(reader, *_OTHER[stem])
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
        _change(reader, nouns[-1], *_OTHER[verb])


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
    label = _lexicon().get(word, word)
    if word not in _lexicon():
        tails = (word[k:] for k in range(1, len(word)))
        label = next((_lexicon()[tail] for tail in tails if tail in _lexicon()), word)
    if label == word:
        reader.untranslated.append(word)
    count, is_exact = reader.count or 1, reader.is_exact or not reader.count
    attributes = dict(reader.attributes)
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


def _forget(reader: _Reader) -> None:
    reader.count, reader.is_exact, reader.attributes = 0, False, {}


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
