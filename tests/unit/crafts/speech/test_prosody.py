from __future__ import annotations

import numpy as np
import pytest

from omnimuse.crafts.speech.prosody import shift_pitch, stretch_time
from omnimuse.errors import ArgumentError

RATE = 22050


def vowel(hz=150.0, seconds=2.0):
    time = np.arange(int(seconds * RATE)) / RATE
    return (0.2 * sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, 15))).astype("f4")


def pitch_hz(samples):
    middle = samples[len(samples) // 4 : len(samples) // 4 + 8192].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(8192), 65536))
    return int(np.argmax(spectrum)) * RATE / 65536  # the first harmonic is the strongest


@pytest.mark.parametrize("rate", [0.5, 0.8, 1.25, 2.0, 3.0])
def test_stretching_changes_length_and_keeps_pitch_and_level(rate):
    source = vowel()
    out = stretch_time(source, RATE, rate)
    assert len(out) == pytest.approx(len(source) / rate, rel=0.01)
    assert pitch_hz(out) == pytest.approx(150, rel=0.02)
    level = np.sqrt(np.mean(out[2000:-2000] ** 2)) / np.sqrt(np.mean(source**2))
    assert level == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("semitones", [-7, -3, 2, 5, 12])
def test_shifting_changes_pitch_and_keeps_length(semitones):
    source = vowel()
    out = shift_pitch(source, RATE, semitones)
    assert len(out) == len(source)
    assert pitch_hz(out) == pytest.approx(150 * 2 ** (semitones / 12), rel=0.03)


def test_stretched_tone_has_no_clicks():
    out = stretch_time(vowel(200), RATE, 1.5)[2000:-2000]
    assert np.abs(np.diff(out)).max() < 1.6 * np.abs(np.diff(vowel(200))).max()


def test_channels_move_together_and_nothing_is_changed_at_one():
    stereo = np.stack((vowel(), 0.5 * vowel()), axis=1)
    out = stretch_time(stereo, RATE, 1.3)
    assert out.shape[1] == 2
    assert out[5000:9000, 1] == pytest.approx(0.5 * out[5000:9000, 0], abs=1e-5)
    assert stretch_time(stereo, RATE, 1.0) is stereo
    assert shift_pitch(stereo, RATE, 0.0) is stereo


def test_short_and_silent_sound_and_limits():
    assert len(stretch_time(np.zeros(10, "f4"), RATE, 2.0)) == 10
    assert not stretch_time(np.zeros(RATE, "f4"), RATE, 2.0).any()
    for bad in (0.1, 9.0):
        with pytest.raises(ArgumentError):
            stretch_time(vowel(), RATE, bad)
    with pytest.raises(ArgumentError):
        shift_pitch(vowel(), RATE, 30)
