"""Every model: closed where it is solid, of a sensible size, standing on the ground, repeatable."""

from __future__ import annotations

import numpy as np
import pytest

from omnimuse.crafts.scene3d.build import Form, Model, build
from omnimuse.crafts.scene3d.models import all_models
from omnimuse.crafts.scene3d.shapes import Shape

OPEN = {"mountain", "hot air balloon", "person", "woman", "boy", "girl", "king"}
"""A landscape, the gores of a balloon and caps of hair are surfaces, not solids."""
MODELS = sorted(all_models().values(), key=lambda m: m.name)


def edge_counts(shape: Shape) -> np.ndarray:
    """How many triangles share each edge, corners of equal place taken as one."""
    places = np.round(shape.vertices, 6) + 0.0
    _, index = np.unique(places, axis=0, return_inverse=True)
    faces = index.reshape(-1)[shape.faces]
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    edges = edges[edges[:, 0] != edges[:, 1]]
    return np.unique(edges, axis=0, return_counts=True)[1]


def volume(shape: Shape) -> float:
    a, b, c = (shape.vertices[shape.faces[:, i]] for i in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def check_form(form: Form, name: str) -> None:
    assert abs(form.low[1]) < 1e-9, "it stands on y = 0"
    assert np.allclose(form.low[[0, 2]], -form.high[[0, 2]]), "it is centred"
    extent = form.high - form.low
    assert 0.004 < extent.max() < 16, "metres, of a real thing"
    for stuff, shape in form.parts:
        assert np.isfinite(shape.vertices).all()
        assert np.isfinite(shape.normals).all()
        assert np.allclose(np.linalg.norm(shape.normals, axis=1), 1, atol=1e-3), stuff.name
        assert shape.faces.min() >= 0
        assert shape.faces.max() < len(shape.vertices)
        if name not in OPEN:
            assert (edge_counts(shape) % 2 == 0).all(), f"{stuff.name} has a hole"
            assert volume(shape) > 0, f"{stuff.name} is inside out"


@pytest.mark.parametrize(
    "model", [m for m in MODELS if m.kind not in ("animal", "person")], ids=lambda m: m.name
)
def test_a_model_is_a_sound_solid(model: Model) -> None:
    check_form(build(model), model.name)


@pytest.mark.parametrize("name", ["fox", "bird", "fish", "penguin", "robot", "ghost", "horse"])
def test_a_sculpted_model_is_a_sound_solid(name: str) -> None:
    check_form(build(all_models()[name]), name)


def test_there_are_enough_models_and_no_name_twice() -> None:
    words = [word for model in MODELS for word in model.words]
    assert len(MODELS) >= 180
    assert len(words) == len(set(words)), sorted({w for w in words if words.count(w) > 1})
    for family in (
        "table chair sofa bed lamp",
        "cup bowl bottle vase",
        "house castle bridge well",
        "tree pine palm flower",
        "apple pear banana",
        "car train boat rocket airplane",
        "fox cat dog horse sheep bird fish",
        "person sun moon star crown",
    ):
        assert all(name in all_models() for name in family.split())


@pytest.mark.parametrize("name", ["tree", "rock", "fox", "bookcase"])
def test_equal_arguments_give_equal_forms(name: str) -> None:
    first, second = (build(all_models()[name], variant=2) for _ in range(2))
    for (stuff, a), (other, b) in zip(first.parts, second.parts, strict=True):
        assert stuff == other
        assert a.vertices.tobytes() == b.vertices.tobytes()
        assert a.faces.tobytes() == b.faces.tobytes()


def test_varied_models_differ_from_one_another() -> None:
    one, two = (build(all_models()["tree"], variant=v) for v in (0, 1))
    assert not np.array_equal(one.high, two.high)


def test_colour_and_material_reach_the_main_surface() -> None:
    chair = all_models()["chair"]
    plain, red, gold = build(chair), build(chair, color="#e3242b"), build(chair, stuff="gold")
    assert plain.parts[0][0].metallic == 0
    assert red.parts[0][0].color == "#e3242b"
    assert red.parts[0][0].roughness == plain.parts[0][0].roughness
    assert (gold.parts[0][0].metallic, gold.parts[0][0].color) == (1.0, "#f2b93b")


def test_a_sculpted_coat_takes_the_colour_that_was_asked_for() -> None:
    blue = build(all_models()["cat"], color="#2467d9")
    colors = next(s.colors for _, s in blue.parts if s.colors is not None)
    assert colors[:, 2].mean() > colors[:, 0].mean()


def test_real_sizes() -> None:
    sizes = {n: build(all_models()[n]) for n in ("mug", "chair", "person", "house", "apple")}
    heights = {n: float(f.high[1]) for n, f in sizes.items()}
    assert 0.08 < heights["mug"] < 0.12
    assert 0.8 < heights["chair"] < 1.1
    assert 1.6 < heights["person"] < 1.9
    assert 4 < heights["house"] < 8
    assert 0.06 < heights["apple"] < 0.11


def test_places_to_put_things_lie_within_the_thing() -> None:
    for model in MODELS:
        if model.kind in ("animal", "person"):
            continue
        form = build(model)
        for area in (form.top, form.inside, form.under):
            if area is None:
                continue
            x, z = area.at
            assert area.x > 0
            assert area.z > 0
            assert form.low[0] - 0.05 <= x - area.x, model.name
            assert x + area.x <= form.high[0] + 0.05, model.name
            assert form.low[2] - 0.05 <= z - area.z, model.name
            assert z + area.z <= form.high[2] + 0.05, model.name
            assert 0 <= area.y <= form.high[1] + 1e-6, model.name
        if form.top is not None:
            assert form.top.y > 0
