"""Schemathesis over the whole interface: whatever is sent, nothing answers 500.

FUZZ_CASES in the environment says how many cases; 5,000 by default (half a minute).
"""

from __future__ import annotations

import os
from concurrent.futures import Future
from pathlib import Path

import pytest

CASES = int(os.environ.get("FUZZ_CASES", "5000"))


@pytest.fixture
def guard(tmp_path: Path):
    """A server whose workers answer at once that they cannot."""
    from omnimuse.config import load_settings
    from omnimuse.server.app import create_app
    from omnimuse.server.faults import BusyError
    from omnimuse.server.jobs import cancelled_response
    from omnimuse.server.options import ServerOptions
    from omnimuse.server.telemetry import Telemetry

    settings = load_settings({"home": tmp_path / "home"}, environ={}, directory=tmp_path)
    guard = create_app(
        settings, ServerOptions(workers=1, is_warm=False), telemetry=Telemetry(is_quiet=True)
    )
    desk = guard.app.state.desk

    def ask(name, arguments, *, say=None):
        future = Future()
        future.set_exception(BusyError("no workers in this test"))
        return future

    def wake():
        while (job := desk.jobs.take(("quick", "long"))) is not None:
            desk.jobs.end(job.id, "failed", cancelled_response())

    desk.pool.ask, desk.pool.wake = ask, wake

    async def without_lifespan(scope, receive, send):
        if scope["type"] == "lifespan":
            for word in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{word}.complete"})
        else:
            await guard(scope, receive, send)

    yield without_lifespan
    desk.close()


def test_nothing_that_is_sent_makes_a_fault_of_ours(guard) -> None:
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings

    schema = schemathesis.openapi.from_asgi("/openapi.json", guard, headers={"Host": "127.0.0.1"})
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 55
    each = max(1, CASES // len(operations))
    total, faults = 0, dict[str, str]()

    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=each,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def probe(case) -> None:
            nonlocal total
            total += 1
            answer = case.call(headers={"Host": "127.0.0.1"})
            if answer.status_code == 500:
                faults.setdefault(operation.label, f"{case.as_curl_command()}\n{answer.text[:300]}")  # noqa: B023

        probe()
    assert not faults, "\n".join(f"{name}: {text}" for name, text in faults.items())
    assert total >= CASES * 0.5
