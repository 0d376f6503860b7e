"""`omnimuse train`: run a recipe of the source tree."""

from __future__ import annotations

import click


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("name", required=False, metavar="RECIPE")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("--list", "is_list", is_flag=True, help="List them all.")
def command(name: str | None, arguments: tuple[str, ...], is_list: bool) -> int:
    """Run RECIPE from recipes/ with its own ARGUMENTS (`--help` shows them)."""
    from omnimuse.cli.scripts import run_script, scripts

    if is_list or name is None:
        for script, summary in scripts("recipes").items():
            click.echo(f"{script:<24}{summary}")
        return 0
    return run_script("recipes", name, arguments)
