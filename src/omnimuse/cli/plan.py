"""`omnimuse plan "PROMPT"`: show what would be done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from omnimuse.cli.options import request_options


@click.command()
@click.argument("prompt")
@request_options
@click.option("--toolset", metavar="FILE", help="Plan over a foreign tool set instead of ours.")
@click.option("--session", default="", metavar="NAME", help="Go on with a conversation.")
@click.pass_context
def command(ctx: click.Context, /, prompt: str, toolset: str | None, **options: Any) -> int:
    r"""Show the plan of PROMPT as a tree, without running it.

    \b
    omnimuse plan "a rainy street with jazz" --json
    omnimuse plan "find pictures of cats" --toolset tools.json --json
    """
    from omnimuse.app import Studio
    from omnimuse.cli.run import build_request, show_response

    request = build_request(prompt, dry_run=True, **options)
    with Studio(ctx.obj) as studio:
        if toolset is not None:
            from omnimuse.planning.planner import make_planner
            from omnimuse.planning.toolset import load_toolset

            studio.house.specs = load_toolset(Path(toolset))
            roles = studio.house.resolver.role
            studio.house.planner = make_planner(studio.settings, roles, assume=True)
        response = studio.plan(request)
    if options["as_json"] and response.status == "succeeded":
        click.echo(json.dumps(response.plan.to_json(), ensure_ascii=False))
        return 0
    return show_response(response, prompt, as_json=options["as_json"])
