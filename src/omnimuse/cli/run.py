"""`omnimuse "PROMPT"`: make what a sentence asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from omnimuse.cli.main import EXIT_BAD_INPUT, EXIT_FAILED, EXIT_OK, EXIT_REFUSED
from omnimuse.cli.options import output_dir, parse_numbers, parse_pairs, request_options

EXIT_BY_STATUS = {
    "succeeded": EXIT_OK,
    "failed": EXIT_FAILED,
    "refused": EXIT_REFUSED,
    "needs_input": EXIT_BAD_INPUT,
}


@click.command()
@click.argument("prompt")
@request_options
@click.option(
    "--point", "points", multiple=True, metavar="X,Y", help="Point at a picture (pixels)."
)
@click.option("--box", "boxes", multiple=True, metavar="X,Y,W,H", help="Box on a picture (pixels).")
@click.option("--session", default="", metavar="NAME", help="Go on with a conversation.")
@click.option("--dry-run", is_flag=True, help="Plan and check only.")
@click.pass_context
def command(ctx: click.Context, /, prompt: str, **options: Any) -> int:
    """Make what PROMPT asks for. This is the default command.

    \b
    omnimuse "a poem about rain, read aloud over a calm piano"
    omnimuse "remove the background" -i photo.jpg -o out --json
    """
    from omnimuse.app import Studio
    from omnimuse.cli.progress import Progress, cancel_on_interrupt

    request = build_request(prompt, **options)
    quiet = options["quiet"] or (options["as_json"] and not options["dry_run"])
    with (
        Studio(ctx.obj) as studio,
        cancel_on_interrupt() as cancel,
        Progress(is_quiet=quiet) as show,
    ):
        response = studio.run(request, show, cancel)
    return show_response(response, request.prompt, as_json=options["as_json"])


def build_request(prompt: str, **options: Any) -> Any:
    """The Request of the command line's options.

    Raises:
        InputError: an option cannot be read.
    """
    from omnimuse.request import Box, Point, Request

    points = [parse_numbers(text, 2, "--point") for text in options.get("points", ())]
    boxes = [parse_numbers(text, 4, "--box") for text in options.get("boxes", ())]
    return Request(
        prompt=prompt,
        files=tuple(Path(file).expanduser() for file in options["files"]),
        points=tuple(Point(x, y) for x, y in points),
        boxes=tuple(Box(x, y, width, height) for x, y, width, height in boxes),
        seed=options["seed"],
        models=parse_pairs(options["models"], "-m"),
        session=options.get("session", ""),
        output_dir=output_dir(options["output"]),
        is_dry_run=bool(options.get("dry_run")),
    )


def show_response(response: Any, title: str, *, as_json: bool) -> int:
    """Print a response and give its exit code."""
    if as_json:
        click.echo(json.dumps(response.to_json(), ensure_ascii=False))
        return EXIT_BY_STATUS[response.status]
    from rich.console import Console

    from omnimuse.cli.tree import plan_tree

    if response.plan.nodes:
        Console(soft_wrap=True).print(plan_tree(response.plan, title))
    if response.status != "succeeded":
        click.echo(f"{response.status}: {response.reply}", err=True)
        for error in response.errors:
            where = f" ({error['node_id']})" if error.get("node_id") else ""
            click.echo(f"error{where}: {error['message']} [{error['code']}]", err=True)
            if error["hint"]:
                click.echo(f"hint: {error['hint']}", err=True)
    if response.results or response.status == "succeeded":
        click.echo(response.reply)
    if response.results:
        folder = response.results[0].path.parent
        click.echo(f"\nAll files: {folder} (run {response.run_id})")
    return EXIT_BY_STATUS[response.status]
