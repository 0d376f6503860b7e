"""Scripts of the source tree (benchmarks, recipes), run with this interpreter."""

from __future__ import annotations

import ast
import subprocess
import sys

from omnimuse.errors import InputError
from omnimuse.training.zoo import source_folder


def scripts(name: str) -> dict[str, str]:
    """Script name -> first line of its docstring."""
    found = {}
    for path in sorted(source_folder(name).glob("*.py")):
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        if not path.name.startswith("_") and doc:
            found[path.stem] = doc.splitlines()[0]
    return found


def run_script(folder_name: str, script: str, arguments: tuple[str, ...]) -> int:
    """Run one and give its exit code.

    Raises:
        InputError: no such script.
    """
    known = scripts(folder_name)
    if script not in known:
        raise InputError(
            f"{folder_name}/ has no {script!r}", hint=f"There are: {', '.join(known) or 'none'}."
        )
    path = source_folder(folder_name) / f"{script}.py"
    return subprocess.run([sys.executable, str(path), *arguments], check=False).returncode
