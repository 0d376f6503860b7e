"""Short requests as people type them: captions, remarks, fragments, questions, in two languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omnimuse.assets.asset import Asset
from omnimuse.backends.resolver import Resolver
from omnimuse.errors import NeedsInputError
from omnimuse.planning.embedded import EmbeddedPlanner
from omnimuse.planning.reading.vocabulary import kind_of_file
from omnimuse.request import Request
from omnimuse.tools.registry import ToolRegistry

pytestmark = pytest.mark.weights
DATA = Path(__file__).resolve().parents[1] / "data"
LINES = (DATA / "planner_short.jsonl").read_text(encoding="utf-8").splitlines()
SHARE = 0.9


def test_nine_of_ten_short_requests_are_planned_right(resolver: Resolver) -> None:
    """Right: the tools of one of the lists; no tools means that it must ask back."""
    planner, specs = EmbeddedPlanner(resolver.role), ToolRegistry(plugins=()).specs()
    wrong = []
    for case in map(json.loads, LINES):
        files = tuple(map(Path, case["files"]))
        given = [Asset.from_bytes(f.name.encode(), kind_of_file(f.name)) for f in files]
        tools: list[str] = []
        said = ""
        try:
            plan = planner.plan(Request(case["prompt"], files=files), given, specs)
        except NeedsInputError:
            pass
        else:
            tools = sorted(node.tool for node in plan.nodes)
            said = _said([dict(node.arguments) for node in plan.nodes])
        is_known = any(tools == sorted(one) for one in case["tools"])
        if not is_known or not all(word.lower() in said for word in case["says"]):
            wrong.append((case["prompt"], tools))
    assert len(wrong) <= (1 - SHARE) * len(LINES), wrong


def _said(arguments: list[dict[str, Any]]) -> str:
    return json.dumps(arguments, ensure_ascii=False, default=str).lower()
