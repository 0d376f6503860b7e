"""Tempo, beats, key and chords of sounds whose truth is known because they were put together."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.crafts.listening.harmony import find_chords, find_key
from omnimuse.crafts.listening.rhythm import find_rhythm
from omnimuse.crafts.listening.spectrum import RATE_HZ, measure_frames, spans_of

SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
DEGREES = (0, 3, 4, 0, 5, 3, 4, 0)


def tone(pitch, seconds):
    """A plucked tone with six harmonics."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hz = 440 * 2 ** ((pitch - 69) / 12)
    wave = sum(np.sin(2 * np.pi * hz * k * time_s) / k**1.5 for k in range(1, 7))
    return wave * np.exp(-2.5 * time_s / seconds) * np.minimum(1, time_s / 0.004)


def progression(tonic, mode, tempo_bpm, *, rounds=2):
    """Triads, two beats each, struck on every beat; their roots as pitch classes."""
    beat_s, out, roots = 60 / tempo_bpm, [], []
    for degree in DEGREES * rounds:
        steps = [SCALES[mode][(degree + i) % 7] for i in (0, 2, 4)]
        roots.append((tonic + steps[0]) % 12)
        for _ in range(2):
            chord = sum(tone(57 + (tonic + s - 9) % 12, beat_s) for s in steps)
            out.append(0.1 * (chord + tone(36 + (tonic + steps[0]) % 12, beat_s)))
    return np.concatenate(out).astype(np.float32), roots


@pytest.mark.parametrize("tempo", [76.0, 100.0, 128.5])
def test_tempo_is_within_two_percent_and_beats_lie_on_onsets(tempo):
    samples, _ = progression(0, "major", tempo)
    rhythm = find_rhythm(measure_frames([samples]).onset)
    assert rhythm.tempo_bpm == pytest.approx(tempo, rel=0.02)
    apart = np.array(rhythm.beats_s[2:-2]) * tempo / 60
    assert np.abs(apart - np.round(apart)).max() < 0.12


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 11), st.sampled_from(("major", "minor")))
def test_key_is_found_whatever_the_tonic(tonic, mode):
    samples, _ = progression(tonic, mode, 120, rounds=1)
    frames = measure_frames([samples])
    key = find_key(frames, frames.chroma.any(axis=1))
    names = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
    assert key.name == f"{names[tonic]} {mode}"
    assert 0.5 < key.correlation <= 1
    assert key.second != key.name


def test_chords_follow_the_progression():
    samples, roots = progression(2, "major", 96)
    frames = measure_frames([samples])
    chords = find_chords(frames, find_rhythm(frames.onset).beats_s)
    names = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
    seconds = 2 * 60 / 96
    heard = [
        next(c.symbol for c in chords if c.start_s <= (i + 0.5) * seconds < c.end_s).rstrip("m")
        for i in range(len(roots))
    ]
    right = sum(h == names[r] for h, r in zip(heard, roots, strict=True))
    assert right >= 0.85 * len(roots)
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(chords))


def test_noise_silence_and_nothing_have_no_pulse_and_no_key():
    silence = measure_frames([np.zeros(5 * RATE_HZ, np.float32)])
    assert find_rhythm(silence.onset).tempo_bpm is None
    assert find_key(silence, silence.chroma.any(axis=1)) is None
    short = measure_frames([np.ones(10, np.float32)])
    assert find_rhythm(short.onset).beats_s == ()
    assert short.duration_s == pytest.approx(10 / RATE_HZ)


def test_frames_do_not_depend_on_how_the_stream_is_cut():
    samples = np.random.default_rng(0).normal(0, 0.1, 3 * RATE_HZ).astype(np.float32)
    whole = measure_frames([samples])
    parts = measure_frames(np.array_split(samples, 17))
    for name in ("onset", "power", "chroma", "bands"):
        np.testing.assert_allclose(getattr(whole, name), getattr(parts, name), atol=2e-4)


def test_spans_are_read_from_a_stream():
    samples = np.arange(100, dtype=np.float32)
    spans = [(5, 20), (18, 40), (90, 130)]
    found = dict(spans_of(np.array_split(samples, 7), spans))
    assert [(len(found[i]), found[i][0]) for i in range(3)] == [(15, 5), (22, 18), (10, 90)]
