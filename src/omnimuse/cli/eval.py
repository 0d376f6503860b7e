"""`omnimuse eval SUITE`: measure a part of the house on a suite of requests."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click


@click.group()
def command() -> None:
    """Evaluate on a suite."""


@command.command("planner")
@click.option(
    "--suite", type=click.Choice(["taskbench", "controlllm", "hard"]), default="taskbench"
)
@click.option("--data", required=True, metavar="PATH", help="Folder or file of the suite.")
@click.option("--out", required=True, metavar="FILE", help="Where the predictions go, JSON lines.")
@click.option("--gold", metavar="FILE", help="Score against these, and plan only their requests.")
@click.option("--split", default="", help="hard: only the requests of this split.")
@click.option("--limit", type=click.IntRange(1), help="hard: only so many requests.")
@click.option("--json", "as_json", is_flag=True, help="Print the scores as JSON.")
@click.pass_obj
def planner(
    settings: Any, suite: str, data: str, out: str, gold: str | None, split: str,
    limit: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Plan the requests of a suite; with --gold, give node F1 and edge F1.

    The suite `hard` runs its requests to the end and checks what was made.

    \b
    omnimuse eval planner --suite taskbench --data taskbench/multimedia --out predictions.jsonl
    omnimuse eval planner --suite hard --data planner_hard.jsonl --out outcomes.jsonl
    """
    if suite == "hard":
        _solving(settings, Path(data), Path(out), split, limit, as_json=as_json)
        return
    from omnimuse.app import Studio
    from omnimuse.evaluation.planner import evaluate_planner
    from omnimuse.planning.planner import make_planner

    with Studio(settings) as studio:
        report = evaluate_planner(
            make_planner(settings, studio.house.resolver.role, assume=suite != "controlllm"),
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


def _solving(
    settings: Any, data: Path, out: Path, split: str, limit: int | None, *, as_json: bool
) -> None:
    from omnimuse.app import Studio
    from omnimuse.evaluation.solving import evaluate_solving

    with Studio(settings) as studio:
        report = evaluate_solving(
            studio, data=data, out=out, split=split, limit=limit, report=_progress
        )
    if as_json:
        click.echo(json.dumps(report.to_json()))
        return
    click.echo(f"{report.solved} of {report.requests} requests solved: {out}")
    for name, (solved, total) in report.splits.items():
        click.echo(f"  {name:<8}{solved} of {total}")


@command.command("generative")
@click.option("--model", required=True, metavar="CARD|RUN", help="A card or a run's folder.")
@click.option("--data", required=True, metavar="NAME|PATH", help="As `omnimuse train --data`.")
@click.option("-n", "count", type=click.IntRange(16, 50_000), default=500, show_default=True,
              help="Samples to make.")  # fmt: skip
@click.option("--features", default="gradients", show_default=True, help="gradients or pixels.")
@click.option(
    "--judge",
    default="",
    metavar="CARD",
    help="A CLIP for CLIPScore and R-precision where there are captions; `none`: neither.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the samples.")
@click.option("--html", "page", type=click.Path(path_type=Path), help="Write a report here.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.pass_obj
def generative(
    settings: Any, model: str, data: str, count: int, features: str, judge: str, seed: int,
    page: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Measure a generator against real data: distances, coverage, novelty, fit to captions.

    \b
    omnimuse eval generative --model runs/vae-mnist --data mnist --html report.html
    omnimuse eval generative --model icon-diffusion --data icons -n 64
    """
    from omnimuse.app import Studio
    from omnimuse.evaluation.generative import evaluate_generator, sample_painter, sample_run
    from omnimuse.evaluation.page import page_of
    from omnimuse.training.settings import DataConfig
    from omnimuse.training.sources import load
    from omnimuse.training.zoo import own_recipes

    captions: tuple[str, ...] = ()
    own: dict[str, float] = {}
    eyes = None
    if Path(model).exists():
        name, samples, run = sample_run(Path(model), own_recipes(), count, seed=seed)
        train, held_out = load(replace(run.settings.data, name=data), settings.models_dir)
        own = dict(run.figures)
    else:
        train, held_out = load(DataConfig(name=data), settings.models_dir)
        captions = held_out.captions[:count] or tuple(held_out.name for _ in range(count))
        with Studio(settings) as studio:
            painter = studio.house.resolver.role("text-to-image", model)
            samples = sample_painter(
                painter, captions, held_out.x[0].shape, seed=seed, report=_progress
            )
            eyes = _judge(studio, judge) if held_out.captions else None
        name = model
    report = evaluate_generator(
        samples, train, held_out, model=name, features=features, captions=captions, judge=eyes,
        own=own, seed=seed,
    )  # fmt: skip
    if page is not None:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(page_of(report), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(report.to_json()))
        return
    click.echo(f"{report.model} on {report.data}, {len(report.samples)} samples, {report.features}")
    for figure in report.figures:
        interval = (
            f"  [{figure.interval[0]:.4g}, {figure.interval[1]:.4g}]" if figure.interval else ""
        )
        real = f"  real {figure.real:.4g}" if figure.real is not None else ""
        click.echo(f"  {figure.name:<20}{figure.value:>12.4g}{interval}{real}")
    for note in report.notes:
        click.echo(f"  {note}", err=True)


def _judge(studio: Any, name: str) -> tuple[str, Any] | None:
    """The CLIP to judge by: the one named, else the best there is, else none."""
    from omnimuse.errors import BackendUnavailableError

    role = "zero-shot-image-classification"
    if name == "none":
        return None
    try:
        card = studio.house.resolver.resolve(role, name or None)
        return card.name, studio.house.resolver.role(role, name or None)
    except BackendUnavailableError:
        if name:
            raise
        return None


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done} of {total}", nl=done == total, err=True)
