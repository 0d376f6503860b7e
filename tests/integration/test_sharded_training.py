"""A model in slices over two processes trains as a whole one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from omnimuse.training import checkpoint  # noqa: E402
from omnimuse.training.zoo import load_recipe  # noqa: E402

from .sharded_runs import ZOO, trainer  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.slow]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of all runs of two processes."""
    out = tmp_path_factory.mktemp("sharded")
    line = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
            str(Path(__file__).with_name("sharded_runs.py")), str(out)]  # fmt: skip
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300, env=env)
    assert done.returncode == 0, done.stderr[-3000:]
    return out


def reports(runs: Path) -> list[dict]:
    return [json.loads((runs / f"report-{rank}.json").read_text()) for rank in (0, 1)]


def assert_close(first: Path, second: Path) -> None:
    for name in ("checkpoint.safetensors", "model.safetensors"):
        a, b = (checkpoint.read(folder / name).tensors for folder in (first, second))
        assert set(a) == set(b)
        assert all(value.shape == b[key].shape for key, value in a.items())
        for key, value in a.items():
            torch.testing.assert_close(b[key], value, rtol=1e-4, atol=1e-5, msg=key)


def test_slices_of_two_reach_the_weights_of_one(runs, tmp_path):
    trainer("made", tmp_path / "one").run()
    assert_close(tmp_path / "one", runs / "made")


@pytest.mark.parametrize("name", ["dcgan", "dit", "vae"])
def test_slices_reach_the_weights_of_whole_processes(runs, name):
    assert_close(runs / f"{name}-whole", runs / f"{name}-shard")


def test_each_process_keeps_about_half(runs):
    for report in reports(runs):
        for kept, everything in report["bytes"].values():
            assert 0.4 * everything < kept < 0.6 * everything


def test_a_stopped_run_goes_on(runs, tmp_path):
    assert all("after 3 steps" in report["stopped"] for report in reports(runs))
    assert_close(runs / "made", runs / "made-parts")


def test_one_process_goes_on_with_a_sharded_run(runs):
    recipe = load_recipe(ZOO["made"])
    before = json.loads((runs / "made" / "figures.json").read_text())
    result = trainer("made", runs / "made", "steps=6").run(resume=True)
    assert result.steps == 6
    assert before["steps"] == 4
    assert isinstance(result.model, type(recipe.build(recipe.config(), trainer_spec())))


def trainer_spec():
    from .sharded_runs import pictures

    return pictures()[0].spec


def test_what_cannot_be_said_so_by_name(runs):
    for report in reports(runs):
        assert "not a number" in report["bad"]
        assert "lora-text cannot be sharded: it trains an adapter" in report["lora"]
        assert "CPU's memory" in report["offload"]
