"""`omnimuse models`: what models there are, which are used and why; pull, choose and check them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from omnimuse.errors import AssetNotFoundError, CheckpointError

if TYPE_CHECKING:
    from omnimuse.backends.card import ModelCard
    from omnimuse.backends.pull import OnProgress, PullProgress
    from omnimuse.backends.resolver import Resolver
    from omnimuse.config import Settings

_COPYLEFT = ("AGPL", "GPL")


@click.group()
def command() -> None:
    """List, explain, choose, pull and check models."""


@command.command("list")
@click.option("--role", metavar="ROLE", help="Only models that can do this.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def list_models(settings: Settings, role: str | None, as_json: bool) -> None:
    """All models: roles, size, licence, and whether they are here."""
    resolver = _resolver(settings)
    cards = [card for card in resolver.cards.values() if role is None or role in card.roles]
    if as_json:
        _print_json([_record(resolver, card) for card in cards])
        return
    rows = []
    for card in sorted(cards, key=lambda card: (card.roles, -card.quality, card.name)):
        state = "yes" if resolver.store.is_pulled(card) else "no"
        if reason := resolver.registry.missing(card.backend):
            state = reason
        rows.append((", ".join(card.roles), card.name, state, _size(card), _licence(card)))
    _print_table(("role", "model", "here", "size", "licence"), rows)


@command.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def show_model(settings: Settings, name: str, as_json: bool) -> None:
    """One model: what it does, where it comes from, its licence and hashes."""
    resolver = _resolver(settings)
    card = _card(resolver, name)
    record = {
        **_record(resolver, card),
        "sources": [
            {"url": source.url, "sha256": source.sha256, "members": len(source.members)}
            for source in card.sources
        ],
        "options": dict(card.options),
        "hash": resolver.hash(card),
        "folder": str(resolver.store.folder(card)),
    }
    if as_json:
        _print_json(record)
        return
    for key, value in record.items():
        text = json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
        click.echo(f"{key}: {text}")


@command.command("explain")
@click.argument("role")
@click.option("--language", default="", metavar="CODE", help="For a language, e.g. zh.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def explain_role(settings: Settings, role: str, language: str, as_json: bool) -> None:
    """Which model would play a role, and why not the others."""
    resolver = _resolver(settings)
    verdicts = resolver.explain(role, language=language)
    if not verdicts:
        roles = sorted({role for card in resolver.cards.values() for role in card.roles})
        raise AssetNotFoundError(
            f"no model has the role {role!r}", hint=f"Roles: {', '.join(roles)}."
        )
    if as_json:
        _print_json(
            [{"model": v.card.name, "verdict": v.verdict, "reason": v.reason} for v in verdicts]
        )
        return
    _print_table(
        ("model", "verdict", "reason"), [(v.card.name, v.verdict, v.reason) for v in verdicts]
    )


@command.command("use")
@click.argument("choices", metavar="ROLE=MODEL...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def use_models(settings: Settings, choices: tuple[str, ...], as_json: bool) -> None:
    """Choose the model of a role for good; `ROLE=` forgets the choice.

    The model is a name of `omnimuse models list`, a path of a checkpoint, hub:NAME of the local
    cache, or http:BASE_URL of an OpenAI-compatible endpoint.
    """
    from omnimuse.backends.choices import write_choice
    from omnimuse.cli.options import parse_pairs

    resolver = _resolver(settings)
    pairs = parse_pairs(choices, "use")
    for role, choice in pairs.items():
        if choice:
            resolver.explain(role, choice)
    path = None
    for role, choice in pairs.items():
        path = write_choice(settings.home, role, choice or None)
    if as_json:
        _print_json({"file": str(path), "models": pairs})
        return
    for role, choice in pairs.items():
        click.echo(f"{role}: {choice or 'the best that is here'} ({path})")


@command.command("pull")
@click.argument("names", metavar="[MODEL]...", nargs=-1)
@click.option("--default", "default_set", is_flag=True, help="The default set.")
@click.option("--all-of", "role", metavar="ROLE", help="Every model of a role.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.pass_obj
def pull_models(
    settings: Settings,
    names: tuple[str, ...],
    default_set: bool,
    role: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Download models: weights as hash-checked data, no package code is run."""
    from omnimuse.backends.pull import pull_all
    from omnimuse.backends.store import needs_pull

    resolver = _resolver(settings)
    if not (names or default_set or role):
        raise click.UsageError("Name models, or give --default or --all-of ROLE.")
    wanted = {name: _card(resolver, name) for name in names}
    for card in resolver.cards.values():
        if (default_set and card.default) or (role is not None and role in card.roles):
            wanted.setdefault(card.name, card)
    if not wanted:
        raise AssetNotFoundError(
            f"no model has the role {role!r}", hint="See `omnimuse models list`."
        )
    missing = [c for c in wanted.values() if needs_pull(c) and not resolver.store.is_pulled(c)]
    _announce(missing)
    with _progress(missing, quiet=quiet or as_json) as on_progress:
        pull_all(missing, resolver.store, on_progress)
    if as_json:
        _print_json([_record(resolver, card) for card in wanted.values()])
        return
    total = sum(resolver.store.disk_bytes(card) for card in wanted.values()) / 1e6
    click.echo(f"{len(wanted)} models here ({len(missing)} pulled now), {total:.0f} MB.")


@command.command("check")
@click.argument("names", metavar="[MODEL]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def check_models(settings: Settings, names: tuple[str, ...], as_json: bool) -> None:
    """Hash every file of the pulled models again."""
    resolver = _resolver(settings)
    store = resolver.store
    cards: Sequence[ModelCard] = [_card(resolver, name) for name in names] or [
        card for card in resolver.cards.values() if store.manifest(card) is not None
    ]
    faults = {card.name: store.check(card) for card in cards}
    if as_json:
        _print_json([{"model": name, "faults": found} for name, found in faults.items()])
    else:
        for name, found in faults.items():
            click.echo(f"{name}: {'; '.join(found) or 'ok'}")
    bad = [name for name, found in faults.items() if found]
    if bad:
        raise CheckpointError(
            f"{len(bad)} of {len(faults)} models are damaged: {', '.join(bad)}",
            hint="Delete their folders and run `omnimuse models pull` again.",
        )


def _resolver(settings: Settings) -> Resolver:
    from omnimuse.backends.cards import load_cards
    from omnimuse.backends.resolver import Resolver
    from omnimuse.backends.store import ModelStore

    return Resolver(settings, ModelStore(settings.models_dir), load_cards(settings))


def _card(resolver: Resolver, name: str) -> ModelCard:
    if name not in resolver.cards:
        raise AssetNotFoundError(
            f"no model is called {name!r}", hint=f"Models: {', '.join(resolver.cards)}."
        )
    return resolver.cards[name]


def _record(resolver: Resolver, card: ModelCard) -> dict[str, Any]:
    return {
        "name": card.name,
        "roles": list(card.roles),
        "backend": card.backend,
        "description": card.description,
        "licence": card.licence,
        "attribution": card.attribution,
        "languages": list(card.languages),
        "quality": card.quality,
        "default": card.default,
        "download_mb": card.download_mb,
        "disk_mb": card.disk_mb,
        "memory_mb": card.memory_mb,
        "installed": resolver.store.is_pulled(card),
        "missing": resolver.registry.missing(card.backend),
    }


def _size(card: ModelCard) -> str:
    size_mb = card.disk_mb or card.download_mb
    return f"{size_mb:.0f} MB" if size_mb >= 1 else f"{size_mb:.1f} MB" if size_mb else ""


def _licence(card: ModelCard) -> str:
    """The licence, marked where it asks more of a user than to name the author."""
    return (
        f"{card.licence} (!)" if any(word in card.licence for word in _COPYLEFT) else card.licence
    )


def _announce(cards: Sequence[ModelCard]) -> None:
    """Say what will be fetched and under which licence, before it is."""
    for card in cards:
        click.echo(f"{card.name}: {card.download_mb:.0f} MB, {card.licence}", err=True)
        if "AGPL" in card.licence:
            click.echo(
                "  AGPL: what you offer with it over a network must come with its source.", err=True
            )
        elif "GPL" in card.licence:
            click.echo("  GPL parts run as a program of their own.", err=True)


@contextmanager
def _progress(cards: Sequence[ModelCard], *, quiet: bool) -> Iterator[OnProgress]:
    """A bar for each model on a terminal, a line when each is done elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        lock = threading.Lock()

        def say(progress: PullProgress) -> None:
            if progress.step == "done" and not quiet:
                with lock:
                    click.echo(f"pulled {progress.card}", err=True)

        yield say
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console) as bars:
        tasks = {
            card.name: bars.add_task(card.name, total=card.download_mb * 1e6 or None)
            for card in cards
        }

        def show(progress: PullProgress) -> None:
            task = tasks[progress.card]
            label = f"{progress.card}: {progress.step}"
            if progress.step == "done":
                total = bars.tasks[task].total or 1
                bars.update(task, description=label, total=total, completed=total)
            elif progress.step == "convert":
                bars.update(task, description=label)
            else:
                bars.update(task, description=label, completed=progress.done_bytes)

        yield show


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def _print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(table)
