"""A server that is killed in the middle of its work: every accepted job ends, once."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from PIL import Image

pytestmark = pytest.mark.weights


class Server:
    """`omnimuse serve` as a user starts it."""

    def __init__(self, home: Path, models: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = {
            **os.environ,
            "OMNIMUSE_HOME": str(home),
            "OMNIMUSE_MODELS_DIR": str(models),
        }
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "omnimuse.cli.main", "serve", "--port", str(self.port), "-q"],
            env=self.environment,
        )
        for _ in range(300):
            try:
                self.client.get("/health")
                return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError("the server did not come up")

    def family(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(timeout=30)


@pytest.fixture
def server(tmp_path: Path, models_dir: Path) -> Iterator[Server]:
    running = Server(tmp_path / "home", models_dir)
    running.start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.end(signal.SIGTERM)


def test_every_accepted_job_ends_once_after_kill_9(server: Server) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(buffer, "PNG")
    uploaded = server.client.post("/api/assets", files={"file": ("a.png", buffer.getvalue())})
    picture = uploaded.json()["items"][0]["id"]
    jobs = []
    for number in range(14):
        body = {
            "tool": "resize_image",
            "arguments": {"width": 20 + number},
            "inputs": {"image": picture},
        }
        if number % 5 == 4:
            body = {"prompt": "a red fox under a yellow moon", "seed": number}
        jobs.append(server.client.post("/api/jobs", json=body).json()["id"])

    def states() -> list[str]:
        return [server.client.get(f"/api/jobs/{job}").json()["status"] for job in jobs]

    for _ in range(600):
        if "running" in states() and "succeeded" in states():
            break
        time.sleep(0.1)
    before = states()
    assert "queued" in before or "running" in before
    workers = server.family()
    server.end(signal.SIGKILL)
    _, alive = psutil.wait_procs(workers, timeout=15)
    assert not alive
    server.start()
    for _ in range(1200):
        if not set(states()) & {"queued", "running"}:
            break
        time.sleep(0.1)
    assert states() == ["succeeded"] * len(jobs)
    for job in jobs:
        events = server.client.get(f"/api/jobs/{job}/events").text
        assert events.count("event: done\n") == 1
        made = server.client.get("/api/assets", params={"run": job}).json()["items"]
        assert made


def test_no_other_address_without_a_key(omnimuse) -> None:
    refused = omnimuse("serve", "--host", "0.0.0.0", "--port", "0")
    assert refused.code == 2
    assert "--create-key" in refused.err
    made = omnimuse("serve", "--create-key", "ann", "--scope", "read")
    assert made.out.startswith("omk_")
    assert "ann" in omnimuse("serve", "--list-keys").out
    assert omnimuse("serve", "--create-key", "not an owner").code == 2
