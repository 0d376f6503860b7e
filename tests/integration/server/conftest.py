"""Real servers on loopback, one for the tests of this folder, with probe tools."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).parent
PROBES = ("probe_shout", "probe_sleep", "probe_die")
EXTRA = tuple(f"server_probe_tools:{name}" for name in PROBES)


class Running:
    """A server in a thread of this process, its workers in processes of their own."""

    def __init__(self, home: Path, models: Path, **options: Any) -> None:
        import uvicorn

        from omnimuse.config import load_settings
        from omnimuse.server.app import create_app
        from omnimuse.server.options import ServerOptions
        from omnimuse.server.telemetry import Telemetry

        settings = load_settings({"home": home, "models_dir": models}, environ={}, directory=home)
        self.guard = create_app(
            settings,
            ServerOptions(**{"workers": 2, "is_warm": False, "cancel_grace_s": 1.0, **options}),
            telemetry=Telemetry(is_quiet=True),
            extra_tools=EXTRA,
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = uvicorn.Config(self.guard, port=self.port, log_level="error")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        self.client = httpx.Client(base_url=self.url, timeout=120)
        for _ in range(200):
            try:
                self.client.get("/health")
                return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise RuntimeError("the server did not come up")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def desk(self) -> Any:
        return self.guard.app.state.desk

    def post(self, **body: Any) -> dict[str, Any]:
        """Submit a job."""
        answer = self.client.post("/api/jobs", json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def wait(self, job_id: str, patience_s: float = 60) -> dict[str, Any]:
        """The job once it has ended."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            job = self.client.get(f"/api/jobs/{job_id}").json()
            if job["status"] not in ("queued", "running"):
                return job
            time.sleep(0.05)
        raise AssertionError(f"{job_id} did not end")

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[Running]:
    """A server with two workers and the probe tools."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = f"{HERE}{os.pathsep}{before or ''}"
    sys.path.insert(0, str(HERE))
    running = Running(tmp_path_factory.mktemp("server"), models_dir)
    yield running
    running.stop()
    sys.path.remove(str(HERE))
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before
