"""A few of the hard requests, run to the end; all of them: `omnimuse eval planner --suite hard`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.conftest import MODELS_DIR

from omnimuse.errors import BackendUnavailableError

pytestmark = [pytest.mark.weights, pytest.mark.slow]
DATA = Path(__file__).resolve().parents[1] / "data"
SAMPLE = ("hard-01", "hard-05", "hard-15", "hard-23")


def test_hard_requests_are_solved(tmp_path: Path) -> None:
    from omnimuse.app import Studio
    from omnimuse.config import load_settings
    from omnimuse.evaluation.solving import evaluate_solving

    lines = (DATA / "planner_hard.jsonl").read_text(encoding="utf-8").splitlines()
    chosen = [line for line in lines if json.loads(line)["id"] in SAMPLE]
    (tmp_path / "sample.jsonl").write_text("\n".join(chosen), encoding="utf-8")
    shutil.copy(DATA / "planner_hard_files.json", tmp_path / "sample_files.json")
    settings = load_settings({"home": tmp_path / "home", "models_dir": MODELS_DIR}, environ={})
    with Studio(settings) as studio:
        try:
            for role in ("feature-extraction", "token-classification", "text-to-speech"):
                studio.house.resolver.role(role)
        except BackendUnavailableError as error:
            pytest.skip(str(error))
        out = tmp_path / "outcomes.jsonl"
        report = evaluate_solving(studio, data=tmp_path / "sample.jsonl", out=out)
    assert report.solved == report.requests == len(SAMPLE), out.read_text(encoding="utf-8")
