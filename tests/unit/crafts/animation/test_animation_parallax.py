"""Scenes that live: layers pass one another, things move a little, everything repeats."""

from __future__ import annotations

import time
from typing import Any

import cv2
import numpy as np
import pytest
from tests.conftest import MODELS_DIR

from omnimuse.crafts.animation.parallax import parallax_shot
from omnimuse.crafts.illustration.art import ArtPack
from omnimuse.crafts.illustration.cutouts import cut_out, reframed
from omnimuse.crafts.illustration.render import render_scene
from omnimuse.crafts.illustration.scene import Background, Scene, SceneObject
from omnimuse.errors import ArgumentError

W, H = 320, 180


@pytest.fixture(scope="module")
def pack() -> ArtPack:
    folder = MODELS_DIR / "fluent-illustrator"
    if not (folder / "modern.zip").is_file():
        pytest.skip("the card fluent-illustrator is not pulled")
    return ArtPack(folder)


pytestmark = pytest.mark.weights


def thing(id: str, art: str, box: tuple[float, ...], **more: Any) -> SceneObject:
    label = id.rsplit("-", 1)[0]
    return SceneObject(id, label, art, box, **more)  # type: ignore[arg-type]


def scene(*objects: SceneObject, canvas: tuple[int, int] = (640, 360), **back: Any) -> Scene:
    return Scene(canvas, Background(**{"place": "meadow", **back}), tuple(objects), seed=4)


RED = thing("box-1", "fluent:package", (0.15, 0.45, 0.2, 0.4), color="#ff0000", depth=1.0)
BLUE = thing("box-2", "fluent:package", (0.6, 0.4, 0.15, 0.25), color="#0000ff", depth=0.0)


def center_of(frame: np.ndarray, channel: int) -> float:
    f = frame.astype(int)
    others = [f[..., i] for i in range(3) if i != channel]
    mask = (f[..., channel] > others[0] + 60) & (f[..., channel] > others[1] + 60)
    assert mask.sum() > 40
    return float(np.nonzero(mask)[1].mean())


def test_near_things_move_more_than_far_ones(pack: ArtPack) -> None:
    take = parallax_shot(scene(RED, BLUE, place="plain").to_json(), pack, "pan_right", W, H)
    first, last = take(0.0), take(1.0)
    near = center_of(first, 0) - center_of(last, 0)
    far = center_of(first, 2) - center_of(last, 2)
    assert near > 1.7 * far > 0


def test_zooming_in_makes_near_things_grow_more(pack: ArtPack) -> None:
    take = parallax_shot(scene(RED, BLUE, place="plain").to_json(), pack, "zoom_in", W, H)

    def area(frame: np.ndarray, channel: int) -> int:
        f = frame.astype(int)
        others = [f[..., i] for i in range(3) if i != channel]
        return int(((f[..., channel] > others[0] + 60) & (f[..., channel] > others[1] + 60)).sum())

    first, last = take(0.0), take(1.0)
    assert area(last, 0) / area(first, 0) > area(last, 2) / area(first, 2) > 1.0


def test_a_still_shot_still_breathes_but_only_a_little(pack: ArtPack) -> None:
    cat = thing("cat-1", "fluent:cat", (0.35, 0.35, 0.3, 0.5), depth=0.9)
    take = parallax_shot(scene(cat).to_json(), pack, "still", W, H, duration_s=4.3)
    frames = [take(t).astype(int) for t in (0.0, 0.25, 0.5)]
    steps = [np.abs(frames[i] - frames[0]) for i in (1, 2)]
    assert max(step.max() for step in steps) > 20
    assert all(0 < step.mean() < 2.5 for step in steps)
    quiet = parallax_shot(scene(RED).to_json(), pack, "still", W, H)
    assert np.array_equal(quiet(0.0), quiet(0.6)), "a box does not breathe"


def test_the_feet_of_a_tree_stay_where_they_are(pack: ArtPack) -> None:
    tree = thing("tree-1", "fluent:deciduous-tree", (0.3, 0.1, 0.4, 0.75), depth=0.9)
    take = parallax_shot(scene(tree, place="plain").to_json(), pack, "still", W, H, duration_s=4.3)
    change = np.zeros((H, W))
    for t in (0.25, 0.5, 0.75):
        change = np.maximum(change, np.abs(take(t).astype(int) - take(0.0)).max(axis=2))
    rows = np.flatnonzero(change.max(axis=1) > 24)
    assert rows.min() < 0.35 * H
    trunk = change[int(0.8 * H) : int(0.9 * H)]
    assert (trunk > 60).sum() < 0.1 * (change > 60).sum()


def test_stars_twinkle_and_rain_falls_and_water_glitters(pack: ArtPack) -> None:
    for back in ({"time": "night"}, {"weather": "rain"}, {"place": "sea"}, {"weather": "snow"}):
        take = parallax_shot(scene(**back).to_json(), pack, "still", W, H)
        change = np.abs(take(0.4).astype(int) - take(0.0))
        assert change.max() > 8, back
        assert change.mean() < 12, back
    calm = parallax_shot(scene().to_json(), pack, "still", W, H)
    assert np.array_equal(calm(0.0), calm(0.4))


def test_equal_scenes_give_equal_frames(pack: ArtPack) -> None:
    plan = scene(RED, BLUE, time="night", weather="snow").to_json()
    one, two = (parallax_shot(plan, pack, "pan_left", W, H) for _ in range(2))
    for t in (0.0, 0.37, 1.0):
        assert one(t).tobytes() == two(t).tobytes()
        assert one(t).shape == (H, W, 3)


@pytest.mark.parametrize("canvas", [(512, 512), (300, 600), (900, 300)])
def test_scenes_of_other_shapes_are_shown_whole_without_stretching(
    canvas: tuple[int, int], pack: ArtPack
) -> None:
    ball = thing(
        "ball-1", "fluent:soccer-ball", (0.3, 0.3, 0.4, 0.4), anchor="center", shadow=False
    )
    wide = reframed(scene(ball, canvas=canvas), (W, H), (0.1, 0.1, 0.8, 0.8))
    x, y, w, h = wide.objects[0].box
    assert (w * W) / (h * H) == pytest.approx(canvas[0] / canvas[1])
    assert 0.1 <= x < x + w <= 0.9
    assert 0.1 <= y < y + h <= 0.9
    assert x + w / 2 == pytest.approx(0.5)


def test_cutouts_laid_together_are_the_picture(pack: ArtPack) -> None:
    plan = scene(RED, BLUE)
    stage = cut_out(plan, pack)
    picture = stage.backdrop.astype(np.float32)
    for part in stage.cutouts:
        rows, columns = part.pixels.shape[:2]
        y0, x0 = max(part.y, 0), max(part.x, 0)
        pixels = part.pixels[y0 - part.y : 360 - part.y, x0 - part.x : 640 - part.x].astype(
            np.float32
        )
        view = picture[y0 : y0 + pixels.shape[0], x0 : x0 + pixels.shape[1]]
        view *= 1 - pixels[..., 3:] / 255
        view += pixels[..., :3]
        assert rows * columns > 0
    whole = render_scene(plan, pack)[..., :3].astype(int)
    assert np.abs(np.rint(picture) - whole).max() <= 3


def test_no_frame_shows_beyond_the_edge_of_what_was_drawn(pack: ArtPack) -> None:
    for move in ("pan_left", "pan_right", "pan_up", "pan_down", "zoom_in", "zoom_out"):
        take = parallax_shot(scene(place="plain").to_json(), pack, move, W, H)  # type: ignore[arg-type]
        for t in (0.0, 1.0):
            assert take(t).min() > 20


def test_what_is_no_scene_is_named(pack: ArtPack) -> None:
    with pytest.raises(ArgumentError, match="not a scene"):
        parallax_shot({"objects": []}, pack, "still", W, H)


def test_a_frame_is_drawn_fast_enough(pack: ArtPack) -> None:
    cats = [
        thing(f"cat-{i}", "fluent:cat", (0.1 + 0.2 * i, 0.4, 0.18, 0.4), depth=i / 4)
        for i in range(4)
    ]
    take = parallax_shot(scene(*cats, time="night").to_json(), pack, "pan_right", 1280, 720)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        take(0.0)
        best = 1e9
        for k in range(12):
            start = time.perf_counter()
            take(k / 12)
            best = min(best, time.perf_counter() - start)
    finally:
        cv2.setNumThreads(threads)
    assert best < 0.06, "15 ms on a free core; a busy machine gets four times that"
