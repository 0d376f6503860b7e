"""Who may come in: hosts, origins, tokens, keys, sizes, and what goes out with every answer."""

from __future__ import annotations

import io
import json
import time

import pytest

HOSTILE_HOSTS = ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8500", "")


@pytest.mark.parametrize("host", HOSTILE_HOSTS)
def test_a_name_that_was_rebound_to_us_is_refused(client, host) -> None:
    answer = client.get("/api/tools", headers={"Host": host})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "host"


@pytest.mark.parametrize("host", ["127.0.0.1:8500", "localhost:1", "[::1]:8500", "127.3.2.1"])
def test_loopback_names_are_ours(client, host) -> None:
    assert client.get("/api/kinds", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_sites_cannot_ask(client, headers) -> None:
    answer = client.post("/api/jobs", json={"prompt": "a fox"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "csrf"


def test_our_own_page_needs_the_token_and_gets_it(client) -> None:
    ours = {"Origin": "http://127.0.0.1:8500", "Sec-Fetch-Site": "same-origin"}
    body = {"prompt": "a fox"}
    assert client.post("/api/jobs", json=body, headers=ours).status_code == 403
    me = client.get("/api/me", headers=ours)
    cookie = me.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    token = me.json()["csrf"]
    wrong = {**ours, "X-CSRF-Token": token[:-1] + ("0" if token[-1] != "0" else "1")}
    assert client.post("/api/jobs", json=body, headers=wrong).status_code == 403
    right = client.post("/api/jobs", json=body, headers={**ours, "X-CSRF-Token": token})
    assert right.status_code == 202


def test_without_a_key_nobody_comes_in_where_keys_are_needed(make_guard, connect) -> None:
    client = connect(make_guard(needs_keys=True))
    for path in ("/api/jobs", "/api/assets", "/v1/models", "/metrics", "/openapi.json", "/mcp"):
        assert client.get(path).status_code == 401, path
    assert client.get("/v1/models").json()["error"]["code"] == "invalid_api_key"
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/api/me").json()["authenticated"] is False


def test_scopes_bound_what_a_key_may_do(make_guard, connect) -> None:
    guard = make_guard(needs_keys=True)
    keys = guard.app.state.desk.keys
    reader, record = keys.create("ann", ["read"])
    writer, _ = keys.create("ben", ["read", "write"])
    admin, _ = keys.create("cleo", ["read", "write", "admin"])
    assert connect(guard, reader).get("/api/jobs").status_code == 200
    refused = connect(guard, reader).post("/api/jobs", json={"prompt": "a fox"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    assert connect(guard, writer).post("/api/jobs", json={"prompt": "x y"}).status_code == 202
    assert connect(guard, writer).get("/api/keys").status_code == 403
    listed = connect(guard, admin).get("/api/keys")
    assert listed.status_code == 200
    assert "hash" not in json.dumps(listed.json())
    assert connect(guard, admin).delete(f"/api/keys/{record['id']}").status_code == 204
    assert connect(guard, reader).get("/api/jobs").status_code == 401


def test_guessing_keys_is_slowed_down_even_for_a_right_guess(make_guard, connect) -> None:
    guard = make_guard(needs_keys=True)
    good, _ = guard.app.state.desk.keys.create("ann")
    statuses = [
        connect(guard, f"omk_{'0' * 12}_{'A' * 42}{i % 10}").get("/api/jobs").status_code
        for i in range(12)
    ]
    assert statuses[:10] == [401] * 10
    assert statuses[10:] == [429, 429]
    answer = connect(guard, good).get("/api/jobs")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_browser_logs_in_with_a_key_and_out_again(make_guard, connect) -> None:
    guard = make_guard(needs_keys=True)
    key, record = guard.app.state.desk.keys.create("ann")
    browser = connect(guard)
    assert browser.post("/api/login", json={"key": "omk_no"}).status_code == 401
    me = browser.post("/api/login", json={"key": key}).json()
    assert me["owner"] == "ann"
    assert browser.get("/api/jobs").status_code == 200
    unsafe = {"Origin": "http://127.0.0.1:8500", "X-CSRF-Token": me["csrf"]}
    asked = browser.post("/api/jobs", json={"prompt": "a fox"}, headers=unsafe)
    assert asked.status_code == 202
    assert browser.post("/api/jobs", json={"prompt": "a fox"}).status_code == 403
    guard.app.state.desk.keys.revoke(record["id"])
    assert browser.get("/api/jobs").status_code == 401


def test_a_session_cookie_cannot_be_made_up(make_guard, connect) -> None:
    guard = make_guard(needs_keys=True)
    _, record = guard.app.state.desk.keys.create("ann")
    for value in (
        f"{record['id']}.{int(time.time()) + 999}.aa.{'0' * 64}",
        "x",
        "a.b.c.d",
        "%C3%BC;=" * 9,
    ):
        headers = {"Cookie": f"omnimuse_session={value}"}
        assert connect(guard, **headers).get("/api/jobs").status_code == 401


def test_every_answer_carries_its_headers(client) -> None:
    for path in ("/", "/api/kinds", "/nothing.js", "/api/jobs/none"):
        headers = client.get(path).headers
        csp = headers["content-security-policy"]
        assert "script-src 'self'" in csp
        assert "unsafe" not in csp
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    ["/../pyproject.toml", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/js/../../x.py",
     "//etc/passwd", "/%00", "/static/../__init__.py", "/__init__.py"],
)  # fmt: skip
def test_pages_are_a_list_not_a_folder(client, path) -> None:
    answer = client.get(path)
    assert answer.status_code in (200, 404)
    assert "root:" not in answer.text
    assert "STATIC" not in answer.text


def test_a_body_that_is_too_large_is_refused_before_it_is_read(make_guard, connect) -> None:
    client = connect(make_guard(max_body_mb=1, max_upload_mb=1))
    assert client.post("/api/jobs", json={"prompt": "x" * 1_100_000}).status_code == 413
    big = {"file": ("a.txt", b"x" * 1_200_000)}
    assert client.post("/api/assets", files=big).status_code == 413

    def chunks():
        for _ in range(30):
            yield b"x" * 65536

    unknown = client.post("/api/jobs", content=chunks(), headers={"content-type": "text/json"})
    assert unknown.status_code == 413


def test_a_body_that_dribbles_is_cut_off(make_guard) -> None:
    import anyio

    guard, sent = make_guard(upload_timeout_s=0.2), []
    scope = {
        "type": "http", "method": "POST", "path": "/api/jobs", "raw_path": b"/api/jobs",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8500), "scheme": "http",
        "http_version": "1.1", "root_path": "",
    }  # fmt: skip

    async def receive():
        await anyio.sleep(0.05)
        return {"type": "http.request", "body": b" ", "more_body": True}

    async def send(message):
        sent.append(message)

    began = time.monotonic()
    anyio.run(guard, scope, receive, send)
    assert time.monotonic() - began < 3
    assert sent[0]["status"] == 408


def test_requests_by_one_key_are_bounded(make_guard, connect, quota) -> None:
    guard = make_guard(needs_keys=True)
    key, _ = guard.app.state.desk.keys.create("ann", ["read"], quota(requests_per_minute=5))
    statuses = [connect(guard, key).get("/api/kinds").status_code for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2


def test_log_lines_hold_one_event_whatever_is_sent(make_guard, connect) -> None:
    log = io.StringIO()
    client = connect(make_guard(log=log))
    client.get("/api/x%0a%7B%22event%22%3A%22forged%22%7D")
    client.get("/api/kinds", headers={"Host": "a\tb"})
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert len(lines) == 2
    assert {line["event"] for line in lines} == {"request"}


def test_metrics_name_routes_not_paths(client) -> None:
    client.get(f"/api/assets/sha256:{'a' * 64}")
    client.get("/api/some/thing/random")
    text = client.get("/metrics").text
    assert 'route="/api/assets/{asset_id}"' in text
    assert "aaaa" not in text
    assert "random" not in text


def test_the_interface_describes_itself_with_examples(client) -> None:
    document = client.get("/openapi.json").json()
    for path in ("/api/jobs", "/api/assets", "/v1/chat/completions", "/v1/videos"):
        assert path in document["paths"]
    assert document["components"]["schemas"]["JobIn"]["examples"][0]["prompt"]
