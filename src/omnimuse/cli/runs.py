"""`omnimuse runs`: what was made when, and again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click


@click.group()
def command() -> None:
    """List, show, replay and resume runs."""


@command.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def list_runs(settings: Any, limit: int, as_json: bool) -> None:
    """The latest runs."""
    records = _store(settings).list()[:limit]
    if as_json:
        click.echo(json.dumps([_summary(record) for record in records], ensure_ascii=False))
        return
    for record in records:
        entry = _summary(record)
        done = f"{entry['finished_nodes']}/{entry['nodes']}"
        prompt = " ".join(entry["prompt"].split())[:60]
        click.echo(f"{entry['run_id']}  {entry['status']:<11}  {done:>7}  {prompt}")


@command.command("show")
@click.argument("run_id")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def show_run(settings: Any, run_id: str, as_json: bool) -> None:
    """One run: request, plan, and what each node made."""
    record = _store(settings).record(run_id)
    if as_json:
        click.echo(json.dumps(record.to_json(), ensure_ascii=False))
        return
    click.echo(f"{record.run_id}  {record.status}  {record.created}  seed {record.seed}")
    if record.request.get("prompt"):
        click.echo(f"prompt: {record.request['prompt']}")
    for node in record.plan.nodes if record.plan else ():
        click.echo(_node_line(node.id, node.tool, record.nodes.get(node.id)))
    for error in record.details.get("errors", []):
        click.echo(f"error: {error.get('node_id', '')} {error.get('message', '')}".rstrip())


@command.command("resume")
@click.argument("run_id")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.pass_obj
def resume_run(settings: Any, run_id: str, as_json: bool, quiet: bool) -> int:
    """Go on with a run that was stopped or killed; nothing finished is computed again."""
    return _again(settings, "resume", run_id, as_json=as_json, quiet=quiet)


@command.command("replay")
@click.argument("run_id")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.pass_obj
def replay_run(settings: Any, run_id: str, as_json: bool, quiet: bool) -> int:
    """Run the same plan with the same seed, as a new run."""
    return _again(settings, "replay", run_id, as_json=as_json, quiet=quiet)


def _again(settings: Any, verb: str, run_id: str, *, as_json: bool, quiet: bool) -> int:
    from omnimuse.app import Studio
    from omnimuse.cli.progress import Progress, cancel_on_interrupt
    from omnimuse.cli.run import show_response

    prompt = str(_store(settings).record(run_id).request.get("prompt", ""))
    with (
        Studio(settings) as studio,
        cancel_on_interrupt() as cancel,
        Progress(is_quiet=quiet or as_json) as show,
    ):
        response = getattr(studio, verb)(run_id, show, cancel)
    return int(show_response(response, prompt, as_json=as_json))


def _store(settings: Any) -> Any:
    from omnimuse.execution.runs import RunStore

    return RunStore(settings.home / "runs")


def _summary(record: Any) -> dict[str, Any]:
    return {
        "run_id": record.run_id,
        "status": record.status,
        "created": record.created,
        "prompt": str(record.request.get("prompt", "")),
        "nodes": len(record.plan.nodes) if record.plan else 0,
        "finished_nodes": len(record.nodes),
    }


def _node_line(node_id: str, tool: str, done: Mapping[str, Any] | None) -> str:
    if done is None:
        return f"  {node_id}  {tool}  not finished"
    made = [
        f"{name}: {item['kind']} {item['id'][:19]}"
        for name, value in done.get("outputs", {}).items()
        for item in (value if isinstance(value, list) else [value])
    ]
    return f"  {node_id}  {tool}  {done.get('seconds', 0):.2f} s  {', '.join(made)}"
