"""Scenes that live: layers pass one another as the camera moves, and things move a little.

Each thing is drawn once, larger than the frame. For a frame every layer is moved by the camera as
its depth demands (near things more than far ones) and by its own gentle motion: trees sway, animals
breathe, boats rock, what flies drifts, stars twinkle, water glitters, rain and snow fall.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from omnimuse.crafts.animation.camera import Move, view_at
from omnimuse.crafts.illustration.art import ArtPack
from omnimuse.crafts.illustration.cutouts import Cutout, cut_out, reframed
from omnimuse.crafts.illustration.scene import Background, Scene, SceneObject
from omnimuse.crafts.layout.sizes import real_size
from omnimuse.crafts.layout.words import noun_kind, singular

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Matrix = NDArray[np.float64]

MARGIN = 0.09
"""How much of the frame is drawn beyond each of its edges."""
FAR, NEAR = 0.4, 1.0
"""How much of the camera's move the backdrop and the nearest thing make."""
_PAN, _ZOOM = 0.055, 0.1
_PLANTS = (
    "tree",
    "pine",
    "palm",
    "flower",
    "bush",
    "grass",
    "plant",
    "cactus",
    "reed",
    "rose",
    "tulip",
    "sunflower",
    "blossom",
    "herb",
    "deciduous",
    "evergreen",
    "fern",
    "wheat",
    "sheaf",
)
_STILL_LIGHTS = ("moon", "sun", "star", "rainbow")
_WATERS = ("sea", "lake", "beach", "harbor", "river", "underwater", "island", "pond", "coast")
_MAX_STARS = 70


@dataclass(frozen=True, eq=False)
class _Layer:
    """A cutout with how it moves."""

    pixels: Pixels
    keep: Pixels
    x: float
    y: float
    share: float
    motion: str
    phase: float


def parallax_shot(
    scene_json: Any,
    pack: ArtPack,
    move: Move,
    width: int,
    height: int,
    *,
    duration_s: float = 4.0,
) -> Callable[[float], NDArray[np.uint8]]:
    """A function from t in [0, 1] to the frame (height, width, 3) at that time of the shot.

    Args:
        scene_json: JSON of a scene, see `omnimuse.crafts.illustration.scene`.
        pack: the art that the scene names.
        move: how the camera moves.
        width: of the frames, pixels.
        height: of the frames, pixels.
        duration_s: of the shot; motion keeps its pace whatever the length.

    Raises:
        ArgumentError: not a scene.
        CheckpointError: the pack lacks a drawing.
    """
    scene = Scene.from_json(scene_json)
    canvas = (round(width * (1 + 2 * MARGIN)), round(height * (1 + 2 * MARGIN)))
    inner = MARGIN / (1 + 2 * MARGIN)
    wide = reframed(scene, canvas, (inner, inner, 1 - 2 * inner, 1 - 2 * inner))
    stage = cut_out(wide, pack)
    layers = [_layer(cutout) for cutout in stage.cutouts if cutout.pixels[..., 3].any()]
    set_ = _Backdrop(stage.backdrop, wide.background, scene.seed)
    weather = (
        _Weather(stage.weather, wide.background.weather) if stage.weather is not None else None
    )

    def frame_at(t: float) -> NDArray[np.uint8]:
        time_s = t * duration_s
        frame = set_.draw(_camera(move, t, FAR, canvas, (width, height)), (width, height), time_s)
        for layer in layers:
            camera = _camera(move, t, layer.share, canvas, (width, height))
            _draw(frame, layer, camera @ _motion(layer, time_s, height))
        if weather is not None:
            weather.draw(frame, canvas, time_s)
        return frame

    return frame_at


def _camera(
    move: Move, t: float, share: float, canvas: tuple[int, int], size: tuple[int, int]
) -> Matrix:
    """From canvas pixels to frame pixels for a layer that makes that share of the move."""
    view = view_at(move, t)
    start = view_at(move, 0.0)
    end = view_at(move, 1.0)
    peak = max(start.zoom, end.zoom) - 1
    zoom = 1 + _ZOOM * share * ((view.zoom - 1) / peak if peak > 0 else 0.0)
    is_pan = (start.x, start.y) != (end.x, end.y) and start.zoom == end.zoom
    zoom = 1.0 if is_pan else zoom
    shift_x = (0.5 - view.x) * 2 * _PAN * share * size[0] if is_pan else 0.0
    shift_y = (0.5 - view.y) * 2 * _PAN * share * size[1] if is_pan else 0.0
    # the eye is held a little above the middle, where the horizon usually is
    cx, cy = canvas[0] / 2, canvas[1] * 0.52
    return np.array(
        [
            [zoom, 0, size[0] / 2 + shift_x - zoom * cx],
            [0, zoom, size[1] * 0.5 + (0.52 - 0.5) * canvas[1] + shift_y - zoom * cy],
            [0, 0, 1],
        ]
    )


def _layer(cutout: Cutout) -> _Layer:
    item = cutout.item
    share = NEAR if item is None else FAR + (NEAR - FAR) * min(max(item.depth, 0.0), 1.0)
    if item is not None and item.anchor == "sky":
        share = FAR + (share - FAR) * 0.35
    phase = (zlib.crc32(item.id.encode()) % 1000 / 1000 * 2 * math.pi) if item else 0.0
    keep = 255 - np.repeat(cutout.pixels[..., 3:], 3, axis=2)
    color = np.ascontiguousarray(cutout.pixels[..., :3])
    return _Layer(color, keep, cutout.x, cutout.y, share, _motion_of(item), phase)


def _motion_of(item: SceneObject | None) -> str:
    """How a thing lives: sway, breathe, rock, drift or still."""
    if item is None or item.anchor == "fill":
        return "still"
    noun = singular(item.label.split()[-1])
    words = {*item.art.replace(":", "-").split("-"), *item.label.split(), noun}
    if words & set(_STILL_LIGHTS):
        return "still"
    if words & set(_PLANTS):
        return "sway"
    if item.anchor == "water":
        return "rock"
    if item.anchor == "sky" or (real_size(item.label)[2] == "a" and item.anchor != "ground"):
        return "drift"
    if noun_kind(noun) in ("a", "p"):
        return "breathe"
    return "still"


def _motion(layer: _Layer, time_s: float, height: int) -> Matrix:
    """The layer's own motion at a time, in canvas pixels, with its place."""
    rows, columns = layer.pixels.shape[:2]
    base_x, base_y = layer.x + columns / 2, layer.y + rows * 0.97
    wave = math.sin(2 * math.pi * time_s / 4.3 + layer.phase)
    wave2 = math.sin(2 * math.pi * time_s / 2.9 + layer.phase * 1.7)
    unit = height / 720
    matrix = np.eye(3)
    if layer.motion == "sway":
        matrix[0, 1] = -0.011 * (wave + 0.35 * wave2)
    elif layer.motion == "breathe":
        matrix[1, 1] = 1 + 0.008 * wave
        matrix[0, 0] = 1 - 0.003 * wave
    elif layer.motion == "rock":
        angle = math.radians(1.3) * wave
        matrix[:2, :2] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        matrix[1, 2] = 2.4 * unit * wave2
    elif layer.motion == "drift":
        matrix[0, 2] = 7.0 * unit * math.sin(2 * math.pi * time_s / 9.0 + layer.phase)
        matrix[1, 2] = 3.0 * unit * wave
    around = np.array([[1, 0, base_x], [0, 1, base_y], [0, 0, 1]])
    back = np.array([[1, 0, layer.x - base_x], [0, 1, layer.y - base_y], [0, 0, 1]])
    return np.asarray(around @ matrix @ back)


def _draw(frame: Pixels, layer: _Layer, matrix: Matrix) -> None:
    """Lay a layer over the frame, in place; only the part that it covers is touched."""
    import cv2

    rows, columns = layer.pixels.shape[:2]
    corners = (
        matrix[:2, :2] @ np.array([[0, columns, 0, columns], [0, 0, rows, rows]]) + matrix[:2, 2:]
    )
    left, top = np.floor(corners.min(axis=1)).astype(int) - 1
    right, bottom = np.ceil(corners.max(axis=1)).astype(int) + 1
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, frame.shape[1]), min(bottom, frame.shape[0])
    if right <= left or bottom <= top:
        return
    local = matrix[:2].copy()
    local[:, 2] -= (left, top)
    size = (int(right - left), int(bottom - top))
    color = cv2.warpAffine(layer.pixels, local, size, flags=cv2.INTER_LINEAR)
    keep = cv2.warpAffine(
        layer.keep, local, size, flags=cv2.INTER_LINEAR, borderValue=(255, 255, 255)
    )
    view = frame[top:bottom, left:right]
    cv2.multiply(view, keep, dst=view, scale=1 / 255)
    cv2.add(view, color, dst=view)


class _Backdrop:
    """The backdrop with its stars and its water.

    Args:
        pixels: RGB, larger than the frame.
        background: what it shows.
        seed: for the stars' phases.
    """

    def __init__(self, pixels: Pixels, background: Background, seed: int) -> None:
        self._pixels = pixels
        self._horizon = background.horizon * pixels.shape[0]
        self._has_water = any(word in background.place for word in _WATERS)
        is_dark = background.time in ("night", "evening") or background.place == "space"
        self._stars = _find_stars(pixels, self._horizon) if is_dark else np.zeros((0, 3))
        rng = np.random.default_rng(seed)
        self._phases = rng.uniform(0, 2 * math.pi, len(self._stars))
        self._paces = rng.uniform(1.4, 3.4, len(self._stars))
        self._maps: tuple[Any, Any] | None = None

    def draw(self, matrix: Matrix, size: tuple[int, int], time_s: float) -> Pixels:
        """The frame with nothing but the backdrop, (height, width, 3)."""
        import cv2

        frame: Pixels = cv2.warpAffine(
            self._pixels, matrix[:2], size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        if self._has_water:
            self._glitter(frame, matrix, time_s)
        self._twinkle(frame, matrix, time_s)
        return frame

    def _twinkle(self, frame: Pixels, matrix: Matrix, time_s: float) -> None:
        level = 0.72 + 0.28 * np.sin(2 * math.pi * time_s / self._paces + self._phases)
        for (x, y, radius), light in zip(self._stars, level, strict=True):
            u = matrix[0, 0] * x + matrix[0, 2]
            v = matrix[1, 1] * y + matrix[1, 2]
            r = radius * matrix[0, 0]
            y0, y1 = max(0, int(v - r)), min(frame.shape[0], int(v + r) + 1)
            x0, x1 = max(0, int(u - r)), min(frame.shape[1], int(u + r) + 1)
            if y0 >= y1 or x0 >= x1:
                continue
            spot = frame[y0:y1, x0:x1].astype(np.float32)
            dark = spot.min(axis=(0, 1))
            frame[y0:y1, x0:x1] = (dark + (spot - dark) * np.float32(light)).astype(np.uint8)

    def _glitter(self, frame: Pixels, matrix: Matrix, time_s: float) -> None:
        """Rows of water slide to and fro; the nearer, the further."""
        import cv2

        top = int(matrix[1, 1] * self._horizon + matrix[1, 2]) + 2
        rows = frame.shape[0] - top
        if rows < 8:
            return
        y = np.arange(rows, dtype=np.float32)
        deep = y / rows
        wave = np.sin(y / (2.5 + 9 * deep) + 2 * math.pi * time_s / 2.3)
        wave += 0.6 * np.sin(y / (4.1 + 5 * deep) - 2 * math.pi * time_s / 3.1)
        reach = frame.shape[1] * (0.0006 + 0.0022 * deep) * np.minimum(y / 6, 1)
        if self._maps is None or self._maps[0].shape != (rows, frame.shape[1]):
            self._maps = (
                np.tile(np.arange(frame.shape[1], dtype=np.float32), (rows, 1)),
                np.tile(y[:, None], (1, frame.shape[1])),
            )
        columns = self._maps[0] + (wave * reach)[:, None]
        frame[top:] = cv2.remap(
            frame[top:], columns, self._maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )


def _find_stars(pixels: Pixels, horizon: float) -> NDArray[np.float64]:
    """Small bright spots of the sky as (x, y, radius), the largest first."""
    import cv2

    sky = cv2.cvtColor(pixels[: max(1, int(horizon))], cv2.COLOR_RGB2GRAY)
    smooth = cv2.medianBlur(sky, 15) if min(sky.shape) > 15 else sky
    mask = (cv2.subtract(sky, smooth) > 34).astype(np.uint8)
    count, _, stats, centers = cv2.connectedComponentsWithStats(mask, connectivity=8)
    limit = max(60, pixels.size // 3 // 6000)
    found = [
        (centers[i][0], centers[i][1], max(stats[i][2], stats[i][3]) / 2 + 2.0, stats[i][4])
        for i in range(1, count)
        if stats[i][4] <= limit
    ]
    found.sort(key=lambda star: (-star[3], star[1], star[0]))
    return np.array([star[:3] for star in found[:_MAX_STARS]], float).reshape(-1, 3)


class _Weather:
    """What falls or drifts in front of everything.

    Args:
        pixels: premultiplied RGBA of the canvas's size.
        sort: rain, storm, snow, fog, ...
    """

    def __init__(self, pixels: Pixels, sort: str) -> None:
        self._color = np.ascontiguousarray(pixels[..., :3])
        self._keep = 255 - np.repeat(pixels[..., 3:], 3, axis=2)
        self._sort = sort

    def draw(self, frame: Pixels, canvas: tuple[int, int], time_s: float) -> None:
        """Lay the weather of that time over the frame, in place."""
        import cv2

        height, width = frame.shape[:2]
        down = {"rain": 1.15, "storm": 1.5, "snow": 0.09}.get(self._sort, 0.0)
        x = (canvas[0] - width) // 2
        if self._sort in ("snow", "fog"):
            x += round(math.sin(2 * math.pi * time_s / 6.5) * 0.35 * x)
        shift = (
            int(time_s * down * canvas[1]) % canvas[1]
            if down
            else canvas[1] - (canvas[1] - height) // 2
        )
        row = 0
        source = (canvas[1] - shift) % canvas[1]
        while row < height:
            count = min(height - row, canvas[1] - source)
            view = frame[row : row + count]
            cut = (slice(source, source + count), slice(x, x + width))
            cv2.multiply(view, self._keep[cut], dst=view, scale=1 / 255)
            cv2.add(view, self._color[cut], dst=view)
            row, source = row + count, 0
