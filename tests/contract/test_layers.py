"""The layers hold, and the linter that says so can fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package to do harm to."""
    pytest.importorskip("importlinter")
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_arrows_go_down_only(copy: Path) -> None:
    done = _lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("graph/kinds.py", "import omnimuse.assets.asset"),
        ("crafts/contact_sheet.py", "import omnimuse.tools.registry"),
        ("planning/__init__.py", "import omnimuse.execution"),
        ("backends/base.py", "import omnimuse.app"),
    ],
)
def test_a_seeded_violation_is_found(copy: Path, module: str, line: str) -> None:
    path = copy / "src" / "omnimuse" / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    done = _lint(copy)
    assert done.returncode != 0
    assert "BROKEN" in done.stdout
