"""Addresses that users name, webhooks, and functions of clients."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import threading
import time
from collections.abc import Iterator

import pytest

from omnimuse.errors import InputError, MediaTooLargeError
from omnimuse.planning.foreign.functions import choose_function
from omnimuse.server import netguard
from omnimuse.server.netguard import AddressError, check_url, fetch
from omnimuse.server.webhooks import Webhooks, signature

LOOPBACK = ("127.0.0.0/8",)


class _Handler(http.server.BaseHTTPRequestHandler):
    seen: list[tuple[dict[str, str], bytes]] = []

    def do_GET(self) -> None:
        if self.path == "/file.txt":
            self._send(200, b"content")
        elif self.path == "/large":
            self._send(200, b"x" * 5000)
        elif self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            self.end_headers()
        else:
            self._send(404, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.seen.append((dict(self.headers), body))
        self._send(500 if len(self.seen) < 2 else 204, b"")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *values: object) -> None:
        return


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    _Handler.seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(netguard, "_PORTS", (80, 443))
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://0.0.0.0/",
        "http://10.0.0.1/", "http://192.168.1.1/", "http://172.16.0.1/", "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data", "http://[fe80::1]/", "http://[fc00::1]/",
        "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
        "http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://224.0.0.1/",
        "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://93.184.216.34/", "http://",
        "http://user:pass@93.184.216.34/", "http://93.184.216.34:22/", "http://93.184.216.34:x/",
        "javascript:alert(1)", "http://no-such-name.invalid/", "//93.184.216.34/",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(url) -> None:
    with pytest.raises(AddressError):
        check_url(url)


def test_a_public_address_is_taken_and_a_name_with_one_private_address_not(monkeypatch) -> None:
    assert check_url("https://93.184.216.34/x") == ("93.184.216.34", "93.184.216.34", 443)
    mixed = [(2, 1, 6, "", (a, 80)) for a in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(netguard.socket, "getaddrinfo", lambda *a, **k: mixed)
    with pytest.raises(AddressError):
        check_url("http://rebinding.example/")


def test_every_redirect_is_checked_anew(site) -> None:
    assert fetch(f"{site}/file.txt", max_bytes=100, trusted=LOOPBACK) == (b"content", "file.txt")
    onward = f"{site}/to/{site}/file.txt"
    assert fetch(onward, max_bytes=100, trusted=LOOPBACK)[0] == b"content"
    for inside in ("http://169.254.169.254/", "http://10.0.0.1/", "file:///etc/passwd"):
        with pytest.raises(AddressError):
            fetch(f"{site}/to/{inside}", max_bytes=100, trusted=LOOPBACK)
    with pytest.raises(AddressError, match="redirects"):
        fetch(f"{site}/to/" * 6 + f"{site}/file.txt", max_bytes=100, trusted=LOOPBACK)
    with pytest.raises(MediaTooLargeError):
        fetch(f"{site}/large", max_bytes=100, trusted=LOOPBACK)
    with pytest.raises(InputError, match="404"):
        fetch(f"{site}/none", max_bytes=100, trusted=LOOPBACK)
    with pytest.raises(AddressError):
        fetch(f"{site}/file.txt", max_bytes=100)


def test_a_webhook_is_signed_and_tried_again(site, guard) -> None:
    from omnimuse.server.jobs import NewJob, cancelled_response

    desk = guard.app.state.desk
    secret = "0123456789abcdef"
    hook = {"url": f"{site}/hook", "secret": secret}
    job, _ = desk.jobs.add(NewJob("local", "prompt", {"prompt": "x"}, webhook=hook))
    webhooks = Webhooks(
        desk.db, desk.jobs, desk.views.short, telemetry=desk.telemetry, trusted=LOOPBACK
    )
    assert webhooks.send_due() == 0
    desk.jobs.end(job.id, "succeeded", {**cancelled_response(), "reply": "done"})
    assert webhooks.send_due() == 1
    assert webhooks.send_due() == 0
    with desk.db.writing() as run:
        run.execute("UPDATE deliveries SET due = 0")
    assert webhooks.send_due() == 1
    assert webhooks.send_due() == 0
    headers, body = _Handler.seen[1]
    moment = int(headers["X-Omnimuse-Signature"].split(",")[0].removeprefix("t="))
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Omnimuse-Signature"] == f"t={moment},v1={digest}"
    assert abs(moment - time.time()) < 60
    assert json.loads(body)["id"] == job.id
    assert secret not in body.decode()
    assert signature(secret, moment, body) == headers["X-Omnimuse-Signature"]


def test_a_function_is_chosen_by_nearness_and_its_arguments_point_into_the_sentence() -> None:
    import numpy as np

    words = ("weather", "email")

    def embed(texts):
        rows = np.array([[float(w in t.lower()) for w in words] + [0.1] for t in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    asked = {}

    def generate(messages, *, json_schema, **options):
        asked.update(json_schema)
        return '{"city": "Porto", "unit": "celsius", "days": 3}'

    functions = [
        {"name": "send_email", "description": "email somebody", "parameters": {}},
        {
            "name": "get_weather",
            "description": "weather of a city",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                    "days": {"type": "integer"},
                },
                "required": ["city"],
            },
        },
    ]
    said = "The weather in Porto, please, for 3 days"
    call = choose_function(said, functions, embed=embed, generate=generate)
    assert call == {"name": "get_weather", "arguments": {"city": "Porto", "days": 3}}
    assert set(asked["properties"]["city"]["enum"]) >= {"Porto", "weather in Porto"}
    assert all(span in said for span in asked["properties"]["city"]["enum"])
    assert choose_function("xyz", functions, embed=embed, generate=generate) is None
    forced = choose_function("xyz", functions[1:], embed=embed, generate=generate, must=True)
    assert forced["name"] == "get_weather"
