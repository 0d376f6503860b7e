"""Assets over HTTP: uploads, ranges, hostile files, owners who do not see each other."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.assets.asset import Asset, Origin
from omnimuse.server.ranges import parse_range

SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10">
<script>alert(1)</script><rect width="10" height="10" onload="alert(2)"/></svg>"""


def _upload(client, data: bytes, name: str = "a.png", **fields):
    answer = client.post("/api/assets", files={"file": (name, data)}, data=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["items"][0]


def test_an_upload_is_what_its_bytes_say(client, png) -> None:
    asset = _upload(client, png, "song.mp3.png")
    assert (asset["kind"], asset["media_type"]) == ("image", "image/png")
    assert (asset["facts"]["width_px"], asset["facts"]["height_px"]) == (64, 48)
    assert client.get(asset["content_url"]).content == png
    lied = client.post("/api/assets", files={"file": ("a.png", b"not a picture\x00\x01")})
    assert lied.status_code in (400, 415)
    mask = _upload(client, png, "m.png", kind="mask")
    assert mask["kind"] in ("mask", "image")
    assert (
        client.post(
            "/api/assets", files={"file": ("a.png", png)}, data={"kind": "nope"}
        ).status_code
        == 400
    )


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.png", "..\\..\\x.png", "/etc/x.png", "a\r\nSet-Cookie: x=1.png",
             "<img src=x onerror=alert(1)>.png", "CON.png",
             "." * 300 + ".png", "\u202egnp.exe.png"],
)  # fmt: skip
def test_names_are_labels_only(client, png, name) -> None:
    asset = _upload(client, png, name)
    assert "/" not in asset["name"]
    assert "\\" not in asset["name"]
    assert not set(asset["name"]) & set("\r\n<>")
    answer = client.get(asset["content_url"])
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-disposition"].startswith("inline; filename=")


def test_svg_comes_sandboxed_and_as_an_attachment(client) -> None:
    answer = client.post("/api/assets", files={"file": ("x.svg", SVG)})
    if answer.status_code != 201:
        assert answer.status_code in (400, 415)
        return
    got = client.get(answer.json()["items"][0]["content_url"])
    assert got.headers["content-disposition"].startswith("attachment")
    csp = got.headers["content-security-policy"]
    assert "sandbox" in csp
    assert "default-src 'none'" in csp
    assert "script-src" not in csp


def test_html_is_never_shown_as_a_page(client) -> None:
    asset = _upload(client, b"<html><script>alert(1)</script></html>", "x.txt")
    got = client.get(asset["content_url"])
    assert not got.headers["content-type"].startswith("text/html")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]


def test_ranges_and_conditions(client, png) -> None:
    url = _upload(client, png)["content_url"]
    part = client.get(url, headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, png[1:4])
    assert part.headers["content-range"] == f"bytes 1-3/{len(png)}"
    assert client.get(url, headers={"Range": "bytes=-4"}).content == png[-4:]
    assert client.get(url, headers={"Range": f"bytes={len(png)}-"}).status_code == 416
    assert client.get(url, headers={"Range": "lines=1-2"}).status_code == 200
    etag = client.head(url).headers["etag"]
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
    stale = client.get(url, headers={"Range": "bytes=0-0", "If-Range": '"other"'})
    assert stale.status_code == 200


@given(
    st.integers(1, 50),
    st.one_of(st.none(), st.integers(0, 60)),
    st.one_of(st.none(), st.integers(0, 60)),
)
def test_a_range_lies_in_the_file_or_is_none(size, first, last) -> None:
    text = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    span = parse_range(text, size)
    wanted = [
        i for i in range(size)
        if (first is None and last is not None and i >= size - last)
        or (first is not None and first <= i <= (size if last is None else last))
    ]  # fmt: skip
    if isinstance(span, tuple):
        assert list(range(span[0], span[1] + 1)) == wanted
    else:
        assert not wanted


def test_thumbnails_are_small_and_of_pictures_and_sounds_only(client, png) -> None:
    import io

    import numpy as np
    from PIL import Image

    from omnimuse.assets.media import audio_asset

    url = _upload(client, png)["content_url"]
    small = client.get(url, params={"w": 32})
    assert small.headers["content-type"] == "image/webp"
    assert max(Image.open(io.BytesIO(small.content)).size) <= 64
    tone = np.sin(np.linspace(0, 4000, 44100)).astype(np.float32) * 0.5
    sound = _upload(client, audio_asset(tone, 44100).read_bytes(), "tone.wav")
    wave = client.get(sound["content_url"], params={"w": 320})
    assert wave.status_code == 200
    assert Image.open(io.BytesIO(wave.content)).size[0] == 320
    peaks = client.get(f"/api/assets/{sound['id']}/peaks", params={"n": 50}).json()
    assert len(peaks["peaks"]) == 50
    assert max(high for _, high in peaks["peaks"]) == pytest.approx(0.5, abs=0.01)
    text = _upload(client, b"some words here", "a.txt")
    assert client.get(text["content_url"], params={"w": 320}).status_code == 415
    assert client.get(url, params={"w": 100_000}).status_code == 422


def test_ids_are_ids_and_nothing_else(client) -> None:
    for bad in ("..%2f..%2fetc", "sha256:zz", "sha256:" + "A" * 64, "x" * 300, "sha256:%2e%2e"):
        assert client.get(f"/api/assets/{bad}").status_code in (404, 422), bad
        assert client.get(f"/v1/files/{bad}/content").status_code == 404, bad
    assert client.get("/api/jobs/..%2f..%2fetc").status_code in (404, 422)
    assert client.get(f"/api/assets/sha256:{'0' * 64}").status_code == 404


def test_owners_do_not_see_each_other(make_guard, connect, png) -> None:
    guard = make_guard(needs_keys=True)
    desk = guard.app.state.desk
    ann, ben = (connect(guard, desk.keys.create(name)[0]) for name in ("ann", "ben"))
    asset = _upload(ann, png, "ann-secret-plan.png")
    url = f"/api/assets/{asset['id']}"
    for path in ("", "/content", "/trace", "/provenance", "/users", "/layers", "/text", "/peaks"):
        assert ben.get(f"{url}{path}").status_code == 404, path
    assert ben.get(f"/v1/files/file-{asset['id'][7:]}/content").status_code == 404
    assert ben.get("/api/assets").json()["items"] == []
    refused = ben.post("/api/jobs", json={"prompt": "look", "attachments": [asset["id"]]})
    assert refused.status_code == 404
    call = {
        "tool": "crop_image",
        "inputs": {"image": asset["id"]},
        "arguments": {"box": [0, 0, 9, 9]},
    }
    assert ben.post("/api/jobs", json=call).status_code == 404
    # The very same bytes: each sees their own name, and nothing of the other.
    own = _upload(ben, png, "mine.png")
    assert own["id"] == asset["id"]
    seen = json.dumps([ben.get(url).json(), ben.get(f"{url}/trace").json()])
    assert "mine.png" in seen
    assert "secret" not in seen
    assert ann.delete(url).status_code == 204
    assert ben.get(url).status_code == 200


def test_lineage_ends_where_another_owner_begins(make_guard, png) -> None:
    from omnimuse.server.jobs import NewJob

    desk = make_guard(needs_keys=True).app.state.desk
    runs = {
        owner: desk.jobs.add(NewJob(owner, "prompt", {"prompt": "x"}))[0].id
        for owner in ("ann", "ben")
    }
    library = desk.house.library
    source = library.put(Asset.from_text("ann's secret source"), Origin("", "", "import", "1"))
    words = {"prompt": "ann's secret prompt"}
    inputs = {"text": (source.id,)}
    made = Asset.from_text("the same result")
    first = Origin(runs["ann"], "n", "write_text", "1", arguments=words, inputs=inputs)
    second = Origin(runs["ben"], "n", "write_text", "1", arguments={"prompt": "ben's"})
    library.put(made, first)
    made = library.put(made, second)
    desk.holdings.add("ann", [source, made], run=runs["ann"])
    desk.holdings.add("ben", [made], run=runs["ben"])
    assert desk.holdings.asset("ben", made.id).origin.arguments == {"prompt": "ben's"}
    assert "secret" not in json.dumps(desk.holdings.trace("ben", made.id).to_json())
    assert desk.holdings.trace("ann", made.id).inputs[0][1].id == source.id


def test_jobs_and_sessions_of_others_are_not_there(make_guard, connect) -> None:
    guard = make_guard(needs_keys=True)
    desk = guard.app.state.desk
    ann, ben = (connect(guard, desk.keys.create(name)[0]) for name in ("ann", "ben"))
    job = ann.post("/api/jobs", json={"prompt": "a secret fox", "session": "s"}).json()
    for path in ("", "/events", "/archive"):
        assert ben.get(f"/api/jobs/{job['id']}{path}").status_code == 404
    assert ben.delete(f"/api/jobs/{job['id']}").status_code == 404
    assert ben.post(f"/api/jobs/{job['id']}/retry").status_code == 404
    assert ben.get("/api/jobs").json()["items"] == []
    desk.house.sessions.add("ann.s", job["id"], "a secret fox", [])
    assert ben.get("/api/sessions").json()["items"] == []
    assert ben.get("/api/sessions/s").json()["turns"] == []
    assert [t["prompt"] for t in ann.get("/api/sessions/s").json()["turns"]] == ["a secret fox"]


def test_room_and_daily_jobs_are_bounded(make_guard, connect, quota, png) -> None:
    guard = make_guard(needs_keys=True)
    keys = guard.app.state.desk.keys
    key, _ = keys.create("ann", ["read", "write"], quota(jobs_per_day=2, stored_mb=1))
    ann = connect(guard, key)
    statuses = [ann.post("/api/jobs", json={"prompt": "a fox"}).status_code for _ in range(3)]
    assert statuses == [202, 202, 429]
    _upload(ann, b"word " * 120_000, "a.txt")
    full = ann.post("/api/assets", files={"file": ("b.txt", b"other " * 100_000)})
    assert full.status_code == 429


def test_assets_are_found_by_facts_and_words(client) -> None:
    import io

    from PIL import Image

    def picture(width: int, height: int) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", (width, height)).save(buffer, "PNG")
        return buffer.getvalue()

    for width, name in ((50, "small fox.png"), (500, "large fox.png"), (900, "moon.png")):
        _upload(client, picture(width, 40), name)
    _upload(client, b"a poem about rain", "rain.txt")

    def names(**query):
        items = client.get("/api/assets", params={"sort": "newest", **query}).json()["items"]
        return [item["name"] for item in items]

    assert names(kind="image") == ["moon.png", "large fox.png", "small fox.png"]
    assert names(kind="image", min_width=100, max_width=600) == ["large fox.png"]
    assert names(q="fox") == ["large fox.png", "small fox.png"]
    assert names(q="rain") == ["rain.txt"]
    assert names(origin="made") == []
    first = client.get("/api/assets", params={"limit": 3}).json()
    rest = client.get("/api/assets", params={"limit": 3, "cursor": first["next"]}).json()
    assert len(first["items"]) == 3
    assert [item["name"] for item in rest["items"]] == ["small fox.png"]
    assert client.get("/api/assets", params={"cursor": "zzz"}).status_code == 400
