"""Voices of people only with a recorded consent; neural sound from any model of the role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import audio_asset
from omnimuse.errors import ArgumentError, InputError, SafetyRefusal
from omnimuse.tools.voice import clone_voice, convert_voice, generate_audio

CONSENT = "Ana Lima, 2026-03-01, for this film"
Samples = NDArray[np.float32]


class Voice:
    embedding_size = 4

    def clone(self, text: str, speaker: Samples, *, seed: int = 0) -> tuple[Samples, int]:
        return np.full((160 * len(text), 1), speaker[0] / 2, np.float32), 16000

    def convert(
        self, samples: Samples, sample_rate_hz: int, speaker: Samples, *, seed: int = 0
    ) -> tuple[Samples, int]:
        return (samples * speaker[1]).astype(np.float32), sample_rate_hz


class Encoder:
    size = 4

    def embed_voice(self, samples: Samples, sample_rate_hz: int) -> Samples:
        return np.full(self.size, 0.5, np.float32)


class Model:
    def generate_audio(self, prompt: str, **given: Any) -> tuple[Samples, int]:
        count = round(given["duration_s"] * 16000)
        return np.random.default_rng(given["seed"]).uniform(-0.5, 0.5, (count, 1)).astype(
            np.float32
        ), 16000


@pytest.fixture
def context(make_context: Callable[..., Any]) -> Callable[..., Any]:
    roles = {"voice-cloning": Voice(), "voice-conversion": Voice(), "speaker-embedding": Encoder(),
             "text-to-audio": Model()}  # fmt: skip
    return lambda **more: make_context(seed=1, **{**roles, **more})


@pytest.fixture
def sample() -> Asset:
    rng = np.random.default_rng(0)
    return audio_asset(rng.normal(0, 0.1, (32000, 1)).astype(np.float32), 16000, "speech")


@pytest.mark.parametrize("consent", ["", "yes", "2026-03-01", "Ana Lima agreed"])
def test_without_a_recorded_consent_nobody_is_imitated(
    context: Callable[..., Any], sample: Asset, consent: str
) -> None:
    for call in (
        lambda: clone_voice(context(), Asset.from_text("hello"), sample, consent=consent),
        lambda: convert_voice(context(), sample, sample, consent=consent),
    ):
        with pytest.raises(SafetyRefusal, match="recorded consent") as caught:
            call()
        assert caught.value.category == "consent"


def test_with_consent_the_voice_speaks_and_the_consent_is_kept(
    context: Callable[..., Any], sample: Asset
) -> None:
    cloned = clone_voice(context(), Asset.from_text("hello"), sample, consent=CONSENT)
    assert cloned.kind == "speech"
    assert cloned.facts["consent"] == CONSENT
    assert cloned.facts["duration_s"] == pytest.approx(0.05)
    converted = convert_voice(context(), sample, sample, consent=CONSENT)
    assert converted.facts["duration_s"] == pytest.approx(2.0)
    assert converted.facts["is_converted"] is True


def test_samples_and_encoders_must_fit(context: Callable[..., Any], sample: Asset) -> None:
    short = audio_asset(np.zeros((800, 1), np.float32), 16000, "speech")
    with pytest.raises(InputError, match="voice sample"):
        clone_voice(context(), Asset.from_text("hello"), short, consent=CONSENT)
    with pytest.raises(InputError, match="spoken"):
        clone_voice(context(), Asset.from_text("..."), sample, consent=CONSENT)
    encoder = Encoder()
    encoder.size = 7
    with pytest.raises(ArgumentError, match="7 numbers"):
        clone_voice(context(**{"speaker-embedding": encoder}), Asset.from_text("hi"), sample,
                    consent=CONSENT)  # fmt: skip


def test_neural_sound_has_the_asked_length(context: Callable[..., Any]) -> None:
    made = generate_audio(context(), Asset.from_text("rain"), duration_s=0.5)
    assert made.facts["duration_s"] == pytest.approx(0.5)
    with pytest.raises(InputError, match="empty"):
        generate_audio(context(), Asset.from_text("  "))


class Halver:
    def enhance(self, samples: Samples, sample_rate_hz: int, *, limit_db: float = 100.0) -> Samples:
        assert sample_rate_hz == 48_000
        return samples / 2


def test_speech_is_enhanced_at_its_rate_and_length(
    context: Callable[..., Any], sample: Asset
) -> None:
    from dataclasses import replace

    from omnimuse.errors import MediaTooLargeError
    from omnimuse.tools.voice import enhance_speech

    made = enhance_speech(context(**{"audio-to-audio": Halver()}), sample)
    assert (made.kind, made.facts["sample_rate_hz"], made.facts["channels"]) == ("speech", 48000, 1)
    assert made.facts["duration_s"] == pytest.approx(2.0, abs=0.001)
    endless = replace(sample, facts={**sample.facts, "duration_s": 9000.0})
    with pytest.raises(MediaTooLargeError, match="1800 s"):
        enhance_speech(context(**{"audio-to-audio": Halver()}), endless)
