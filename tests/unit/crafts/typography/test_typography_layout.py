from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.crafts.typography.fonts import FontBook
from omnimuse.crafts.typography.layout import break_lines, text_paths
from omnimuse.errors import ArgumentError, BackendUnavailableError


@given(
    st.lists(st.text("abcdefg", min_size=1, max_size=8), min_size=1, max_size=12), st.integers(1, 5)
)
def test_breaking_keeps_all_words_in_order(words: list[str], count: int) -> None:
    lines = break_lines(" ".join(words), count)
    assert " ".join(lines).split() == words
    assert len(lines) <= count


def test_lines_are_about_equally_long() -> None:
    assert break_lines("the quick brown fox jumps over the dog", 2) == [
        "the quick brown fox",
        "jumps over the dog",
    ]


def test_wide_characters_may_break_anywhere_but_before_closing_marks() -> None:
    assert break_lines("祝你生日快乐。", 2) == ["祝你生日", "快乐。"]


def test_written_line_breaks_are_kept() -> None:
    assert break_lines("one\ntwo three\n\nfour", 1) == ["one", "two three", "four"]


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 2001])
def test_no_text_and_too_much_text_are_refused(text: str) -> None:
    with pytest.raises(ArgumentError):
        text_paths(text, (0, 0, 10, 10))


def test_without_a_font_the_character_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    with pytest.raises(BackendUnavailableError, match="LATIN SMALL LETTER A") as caught:
        text_paths("a", (0, 0, 10, 10), book=FontBook((tmp_path,), use_system=False))
    assert caught.value.error_code == "no_font"


@pytest.mark.weights
@pytest.mark.parametrize("text", ["SALE", "Привет", "Ελλάδα", "狐狸", "שלום", "naïve 狐"])
def test_text_fits_its_box(text: str) -> None:
    folder = Path(os.environ["OMNIMUSE_MODELS_DIR"]) / "fluent-illustrator" / "fonts"
    if not folder.is_dir():
        pytest.skip("the card fluent-illustrator is not pulled")
    book = FontBook((folder,), use_system=False)
    markup = text_paths(text, (10, 20, 200, 60), book=book)
    assert "<path" in markup
    for x, y, size, path in re.findall(
        r'translate\(([\d.-]+) ([\d.-]+)\) scale\(([\d.]+)\)" d="([^"]+)"', markup
    ):
        numbers = [float(v) for v in re.findall(r"-?\d+\.\d+", path)]
        xs = [float(x) + v * float(size) for v in numbers[0::2]]
        ys = [float(y) + v * float(size) for v in numbers[1::2]]
        assert min(xs) >= 8
        assert max(xs) <= 212
        assert min(ys) >= 12
        assert max(ys) <= 88
