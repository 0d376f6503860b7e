"""Solids as triangles: surfaces of revolution, rounded boxes, tubes, prisms, spheres, rocks.

Right-handed, Y up, metres. Every solid is closed: corners that stand apart only for the sake of
their normals have equal coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Point = tuple[float, float, float]
ROUND = 40
CREASE_DEG = 35.0


@dataclass(frozen=True, eq=False)
class Shape:
    """Triangles with a normal for each corner, counter-clockwise seen from outside.

    Attributes:
        vertices: (N, 3).
        normals: (N, 3), unit length.
        faces: (M, 3) indices.
        colors: (N, 3) linear colours that multiply the material's, or None.
    """

    vertices: Floats
    normals: Floats
    faces: Ints
    colors: Floats | None = None

    def moved(
        self, at: Point = (0, 0, 0), turn: Point = (0, 0, 0), scale: Point = (1, 1, 1)
    ) -> Shape:
        """Scaled, turned (degrees about x, then y, then z) and shifted."""
        stretch = np.asarray(scale, float)
        matrix = rotation(turn)
        vertices = (self.vertices * stretch) @ matrix.T + np.asarray(at, float)
        normals = unit((self.normals / stretch) @ matrix.T)
        faces = self.faces if np.prod(stretch) > 0 else self.faces[:, ::-1]
        return Shape(vertices, normals, faces, self.colors)


def unit(vectors: Floats) -> Floats:
    """Vectors at length 1; zero vectors stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 1e-12, length, 1.0))


def rotation(turn_deg: Point) -> Floats:
    """The matrix of turns about x, then y, then z, in degrees."""
    a, b, c = (math.radians(v) for v in turn_deg)
    x = np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]])
    y = np.array([[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]])
    z = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    return np.asarray(z @ y @ x)


def joined(shapes: Sequence[Shape]) -> Shape:
    """Several shapes as one; colours are kept if any has them."""
    if len(shapes) == 1:
        return shapes[0]
    starts = np.cumsum([0, *(len(s.vertices) for s in shapes)])
    colors = None
    if any(s.colors is not None for s in shapes):
        colors = np.concatenate(
            [np.ones_like(s.vertices) if s.colors is None else s.colors for s in shapes]
        )
    return Shape(
        np.concatenate([s.vertices for s in shapes]),
        np.concatenate([s.normals for s in shapes]),
        np.concatenate([s.faces + n for s, n in zip(shapes, starts, strict=False)]),
        colors,
    )


def curve(points: Sequence[tuple[float, ...]], steps: int = 6) -> list[tuple[float, ...]]:
    """A smooth line through points (centripetal ends, Catmull-Rom between)."""
    p = np.asarray([points[0], *points, points[-1]], float)
    line: list[tuple[float, ...]] = []
    for i in range(1, len(p) - 2):
        for t in np.arange(steps) / steps:
            a, b, c, d = p[i - 1 : i + 3]
            value = 0.5 * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )
            line.append(tuple(float(v) for v in value))
    return [*line, tuple(float(v) for v in points[-1])]


def lathe(profile: Sequence[tuple[float, ...]], segments: int = ROUND) -> Shape:
    """A profile of (radius, y), turned about the y axis; it runs anticlockwise: bottom, out, top.

    The profile must begin and end at radius 0 or be a closed ring, so that the solid is closed.
    Corners sharper than CREASE_DEG stay sharp.
    """
    line = np.asarray([(max(r, 0.0), y) for r, y in profile], float)
    keep = np.r_[True, np.linalg.norm(np.diff(line, axis=0), axis=1) > 1e-9]
    line = line[keep]
    ends = _profile_normals(line)
    angles = np.linspace(0, 2 * math.pi, segments + 1)
    cos, sin = np.cos(angles), np.sin(angles)
    cos[-1], sin[-1] = cos[0], sin[0]
    vertices, normals, faces, start = [], [], [], 0
    for i in range(len(line) - 1):
        for k in (0, 1):
            r, y = line[i + k]
            n = ends[i][k]
            vertices.append(np.stack([r * cos, np.full_like(cos, y), -r * sin], 1))
            normals.append(np.stack([n[0] * cos, np.full_like(cos, n[1]), -n[0] * sin], 1))
        low = start + np.arange(segments)
        high = low + segments + 1
        if line[i][0] > 0:
            faces.append(np.stack([low, low + 1, high], 1))
        if line[i + 1][0] > 0:
            faces.append(np.stack([low + 1, high + 1, high], 1))
        start += 2 * (segments + 1)
    return Shape(np.concatenate(vertices), np.concatenate(normals), np.concatenate(faces))


def _profile_normals(line: Floats) -> list[tuple[Floats, Floats]]:
    steps = unit(np.diff(line, axis=0))
    own = np.stack([steps[:, 1], -steps[:, 0]], 1)
    crease = math.cos(math.radians(CREASE_DEG))
    is_ring = bool(np.allclose(line[0], line[-1]))
    found = []
    for i in range(len(own)):
        before = own[i - 1] if i or is_ring else own[i]
        after = own[(i + 1) % len(own)] if i + 1 < len(own) or is_ring else own[i]
        first = unit(own[i] + before) if own[i] @ before > crease else own[i]
        last = unit(own[i] + after) if own[i] @ after > crease else own[i]
        if line[i][0] <= 0 and own[i][1] ** 2 > 0.5:
            first = np.array([0.0, math.copysign(1, own[i][1])])
        if line[i + 1][0] <= 0 and own[i][1] ** 2 > 0.5:
            last = np.array([0.0, math.copysign(1, own[i][1])])
        found.append((first, last))
    return found


def arc(
    center: tuple[float, float], radius: float, start: float, end: float, steps: int = 6
) -> list[tuple[float, float]]:
    """Points of a circle in a profile's plane, angles in degrees from the r axis."""
    angles = np.radians(np.linspace(start, end, steps + 1))
    return [(center[0] + radius * math.cos(a), center[1] + radius * math.sin(a)) for a in angles]


@lru_cache(maxsize=64)
def sphere(radius: float = 1.0, segments: int = ROUND) -> Shape:
    """A sphere about the origin."""
    return lathe(
        [(0, -radius), *arc((0, 0), radius, -86, 86, segments // 2), (0, radius)], segments
    )


def ellipsoid(rx: float, ry: float, rz: float, segments: int = ROUND) -> Shape:
    """An ellipsoid about the origin."""
    return sphere(1.0, segments).moved(scale=(rx, ry, rz))


def cylinder(
    radius: float,
    height: float,
    *,
    top: float | None = None,
    bevel: float = 0.0,
    segments: int = ROUND,
) -> Shape:
    """A cylinder or frustum from y = 0 up; `top` is its upper radius, `bevel` rounds its edges."""
    top = radius if top is None else top
    b = min(bevel, height / 2.2, *(r / 1.1 for r in (radius, top) if r > 0))
    if b <= 0:
        return lathe([(0, 0), (radius, 0), (top, height), (0, height)], segments)
    low = arc((radius - b, b), b, -90, 0, 3)
    high = arc((top - b, height - b), b, 0, 90, 3) if top > 0 else [(0.0, height)]
    return lathe([(0, 0), *low, *high, (0, height)], segments)


def cone(radius: float, height: float, segments: int = ROUND) -> Shape:
    """A cone from y = 0 up."""
    return lathe([(0, 0), (radius, 0), (0, height)], segments)


def torus(ring: float, tube_radius: float, segments: int = ROUND) -> Shape:
    """A ring about the y axis, centred on the origin."""
    return lathe(arc((ring, 0), tube_radius, -90, 270, 16), segments)


@lru_cache(maxsize=256)
def box(width: float, height: float, depth: float, bevel: float = 0.0) -> Shape:
    """A box standing on y = 0, centred in x and z, its edges rounded by `bevel`."""
    half = np.array([width, height, depth]) / 2
    b = min(bevel, float(half.min()) * 0.98)
    if b <= 0:
        return _sharp_box(half)
    k = 3
    quarter = np.linspace(0, math.pi / 2, k)
    lat = np.concatenate([quarter - math.pi / 2, quarter])
    lon = np.concatenate([quarter + q * math.pi / 2 for q in range(4)])
    sign_y = np.repeat([-1.0, 1.0], k)
    sign_x = np.repeat([1.0, -1.0, -1.0, 1.0], k)
    sign_z = np.repeat([-1.0, -1.0, 1.0, 1.0], k)
    cl, sl = np.cos(lat)[:, None], np.sin(lat)[:, None]
    cl[np.abs(cl) < 1e-12] = 0.0
    cx, sx = np.cos(lon)[None], np.sin(lon)[None]
    normals = np.stack([cl * cx, sl + 0 * cx, -cl * sx], -1)
    corner = np.stack(np.broadcast_arrays(sign_x[None], sign_y[:, None], sign_z[None]), -1)
    vertices = corner * (half - b) + b * normals + [0, half[1], 0]
    rows, columns = len(lat), len(lon)
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns), indexing="ij")
    a, c = i * columns + j, i * columns + (j + 1) % columns
    quads = np.stack([a, c, c + columns, a + columns], -1).reshape(-1, 4)
    faces = [quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]
    flat = vertices.reshape(-1, 3)
    low, high = np.arange(4) * k, (rows - 1) * columns + np.arange(4) * k
    faces += [np.array([low[[0, 2, 1]], low[[0, 3, 2]], high[[0, 1, 2]], high[[0, 2, 3]]])]
    all_faces = np.concatenate(faces)
    return _without_slivers(Shape(flat, normals.reshape(-1, 3), all_faces))


def _without_slivers(shape: Shape) -> Shape:
    """Drop triangles of no area."""
    a, b, c = (shape.vertices[shape.faces[:, i]] for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    longest = max(float(np.ptp(shape.vertices, axis=0).max()), 1e-9)
    return Shape(
        shape.vertices, shape.normals, shape.faces[area > 1e-10 * longest**2], shape.colors
    )


def _sharp_box(half: Floats) -> Shape:
    vertices: list[Any] = []
    normals: list[Any] = []
    faces: list[Any] = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            n = np.eye(3)[axis] * sign
            u, v = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
            u = u * sign
            ring = [n - u - v, n + u - v, n + u + v, n - u + v]
            start = len(vertices)
            vertices += [p * half + [0, half[1], 0] for p in ring]
            normals += [n] * 4
            faces += [[start, start + 1, start + 2], [start, start + 2, start + 3]]
    return Shape(np.array(vertices), np.array(normals), np.array(faces))


def tube(
    path: Sequence[tuple[float, ...]], radii: float | Sequence[float], segments: int = 14
) -> Shape:
    """A tube along a path of points, with round ends; radii by point or one for all."""
    p = np.asarray(path, float)
    r = np.broadcast_to(np.asarray(radii, float), len(p)).copy()
    ahead = unit(np.gradient(p, axis=0))
    side = np.cross(ahead[0], [0.0, 0.0, 1.0] if abs(ahead[0][2]) < 0.9 else [1.0, 0.0, 0.0])
    side = unit(side)
    rings: list[tuple[Floats, Floats, float, float]] = []
    for k in np.radians([-90, -60, -30]):
        rings.append(
            (p[0] + ahead[0] * r[0] * math.sin(k), ahead[0], r[0] * math.cos(k), math.sin(k))
        )
    rings += [(p[i], ahead[i], float(r[i]), 0.0) for i in range(len(p))]
    for k in np.radians([30, 60, 90]):
        rings.append(
            (p[-1] + ahead[-1] * r[-1] * math.sin(k), ahead[-1], r[-1] * math.cos(k), math.sin(k))
        )
    angles = np.linspace(0, 2 * math.pi, segments, endpoint=False)
    vertices, normals = [], []
    for center, forward, radius, slope in rings:
        side = unit(side - forward * (side @ forward))
        up = np.cross(forward, side)
        around = np.cos(angles)[:, None] * side + np.sin(angles)[:, None] * up
        vertices.append(center + around * max(radius, 0.0))
        normals.append(unit(around * math.sqrt(max(0.0, 1 - slope**2)) + forward * slope))
    i, j = np.meshgrid(np.arange(len(rings) - 1), np.arange(segments), indexing="ij")
    a, b = i * segments + j, i * segments + (j + 1) % segments
    faces = np.concatenate(
        [
            np.stack([a, b, b + segments], -1).reshape(-1, 3),
            np.stack([a, b + segments, a + segments], -1).reshape(-1, 3),
        ]
    )
    return _without_slivers(Shape(np.concatenate(vertices), np.concatenate(normals), faces))


def prism(
    outline: Sequence[tuple[float, float]], depth: float, *, smooth_deg: float = 30.0
) -> Shape:
    """An outline in the xy plane (anticlockwise), pulled out along z, centred on z = 0."""
    ring = np.asarray(outline, float)
    if _area(ring) < 0:
        ring = ring[::-1]
    n = len(ring)
    steps = unit(np.roll(ring, -1, axis=0) - ring)
    own = np.stack([steps[:, 1], -steps[:, 0]], 1)
    crease = math.cos(math.radians(smooth_deg))
    vertices: list[Any] = []
    normals: list[Any] = []
    faces: list[Any] = []
    for i in range(n):
        k = (i + 1) % n
        before, after = own[i - 1], own[k]
        first = unit(own[i] + before) if own[i] @ before > crease else own[i]
        last = unit(own[i] + after) if own[i] @ after > crease else own[i]
        start = len(vertices)
        vertices += [
            (*ring[i], -depth / 2),
            (*ring[k], -depth / 2),
            (*ring[k], depth / 2),
            (*ring[i], depth / 2),
        ]
        normals += [(*first, 0), (*last, 0), (*last, 0), (*first, 0)]
        faces += [(start, start + 1, start + 2), (start, start + 2, start + 3)]
    caps = np.array(_ears(ring))
    for sign in (1, -1):
        start = len(vertices)
        vertices += [(*p, sign * depth / 2) for p in ring]
        normals += [(0, 0, sign)] * n
        faces += [tuple(start + c) for c in (caps if sign > 0 else caps[:, ::-1])]
    return Shape(np.array(vertices, float), np.array(normals, float), np.array(faces))


def _area(ring: Floats) -> float:
    following = np.roll(ring, -1, axis=0)
    return float((ring[:, 0] * following[:, 1] - following[:, 0] * ring[:, 1]).sum() / 2)


def _ears(ring: Floats) -> list[tuple[int, int, int]]:
    """Triangles of a simple anticlockwise polygon, by clipping ears."""
    left = list(range(len(ring)))
    found: list[tuple[int, int, int]] = []
    while len(left) > 3:
        for at in range(len(left)):
            a, b, c = left[at - 1], left[at], left[(at + 1) % len(left)]
            others = ring[[k for k in left if k not in (a, b, c)]]
            if _turn(ring[a], ring[b], ring[c]) > 1e-14 and not _holds(ring[[a, b, c]], others):
                break
        found.append((a, b, c))
        left.pop(at)
    return [*found, (left[0], left[1], left[2])]


def _turn(a: Floats, b: Floats, c: Floats) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _holds(corners: Floats, points: Floats) -> bool:
    inside = np.ones(len(points), bool)
    for i in range(3):
        a, b = corners[i], corners[(i + 1) % 3]
        inside &= (b[0] - a[0]) * (points[:, 1] - a[1]) - (b[1] - a[1]) * (points[:, 0] - a[0]) > 0
    return bool(inside.any())


@lru_cache(maxsize=4)
def icosphere(level: int) -> tuple[Floats, Ints]:
    """Corners and faces of an icosahedron's sphere, cut in four `level` times."""
    g = (1 + math.sqrt(5)) / 2
    v = np.array(
        [
            (-1, g, 0),
            (1, g, 0),
            (-1, -g, 0),
            (1, -g, 0),
            (0, -1, g),
            (0, 1, g),
            (0, -1, -g),
            (0, 1, -g),
            (g, 0, -1),
            (g, 0, 1),
            (-g, 0, -1),
            (-g, 0, 1),
        ],
        float,
    )
    f = np.array(
        [
            (0, 11, 5),
            (0, 5, 1),
            (0, 1, 7),
            (0, 7, 10),
            (0, 10, 11),
            (1, 5, 9),
            (5, 11, 4),
            (11, 10, 2),
            (10, 7, 6),
            (7, 1, 8),
            (3, 9, 4),
            (3, 4, 2),
            (3, 2, 6),
            (3, 6, 8),
            (3, 8, 9),
            (4, 9, 5),
            (2, 4, 11),
            (6, 2, 10),
            (8, 6, 7),
            (9, 8, 1),
        ]
    )
    v = unit(v)
    for _ in range(level):
        edges = np.sort(np.concatenate([f[:, [0, 1]], f[:, [1, 2]], f[:, [2, 0]]]), axis=1)
        known, index = np.unique(edges, axis=0, return_inverse=True)
        middle = len(v) + index.reshape(3, -1).T
        v = np.concatenate([v, unit(v[known[:, 0]] + v[known[:, 1]])])
        a, b, c = f.T
        ab, bc, ca = middle.T
        f = np.concatenate(
            [np.stack(t, 1) for t in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))]
        )
    return v, f


def lump(
    radius: float,
    rng: np.random.Generator,
    *,
    roughness: float = 0.2,
    detail: int = 3,
    facets: bool = False,
) -> Shape:
    """A sphere made uneven by a few random waves: foliage, or a rock with flat `facets`."""
    v, f = icosphere(detail)
    height = np.ones(len(v))
    for octave in range(1, 4):
        for _ in range(4):
            direction = rng.normal(size=3)
            direction *= 2.1 * octave / np.linalg.norm(direction)
            wave = np.sin(v @ direction * 1.6 + rng.uniform(0, 6.28))
            height += roughness / (2.2 * octave) * wave * 0.6
    v = v * height[:, None] * radius
    return faceted(v, f) if facets else smooth(v, f)


def smooth(vertices: Floats, faces: Ints, colors: Floats | None = None) -> Shape:
    """A shape with normals averaged over the triangles at each corner."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    flat = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for i in range(3):
        np.add.at(normals, faces[:, i], flat)
    return Shape(vertices, unit(normals), faces, colors)


def faceted(vertices: Floats, faces: Ints) -> Shape:
    """A shape whose triangles are flat."""
    corners = vertices[faces]
    flat = unit(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    return Shape(
        corners.reshape(-1, 3), np.repeat(flat, 3, axis=0), np.arange(len(faces) * 3).reshape(-1, 3)
    )
