from __future__ import annotations

import numpy as np
import pytest

from omnimuse.crafts.sound import events, filters, noise, tones

RATE = 44100


def band_db(samples, low, high):
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / RATE)
    chosen = spectrum[(hz >= low) & (hz < high)]
    return 10 * np.log10(chosen.mean())


def rng():
    return np.random.default_rng(7)


def test_coloured_noise_follows_its_curve():
    curve = ((100, 0.0), (1000, -20.0), (10000, -20.0))
    samples = noise.coloured(RATE * 4, RATE, rng(), curve)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(1, abs=0.1)
    assert band_db(samples, 950, 1050) - band_db(samples, 95, 105) == pytest.approx(-20, abs=1.5)
    assert band_db(samples, 8000, 9000) - band_db(samples, 950, 1050) == pytest.approx(0, abs=1)
    assert band_db(samples, 18000, 20000) < band_db(samples, 9000, 10000) - 8


def test_pink_noise_falls_three_decibels_an_octave():
    samples = noise.pink(RATE * 8, RATE, rng())
    falls = [
        band_db(samples, hz, 2 * hz) - band_db(samples, 2 * hz, 4 * hz) for hz in (200, 800, 3200)
    ]
    assert falls == pytest.approx([3.0] * 3, abs=0.6)


def test_wander_stays_in_its_range_and_moves():
    curve = noise.wander(RATE * 5, RATE, rng(), rate_hz=2.0, low=-1, high=3)
    assert curve.min() >= -1
    assert curve.max() <= 3
    assert curve.std() > 0.4
    assert np.abs(np.diff(curve)).max() < 20 / RATE * 4


def test_filters_pass_and_stop():
    tone = lambda hz: np.sin(2 * np.pi * hz * np.arange(RATE) / RATE).astype("f4")  # noqa: E731
    level = lambda x: 20 * np.log10(np.abs(x[RATE // 2 :]).max() + 1e-9)  # noqa: E731
    assert level(filters.lowpass(tone(100), 1000, RATE)) == pytest.approx(0, abs=0.3)
    assert level(filters.lowpass(tone(8000), 1000, RATE)) < -30
    assert level(filters.highpass(tone(100), 1000, RATE)) < -30
    assert level(filters.bandpass(tone(3000), 2000, 4500, RATE)) == pytest.approx(0, abs=0.5)
    assert level(filters.resonate(tone(500), 500, 20, RATE)) == pytest.approx(0, abs=0.5)
    assert level(filters.resonate(tone(700), 500, 20, RATE)) < -18


def test_swept_lowpass_opens():
    samples = noise.white(RATE * 2, rng())
    cutoff = np.geomspace(200, 8000, RATE * 2).astype("f4")
    out = filters.swept_lowpass(samples, cutoff, RATE)
    assert band_db(out[: RATE // 2], 4000, 8000) < band_db(out[-RATE // 2 :], 4000, 8000) - 15


def test_sweep_and_harmonics_have_the_pitch_asked_for():
    for make in (
        lambda: tones.sweep(440.0, RATE, RATE),
        lambda: tones.harmonics(440.0, [1, 0.5, 0.3], RATE, RATE),
    ):
        assert np.abs(np.fft.rfft(make())).argmax() == 440
    high = tones.harmonics(9000.0, [1] * 10, RATE, RATE)
    assert np.abs(np.fft.rfft(high))[19850:].max() < 1  # nothing folds back


def test_voice_peaks_at_its_formant():
    mouth = ((700.0, 80.0, 1.0),)
    out = tones.voice(100.0, (mouth,), RATE, RATE, tilt_db=0)
    assert np.abs(np.fft.rfft(out)).argmax() == pytest.approx(700, abs=2)


def test_struck_decays_by_sixty_decibels():
    out = tones.struck([(1000, 1.0, 0.5)], 1.0, RATE)
    start, later = np.abs(out[:441]).max(), np.abs(out[RATE // 2 : RATE // 2 + 441]).max()
    assert 20 * np.log10(later / start) == pytest.approx(-60, abs=1.5)


def test_scatter_sparse_and_dense_agree():
    bank = [np.array([1.0, 0.5], "f4")]
    times = np.sort(rng().uniform(0, 0.9, 500))
    dense = events.scatter(RATE, RATE, times, bank, rng(), spread_db=6)
    parts = [events.scatter(RATE, RATE, times[:0], bank, rng())]
    generator = rng()
    choice = generator.integers(0, 1, 500)
    levels = 10 ** (generator.uniform(-6, 0, 500) / 20)
    wanted = np.zeros(RATE, "f4")
    for at, level in zip((times * RATE).astype(int), levels, strict=True):
        wanted[at : at + 2] += level * bank[0]
    assert choice.max() == 0
    assert not parts[0].any()
    assert dense == pytest.approx(wanted, abs=1e-4)


def test_event_times():
    assert len(events.poisson(1.0, 0.001, rng())) == 1
    assert len(events.poisson(100.0, 5.0, rng())) == pytest.approx(500, abs=70)
    assert events.regular(2.0, 2.0, rng()) == pytest.approx([0, 0.5, 1.0, 1.5])
