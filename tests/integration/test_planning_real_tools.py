"""Requests planned over the tools that really exist."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from omnimuse.assets.asset import Asset
from omnimuse.errors import NeedsInputError
from omnimuse.graph.check import check_plan
from omnimuse.planning.embedded import EmbeddedPlanner
from omnimuse.planning.reading.vocabulary import kind_of_file
from omnimuse.request import Box, Point, Request
from omnimuse.tools.registry import ToolRegistry

pytestmark = pytest.mark.weights
FILE = Path(__file__).resolve().parents[1] / "data" / "planner_requests_real.jsonl"


def test_most_requests_get_exactly_the_right_plan(planner: EmbeddedPlanner) -> None:
    specs = ToolRegistry().specs()
    entries = [json.loads(line) for line in FILE.open(encoding="utf-8")]
    right = 0
    for entry in entries:
        assets = [Asset.from_bytes(name.encode(), kind_of_file(name)) for name in entry["files"]]
        earlier = entry.get("session", ())
        assets += [Asset.from_bytes(b"%d" % n, kind) for n, kind in enumerate(earlier)]
        request = Request(
            entry["prompt"],
            files=tuple(map(Path, entry["files"])),
            points=tuple(Point(*p) for p in entry.get("points", ())),
            boxes=tuple(Box(*b) for b in entry.get("boxes", ())),
        )
        try:
            plan = planner.plan(request, assets, specs)
        except NeedsInputError:
            right += entry["status"] == "needs_input"
            continue
        assert check_plan(plan, specs, [a.kind for a in assets]) == ()
        tools = {node.id: node.tool for node in plan.nodes}
        edges = {
            (tools[e.source.node], tools[e.target]) for e in plan.edges() if e.source.node in tools
        }
        is_same = Counter(tools.values()) == Counter(entry["nodes"])
        right += is_same and edges == {(a, b) for a, b in entry["edges"]}
    assert right / len(entries) >= 0.8


@pytest.mark.parametrize(
    ("prompt", "files", "tools", "each"),
    [
        (
            "Take four frames from clip.mp4, upscale every one of them and build a slideshow",
            ("clip.mp4",),
            ["extract_frames", "upscale_image", "make_video"],
            {"upscale_image": "image"},
        ),
        (
            "从tour.mp4里均匀截取三帧，每一帧都裁成正方形",
            ("tour.mp4",),
            ["extract_frames", "crop_image"],
            {"crop_image": "image"},
        ),
    ],
)
def test_each_of_a_list_is_worked_on(
    planner: EmbeddedPlanner, prompt: str, files: tuple[str, ...], tools: list[str], each: object
) -> None:
    specs = ToolRegistry().specs()
    assets = [Asset.from_bytes(name.encode(), kind_of_file(name)) for name in files]
    plan = planner.plan(Request(prompt, files=tuple(map(Path, files))), assets, specs)
    assert [node.tool for node in plan.nodes] == tools
    assert {node.tool: node.each for node in plan.nodes if node.each} == each
    assert check_plan(plan, specs, [a.kind for a in assets]) == ()


def test_one_of_a_list_is_meant_by_its_place(planner: EmbeddedPlanner) -> None:
    specs = ToolRegistry().specs()
    film = Asset.from_bytes(b"clip.mp4", "video")
    prompt = "Take four frames from clip.mp4 and paint the second frame as a watercolour"
    plan = planner.plan(Request(prompt, files=(Path("clip.mp4"),)), [film], specs)
    assert [node.tool for node in plan.nodes] == ["extract_frames", "stylize_image"]
    assert str(plan.nodes[1].inputs["image"]) == f"{plan.nodes[0].id}.1"
    assert check_plan(plan, specs, ["video"]) == ()
