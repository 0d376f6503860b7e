"""Edit recordings: trim, cut by what is said, repair, level, join, fade, insert and replace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Audio, Text, Transcript

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from omnimuse.assets.asset import Asset
    from omnimuse.crafts.speech.cutting import Choice

    Samples = NDArray[np.float32]

_MAX_REPAIR_S = 900.0
_MAX_EDIT_S = 3600.0
Fault = Literal["clipping", "clicks", "gaps", "hum", "noise"]


class Cut(NamedTuple):
    """What is left, and what is said in it."""

    audio: Audio
    transcript: Transcript


def sound_format(audio: Asset) -> tuple[int, int, float]:
    """Sample rate, channels and length in seconds; measured where the asset does not say."""
    from omnimuse.assets.limits import open_media
    from omnimuse.assets.sounds import probe_sound

    facts = audio.facts
    if not all(facts.get(key) for key in ("sample_rate_hz", "channels", "duration_s")):
        with open_media(audio) as stream:
            facts = probe_sound(stream, audio.media_type)
    return int(facts["sample_rate_hz"]), int(facts["channels"]), float(facts["duration_s"])


def measure_loudness(audio: Asset) -> tuple[float, float]:
    """Integrated loudness (LUFS) and sample peak (dBFS) of a recording of any length."""
    import numpy as np

    from omnimuse.assets.media import read_audio_blocks
    from omnimuse.crafts.sound.loudness import LoudnessMeter

    rate_hz, channels, _ = sound_format(audio)
    meter, peak = LoudnessMeter(max(rate_hz, 8000), channels), 0.0
    for block in read_audio_blocks(audio):
        meter.push(block)
        peak = max(peak, float(np.abs(block).max(initial=0)))
    return round(meter.integrated_lufs(), 2), round(20 * float(np.log10(max(peak, 1e-6))), 2)


def _written(
    path: Path, blocks: Iterable[Samples], rate_hz: int, source: Asset, **facts: Any
) -> Asset:
    """Blocks as a WAV asset in the node's folder, of the kind and with the credits of `source`."""
    import numpy as np
    import soundfile

    from omnimuse.assets.asset import Asset
    from omnimuse.errors import InputError

    frames, peak, channels, file = 0, 0.0, 0, None
    try:
        for block in blocks:
            if file is None:
                channels = block.shape[1]
                file = soundfile.SoundFile(path, "w", rate_hz, channels, "PCM_16", format="WAV")
            clipped = np.clip(block, -1, 1)
            file.write(clipped)
            frames += len(block)
            peak = max(peak, float(np.abs(clipped).max(initial=0)))
    finally:
        if file is not None:
            file.close()
    if not frames:
        raise InputError("nothing would be left of the recording", hint="Check the times.")
    measured = {
        "duration_s": round(frames / rate_hz, 3),
        "sample_rate_hz": rate_hz,
        "channels": channels,
        "peak_dbfs": round(20 * float(np.log10(max(peak, 1e-6))), 2),
    }
    return Asset.from_file(
        path, source.kind, "audio/wav", facts=measured | facts, attribution=source.attribution
    )


def _whole(audio: Asset, limit_s: float, *, verb: str) -> tuple[Samples, int]:
    """All samples of a recording that must fit in memory."""
    from omnimuse.assets.media import read_audio
    from omnimuse.errors import MediaTooLargeError

    length_s = float(audio.facts.get("duration_s") or 0.0)
    if length_s > limit_s:
        raise MediaTooLargeError(
            f"{length_s:.0f} s of sound; {limit_s:.0f} s can be {verb}", hint="Trim it first."
        )
    return read_audio(audio)


@tool(
    version="1.0.0",
    cost_s=0.5,
    memory_mb=60,
    examples=(
        "trim the recording to the first 30 seconds",
        "cut out the part from 1:05 to 1:20",
        "keep only the last ten seconds of the song",
        "shorten the audio to 15 seconds and fade it out",
        "remove the first two seconds of silence",
        "截取录音的前30秒",
    ),
)
def trim_audio(
    ctx: ToolContext,
    audio: Audio,
    *,
    start_s: Annotated[
        float, Arg("where the span begins; negative counts from the end", ge=-1e6, le=1e6, unit="s")
    ] = 0.0,
    end_s: Annotated[
        float | None, Arg("where it ends; the end if absent", ge=-1e6, le=1e6, unit="s")
    ] = None,
    mode: Annotated[Literal["keep", "remove"], Arg("keep the span, or take it out")] = "keep",
    fade_s: Annotated[float, Arg("fade at the cuts", ge=0, le=30, unit="s")] = 0.01,
) -> Audio:
    """Trim a recording by time: keep a span of seconds, or cut it out.

    Works on recordings of many hours in little memory.
    """
    from omnimuse.assets.media import read_audio_blocks
    from omnimuse.crafts.sound.splicing import faded_blocks, span_of_blocks
    from omnimuse.errors import ArgumentError

    rate_hz, _, length_s = sound_format(audio)
    first_s = start_s if start_s >= 0 else length_s + start_s
    last_s = length_s if end_s is None else end_s if end_s >= 0 else length_s + end_s
    first_s, last_s = max(0.0, first_s), min(last_s, length_s)
    if not first_s < last_s:
        raise ArgumentError(
            f"a span from {first_s:.3f} to {last_s:.3f} s of a recording of {length_s:.3f} s",
            hint="The start must lie before the end, and inside the recording.",
        )
    total, fade = round(length_s * rate_hz), round(fade_s * rate_hz)
    first, last = round(first_s * rate_hz), round(last_s * rate_hz)
    spans = [(first, last)] if mode == "keep" else [(0, first), (last, total + rate_hz)]

    def blocks() -> Iterator[Samples]:
        for index, (low, high) in enumerate(spans):
            count = min(high, total) - low
            if count <= 0:
                continue
            ends = (
                (fade if low else 0, fade if high < total else 0)
                if mode == "keep" or index == 0
                else (fade, 0)
            )
            part = span_of_blocks(read_audio_blocks(audio), low, high)
            for block in faded_blocks(part, count, *ends):
                ctx.checkpoint()
                yield block

    return _written(ctx.workdir / "trimmed.wav", blocks(), rate_hz, audio)


@tool(
    version="1.0.0",
    roles=("automatic-speech-recognition", "feature-extraction"),
    cost_s=8.0,
    memory_mb=250,
    examples=(
        "cut the sentence about the weather from the interview",
        "remove the part where he talks about his dog",
        'delete "you know what I mean" from the recording',
        "keep only the sentence about the price",
        "take out the last sentence of the podcast",
        "把录音里关于天气的那句话剪掉",
    ),
)
def cut_by_transcript(
    ctx: ToolContext,
    audio: Audio,
    instruction: Text,
    transcript: Transcript | None = None,
    *,
    fade_s: Annotated[float, Arg("cross-fade at each cut", ge=0, le=0.5, unit="s")] = 0.03,
) -> Cut:
    """Cut a spoken recording by what is said: remove or keep sentences by meaning, place or words.

    Words are timed by a speech recogniser unless a transcript is given; cuts are laid into the
    quietest moment beside the words and cross-faded. Up to an hour.
    """
    from omnimuse.assets.asset import Asset
    from omnimuse.crafts.sound.splicing import without_spans
    from omnimuse.crafts.speech.cutting import choose, remaining
    from omnimuse.crafts.speech.transcript import read_segments, transcript_json
    from omnimuse.tools.pixels import embedder
    from omnimuse.tools.speech import transcribe_speech

    samples, rate_hz = _whole(audio, _MAX_EDIT_S, verb="cut by its words")
    if transcript is None:
        transcript = transcribe_speech(ctx, audio).transcript
    record = transcript.read_json()
    segments = read_segments(record)
    choice = choose(instruction.read_text(), segments, embedder(ctx))
    ctx.checkpoint(0.8, f"cutting {len(choice.passages)} passages")
    spans = _spans(choice, samples, rate_hz, [w for s in segments for w in s.words])
    left = without_spans(samples, spans, round(fade_s * rate_hz))
    removed_s = [(a / rate_hz, b / rate_hz) for a, b in spans]
    facts = {
        "removed_s": [[round(a, 3), round(b, 3)] for a, b in removed_s],
        "passages": [passage.text for passage in choice.passages],
        "found_by": choice.found_by,
        "kept": choice.is_kept,
    }
    language = str(record.get("language", ""))
    after = remaining(segments, removed_s)
    words = transcript_json(after, language=language, duration_s=len(left) / rate_hz)
    return Cut(
        _written(ctx.workdir / "cut.wav", (left,), rate_hz, audio, **facts),
        Asset.from_json(words, "transcript", facts={"language": language}),
    )


def _spans(
    choice: Choice, samples: Samples, rate_hz: int, words: list[Any]
) -> list[tuple[int, int]]:
    """Samples to take out: from the quiet before a passage to the quiet after it.

    The pause before what is cut stays, the one after it goes.
    """
    from omnimuse.crafts.sound.splicing import quietest

    def before(index: int) -> int:
        if index <= 0:
            return 0
        low, high = (round(t * rate_hz) for t in (words[index - 1].end_s, words[index].start_s))
        reach = round(0.06 * rate_hz)
        return quietest(samples, min(low, high) - reach // 2, max(low, high) + reach // 2, rate_hz)

    def cut_at(index: int) -> int:
        return len(samples) if index >= len(words) else before(index)

    chosen = [(cut_at(p.first), cut_at(p.first + len(p.words))) for p in choice.passages]
    if not choice.is_kept:
        return [(a, b) for a, b in chosen if b > a]
    edges = [0, *(edge for span in sorted(chosen) for edge in span), len(samples)]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]


@tool(
    version="1.0.0",
    cost_s=8.0,
    memory_mb=600,
    examples=(
        "remove the background noise from this recording",
        "fix the clipped distorted audio",
        "get rid of the 50 Hz hum",
        "take out the clicks and crackle of the old record",
        "repair the dropouts in the sound file",
        "denoise my voice memo",
        "去除录音中的噪音",
    ),
)
def repair_audio(
    ctx: ToolContext,
    audio: Audio,
    *,
    faults: Annotated[
        list[Fault], Arg("what to repair; all that is found if empty", max_length=5)
    ] = [],  # noqa: B006 - read only; a list is what the port declares
) -> Audio:
    """Repair a damaged recording: noise, hum, clicks, dropouts and clipping, found and removed.

    Says in its facts what was found. It cannot bring back what a steady noise drowned. Up to a
    quarter of an hour.
    """
    from omnimuse.crafts.sound.repair import repair

    samples, rate_hz = _whole(audio, _MAX_REPAIR_S, verb="repaired")
    ctx.checkpoint(0.1, "repairing")
    mended, found = repair(samples, rate_hz, tuple(faults))
    facts = {"repaired": [f"{f.fault}: {f.amount:g} {f.unit}" for f in found]}
    return _written(ctx.workdir / "repaired.wav", (mended,), rate_hz, audio, **facts)


@tool(
    version="1.0.0",
    cost_s=1.5,
    memory_mb=80,
    examples=(
        "normalise the loudness of this recording to -16 LUFS",
        "make the podcast as loud as broadcast standard",
        "the recording is too quiet, make it louder",
        "bring the track to -14 LUFS for streaming",
        "把录音的音量标准化",
    ),
)
def normalize_audio(
    ctx: ToolContext,
    audio: Audio,
    *,
    loudness_lufs: Annotated[float, Arg("integrated loudness", ge=-40, le=-6, unit="lufs")] = -16.0,
) -> Audio:
    """Bring a recording to a loudness (EBU R 128), its true peak below -1 dBTP.

    Works on recordings of many hours in little memory. Silence stays as it is.
    """
    from omnimuse.assets.media import read_audio_blocks
    from omnimuse.crafts.sound.loudness import SILENCE_LUFS
    from omnimuse.crafts.sound.splicing import amplified_blocks

    rate_hz, _, _ = sound_format(audio)
    before, _ = measure_loudness(audio)
    gain_db = loudness_lufs - before if before > SILENCE_LUFS else 0.0
    path = ctx.workdir / "levelled.wav"
    for turn in range(3):
        ctx.checkpoint(0.2 + 0.25 * turn, f"gain {gain_db:+.1f} dB")
        blocks = amplified_blocks(read_audio_blocks(audio), gain_db, rate_hz)
        made = _written(path, blocks, rate_hz, audio)
        after, _ = measure_loudness(made)
        if before <= SILENCE_LUFS or abs(loudness_lufs - after) < 0.2:
            break
        gain_db += loudness_lufs - after
    from dataclasses import replace

    facts = {"loudness_lufs": after, "loudness_before_lufs": before}
    return replace(made, facts={**made.facts, **facts})


@tool(
    version="1.0.0",
    cost_s=1.0,
    memory_mb=400,
    examples=(
        "join these recordings one after another",
        "concatenate the three audio files with a cross-fade",
        "put the intro before the interview",
        "append the second song to the first with a two second crossfade",
        "把这几段录音连起来",
    ),
)
def join_audio(
    ctx: ToolContext,
    audios: list[Audio],
    *,
    crossfade_s: Annotated[
        float, Arg("how long one fades into the next", ge=0, le=30, unit="s")
    ] = 0.05,
    gap_s: Annotated[
        float, Arg("silence between them instead of a cross-fade", ge=0, le=60, unit="s")
    ] = 0.0,
) -> Audio:
    """Join recordings one after another, with cross-fades or pauses between them.

    Others are resampled to the first one's rate; mono and stereo may be mixed.
    """
    import numpy as np

    from omnimuse.assets.media import audio_asset, read_audio
    from omnimuse.crafts.sound.mixing import to_stereo
    from omnimuse.crafts.sound.splicing import crossfaded
    from omnimuse.errors import ArgumentError

    if len(audios) < 2:
        raise ArgumentError("one recording cannot be joined", hint="Give two or more.")
    rate_hz = sound_format(audios[0])[0]
    parts = [read_audio(one, sample_rate_hz=rate_hz)[0] for one in audios]
    if any(part.shape[1] > 1 for part in parts):
        parts = [to_stereo(part) for part in parts]
    out = parts[0]
    for part in parts[1:]:
        if gap_s:
            silence = np.zeros((round(gap_s * rate_hz), part.shape[1]), np.float32)
            out = np.concatenate((out, silence, part))
        else:
            out = crossfaded(out, part, round(crossfade_s * rate_hz))
    kinds = {one.kind for one in audios}
    credits = tuple(credit for one in audios for credit in one.attribution)
    kind = kinds.pop() if len(kinds) == 1 else "audio"
    return audio_asset(out, rate_hz, kind, attribution=credits)


@tool(
    version="1.0.0",
    cost_s=0.5,
    memory_mb=60,
    examples=(
        "fade the song out over the last five seconds",
        "fade in the music slowly",
        "add a two second fade at both ends",
        "让音乐渐弱结束",
    ),
)
def fade_audio(
    ctx: ToolContext,
    audio: Audio,
    *,
    fade_in_s: Annotated[float, Arg("fade at the beginning", ge=0, le=600, unit="s")] = 0.0,
    fade_out_s: Annotated[float, Arg("fade at the end", ge=0, le=600, unit="s")] = 3.0,
) -> Audio:
    """Fade a recording in and out. Any length."""
    from omnimuse.assets.media import read_audio_blocks
    from omnimuse.crafts.sound.splicing import faded_blocks

    rate_hz, _, length_s = sound_format(audio)
    fades = (round(fade_in_s * rate_hz), round(fade_out_s * rate_hz))
    blocks = faded_blocks(read_audio_blocks(audio), round(length_s * rate_hz), *fades)
    return _written(ctx.workdir / "faded.wav", blocks, rate_hz, audio)


@tool(
    version="1.0.0",
    cost_s=1.0,
    memory_mb=400,
    examples=(
        "add a door knock at 12 seconds",
        "insert the jingle after the first minute",
        "replace seconds 10 to 15 of the recording with this clip",
        "put thunder over the story at 0:30",
        "bleep out the word between 3.2 and 3.8 seconds with this tone",
        "在第十秒加入敲门声",
    ),
)
def insert_audio(
    ctx: ToolContext,
    audio: Audio,
    clip: Audio,
    *,
    at_s: Annotated[float, Arg("where", ge=0, le=1e5, unit="s")] = 0.0,
    mode: Annotated[
        Literal["overlay", "insert", "replace"],
        Arg("lay over what is there, push it back, or take its place"),
    ] = "overlay",
    until_s: Annotated[
        float | None, Arg("end of what is replaced; the clip's length if absent", ge=0, unit="s")
    ] = None,
    gain_db: Annotated[float, Arg("level of the clip", ge=-60, le=20, unit="db")] = 0.0,
    crossfade_s: Annotated[float, Arg("at the cuts", ge=0, le=5, unit="s")] = 0.02,
) -> Audio:
    """Add a sound to a recording at a time: laid over it, inserted, or in the place of a span."""
    import numpy as np

    from omnimuse.assets.media import audio_asset, read_audio
    from omnimuse.crafts.sound.limiting import limit_true_peak
    from omnimuse.crafts.sound.mixing import to_stereo
    from omnimuse.crafts.sound.splicing import overlaid, spliced
    from omnimuse.errors import ArgumentError

    samples, rate_hz = _whole(audio, _MAX_EDIT_S, verb="edited")
    added, _ = read_audio(clip, sample_rate_hz=rate_hz)
    if samples.shape[1] != added.shape[1]:
        samples, added = to_stereo(samples), to_stereo(added)
    at = round(at_s * rate_hz)
    if at > len(samples):
        raise ArgumentError(
            f"{at_s:g} s lies beyond the end of the recording ({len(samples) / rate_hz:.3f} s)"
        )
    if mode == "overlay":
        out = limit_true_peak(overlaid(samples, added, at, gain_db), rate_hz)
    else:
        louder = added * np.float32(10 ** (gain_db / 20))
        last = at if mode == "insert" else at + len(added)
        if mode == "replace" and until_s is not None:
            last = round(until_s * rate_hz)
        if last < at:
            raise ArgumentError(f"until {until_s:g} s ends before {at_s:g} s")
        fade = round(crossfade_s * rate_hz)
        out = spliced(samples, louder, at, min(last, len(samples)), fade)
    kind = audio.kind if clip.kind == audio.kind else "audio"
    return audio_asset(out, rate_hz, kind, attribution=(*audio.attribution, *clip.attribution))
