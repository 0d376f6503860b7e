"""A real server and a real browser for the studio's tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
_START_S = 60.0


@dataclass
class StudioServer:
    """A running server.

    Attributes:
        url: its root, with a slash.
        http: a client that holds its cookie and token.
    """

    url: str
    http: httpx.Client
    models_dir: Path

    def run_tool(self, tool: str, arguments: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Call a tool and wait for its job."""
        job = self.http.post("/api/jobs", json={"tool": tool, "arguments": arguments, **more})
        job.raise_for_status()
        deadline = time.monotonic() + 150
        while time.monotonic() < deadline:
            found = self.http.get(f"/api/jobs/{job.json()['id']}").json()
            if found["status"] not in ("queued", "running"):
                return dict(found)
            time.sleep(0.1)
        raise AssertionError(f"{tool} did not end")


@dataclass
class Tab:
    """A page of the browser, and what it complained of.

    Attributes:
        page: the page.
        problems: console errors, uncaught exceptions, violations of the content policy.
        hosts: every host that anything was asked of.
    """

    page: Page
    problems: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


@pytest.fixture(scope="session")
def studio_server(
    tmp_path_factory: pytest.TempPathFactory, models_dir: Path
) -> Iterator[StudioServer]:
    """`omnimuse serve` in a process of its own, with an empty home."""
    if find_spec("fastapi") is None:
        pytest.skip("needs the server extra")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    root = tmp_path_factory.mktemp("studio")
    environ = {
        **os.environ,
        "OMNIMUSE_HOME": str(root / "home"),
        "OMNIMUSE_MODELS_DIR": str(models_dir),
        "OMP_NUM_THREADS": "1",
    }
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "omnimuse.cli.main", "serve", f"--port={port}", "--workers=2"],
            env=environ,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=root,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _await(url, process, root / "log")
            with httpx.Client(base_url=url, timeout=60, headers={"Origin": url}) as client:
                client.headers["X-CSRF-Token"] = client.get("/api/me").json()["csrf"] or ""
                yield StudioServer(f"{url}/", client, models_dir)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless; closed with the file, since its event loop stays running."""
    if find_spec("playwright") is None:
        pytest.skip("needs playwright, of the dev extra")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Chromium")
        pytest.skip("needs Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=found, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_tab(browser: Browser, studio_server: StudioServer) -> Iterator[Callable[..., Tab]]:
    """Opens the studio: `open_tab("#/gallery", language="zh", theme="dark", width=390)`."""
    contexts = []

    def open_one(
        where: str = "", *, width: int = 1280, height: int = 860, wait: bool = True, **kept: Any
    ) -> Tab:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="en-GB", reduced_motion="reduce"
        )
        contexts.append(context)
        if kept:
            import json

            script = f"localStorage.getItem('omnimuse') || localStorage.setItem('omnimuse', {json.dumps(json.dumps(kept))})"  # noqa: E501
            context.add_init_script(script)
        context.add_init_script(
            "addEventListener('securitypolicyviolation', e => "
            "console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI))"
        )
        tab = Tab(context.new_page())
        tab.page.set_default_timeout(60_000)
        tab.page.on("console", lambda m: tab.problems.append(m.text) if m.type == "error" else None)
        tab.page.on("pageerror", lambda error: tab.problems.append(str(error)))
        tab.page.on("request", lambda r: tab.hosts.add(httpx.URL(r.url).host))
        tab.page.goto(studio_server.url + where)
        if wait:
            tab.page.wait_for_selector("html[data-ready]")
        return tab

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def picture(studio_server: StudioServer) -> dict[str, Any]:
    """A drawn picture that the library has: a fox and a car. The job's image asset."""
    job = studio_server.run_tool(
        "generate_image", {"prompt": "a red fox and a yellow car under a moon"}, seed=3
    )
    assert job["status"] == "succeeded", job
    return next(asset for asset in job["assets"] if asset["kind"] == "image")


@pytest.fixture(scope="session")
def library(studio_server: StudioServer, picture: dict[str, Any]) -> dict[str, str]:
    """Asset ids by kind: a picture, its scene, a voice with its transcript, a 3D house."""
    jobs = (
        studio_server.run_tool("synthesize_speech", {"text": "The fox sleeps. It dreams."}),
        studio_server.run_tool("generate_3d", {"prompt": "a red house"}, seed=1),
    )
    made = {asset["kind"]: asset["id"] for job in jobs for asset in job["assets"]}
    return {**made, "image": picture["id"]}
