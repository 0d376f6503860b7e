from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from omnimuse.errors import InputError, NeedsInputError
from omnimuse.evaluation.planner import (
    evaluate_planner,
    named_files,
    read_instructions,
    score,
    spoken_of,
    to_taskbench,
)
from omnimuse.graph.plan import Plan
from omnimuse.planning.foreign.toolset import load_toolset

TOOLS = {
    "nodes": [
        {"id": "A", "desc": "Makes a.", "input-type": ["text"], "output-type": ["image"]},
        {"id": "B", "desc": "Makes b.", "input-type": ["image"], "output-type": ["text"]},
    ]
}
PLAN = Plan.from_json(
    {
        "nodes": [
            {"id": "x", "tool": "A", "arguments": {"text": "a cat"}, "inputs": {}},
            {"id": "y", "tool": "B", "arguments": {}, "inputs": {"image": "x"}},
        ]
    }
)


class Scripted:
    """Gives one plan for every request but the second, which it asks back about."""

    def plan(self, request: Any, attachments: Any, specs: Any, **more: Any) -> Plan:
        if request.prompt == "what?":
            raise NeedsInputError("what?")
        return PLAN


def _suite(tmp_path: Path) -> Path:
    (tmp_path / "tool_desc.json").write_text(json.dumps(TOOLS))
    lines = [{"id": "1", "user_request": "a cat"}, {"id": "2", "user_request": "what?"}]
    (tmp_path / "user_requests.json").write_text("\n".join(map(json.dumps, lines)))
    return tmp_path


def _entry(entry_id: str, nodes: Sequence[str], links: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "id": entry_id,
        "task_nodes": [{"task": node} for node in nodes],
        "task_links": [{"source": a, "target": b} for a, b in links],
    }


def test_predictions_are_written_and_scored(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    entries = [_entry("1", ["A", "B"], [("A", "B")]), _entry("2", ["A"], [])]
    gold.write_text("\n".join(map(json.dumps, entries)))
    out = tmp_path / "out" / "predictions.jsonl"
    report = evaluate_planner(
        Scripted(), suite="taskbench", data=_suite(tmp_path), out=out, gold=gold
    )
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert lines[0] == {
        "id": "1",
        "task_nodes": [
            {"task": "A", "arguments": ["a cat"]},
            {"task": "B", "arguments": ["<node-0>"]},
        ],
        "task_links": [{"source": "A", "target": "B"}],
    }
    assert lines[1] == {"id": "2", "task_nodes": [], "task_links": []}
    assert report.nodes is not None
    assert report.nodes.f1 == pytest.approx(80.0)
    assert report.edges is not None
    assert report.edges.f1 == 100.0


def test_invented_and_missing_tools_both_count() -> None:
    nodes, edges = score(
        [_entry("1", ["A", "C"], [("A", "C")])], [_entry("1", ["A", "B"], [("A", "B")])]
    )
    assert (nodes.hits, nodes.predicted, nodes.wanted, nodes.f1) == (1, 2, 2, 50.0)
    assert edges.f1 == 0.0


def test_a_request_without_prediction_is_all_missing() -> None:
    nodes, _ = score([], [_entry("1", ["A", "B"], [])])
    assert (nodes.recall, nodes.wanted) == (0.0, 2)


def test_controlllm_gives_domains_and_dependencies(tmp_path: Path) -> None:
    specs = load_toolset(_suite(tmp_path))
    source = tmp_path / "instructions.txt"
    source.write_text("a cat\n\nanother cat\n")
    out = tmp_path / "sub.jsonl"
    evaluate_planner(Scripted(), suite="controlllm", data=source, out=out, specs=specs)
    first = json.loads(out.read_text().splitlines()[0])
    assert [(t["domain"], t["dependency"]) for t in first["subtasks"]] == [
        ("image", [-1]),
        ("text", [0]),
    ]


def test_controlllm_takes_what_is_named_or_spoken_of_as_given() -> None:
    assert named_files("Dub a.mp4 with 'b.wav', then a.mp4 again") == ("a.mp4", "b.wav")
    assert spoken_of("Describe the picture and dub this video") == ("given.png", "given.mp4")
    assert spoken_of("Paint a picture of a fox") == ()


def test_controlllm_reads_json_lines_too(tmp_path: Path) -> None:
    source = tmp_path / "instructions.jsonl"
    source.write_text('{"id": "a7", "instruction": "Describe the picture"}\n')
    assert list(read_instructions(tmp_path)) == [("a7", "Describe the picture")]
    source.write_text('{"id": "a7"}')
    with pytest.raises(InputError, match="no instruction"):
        list(read_instructions(tmp_path))


@pytest.mark.parametrize("line", ["{", "[]", '{"user_request": "x"}', '{"id": 1}'])
def test_bad_lines_are_named(tmp_path: Path, line: str) -> None:
    data = _suite(tmp_path)
    (data / "user_requests.json").write_text(line)
    with pytest.raises(InputError, match=r"user_requests\.json"):
        evaluate_planner(Scripted(), suite="taskbench", data=data, out=tmp_path / "o.jsonl")


def test_an_unknown_suite_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no suite is called"):
        evaluate_planner(Scripted(), suite="x", data=tmp_path, out=tmp_path / "o.jsonl")


def test_repeated_links_are_written_once(tmp_path: Path) -> None:
    specs: Mapping[str, Any] = load_toolset(_suite(tmp_path))
    assert len(to_taskbench(PLAN, specs)["task_links"]) == 1
