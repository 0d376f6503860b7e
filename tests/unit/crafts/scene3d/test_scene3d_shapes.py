from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.crafts.scene3d.material import (
    MATERIALS,
    dressed,
    is_material,
    linear,
    material,
    metal_of,
)
from omnimuse.crafts.scene3d.sculpt import Blob, Limb, sculpt
from omnimuse.crafts.scene3d.shapes import (
    Shape,
    box,
    cone,
    curve,
    cylinder,
    joined,
    lathe,
    prism,
    rotation,
    sphere,
    torus,
    tube,
)


def volume(shape: Shape) -> float:
    a, b, c = (shape.vertices[shape.faces[:, i]] for i in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (sphere(0.5, 64), 4 / 3 * math.pi * 0.125),
        (cylinder(0.3, 2.0, segments=96), math.pi * 0.09 * 2),
        (cone(0.5, 3.0, 96), math.pi * 0.25),
        (torus(1.0, 0.2, 96), 2 * math.pi**2 * 0.04),
        (box(1, 2, 3), 6.0),
        (prism([(0, 0), (2, 0), (0, 2)], 3.0), 6.0),
    ],
)
def test_volumes_are_those_of_the_solid(shape: Shape, expected: float) -> None:
    assert volume(shape) == pytest.approx(expected, rel=0.03)


@given(
    st.tuples(*[st.floats(0.05, 4)] * 3),
    st.floats(0, 0.5),
)
@settings(max_examples=40, deadline=None)
def test_a_box_has_its_size_whatever_its_bevel(size: tuple[float, ...], bevel: float) -> None:
    shape = box(*size, bevel)
    extent = np.ptp(shape.vertices, axis=0)
    assert extent == pytest.approx(size, abs=1e-9)
    assert 0 < volume(shape) <= math.prod(size) * 1.0001


@given(st.tuples(*[st.floats(-180, 180)] * 3), st.tuples(*[st.floats(0.2, 3)] * 3))
@settings(max_examples=40, deadline=None)
def test_moving_keeps_normals_outward(turn: tuple[float, ...], scale: tuple[float, ...]) -> None:
    for mirror in (1, -1):
        shape = sphere(1.0, 16).moved((1, 2, 3), turn, (scale[0] * mirror, scale[1], scale[2]))
        assert volume(shape) > 0
        outward = shape.vertices - [1, 2, 3]
        assert ((outward * shape.normals).sum(axis=1) > 0).all()


def test_rotation_turns_about_y_from_z_to_x() -> None:
    assert rotation((0, 90, 0)) @ [0, 0, 1] == pytest.approx([1, 0, 0])


def test_concave_outlines_are_filled_without_overlap() -> None:
    l_shape = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]
    assert volume(prism(l_shape, 1.0)) == pytest.approx(3.0)
    assert volume(prism(l_shape[::-1], 1.0)) == pytest.approx(3.0)


def test_curves_pass_through_their_points() -> None:
    points = [(0, 0), (1, 2), (3, 1)]
    line = curve(points, 5)
    assert len(line) == 11
    assert line[0] == (0, 0)
    assert line[5] == (1, 2)
    assert line[-1] == (3, 1)


def test_sharp_corners_stay_sharp_and_round_ones_smooth() -> None:
    flat = lathe([(0, 0), (1, 0), (1, 1), (0, 1)], 16)
    assert {round(float(abs(n)), 6) for n in flat.normals[:, 1]} == {0.0, 1.0}
    ball = sphere(1.0, 32)
    assert ((ball.vertices * ball.normals).sum(axis=1) > 0.99).all()


def test_tubes_follow_their_path() -> None:
    pipe = tube([(0, 0, 0), (0, 1, 0)], 0.1)
    assert pipe.vertices[:, 1].min() == pytest.approx(-0.1)
    assert pipe.vertices[:, 1].max() == pytest.approx(1.1)
    assert np.hypot(pipe.vertices[:, 0], pipe.vertices[:, 2]).max() == pytest.approx(0.1)


def test_joined_shapes_keep_colours() -> None:
    red = Shape(
        *(getattr(box(1, 1, 1), n) for n in ("vertices", "normals", "faces")),
        np.tile([1.0, 0, 0], (24, 1)),
    )
    both = joined([red, box(1, 1, 1).moved((2, 0, 0))])
    assert len(both.faces) == 24
    assert both.colors is not None
    assert both.colors[0].tolist() == [1, 0, 0]
    assert both.colors[-1].tolist() == [1, 1, 1]


def test_sculpted_parts_melt_and_mix_their_colours() -> None:
    parts = [
        Limb((-0.5, 0, 0), (0.5, 0, 0), 0.2, 0.2, (1, 0, 0)),
        Blob((0.5, 0, 0), (0.35, 0.35, 0.35), (0, 0, 1)),
    ]
    body = sculpt(parts, blend=0.15, cells=48)
    assert body.colors is not None
    left = body.vertices[:, 0] < -0.4
    right = body.vertices[:, 0] > 0.7
    assert body.colors[left, 0].min() > 0.95
    assert body.colors[right, 2].min() > 0.95
    assert volume(body) > 0
    radius = np.linalg.norm(body.vertices[right] - [0.5, 0, 0], axis=1)
    assert radius == pytest.approx(0.35, abs=0.03)


def test_materials_by_name_colour_or_both() -> None:
    assert material("gold").metallic == 1.0
    assert material("#336699").color == "#336699"
    painted = material("wood #112233")
    assert (painted.color, painted.roughness) == ("#112233", MATERIALS["wood"].roughness)
    assert is_material("golden")
    assert not is_material("unobtainium")
    assert metal_of("golden") == "gold"
    assert metal_of("red") == ""
    assert dressed("wood", "", "glass").alpha < 1
    assert dressed("wood", "#ff0000", "unobtainium").color == "#ff0000"
    assert linear("#ffffff") == (1, 1, 1)
    assert linear("#808080")[0] == pytest.approx(0.2159, abs=1e-3)
