"""Typed values in plain words: durations, sizes, factors, colours, languages, places, keys, counts.

Each value knows its dimension; which argument takes it is decided by the tool's schema.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from omnimuse.planning.reading.phrases import number_of

_NUMBER = (
    r"(?P<n>half an?|\d+(?:[.,]\d+)?|a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|"
    r"twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety|hundred|half)"
)
_COUNTS = r"\d{1,4}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_WORDS = {
    "a": 1.0, "an": 1.0, "half": 0.5, "half a": 0.5, "half an": 0.5, "fifteen": 15, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100,
}  # fmt: skip
_SECONDS = {"s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "hour": 3600, "ms": 0.001,
            "millisecond": 0.001}  # fmt: skip
COLOURS: dict[str, str] = {
    "red": "#e53935", "green": "#43a047", "blue": "#1e88e5", "yellow": "#fdd835",
    "orange": "#fb8c00", "purple": "#8e24aa", "violet": "#7e57c2", "pink": "#ec407a",
    "brown": "#6d4c41", "black": "#000000", "white": "#ffffff", "grey": "#9e9e9e",
    "gray": "#9e9e9e", "gold": "#d4af37", "golden": "#d4af37", "silver": "#c0c0c0",
    "turquoise": "#40e0d0", "cyan": "#00bcd4", "teal": "#009688", "navy": "#001f5b",
    "beige": "#f5f5dc", "magenta": "#d81b60", "crimson": "#b71c1c", "lime": "#c0ca33",
    "indigo": "#3949ab", "maroon": "#800000", "olive": "#808000", "scarlet": "#d32f1f",
    "burgundy": "#6d1a36", "lilac": "#c3a4d8", "mauve": "#b78fb3", "fuchsia": "#d6248f",
    "khaki": "#b5a769", "ochre": "#c47f2a", "sepia": "#8a6642", "azure": "#4a90d9",
    "aquamarine": "#7fffd4", "lavender": "#b39ddb",
}  # fmt: skip
_COMMON = frozenset(
    [
        "red",
        "green",
        "blue",
        "yellow",
        "orange",
        "purple",
        "pink",
        "brown",
        "black",
        "white",
        "grey",
        "gray",
    ]
)
_RARE = re.compile(rf"\b(?:{'|'.join(sorted(COLOURS.keys() - _COMMON))})\b", re.I)
LANGUAGES: dict[str, str] = {
    "english": "en", "french": "fr", "german": "de", "spanish": "es", "italian": "it",
    "chinese": "zh", "mandarin": "zh", "japanese": "ja", "korean": "ko", "portuguese": "pt",
    "russian": "ru", "arabic": "ar", "hindi": "hi", "dutch": "nl", "polish": "pl",
    "turkish": "tr", "swedish": "sv", "greek": "el", "latin": "la", "ukrainian": "uk",
    "vietnamese": "vi", "thai": "th", "czech": "cs", "danish": "da", "finnish": "fi",
}  # fmt: skip
_SIZES = {"4k": (3840, 2160), "8k": (7680, 4320), "1080p": (1920, 1080), "full hd": (1920, 1080),
          "720p": (1280, 720), "2k": (2048, 1152), "480p": (854, 480)}  # fmt: skip
_PLACES = ("top left", "top right", "bottom left", "bottom right", "upper left", "upper right",
           "lower left", "lower right", "top", "bottom", "left", "right", "center", "centre",
           "middle")  # fmt: skip
_PLACE_NAMES = {"upper left": "top left", "upper right": "top right", "lower left": "bottom left",
                "lower right": "bottom right", "centre": "center", "middle": "center"}  # fmt: skip


@dataclass(frozen=True)
class Value:
    """A value found in words.

    Attributes:
        dimension: `duration`, `start`, `end`, `size`, `aspect`, `pixels`, `factor`, `share`,
            `tempo`, `key`, `rate`, `level`, `angle`, `colour`, `language`, `place`, `count`.
        value: seconds, pixels, a pair, a string, ... as the dimension says.
        unit: noun that is counted, for `count`; else empty.
        start: where it stands.
        text: the words.
    """

    dimension: str
    value: Any
    unit: str = ""
    start: int = 0
    text: str = ""


def find_values(text: str) -> list[Value]:
    """All typed values of a clause, in order."""
    low = text.lower()
    found = [*_ranges(low), *_spans(low), *_durations(low), *_sizes(low), *_factors(low),
             *_measures(low), *_named(low), *_counts(low)]  # fmt: skip
    return sorted(found, key=lambda v: (v.start, v.dimension))


_MEASURES = frozenset(
    ["duration", "start", "end", "size", "pixels", "factor", "share", "tempo", "key", "rate",
     "level", "angle", "aspect"]
)  # fmt: skip
_FILLERS = frozenset(
    ["long", "in", "at", "for", "of", "the", "a", "an", "about", "around", "exactly", "length",
     "duration", "wide", "high", "tall", "format", "each", "total", "with", "to", "first", "last"]
)  # fmt: skip


def is_measure(text: str) -> bool:
    """Whether words say nothing but how long, how large, how fast, ...: "ten seconds long"."""
    low = text.lower()
    rest = low
    for value in find_values(low):
        if value.dimension in _MEASURES:
            rest = rest.replace(value.text, " ")
    return rest != low and not set(re.findall(r"\w+", rest)) - _FILLERS


def without_lengths(text: str) -> str:
    """Words without durations and sizes: "rain on a roof, ten seconds long" -> "rain on a roof"."""
    low, kept = text.lower(), text
    for value in find_values(low):
        if value.dimension not in ("duration", "size", "pixels", "aspect"):
            continue
        before = r"[\s,]*\b(?:(?:for|of|in|about|lasting)\s+)?"
        after = r"(?:\s+(?:long|wide|high|tall))?\b"
        said = before + re.escape(value.text) + after
        kept = re.sub(said, "", kept, count=1, flags=re.I)
    kept = re.sub(r"^(?:of|long)\s+", "", kept.strip(" ,"))
    return kept if len(kept) > 2 else text


def _number(word: str) -> float:
    word = word.strip().lower()
    if word in _WORDS:
        return float(_WORDS[word])
    known = number_of(word)
    return float(known) if known is not None else float(word.replace(",", "."))


def _spans(low: str) -> list[Value]:
    """Such as "from 0:10 to 0:20", "the first 5 seconds", "between 3 and 8 seconds"."""
    time = r"(\d+:\d{2}|\d+(?:\.\d+)?)\s*(s|sec|seconds?|minutes?|min)?"
    found = []
    match = re.search(
        rf"(?:from|between|\bseconds?)\s+(?:seconds?\s+)?{time}\s*(?:to|and|-|until|till)\s*"
        rf"(?:second\s+)?{time}",
        low,
    )
    if match:
        unit = match[2] or match[4] or "s"
        found.append(Value("start", _clock(match[1], unit), "", match.start(), match[0]))
        found.append(Value("end", _clock(match[3], unit), "", match.start(), match[0]))
    match = re.search(rf"first\s+{_NUMBER}\s*(seconds?|minutes?)", low)
    if match:
        seconds = _number(match["n"]) * _SECONDS[match[2].rstrip("s")]
        found.append(Value("start", 0.0, "", match.start(), match[0]))
        found.append(Value("end", seconds, "", match.start(), match[0]))
    return found


def _ranges(low: str) -> list[Value]:
    """Such as "bars 2 to 3", "frame 10": first and last of what is counted."""
    found = []
    until = r"(?:\s*(?:to|-|until|through|and)\s*(\d+))?\b"
    pattern = rf"\b(bar|page|line|frame|measure)s?\s+{_NUMBER}{until}"
    for match in re.finditer(pattern, low):
        unit = "bar" if match[1] == "measure" else match[1]
        first = _number(match["n"])
        last = float(match[3]) if match[3] else first
        found.append(Value("first", first, unit, match.start(), match[0]))
        found.append(Value("last", last, unit, match.start(), match[0]))
    return found


def _clock(text: str, unit: str) -> float:
    if ":" in text:
        minutes, seconds = text.split(":")
        return int(minutes) * 60.0 + int(seconds)
    return float(text) * _SECONDS.get(unit.rstrip("s") or "s", 1)


def _durations(low: str) -> list[Value]:
    found = []
    pattern = rf"\b{_NUMBER}[\s-]*(?P<u>milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|hours?)\b"
    for match in re.finditer(pattern, low):
        if match["u"] == "s" and (not match["n"][0].isdigit() or _is_decade(match, low)):
            continue
        unit = match["u"] if match["u"] in ("s", "ms") else match["u"].rstrip("s")
        seconds = _number(match["n"]) * _SECONDS[unit]
        found.append(Value("duration", seconds, "", match.start(), match[0]))
    return found


def _is_decade(match: re.Match[str], low: str) -> bool:
    """Whether "80s" is a time in history: "80s pop", but "for 30s"."""
    is_round = match[0][:-1] in ("20", "30", "40", "50", "60", "70", "80", "90")
    return is_round and not re.search(r"\b(?:for|to|of|lasting)\s+$", low[: match.start()])


def _sizes(low: str) -> list[Value]:
    found = []
    for match in re.finditer(r"\b(\d{2,5})\s*(?:x|×|by|\*)\s*(\d{2,5})\b", low):
        found.append(Value("size", (int(match[1]), int(match[2])), "", match.start(), match[0]))
    for name, size in _SIZES.items():
        if hit := re.search(rf"\b{name}\b", low):
            found.append(Value("size", size, "", hit.start(), hit[0]))
    for match in re.finditer(r"\b(\d{2,5})\s*(?:px|pixels?)(?:\s+(wide|high|tall))?", low):
        unit = {"wide": "width", "high": "height", "tall": "height"}.get(match[2] or "", "")
        found.append(Value("pixels", int(match[1]), unit, match.start(), match[0]))
    for match in re.finditer(r"\b(16:9|4:3|9:16|1:1|3:4|21:9|3:2|2:3)\b", low):
        wide, high = match[1].split(":")
        found.append(Value("aspect", (int(wide), int(high)), "", match.start(), match[0]))
    for pattern, aspect in (
        (r"\bsquare\b(?! (?:in|of|with|table|box))", (1, 1)),
        (r"\b(?:portrait|vertical) (?:format|orientation|mode|size|video|poster)", (3, 4)),
        (r"\b(?:landscape|horizontal) (?:format|orientation|mode|size)|\bwidescreen\b", (16, 9)),
    ):
        if hit := re.search(pattern, low):
            found.append(Value("aspect", aspect, "", hit.start(), hit[0]))
    return found


def _factors(low: str) -> list[Value]:
    found = []
    for match in re.finditer(r"\b(\d+(?:\.\d+)?)\s*(?:x|×)(?![\w])|\bx\s?(\d)\b", low):
        found.append(Value("factor", float(match[1] or match[2]), "", match.start(), match[0]))
    for match in re.finditer(rf"\b{_NUMBER}\s+times\b", low):
        found.append(Value("factor", _number(match["n"]), "", match.start(), match[0]))
    for pattern, value in (
        (r"\b(?:twice|double|doubled)\b", 2.0),
        (r"\b(?:triple|thrice)\b", 3.0),
        (r"\bquadruple\b", 4.0),
        (r"\bhalf (?:the )?(?:speed|size)|\bhalve\b", 0.5),
    ):
        if hit := re.search(pattern, low):
            found.append(Value("factor", value, "", hit.start(), hit[0]))
    for match in re.finditer(r"(\d+(?:\.\d+)?)\s*(?:%|percent\b)", low):
        found.append(Value("share", float(match[1]) / 100, "", match.start(), match[0]))
    return found


def _measures(low: str) -> list[Value]:
    found = []
    for match in re.finditer(r"\b(\d{2,3})\s*bpm\b|\btempo (?:of )?(\d{2,3})\b", low):
        found.append(Value("tempo", float(match[1] or match[2]), "", match.start(), match[0]))
    for match in re.finditer(r"\b([a-g])(?:[ -]?(sharp|flat)|([#♯b♭]))?[ -](major|minor)\b", low):
        sign = {"sharp": "#", "flat": "b", "#": "#", "♯": "#", "b": "b", "♭": "b"}
        accidental = sign.get(match[2] or match[3] or "", "")
        key = f"{match[1].upper()}{accidental} {match[4]}"
        found.append(Value("key", key, "", match.start(), match[0]))
    interval = r"(semitones?|half[- ]?tones?|octaves?|tones?)\s+(up|higher|down|lower|deeper)"
    for match in re.finditer(rf"\b{_NUMBER}\s+{interval}\b", low):
        semitones = 12 if match[2].startswith("oct") else 2 if match[2].startswith("tone") else 1
        direction = 1 if match[3] in ("up", "higher") else -1
        interval_value = direction * semitones * _number(match["n"])
        found.append(Value("interval", interval_value, "", match.start(), match[0]))
    for match in re.finditer(r"\b(\d{1,3})\s*(?:fps|frames per second)\b", low):
        found.append(Value("rate", float(match[1]), "", match.start(), match[0]))
    for match in re.finditer(r"(-?\d+(?:\.\d+)?)\s*(?:db|lufs|decibels?)\b", low):
        found.append(Value("level", float(match[1]), "", match.start(), match[0]))
    for match in re.finditer(r"(-?\d+(?:\.\d+)?)\s*(?:°|degrees?\b)", low):
        found.append(Value("angle", float(match[1]), "", match.start(), match[0]))
    return found


def _named(low: str) -> list[Value]:
    found = []
    for name in COLOURS:
        for match in re.finditer(rf"\b{name}\b", low):
            found.append(Value("colour", name, "", match.start(), match[0]))
    for match in re.finditer(r"#[0-9a-f]{6}\b", low):
        found.append(Value("colour", match[0], "", match.start(), match[0]))
    for name, code in LANGUAGES.items():
        if hit := re.search(rf"\b(?:(?:in|into|to|from)\s+)?{name}\b", low):
            found.append(Value("language", code, "", hit.start(), hit[0]))
    taken: list[tuple[int, int]] = []
    for name in _PLACES:
        pattern = name.replace(" ", r"[ -]")
        which = r"(?! (?:one|picture|image|photo|version)\b)"
        for match in re.finditer(rf"\b(?:at|in|on|to|from) (?:the )?{pattern}\b{which}", low):
            if not any(a <= match.start() < b for a, b in taken):
                taken.append(match.span())
                place = _PLACE_NAMES.get(name, name)
                found.append(Value("place", place, "", match.start(), match[0]))
    return found


_SIZE_UNITS = frozenset(["second", "minute", "hour", "bar", "line", "pixel", "time"])


def _counts(low: str) -> list[Value]:
    found = []
    for match in re.finditer(rf"\b({_COUNTS})([\s-])((?:[a-z]+[\s-]){{0,2}}[a-z]+)\b", low):
        words = re.split(r"[\s-]", match[3])
        is_size = match[2] == "-" or words[0].rstrip("s") in _SIZE_UNITS
        for word in words[:1] if is_size else words:  # "two-line poem" counts lines alone
            found.append(Value("count", number_of(match[1]), word, match.start(), match[0]))
    return found


def in_common_colours(query: str) -> str:
    """A clause for the tool index, rare names of colours as common ones: lilac is as blue is."""
    return _RARE.sub("blue", query)
