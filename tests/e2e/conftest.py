"""Black-box tests drive the installed program as a user would."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


def run_cells(notebook: Path) -> tuple[list[Any], dict[str, Any]]:
    """Run a notebook's code in this process: what its cells show, and its names."""
    names: dict[str, Any] = {"__name__": "__main__"}
    shown = []
    for cell in json.loads(notebook.read_text())["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))
    return shown, names


@dataclass(frozen=True)
class Outcome:
    """What a finished program left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout as JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """stdout as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def omnimuse(tmp_path: Path) -> Callable[..., Outcome]:
    """Runs `omnimuse ARGUMENTS` in a folder of its own with the test's home."""
    work = tmp_path / "cwd"
    work.mkdir()

    def run(*arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "omnimuse.cli.main", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=work,
            env={**os.environ, **(env or {})},
            timeout=240,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run
