"""What counts as solved: tools, edges, kinds, facts and words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omnimuse.assets.asset import Asset
from omnimuse.errors import InputError
from omnimuse.evaluation.solving import Attachments, faults_of, language_of, plan_faults
from omnimuse.graph.plan import Node, Plan, Ref
from omnimuse.request import Response, Result

PLAN = Plan(
    (
        Node("poem", "write_text"),
        Node("voice", "synthesize_speech", inputs={"text": Ref("poem")}),
        Node("film", "mux_video", inputs={"video": Ref("request", "0"), "audio": Ref("voice")}),
    )
)
ENTRY: dict[str, Any] = {
    "id": "a",
    "tools": [["write_text"], ["mux_video", "write_text|rewrite_text", "synthesize_speech"]],
    "edges": [["write_text", "synthesize_speech"], ["request", "mux_video|make_video"]],
}


def response(*assets: Asset, status: str = "succeeded") -> Response:
    results = tuple(Result(asset, "n", Path("x")) for asset in assets)
    return Response("r", status, plan=PLAN, results=results)  # type: ignore[arg-type]


def test_a_plan_is_accepted_with_other_tools_of_the_same_use() -> None:
    assert plan_faults(ENTRY, PLAN) == ()
    fewer = {**ENTRY, "tools": [["write_text", "synthesize_speech"]]}
    assert "tools" in plan_faults(fewer, PLAN)[0]
    other = {**ENTRY, "edges": [["mux_video", "write_text"]]}
    assert plan_faults(other, PLAN) == ("no edge mux_video -> write_text",)


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({"kind": "text", "count": 1, "lines": [2, 2], "contains": "sea|lake"}, ""),
        ({"kind": "text|caption", "language": "en"}, ""),
        ({"kind": "video", "duration_s": [4, 6], "has_audio": True, "contains": "hello"}, ""),
        ({"kind": "text", "count": 2}, "1 of kind text, wanted 2"),
        ({"kind": "image"}, "0 of kind image"),
        ({"kind": "text", "language": "zh"}, "no text with"),
        ({"kind": "text", "contains": "desert"}, "no text with"),
        ({"kind": "video", "duration_s": [7, 9]}, "no video with"),
        ({"kind": "video", "width_px": [1, 9]}, "no video with"),
        ({"kind": "video", "has_audio": False}, "no video with"),
    ],
)
def test_what_was_made_is_checked(rule: dict[str, Any], fault: str) -> None:
    poem = Asset.from_text("The sea is wide,\nand so am I.")
    facts = {"duration_s": 5.0, "has_audio": True}
    film = Asset.from_bytes(b"film", "video", "video/mp4", facts=facts)

    def words(asset: Asset) -> str:
        return asset.read_text() if asset.kind == "text" else "Hello"

    found = faults_of({**ENTRY, "made": [rule]}, response(poem, film), words)
    assert (found == ()) if not fault else found[0].startswith(fault)


def test_a_run_that_did_not_succeed_is_not_solved() -> None:
    assert faults_of(ENTRY, response(status="failed"), str)[0].startswith("failed")


def test_languages_are_told_by_script() -> None:
    assert language_of("秋天 autumn 来了,风起") == "zh"
    assert language_of("An autumn day") == "en"


class House:
    """A studio that is asked for nothing but its folders."""

    def __init__(self, home: Path) -> None:
        self.settings = type("S", (), {"home": home, "models_dir": home / "models"})()


def test_attachments_are_made_as_the_file_says(tmp_path: Path) -> None:
    recipe = tmp_path / "x_files.json"
    recipe.write_text(
        json.dumps({"a.txt": {"text": "hello"}, "b.png": {"model": "m", "member": "b.png"}})
    )
    files = Attachments(House(tmp_path), recipe)  # type: ignore[arg-type]
    assert files.path("a.txt").read_text() == "hello"
    with pytest.raises(InputError, match="part of the model 'm'"):
        files.path("b.png")
    with pytest.raises(InputError, match="nothing says how to make"):
        files.path("../c.png")
    recipe.write_text("{")
    with pytest.raises(InputError, match="cannot read"):
        Attachments(House(tmp_path), recipe)  # type: ignore[arg-type]


def test_alternatives_that_overlap_are_shared_out() -> None:
    nodes = (Node("a", "join_audio"), Node("b", "mix_audio"), Node("c", "mix_audio"))
    wanted = ["mix_audio|join_audio", "mix_audio", "mix_audio|insert_audio"]
    assert plan_faults({"tools": [wanted]}, Plan(nodes)) == ()
    assert plan_faults({"tools": [[*wanted[:2], "insert_audio"]]}, Plan(nodes)) != ()
