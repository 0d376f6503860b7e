"""Fit the planner's verdict: how much each sign counts that a request asks for a tool.

Logistic regression (iteratively reweighted least squares, a little shrinkage) over the features of
`planning/foreign/verdict.py`, on labelled requests over foreign tool sets. Prints node F1 when it
is fitted on one tool set and judged on the other, then the coefficients fitted on both.

    python recipes/tool_verdict.py --models DIR SET/tool_desc.json SET/user_requests.json GOLD.jsonl
        [the same three of another set] [--tagger request-tagger.npz]
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from omnimuse.backends.cards import load_cards
from omnimuse.backends.resolver import Resolver
from omnimuse.backends.store import ModelStore
from omnimuse.config import Settings
from omnimuse.evaluation.planner import plan_or_nothing, read_jsonl, read_requests, score
from omnimuse.planning import embedded
from omnimuse.planning.embedded import EmbeddedPlanner
from omnimuse.planning.foreign import tagger, verdict
from omnimuse.planning.foreign.toolset import load_toolset

SHRINKAGE, ROUNDS = 10.0, 30


@dataclass
class Case:
    """A labelled request: its tools' features, and which of them are asked for."""

    gold: dict[str, Any]
    names: list[str]
    rows: Any
    planned: Counter[str]

    @property
    def wanted(self) -> Any:
        """1 for each tool that is asked for, else 0."""
        tasks = {node["task"] for node in self.gold["task_nodes"]}
        return np.array([name in tasks for name in self.names], float)


def cases(planner: EmbeddedPlanner, tools: Path, requests: Path, gold: Path) -> list[Case]:
    """Plan every labelled request, and note what the verdict saw."""
    specs = load_toolset(tools)
    said = dict(read_requests(requests, "user_request"))
    noted: list[Any] = []

    def note(*given: Any) -> dict[str, float]:
        noted.append(verdict.features(*given))
        return verdict.verdict(*given)

    embedded.verdict = note
    found = []
    for entry in read_jsonl(gold):
        noted.clear()
        plan = plan_or_nothing(planner, said[entry["id"]], specs)
        if noted:
            planned = Counter(node.tool for node in plan.nodes)
            found.append(Case(entry, list(specs), noted[0], planned))
    return found


def fit(some: list[Case]) -> Any:
    """Coefficients, the last one the bias; fitted on standardised features, given for raw ones."""
    x = np.concatenate([case.rows for case in some])
    y = np.concatenate([case.wanted for case in some])
    middle, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = np.concatenate([(x - middle) / spread, np.ones((len(x), 1))], axis=1)
    shrink = np.diag([SHRINKAGE] * x.shape[1] + [0.0])
    w = np.zeros(z.shape[1])
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-z @ w))
        bend = (z * (p * (1 - p))[:, None]).T @ z + shrink
        w += np.linalg.solve(bend, z.T @ (y - p) - shrink @ w)
    raw = w[:-1] / spread
    return np.append(raw, w[-1] - raw @ middle)


def node_f1(some: list[Case], w: Any, limit: float) -> float:
    """Node F1 of the tools whose chance is above a limit."""
    guesses = []
    for case in some:
        chances = 1 / (1 + np.exp(-(case.rows @ w[:-1] + w[-1])))
        tasks = [{"task": n} for n, chance in zip(case.names, chances) if chance > limit]
        guesses.append({"id": case.gold["id"], "task_nodes": tasks})
    return score(guesses, [case.gold for case in some])[0].f1


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", type=Path, nargs="+", help="tools, requests, labels; for each set")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--tagger", type=Path, help="weights to use instead of the shipped ones")
    options = parser.parse_args()
    if options.tagger:
        with np.load(options.tagger) as arrays:
            own = {name: arrays[name].astype(np.float32) for name in arrays.files}
        tagger._weights = lambda: own
    settings = Settings(models_dir=options.models)
    roles = Resolver(settings, ModelStore(options.models), load_cards(settings)).role
    planner = EmbeddedPlanner(roles, assume=True)
    sets = [cases(planner, *options.files[n : n + 3]) for n in range(0, len(options.files), 3)]
    limits = (0.35, 0.38, 0.4, 0.42, 0.45, 0.5)
    for number, some in enumerate(sets):
        others = [case for n, more in enumerate(sets) if n != number for case in more]
        if others:
            w = fit(others)
            scores = {limit: round(node_f1(some, w, limit), 1) for limit in limits}
            print(f"set {number + 1}, fitted on the others:", json.dumps(scores))
    w = fit([case for some in sets for case in some])
    for number, some in enumerate(sets):
        scores = {limit: round(node_f1(some, w, limit), 1) for limit in limits}
        print(f"set {number + 1}, fitted on all:", json.dumps(scores))
    print("COEFFICIENTS =", tuple(w[:-1].round(3).tolist()), " BIAS =", round(float(w[-1]), 3))


if __name__ == "__main__":
    main()
