"""Every kind shows itself in a notebook, and nothing in it can run."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from omnimuse.assets.asset import Asset
from omnimuse.assets.display import html_of, plain
from omnimuse.assets.media import audio_asset, image_asset
from omnimuse.graph.kinds import KINDS

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def test_every_kind_shows_something_even_if_its_bytes_are_broken() -> None:
    for kind in KINDS:
        shown = Asset.from_bytes(b"broken \x00\xff", kind)._repr_mimebundle_()
        assert shown["text/plain"].startswith(kind)
        assert "<figcaption>" in shown["text/html"]


def test_pictures_and_sounds_are_inline() -> None:
    picture = image_asset(Image.new("RGB", (3000, 20), "red"))
    assert 'src="data:image/png;base64,' in html_of(picture)
    tone = audio_asset(np.zeros(800, np.float32), 8000)
    assert '<audio controls src="data:audio/wav;base64,' in html_of(tone)
    assert "duration_s" in plain(tone)


@pytest.mark.parametrize(
    "asset",
    [
        Asset.from_text(EVIL),
        Asset.from_json({"objects": [{"label": EVIL, "box": EVIL}]}, "scene"),
        Asset.from_json({"x": EVIL}, "layout"),
        Asset.from_bytes(f"a,b\n{EVIL},2\n".encode(), "table", "text/csv"),
        Asset.from_bytes(b"x", "mesh", facts={EVIL: EVIL}),
        Asset.from_bytes(b"x", "audio", f'audio/wav"{EVIL}'),
    ],
    ids=lambda asset: asset.kind,
)
def test_what_an_asset_says_is_never_markup(asset) -> None:
    shown = html_of(asset)
    assert "<script" not in shown
    assert "<img" not in shown


def test_a_table_is_a_table() -> None:
    table = Asset.from_bytes(b"name,size\nfox,3\n", "table", "text/csv")
    assert "<th>name</th>" in html_of(table)
    assert "<td>fox</td>" in html_of(table)


def test_large_films_are_not_put_into_the_page() -> None:
    film = Asset("sha256:" + "0" * 64, "video", "video/mp4", 10**9, data=b"x")
    assert "too much for a page" in html_of(film)
    assert io.BytesIO(film.read_bytes()).read() == b"x"
