"""Who speaks when: windows, groups and turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from omnimuse.assets.media import audio_asset
from omnimuse.crafts.speech.speakers import Turn, group, speech_windows, turns
from omnimuse.errors import InputError
from omnimuse.tools.voice import tell_speakers_apart

RATE = 16_000
Samples = NDArray[np.float32]


def voice(pitch_hz: float, seconds: float) -> Samples:
    time_s = np.arange(round(seconds * RATE)) / RATE
    return sum(
        (0.2 / k * np.sin(2 * np.pi * pitch_hz * k * time_s) for k in range(1, 6)),
        start=np.zeros(len(time_s)),
    ).astype(np.float32)


class Encoder:
    """Hears the balance of the spectrum and nothing else."""

    def embed_voice(self, samples: Samples, sample_rate_hz: int) -> Samples:
        power = np.abs(np.fft.rfft(samples[:, 0], 16_000)) ** 2
        bands = np.array([power[a : a + 60].sum() for a in range(60, 660, 60)])
        return (bands / np.linalg.norm(bands)).astype(np.float32)


def test_alike_vectors_are_one_speaker() -> None:
    rng = np.random.default_rng(0)
    centres = np.eye(3, 8)
    owners = [0, 0, 1, 1, 0, 2, 2, 1]
    noisy = centres[owners] + rng.normal(0, 0.1, (8, 8))
    vectors = (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)
    assert group(vectors) == owners
    assert len(set(group(vectors, count=2))) == 2
    assert group(vectors[:1]) == [0]


def test_neighbouring_windows_become_turns() -> None:
    windows = [(0.0, 1.5), (0.5, 2.0), (1.0, 2.5), (5.0, 6.5)]
    assert turns(windows, [0, 0, 1, 1]) == [
        Turn("speaker 1", 0.0, 1.5), Turn("speaker 2", 1.5, 2.5), Turn("speaker 2", 5.0, 6.5),
    ]  # fmt: skip


def test_silence_has_no_windows() -> None:
    assert speech_windows(np.zeros(RATE, np.float32), RATE) == []


def test_a_dialogue_is_told_apart(make_context: Callable[..., Any]) -> None:
    pause = np.zeros(RATE // 4, np.float32)
    talk = np.concatenate((voice(110, 4), pause, voice(260, 5), pause, voice(110, 3)))
    asset = audio_asset(talk[:, None], RATE, "speech")
    made = tell_speakers_apart(make_context(**{"speaker-embedding": Encoder()}), asset)
    record = made.read_json()
    assert record["speakers"] == ["speaker 1", "speaker 2"]
    assert [turn["speaker"] for turn in record["turns"]] == ["speaker 1", "speaker 2", "speaker 1"]
    assert record["turns"][1]["start_s"] == pytest.approx(4.2, abs=0.8)
    assert record["turns"][2]["start_s"] == pytest.approx(9.4, abs=0.8)
    silent = audio_asset(np.zeros((RATE, 1), np.float32), RATE, "speech")
    with pytest.raises(InputError, match="nobody"):
        tell_speakers_apart(make_context(**{"speaker-embedding": Encoder()}), silent)
