"""The zoo's table is made from runs alone, and says what the recipes say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ZOO = ROOT / "docs" / "zoo"


def run_folder(folder: Path, recipe: str, figures: dict, floor: dict, command: str) -> Path:
    folder.mkdir()
    said = {"recipe": recipe, "data": "mnist", "figures": figures, "floor": floor}
    (folder / "figures.json").write_text(json.dumps(said | {"steps": 1200, "elapsed_s": 61.4}))
    (folder / "card.md").write_text(f"# Run\n\n- Command: `{command}`\n")
    return folder


def make(out: Path, *folders: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ZOO / "make_table.py"), *map(str, folders), "--out", str(out)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_table_is_made_again_in_any_order(tmp_path: Path) -> None:
    made = run_folder(
        tmp_path / "a", "made", {"nats": 104.321}, {"nats": 205.86},
        f"omnimuse train made --out {tmp_path}/a --device cpu --resume -q --set width=9",
    )  # fmt: skip
    gan = run_folder(
        tmp_path / "b", "dcgan", {"frechet": 0.2, "frechet_real": 0.003}, {"frechet": 0.07},
        "omnimuse train dcgan",
    )  # fmt: skip
    assert make(tmp_path / "1.md", made, gan).returncode == 0
    assert make(tmp_path / "2.md", gan, made).returncode == 0
    page = (tmp_path / "1.md").read_text()
    assert page == (tmp_path / "2.md").read_text()
    assert "| 205.9 | 104.3 | nats (MNIST, sampled binarisation): 88.40" in page
    assert "| 1,200 | 61 | `omnimuse train made --set width=9` |" in page
    assert "frechet (real data: 0.003) | 0.07 | 0.2 (above the floor) |" in page
    assert str(tmp_path) not in page


def test_an_unfinished_run_is_named(tmp_path: Path) -> None:
    done = make(tmp_path / "1.md", tmp_path / "nothing")
    assert done.returncode != 0
    assert "nothing: no finished run" in done.stderr
    assert not (tmp_path / "1.md").exists()


def test_the_committed_table_fits_the_recipes() -> None:
    sys.path.insert(0, str(ZOO))
    try:
        from make_table import COLUMNS, RECIPES, attributes, list_recipes
    finally:
        sys.path.remove(str(ZOO))
    entries = list_recipes(RECIPES)
    page = (ZOO / "table.md").read_text()
    rows = [line[2:-2].split(" | ") for line in page.splitlines() if re.match(r"\| [a-z]", line)]
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in rows if row[0] != "model"]
    assert len(rows) >= 10
    for row in rows:
        published = attributes(entries[row["model"]]).get("published", {})
        said = "; ".join(f"{k}: {v}" for k, v in published.items())
        assert row["published"] == (said or "-")
        assert row["command"].startswith(f"`omnimuse train {row['model']}")
        above = row["floor"] != "-" and float(row["ours"].split()[0]) > float(row["floor"])
        assert above == ("above the floor" in row["ours"])
    unmeasured = re.search(r"No finished run here: (.+)\.", page)
    named = {row["model"] for row in rows} | set(unmeasured[1].split(", ") if unmeasured else ())
    assert named == set(entries)
