"""Sounds: from samples to an asset and back, at any rate, depth and number of channels."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from math import log10
from typing import TYPE_CHECKING, Any, BinaryIO

from omnimuse.assets.asset import Asset, Attribution
from omnimuse.assets.limits import (
    MAX_SOUND_CHANNELS,
    MAX_SOUND_SAMPLES,
    check_size,
    open_media,
)
from omnimuse.assets.resampling import BlockResampler, mix_channels, resample
from omnimuse.errors import InputError, MediaTooLargeError, UnsupportedMediaError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

_BLOCK = 1 << 18
_SILENCE_DBFS = -120.0
# What the decoder may try on a stream that libsndfile does not know; naming the demuxer keeps
# playlists and other formats that point at further files out.
_DEMUXERS = {
    "audio/mp4": "mov",
    "audio/webm": "matroska",
    "audio/x-matroska": "matroska",
    "audio/aac": "aac",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/wav": "wav",
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/ogg": "ogg",
}


def audio_asset(
    samples: Samples,
    sample_rate_hz: int,
    kind: str = "audio",
    *,
    attribution: tuple[Attribution, ...] = (),
) -> Asset:
    """A WAV asset (16 bits) from samples; what lies beyond -1..1 is clipped and counted.

    Args:
        samples: float, (N,) or (N, C), full scale is 1.
        sample_rate_hz: samples per second and channel.
        kind: `audio` or a narrower kind.
        attribution: third-party parts in it.

    Returns:
        Facts: duration_s, sample_rate_hz, channels, peak_dbfs, clipped_samples (if any).

    Raises:
        InputError: no samples, more than two axes, or a sample that is not finite.
        MediaTooLargeError: over the limit of samples.
    """
    import numpy as np

    values = np.asarray(samples, np.float32)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or not values.size or values.shape[1] > MAX_SOUND_CHANNELS:
        raise InputError(
            f"samples of shape {np.shape(samples)} are no sound", hint="Wanted: (N,) or (N, C)."
        )
    if not 1000 <= int(sample_rate_hz) <= 768_000:
        raise InputError(f"a sample rate of {sample_rate_hz} Hz", hint="1000 to 768000 Hz.")
    if values.size > MAX_SOUND_SAMPLES:
        raise MediaTooLargeError(f"{values.size} samples; the limit is {MAX_SOUND_SAMPLES}")
    if not np.isfinite(values).all():
        count = int(values.size - np.isfinite(values).sum())
        raise InputError(f"{count} samples are not finite", hint="The maker of the sound is wrong.")
    pcm = np.clip(np.rint(values * 32768.0), -32768, 32767).astype("<i2")
    clipped = int((np.abs(values) > 1.0).sum())
    facts = _facts(len(values), int(sample_rate_hz), values.shape[1], _peak(pcm / 32768.0))
    if clipped:
        facts["clipped_samples"] = clipped
    data = _wav_header(pcm.nbytes, int(sample_rate_hz), values.shape[1]) + pcm.tobytes()
    return Asset.from_bytes(data, kind, "audio/wav", facts=facts, attribution=attribution)


def read_audio(
    asset: Asset,
    *,
    sample_rate_hz: int | None = None,
    channels: int | None = None,
    max_samples: int = MAX_SOUND_SAMPLES,
) -> tuple[Samples, int]:
    """The samples of a sound (or of a film's sound track), float32 (N, C), and their rate.

    Samples that are not finite become 0. A WAV that claims more than it holds gives what it holds.

    Args:
        asset: a sound or a film with sound.
        sample_rate_hz: resample to this rate (polyphase, anti-aliased).
        channels: mix to this number of channels; 5.1 folds down by ITU-R BS.775.
        max_samples: limit on decoded values over all channels.

    Raises:
        UnsupportedMediaError: no sound in it, or it cannot be decoded.
        MediaTooLargeError: over the limit.
    """
    import numpy as np

    if channels is not None and not 1 <= channels <= MAX_SOUND_CHANNELS:
        raise InputError(f"{channels} channels", hint=f"1 to {MAX_SOUND_CHANNELS}.")
    parts: list[Samples] = []
    rate, total = 0, 0
    with open_media(asset) as stream:
        check_size(stream, "video" if asset.kind == "video" else "audio")
        for block, block_rate in _blocks(stream, asset.media_type):
            rate = block_rate
            clean = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
            parts.append(mix_channels(clean, channels) if channels else clean)
            total += parts[-1].size
            if total > max_samples:
                raise MediaTooLargeError(
                    f"the sound decodes to more than {max_samples} samples", hint="Cut it first."
                )
    if not parts:
        raise UnsupportedMediaError("the sound is empty: it holds no samples")
    samples = np.concatenate(parts)
    if sample_rate_hz and sample_rate_hz != rate:
        samples, rate = resample(samples, rate, sample_rate_hz), sample_rate_hz
    return samples, rate


def read_audio_blocks(
    asset: Asset, *, sample_rate_hz: int | None = None, channels: int | None = None
) -> Iterator[Samples]:
    """As `read_audio`, in blocks of float32 (n, C): any length in constant memory.

    The blocks, joined, are what `read_audio` gives. Raises as `read_audio` does, but has no limit
    on the length.
    """
    import numpy as np

    if channels is not None and not 1 <= channels <= MAX_SOUND_CHANNELS:
        raise InputError(f"{channels} channels", hint=f"1 to {MAX_SOUND_CHANNELS}.")
    with open_media(asset) as stream:
        check_size(stream, "video" if asset.kind == "video" else "audio")
        converter: BlockResampler | None = None
        is_empty = True
        for block, rate in _blocks(stream, asset.media_type):
            is_empty = False
            clean = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
            clean = mix_channels(clean, channels) if channels else clean
            if converter is None:
                converter = BlockResampler(rate, sample_rate_hz or rate, clean.shape[1])
            if len(done := converter.push(clean)):
                yield done
        if is_empty or converter is None:
            raise UnsupportedMediaError("the sound is empty: it holds no samples")
        if len(done := converter.finish()):
            yield done


def probe_sound(stream: BinaryIO, media_type: str) -> dict[str, Any]:
    """Measured facts, by decoding all of it in blocks: duration_s, sample_rate_hz, channels, ...

    A header that claims another length than the file holds is not believed: duration_s is what
    was decoded, and `declared_duration_s` is added. `non_finite_samples` counts NaN and infinity.

    Raises:
        UnsupportedMediaError: no sound, or nothing in it can be decoded.
        MediaTooLargeError: over a limit.
    """
    import numpy as np

    check_size(stream, "audio")
    frames, rate, channels, peak, non_finite = 0, 0, 0, 0.0, 0
    for block, block_rate in _blocks(stream, media_type):
        rate = block_rate
        finite = np.isfinite(block)
        if not finite.all():
            non_finite += int(block.size - finite.sum())
            block = np.where(finite, block, np.float32(0))
        frames, channels = frames + len(block), block.shape[1]
        peak = max(peak, _peak(block))
        if frames * channels > MAX_SOUND_SAMPLES * 4:
            raise MediaTooLargeError("the sound is longer than can be worked on", hint="Cut it.")
    if not frames:
        raise UnsupportedMediaError("the sound is empty: it holds no samples")
    facts = _facts(frames, rate, channels, peak)
    declared = declared_wav_duration_s(stream) if media_type == "audio/wav" else None
    if declared is not None and abs(declared - frames / rate) > 0.01:
        facts["declared_duration_s"] = round(declared, 3)
    return facts | ({"non_finite_samples": non_finite} if non_finite else {})


def declared_wav_duration_s(stream: BinaryIO) -> float | None:
    """The length that a WAV's header claims; None if it claims none (a recorder's 0 or -1)."""
    stream.seek(12)
    bytes_per_second = 0
    while len(head := stream.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        if name == b"fmt ":
            body = stream.read(16)
            bytes_per_second = struct.unpack("<HHIIHH", body)[3] if len(body) == 16 else 0
            size -= len(body)
        if name == b"data":
            known = bytes_per_second > 0 and size not in (0, 0xFFFFFFFF)
            return size / bytes_per_second if known else None
        stream.seek(max(0, size) + (size & 1), 1)
    return None


def _blocks(stream: BinaryIO, media_type: str) -> Iterator[tuple[Samples, int]]:
    """Blocks of float32 (n, C) and the rate, by libsndfile, else by the film decoder."""
    import soundfile

    stream.seek(0)
    # libsndfile's MP3 decoder writes its complaints straight to stderr, past Python.
    if media_type != "audio/mpeg" and not media_type.startswith("video/"):
        try:
            with soundfile.SoundFile(stream) as file:
                _check_format(file.channels, file.samplerate)
                # The header's frame count may lie, so nothing is allocated by it.
                while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
                    yield block, file.samplerate
                return
        except soundfile.LibsndfileError as error:
            if media_type not in _DEMUXERS:
                raise _undecodable(error) from None
    stream.seek(0)
    yield from _decoded_blocks(stream, media_type)


def _decoded_blocks(stream: BinaryIO, media_type: str) -> Iterator[tuple[Samples, int]]:
    import av
    import numpy as np

    try:
        with av.open(stream, format=_DEMUXERS.get(media_type)) as container:
            if not container.streams.audio:
                raise UnsupportedMediaError("there is no sound in it")
            track = container.streams.audio[0]
            context = track.codec_context
            if context is None:
                raise UnsupportedMediaError("the sound's codec is not known")
            _check_format(context.channels, context.sample_rate)
            target = {"format": "fltp", "layout": context.layout, "rate": context.sample_rate}
            shape, resampler = None, av.AudioResampler(**target)
            for frame in container.decode(track):
                if shape != (frame.format.name, frame.layout.name, frame.sample_rate):
                    # Joined recordings turn from mono to stereo on the way; a track has one layout.
                    shape = (frame.format.name, frame.layout.name, frame.sample_rate)
                    resampler = av.AudioResampler(**target)
                for part in resampler.resample(frame):
                    yield np.ascontiguousarray(part.to_ndarray().T, np.float32), part.sample_rate
    except (av.FFmpegError, ValueError, OverflowError) as error:
        raise _undecodable(error) from None


def _undecodable(error: Exception) -> UnsupportedMediaError:
    return UnsupportedMediaError(
        f"the sound cannot be decoded: {error}", hint="WAV, FLAC, OGG, MP3 and M4A are read."
    )


def _check_format(channels: int, rate_hz: int) -> None:
    if not 1 <= channels <= MAX_SOUND_CHANNELS:
        raise UnsupportedMediaError(
            f"the sound claims {channels} channels", hint=f"At most {MAX_SOUND_CHANNELS} are read."
        )
    if not 1000 <= rate_hz <= 768_000:
        raise UnsupportedMediaError(
            f"the sound claims a sample rate of {rate_hz} Hz", hint="1000 to 768000 Hz are read."
        )


def _peak(values: Any) -> float:
    import numpy as np

    return float(np.abs(values).max(initial=0.0))


def _facts(frames: int, rate_hz: int, channels: int, peak: float) -> dict[str, Any]:
    dbfs = 20 * log10(peak) if peak > 1e-6 else _SILENCE_DBFS
    return {
        "duration_s": round(frames / rate_hz, 3),
        "sample_rate_hz": rate_hz,
        "channels": channels,
        "peak_dbfs": round(dbfs, 2),
    }


def _wav_header(data_bytes: int, rate_hz: int, channels: int) -> bytes:
    width = 2 * channels
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * width, width, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + data_bytes)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", data_bytes)
    )
