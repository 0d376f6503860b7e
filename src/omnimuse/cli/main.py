"""The command line: `omnimuse "PROMPT"` is the default command, the others are nouns and verbs.

stdout is the result, stderr the progress. Exit codes: 0 ok, 1 run failed, 2 bad input (or a
question to answer), 3 refused, 130 cancelled. Commands are imported when they are called, so that
`--help` stays fast.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

import click

from omnimuse import __version__
from omnimuse.errors import (
    InputError,
    OmnimuseError,
    RunCancelled,
    SafetyRefusal,
    UnknownToolError,
)

EXIT_OK, EXIT_FAILED, EXIT_BAD_INPUT, EXIT_REFUSED, EXIT_CANCELLED = 0, 1, 2, 3, 130

COMMANDS: dict[str, str] = {
    "run": 'Make what a sentence asks for; the default: omnimuse "PROMPT".',
    "plan": "Show the plan of a sentence as a tree, without running it.",
    "call": "Call one tool.",
    "tools": "List and show tools.",
    "models": "List, explain, choose, pull and check models.",
    "assets": "List, show, trace and export what was made.",
    "runs": "List, show, replay and resume runs.",
    "verify": "Check the signed record of a file.",
    "train": "Train a model by its recipe.",
    "eval": "Evaluate on a suite.",
    "bench": "Run a benchmark.",
    "serve": "Serve HTTP and the studio.",
    "mcp": "Serve the tools to assistants (MCP over stdin and stdout).",
    "config": "Show the settings and where each came from.",
    "plugins": "List plugins and those that failed.",
    "new-tool": "Begin a plugin with one tool.",
    "doctor": "Say what is installed, what is missing and how to get it.",
    "completion": "Print the shell completion script.",
}


class LazyGroup(click.Group):
    """A group whose commands live in modules of their own; anything else is a prompt."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the command."""
        if name not in COMMANDS:
            return None
        try:
            module = importlib.import_module(f"omnimuse.cli.{name.replace('-', '_')}")
        except ModuleNotFoundError as error:
            if error.name != f"omnimuse.cli.{name.replace('-', '_')}":
                raise
            raise InputError(
                f"this version has no `omnimuse {name}` yet",
                hint="See `omnimuse --help` and the changelog for what there is.",
            ) from None
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"omnimuse.cli.{name}.command is not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, text in COMMANDS.items() if _exists(name)])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Send a prompt, or options of one, to `run`."""
        head, rest = _split_settings(args)
        if rest and rest[0] not in COMMANDS and rest[0] not in ("--help", "-h", "--version"):
            args = [*head, "run", *rest]
        return super().parse_args(ctx, args)


def _exists(name: str) -> bool:
    """Whether the command's module is there, without importing it."""
    return os.path.exists(os.path.join(os.path.dirname(__file__), f"{name.replace('-', '_')}.py"))


def _split_settings(args: list[str]) -> tuple[list[str], list[str]]:
    """`--set KEY=VALUE` pairs in front, and the rest."""
    index = 0
    while index < len(args):
        if args[index] == "--set":
            index += 2
        elif args[index].startswith("--set="):
            index += 1
        else:
            break
    return args[:index], args[index:]


@click.command(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="Override a setting.")
@click.version_option(__version__, prog_name="omnimuse")
@click.pass_context
def command(ctx: click.Context, pairs: tuple[str, ...]) -> None:
    """One sentence in, finished media out: planned, typed, checked, signed, replayable.

    \b
    omnimuse "a red fox under a yellow moon, read a poem about it over a calm tune"
    omnimuse "make the house blue" -i picture.png --point 320,200 -o out
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        return
    from omnimuse.config import load_settings

    flags: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise InputError(f"--set wants KEY=VALUE, got {pair!r}", hint="`omnimuse config show`.")
        flags[key] = value
    ctx.obj = load_settings(flags)


def exit_code(error: BaseException) -> int:
    """The contract's exit code for an error."""
    if isinstance(error, SafetyRefusal):
        return EXIT_REFUSED
    if isinstance(error, RunCancelled | KeyboardInterrupt | click.Abort):
        return EXIT_CANCELLED
    if isinstance(error, InputError | UnknownToolError | click.UsageError):
        return EXIT_BAD_INPUT
    return EXIT_FAILED


def report(error: OmnimuseError, *, as_json: bool) -> None:
    """Say an error on stderr, and as JSON on stdout where JSON was asked for."""
    click.echo(f"error: {error.message} [{error.error_code}]", err=True)
    if error.hint:
        click.echo(f"hint: {error.hint}", err=True)
    if as_json:
        status = "refused" if isinstance(error, SafetyRefusal) else "failed"
        data: dict[str, Any] = {"status": status, "assets": [], "errors": [error.to_json()]}
        if isinstance(error, SafetyRefusal):
            data["refusal"] = {
                "gate": error.gate,
                "category": error.category,
                "reason": error.message,
            }
        click.echo(json.dumps(data, ensure_ascii=False))


def main(args: list[str] | None = None) -> None:
    """Entry point of the `omnimuse` program."""
    given = sys.argv[1:] if args is None else args
    as_json = "--json" in given
    try:
        code = command.main(given, prog_name="omnimuse", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else EXIT_OK)
    except OmnimuseError as error:
        report(error, as_json=as_json)
        sys.exit(exit_code(error))
    except click.UsageError as error:
        usage = InputError(error.format_message(), hint="`omnimuse --help` shows how.")
        report(usage, as_json=as_json)
        sys.exit(EXIT_BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        report(RunCancelled("cancelled"), as_json=as_json)
        sys.exit(EXIT_CANCELLED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    main()
