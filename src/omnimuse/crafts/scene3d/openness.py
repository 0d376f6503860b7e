"""How much of the sky each point of a scene sees: soft light in corners and under things.

Depth maps from many sides, looked up once for each corner (ambient occlusion, Zhukov 1998).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.scene3d.drawable import Drawable
from omnimuse.crafts.scene3d.view import light_matrix

Floats = NDArray[np.float32]
DepthMap = Callable[[NDArray[np.floating[Any]], int], Floats]


def sides(count: int) -> NDArray[np.float64]:
    """Directions spread evenly over the sphere (Fibonacci lattice), never quite horizontal."""
    i = np.arange(count) + 0.5
    y = 1 - 2 * i / count
    angle = math.pi * (3 - math.sqrt(5)) * i
    r = np.sqrt(1 - y * y)
    return np.stack([r * np.cos(angle), y, r * np.sin(angle)], 1)


def openness(
    scene: Drawable,
    floor: Drawable | None,
    depth_map: DepthMap,
    *,
    count: int = 96,
    px: int = 384,
) -> tuple[Floats, Floats]:
    """Shares of the sky, 0 to 1, at the corners of the scene and of its floor."""
    low, high = scene.bounds
    radius = float(np.linalg.norm(high - low)) / 2 + 1e-9
    points, normals = scene.vertices, scene.normals
    if floor is not None:
        points = np.concatenate([points, floor.vertices])
        normals = np.concatenate([normals, floor.normals])
    seen, total = np.zeros(len(points), np.float32), np.full(len(points), 1e-6, np.float32)
    lifted = points + normals * np.float32(radius * 0.012)
    for side in sides(count):
        weight = np.maximum(normals @ side.astype(np.float32), 0)
        matrix = light_matrix(low, high, side)
        depth = depth_map(matrix, px)
        clip = lifted @ matrix[:3, :3].T.astype(np.float32) + matrix[:3, 3].astype(np.float32)
        at = clip * 0.5 + 0.5
        column = np.rint(at[:, 0] * px - 0.5).astype(np.int64)
        row = np.rint(at[:, 1] * px - 0.5).astype(np.int64)
        inside = (column >= 0) & (column < px) & (row >= 0) & (row < px)
        nearest = np.ones(len(points), np.float32)
        nearest[inside] = depth[row[inside], column[inside]]
        seen += weight * ((nearest > 0.9999) | (nearest > at[:, 2] - 0.004))
        total += weight
    share = seen / total
    return share[: len(scene.vertices)], share[len(scene.vertices) :]


def floor_under(
    low: NDArray[np.floating], high: NDArray[np.floating], *, cells: int = 150
) -> Drawable:
    """A large level floor whose grid is finest near the things."""
    center = (np.asarray(low, float) + np.asarray(high, float)) / 2
    radius = float(np.linalg.norm(np.asarray(high) - np.asarray(low))) / 2
    t = np.linspace(-1, 1, cells)
    ruler = radius * (1.25 * t + 4.2 * np.sign(t) * np.abs(t) ** 5)
    x, z = np.meshgrid(center[0] + ruler, center[2] + ruler, indexing="ij")
    vertices = np.stack([x, np.full_like(x, float(low[1])), z], -1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(cells - 1), np.arange(cells - 1), indexing="ij")
    a = (i * cells + j).reshape(-1)
    faces = np.concatenate(
        [np.stack([a, a + 1, a + cells], 1), np.stack([a + 1, a + cells + 1, a + cells], 1)]
    )
    n = len(vertices)
    return Drawable(
        vertices.astype(np.float32),
        np.broadcast_to(np.array([0, 1, 0], np.float32), (n, 3)),
        np.ones((n, 4), np.float32),
        np.zeros((n, 3), np.float32),
        faces.astype(np.uint32),
        len(faces),
    )
