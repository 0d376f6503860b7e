"""/v1/audio: speech, transcriptions, translations."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from omnimuse.assets.asset import Asset
from omnimuse.graph.kinds import ancestors
from omnimuse.server.depends import JsonBody, TheDesk, Who
from omnimuse.server.desk import Desk
from omnimuse.server.keys import Principal
from omnimuse.server.openai.agent import check_model, is_agent
from omnimuse.server.openai.replies import (
    ParameterError,
    call_tool,
    event_line,
    file_id,
    stream,
)
from omnimuse.server.routes_assets import keep

router = APIRouter(prefix="/v1/audio", tags=["openai"])
SPEECH_FORMATS = {
    "mp3": ("audio/mpeg", "mp3", "libmp3lame"),
    "opus": ("audio/ogg", "ogg", "libopus"),
    "aac": ("audio/aac", "adts", "aac"),
    "flac": ("audio/flac", "flac", "flac"),
    "wav": ("audio/wav", "wav", "pcm_s16le"),
    "pcm": ("audio/pcm", "", ""),
    "pcm16": ("audio/pcm", "", ""),
}
_PCM_HZ = 24_000
_TEXT_FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
_STYLISED = ("alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage",
             "shimmer", "verse", "marin", "cedar")  # fmt: skip


@router.post("/speech")
async def speech(desk: TheDesk, who: Who, body: JsonBody) -> Response:
    """Read a text aloud. OpenAI's voice names mean the default voice."""
    model = check_model(desk, body.get("model"), role="text-to-speech")
    text = body.get("input")
    if not isinstance(text, str) or not text.strip():
        raise ParameterError("a text is wanted", "input")
    if len(text) > 20_000:
        raise ParameterError("at most 20,000 characters", "input")
    speed = body.get("speed", 1.0)
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0.25 <= speed <= 4:
        raise ParameterError("speed is 0.25 to 4", "speed")
    voice = body.get("voice")
    voice = voice.get("id") if isinstance(voice, dict) else voice
    file_format = str(body.get("response_format") or "mp3")
    _, data = await encode_speech(
        desk,
        who,
        text,
        voice=str(voice or ""),
        file_format=file_format,
        rate=min(2.0, max(0.5, float(speed))),
        model="" if is_agent(model) else model,
    )
    return Response(data, media_type=SPEECH_FORMATS[file_format][0])


@router.post("/transcriptions")
async def transcribe(
    request: Request,
    desk: TheDesk,
    who: Who,
    file: UploadFile,
    model: Annotated[str, Form(max_length=100)],
    language: Annotated[str, Form(max_length=10)] = "",
    response_format: Annotated[str, Form(max_length=20)] = "json",
    stream: Annotated[bool, Form()] = False,
) -> Response:
    """What is said, in words, with times if asked for."""
    form = await request.form()
    words = "word" in {str(v) for v in form.getlist("timestamp_granularities[]")}
    transcript, text = await _recognise(desk, who, file, model, language, response_format)
    if stream:
        return _spoken(text)
    return await _written(desk, who, transcript, text, response_format, "transcribe", words)


@router.post("/translations")
async def translate(
    desk: TheDesk,
    who: Who,
    file: UploadFile,
    model: Annotated[str, Form(max_length=100)],
    response_format: Annotated[str, Form(max_length=20)] = "json",
) -> Response:
    """What is said, in English."""
    transcript, text = await _recognise(desk, who, file, model, "", response_format)
    spoken = desk.holdings.asset(who.owner, transcript).read_json()
    if spoken.get("language") not in ("en", "", None) and text.strip():
        if response_format in ("srt", "vtt"):
            raise ParameterError("translated subtitles are not made here", "response_format")
        found = await call_tool(
            desk, who, "translate_text", {"text": text, "target_language": "en"}
        )
        text = desk.holdings.asset(who.owner, found[0].id).read_text()
    return await _written(desk, who, transcript, text, response_format, "translate", False)


async def encode_speech(
    desk: Desk,
    who: Principal,
    text: str,
    *,
    voice: str = "",
    file_format: str = "mp3",
    rate: float = 1.0,
    model: str = "",
) -> tuple[str, bytes]:
    """A text read aloud: the id of the file, and its bytes in the wanted format.

    Raises:
        ParameterError: a format that there is not.
    """
    _check_format(file_format)
    made = await call_tool(
        desk,
        who,
        "synthesize_speech",
        {"text": text, "rate": rate, "voice": "" if voice in _STYLISED else voice},
        models={"text-to-speech": model} if model else None,
    )
    held = next(h for h in made if "audio" in ancestors(h.kind))
    data = await run_in_threadpool(encode_asset, desk, who, held.id, file_format)
    return file_id(held.id), data


def encode_asset(desk: Desk, who: Principal, asset_id: str, file_format: str) -> bytes:
    """A sound's bytes in the wanted format."""
    _check_format(file_format)
    asset = desk.holdings.asset(who.owner, asset_id)
    if asset.media_type == SPEECH_FORMATS[file_format][0]:
        return asset.read_bytes()
    if file_format in ("pcm", "pcm16"):
        return _pcm(asset)
    return _encoded(asset, file_format)


def _check_format(file_format: str) -> None:
    if file_format not in SPEECH_FORMATS:
        raise ParameterError(f"one of {', '.join(SPEECH_FORMATS)}", "response_format")


def _pcm(asset: Asset) -> bytes:
    import numpy as np

    from omnimuse.assets.media import read_audio

    samples, _ = read_audio(asset, sample_rate_hz=_PCM_HZ, channels=1)
    return bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def _encoded(asset: Asset, file_format: str) -> bytes:
    import av
    import numpy as np

    from omnimuse.assets.media import read_audio

    _, container_name, codec = SPEECH_FORMATS[file_format]
    rate_hz = 48_000 if codec == "libopus" else 44_100
    samples, _ = read_audio(asset, sample_rate_hz=rate_hz)
    layout = "mono" if samples.shape[1] == 1 else "stereo"
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container_name) as container:
        track = container.add_stream(codec, rate=rate_hz, layout=layout)
        resampler = av.AudioResampler(track.codec_context.format, layout, rate_hz)
        block = np.ascontiguousarray((np.clip(samples[:, :2], -1, 1) * 32767).astype(np.int16))
        frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate_hz
        fifo = av.AudioFifo()
        for part in resampler.resample(frame):
            fifo.write(part)
        size = track.codec_context.frame_size or 1024
        while (piece := fifo.read(size, partial=True)) is not None:
            container.mux(track.encode(piece))
        container.mux(track.encode(None))
    return buffer.getvalue()


async def _recognise(
    desk: Desk, who: Principal, file: UploadFile, model: str, language: str, response_format: str
) -> tuple[str, str]:
    """Transcript's id and the plain text."""
    card = check_model(desk, model, role="automatic-speech-recognition")
    if response_format not in _TEXT_FORMATS:
        raise ParameterError(f"one of {', '.join(_TEXT_FORMATS)}", "response_format")
    view = await run_in_threadpool(keep, desk, who, file)
    asset_id = str(view["id"])
    if "video" in ancestors(view["kind"]):
        asset_id = (await call_tool(desk, who, "extract_audio", {}, inputs={"video": asset_id}))[
            0
        ].id
    elif "audio" not in ancestors(view["kind"]):
        raise ParameterError(f"wanted a sound, got a {view['kind']}", "file")
    made = await call_tool(
        desk,
        who,
        "transcribe_speech",
        {"language": language} if language else {},
        inputs={"audio": asset_id},
        models={} if is_agent(card) else {"automatic-speech-recognition": card},
    )
    transcript = next(h.id for h in made if h.kind == "transcript")
    spoken = desk.holdings.asset(who.owner, transcript).read_json()
    return transcript, str(spoken.get("text", "")).strip()


async def _written(
    desk: Desk,
    who: Principal,
    transcript: str,
    text: str,
    response_format: str,
    task: str,
    words: bool,
) -> Response:
    if response_format == "text":
        return Response(f"{text}\n", media_type="text/plain; charset=utf-8")
    if response_format in ("srt", "vtt"):
        made = await call_tool(
            desk,
            who,
            "make_subtitles",
            {"file_format": response_format},
            inputs={"transcript": transcript},
        )
        data = desk.holdings.asset(who.owner, made[0].id).read_bytes()
        return Response(data, media_type="text/plain; charset=utf-8")
    if response_format == "json":
        return JSONResponse({"text": text})
    spoken = desk.holdings.asset(who.owner, transcript).read_json()
    body: dict[str, Any] = {
        "task": task,
        "language": spoken.get("language", ""),
        "duration": spoken.get("duration_s") or _end(spoken),
        "text": text,
        "segments": [_segment(i, s) for i, s in enumerate(spoken.get("segments", ()))],
    }
    if words:
        body["words"] = [
            {"word": w["text"], "start": w["start_s"], "end": w["end_s"]}
            for s in spoken.get("segments", ())
            for w in s.get("words", ())
        ]
    return JSONResponse(body)


def _segment(index: int, segment: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": index,
        "seek": 0,
        "start": segment.get("start_s", 0.0),
        "end": segment.get("end_s", 0.0),
        "text": segment.get("text", ""),
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": 0.0,
        "compression_ratio": 1.0,
        "no_speech_prob": 0.0,
    }


def _end(spoken: dict[str, Any]) -> float:
    return max((float(s.get("end_s", 0.0)) for s in spoken.get("segments", ())), default=0.0)


def _spoken(text: str) -> Response:
    async def events() -> AsyncIterator[bytes]:
        from omnimuse.server.openai.replies import pieces

        for piece in pieces(text):
            yield event_line({"type": "transcript.text.delta", "delta": piece})
        yield event_line({"type": "transcript.text.done", "text": text})

    return stream(events())
