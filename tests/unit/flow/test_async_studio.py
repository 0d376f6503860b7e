"""AsyncStudio and the progress bar: the same flow for coroutines and for people."""

from __future__ import annotations

import asyncio
import io
import threading

import pytest
from rich.console import Console

from omnimuse import AsyncStudio, ProgressBar
from omnimuse.errors import RunCancelled
from omnimuse.request import Event, Request, Response


class Slow:
    """A studio whose run waits for its end."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.is_closed = False

    def run(self, request, on_event=None, cancel=None) -> Response:
        on_event(Event("planned", "r", data={"plan": {"nodes": [{"id": "a"}, {"id": "b"}]}}))
        if request.prompt == "wait":
            assert cancel.wait(10)
            self.cancelled.set()
            raise RunCancelled("cancelled")
        return Response("r", "succeeded", reply=request.prompt)

    def call(self, tool, arguments=None, inputs=None, *, cancel=None, **more) -> Response:
        return Response("r", "succeeded", reply=f"{tool} {arguments} {more}")

    def close(self) -> None:
        self.is_closed = True


def test_coroutines_get_what_threads_get() -> None:
    slow, events = Slow(), list[Event]()

    async def main() -> tuple[Response, Response, list[object]]:
        async with AsyncStudio(studio=slow) as studio:
            ran = await studio.run(Request("x"), events.append)
            called = await studio.call("crop", {"a": 1}, seed=3)
            seen = [item async for item in studio.stream(Request("y"))]
        return ran, called, seen

    ran, called, seen = asyncio.run(main())
    assert (ran.reply, called.reply) == ("x", "crop {'a': 1} {'seed': 3}")
    assert [event.type for event in events] == ["planned"]
    assert isinstance(seen[-1], Response)
    assert slow.is_closed


def test_a_cancelled_task_cancels_its_run() -> None:
    slow = Slow()

    async def main() -> None:
        task = asyncio.create_task(AsyncStudio(studio=slow).run(Request("wait")))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert slow.cancelled.wait(5)


def test_the_bar_never_goes_back_and_ends_full() -> None:
    bar = ProgressBar(Console(file=io.StringIO()))
    with bar:
        bar(Event("planned", "r", data={"plan": {"nodes": [{"id": "a"}, {"id": "b"}]}}))
        assert bar.fraction == 0.0
        steps = [
            ("node_started", "a", 0.0),
            ("node_progress", "a", 0.5),
            ("node_retried", "a", 0.0),
        ]
        for type_, node, fraction in steps:
            bar(Event(type_, "r", node, fraction))
        assert bar.fraction == 0.25
        bar(Event("node_finished", "r", "a", 1.0))
        bar(Event("node_cached", "r", "b"))
        assert bar.fraction == 1.0
