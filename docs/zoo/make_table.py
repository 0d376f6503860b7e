"""The table of docs/zoo/table.md: one row a run, from the folders that `omnimuse train` wrote.

python docs/zoo/make_table.py runs/made runs/dcgan ...
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omnimuse.training.zoo import Entry, list_recipes

HERE = Path(__file__).parent
RECIPES = HERE.parents[1] / "recipes" / "zoo"
UNTOLD = {
    "--out": 1,
    "--device": 1,
    "--resume": 0,
    "-q": 0,
    "--json": 0,
}  # and how many values each has
HEAD = """# What the zoo reaches

One row a run, written by `docs/zoo/make_table.py` from the `figures.json` of each; lower is better
everywhere. The floor is the trivial model that the recipe names, measured on the same data.
All of these are short trainings of small models, on one thread of a busy processor. Some were
stopped by the clock, so compare steps, not seconds. What stays above its floor is marked.

**A Fréchet distance here is measured in gradient histograms** (see [Evaluation](evaluation.md)),
the published FIDs in Inception features, on other data, at full training: they stand here to name
the source, not to compare with. Likelihoods can be compared only where data and likelihood are the
same. `digits` has so few held-out pictures that its Fréchet distances hardly tell a good model from
the floor: look at what real digits get.
"""
COLUMNS = ("model", "data", "figure", "floor", "ours", "published", "steps", "s", "command")


@dataclass(frozen=True)
class Run:
    """What a run's folder says of itself."""

    entry: Entry
    said: dict[str, Any]
    command: str

    def cells(self) -> tuple[str, ...]:
        """One for each of COLUMNS."""
        about, figures = attributes(self.entry), self.said["figures"]
        floors = self.said.get("floor", {})
        names = [name for name in (about.get("monitor"), *figures) if name in figures]
        name = next((name for name in names if name in floors), names[0])
        floor, ours = floors.get(name), figures[name]
        mark = " (above the floor)" if floor is not None and ours > floor else ""
        real = figures.get(f"{name}_real")
        figure = name if real is None else f"{name} (real data: {real:.3g})"
        published = "; ".join(f"{k}: {v}" for k, v in about.get("published", {}).items())
        return (
            self.entry.name, str(self.said["data"]), figure,
            "-" if floor is None else f"{floor:.4g}", f"{ours:.4g}{mark}", published or "-",
            f"{self.said['steps']:,}", f"{self.said['elapsed_s']:,.0f}",
            f"`{self.command}`" if self.command else "-",
        )  # fmt: skip


def attributes(entry: Entry) -> dict[str, Any]:
    """The plain class attributes of a recipe file, without importing it."""
    found: dict[str, Any] = {}
    for node in ast.walk(ast.parse(entry.path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in ("monitor", "published"):
                found[name] = ast.literal_eval(node.value)
    return found


def command_of(folder: Path) -> str:
    """What was typed, from the run's card, without the options that are of one machine only."""
    card = folder / "card.md"
    told = re.search(r"Command: `(.+)`", card.read_text("utf-8")) if card.exists() else None
    words = shlex.split(told[1]) if told else []
    kept: list[str] = []
    while words:
        word = words.pop(0)
        if word in UNTOLD:
            del words[: UNTOLD[word]]
        else:
            kept.append(word)
    return shlex.join(kept)


def read(folder: Path, entries: dict[str, Entry]) -> Run:
    """One finished run.

    Raises:
        SystemExit: no finished run of a known recipe there.
    """
    try:
        said = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
        return Run(entries[said["recipe"]], said, command_of(folder))
    except (OSError, ValueError, KeyError) as error:
        raise SystemExit(f"{folder}: no finished run of a known recipe ({error!r})") from None


def table(folders: list[Path]) -> str:
    """The whole page, in the order of family, model, data; whatever order the folders have."""
    entries = list_recipes(RECIPES)
    runs = [read(folder, entries) for folder in folders]
    families: dict[str, list[tuple[str, ...]]] = {}
    for family, cells in sorted((run.entry.family, run.cells()) for run in runs):
        families.setdefault(family, []).append(cells)
    parts = [HEAD]
    for family, rows in families.items():
        lines = [COLUMNS, ("---",) * len(COLUMNS), *rows]
        shown = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        parts.append(
            f"## {family.upper() if len(family) <= 3 else family.capitalize()}\n\n{shown}\n"
        )
    missing = sorted(set(entries) - {run.entry.name for run in runs})
    if missing:
        parts.append(f"No finished run here: {', '.join(missing)}.\n")
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="of finished runs")
    parser.add_argument("--out", type=Path, default=HERE / "table.md")
    given = parser.parse_args()
    given.out.write_text(table(given.folders), encoding="utf-8")


if __name__ == "__main__":
    main()
