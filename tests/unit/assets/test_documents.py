from __future__ import annotations

import io

import pytest

from omnimuse.assets.documents import probe_json, probe_svg, probe_table, probe_text
from omnimuse.errors import MediaTooLargeError, UnsupportedMediaError

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {}>{}</svg>'
)


def stream(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="40" height="20"', (40, 20)),
        ('width="2cm" height="1in"', (76, 96)),
        ('viewBox="0 0 300 100"', (300, 100)),
        ('viewBox="0 0 300 100" width="60"', (60, 20)),
        ('width="100%" height="100%" viewBox="0 0 32 16"', (32, 16)),
        ("", (300, 150)),
    ],
)
def test_size_of_an_svg(attributes, size):
    facts = probe_svg(stream(SVG.format(attributes, "")))
    assert (facts["width_px"], facts["height_px"]) == size


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>', "entities"),
        (SVG.format("", '<image href="/etc/passwd.png"/>'), "another file"),
        (SVG.format("", '<image xlink:href="http://example.com/a.png"/>'), "another file"),
        (SVG.format("", "<g>"), "not well-formed"),
        ("<html><svg/></html>", "not <svg>"),
    ],
)
def test_svg_that_is_refused(text, says):
    with pytest.raises(UnsupportedMediaError, match=says):
        probe_svg(stream(text))


def test_svg_with_embedded_parts_is_taken():
    body = '<image href="data:image/png;base64,AAAA"/><use xlink:href="#a"/>'
    assert probe_svg(stream(SVG.format('width="5" height="5"', body)))["width_px"] == 5


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"kind": "layout", "x": 1}', "layout"),
        ('{"layers": []}', "scene"),
        ('{"boxes": []}', "layout"),
        ('{"segments": []}', "transcript"),
        ('{"nodes": [], "edges": []}', "graph"),
        ('{"kind": "video"}', "text"),
        ("[1, 2]", "text"),
    ],
)
def test_kind_of_json(text, kind):
    assert probe_json(stream(text))[0] == kind


def test_json_that_is_refused():
    with pytest.raises(UnsupportedMediaError, match="not JSON"):
        probe_json(stream("{broken"))
    with pytest.raises((MediaTooLargeError, UnsupportedMediaError)):
        probe_json(stream("[" * 1_000_000))


def test_tables():
    facts = probe_table(stream('a;b\n1;"x\ny"\n\n2;3\n'))
    assert facts == {"rows": 2, "columns": 2, "delimiter": ";"}
    with pytest.raises(UnsupportedMediaError, match="no rows"):
        probe_table(stream("\n\n"))
    with pytest.raises(MediaTooLargeError, match="columns"):
        probe_table(stream("," * 20_000))
    with pytest.raises(UnsupportedMediaError, match="table"):
        probe_table(stream('a,"' + "x" * 200_000 + '"\n'))


def test_text_facts_count_characters_not_bytes():
    assert probe_text(stream("月亮 fox\n")) == {"characters": 7, "words": 2, "lines": 1}
    with pytest.raises(UnsupportedMediaError, match="binary"):
        probe_text(io.BytesIO(b"abc\0def"))
