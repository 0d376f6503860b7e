"""`omnimuse verify FILE`: who made this, with what, and was it changed since."""

from __future__ import annotations

import json
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


def _print_record(record: dict[str, Any]) -> None:
    origin = record.get("origin") or {}
    if origin:
        click.echo(f"made by: {origin['tool']} {origin['version']} (run {origin['run']})")
        click.echo(f"seed: {origin['seed']}")
        for name, value in origin["arguments"].items():
            click.echo(f"  {name} = {json.dumps(value, ensure_ascii=False)}")
        for model in origin["models"]:
            click.echo(f"model: {model['card']} for {model['role']} ({model['licence']})")
        for port, ids in origin["inputs"].items():
            click.echo(f"input {port}: {', '.join(i[:19] for i in ids)}")
    for step in record.get("lineage", ()):
        click.echo(f"before that: {step['tool']} -> {step['kind']} {step['id'][:19]}")
    for part in record.get("attribution", ()):
        click.echo(
            f"part: {part['title'] or part['source']} by {part['author']}, {part['licence']}"
        )
