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
    rows += _servers(settings)
    if as_json:
        click.echo(json.dumps(rows))
        return
    if not rows:
        click.echo("no plugins are installed")
    for row in rows:
        click.echo(f"{row['distribution']}  {row['group']}  {row['name']}  {row['status']}")


def _servers(settings: Any) -> list[dict[str, str]]:
    """MCP servers of the settings, and whether their tools could be had."""
    if not settings.mcp_servers:
        return []
    from omnimuse.tools.registry import ToolRegistry
    from omnimuse.tools.remote import add_remote_tools

    rows = []
    for name, target in settings.mcp_servers.items():
        registry = ToolRegistry({}, plugins=())
        add_remote_tools(registry, {name: target})
        fault = registry.failures[0].message if registry.failures else ""
        status = f"failed: {fault}" if fault else f"ok, {len(list(registry))} tools"
        rows.append(
            {
                "distribution": name,
                "group": "mcp",
                "name": name,
                "target": target,
                "status": status,
            }
        )
    return rows


def _status(point: Any, is_allowed: bool) -> str:
    if not is_allowed:
        return "not allowed by the setting `plugins`"
    try:
        point.load()
    except Exception as error:
        return f"failed: {type(error).__name__}: {error}"
    return "ok"
