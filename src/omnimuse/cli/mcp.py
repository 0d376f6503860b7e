"""`omnimuse mcp`: the tools and the agent for assistants that speak MCP, over stdin and stdout."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from omnimuse.cli.serve import require_extra


@click.command()
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.pass_obj
def command(settings: Any, workers: int) -> None:
    """Serve MCP over stdin and stdout, for assistants on this machine.

    In an assistant's settings: {"command": "omnimuse", "args": ["mcp"]}.
    """
    require_extra()
    import asyncio

    from omnimuse.server.desk import Desk
    from omnimuse.server.mcp_face import serve_stdio
    from omnimuse.server.options import ServerOptions
    from omnimuse.server.telemetry import Telemetry

    # Jobs end with the assistant's session, so they need no lasting book; assets stay.
    with tempfile.TemporaryDirectory(prefix="omnimuse-mcp-") as folder:
        options = ServerOptions(workers=workers, is_warm=False)
        desk = Desk(settings, options, telemetry=Telemetry(is_quiet=True), folder=Path(folder))
        desk.pool.start()
        try:
            asyncio.run(serve_stdio(desk))
        finally:
            desk.close()
