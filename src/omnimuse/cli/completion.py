"""`omnimuse completion SHELL`: the script that makes the shell complete commands."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script; e.g. `eval "$(omnimuse completion bash)"`."""
    from click.shell_completion import get_completion_class

    from omnimuse.cli.main import command as root

    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(completion(root, {}, "omnimuse", "_OMNIMUSE_COMPLETE").source())
