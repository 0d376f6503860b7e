"""`omnimuse assets`: what the library holds, where it came from, and copies of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from omnimuse.errors import InputError

if TYPE_CHECKING:
    from omnimuse.assets.asset import Asset
    from omnimuse.assets.library import Library
    from omnimuse.assets.lineage import Trace
    from omnimuse.config import Settings

_EXCERPT = 1200


@click.group()
def command() -> None:
    """List, show, trace and export what was made."""


@command.command("list")
@click.option("--kind", metavar="KIND", help="Only this kind, or a narrower one.")
@click.option("--run", metavar="RUN", help="Only what this run made.")
@click.option("--text", metavar="WORDS", help="Only with these words in prompt, title or text.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def list_assets(
    settings: Settings,
    kind: str | None,
    run: str | None,
    text: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Assets in the library, newest first."""
    from omnimuse.graph.kinds import KINDS, is_kind

    if kind is not None and not is_kind(kind):
        raise InputError(f"unknown kind {kind!r}", hint=f"Kinds: {', '.join(KINDS)}.")
    with _library(settings) as library:
        found = library.find(kind, run, text, limit)
    if as_json:
        _print_json([_summary(asset) for asset in found])
        return
    for asset in found:
        origin = asset.origin
        made = f"{origin.tool} {origin.run}/{origin.node}" if origin and origin.run else "imported"
        click.echo(f"{_short(asset.id)}  {asset.kind:<10} {_measures(asset):<28} {made}")


@command.command("show")
@click.argument("asset_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def show_asset(settings: Settings, asset_id: str, as_json: bool) -> None:
    """All that is known about one asset; the first digits of its id will do."""
    from omnimuse.assets.records import origin_to_json, plain

    with _library(settings) as library:
        asset = library.get(asset_id)
        origins = [origin_to_json(origin) for origin in library.origins(asset.id)]
        used_by = library.users_of(asset.id)
    record = _summary(asset) | {
        "attribution": plain(asset.attribution),
        "origins": origins,
        "used_by": used_by,
    }
    if as_json:
        _print_json(record)
        return
    for key, value in record.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        click.echo(f"{key}: {text}")
    if asset.media_type.startswith("text/") and asset.size_bytes < 1_000_000:
        click.echo(f"\n{asset.read_text()[:_EXCERPT]}")


@command.command("trace")
@click.argument("asset_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def trace_asset(settings: Settings, asset_id: str, as_json: bool) -> None:
    """How an asset was made, from which others, and they from which: a tree."""
    with _library(settings) as library:
        trace = library.trace(asset_id)
    if as_json:
        _print_json(trace.to_json())
        return
    click.echo("\n".join(_tree(trace)))


@command.command("export")
@click.argument("asset_ids", metavar="ID...", nargs=-1, required=True)
@click.option("-o", "--output", metavar="DIR", default=".", help="Folder; made if missing.")
@click.option("--name", metavar="NAME", help="File name; kind and id if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def export_assets(
    settings: Settings, asset_ids: tuple[str, ...], output: str, name: str | None, as_json: bool
) -> None:
    """Signed copies for use elsewhere; no file is overwritten."""
    from omnimuse.cli.options import output_dir
    from omnimuse.delivery import Delivery

    directory = output_dir(output) or Path()
    with _library(settings) as library:
        delivery = Delivery(settings, library)
        # All are looked up before any is written: one wrong id exports nothing.
        assets = [library.get(asset_id) for asset_id in asset_ids]
        paths = [delivery.export(asset, directory, name) for asset in assets]
    if as_json:
        pairs = zip(assets, paths, strict=True)
        _print_json([{**_summary(asset), "path": str(path.absolute())} for asset, path in pairs])
        return
    for path in paths:
        click.echo(path)


@contextmanager
def _library(settings: Settings) -> Iterator[Library]:
    from omnimuse.assets.library import Library

    with Library(settings.home / "library") as library:
        yield library


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


def _summary(asset: Asset) -> dict[str, Any]:
    """As in a run's `--json`: the facts beside id, kind, media type and path."""
    origin = asset.origin
    return {
        **dict(asset.facts),
        "id": asset.id,
        "kind": asset.kind,
        "media_type": asset.media_type,
        "size_bytes": asset.size_bytes,
        "path": str(asset.path),
        "tool": origin.tool if origin else "",
        "run": origin.run if origin else "",
        "node": origin.node if origin else "",
        "created": origin.created if origin else "",
    }


def _measures(asset: Asset) -> str:
    """The facts that tell one asset from another, in a few words."""
    facts, words = asset.facts, []
    if "width_px" in facts:
        words.append(f"{facts['width_px']}x{facts.get('height_px', '?')} px")
    if "duration_s" in facts:
        words.append(f"{facts['duration_s']:.1f} s")
    if "characters" in facts:
        words.append(f"{facts['characters']} characters")
    if "triangles" in facts:
        words.append(f"{facts['triangles']} triangles")
    return ", ".join(words) or f"{asset.size_bytes} bytes"


def _short(asset_id: str) -> str:
    return asset_id.removeprefix("sha256:")[:12]


def _tree(trace: Trace, name: str = "", prefix: str = "", branch: str = "") -> Iterator[str]:
    """The lines of a tree, drawn with the usual corners."""
    label = f"{name}: " if name else ""
    yield f"{prefix}{branch}{label}{_describe(trace)}"
    below = prefix + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
    for index, (child_name, child) in enumerate(trace.inputs):
        is_last = index == len(trace.inputs) - 1
        yield from _tree(child, child_name, below, "└─ " if is_last else "├─ ")


def _describe(trace: Trace) -> str:
    if trace.asset is None:
        return f"{_short(trace.id)} (no longer in the library)"
    what = f"{trace.asset.kind} {_short(trace.id)}"
    if trace.origin is None:
        return f"{what} (origin unknown)"
    origin = trace.origin
    where = f" in {origin.run}/{origin.node}" if origin.run else ""
    models = f" with {', '.join(m.card for m in origin.models)}" if origin.models else ""
    seed = f" seed {origin.seed}" if origin.seed is not None else ""
    again = " (see above)" if trace.is_repeated else " (and further back)" if trace.is_cut else ""
    return f"{what} by {origin.tool} {origin.version}{models}{seed}{where}{again}"
