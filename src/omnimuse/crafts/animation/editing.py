"""Cutting and joining films: frames stream through, sound is held as samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from omnimuse.assets.asset import Asset
from omnimuse.assets.limits import open_media
from omnimuse.assets.media import mix_channels, read_audio, read_frames, resample
from omnimuse.crafts.animation.camera import fill_frame, view_at
from omnimuse.crafts.animation.encode import AUDIO_RATE_HZ
from omnimuse.errors import InputError, UnsupportedMediaError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SIDE_PX = 4096


def even(value: float) -> int:
    """The nearest even number of pixels, at least 16: what 4:2:0 films need."""
    return max(16, round(value / 2) * 2)


def film_sound(film: Asset) -> NDArray[np.float32] | None:
    """The sound of a film at 48 kHz stereo, (N, 2); None if it is silent by design.

    Raises:
        UnsupportedMediaError: the sound track is damaged.
    """
    if not film.facts.get("has_audio"):
        return None
    import av

    blocks: list[Any] = []
    try:
        with open_media(film) as stream, av.open(stream) as container:
            resampler = av.AudioResampler(format="fltp", layout="stereo", rate=AUDIO_RATE_HZ)
            for frame in container.decode(audio=0):
                blocks += [part.to_ndarray() for part in resampler.resample(frame)]
            blocks += [part.to_ndarray() for part in resampler.resample(None)]
    except (av.FFmpegError, ValueError) as error:
        raise UnsupportedMediaError(f"the film's sound is damaged: {error}") from None
    if not blocks:
        return None
    return np.ascontiguousarray(np.concatenate(blocks, axis=1).T, np.float32)


def sound_track(audio: Asset) -> NDArray[np.float32]:
    """Any audio asset at 48 kHz stereo, (N, 2)."""
    samples, rate = read_audio(audio)
    return mix_channels(resample(samples, rate, AUDIO_RATE_HZ), 2)


def fit_sound(sound: NDArray[np.float32], duration_s: float) -> NDArray[np.float32]:
    """Cut (with a short fade) or padded with silence to exactly that length."""
    wanted = round(duration_s * AUDIO_RATE_HZ)
    if len(sound) <= wanted:
        return np.pad(sound, ((0, wanted - len(sound)), (0, 0)))
    sound = sound[:wanted].copy()
    tail = min(wanted, AUDIO_RATE_HZ // 4)
    sound[wanted - tail :] *= np.linspace(1.0, 0.0, tail, dtype=np.float32)[:, None]
    return sound


def span(duration_s: float, start_s: float, end_s: float | None) -> tuple[float, float]:
    """A checked time span within a medium.

    Raises:
        InputError: empty, or outside.
    """
    end = duration_s if end_s is None else min(end_s, duration_s)
    if not 0 <= start_s < end:
        raise InputError(
            f"from {start_s:g} s to {end:g} s of a medium of {duration_s:g} s is empty",
            hint="Give start_s below end_s, both within the medium.",
        )
    return start_s, end


def joined_frames(
    films: Sequence[Asset], width: int, height: int, fps: float
) -> Iterator[NDArray[np.uint8]]:
    """The frames of all films one after the other, in one shape and rate."""
    from omnimuse.crafts.animation.camera import look

    for film in films:
        for frame in read_frames(film, fps=fps):
            if frame.pixels.shape[:2] == (height, width):
                yield frame.pixels
            else:
                whole = fill_frame(frame.pixels, width, height)
                yield look(whole, view_at("still", 0.0), width, height)
