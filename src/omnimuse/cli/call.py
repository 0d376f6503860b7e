"""`omnimuse call TOOL`: one tool, once or over many lines of arguments."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import click

from omnimuse.cli.options import output_dir, parse_pairs, request_options
from omnimuse.errors import InputError, OmnimuseError

STRUCTURED_KINDS = frozenset({"layout", "graph", "transcript", "level"})


@click.command()
@click.argument("tool")
@click.option("-a", "--argument", "pairs", multiple=True, metavar="KEY=VALUE", help="An argument.")
@request_options
@click.option("--jsonl", metavar="FILE|-", help="One JSON object of arguments per line.")
@click.pass_context
def command(ctx: click.Context, /, tool: str, pairs: tuple[str, ...], **options: Any) -> int:
    """Call TOOL alone; `omnimuse tools show TOOL` lists its arguments.

    \b
    omnimuse call compose_music -a prompt="a calm waltz" -a duration_s=20 -o out
    omnimuse call upscale_image -i small.png -a factor=4 --json
    omnimuse call plan_layout --jsonl prompts.jsonl > layouts.jsonl
    """
    from omnimuse.app import Studio

    with Studio(ctx.obj) as studio:
        if options["jsonl"] is not None:
            return _call_lines(studio, tool, pairs, options)
        return _call_once(studio, tool, pairs, options)


def _call_once(studio: Any, tool: str, pairs: tuple[str, ...], options: dict[str, Any]) -> int:
    from omnimuse.cli.progress import Progress, cancel_on_interrupt
    from omnimuse.cli.run import EXIT_BY_STATUS, show_response
    from omnimuse.graph.kinds import JSON_KINDS

    spec = studio.house.registry.spec(tool)
    arguments, inputs = split_arguments(studio, spec, parse_pairs(pairs, "-a"), is_text=True)
    structured = next((p.kind for p in spec.inputs if p.kind in JSON_KINDS), "")
    attached = [
        studio.house.import_file(Path(file), structured if file.endswith(".json") else "")
        for file in options["files"]
    ]
    inputs |= studio.house.assign(tool, attached, [*arguments, *inputs])
    quiet = options["quiet"] or options["as_json"]
    with cancel_on_interrupt() as cancel, Progress(is_quiet=quiet) as show:
        response = studio.call(
            tool,
            arguments,
            inputs,
            on_event=show,
            cancel=cancel,
            seed=options["seed"],
            models=parse_pairs(options["models"], "-m"),
            output_dir=output_dir(options["output"]),
        )
    if options["as_json"] and response.status == "succeeded":
        click.echo(json.dumps(called_value(response), ensure_ascii=False))
        return EXIT_BY_STATUS[response.status]
    return show_response(response, tool, as_json=options["as_json"])


def _call_lines(studio: Any, tool: str, pairs: tuple[str, ...], options: dict[str, Any]) -> int:
    from omnimuse.batch import call_many

    spec = studio.house.registry.spec(tool)
    shared = parse_pairs(pairs, "-a")
    with _open_lines(options["jsonl"]) as file:
        lines = (_parse_line(studio, spec, line, shared) for line in file if line.strip())
        request = {
            "seed": options["seed"],
            "models": parse_pairs(options["models"], "-m"),
            "output_dir": output_dir(options["output"]),
        }
        failed = 0
        for outcome in call_many(studio, tool, lines, **request):
            if isinstance(outcome, OmnimuseError):
                failed += 1
                error = outcome.to_json()
                line = {"error": {key: error[key] for key in ("code", "message", "hint")}}
            elif isinstance(outcome, dict):
                line = {"result": outcome["value"]}
            else:
                line = {"result": called_value(outcome)}
            click.echo(json.dumps(line, ensure_ascii=False))
    return 1 if failed else 0


def _open_lines(name: str) -> IO[str]:
    if name == "-":
        return sys.stdin
    try:
        return Path(name).expanduser().open(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot read {name}: {error.strerror}") from None


def _parse_line(studio: Any, spec: Any, line: str, shared: Mapping[str, str]) -> Any:
    """Arguments and inputs of a line, or the error that it deserves."""
    try:
        try:
            data = json.loads(line)
        except ValueError as error:
            raise InputError(f"not JSON: {error}", hint="One JSON object per line.") from None
        if not isinstance(data, dict):
            raise InputError(f"wanted a JSON object, got {type(data).__name__}")
        arguments, inputs = split_arguments(studio, spec, shared, is_text=True)
        more_arguments, more_inputs = split_arguments(studio, spec, data, is_text=False)
        return {**arguments, **more_arguments}, {**inputs, **more_inputs}
    except OmnimuseError as error:
        return error


def split_arguments(
    studio: Any, spec: Any, given: Mapping[str, Any], *, is_text: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plain arguments (typed by the schema if `is_text`) and assets (files or ids) by input name.

    Raises:
        ArgumentError: unknown, or refused by the schema.
        InputError: a file that cannot be read.
    """
    from omnimuse.graph.arguments import parse_arguments
    from omnimuse.graph.kinds import is_textual

    inputs: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    for name, value in given.items():
        port = spec.input(name)
        if port is None or (is_textual(port.kind) and not _is_reference(value)):
            plain[name] = value
        elif port.is_list:
            values = value if isinstance(value, list) else str(value).split(",")
            inputs[name] = [_asset(studio, item, port.kind) for item in values]
        else:
            inputs[name] = _asset(studio, value, port.kind)
    texts = {name: value for name, value in plain.items() if spec.input(name) is not None}
    rest = {name: value for name, value in plain.items() if name not in texts}
    return {**texts, **(parse_arguments(spec, rest) if is_text else rest)}, inputs


def _is_reference(value: Any) -> bool:
    """Textual inputs take strings as they are, unless they name an asset or `@FILE`."""
    return isinstance(value, str) and value.startswith(("sha256:", "@"))


def _asset(studio: Any, value: Any, kind: str) -> Any:
    if not isinstance(value, str):
        raise InputError(f"wanted a file or an asset id, got {value!r}")
    if value.startswith("sha256:"):
        return studio.house.library.get(value)
    return studio.house.import_file(Path(value.removeprefix("@")).expanduser(), kind)


def called_value(response: Any) -> Any:
    """What a call gave: the one output, or each by its port; structured kinds as they are."""
    values = list(_values(response))
    if len(values) == 1:
        return values[0][1]
    grouped: dict[str, Any] = {}
    for port, value in values:
        if port in grouped:
            held = grouped[port]
            grouped[port] = [*held, value] if isinstance(held, list) else [held, value]
        else:
            grouped[port] = value
    return grouped


def _values(response: Any) -> Iterator[tuple[str, Any]]:
    for result in response.results:
        port = result.asset.origin.port if result.asset.origin else result.asset.kind
        is_structured = result.asset.kind in STRUCTURED_KINDS
        yield port, result.asset.read_json() if is_structured else result.to_json()
