"""Plugins as packages: the sample and a scaffold, each installed into an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "omnimuse-palette"


def _install(package: Path, tmp_path: Path) -> dict[str, str]:
    """An environment in which the package is installed beside ours, by pip, from a copy."""
    copy, target = tmp_path / "source" / package.name, tmp_path / "site"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index",
         "--no-build-isolation", "--target", str(target), str(copy)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {"PYTHONPATH": str(target)}


def _run(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **env},
    )  # fmt: skip


def _omnimuse(env: dict[str, str], *arguments: str) -> Any:
    return _run(env, "-m", "omnimuse.cli.main", *arguments)


@pytest.mark.weights
def test_the_sample_plugin_in_a_fresh_environment(tmp_path: Path) -> None:
    env = _install(SAMPLE, tmp_path)
    rows = json.loads(_omnimuse(env, "plugins", "--json").stdout)
    mine = {
        row["group"]: row["status"] for row in rows if row["distribution"] == "omnimuse-palette"
    }
    assert mine == {"omnimuse.tools": "ok", "omnimuse.gates": "ok"}
    Image.new("RGB", (30, 20), "#00aa44").save(tmp_path / "green.png")
    called = _omnimuse(
        env, "call", "extract_palette", "-i", str(tmp_path / "green.png"), "--json",
        "-o", str(tmp_path / "out"),
    )  # fmt: skip
    assert called.returncode == 0, called.stderr
    table = Path(json.loads(called.stdout)["table"]["path"]).read_text()
    assert table.splitlines()[1] == "#00aa44,1.0000"
    refused = _omnimuse(
        env, "call", "extract_palette", "-i", str(tmp_path / "green.png"), "-a", "colors=40"
    )
    assert refused.returncode == 3
    kept_out = _omnimuse({**env, "OMNIMUSE_PLUGINS": "none"}, "tools", "show", "extract_palette")
    assert kept_out.returncode == 2
    tests = _run(env, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(SAMPLE / "tests"))
    assert tests.returncode == 0, tests.stdout


def test_a_scaffold_installs_and_its_tests_pass(tmp_path: Path, omnimuse) -> None:
    made = omnimuse("new-tool", "shout_text", "-o", str(tmp_path / "new"))
    assert made.code == 0, made.err
    package = tmp_path / "new" / "omnimuse-shout-text"
    env = _install(package, tmp_path)
    shown = _omnimuse(env, "tools", "show", "shout_text")
    assert "how often" in shown.stdout
    tests = _run(env, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(package / "tests"))
    assert tests.returncode == 0, tests.stdout
    assert omnimuse("new-tool", "shout_text", "-o", str(tmp_path / "new")).code == 2
    for bad in ("Shout", "shout", "../../x_y", "import os", "a_b; rm"):
        assert omnimuse("new-tool", bad, "-o", str(tmp_path / "new")).code == 2


def test_a_broken_plugin_is_shown_and_harms_nothing(tmp_path: Path) -> None:
    site = tmp_path / "site"
    info = site / "broken_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[omnimuse.tools]\nbreak_things = broken_plugin:gone\ncrop_image = broken_plugin:steal\n"
    )
    (site / "broken_plugin.py").write_text("raise RuntimeError('at import')\n")
    env = {"PYTHONPATH": str(site)}
    rows = json.loads(_omnimuse(env, "plugins", "--json").stdout)
    assert all("at import" in r["status"] for r in rows if r["distribution"] == "broken-plugin")
    listed = _omnimuse(env, "tools", "list")
    assert listed.returncode == 0
    assert "break_things" in listed.stderr
    own = json.loads(_omnimuse(env, "tools", "show", "crop_image", "--json").stdout)
    assert own["family"] == "image_compose"
