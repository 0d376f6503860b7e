from __future__ import annotations

import io

import av
import numpy as np
import pytest

from omnimuse.assets.asset import Asset
from omnimuse.assets.films import probe_film
from omnimuse.assets.media import read_frames, video_asset
from omnimuse.errors import (
    AssetNotFoundError,
    InputError,
    MediaTooLargeError,
    UnsupportedMediaError,
)


@pytest.mark.parametrize(
    ("name", "media_type"), [("film.mp4", "video/mp4"), ("film.webm", "video/webm")]
)
def test_facts_of_a_film(samples_dir, name, media_type):
    asset = video_asset(samples_dir / name)
    facts = dict(asset.facts)
    assert asset.media_type == media_type
    assert facts.pop("duration_s") == pytest.approx(2.0, abs=0.1)
    assert facts == {"fps": 12.0, "width_px": 64, "height_px": 48, "has_audio": True, "frames": 24}


def test_all_frames_in_order(samples_dir):
    frames = list(read_frames(video_asset(samples_dir / "film.mp4")))
    assert len(frames) == 24
    assert [f.time_s for f in frames] == pytest.approx([i / 12 for i in range(24)])
    assert frames[0].pixels.shape == (48, 64, 3)
    levels = [frame.pixels.mean() for frame in frames]
    assert levels == pytest.approx([i * 10 for i in range(24)], abs=6)


@pytest.mark.parametrize("fps", [4, 12, 25, 30])
def test_frames_at_another_rate(samples_dir, fps):
    frames = list(read_frames(video_asset(samples_dir / "film.mp4"), fps=fps))
    assert len(frames) == 2 * fps
    for index, frame in enumerate(frames):
        assert frame.time_s == pytest.approx(index / fps)
        assert frame.pixels.mean() == pytest.approx(int(index / fps * 12 + 1e-6) * 10, abs=6)


def test_a_span_begins_with_what_is_on_screen(samples_dir):
    asset = video_asset(samples_dir / "film.mp4")
    frames = list(read_frames(asset, start_s=0.54, end_s=0.8))
    assert frames[0].time_s == pytest.approx(0.54)
    assert [round(f.pixels.mean(), -1) for f in frames] == [60, 70, 80, 90]
    assert next(read_frames(asset, start_s=5.0)).pixels.mean() == pytest.approx(230, abs=6)


def test_limit_of_frames(samples_dir):
    frames = read_frames(video_asset(samples_dir / "film.mp4"), max_frames=10)
    with pytest.raises(MediaTooLargeError, match="10 frames"):
        list(frames)
    with pytest.raises(InputError):
        list(read_frames(video_asset(samples_dir / "film.mp4"), fps=0))


def test_film_without_its_end_is_named(samples_dir, tmp_path):
    data = (samples_dir / "film.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    with pytest.raises(UnsupportedMediaError):
        video_asset(tmp_path / "cut.mp4")


def test_film_that_claims_more_than_it_has(samples_dir, tmp_path):
    data = (samples_dir / "film.webm").read_bytes()
    cut = tmp_path / "cut.webm"
    cut.write_bytes(data[: len(data) // 2])
    try:
        facts = video_asset(cut).facts
    except UnsupportedMediaError:
        return
    assert facts["frames"] < 24
    assert facts["duration_s"] < 2.0


def test_not_a_film(tmp_path):
    (tmp_path / "no.mp4").write_bytes(b"hello" * 100)
    with pytest.raises(UnsupportedMediaError, match="not a film"):
        video_asset(tmp_path / "no.mp4")
    with pytest.raises(AssetNotFoundError):
        video_asset(tmp_path / "missing.mp4")


def test_a_playlist_never_opens_other_files(samples_dir, tmp_path):
    text = f"ffconcat version 1.0\nfile {samples_dir / 'film.mp4'}\n".encode()
    with pytest.raises(UnsupportedMediaError):
        probe_film(io.BytesIO(text), "video/mp4")
    with pytest.raises(UnsupportedMediaError, match="no film"):
        list(read_frames(Asset.from_bytes(text, "video", "application/x-mpegurl")))


def test_film_of_a_turned_phone_is_upright(tmp_path):
    pixels = np.zeros((32, 64, 3), np.uint8)
    pixels[:, :32] = 255
    path = tmp_path / "phone.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    one, minus = (1 << 16).to_bytes(4, "big"), (-(1 << 16)).to_bytes(4, "big", signed=True)
    zero = bytes(4)
    # Shown turned by 90 degrees clockwise: the left half becomes the top.
    data[matrix : matrix + 32] = zero + one + zero + minus + zero * 4
    path.write_bytes(data)
    asset = video_asset(path)
    assert (asset.facts["width_px"], asset.facts["height_px"]) == (32, 64)
    shown = next(read_frames(asset)).pixels
    assert shown.shape == (64, 32, 3)
    assert shown[:28].mean() > 240
    assert shown[36:].mean() < 15


def test_silent_film(tmp_path):
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    facts = video_asset(path).facts
    assert facts["has_audio"] is False
    assert facts["frames"] == 1
    assert facts["duration_s"] == pytest.approx(0.1, abs=0.01)
