"""Load on a real server: mixed jobs of many clients, how quick cheap calls stay, what is lost.

    python benchmarks/server.py [--seconds 600] [--clients 8] [--kill] [--json FILE]

Starts `omnimuse serve` with a home of its own. Each client repeats: post a job (a picture, a tune,
a quick edit), look around with cheap calls (health, lists, one asset, a thumbnail, a range of
bytes), follow some jobs over SSE, cancel a few. With `--kill` the server is killed (-9, workers
with it) in the middle and started again. Afterwards every job that was accepted must have ended,
once.

Reported: cheap calls' p50, p95 and p99 in milliseconds, errors, jobs by outcome, jobs lost, the
largest resident memory of server and workers, and its growth between the second fifth and the last.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

PROMPTS = (
    "a red fox under a yellow moon",
    "two blue cars and a tree",
    "a house on a hill at night",
    "compose a calm waltz of 8 seconds",
    "a boat on the sea",
)
TOOLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("crop_image", {"box": [4, 4, 40, 30]}),
    ("resize_image", {"width": 48}),
    ("find_edges", {}),
)


class Server:
    """`omnimuse serve` as a process of its own."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port, self.process = home, port, None

    def start(self) -> None:
        environment = {**os.environ, "OMNIMUSE_HOME": str(self.home)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "omnimuse.cli.main", "serve", "--port", str(self.port), "-q"],
            env=environment,
            stderr=(self.home / "serve.log").open("ab"),
        )
        for _ in range(300):
            try:
                if httpx.get(f"{self.url}/health", timeout=1).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise SystemExit("the server did not come up")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)

    def resident_mb(self) -> float:
        try:
            root = psutil.Process(self.process.pid)
            family = [root, *root.children(recursive=True)]
            return sum(p.memory_info().rss for p in family if p.is_running()) / 1e6
        except psutil.Error:
            return 0.0


class Load:
    """What all clients together did and saw."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.cheap: list[float] = []
        self.accepted: list[str] = []
        self.errors: list[str] = []
        self.is_down = False

    def get(self, client: httpx.Client, path: str, **more: Any) -> httpx.Response | None:
        began = time.perf_counter()
        try:
            answer = client.get(path, **more)
        except httpx.HTTPError as error:
            self.fault(f"{path}: {type(error).__name__}")
            return None
        with self.lock:
            self.cheap.append(time.perf_counter() - began)
        if answer.status_code >= 400:
            self.fault(f"{path}: {answer.status_code} {answer.text[:200]}")
        return answer

    def fault(self, text: str) -> None:
        if not self.is_down:
            with self.lock:
                self.errors.append(text)


def client_loop(load: Load, url: str, number: int, until: float) -> None:
    chance = random.Random(number)
    with httpx.Client(base_url=url, timeout=60) as client:
        picture = upload(load, client, number)
        mine: list[str] = []
        while time.monotonic() < until:
            waiting = client_jobs(load, client)
            if waiting < 24:
                job = post(load, client, chance, picture)
                mine += [job] if job else []
            for _ in range(6):
                look(load, client, chance, mine, picture)
                time.sleep(chance.uniform(0.02, 0.2))
            if mine and chance.random() < 0.03:
                client_delete(load, client, mine[-1])


def upload(load: Load, client: httpx.Client, number: int) -> str:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (96, 64), (number * 20 % 255, 90, 160)).save(buffer, "PNG")
    answer = client.post("/api/assets", files={"file": (f"{number}.png", buffer.getvalue())})
    return str(answer.json()["items"][0]["id"])


def client_jobs(load: Load, client: httpx.Client) -> int:
    answer = load.get(client, "/ready")
    return int(answer.json().get("queued", 0)) if answer is not None else 99


def post(load: Load, client: httpx.Client, chance: random.Random, picture: str) -> str | None:
    if chance.random() < 0.6:
        tool, arguments = chance.choice(TOOLS)
        body: dict[str, Any] = {"tool": tool, "arguments": arguments, "inputs": {"image": picture}}
    else:
        body = {"prompt": chance.choice(PROMPTS)}
    body["seed"] = chance.randrange(2**31)
    try:
        answer = client.post("/api/jobs", json=body)
    except httpx.HTTPError as error:
        load.fault(f"post: {type(error).__name__}")
        return None
    if answer.status_code != 202:
        load.fault(f"post: {answer.status_code} {answer.text[:200]}")
        return None
    with load.lock:
        load.accepted.append(answer.json()["id"])
    return load.accepted[-1]


def look(
    load: Load, client: httpx.Client, chance: random.Random, mine: list[str], picture: str
) -> None:
    paths: list[tuple[str, dict[str, Any]]] = [
        ("/health", {}),
        ("/api/jobs?limit=20", {}),
        ("/api/assets?limit=20", {}),
        (f"/api/assets/{picture}", {}),
        (f"/api/assets/{picture}/content?w=64", {}),
        (f"/api/assets/{picture}/content", {"headers": {"Range": "bytes=0-99"}}),
        ("/api/tools/crop_image", {}),
        ("/v1/models", {}),
    ]
    if mine:
        paths.append((f"/api/jobs/{chance.choice(mine)}", {}))
    path, more = chance.choice(paths)
    load.get(client, path, **more)


def client_delete(load: Load, client: httpx.Client, job: str) -> None:
    try:
        client.delete(f"/api/jobs/{job}")
    except httpx.HTTPError as error:
        load.fault(f"delete: {type(error).__name__}")


def wait_for_all(server: Server, accepted: list[str], patience_s: float) -> dict[str, Any]:
    """How every accepted job ended, and which ended more than once or never."""
    deadline, outcomes = time.monotonic() + patience_s, dict[str, str]()
    twice: list[str] = []
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for job in accepted:
            while time.monotonic() < deadline:
                state = client.get(f"/api/jobs/{job}").json()
                if state["status"] not in ("queued", "running"):
                    break
                time.sleep(0.2)
            outcomes[job] = state["status"]
            if state["status"] in ("queued", "running"):
                continue
            events = client.get(f"/api/jobs/{job}/events").text
            if events.count("event: done\n") != 1:
                twice.append(job)
    counts: dict[str, int] = {}
    for status in outcomes.values():
        counts[status] = counts.get(status, 0) + 1
    lost = [job for job, status in outcomes.items() if status in ("queued", "running")]
    return {"outcomes": counts, "lost": len(lost), "not_once": len(twice)}


def run(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="omnimuse-load-") as folder:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server, load = Server(Path(folder), port), Load()
        server.start()
        until = time.monotonic() + options.seconds
        threads = [
            threading.Thread(target=client_loop, args=(load, server.url, number, until))
            for number in range(options.clients)
        ]
        for thread in threads:
            thread.start()
        memory: list[float] = []
        is_killed = False
        while any(thread.is_alive() for thread in threads):
            time.sleep(1)
            memory.append(server.resident_mb())
            if options.kill and not is_killed and time.monotonic() > until - options.seconds / 2:
                load.is_down, is_killed = True, True
                server.kill()
                server.start()
                load.is_down = False
        ends = wait_for_all(server, load.accepted, options.patience)
        server.stop()
        fifth = max(1, len(memory) // 5)
        cheap = sorted(load.cheap)
        report = {
            "seconds": options.seconds,
            "clients": options.clients,
            "killed": is_killed,
            "cheap_calls": len(cheap),
            "cheap_ms": {
                str(p): round(cheap[min(len(cheap) - 1, int(len(cheap) * p / 100))] * 1000, 1)
                for p in (50, 95, 99)
            },
            "errors": len(load.errors),
            "first_errors": load.errors[:5],
            "accepted": len(load.accepted),
            **ends,
            "peak_mb": round(max(memory)),
            "growth_mb": round(
                statistics.median(memory[-fifth:]) - statistics.median(memory[fifth : 2 * fifth])
            ),
        }
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--patience", type=float, default=600)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report = run(options)
    print(json.dumps(report, indent=1))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    if report["lost"] or report["not_once"] or report["errors"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
