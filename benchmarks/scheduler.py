"""Scheduler overhead per no-op node, beside LangGraph's on the same graph, in one run.

    python benchmarks/scheduler.py                       # 200 nodes, 7 rounds
    python benchmarks/scheduler.py --nodes 200 --rounds 15 --json

Three shapes of graph: a chain, layers (each node reads two of the layer before), and a fan (one
node, many that read it, one that reads them all). Two pairings:

- memory: nothing is kept. Ours: assets in a dictionary, no checkpoints, no cache. LangGraph: no
  checkpointer, and its InMemorySaver.
- disk: a killed process can resume. Ours: a record per finished node and the cache, with the
  assets in a dictionary ("records") or as files in the library ("library"), waiting for the disk
  at each node ("synced") or not. LangGraph: SqliteSaver (the package
  langgraph-checkpoint-sqlite, if it is there), saving after each step, or at the end only, in
  which case a killed run starts anew. It keeps its state in rows and writes no media files, so
  "records" is the like-for-like figure and "library" is what a real run pays.

Ours checks the plan, derives seeds and keys, hashes each output and records where it came from
inside the measured time; LangGraph's graph is compiled outside of it. Nodes do nothing in both:
ours give a small text each, LangGraph's add 1 to a sum. Rounds alternate; the best round counts.
LangGraph may take its default of threads or as many as ours, whichever is better for it.
"""

from __future__ import annotations

import argparse
import json
import logging
import operator
import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Annotated, Any, TypedDict

from omnimuse.api import Asset, Text, ToolContext, tool
from omnimuse.assets.asset import Origin
from omnimuse.assets.library import Library
from omnimuse.config import Settings
from omnimuse.execution.cache import ResultCache
from omnimuse.execution.engine import LocalEngine
from omnimuse.execution.roles import NoRoles
from omnimuse.execution.runner import Executor
from omnimuse.execution.runs import RunStore
from omnimuse.execution.worker import NodeWorker
from omnimuse.graph.plan import Node, Plan, Ref
from omnimuse.tools.registry import ToolRegistry

LAYER = 10
Graph = dict[str, list[str]]
Runner = Callable[[], None]
_runs = count()


@tool(version="1.0.0", memory_mb=0)
def do_nothing(ctx: ToolContext, texts: list[Text] | None = None) -> Text:
    """Give a small text."""
    return Asset.from_text(str(ctx.seed))


class MemoryLibrary:
    """Assets in a dictionary."""

    def __init__(self) -> None:
        self.assets: dict[str, Asset] = {}

    def put(self, asset: Asset, origin: Origin, *, can_link: bool = False) -> Asset:
        stored = self.assets[asset.id] = replace(asset, origin=origin)
        return stored

    def get(self, asset_id: str, /) -> Asset:
        return self.assets[asset_id]


def chain(size: int) -> Graph:
    return {f"n{k}": [f"n{k - 1}"] if k else [] for k in range(size)}


def layers(size: int) -> Graph:
    return {
        f"n{k}": []
        if k < LAYER
        else [f"n{k - LAYER}", f"n{k - k % LAYER - LAYER + (k + 1) % LAYER}"]
        for k in range(size)
    }


def fan(size: int) -> Graph:
    middle = [f"n{k}" for k in range(1, size - 1)]
    return {"n0": [], **{name: ["n0"] for name in middle}, f"n{size - 1}": middle}


SHAPES: dict[str, Callable[[int], Graph]] = {"chain": chain, "layers": layers, "fan": fan}


@contextmanager
def ours(
    graph: Graph,
    folder: Path | None,
    *,
    workers: int,
    is_synced: bool,
    has_library: bool = True,
) -> Iterator[Runner]:
    plan = Plan(
        tuple(
            Node(name, "do_nothing", {}, {"texts": tuple(Ref(s) for s in origins)})
            for name, origins in graph.items()
        )
    )
    registry = ToolRegistry({}, plugins=())
    registry.add(do_nothing)
    engine = LocalEngine(NodeWorker(registry, NoRoles()), workers=workers)
    executor = Executor(
        registry=registry,
        library=Library(folder / "library", is_synced=is_synced)
        if folder and has_library
        else MemoryLibrary(),
        engine=engine,
        roles=NoRoles(),
        settings=Settings(),
        runs=RunStore(folder / "runs", is_durable=is_synced) if folder else None,
        cache=ResultCache(folder / "cache.sqlite3") if folder else None,
    )

    def run() -> None:
        number = next(_runs)  # another seed each time: nothing can come from the cache
        result = executor.execute(plan, run_id=f"run-{number}", seed=number)
        if result.status != "succeeded" or result.reused:
            raise RuntimeError(str(result.errors))

    yield run
    executor.close()


class State(TypedDict):
    total: Annotated[int, operator.add]


def langgraph_runner(graph: Graph, saver: Any, **options: Any) -> Runner:
    from langgraph.graph import END, START, StateGraph

    builder = StateGraph(State)
    for name in graph:
        builder.add_node(name, lambda state: {"total": 1})
    read = {origin for origins in graph.values() for origin in origins}
    for name, origins in graph.items():
        if not origins:
            builder.add_edge(START, name)
        elif len(origins) == 1:
            builder.add_edge(origins[0], name)
        else:
            builder.add_edge(origins, name)
        if name not in read:
            builder.add_edge(name, END)
    app = builder.compile(checkpointer=saver)

    def run() -> None:
        more = {k: v for k, v in options.items() if k == "durability"}
        config: dict[str, Any] = {"recursion_limit": len(graph) + 10}
        config["configurable"] = {"thread_id": str(next(_runs))}
        if "max_concurrency" in options:
            config["max_concurrency"] = options["max_concurrency"]
        result = app.invoke({"total": 0}, config, **more)
        if result["total"] != len(graph):
            raise RuntimeError(str(result))

    return run


def sqlite_saver(folder: Path, stack: ExitStack) -> Any:
    """LangGraph's SQLite checkpointer, None if its package is not installed."""
    try:
        from langgraph.checkpoint.sqlite import SqliteSaver
    except ImportError:
        return None
    connection = sqlite3.connect(folder / "langgraph.sqlite3", check_same_thread=False)
    stack.callback(connection.close)
    return SqliteSaver(connection)


def contenders(
    graph: Graph, folder: Path, workers: int, stack: ExitStack, *, has_disk: bool
) -> dict[str, Runner]:
    from langgraph.checkpoint.memory import InMemorySaver

    def mine(place: str, *, is_synced: bool = False, has_library: bool = True) -> Runner:
        return stack.enter_context(
            ours(
                graph,
                folder / place if place else None,
                workers=workers,
                is_synced=is_synced,
                has_library=has_library,
            )
        )

    found = {
        "omnimuse, memory": mine(""),
        "langgraph": langgraph_runner(graph, None),
        f"langgraph, {workers} threads": langgraph_runner(graph, None, max_concurrency=workers),
    }
    if not has_disk:
        return found
    found |= {
        "omnimuse, records": mine("a", has_library=False),
        "omnimuse, records, synced": mine("b", is_synced=True, has_library=False),
        "omnimuse, library": mine("c"),
        "omnimuse, library, synced": mine("d", is_synced=True),
        "langgraph, InMemorySaver": langgraph_runner(graph, InMemorySaver()),
    }
    saver = sqlite_saver(folder, stack)
    if saver is not None:
        for durability in ("sync", "exit"):
            found[f"langgraph, SqliteSaver, {durability}"] = langgraph_runner(
                graph, saver, durability=durability
            )
    return found


def measure(
    shape: str, size: int, rounds: int, workers: int, folder: Path, *, has_disk: bool = True
) -> dict[str, float]:
    """Microseconds per node, best of the rounds; without disk only what keeps nothing."""
    graph, best = SHAPES[shape](size), dict[str, float]()
    with ExitStack() as stack:
        runners = contenders(graph, folder, workers, stack, has_disk=has_disk)
        for number in range(rounds + 1):  # the first warms up
            for name, run in runners.items():
                began = time.perf_counter()
                run()
                spent = (time.perf_counter() - began) / size * 1e6
                if number:
                    best[name] = min(best.get(name, spent), spent)
    return {name: round(value, 1) for name, value in best.items()}


def ratios(figures: dict[str, float]) -> dict[str, float]:
    """Ours over theirs, both at their best; below 1 is faster."""
    threads = [name for name in figures if name.endswith(" threads")]
    saved = "langgraph, SqliteSaver, sync"
    pairs = {
        "memory": ("omnimuse, memory", ["langgraph", *threads]),
        "memory, InMemorySaver": ("omnimuse, memory", ["langgraph, InMemorySaver"]),
        "records": ("omnimuse, records", [saved]),
        "records, synced": ("omnimuse, records, synced", [saved]),
        "library": ("omnimuse, library", [saved]),
        "library, synced": ("omnimuse, library, synced", [saved]),
    }
    return {
        name: round(figures[mine] / min(figures[other] for other in theirs), 3)
        for name, (mine, theirs) in pairs.items()
        if all(other in figures for other in theirs)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shapes", nargs="+", choices=list(SHAPES), default=list(SHAPES))
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    os.environ["LANGSMITH_TRACING"] = "false"
    logging.disable(logging.WARNING)
    report: dict[str, Any] = {
        "nodes": options.nodes,
        "rounds": options.rounds,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "unit": "microseconds per node",
        "shapes": {},
    }
    for shape in options.shapes:
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(shape, options.nodes, options.rounds, options.workers, Path(folder))
        report["shapes"][shape] = {"figures": figures, "ratios": ratios(figures)}
        if not options.as_json:
            print(f"\n{shape}, {options.nodes} nodes: microseconds per node")
            for name, value in figures.items():
                print(f"  {name:<32}{value:>10.1f}")
            for name, value in ratios(figures).items():
                print(f"  ratio {name:<26}{value:>10.3f}")
    if options.as_json:
        print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
