"""Voices of people: cloned and converted, only with a recorded consent; and neural sound."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Audio, Graph, Speech, Text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CONSENT = Annotated[
    str,
    Arg("who agreed to what and when, e.g. 'Ana Lima, recorded 2026-03-01'", max_length=500),
]
_MIN_SAMPLE_S = 1.0
_MAX_SAMPLE_S = 120.0
_MAX_CHARACTERS = 2000
_MAX_ENHANCED_S = 1800.0


@tool(
    version="1.0.0",
    roles=("text-to-audio",),
    cost_s=60.0,
    memory_mb=2000.0,
    examples=(
        "generate the music with MusicGen",
        "use AudioLDM to make the sound of a steam engine",
        "neural text-to-audio: rain on a tin roof",
        "generate audio with the diffusion checkpoint",
        "用MusicGen生成音乐",
    ),
)
def generate_audio(
    ctx: ToolContext,
    prompt: Text,
    *,
    duration_s: Annotated[float, Arg("length", ge=0.1, le=120, unit="s")] = 10.0,
    guidance_scale: Annotated[float | None, Arg("how literally to take it", ge=0, le=30)] = None,
    negative_prompt: Annotated[str, Arg("what must not be heard", max_length=2000)] = "",
    num_inference_steps: Annotated[int | None, Arg("diffusion steps", ge=1, le=1000)] = None,
) -> Audio:
    """Generate music or sound from text with a neural checkpoint (MusicGen, AudioLDM).

    It needs such a checkpoint. For composed music with a score use compose_music, for effects
    with parameters generate_sound.
    """
    from omnimuse.assets.media import audio_asset
    from omnimuse.errors import InputError

    text = prompt.read_text().strip()
    if not text:
        raise InputError("an empty request for sound", hint="Say what should be heard.")
    samples, rate_hz = ctx.role("text-to-audio").generate_audio(
        text[:_MAX_CHARACTERS], duration_s=duration_s, seed=ctx.seed,
        guidance_scale=guidance_scale, negative_prompt=negative_prompt,
        num_inference_steps=num_inference_steps,
    )  # fmt: skip
    return audio_asset(samples, rate_hz, "audio")


@tool(
    version="1.0.0",
    roles=("voice-cloning", "speaker-embedding"),
    cost_s=20.0,
    memory_mb=1500.0,
    examples=(
        "say this text in the voice of the recording, she agreed on 2026-03-01",
        "clone my voice from this sample and read the letter",
        "read the text with the speaker's own voice",
        "用这段录音的声音朗读",
    ),
)
def clone_voice(ctx: ToolContext, text: Text, sample: Speech, *, consent: _CONSENT = "") -> Speech:
    """Clone a voice: say a text in the voice of a recorded person, who must have agreed to it.

    Refused without a recorded consent: the person's name and the date. It needs a checkpoint
    that can take a speaker embedding. The consent is kept with the result.
    """
    from dataclasses import replace

    from omnimuse.assets.media import audio_asset
    from omnimuse.errors import InputError

    person = _consented(consent, "clone_voice")
    words = text.read_text().strip()[:_MAX_CHARACTERS]
    if not any(c.isalnum() for c in words):
        raise InputError("the text holds nothing that can be spoken", hint="Write words.")
    model = ctx.role("voice-cloning")
    speaker = _embedding(ctx, sample, model.embedding_size)
    samples, rate_hz = model.clone(words, speaker, seed=ctx.seed)
    asset = audio_asset(samples, rate_hz, "speech")
    return replace(asset, facts={**asset.facts, "consent": person, "is_cloned": True})


@tool(
    version="1.0.0",
    roles=("voice-conversion", "speaker-embedding"),
    cost_s=20.0,
    memory_mb=1500.0,
    examples=(
        "convert my recording to the voice of the sample, consent of 2026-03-01",
        "voice conversion: let this sound like the other speaker",
        "change the speaker of the recording into the one of the sample",
        "把这段话换成另一个人的声音",
    ),
)
def convert_voice(
    ctx: ToolContext, speech: Speech, sample: Speech, *, consent: _CONSENT = ""
) -> Speech:
    """Convert a voice: the same words said by the voice of a sample, whose owner agreed to it.

    Refused without a recorded consent: the person's name and the date. It needs a checkpoint
    for voice conversion.
    """
    from dataclasses import replace

    from omnimuse.assets.media import audio_asset, read_audio

    person = _consented(consent, "convert_voice")
    model = ctx.role("voice-conversion")
    speaker = _embedding(ctx, sample, model.embedding_size)
    samples, rate_hz = read_audio(speech, sample_rate_hz=16_000, channels=1)
    said, said_hz = model.convert(samples, rate_hz, speaker, seed=ctx.seed)
    asset = audio_asset(said, said_hz, "speech")
    return replace(asset, facts={**asset.facts, "consent": person, "is_converted": True})


@tool(
    version="1.0.0",
    roles=("audio-to-audio",),
    cost_s=3.0,
    memory_mb=200.0,
    examples=(
        "remove the background noise from this speech recording",
        "enhance the voice, it was recorded in the rain",
        "make the interview clearer with a neural denoiser",
        "suppress the street noise behind the speaker",
        "语音增强，去掉背景噪声",
    ),
)
def enhance_speech(
    ctx: ToolContext,
    speech: Audio,
    *,
    limit_db: Annotated[
        float, Arg("noise goes down by this at most; 100 is no limit", ge=3, le=100, unit="db")
    ] = 100.0,
) -> Speech:
    """Enhance speech: take away noise of any kind behind a voice (rain, street, fans, crowds).

    Neural, at 48 kHz, one channel, up to 30 minutes. It takes away music, too. For hum, clicks,
    clipping and gaps use repair_audio.
    """
    from omnimuse.assets.media import audio_asset, read_audio
    from omnimuse.errors import MediaTooLargeError

    length_s = float(speech.facts.get("duration_s") or 0.0)
    if length_s > _MAX_ENHANCED_S:
        raise MediaTooLargeError(
            f"{length_s:.0f} s of speech; {_MAX_ENHANCED_S:.0f} s can be enhanced",
            hint="Trim or split it first.",
        )
    samples, rate_hz = read_audio(speech, sample_rate_hz=48_000, channels=1)
    ctx.checkpoint(0.2, "taking the noise away")
    made = ctx.role("audio-to-audio").enhance(samples, rate_hz, limit_db=limit_db)
    return audio_asset(made, rate_hz, "speech", attribution=speech.attribution)


@tool(
    version="1.0.0",
    roles=("speaker-embedding",),
    cost_s=10.0,
    memory_mb=800.0,
    examples=(
        "who speaks when in this recording",
        "tell the speakers of the interview apart",
        "speaker diarization of the meeting",
        "how many people talk here, and at what times",
        "区分录音里的说话人",
    ),
)
def tell_speakers_apart(
    ctx: ToolContext,
    speech: Audio,
    *,
    speakers: Annotated[int | None, Arg("how many there are; found if absent", ge=1, le=20)] = None,
) -> Graph:
    """Tell speakers apart (diarisation): who speaks when, as turns with their times.

    It needs a checkpoint of a speaker encoder. Up to half an hour.
    """
    from dataclasses import asdict

    import numpy as np

    from omnimuse.assets.asset import Asset
    from omnimuse.assets.media import read_audio
    from omnimuse.crafts.speech.speakers import MAX_WINDOWS, group, speech_windows, turns
    from omnimuse.errors import InputError, MediaTooLargeError

    samples, rate_hz = read_audio(speech, sample_rate_hz=16_000, channels=1)
    windows = speech_windows(samples[:, 0], rate_hz)
    if not windows:
        raise InputError("nobody speaks in the recording", hint="Give a recording of speech.")
    if len(windows) > MAX_WINDOWS:
        raise MediaTooLargeError("over half an hour of speech", hint="Split it first.")
    encoder, vectors = ctx.role("speaker-embedding"), []
    for index, (start, end) in enumerate(windows):
        ctx.checkpoint(0.9 * index / len(windows), "listening to who speaks")
        part = samples[round(start * rate_hz) : round(end * rate_hz)]
        vectors.append(encoder.embed_voice(part, rate_hz))
    found = turns(windows, group(np.stack(vectors), count=speakers))
    names = sorted({turn.speaker for turn in found})
    record = {"speakers": names, "turns": [asdict(turn) for turn in found]}
    facts = {"format": "speaker-turns", "speakers": len(names), "turns": len(found)}
    return Asset.from_json(record, "graph", facts=facts)


def _consented(consent: str, name: str) -> str:
    """The recorded consent; a name and a date at least.

    Raises:
        SafetyRefusal: there is none.
    """
    from omnimuse.errors import SafetyRefusal

    has_date = re.search(r"\d{4}-\d{2}-\d{2}", consent) is not None
    has_name = re.search(r"[^\W\d_]{2,}", consent) is not None
    if not (has_date and has_name):
        raise SafetyRefusal(
            f"{name} needs a recorded consent of the person whose voice it is",
            hint="Give consent='NAME, YYYY-MM-DD' once the person has agreed.",
            gate="tool", category="consent",
        )  # fmt: skip
    return consent.strip()


def _embedding(ctx: ToolContext, sample: Speech, size: int) -> NDArray[np.float32]:
    """The speaker's vector (size,) of a sample.

    Raises:
        InputError: too short or too long a sample.
        ArgumentError: the encoder makes other vectors than the voice model takes.
    """
    from omnimuse.assets.media import read_audio
    from omnimuse.errors import ArgumentError, InputError

    length_s = float(sample.facts.get("duration_s") or 0.0)
    if not _MIN_SAMPLE_S <= length_s <= _MAX_SAMPLE_S:
        raise InputError(
            f"a voice sample of {length_s:.1f} s",
            hint=f"Give {_MIN_SAMPLE_S:.0f} to {_MAX_SAMPLE_S:.0f} s of clear speech.",
        )
    samples, rate_hz = read_audio(sample, sample_rate_hz=16_000, channels=1)
    vector: NDArray[np.float32] = ctx.role("speaker-embedding").embed_voice(samples, rate_hz)
    if vector.shape != (size,):
        raise ArgumentError(
            f"the encoder gives {len(vector)} numbers, the voice model takes {size}",
            hint="Choose a speaker-embedding checkpoint that fits the voice model.",
        )
    return vector
