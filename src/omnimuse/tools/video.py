"""Video tools: films from pictures and sound, and cutting, joining and dubbing of films."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from omnimuse.assets.asset import Asset
from omnimuse.assets.credits import merge_attributions
from omnimuse.crafts.animation.camera import Move
from omnimuse.crafts.animation.transitions import Transition
from omnimuse.errors import InputError
from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Audio, Image, Scene, Text, Transcript, Video

_SECONDS_PER_PICTURE = 4.0
_TAIL_S = 0.8
_FRAME_PIXELS = 1280 * 720

Side = Annotated[int, Arg("pixels", ge=64, le=4096, unit="px")]
Rate = Annotated[float, Arg("frames per second", ge=1, le=60, unit="fps")]


@tool(
    version="1.1.0",
    family="video",
    roles=("scene-to-image",),
    cost_s=12.0,
    memory_mb=400,
    examples=(
        "make a short film of it",
        "turn these pictures into a video with music",
        "a slideshow of my photos with a slow zoom",
        "make a video of the picture with the voice over it",
        "animate the poem as a film with captions",
        "make a 20 second clip from the drawing and the song",
        "做成一个短片",
        "用这些图片制作视频并配上音乐",
    ),
)
def make_video(
    ctx: ToolContext,
    images: list[Image],
    scenes: list[Scene] = (),  # type: ignore[assignment]
    audio: Audio | None = None,
    captions: Text | None = None,
    transcript: Transcript | None = None,
    *,
    duration_s: Annotated[float | None, Arg("whole length", ge=0.5, le=3600, unit="s")] = None,
    width: Side | None = None,
    height: Side | None = None,
    fps: Rate = 24.0,
    motion: Annotated[Move, Arg("camera move over each picture")] = "auto",
    transition: Annotated[Transition, Arg("between pictures")] = "dissolve",
) -> Video:
    """Make a film, video or slideshow from pictures, with sound and captions.

    Pictures are shown in order with camera moves (zoom, pan) and transitions. Where the layered
    scenes of the pictures are given, they are shown instead, layer by layer, so that near things
    pass far things as the camera moves. The film lasts as long as its sound if no length is
    given, else 4 s a picture; it has the shape of its pictures if they share one, else 16:9.
    Captions come from a transcript, each word at its time, or from plain text, spread over the
    film; the transcript wins.
    """
    if not images:
        raise InputError("a film needs at least one picture", hint="Attach or paint one.")
    from omnimuse.crafts.animation.editing import even, fit_sound, sound_track
    from omnimuse.crafts.animation.encode import encode_video
    from omnimuse.crafts.animation.film import Film, Shot

    natural = _natural_size(scenes or images)
    size = even(width or natural[0]), even(height or natural[1])
    count = len(scenes or images)
    sound = sound_track(audio) if audio is not None else None
    length = duration_s or _length(audio, count)
    if scenes:
        takes = _scene_takes(ctx, scenes, motion, size, length / count)
    else:
        takes = _picture_takes(images, motion, size)
    lines = _captions(captions, transcript, audio, length)
    fonts, credit = _caption_fonts(ctx, lines)
    film = Film(
        shots=[Shot(take, length / len(takes)) for take in takes],
        width=size[0],
        height=size[1],
        fps=fps,
        transition=transition,
        captions=lines,
        fonts=fonts,
    )

    def frames() -> Any:
        for number, frame in enumerate(film.frames()):
            if number % 12 == 0:
                ctx.checkpoint(number / film.frame_count, f"frame {number} of {film.frame_count}")
            yield frame

    path = ctx.workdir / "film.mp4"
    track = fit_sound(sound, film.frame_count / fps) if sound is not None else None
    encode_video(path, frames(), fps=fps, width=size[0], height=size[1], audio=track)
    made = _film(path, [*(scenes or images), audio])
    return replace(made, attribution=(*made.attribution, *credit))


@tool(
    version="1.0.0",
    family="video",
    cost_s=3.0,
    memory_mb=200,
    examples=(
        "take five frames from the video",
        "extract pictures from this film",
        "get a still at the start, the middle and the end",
        "从视频中提取三张图片",
    ),
)
def extract_frames(
    ctx: ToolContext,
    video: Video,
    *,
    count: Annotated[int, Arg("how many, at even distances", ge=1, le=200)] = 4,
    at_s: Annotated[list[float], Arg("exact times instead", max_length=200, unit="s")] = (),  # type: ignore[assignment]
) -> list[Image]:
    """Extract still pictures (frames) from a video at even distances or at given times."""
    from PIL import Image as Pillow

    from omnimuse.assets.media import image_asset, read_frames

    length = float(video.facts["duration_s"])
    times = sorted(at_s) or [length * (i + 0.5) / count for i in range(count)]
    if times[-1] > length or times[0] < 0:
        outside = times[0] if times[0] < 0 else times[-1]
        raise InputError(f"the film is {length:g} s long; {outside:g} s lies outside")
    pictures: list[Asset] = []
    pixels = None
    for frame in read_frames(video):
        ctx.checkpoint(frame.time_s / max(length, 0.1), "reading frames")
        while (
            len(pictures) < len(times)
            and frame.time_s + 0.5 / video.facts["fps"] >= times[len(pictures)]
        ):
            picture = Pillow.fromarray(frame.pixels)
            pictures.append(image_asset(picture, attribution=video.attribution))
        if len(pictures) == len(times):
            return pictures
        pixels = frame.pixels
    if pixels is None:
        raise InputError("the film has no frames")
    # a film lasts as long as its last frame does: its end shows that frame
    last = image_asset(Pillow.fromarray(pixels), attribution=video.attribution)
    return pictures + [last] * (len(times) - len(pictures))


@tool(
    version="1.0.0",
    family="video",
    cost_s=2.0,
    memory_mb=200,
    examples=(
        "take a still from the video",
        "a screenshot of the film at 12 seconds",
        "use one frame of the clip as a picture",
        "从视频中截取一张图片",
    ),
)
def extract_frame(
    ctx: ToolContext,
    video: Video,
    *,
    at_s: Annotated[
        float | None, Arg("time of the frame; the middle if left out", ge=0, unit="s")
    ] = None,
) -> Image:
    """Extract one still picture (frame, screenshot) from a video."""
    time_s = float(video.facts["duration_s"]) / 2 if at_s is None else at_s
    return extract_frames(ctx, video, at_s=[time_s])[0]


@tool(
    version="1.0.0",
    family="video",
    cost_s=1.0,
    examples=(
        "get the audio of the video",
        "extract the sound track from the film",
        "save the music of this clip",
        "提取视频里的声音",
    ),
)
def extract_audio(ctx: ToolContext, video: Video) -> Audio:
    """Extract the sound track of a video as audio."""
    from omnimuse.assets.media import audio_asset
    from omnimuse.crafts.animation.editing import film_sound
    from omnimuse.crafts.animation.encode import AUDIO_RATE_HZ

    sound = film_sound(video)
    if sound is None:
        raise InputError("the video has no sound track", hint="Add one with mux_video.")
    return audio_asset(sound, AUDIO_RATE_HZ, attribution=video.attribution)


@tool(
    version="1.0.0",
    family="video",
    cost_s=5.0,
    memory_mb=300,
    examples=(
        "cut the first ten seconds of the video",
        "trim the film from 0:05 to 0:12",
        "keep only the last part of the clip",
        "剪掉视频的前三秒",
    ),
)
def trim_video(
    ctx: ToolContext,
    video: Video,
    *,
    start_s: Annotated[float, Arg("keep from here", ge=0, unit="s")] = 0.0,
    end_s: Annotated[
        float | None, Arg("keep up to here; the end if left out", ge=0, unit="s")
    ] = None,
) -> Video:
    """Trim or cut a video: keep only the part from a start time to an end time."""
    from omnimuse.assets.media import read_frames
    from omnimuse.crafts.animation.editing import even, film_sound, fit_sound, span
    from omnimuse.crafts.animation.encode import AUDIO_RATE_HZ, encode_video

    start, end = span(float(video.facts["duration_s"]), start_s, end_s)
    fps = min(60.0, float(video.facts["fps"]) or 24.0)
    sound = film_sound(video)
    if sound is not None:
        sound = fit_sound(sound[round(start * AUDIO_RATE_HZ) :], end - start)

    def frames() -> Any:
        for frame in read_frames(video, fps=fps, start_s=start, end_s=end):
            ctx.checkpoint((frame.time_s - start) / (end - start), "cutting")
            yield frame.pixels[:height, :width]

    width, height = even(video.facts["width_px"] - 0.5), even(video.facts["height_px"] - 0.5)
    path = ctx.workdir / "film.mp4"
    encode_video(path, frames(), fps=fps, width=width, height=height, audio=sound)
    return _film(path, [video])


@tool(
    version="1.0.0",
    family="video",
    cost_s=8.0,
    memory_mb=300,
    examples=(
        "join the two videos",
        "put these clips one after the other",
        "concatenate all films into one",
        "把两个视频拼接起来",
    ),
)
def concat_videos(
    ctx: ToolContext,
    videos: list[Video],
    *,
    fps: Annotated[float | None, Arg("frames per second; the first film's", ge=1, le=60)] = None,
) -> Video:
    """Join, concatenate or merge several videos one after the other into one film.

    The first film gives shape and rate; others are set whole into its frame.
    """
    import numpy as np

    from omnimuse.crafts.animation.editing import even, film_sound, fit_sound, joined_frames
    from omnimuse.crafts.animation.encode import encode_video

    if not videos:
        raise InputError("there is no video to join", hint="Attach at least one.")
    first = videos[0].facts
    rate = min(60.0, fps or float(first["fps"]) or 24.0)
    width, height = even(first["width_px"]), even(first["height_px"])
    tracks = [film_sound(video) for video in videos]
    sound = None
    if any(track is not None for track in tracks):
        silence = np.zeros((0, 2), np.float32)
        sound = np.concatenate(
            [
                fit_sound(silence if track is None else track, float(video.facts["duration_s"]))
                for track, video in zip(tracks, videos, strict=True)
            ]
        )

    def frames() -> Any:
        for number, frame in enumerate(joined_frames(videos, width, height, rate)):
            if number % 12 == 0:
                ctx.checkpoint(0.0, f"frame {number}")
            yield frame

    path = ctx.workdir / "film.mp4"
    encode_video(path, frames(), fps=rate, width=width, height=height, audio=sound)
    return _film(path, videos)


@tool(
    version="1.0.0",
    family="video",
    cost_s=6.0,
    memory_mb=300,
    examples=(
        "dub the video with this recording",
        "add background music to the film",
        "put the voice onto the video",
        "replace the sound of the clip",
        "给视频配上音乐",
    ),
)
def mux_video(
    ctx: ToolContext,
    video: Video,
    audio: Audio,
    *,
    mode: Annotated[
        Literal["replace", "mix"], Arg("instead of the old sound, or under it")
    ] = "replace",
    level_db: Annotated[
        float, Arg("level of the new sound when mixed", ge=-40, le=12, unit="db")
    ] = -6.0,
) -> Video:
    """Dub a video: add a voice, music or sound track to it, replacing or mixing with its sound.

    The pictures are not encoded again. Sound that is longer than the film is cut with a fade.
    """
    import numpy as np

    from omnimuse.crafts.animation.editing import film_sound, fit_sound, sound_track
    from omnimuse.crafts.animation.encode import copy_with_sound

    length = float(video.facts["duration_s"])
    sound = fit_sound(sound_track(audio), length)
    old = film_sound(video) if mode == "mix" else None
    if old is not None:
        sound = fit_sound(old, length) + sound * np.float32(10 ** (level_db / 20))
        sound /= np.float32(max(1.0, float(np.abs(sound).max()) / 0.98))
    path = ctx.workdir / "film.mp4"
    copy_with_sound(video, path, sound)
    return _film(path, [video, audio])


def _picture_takes(images: list[Asset], motion: Move, size: tuple[int, int]) -> list[Any]:
    import numpy as np

    from omnimuse.assets.media import read_image
    from omnimuse.crafts.animation.camera import MOVES, shot

    takes = []
    for index, image in enumerate(images):
        pixels = np.asarray(read_image(image, mode="RGB"))
        move = MOVES[index % len(MOVES)] if motion == "auto" else motion
        takes.append(shot(pixels, move, *size))
    return takes


def _scene_takes(
    ctx: ToolContext, scenes: list[Asset], motion: Move, size: tuple[int, int], seconds: float
) -> list[Any]:
    if not scenes:
        return []
    from omnimuse.crafts.animation.camera import MOVES
    from omnimuse.crafts.animation.parallax import parallax_shot

    pack = ctx.role("scene-to-image").pack
    moves = [MOVES[i % len(MOVES)] if motion == "auto" else motion for i in range(len(scenes))]
    return [
        parallax_shot(scene.read_json(), pack, move, *size, duration_s=seconds)
        for scene, move in zip(scenes, moves, strict=True)
    ]


def _captions(
    text: Asset | None, transcript: Asset | None, audio: Asset | None, length: float
) -> list[Any]:
    """Timed captions if there is a transcript, else the text spread over the film."""
    from omnimuse.crafts.animation.captions import from_text, from_transcript

    if transcript is None and text is not None and text.kind == "transcript":
        transcript = text
    if transcript is not None:
        offset = float(audio.facts.get("speech_start_s", 0.0)) if audio is not None else 0.0
        return from_transcript(transcript.read_json(), offset)
    if text is None:
        return []
    return from_text(text.read_text(), min(0.4, length / 8), length - min(0.6, length / 8))


def _caption_fonts(ctx: ToolContext, lines: list[Any]) -> tuple[tuple[Path, ...], tuple[Any, ...]]:
    """Fonts of the art pack and whose they are, if the captions need more than the built-in one."""
    from omnimuse.crafts.animation.captions import needs_fonts
    from omnimuse.errors import BackendUnavailableError

    words = [line.text for line in lines if needs_fonts(line.text)]
    if not words:
        return (), ()
    try:
        from omnimuse.crafts.illustration.backend import font_attribution

        pack = ctx.role("scene-to-image").pack
        return pack.fonts.files, tuple(font_attribution(words, pack))
    except (BackendUnavailableError, AttributeError):
        return (), ()


def _natural_size(parts: list[Asset]) -> tuple[float, float]:
    """The shape that all pictures share, else 16:9; as many pixels as 1280 x 720."""
    ratios = [_aspect(part) for part in parts]
    ratio = ratios[0] if max(ratios) / min(ratios) <= 1.05 else 16 / 9
    return (_FRAME_PIXELS * ratio) ** 0.5, (_FRAME_PIXELS / ratio) ** 0.5


def _aspect(part: Asset) -> float:
    if part.kind == "scene":
        from omnimuse.crafts.illustration.scene import Scene as DrawnScene

        width, height = DrawnScene.from_json(part.read_json()).canvas
        return width / height
    return float(part.facts["width_px"]) / float(part.facts["height_px"])


def _length(audio: Asset | None, count: int) -> float:
    if audio is None:
        return _SECONDS_PER_PICTURE * count
    return float(audio.facts["duration_s"]) + _TAIL_S


def _film(path: Path, parts: Sequence[Asset | None]) -> Asset:
    from omnimuse.assets.media import video_asset

    used = [part for part in parts if part is not None]
    return video_asset(path, attribution=merge_attributions(*used))
