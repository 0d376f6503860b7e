"""`omnimuse config`: the settings and where each came from."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import click

_SECRET = {"endpoint_key"}


@click.group()
def command() -> None:
    """Show the settings and where each came from."""


@command.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def show(settings: Any, as_json: bool) -> None:
    """Every setting, its value and its origin."""
    rows = {
        field.name: {
            "value": _plain(field.name, getattr(settings, field.name)),
            "origin": settings.origins.get(field.name, "default"),
        }
        for field in fields(settings)
        if field.name != "origins"
    }
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    width = max(len(name) for name in rows)
    for name, row in rows.items():
        click.echo(f"{name:<{width}}  {row['value']!s:<40}  {row['origin']}")


def _plain(name: str, value: Any) -> Any:
    if name in _SECRET:
        return "(set)" if value else ""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if hasattr(value, "keys") else str(value)
