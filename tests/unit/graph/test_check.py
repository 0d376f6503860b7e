from __future__ import annotations

import time
from typing import Any

import pytest

from omnimuse.errors import (
    EdgeTypeError,
    PlanArgumentError,
    PlanCycleError,
    PlanLimitError,
    PlanReferenceError,
    UnknownToolError,
)
from omnimuse.graph.check import check_plan
from omnimuse.graph.plan import Plan
from omnimuse.graph.spec import Param, Port, ToolSpec

SPECS = {
    spec.name: spec
    for spec in (
        ToolSpec(
            "write_text",
            "1",
            "Write.",
            params=(Param("topic", {"type": "string"}, is_required=True),),
            outputs=(Port("text", "text"),),
        ),
        ToolSpec(
            "paint_image",
            "1",
            "Paint.",
            inputs=(Port("prompt", "text"),),
            params=(Param("width", {"type": "integer", "minimum": 16, "maximum": 64}, default=32),),
            outputs=(Port("image", "image"), Port("scene", "scene")),
        ),
        ToolSpec(
            "render_scene",
            "1",
            "Render.",
            inputs=(Port("scene", "scene"),),
            outputs=(Port("image", "image"),),
        ),
        ToolSpec(
            "select_region",
            "1",
            "Select.",
            inputs=(Port("image", "image"),),
            outputs=(Port("mask", "mask"),),
        ),
        ToolSpec(
            "extract_frames",
            "1",
            "Frames.",
            inputs=(Port("video", "video"),),
            outputs=(Port("images", "image", is_list=True),),
        ),
        ToolSpec(
            "make_video",
            "1",
            "Film.",
            inputs=(
                Port("images", "image", is_list=True),
                Port("sound", "audio", is_required=False),
                Port("titles", "caption", is_list=True, is_required=False),
            ),
            outputs=(Port("video", "video"),),
        ),
        ToolSpec(
            "foreign_tool",
            "1",
            "Foreign.",
            inputs=(Port("x", "hologram"),),
            outputs=(Port("hologram", "hologram"),),
        ),
    )
}


def node(node_id: str, tool: str, **more: Any) -> dict[str, Any]:
    return {"id": node_id, "tool": tool, **more}


def check(*nodes: dict[str, Any], kinds: tuple[str, ...] = (), outputs: tuple[str, ...] = ()):
    plan = Plan.from_json({"nodes": list(nodes), "outputs": list(outputs)})
    return check_plan(plan, SPECS, kinds)


POEM = node("poem", "write_text", arguments={"topic": "a fox"})
FOX = node("fox", "paint_image", inputs={"prompt": "poem"}, arguments={"width": 64})


def test_a_good_plan_passes():
    assert (
        check(
            POEM,
            FOX,
            node("again", "render_scene", inputs={"scene": "fox.scene"}),
            node("film", "make_video", inputs={"images": ["fox", "again", "request.1"]}),
            node("stills", "extract_frames", inputs={"video": "film"}),
            node("second", "make_video", inputs={"images": "stills", "sound": "request.0"}),
            kinds=("speech", "mask"),
            outputs=("second", "fox.scene"),
        )
        == ()
    )


def test_text_may_stand_in_arguments():
    assert check(node("fox", "paint_image", arguments={"prompt": "a fox"})) == ()
    titles = {"titles": ["one", "two"]}
    assert (
        check(FOX, POEM, node("f", "make_video", inputs={"images": "fox"}, arguments=titles)) == ()
    )


def test_a_narrower_kind_feeds_a_wider_port_and_never_the_other_way():
    mask = node("mask", "select_region", inputs={"image": "request.0"})
    film = node("film", "make_video", inputs={"images": "mask"})
    assert check(mask, film, kinds=("image",)) == ()
    (error,) = check(
        node("film", "make_video", inputs={"images": "request.0", "titles": ["request.1"]}),
        kinds=("image", "text"),
    )
    assert isinstance(error, EdgeTypeError)


def test_foreign_kinds_fit_only_themselves():
    good = node("a", "foreign_tool", inputs={"x": "request.0"})
    assert check(good, kinds=("hologram",)) == ()
    (error,) = check(good, kinds=("image",))
    assert isinstance(error, EdgeTypeError)
    assert "takes hologram" in error.message


ERRORS = [
    ([node("a", "paint_imag", inputs={"prompt": "a2"})], "a", UnknownToolError, "paint_image"),
    ([POEM, POEM], "poem", PlanReferenceError, "id of its own"),
    ([POEM, node("b", "paint_image", inputs={"prompt": "pome"})], "b", PlanReferenceError, "poem"),
    (
        [POEM, FOX, node("c", "render_scene", inputs={"scene": "fox.scenes"})],
        "c",
        PlanReferenceError,
        "scene",
    ),
    (
        [node("b", "select_region", inputs={"image": "request.2"})],
        "b",
        PlanReferenceError,
        "(image)",
    ),
    (
        [node("b", "select_region", inputs={"image": "request"})],
        "b",
        PlanReferenceError,
        "request.0",
    ),
    (
        [node("b", "select_region", inputs={"image": "request.x"})],
        "b",
        PlanReferenceError,
        "There are",
    ),
    (
        [POEM, node("b", "select_region", inputs={"image": "poem"})],
        "b",
        EdgeTypeError,
        "paint_image",
    ),
    (
        [POEM, FOX, node("c", "render_scene", inputs={"scene": "fox"})],
        "c",
        EdgeTypeError,
        "scene",
    ),
    (
        [node("c", "select_region", inputs={"image": ["request.0"]})],
        "c",
        EdgeTypeError,
        "not a list",
    ),
    (
        [
            node("v", "make_video", inputs={"images": "request.0"}),
            node("f", "extract_frames", inputs={"video": "v"}),
            node("c", "select_region", inputs={"image": "f"}),
        ],
        "c",
        EdgeTypeError,
        "list",
    ),
    ([node("b", "paint_image")], "b", PlanArgumentError, "string in arguments"),
    ([node("b", "make_video", inputs={"images": []})], "b", PlanArgumentError, "list of image"),
    ([node("b", "write_text")], "b", PlanArgumentError, "topic: string"),
    (
        [node("b", "write_text", arguments={"topic": "x", "topci": 1})],
        "b",
        PlanArgumentError,
        "topic",
    ),
    ([node("b", "write_text", arguments={"topic": 5})], "b", PlanArgumentError, "topic: string"),
    (
        [POEM, {**FOX, "arguments": {"width": 65}}],
        "fox",
        PlanArgumentError,
        "from 16 to 64",
    ),
    (
        [POEM, {**FOX, "arguments": {"prompt": "both"}}],
        "fox",
        PlanArgumentError,
        "one of the two",
    ),
    (
        [POEM, {**FOX, "inputs": {"prompt": "poem", "width": "poem"}, "arguments": {}}],
        "fox",
        PlanArgumentError,
        "put it into arguments",
    ),
    (
        [POEM, {**FOX, "inputs": {"prompt": "poem", "promt": "poem"}}],
        "fox",
        PlanArgumentError,
        "prompt",
    ),
    (
        [node("b", "select_region", arguments={"image": "x.png"})],
        "b",
        PlanArgumentError,
        "wire one",
    ),
    (
        [node("b", "write_text", arguments={"topic": "x", "seed": 2**32})],
        "b",
        PlanArgumentError,
        "seed: integer",
    ),
    ([node("b", "select_region", inputs={"image": "b"})], "b", PlanCycleError, "redirect"),
]


@pytest.mark.parametrize(("nodes", "node_id", "kind", "hint"), ERRORS)
def test_each_fault_is_named_on_its_node_with_its_remedy(nodes, node_id, kind, hint):
    found = [error for error in check(*nodes, kinds=("image",)) if type(error) is kind]
    assert found
    assert found[0].node_id == node_id
    assert hint in found[0].hint


def test_all_errors_come_at_once_in_plan_order():
    errors = check(
        node("a", "nothing_like_it", inputs={"x": "ghost"}),
        node("b", "paint_image", arguments={"width": 1, "depth": 2}),
        node("c", "render_scene", inputs={"scene": "d"}),
        node("d", "paint_image", inputs={"prompt": "c"}),
    )
    assert [(e.node_id, type(e)) for e in errors] == [
        ("a", UnknownToolError),
        ("a", PlanReferenceError),
        ("b", PlanArgumentError),
        ("b", PlanArgumentError),
        ("b", PlanArgumentError),
        ("c", EdgeTypeError),
        ("d", EdgeTypeError),
        ("c", PlanCycleError),
    ]
    assert "c -> d -> c" in errors[-1].message


def test_outputs_must_be_results():
    codes = [(type(e), e.node_id) for e in check(POEM, outputs=("ghost", "poem.x", "request.0"))]
    assert codes == [
        (PlanReferenceError, None),
        (PlanReferenceError, "poem"),
        (PlanReferenceError, None),
    ]


def test_limits():
    many = Plan.from_json({"nodes": [{**POEM, "id": f"n{k}"} for k in range(201)]})
    (error,) = check_plan(many, SPECS, ())
    assert isinstance(error, PlanLimitError)
    assert check_plan(many, SPECS, (), max_nodes=201) == ()
    (empty,) = check_plan(Plan(()), SPECS, ())
    assert isinstance(empty, PlanLimitError)


def test_the_check_is_fast():
    nodes = [POEM]
    for k in range(199):
        nodes.append(
            node(
                f"n{k}",
                "paint_image",
                inputs={"prompt": "poem"},
                arguments={"width": 16 + k % 40},
            )
        )
    plan = Plan.from_json({"nodes": nodes})
    assert check_plan(plan, SPECS, ()) == ()
    began = time.process_time()
    for _ in range(5):
        check_plan(plan, SPECS, ())
    assert (time.process_time() - began) / 5 < 0.05


def _over(**more: Any) -> Plan:
    node = {"id": "b", "tool": "stylize", "inputs": {"image": "a"}, **more}
    return Plan.from_json({"nodes": [{"id": "a", "tool": "frames", "inputs": {}}, node]})


def _listing() -> dict[str, ToolSpec]:
    frames = ToolSpec("frames", "1", "Take.", outputs=(Port("images", "image", is_list=True),))
    style = ToolSpec(
        "stylize",
        "1",
        "Paint.",
        inputs=(Port("image", "image"),),
        outputs=(Port("image", "image"),),
    )
    several = ToolSpec("several", "1", "Film.", inputs=(Port("images", "image", is_list=True),))
    return {spec.name: spec for spec in (frames, style, several)}


def test_a_node_is_run_for_each_of_a_list_only_where_it_says_so() -> None:
    specs = _listing()
    assert check_plan(_over(each="image"), specs, ()) == ()
    (error,) = check_plan(_over(), specs, ())
    assert isinstance(error, EdgeTypeError)
    assert '"each": "image"' in error.hint
    errors = check_plan(_over(each="mask"), specs, ())
    assert {type(error) for error in errors} == {EdgeTypeError, PlanArgumentError}
    lists = Plan.from_json(
        {"nodes": [{"id": "a", "tool": "frames", "inputs": {}},
                   {"id": "b", "tool": "several", "inputs": {"images": "a"}, "each": "images"}]}
    )  # fmt: skip
    assert "takes a list" in check_plan(lists, specs, ())[0].message


def test_what_is_made_for_each_is_a_list_and_has_elements() -> None:
    specs, plan = _listing(), _over(each="image").to_json()
    after = {"id": "c", "tool": "stylize", "inputs": {"image": "b"}}
    whole = Plan.from_json({"nodes": [*plan["nodes"], after]})
    assert isinstance(check_plan(whole, specs, ())[0], EdgeTypeError)
    one = Plan.from_json({"nodes": [*plan["nodes"], {**after, "inputs": {"image": "b.1"}}]})
    assert check_plan(one, specs, ()) == ()
    single = Plan.from_json({"nodes": [after | {"id": "d", "inputs": {"image": "request.0"}},
                                       after | {"inputs": {"image": "d.0"}}]})  # fmt: skip
    assert "not a list" in check_plan(single, specs, ["image"])[0].message
    assert Plan.from_json(whole.to_json()) == whole
