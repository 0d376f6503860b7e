from __future__ import annotations

import itertools

import numpy as np
import pytest

from omnimuse.crafts.sound.loudness import integrated_loudness, true_peak_dbtp
from omnimuse.crafts.sound.mixing import (
    Stem,
    ducking_gain,
    fade_edges,
    loop_to,
    mix_stems,
    to_stereo,
)
from omnimuse.crafts.sound.space import pan_stereo, place_sound
from omnimuse.errors import ArgumentError, InputError

RATE = 44100


def tone(hz, seconds, level=0.3, rate=RATE):
    return (level * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype("f4")[
        :, None
    ]


def voice_with_gap():
    """2 s of sound, 3 s of silence, 2 s of sound."""
    return np.concatenate((tone(300, 2), np.zeros((3 * RATE, 1), "f4"), tone(300, 2)))


def rms_db(samples):
    return 10 * np.log10(np.mean(samples.astype(np.float64) ** 2) + 1e-15)


def test_ducking_goes_down_under_the_voice_and_comes_back():
    gain = ducking_gain(voice_with_gap(), RATE, depth_db=12)
    at = lambda s: 20 * np.log10(gain[int(s * RATE)])  # noqa: E731
    assert at(1.0) == pytest.approx(-12, abs=0.3)
    assert at(4.5) == pytest.approx(0, abs=0.6)
    assert at(6.0) == pytest.approx(-12, abs=0.3)
    assert np.abs(np.diff(gain)).max() < 1e-3  # no steps that would click


def test_ducking_by_silence_is_no_ducking():
    assert (ducking_gain(np.zeros((RATE, 1), "f4"), RATE, depth_db=12) == 1).all()


@pytest.mark.parametrize("depth", [0.0, 6.0, 12.0, 24.0])
def test_music_under_the_voice_is_quieter_by_the_depth(depth):
    voice, music = (
        Stem(voice_with_gap(), level_lufs=-20),
        Stem(tone(3000, 7), level_lufs=-22, is_ducked=True),
    )
    out = mix_stems([voice], [music], duration_s=7, sample_rate_hz=RATE, ducking_db=depth)
    spectrum = lambda part: np.abs(np.fft.rfft(part * np.hanning(len(part))))  # noqa: E731
    under, alone = out[RATE // 2 : RATE + RATE // 2, 0], out[4 * RATE : 5 * RATE - RATE // 4, 0]
    under, alone = under[: len(alone)], alone
    at = round(3000 * len(alone) / RATE)
    measured = 20 * np.log10(
        spectrum(alone)[at - 2 : at + 3].max() / spectrum(under)[at - 2 : at + 3].max()
    )
    assert measured == pytest.approx(depth, abs=1.0)


@pytest.mark.parametrize("target", [-23.0, -16.0])
def test_mix_meets_its_loudness_and_peak(target):
    rng = np.random.default_rng(0)
    noise = (0.1 * rng.standard_normal((5 * RATE, 2))).astype("f4")
    out = mix_stems(
        [Stem(voice_with_gap(), level_lufs=-20)],
        [Stem(noise, is_looped=True, is_ducked=True)],
        duration_s=8,
        sample_rate_hz=RATE,
        loudness_lufs=target,
    )
    assert out.shape == (8 * RATE, 2)
    assert integrated_loudness(out, RATE) == pytest.approx(target, abs=0.3)
    assert true_peak_dbtp(out) < -0.99


def test_loop_has_no_gap_and_no_swell():
    rng = np.random.default_rng(2)
    noise = (0.1 * rng.standard_normal((2 * RATE, 2))).astype("f4")
    looped = loop_to(noise, 9 * RATE, fade=RATE // 2)
    assert len(looped) == 9 * RATE
    levels = [rms_db(looped[i : i + RATE // 4]) for i in range(0, 8 * RATE, RATE // 4)]
    assert max(levels) - min(levels) < 1.5


def test_fades_begin_and_end_in_silence():
    faded = fade_edges(np.ones((1000, 2), "f4"), 100, 200)
    assert faded[0, 0] == 0
    assert faded[500, 0] == 1
    assert faded[-1, 0] == pytest.approx(0, abs=1e-6)
    assert (np.diff(faded[:100, 0]) > 0).all()


def test_pan_is_equal_power():
    mono = tone(440, 0.5)
    for pan in (-1, -0.5, 0, 0.3, 1):
        placed = pan_stereo(mono, pan)
        assert np.sum(placed**2) == pytest.approx(np.sum(mono**2), rel=1e-4)
    assert np.abs(pan_stereo(mono, -1)[:, 1]).max() < 1e-6


def test_pan_keeps_stereo_at_the_centre():
    stereo = np.random.default_rng(0).standard_normal((100, 2)).astype("f4")
    assert pan_stereo(stereo, 0.0) is stereo


def test_distance_lowers_level_and_takes_highs_and_adds_room():
    rng = np.random.default_rng(3)
    noise = (0.1 * rng.standard_normal((RATE, 1))).astype("f4")
    levels, highs = [], []
    for distance_m in (2, 8, 32, 128, 512):
        out = place_sound(noise, RATE, distance_m=distance_m)
        spectrum = np.abs(np.fft.rfft(out.mean(axis=1))) ** 2
        levels.append(rms_db(out))
        highs.append(spectrum[8000:].sum() / spectrum.sum())
    assert all(a > b + 2 for a, b in itertools.pairwise(levels))
    assert all(a > b for a, b in itertools.pairwise(highs))


def test_places_ring_as_long_as_they_should():
    click = np.zeros((5 * RATE, 1), "f4")
    click[0] = 1
    tail = {}
    for place in ("room", "hall", "church"):
        out = place_sound(click, RATE, place=place)
        tail[place] = float(np.sum(out[RATE // 2 :] ** 2))
    assert tail["room"] < tail["hall"] < tail["church"]
    with pytest.raises(ArgumentError, match="unknown place"):
        place_sound(click, RATE, place="moon base")


def test_downmix_of_5_1_and_bad_samples():
    surround = np.zeros((10, 6), "f4")
    surround[:, 2] = 1.0  # centre
    surround[:, 3] = 1.0  # LFE is dropped
    assert to_stereo(surround) == pytest.approx(np.full((10, 2), 0.7071))
    assert to_stereo(np.ones(5, "f4")).shape == (5, 2)
    with pytest.raises(InputError, match="1 samples are not numbers"):
        to_stereo(np.array([[0.0], [np.nan]], "f4"))
    with pytest.raises(InputError, match="7 channels"):
        to_stereo(np.zeros((4, 7), "f4"))
