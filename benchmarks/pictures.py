"""How often drawn pictures show what GenEval-like prompts ask for, judged from their pixels.

    python benchmarks/pictures.py --models DIR [--prompts FILE.jsonl] [--out DIR] [--json]

Draws each prompt with the illustrator, looks at the pixels with the judge's eyes, and checks the
objects, counts, colours and positions; `false accepts` is how often the same pictures pass for
wrong objects, counts, colours and positions. `--out` keeps the pictures that failed.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from PIL import Image

from omnimuse.backends.card import ModelCard
from omnimuse.backends.picture_eyes import PictureEyes
from omnimuse.backends.spacy_parser import SpacyParser
from omnimuse.crafts.illustration.backend import IllustratorBackend
from omnimuse.crafts.judging.seeing import Look
from omnimuse.crafts.judging.verdict import judge
from omnimuse.crafts.layout.parse import describe_scenes
from omnimuse.crafts.layout.plan import lay_out
from omnimuse.evaluation.pictures import PREDICATES, Tally, check_picture, wrong_rows

DEFAULT = Path(__file__).parent / "data" / "geneval_like.jsonl"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--models", type=Path, required=True)
    options.add_argument("--prompts", type=Path, default=DEFAULT)
    options.add_argument("--side", type=int, default=512)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--limit", type=int)
    options.add_argument("--out", type=Path)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    rows = [json.loads(line) for line in chosen.prompts.read_text().splitlines()][: chosen.limit]
    report = run(rows, chosen)
    print(json.dumps(report, indent=1) if chosen.json else table(report))


def run(rows: list[dict[str, Any]], chosen: argparse.Namespace) -> dict[str, Any]:
    """Draw and check all rows."""
    card = ModelCard("en-core-web-sm", ("token-classification",), "spacy")
    parser = SpacyParser(card, chosen.models / card.name)
    card = ModelCard("fluent-illustrator", ("text-to-image",), "illustrator")
    painter = IllustratorBackend(card, chosen.models / card.name)
    card = ModelCard("picture-eyes", ("zero-shot-object-detection",), "picture-eyes")
    eyes = PictureEyes(card, chosen.models / card.name)
    requests = describe_scenes([row["prompt"] for row in rows], parser)
    tags, predicates, accepts = Tally.empty(), Tally.empty(), Tally.empty()
    failures, scores, spent = [], [], {"draw": 0.0, "look": 0.0}
    nouns = sorted({entry["class"] for row in rows for entry in row["include"]})
    for number, (row, request) in enumerate(zip(rows, requests, strict=True)):
        start = time.perf_counter()
        canvas = (chosen.side, chosen.side)
        layout = lay_out(request, seed=chosen.seed, canvas=canvas)
        painted = painter.paint(
            row["prompt"], width=canvas[0], height=canvas[1], seed=chosen.seed, layout=layout
        )
        middle = time.perf_counter()
        look = Look(painted.pixels, eyes)
        spent["look"] += time.perf_counter() - middle
        spent["draw"] += middle - start
        checks = check_picture(row, look)
        passed = all(check.passed for check in checks)
        tags.add(row["tag"], passed)
        for check in checks:
            predicates.add(check.predicate, check.passed)
        if passed:
            for wrong, other in wrong_rows(row, nouns):
                accepts.add(wrong, all(c.passed for c in check_picture(other, look)))
            for noun in unlike(row, nouns, look):
                accepts.add("any other noun", bool(look.find(noun)))
        else:
            reasons = [f"{c.predicate}: {c.reason}" for c in checks if not c.passed]
            failures.append({"number": number, "prompt": row["prompt"], "reasons": reasons})
            keep(painted.pixels, chosen.out, number)
        scores.append(judge(painted.pixels, request, eyes).score)
    told = [score for score in scores if score is not None]
    return {
        "pictures": len(rows),
        "passed": round(sum(tags.passed.values()) / max(len(rows), 1), 4),
        "by_tag": tags.shares(),
        "predicates": {k: v for k, v in predicates.shares().items() if k in PREDICATES},
        "false_accepts": accepts.shares(),
        "false_accepts_of": accepts.total,
        "question_score": round(sum(told) / max(len(told), 1), 4),
        "seconds_a_picture": {k: round(v / max(len(rows), 1), 4) for k, v in spent.items()},
        "failures": failures,
    }


def unlike(row: dict[str, Any], nouns: list[str], look: Look) -> list[str]:
    """The nouns that name nothing that the row asks for."""
    asked = set().union(*(look.classes_of(str(entry["class"])) for entry in row["include"]))
    return [noun for noun in nouns if not look.classes_of(noun) & asked]


def keep(pixels: Any, folder: Path | None, number: int) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[..., :3]).save(folder / f"{number:03}.png")


def table(report: dict[str, Any]) -> str:
    """The report as a Markdown table and a list of what failed."""
    lines = [
        "| what | share |",
        "| --- | --- |",
        f"| all predicates hold | {report['passed']:.3f} |",
    ]
    lines += [f"| {tag.replace('_', ' ')} | {v:.3f} |" for tag, v in report["by_tag"].items()]
    lines += [f"| predicate: {name} | {v:.3f} |" for name, v in report["predicates"].items()]
    lines += [
        f"| false accepts: {name} (of {report['false_accepts_of'][name]}) | {v:.3f} |"
        for name, v in report["false_accepts"].items()
    ]
    lines.append(f"| questions answered rightly, mean | {report['question_score']:.3f} |")
    spent = report["seconds_a_picture"]
    lines.append(f"| seconds to draw, to look | {spent['draw']:.2f}, {spent['look']:.2f} |")
    lines += [f"- {f['prompt']}: {'; '.join(f['reasons'])}" for f in report["failures"]]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
