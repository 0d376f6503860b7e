"""Camera moves over a still picture: pan, zoom and hold, with eased starts and stops.

A view is (centre x, centre y, zoom): centre in [0, 1] of the picture, zoom 1 shows the largest
window of the frame's shape that fits into the picture, 2 half of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Move = Literal[
    "auto", "still", "zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down"
]
MOVES: tuple[Move, ...] = ("zoom_in", "pan_right", "zoom_out", "pan_left", "pan_up", "pan_down")
_ZOOM = 1.18


@dataclass(frozen=True)
class View:
    """Where the camera looks."""

    x: float
    y: float
    zoom: float


_PATHS: dict[str, tuple[View, View]] = {
    "still": (View(0.5, 0.5, 1.0), View(0.5, 0.5, 1.0)),
    "zoom_in": (View(0.5, 0.5, 1.0), View(0.5, 0.48, _ZOOM)),
    "zoom_out": (View(0.5, 0.48, _ZOOM), View(0.5, 0.5, 1.0)),
    "pan_left": (View(1.0, 0.5, _ZOOM), View(0.0, 0.5, _ZOOM)),
    "pan_right": (View(0.0, 0.5, _ZOOM), View(1.0, 0.5, _ZOOM)),
    "pan_up": (View(0.5, 1.0, _ZOOM), View(0.5, 0.0, _ZOOM)),
    "pan_down": (View(0.5, 0.0, _ZOOM), View(0.5, 1.0, _ZOOM)),
}


def ease(t: float) -> float:
    """Smoothstep: 0 at 0, 1 at 1, no jump in speed at either end."""
    t = min(1.0, max(0.0, t))
    return t * t * (3.0 - 2.0 * t)


def view_at(move: Move, t: float) -> View:
    """The view of a move at t in [0, 1]."""
    start, end = _PATHS[move]
    k = ease(t)
    return View(
        start.x + (end.x - start.x) * k,
        start.y + (end.y - start.y) * k,
        start.zoom + (end.zoom - start.zoom) * k,
    )


def look(picture: NDArray[np.uint8], view: View, width: int, height: int) -> NDArray[np.uint8]:
    """The picture (H, W, 3) seen through a view, as a frame (height, width, 3).

    Sub-pixel exact, so that slow moves do not jitter.
    """
    import cv2

    rows, columns = picture.shape[:2]
    window = min(columns / width, rows / height) / view.zoom
    left = view.x * max(0.0, columns - width * window)
    top = view.y * max(0.0, rows - height * window)
    matrix = np.array([[window, 0.0, left], [0.0, window, top]], np.float64)
    flags = cv2.INTER_AREA if window > 1.5 else cv2.INTER_LINEAR
    if flags == cv2.INTER_AREA:
        # warpAffine cannot average areas: shrink first, look then
        picture = cv2.resize(picture, None, fx=1 / window, fy=1 / window, interpolation=flags)
        matrix = np.array([[1.0, 0.0, left / window], [0.0, 1.0, top / window]], np.float64)
    frame = cv2.warpAffine(
        picture,
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(frame, np.uint8)


def fill_frame(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A picture of another shape set whole onto a blurred, darkened copy of itself.

    Pictures whose shape is within 12 % of the frame's come back as they are: the camera crops them.
    """
    import cv2

    rows, columns = picture.shape[:2]
    shape = (columns / rows) / (width / height)
    if 0.88 <= shape <= 1.14:
        return picture
    scale = max(1.0, max(rows / height, columns / width))
    canvas_w, canvas_h = round(width * scale), round(height * scale)
    cover = max(canvas_w / columns, canvas_h / rows)
    back = cv2.resize(picture, (round(columns * cover) + 1, round(rows * cover) + 1))
    top, left = (back.shape[0] - canvas_h) // 2, (back.shape[1] - canvas_w) // 2
    back = back[top : top + canvas_h, left : left + canvas_w]
    small = cv2.GaussianBlur(cv2.resize(back, (64, 64)), (0, 0), 3)
    back = cv2.resize(small, (canvas_w, canvas_h), interpolation=cv2.INTER_CUBIC)
    back = (back * 0.72).astype(np.uint8)
    fit = min(canvas_w / columns, canvas_h / rows)
    front = cv2.resize(picture, (round(columns * fit), round(rows * fit)))
    y, x = (canvas_h - front.shape[0]) // 2, (canvas_w - front.shape[1]) // 2
    back[y : y + front.shape[0], x : x + front.shape[1]] = front
    return np.asarray(back, np.uint8)


def shot(
    picture: NDArray[np.uint8], move: Move, width: int, height: int
) -> Callable[[float], NDArray[np.uint8]]:
    """A function from t in [0, 1] to the frame at that time."""
    filled = fill_frame(picture, width, height)
    window = min(filled.shape[1] / width, filled.shape[0] / height) / _ZOOM
    if window > 1.5:
        # once for the whole shot: no frame needs more pixels than its closest view has
        import cv2

        filled = cv2.resize(
            filled, None, fx=1 / window, fy=1 / window, interpolation=cv2.INTER_AREA
        )
    return lambda t: look(filled, view_at(move, t), width, height)
