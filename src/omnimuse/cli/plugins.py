"""`omnimuse plugins`: what other packages add, and what of it failed."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from typing import Any

import click

GROUPS = ("omnimuse.tools", "omnimuse.backends", "omnimuse.models", "omnimuse.gates")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def command(settings: Any, as_json: bool) -> None:
    """List plugins and those that failed to load."""
    allowed = set(settings.plugins)
    rows = []
    for group in GROUPS:
        for point in sorted(entry_points(group=group), key=lambda point: point.name):
            distribution = point.dist.name if point.dist else "?"
            rows.append(
                {
                    "distribution": distribution,
                    "group": group,
                    "name": point.name,
                    "target": point.value,
                    "status": _status(point, bool(allowed & {"*", distribution})),
                }
            )
    if as_json:
        click.echo(json.dumps(rows))
        return
    if not rows:
        click.echo("no plugins are installed")
    for row in rows:
        click.echo(f"{row['distribution']}  {row['group']}  {row['name']}  {row['status']}")


def _status(point: Any, is_allowed: bool) -> str:
    if not is_allowed:
        return "not allowed by the setting `plugins`"
    try:
        point.load()
    except Exception as error:
        return f"failed: {type(error).__name__}: {error}"
    return "ok"
