"""Sections, events and the words made of an analysis."""

from __future__ import annotations

import numpy as np
import pytest

from omnimuse.crafts.listening.analysis import analyse
from omnimuse.crafts.listening.describing import describe
from omnimuse.crafts.listening.events import name_event
from omnimuse.crafts.listening.sections import find_sections
from omnimuse.crafts.listening.spectrum import RATE_HZ, measure_frames
from omnimuse.crafts.sound.catalogue import perform
from omnimuse.errors import InputError


def hum(hz, seconds):
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wobble = 1 + 0.5 * np.sin(2 * np.pi * 2 * time_s)
    return (0.2 * wobble * sum(np.sin(2 * np.pi * hz * k * time_s) for k in (1, 2, 3))).astype(
        np.float32
    )


def test_sections_change_where_the_sound_changes():
    noise = 0.1 * np.random.default_rng(0).normal(0, 1, 14 * RATE_HZ).astype(np.float32)
    samples = np.concatenate((hum(220, 14), noise, hum(220, 14)))
    sections = find_sections(measure_frames([samples]))
    assert [s.label for s in sections] == ["A", "B", "A"]
    assert sections[1].start_s == pytest.approx(14, abs=1)
    assert sections[2].start_s == pytest.approx(28, abs=1)


@pytest.mark.parametrize("name", ["rain", "church_bell", "dog_bark"])
def test_own_effects_are_named(name):
    made = perform(name, duration_s=5, sample_rate_hz=RATE_HZ, seed=4242).mean(axis=1)
    heard = name_event(made)
    assert name in (heard.name, *heard.others)
    assert 0 <= heard.confidence <= 1


def test_silence_is_unknown():
    assert name_event(np.zeros(RATE_HZ, np.float32)).name == "unknown"


def test_silence_is_described_as_such():
    record = analyse(lambda: [np.zeros(4 * RATE_HZ, np.float32)])
    assert record["seconds_of"] == {"silence": 4.0}
    assert describe(record) == "4.0 seconds of silence."


RECORD = {
    "duration_s": 40.0,
    "seconds_of": {"music": 30.0, "sound": 10.0},
    "segments": [
        {"label": "sound", "start_s": 0, "end_s": 10},
        {"label": "music", "start_s": 10, "end_s": 40},
    ],
    "music": {
        "tempo_bpm": 90.0,
        "key": {"name": "D minor", "correlation": 0.9, "second": "F major",
                "second_correlation": 0.7},
        "chords": [{"symbol": "Dm"}, {"symbol": "Gm"}, {"symbol": "Dm"}],
    },
    "events": [{"name": "door_knock", "confidence": 0.9}, {"name": "owl", "confidence": 0.4},
               {"name": "sonar", "confidence": 0.1}],
    "sections": [],
    "loudness_lufs": -16.0,
}  # fmt: skip


def test_description_says_what_was_measured_and_hedges():
    text = describe(RECORD)
    assert "40 seconds with music (30 s) and sounds" in text
    assert "moderate, about 90 beats per minute, and in D minor" in text
    assert "door knock and perhaps owl" in text
    assert "sonar" not in text
    assert "In order: sound, then music." in text


@pytest.mark.parametrize("bad", [{}, {"seconds_of": 3}, {"seconds_of": {"music": 1}}])
def test_other_records_are_refused(bad):
    with pytest.raises(InputError, match="not an analysis"):
        describe(bad)
