"""Bars written anew inside of a tune, and variations."""

from functools import cache
from pathlib import Path

import pytest

from omnimuse.backends.base import MelodyRequest
from omnimuse.backends.card import ModelCard
from omnimuse.backends.melody_lm import MelodyModel
from omnimuse.crafts.music.brief import Brief
from omnimuse.crafts.music.compose import compose
from omnimuse.crafts.music.infill import fill_bars, harmony_fit, vary
from omnimuse.crafts.music.judge import bar_sums_hold
from omnimuse.crafts.music.piece import Note, Piece
from omnimuse.crafts.music.styles import styles
from omnimuse.crafts.music.theory import Key, Metre
from omnimuse.errors import ArgumentError


@cache
def model() -> MelodyModel:
    return MelodyModel(ModelCard("folk-gpt", (), "melody-gpt"), Path())


@cache
def tune() -> Piece:
    brief = Brief(Key.parse("G"), Metre(6, 8), 110.0, 8, styles()["folk"], 0.3, 0.0, "")
    return compose(brief, 1, writer=model(), candidates=2).piece


def bars_of(piece: Piece, first: int, last: int) -> list[Note]:
    ticks = piece.metre.bar_ticks
    melody = piece.part("melody")
    assert melody is not None
    return [n for n in melody.notes if first * ticks <= n.start < last * ticks]


def test_only_the_tune_of_the_given_bars_changes() -> None:
    made = fill_bars(tune(), model(), 3, 2, seed=4)
    assert bars_of(made, 0, 3) == bars_of(tune(), 0, 3)
    assert bars_of(made, 5, 8) == bars_of(tune(), 5, 8)
    assert bars_of(made, 3, 5) != bars_of(tune(), 3, 5)
    assert made.parts[1:] == tune().parts[1:]
    assert made.chords == tune().chords
    melody = made.part("melody")
    assert melody is not None
    assert bar_sums_hold(melody.notes, made.metre)
    assert fill_bars(tune(), model(), 3, 2, seed=4) == made
    assert harmony_fit(made, bars_of(made, 3, 5)) > 0.4


def test_drafts_that_lead_to_what_follows_come_first() -> None:
    bar = ((480, 0), (480, 2), (480, 4), (480, 5))
    request = MelodyRequest("major", "4/4", 4, opening=(bar,), closing=(bar, bar))
    drafts = model().write(request, seed=2, count=4)
    assert all(d.bars[0] == bar and d.bars[2:] == (bar, bar) for d in drafts)
    assert {sum(size for size, _ in d.bars[1]) for d in drafts} == {1920}
    assert [d.bars for d in drafts] == [d.bars for d in model().write(request, seed=2, count=4)]


def test_a_variation_keeps_the_openings_and_the_close() -> None:
    made = vary(tune(), model(), 0.5, seed=1)
    assert bars_of(made, 0, 2) == bars_of(tune(), 0, 2)
    assert bars_of(made, 7, 8) == bars_of(tune(), 7, 8)
    assert bars_of(made, 0, 8) != bars_of(tune(), 0, 8)


@pytest.mark.parametrize(("first", "bars"), [(-1, 2), (8, 1), (6, 3), (2, 0)])
def test_bars_that_are_not_there_are_named(first: int, bars: int) -> None:
    with pytest.raises(ArgumentError, match="of a piece of 8"):
        fill_bars(tune(), model(), first, bars, seed=0)


def test_nothing_to_write_between_given_bars_is_refused() -> None:
    bar = ((1920, 0),)
    with pytest.raises(ArgumentError, match="no bar is left"):
        model().write(MelodyRequest("major", "4/4", 2, opening=(bar,), closing=(bar,)), seed=0)
