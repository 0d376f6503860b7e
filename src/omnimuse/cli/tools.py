"""`omnimuse tools`: what there is to call."""

from __future__ import annotations

import json
from typing import Any

import click


@click.group()
def command() -> None:
    """List and show tools."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def list_tools(settings: Any, as_json: bool) -> None:
    """All tools by family."""
    registry, specs = _specs(settings)
    if as_json:
        click.echo(json.dumps([spec.to_json() for spec in specs.values()], ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for title in ("family", "tool", "takes", "gives", "what it does"):
        table.add_column(title, overflow="fold")
    for spec in sorted(specs.values(), key=lambda spec: (spec.family, spec.name)):
        takes = ", ".join(f"{p.name}{'' if p.is_required else '?'}" for p in spec.inputs)
        gives = ", ".join(port.kind for port in spec.outputs)
        table.add_row(spec.family, spec.name, takes, gives, spec.summary)
    Console(width=None if _is_terminal() else 160).print(table)
    for failure in registry.failures:
        click.echo(f"failed: {failure.message}", err=True)


@command.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def show_tool(settings: Any, name: str, as_json: bool) -> None:
    """One tool: inputs, arguments, outputs, model roles."""
    registry, _ = _specs(settings, load=False)
    spec = registry.spec(name)
    if as_json:
        click.echo(json.dumps(spec.to_json(), ensure_ascii=False))
        return
    click.echo(f"{spec.name} {spec.version}\n{spec.summary}\n\n{spec.description}".rstrip())
    click.echo("\ninputs:")
    for port in spec.inputs:
        many = " (any number)" if port.is_list else ""
        need = "" if port.is_required else ", optional"
        click.echo(f"  {port.name}: {port.kind}{many}{need}  {port.description}".rstrip())
    click.echo("arguments:")
    for param in spec.params:
        default = "required" if param.is_required else f"default {param.default!r}"
        click.echo(
            f"  {param.name}: {_type(param.schema)}, {default}  {param.description}".rstrip()
        )
    click.echo(f"gives: {', '.join(f'{port.name} ({port.kind})' for port in spec.outputs)}")
    if spec.roles:
        click.echo(f"model roles: {', '.join(spec.roles)}")


def _specs(settings: Any, *, load: bool = True) -> tuple[Any, dict[str, Any]]:
    from omnimuse.tools.registry import ToolRegistry

    registry = ToolRegistry(plugins=settings.plugins)
    return registry, registry.specs() if load else {}


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "|".join(str(value) for value in schema["enum"])
    name = schema.get("type", "any")
    text = "|".join(name) if isinstance(name, list) else str(name)
    low, high = schema.get("minimum"), schema.get("maximum")
    unit = f" {schema['unit']}" if "unit" in schema else ""
    if low is None and high is None:
        return text + unit
    return f"{text} {'' if low is None else low}..{'' if high is None else high}{unit}"


def _is_terminal() -> bool:
    import sys

    return sys.stdout.isatty()
