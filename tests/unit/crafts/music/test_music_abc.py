from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.crafts.music.abc import parse_tune, read_abc, split_tunes, unfold, write_abc
from omnimuse.crafts.music.corpus import read_book, read_corpus
from omnimuse.crafts.music.midi import read_midi
from omnimuse.crafts.music.piece import Note, Part, Piece
from omnimuse.crafts.music.theory import MODES, Key, Metre
from omnimuse.errors import InputError, MediaTooLargeError, UnsupportedMediaError
from omnimuse.models.melody_tokens import encode, places, vocabulary

HEAD = "X:1\nT:Test\nM:{metre}\nL:1/8\nK:{key}\n"


def notes(body: str, *, key: str = "C", metre: str = "4/4") -> list[tuple[int, int, int]]:
    piece = read_abc(HEAD.format(metre=metre, key=key) + body)
    return [(n.start, n.duration, n.pitch) for n in piece.parts[0].notes]


def test_pitches_octaves_and_lengths() -> None:
    assert notes("C,2 C c c'4 | d/ d// d3/2 z4 e") == [
        (0, 480, 48), (480, 240, 60), (720, 240, 72), (960, 960, 84),
        (1920, 120, 74), (2040, 60, 74), (2100, 360, 74), (3420, 240, 76),
    ]  # fmt: skip


def test_signature_and_accidentals_last_until_the_bar() -> None:
    pitches = [pitch for _, _, pitch in notes("F2 ^G2 G2 =F2 | F2 G6", key="D")]
    assert pitches == [66, 68, 68, 65, 66, 67]


def test_broken_rhythm_tuplets_and_ties() -> None:
    assert [size for _, size, _ in notes("A>B c<d e4")] == [360, 120, 120, 360, 960]
    assert [size for _, size, _ in notes("(3ABc d2 e4")] == [160, 160, 160, 480, 960]
    assert notes("A8-|A4 B4") == [(0, 2880, 69), (2880, 960, 71)]


def test_chords_and_skipped_marks() -> None:
    found = notes('"Am"[Ace]4 !trill!{g}A4')
    assert found[:3] == [(0, 960, 69), (0, 960, 72), (0, 960, 76)]
    assert found[3] == (960, 960, 69)


def test_repeats_and_endings_are_played() -> None:
    tune = parse_tune(HEAD.format(metre="2/4", key="C") + "|: A4 | B4 |1 c4 :|2 d4 |]")
    pitches = [bar.events[0][1][0] for bar in unfold(tune.bars)]
    assert pitches == [69, 71, 72, 69, 71, 74]


def test_an_upbeat_is_set_before_the_first_barline() -> None:
    assert notes("G2 | C8 |")[0] == (1440, 480, 67)


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("tonic", range(12))
def test_every_key_can_be_written_and_read(mode: str, tonic: int) -> None:
    key, metre = Key(tonic, mode), Metre(4, 4)
    line = tuple(Note(i * 480, 480, 60 + i) for i in range(12))
    text = write_abc(Piece(key, metre, 100, 3, (Part("t", 0, line),)))
    back = read_abc(text)
    assert back.key == key
    assert [n.pitch for n in back.parts[0].notes] == [n.pitch for n in line]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([60, 120, 160, 240, 360, 480, 960]), st.integers(40, 96), st.booleans()
        ),
        min_size=1, max_size=40,
    ),
    st.sampled_from(["4/4", "3/4", "6/8", "7/8"]),
)  # fmt: skip
def test_any_line_survives_abc(events: list[tuple[int, int, bool]], metre_name: str) -> None:
    metre, at, line = Metre.parse(metre_name), 0, []
    for size, pitch, is_rest in events:
        if not is_rest:
            line.append(Note(at, size, pitch, 84))
        at += size
    if not line:
        return
    bars = -(-at // metre.bar_ticks)
    piece = Piece(Key.parse("Bb"), metre, 100, bars, (Part("t", 0, tuple(line)),))
    back = read_abc(write_abc(piece))
    assert back.parts[0].notes == tuple(line)
    assert back.metre == metre


@pytest.mark.parametrize(
    "text",
    ["", "hello", "X:1\nM:9/7\nK:C\nABC", "X:1\nK:C\n", "X:1\nL:1/0\nK:C\nA", "X:1\nK:C\nA/0"],
)
def test_broken_abc_is_named(text: str) -> None:
    with pytest.raises(UnsupportedMediaError):
        read_abc(text)


def test_endless_abc_is_refused() -> None:
    with pytest.raises(MediaTooLargeError):
        read_abc(HEAD.format(metre="4/4", key="C") + "A999999999")
    with pytest.raises(MediaTooLargeError):
        read_abc("X:1\nK:C\n" + "A" * (1 << 20))


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="XTMLQK:|[](){}ABCabc123/'-<>^_=z\"!%\n ", max_size=120))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        piece = read_abc("X:1\nK:C\n" + text)
    except InputError:
        return
    assert all(note.duration > 0 for part in piece.parts for note in part.notes)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_midi_reader(data: bytes) -> None:
    with pytest.raises(InputError):
        read_midi(data)
    with pytest.raises(InputError):
        read_midi(b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0MTrk" + data)


BOOK = """
X:1
T:One
M:6/8
L:1/8
K:G
D | GAB dBG | ABA AFD | GAB dBG | AFD G2 :|
X:2
T:Two
Z:copyright somebody
M:4/4
L:1/8
K:D
d8 | d8 | d8 | d8 |
X:3
T:Three
M:4/4
L:1/8
K:D
d8 | d7 | d8 | d8 |
"""


def test_the_corpus_keeps_whole_bars_and_heeds_licences(tmp_path: Path) -> None:
    assert len(list(split_tunes(BOOK))) == 3
    melodies = list(read_book(BOOK))
    assert [melody.title for melody in melodies] == ["One"]
    one = melodies[0]
    assert one.mode == "major"
    assert all(sum(size for size, _ in bar) == 1440 for bar in one.bars)
    wheel = tmp_path / "w.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("music21/corpus/ryansMammoth/a.abc", BOOK)
        archive.writestr("music21/corpus/essenFolksong/b.abc", BOOK)
    assert [melody.source for melody in read_corpus(wheel)] == ["music21/corpus/ryansMammoth/a.abc"]


def test_tokens_know_their_place() -> None:
    words, melody = vocabulary(), next(read_book(BOOK))
    tokens = encode(melody, words)
    spots, lefts = places(tokens, words, len(melody.bars))
    assert len(tokens) == len(spots) == len(lefts)
    bars = [index for index, token in enumerate(tokens) if token == words["bar"]]
    assert [lefts[index] for index in bars] == list(range(len(melody.bars), 0, -1))
    assert all(spots[index] == 0 for index in bars)
    assert spots[bars[1] - 1] == 1440 // 20
    assert words.names[tokens[-1]] == "end"
