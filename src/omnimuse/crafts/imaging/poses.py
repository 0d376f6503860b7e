"""Poses: who is meant, what is told of them, and the stick figures that ControlNets follow."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from omnimuse.backends.base import Joint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SURE = 0.3
"""Score from which a joint is told and drawn."""
_MIN_JOINTS = 5
# Joints of a stick figure in the order of OpenPose (Cao et al. 2019, arXiv:1812.08008), which the
# colours follow; the neck is the middle of the shoulders.
_FIGURE = (
    *("nose", "neck", "right shoulder", "right elbow", "right wrist", "left shoulder"),
    *("left elbow", "left wrist", "right hip", "right knee", "right ankle", "left hip"),
    *("left knee", "left ankle", "right eye", "left eye", "right ear", "left ear"),
)
_LIMBS = (
    *((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10)),
    *((1, 11), (11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),
)
_LIMB_SHARE = 0.6


def is_person(joints: Sequence[Joint]) -> bool:
    """Whether enough joints are sure for a pose to be told."""
    return sum(joint.score >= SURE for joint in joints) >= _MIN_JOINTS


def record(joints: Sequence[Joint], size: tuple[int, int]) -> dict[str, Any]:
    """A person's joints as JSON: places as shares of the picture, those that are not sure left out.

    Args:
        joints: of one person.
        size: of the picture, width and height in pixels.
    """
    return {
        "joints": {
            joint.name: [round(joint.x / size[0], 4), round(joint.y / size[1], 4)]
            for joint in joints
            if joint.score >= SURE
        },
        "score": round(sum(joint.score for joint in joints) / max(len(joints), 1), 4),
    }


def draw_figures(people: Sequence[Sequence[Joint]], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Stick figures on black in OpenPose's colours, uint8 (H, W, 3)."""
    import cv2
    import numpy as np

    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    thick = max(1, round(max(size) / 128))
    for joints in people:
        points = _points(joints)
        for number, (first, second) in enumerate(_LIMBS):
            if not {_FIGURE[first], _FIGURE[second]} <= points.keys():
                continue
            (x0, y0), (x1, y1) = points[_FIGURE[first]], points[_FIGURE[second]]
            length = float(np.hypot(x1 - x0, y1 - y0))
            angle = float(np.degrees(np.arctan2(y1 - y0, x1 - x0)))
            middle = (round((x0 + x1) / 2), round((y0 + y1) / 2))
            axes = (max(1, round(length / 2)), thick)
            color = tuple(round(_LIMB_SHARE * v) for v in _color(number))
            cv2.ellipse(canvas, middle, axes, angle, 0, 360, color, -1, cv2.LINE_AA)
        for number, name in enumerate(_FIGURE):
            if name in points:
                x, y = points[name]
                cv2.circle(canvas, (round(x), round(y)), thick, _color(number), -1, cv2.LINE_AA)
    return canvas


def _points(joints: Sequence[Joint]) -> Mapping[str, tuple[float, float]]:
    points = {joint.name: (joint.x, joint.y) for joint in joints if joint.score >= SURE}
    left, right = points.get("left shoulder"), points.get("right shoulder")
    if left is not None and right is not None:
        points["neck"] = ((left[0] + right[0]) / 2, (left[1] + right[1]) / 2)
    return points


def _color(number: int) -> tuple[int, int, int]:
    """Hues an eighteenth of a turn apart, from red on."""
    red, green, blue = colorsys.hsv_to_rgb(number / 18, 1.0, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)
