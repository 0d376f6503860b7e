from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from omnimuse.assets.media import audio_asset, read_frames, video_asset
from omnimuse.crafts.animation.editing import (
    even,
    film_sound,
    fit_sound,
    joined_frames,
    sound_track,
    span,
)
from omnimuse.crafts.animation.encode import AUDIO_RATE_HZ, copy_with_sound, encode_video
from omnimuse.errors import InputError, StorageError

W, H = 96, 64


def frames(count: int, flash_at: int = -1) -> list[np.ndarray]:
    base = np.full((H, W, 3), 40, np.uint8)
    return [np.full_like(base, 250) if i == flash_at else base for i in range(count)]


def beep(seconds: float, at_s: float) -> np.ndarray:
    sound = np.zeros((round(seconds * AUDIO_RATE_HZ), 2), np.float32)
    start = round(at_s * AUDIO_RATE_HZ)
    time = np.arange(2400) / AUDIO_RATE_HZ
    sound[start : start + 2400] = (0.8 * np.sin(2 * np.pi * 1000 * time))[:, None]
    return sound


@pytest.mark.parametrize(("fps", "count"), [(24.0, 36), (10.0, 13), (29.97, 30), (1.0, 2)])
def test_every_frame_arrives_and_the_length_is_right(
    tmp_path: Path, fps: float, count: int
) -> None:
    path = tmp_path / "film.mp4"
    encode_video(path, frames(count), fps=fps, width=W, height=H)
    film = video_asset(path)
    assert film.facts["frames"] == count
    assert film.facts["duration_s"] == pytest.approx(count / fps, abs=0.5 / fps)
    assert (film.facts["width_px"], film.facts["height_px"]) == (W, H)
    assert not film.facts["has_audio"]
    assert len(list(read_frames(film))) == count


def test_sound_and_picture_meet_within_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    encode_video(path, frames(48, flash_at=30), fps=24, width=W, height=H, audio=beep(2.0, 1.25))
    film = video_asset(path)
    flash = next(f.time_s for f in read_frames(film) if f.pixels.mean() > 150)
    sound = film_sound(film)
    assert sound is not None
    loud = np.flatnonzero(np.abs(sound[:, 0]) > 0.3)[0] / AUDIO_RATE_HZ
    assert flash == pytest.approx(1.25, abs=1 / 48)
    assert loud == pytest.approx(flash, abs=1 / 24)
    assert len(sound) / AUDIO_RATE_HZ == pytest.approx(2.0, abs=0.05)


def test_the_same_frames_give_the_same_bytes_without_dates(tmp_path: Path) -> None:
    first, second = tmp_path / "a.mp4", tmp_path / "b.mp4"
    for path in (first, second):
        encode_video(path, frames(12, 5), fps=24, width=W, height=H, audio=beep(0.5, 0.1))
    assert first.read_bytes() == second.read_bytes()
    with av.open(str(first)) as container:
        assert "creation_time" not in container.metadata
        assert "encoder" not in container.metadata


def test_mono_sound_is_taken_too(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    encode_video(path, frames(12), fps=24, width=W, height=H, audio=beep(0.5, 0.1)[:, :1])
    sound = film_sound(video_asset(path))
    assert sound is not None
    assert sound.shape[1] == 2
    assert np.abs(sound[:, 0] - sound[:, 1]).max() < 0.02


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises((StorageError, Exception), match="film could not be"):
        encode_video(tmp_path / "no" / "film.mp4", frames(3), fps=24, width=W, height=H)


def test_dubbing_keeps_the_picture_packets(tmp_path: Path) -> None:
    silent, dubbed = tmp_path / "a.mp4", tmp_path / "b.mp4"
    encode_video(silent, frames(24, 7), fps=24, width=W, height=H)
    copy_with_sound(video_asset(silent), dubbed, beep(1.0, 0.5))

    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(p) for p in container.demux(video=0) if p.size]

    assert packets(silent) == packets(dubbed)
    assert video_asset(dubbed).facts["has_audio"]


def test_sizes_become_even() -> None:
    assert [even(v) for v in (1, 16, 17, 18.9, 1280)] == [16, 16, 16, 18, 1280]


def test_sound_is_fitted_with_silence_or_a_fade() -> None:
    ones = np.ones((AUDIO_RATE_HZ, 2), np.float32)
    longer, shorter = fit_sound(ones, 1.5), fit_sound(ones, 0.5)
    assert len(longer) == 72000
    assert longer[-1].tolist() == [0, 0]
    assert len(shorter) == 24000
    assert abs(shorter[-1, 0]) < 1e-3
    assert shorter[0, 0] == 1
    assert ones.min() == 1, "the sound itself is untouched"


@pytest.mark.parametrize(("start", "end"), [(5.0, None), (2.0, 1.0), (-1.0, 2.0), (1.0, 1.0)])
def test_empty_spans_are_refused(start: float, end: float | None) -> None:
    with pytest.raises(InputError, match="empty"):
        span(4.0, start, end)


def test_spans_end_with_the_medium() -> None:
    assert span(4.0, 1.0, None) == (1.0, 4.0)
    assert span(4.0, 1.0, 99.0) == (1.0, 4.0)


def test_any_sound_becomes_48_khz_stereo() -> None:
    track = sound_track(audio_asset(np.zeros(22050, np.float32), 22050))
    assert track.shape == (48000, 2)


def test_films_of_other_shapes_are_joined_in_the_first_ones_frame(tmp_path: Path) -> None:
    wide, tall = tmp_path / "a.mp4", tmp_path / "b.mp4"
    encode_video(wide, frames(5), fps=10, width=W, height=H)
    encode_video(tall, [np.full((96, 48, 3), 200, np.uint8)] * 5, fps=10, width=48, height=96)
    joined = list(joined_frames([video_asset(wide), video_asset(tall)], W, H, 10.0))
    assert len(joined) == 10
    assert {frame.shape for frame in joined} == {(H, W, 3)}
    assert joined[-1][H // 2, W // 2].mean() > 190
