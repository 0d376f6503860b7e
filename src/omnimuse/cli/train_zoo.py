"""The options of `omnimuse train FAMILY`."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from omnimuse.errors import ConfigError, InputError

if TYPE_CHECKING:
    from omnimuse.training.dataset import Dataset
    from omnimuse.training.recipe import Recipe
    from omnimuse.training.settings import RunSettings

EXPORTS = ("onnx", "int8", "int4")


class FamilyCommand(click.Command):
    """Its `--help` ends with the family's settings and the data sets."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Settings as the YAML spells them out, and the names that `--data` takes."""
        from omnimuse.training.sources import NAMED

        path = ctx.obj.settings_path
        if path.exists():
            with formatter.section(f"Settings ({path.name}), changed with --set"):
                formatter.write(
                    "".join(f"  {line}\n" for line in path.read_text("utf-8").splitlines())
                )
        with formatter.section("Data, besides files and folders"):
            formatter.write_dl([(name, entry.summary) for name, entry in NAMED.items()])


@click.command(cls=FamilyCommand)
@click.option("--data", "data_name", metavar="NAME|PATH",
              help="A data set, IDX file, folder of pictures, .tar, .npz or .txt.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(path_type=Path), help="The run's folder.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a setting.")
@click.option("--resume", is_flag=True, help="Go on from the folder's checkpoint.")
@click.option("--minutes", type=float, help="End after so many minutes.")
@click.option("--device", default="", help="cpu, cuda, ...; the best there is if not given.")
@click.option("--search", "trials", type=click.IntRange(1, 10_000), metavar="N",
              help="Try N settings, shortly, and say which is best.")  # fmt: skip
@click.option("--export", "exports", multiple=True, type=click.Choice(EXPORTS),
              help="Also write the trained model so; may be repeated.")  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@click.option("--json", "is_json", is_flag=True, help="Print the result on one line.")
@click.pass_obj
def zoo_command(
    entry: Any, data_name: str | None, out: Path | None, overrides: tuple[str, ...], resume: bool,
    minutes: float | None, device: str, trials: int | None, exports: tuple[str, ...],
    quiet: bool, is_json: bool,
) -> int:  # fmt: skip
    """Train a family: weights, figures, samples and a model card in a folder."""
    _need_packages()
    from omnimuse.cli.progress import cancel_on_interrupt
    from omnimuse.cli.train_progress import TrainProgress
    from omnimuse.training.zoo import load_recipe

    recipe = load_recipe(entry)
    texts = list(overrides)
    texts += [f"data.name={json.dumps(data_name)}"] if data_name else []
    texts += [f"train.minutes={minutes}"] if minutes is not None else []
    settings, data = _prepare(entry, recipe, texts, device)
    folder = out or Path("runs") / f"{entry.name}-{data[0].name}"
    with cancel_on_interrupt() as cancel, TrainProgress(entry.name, is_quiet=quiet) as progress:
        if trials:
            shown = _search(recipe, settings, data, folder, trials, device, cancel.is_set)
        else:
            shown = _train(
                recipe, settings, data, folder, device, resume, progress, cancel.is_set
            )  # fmt: skip
    if exports and not trials:
        shown["exports"] = _export(entry, recipe, folder, exports)
    click.echo(json.dumps(shown, indent=None if is_json else 2))
    return 0


def _need_packages() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("torch", "accelerate", "yaml") if find_spec(name) is None]
    if missing:
        raise InputError(
            f"training needs {', '.join(missing)}",
            hint="Install the training parts: pip install 'omnimuse[torch]'.",
        )


def _prepare(
    entry: Any, recipe: Recipe[Any], texts: list[str], device: str
) -> tuple[RunSettings, tuple[Dataset, Dataset]]:
    import torch

    from omnimuse.config import load_settings
    from omnimuse.training.settings import read_settings
    from omnimuse.training.sources import load

    try:
        torch.empty(0, device=device or "cpu")
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"there is no device {device!r} here: {reason}") from None
    path = entry.settings_path if entry.settings_path.exists() else None
    settings = read_settings(recipe.config, path, texts)
    places = load_settings()
    return settings, load(settings.data, places.models_dir, places.home / "cache" / "datasets")


def _train(
    recipe: Recipe[Any], settings: RunSettings, data: tuple[Dataset, Dataset], folder: Path,
    device: str, resume: bool, on_progress: Callable[[Any], None], is_cancelled: Callable[[], bool],
) -> dict[str, Any]:  # fmt: skip
    from omnimuse.training.trainer import Trainer

    result = Trainer(
        recipe, settings, *data, folder, device=device,
        command=shlex.join(["omnimuse", *sys.argv[1:]]),
        on_progress=on_progress, is_cancelled=is_cancelled,
    ).run(resume=resume)  # fmt: skip
    return {
        "folder": str(result.folder), "figures": result.figures, "floor": result.floor,
        "steps": result.steps, "elapsed_s": round(result.elapsed_s, 2),
    }  # fmt: skip


def _search(
    recipe: Recipe[Any], settings: RunSettings, data: tuple[Dataset, Dataset], folder: Path,
    trials: int, device: str, is_cancelled: Callable[[], bool],
) -> dict[str, Any]:  # fmt: skip
    from omnimuse.training.search import Trial, search

    def tell(trial: Trial) -> None:
        values = ", ".join(f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
                           for name, value in trial.values.items())  # fmt: skip
        figure = "ended early" if trial.figure is None else f"{recipe.monitor} {trial.figure:.4g}"
        click.echo(f"trial {trial.number + 1}/{trials}: {values}: {figure}", err=True)

    result = search(
        recipe, settings, data, folder, trials=trials, device=device, on_trial=tell,
        is_cancelled=is_cancelled,
    )  # fmt: skip
    return {"folder": str(folder), "monitor": result.monitor, "best": result.best,
            "trials": len(result.trials)}  # fmt: skip


def _export(
    entry: Any, recipe: Recipe[Any], folder: Path, exports: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    from omnimuse.training.runs import export_run, load_run

    return {
        form: export_run(load_run(folder, entry.path.parent, recipe=recipe), folder, form)
        for form in exports
    }
