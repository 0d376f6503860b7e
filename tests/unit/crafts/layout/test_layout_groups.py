"""Things whose number a prompt leaves open are one group; drawing takes its members."""

from __future__ import annotations

from typing import Any

from omnimuse.crafts.layout.groups import group_id, grouped, ungrouped
from omnimuse.crafts.layout.words import plural

BIRDS = group_id("bird", 2)


def _entry(name: str, label: str, x: float, **more: Any) -> dict[str, Any]:
    return {"id": name, "label": label, "box": [x, 0.2, 0.1, 0.1], "attributes": {}, "depth": x,
            **more}  # fmt: skip


FLAT: dict[str, Any] = {
    "canvas": [64, 64],
    "objects": [
        _entry("branch-1", "branch", 0.1),
        _entry("bird-1", "bird", 0.2, group=BIRDS, support="branch-1"),
        _entry("bird-2", "bird", 0.5, group=BIRDS, support="branch-1"),
        _entry("worm-1", "worm", 0.6, support="bird-2"),
    ],
    "relations": [
        {"subject": "bird-1", "relation": "on", "object": "branch-1"},
        {"subject": "bird-2", "relation": "on", "object": "branch-1"},
    ],
}


def test_a_group_is_one_entry_around_its_members() -> None:
    whole = grouped(FLAT)
    assert [e["label"] for e in whole["objects"]] == ["branch", "group of birds", "worm"]
    birds = whole["objects"][1]
    assert (birds["id"], birds["box"]) == ("group-of-birds-2", [0.2, 0.2, 0.4, 0.1])
    assert birds["support"] == "branch-1"
    assert whole["objects"][2]["support"] == BIRDS
    assert whole["relations"] == [{"subject": BIRDS, "relation": "on", "object": "branch-1"}]


def test_its_members_take_its_place_again() -> None:
    flat = ungrouped(grouped(FLAT))
    assert [e["id"] for e in flat["objects"]] == ["branch-1", "bird-1", "bird-2", "worm-1"]
    assert flat["relations"] == FLAT["relations"]
    assert flat["objects"][3]["support"] == "bird-1"


def test_layouts_without_groups_stay_as_they_are() -> None:
    plain = {"canvas": [8, 8], "objects": [_entry("cat-1", "cat", 0.1)], "relations": []}
    assert grouped(plain) == plain
    assert ungrouped(plain) == plain
    assert ungrouped({"objects": ["nonsense"]}) == {"objects": ["nonsense"]}


def test_plurals() -> None:
    assert [plural(n) for n in ("bird", "bus", "berry", "sheep", "wine glass", "man")] == [
        "birds", "buses", "berries", "sheep", "wine glasses", "men",
    ]  # fmt: skip
