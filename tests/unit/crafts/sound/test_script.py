from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.crafts.sound.script import (
    Character,
    cast_characters,
    read_play,
    read_script,
    schedule,
)
from omnimuse.errors import InputError

RAIN = [{"type": "sound", "text": "rain"}]

PLAY = """[ambience: rain on a roof]
[music: a sad waltz, 20 s]
It was night.
[door knock]
ANNA: Who is there?
Tell me.
BEN: It's me.

[pause 2 s]
They left.
"""


def test_a_play_becomes_items():
    script = read_play(PLAY, title="Night")
    assert [(i.type, i.layer, i.text, i.character) for i in script.items] == [
        ("sound", "background", "rain on a roof", ""),
        ("music", "background", "a sad waltz", ""),
        ("speech", "foreground", "It was night.", "Narrator"),
        ("sound", "foreground", "door knock", ""),
        ("speech", "foreground", "Who is there?\nTell me.", "ANNA"),
        ("speech", "foreground", "It's me.", "BEN"),
        ("pause", "foreground", "", ""),
        ("speech", "foreground", "They left.", "Narrator"),
    ]
    assert script.items[1].duration_s == 20
    assert script.items[6].duration_s == 2
    assert set(script.characters) == {"Narrator", "ANNA", "BEN"}
    assert read_script(script.to_json()) == script


def test_times_follow_each_other_and_backgrounds_lie_beneath():
    script = read_script({"items": [
        {"type": "sound", "text": "rain", "layer": "background", "id": "rain"},
        {"type": "speech", "text": "a", "id": "a"},
        {"type": "sound", "text": "wind", "layer": "background", "id": "wind", "until": "b"},
        {"type": "speech", "text": "b", "id": "b", "gap_s": 1.0},
        {"type": "speech", "text": "c", "id": "c", "start_s": 10.0},
        {"type": "music", "text": "end", "layer": "background", "id": "music", "duration_s": 5},
    ]})  # fmt: skip
    times = {
        p.item.id: (p.start_s, p.duration_s) for p in schedule(script, {"a": 2, "b": 3, "c": 1})
    }
    assert times["a"] == (0, 2)
    assert times["b"] == (3, 3)
    assert times["c"] == (10, 1)
    assert times["wind"] == (3, 3)  # with b, until b ends
    assert times["music"] == (11, 5)  # after the last
    assert times["rain"] == (0, 16)  # to the end


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "not an audio script"),
        ({"items": []}, "0 items"),
        ({"items": [{"type": "song", "text": "x"}]}, "item 0: type 'song'"),
        ({"items": [{"type": "speech"}]}, "neither text nor clip"),
        ({"items": [{"type": "speech", "text": "x", "volume": 3}]}, r"unknown \['volume'\]"),
        ({"items": [{"type": "speech", "text": 5}]}, "text is not text"),
        ({"items": [{"type": "sound", "text": "x", "start_s": -1}]}, "start_s is -1"),
        ({"items": [{"type": "sound", "text": "x", "gain_db": True}]}, "gain_db is True"),
        ({"items": [{"type": "sound", "text": "x", "layer": "middle"}]}, "layer 'middle'"),
        ({"items": [{"type": "sound", "text": "x", "id": "a"}] * 2}, "two items are called 'a'"),
        ({"items": [{"type": "sound", "text": "x", "until": "z"}]}, "names no item"),
        ({"items": RAIN, "characters": {"A": {"tone": 1}}}, "'A'"),
        ({"items": RAIN, "characters": {"A": {"rate": 9}}}, "rate is 9"),
        ({"items": RAIN, "loudness_lufs": 5}, "loudness_lufs is 5"),
    ],
)  # fmt: skip
def test_mistakes_are_named(data, message):
    with pytest.raises(InputError, match=message):
        read_script(data)


def test_too_long_and_empty():
    script = read_script({"items": [{"type": "pause", "duration_s": 1000}] * 1
                          + [{"type": "pause", "duration_s": 1000, "id": "b"}]})  # fmt: skip
    with pytest.raises(InputError, match="2000 s"):
        schedule(script, {})
    with pytest.raises(InputError, match="0 items"):
        read_play("  \n ")


def test_one_voice_is_told_apart_by_pitch_and_place():
    cast = cast_characters(("A", "B", "C"), ("joe",))
    assert {who.voice for who in cast.values()} == {"joe"}
    assert len({who.pitch_semitones for who in cast.values()}) == 3
    assert len({who.pan for who in cast.values()}) == 3
    two = cast_characters(("A", "B"), ("joe", "amy"))
    assert [who.voice for who in two.values()] == ["joe", "amy"]
    assert two["A"] == Character("joe")


LENGTHS = st.lists(st.floats(0.1, 20), min_size=1, max_size=20)


@given(LENGTHS, st.floats(0, 2))
def test_foreground_never_overlaps(lengths, gap):
    items = [{"type": "pause", "gap_s": gap, "id": str(i)} for i in range(len(lengths))]
    script = read_script({"items": items})
    placed = schedule(script, {str(i): length for i, length in enumerate(lengths)})
    for i in range(len(placed) - 1):
        a, b = placed[i], placed[i + 1]
        assert b.start_s == pytest.approx(a.start_s + a.duration_s + gap)


@given(st.text(max_size=300))
def test_any_text_is_a_play_or_refused(text):
    try:
        script = read_play(text)
    except InputError:
        return
    assert read_script(script.to_json()) == script
