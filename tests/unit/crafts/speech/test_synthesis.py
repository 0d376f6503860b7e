from __future__ import annotations

import re
import tracemalloc

import numpy as np
import pytest
import soundfile

from omnimuse.crafts.speech.synthesis import (
    Delivery,
    foreign_language,
    plan_utterances,
    speak_to_file,
    trim_silence,
)
from omnimuse.crafts.speech.transcript import words_are_ordered
from omnimuse.errors import InputError


class ToneVoice:
    """Says a tone of 60 ms for each letter and a silence for each comma."""

    voices = ("tone", "low")

    def __init__(self, rate_hz=16000):
        self.rate_hz, self.said = rate_hz, []

    def speak(self, text, *, voice="", rate=1.0, seed=0):
        self.said.append((text, voice, rate))
        parts = []
        for piece in re.split("([,;])", text):
            if piece in (",", ";"):
                parts.append(np.zeros(int(0.2 * self.rate_hz)))
            else:
                letters = sum(c.isalnum() for c in piece)
                time = np.arange(int(0.06 * letters / rate * self.rate_hz)) / self.rate_hz
                parts.append(0.3 * np.sin(2 * np.pi * (120 if voice == "low" else 220) * time))
        return np.concatenate(parts).astype("f4")[:, None], self.rate_hz


def speak(text, path, engine=None, **delivery):
    return speak_to_file(text, path / "s.wav", engine or ToneVoice(), Delivery(**delivery))


def test_words_have_times_and_the_file_is_as_long_as_said(tmp_path):
    spoken = speak("Pay $5.20, Dr. Smith. Now!", tmp_path)
    info = soundfile.info(tmp_path / "s.wav")
    assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")
    assert info.duration == pytest.approx(spoken.duration_s, abs=1e-3)
    words = [word.text for segment in spoken.segments for word in segment.words]
    assert words == ["Pay", "$5.20,", "Dr.", "Smith.", "Now!"]
    assert words_are_ordered(spoken.segments)
    assert spoken.segments[-1].end_s <= spoken.duration_s


def test_voice_gets_spoken_forms_sentence_by_sentence(tmp_path):
    voice = ToneVoice()
    speak("I have 3 cats. And 2nd: dogs!", tmp_path, voice, rate=1.5, voice="low")
    assert voice.said == [("I have three cats.", "low", 1.5), ("And second: dogs!", "low", 1.5)]


def test_pauses_are_silent_and_poems_breathe(tmp_path):
    poem = speak("red fox\nyellow moon", tmp_path)
    samples, rate = soundfile.read(tmp_path / "s.wav")
    first, second = poem.segments
    gap = samples[int((first.end_s + 0.06) * rate) : int((second.start_s - 0.06) * rate)]
    assert len(gap) > 0.3 * rate
    assert not gap.any()


def test_ssml_is_obeyed(tmp_path):
    voice = ToneVoice()
    spoken = speak(
        '<speak>aaaa <break time="2s"/> bbbb <sub alias="World Wide Web">WWW</sub>'
        '<prosody rate="50%">cccc</prosody><voice name="low">dddd</voice></speak>',
        tmp_path, voice,
    )  # fmt: skip
    assert [said[0] for said in voice.said] == ["aaaa", "bbbb", "World Wide Web", "cccc", "dddd"]
    assert voice.said[-1][1] == "low"
    a, b, _, c, _ = spoken.segments
    assert b.start_s - a.end_s == pytest.approx(2.0, abs=0.15)
    assert (c.end_s - c.start_s) == pytest.approx(2 * (a.end_s - a.start_s), rel=0.15)
    assert [w.text for s in spoken.segments for w in s.words][2] == "WWW"


def test_plain_markup_reads_brackets_as_text(tmp_path):
    voice = ToneVoice()
    speak("<speak>hi</speak>", tmp_path, voice, is_ssml=False)
    assert "speak" in voice.said[0][0]


@pytest.mark.parametrize("text", ["", " \n ", "...!?", "\u200b", "<speak><break/></speak>", "()"])
def test_nothing_speakable(text, tmp_path):
    with pytest.raises(InputError, match="no speakable character"):
        speak(text, tmp_path)
    assert not (tmp_path / "s.wav").exists()


def test_other_scripts_name_the_card_that_is_needed(tmp_path):
    with pytest.raises(InputError, match=r"Chinese.*reads English") as caught:
        speak("红狐狸在月光下跳舞。", tmp_path)
    assert "text-to-speech" in caught.value.hint
    assert "'zh'" in caught.value.hint
    assert foreign_language("Привет мир") == ("ru", "Russian")
    assert foreign_language("こんにちは") == ("ja", "Japanese")
    assert foreign_language("Hello 世 and many more English words here") is None


def test_too_long_is_refused(tmp_path):
    with pytest.raises(InputError, match="200001 characters"):
        speak("a" * 200_001, tmp_path)


def test_ten_thousand_words_in_constant_memory(tmp_path):
    text = "The quick brown fox jumps over it. " * 1430
    voice = ToneVoice(rate_hz=8000)
    tracemalloc.start()
    spoken = speak(text, tmp_path, voice)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(voice.said) == 1430
    assert sum(len(s.words) for s in spoken.segments) == 10_010
    whole = soundfile.info(tmp_path / "s.wav").frames * 4
    assert whole > 60_000_000
    assert peak < 25_000_000


def test_planning_is_lazy():
    first = next(iter(plan_utterances("One. Two. " * 1000, Delivery())))
    assert first.text == "One."


def test_a_second_voice_at_another_rate_is_brought_to_the_first(tmp_path):
    class TwoRates(ToneVoice):
        def speak(self, text, *, voice="", rate=1.0, seed=0):
            self.rate_hz = 24000 if voice == "low" else 16000
            return super().speak(text, voice=voice, rate=rate, seed=seed)

    spoken = speak("<speak>aaaaaa<voice name='low'>bbbbbb</voice></speak>", tmp_path, TwoRates())
    a, b = spoken.segments
    assert spoken.sample_rate_hz == 16000
    assert b.end_s - b.start_s == pytest.approx(a.end_s - a.start_s, abs=0.03)


def test_trim_keeps_the_sound():
    samples = np.concatenate((np.zeros(4000), 0.5 * np.ones(1000), np.zeros(8000))).astype("f4")
    cut = trim_silence(samples, 16000)
    assert len(cut) == 1000 + 2 * 480
    assert cut[0] == 0
    assert len(trim_silence(np.zeros(16000, "f4"), 16000)) == 480
