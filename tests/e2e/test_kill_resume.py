"""SIGKILL at 50 random moments of runs with 12 nodes: nothing lost, nothing done twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "kill_resume.py"


def test_killed_runs_resume_and_no_finished_node_runs_twice(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--kills", "50", "--seed", "7", "--home", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["problems"] == []
    assert report["kills"] >= 50
    assert report["runs_killed_half_way"] >= 5
    assert report["seconds"] < 60
