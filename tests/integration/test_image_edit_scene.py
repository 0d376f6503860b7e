"""Editing scenes by words, on the real parser, embedding and art."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import read_image
from omnimuse.crafts.illustration.color import name_of
from omnimuse.crafts.illustration.scene import Background, Scene, SceneObject
from omnimuse.crafts.scene_editing.instruction import read_edits
from omnimuse.errors import ArgumentError, BackendUnavailableError, NeedsInputError
from omnimuse.tools.scene_edit import edit_scene

pytestmark = pytest.mark.weights


@pytest.fixture
def context(tmp_path: Path) -> Any:
    from omnimuse.backends.cards import load_cards
    from omnimuse.backends.resolver import Resolver
    from omnimuse.backends.store import ModelStore
    from omnimuse.config import load_settings
    from omnimuse.tools.context import ToolContext

    settings = load_settings()
    resolver = Resolver(settings, ModelStore(settings.models_dir), load_cards(settings))
    try:
        for role in ("scene-to-image", "token-classification", "feature-extraction"):
            resolver.resolve(role)
    except BackendUnavailableError as error:
        pytest.skip(f"{error.message} {error.hint}")
    return ToolContext(seed=2, workdir=tmp_path, role=resolver.role)


def start() -> Scene:
    return Scene(
        (400, 300),
        Background(place="meadow"),
        (
            SceneObject("house-1", "house", "drawn:house", (0.1, 0.2, 0.4, 0.55), depth=0.5),
            SceneObject("dog-1", "dog", "fluent:dog", (0.05, 0.7, 0.2, 0.2), depth=0.9),
            SceneObject("dog-2", "dog", "fluent:dog", (0.7, 0.7, 0.2, 0.2), depth=0.9),
            SceneObject("cat-1", "cat", "fluent:cat", (0.45, 0.72, 0.15, 0.18), depth=0.9),
        ),
    )


@pytest.fixture
def edit(context: Any) -> Callable[[str], tuple[Scene, Asset]]:
    def do(words: str) -> tuple[Scene, Asset]:
        scene = Asset.from_json(start().to_json(), "scene")
        done = edit_scene(context, scene, Asset.from_text(words, "text"))
        return Scene.from_json(done.scene.read_json()), done.image

    return do


def others(scene: Scene, *ids: str) -> list[SceneObject]:
    return [item for item in scene.objects if item.id not in ids]


def test_remove(edit: Any) -> None:
    done, _ = edit("remove the left dog")
    assert [item.id for item in done.objects] == ["house-1", "dog-2", "cat-1"]
    assert not [o for o in edit("delete both dogs")[0].objects if o.label == "dog"]


def test_colour_of_one_thing(edit: Any) -> None:
    done, _ = edit("make the house blue")
    assert name_of(done.object("house-1").color) == "blue"
    assert others(done, "house-1") == others(start(), "house-1")


def test_more_of_a_kind_have_its_size(edit: Any) -> None:
    done, _ = edit("two more cats")
    cats = [item for item in done.objects if item.label == "cat"]
    assert len(cats) == 3
    assert {item.box[3] for item in cats} == {start().object("cat-1").box[3]}
    assert done.objects[:4] == start().objects


@pytest.mark.parametrize(
    ("words", "check"),
    [
        ("move the cat to the right", lambda a, b: b.box[0] > a.box[0] + 0.1),
        ("move the cat up", lambda a, b: b.box[1] < a.box[1]),
        ("make the cat bigger", lambda a, b: b.box[2] > 1.3 * a.box[2]),
        ("the cat bigger", lambda a, b: b.box[2] > 1.3 * a.box[2]),
        ("the cat should be much smaller", lambda a, b: b.box[2] < 0.6 * a.box[2]),
        ("make the cat twice as big", lambda a, b: abs(b.box[2] - 2 * a.box[2]) < 0.01),
        ("flip the cat", lambda a, b: b.flip != a.flip),
        ("put the cat behind the house", lambda a, b: b.depth < 0.5),
        ("move the cat to the left of the house", lambda a, b: b.box[0] < 0.1),
    ],
)
def test_changes_of_one_thing(edit: Any, words: str, check: Callable[[Any, Any], bool]) -> None:
    done, _ = edit(words)
    assert check(start().object("cat-1"), done.object("cat-1"))
    assert others(done, "cat-1") == others(start(), "cat-1")


def test_replace_stands_where_the_old_thing_stood(edit: Any) -> None:
    done, _ = edit("replace the cat by a fox")
    fox = next(item for item in done.objects if item.label == "fox")
    old = start().object("cat-1")
    assert fox.box[1] + fox.box[3] == pytest.approx(old.box[1] + old.box[3], abs=1e-4)
    assert not [item for item in done.objects if item.label == "cat"]


def test_words_on_a_thing_and_go_with_it(edit: Any) -> None:
    done, _ = edit("write SALE on the house and move it to the right")
    assert [(layer.text, layer.on) for layer in done.texts] == [("SALE", "house-1")]
    layer, house = done.texts[0], done.object("house-1")
    assert house.box[0] - 0.01 <= layer.box[0] <= house.box[0] + house.box[2]


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ("make it night", "time", "night"),
        ("let it snow", "weather", "snow"),
        ("change the background to a beach", "place", "beach"),
    ],
)
def test_setting(edit: Any, words: str, field: str, value: str) -> None:
    done, _ = edit(words)
    assert getattr(done.background, field) == value
    assert done.objects == start().objects


def test_pixels_that_no_changed_shape_covers_stay(context: Any, edit: Any) -> None:
    before = np.asarray(
        read_image(
            edit_scene(
                context,
                Asset.from_json(start().to_json(), "scene"),
                Asset.from_text("make the left dog red", "text"),
            ).image,
            mode="RGB",
        )
    )
    _, after = edit("remove the left dog")
    changed = (np.asarray(read_image(after, mode="RGB")) != before).any(axis=2)
    assert changed[210:270, 20:100].any()
    x, y, w, h = start().object("dog-1").box
    margin = 0.06
    rows = slice(int((y - margin) * 300), int((y + h + margin) * 300))
    columns = slice(max(0, int((x - margin) * 400)), int((x + w + margin) * 400))
    changed[rows, columns] = False
    assert not changed.any()


@pytest.mark.parametrize(
    ("words", "error"),
    [("remove the zebra", NeedsInputError), ("bigger", NeedsInputError), (" ", ArgumentError),
     ("hello there", NeedsInputError)],
)  # fmt: skip
def test_what_cannot_be_done_is_asked_about(edit: Any, words: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        edit(words)


@pytest.mark.parametrize(
    ("words", "action", "target"),
    [
        ("could you please erase the small tree?", "remove", "the small tree"),
        ("I want the fox to be green", "color", "the fox"),
        ("swap the tree for a lamp", "replace", "the tree"),
        ("banish the cat", "remove", "the cat"),
        ("dye the fox purple", "color", "the fox"),
        ("turn the dog into a wolf", "replace", "the dog"),
        ("discard the old chair", "remove", "the old chair"),
    ],
)
def test_many_ways_of_saying_it(context: Any, words: str, action: str, target: str) -> None:
    tokens = context.role("token-classification").parse([words])[0]
    edits = read_edits(words, tokens, context.role("feature-extraction").embed)
    assert (edits[0].action, edits[0].target) == (action, target)


@pytest.mark.parametrize("words", ["move the moon to the right", "make the moon bigger"])
def test_only_what_the_moon_covers_changes(context: Any, words: str) -> None:
    from omnimuse.crafts.illustration.render import object_mask

    moon = SceneObject("moon-1", "moon", "fluent:full-moon", (0.3, 0.08, 0.12, 0.16),
                       anchor="sky", shadow=False)  # fmt: skip
    sea = Background(place="sea", time="night", light=(0.36, 0.16))
    before = Scene((400, 300), sea, (moon,))
    record = Asset.from_json(before.to_json(), "scene")
    painter = context.role("scene-to-image")
    drawn = painter.paint_scene(before).pixels[..., :3]
    done = edit_scene(context, record, Asset.from_text(words, "text"))
    after = Scene.from_json(done.scene.read_json())
    covered = np.max([object_mask(scene, painter.pack, "moon-1") for scene in (before, after)], 0)
    changed = np.any(np.asarray(read_image(done.image, mode="RGB")) != drawn, axis=2)
    assert changed.any()
    assert not (changed & (covered == 0)).any()


def test_the_picture_is_what_its_record_says(context: Any) -> None:
    painter = context.role("scene-to-image")
    third = SceneObject("dog-1", "dog", "fluent:dog", (1 / 3 + 4e-6, 1 / 7, 1 / 3, 2 / 3))
    scene = Scene((401, 307), Background(place="meadow"), (third,))
    painted = painter.paint_scene(scene)
    again = painter.paint_scene(Scene.from_json(painted.scene))
    assert np.array_equal(painted.pixels, again.pixels)
