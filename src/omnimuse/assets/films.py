"""Films: measured facts, and frames one by one; no film is ever held in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from omnimuse.assets.asset import Asset, Attribution
from omnimuse.assets.limits import MAX_FILM_FRAMES, MAX_FILM_PIXELS, check_size, open_media
from omnimuse.errors import InputError, MediaTooLargeError, UnsupportedMediaError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Naming the demuxer keeps playlists and other formats that point at further files out.
_DEMUXERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/ogg": "ogg",
}


class Frame(NamedTuple):
    """One picture of a film: when it is shown, and its pixels, uint8 RGB (H, W, 3)."""

    time_s: float
    pixels: NDArray[np.uint8]


def video_asset(path: Path, *, attribution: tuple[Attribution, ...] = ()) -> Asset:
    """An asset from a film file that will not change (a tool's work folder).

    Returns:
        Facts: duration_s, fps, width_px, height_px, has_audio, frames.

    Raises:
        UnsupportedMediaError: no film.
        MediaTooLargeError: over a limit.
        AssetNotFoundError: no such file.
    """
    with open_media(path) as stream:
        media_type = film_media_type(stream.read(64))
        facts = probe_film(stream, media_type)
    return Asset.from_file(path, "video", media_type, facts=facts, attribution=attribution)


def film_media_type(head: bytes) -> str:
    """The media type by the first bytes.

    Raises:
        UnsupportedMediaError: no film container that is read.
    """
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"):
        return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head else "video/x-matroska"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "video/x-msvideo"
    if head.startswith(b"OggS"):
        return "video/ogg"
    raise UnsupportedMediaError(
        "not a film that can be read", hint="MP4, MOV, WebM, MKV and AVI are."
    )


def has_pictures(stream: BinaryIO, media_type: str) -> bool:
    """Whether the container holds moving pictures (not only sound, or sound with a cover).

    Raises:
        UnsupportedMediaError: it cannot be opened.
    """
    import av

    stream.seek(0)
    try:
        with av.open(stream, format=_DEMUXERS[media_type]) as container:
            tracks = container.streams.video
            covers = av.stream.Disposition.attached_pic
            has_film = any(not track.disposition & covers for track in tracks)
            return has_film or not container.streams.audio
    except (av.FFmpegError, ValueError, OverflowError) as error:
        raise _damaged(error) from None


def probe_film(stream: BinaryIO, media_type: str) -> dict[str, Any]:
    """Measured facts: packets are counted and the first frame is decoded, headers are not believed.

    Where the header claims another length than the packets have, `declared_duration_s` is added.

    Raises:
        UnsupportedMediaError: not a film, or nothing in it can be decoded.
        MediaTooLargeError: over a limit.
    """
    check_size(stream, "video")
    with _opened(stream, media_type) as container:
        track = container.streams.video[0]
        first = next(container.decode(track), None)
        if first is None:
            raise UnsupportedMediaError("the film has no frame that can be decoded")
        width_px, height_px = first.width, first.height
        if first.rotation % 180:
            width_px, height_px = height_px, width_px
        rate = track.average_rate or track.guessed_rate
        has_audio = bool(container.streams.audio)
        declared_s = container.duration / 1e6 if container.duration else None
    with _opened(stream, media_type) as container:
        frames, span_s = _count_packets(container)
    fps = float(rate) if rate else (frames / span_s if span_s else 0.0)
    duration_s = max(span_s, frames / fps if fps else 0.0)
    facts: dict[str, Any] = {
        "duration_s": round(duration_s, 3),
        "fps": round(fps, 3),
        "width_px": width_px,
        "height_px": height_px,
        "has_audio": has_audio,
        "frames": frames,
    }
    if declared_s is not None and declared_s - duration_s > max(1.0, 0.1 * declared_s):
        facts["declared_duration_s"] = round(declared_s, 3)
    return facts


def read_frames(
    asset: Asset,
    *,
    fps: float | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
    max_frames: int = 100_000,
) -> Iterator[Frame]:
    """The frames of a film, upright, one after the other.

    Args:
        asset: a film.
        fps: give frames at this rate (each instant shows the latest frame); the film's own if None.
        start_s: from here.
        end_s: up to here, not included; the end if None.
        max_frames: how many may be given.

    Raises:
        UnsupportedMediaError: not a film, or damaged before its end.
        MediaTooLargeError: there are more than `max_frames`.
    """
    if fps is not None and not 0 < fps <= 1000:
        raise InputError(f"{fps} frames per second", hint="Over 0, at most 1000.")
    count = 0
    with open_media(asset) as stream, _opened(stream, asset.media_type) as container:
        timed = _timed(container, start_s, end_s)
        for frame in timed if fps is None else _held(timed, fps, start_s, end_s):
            count += 1
            if count > max_frames:
                raise MediaTooLargeError(
                    f"the film has more than {max_frames} frames",
                    hint="Give a shorter span or a lower rate.",
                )
            yield frame


@contextmanager
def _opened(stream: BinaryIO, media_type: str) -> Iterator[Any]:
    import av

    if media_type not in _DEMUXERS:
        raise UnsupportedMediaError(f"{media_type} is no film that can be read")
    stream.seek(0)
    try:
        with av.open(stream, format=_DEMUXERS[media_type]) as container:
            if not container.streams.video:
                raise UnsupportedMediaError("there is no picture in it, only sound")
            context = container.streams.video[0].codec_context
            if context is None:
                raise UnsupportedMediaError("the film's codec is not known")
            if context.width * context.height > MAX_FILM_PIXELS:
                raise MediaTooLargeError(
                    f"the film is {context.width} x {context.height} px",
                    hint=f"At most {MAX_FILM_PIXELS} pixels a frame are read.",
                )
            yield container
    except (av.FFmpegError, ValueError, OverflowError) as error:
        raise _damaged(error) from None


def _damaged(error: Exception) -> UnsupportedMediaError:
    return UnsupportedMediaError(
        f"the film is damaged or cut short: {error}", hint="Export it again from its source."
    )


def _count_packets(container: Any) -> tuple[int, float]:
    """Frames and the span that they cover in seconds, without decoding."""
    track = container.streams.video[0]
    frames, first, end = 0, None, 0.0
    for packet in container.demux(track):
        if not packet.size or packet.pts is None:
            continue
        frames += 1
        if frames > MAX_FILM_FRAMES:
            raise MediaTooLargeError(f"the film has more than {MAX_FILM_FRAMES} frames")
        start = float(packet.pts * packet.time_base)
        first = start if first is None else min(first, start)
        end = max(end, start + float((packet.duration or 0) * packet.time_base))
    return frames, max(0.0, end - (first or 0.0))


def _timed(container: Any, start_s: float, end_s: float | None) -> Iterator[Frame]:
    """Decoded frames of the span; the one that is on screen at `start_s` comes first."""
    track = container.streams.video[0]
    track.thread_type = "AUTO"
    origin = float((track.start_time or 0) * track.time_base)
    if start_s > 0:
        container.seek(int((start_s + origin) * 1_000_000), backward=True)
    waiting: tuple[float, Any] | None = None
    for frame in container.decode(track):
        time_s = float(frame.time or 0.0) - origin
        if end_s is not None and time_s >= end_s - 1e-9:
            break
        if time_s < start_s - 1e-9:
            waiting = (time_s, frame)
            continue
        if waiting is not None and time_s > start_s + 1e-9:
            yield Frame(max(waiting[0], start_s), _pixels(waiting[1]))
        waiting = None
        yield Frame(time_s, _pixels(frame))
    if waiting is not None:
        yield Frame(max(waiting[0], start_s), _pixels(waiting[1]))


def _held(
    frames: Iterator[Frame], fps: float, start_s: float, end_s: float | None
) -> Iterator[Frame]:
    """Sample and hold: at each instant the latest frame."""
    index, shown = 0, None
    spacing_s = 1.0 / fps
    for frame in frames:
        while shown is not None and start_s + index / fps < frame.time_s - 1e-6:
            yield Frame(start_s + index / fps, shown.pixels)
            index += 1
        if shown is not None and frame.time_s > shown.time_s:
            spacing_s = frame.time_s - shown.time_s
        shown = frame
    if shown is None:
        return
    end = shown.time_s + spacing_s if end_s is None else min(end_s, shown.time_s + spacing_s)
    while start_s + index / fps < end - 1e-6:
        yield Frame(start_s + index / fps, shown.pixels)
        index += 1


def _pixels(frame: Any) -> NDArray[np.uint8]:
    import numpy as np

    pixels: NDArray[np.uint8] = frame.to_ndarray(format="rgb24")
    # The display matrix turns counter-clockwise, as rot90 does.
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels
