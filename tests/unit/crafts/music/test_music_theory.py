from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.crafts.music import rhythm
from omnimuse.crafts.music.form import plan_form
from omnimuse.crafts.music.theory import MODES, Chord, Key, Metre, local_scale
from omnimuse.errors import ArgumentError


@pytest.mark.parametrize(
    ("text", "tonic", "mode"),
    [
        ("D minor", 2, "minor"), ("Bbm", 10, "minor"), ("F# dorian", 6, "dorian"),
        ("E-flat major", 3, "major"), ("D小调", 2, "minor"), ("降B大调", 10, "major"),
        ("C", 0, "major"), ("a", 9, "minor"), ("G mixolydian", 7, "mixolydian"),
        ("升F小调", 6, "minor"), ("c sharp minor", 1, "minor"),
    ],
)  # fmt: skip
def test_keys_are_read(text: str, tonic: int, mode: str) -> None:
    assert Key.parse(text) == Key(tonic, mode)


@pytest.mark.parametrize("text", ["H minor", "", "loud", "D minor and loud", "42"])
def test_what_is_no_key_is_named(text: str) -> None:
    with pytest.raises(ArgumentError, match="not a key"):
        Key.parse(text)


@given(st.integers(0, 11), st.sampled_from(sorted(MODES)))
def test_a_key_survives_its_own_name(tonic: int, mode: str) -> None:
    assert Key.parse(Key(tonic, mode).name) == Key(tonic, mode)


def test_signatures_count_as_printed_music_does() -> None:
    assert Key.parse("D minor").fifths == -1
    assert Key.parse("E major").fifths == 4
    assert Key.parse("A dorian").fifths == 1
    assert Key.parse("D mixolydian").fifths == 1


@pytest.mark.parametrize(
    ("text", "ticks"), [("3/4", 1440), ("6/8", 1440), ("5/4", 2400), ("C|", 1920)]
)
def test_metres_are_read(text: str, ticks: int) -> None:
    assert Metre.parse(text).bar_ticks == ticks


@pytest.mark.parametrize("text", ["4", "4/5", "0/4", "99/4", "four four", "3/4/4"])
def test_what_is_no_metre_is_named(text: str) -> None:
    with pytest.raises(ArgumentError, match="not a metre"):
        Metre.parse(text)


@given(st.integers(2, 13), st.sampled_from([2, 4, 8, 16]))
def test_felt_groups_fill_the_bar(numerator: int, denominator: int) -> None:
    metre = Metre(numerator, denominator)
    assert sum(metre.groups) == metre.bar_ticks
    assert metre.strength(0) == 1.0
    assert all(0 < metre.strength(t) < 1 for t in range(60, metre.bar_ticks, 60))


@given(st.integers(2, 12), st.sampled_from([2, 4, 8]))
def test_every_rhythm_of_every_metre_sums_to_the_bar(numerator: int, denominator: int) -> None:
    metre = Metre(numerator, denominator)
    bars = rhythm.vocabulary(metre)
    assert bars
    assert all(sum(bar) == metre.bar_ticks and min(bar) > 0 for bar in bars)


def test_a_secondary_dominant_bends_its_own_step_only() -> None:
    key = Key.parse("C")
    assert local_scale(key, Chord(2, "7", "V7/V", 2)) == (0, 2, 4, 6, 7, 9, 11)
    assert local_scale(key, Chord(0, "maj", "I", 0)) == key.steps


@given(st.integers(1, 400))
def test_a_form_covers_every_bar_once_and_closes(bars: int) -> None:
    plan = plan_form(bars)
    at = 0
    for phrase in plan:
        assert phrase.first_bar == at
        at += phrase.bars
    assert at == bars
    assert plan[-1].is_last
    assert plan[-1].cadence == "authentic"
    assert sum(phrase.is_last for phrase in plan) == 1
