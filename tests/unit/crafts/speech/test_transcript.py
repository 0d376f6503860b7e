from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.backends.base import Segment, Word
from omnimuse.crafts.speech.transcript import (
    make_cues,
    read_segments,
    to_srt,
    to_vtt,
    transcript_json,
    words_are_ordered,
)
from omnimuse.errors import InputError


def segment(text, start_s=0.0, pace_s=0.4):
    words = tuple(
        Word(word, start_s + i * pace_s, start_s + (i + 1) * pace_s)
        for i, word in enumerate(text.split())
    )
    return Segment(text, words[0].start_s, words[-1].end_s, words)


def test_record_and_back():
    segments = [segment("Hello there."), segment("Bye.", 3.0)]
    record = transcript_json(segments, language="en", duration_s=5.0004)
    assert record["text"] == "Hello there. Bye."
    assert record["duration_s"] == 5.0
    assert read_segments(record) == segments
    assert words_are_ordered(segments)


@pytest.mark.parametrize(
    "bad",
    [
        [],
        {"text": "x"},
        {"segments": [{"text": "x"}]},
        {"segments": [{"text": "x", "start_s": "soon", "end_s": 1}]},
        3,
    ],
)
def test_other_json_is_refused(bad):
    with pytest.raises(InputError, match="not a transcript"):
        read_segments(bad)


def test_srt_and_vtt():
    cues = make_cues([segment("Beneath a yellow moon so bright,"), segment("Bye <b>.", 3700.0)])
    assert to_srt(cues).splitlines()[:3] == [
        "1",
        "00:00:00,000 --> 00:00:02,400",
        "Beneath a yellow moon so bright,",
    ]
    assert "01:01:40,000 --> 01:01:41,000" in to_srt(cues)
    vtt = to_vtt(cues)
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:02.400\n")
    assert "Bye &lt;b&gt;." in vtt
    assert to_srt([]) == ""


def test_long_segments_become_several_cues_of_two_lines():
    text = " ".join(["wandering"] * 30) + "."
    cues = make_cues([segment(text)], max_characters=30, max_duration_s=4.0)
    assert len(cues) > 3
    for cue in cues:
        assert len(cue.lines) <= 2
        assert all(len(line) <= 40 for line in cue.lines)
        assert cue.end_s - cue.start_s <= 4.001
    assert " ".join(line for cue in cues for line in cue.lines) == text


def test_segment_without_words_is_one_cue():
    cues = make_cues([Segment("Only text", 1.0, 1.2)])
    assert [(c.lines, c.start_s, c.end_s) for c in cues] == [(("Only text",), 1.0, 2.0)]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=60), st.integers(12, 60))
def test_cues_never_overlap_and_keep_every_word(lengths, width):
    text = " ".join("x" * length for length in lengths)
    cues = make_cues([segment(text, 1.0, 0.25)], max_characters=width)
    assert " ".join(" ".join(cue.lines) for cue in cues) == text
    for first, second in itertools.pairwise(cues):
        assert first.end_s <= second.start_s + 0.05
