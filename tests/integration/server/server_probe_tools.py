"""Tools that tests add to a server and to its workers: cheap, slow and deadly ones."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

from omnimuse.api import Arg, Asset, Text, ToolContext, tool


@tool(version="1.0.0", family="text", cost_s=0.1, examples=("shout it",))
def probe_shout(
    ctx: ToolContext, text: Text, *, times: Annotated[int, Arg("how often", ge=1, le=9)] = 1
) -> Text:
    """Say a text loudly."""
    return Asset.from_text(text.read_text().upper() * times)


@tool(version="1.0.0", family="text", cost_s=20.0)
def probe_sleep(
    ctx: ToolContext,
    text: Text,
    *,
    seconds: Annotated[float, Arg("how long", ge=0, le=60, unit="s")] = 1.0,
    is_deaf: Annotated[bool, Arg("does not hear that it should end")] = False,
) -> Text:
    """Take a while."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not is_deaf:
            ctx.checkpoint(1 - (until - time.monotonic()) / max(seconds, 0.01), "sleeping")
        time.sleep(0.02)
    return Asset.from_text(f"slept {text.read_text()}")


@tool(version="1.0.0", family="text", cost_s=0.1)
def probe_die(
    ctx: ToolContext, text: Text, *, marker: Annotated[str, Arg("file that says how often")] = ""
) -> Text:
    """Bring the worker down until it was tried often enough."""
    path = Path(text.read_text())
    tries = len(path.read_text()) if path.exists() else 0
    path.write_text("x" * (tries + 1))
    if marker != "twice" or tries < 2:
        os._exit(9)
    return Asset.from_text(f"came through after {tries}")
