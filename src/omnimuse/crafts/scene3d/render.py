"""Pictures of 3D scenes: OpenGL where it works, else the NumPy renderer; a fact says which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.scene3d.drawable import Drawable, finely_cut
from omnimuse.crafts.scene3d.gl import GlStage, Lights, gl_status, in_gl_thread
from omnimuse.crafts.scene3d.openness import floor_under, openness
from omnimuse.crafts.scene3d.view import (
    KEY_AZIMUTH_DEG,
    KEY_ELEVATION_DEG,
    MOODS,
    Camera,
    Mood,
    direction,
    light_matrix,
    orbit,
)

Pixels = NDArray[np.uint8]
Look = Callable[[Camera, float], Pixels]
_CUT = 0.035


def lights_for(scene: Drawable, mood: Mood, azimuth_deg: float) -> Lights:
    """Key light from the upper left of the camera, fill from the right, rim from behind."""
    low, high = scene.bounds
    key = direction(azimuth_deg + KEY_AZIMUTH_DEG, KEY_ELEVATION_DEG)
    fill = direction(azimuth_deg + 65, 22)
    rim = direction(azimuth_deg + 160, 35)
    return Lights(mood, key, fill, rim, light_matrix(low, high, key))


@contextmanager
def stage(
    scene: Drawable, *, mood: str = "day", size: tuple[int, int]
) -> Iterator[tuple[Callable[[Camera, float], Pixels], str]]:
    """A scene set up for looking at it from many sides.

    Yields a function from a camera and its azimuth to pixels (height, width, 3), and the name of
    the renderer.
    """
    works, name = gl_status()
    light = MOODS.get(mood, MOODS["day"])
    low, high = scene.bounds
    radius = float(np.linalg.norm(high - low)) / 2
    fine = finely_cut(scene, radius * _CUT)
    floor = floor_under(low, high)
    if not works:
        from omnimuse.crafts.scene3d.raster import RasterStage

        soft = RasterStage(fine, floor)
        yield (
            lambda camera, azimuth: soft.picture(camera, lights_for(scene, light, azimuth), size),
            f"numpy ({name})",
        )
        return
    opened: list[GlStage] = []

    def begin() -> None:
        opened.append(GlStage(fine))
        things, ground = openness(fine, floor, opened[0].depth_map)
        opened[0].relight(things, (floor, ground))

    def look(camera: Camera, azimuth: float) -> Pixels:
        lights = lights_for(scene, light, azimuth)
        return in_gl_thread(lambda: opened[0].picture(camera, lights, size))

    try:
        in_gl_thread(begin)
        yield look, f"opengl ({name})"
    finally:
        if opened:
            in_gl_thread(opened[0].close)


def render_view(
    scene: Drawable,
    *,
    azimuth_deg: float = 30.0,
    elevation_deg: float = 18.0,
    size: tuple[int, int] = (768, 768),
    mood: str = "day",
) -> tuple[Pixels, str]:
    """One picture, (height, width, 3), and the renderer's name."""
    low, high = scene.bounds
    camera = orbit(low, high, azimuth_deg, elevation_deg, size[0] / size[1])
    with stage(scene, mood=mood, size=size) as (look, name):
        return look(camera, azimuth_deg), name


def turntable(
    scene: Drawable,
    *,
    frames: int,
    elevation_deg: float = 18.0,
    size: tuple[int, int],
    mood: str = "day",
    start_deg: float = 30.0,
) -> Iterator[Pixels]:
    """One full turn in so many frames; the last is one step before the first."""
    low, high = scene.bounds
    with stage(scene, mood=mood, size=size) as (look, _):
        for number in range(frames):
            azimuth = start_deg + 360.0 * number / frames
            camera = orbit(low, high, azimuth, elevation_deg, size[0] / size[1], steady=True)
            yield look(camera, azimuth)
