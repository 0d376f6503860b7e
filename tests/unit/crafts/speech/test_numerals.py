from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.crafts.speech import numerals


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "zero"), (7, "seven"), (13, "thirteen"), (21, "twenty-one"), (100, "one hundred"),
     (101, "one hundred and one"), (1000, "one thousand"), (1001, "one thousand and one"),
     (1234, "one thousand two hundred and thirty-four"), (1_000_000, "one million"),
     (2_500_019, "two million five hundred thousand and nineteen"), (-5, "minus five")],
)  # fmt: skip
def test_cardinal(number, words):
    assert numerals.cardinal(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "first"), (2, "second"), (3, "third"), (5, "fifth"), (8, "eighth"), (9, "ninth"),
     (12, "twelfth"), (20, "twentieth"), (21, "twenty-first"), (100, "one hundredth"),
     (103, "one hundred and third")],
)  # fmt: skip
def test_ordinal(number, words):
    assert numerals.ordinal(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(1984, "nineteen eighty-four"), (1905, "nineteen oh five"), (1900, "nineteen hundred"),
     (2000, "two thousand"), (2005, "two thousand and five"), (2024, "twenty twenty-four"),
     (1066, "ten sixty-six")],
)  # fmt: skip
def test_year(number, words):
    assert numerals.year(number) == words


def test_decimal_fraction_digits():
    assert numerals.decimal("-3.05") == "minus three point zero five"
    assert numerals.decimal("1,234.5") == "one thousand two hundred and thirty-four point five"
    assert numerals.fraction(1, 2) == "one half"
    assert numerals.fraction(3, 4) == "three quarters"
    assert numerals.fraction(5, 16) == "five sixteenths"
    assert numerals.fraction(1, 0) == "one over zero"
    assert numerals.digits("0800") == "zero eight zero zero"


def test_roman():
    assert [numerals.roman(text) for text in ("I", "IV", "VIII", "XIV", "MCMXC")] == [
        1,
        4,
        8,
        14,
        1990,
    ]
    assert numerals.roman("IIII") is None
    assert numerals.roman("") is None
    assert numerals.roman("VX") is None


_VALUES = {w: i for i, w in enumerate(numerals._UNITS)} | {
    w: 10 * i for i, w in enumerate(numerals._TENS) if w != "_"
}


def read_back(words: str) -> int:
    total = part = 0
    for word in re.split("[ -]", words):
        if word == "hundred":
            part *= 100
        elif word in numerals._SCALES[1:]:
            total, part = total + part * 1000 ** numerals._SCALES.index(word), 0
        elif word != "and":
            part += _VALUES[word]
    return total + part


@given(st.integers(0, 10**18))
def test_cardinals_can_be_read_back(number):
    assert read_back(numerals.cardinal(number)) == number


@given(st.integers(1, 10**6))
def test_ordinals_are_one_word_away_from_cardinals(number):
    assert re.search(r"(?:st|nd|rd|th)\Z", numerals.ordinal(number))
