"""A thing that moves through a film is taken out, and what was behind it is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import read_frames, video_asset
from omnimuse.backends.base import Detection
from omnimuse.crafts.animation.encode import encode_video
from omnimuse.crafts.animation.erasing import find_takes, spread_boxes
from omnimuse.errors import InputError, NeedsInputError
from omnimuse.tools.video_retouch import remove_object_from_video

WIDTH, HEIGHT, FRAMES = 160, 96, 24
RED = np.full((24, 24, 3), (250, 20, 20), np.uint8)
RED[4:10, 5:12] = RED[13:20, 3:9] = RED[8:17, 15:21] = (190, 70, 70)


class RedEyes:
    """Sees red patches and calls them dogs."""

    def detect(self, pixels: Any, *, threshold: float = 0.3) -> list[Detection]:
        red = (pixels[..., 0] > 170) & (pixels[..., 1] < 80)
        if red.sum() < 60:
            return []
        rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
        box = (columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1)
        return [Detection("dog", 0.9, tuple(float(v) for v in box))]  # type: ignore[arg-type]


def ground(pan: int = 0) -> Any:
    """Blotches with an edge, wider than the film where the camera pans."""
    import cv2

    rng = np.random.default_rng(3)
    noise = rng.integers(40, 200, (HEIGHT // 4, (WIDTH + pan * FRAMES) // 4)).astype(np.uint8)
    grey = cv2.resize(noise, (WIDTH + pan * FRAMES, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.repeat(grey[..., None], 3, axis=2)


def film(folder: Path, *, pan: int = 0, step: int = 4) -> tuple[Asset, list[Any]]:
    """A red square crosses from left to right; also the frames without it."""
    plain = [ground(pan)[:, pan * t : pan * t + WIDTH] for t in range(FRAMES)]
    shown = []
    for t, frame in enumerate(plain):
        frame = frame.copy()
        frame[36:60, 8 + step * t : 32 + step * t] = RED
        shown.append(frame)
    path = folder / "in.mp4"
    encode_video(path, shown, fps=12, width=WIDTH, height=HEIGHT, crf=12)
    return video_asset(path), plain


def removed(make_context: Any, clip: Asset, **arguments: Any) -> list[Any]:
    context = make_context(seed=1, **{"object-detection": RedEyes()})
    made = remove_object_from_video(context, clip, **arguments)
    assert made.facts["frames"] == clip.facts["frames"]
    return [frame.pixels.astype(int) for frame in read_frames(made)]


@pytest.mark.parametrize("pan", [0, 2])
def test_what_was_behind_is_seen(make_context: Any, tmp_path: Path, pan: int) -> None:
    clip, plain = film(tmp_path, pan=pan)
    shown = removed(make_context, clip, words="the dog")
    for t in (4, 12, 20):
        hole = (slice(36, 60), slice(8 + 4 * t, 32 + 4 * t))
        before = np.abs(RED.astype(int) - plain[t][hole].astype(int)).mean()
        assert np.abs(shown[t][hole] - plain[t][hole]).mean() < 0.16 * before
    if not pan:
        inside = [np.abs(a[36:60] - b[36:60]).mean() for a, b in zip(shown[4:], shown[3:])]
        assert max(inside) < 4.0  # a filling that flickers would differ from frame to frame


def test_a_box_on_the_first_frame_is_followed(make_context: Any, tmp_path: Path) -> None:
    clip, plain = film(tmp_path, step=2)
    shown = removed(make_context, clip, box=[8, 36, 24, 24])
    hole = (slice(36, 60), slice(8 + 40, 32 + 40))
    assert np.abs(shown[20][hole] - plain[20][hole]).mean() < 25


def test_what_no_frame_shows_is_filled_once(make_context: Any, tmp_path: Path) -> None:
    clip, _ = film(tmp_path, step=0)
    shown = removed(make_context, clip, words="dog")
    patch = [frame[38:58, 10:30] for frame in shown]
    assert all((p[..., 0] - p[..., 1]).mean() < 60 for p in patch)  # of the square: over 120
    assert max(np.abs(a - b).mean() for a, b in zip(patch[1:], patch)) < 3.0


def test_asks_where_a_thing_is_that_is_not_seen(make_context: Any, tmp_path: Path) -> None:
    clip, _ = film(tmp_path)
    with pytest.raises(NeedsInputError, match="cannot find 'a piano'") as caught:
        removed(make_context, clip, words="a piano")
    assert "dog" in caught.value.hint
    with pytest.raises(InputError, match="nothing is pointed at"):
        removed(make_context, clip)


def test_boxes_between_two_looks() -> None:
    boxes = spread_boxes([(0, [(0, 0, 4, 4)]), (2, [(8, 0, 4, 4)]), (4, [])], 6)
    assert boxes == [
        [(0, 0, 4, 4)], [(4, 0, 4, 4)], [(8, 0, 4, 4)], [(8, 0, 4, 4)], [], [],
    ]  # fmt: skip


def test_a_cut_begins_a_take() -> None:
    first, second = ground(), ground()[::-1, ::-1].copy()
    frames = [first] * 3 + [255 - second] * 3
    takes = find_takes(frames, [[]] * 6)
    assert [(take.start, take.end) for take in takes] == [(0, 3), (3, 6)]
    assert all(np.array_equal(m, np.eye(3)) for take in takes for m in take.motions)
