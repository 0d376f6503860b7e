"""Pictures of the studio for its page in the docs: every page, made by doing what they show.

    python docs/make_studio.py [NAME ...]     all of them, or those named

Starts a server with an empty home, drives Chromium through it, and writes
`docs/images/studio-*.webp`. Needs the extras `server` and `dev`, Chromium and the default models.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
FILM = (
    "Write a two-line poem about a red fox under a yellow moon, paint the fox, read the poem aloud "
    "over a calm piano tune, and make a short film of it"
)
PICTURE = "a red fox and a yellow car under a moon"
WAIT_MS = 240_000


class Guide:
    """Walks through the studio and takes pictures on the way."""

    def __init__(self, page: Any, url: str, wanted: set[str]) -> None:
        self.page, self.url, self.wanted = page, url, wanted

    def shoot(self, name: str) -> None:
        """Write `studio-NAME.webp`."""
        from PIL import Image

        if self.wanted and name not in self.wanted:
            return
        self.page.wait_for_timeout(700)
        picture = Image.open(io.BytesIO(self.page.screenshot()))
        picture.save(FOLDER / f"studio-{name}.webp", quality=84, method=6)
        print(f"studio-{name}.webp {picture.size}")

    def go(self, where: str, ready: str) -> None:
        """Open a page and wait until it is drawn."""
        self.page.goto(self.url + where)
        self.page.wait_for_selector(ready)
        self.settle()

    def settle(self) -> None:
        """Wait until all pictures are there."""
        self.page.wait_for_load_state("networkidle", timeout=WAIT_MS)

    def ask(self, prompt: str) -> None:
        """Send a prompt."""
        self.page.fill("#prompt", prompt)
        self.page.keyboard.press("Enter")

    def done(self, turn: int) -> None:
        """Wait for the end of a turn."""
        self.page.wait_for_selector(
            f".turn:nth-child({turn})[data-status=succeeded]", timeout=WAIT_MS
        )
        self.settle()

    def open(self, kind: str, ready: str, turn: int = 1) -> None:
        """Put a result on the stage."""
        self.page.locator(
            f".turn:nth-child({turn}) .media[data-kind={kind}] figcaption button"
        ).click()
        self.page.wait_for_selector(ready)
        self.settle()

    def close(self) -> None:
        """Close the stage."""
        self.page.locator(".stage-actions button").last.click()


def film(guide: Guide) -> None:
    """A film is asked for, its plan runs, and it is looked at in time."""
    guide.go("#/create/film", ".idea")
    guide.shoot("welcome")
    guide.ask(FILM)
    guide.page.wait_for_selector(".node[data-status=done]", timeout=WAIT_MS)
    guide.page.wait_for_selector(".node[data-status=running]", timeout=WAIT_MS)
    guide.shoot("plan")
    guide.done(1)
    guide.page.locator(".node[data-node]").last.click()
    guide.page.locator(".scroller").evaluate("e => e.scrollTo(0, 0)")
    guide.shoot("step")
    guide.page.locator(".node[data-node]").last.click()
    guide.open("video", ".strip canvas:nth-of-type(10)")
    guide.page.locator(".tracks").focus()
    for key in ("ArrowRight", "i", "ArrowRight", "ArrowRight", "o"):
        guide.page.keyboard.press(key)
    guide.shoot("timeline")
    guide.close()


def picture(guide: Guide) -> None:
    """A picture: an object is clicked and recoloured; layers; where it comes from."""
    page = guide.page
    guide.go("#/create/picture", "#prompt")
    guide.ask(PICTURE)
    guide.done(1)
    guide.open("image", ".layer")
    page.wait_for_timeout(400)
    page.locator(".layer", has_text="fox").first.click()
    guide.shoot("layers")
    sheet = page.locator(".sheet").bounding_box()
    x, y, w, h = page.evaluate(
        """async () => {
          const id = document.querySelector('.media[data-kind=image]').dataset.asset;
          const found = await (await fetch(`/api/assets/${id}/layers`)).json();
          const fox = found.layers.find(one => one.label.includes('fox'));
          return fox.box.map(value => value / found.width);
        }"""
    )
    side = sheet["width"]
    page.mouse.click(sheet["x"] + (x + w / 2) * side, sheet["y"] + (y + h * 0.55) * side)
    page.fill("#prompt", "make it blue")
    guide.shoot("pointing")
    page.keyboard.press("Enter")
    guide.done(2)
    page.wait_for_timeout(900)
    page.locator(".stage-actions button").nth(2).click()
    page.wait_for_selector(".wipe")
    guide.shoot("compare")
    page.keyboard.press("Escape")
    page.click("#tab-provenance")
    page.wait_for_selector(".verdict")
    guide.shoot("provenance")
    page.click("#tab-lineage")
    page.wait_for_selector(".tree")
    guide.shoot("lineage")
    guide.close()


def things(guide: Guide) -> None:
    """3D and sound."""
    guide.go("#/create/things", "#prompt")
    guide.ask("a 3D scene of a red house, a tree and a car")
    guide.done(1)
    guide.open("scene3d", "canvas.model")
    guide.shoot("3d")
    guide.close()


def pages(guide: Guide) -> None:
    """Gallery, tools, models, settings."""
    guide.go("#/gallery", ".tile img")
    guide.page.fill("#search", "an animal at night")
    guide.page.wait_for_timeout(1500)
    guide.settle()
    guide.shoot("gallery")
    guide.go("#/tools", ".tool-card")
    guide.shoot("tools")
    guide.go("#/tools/compose_music", ".schema-form")
    guide.shoot("form")
    guide.go("#/models", ".models-table")
    guide.shoot("models")
    guide.go("#/settings", ".facts dd")
    guide.shoot("settings")


def looks(guide: Guide) -> None:
    """Dark, and in Chinese."""
    guide.go("#/settings", ".segmented")
    guide.page.check("input[value=dark]")
    guide.page.check("input[value=zh]")
    guide.page.wait_for_selector("text=设置")
    guide.go("#/create/film", ".turn .media")
    guide.open("video", ".strip canvas:nth-of-type(10)")
    guide.shoot("dark-chinese")


def phone(guide: Guide) -> None:
    """On a phone."""
    guide.go("#/create/picture", ".turn:nth-child(2) .media")
    guide.page.wait_for_timeout(600)
    guide.shoot("phone")
    guide.open("image", ".well", turn=2)
    guide.shoot("phone-stage")
    guide.close()
    guide.go("#/gallery", ".tile img")
    guide.shoot("phone-gallery")


def main(names: list[str]) -> None:
    """Start the server and the browser, and walk."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    with tempfile.TemporaryDirectory() as home, sync_playwright() as player:
        environ = {**os.environ, "OMNIMUSE_HOME": home}
        command = [sys.executable, "-m", "omnimuse.cli.main", "serve", f"--port={port}", "-q"]
        server = subprocess.Popen(command, env=environ, cwd=home)
        try:
            _await(url)
            browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            walks: list[tuple[Callable[[Guide], None], dict[str, Any]]] = [
                (film, {}),
                (picture, {}),
                (things, {}),
                (pages, {}),
                (looks, {}),
                (phone, {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}),
            ]
            for walk, more in walks:
                size = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"}
                context = browser.new_context(**{**size, **more})
                page = context.new_page()
                page.set_default_timeout(WAIT_MS)
                walk(Guide(page, url, set(names)))
                context.close()
        finally:
            server.terminate()
            server.wait(20)


def _await(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main(sys.argv[1:])
