"""Pictures from both renderers: what is where, what is lit, and that they agree."""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
import pytest

from omnimuse.crafts.scene3d import gl, render
from omnimuse.crafts.scene3d.build import build
from omnimuse.crafts.scene3d.drawable import Drawable, drawable, pieces_of
from omnimuse.crafts.scene3d.egl import EglError
from omnimuse.crafts.scene3d.glb import Placed
from omnimuse.crafts.scene3d.models import all_models
from omnimuse.crafts.scene3d.openness import floor_under, openness, sides
from omnimuse.crafts.scene3d.raster import RasterStage, rasterize
from omnimuse.crafts.scene3d.view import light_matrix, look_at, orbit

SIZE = (160, 120)


def scene(name: str, color: str = "", **more: Any) -> Drawable:
    return drawable(
        pieces_of([Placed(f"{name}-1", build(all_models()[name], color=color, **more))])
    )


@pytest.fixture
def numpy_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "gl_status", lambda: (False, "none"))


needs_gl = pytest.mark.skipif(not gl.gl_status()[0], reason=f"no OpenGL: {gl.gl_status()[1]}")


def test_a_triangle_covers_half_of_its_square() -> None:
    clip = np.array([[-1, -1, 0, 1], [1, -1, 0, 1], [-1, 1, 0, 1]], np.float32)
    hits = rasterize(clip, np.array([[0, 1, 2]]), 64, 64)
    assert len(hits.pixel) == pytest.approx(64 * 64 / 2, abs=40)
    assert hits.weights.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert hits.depth == pytest.approx(0.5)


def test_the_nearer_triangle_wins_whatever_the_order() -> None:
    near = [[-1, -1, -0.5, 1], [3, -1, -0.5, 1], [-1, 3, -0.5, 1]]
    far = [[-1, -1, 0.5, 1], [3, -1, 0.5, 1], [-1, 3, 0.5, 1]]
    clip = np.array(near + far, np.float32)
    for faces, winner in (([[0, 1, 2], [3, 4, 5]], 0), ([[3, 4, 5], [0, 1, 2]], 1)):
        hits = rasterize(clip, np.array(faces), 16, 16)
        assert len(hits.pixel) == 256
        assert set(hits.face.tolist()) == {winner}


def test_weights_are_right_in_perspective() -> None:
    # a strip that runs from w = 1 to w = 3: the middle of the screen is not its middle
    clip = np.array([[-1, -1, 0, 1], [-1, 1, 0, 1], [3, 0, 0, 3]], np.float32)
    hits = rasterize(clip, np.array([[0, 1, 2]]), 65, 65)
    middle = np.flatnonzero(hits.pixel == 32 * 65 + 32)
    assert hits.weights[middle[0], 2] == pytest.approx(0.25, abs=0.01)


def test_what_lies_behind_the_eye_is_left_out() -> None:
    clip = np.array([[0, 0, 0, -1], [1, 0, 0, 1], [0, 1, 0, 1]], np.float32)
    assert len(rasterize(clip, np.array([[0, 1, 2]]), 32, 32).pixel) == 0


@pytest.mark.parametrize("azimuth", [0, 90, 200])
@pytest.mark.parametrize("elevation", [-20, 0, 45, 89])
def test_the_camera_sees_the_whole_box(azimuth: float, elevation: float) -> None:
    low, high = np.array([-1.0, 0, -3]), np.array([2.0, 1, 0.5])
    camera = orbit(low, high, azimuth, elevation, 1.5)
    corners = np.array([[x, y, z, 1] for x in (-1, 2) for y in (0, 1) for z in (-3, 0.5)])
    clip = corners @ (camera.projection @ camera.view).T
    inside = np.abs(clip[:, :3] / clip[:, 3:])
    assert (clip[:, 3] > 0).all()
    assert inside.max() < 1
    assert inside[:, :2].max() > 0.6, "and not from too far"


def test_a_steady_turn_keeps_its_distance() -> None:
    low, high = np.array([-3.0, 0, -1]), np.array([3.0, 1, 1])
    away = [
        float(np.linalg.norm(c.eye - c.target))
        for c in (orbit(low, high, a, 15, 1.3, steady=True) for a in range(0, 360, 30))
    ]
    assert max(away) - min(away) < 1e-9 * max(away) + 0.35


def test_light_and_view_matrices_are_rotations() -> None:
    matrix = look_at(np.array([1.0, 2, 3]), np.zeros(3))[:3, :3]
    assert matrix @ matrix.T == pytest.approx(np.eye(3))
    low, high = np.array([0.0, 0, 0]), np.array([1.0, 2, 3])
    clip = np.append(high, 1) @ light_matrix(low, high, np.array([0.0, 1, 0])).T
    assert np.abs(clip[:3]).max() <= 1.0001


def test_sides_are_spread_over_the_sphere() -> None:
    d = sides(96)
    assert np.linalg.norm(d, axis=1) == pytest.approx(1)
    assert np.abs(d.mean(axis=0)).max() < 0.02


def test_under_a_table_there_is_less_sky() -> None:
    table = scene("table")
    floor = floor_under(*table.bounds, cells=60)
    share, ground = openness(table, floor, RasterStage(table, floor).depth_map, count=48, px=128)
    middle = np.hypot(floor.vertices[:, 0], floor.vertices[:, 2]) < 0.15
    far = np.hypot(floor.vertices[:, 0], floor.vertices[:, 2]) > 3
    assert ground[middle].mean() < 0.6 < 0.97 < ground[far].mean()
    top = (table.vertices[:, 1] > 0.749) & (table.normals[:, 1] > 0.9)
    assert share[top].min() > 0.95


def test_the_numpy_picture_shows_the_thing_where_it_is(numpy_only: None) -> None:
    pixels, name = render.render_view(scene("sphere", "#e3242b"), size=SIZE, elevation_deg=10)
    assert name.startswith("numpy")
    assert pixels.shape == (120, 160, 3)
    r, g, b = (pixels[..., i].astype(int) for i in range(3))
    red = (r > g + 50) & (r > b + 50)
    rows, columns = np.nonzero(red)
    assert abs(rows.mean() - 60) < 6
    assert abs(columns.mean() - 80) < 4
    assert math.pi * 30**2 < red.sum() < math.pi * 58**2
    assert pixels[:20].mean() > 120, "the backdrop is light"
    again, _ = render.render_view(scene("sphere", "#e3242b"), size=SIZE, elevation_deg=10)
    assert pixels.tobytes() == again.tobytes()


def test_a_thing_throws_a_shadow_away_from_the_light(numpy_only: None) -> None:
    column = scene("cylinder")
    empty, _ = render.render_view(column, size=SIZE, azimuth_deg=0)
    grey = empty.mean(axis=2)
    left, right = grey[70:100, :35].mean(), grey[70:100, -35:].mean()
    assert right < left - 1.0, "the key light stands at the upper left"


def test_glass_lets_the_back_shine_through(numpy_only: None) -> None:
    clear, _ = render.render_view(scene("sphere", stuff="glass"), size=SIZE)
    solid, _ = render.render_view(scene("sphere", "#1f1f24"), size=SIZE)
    assert clear[60, 80].astype(int).sum() > solid[60, 80].astype(int).sum() + 120


@needs_gl
@pytest.mark.parametrize("name", ["chair", "fox", "mug", "crown"])
def test_both_renderers_agree(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, by = render.render_view(scene(name), size=SIZE)
    assert by.startswith("opengl")
    monkeypatch.setattr(render, "gl_status", lambda: (False, "none"))
    second, _ = render.render_view(scene(name), size=SIZE)
    away = np.abs(first.astype(int) - second.astype(int)).mean()
    assert away < 6.0


@needs_gl
def test_gl_is_deterministic_and_serves_many_threads() -> None:
    chair = scene("stool")
    found: list[bytes] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(render.render_view(chair, size=(96, 96))[0].tobytes())
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


@needs_gl
def test_moods_change_the_light() -> None:
    chair = scene("stool")
    by = {
        m: render.render_view(chair, size=(96, 96), mood=m)[0] for m in ("day", "sunset", "night")
    }
    assert by["day"].mean() > by["sunset"].mean() > by["night"].mean()
    assert by["sunset"][..., 0].mean() > by["sunset"][..., 2].mean()
    assert by["night"][..., 2].mean() > by["night"][..., 0].mean()


@needs_gl
def test_a_turntable_turns_once_and_closes() -> None:
    chair = scene("chair")
    frames = list(render.turntable(chair, frames=8, size=(96, 96)))
    still, _ = render.render_view(chair, size=(96, 96))
    assert len(frames) == 8
    steps = [np.abs(frames[i].astype(int) - frames[i - 1].astype(int)).mean() for i in range(8)]
    assert min(steps) > 0.5, "every step moves, the last one back to the first, too"
    assert still.shape == frames[0].shape


def test_no_gl_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise EglError("EGL has no display here")

    monkeypatch.setattr(gl, "open_context", refuse)
    for cached in (gl.gl_status, gl._context):
        cached.cache_clear()
    try:
        works, why = gl.gl_status()
        assert not works
        assert "no display here" in why
        pixels, by = render.render_view(scene("cube"), size=(64, 64))
        assert by.startswith("numpy")
        assert pixels.std() > 5
    finally:
        for cached in (gl.gl_status, gl._context):
            cached.cache_clear()
