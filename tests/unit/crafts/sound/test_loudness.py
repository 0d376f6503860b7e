"""ITU-R BS.1770-4 and EBU Tech 3341 test signals."""

from __future__ import annotations

import numpy as np
import pytest

from omnimuse.crafts.sound.loudness import (
    SILENCE_LUFS,
    LoudnessMeter,
    integrated_loudness,
    loudness_of_blocks,
    true_peak_dbtp,
)


def sine(dbfs, seconds, rate=48000, hz=1000.0, channels=2):
    time = np.arange(int(seconds * rate)) / rate
    tone = (10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * time)).astype(np.float32)
    return np.repeat(tone[:, None], channels, axis=1)


@pytest.mark.parametrize("rate", [44100, 48000, 96000, 16000, 22050])
def test_997_hz_at_full_scale_in_one_channel_is_minus_3_01(rate):
    assert integrated_loudness(sine(0, 5, rate, 997, 1), rate) == pytest.approx(-3.01, abs=0.05)


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ([(-23, 20)], -23),
        ([(-33, 20)], -33),
        ([(-36, 10), (-23, 60), (-36, 10)], -23),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
    ],
    ids=["case1", "case2", "case3", "case4", "case5"],
)
def test_ebu_3341_stereo_cases(parts, wanted):
    signal = np.concatenate([sine(level, seconds) for level, seconds in parts])
    assert integrated_loudness(signal, 48000) == pytest.approx(wanted, abs=0.1)


def test_ebu_3341_case_6_five_channels():
    levels = (-28, -28, -24, -30, -30)
    signal = np.concatenate([sine(level, 20, channels=1) for level in levels], axis=1)
    assert integrated_loudness(signal, 48000) == pytest.approx(-23, abs=0.1)


def test_lfe_of_5_1_is_not_counted():
    signal = np.zeros((48000 * 3, 6), np.float32)
    signal[:, 3] = sine(-10, 3, channels=1)[:, 0]
    assert integrated_loudness(signal, 48000) == SILENCE_LUFS


def test_silence_and_short_sounds():
    assert integrated_loudness(np.zeros((48000, 2), np.float32), 48000) == SILENCE_LUFS
    assert integrated_loudness(np.zeros((0, 2), np.float32), 48000) == SILENCE_LUFS
    long, short = (
        integrated_loudness(sine(-20, 4), 48000),
        integrated_loudness(sine(-20, 0.2), 48000),
    )
    assert short == pytest.approx(long - 3.0, abs=0.3)  # half of a 0.4 s block


def test_blocks_give_what_the_whole_gives():
    rng = np.random.default_rng(1)
    signal = (0.1 * rng.standard_normal((100_000, 2))).astype(np.float32)
    blocks = [signal[i : i + 7001] for i in range(0, len(signal), 7001)]
    whole = integrated_loudness(signal, 44100)
    assert loudness_of_blocks(blocks, 44100, 2) == pytest.approx(whole, abs=1e-6)


def test_meter_keeps_little():
    meter = LoudnessMeter(48000, 2)
    for _ in range(100):
        meter.push(sine(-23, 0.5))
    assert len(meter._energies) == 500
    assert len(meter._rest) < 4800


def test_true_peak_between_samples():
    n = np.arange(4800)
    tone = (0.5 * np.sin(2 * np.pi * n / 4 + np.pi / 4)).astype(np.float32)[:, None]
    assert 20 * np.log10(np.abs(tone).max()) == pytest.approx(-9.03, abs=0.01)
    assert true_peak_dbtp(tone) == pytest.approx(-6.0, abs=0.4)
    assert true_peak_dbtp(np.zeros((10, 1), np.float32)) == -120
