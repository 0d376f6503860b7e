"""`omnimuse train`: train a model family by its recipe, or run a recipe script."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from omnimuse.errors import InputError


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("name", required=False, metavar="RECIPE")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("--list", "is_list", is_flag=True, help="List the families and the scripts.")
def command(name: str | None, arguments: tuple[str, ...], is_list: bool) -> int:
    """Train RECIPE: a family of recipes/zoo/, a script of recipes/, or a recipe file.

    `omnimuse train RECIPE --help` shows a recipe's options and settings.
    """
    from omnimuse.cli.scripts import run_script, scripts
    from omnimuse.training.zoo import describe, list_recipes, own_recipes

    zoo = list_recipes(own_recipes())
    if is_list or name is None:
        _print_list(zoo, scripts("recipes"))
        return 0
    if name.endswith(".py"):
        entry = describe(Path(name))
        if entry is None:
            raise InputError(f"{name} holds no recipe", hint="It ends with RECIPE = MyRecipe().")
    elif name in zoo:
        entry = zoo[name]
    else:
        return run_script("recipes", name, arguments)
    from omnimuse.cli.train_zoo import zoo_command

    return int(
        zoo_command.main(
            list(arguments), prog_name=f"omnimuse train {name}", standalone_mode=False, obj=entry
        )
        or 0
    )


def _print_list(zoo: dict[str, Any], known: dict[str, str]) -> None:
    width = max((len(name) for name in [*zoo, *known]), default=0) + 2
    family = ""
    for entry in zoo.values():
        if entry.family != family:
            family = entry.family
            click.echo(f"{family}:")
        click.echo(f"  {entry.name:<{width}}{entry.summary} [{entry.paper}]")
    click.echo("scripts:")
    for script, summary in known.items():
        click.echo(f"  {script:<{width}}{summary}")
    sys.stdout.flush()
