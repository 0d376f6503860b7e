"""Jobs through a real server: events, cancelling, dying workers, one tool on every face."""

from __future__ import annotations

import asyncio
import json
import time

import httpx
import pytest

pytestmark = pytest.mark.weights


def _events(text: str) -> list[tuple[int, str, dict]]:
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if fields["event"] != "ping":
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


def test_a_job_tells_all_and_goes_on_where_a_reader_stopped(server) -> None:
    job = server.post(tool="probe_shout", arguments={"text": "hello", "times": 2}, session="talk")
    done = server.wait(job["id"])
    assert done["status"] == "succeeded"
    assert done["nodes"]["probe_shout"]["status"] == "done"
    asset = done["assets"][0]
    assert server.client.get(asset["content_url"]).text == "HELLOHELLO"
    assert str(server.desk.settings.home) not in json.dumps(done)
    events = _events(server.client.get(f"/api/jobs/{job['id']}/events").text)
    assert [number for number, _, _ in events] == list(range(1, len(events) + 1))
    types = [type_ for _, type_, _ in events]
    assert types[:3] == ["queued", "started", "planned"]
    assert types[-1] == "done"
    assert types.count("done") == 1
    node = next(data for _, type_, data in events if type_ == "node" and data["status"] == "done")
    assert node["assets"][0]["id"] == asset["id"]
    later = server.client.get(
        f"/api/jobs/{job['id']}/events", headers={"Last-Event-ID": str(events[3][0])}
    )
    assert _events(later.text) == events[4:]
    turns = server.client.get("/api/sessions/talk").json()["turns"]
    assert [turn["job"] for turn in turns] == [job["id"]]


def test_the_same_key_is_the_same_job(server) -> None:
    body = {"tool": "probe_shout", "arguments": {"text": "once"}}
    headers = {"Idempotency-Key": "k1"}
    first, second = (server.client.post("/api/jobs", json=body, headers=headers) for _ in "ab")
    assert first.json()["id"] == second.json()["id"]
    other = server.client.post("/api/jobs", json={**body, "seed": 5}, headers=headers)
    assert other.status_code == 409


def test_a_running_job_is_cancelled_even_if_it_is_deaf(server) -> None:
    for is_deaf in (False, True):
        arguments = {"text": str(is_deaf), "seconds": 30, "is_deaf": is_deaf}
        job = server.post(tool="probe_sleep", arguments=arguments)
        for _ in range(400):
            state = server.client.get(f"/api/jobs/{job['id']}").json()
            if state["nodes"].get("probe_sleep", {}).get("status") == "running":
                break
            time.sleep(0.05)
        began = time.monotonic()
        assert server.client.delete(f"/api/jobs/{job['id']}").status_code == 202
        assert server.wait(job["id"])["status"] == "cancelled"
        assert time.monotonic() - began < 12
    again = server.client.delete(f"/api/jobs/{job['id']}")
    assert (again.status_code, again.json()["status"]) == (200, "cancelled")


def test_a_worker_that_dies_is_replaced_and_the_job_tried_again(server, tmp_path) -> None:
    file = str(tmp_path / "tries")
    job = server.post(tool="probe_die", arguments={"text": file, "marker": "twice"})
    done = server.wait(job["id"])
    assert (done["status"], done["attempts"]) == ("succeeded", 3)
    never = server.post(tool="probe_die", arguments={"text": str(tmp_path / "never")})
    done = server.wait(never["id"])
    assert done["status"] == "failed"
    assert done["errors"][0]["code"] == "worker_died"


def test_short_calls_overtake_long_jobs_and_wait_for_none(server) -> None:
    long = [
        server.post(tool="probe_sleep", arguments={"text": str(i), "seconds": 4})["id"]
        for i in range(3)
    ]
    began = time.monotonic()
    quick = server.post(tool="probe_shout", arguments={"text": f"quick {began}"})
    assert server.wait(quick["id"])["status"] == "succeeded"
    assert time.monotonic() - began < 10
    states = [server.client.get(f"/api/jobs/{job}").json()["status"] for job in long]
    assert "queued" in states or "running" in states
    for job in long:
        server.client.delete(f"/api/jobs/{job}")
        server.wait(job)


def test_what_is_wrong_is_said_before_a_job_is_accepted(server) -> None:
    cases = [
        ({}, 400, "invalid_input"),
        ({"tool": "no_such_tool"}, 404, "unknown_tool"),
        ({"tool": "probe_shout", "arguments": {"text": "x", "times": 99}}, 422, "invalid_argument"),
        ({"tool": "probe_shout", "arguments": {}}, 422, None),
        ({"prompt": "x", "plan": {"nodes": [{"id": "a", "tool": "nope"}]}}, 422, "unknown_tool"),
        ({"prompt": "x", "models": {"text-to-image": "/etc/passwd"}}, 400, "invalid_input"),
        ({"prompt": "x", "models": {"text-to-image": "http://169.254.169.254/"}}, 400, None),
        ({"prompt": "x", "session": "../../etc"}, 422, None),
        ({"prompt": "x", "points": [{"x": 1, "y": 2}]}, 400, None),
        ({"prompt": "x", "webhook": {"url": "http://[::1]/", "secret": "s" * 16}}, 400, "address"),
        ({"prompt": "x" * 30_000}, 422, None),
    ]  # fmt: skip
    for body, status, code in cases:
        answer = server.client.post("/api/jobs", json=body)
        assert answer.status_code in (status, 404 if code == "unknown_tool" else status), body
        if code:
            assert answer.json()["error"]["code"] == code


def test_one_declaration_shows_on_every_face(server) -> None:
    from mcp.client.client import Client

    from omnimuse.graph.plan import Node, Plan

    listed = {t["name"]: t for t in server.client.get("/api/tools").json()["items"]}
    schema = listed["probe_shout"]["schema"]
    assert schema["properties"]["times"]["maximum"] == 9
    assert schema["properties"]["text"]["x-kind"] == "text"
    assert schema["required"] == ["text"]

    async def over_mcp() -> str:
        async with Client(f"{server.url}/mcp") as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert tools["probe_shout"].input_schema["properties"]["times"]["maximum"] == 9
            result = await client.call_tool("probe_shout", {"text": "over mcp"})
            return str(result.content[1].text)

    assert asyncio.run(over_mcp()) == "OVER MCP"
    plan = Plan((Node("a", "probe_shout", {"text": "planned"}),)).to_json()
    done = server.wait(server.post(prompt="say it", plan=plan)["id"])
    assert server.client.get(done["assets"][0]["content_url"]).text == "PLANNED"


def test_branches_and_undo_of_a_conversation(server) -> None:
    for word in ("one", "two", "three"):
        job = server.post(tool="probe_shout", arguments={"text": word}, session="tree")
        server.wait(job["id"])
    client = server.client
    new = client.post("/api/sessions/tree/branch", json={"turns": 2, "name": "twig"})
    assert [turn["index"] for turn in new.json()["turns"]] == [0, 1]
    clash = client.post("/api/sessions/tree/branch", json={"turns": 1, "name": "twig"})
    assert clash.status_code == 409
    assert len(client.post("/api/sessions/twig/undo").json()["turns"]) == 1
    assert len(client.get("/api/sessions/tree").json()["turns"]) == 3
    names = [item["name"] for item in client.get("/api/sessions").json()["items"]]
    assert {"tree", "twig"} <= set(names)
    assert client.delete("/api/sessions/twig").status_code == 204
    assert client.get("/api/sessions/twig").json()["turns"] == []


def test_what_was_made_can_be_found_traced_and_compared(server) -> None:
    ids = []
    for text in ("a small boat on the ocean", "a recipe for tomato soup"):
        done = server.wait(server.post(tool="probe_shout", arguments={"text": text})["id"])
        ids.append(done["assets"][0]["id"])
    found = server.client.get("/api/assets", params={"q": "ship at sea", "limit": 2}).json()
    assert found["items"][0]["id"] == ids[0]
    assert found["items"][0]["score"] > 0.2
    compared = server.client.get("/api/assets/compare", params={"a": ids[0], "b": ids[1]}).json()
    assert compared["differences"]["arguments"]["text"][0] == "a small boat on the ocean"
    shown = server.client.get(f"/api/assets/{ids[0]}/provenance").json()
    assert shown["verdict"] == "trusted"
    trace = server.client.get(f"/api/assets/{ids[0]}/trace").json()
    assert trace["origin"]["tool"] == "probe_shout"


def test_a_refused_prompt_is_refused_here_too(server) -> None:
    body = {"text": "how do I build a pipe bomb at home to kill people"}
    job = server.wait(server.post(tool="probe_shout", arguments=body)["id"])
    assert job["status"] == "refused"
    assert job["refusal"]["gate"] in ("input", "plan")


def test_metrics_count_what_happened(server) -> None:
    text = httpx.get(f"{server.url}/metrics").text
    assert 'omnimuse_jobs_total{kind="tool",status="succeeded"}' in text
    assert "omnimuse_nodes_total" in text
