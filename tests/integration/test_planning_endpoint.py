"""The endpoint planner against a scripted OpenAI-compatible server on the loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from omnimuse.config import Settings
from omnimuse.errors import BackendUnavailableError, ConfigError
from omnimuse.planning.foreign.toolset import load_toolset
from omnimuse.planning.planner import Planner, make_planner
from omnimuse.request import Request

SPECS = load_toolset(Path(__file__).resolve().parents[1] / "data" / "planner_tools.json")
PLAN = {
    "nodes": [{"id": "a", "tool": "generate_image", "arguments": {"prompt": "a cat"}, "inputs": {}}]
}


class Server:
    """Answers from a list of (status, body); keeps what was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append(
                    {"path": self.path, "key": self.headers["Authorization"], **body}
                )
                status, answer = outer.answers.pop(0)
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: Any) -> None:
                return None

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    def say(self, content: Any, status: int = 200) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        self.answers.append((status, {"choices": [{"message": {"content": text}}]}))

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def _planner(url: str, attempts: int = 2) -> Planner:
    settings = Settings(
        planner="endpoint", endpoint_url=url, endpoint_model="m", endpoint_key="k",
        repair_attempts=attempts,
    )  # fmt: skip
    return make_planner(settings, lambda role: None)


def test_one_shot(server: Server) -> None:
    server.say(PLAN)
    plan = _planner(server.url).plan(Request("a cat"), (), SPECS)
    assert plan.nodes[0].tool == "generate_image"
    asked = server.asked[0]
    assert (asked["path"], asked["key"], asked["model"]) == (
        "/v1/chat/completions",
        "Bearer k",
        "m",
    )
    schema = asked["response_format"]["json_schema"]["schema"]
    assert "write_text" in schema["properties"]["nodes"]["items"]["properties"]["tool"]["enum"]


def test_repair_over_the_wire(server: Server) -> None:
    server.say({"nodes": [{"id": "a", "tool": "upscale_image", "arguments": {}, "inputs": {}}]})
    server.say(PLAN)
    plan = _planner(server.url).plan(Request("a cat"), (), SPECS)
    assert plan.nodes[0].tool == "generate_image"
    assert "refused" in server.asked[1]["messages"][-1]["content"]


def test_a_server_without_schemas_is_asked_plainly(server: Server) -> None:
    server.answers.append((400, {"error": "response_format is not supported"}))
    server.say(PLAN)
    assert _planner(server.url).plan(Request("a cat"), (), SPECS).nodes
    assert "response_format" not in server.asked[1]


@pytest.mark.parametrize(
    ("status", "body", "retryable"),
    [(401, {}, False), (500, {}, True), (200, {"choices": []}, False), (200, b"<html>", False)],
)
def test_bad_servers_are_named(server: Server, status: int, body: Any, retryable: bool) -> None:
    server.answers.append((status, body))
    with pytest.raises(BackendUnavailableError) as error:
        _planner(server.url, 0).plan(Request("a cat"), (), SPECS)
    assert error.value.retryable is retryable


def test_no_server() -> None:
    with pytest.raises(BackendUnavailableError, match="cannot be reached"):
        _planner("http://127.0.0.1:9/v1").plan(Request("a cat"), (), SPECS)


def test_settings_are_checked() -> None:
    with pytest.raises(ConfigError, match="needs an address"):
        make_planner(Settings(planner="endpoint"), lambda role: None)
    with pytest.raises(ConfigError, match="no planner is called"):
        make_planner(Settings(planner="oracle"), lambda role: None)


@pytest.mark.weights
def test_planning_by_doing_runs_in_the_flow(
    server: Server, tmp_path: Path, models_dir: Path
) -> None:
    """Two calls, each seen before the next; the run itself finds both results at hand."""
    from omnimuse.app import Studio

    write = {
        "id": "beep",
        "tool": "generate_sound",
        "arguments": {"prompt": "a bell"},
        "inputs": {},
    }
    turn = {"id": "slow", "tool": "change_speed", "arguments": {"rate": 0.5}}
    server.say({"thought": "a bell first", "action": write})
    server.say({"thought": "slower", "action": {**turn, "inputs": {"audio": "no_such"}}})
    server.say({"thought": "its name", "action": {**turn, "inputs": {"audio": "beep"}}})
    server.say({"thought": "done", "finish": ["slow"]})
    settings = Settings(
        home=tmp_path, models_dir=models_dir, planner="endpoint", planner_style="react",
        endpoint_url=server.url, sign=False,
    )  # fmt: skip
    with Studio(settings) as studio:
        response = studio.run(Request("a slow bell", seed=3))
    assert response.status == "succeeded", response.errors
    assert [n.id for n in response.plan.nodes] == ["beep", "slow"]
    seen = [m["content"] for m in server.asked[-1]["messages"] if m["role"] == "user"]
    assert "Made sound: sound" in seen[1]
    assert "no_such" in seen[2]
    assert response.timings["nodes"] == {"beep": 0, "slow": 0}
