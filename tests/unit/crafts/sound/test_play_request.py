"""A radio play from a request: the length is kept, everything asked for is in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.crafts.sound.play_request import (
    PlayRequest,
    asked_length_s,
    is_play,
    write_script,
)
from omnimuse.crafts.sound.script import schedule
from omnimuse.errors import InputError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("a two-minute radio play", 120),
        ("a 90-second advert", 90),
        ("half a minute of drama", 30),
        ("one and a half minutes of talk", 90),
        ("a play in 2.5 minutes", 150),
        ("a radio play", None),
    ],
)
def test_lengths_in_words_and_digits(text, seconds):
    assert asked_length_s(text) == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ANNA: Hello.\nBEN: Hi.", True),
        ("[rain]\nIt was late.", True),
        ("a two-minute radio play with rain and two voices", False),
        ("One line.\nAnother line.", True),
    ],
)
def test_plays_are_told_from_requests(text, expected):
    assert is_play(text) is expected


def echo(messages, grammar, max_tokens, turn):
    """A writer that speaks ten words for each name of the grammar."""
    names = [part.split(":")[0].strip('" ') for part in grammar.split("\n")[0][9:].split('"\\n"')]
    return "\n".join(f"{name}: " + " ".join(["word"] * 10) for name in names)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(20, 600),
    st.integers(1, 4),
    st.lists(st.sampled_from(("rain", "door knock", "owl", "wind")), max_size=3, unique=True),
    st.booleans(),
)
def test_script_keeps_length_voices_sounds_and_music(seconds, voices, sounds, has_music):
    names = ("ANNA", "BEN", "CLARA", "DAVID")[:voices]
    music = ("sad waltz",) if has_music else ()
    request = PlayRequest(float(seconds), names, tuple(sounds), music, "a key")
    try:
        script = write_script(request, echo)
    except InputError:
        assert seconds < 40
        return
    texts = {item.text for item in script.items}
    assert {*sounds, *music} <= texts
    assert {i.character for i in script.items if i.type == "speech"} == set(names)
    lengths = {
        i.id: i.duration_s or len(i.text.split()) / 2.75
        for i in script.items
        if i.layer == "foreground"
    }
    end_s = max(one.start_s + one.duration_s for one in schedule(script, lengths)) + 0.5
    # a line each of four voices takes its time: what is asked for comes before a short length
    assert end_s == pytest.approx(seconds, rel=0.1 if seconds >= 40 else 0.3)


def test_ambiences_run_through_and_events_stand_between_lines():
    request = PlayRequest(60.0, ("ANNA", "BEN"), ("rain", "door knock"), ("waltz",), "rain")
    items = {item.text: item for item in write_script(request, echo).items}
    assert items["rain"].layer == "background"
    assert items["rain"].duration_s == pytest.approx(59.5)
    assert items["door knock"].layer == "foreground"


def test_too_much_for_too_short_a_play_is_refused():
    with pytest.raises(InputError, match="leave no room"):
        write_script(PlayRequest(10.0, ("ANNA",), ("owl", "door knock", "dog bark")), echo)
