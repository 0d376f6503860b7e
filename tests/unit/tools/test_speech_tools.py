from __future__ import annotations

import numpy as np
import pytest

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import audio_asset, read_audio
from omnimuse.backends.base import Segment, Transcription, Word
from omnimuse.errors import ArgumentError, InputError, RunCancelled
from omnimuse.tools.declare import spec_of
from omnimuse.tools.speech import make_subtitles, synthesize_speech, transcribe_speech

RATE = 16000


class Humming:
    voices = ("hum",)

    def speak(self, text, *, voice="", rate=1.0, seed=0):
        if voice not in ("", "hum"):
            raise ArgumentError(f"no voice {voice!r}")
        time = np.arange(int(RATE * 0.05 * len(text) / rate)) / RATE
        return (0.3 * np.sin(2 * np.pi * 200 * time)).astype("f4")[:, None], RATE


class Writer:
    def __init__(self):
        self.lengths = []

    def transcribe(self, audio, sample_rate_hz, *, language=""):
        self.lengths.append(len(audio) / sample_rate_hz)
        words = (Word("hello", 0.1, 0.4), Word("there", 0.4, 0.8))
        return Transcription("hello there", "en", (Segment("hello there", 0.1, 0.8, words),))


@pytest.fixture
def speaking(make_context):
    return make_context(**{"text-to-speech": Humming(), "automatic-speech-recognition": Writer()})


def test_specs():
    reading, hearing = spec_of(synthesize_speech), spec_of(transcribe_speech)
    assert [port.kind for port in reading.outputs] == ["speech", "transcript"]
    assert [port.kind for port in hearing.outputs] == ["transcript", "text"]
    assert reading.roles == ("text-to-speech",)


def test_speech_and_its_transcript(speaking):
    speech, transcript = synthesize_speech(speaking, Asset.from_text("It costs $5. Goodbye!"))
    samples, rate = read_audio(speech)
    assert rate == RATE
    assert speech.facts["duration_s"] == pytest.approx(len(samples) / rate, abs=1e-3)
    record = transcript.read_json()
    assert record["text"] == "It costs $5. Goodbye!"
    assert [w["text"] for s in record["segments"] for w in s["words"]] == [
        "It",
        "costs",
        "$5.",
        "Goodbye!",
    ]
    assert record["segments"][-1]["end_s"] <= speech.facts["duration_s"]
    assert transcript.kind == "transcript"
    assert transcript.facts["words"] == 4


def test_pace_and_pauses_change_the_length(speaking):
    text = Asset.from_text("One sentence here. Another one there.")
    slow, _ = synthesize_speech(speaking, text, rate=0.8)
    fast, _ = synthesize_speech(speaking, text, rate=1.6)
    wide, _ = synthesize_speech(speaking, text, sentence_pause_s=3.0)
    plain, _ = synthesize_speech(speaking, text)
    assert slow.facts["duration_s"] > plain.facts["duration_s"] > fast.facts["duration_s"]
    assert wide.facts["duration_s"] == pytest.approx(plain.facts["duration_s"] + 2.65, abs=0.05)


def test_same_text_same_bytes(speaking):
    first = synthesize_speech(speaking, Asset.from_text("Again and again."))
    second = synthesize_speech(speaking, Asset.from_text("Again and again."))
    assert first.speech.id == second.speech.id
    assert first.transcript.id == second.transcript.id


def test_errors_reach_the_caller(speaking):
    with pytest.raises(InputError, match="no speakable character"):
        synthesize_speech(speaking, Asset.from_text("?!"))
    with pytest.raises(ArgumentError, match="no voice 'bob'"):
        synthesize_speech(speaking, Asset.from_text("hi"), voice="bob")
    speaking.is_cancelled = lambda: True
    with pytest.raises(RunCancelled):
        synthesize_speech(speaking, Asset.from_text("hi"))


def test_transcription_gives_times_and_text(speaking):
    sound = audio_asset(
        (0.1 * np.random.default_rng(0).standard_normal((48000, 2))).astype("f4"), 48000
    )
    transcript, text = transcribe_speech(speaking, sound)
    assert text.read_text() == "hello there"
    assert text.kind == "text"
    assert transcript.read_json()["segments"][0]["words"][1]["start_s"] == 0.4
    assert transcript.facts["is_silent"] is False
    assert speaking.role("automatic-speech-recognition").lengths == [pytest.approx(1.0, abs=0.01)]


def test_silence_is_a_fact_not_an_error(speaking):
    transcript, text = transcribe_speech(speaking, audio_asset(np.zeros((48000, 1), "f4"), 48000))
    assert transcript.facts["is_silent"] is True
    assert transcript.read_json()["segments"] == []
    assert text.read_text() == ""


def test_subtitles(speaking):
    _, transcript = synthesize_speech(speaking, Asset.from_text("Hello there. Good morning."))
    srt = make_subtitles(speaking, transcript)
    assert srt.kind == "caption"
    assert srt.read_text().startswith("1\n00:00:00,")
    assert srt.facts == {"cues": 2, "format": "srt"}
    vtt = make_subtitles(speaking, transcript, file_format="vtt", shift_s=10.0).read_text()
    assert vtt.startswith("WEBVTT\n\n00:00:1")
    with pytest.raises(InputError, match="not a transcript"):
        make_subtitles(speaking, Asset.from_json({"x": 1}, "transcript"))
