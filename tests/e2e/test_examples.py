"""The examples run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.conftest import run_cells

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


@pytest.mark.weights
def test_the_notebook_runs_and_shows_what_it_makes(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown, names = run_cells(EXAMPLES / "first_notebook.ipynb")
    response, small, status = shown[:3]
    assert response.status == "succeeded"
    assert "<img" in response._repr_html_()
    assert "data:image/png;base64," in small._repr_mimebundle_()["text/html"]
    assert status == "succeeded"
    assert names["bar"].fraction == 1.0
