"""The flow as an async stream: events as they happen, the response last."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

from omnimuse.app import Studio
from omnimuse.request import Event, Request, Response


async def stream(studio: Studio, request: Request) -> AsyncIterator[Event | Response]:
    """Run a request; yields its events, then its response.

    Leaving the loop early cancels the run; finished nodes are kept.

    Raises:
        InputError: as `Studio.run`.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Event | None] = asyncio.Queue()
    cancel = threading.Event()

    def listen(event: Event) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, event)

    task = asyncio.create_task(asyncio.to_thread(studio.run, request, listen, cancel))
    task.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (event := await queue.get()) is not None:
            yield event
        yield await task
    finally:
        cancel.set()
