"""English number words: cardinals, ordinals, years, decimals, fractions, digits, Roman numerals."""

from __future__ import annotations

import re

_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion")
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_DENOMINATORS = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN_SHAPE = re.compile(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})\Z")


def _below_thousand(number: int) -> str:
    words = []
    if number >= 100:
        words += [_UNITS[number // 100], "hundred"]
        number %= 100
        if number:
            words.append("and")
    if number >= 20:
        tens = _TENS[number // 10]
        words.append(f"{tens}-{_UNITS[number % 10]}" if number % 10 else tens)
    elif number or not words:
        words.append(_UNITS[number])
    return " ".join(words)


def cardinal(number: int) -> str:
    """1234 -> "one thousand two hundred and thirty-four"; beyond 10**21 digit by digit."""
    if number < 0:
        return "minus " + cardinal(-number)
    if number >= 1000 ** len(_SCALES):
        return digits(str(number))
    groups, rest = [], number
    while rest:
        groups.append(rest % 1000)
        rest //= 1000
    words: list[str] = []
    for index in range(len(groups) - 1, -1, -1):
        if groups[index]:
            if index == 0 and words and groups[0] < 100:
                words.append("and")
            words.append(_below_thousand(groups[index]))
            if index:
                words.append(_SCALES[index])
    return " ".join(words) or "zero"


def ordinal(number: int) -> str:
    """21 -> "twenty-first"."""
    head, sep, last = _split_last(cardinal(number))
    if last in _ORDINALS:
        last = _ORDINALS[last]
    elif last.endswith("y"):
        last = last[:-1] + "ieth"
    else:
        last += "th"
    return head + sep + last


def _split_last(words: str) -> tuple[str, str, str]:
    found = re.match(r"(.*)([ -])([^ -]+)\Z", words)
    return (found[1], found[2], found[3]) if found else ("", "", words)


def year(number: int) -> str:
    """1984 -> "nineteen eighty-four", 2005 -> "two thousand and five"."""
    if not 1000 <= number <= 9999 or 2000 <= number <= 2009:
        return cardinal(number)
    high, low = divmod(number, 100)
    if low == 0:
        return cardinal(number) if high % 10 == 0 else f"{cardinal(high)} hundred"
    tail = f"oh {_UNITS[low]}" if low < 10 else cardinal(low)
    return f"{cardinal(high)} {tail}"


def digits(text: str) -> str:
    """Each digit by name: "0800" -> "zero eight zero zero"."""
    return " ".join(_UNITS[int(character)] for character in text if character.isdigit())


def decimal(text: str) -> str:
    """A number as written: "-3,000.05" -> "minus three thousand point zero five"."""
    plain = text.replace(",", "").replace("−", "-")
    sign = "minus " if plain.startswith("-") else ""
    whole, _, part = plain.lstrip("+-").partition(".")
    words = cardinal(int(whole or "0"))
    return sign + (f"{words} point {digits(part)}" if part else words)


def fraction(top: int, bottom: int) -> str:
    """(3, 4) -> "three quarters", (1, 2) -> "one half", (5, 16) -> "five sixteenths"."""
    if bottom == 0 or bottom > 100:
        return f"{cardinal(top)} over {cardinal(bottom)}"
    if bottom == 1:
        return f"{cardinal(top)} over one"
    one, many = _DENOMINATORS.get(bottom, (ordinal(bottom), ordinal(bottom) + "s"))
    return f"{cardinal(top)} {one if top == 1 else many}"


def roman(text: str) -> int | None:
    """The value of a well-formed Roman numeral, None for anything else."""
    if not text or not _ROMAN_SHAPE.match(text):
        return None
    values = [_ROMAN[character] for character in text]
    following = [*values[1:], 0]
    return sum(-a if a < b else a for a, b in zip(values, following, strict=True))
