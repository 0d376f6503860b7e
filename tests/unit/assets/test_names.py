from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.assets.names import MEDIA_TYPE_BY_EXTENSION, extension_for, family_of, safe_name
from omnimuse.graph.kinds import KINDS


@pytest.mark.parametrize(
    ("given_name", "wanted"),
    [
        ("fox.png", "fox.png"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("com1", "_com1"),
        ("a\nb\tc\x00d\x1b[31m.txt", "abcd[31m.txt"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        (".hidden", "hidden"),
        ("trailing. . ", "trailing"),
        ('what? "is": <this>|*', "what is this"),
        ("", "file"),
        ("...", "file"),
        ("/", "file"),
        ("月亮和狐狸.png", "月亮和狐狸.png"),
    ],
)
def test_names_are_made_safe(given_name, wanted):
    assert safe_name(given_name) == wanted


@given(st.text(max_size=400))
def test_any_text_becomes_a_safe_name_and_stays_one(text):
    name = safe_name(text)
    assert name
    assert name not in (".", "..")
    assert not set(name) & set('/\\<>:"|?*\0\n\r\t')
    assert not name.startswith(".")
    assert not name.endswith((".", " "))
    assert len(name.encode()) <= 130
    assert safe_name(name) == name


def test_long_names_keep_their_extension():
    name = safe_name("月" * 300 + ".webm")
    assert name.endswith(".webm")
    assert len(name.encode()) <= 120


def test_every_kind_has_an_extension_that_leads_back():
    for kind in KINDS.values():
        for media_type in kind.media_types:
            extension = extension_for(kind.name, media_type)
            assert extension != ".bin"
            own = "." + extension.rpartition(".")[2]
            assert MEDIA_TYPE_BY_EXTENSION[own] == media_type
            assert family_of(media_type)
    assert extension_for("image", "image/jpeg") == ".jpg"
    assert extension_for("scene", "application/json") == ".scene.json"
    assert extension_for("text", "application/json") == ".json"
