"""Planner: latency of plans and of the search alone, and scores on labelled requests.

    OMNIMUSE_MODELS_DIR=... python benchmarks/planner.py [--taskbench DIR]

`--taskbench` names a folder with `multimedia/` and `huggingface/`; the labels are those of
tests/data/planner_taskbench_*_settled.jsonl.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from omnimuse.assets.asset import Asset
from omnimuse.backends.cards import load_cards
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.config import load_settings
from omnimuse.errors import NeedsInputError
from omnimuse.evaluation.planner import evaluate_planner
from omnimuse.graph.plan import Ref
from omnimuse.graph.spec import Port, ToolSpec
from omnimuse.planning.building.context import Reading
from omnimuse.planning.building.resources import Resource
from omnimuse.planning.building.search import PlanSearch
from omnimuse.planning.embedded import EmbeddedPlanner
from omnimuse.planning.foreign.toolset import load_toolset
from omnimuse.planning.intent import Intent, Mention, Step
from omnimuse.planning.reading.vocabulary import kind_of_file
from omnimuse.request import Request

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"


def plan_latency(planner: EmbeddedPlanner, specs: dict[str, ToolSpec]) -> float:
    """Median milliseconds of a two-step plan, models loaded."""
    planner.plan(Request("paint a cat"), (), specs)
    times = []
    for thing in ("cat", "dog", "owl", "fox", "bee", "elk", "cow", "hen", "ant"):
        start = time.perf_counter()
        planner.plan(Request(f"Write a poem about a {thing} and read it aloud"), (), specs)
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def search_latency(tools: int) -> float:
    """Median milliseconds of a four-step search over random typed tools."""
    kinds = [f"kind{n}" for n in range(20)]
    specs = {
        f"tool{n}": ToolSpec(f"tool{n}", "1", "x", inputs=(Port("a", kinds[n % 20]),),
                             outputs=(Port("b", kinds[(n * 7 + 3) % 20]),))
        for n in range(tools)
    }  # fmt: skip
    it = Mention("it", "it", "object", "pronoun")
    steps = tuple(Step("do", "do", "do", mentions=(it,), start=n) for n in range(4))
    readings = [
        Reading({name: 0.9 if name == f"tool{n * 5 % tools}" else 0.1 for name in specs})
        for n in range(4)
    ]
    times = []
    for _ in range(7):
        start = time.perf_counter()
        PlanSearch(specs, readings).search(
            Intent("", "en", steps), [Resource("kind0", Ref("request", "0"), "a")]
        )
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def own_requests(planner: EmbeddedPlanner, specs: dict[str, ToolSpec]) -> dict[str, Any]:
    """Share of own requests with the right status, the right tools, and the right edges too."""
    totals: dict[str, Counter[str]] = {"dev": Counter(), "held": Counter()}
    for line in (DATA / "planner_requests.jsonl").open(encoding="utf-8"):
        entry = json.loads(line)
        count = totals[entry["split"]]
        count["all"] += 1
        assets = [Asset.from_bytes(f.encode(), kind_of_file(f)) for f in entry["files"]]
        request = Request(entry["prompt"], files=tuple(map(Path, entry["files"])))
        try:
            plan = planner.plan(request, assets, specs)
        except NeedsInputError:
            right = entry["status"] == "needs_input"
            count.update({"status": right, "tools": right, "edges": right})
            continue
        tools = {node.id: node.tool for node in plan.nodes}
        edges = Counter(
            (tools[e.source.node], tools[e.target]) for e in plan.edges() if e.source.node in tools
        )
        is_plan = entry["status"] == "plan"
        has_tools = is_plan and Counter(tools.values()) == Counter(entry["nodes"])
        has_edges = has_tools and edges == Counter(map(tuple, entry["edges"]))
        count.update({"status": is_plan, "tools": has_tools, "edges": has_edges})
    return {
        split: {
            key: round(100 * count[key] / count["all"], 1) for key in ("status", "tools", "edges")
        }
        for split, count in totals.items()
    }


def main() -> None:
    """Print all figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--taskbench", type=Path)
    options = parser.parse_args()
    settings = load_settings()
    roles = Resolver(settings, ModelStore(settings.models_dir), load_cards(settings)).role
    specs = load_toolset(DATA / "planner_tools.json")
    planner = EmbeddedPlanner(roles)
    figures: dict[str, Any] = {
        "two_step_plan_ms": round(plan_latency(planner, specs), 1),
        "search_100_tools_ms": round(search_latency(100), 1),
        "search_2000_tools_ms": round(search_latency(2000), 1),
        "own_requests_percent": own_requests(planner, specs),
    }
    if options.taskbench:
        for domain in ("multimedia", "huggingface"):
            with tempfile.TemporaryDirectory() as folder:
                report = evaluate_planner(
                    EmbeddedPlanner(roles, assume=True),
                    suite="taskbench",
                    data=options.taskbench / domain,
                    out=Path(folder) / "predictions.jsonl",
                    gold=DATA / f"planner_taskbench_{domain}_settled.jsonl",
                )
            figures[f"taskbench_{domain}"] = {
                "requests": report.requests,
                "node_f1": report.nodes.f1 if report.nodes else None,
                "edge_f1": report.edges.f1 if report.edges else None,
            }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
