from __future__ import annotations

import itertools

import numpy as np
import pytest

from omnimuse.crafts.sound.catalogue import perform, sound_classes
from omnimuse.crafts.sound.loudness import integrated_loudness, true_peak_dbtp
from omnimuse.errors import ArgumentError

RATE = 22050
NAMES = sorted(sound_classes())


def make(name, seconds=3.0, seed=1, **more):
    return perform(name, duration_s=seconds, sample_rate_hz=RATE, seed=seed, **more)


def centroid_hz(samples):
    spectrum = np.abs(np.fft.rfft(samples.mean(axis=1))) ** 2
    return float((spectrum * np.fft.rfftfreq(len(samples), 1 / RATE)).sum() / spectrum.sum())


def onsets(samples, threshold=0.25, hold_s=0.05):
    """Rises of the envelope through a part of its top."""
    step = RATE // 200
    level = np.abs(samples.mean(axis=1))
    level = level[: len(level) // step * step].reshape(-1, step).max(axis=1)
    above, count, last = level > threshold * level.max(), 0, -1000
    for i in range(1, len(above)):
        if above[i] and not above[i - 1] and i - last > hold_s * 200:
            count, last = count + 1, i
    return count


def test_there_are_many_and_they_are_described():
    assert len(NAMES) >= 90
    for kind in sound_classes().values():
        assert len(kind.description.split()) >= 4, kind.name
        assert kind.names_zh, kind.name
        assert 0.2 <= kind.default_s <= 20
    texts = [kind.description for kind in sound_classes().values()]
    assert len(set(texts)) == len(texts)
    chinese = [name for kind in sound_classes().values() for name in kind.names_zh]
    assert len(set(chinese)) == len(chinese)


@pytest.mark.parametrize("name", NAMES)
def test_every_class_sounds_safe_and_sound(name):
    samples = make(name, 2.0)
    assert samples.shape[0] == 2 * RATE
    assert samples.shape[1] in (1, 2)
    assert np.isfinite(samples).all()
    assert true_peak_dbtp(samples) <= -0.99
    assert integrated_loudness(samples, RATE) > -45
    assert abs(float(samples.mean())) < 0.01  # no direct current
    assert not np.array_equal(samples, make(name, 2.0, seed=2)) or name in STEADY


STEADY = {
    "beep",
    "notification",
    "error",
    "success",
    "alarm_clock",
    "game_coin",
    "alarm",
    "doorbell",
    "power_up",
}


@pytest.mark.parametrize("name", ["rain", "campfire", "dog_bark", "siren", "robot"])
def test_same_seed_same_samples(name):
    assert np.array_equal(make(name), make(name))


@pytest.mark.parametrize(
    "name",
    [
        "rain",
        "wind",
        "thunder",
        "dog_bark",
        "car_engine",
        "door_knock",
        "applause",
        "explosion",
        "church_bell",
        "laser",
    ],
)
def test_intensity_raises_level_monotonically(name):
    levels = [
        integrated_loudness(make(name, intensity=value), RATE)
        for value in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert all(b > a + 0.5 for a, b in itertools.pairwise(levels)), levels


@pytest.mark.parametrize(
    "name",
    [
        "dripping_water",
        "door_knock",
        "clock_ticking",
        "footsteps_wood",
        "hammer",
        "owl",
        "typing",
        "laser",
        "heartbeat",
    ],
)
def test_density_raises_the_number_of_events(name):
    counts = [onsets(make(name, 12.0, density=value)) for value in (0.0, 0.5, 1.0)]
    assert counts[0] < counts[1] < counts[2], counts


def test_acoustic_identity():
    """Clear measurements that name the sound: pitch region, rhythm, decay."""
    assert centroid_hz(make("crickets")) > 3500
    assert centroid_hz(make("heartbeat")) < 150
    assert centroid_hz(make("thunder", 6.0)) < 500
    assert centroid_hz(make("birds", 8.0)) > 2000
    assert centroid_hz(make("ship_horn")) < centroid_hz(make("train_horn"))
    assert onsets(make("clock_ticking", 6.0), 0.4) == 12  # density 0.5: two ticks a second
    assert onsets(make("door_knock", 1.0), 0.3) == 3
    bell = make("church_bell", 4.0, density=0.0)
    parts = [float((bell[i * RATE : (i + 1) * RATE] ** 2).sum()) for i in range(4)]
    assert parts[0] > parts[1] > parts[2] > parts[3]


def test_siren_sweeps_over_more_than_an_octave():
    samples = make("siren", 6.0)[:, 0]
    frames = samples[: len(samples) // 2048 * 2048].reshape(-1, 2048) * np.hanning(2048)
    top = np.abs(np.fft.rfft(frames, axis=1))[:, : 2048 * 1700 // RATE].argmax(axis=1) * RATE / 2048
    assert top.max() / top.min() > 2.0


def test_unknown_class_is_named():
    with pytest.raises(ArgumentError, match="unknown sound class 'moo_moo'"):
        make("moo_moo")
