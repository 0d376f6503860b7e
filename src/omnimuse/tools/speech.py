"""Speech out of text, text out of speech, and subtitles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Audio, Caption, Speech, Text, Transcript

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from omnimuse.assets.asset import Asset


class Reading(NamedTuple):
    """Speech and when each of its words is said."""

    speech: Speech
    transcript: Transcript


class Recognition(NamedTuple):
    """What was said: with times, and as plain text."""

    transcript: Transcript
    text: Text


@tool(
    version="1.0.0",
    roles=("text-to-speech",),
    cost_s=4.0,
    memory_mb=60,
    examples=(
        "read the poem aloud",
        "say 'good morning, everyone' in a calm slow voice",
        "turn this article into an audio narration",
        "make a voice-over of the text",
        "speak the story faster and a little higher",
        "record the announcement: the museum closes at 5:30 pm",
        "把这段英文朗读出来",
    ),
)
def synthesize_speech(
    ctx: ToolContext,
    text: Text,
    *,
    voice: Annotated[str, Arg("name of a voice of the chosen card; its first if empty")] = "",
    rate: Annotated[float, Arg("pace, 1 is the voice's own", ge=0.5, le=2.0)] = 1.0,
    pitch_semitones: Annotated[float, Arg("higher or lower", ge=-12, le=12)] = 0.0,
    sentence_pause_s: Annotated[
        float, Arg("silence after a sentence", ge=0, le=5, unit="s")
    ] = 0.35,
    line_pause_s: Annotated[
        float, Arg("silence after a line of verse", ge=0, le=5, unit="s")
    ] = 0.45,
    paragraph_pause_s: Annotated[
        float, Arg("silence after a paragraph", ge=0, le=10, unit="s")
    ] = 0.8,
    markup: Annotated[
        Literal["auto", "plain", "ssml"], Arg("how to read the text; auto sees <speak>")
    ] = "auto",
) -> Reading:
    """Read a text aloud: speech from text, with the time of every word for captions.

    Numbers, dates, times, money, units, abbreviations, addresses and emoji are read as words.
    Verse pauses at its line ends. SSML's speak, p, s, break, prosody, emphasis, say-as, sub and
    voice are obeyed. Any length; English with the default voice.
    """
    from omnimuse.assets.asset import Asset
    from omnimuse.crafts.speech.chunking import Pauses
    from omnimuse.crafts.speech.synthesis import Delivery, speak_to_file
    from omnimuse.crafts.speech.transcript import transcript_json

    words = text.read_text()
    delivery = Delivery(
        voice=voice,
        rate=rate,
        pitch_semitones=pitch_semitones,
        pauses=Pauses(sentence_pause_s, line_pause_s, paragraph_pause_s),
        is_ssml={"auto": None, "plain": False, "ssml": True}[markup],
        seed=ctx.seed,
    )
    path = ctx.workdir / "speech.wav"

    def on_piece(done: int, piece: str) -> None:
        ctx.checkpoint(done / max(len(words), 1), f"speaking: {piece[:60]}")

    spoken = speak_to_file(words, path, ctx.role("text-to-speech"), delivery, on_piece=on_piece)
    facts = {
        "duration_s": round(spoken.duration_s, 3),
        "sample_rate_hz": spoken.sample_rate_hz,
        "channels": 1,
        "words": sum(len(segment.words) for segment in spoken.segments),
    }
    record = transcript_json(spoken.segments, language="en", duration_s=spoken.duration_s)
    return Reading(
        Asset.from_file(path, "speech", "audio/wav", facts=facts),
        Asset.from_json(
            record,
            "transcript",
            facts={"language": "en", "words": facts["words"], "duration_s": facts["duration_s"]},
        ),
    )


def _blocks_at_16_khz(audio: Asset) -> Iterator[NDArray[np.float32]]:
    from omnimuse.assets.media import read_audio_blocks

    for block in read_audio_blocks(audio, sample_rate_hz=16_000, channels=1):
        yield block[:, 0]


@tool(
    version="1.0.0",
    roles=("automatic-speech-recognition",),
    cost_s=8.0,
    memory_mb=150,
    examples=(
        "transcribe this recording",
        "what is said in the audio file?",
        "write down the interview with time codes",
        "convert the speech to text",
        "which language is spoken here",
        "把录音转成文字",
    ),
)
def transcribe_speech(
    ctx: ToolContext,
    audio: Audio,
    *,
    language: Annotated[
        str, Arg("ISO 639-1 code such as en or zh; detected if empty", pattern=r"^([a-z]{2,3})?$")
    ] = "",
) -> Recognition:
    """Write down what is said in a recording: speech to text with word times.

    Any length and format; silence gives an empty transcript with the fact `is_silent`. It does not
    tell speakers apart and does not write down music or effects.
    """
    from omnimuse.assets.asset import Asset
    from omnimuse.crafts.speech.recognition import recognise
    from omnimuse.crafts.speech.transcript import transcript_json

    length_s = float(audio.facts.get("duration_s") or 0.0)

    def on_piece(start_s: float) -> None:
        ctx.checkpoint(start_s / max(length_s, start_s + 1.0), f"listening at {start_s:.0f} s")

    heard = recognise(
        _blocks_at_16_khz(audio),
        ctx.role("automatic-speech-recognition"),
        language=language,
        on_piece=on_piece,
    )
    record = transcript_json(heard.segments, language=heard.language, duration_s=heard.duration_s)
    facts = {
        "language": heard.language,
        "words": sum(len(segment.words) for segment in heard.segments),
        "duration_s": record["duration_s"],
        "is_silent": heard.is_silent,
    }
    return Recognition(
        Asset.from_json(record, "transcript", facts=facts),
        Asset.from_text(record["text"], facts={**facts, "characters": len(record["text"])}),
    )


@tool(
    version="1.0.0",
    cost_s=0.1,
    memory_mb=5,
    examples=(
        "make subtitles for the narration",
        "write an SRT file of what is said",
        "WebVTT captions with short lines",
        "给这段语音生成字幕",
    ),
)
def make_subtitles(
    ctx: ToolContext,
    transcript: Transcript,
    *,
    file_format: Annotated[Literal["srt", "vtt"], Arg("SubRip or WebVTT")] = "srt",
    max_characters: Annotated[int, Arg("characters in a line", ge=10, le=120)] = 42,
    max_duration_s: Annotated[float, Arg("longest a cue stays", ge=1, le=20, unit="s")] = 6.0,
    shift_s: Annotated[float, Arg("moves all times", ge=-3600, le=36000, unit="s")] = 0.0,
) -> Caption:
    """Make subtitles (SRT or WebVTT) from a transcript, two lines at most, timed by its words."""
    from omnimuse.assets.asset import Asset
    from omnimuse.crafts.speech.transcript import make_cues, read_segments, to_srt, to_vtt

    segments = read_segments(transcript.read_json())
    cues = make_cues(segments, max_characters=max_characters, max_duration_s=max_duration_s)
    moved = [
        replace(cue, start_s=max(cue.start_s + shift_s, 0.0), end_s=cue.end_s + shift_s)
        for cue in cues
        if cue.end_s + shift_s > 0
    ]
    text = to_srt(moved) if file_format == "srt" else to_vtt(moved)
    return Asset.from_text(text, "caption", facts={"cues": len(moved), "format": file_format})
