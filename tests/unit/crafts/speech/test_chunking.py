from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.crafts.speech.chunking import Pauses, chunks, is_verse, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Hello there. How are you? Fine!", ["Hello there.", "How are you?", "Fine!"]),
        ("Dr. Smith met Mr. Jones. They left.", ["Dr. Smith met Mr. Jones.", "They left."]),
        ("It is 3.14 exactly. Yes.", ["It is 3.14 exactly.", "Yes."]),
        (
            "J. R. Tolkien wrote it. It is I. We go.",
            ["J. R. Tolkien wrote it.", "It is I.", "We go."],
        ),
        ("See No. 5. No. I won't.", ["See No. 5.", "No.", "I won't."]),
        ('"Stop!" he said. "Go."', ['"Stop!"', "he said.", '"Go."']),
        ("今天下雨。明天呢？", ["今天下雨。", "明天呢？"]),
        ("no end", ["no end"]),
    ],
)
def test_sentences(text, sentences):
    assert split_sentences(text) == sentences


def test_verse_pauses_at_line_ends_and_prose_does_not():
    poem = "Beneath a yellow moon so bright,\nA red fox dances through the night."
    assert is_verse(poem)
    pieces = list(chunks(poem))
    assert [piece.text for piece in pieces] == poem.splitlines()
    assert pieces[0].pause_s == Pauses().line_s
    prose = "\n".join(
        ["This is a long line of ordinary prose that goes on for more than sixty"] * 3
    )
    assert not is_verse(prose)
    assert len(list(chunks(prose))) == 1


def test_paragraphs_pause_longer():
    pieces = list(chunks("One. Two.\n\nThree."))
    assert [piece.pause_s for piece in pieces] == [0.35, 0.8, 0.8]


def test_long_text_is_lazy():
    endless = "word " * 10_000_000
    first = list(itertools.islice(chunks(endless[:2000] + ". Then more."), 2))
    assert len(first) == 2
    assert all(len(piece.text) <= 320 for piece in first)


@given(st.text(alphabet="ab ,.!?\nDr", max_size=600), st.integers(20, 100))
def test_nothing_is_lost_and_pieces_are_bounded(text, limit):
    pieces = list(chunks(text, max_characters=limit))
    assert "".join("".join(p.text for p in pieces).split()) == "".join(text.split())
    assert all(len(p.text) <= limit for p in pieces)
    assert all(p.text.strip() for p in pieces)
