"""Taking a thing out of a film: what it hides in one frame, other frames show.

The camera's motion is measured between frames; all frames of a take are laid over each other in one
picture, and the median of those that show a place is what is behind the thing there (Granados et
al. 2012, "Background Inpainting for Videos with Dynamic Objects and a Free-moving Camera"). What no
frame shows is filled once, in that picture, so that it stands still. In each frame only pixels that
differ from the picture behind are replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.imaging.inpainting import inpaint

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]
Frames = Callable[[], Iterable[Pixels]]

_WORK_SIDE = 320
_SAMPLES = 25
_LEAST_VIEWS = 3
_MOST_DRIFT = 0.8
_CUT_LEVEL = 0.5
_DIFFERENT = 14.0
_MARGIN = 0.12
_REACH, _ALIKE = 0.4, 0.4


@dataclass(frozen=True)
class Take:
    """Frames without a cut that one picture can hold.

    Attributes:
        start: first frame.
        end: after the last one.
        motions: for each frame, 3 x 3, its places to those of the take's first frame.
    """

    start: int
    end: int
    motions: tuple[NDArray[np.float64], ...]


def spread_boxes(found: Sequence[tuple[int, Sequence[Box]]], frames: int) -> list[list[Box]]:
    """Boxes for every frame from those of some frames.

    Args:
        found: frame numbers in order, each with the boxes of the things that are to go; the k-th
            box of one and of the next are of the same thing where both have as many.
        frames: how many frames there are.
    """
    boxes: list[list[Box]] = [[] for _ in range(frames)]
    for (first, before), (second, after) in pairwise(found):
        for number in range(first, second):
            share = (number - first) / (second - first)
            if len(before) == len(after):
                boxes[number] = [_between(a, b, share) for a, b in zip(before, after, strict=True)]
            else:  # one comes or goes: it may be there in all frames between
                boxes[number] = [*before, *after]
    if found:
        last, own = found[-1]
        for number in range(last, frames):
            boxes[number] = list(own)
    return boxes


def follow_box(box: Box, frames: Iterable[Pixels]) -> list[Box]:
    """Where what a box holds goes from frame to frame, by its looks.

    Normalised cross-correlation with the frame before, at three sizes (Lewis 1995, "Fast
    Normalized Cross-Correlation"); where nothing is alike, the box stays.
    """
    boxes = [box]
    before: Pixels | None = None
    for frame in frames:
        grey, scale = _small(frame)
        if before is not None:
            boxes.append(_moved(boxes[-1], before, grey, scale))
        before = grey
    return boxes


def find_takes(frames: Iterable[Pixels], boxes: Sequence[Sequence[Box]]) -> list[Take]:
    """Takes with the camera's motion, measured where no box is."""
    takes: list[Take] = []
    start, motions = 0, [np.eye(3)]
    before: Pixels | None = None
    number = -1
    for number, frame in enumerate(frames):
        grey, scale = _small(frame)
        if before is not None:
            step = _camera_step(before, grey, boxes[number - 1], scale)
            path = None if step is None else motions[-1] @ step
            if path is None or _drift(path, frame.shape) > _MOST_DRIFT:
                takes.append(Take(start, number, tuple(motions)))
                start, motions = number, [np.eye(3)]
            else:
                motions.append(path)
        before = grey
    if number >= start:
        takes.append(Take(start, number + 1, tuple(motions)))
    return takes


def erased(
    frames: Frames,
    boxes: Sequence[Sequence[Box]],
    takes: Sequence[Take],
    *,
    seed: int = 0,
    report: Callable[[float], None] = lambda share: None,
) -> Iterator[Pixels]:
    """The frames without what is in the boxes.

    Args:
        frames: gives the frames from the start each time it is called.
        boxes: of each frame.
        takes: as `find_takes` gives them.
        seed: of the filling of what no frame shows.
        report: told the share of frames that is done.
    """
    total = takes[-1].end if takes else 0
    plates: dict[int, _Plate] = {}
    number_of = {n: t for t, take in enumerate(takes) for n in range(take.start, take.end)}
    samples = _sampled(frames, boxes, takes)
    for number, frame in enumerate(frames()):
        report(number / max(1, total))
        if number >= total or not boxes[number]:
            yield frame
            continue
        t = number_of[number]
        if t not in plates:
            plates = {t: _Plate(takes[t], samples.pop(t), boxes, seed)}
        yield plates[t].cover(frame, number, boxes[number])


def _sampled(
    frames: Frames, boxes: Sequence[Sequence[Box]], takes: Sequence[Take]
) -> dict[int, dict[int, Pixels]]:
    """Some frames of each take that has a box, at even distances."""
    wanted: dict[int, int] = {}
    for t, take in enumerate(takes):
        if any(boxes[n] for n in range(take.start, take.end)):
            for n in np.unique(np.linspace(take.start, take.end - 1, _SAMPLES).round().astype(int)):
                wanted[int(n)] = t
    found: dict[int, dict[int, Pixels]] = {}
    for number, frame in enumerate(frames()):
        if number in wanted:
            found.setdefault(wanted[number], {})[number] = frame.copy()
    return found


class _Plate:
    """What is behind the things of one take."""

    def __init__(
        self, take: Take, samples: dict[int, Pixels], boxes: Sequence[Sequence[Box]], seed: int
    ) -> None:
        import cv2

        self._take = take
        height, width = next(iter(samples.values())).shape[:2]
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
        reach = np.concatenate([_apply(m, corners) for m in take.motions])
        low, high = np.floor(reach.min(axis=0)), np.ceil(reach.max(axis=0))
        self._shift = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]], np.float64)
        size = (int(high[0] - low[0]), int(high[1] - low[1]))
        views, shown = [], []
        for number, frame in samples.items():
            matrix = self._shift @ take.motions[number - take.start]
            seen = 255 - _inside(frame.shape, boxes[number], _MARGIN)
            views.append(cv2.warpPerspective(frame, matrix, size, flags=cv2.INTER_LINEAR))
            shown.append(cv2.warpPerspective(seen, matrix, size, flags=cv2.INTER_NEAREST) > 0)
        self._pixels, known = _median(views, shown)
        hidden = ~known
        near = cv2.dilate(np.any([~s for s in shown], axis=0).astype(np.uint8), np.ones((9, 9)))
        if (hidden & (near > 0)).any():
            self._pixels = inpaint(self._pixels, hidden & (near > 0), seed=seed)
        self._known = known.astype(np.uint8) * 255

    def cover(self, frame: Pixels, number: int, boxes: Sequence[Box]) -> Pixels:
        """A frame with the boxes covered where they differ from what is behind."""
        import cv2

        height, width = frame.shape[:2]
        matrix = self._shift @ self._take.motions[number - self._take.start]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        behind = cv2.warpPerspective(
            self._pixels, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        known = cv2.warpPerspective(self._known, matrix, (width, height), flags=flags)
        room = _inside(frame.shape, boxes, _MARGIN) > 0
        ring = (_inside(frame.shape, boxes, 3 * _MARGIN) > 0) & ~room & (known > 250)
        light = _light(frame, behind, ring)
        behind = np.clip(behind.astype(np.float32) + light, 0, 255)
        apart = np.abs(cv2.GaussianBlur(frame, (0, 0), 1.2).astype(np.float32)
                       - cv2.GaussianBlur(behind, (0, 0), 1.2)).max(axis=2)  # fmt: skip
        side = max(3, round(max(height, width) / 90)) | 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        differs = ((apart > _DIFFERENT) & room).astype(np.uint8)
        differs = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, disc, iterations=2)
        hole = cv2.dilate(differs, disc) * room | ((known < 250) & room)
        share = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), side / 4)[..., None]
        mixed = frame * (1.0 - share) + behind * share
        return np.asarray(mixed + 0.5, np.uint8)


def _median(views: list[Pixels], shown: list[Any]) -> tuple[Pixels, NDArray[np.bool_]]:
    """The median of the views that show a place, and which places enough of them show.

    Row by row, so that no more than a row of all views is sorted at a time.
    """
    height, width = views[0].shape[:2]
    pixels = np.empty((height, width, 3), np.uint8)
    counts = np.sum(shown, axis=0)
    for y in range(height):
        row = np.stack([view[y] for view in views]).astype(np.int16)
        row[~np.stack([s[y] for s in shown])] = 999  # after all that counts
        row.sort(axis=0)
        middle = np.maximum(counts[y] - 1, 0) // 2
        other = np.maximum(counts[y], 1) // 2
        columns = np.arange(width)
        pixels[y] = np.minimum((row[middle, columns] + row[other, columns] + 1) // 2, 255)
    return pixels, counts >= min(_LEAST_VIEWS, len(views))


def _light(frame: Pixels, behind: Pixels, ring: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How much brighter a frame is around the thing than the picture behind it."""
    if ring.sum() < 50:
        return np.zeros(3, np.float32)
    apart = frame[ring].astype(np.float32) - behind[ring]
    return np.asarray(np.clip(np.median(apart, axis=0), -25, 25), np.float32)


def _inside(shape: tuple[int, ...], boxes: Sequence[Box], margin: float) -> Pixels:
    """255 in the boxes with a margin of their size, 0 outside."""
    mask = np.zeros(shape[:2], np.uint8)
    for x, y, w, h in boxes:
        left, top = max(0, int(x - margin * w) - 3), max(0, int(y - margin * h) - 3)
        mask[top : int(y + h * (1 + margin)) + 4, left : int(x + w * (1 + margin)) + 4] = 255
    return mask


def _between(a: Box, b: Box, share: float) -> Box:
    x, y, w, h = (p + share * (q - p) for p, q in zip(a, b, strict=True))
    return (x, y, w, h)


def _small(frame: Pixels) -> tuple[Pixels, float]:
    """A grey, small copy, and its size as a share of the frame's."""
    import cv2

    scale = min(1.0, _WORK_SIDE / max(frame.shape[:2]))
    size = (max(16, round(frame.shape[1] * scale)), max(16, round(frame.shape[0] * scale)))
    grey = cv2.cvtColor(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    return np.asarray(grey, np.uint8), scale


def _tracked(before: Pixels, after: Pixels, mask: Pixels) -> tuple[Any, Any]:
    """Corners before and where they are after, those that are found again from there alone."""
    import cv2

    corners = cv2.goodFeaturesToTrack(before, 300, 0.01, 5, mask=mask)
    if corners is None:
        return np.empty((0, 2)), np.empty((0, 2))
    there, ok, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, None)
    back, again, _ = cv2.calcOpticalFlowPyrLK(after, before, there, None)
    error = np.linalg.norm((back - corners).reshape(-1, 2), axis=1)
    good = (ok.ravel() > 0) & (again.ravel() > 0) & (error < 0.7)
    return corners.reshape(-1, 2)[good], there.reshape(-1, 2)[good]


def _camera_step(
    before: Pixels, after: Pixels, boxes: Sequence[Box], scale: float
) -> NDArray[np.float64] | None:
    """Places of the later frame to those of the earlier one; None at a cut."""
    import cv2

    own = [(x * scale, y * scale, w * scale, h * scale) for x, y, w, h in boxes]
    old, new = _tracked(before, after, 255 - _inside(before.shape, own, _MARGIN))
    if len(old) < 12:
        is_still = float(np.abs(before.astype(int) - after).mean()) < 12
        return np.eye(3) if is_still else None
    matrix, inliers = cv2.estimateAffinePartial2D(new, old, ransacReprojThreshold=1.0)
    if matrix is None or inliers.mean() < _CUT_LEVEL:
        return None
    if float(np.median(np.linalg.norm(new - old, axis=1))) < 0.08:
        return np.eye(3)  # a camera that stands still must not creep
    step = np.vstack([matrix, [0.0, 0.0, 1.0]])
    step[:2, 2] /= scale
    return step


def _drift(path: NDArray[np.float64], shape: tuple[int, ...]) -> float:
    """How far a frame has gone from the first one, in its own sizes; zooms count too."""
    height, width = shape[:2]
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
    return float((np.abs(_apply(path, corners) - corners) / (width, height)).max())


def _apply(matrix: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points @ matrix[:2, :2].T + matrix[:2, 2]


def _moved(box: Box, before: Pixels, after: Pixels, scale: float) -> Box:
    """The place in the later frame that looks most like a box of the earlier one."""
    import cv2

    height, width = before.shape
    x, y, w, h = (round(v * scale) for v in box)
    left, top, right, bottom = max(0, x), max(0, y), min(width, x + w), min(height, y + h)
    if right - left < 6 or bottom - top < 6:
        return box  # it has left the frame
    own = before[top:bottom, left:right]
    reach = max(8, round(_REACH * max(w, h)))
    room = after[max(0, top - reach) : bottom + reach, max(0, left - reach) : right + reach]
    best = (_ALIKE, left, top, 1.0)
    for size in (1.0, 0.97, 1.03):
        pattern = cv2.resize(own, None, fx=size, fy=size, interpolation=cv2.INTER_LINEAR)
        if pattern.shape[0] > room.shape[0] or pattern.shape[1] > room.shape[1]:
            continue
        likeness = cv2.matchTemplate(room, pattern, cv2.TM_CCOEFF_NORMED)
        _, value, _, (u, v) = cv2.minMaxLoc(likeness)
        if value > best[0] + (0.0 if size == 1.0 else 0.02):
            best = (value, u + max(0, left - reach), v + max(0, top - reach), size)
    _, u, v, size = best
    dx, dy = (u - left) / scale, (v - top) / scale
    return (box[0] + dx, box[1] + dy, box[2] * size, box[3] * size)
