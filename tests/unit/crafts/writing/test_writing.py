"""Writing: rhyme, syllables, summaries, and the judge that picks among tries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from omnimuse.crafts.writing.extract import split_sentences, summarize
from omnimuse.crafts.writing.forms import FORMS
from omnimuse.crafts.writing.verse import do_rhyme, last_word, rhymes_with, syllables
from omnimuse.crafts.writing.writer import Writer


def _embed(texts: Sequence[str]) -> np.ndarray:
    """Bags of letters: enough to tell near from far."""
    vectors = np.array(
        [[text.lower().count(c) for c in "abcdefghijklmnopqrstuvwxyz"] for text in texts]
    )
    vectors = vectors + 1e-6
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


class Model:
    """Gives prepared texts with prepared probabilities."""

    def __init__(self, *answers: tuple[str, float]) -> None:
        self.answers = answers
        self.grammars: list[str | None] = []

    def generate_many(self, messages, seeds, *, grammar=None, **options):
        self.grammars.append(grammar)
        return [self.answers[i % len(self.answers)] for i in range(len(seeds))]


@pytest.mark.parametrize(
    ("word", "count"),
    [("moon", 1), ("river", 2), ("butterfly", 3), ("stone", 1), ("walked", 1), ("little", 2)],
)
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_rhymes() -> None:
    assert "june" in rhymes_with("Moon")
    assert rhymes_with("xylophone") == ()
    assert do_rhyme("under the moon,", "a quiet tune.")
    assert not do_rhyme("the moon", "the moon")
    assert not do_rhyme("a cat", "a river")
    assert last_word("Hello, World!") == "world"


def test_verse_prefers_rhyme_and_keeps_the_number_of_lines() -> None:
    model = Model(
        ("The cat sat on the mat,\nAnd looked at the wall.", -1.0),
        ("The cat sat on the mat,\nAnd wore a hat.", -1.0),
    )
    writer = Writer(model, _embed, 0, lambda fraction, message: None)
    written = writer.verse(FORMS["poem"], "a cat", 2)
    assert written.text.count("\n") == 1
    assert "hat" in written.text
    assert written.scores["rhyme"] > 0
    assert all(model.grammars)


def test_repetition_loses() -> None:
    model = Model(
        ("Blue blue blue blue blue whale blue,\nBlue blue blue blue blue.", -0.5),
        ("The whale is swimming in the sea,\nAnd sings along with me.", -0.9),
    )
    writer = Writer(model, _embed, 0, lambda fraction, message: None)
    assert "swimming" in writer.verse(FORMS["poem"], "a blue whale", 2).text


def test_prose_ends_at_a_sentence() -> None:
    writer = Writer(Model(("One day it rained. Then the", -1.0)), _embed, 0, lambda f, m: None)
    assert writer.prose(FORMS["story"], "rain", 20).text == "One day it rained."


def test_summary_takes_sentences_as_they_stand_in_their_order() -> None:
    text = "Cats purr. Cats like milk and cats purr. Zzz qqq. Cats sleep and purr a lot."
    best = summarize(text, 2, _embed)
    sentences = split_sentences(text)
    assert len(best) == 2
    assert all(sentence in sentences for sentence in best)
    assert [sentences.index(s) for s in best] == sorted(sentences.index(s) for s in best)
    assert "Zzz qqq." not in best
    assert summarize("One. Two.", 5, _embed) == ["One.", "Two."]
    assert split_sentences("你好。再见！") == ["你好。", "再见！"]


def test_verse_keeps_the_number_of_lines() -> None:
    writer = Writer(Model(("A b c,\nD e f.", -1.0)), _embed, 0, lambda f, m: None)
    for lines in (2, 4, 6):
        assert writer.verse(FORMS["poem"], "a cat", lines).text.count("\n") == lines - 1
