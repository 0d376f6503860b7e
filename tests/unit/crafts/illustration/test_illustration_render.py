from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from omnimuse.crafts.illustration.art import ArtPack, measure, rasterize
from omnimuse.crafts.illustration.backdrop import PLACES, draw_backdrop
from omnimuse.crafts.illustration.compose import compose_scene
from omnimuse.crafts.illustration.drawings import all_drawings
from omnimuse.crafts.illustration.layers import namespaced, object_svg
from omnimuse.crafts.illustration.render import (
    object_mask,
    object_patches,
    render_scene,
    scene_svg,
)
from omnimuse.crafts.illustration.scene import STYLES, Background, Scene, SceneObject
from omnimuse.crafts.illustration.sky import GREY_SKIES, TIMES
from omnimuse.errors import ArgumentError, CheckpointError


def dog(id: str, box: tuple[float, float, float, float], **more: object) -> SceneObject:
    return replace(SceneObject(id, "dog", "fluent:dog", box, color="#e3242b"), **more)  # type: ignore[arg-type]


def scene(*objects: SceneObject, **more: object) -> Scene:
    return replace(Scene((200, 150), Background("meadow"), objects), **more)  # type: ignore[arg-type]


def redness(pixels: np.ndarray) -> np.ndarray:
    wide = pixels.astype(int)
    return (wide[..., 0] > 130) & (wide[..., 1] < 90) & (wide[..., 2] < 100)


@pytest.mark.parametrize("box", [(0.1, 0.2, 0.3, 0.4), (0.5, 0.5, 0.4, 0.4), (0.6, 0.05, 0.2, 0.7)])
def test_a_thing_is_drawn_inside_its_box(pack: ArtPack, box: tuple[float, ...]) -> None:
    red = redness(render_scene(scene(dog("a", box)), pack))  # type: ignore[arg-type]
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    assert columns[0] >= box[0] * 200 - 1
    assert columns[-1] <= (box[0] + box[2]) * 200 + 1
    assert rows[0] >= box[1] * 150 - 1
    assert rows[-1] <= (box[1] + box[3]) * 150 + 1
    assert abs(columns.mean() / 200 - box[0] - box[2] / 2) < 0.03
    fills = max((columns[-1] - columns[0]) / (box[2] * 200), (rows[-1] - rows[0]) / (box[3] * 150))
    assert fills > 0.85


def test_the_same_scene_gives_the_same_pixels(pack: ArtPack) -> None:
    drawn = scene(dog("a", (0.1, 0.4, 0.4, 0.5)))
    assert np.array_equal(render_scene(drawn, pack), render_scene(drawn, pack))


def test_an_edit_changes_only_what_the_thing_covers(pack: ArtPack) -> None:
    before = scene(dog("a", (0.1, 0.4, 0.3, 0.5)), dog("b", (0.5, 0.4, 0.4, 0.5)))
    moved = replace(before.object("a"), box=(0.3, 0.1, 0.3, 0.4), color="#2467d9")
    after = before.with_object(moved)
    changed = (render_scene(before, pack) != render_scene(after, pack)).any(axis=-1)
    covered = (object_mask(before, pack, "a") > 0) | (object_mask(after, pack, "a") > 0)
    assert changed.sum() > 1000
    assert not (changed & ~covered).any()


def test_removing_a_thing_shows_what_is_behind(pack: ArtPack) -> None:
    before = scene(dog("a", (0.1, 0.4, 0.3, 0.5)))
    assert np.array_equal(
        render_scene(before.without_object("a"), pack), render_scene(scene(), pack)
    )


def test_the_mask_is_where_the_thing_is(pack: ArtPack) -> None:
    mask = object_mask(scene(dog("a", (0.25, 0.25, 0.5, 0.5))), pack, "a", width=400)
    assert mask.shape == (300, 400)
    assert mask[150, 200] == 1.0
    assert mask[10, 10] == 0.0
    with pytest.raises(ArgumentError, match="no object"):
        object_mask(scene(), pack, "a")


def test_nearer_things_hide_farther_ones(pack: ArtPack) -> None:
    box = (0.3, 0.3, 0.4, 0.6)
    near, far = dog("n", box, depth=0.9), dog("f", box, depth=0.1, color="#2467d9")
    assert redness(render_scene(scene(far, near), pack))[90:100, 95:105].all()
    assert redness(render_scene(scene(near, far), pack))[90:100, 95:105].all()


def test_flip_mirrors_and_rotation_stays_in_the_box(pack: ArtPack) -> None:
    box = (0.25, 0.2, 0.5, 0.7)
    plain = object_mask(scene(dog("a", box, shadow=False)), pack, "a")
    turned = object_mask(scene(dog("a", box, shadow=False, rotation=30.0)), pack, "a")
    columns = np.flatnonzero((turned > 0.5).any(axis=0))
    assert columns[0] >= 49
    assert columns[-1] <= 151
    assert (plain > 0.5).sum() > (turned > 0.5).sum() > 0.3 * (plain > 0.5).sum()
    left = render_scene(scene(dog("a", box, shadow=False)), pack)
    right = render_scene(scene(dog("a", box, shadow=False, flip=True)), pack)
    assert not np.array_equal(left, right)


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(None, None, (150, 200)), (400, None, (300, 400)), (None, 75, (75, 100)), (64, 64, (64, 64))],
)
def test_any_size(
    pack: ArtPack, width: int | None, height: int | None, shape: tuple[int, int]
) -> None:
    assert render_scene(scene(), pack, width=width, height=height).shape == (*shape, 4)


@pytest.mark.parametrize("size", [(0, 10), (9000, 10), (10, 9000)])
def test_sizes_out_of_range_are_refused(pack: ArtPack, size: tuple[int, int]) -> None:
    with pytest.raises(ArgumentError, match="px"):
        render_scene(scene(), pack, width=size[0], height=size[1])


def test_night_is_darker_but_the_moon_shines(pack: ArtPack) -> None:
    moon = SceneObject("m", "moon", "drawn:moon", (0.4, 0.1, 0.2, 0.25), anchor="sky")
    day = render_scene(scene(moon), pack)
    night = render_scene(replace(scene(moon), background=Background("meadow", "night")), pack)
    assert night[140:, :, :3].mean() < 0.6 * day[140:, :, :3].mean()
    assert np.array_equal(day[30:40, 95:105], night[30:40, 95:105])


def test_a_halo_goes_along_with_its_moon(pack: ArtPack) -> None:
    """Recolouring keeps it, moving takes it, removing leaves the sky that was behind."""
    moon = SceneObject("m", "moon", "drawn:moon", (0.1, 0.1, 0.2, 0.25), anchor="sky")
    night = Background("meadow", "night", glow=False)
    before = scene(moon, background=night)
    moved = before.with_object(replace(moon, box=(0.6, 0.1, 0.2, 0.25)))
    bare = render_scene(before.without_object("m"), pack).astype(int)
    first, second = render_scene(before, pack).astype(int), render_scene(moved, pack).astype(int)
    beside = (slice(33, 36), slice(11, 15))
    assert (first[beside] - bare[beside])[..., :3].min() > 10
    assert np.array_equal(second[beside], bare[beside])
    covered = (object_mask(before, pack, "m") > 0) | (object_mask(moved, pack, "m") > 0)
    assert np.array_equal(first[~covered], second[~covered])
    assert covered.mean() < 0.6
    blue = render_scene(before.with_object(replace(moon, color="#2244cc")), pack)
    assert np.array_equal(blue[beside], first[beside])
    import resvg_py

    png = bytes(resvg_py.svg_to_bytes(svg_string=scene_svg(before, pack), skip_system_fonts=True))
    with Image.open(io.BytesIO(png)) as image:
        drawn = np.asarray(image.convert("RGBA")).astype(int)
    assert np.abs(drawn[beside] - first[beside]).max() < 8


def test_reflections_lie_below(pack: ArtPack) -> None:
    boat = dog("a", (0.3, 0.2, 0.4, 0.4), anchor="water", reflection=True)
    mask = object_mask(scene(boat), pack, "a")
    assert mask[:90].max() == 1.0
    assert 0.1 < mask[92:110].max() < 0.6


@pytest.mark.parametrize("style", STYLES)
def test_every_style_draws(pack: ArtPack, style: str) -> None:
    pixels = render_scene(scene(dog("a", (0.2, 0.3, 0.5, 0.6)), style=style), pack)
    assert (pixels != render_scene(scene(style=style), pack)).any()


def test_the_svg_shows_the_same_picture(pack: ArtPack) -> None:
    import resvg_py

    drawn = scene(dog("a", (0.1, 0.3, 0.3, 0.6), flip=True), dog("狗 2", (0.5, 0.3, 0.4, 0.6)))
    text = scene_svg(drawn, pack)
    assert 'id="a"' in text
    png = bytes(resvg_py.svg_to_bytes(svg_string=text, skip_system_fonts=True))
    with Image.open(io.BytesIO(png)) as image:
        vector = np.asarray(image.convert("RGB")).astype(int)
    raster = render_scene(drawn, pack)[..., :3].astype(int)
    assert vector.shape == raster.shape
    assert np.abs(vector - raster).mean() < 3.0


@pytest.mark.parametrize("place", PLACES)
def test_every_place_has_a_picture_of_its_own(place: str) -> None:
    svg = draw_backdrop(Background(place), (160, 120), seed=1)
    pixels = rasterize(svg, 160, 120)
    assert pixels[..., 3].min() == 255
    assert pixels[..., :3].std() > 2


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("weather", ["", *GREY_SKIES, "wind"])
def test_every_hour_and_weather_renders(pack: ArtPack, time: str, weather: str) -> None:
    shown = Scene((48, 36), Background("meadow", time, weather))
    assert render_scene(shown, pack).shape == (36, 48, 4)


@pytest.mark.parametrize("name", sorted(all_drawings()))
def test_every_drawing_draws_within_its_frame(pack: ArtPack, name: str) -> None:
    drawing = all_drawings()[name]
    for aspect in drawing.aspect:
        svg = drawing.svg(aspect, seed=3, art=pack.svg, attributes={"color": "red"})
        shape = measure(svg)
        assert shape.ink[2] * shape.ink[3] > 0.25 * shape.view[2] * shape.view[3]


def test_no_two_drawings_answer_to_one_word() -> None:
    words = [word for drawing in all_drawings().values() for word in drawing.words]
    assert sorted({w for w in words if words.count(w) > 1}) == []


def test_ids_are_made_unique() -> None:
    svg = '<svg><g id="a"/><path fill="url(#a)"/><use href="#a"/></svg>'
    wanted = '<svg><g id="x-a"/><path fill="url(#x-a)"/><use href="#x-a"/></svg>'
    assert namespaced(svg, "x") == wanted


@pytest.mark.parametrize("art", ["fluent:nothing", "drawn:nothing", "photo:dog"])
def test_unknown_art_is_named(pack: ArtPack, art: str) -> None:
    with pytest.raises((ArgumentError, CheckpointError), match=r"nothing|photo"):
        object_svg(SceneObject("a", "a", art, (0, 0, 1, 1)), "shaded", pack)


def test_a_long_thing_in_a_low_room_lies_in_it(pack: ArtPack) -> None:
    entry = {"id": "a", "label": "spoon", "box": [0.2, 0.6, 0.6, 0.15]}
    scene = compose_scene({"canvas": [400, 400], "objects": [entry]}, pack)
    art = object_patches(scene.objects[0], scene, pack, (400, 400))[-1]
    covered = art.pixels[..., 3] > 128
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    assert columns[-1] - columns[0] > 2.5 * (rows[-1] - rows[0])
    assert 200 < columns[-1] - columns[0] <= 240
    assert art.y + rows[-1] <= 300
