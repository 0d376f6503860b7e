"""The recipes of `recipes/zoo/`: listed without importing them, loaded by name or by path."""

from __future__ import annotations

import ast
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omnimuse.errors import InputError

ATTRIBUTES = ("name", "family", "summary", "paper")


@dataclass(frozen=True)
class Entry:
    """What the list shows of a recipe."""

    name: str
    family: str
    summary: str
    paper: str
    path: Path

    @property
    def settings_path(self) -> Path:
        """The YAML file that spells out its settings."""
        return self.path.with_suffix(".yaml")


def source_folder(name: str) -> Path:
    """A folder beside `src/`.

    Raises:
        InputError: the package was installed without its source tree.
    """
    path = Path(__file__).resolve().parents[3] / name
    if not path.is_dir():
        raise InputError(
            f"{name}/ is part of the source tree, which is not here",
            hint="Install from a checkout: pip install -e .",
        )
    return path


def own_recipes() -> Path:
    """The folder `recipes/zoo`; raises as `source_folder`."""
    return source_folder("recipes") / "zoo"


def list_recipes(folder: Path) -> dict[str, Entry]:
    """Recipes of a folder by name, in the order of family and name. Nothing is imported."""
    found = [entry for path in sorted(folder.glob("*.py")) if (entry := describe(path))]
    return {entry.name: entry for entry in sorted(found, key=lambda e: (e.family, e.name))}


def describe(path: Path) -> Entry | None:
    """Read the class attributes of a recipe file; None if it holds no recipe.

    Raises:
        InputError: not readable Python.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"cannot read the recipe {path}: {error}") from None
    if not any(isinstance(n, ast.Assign) and _targets(n) == ["RECIPE"] for n in tree.body):
        return None
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            values = _literals(node)
            if set(ATTRIBUTES) <= set(values):
                return Entry(**{key: str(values[key]) for key in ATTRIBUTES}, path=path)
    return None


def _targets(node: ast.Assign) -> list[str]:
    names: list[str] = []
    for target in node.targets:
        parts = target.elts if isinstance(target, ast.Tuple) else [target]
        names += [part.id for part in parts if isinstance(part, ast.Name)]
    return names


def _literals(node: ast.ClassDef) -> dict[str, object]:
    values: dict[str, object] = {}
    for line in node.body:
        if isinstance(line, ast.Assign):
            try:
                value = ast.literal_eval(line.value)
            except ValueError:
                continue
            names = _targets(line)
            several = value if isinstance(line.targets[0], ast.Tuple) else [value]
            values.update(zip(names, several))
    return values


def load_recipe(entry: Entry) -> Any:
    """Import a recipe file and give its RECIPE.

    Raises:
        InputError: it cannot be imported.
    """
    name = f"omnimuse_recipe_{entry.path.stem}"
    spec = importlib.util.spec_from_file_location(name, entry.path)
    if spec is None or spec.loader is None:
        raise InputError(f"cannot import {entry.path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        raise InputError(
            f"recipe {entry.name} needs {error.name or error}",
            hint="Install the training parts: pip install 'omnimuse[torch]'.",
        ) from None
    return module.RECIPE
