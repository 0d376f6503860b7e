"""Transitions between two frames: functions of (from, to, t) with t in [0, 1]."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np

from omnimuse.crafts.animation.camera import ease

if TYPE_CHECKING:
    from numpy.typing import NDArray

Transition = Literal["cut", "dissolve", "fade", "wipe", "push"]


def dissolve(a: NDArray[np.uint8], b: NDArray[np.uint8], t: float) -> NDArray[np.uint8]:
    """Cross-fade."""
    import cv2

    frame: NDArray[np.uint8] = cv2.addWeighted(a, 1.0 - t, b, t, 0.0)
    return frame


def fade(a: NDArray[np.uint8], b: NDArray[np.uint8], t: float) -> NDArray[np.uint8]:
    """Through black."""
    source, level = (a, 1.0 - 2.0 * t) if t < 0.5 else (b, 2.0 * t - 1.0)
    return np.asarray(source * np.float32(level), np.uint8)


def wipe(a: NDArray[np.uint8], b: NDArray[np.uint8], t: float) -> NDArray[np.uint8]:
    """From left to right with a soft edge of a tenth of the width."""
    width = a.shape[1]
    ramp = np.clip((ease(t) * 1.1 * width - np.arange(width)) / (0.1 * width), 0.0, 1.0)
    k = ramp.astype(np.float32)[None, :, None]
    return np.asarray(a * (1.0 - k) + b * k + 0.5, np.uint8)


def push(a: NDArray[np.uint8], b: NDArray[np.uint8], t: float) -> NDArray[np.uint8]:
    """The new picture pushes the old one out to the left."""
    shift = round(ease(t) * a.shape[1])
    return np.concatenate([a[:, shift:], b[:, :shift]], axis=1)


TRANSITIONS: dict[str, Callable[..., NDArray[np.uint8]]] = {
    "dissolve": dissolve,
    "fade": fade,
    "wipe": wipe,
    "push": push,
}
