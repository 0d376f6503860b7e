"""Shared by all tests: no network, a temporary home, seeded randomness."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MODELS_DIR = Path(
    os.environ.get("OMNIMUSE_MODELS_DIR")
    or Path(__file__).resolve().parents[1] / ".omnimuse" / "models"
)
for _name in [name for name in os.environ if name.startswith("OMNIMUSE_")]:
    del os.environ[_name]
os.environ["OMNIMUSE_MODELS_DIR"] = str(MODELS_DIR)  # what workers of this process inherit


@pytest.fixture(autouse=True)
def _quiet_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own for each test, the shared models folder, no sockets but loopback."""
    import numpy as np

    random.seed(0)
    np.random.seed(0)
    monkeypatch.setenv("OMNIMUSE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMNIMUSE_MODELS_DIR", str(MODELS_DIR))
    real_connect = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> Any:
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"
        if host not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"tests may not reach {host}")
        return real_connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Where the pulled models lie."""
    return MODELS_DIR


@pytest.fixture
def make_context(tmp_path: Path) -> Callable[..., Any]:
    """Builds a ToolContext for calling a tool function directly; roles are given as keywords.

    `make_context(seed=3, **{"text-to-speech": engine})`
    """
    from omnimuse.errors import BackendUnavailableError
    from omnimuse.tools.context import ToolContext

    def make(seed: int = 0, **roles: Any) -> ToolContext:
        def role(name: str) -> Any:
            if name not in roles:
                raise BackendUnavailableError(f"the test gave no {name}")
            return roles[name]

        workdir = tmp_path / "work"
        workdir.mkdir(exist_ok=True)
        return ToolContext(seed=seed, workdir=workdir, role=role)

    return make


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Names of cases that are the same in every process: no addresses, no packed bytes."""
    if isinstance(val, bytes):
        return argname
    return type(val).__name__ if " at 0x" in repr(val) and not callable(val) else None
