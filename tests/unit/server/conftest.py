"""A server without workers: jobs wait, everything else answers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from omnimuse.config import load_settings
from omnimuse.server.app import create_app
from omnimuse.server.guard import Guard
from omnimuse.server.options import Quota, ServerOptions
from omnimuse.server.telemetry import Telemetry

LOOPBACK = "http://127.0.0.1:8500"


@pytest.fixture
def make_guard(tmp_path: Path) -> Iterator[Callable[..., Guard]]:
    """Builds the application; `make_guard(needs_keys=True, max_upload_mb=1)`."""
    made: list[Guard] = []

    def make(*, needs_keys: bool = False, log: Any = None, **options: Any) -> Guard:
        settings = load_settings({"home": tmp_path / f"home{len(made)}"}, environ={})
        guard = create_app(
            settings,
            ServerOptions(**{"workers": 1, "is_warm": False, **options}),
            needs_keys=needs_keys,
            telemetry=Telemetry(log, is_quiet=log is None),
        )
        made.append(guard)
        return guard

    yield make
    for guard in made:
        guard.app.state.desk.close()


@pytest.fixture
def guard(make_guard: Callable[..., Guard]) -> Guard:
    """A server in local mode."""
    return make_guard()


@pytest.fixture
def client(guard: Guard) -> TestClient:
    """A program on this machine (no browser)."""
    return client_of(guard)


def client_of(guard: Guard, key: str = "", **headers: str) -> TestClient:
    """A client; with a key if one is given."""
    if key:
        headers["Authorization"] = f"Bearer {key}"
    return TestClient(guard, base_url=LOOPBACK, headers=headers, raise_server_exceptions=False)


@pytest.fixture
def connect() -> Callable[..., TestClient]:
    """`connect(guard, key)`: a client."""
    return client_of


@pytest.fixture
def png() -> bytes:
    """A small picture."""
    return picture(64, 48)


def picture(width: int, height: int, colour: str = "red") -> bytes:
    """A PNG of one colour."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def quota() -> type[Quota]:
    """The class, for tests that make keys."""
    return Quota
