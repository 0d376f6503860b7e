"""The flow as an async stream: events as they happen, the response last."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Self

from omnimuse.app import Studio
from omnimuse.assets.asset import Asset
from omnimuse.config import Settings
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


class AsyncStudio:
    """`Studio` for coroutines; the work is done in threads, a cancelled task cancels its run.

        async with AsyncStudio() as studio:
            response = await studio.run(Request("a red fox"))
            async for item in studio.stream(Request("a blue whale")): ...

    Args:
        settings: where and how; gathered from environment and file if None.
        studio: a ready studio to wrap; it is closed with this one.
    """

    def __init__(self, settings: Settings | None = None, *, studio: Studio | None = None) -> None:
        self.studio = studio or Studio(settings)

    async def run(
        self, request: Request, on_event: Callable[[Event], None] = lambda event: None
    ) -> Response:
        """Do what the request asks; raises as `Studio.run`."""
        return await self._in_thread(self.studio.run, request, on_event=on_event)

    async def plan(self, request: Request) -> Response:
        """Plan and check only."""
        return await asyncio.to_thread(self.studio.plan, request)

    async def call(
        self,
        tool: str,
        arguments: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Asset | Sequence[Asset]] | None = None,
        **more: Any,
    ) -> Response:
        """Run one tool; raises as `Studio.call`."""
        return await self._in_thread(self.studio.call, tool, arguments, inputs, **more)

    async def resume(self, run_id: str) -> Response:
        """Go on with a run that was stopped or killed."""
        return await self._in_thread(self.studio.resume, run_id)

    def stream(self, request: Request) -> AsyncIterator[Event | Response]:
        """The run's events, then its response."""
        return stream(self.studio, request)

    async def close(self) -> None:
        """Unload models, end engines, close the library."""
        await asyncio.to_thread(self.studio.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def _in_thread(self, work: Callable[..., Response], *given: Any, **more: Any) -> Response:
        cancel = threading.Event()
        try:
            return await asyncio.to_thread(work, *given, cancel=cancel, **more)
        except asyncio.CancelledError:
            cancel.set()
            raise
