"""The options of `omnimuse train FAMILY`, and its progress on stderr."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from omnimuse.errors import InputError


@click.command()
@click.option("--data", "data_name", metavar="NAME|PATH", help="What to train on.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="The run's folder.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a setting.")
@click.option("--resume", is_flag=True, help="Go on from the folder's checkpoint.")
@click.option("--minutes", type=float, help="Stop after so many minutes.")
@click.option("--device", default="", help="cpu, cuda, ...; the best there is if not given.")
@click.option("--json", "is_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def zoo_command(
    entry: Any, data_name: str | None, out: Path | None, overrides: tuple[str, ...], resume: bool,
    minutes: float | None, device: str, is_json: bool,
) -> int:  # fmt: skip
    """Train a family and write weights, figures, samples and a model card into a folder."""
    _need_torch()
    from omnimuse.cli.progress import cancel_on_interrupt
    from omnimuse.config import load_settings
    from omnimuse.training.settings import read_settings
    from omnimuse.training.sources import load
    from omnimuse.training.trainer import Trainer
    from omnimuse.training.zoo import load_recipe

    recipe = load_recipe(entry)
    texts = list(overrides)
    texts += [f"data.name={json.dumps(data_name)}"] if data_name else []
    texts += [f"train.minutes={minutes}"] if minutes is not None else []
    path = entry.settings_path if entry.settings_path.exists() else None
    settings = read_settings(recipe.config, path, texts)
    places = load_settings()
    train, held_out = load(settings.data, places.models_dir, places.home / "cache" / "datasets")
    folder = out or Path("runs") / f"{entry.name}-{train.name}"
    with cancel_on_interrupt() as cancel:
        result = Trainer(
            recipe, settings, train, held_out, folder, device=device,
            on_progress=_show, is_cancelled=cancel.is_set,
        ).run(resume=resume)  # fmt: skip
    shown = {"folder": str(result.folder), "figures": result.figures, "floor": result.floor,
             "steps": result.steps, "elapsed_s": round(result.elapsed_s, 2)}  # fmt: skip
    click.echo(json.dumps(shown) if is_json else json.dumps(shown, indent=2))
    return 0


def _need_torch() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("torch", "accelerate", "yaml") if find_spec(name) is None]
    if missing:
        raise InputError(
            f"training needs {', '.join(missing)}",
            hint="Install the training parts: pip install 'omnimuse[torch]'.",
        )


def _show(progress: Any) -> None:
    figures = "  ".join(f"{name} {value:.4g}" for name, value in progress.figures.items())
    print(
        f"{progress.kind} {progress.step}/{progress.steps}  {figures}  "
        f"{progress.elapsed_s:.0f} s, {progress.eta_s:.0f} s left",
        file=sys.stderr,
        flush=True,
    )
