"""Painted masks go to the step that works on their picture."""

from __future__ import annotations

from omnimuse.graph.plan import Plan
from omnimuse.graph.spec import Param, Port, ToolSpec
from omnimuse.planning.building.pointing import bind_masks, pointed_at
from omnimuse.request import Box, Point, Request

IMAGE = Port("image", "image")
SPECS = {
    "recolor": ToolSpec(
        "recolor",
        "1",
        "",
        inputs=(IMAGE, Port("mask", "mask", is_required=False)),
        params=(Param("thing", {}),),
        outputs=(IMAGE,),
    ),
    "describe": ToolSpec("describe", "1", "", inputs=(IMAGE,), outputs=(Port("text", "text"),)),
    "crop": ToolSpec("crop", "1", "", inputs=(IMAGE,), outputs=(IMAGE,)),
}


def _plan(*nodes: tuple[str, str, dict[str, str]]) -> Plan:
    return Plan.from_json(
        {
            "nodes": [
                {"id": name, "tool": tool, "arguments": {"thing": "it"}, "inputs": inputs}
                for name, tool, inputs in nodes
            ]
        }
    )


def _inputs(plan: Plan, name: str) -> dict[str, str]:
    node = plan.node(name)
    assert node is not None
    return {port: str(ref) for port, ref in node.inputs.items()}


def test_a_mask_goes_to_the_step_that_takes_one() -> None:
    plan = _plan(
        ("a", "describe", {"image": "request.0"}),
        ("b", "crop", {"image": "request.0"}),
        ("c", "recolor", {"image": "b"}),
        ("d", "recolor", {"image": "c"}),
    )
    bound = bind_masks(plan, ["image", "mask"], SPECS)
    assert _inputs(bound, "c") == {"image": "b", "mask": "request.1"}
    assert _inputs(bound, "d") == {"image": "c"}
    node = bound.node("c")
    assert node is not None
    assert node.arguments == {}, "'it' is what was painted"


def test_each_mask_belongs_to_the_picture_before_it() -> None:
    plan = _plan(("a", "recolor", {"image": "request.0"}), ("b", "recolor", {"image": "request.1"}))
    bound = bind_masks(plan, ["image", "image", "mask"], SPECS)
    assert _inputs(bound, "a") == {"image": "request.0"}
    assert _inputs(bound, "b") == {"image": "request.1", "mask": "request.2"}


def test_a_mask_that_a_step_takes_already_and_one_alone_are_left() -> None:
    taken = _plan(("a", "crop", {"image": "request.1"}), ("b", "recolor", {"image": "request.0"}))
    assert bind_masks(taken, ["image", "mask"], SPECS) == taken
    alone = _plan(("a", "recolor", {"image": "request.0"}))
    assert bind_masks(alone, ["mask"], SPECS) == alone


def test_what_is_pointed_with() -> None:
    assert pointed_at(Request(points=(Point(1, 2),), boxes=(Box(1, 2, 3, 4),))) == {"points", "box"}
    assert pointed_at(Request(), ["image", "mask"]) == {"mask"}
    assert pointed_at(Request(), ["mask", "text"]) == frozenset()
