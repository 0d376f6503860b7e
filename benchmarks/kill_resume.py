"""Kill runs with SIGKILL at random moments, resume them, and look for damage.

    python benchmarks/kill_resume.py --kills 200

Each run is a plan of 12 stub tools (some milliseconds, some kilobytes each) in a process of its
own, which is killed at a random moment of its life, again and again, with a chance to be killed
while it resumes. Each tool call writes to a journal before it works. At the end of every run:

- it finished, and made the very bytes that a run without kills makes;
- no node that was finished on disk when a process died was started again by a later process;
- every asset that any record names is in the library, whole; index and files agree.

Prints one JSON object; exit code 1 if anything was found.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from omnimuse.api import Asset, Code, Text, ToolContext, tool
from omnimuse.assets.library import Library
from omnimuse.config import Settings
from omnimuse.execution.cache import ResultCache
from omnimuse.execution.engine import LocalEngine
from omnimuse.execution.roles import NoRoles
from omnimuse.execution.runner import Executor
from omnimuse.execution.runs import RunStore
from omnimuse.execution.worker import NodeWorker
from omnimuse.graph.plan import Plan
from omnimuse.tools.registry import ToolRegistry

KILLS_PER_RUN = 3
_journal = -1


def _begin(ctx: ToolContext) -> None:
    """Say which node starts, then take some milliseconds."""
    os.write(_journal, f"{ctx.workdir.name}\n".encode())
    time.sleep(0.002 + ctx.seed % 5 / 1000)


@tool(version="1.0.0")
def draw_text(ctx: ToolContext, *, size: int = 2_000) -> Text:
    """Letters from the seed."""
    _begin(ctx)
    return Asset.from_text(random.Random(ctx.seed).randbytes(size).hex())


@tool(version="1.0.0")
def mix_texts(ctx: ToolContext, texts: list[Text], *, size: int = 50_000) -> Code:
    """A larger file that depends on all texts."""
    _begin(ctx)
    whole = "".join(text.read_text() for text in texts)
    path = ctx.workdir / "mixed.txt"
    path.write_text(random.Random(whole + str(ctx.seed)).randbytes(size).hex(), encoding="ascii")
    return Asset.from_file(path, "code")


PLAN = Plan.from_json(
    {
        "nodes": [
            *({"id": f"a{k}", "tool": "draw_text", "arguments": {}} for k in range(4)),
            *(
                {
                    "id": f"b{k}",
                    "tool": "mix_texts",
                    "arguments": {},
                    "inputs": {"texts": [f"a{k}", f"a{(k + 1) % 4}"]},
                }
                for k in range(4)
            ),
            {"id": "c0", "tool": "mix_texts", "inputs": {"texts": ["b0", "b1"]}},
            {"id": "c1", "tool": "mix_texts", "inputs": {"texts": ["b2", "b3"]}},
            {"id": "d", "tool": "mix_texts", "inputs": {"texts": ["c0", "c1", "a0"]}},
            {"id": "e", "tool": "mix_texts", "inputs": {"texts": ["d"]}},
        ]
    }
)


def execute(home: Path, run_id: str, seed: int) -> bool:
    """Run or resume in this process; whether it succeeded."""
    registry = ToolRegistry({}, plugins=())
    for function in (draw_text, mix_texts):
        registry.add(function)
    executor = Executor(
        registry=registry,
        library=Library(home / "library"),
        engine=LocalEngine(NodeWorker(registry, NoRoles()), workers=2),
        roles=NoRoles(),
        settings=Settings(home=home),
        runs=RunStore(home / "runs"),
        cache=ResultCache(home / "cache.sqlite3"),
    )
    return executor.execute(PLAN, run_id=run_id, seed=seed).status == "succeeded"


def in_child(home: Path, run_id: str, seed: int, kill_after_s: float | None) -> str:
    """Run in a forked process; `succeeded`, `failed` or `killed`."""
    global _journal
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _journal = os.open(home / f"{run_id}.journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            code = 0 if execute(home, run_id, seed) else 1
        finally:
            os._exit(code)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return "killed"
    return "succeeded" if os.WEXITSTATUS(status) == 0 else "failed"


def finished_nodes(home: Path, run_id: str) -> dict[str, Any]:
    """Outputs by node, as the run's folder has them."""
    nodes = RunStore(home / "runs").folder(run_id).nodes()
    return {name: record["outputs"] for name, record in nodes.items()}


def started_nodes(home: Path, run_id: str) -> list[str]:
    """The journal."""
    path = home / f"{run_id}.journal"
    return path.read_text(encoding="ascii").split() if path.exists() else []


def one_run(
    home: Path, run_id: str, seed: int, *, kills: int, life_s: float, chance: random.Random
) -> dict[str, Any]:
    """One run with up to `kills` kills; what went wrong, and how often it was really killed."""
    problems, killed, resumed_with = list[str](), 0, 0
    for _ in range(kills):
        outcome = in_child(home, run_id, seed, chance.uniform(0.0, life_s))
        if outcome == "failed":
            problems.append(f"{run_id}: failed")
        if outcome != "killed":
            break
        killed += 1
        before, journal = finished_nodes(home, run_id), len(started_nodes(home, run_id))
        resumed_with = max(resumed_with, len(before))
        outcome = in_child(home, run_id, seed, chance.uniform(0.0, life_s))
        killed += outcome == "killed"
        again = set(started_nodes(home, run_id)[journal:]) & set(before)
        problems += [f"{run_id}: {name} was finished and ran again" for name in sorted(again)]
    before, journal = finished_nodes(home, run_id), len(started_nodes(home, run_id))
    if in_child(home, run_id, seed, None) != "succeeded":
        problems.append(f"{run_id}: did not finish after its last kill")
    again = set(started_nodes(home, run_id)[journal:]) & set(before)
    problems += [f"{run_id}: {name} was finished and ran again" for name in sorted(again)]
    return {"problems": problems, "killed": killed, "finished_before_resume": resumed_with}


def trial(home: Path, kills: int, seed: int) -> dict[str, Any]:
    """Kill `kills` times, over as many runs as it takes."""
    chance, began = random.Random(seed), time.perf_counter()
    problems: list[str] = []
    killed, runs, partial = 0, 0, 0
    in_child(home, "warmup", seed, None)
    life = time.perf_counter()
    in_child(home, "measure", seed + 1, None)
    life = time.perf_counter() - life
    while killed < kills:
        run_id, run_seed = f"run-{runs}", seed + 2 + runs
        wanted = min(KILLS_PER_RUN, kills - killed)
        result = one_run(home, run_id, run_seed, kills=wanted, life_s=life, chance=chance)
        killed += result["killed"]
        partial += 0 < result["finished_before_resume"] < len(PLAN.nodes)
        problems += result["problems"]
        runs += 1
        if len(finished_nodes(home, run_id)) < len(PLAN.nodes):
            problems.append(f"{run_id}: nodes are missing")
    problems += _compare(home, seed, runs) + _look_at(home, runs)
    return {
        "kills": killed,
        "runs": runs,
        "runs_killed_half_way": partial,
        "life_s": round(life, 3),
        "seconds": round(time.perf_counter() - began, 2),
        "problems": problems,
    }


def _compare(home: Path, seed: int, runs: int) -> list[str]:
    """Killed runs made what runs without a kill make, in a home of their own."""
    problems = []
    for number in range(0, runs, max(1, runs // 5)):
        with tempfile.TemporaryDirectory(dir=home) as other:
            in_child(Path(other), "whole", seed + 2 + number, None)
            if finished_nodes(Path(other), "whole") != finished_nodes(home, f"run-{number}"):
                problems.append(f"run-{number}: other results than without kills")
    return problems


def _look_at(home: Path, runs: int) -> list[str]:
    """The library is sound and holds all that the runs name."""
    problems = []
    with Library(home / "library") as library:
        report = library.check(is_deep=True)
        if not report.is_sound:
            problems.append(f"library: {report}")
        for number in range(runs):
            for name, outputs in finished_nodes(home, f"run-{number}").items():
                problems += [
                    f"run-{number}: {name} lost {entry['id']}"
                    for entry in outputs.values()
                    if entry["id"] not in library
                ]
            folder = RunStore(home / "runs").folder(f"run-{number}")
            if folder.work.exists():
                problems.append(f"run-{number}: temporary files were left")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--home", type=Path, help="keep everything here; a temporary folder if not")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        report = trial(home, options.kills, options.seed)
    print(json.dumps(report, indent=1))
    return 1 if report["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
