"""The dictionaries of the interface, and what the static files may not hold."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from omnimuse.graph.kinds import KINDS
from omnimuse.studio import STATIC

LANGUAGES = ("en", "zh")
_OWN_NAMES = "tool."  # English names of tools are made from the tools themselves
_KEY = re.compile(r"""["'`]([a-z0-9]+\.[a-z][a-z0-9_]*)["'`]""")
_TAGS = {"form.stack", "form.composer", "nav.side"}  # elements with a class, not words
_IMPORT = re.compile(r"""(?:^import .*?from|import\()\s*["'](\.[^"']+)["']""", re.M | re.S)
_DYNAMIC = re.compile(r"\bt(?:Or)?\(`([a-z]+)\.([a-z_]*)\$\{")


def _words(language: str) -> dict[str, str]:
    return dict(json.loads((STATIC / "i18n" / f"{language}.json").read_text(encoding="utf-8")))


def _scripts() -> list[Path]:
    return sorted((STATIC / "js").rglob("*.js"))


def test_every_language_has_the_same_keys() -> None:
    english, chinese = (set(_words(language)) for language in LANGUAGES)
    assert {key for key in chinese if not key.startswith(_OWN_NAMES)} == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_of_the_scripts_is_missing(language: str) -> None:
    words = _words(language)
    groups = {key.split(".")[0] for key in words}
    asked = {
        key
        for path in _scripts()
        for key in _KEY.findall(path.read_text(encoding="utf-8"))
        if key.split(".")[0] in groups and not key.endswith((".js", ".json"))
    } - _TAGS
    assert len(asked) > 150
    assert asked - set(words) == set()
    assert {f"kind.{kind}" for kind in KINDS} <= set(words)


def test_no_word_is_left_over() -> None:
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in _scripts())
    used = set(_KEY.findall(scripts))
    prefixes = {f"{group}.{start}" for group, start in _DYNAMIC.findall(scripts)}
    left = {
        key
        for key in _words("en")
        if key not in used and not any(key.startswith(prefix) for prefix in prefixes)
    }
    assert left == set()


def test_placeholders_agree() -> None:
    english, chinese = _words("en"), _words("zh")
    for key, text in english.items():
        assert text.strip()
        assert chinese[key].strip()
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", chinese[key])), (
            key
        )


def test_chinese_is_chinese() -> None:
    shared = {key for key, text in _words("zh").items() if not re.search(r"[\u4e00-\u9fff]", text)}
    assert shared <= {"layers.file_name", "provenance.hash", "models.switched"}


def test_no_script_or_style_stands_in_the_page_and_nothing_is_fetched_from_elsewhere() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in (".js", ".css", ".html", ".json"):
            text = path.read_text(encoding="utf-8")
            addresses = set(re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text))
            assert addresses <= {"http://www.w3.org"}, path


def test_scripts_parse_no_markup_and_run_no_text() -> None:
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function"
        r"|createContextualFragment|setHTMLUnsafe|setAttribute\(\"style\""
    )
    assert len(_scripts()) > 30
    for path in _scripts():
        text = path.read_text(encoding="utf-8")
        assert not re.search(forbidden, text), path
        assert len(text.splitlines()) <= 400, path
        for name in _IMPORT.findall(text):
            assert (path.parent / name).is_file(), (path, name)


def test_whatever_the_page_loads_first_is_there() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    for name in re.findall(r'(?:href|src)="([^"]+)"', page):
        assert (STATIC / name).is_file(), name


def test_the_first_page_is_light() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    first = [STATIC / name for name in re.findall(r'(?:href|src)="([^"]+)"', page)]
    assert sum(path.stat().st_size for path in first) < 200_000
