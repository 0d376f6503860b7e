from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import MODELS_DIR

from omnimuse.crafts.animation import captions as c
from omnimuse.crafts.animation.captions import (
    MAX_CAPTION_S,
    MAX_CHARACTERS,
    Caption,
    CaptionPainter,
    caption_font,
    from_text,
    from_transcript,
    needs_fonts,
    to_srt,
    to_vtt,
)
from omnimuse.errors import InputError


def spoken(text: str, start: float = 0.0, pace: float = 0.3) -> dict[str, object]:
    words = [
        {"text": word, "start_s": start + pace * i, "end_s": start + pace * i + 0.25}
        for i, word in enumerate(text.split())
    ]
    return {"text": text, "start_s": start, "end_s": words[-1]["end_s"], "words": words}


def test_captions_break_at_sentences_and_pauses() -> None:
    found = from_transcript(
        {"segments": [spoken("A fox sings. The moon listens."), spoken("Then silence", 5.0)]}
    )
    assert [caption.text for caption in found] == [
        "A fox sings.",
        "The moon listens.",
        "Then silence",
    ]
    assert found[0].start_s == 0.0
    assert found[1].start_s == pytest.approx(0.9)
    paused = spoken("one two")
    paused["words"][1]["start_s"] += 1.0  # type: ignore[index]
    paused["words"][1]["end_s"] += 1.0  # type: ignore[index]
    assert len(from_transcript({"segments": [paused]})) == 2


def test_the_offset_moves_all_times() -> None:
    plain = from_transcript({"segments": [spoken("one two three")]})
    moved = from_transcript({"segments": [spoken("one two three")]}, 2.5)
    assert moved[0].start_s == plain[0].start_s + 2.5
    assert moved[0].end_s == plain[0].end_s + 2.5


def test_segments_without_words_are_captions_themselves() -> None:
    found = from_transcript(
        {"segments": [{"text": " Hello there. ", "start_s": 1.0, "end_s": 2.0}]}
    )
    assert found == [Caption(1.0, pytest.approx(2.15), "Hello there.")]
    assert from_transcript({}) == []


@given(st.lists(st.text("abcdefgh ,.", min_size=1, max_size=14), min_size=1, max_size=60))
def test_long_speech_makes_captions_of_bounded_length(words: list[str]) -> None:
    words = [word for token in words for word in token.split()]
    if not words:
        return
    found = from_transcript({"segments": [spoken(" ".join(words))]})
    assert " ".join(caption.text for caption in found).split() == words
    for caption in found:
        assert len(caption.text) <= 2 * MAX_CHARACTERS + max(map(len, words))
        assert caption.end_s - caption.start_s <= MAX_CAPTION_S + 1.0
    assert all(a.start_s < b.start_s for a, b in pairwise(found))


def test_plain_text_is_spread_by_reading_time() -> None:
    found = from_text("Short.\nA much longer second line of text.", 1.0, 5.0)
    assert [caption.text for caption in found] == ["Short.", "A much longer second line of text."]
    assert found[0].start_s == 1.0
    assert found[-1].end_s == pytest.approx(5.0)
    assert found[0].end_s == found[1].start_s
    assert found[1].end_s - found[1].start_s > 1.5 * (found[0].end_s - found[0].start_s)
    assert from_text("  \n ", 0, 5) == []


def test_long_lines_are_cut_at_sentences_in_both_languages() -> None:
    english = "One sentence that is rather long indeed. " * 3
    assert len(from_text(english.strip(), 0, 9)) == 3
    chinese = "红狐狸在黄色的月亮下面慢慢地走过安静的雪地。" * 5
    assert len(from_text(chinese, 0, 9)) == 5


def test_srt_and_vtt() -> None:
    lines = [Caption(0.0, 1.25, "Hello"), Caption(3661.5, 3662.0, "late")]
    assert to_srt(lines) == (
        "1\n00:00:00,000 --> 00:00:01,250\nHello\n\n2\n01:01:01,500 --> 01:01:02,000\nlate\n"
    )
    vtt = to_vtt(lines)
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.250\nHello\n")
    assert len(re.findall(r"-->", vtt)) == 2


def test_captions_show_only_in_their_time_and_at_the_bottom() -> None:
    grey = np.full((360, 640, 3), 90, np.uint8)
    painter = CaptionPainter([Caption(1.0, 2.0, "A red fox")], 640, 360)
    assert painter.draw(grey, 0.99) is grey
    assert painter.draw(grey, 2.0) is grey
    drawn = painter.draw(grey, 1.5)
    changed = np.nonzero((drawn != grey).any(axis=2))
    assert changed[0].min() > 360 * 0.7
    assert changed[0].max() < 360 * 0.99
    assert abs(changed[1].mean() - 320) < 12
    assert drawn.max() == 255, "white letters"
    assert drawn.min() < 60, "on a dark shade"
    assert (grey == 90).all(), "the frame itself is untouched"


def test_long_captions_wrap_into_lines_that_fit() -> None:
    font = caption_font(24, "a")
    text = "The quick brown fox jumps over the lazy dog and runs into the quiet wood"
    lines = c._wrap(text, font, 300)
    assert len(lines) > 1
    assert " ".join(lines) == text
    assert all(font.getlength(line) <= 300 for line in lines)


def test_scripts_without_a_font_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c, "_font_files", tuple)
    with pytest.raises(InputError, match="no font") as refusal:
        caption_font(20, "红狐狸")
    assert "font" in refusal.value.hint
    assert "红" in str(refusal.value)
    assert caption_font(20, "Fox, “tame” & brave — it’s…") is not None


def test_given_fonts_come_before_the_systems(tmp_path: Path) -> None:
    assert needs_fonts("红狐狸")
    assert not needs_fonts("it’s a fox")
    folder = MODELS_DIR / "fluent-illustrator" / "fonts"
    files = sorted(folder.glob("*kuaile*"))
    if not files:
        pytest.skip("the card fluent-illustrator is not pulled")
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    font = caption_font(20, "红狐狸, fox", [tmp_path / "broken.ttf", *files])
    assert font.getlength("红") > 15


def test_a_font_that_has_the_letters_is_found_where_there_is_one() -> None:
    files = c._font_files()
    try:
        font = caption_font(20, "红")
    except InputError:
        pytest.skip(f"none of {len(files)} fonts has Chinese letters")
    assert font.getlength("红") > 5
