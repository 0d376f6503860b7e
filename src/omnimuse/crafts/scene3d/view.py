"""Where the camera stands and what light there is: shared by both renderers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.scene3d.material import linear

Floats = NDArray[np.floating[Any]]
FOV_DEG = 28.0
KEY_AZIMUTH_DEG, KEY_ELEVATION_DEG = -42.0, 52.0


@dataclass(frozen=True)
class Mood:
    """Light and air; colours are linear RGB.

    Attributes:
        key: the main light.
        fill: the weaker light from the other side.
        rim: the light from behind.
        sky: ambient light from above.
        ground: ambient light from below.
        backdrop_top: backdrop at the upper edge.
        backdrop_low: backdrop at the horizon.
        floor: the floor near the middle, before shadow.
    """

    key: tuple[float, float, float]
    fill: tuple[float, float, float]
    rim: tuple[float, float, float]
    sky: tuple[float, float, float]
    ground: tuple[float, float, float]
    backdrop_top: tuple[float, float, float]
    backdrop_low: tuple[float, float, float]
    floor: tuple[float, float, float]


def _light(code: str, strength: float) -> tuple[float, float, float]:
    r, g, b = linear(code)
    return (r * strength, g * strength, b * strength)


MOODS: dict[str, Mood] = {
    "day": Mood(
        _light("#fff1dc", 2.35),
        _light("#cfe0ff", 0.42),
        _light("#ffffff", 0.75),
        _light("#dfeaff", 0.62),
        _light("#b9a58c", 0.3),
        linear("#a9bed3"),
        linear("#eef1f2"),
        linear("#e6e6e4"),
    ),
    "sunset": Mood(
        _light("#ffb877", 2.5),
        _light("#9c8fd8", 0.5),
        _light("#ff9b6b", 1.1),
        _light("#d9b3c4", 0.5),
        _light("#8c6b63", 0.3),
        linear("#7f7fb0"),
        linear("#f7c9a4"),
        linear("#ddc0ae"),
    ),
    "night": Mood(
        _light("#b9cdff", 1.15),
        _light("#6a7fd0", 0.25),
        _light("#a8c2ff", 0.7),
        _light("#5a6fae", 0.36),
        _light("#2a3050", 0.3),
        linear("#141c3c"),
        linear("#33406f"),
        linear("#394470"),
    ),
}


@dataclass(frozen=True, eq=False)
class Camera:
    """Eye, target and the view as 4 x 4 matrices in OpenGL's convention."""

    eye: Floats
    target: Floats
    near: float
    far: float
    aspect: float
    fov_deg: float = FOV_DEG

    @property
    def view(self) -> Floats:
        """World to camera."""
        return look_at(self.eye, self.target)

    @property
    def projection(self) -> Floats:
        """Camera to clip coordinates."""
        f = 1 / math.tan(math.radians(self.fov_deg) / 2)
        near, far = self.near, self.far
        return np.array(
            [
                [f / self.aspect, 0, 0, 0],
                [0, f, 0, 0],
                [0, 0, (far + near) / (near - far), 2 * far * near / (near - far)],
                [0, 0, -1, 0],
            ]
        )


def look_at(eye: Floats, target: Floats) -> Floats:
    """World to camera: x right, y up, looking along -z."""
    back = eye - target
    back = back / np.linalg.norm(back)
    up = np.array([0.0, 1.0, 0.0]) if abs(back[1]) < 0.999 else np.array([0.0, 0.0, -1.0])
    right = np.cross(up, back)
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = [right, np.cross(back, right), back]
    matrix[:3, 3] = -matrix[:3, :3] @ eye
    return matrix


def direction(azimuth_deg: float, elevation_deg: float) -> Floats:
    """Unit vector towards a place on the sky; azimuth 0 is in front (+z), 90 to the right (+x)."""
    a, e = math.radians(azimuth_deg), math.radians(elevation_deg)
    return np.array([math.sin(a) * math.cos(e), math.sin(e), math.cos(a) * math.cos(e)])


def orbit(
    low: Floats,
    high: Floats,
    azimuth_deg: float,
    elevation_deg: float,
    aspect: float,
    *,
    margin: float = 1.12,
    steady: bool = False,
) -> Camera:
    """A camera that sees the whole of a box from that side.

    Args:
        low: lowest corner.
        high: highest corner.
        azimuth_deg: 0 is the front, 90 the right side.
        elevation_deg: above the horizon.
        aspect: width over height of the picture.
        margin: free space around.
        steady: far enough for every azimuth, so that a turn keeps its distance.
    """
    low, high = np.asarray(low, float), np.asarray(high, float)
    center = (low + high) / 2
    toward = direction(azimuth_deg, elevation_deg)
    half_y = math.tan(math.radians(FOV_DEG) / 2) / margin
    half_x = half_y * aspect
    distance = 0.0
    turns = range(0, 360, 15) if steady else (0,)
    for turn in turns:
        side = direction(azimuth_deg + turn, elevation_deg)
        matrix = look_at(center + side, center)[:3, :3]
        corners = np.array(
            [
                [x, y, z]
                for x in (low[0], high[0])
                for y in (low[1], high[1])
                for z in (low[2], high[2])
            ]
        )
        local = (corners - center) @ matrix.T
        reach = local[:, 2] + np.maximum(np.abs(local[:, 0]) / half_x, np.abs(local[:, 1]) / half_y)
        distance = max(distance, float(reach.max()))
    radius = float(np.linalg.norm(high - low)) / 2
    distance = max(distance, radius * 1.2, 1e-3)
    return Camera(
        center + toward * distance,
        center,
        max(distance - radius * 1.6, distance * 0.04),
        distance + radius * 9,
        aspect,
    )


def light_matrix(low: Floats, high: Floats, toward: Floats) -> Floats:
    """World to clip coordinates of an orthographic look along a light, over a whole box."""
    center = (np.asarray(low, float) + np.asarray(high, float)) / 2
    radius = float(np.linalg.norm(np.asarray(high) - np.asarray(low))) / 2 * 1.02 + 1e-6
    view = look_at(center + toward * radius, center)
    scale = np.diag([1 / radius, 1 / radius, -1 / radius, 1.0])
    shift = np.eye(4)
    shift[2, 3] = -1.0
    return np.asarray(shift @ scale @ view)
