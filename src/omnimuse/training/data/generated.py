"""Data made by rule: points in the plane, and digits that bounce in a film."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from omnimuse.errors import DatasetError
from omnimuse.training.dataset import Dataset

Pair = tuple[Dataset, Dataset]
Points = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]
TRAIN_POINTS, HELD_OUT_POINTS = 20_000, 4_000
FILMS, HELD_OUT_FILMS = 1_000, 100


def _ring(rng: np.random.Generator, count: int) -> Points:
    """Eight narrow Gaussians (standard deviation 0.05) on the unit circle: mode coverage."""
    modes = rng.integers(0, 8, count)
    centres = np.stack((np.cos(modes * np.pi / 4), np.sin(modes * np.pi / 4)), 1)
    return centres + rng.normal(0, 0.05, (count, 2)), modes


def _moons(rng: np.random.Generator, count: int) -> Points:
    """Two half circles that reach into each other, noise 0.08."""
    sides = rng.integers(0, 2, count)
    angle = rng.random(count) * np.pi
    x = np.where(sides == 0, np.cos(angle) - 0.5, 0.5 - np.cos(angle))
    y = np.where(sides == 0, np.sin(angle) - 0.25, 0.25 - np.sin(angle))
    return np.stack((x, y), 1) + rng.normal(0, 0.08, (count, 2)), sides


def _checkerboard(rng: np.random.Generator, count: int) -> Points:
    """The eight dark fields of a 4 x 4 board on [-2, 2]^2: sharp edges; entropy log 8 nats."""
    fields = rng.integers(0, 8, count)
    row = fields // 2
    column = 2 * (fields % 2) + row % 2
    return np.stack((column, row), 1) - 2 + rng.random((count, 2)), fields


POINTS: dict[str, Callable[[np.random.Generator, int], Points]] = {
    "ring": _ring,
    "moons": _moons,
    "checkerboard": _checkerboard,
}


def points(name: str) -> Pair:
    """20,000 training and 4,000 held-out points in the plane, always the same."""
    parts = []
    for seed, count in ((0, TRAIN_POINTS), (1, HELD_OUT_POINTS)):
        x, labels = POINTS[name](np.random.default_rng(seed), count)
        classes = tuple(str(n) for n in range(int(labels.max()) + 1))
        parts.append(
            Dataset(
                name, x.astype(np.float32), labels.astype(np.int64), kind="points",
                classes=classes, licence="Apache-2.0", attribution="Omnimuse", source="generated",
            )
        )  # fmt: skip
    return parts[0], parts[1]


def moving_digits(base: Pair, *, side_px: int = 64, frames: int = 20) -> Pair:
    """Two digits that glide and bounce off the edges of each film.

    Args:
        base: pictures of digits; held-out films use held-out digits only.
        side_px: of a frame, at least twice the digits' side.
        frames: in a film, at least 2.

    Raises:
        DatasetError: the digits do not fit.

    Source: Srivastava, Mansimov and Salakhutdinov 2015, arXiv:1502.04681, section 4.1.
    """
    if frames < 2 or base[0].x.shape[2] * 2 > side_px:
        raise DatasetError(
            f"{base[0].x.shape[2]} px digits cannot move in {frames} frames of {side_px} px",
            hint="Choose data.frames of 2 or more and a larger data.size_px.",
        )
    counts = (FILMS, HELD_OUT_FILMS)
    return (
        _films(base[0], counts[0], side_px, frames, seed=0),
        _films(base[1], counts[1], side_px, frames, seed=1),
    )


def _films(data: Dataset, count: int, side: int, frames: int, *, seed: int) -> Dataset:
    rng = np.random.default_rng([seed, side, frames])
    digit = data.x.shape[2]
    room = side - digit
    films = np.zeros((count, frames, 1, side, side), np.uint8)
    chosen = rng.integers(0, len(data), (count, 2))
    start = rng.random((count, 2, 2)) * room
    angle = rng.random((count, 2)) * 2 * np.pi
    speed = rng.uniform(0.03, 0.08, (count, 2)) * side  # px a frame
    step = np.stack((np.cos(angle), np.sin(angle)), -1) * speed[..., None]
    for frame in range(frames):
        way = (start + step * frame) % (2 * room)
        place = np.where(way > room, 2 * room - way, way).round().astype(int)  # bounced
        for film in range(count):
            for actor in range(2):
                top, left = place[film, actor]
                area = films[film, frame, 0, top : top + digit, left : left + digit]
                np.maximum(area, data.x[chosen[film, actor], 0], out=area)
    captions: tuple[str, ...] = ()
    if data.labels is not None:
        pairs = data.labels[chosen]
        captions = tuple(f"the digits {a} and {b} move and bounce" for a, b in pairs)
    return Dataset(
        "moving-mnist", films, captions=captions, kind="video", licence=data.licence,
        attribution=data.attribution, source=f"generated from {data.name}",
    )  # fmt: skip
