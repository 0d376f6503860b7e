"""Text or SSML to speech with word times, chunk by chunk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from omnimuse.backends.base import Segment, SpeechSynthesizer, Word
from omnimuse.crafts.speech.chunking import Pauses, chunks
from omnimuse.crafts.speech.normalization import Token, normalize, spoken_text
from omnimuse.crafts.speech.prosody import shift_pitch, stretch_time
from omnimuse.crafts.speech.ssml import Span, Style, looks_like_ssml, parse_ssml
from omnimuse.crafts.speech.timing import align_words
from omnimuse.errors import InputError

if TYPE_CHECKING:
    from soundfile import SoundFile

Samples = NDArray[np.float32]

MAX_CHARACTERS = 200_000
_EDGE_S = 0.004
_LAST_PAUSE_S = 0.25
_OTHER_SCRIPTS = (
    (r"[\u3400-\u9fff\uf900-\ufaff]", "zh", "Chinese"),
    (r"[\u3040-\u30ff]", "ja", "Japanese"),
    (r"[\uac00-\ud7af]", "ko", "Korean"),
    (r"[\u0400-\u04ff]", "ru", "Russian"),
    (r"[\u0600-\u06ff]", "ar", "Arabic"),
    (r"[\u0900-\u097f]", "hi", "Hindi"),
    (r"[\u0590-\u05ff]", "he", "Hebrew"),
    (r"[\u0e00-\u0e7f]", "th", "Thai"),
    (r"[\u0370-\u03ff]", "el", "Greek"),
)


@dataclass(frozen=True)
class Delivery:
    """How a text is read as a whole.

    Attributes:
        voice: a voice of the synthesiser; empty is its first.
        rate: 0.5 to 2, the synthesiser's own pace is 1.
        pitch_semitones: -12 to 12.
        pauses: silence after sentences, lines and paragraphs.
        is_ssml: True, False, or None to see for itself.
        seed: for the synthesiser.
    """

    voice: str = ""
    rate: float = 1.0
    pitch_semitones: float = 0.0
    pauses: Pauses = field(default_factory=Pauses)
    is_ssml: bool | None = None
    seed: int = 0


@dataclass(frozen=True)
class Utterance:
    """A piece as it will be spoken: its tokens, its style and the silence after it."""

    text: str
    tokens: tuple[Token, ...]
    style: Style
    pause_s: float


@dataclass(frozen=True)
class Spoken:
    """What was written to a file."""

    segments: tuple[Segment, ...]
    duration_s: float
    sample_rate_hz: int


def foreign_language(text: str) -> tuple[str, str] | None:
    """The language code and name of a text mostly in a script that English voices cannot read."""
    letters = sum(character.isalpha() for character in text)
    for pattern, code, name in _OTHER_SCRIPTS:
        if letters and len(re.findall(pattern, text)) > 0.2 * letters:
            return code, name
    return None


def _spans(text: str, is_ssml: bool | None) -> list[Span]:
    if is_ssml or (is_ssml is None and looks_like_ssml(text)):
        return parse_ssml(text)
    return [Span(text, Style())]


def plan_utterances(text: str, delivery: Delivery) -> Iterator[Utterance]:
    """The pieces of a text or SSML document in the order of speaking, lazily.

    Raises:
        InputError: nothing to say, more than 200,000 characters, a script that needs another
            voice, or SSML that is not supported.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"{len(text)} characters; {MAX_CHARACTERS} can be read at once", hint="Split the text."
        )
    found_any = False
    for span in _spans(text, delivery.is_ssml):
        if (other := foreign_language(span.text)) is not None:
            raise InputError(
                f"the text is in {other[1]}, and the voice reads English",
                hint=f"Pull and choose a text-to-speech card whose languages include {other[0]!r}: "
                "-m text-to-speech=NAME; `omnimuse models list` shows the cards.",
            )
        last: Utterance | None = None
        for chunk in chunks(span.text, pauses=delivery.pauses) if not span.alias else ():
            tokens = tuple(normalize(chunk.text))
            if not tokens:
                continue
            if last is not None:
                yield last
            last = Utterance(chunk.text, tokens, span.style, chunk.pause_s)
        if span.alias:
            written = span.text.strip()
            tokens = (Token(written, spoken_text(normalize(span.alias)) or span.alias),)
            last = Utterance(written, tokens, span.style, 0.05)
        if last is not None:
            found_any = True
            is_joined = delivery.is_ssml or looks_like_ssml(text)
            ending = last.text.rstrip("\"'”’)")[-1:] in ".!?…"
            pause_s = 0.05 if is_joined and not ending else last.pause_s
            yield Utterance(last.text, last.tokens, last.style, max(pause_s, span.pause_s))
        elif span.pause_s:
            yield Utterance("", (), span.style, span.pause_s)
    if not found_any:
        raise InputError(
            "the text has no speakable character", hint="Give at least one word or number."
        )


def _speak(
    utterance: Utterance, voice: SpeechSynthesizer, delivery: Delivery
) -> tuple[Samples, int]:
    """The sound of a piece, (N,), in its style."""
    style = utterance.style
    audio, rate_hz = voice.speak(
        spoken_text(list(utterance.tokens)),
        voice=style.voice or delivery.voice,
        rate=delivery.rate,
        seed=delivery.seed,
    )
    samples = np.asarray(audio, np.float32).reshape(len(audio), -1).mean(axis=1)
    samples = stretch_time(samples, rate_hz, style.rate)
    samples = shift_pitch(samples, rate_hz, style.pitch_semitones + delivery.pitch_semitones)
    if style.volume_db:
        samples = np.clip(samples * np.float32(10 ** (style.volume_db / 20)), -1.0, 1.0)
    return trim_silence(samples, rate_hz), rate_hz


def trim_silence(samples: Samples, sample_rate_hz: int, *, keep_s: float = 0.03) -> Samples:
    """Without the silence at both ends, but for `keep_s`, and with edges that do not click."""
    loud = np.flatnonzero(np.abs(samples) > 10 ** (-50 / 20))
    if not len(loud):
        return samples[: int(keep_s * sample_rate_hz)]
    keep = int(keep_s * sample_rate_hz)
    cut = samples[max(loud[0] - keep, 0) : loud[-1] + 1 + keep].copy()
    edge = min(int(_EDGE_S * sample_rate_hz), len(cut) // 2)
    if edge:
        ramp = np.linspace(0.0, 1.0, edge, dtype=np.float32)
        cut[:edge] *= ramp
        cut[-edge:] *= ramp[::-1]
    return cut


def speak_to_file(
    text: str,
    path: Path,
    voice: SpeechSynthesizer,
    delivery: Delivery,
    *,
    on_piece: Callable[[int, str], None] = lambda done, piece: None,
) -> Spoken:
    """Read a text aloud into a 16-bit WAV, holding one piece in memory at a time.

    Args:
        text: plain text or SSML.
        path: the WAV to write.
        voice: the synthesiser.
        delivery: how to read.
        on_piece: called before each piece with the characters done and its text; may raise.

    Returns:
        One segment a piece, with the words as written and their times.

    Raises:
        InputError: see `plan_utterances`.
    """
    import soundfile

    segments: list[Segment] = []
    file: SoundFile | None = None
    rate_hz = count = done = 0
    pause_s = 0.0
    try:
        for utterance in plan_utterances(text, delivery):
            on_piece(done, utterance.text)
            done += len(utterance.text)
            if file is not None:
                count += _write_silence(file, pause_s / delivery.rate)
            pause_s = utterance.pause_s
            if utterance.tokens:
                samples, got_hz = _speak(utterance, voice, delivery)
                if file is None:
                    rate_hz = got_hz
                    file = soundfile.SoundFile(path, "w", rate_hz, 1, "PCM_16", format="WAV")
                elif got_hz != rate_hz:
                    samples = _at_rate(samples, got_hz, rate_hz)
                words = align_words(utterance.tokens, samples, rate_hz, offset_s=count / rate_hz)
                segments.append(_segment(utterance.text, words))
                file.write(samples)
                count += len(samples)
        if file is not None:
            count += _write_silence(file, min(pause_s, _LAST_PAUSE_S))
    finally:
        if file is not None:
            file.close()
    return Spoken(tuple(segments), count / rate_hz, rate_hz)


def _write_silence(file: SoundFile, seconds: float) -> int:
    """Add silence to a file; the number of samples written."""
    count = int(seconds * file.samplerate)
    file.write(np.zeros(count, np.float32))
    return count


def _segment(text: str, words: list[Word]) -> Segment:
    return Segment(" ".join(text.split()), words[0].start_s, words[-1].end_s, tuple(words))


def _at_rate(samples: Samples, given_hz: int, wanted_hz: int) -> Samples:
    """Another voice's sound at the file's sample rate."""
    from math import gcd

    from scipy.signal import resample_poly

    common = gcd(given_hz, wanted_hz)
    return np.asarray(resample_poly(samples, wanted_hz // common, given_hz // common), np.float32)
