"""Frames and sound into a file: H.264 and AAC in MP4, the pair that plays everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from omnimuse.errors import StorageError, ToolError

if TYPE_CHECKING:
    from numpy.typing import NDArray

AUDIO_RATE_HZ = 48_000


def encode_video(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    *,
    fps: float,
    width: int,
    height: int,
    audio: NDArray[np.float32] | None = None,
    crf: int = 20,
) -> None:
    """Write frames (height, width, 3) and, if given, sound (N, 1 or 2) at 48 kHz.

    The same frames give the same bytes: no dates and no program names are written.

    Raises:
        ToolError: the encoder refused.
        StorageError: the file cannot be written.
    """
    import av

    try:
        with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
            container.flags |= 0x0400  # AVFMT_FLAG_BITEXACT: no encoder names, no dates
            video = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
            video.width, video.height, video.pix_fmt = width, height, "yuv420p"
            # macroblock-tree rate control gave other bits at each run here, whatever the threads
            options = {"crf": str(crf), "preset": "veryfast", "x264-params": "mbtree=0"}
            video.options = options
            voice = None
            if audio is not None:
                voice = container.add_stream("aac", rate=AUDIO_RATE_HZ, layout="stereo")
                voice.bit_rate = 160_000
            for frame in frames:
                for packet in video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
                    container.mux(packet)
            for packet in video.encode():
                container.mux(packet)
            if voice is not None and audio is not None:
                _encode_audio(container, voice, audio)
    except av.error.FFmpegError as error:
        raise ToolError(f"the film could not be encoded: {error}") from error
    except OSError as error:
        raise StorageError(f"the film could not be written: {error.strerror}") from error


def _encode_audio(container: Any, stream: Any, audio: NDArray[np.float32]) -> None:
    import av

    if audio.shape[1] == 1:
        audio = np.repeat(audio, 2, axis=1)
    size = 1024  # an AAC frame
    for start in range(0, len(audio), size):
        block = np.ascontiguousarray(audio[start : start + size, :2].T, np.float32)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = AUDIO_RATE_HZ, start
        frame.time_base = Fraction(1, AUDIO_RATE_HZ)
        for packet in stream.encode(frame):
            container.mux(packet)
    for packet in stream.encode():
        container.mux(packet)


def copy_with_sound(film: Any, path: Path, audio: NDArray[np.float32]) -> None:
    """Write a film's pictures unchanged (packets copied where MP4 takes them) with a new sound.

    Args:
        film: a video asset.
        path: where to write, MP4.
        audio: (N, 2) at 48 kHz.

    Raises:
        UnsupportedMediaError: the film is damaged or of a codec that MP4 does not take.
    """
    import av

    from omnimuse.assets.limits import open_media
    from omnimuse.errors import UnsupportedMediaError

    try:
        with (
            open_media(film) as stream,
            av.open(stream) as source,
            av.open(str(path), "w", options={"movflags": "+faststart"}) as container,
        ):
            container.flags |= 0x0400
            track = source.streams.video[0]
            video = container.add_stream_from_template(track)
            voice = container.add_stream("aac", rate=AUDIO_RATE_HZ, layout="stereo")
            voice.bit_rate = 160_000
            for packet in source.demux(track):
                if packet.dts is not None:
                    packet.stream = video
                    container.mux(packet)
            _encode_audio(container, voice, audio)
    except (av.error.FFmpegError, ValueError) as error:
        raise UnsupportedMediaError(f"the film cannot be dubbed: {error}") from error
