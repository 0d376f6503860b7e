"""`omnimuse eval SUITE`: measure a part of the house on a suite of requests."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click


@click.group()
def command() -> None:
    """Evaluate on a suite."""


@command.command("planner")
@click.option("--suite", type=click.Choice(["taskbench", "controlllm"]), default="taskbench")
@click.option("--data", required=True, metavar="DIR", help="Folder of the suite.")
@click.option("--out", required=True, metavar="FILE", help="Where the predictions go, JSON lines.")
@click.option("--gold", metavar="FILE", help="Score against these, and plan only their requests.")
@click.option("--json", "as_json", is_flag=True, help="Print the scores as JSON.")
@click.pass_obj
def planner(
    settings: Any, suite: str, data: str, out: str, gold: str | None, as_json: bool
) -> None:
    r"""Plan the requests of a suite; with --gold, give node F1 and edge F1.

    \b
    omnimuse eval planner --suite taskbench --data taskbench/multimedia --out predictions.jsonl
    """
    from omnimuse.app import Studio
    from omnimuse.evaluation.planner import evaluate_planner
    from omnimuse.planning.planner import make_planner

    with Studio(settings) as studio:
        report = evaluate_planner(
            make_planner(settings, studio.house.resolver.role, assume=True),
            suite=suite,
            data=Path(data),
            out=Path(out),
            gold=Path(gold) if gold else None,
            specs=studio.house.specs if suite == "controlllm" else None,
            report=_progress,
        )
    if as_json:
        click.echo(json.dumps(report.to_json()))
        return
    click.echo(f"{report.requests} requests planned: {out}")
    for name, measure in (("node", report.nodes), ("edge", report.edges)):
        if measure is not None:
            click.echo(
                f"{name} F1 {measure.f1:.1f}  (precision {measure.precision:.1f}, "
                f"recall {measure.recall:.1f}; {measure.hits} of {measure.wanted})"
            )


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done} of {total}", nl=done == total, err=True)
