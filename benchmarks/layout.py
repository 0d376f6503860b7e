"""How well and how fast plan_layout understands captions.

    python benchmarks/layout.py --models DIR [--spatial FILE.jsonl] [--captions FILE.jsonl]

`--spatial` takes NSR-1K's spatial examples; `--captions` lines of {"prompt", "counts", "relations",
"excluded", "attributes", "open"}; without them the captions of `data/` are used, written by hand.
Numbers that a caption leaves open are not among its counts, so what is drawn for them lowers
precision, unless its line names them as open.
Prints one JSON object; `--failures` lists what went wrong.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from omnimuse.backends.card import ModelCard
from omnimuse.backends.spacy_parser import SpacyParser
from omnimuse.crafts.layout import plan_layouts
from omnimuse.crafts.layout.groups import grouped
from omnimuse.evaluation.layout import CountScore, fold, is_placed, matches, score_counts

DATA = Path(__file__).parent / "data"
NSR_PARTS = {"single": 114, "two": 197, "comparison": 100, "natural": 351}
"""Prompts of each kind in NSR-1K's counting part; comparisons have no precision or recall."""


def main() -> None:
    """Run the benchmark."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--models", type=Path, required=True)
    options.add_argument("--spatial", type=Path, action="append")
    options.add_argument("--captions", type=Path, action="append")
    options.add_argument("--failures", action="store_true")
    chosen = options.parse_args()
    card = ModelCard("en-core-web-sm", ("token-classification",), "spacy")
    parser = SpacyParser(card, chosen.models / card.name)
    report: dict[str, Any] = {}
    for path in chosen.spatial or [DATA / "layout_spatial.jsonl"]:
        report[path.stem] = run_spatial(read_lines(path), parser, chosen.failures)
    own = [*sorted(DATA.glob("layout_captions*.jsonl")), DATA / "layout_lmd_blind.jsonl"]
    for path in chosen.captions or own:
        if path.exists():
            report[path.stem] = run_captions(read_lines(path), parser, chosen.failures)
    print(json.dumps(report, indent=1))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """JSON lines."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def run_spatial(rows: list[dict[str, Any]], parser: SpacyParser, tell: bool) -> dict[str, Any]:
    """Share of examples whose two objects stand as asked, by type."""
    layouts, rate = timed([row["prompt"] for row in rows], parser)
    right: dict[str, list[int]] = {}
    for row, layout in zip(rows, layouts, strict=True):
        ok = is_placed(layout, row["obj1"][0], row["relation"], row["obj2"][0])
        right.setdefault(row["type"], []).append(ok)
        if tell and not ok:
            labels = [e["label"] for e in layout["objects"]]
            print(f"- {row['obj1'][0]} {row['relation']} {row['obj2'][0]} | {row['prompt']}")
            print("    ", labels, [tuple(r.values()) for r in layout["relations"]])
    total = [ok for values in right.values() for ok in values]
    return {
        "accuracy": sum(total) / len(total),
        **{kind: sum(values) / len(values) for kind, values in right.items()},
        "layouts_per_s": round(rate),
    }


def run_captions(rows: list[dict[str, Any]], parser: SpacyParser, tell: bool) -> dict[str, Any]:
    """Counts, relations, exclusions and attributes of annotated captions."""
    layouts, rate = timed([row["prompt"] for row in rows], parser)
    counts = CountScore()
    shares: list[tuple[float, float]] = []
    parts: dict[str, list[CountScore]] = {}
    right: dict[str, list[bool]] = {}
    other: dict[str, list[bool]] = {"relations": [], "excluded": [], "attributes": [], "things": []}
    for row, layout in zip(rows, layouts, strict=True):
        score = best_score(layout, row)
        counts += score
        if row.get("counts"):
            shares.append((score.precision, score.recall))
        parts.setdefault(row.get("part", ""), []).append(score)
        checks = [("things", str(row.get("counts")), bool(score.exact))]
        if row.get("only", True) and score.predicted > score.matched:
            checks.append(("things", "too many", False))
        checks += [("relations", str(r), is_placed(layout, *r)) for r in row.get("relations", [])]
        checks += [
            ("excluded", name, not any(matches(e["label"], name) for e in layout["objects"]))
            for name in row.get("excluded", [])
        ]
        checks += [
            ("attributes", f"{label} {value}", has_attribute(layout, label, value))
            for label, value in row.get("attributes", [])
        ]
        right.setdefault(row.get("part", ""), []).append(all(ok for *_, ok in checks))
        for kind, name, ok in checks:
            other[kind].append(ok)
            if tell and not ok:
                found = [(e["label"], *e["attributes"].values()) for e in layout["objects"]]
                print(f"- {kind} {name} | {row['prompt']}\n     {found}")
                print("    ", [tuple(r.values()) for r in layout["relations"]])
    return {
        "prompts": len(rows),
        "count_accuracy": counts.accuracy,
        "precision": counts.precision,
        "recall": counts.recall,
        "precision_per_prompt": sum(p for p, _ in shares) / max(len(shares), 1),
        "recall_per_prompt": sum(r for _, r in shares) / max(len(shares), 1),
        **{kind: sum(values) / len(values) for kind, values in other.items() if values},
        **({"as_nsr_1k": weighted(parts)} if NSR_PARTS.keys() <= parts.keys() else {}),
        **({"all_right": shares_of(right)} if "negation" in right else {}),
        "layouts_per_s": round(rate),
    }


def best_score(layout: dict[str, Any], row: dict[str, Any]) -> CountScore:
    """The score by the labels, or by those that the line gives for doubtful ones ("also")."""
    names = {entry["label"] for entry in layout["objects"]}

    def written(label: str) -> str:  # "snow board" is a snowboard
        joined = label.replace(" ", "")
        return joined if label not in names and joined in names else label

    readings = [{written(label): count for label, count in row.get("counts", {}).items()}]
    for label, count in (row.get("also") or {}).items():
        readings += [{**reading, written(label): count} for reading in readings]
    scores = [score_counts(without_open(layout, row, r), r) for r in readings]
    return max(scores, key=lambda s: (s.exact, s.recall, s.precision))


def without_open(
    layout: dict[str, Any], row: dict[str, Any], asked: dict[str, int]
) -> dict[str, Any]:
    """The layout without the things that the caption's labels call open: any number is right."""
    kept = [
        entry
        for entry in layout["objects"]
        if any(matches(entry["label"], name) for name in asked)
        or not any(matches(entry["label"], name) for name in row.get("open") or [])
    ]
    return {**layout, "objects": kept}


def weighted(parts: dict[str, list[CountScore]]) -> dict[str, float]:
    """Accuracy, precision and recall with the weights of NSR-1K, as its evaluation takes them."""

    def mean(values: dict[str, list[float]]) -> float:
        total = sum(NSR_PARTS[part] for part in values)
        return sum(NSR_PARTS[p] * sum(v) / len(v) for p, v in values.items()) / total

    counted = {p: s for p, s in parts.items() if p in NSR_PARTS}
    plain = {p: s for p, s in counted.items() if p != "comparison"}
    return {
        "count_accuracy": mean({p: [float(s.exact) for s in v] for p, v in counted.items()}),
        "precision": mean({p: [s.precision for s in v] for p, v in plain.items()}),
        "recall": mean({p: [s.recall for s in v] for p, v in plain.items()}),
    }


def shares_of(right: dict[str, list[bool]]) -> dict[str, float]:
    """Share of prompts of which all is right, by part."""
    return {part: sum(values) / len(values) for part, values in right.items()}


def has_attribute(layout: dict[str, Any], label: str, value: str) -> bool:
    """Whether a box of that label has an attribute of that value."""
    return any(
        matches(entry["label"], label)
        and any(fold(value) in fold(text) for text in entry["attributes"].values())
        for entry in layout["objects"]
    )


def timed(prompts: list[str], parser: SpacyParser) -> tuple[list[dict[str, Any]], float]:
    """Layouts, and how many a second."""
    plan_layouts(prompts[:2], parser)
    start = time.perf_counter()
    layouts = [grouped(layout) for layout in plan_layouts(prompts, parser)]
    return layouts, len(prompts) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
