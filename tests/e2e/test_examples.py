"""The examples run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.weights
@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [("own_tool.py", (), "2"), ("first_film.py", ("a", "red", "balloon"), "film")],
)
def test_example(name: str, arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert words in done.stdout
