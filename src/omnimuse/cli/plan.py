"""`omnimuse plan "PROMPT"`: show what would be done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from omnimuse.cli.options import request_options

if TYPE_CHECKING:
    from omnimuse.app import Studio
    from omnimuse.request import Request, Response


@click.command()
@click.argument("prompt")
@request_options
@click.option("--toolset", metavar="FILE", help="Plan over a foreign tool set instead of ours.")
@click.option("--svg", metavar="FILE", help="Draw the plan as an SVG picture too.")
@click.option("--session", default="", metavar="NAME", help="Go on with a conversation.")
@click.pass_context
def command(
    ctx: click.Context, /, prompt: str, toolset: str | None, svg: str | None, **options: Any
) -> int:
    """Show the plan of PROMPT as a tree, without running it.

    \b
    omnimuse plan "a rainy street with jazz" --json
    omnimuse plan "find pictures of cats" --toolset tools.json --json
    omnimuse plan "a film of a fox with rain sounds" --svg plan.svg
    """
    from omnimuse.app import Studio
    from omnimuse.cli.run import build_request, show_response

    request = build_request(prompt, dry_run=True, **options)
    with Studio(ctx.obj) as studio:
        if toolset is None:
            response = studio.plan(request)
        else:
            response = _plan_foreign(studio, request, Path(toolset))
    if svg is not None and response.status == "succeeded":
        _draw(response, prompt, Path(svg))
    if options["as_json"] and response.status == "succeeded":
        click.echo(json.dumps(response.plan.to_json(), ensure_ascii=False))
        return 0
    return show_response(response, prompt, as_json=options["as_json"])


def _draw(response: Response, prompt: str, file: Path) -> None:
    """Write the picture of a plan.

    Raises:
        InputError: the file cannot be written.
    """
    from omnimuse.errors import InputError
    from omnimuse.planning.drawing import plan_svg

    try:
        file.write_text(plan_svg(response.plan, prompt), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror}") from None


def _plan_foreign(studio: Studio, request: Request, toolset: Path) -> Response:
    """Plan over tools that cannot be run here: inputs that are only talked of may stay open."""
    from omnimuse.errors import NeedsInputError, PlanError, SafetyRefusal
    from omnimuse.graph.plan import Plan
    from omnimuse.planning.foreign.toolset import load_toolset
    from omnimuse.planning.planner import make_planner

    house = studio.house
    specs = load_toolset(toolset)
    attachments = house.receive(request)
    planner = make_planner(studio.settings, house.resolver.role, assume=True)
    run_id = house.new_run_id()
    try:
        house.gates.check_input(request, attachments)
        plan = planner.plan(request, attachments, specs)
        house.gates.check_plan(plan, specs, request)
    except (NeedsInputError, PlanError, SafetyRefusal) as error:
        return house.answer(run_id, Plan(()), errors=[error])
    return house.answer(run_id, plan)
