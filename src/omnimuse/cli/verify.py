"""`omnimuse verify FILE`: who made this, with what, and was it changed since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

_EXIT = {"trusted": 0, "valid": 0, "tampered": 1, "unsigned": 1}


@click.command()
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def command(settings: Any, file: str, as_json: bool) -> int:
    """Check the signed record of FILE: signer, tool, models, inputs, edits.

    Exit code 0 if the file is whole and signed, 1 if it was changed or never signed.
    """
    from omnimuse.safety.verification import verify_file

    found = verify_file(Path(file).expanduser(), settings.home)
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False))
        return _EXIT[found.verdict]
    meaning = {
        "trusted": "signed by this installation and unchanged since",
        "valid": "signed and unchanged since, by a signer unknown here",
        "tampered": "changed after it was signed",
        "unsigned": "not signed",
    }
    click.echo(f"{found.verdict}: {meaning[found.verdict]}")
    for problem in found.problems:
        click.echo(f"  problem: {problem}")
    if found.signer:
        click.echo(f"signer: {found.signer}")
    _print_record(found.record or {})
    return _EXIT[found.verdict]


def _print_record(record: Mapping[str, Any]) -> None:
    """Say who made it with what; a record of somebody else's may lack or misshape anything."""
    origin = _table(record.get("origin"))
    if origin:
        click.echo(f"made by: {_words(origin, 'tool', 'version')} (run {origin.get('run')})")
        click.echo(f"seed: {origin.get('seed')}")
        for name, value in _table(origin.get("arguments")).items():
            click.echo(f"  {name} = {json.dumps(value, ensure_ascii=False)}")
        for model in _tables(origin.get("models")):
            click.echo(
                f"model: {model.get('card')} for {model.get('role')} ({model.get('licence')})"
            )
        for port, ids in _table(origin.get("inputs")).items():
            click.echo(f"input {port}: {', '.join(str(i)[:19] for i in ids or ())}")
    for step in _tables(record.get("lineage")):
        name = f" ({step['name']})" if step.get("name") else ""
        what = f"{step.get('kind')} {str(step.get('id'))[:19]}{name}"
        click.echo(f"before that: {step.get('tool') or 'unknown'} -> {what}")
    for part in _tables(record.get("attribution")):
        title = part.get("title") or part.get("source")
        click.echo(f"part: {title} by {part.get('author')}, {part.get('licence')}")


def _words(table: Mapping[str, Any], *names: str) -> str:
    return " ".join(str(table[name]) for name in names if table.get(name))


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _tables(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if value else []
