"""Reading sound in blocks gives what reading it whole gives."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import read_audio, read_audio_blocks
from omnimuse.errors import UnsupportedMediaError


def wav(samples, rate, subtype="PCM_16"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, subtype=subtype, format="WAV")
    return Asset.from_bytes(buffer.getvalue(), "audio", "audio/wav")


RATES = [
    (44100, 16000),
    (192000, 16000),
    (8000, 44100),
    (22050, 44100),
    (11111, 16000),
    (48000,) * 2,
]


@pytest.mark.parametrize(("rate", "wanted"), RATES)
@pytest.mark.parametrize("seconds", [0.01, 3.3, 9.0])
def test_blocks_join_to_the_whole(rate, wanted, seconds):
    rng = np.random.default_rng(0)
    asset = wav(0.2 * rng.standard_normal((int(rate * seconds), 2)), rate)
    whole, _ = read_audio(asset, sample_rate_hz=wanted, channels=1)
    joined = np.concatenate(list(read_audio_blocks(asset, sample_rate_hz=wanted, channels=1)))
    assert abs(len(joined) - len(whole)) <= 1
    count = min(len(whole), len(joined))
    assert np.abs(joined[:count] - whole[:count]).max() < 1e-4


def test_channels_rates_depths_and_bad_samples():
    surround = np.zeros((4800, 6), "f4")
    surround[10, 0] = np.nan
    blocks = list(read_audio_blocks(wav(surround, 48000, "FLOAT"), channels=2))
    assert sum(map(len, blocks)) == 4800
    assert np.isfinite(np.concatenate(blocks)).all()
    eight_bit = wav(0.5 * np.ones((800, 1)), 8000, "PCM_U8")
    assert np.concatenate(list(read_audio_blocks(eight_bit))).mean() == pytest.approx(0.5, abs=0.01)


def test_not_sound():
    with pytest.raises(UnsupportedMediaError):
        list(read_audio_blocks(Asset.from_bytes(b"nothing here", "audio", "audio/wav")))
