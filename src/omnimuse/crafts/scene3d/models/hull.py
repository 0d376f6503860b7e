"""The hull of a boat: a shell lofted through its frames, with a deck."""

from __future__ import annotations

import math

import numpy as np

from omnimuse.crafts.scene3d.shapes import Shape, smooth


def hull(length: float, beam: float, height: float, wall: float = 0.07) -> Shape:
    """An open hull, its bow towards +z, its keel on y = 0; outside, inside and rim closed."""
    frames, ribs = 25, 17
    outer, inner = [], []
    for i in range(frames):
        t = i / (frames - 1)
        wide = (
            beam / 2 * (1 - abs(2 * t - 0.86) ** 2.6 / 1.5)
            if t < 0.43
            else beam / 2 * max(0.0, math.cos((t - 0.43) / 0.57 * math.pi / 2)) ** 0.75
        )
        wide = max(wide, 0.04)
        rise = height * (1 + 0.22 * (2 * t - 0.9) ** 2)
        keel = 0.55 * height * max(0.0, t - 0.72) ** 2 / 0.28**2
        for j in range(ribs):
            a = math.pi * j / (ribs - 1)
            x, y = -math.cos(a), abs(math.cos(a)) ** 2.3
            place = np.array([x * wide, keel + (rise - keel) * y, length * (t - 0.5)])
            outer.append(place)
            shrink = max(0.0, 1 - wall / wide)
            inside = place * [shrink, 1, 1 - 2.2 * wall / length]
            inside[1] = max(inside[1], min(keel + height * 0.28, rise))
            inner.append(inside)
    v = np.array(outer + inner)
    n = frames * ribs
    faces: list[tuple[int, ...]] = []
    for i in range(frames - 1):
        for j in range(ribs - 1):
            a, c = i * ribs + j, (i + 1) * ribs + j
            faces += [(a, c + 1, a + 1), (a, c, c + 1)]
            faces += [(n + a, n + a + 1, n + c + 1), (n + a, n + c + 1, n + c)]
    for j, flip in ((0, False), (ribs - 1, True)):
        for i in range(frames - 1):
            a, c = i * ribs + j, (i + 1) * ribs + j
            quad = [(a, n + a, n + c), (a, n + c, c)]
            faces += [tuple(reversed(f)) for f in quad] if flip else quad
    for i, flip in ((0, True), (frames - 1, False)):
        for j in range(ribs - 1):
            a = i * ribs + j
            quad = [(a, n + a, n + a + 1), (a, n + a + 1, a + 1)]
            faces += quad if not flip else [tuple(reversed(f)) for f in quad]
    return smooth(v, np.array(faces)[:, ::-1])
