from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.crafts.sound.limiting import limit_true_peak, normalise_loudness
from omnimuse.crafts.sound.loudness import integrated_loudness, true_peak_dbtp


def bursts(seed, level, rate=44100):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((rate, 2)) * np.repeat(rng.uniform(0, 1, 20), rate // 20)[:, None]
    noise[rng.integers(0, rate, 30)] *= 8
    return (level * noise).astype(np.float32)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 4.0), st.sampled_from([-1.0, -3.0, -6.0]))
def test_true_peak_is_never_above_the_ceiling(seed, level, ceiling):
    limited = limit_true_peak(bursts(seed, level), 44100, ceiling_dbtp=ceiling)
    assert true_peak_dbtp(limited) <= ceiling + 0.01


def test_quiet_sound_is_not_touched():
    quiet = bursts(1, 0.001)
    assert limit_true_peak(quiet, 44100) is quiet


def test_limiter_only_turns_down_near_the_peak():
    signal = np.full((44100, 1), 0.1, np.float32)
    signal[20000] = 3.0
    limited = limit_true_peak(signal, 44100)
    assert np.allclose(limited[:15000], 0.1)
    assert limited[40000, 0] == pytest.approx(0.1, abs=0.02)
    assert abs(limited[20000, 0]) < 0.9


@pytest.mark.parametrize("target", [-30.0, -23.0, -16.0, -14.0])
def test_loudness_target_is_met_under_the_ceiling(target):
    rng = np.random.default_rng(4)
    speechlike = (
        rng.standard_normal((44100 * 4, 2)) * np.repeat(rng.uniform(0, 1, 40), 4410)[:, None]
    )
    out = normalise_loudness(speechlike.astype(np.float32) * 0.05, 44100, target_lufs=target)
    assert integrated_loudness(out, 44100) == pytest.approx(target, abs=0.3)
    assert true_peak_dbtp(out) <= -0.99


def test_silence_stays_silence():
    silence = np.zeros((44100, 2), np.float32)
    assert not normalise_loudness(silence, 44100, target_lufs=-16).any()
