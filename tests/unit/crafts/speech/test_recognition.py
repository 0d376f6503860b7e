from __future__ import annotations

import itertools

import numpy as np
import pytest

from omnimuse.backends.base import Segment, Transcription, Word
from omnimuse.crafts.speech.recognition import (
    PIECE_S,
    RECOGNITION_RATE_HZ,
    is_quiet,
    pieces,
    recognise,
)

RATE = RECOGNITION_RATE_HZ


class Listener:
    """Writes one word for each piece, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def transcribe(self, audio, sample_rate_hz, *, language=""):
        self.asked.append((len(audio), sample_rate_hz, language))
        words = (Word("word", 0.5, 1.0, 0.9),)
        return Transcription("word", language or "de", (Segment("word", 0.5, 1.0, words),))


def blocks_of(seconds, level=0.1, block_s=7.0):
    rng = np.random.default_rng(0)
    left = int(seconds * RATE)
    while left > 0:
        count = min(int(block_s * RATE), left)
        yield (level * rng.standard_normal(count)).astype("f4")
        left -= count


def test_pieces_are_bounded_and_complete():
    got = list(pieces(blocks_of(300)))
    assert all(len(samples) <= PIECE_S * RATE for samples, _ in got)
    assert sum(len(samples) for samples, _ in got) == 300 * RATE
    for (samples, start), (_, following) in itertools.pairwise(got):
        assert following == pytest.approx(start + len(samples) / RATE)


def test_pieces_are_cut_where_it_is_quiet():
    signal = np.concatenate(list(blocks_of(150)))
    signal[int(110 * RATE) : int(110.5 * RATE)] = 0
    first = next(pieces([signal]))[0]
    assert 110 <= len(first) / RATE <= 110.5


def test_times_are_moved_and_the_first_language_holds():
    listener = Listener()
    heard = recognise(blocks_of(250), listener)
    assert heard.language == "de"
    assert [asked[2] for asked in listener.asked] == ["", "de", "de"]
    starts = [segment.words[0].start_s for segment in heard.segments]
    assert starts == sorted(starts)
    assert starts[1] > 100
    assert heard.duration_s == pytest.approx(250)


def test_silence_is_not_listened_to():
    listener = Listener()
    heard = recognise(blocks_of(150, level=0.0), listener)
    assert heard.is_silent
    assert heard.segments == ()
    assert heard.duration_s == pytest.approx(150)
    assert listener.asked == []
    assert is_quiet(np.zeros(0, "f4"))
    assert not is_quiet(np.full(RATE, 0.01, "f4"))
