"""Loops: the table of attributes, what turns change, what stays."""

import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from omnimuse.crafts.music.loops import (
    Change,
    LoopReader,
    LoopTable,
    apply,
    compose_loop,
    rebuild_loop,
    tiled,
)
from omnimuse.crafts.music.rework import melody_of
from omnimuse.errors import InputError

TABLE = LoopTable(
    "C major", "4/4", 100.0, 4, "classical", 0.3, 0.0, "calm", ("flute", "piano"), tune_seed=5
)


class WordEmbedder:
    dimension = 16384

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.full((len(texts), self.dimension), 1e-6, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[zlib.crc32(word.strip(",.").encode()) % self.dimension] += 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def test_clauses_are_read_in_order_with_their_degrees() -> None:
    found = LoopReader(WordEmbedder()).read("darker, add drums, much slower, keep the melody")
    assert [(c.name, c.players, c.degree) for c in found] == [
        ("darker", (), 1.0),
        ("add", ("drums",), 1.0),
        ("slower", (), 2.0),
        ("keep melody", (), 1.0),
    ]
    written = LoopReader(WordEmbedder()).read("in D minor at 120 bpm")
    assert {(c.name, c.value) for c in written} == {("tempo", "120"), ("key", "D minor")}
    with pytest.raises(InputError, match="no change"):
        LoopReader(WordEmbedder()).read("qwertz")


def test_a_turn_changes_what_it_names_and_nothing_else() -> None:
    changes = [Change("darker"), Change("add", ("drums",)), Change("slower")]
    table = apply(TABLE, changes, "darker, drums, slower", seed=9)
    assert table == replace(
        TABLE, key="C minor", valence=-0.4, arousal=-0.1, mood="dark", tempo_bpm=87.0,
        players=("flute", "piano", "drums"), turns=("darker, drums, slower",),
    )  # fmt: skip
    assert LoopTable.from_json(table.to_json()) == table
    assert apply(TABLE, [Change("new melody")], "", 9).tune_seed == 9


@pytest.mark.parametrize(
    ("change", "players"),
    [
        (Change("remove", ("piano",)), ("flute",)),
        (Change("solo", ("violin",)), ("violin",)),
        (Change("replace", ("flute", "violin")), ("violin", "piano")),
        (Change("replace", ("violin", "flute")), ("violin", "piano")),
        (Change("add", ("flute",)), ("flute", "piano")),
        (Change("keep", ("flute",)), ("flute", "piano")),
    ],
)
def test_players_come_and_go(change: Change, players: tuple[str, ...]) -> None:
    assert apply(TABLE, [change], "", 0).players == players


def test_somebody_must_play() -> None:
    with pytest.raises(InputError, match="nobody"):
        apply(TABLE, [Change("remove", ("flute", "piano"))], "", 0)


@pytest.mark.parametrize("raw", [None, {}, {"key": "H"}, {**TABLE.to_json(), "players": ["kazoo"]}])
def test_broken_tables_are_named(raw: object) -> None:
    with pytest.raises(InputError):
        LoopTable.from_json(raw)


def test_the_melody_stays_through_turns_until_another_is_asked_for() -> None:
    piece = compose_loop(TABLE, None)
    table = apply(TABLE, [Change("darker"), Change("add", ("drums",))], "", 9)
    made, melody = rebuild_loop(piece, TABLE, table, None)
    assert melody == "kept"
    assert [(n.start, n.duration) for n in melody_of(made)] == [
        (n.start, n.duration) for n in melody_of(piece)
    ]
    moves = {a.pitch - b.pitch for a, b in zip(melody_of(made), melody_of(piece), strict=True)}
    assert moves <= {shift + octave for shift in (0, -1) for octave in (-12, 0, 12)}
    assert any(part.role == "drums" for part in made.parts)
    assert made.key.name == "C minor"
    other, why = rebuild_loop(made, table, apply(table, [Change("new melody")], "", 77), None)
    assert why.startswith("new")
    assert melody_of(other) != melody_of(made)


def test_loops_grow_and_shrink_and_have_no_slowing_end() -> None:
    piece = compose_loop(TABLE, None)
    long, _ = rebuild_loop(piece, TABLE, apply(TABLE, [Change("longer")], "", 0), None)
    short, _ = rebuild_loop(piece, TABLE, apply(TABLE, [Change("shorter")], "", 0), None)
    assert (long.bars, short.bars) == (8, 2)
    assert piece.tempo_changes == long.tempo_changes == ()
    assert long.duration_s == pytest.approx(2 * piece.duration_s)
    assert all(note.end <= short.end for note in melody_of(short))


def test_levels_follow_the_player() -> None:
    loud = apply(TABLE, [Change("louder", ("flute",))], "", 0)
    before, after = compose_loop(TABLE, None), compose_loop(loud, None)
    volumes = [{part.role: part.volume for part in p.parts} for p in (before, after)]
    assert volumes[1]["melody"] == volumes[0]["melody"] + 18
    assert volumes[1]["harmony"] == volumes[0]["harmony"]


def test_tiling_repeats_every_note_a_loop_later() -> None:
    piece = compose_loop(TABLE, None)
    twice = tiled(piece, 2)
    assert twice.bars == 8
    for one, two in zip(piece.parts, twice.parts, strict=True):
        assert len(two.notes) == 2 * len(one.notes)
        assert {n.start for n in two.notes} == {
            n.start + turn * piece.end for n in one.notes for turn in (0, 1)
        }
