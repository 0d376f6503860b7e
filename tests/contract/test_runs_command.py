"""`omnimuse runs list|show`, from outside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from omnimuse.api import Asset
from omnimuse.execution.runs import RunStore
from omnimuse.graph.plan import Plan
from omnimuse.request import Request

PLAN = Plan.from_json(
    {"nodes": [{"id": "poem", "tool": "write_text"}, {"id": "voice", "tool": "speak"}]}
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    store = RunStore(tmp_path / "home" / "runs")
    store.create("20260101-000000-aaaaaa", Request(prompt="a fox"), PLAN, [], 5)
    folder = store.folder("20260101-000000-aaaaaa")
    folder.prepare()
    asset = Asset.from_text("red")
    outputs = {"text": {"id": asset.id, "kind": "text"}}
    folder.save_node({"node": "poem", "tool": "write_text", "outputs": outputs, "seconds": 1.5})
    folder.update(status="running")
    folder.close()
    return tmp_path / "home"


def omnimuse(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "omnimuse.cli.main", "--set", f"home={home}", "runs", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_list(home: Path):
    done = omnimuse(home, "list", "--json")
    assert done.returncode == 0
    (entry,) = json.loads(done.stdout)
    assert entry["run_id"] == "20260101-000000-aaaaaa"
    assert entry["status"] == "interrupted"
    assert (entry["prompt"], entry["nodes"], entry["finished_nodes"]) == ("a fox", 2, 1)
    assert "interrupted" in omnimuse(home, "list").stdout


def test_show(home: Path):
    data = json.loads(omnimuse(home, "show", "20260101-000000-aaaaaa", "--json").stdout)
    assert data["seed"] == 5
    assert [node["id"] for node in data["plan"]["nodes"]] == ["poem", "voice"]
    assert data["nodes"]["poem"]["seconds"] == 1.5
    text = omnimuse(home, "show", "20260101-000000-aaaaaa").stdout
    assert "poem  write_text  1.50 s  text: text sha256:" in text
    assert "voice  speak  not finished" in text


@pytest.mark.parametrize("verb", ["show", "resume", "replay"])
@pytest.mark.parametrize("name", ["../../etc", "20260101-000000-bbbbbb"])
def test_runs_that_there_are_not(home: Path, verb: str, name: str):
    done = omnimuse(home, verb, name, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["errors"][0]["code"] in ("invalid_input", "not_found")
    assert "hint: " in done.stderr
