from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.crafts.speech.normalization import normalize
from omnimuse.crafts.speech.timing import align_words, sounding, spoken_length

RATE = 16000


def sound(*parts):
    """Noise (positive seconds) and silence (negative seconds)."""
    rng = np.random.default_rng(0)
    return np.concatenate(
        [
            0.1 * rng.standard_normal(int(p * RATE)) if p > 0 else np.zeros(int(-p * RATE))
            for p in parts
        ]
    ).astype("f4")


def test_sounding_finds_stretches():
    found = sounding(sound(-0.2, 0.5, -0.3, 0.4, -0.02, 0.4, -0.1), RATE)
    assert [(round(s.start_s, 1), round(s.end_s, 1)) for s in found] == [(0.2, 0.7), (1.0, 1.8)]
    assert sounding(np.zeros(5, "f4"), RATE) == []
    assert sounding(np.zeros(RATE, "f4"), RATE) == []


def test_longer_words_are_longer():
    order = ["a", "the", "fox", "yellow", "extraordinary"]
    lengths = [spoken_length(word) for word in order]
    assert lengths == sorted(lengths)
    assert spoken_length("F B I") > spoken_length("fib")


def test_a_pause_in_the_sound_is_matched_with_the_comma():
    tokens = normalize("one two three, four five")
    words = align_words(tokens, sound(0.9, -0.4, 0.8), RATE)
    assert words[2].end_s == pytest.approx(0.9, abs=0.02)
    assert words[3].start_s == pytest.approx(1.3, abs=0.02)
    assert words[-1].end_s == pytest.approx(2.1, abs=0.02)


def test_a_pause_without_a_comma_falls_between_no_word_and_time():
    words = align_words(normalize("alpha beta gamma delta"), sound(0.5, -0.2, 0.5), RATE)
    assert words[0].start_s == pytest.approx(0, abs=0.02)
    assert words[-1].end_s == pytest.approx(1.2, abs=0.02)


def test_nothing_to_align():
    assert align_words([], sound(1.0), RATE) == []
    silent = align_words(normalize("hush now"), np.zeros(RATE, "f4"), RATE)
    assert [w.text for w in silent] == ["hush", "now"]
    assert 0 <= silent[0].start_s < silent[1].end_s <= 1.0


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["a", "fox,", "moon.", "dances", "$5", "through;"]), min_size=1, max_size=12
    ),
    st.lists(st.floats(0.05, 0.8), min_size=1, max_size=4),
)
def test_times_are_ordered_and_inside(words, lengths):
    parts = [x for length in lengths for x in (length, -0.15)]
    samples = sound(*parts)
    aligned = align_words(normalize(" ".join(words)), samples, RATE, offset_s=2.0)
    times = [t for word in aligned for t in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert times[0] >= 2.0
    assert times[-1] <= 2.0 + len(samples) / RATE + 1e-6
