from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.crafts.illustration.art import ArtPack
from omnimuse.crafts.illustration.compose import compose_scene
from omnimuse.crafts.illustration.concepts import Concept
from omnimuse.crafts.illustration.resting import SEA_LIFE, adrift
from omnimuse.crafts.illustration.scene import Scene
from omnimuse.crafts.illustration.setting import place_of_words
from omnimuse.errors import ArgumentError


def thing(label: str, box: list[float], **more: Any) -> dict[str, Any]:
    known = {k: more.pop(k) for k in ("id", "depth", "support") if k in more}
    return {"label": label, "box": box, "attributes": more, **known}


def layout(*objects: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "objects": list(objects),
        "relations": [],
        "background": "",
        "canvas": [400, 300],
        **more,
    }


def test_boxes_labels_and_ids_are_kept(pack: ArtPack) -> None:
    scene = compose_scene(
        layout(thing("dog", [0.1, 0.5, 0.3, 0.4], id="dog-1"), thing("tree", [0.6, 0.1, 0.3, 0.7])),
        pack,
    )
    assert [o.id for o in scene.objects] == ["dog-1", "tree-2"]
    assert scene.objects[0].box == (0.1, 0.5, 0.3, 0.4)
    assert scene.objects[1].box == (0.6, 0.1, 0.3, 0.7)
    assert scene.canvas == (400, 300)


def test_tiny_boxes_grow_to_what_can_be_seen(pack: ArtPack) -> None:
    box = compose_scene(layout(thing("dog", [0.5, 0.5, 0.0, 0.001])), pack).objects[0].box
    assert box[2:] == (0.012, 0.012)
    assert box[0] == pytest.approx(0.494)


def test_colors_come_from_words_materials_and_labels(pack: ArtPack) -> None:
    scene = compose_scene(
        layout(
            thing("dog", [0, 0.5, 0.2, 0.3], color="blue"),
            thing("cat", [0.3, 0.5, 0.2, 0.3], material="golden"),
            thing("green dog", [0.6, 0.5, 0.2, 0.3]),
            thing("zebra", [0.8, 0.5, 0.2, 0.3], color="black and white"),
            thing("red apple", [0.8, 0.1, 0.1, 0.1]),
        ),
        pack,
    )
    from omnimuse.crafts.illustration.color import name_of

    names = [name_of(o.color) if o.color else "" for o in scene.objects]
    assert names[0] == "blue"
    assert names[1] in ("yellow", "orange")
    assert names[2:4] == ["green", ""]
    assert names[4] in ("", "red")


def test_things_turn_to_each_other_and_into_the_picture(pack: ArtPack) -> None:
    dog, cat = (
        thing("dog", [0.05, 0.5, 0.2, 0.3], id="d"),
        thing("cat", [0.7, 0.5, 0.2, 0.3], id="c"),
    )
    alone = compose_scene(layout(dog, cat), pack)
    assert [o.flip for o in alone.objects] == [True, False]
    away = {"subject": "d", "relation": "looking at", "object": "c"}
    facing = compose_scene(
        {**layout(cat, {**dog, "box": [0.72, 0.1, 0.2, 0.3]}), "relations": [away]}, pack
    )
    assert [o.flip for o in facing.objects] == [False, False]


def test_copies_differ_a_little(pack: ArtPack) -> None:
    dogs = [thing("dog", [0.1 + 0.2 * i, 0.5, 0.15, 0.3]) for i in range(4)]
    scene = compose_scene(layout(*dogs), pack)
    assert len({o.color for o in scene.objects}) == 4


def test_the_seed_decides(pack: ArtPack) -> None:
    plan = layout(*[thing("dog", [0.1 + 0.2 * i, 0.5, 0.15, 0.3]) for i in range(4)])
    assert compose_scene(plan, pack, seed=5) == compose_scene(plan, pack, seed=5)
    assert compose_scene(plan, pack, seed=5) != compose_scene(plan, pack, seed=6)


def test_what_stands_on_a_thing_is_let_down_onto_it(pack: ArtPack) -> None:
    bench = thing("bench", [0.2, 0.6, 0.6, 0.3], id="b")
    scene = compose_scene(layout(thing("cat", [0.4, 0.3, 0.2, 0.2], support="b"), bench), pack)
    cat = scene.objects[0].box
    assert cat[1] + cat[3] == pytest.approx(0.63, abs=0.005)
    assert cat[:1] + cat[2:] == pytest.approx((0.4, 0.2, 0.2))


def test_words_go_on_signs_then_on_banners(pack: ArtPack) -> None:
    sign = thing("sign", [0.2, 0.4, 0.5, 0.5], id="s")
    scene = compose_scene(layout(sign, text=['"SALE"', "Open today"]), pack)
    assert [(t.text, t.on, t.panel) for t in scene.texts] == [
        ("SALE", "s", ""),
        ("Open today", "", "banner"),
    ]
    x, y, w, h = scene.texts[0].box
    assert x >= 0.2
    assert x + w <= 0.7
    assert y >= 0.4
    assert y + h <= 0.9


@pytest.mark.parametrize(
    ("words", "place"),
    [("forest", "forest"), ("a sandy beach", "beach"), ("city street at night", "city"),
     ("living room", "room"), ("under the sea", "underwater"), ("outer space", "space"),
     ("mountains", "mountains"), ("公园", "meadow"), ("gleeb", "")],
)  # fmt: skip
def test_places_are_read_from_words(words: str, place: str) -> None:
    assert place_of_words(words) == place


def test_things_choose_the_place_where_words_do_not(pack: ArtPack) -> None:
    def place(*labels: str) -> str:
        things = [thing(label, [0.1, 0.5, 0.2, 0.2]) for label in labels]
        return compose_scene(layout(*things), pack).background.place

    assert place("dog") == "meadow"
    assert place("sailboat") == "sea"
    assert place("car") == "street"
    assert place("couch", "lamp") == "room"
    assert place("apple") == "table"
    assert place("telescope") == "plain"


def test_the_ground_reaches_under_the_highest_feet(pack: ArtPack) -> None:
    scene = compose_scene(layout(thing("dog", [0.1, 0.2, 0.2, 0.3])), pack)
    assert scene.background.horizon < 0.5


def test_time_weather_and_light(pack: ArtPack) -> None:
    moon = thing("moon", [0.7, 0.1, 0.2, 0.2])
    background = compose_scene(layout(moon, time="night", weather="snow"), pack).background
    assert (background.time, background.weather) == ("night", "snow")
    assert background.light == (0.8, 0.2)


@pytest.mark.parametrize(
    "bad",
    [
        {"objects": "dog"},
        {"objects": [{"box": [0, 0, 1, 1]}]},
        {"objects": [{"label": "dog"}]},
        {"objects": [{"label": "dog", "box": [0, 0, 1]}]},
        {"objects": [{"label": "dog", "box": [0, 0, float("inf"), 1]}]},
        {"objects": [{"label": "dog", "box": [0, 0, 99, 1]}]},
        {"objects": [{"label": "dog", "box": [0, 0, 1, 1], "attributes": 3}]},
        {"objects": [{"label": "dog", "box": [0, 0, 1, 1]}] * 401},
        {"objects": [], "canvas": ["a", "b"]},
        {"objects": [], "canvas": [100000, 10]},
    ],
)
def test_what_is_no_layout_is_refused(pack: ArtPack, bad: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        compose_scene(bad, pack)


def test_a_moon_brings_the_night_unless_told_otherwise(pack: ArtPack) -> None:
    moon, dog = thing("moon", [0.7, 0.1, 0.2, 0.2]), thing("dog", [0.2, 0.6, 0.3, 0.3])
    assert compose_scene(layout(moon, dog), pack).background.time == "night"
    assert compose_scene(layout(moon, dog, time="day"), pack).background.time == "day"
    assert compose_scene(layout(dog), pack).background.time == "day"


def test_material_and_age_choose_the_drawing(pack: ArtPack) -> None:
    scene = compose_scene(
        layout(
            thing("house", [0, 0.4, 0.3, 0.4], material="wooden"),
            thing("man", [0.4, 0.4, 0.2, 0.5], age="old"),
            thing("bench", [0.6, 0.6, 0.3, 0.3], material="wooden"),
        ),
        pack,
    )
    assert [o.art for o in scene.objects] == ["drawn:cabin", "drawn:old-man", "drawn:bench"]


def test_things_stand_side_by_side_on_what_they_share(pack: ArtPack) -> None:
    desk = thing("desk", [0.3, 0.6, 0.4, 0.3], id="d")
    cups = [thing("cup", [0.4, 0.2 + 0.1 * i, 0.2, 0.15], support="d") for i in range(3)]
    scene = compose_scene(layout(*cups, desk), pack)
    boxes = sorted(o.box for o in scene.objects if o.label == "cup")
    assert all(a[0] + a[2] <= b[0] + 1e-6 for a, b in pairwise(boxes))
    assert boxes[0][0] >= 0.29
    assert boxes[-1][0] + boxes[-1][2] <= 0.71


_share = st.floats(-0.2, 1.2)
_things = st.lists(
    st.fixed_dictionaries(
        {
            "label": st.sampled_from(["dog", "table", "moon", "sign", "river", "zzz", "boy"]),
            "box": st.tuples(_share, _share, st.floats(0, 1), st.floats(0, 1)).map(list),
            "attributes": st.dictionaries(
                st.sampled_from(["color", "material", "text", "state", "pose", "age"]),
                st.sampled_from(["red", "wooden", "old", "colorful", "flying", "full", "tilted"]),
            ),
            "support": st.sampled_from(["table-1", "dog-1", "zzz-2", "table-2", ""]),
        }
    ),
    max_size=6,
)


@given(things=_things, words=st.sampled_from(["", "sea", "forest"]), seed=st.integers(0, 9))
def test_any_layout_becomes_a_scene_that_survives_json(
    things: list[dict[str, Any]], words: str, seed: int, pack: ArtPack
) -> None:
    scene = compose_scene(layout(*things, background=words), pack, seed=seed)
    assert Scene.from_json(scene.to_json()).to_json() == scene.to_json()
    assert [o.label for o in scene.objects] == [t["label"] for t in things]


def test_a_rider_sits_on_the_back_of_its_own_mount(pack: ArtPack) -> None:
    drawn = layout(
        thing("man", [0.05, 0.1, 0.12, 0.4], id="man-1"),
        thing("elephant", [0.2, 0.5, 0.6, 0.4], id="elephant-1"),
        relations=[{"subject": "man-1", "relation": "riding", "object": "elephant-1"}],
    )
    man, elephant = compose_scene(drawn, pack).objects
    assert man.box[0] + man.box[2] / 2 == pytest.approx(0.44)
    hidden = man.box[1] + man.box[3] - elephant.box[1]
    assert 0.3 * man.box[3] < hidden < 0.5 * man.box[3]


def test_fish_swim_at_depths_of_their_own() -> None:
    fish = [thing("fish", [0.03 + 0.24 * i, 0.4, 0.2, 0.1], id=f"fish-{i}") for i in range(4)]
    entries = [*fish, thing("octopus", [0.2, 0.5, 0.5, 0.4], id="octopus-1")]
    concepts = [Concept("fluent:fish", 1.0, "name", "center", "animals", SEA_LIFE)] * 5
    boxes = [tuple(entry["box"]) for entry in entries]
    moved = adrift({}, entries, concepts, boxes)  # type: ignore[arg-type]
    assert len({round(box[1], 2) for box in moved[:4]}) == 4
    assert all(0.05 < box[1] < 0.8 for box in moved)
    assert [box[0] for box in moved] == [box[0] for box in boxes]
    assert moved[4] == boxes[4]
    told = [{"subject": f"fish-{i}", "relation": "above", "object": "octopus-1"} for i in range(4)]
    assert adrift({"relations": told}, entries, concepts, boxes) == boxes  # type: ignore[arg-type]


def test_a_hill_has_the_colour_of_its_land(pack: ArtPack) -> None:
    def hill(**more: object) -> str:
        drawn = layout(thing("hill", [0.1, 0.6, 0.8, 0.3]), background="meadow", **more)
        return compose_scene(drawn, pack).objects[0].color

    colors = {hill(), hill(time="night"), hill(season="autumn"), hill(weather="snow")}
    assert len(colors) == 4


def test_riders_come_down_to_the_saddle(pack: ArtPack) -> None:
    drawn = layout(
        thing("boy", [0.4, 0.1, 0.2, 0.4], id="boy-1"),
        thing("bicycle", [0.3, 0.5, 0.4, 0.4], id="bicycle-1"),
        thing("cat", [0.05, 0.3, 0.1, 0.2], id="cat-1"),
        relations=[{"subject": "boy-1", "relation": "riding", "object": "bicycle-1"}],
    )
    boy, bicycle, cat = compose_scene(drawn, pack).objects
    assert boy.box[1] + boy.box[3] == pytest.approx(0.5 + 0.3 * 0.4 + 0.36 * 0.4)
    assert boy.depth < bicycle.depth
    assert boy.box[1] + boy.box[3] / 2 < bicycle.box[1] + bicycle.box[3] / 2
    assert cat.box == (0.05, 0.3, 0.1, 0.2)


def test_what_is_said_stands_in_a_balloon_above_the_speaker(pack: ArtPack) -> None:
    scene = compose_scene(layout(thing("dog", [0.3, 0.5, 0.3, 0.4], id="d", speech="Woof!")), pack)
    (balloon,) = scene.texts
    assert (balloon.text, balloon.panel, balloon.on) == ("Woof!", "bubble", "d")
    assert balloon.box[1] + balloon.box[3] <= 0.5
    assert balloon.box[0] < 0.45 < balloon.box[0] + balloon.box[2]


def test_shops_bear_their_names_and_filled_boxes_no_inside(pack: ArtPack) -> None:
    relation = {"subject": "cat-1", "relation": "in", "object": "box-1"}
    scene = compose_scene(
        layout(
            thing("bakery", [0.0, 0.3, 0.4, 0.5]),
            thing("cat", [0.6, 0.3, 0.3, 0.3], id="cat-1", depth=0.8),
            thing("box", [0.55, 0.5, 0.4, 0.4], id="box-1", depth=0.9),
            relations=[relation],
        ),
        pack,
    )
    assert [layer.text for layer in scene.texts] == ["BAKERY"]
    assert [o.art for o in scene.objects] == ["drawn:shop", "fluent:cat", "drawn:box"]
    assert "filled" in scene.objects[2].attributes
    assert "filled" not in scene.objects[0].attributes


def test_people_with_furniture_are_at_home(pack: ArtPack) -> None:
    people = [thing(name, [0.1 * i, 0.4, 0.2, 0.5]) for i, name in enumerate(["man", "woman"])]
    sofa = thing("sofa", [0.4, 0.6, 0.5, 0.3])
    assert compose_scene(layout(*people), pack).background.place == "meadow"
    assert compose_scene(layout(*people, sofa), pack).background.place == "room"


def test_birds_far_above_the_house_fly_and_sleepers_lie(pack: ArtPack) -> None:
    scene = compose_scene(
        layout(
            thing("bird", [0.1, 0.1, 0.2, 0.2]),
            thing("house", [0.3, 0.4, 0.5, 0.5]),
            thing("bird", [0.85, 0.8, 0.1, 0.1], id="low"),
        ),
        pack,
    )
    assert [o.anchor for o in scene.objects] == ["sky", "ground", "ground"]
    assert not scene.objects[0].shadow
    relation = {"subject": "m", "relation": "on", "object": "b"}
    man = thing("man", [0.4, 0.1, 0.2, 0.5], id="m", pose="sleeping")
    bed = thing("sofa", [0.1, 0.6, 0.8, 0.3], id="b")
    sleeper = compose_scene(layout(man, bed, relations=[relation]), pack).objects[0]
    assert sleeper.rotation == 270.0
    assert sleeper.box[2] > sleeper.box[3]


def test_words_stand_where_the_sign_is_in_a_wide_box(pack: ArtPack) -> None:
    sign = thing("stop sign", [0.0, 0.2, 0.9, 0.6], text="GO")
    (words,) = compose_scene(layout(sign), pack).texts
    assert words.text == "GO"
    assert 0.3 < words.box[0] < 0.45 < words.box[0] + words.box[2] < 0.6
