"""`omnimuse doctor`: what is installed, which roles can be played, what is missing."""

from __future__ import annotations

import json
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

PACKAGES = {
    "base": ("av", "numpy", "onnxruntime", "opencv-python-headless", "pillow", "xllamacpp"),
    "server": ("fastapi", "uvicorn", "mcp", "prometheus-client", "python-multipart"),
    "torch": ("torch", "diffusers", "transformers", "accelerate", "peft"),
}
PROGRAMS = ("npm", "apt-get")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def command(settings: Any, as_json: bool) -> int:
    """Say what is installed, which roles have a model, and how to get what is missing."""
    report: dict[str, Any] = {
        "python": platform.python_version(),
        "home": str(settings.home),
        "models_dir": str(settings.models_dir),
        "packages": {extra: _versions(names) for extra, names in PACKAGES.items()},
        "programs": {name: shutil.which(name) or "" for name in PROGRAMS},
        "roles": _roles(settings),
    }
    missing = [
        role
        for role, row in report["roles"].items()
        if row["needed"] and not row["card"] and row["is_default"]
    ]
    report["missing"] = missing
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        _print(report)
    return 1 if missing else 0


def _versions(names: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def _roles(settings: Any) -> dict[str, dict[str, Any]]:
    """By role: the card that would play it, who needs it, and how to get one if none is there."""
    from omnimuse.backends.cards import load_cards
    from omnimuse.backends.resolver import Resolver
    from omnimuse.backends.store import ModelStore
    from omnimuse.errors import BackendUnavailableError
    from omnimuse.tools.registry import ToolRegistry

    cards = load_cards(settings)
    resolver = Resolver(settings, ModelStore(settings.models_dir), cards)
    needed: dict[str, list[str]] = {}
    for spec in ToolRegistry(plugins=settings.plugins).specs().values():
        for role in spec.roles:
            needed.setdefault(role, []).append(spec.name)
    every = {role for card in cards.values() for role in card.roles} | set(needed)
    rows: dict[str, dict[str, Any]] = {}
    for role in sorted(every):
        try:
            rows[role] = {"card": resolver.resolve(role).name, "hint": ""}
        except BackendUnavailableError as error:
            rows[role] = {"card": "", "hint": error.hint}
        rows[role]["needed"] = needed.get(role, [])
        # a role that no default card plays waits for an optional card or the user's checkpoint
        rows[role]["is_default"] = any(c.default and role in c.roles for c in cards.values())
    return rows


def _print(report: dict[str, Any]) -> None:
    click.echo(f"Python {report['python']}, home {report['home']}")
    for extra, packages in report["packages"].items():
        have = [f"{name} {number}" for name, number in packages.items() if number]
        lack = [name for name, number in packages.items() if not number]
        click.echo(f"[{extra}] {', '.join(have) or 'not installed'}")
        if lack:
            click.echo(f"    missing: {', '.join(lack)}")
    click.echo("roles:")
    for role, row in report["roles"].items():
        is_missing = row["needed"] and row["is_default"]
        mark = "✓" if row["card"] else ("✗" if is_missing else "–")
        click.echo(f"  {mark} {role:<32} {row['card'] or row['hint']}")
