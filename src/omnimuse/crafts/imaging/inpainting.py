"""Filling holes with what the rest of the picture is made of.

Sources: Wexler et al. 2007, "Space-Time Completion of Video" (patches agree at all scales, those
near the rim count more); Efros & Leung 1999 (first fill); Barnes et al. 2009, "PatchMatch"
(search); Perez et al. 2003, "Poisson Image Editing" (no seam).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.imaging.masks import bounding_box
from omnimuse.errors import ArgumentError

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Places = NDArray[np.int64]

_WORK_SIDE = 320
_WORK_PIXELS = 12_000
_MAX_SHIFT = 20.0
_RADIUS = 3
_ROUNDS = 4
_SEARCHES = 3
_TRUST = 1.3


def inpaint(
    rgb: NDArray[np.uint8],
    hole: Bools,
    *,
    seed: int = 0,
    report: Callable[[float], None] = lambda share: None,
) -> NDArray[np.uint8]:
    """Fill a hole from its surroundings; pixels outside keep their bytes.

    It repeats what is there (grass, sky, bricks); it cannot know what was hidden.

    Args:
        rgb: uint8 (H, W, 3).
        hole: what is to be filled.
        seed: of the random search.
        report: called with the share that is done.

    Raises:
        ArgumentError: the hole is all of the picture.
    """
    import cv2

    if not hole.any():
        return rgb.copy()
    if hole.mean() > 0.95:
        raise ArgumentError(
            "the mask covers the whole picture: nothing is left to fill it from",
            hint="Mark the thing only.",
        )
    top, left, bottom, right = _surroundings(hole)
    part, gap = rgb[top:bottom, left:right], hole[top:bottom, left:right]
    scale = min(1.0, _WORK_SIDE / max(gap.shape), (_WORK_PIXELS / gap.sum()) ** 0.5)
    size = (max(8, round(gap.shape[1] * scale)), max(8, round(gap.shape[0] * scale)))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    # A pixel that the hole touches at all is hole, or its colour would leak in.
    small_gap = cv2.resize(gap.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    if small_gap.all():
        small_gap = cv2.resize(gap.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    sources = _complete(small, small_gap, np.random.default_rng(seed), report)
    places = _enlarge(gap, small_gap, sources)
    filled = _copied(part, gap, places)
    seamless = _without_seam(part, filled, gap, places)
    result = rgb.copy()
    result[top:bottom, left:right][gap] = seamless[gap]
    return result


def _surroundings(hole: Bools) -> tuple[int, int, int, int]:
    """The hole's box with as much around it as the hole is large."""
    x, y, w, h = bounding_box(hole.astype(np.float32))
    margin = max(32, max(w, h))
    return (
        max(0, y - margin),
        max(0, x - margin),
        min(hole.shape[0], y + h + margin),
        min(hole.shape[1], x + w + margin),
    )


@dataclass
class _Level:
    """One scale of the search: pixels, the hole, and the middles that patches may have."""

    pixels: Floats
    hole: Bools
    rows: Places
    columns: Places
    allowed: Bools
    trust: Floats


def _complete(
    rgb: NDArray[np.uint8], hole: Bools, rng: np.random.Generator, report: Callable[[float], None]
) -> Places:
    """For each pixel of the hole the pixel (row, column) that it is to look like."""
    import cv2

    levels = [(rgb, hole)]
    while max(levels[-1][1].shape) > 110 and _depth(levels[-1][1]) > 2 * _RADIUS:
        picture, gap = levels[-1]
        size = (picture.shape[1] // 2, picture.shape[0] // 2)
        less = cv2.resize(gap.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
        if less.mean() > 0.9:
            break
        levels.append((cv2.resize(picture, size, interpolation=cv2.INTER_AREA), less))
    guess = levels[-1][0].astype(np.float32)
    sources = np.empty((0, 2), np.int64)
    for number, (picture, gap) in enumerate(reversed(levels), 1):
        level = _level(picture, gap, guess)
        sources = _peel(level) if number == 1 else _start(level, sources, rng)
        for _ in range(_ROUNDS):
            sources = _search(level, sources, rng)
            _vote(level, sources)
        report(number / len(levels))
        if number < len(levels):
            above = levels[-number - 1]
            guess = np.asarray(cv2.resize(level.pixels, above[0].shape[1::-1]), np.float32)
            sources = _doubled(level, sources, above[1])
    return sources


def _depth(hole: Bools) -> float:
    import cv2

    inner = np.pad(hole, 1).astype(np.uint8)
    return float(cv2.distanceTransform(inner, cv2.DIST_L2, 3).max())


def _level(picture: NDArray[np.uint8], hole: Bools, guess: Floats) -> _Level:
    import cv2

    pixels = np.where(hole[..., None], guess, picture.astype(np.float32))
    side = np.ones((2 * _RADIUS + 1, 2 * _RADIUS + 1), np.uint8)
    allowed = ~(cv2.dilate(hole.astype(np.uint8), side) > 0)
    allowed[:_RADIUS], allowed[-_RADIUS:], allowed[:, :_RADIUS], allowed[:, -_RADIUS:] = (
        False,
    ) * 4
    if not allowed.any():
        allowed = ~hole
    rows, columns = np.nonzero(hole)
    away = cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    trust = np.asarray(_TRUST ** -np.minimum(away, 40.0), np.float32)
    return _Level(np.ascontiguousarray(pixels), hole, rows, columns, allowed, trust)


def _peel(level: _Level) -> Places:
    """A first fill at the coarsest scale: from the rim inwards, each pixel by its best patch.

    Only what is known so far is compared, so that texture grows into the hole.
    """
    import cv2

    centers = np.argwhere(level.allowed)
    index = np.full(level.hole.shape, -1, np.int64)
    index[level.rows, level.columns] = np.arange(len(level.rows))
    sources = np.zeros((len(level.rows), 2), np.int64)
    candidates = _patches(level.pixels, centers)
    energy = candidates**2
    unknown = level.hole.copy()
    while unknown.any():
        inner = cv2.erode(np.pad(unknown, 1, mode="edge").astype(np.uint8), np.ones((3, 3)))
        ring = np.argwhere(unknown & (inner[1:-1, 1:-1] == 0))
        known = _patches(np.repeat((~unknown)[..., None], 3, axis=2).astype(np.float32), ring)
        targets = _patches(level.pixels, ring)
        cost = known @ energy.T - 2.0 * ((known * targets) @ candidates.T)
        best = centers[cost.argmin(axis=1)]
        level.pixels[ring[:, 0], ring[:, 1]] = level.pixels[best[:, 0], best[:, 1]]
        sources[index[ring[:, 0], ring[:, 1]]] = best
        unknown[ring[:, 0], ring[:, 1]] = False
    return sources


def _patches(pixels: Floats, places: Places) -> Floats:
    """The patches around some places, flattened, (n, patch pixels x channels)."""
    padded = np.pad(pixels, ((_RADIUS, _RADIUS), (_RADIUS, _RADIUS), (0, 0)), mode="symmetric")
    span = range(2 * _RADIUS + 1)
    parts = [padded[places[:, 0] + dy, places[:, 1] + dx] for dy in span for dx in span]
    return np.ascontiguousarray(np.concatenate(parts, axis=1))


def _start(level: _Level, sources: Places, rng: np.random.Generator) -> Places:
    bad = ~level.allowed[sources[:, 0], sources[:, 1]]
    sources[bad] = _random_places(level, int(bad.sum()), rng)
    return sources


def _random_places(level: _Level, count: int, rng: np.random.Generator) -> Places:
    choices = np.argwhere(level.allowed)
    return np.asarray(choices[rng.integers(0, len(choices), count)], np.int64)


def _doubled(level: _Level, sources: Places, hole: Bools) -> Places:
    """The sources of the next finer level, from those of this one."""
    height, width = level.hole.shape
    offsets = np.zeros((height, width, 2), np.int64)
    known = np.zeros((height, width), bool)
    offsets[level.rows, level.columns] = sources - np.stack([level.rows, level.columns], axis=1)
    known[level.rows, level.columns] = True
    rows, columns = np.nonzero(hole)
    r, c = np.minimum(rows // 2, height - 1), np.minimum(columns // 2, width - 1)
    found: Places = np.stack([rows, columns], axis=1) + 2 * offsets[r, c]
    found[:, 0] = np.clip(found[:, 0], 0, hole.shape[0] - 1)
    found[:, 1] = np.clip(found[:, 1], 0, hole.shape[1] - 1)
    return found


def _cost(level: _Level, padded: Floats, sources: Places) -> Floats:
    """Squared difference of the patches around the hole's pixels and around their sources."""
    trusts = np.pad(level.trust, _RADIUS)
    total = np.zeros(len(sources), np.float32)
    for dy in range(2 * _RADIUS + 1):
        for dx in range(2 * _RADIUS + 1):
            here = padded[level.rows + dy, level.columns + dx]
            there = padded[sources[:, 0] + dy, sources[:, 1] + dx]
            trust = trusts[level.rows + dy, level.columns + dx]
            total += trust * ((here - there) ** 2).sum(axis=1)
    return total


def _search(level: _Level, sources: Places, rng: np.random.Generator) -> Places:
    """Better sources: the neighbours' sources, moved along, and random ones nearer and nearer."""
    padded = np.pad(
        level.pixels, ((_RADIUS, _RADIUS), (_RADIUS, _RADIUS), (0, 0)), mode="symmetric"
    )
    best = _cost(level, padded, sources)
    index = np.full(level.hole.shape, -1, np.int64)
    index[level.rows, level.columns] = np.arange(len(level.rows))
    height, width = level.hole.shape
    for _ in range(_SEARCHES):
        for dy, dx in ((0, -1), (-1, 0), (0, 1), (1, 0)):
            r = np.clip(level.rows + dy, 0, height - 1)
            c = np.clip(level.columns + dx, 0, width - 1)
            neighbour = index[r, c]
            moved = sources[neighbour] - np.array([dy, dx])
            _keep_better(level, padded, (sources, best), moved, neighbour >= 0)
        radius = max(height, width)
        while radius >= 2:
            moved = sources + rng.integers(-radius, radius + 1, sources.shape)
            _keep_better(level, padded, (sources, best), moved, np.ones(len(sources), bool))
            radius //= 3
    return sources


def _keep_better(
    level: _Level, padded: Floats, found: tuple[Places, Floats], moved: Places, usable: Bools
) -> None:
    sources, best = found
    height, width = level.hole.shape
    r, c = np.clip(moved[:, 0], 0, height - 1), np.clip(moved[:, 1], 0, width - 1)
    usable = usable & level.allowed[r, c]
    chosen = np.flatnonzero(usable)
    if not len(chosen):
        return
    some = _Level(
        level.pixels,
        level.hole,
        level.rows[chosen],
        level.columns[chosen],
        level.allowed,
        level.trust,
    )
    places = np.stack([r, c], axis=1)[chosen]
    cost = _cost(some, padded, places)
    better = cost < best[chosen]
    sources[chosen[better]] = places[better]
    best[chosen[better]] = cost[better]


def _vote(level: _Level, sources: Places) -> None:
    """Each pixel of the hole becomes the mean of what the patches over it say."""
    height, width = level.hole.shape
    total = np.zeros((height, width, 3), np.float64)
    weight = np.zeros((height, width), np.float64)
    trust = level.trust[level.rows, level.columns].astype(np.float64)
    for dy in range(-_RADIUS, _RADIUS + 1):
        for dx in range(-_RADIUS, _RADIUS + 1):
            r, c = level.rows + dy, level.columns + dx
            sr, sc = sources[:, 0] + dy, sources[:, 1] + dx
            ok = (r >= 0) & (r < height) & (c >= 0) & (c < width)
            ok &= (sr >= 0) & (sr < height) & (sc >= 0) & (sc < width)
            share = trust[ok] * np.exp(-(dy * dy + dx * dx) / (2 * (_RADIUS / 1.6) ** 2))
            flat = r[ok] * width + c[ok]
            values = level.pixels[sr[ok], sc[ok]] * share[:, None]
            for channel in range(3):
                total[..., channel] += np.bincount(
                    flat, values[:, channel], minlength=height * width
                ).reshape(height, width)
            weight += np.bincount(flat, share, minlength=height * width).reshape(height, width)
    full = level.hole & (weight > 0)
    level.pixels[full] = (total[full] / weight[full][:, None]).astype(np.float32)


def _enlarge(gap: Bools, small_gap: Bools, sources: Places) -> Places:
    """For each pixel of the full-size hole its source: the offsets are enlarged, not the pixels."""
    height, width = gap.shape
    ratio = np.array([height / small_gap.shape[0], width / small_gap.shape[1]])
    rows, columns = np.nonzero(small_gap)
    offsets = np.zeros((*small_gap.shape, 2), np.float32)
    offsets[rows, columns] = sources - np.stack([rows, columns], axis=1)
    at = np.argwhere(gap)
    small = np.minimum((at / ratio).astype(int), np.array(small_gap.shape) - 1)
    found = np.rint(at + offsets[small[:, 0], small[:, 1]] * ratio)
    return np.asarray(np.clip(found, 0, np.array(gap.shape) - 1), np.int64)


def _copied(part: NDArray[np.uint8], gap: Bools, places: Places) -> NDArray[np.uint8]:
    """The picture with the hole's pixels copied from their sources."""
    import cv2

    filled = part.copy()
    filled[gap] = part[places[:, 0], places[:, 1]]
    still = np.zeros(gap.shape, np.uint8)
    still[gap] = gap[places[:, 0], places[:, 1]]
    if still.any():  # rounding may have led back into the hole
        filled = np.asarray(cv2.inpaint(filled, still, 3, cv2.INPAINT_TELEA), np.uint8)
    return filled


def _without_seam(
    part: NDArray[np.uint8], filled: NDArray[np.uint8], gap: Bools, places: Places
) -> NDArray[np.uint8]:
    """Shift the fill so that it meets its surroundings: the mismatch at the rim spreads inwards.

    The mismatch of a pixel outside is its value less that of the pixel that lies beside the
    source of its neighbour inside. The correction is harmonic (Laplace's equation).
    """
    height, width = gap.shape
    total = np.zeros((height, width, 3), np.float32)
    count = np.zeros((height, width), np.float32)
    at = np.argwhere(gap)
    for step in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        outer, beside = at + step, places + step
        ok = ((outer >= 0) & (outer < gap.shape) & (beside >= 0) & (beside < gap.shape)).all(axis=1)
        outer, beside = outer[ok], beside[ok]
        ok = ~gap[outer[:, 0], outer[:, 1]] & ~gap[beside[:, 0], beside[:, 1]]
        (r, c), (sr, sc) = outer[ok].T, beside[ok].T
        # Within one direction no rim pixel comes twice, so plain indexing adds rightly.
        total[r, c] += part[r, c].astype(np.float32) - part[sr, sc]
        count[r, c] += 1.0
    rim = count > 0
    if not rim.any():
        return filled
    # A large step is an edge that the fill did not meet; spreading it would leave a stain.
    mismatch = np.clip(total / np.maximum(count, 1.0)[..., None], -_MAX_SHIFT, _MAX_SHIFT)
    correction = _harmonic(mismatch.astype(np.float32), rim, gap)
    shifted = filled.astype(np.float32) + correction * gap[..., None]
    return np.asarray(np.clip(shifted + 0.5, 0, 255), np.uint8)


def _harmonic(values: Floats, fixed: Bools, gap: Bools) -> Floats:
    """Values of the fixed pixels spread smoothly over the gap."""
    import cv2

    height, width = gap.shape
    if min(height, width) > 24:
        size = (max(8, width // 2), max(8, height // 2))
        weight = cv2.resize(fixed.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        sums = cv2.resize(values * fixed[..., None], size, interpolation=cv2.INTER_AREA)
        coarse = _harmonic(
            sums / np.maximum(weight, 1e-6)[..., None],
            weight > 0,
            cv2.resize(gap.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0,
        )
        field = np.asarray(cv2.resize(coarse, (width, height)), np.float32)
    else:
        mean = values[fixed].mean(axis=0) if fixed.any() else np.zeros(3, np.float32)
        field = np.broadcast_to(mean, values.shape).astype(np.float32).copy()
    free = (gap & ~fixed)[..., None]
    field = np.where(fixed[..., None], values, field)
    for _ in range(40 if min(height, width) <= 24 else 12):
        spread = cv2.boxFilter(field, -1, (3, 3), borderType=cv2.BORDER_REPLICATE)
        field = np.where(free, spread, field)
    return np.asarray(field, np.float32)
