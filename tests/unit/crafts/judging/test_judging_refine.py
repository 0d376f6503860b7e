from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.crafts.judging.judging_world import COLORS, NAMES, Spot, ToldEyes, picture_of

from omnimuse.backends.base import Painted
from omnimuse.crafts.illustration.concepts import Concept
from omnimuse.crafts.illustration.scene import Scene, SceneObject
from omnimuse.crafts.judging import loop
from omnimuse.crafts.judging.loop import Budget, refine
from omnimuse.crafts.judging.refine import Repair, repairs_for
from omnimuse.crafts.judging.verdict import judge
from omnimuse.crafts.layout.schema import GroupRelation, SceneRequest, ThingGroup

KINDS = {"dog": 1, "cat": 2, "car": 3, "table": 4}


class Index:
    def find(self, label: str) -> Concept:
        return Concept(f"drawn:{label}", 1.0, "name")


def thing(label: str, number: int, x: float, y: float, **more: object) -> SceneObject:
    box = (x - 0.1, y - 0.1, 0.2, 0.2)
    return SceneObject(f"{label}-{number}", label, f"drawn:{label}", box, **more)


def spots_of(scene: Scene) -> tuple[Spot, ...]:
    """What a faithful renderer would show of a scene."""
    names = {"#e3242b": "red", "#2467d9": "blue"}
    return tuple(
        Spot(
            KINDS[o.label],
            (o.box[0] + o.box[2] / 2) * 100,
            (o.box[1] + o.box[3] / 2) * 100,
            20,
            names.get(o.color, "red"),
        )
        for o in scene.objects
    )


def repairs(scene: Scene, *things: ThingGroup, relations: tuple = (), excluded: tuple = ()):
    request = SceneRequest("p", things, relations, excluded=excluded)
    spots = spots_of(scene)
    verdict = judge(picture_of(*spots), request, ToldEyes(*spots))
    return repairs_for(verdict, scene, Index(), lambda noun: ("drawn:other",))


def test_a_right_picture_needs_no_repair() -> None:
    assert repairs(Scene((100, 100), objects=(thing("dog", 1, 0.5, 0.5),)), ThingGroup("dog")) == []


def test_what_is_missing_is_added_where_there_is_room() -> None:
    scene = Scene((100, 100), objects=(thing("dog", 1, 0.2, 0.5),))
    first = repairs(scene, ThingGroup("dog", 2))[0]
    assert first.action == "add"
    added = first.scene.object(first.target)
    assert (added.label, added.box[2:]) == ("dog", (0.2, 0.2))
    assert abs(added.box[0] - scene.objects[0].box[0]) >= 0.2


def test_what_is_too_many_and_what_is_forbidden_is_deleted() -> None:
    scene = Scene((100, 100), objects=(thing("dog", 1, 0.2, 0.5), thing("dog", 2, 0.7, 0.5)))
    first = repairs(scene, ThingGroup("dog", 1))[0]
    assert (first.action, first.target) == ("delete", "dog-2")
    first = repairs(scene, excluded=("dog",))[0]
    assert (first.action, len(first.scene.objects)) == ("delete", 1)


def test_a_wrong_color_is_painted_over() -> None:
    scene = Scene((100, 100), objects=(thing("car", 1, 0.5, 0.5, color="#e3242b"),))
    first, second = repairs(scene, ThingGroup("car", 1, {"color": "blue"}))
    assert (first.action, first.scene.objects[0].color) == ("recolor", "#2467d9")
    assert (second.action, second.scene.objects[0].art) == ("redraw", "drawn:other")


def test_a_wrong_place_is_changed_and_stays_in_the_picture() -> None:
    scene = Scene((100, 100), objects=(thing("dog", 1, 0.8, 0.5), thing("cat", 1, 0.12, 0.5)))
    groups = (ThingGroup("dog"), ThingGroup("cat"))
    first = repairs(scene, *groups, relations=(GroupRelation(0, "left of", 1),))[0]
    dog, cat = first.scene.object("dog-1").box, first.scene.object("cat-1").box
    assert first.action == "move"
    assert dog[0] + dog[2] <= cat[0]
    assert dog[0] >= 0


class Painter:
    """Draws scenes of spots; can be told to draw the first candidates wrongly."""

    pack = None

    def __init__(self, scenes: list[Scene]) -> None:
        self.scenes, self.painted = scenes, 0

    def paint(self, prompt: str, **options: object) -> Painted:
        scene = self.scenes[min(self.painted, len(self.scenes) - 1)]
        self.painted += 1
        return self.paint_scene(scene)

    def paint_scene(self, scene: Scene) -> Painted:
        return Painted(picture_of(*spots_of(scene)), scene.to_json())


class PixelEyes:
    """Finds red and blue squares of 20 px in the pixels; every one of them is a car."""

    names = NAMES

    def look(self, pixels: np.ndarray) -> list:
        spots = []
        for name in ("red", "blue"):
            mask = (pixels == COLORS[name]).all(axis=2)
            for y, x in np.argwhere(mask).tolist():
                left, above = mask[y, x - 1] if x else False, mask[y - 1, x] if y else False
                if not left and not above:
                    spots.append(Spot(3, x + 10, y + 10, 20, name))
        return ToldEyes(*spots).look(pixels)


@pytest.fixture(autouse=True)
def _no_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "ConceptIndex", lambda pack, embed: Index())
    monkeypatch.setattr(loop, "other_drawings", lambda noun, pack: ())


def run(scenes: list[Scene], request: SceneRequest, **budget: object):
    painter = Painter(scenes)
    outcome = refine(
        request,
        painter=painter,
        eyes=PixelEyes(),
        budget=Budget(**budget),
        canvas=(100, 100),
        seed=3,
    )
    return outcome, painter


def test_refining() -> None:
    red = Scene((100, 100), objects=(thing("car", 1, 0.3, 0.5, color="#e3242b"),))
    blue = red.with_object(replace(red.objects[0], color="#2467d9"))
    wants_blue = SceneRequest("a blue car", (ThingGroup("car", 1, {"color": "blue"}),))

    outcome, painter = run([blue], wants_blue, candidates=5)
    assert (painter.painted, outcome.report["stopped"]) == (1, "satisfied")

    outcome, painter = run([red, blue, red], wants_blue, candidates=3)
    assert (painter.painted, outcome.report["score"]) == (2, 1.0)

    outcome, _ = run([red], wants_blue, candidates=2, rounds=2)
    assert outcome.report["stopped"] == "satisfied"
    assert outcome.painted.scene["objects"][0]["color"] == "#2467d9"
    assert [(e["action"], e.get("kept")) for e in outcome.report["tries"]] == [
        ("draw", None), ("draw", None), ("recolor", True),
    ]  # fmt: skip
    assert "Recolor car-1" in outcome.report["rationale"]

    outcome, _ = run([red], wants_blue, candidates=1, rounds=0)
    assert (outcome.report["stopped"], outcome.report["score"]) == ("out of budget", 0.6667)
    again, _ = run([red], wants_blue, candidates=1, rounds=0)
    assert again.report == outcome.report


def test_a_repair_that_does_not_help_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    red = Scene((100, 100), objects=(thing("car", 1, 0.3, 0.5, color="#e3242b"),))
    useless = Repair("move", "car-1", "why", replace(red, seed=9))
    monkeypatch.setattr(loop, "repairs_for", lambda *given: [useless])
    wants_blue = SceneRequest("a blue car", (ThingGroup("car", 1, {"color": "blue"}),))
    outcome, _ = run([red], wants_blue, candidates=1, rounds=2)
    assert outcome.report["stopped"] == "no repair helped"
    assert outcome.painted.scene["seed"] == 0
    assert outcome.report["tries"][-1]["kept"] is False
