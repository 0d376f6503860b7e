"""From layouts to worlds, and from nouns to models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from omnimuse.crafts.scene3d.drawable import drawable, pieces_of
from omnimuse.crafts.scene3d.find import ModelIndex
from omnimuse.crafts.scene3d.glb import write_glb
from omnimuse.crafts.scene3d.scene import MAX_THINGS, with_ground, world_of
from omnimuse.errors import InputError


def layout(
    *labels: str, relations: Sequence[tuple[str, str, str]] = (), **more: Any
) -> dict[str, Any]:
    objects = []
    for index, words in enumerate(labels):
        label, _, rest = words.partition("/")
        said = dict(pair.split("=") for pair in rest.split(",") if pair)
        same = sum(o["label"] == label for o in objects) + 1
        objects.append(
            {
                "id": f"{label.replace(' ', '-')}-{same}",
                "label": label,
                "attributes": said,
                "box": [index / max(len(labels), 1), 0.4, 0.1, 0.2],
                "depth": 0.5,
            }
        )
    links = [{"subject": s, "relation": r, "object": o} for s, r, o in relations]
    return {"objects": objects, "relations": links, **more}


INDEX = ModelIndex()


def test_names_heads_and_wider_nouns_are_found_with_less_and_less_confidence() -> None:
    found = [INDEX.find(label) for label in ("Chairs", "coffee cup", "vintage chair", "spaniel")]
    assert [f.model.name for f in found if f.model] == ["chair", "mug", "chair", "dog"]
    assert [f.match for f in found] == ["name", "name", "head", "kind"]
    assert [f.confidence for f in found] == [1.0, 1.0, 0.8, 0.65]
    assert INDEX.find("waiter").model.name == "person"  # type: ignore[union-attr]
    assert INDEX.find("zeppelin").model is None


def test_meaning_needs_to_be_near_and_of_the_same_kind() -> None:
    vectors = {"sedan": [1.0, 0, 0], "car": [0.8, 0.6, 0], "airship": [0.9, 0.1, 0.42]}

    def embed(texts: Sequence[str]) -> Any:
        rows = np.array([vectors.get(t, [0, 0, 1.0]) for t in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    near = ModelIndex(embed).find("airship")
    assert near.model is not None
    assert near.model.name == "car"
    assert near.match == "meaning"
    assert 0.6 < near.confidence <= 0.95
    far = ModelIndex(lambda texts: np.eye(400, dtype=np.float32)[: len(texts)] * 1.0).find(
        "zeppelin"
    )
    assert far.model is None or far.match == "meaning"
    away = ModelIndex(
        lambda t: np.ones((len(t), 2), np.float32) * ([0.1, 0] if len(t) == 1 else [0, 1])
    )
    lost = away.find("zeppelin")
    assert lost.model is None
    assert lost.match == "none"
    assert len(lost.nearest) == 5


def test_a_world_has_what_was_counted_with_ids_colours_and_materials() -> None:
    world = world_of(layout("chair/color=red", "chair/color=red", "table/material=wooden"), INDEX)
    assert [t.id for t in world.things] == ["chair-1", "chair-2", "table-1"]
    assert world.things[0].form.parts[0][0].color == "#e3242b"
    assert world.things[0].form is world.things[1].form
    assert world.objects[2]["model"] == "table"
    assert world.notes == ()
    assert world.stand_ins == ()


def test_gold_things_are_of_gold() -> None:
    world = world_of(layout("crown/color=golden", "cup/color=silver"), INDEX)
    assert world.things[0].form.parts[0][0].metallic == 1.0
    assert any(stuff.name == "silver" for stuff, _ in world.things[1].form.parts)


def test_sizes_follow_the_words() -> None:
    world = world_of(
        layout("chair/size=huge", "chair/size=tiny", "chair"), INDEX, proportions="real"
    )
    huge, tiny, plain = (t.scale for t in world.things)
    assert tiny < plain == 1.0 < huge


def test_storybook_keeps_small_things_visible_and_real_keeps_sizes() -> None:
    plan = layout("cat", "castle")
    real = {r["label"]: max(r["size_m"]) for r in world_of(plan, INDEX, proportions="real").objects}
    book = {r["label"]: max(r["size_m"]) for r in world_of(plan, INDEX).objects}
    assert real["castle"] / real["cat"] > 12
    assert book["castle"] / book["cat"] == pytest.approx(5.0, rel=0.02)
    assert book["cat"] == pytest.approx(real["cat"], rel=0.01)


def test_sky_bodies_take_a_share_of_the_scene() -> None:
    world = world_of(layout("house", "moon"), INDEX, proportions="real")
    house, moon = world.objects
    assert max(moon["size_m"]) == pytest.approx(0.42 * max(house["size_m"]), rel=0.01)
    assert moon["at_m"][1] > house["size_m"][1] * 0.5


def test_unknown_things_become_labelled_blocks_beside_known_ones() -> None:
    world = world_of(layout("zeppelin", "chair"), INDEX)
    assert world.stand_ins == ("zeppelin",)
    assert (world.objects[0]["model"], world.objects[0]["confidence"]) == ("stand-in", 0.0)


def test_only_unknown_things_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="zeppelin") as refusal:
        world_of(layout("zeppelin"), INDEX)
    assert refusal.value.error_code == "no_model"
    assert refusal.value.hint


def test_nothing_and_too_much_are_refused() -> None:
    with pytest.raises(InputError, match="nothing that can be modelled"):
        world_of(layout(), INDEX)
    with pytest.raises(InputError, match="at most"):
        world_of(layout(*["chair"] * (MAX_THINGS + 1)), INDEX)


def test_a_place_alone_is_built_itself() -> None:
    assert world_of(layout(background="forest"), INDEX).objects[0]["model"] == "forest"


def test_time_of_day_sets_the_mood() -> None:
    moods = [
        world_of(layout("cube", time=t), INDEX).mood for t in ("", "night", "sunset", "evening")
    ]
    assert moods == ["day", "night", "sunset", "night"]


def test_conflicts_of_the_layout_are_passed_on() -> None:
    plan = layout("cube", conflicts=["cube-1 cannot be left of itself"])
    assert world_of(plan, INDEX).notes == ("cube-1 cannot be left of itself",)


def test_the_ground_lies_under_everything_and_looks_like_its_place() -> None:
    plan = layout("house", "pine", "dog", background="snowy field")
    world = with_ground(world_of(plan, INDEX), plan)
    ground = world.things[-1]
    assert ground.id == "ground"
    assert ground.form.parts[0][0].name == "snow"
    scene, disc = drawable(pieces_of(world.things[:-1])), drawable(pieces_of([ground]))
    assert disc.bounds[1][1] == pytest.approx(0, abs=1e-6)
    assert (disc.bounds[0][[0, 2]] < scene.bounds[0][[0, 2]]).all()
    assert (disc.bounds[1][[0, 2]] > scene.bounds[1][[0, 2]]).all()


def test_equal_layouts_and_seeds_give_equal_bytes_and_seeds_vary_plants() -> None:
    plan = layout("tree", "tree", "rock", "fox")

    def made(seed: int) -> bytes:
        return write_glb(world_of(plan, INDEX, seed=seed).things)

    assert made(3) == made(3)
    assert made(3) != made(4)
