"""Soft bodies: limbs and blobs melted into one another, as one closed, smooth surface.

Signed distances joined by a polynomial smooth minimum (Quilez), meshed by naive surface nets
(Gibson 1998, "Constrained elastic surface nets").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.scene3d.shapes import Point, Shape, rotation, unit

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Limb:
    """A round bar from `a` to `b` whose radius runs from `ra` to `rb`; `color` is linear RGB."""

    a: Point
    b: Point
    ra: float
    rb: float
    color: Point = (1.0, 1.0, 1.0)
    blend: float = -1.0

    def distance(self, p: Floats) -> Floats:
        """Signed distance of points, metres; below 0 inside."""
        a, along = np.asarray(self.a, float), np.subtract(self.b, self.a)
        t = np.clip((p - a) @ along / max(float(along @ along), 1e-12), 0, 1)
        return np.asarray(
            np.linalg.norm(p - a - t[..., None] * along, axis=-1)
            - (self.ra + (self.rb - self.ra) * t)
        )

    def bounds(self) -> tuple[Floats, Floats]:
        """Lowest and highest corner."""
        r = max(self.ra, self.rb)
        return np.minimum(self.a, self.b) - r, np.maximum(self.a, self.b) + r


@dataclass(frozen=True)
class Blob:
    """An ellipsoid; `turn` in degrees as in `shapes.rotation`."""

    center: Point
    radii: Point
    color: Point = (1.0, 1.0, 1.0)
    turn: Point = (0.0, 0.0, 0.0)
    blend: float = -1.0

    def distance(self, p: Floats) -> Floats:
        """Signed distance of points, metres, near enough; below 0 inside."""
        local = (p - np.asarray(self.center, float)) @ rotation(self.turn)
        r = np.asarray(self.radii, float)
        outer = np.linalg.norm(local / r, axis=-1)
        inner = np.linalg.norm(local / r**2, axis=-1)
        return np.asarray(outer * (outer - 1) / np.maximum(inner, 1e-9))

    def bounds(self) -> tuple[Floats, Floats]:
        """Lowest and highest corner."""
        reach = np.abs(rotation(self.turn)) @ np.asarray(self.radii, float)
        return np.asarray(self.center) - reach, np.asarray(self.center) + reach


def sculpt(parts: Sequence[Limb | Blob], *, blend: float, cells: int = 56) -> Shape:
    """All parts melted over `blend` metres; `cells` grid cells along the longest side."""
    low = np.min([part.bounds()[0] for part in parts], axis=0)
    high = np.max([part.bounds()[1] for part in parts], axis=0)
    step = float((high - low).max()) / cells
    low = low - 2.5 * step - blend / 4
    counts = np.ceil((high + 2.5 * step + blend / 4 - low) / step).astype(int) + 1
    axes = [low[i] + step * np.arange(counts[i]) for i in range(3)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    field = _field(parts, grid, blend)
    vertices, faces = _surface_net(field, low, step)
    return Shape(
        vertices, _normals(parts, vertices, blend, step), faces, _colors(parts, vertices, blend)
    )


def _field(parts: Sequence[Limb | Blob], p: Floats, blend: float) -> Floats:
    field = parts[0].distance(p)
    for part in parts[1:]:
        d = part.distance(p)
        k = blend if part.blend < 0 else part.blend
        if k > 0:
            h = np.clip(0.5 + 0.5 * (field - d) / k, 0, 1)
            field = field + (d - field) * h - k * h * (1 - h)
        else:
            field = np.minimum(field, d)
    return field


def _normals(parts: Sequence[Limb | Blob], v: Floats, blend: float, step: float) -> Floats:
    e = step * 0.4
    slope = [
        _field(parts, v + np.eye(3)[i] * e, blend) - _field(parts, v - np.eye(3)[i] * e, blend)
        for i in range(3)
    ]
    return unit(np.stack(slope, -1))


def _colors(parts: Sequence[Limb | Blob], v: Floats, blend: float) -> Floats:
    distances = np.stack([part.distance(v) for part in parts])
    away = distances - distances.min(axis=0)
    weights = np.exp(-away / max(blend * 0.14, 1e-4))
    weights /= weights.sum(axis=0)
    return np.asarray(weights.T @ np.asarray([part.color for part in parts], float))


def _surface_net(field: Floats, low: Floats, step: float) -> tuple[Floats, NDArray[np.int64]]:
    """One vertex in each cell that the surface crosses, one quad on each edge that it crosses."""
    nx, ny, nz = field.shape
    inside = field < 0
    total = np.zeros((nx - 1, ny - 1, nz - 1, 3))
    count = np.zeros((nx - 1, ny - 1, nz - 1))
    crossings = []
    for axis in range(3):
        ahead = np.roll(inside, -1, axis)
        cross = inside != ahead
        cross[tuple(slice(-1, None) if i == axis else slice(None) for i in range(3))] = False
        at = np.argwhere(cross)
        following = at.copy()
        following[:, axis] += 1
        a, b = field[tuple(at.T)], field[tuple(following.T)]
        point = at.astype(float)
        point[:, axis] += a / (a - b)
        crossings.append((axis, at))
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for du in (0, -1):
            for dv in (0, -1):
                cell = at.copy()
                cell[:, u] += du
                cell[:, v] += dv
                np.add.at(total, tuple(cell.T), point)
                np.add.at(count, tuple(cell.T), 1)
    used = count > 0
    index = np.full(count.shape, -1)
    index[used] = np.arange(int(used.sum()))
    vertices = low + step * (total[used] / count[used][:, None])
    faces = []
    for axis, at in crossings:
        u, v = (axis + 1) % 3, (axis + 2) % 3
        ring = []
        for du, dv in ((-1, -1), (0, -1), (0, 0), (-1, 0)):
            cell = at.copy()
            cell[:, u] += du
            cell[:, v] += dv
            ring.append(index[tuple(cell.T)])
        quad = np.stack(ring, 1)
        outward = inside[tuple(at.T)]
        quad[~outward] = quad[~outward][:, ::-1]
        faces += [quad[:, [0, 1, 2]], quad[:, [0, 2, 3]]]
    return vertices, np.concatenate(faces)
