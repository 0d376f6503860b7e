from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.crafts.speech.normalization import normalize, spoken_text


def say(text):
    return spoken_text(normalize(text))


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("It costs $5.20.", "It costs five dollars and twenty cents."),
        ("€0.50 or £1", "fifty cents or one pound"),
        ("$3 million, $2.5bn", "three million dollars, two point five billion dollars"),
        ("Jan. 3, 2024", "January third, twenty twenty-four"),
        ("2024-03-15", "March fifteenth, twenty twenty-four"),
        ("4 July 1776", "the fourth of July, seventeen seventy-six"),
        ("March 15th", "March fifteenth"),
        ("at 3:05 p.m.", "at three oh five P M"),
        ("at 14:30", "at fourteen thirty"),
        ("at 9:00 and 7am", "at nine o'clock and seven A M"),
        ("12 km, 1 kg, 21°C, 50%", "twelve kilometres, one kilogram, twenty-one degrees Celsius, "
                                   "fifty percent"),
        ("60 km/h", "sixty kilometres per hour"),
        ("1/2 and 3/4", "one half and three quarters"),
        ("2 1/2 cups", "two and one half cups"),
        ("10–20 people", "ten to twenty people"),
        ("1914-1918", "nineteen fourteen to nineteen eighteen"),
        ("the 1990s", "the nineteen nineties"),
        ("3rd", "third"),
        ("1,234,567", "one million two hundred and thirty-four thousand five hundred and "
                      "sixty-seven"),
        ("3.14", "three point one four"),
        ("call 555-123-4567", "call five five five, one two three, four five six seven"),
        ("Henry VIII", "Henry the eighth"),
        ("World War II", "World War two"),
        ("Chapter IV", "Chapter four"),
        ("Dr. Smith lives on Main St.", "Doctor Smith lives on Main Street."),
        ("St. John", "Saint John"),
        ("e.g. this", "for example this"),
        ("No. 5", "Number five"),
        ("No. I do not.", "No. I do not."),
        ("We saw the sun. It was hot.", "We saw the sun. It was hot."),
        ("www.example.com/a-b", "example dot com slash a dash b"),
        ("me@foo.org", "me at foo dot org"),
        ("the FBI and NASA", "the F B I and nasa"),
        ("HTML and CDs", "H T M L and C D's"),
        ("STOP THAT NOW", "stop that now"),
        ("Rock & roll", "Rock and roll"),
        ("I \u2764\ufe0f you \U0001f600!", "I heart you grinning face!"),
        ("(Really) \"Yes\"", "Really Yes"),
        ("5'6\" tall", "five feet six tall"),
        ("minus -5", "minus minus five"),
        ("0800", "zero eight zero zero"),
        ("5 in the morning", "five in the morning"),
        ("don\u2019t", "don't"),
        ("well-known café", "well-known café"),
    ],
)  # fmt: skip
def test_reading(written, spoken):
    assert say(written) == spoken


def test_tokens_keep_what_is_written():
    tokens = normalize('He said "pay $5.20", (twice).')
    assert [token.written for token in tokens] == ["He", "said", '"pay', '$5.20",', "(twice)."]
    assert tokens[3].spoken == "five dollars and twenty cents,"


@pytest.mark.parametrize("text", ["", "   ", "... !!! ???", "()[]{}", "\u200b\ufe0f", "---"])
def test_nothing_to_say(text):
    assert not any(character.isalnum() for character in say(text))


@given(st.text(max_size=200))
def test_any_text_can_be_read(text):
    tokens = normalize(text)
    joined = spoken_text(tokens)
    assert not any("0" <= character <= "9" for character in joined)
    assert all(token.spoken for token in tokens)


WORDS = ["the", "a", "fox", "5", "$3.50", "3:15", "Dr.", "IX", "km", "and", "1/2", "2nd"]


@given(st.lists(st.sampled_from(WORDS),
                min_size=1, max_size=30))  # fmt: skip
def test_no_word_is_lost(words):
    text = " ".join(words)
    kept = " ".join(token.written for token in normalize(text))
    assert kept.replace(" ", "") == text.replace(" ", "")
