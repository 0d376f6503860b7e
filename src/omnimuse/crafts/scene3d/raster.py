"""The NumPy renderer: a z-buffer and the same light as `gl`, for machines without OpenGL.

All triangles are spread over the pixels of their boxes at once; the nearest wins by a packed
64-bit key (Pineda 1988, "A parallel algorithm for polygon rasterization").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.scene3d.drawable import Drawable
from omnimuse.crafts.scene3d.gl import Lights
from omnimuse.crafts.scene3d.openness import openness
from omnimuse.crafts.scene3d.view import Camera

Floats = NDArray[np.floating[Any]]
SHADOW_PX = 1024
_CHUNK = 3_000_000
_NOTHING = np.uint64(0xFFFFFFFFFFFFFFFF)
_FAR = 0xFFFFFFFF
_MAX_SUPER_PX = 1_400_000


@dataclass(frozen=True, eq=False)
class Hits:
    """What is seen where: pixel indices, faces, weights of the three corners, depth 0..1."""

    pixel: NDArray[np.int64]
    face: NDArray[np.int64]
    weights: Floats
    depth: Floats


def rasterize(clip: Floats, faces: NDArray[np.integer], width: int, height: int) -> Hits:
    """The nearest triangle at each pixel centre.

    Args:
        clip: (N, 4) clip coordinates; triangles with a corner behind the eye are left out.
        faces: (M, 3).
        width: pixels.
        height: pixels; row 0 is at the bottom.

    Returns:
        Hits with weights that are right in perspective.
    """
    clip = np.asarray(clip, np.float32)
    w = clip[:, 3]
    safe = np.where(w > 1e-6, w, 1.0)
    x = (clip[:, 0] / safe * 0.5 + 0.5) * width
    y = (clip[:, 1] / safe * 0.5 + 0.5) * height
    z = np.clip(clip[:, 2] / safe * 0.5 + 0.5, 0, 1)
    f = np.asarray(faces, np.int64)
    f_index = np.flatnonzero((w[f] > 1e-6).all(axis=1))
    tx, ty = x[f[f_index]], y[f[f_index]]
    x0 = np.clip(np.floor(tx.min(axis=1)), 0, width).astype(np.int64)
    x1 = np.clip(np.ceil(tx.max(axis=1)), 0, width).astype(np.int64)
    y0 = np.clip(np.floor(ty.min(axis=1)), 0, height).astype(np.int64)
    y1 = np.clip(np.ceil(ty.max(axis=1)), 0, height).astype(np.int64)
    area = (tx[:, 1] - tx[:, 0]) * (ty[:, 2] - ty[:, 0]) - (tx[:, 2] - tx[:, 0]) * (
        ty[:, 1] - ty[:, 0]
    )
    counts = (x1 - x0) * (y1 - y0)
    use = (counts > 0) & (np.abs(area) > 1e-9)
    boxes = _Boxes(f_index[use], x0[use], y0[use], (x1 - x0)[use], counts[use])
    buffer = np.full(width * height, _NOTHING, np.uint64)
    ends = np.cumsum(boxes.count)
    start = 0
    while start < len(boxes.index):
        base = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, base + _CHUNK, side="right")))
        _splat(buffer, (x, y, z), f, boxes.part(start, stop), width)
        start = stop
    pixel = np.flatnonzero(buffer != _NOTHING)
    face = (buffer[pixel] & np.uint64(_FAR)).astype(np.int64)
    weights = _weights(x, y, f[face], pixel, width)
    depth = (weights * z[f[face]]).sum(axis=1)
    correct = weights / safe[f[face]]
    correct /= correct.sum(axis=1, keepdims=True)
    return Hits(pixel, face, correct.astype(np.float32), depth.astype(np.float32))


@dataclass(frozen=True, eq=False)
class _Boxes:
    """Triangles with the pixel boxes that they may cover."""

    index: NDArray[np.int64]
    left: NDArray[np.int64]
    low: NDArray[np.int64]
    span: NDArray[np.int64]
    count: NDArray[np.int64]

    def part(self, start: int, stop: int) -> _Boxes:
        cut = slice(start, stop)
        return _Boxes(*(getattr(self, n)[cut] for n in ("index", "left", "low", "span", "count")))


def _splat(
    buffer: NDArray[np.uint64],
    screen: tuple[Floats, Floats, Floats],
    faces: NDArray[np.int64],
    boxes: _Boxes,
    width: int,
) -> None:
    """Enter the depth and the number of triangles into the pixels that they cover."""
    x, y, z = screen
    index, x0, y0, spans, counts = boxes.index, boxes.left, boxes.low, boxes.span, boxes.count
    which = np.repeat(np.arange(len(index)), counts)
    offset = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    column = x0[which] + offset % spans[which]
    row = y0[which] + offset // spans[which]
    pixel = row * width + column
    corners = faces[index[which]]
    weights = _weights(x, y, corners, pixel, width)
    inside = (weights >= -1e-6).all(axis=1)
    depth = (weights[inside] * z[corners[inside]]).sum(axis=1)
    key = (np.clip(depth.astype(np.float64), 0, 1) * (_FAR - 1)).astype(np.uint64) << np.uint64(32)
    np.minimum.at(buffer, pixel[inside], key | index[which[inside]].astype(np.uint64))


def _weights(
    x: Floats, y: Floats, corners: NDArray[np.int64], pixel: NDArray[np.int64], width: int
) -> Floats:
    """Barycentric weights of pixel centres within triangles on the screen."""
    ax, bx, cx = (x[corners[:, i]].astype(np.float64) for i in range(3))
    ay, by, cy = (y[corners[:, i]].astype(np.float64) for i in range(3))
    px, py = pixel % width + 0.5, pixel // width + 0.5
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    area = np.where(np.abs(area) > 1e-12, area, 1e-12)
    wb = ((px - ax) * (cy - ay) - (cx - ax) * (py - ay)) / area
    wc = ((bx - ax) * (py - ay) - (px - ax) * (by - ay)) / area
    return np.stack([1 - wb - wc, wb, wc], axis=1)


class RasterStage:
    """A scene ready for the NumPy renderer.

    Args:
        scene: what is drawn.
        floor: its floor; only its places and openness are used.
    """

    def __init__(self, scene: Drawable, floor: Drawable) -> None:
        self._scene = scene
        self._low, self._high = scene.bounds
        self._open, ground = openness(scene, floor, self.depth_map, count=28, px=192)
        cells = round(len(floor.vertices) ** 0.5)
        self._ground = ground.reshape(cells, cells)
        self._rulers = (
            floor.vertices[::cells, 0].astype(np.float64),
            floor.vertices[:cells, 2].astype(np.float64),
        )

    def depth_map(self, matrix: Floats, px: int) -> Floats:
        """Depth in [0, 1] of the solid triangles, (px, px), row 0 at the bottom."""
        scene = self._scene
        clip = _transform(scene.vertices, matrix)
        hits = rasterize(clip, scene.faces[: scene.solid], px, px)
        depth = np.ones(px * px, np.float32)
        depth[hits.pixel] = hits.depth
        return depth.reshape(px, px)

    def picture(self, camera: Camera, lights: Lights, size: tuple[int, int]) -> NDArray[np.uint8]:
        """The lit picture, (height, width, 3)."""
        factor = 2 if size[0] * size[1] * 4 <= _MAX_SUPER_PX * 2 else 1
        width, height = size[0] * factor, size[1] * factor
        shadows = self.depth_map(lights.key_matrix, SHADOW_PX)
        light = _Light(lights, shadows, camera.eye, self._radius)
        picture = self._background(camera, light, width, height)
        clip = _transform(self._scene.vertices, camera.projection @ camera.view)
        solid = rasterize(clip, self._scene.faces[: self._scene.solid], width, height)
        depth = np.ones(width * height, np.float32)
        color, _ = self._shade(solid, self._scene.faces, light)
        picture[solid.pixel] = color
        depth[solid.pixel] = solid.depth
        clear = self._scene.faces[self._scene.solid :]
        if len(clear):
            hits = rasterize(clip, clear, width, height)
            front = hits.depth < depth[hits.pixel]
            hits = Hits(hits.pixel[front], hits.face[front], hits.weights[front], hits.depth[front])
            color, alpha = self._shade(hits, clear, light)
            picture[hits.pixel] += (color - picture[hits.pixel]) * alpha[:, None]
        shown = np.clip(picture, 0, 1).reshape(height, width, 3)[::-1]
        if factor > 1:
            shown = shown.reshape(size[1], factor, size[0], factor, 3).mean(axis=(1, 3))
        return np.asarray(np.rint(shown * 255), np.uint8)

    @property
    def _radius(self) -> float:
        return float(np.linalg.norm(self._high - self._low)) / 2

    def _background(self, camera: Camera, light: _Light, width: int, height: int) -> Floats:
        """Backdrop and floor, (width * height, 3)."""
        mood = light.lights.mood
        row = (np.arange(height) + 0.5) / height
        level = _smoothstep(0.42, 1.05, row)[:, None]
        back = np.asarray(mood.backdrop_low) * (1 - level) + np.asarray(mood.backdrop_top) * level
        picture = np.repeat(back[:, None], width, axis=1).reshape(-1, 3).astype(np.float32)
        inverse = np.linalg.inv(camera.projection @ camera.view)
        x, y = np.meshgrid((np.arange(width) + 0.5) / width * 2 - 1, row * 2 - 1)
        far = _transform_points(np.stack([x, y, np.ones_like(x)], -1).reshape(-1, 3), inverse)
        ray = far - camera.eye
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (self._low[1] - camera.eye[1]) / ray[:, 1]
        hit = np.flatnonzero((t > 0) & (t < 50) & (ray[:, 1] < 0))
        place = (camera.eye + ray[hit] * t[hit, None]).astype(np.float32)
        away = np.hypot(
            place[:, 0] - (self._low[0] + self._high[0]) / 2,
            place[:, 2] - (self._low[2] + self._high[2]) / 2,
        )
        up = np.broadcast_to(np.array([0, 1, 0], np.float32), place.shape)
        shade = light.lit(place, up)[:, None]
        open_ = self._floor_openness(place)[:, None]
        floor, key = np.asarray(mood.floor), np.asarray(mood.key) * light.lights.to_key[1]
        sky, fill = np.asarray(mood.sky) * 0.62, np.asarray(mood.fill) * 0.2
        near = floor * (sky * open_ + key * (0.12 + 0.3 * shade) + fill)
        plain = floor * (sky + key * 0.42 + fill)
        out = _smoothstep(self._radius * 0.9, self._radius * 2.6, away)[:, None]
        picture[hit] = near * (1 - out) + picture[hit] * near / np.maximum(plain, 1e-3) * out
        return _film(picture)

    def _floor_openness(self, place: Floats) -> Floats:
        xs, zs = self._rulers
        u = np.interp(place[:, 0], xs, np.arange(len(xs)))
        v = np.interp(place[:, 2], zs, np.arange(len(zs)))
        i, j = np.minimum(u.astype(int), len(xs) - 2), np.minimum(v.astype(int), len(zs) - 2)
        a, b = u - i, v - j
        g = self._ground
        return np.asarray(
            g[i, j] * (1 - a) * (1 - b)
            + g[i + 1, j] * a * (1 - b)
            + g[i, j + 1] * (1 - a) * b
            + g[i + 1, j + 1] * a * b,
            np.float32,
        )

    def _shade(
        self, hits: Hits, faces: NDArray[np.integer], light: _Light
    ) -> tuple[Floats, Floats]:
        corners = faces[hits.face].astype(np.int64)

        def mixed(values: Floats) -> Floats:
            return np.asarray((values[corners] * hits.weights[..., None]).sum(axis=1), np.float32)

        scene = self._scene
        return light.shade(
            mixed(scene.vertices),
            mixed(scene.normals),
            mixed(scene.colors),
            mixed(scene.surface),
            mixed(self._open[:, None])[:, 0],
        )


class _Light:
    """The light of `gl`'s shader, in NumPy."""

    def __init__(self, lights: Lights, shadows: Floats, eye: Floats, radius: float) -> None:
        self.lights, self._shadows, self._eye = lights, shadows, eye.astype(np.float32)
        self._bias = np.float32(radius * 0.004)

    def lit(self, place: Floats, normal: Floats) -> Floats:
        """How much of the key light reaches each point, 0 to 1."""
        clip = _transform(place + normal * self._bias, self.lights.key_matrix)
        s = clip[:, :3] * 0.5 + 0.5
        px = self._shadows.shape[0]
        total = np.zeros(len(place), np.float32)
        limit = np.minimum(s[:, 2], 0.9999) - 0.0014
        for i in range(12):
            r, a = np.sqrt((i + 0.5) / 12) * 0.0042, i * 2.39996
            column = np.rint((s[:, 0] + r * np.cos(a)) * px - 0.5).astype(np.int64)
            row = np.rint((s[:, 1] + r * np.sin(a)) * px - 0.5).astype(np.int64)
            inside = (column >= 0) & (column < px) & (row >= 0) & (row < px)
            near = np.ones(len(place), np.float32)
            near[inside] = self._shadows[row[inside], column[inside]]
            total += near >= limit
        return total / 12

    def shade(
        self, place: Floats, normal: Floats, base: Floats, surface: Floats, open_: Floats
    ) -> tuple[Floats, Floats]:
        """Display colours and opacities."""
        mood, lights = self.lights.mood, self.lights
        view = _unit(self._eye - place)
        n = _unit(normal)
        faces_away = ((n * view).sum(axis=1) < 0) & (base[:, 3] < 1)
        n = np.where(faces_away[:, None], -n, n)
        shadow = self.lit(place, n)[:, None]
        o = open_[:, None]
        metal, rough = surface[:, :1], np.clip(surface[:, 1:2], 0.04, 1)
        albedo = base[:, :3]
        f0 = 0.04 * (1 - metal) + albedo * metal
        grazing = (1 - np.maximum((n * view).sum(axis=1, keepdims=True), 0)) ** 5
        fresnel = f0 + (np.maximum(1 - rough, f0) - f0) * grazing
        upward = 0.5 + 0.5 * n[:, 1:2]
        ambient = (np.asarray(mood.ground) * (1 - upward) + np.asarray(mood.sky) * upward) * o
        direct = (
            np.asarray(mood.key) * _dot(n, lights.to_key) * shadow * (0.75 + 0.25 * o)
            + np.asarray(mood.fill) * _dot(n, lights.to_fill) * o
            + np.asarray(mood.rim) * _dot(n, lights.to_rim) * 0.5 * o
        )
        color = albedo * (1 - metal) * (ambient + direct * 0.72)
        mirror = 2 * (n * view).sum(axis=1, keepdims=True) * n - view
        color = color + fresnel * self._around(mirror, rough) * (o * 0.85 + 0.15) * (
            1 - 0.55 * rough * (1 - metal)
        )
        spark = np.asarray(mood.key) * shadow * _shine(n, view, lights.to_key, rough)
        spark = (
            spark
            + np.asarray(mood.rim)
            * o
            * _shine(n, view, lights.to_rim, np.maximum(rough, 0.2))
            * 0.4
        )
        color = color + spark * f0 * 1.6 + albedo * surface[:, 2:3] * 1.9
        alpha = base[:, 3]
        veiled = np.clip(alpha + grazing[:, 0] * 0.6 + fresnel.mean(axis=1) * 0.4, 0, 1)
        return _film(color.astype(np.float32)), np.where(alpha < 1, veiled, 1.0).astype(np.float32)

    def _around(self, d: Floats, rough: Floats) -> Floats:
        mood, lights = self.lights.mood, self.lights
        up = d[:, 1:2]
        low_color, top = np.asarray(mood.backdrop_low), np.asarray(mood.backdrop_top)
        t = _smoothstep(0.0, 0.9, up)
        air = (low_color * (1 - t) + top * t) * 0.9
        t = _smoothstep(0.0, 0.45, -up)
        low = low_color * 0.75 * (1 - t) + np.asarray(mood.ground) * 0.55 * t
        t = _smoothstep(-0.12 - rough * 0.5, 0.12 + rough * 0.5, up)
        color = low * (1 - t) + air * t
        soft = 0.02 + rough * 0.5
        key = _smoothstep(0.86 - soft, 0.9 + soft * 0.3, (d @ lights.to_key)[:, None])
        fill = _smoothstep(0.8 - soft, 0.86 + soft * 0.3, (d @ lights.to_fill)[:, None])
        color = color + np.asarray(mood.key) * 0.85 * key
        return np.asarray(color + (np.asarray(mood.sky) + np.asarray(mood.fill)) * 0.9 * fill)


def _shine(n: Floats, v: Floats, toward: Floats, rough: Floats) -> Floats:
    """The highlight of a light on a rough surface (GGX, Walter 2007)."""
    a = np.maximum(rough * rough, 0.004)
    h = _unit(v + toward.astype(np.float32))
    nh = np.maximum((n * h).sum(axis=1, keepdims=True), 0)
    nv = np.maximum((n * v).sum(axis=1, keepdims=True), 0.05)
    nl = _dot(n, toward)
    spread = a * a / (np.pi * (nh * nh * (a * a - 1) + 1) ** 2)
    k = a * 0.5 + 0.05
    return np.asarray(spread * nl / (4 * (nv * (1 - k) + k) * (nl * (1 - k) + k)))


def _film(c: Floats) -> Floats:
    c = c * (2.51 * c * 0.62 + 0.03) / (c * (2.43 * c * 0.62 + 0.59) + 0.14)
    c = np.clip(c, 0, 1)
    grey = (c @ np.array([0.25, 0.6, 0.15], c.dtype))[:, None]
    return np.asarray((grey * 0.1 + c * 0.9) ** (1 / 2.2), np.float32)


def _dot(n: Floats, toward: Floats) -> Floats:
    return np.asarray(np.maximum(n @ toward.astype(np.float32), 0)[:, None])


def _unit(v: Floats) -> Floats:
    return np.asarray(v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-9), np.float32)


def _smoothstep(a: object, b: object, x: object) -> Floats:
    low, high = np.asarray(a), np.asarray(b)
    t = np.clip((np.asarray(x) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _transform(points: Floats, matrix: Floats) -> Floats:
    m = matrix.astype(np.float32)
    return np.asarray(points @ m[:, :3].T + m[:, 3], np.float32)


def _transform_points(points: Floats, matrix: Floats) -> Floats:
    h = points @ matrix[:, :3].T + matrix[:, 3]
    return np.asarray(h[:, :3] / h[:, 3:])
