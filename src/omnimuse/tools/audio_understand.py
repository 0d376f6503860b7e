"""Hear what is in a recording: tempo, key, chords, form, speech, effects; in facts and in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Audio, Caption, Graph, Score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from omnimuse.assets.asset import Asset

_MAX_WORDS_S = 900.0
_MAX_SCORE_S = 300.0


@tool(
    version="1.0.0",
    roles=("automatic-speech-recognition",),
    cost_s=6.0,
    memory_mb=250,
    examples=(
        "what are the tempo and the key of this song?",
        "which chords are played in the recording",
        "find the beats and the sections of the track",
        "how loud is this podcast in LUFS",
        "where is speech and where is music in the audio file?",
        "detect the sound events in this clip",
        "analyse the audio",
        "分析这首曲子的速度和调性",
    ),
)
def analyse_audio(
    ctx: ToolContext,
    audio: Audio,
    *,
    transcribe: Annotated[bool, Arg("also write down what is said, where there is speech")] = True,
) -> Graph:
    """Analyse a recording: tempo, beats, key, chords, sections, loudness, speech, music, effects.

    Any length and format. Every figure is measured from the sound. Effects are compared with the
    classes that generate_sound can make; what is far from them is called unknown.
    """
    from omnimuse.assets.asset import Asset

    record = analysis_record(ctx, audio, transcribe=transcribe)
    music = record["music"] or {}
    facts = {
        "format": record["format"],
        "duration_s": record["duration_s"],
        "loudness_lufs": record["loudness_lufs"],
        "tempo_bpm": music.get("tempo_bpm"),
        "key": (music.get("key") or {}).get("name"),
        "segments": len(record["segments"]),
        "events": [event["name"] for event in record["events"]][:12],
    }
    return Asset.from_json(record, "graph", facts=facts)


@tool(
    version="1.0.0",
    roles=("automatic-speech-recognition",),
    cost_s=6.0,
    memory_mb=250,
    examples=(
        "describe what you hear in this recording",
        "what is in the audio file?",
        "caption this sound",
        "write an accessible description of the audio",
        "tell me about this piece of music",
        "这段音频里有什么声音？",
    ),
)
def describe_audio(ctx: ToolContext, audio: Audio, analysis: Graph | None = None) -> Caption:
    """Describe a recording in words: what is heard, its music, voices, effects and order.

    The sentences rest on measurements alone; unsure guesses are called so. With the analysis that
    analyse_audio made, nothing is measured again.
    """
    from omnimuse.assets.asset import Asset
    from omnimuse.crafts.listening.describing import describe

    record = analysis_record(ctx, audio) if analysis is None else analysis.read_json()
    return Asset.from_text(describe(record), "caption")


def analysis_record(ctx: ToolContext, audio: Asset, *, transcribe: bool = True) -> dict[str, Any]:
    """The analysis of a recording as JSON values, with loudness and words."""
    from omnimuse.crafts.listening.analysis import analyse
    from omnimuse.crafts.listening.spectrum import RATE_HZ
    from omnimuse.tools.audio_edit import measure_loudness

    ctx.checkpoint(0.05, "listening")

    def blocks() -> Iterator[NDArray[np.float32]]:
        from omnimuse.assets.media import read_audio_blocks

        for block in read_audio_blocks(audio, sample_rate_hz=RATE_HZ, channels=1):
            ctx.checkpoint()
            yield block[:, 0]

    record = analyse(blocks)
    ctx.checkpoint(0.6, "measuring loudness")
    record["loudness_lufs"], record["sample_peak_dbfs"] = measure_loudness(audio)
    spoken = [s for s in record["segments"] if s["label"] in ("speech", "speech over music")]
    record["transcript"] = None
    if transcribe and spoken:
        ctx.checkpoint(0.7, "writing down what is said")
        record["transcript"] = _words(ctx, audio)
    return record


def _words(ctx: ToolContext, audio: Asset) -> str | None:
    """What is said in the first quarter of an hour; None where no recogniser is at hand."""
    from omnimuse.crafts.speech.recognition import recognise
    from omnimuse.tools.pixels import optional_role

    ears = optional_role(ctx, "automatic-speech-recognition")
    if ears is None:
        return None

    def blocks() -> Iterator[NDArray[np.float32]]:
        from omnimuse.assets.media import read_audio_blocks

        left = round(_MAX_WORDS_S * 16_000)
        for block in read_audio_blocks(audio, sample_rate_hz=16_000, channels=1):
            yield block[:left, 0]
            left -= len(block)
            if left <= 0:
                return

    heard = recognise(blocks(), ears)
    return " ".join(segment.text.strip() for segment in heard.segments).strip()


@tool(
    version="1.0.0",
    cost_s=10.0,
    memory_mb=400,
    examples=(
        "turn this recording into MIDI",
        "write down the notes of the melody I hummed",
        "transcribe the music to a score",
        "which notes are played in this recording?",
        "convert the piano recording to sheet music notes",
        "把这段录音转成MIDI",
    ),
)
def audio_to_midi(
    ctx: ToolContext,
    music: Audio,
    *,
    voices: Annotated[
        Literal["auto", "one", "many"], Arg("a single melody, several notes at once, or find out")
    ] = "auto",
    is_quantised: Annotated[bool, Arg("move notes to sixteenths of the beat")] = True,
) -> Score:
    """Transcribe music to notes: an audio recording becomes a MIDI score that can be edited.

    One voice or instrument is followed well. Of several at once most loud notes are found, with
    errors of octaves and fifths; instruments are not told apart and drums not written. Up to five
    minutes.
    """
    from omnimuse.assets.asset import Asset
    from omnimuse.assets.media import read_audio
    from omnimuse.crafts.listening.scoring import transcribe
    from omnimuse.crafts.listening.spectrum import RATE_HZ
    from omnimuse.crafts.music.midi import write_midi
    from omnimuse.errors import MediaTooLargeError

    length_s = float(music.facts.get("duration_s") or 0.0)
    if length_s > _MAX_SCORE_S:
        raise MediaTooLargeError(
            f"{length_s:.0f} s of music; {_MAX_SCORE_S:.0f} s can be written down",
            hint="Trim it first.",
        )
    samples, _ = read_audio(music, sample_rate_hz=RATE_HZ, channels=1)
    ctx.checkpoint(0.2, "finding notes")
    piece, mode = transcribe(samples[:, 0], voices=voices, is_quantised=is_quantised)
    facts = {
        "notes": sum(len(part.notes) for part in piece.parts),
        "tempo_bpm": piece.tempo_bpm,
        "key": piece.key.name,
        "metre": piece.metre.name,
        "bars": piece.bars,
        "voices": mode,
        "duration_s": round(piece.duration_s, 3),
    }
    return Asset.from_bytes(write_midi(piece), "score", "audio/midi", facts=facts)
