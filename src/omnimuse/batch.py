"""One tool over many inputs: models are loaded once, results come in the order of the inputs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from omnimuse.app import Studio
from omnimuse.assets.asset import Asset
from omnimuse.errors import OmnimuseError, RunError, SafetyRefusal
from omnimuse.graph.arguments import resolve_arguments
from omnimuse.graph.kinds import is_textual
from omnimuse.request import Request, Response
from omnimuse.tools.context import ToolContext

BATCH_SIZE = 64

Line = tuple[dict[str, Any], dict[str, Any]] | OmnimuseError
BatchFunction = Callable[[ToolContext, list[dict[str, Any]]], list[Any]]


def call_many(
    studio: Studio, tool: str, lines: Iterable[Line], **request: Any
) -> Iterator[Response | dict[str, Any] | OmnimuseError]:
    """Call `tool` for each line.

    A tool may bring a `batch` function (context, list of arguments -> list of plain values) for
    work that is much cheaper together; its arguments and values pass the same gates and come as
    `{"value": ...}`, kept nowhere. Other tools go through `Studio.call`, one by one.

    Args:
        studio: the flow.
        tool: tool name.
        lines: arguments and inputs, or the error that the line deserves already.
        **request: fields of `Request` for every line.

    Yields:
        A response, a batch value, or the error of that line.
    """
    batch: BatchFunction | None = getattr(studio.house.registry.function(tool), "batch", None)
    iterator = iter(lines)
    while chunk := list(islice(iterator, BATCH_SIZE)):
        if batch is not None and not any(isinstance(line, tuple) and line[1] for line in chunk):
            yield from _call_batch(studio, tool, batch, chunk, request)
        else:
            for line in chunk:
                yield _call_one(studio, tool, line, request)


def _call_one(
    studio: Studio, tool: str, line: Line, request: dict[str, Any]
) -> Response | OmnimuseError:
    if isinstance(line, OmnimuseError):
        return line
    arguments, inputs = line
    try:
        response = studio.call(tool, arguments, inputs, **request)
    except OmnimuseError as error:
        return error
    if response.status == "succeeded":
        return response
    return response.exception or RunError(response.reply or response.status)


def _call_batch(
    studio: Studio, tool: str, batch: BatchFunction, chunk: list[Line], request: dict[str, Any]
) -> Iterator[dict[str, Any] | OmnimuseError]:
    """Check and gate every line as a plan of one node, then compute the good ones together."""
    outcomes = _admit(studio, tool, chunk)
    good = [i for i, outcome in enumerate(outcomes) if not isinstance(outcome, OmnimuseError)]
    arguments = [outcomes[i] for i in good]
    for index, value in zip(good, _compute(studio, batch, arguments, request), strict=True):
        outcomes[index] = value
    kind = studio.house.registry.spec(tool).outputs[0].kind
    for outcome in outcomes:
        if isinstance(outcome, OmnimuseError):
            yield outcome
            continue
        try:
            studio.house.gates.check_output(Asset.from_json(outcome, kind), None)
            yield {"value": outcome}
        except SafetyRefusal as refusal:
            yield refusal


def _admit(studio: Studio, tool: str, chunk: list[Line]) -> list[Any]:
    """Resolved arguments, or the error, of each line; the gate judges the lines together."""
    house, spec = studio.house, studio.house.registry.spec(tool)
    outcomes: list[Any] = []
    requests: dict[int, Request] = {}
    for index, line in enumerate(chunk):
        if isinstance(line, OmnimuseError):
            outcomes.append(line)
            continue
        try:
            plan, _ = house.single_node_plan(tool, line[0], {})
            outcomes.append(resolve_arguments(spec, line[0]))
        except OmnimuseError as error:
            outcomes.append(error)
            continue
        texts = [str(v) for k, v in line[0].items() if (p := spec.input(k)) and is_textual(p.kind)]
        requests[index] = Request(prompt="\n".join(texts), plan=plan)
    refusals = house.gates.check_inputs(list(requests.values()))
    for index, refusal in zip(requests, refusals, strict=True):
        outcomes[index] = refusal or outcomes[index]
    return outcomes


def _compute(
    studio: Studio, batch: BatchFunction, arguments: list[dict[str, Any]], request: dict[str, Any]
) -> list[Any]:
    if not arguments:
        return []
    with tempfile.TemporaryDirectory(prefix="omnimuse-") as folder:
        ctx = ToolContext(request.get("seed") or 0, Path(folder), studio.house.resolver.role)
        try:
            return batch(ctx, arguments)
        except OmnimuseError as error:
            return [error] * len(arguments)
