from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from omnimuse.backends.card import ModelCard, Source
from omnimuse.backends.http_openai import OpenAIEndpoint
from omnimuse.config import Settings
from omnimuse.errors import ArgumentError, BackendUnavailableError, RunTimeoutError, ToolError

KEY = "sk-very-secret"
ASK = [{"role": "user", "content": "hi"}]


class Server(ThreadingHTTPServer):
    answers: list[tuple[int, Any, dict[str, str]]]
    seen: list[dict[str, Any]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen.append({"path": self.path, "headers": dict(self.headers), "body": body})
        status, answer, headers = self.server.answers.pop(0)
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.answers, made.seen = [], []
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def endpoint(server: Server) -> Iterator[Any]:
    pauses: list[float] = []
    url = f"http:http://127.0.0.1:{server.server_port}/v1"
    card = ModelCard("e", ("r",), "openai-http", sources=(Source(url),), options={"model": "m"})
    made = OpenAIEndpoint(card, Path(), key=KEY, sleep=pauses.append)
    made.pauses = pauses  # type: ignore[attr-defined]
    yield made
    made.close()


def say(server: Server, answer: Any, status: int = 200, **headers: str) -> None:
    server.answers.append((status, answer, {k.replace("_", "-"): v for k, v in headers.items()}))


def test_chat_sends_what_was_asked(server: Server, endpoint: Any) -> None:
    say(server, {"choices": [{"message": {"content": "hello"}}]})
    schema = {"type": "object"}
    assert endpoint.generate(ASK, seed=7, json_schema=schema, stop=["x"]) == "hello"
    sent = json.loads(server.seen[0]["body"])
    assert server.seen[0]["path"] == "/v1/chat/completions"
    assert server.seen[0]["headers"]["Authorization"] == f"Bearer {KEY}"
    assert (sent["model"], sent["seed"], sent["stop"]) == ("m", 7, ["x"])
    assert sent["response_format"]["json_schema"]["schema"] == schema


def test_streamed_chat(server: Server, endpoint: Any) -> None:
    parts = [{"choices": [{"delta": {"content": word}}]} for word in ("he", "llo")]
    text = "".join(f"data: {json.dumps(part)}\n\n" for part in parts) + "data: [DONE]\n\n"
    say(server, text.encode(), content_type="text/event-stream")
    got: list[str] = []
    assert endpoint.generate(ASK, on_token=got.append) == "hello"
    assert got == ["he", "llo"]


def test_embeddings_come_in_order_and_unit_length(server: Server, endpoint: Any) -> None:
    rows = [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3, 4]}]
    say(server, {"data": rows})
    np.testing.assert_allclose(endpoint.embed(["a", "b"]), [[0.6, 0.8], [0, 1]], atol=1e-6)
    assert endpoint.embed([]).shape[0] == 0


def test_picture(server: Server, endpoint: Any) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 4), (1, 2, 3)).save(buffer, "PNG")
    say(server, {"data": [{"b64_json": base64.b64encode(buffer.getvalue()).decode()}]})
    painted = endpoint.paint("fox", width=8, height=4, seed=1)
    assert painted.pixels.shape == (4, 8, 3)
    assert painted.pixels[0, 0].tolist() == [1, 2, 3]
    assert json.loads(server.seen[0]["body"])["size"] == "8x4"
    with pytest.raises(ArgumentError, match="layout"):
        endpoint.paint("fox", width=8, height=4, seed=1, layout={})
    say(server, {"data": [{"b64_json": base64.b64encode(b"junk").decode()}]})
    with pytest.raises(ToolError, match="cannot be read"):
        endpoint.paint("fox", width=8, height=4, seed=1)


def test_speech_and_transcription(server: Server, endpoint: Any) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.full(800, 0.5, np.float32), 8000, format="WAV")
    say(server, buffer.getvalue())
    samples, rate_hz = endpoint.speak("hi")
    assert (samples.shape, rate_hz) == ((800, 1), 8000)
    words = [{"word": "hi", "start": 0.0, "end": 0.1}]
    segments = [{"text": " hi", "start": 0.0, "end": 0.1}]
    say(server, {"text": "hi", "language": "en", "words": words, "segments": segments})
    found = endpoint.transcribe(samples, rate_hz)
    assert (found.text, found.language) == ("hi", "en")
    assert found.segments[0].words[0].text == "hi"
    assert b"RIFF" in server.seen[1]["body"]


def test_busy_servers_are_asked_again(server: Server, endpoint: Any) -> None:
    say(server, {}, 429, retry_after="3")
    say(server, {}, 503)
    say(server, {"choices": [{"message": {"content": "now"}}]})
    assert endpoint.generate(ASK) == "now"
    assert endpoint.pauses == [3.0, 1.0]


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (401, BackendUnavailableError, False),
        (404, BackendUnavailableError, False),
        (400, ArgumentError, False),
        (429, BackendUnavailableError, True),
        (500, ToolError, True),
    ],
)
def test_faults_have_names_and_hide_the_key(
    server: Server, endpoint: Any, status: int, kind: type, retryable: bool
) -> None:
    for _ in range(4):
        say(server, {"error": {"message": f"bad key {KEY}"}}, status)
    with pytest.raises(kind) as caught:
        endpoint.generate(ASK)
    assert type(caught.value) is kind
    assert caught.value.retryable is retryable
    assert KEY not in str(caught.value.to_json())
    assert "bad key ***" in caught.value.message


@pytest.mark.parametrize("answer", [b"<html>", [], {"choices": []}, {}])
def test_answers_of_something_else(server: Server, endpoint: Any, answer: Any) -> None:
    say(server, answer)
    with pytest.raises(ToolError):
        endpoint.generate(ASK)


def test_nobody_there() -> None:
    card = ModelCard("e", ("r",), "openai-http", sources=(Source("http:http://127.0.0.1:1"),))
    with pytest.raises(BackendUnavailableError, match="cannot reach") as caught:
        OpenAIEndpoint(card, Path(), sleep=lambda s: None).generate(ASK)
    assert caught.value.retryable


def test_silence_is_a_timeout() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as quiet:
        url = f"http:http://127.0.0.1:{quiet.getsockname()[1]}"
        options = {"timeout_s": 0.2}
        card = ModelCard("e", ("r",), "openai-http", sources=(Source(url),), options=options)
        with pytest.raises(RunTimeoutError, match="no answer in time"):
            OpenAIEndpoint(card, Path()).generate(ASK)


def test_key_goes_only_to_the_endpoint_it_belongs_to(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, endpoint_url="http://a/v1", endpoint_key=KEY)
    for url, wanted in (("http:http://a/v1/", KEY), ("http:http://b/v1", "")):
        card = ModelCard("e", ("r",), "openai-http", sources=(Source(url),))
        made = OpenAIEndpoint.from_settings(card, tmp_path, settings)
        assert made._secret == wanted
