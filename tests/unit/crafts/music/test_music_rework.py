from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.backends.base import MelodyRequest
from omnimuse.crafts.music.abc import read_abc
from omnimuse.crafts.music.brief import Brief
from omnimuse.crafts.music.compose import compose
from omnimuse.crafts.music.judge import (
    bar_sums_hold,
    groove_consistency,
    judge,
    pitch_class_entropy,
    scale_consistency,
)
from omnimuse.crafts.music.piece import Note, Part, Piece
from omnimuse.crafts.music.rework import (
    continue_piece,
    interval_to,
    melody_of,
    restyle,
    to_melody,
    transpose,
)
from omnimuse.crafts.music.styles import styles
from omnimuse.crafts.music.theory import Key, Metre
from omnimuse.crafts.music.tunes import to_notes, write_tunes
from omnimuse.errors import InputError
from omnimuse.models.melody_tokens import Melody

TWINKLE = "X:1\nT:T\nM:2/4\nL:1/4\nK:C\nC C|G G|A A|G2|F F|E E|D D|C2|]\n"


class Parrot:
    """Goes on by saying the last bar again, and ends on the tonic."""

    def __init__(self) -> None:
        self.asked: list[MelodyRequest] = []

    def write(self, request: MelodyRequest, *, seed: int, count: int = 1) -> list[Melody]:
        self.asked.append(request)
        ticks = Metre.parse(request.metre).bar_ticks
        filler = request.opening[-1] if request.opening else ((ticks, 4),)
        bars = [*request.opening]
        while len(bars) < request.bars - 1:
            bars.append(filler)
        return [Melody(request.mode, request.metre, (*bars, ((ticks, 12),))) for _ in range(count)]


def brief_for(piece: Piece, style: str, **changes: Any) -> Brief:
    base = Brief(piece.key, piece.metre, 100.0, piece.bars, styles()[style], 0.2, 0.0, "calm")
    return replace(base, **changes)


@settings(max_examples=30, deadline=None)
@given(st.integers(-36, 36), st.integers(0, 1000))
def test_transposing_there_and_back_changes_nothing(semitones: int, seed: int) -> None:
    base = Brief(Key.parse("D"), Metre(3, 4), 100.0, 4, styles()["jazz"], 0.2, 0.3, "")
    piece = compose(base, seed, candidates=1).piece
    moved = transpose(piece, semitones)
    assert moved.key.tonic == (2 + semitones) % 12
    if all(0 <= n.pitch + semitones <= 127 for p in piece.parts for n in p.notes):
        assert transpose(moved, -semitones) == piece
    drums, same = piece.part("drums"), moved.part("drums")
    assert drums == same


def test_the_shorter_way_is_taken() -> None:
    assert interval_to(Key.parse("C"), Key.parse("G")) == -5
    assert interval_to(Key.parse("C"), Key.parse("F")) == 5
    assert interval_to(Key.parse("B"), Key.parse("C")) == 1


@pytest.mark.parametrize("style", ["jazz", "waltz", "chiptune", "hymn", "ambient"])
def test_a_new_dress_keeps_the_tune(style: str) -> None:
    piece = read_abc(TWINKLE)
    made = restyle(piece, brief_for(piece, style), np.random.default_rng(0))
    old, new = melody_of(piece), melody_of(made)
    assert [(n.start, n.duration, n.pitch % 12) for n in new] == [
        (n.start, n.duration, n.pitch % 12) for n in old
    ]
    assert len(made.parts) > 1
    assert made.chords[-1].root == 0


def test_minor_bends_the_third_and_the_sixth_only() -> None:
    piece = read_abc(TWINKLE)
    brief = brief_for(piece, "romantic", key=Key.parse("C minor"))
    made = restyle(piece, brief, np.random.default_rng(0))
    before = [n.pitch % 12 for n in melody_of(piece)]
    after = [n.pitch % 12 for n in melody_of(made)]
    assert after == [{4: 3, 9: 8}.get(pitch, pitch) for pitch in before]


def test_a_tune_is_continued_in_its_own_terms() -> None:
    piece, parrot = read_abc(TWINKLE), Parrot()
    made = continue_piece(piece, brief_for(piece, "folk"), parrot, 4, 1)
    assert made.bars == 12
    assert parrot.asked[0].opening == to_melody(piece).bars
    line = melody_of(made)
    assert bar_sums_hold(line, piece.metre)
    assert [n.pitch % 12 for n in line][: len(melody_of(piece))] == [
        n.pitch % 12 for n in melody_of(piece)
    ]
    assert line[-1].pitch % 12 == 0


def test_rhythms_that_the_model_never_heard_are_refused() -> None:
    odd = Part("t", 0, (Note(0, 100, 60), Note(100, 860, 62)), "melody")
    piece = Piece(Key.parse("C"), Metre(2, 4), 100, 1, (odd,))
    with pytest.raises(InputError, match="does not know"):
        to_melody(piece)
    with pytest.raises(InputError, match="no tune"):
        melody_of(piece.with_parts((replace(odd, role="drums"),)))


def test_long_pieces_repeat_the_strains_of_a_tune() -> None:
    base = Brief(Key.parse("G"), Metre(6, 8), 110.0, 32, styles()["jig"], 0.5, 0.3, "")
    parrot = Parrot()
    tune = write_tunes(base, 32, parrot, 0, 1)[0]
    assert parrot.asked[0].bars == 16
    assert len(tune.bars) == 32
    assert tune.bars[:8] == tune.bars[8:16]
    assert tune.bars[16:24] == tune.bars[24:]
    assert tune.bars[-1] == ((1440, 12),)
    for bars in (8, 12, 16, 24, 40, 48):
        assert len(write_tunes(base, bars, parrot, 0, 1)[0].bars) == bars


def test_tunes_of_the_model_are_arranged_and_judged() -> None:
    base = Brief(Key.parse("G"), Metre(6, 8), 110.0, 18, styles()["jig"], 0.5, 0.3, "")
    done = compose(base, 3, candidates=2, writer=Parrot())
    assert done.melody_by == "melody model"
    assert done.piece.bars == 18
    assert done.piece.phrases[0].name == "intro"
    melody = done.piece.part("melody")
    assert melody is not None
    assert melody.notes[0].start == 2 * 1440


def test_notes_stay_near_the_middle_of_the_staff() -> None:
    low = Melody("major", "2/4", (((480, -12), (480, -7)),))
    high = Melody("major", "2/4", (((480, 24), (480, 19)),))
    for melody in (low, high):
        for tonic in range(12):
            pitches = [n.pitch for n in to_notes(melody, Key(tonic, "major"), 0, 960)]
            assert 60 <= sum(pitches) / 2 <= 82


def line_of(*pitches: int) -> list[Note]:
    return [Note(i * 480, 480, pitch) for i, pitch in enumerate(pitches)]


def test_measures_match_their_definitions() -> None:
    assert pitch_class_entropy(line_of(60, 62, 64, 65)) == pytest.approx(2.0)
    assert pitch_class_entropy(line_of(60, 72, 48)) == 0.0
    assert scale_consistency(line_of(60, 62, 64, 66)) == 1.0  # all in G major
    assert scale_consistency(line_of(*range(60, 72))) == pytest.approx(7 / 12)
    steady = [Note(bar * 1920 + beat * 480, 480, 60) for bar in range(4) for beat in range(4)]
    assert groove_consistency(steady, Metre(4, 4)) == 1.0
    swapped = [Note(n.start + 240 * (n.start // 1920 % 2), 240, 60) for n in steady]
    assert groove_consistency(swapped, Metre(4, 4)) == pytest.approx(1 - 8 / 96)


def test_verdicts_of_good_pieces_have_numbers() -> None:
    base = Brief(Key.parse("C"), Metre(4, 4), 100.0, 8, styles()["classical"], 0.2, 0.0, "")
    measures: Mapping[str, float] = judge(compose(base, 0).piece).measures
    assert 1.5 < measures["pitch_class_entropy"] < 3.2
    assert measures["in_key"] > 0.8
