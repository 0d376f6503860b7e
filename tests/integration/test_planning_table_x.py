"""The fifteen instructions of a survey of multimodal agents, each with four paraphrases of ours.

He et al. 2024, "LLMs Meet Multimodal Generation and Editing: A Survey", arXiv:2405.19334, table X.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from omnimuse.assets.asset import Asset
from omnimuse.evaluation.solving import plan_faults
from omnimuse.graph.check import check_plan
from omnimuse.planning.embedded import EmbeddedPlanner
from omnimuse.planning.reading.vocabulary import kind_of_file
from omnimuse.request import Request
from omnimuse.tools.registry import ToolRegistry

pytestmark = pytest.mark.weights
FILE = Path(__file__).resolve().parents[1] / "data" / "planner_table_x.jsonl"
ITEMS: dict[int, list[dict[str, Any]]] = defaultdict(list)
for _line in FILE.open(encoding="utf-8"):
    ITEMS[json.loads(_line)["item"]].append(json.loads(_line))


@pytest.mark.parametrize("item", sorted(ITEMS))
def test_an_instruction_is_planned_however_it_is_said(planner: EmbeddedPlanner, item: int) -> None:
    specs = ToolRegistry(plugins=()).specs()
    entries = ITEMS[item]
    assert len(entries) == 5
    for entry in entries:
        assets = [Asset.from_bytes(name.encode(), kind_of_file(name)) for name in entry["files"]]
        files = tuple(map(Path, entry["files"]))
        plan = planner.plan(Request(entry["prompt"], files=files), assets, specs)
        assert check_plan(plan, specs, [a.kind for a in assets]) == ()
        assert plan_faults(entry, plan) == (), entry["prompt"]
        used = {e.source.port for e in plan.edges() if e.source.is_attachment}
        if len(entry["files"]) > 1:
            assert used == {"0", "1"}, entry["prompt"]
        for tool, wanted in entry["arguments"].items():
            node = next(n for n in plan.nodes if n.tool == tool)
            for name, value in wanted.items():
                assert value in str(node.arguments.get(name, "")), entry["prompt"]
