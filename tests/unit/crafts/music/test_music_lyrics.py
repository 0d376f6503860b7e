"""Lyrics: syllables, their stress, and how they sit on a melody."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.crafts.music.abc import read_abc, write_abc
from omnimuse.crafts.music.brief import Brief
from omnimuse.crafts.music.compose import compose
from omnimuse.crafts.music.engraving import engrave
from omnimuse.crafts.music.lyrics import set_lyrics
from omnimuse.crafts.music.midi import read_midi, write_midi
from omnimuse.crafts.music.piece import Note, Part, Piece
from omnimuse.crafts.music.styles import styles
from omnimuse.crafts.music.syllables import divide, stressed_syllable, sung_syllables
from omnimuse.crafts.music.theory import Key, Metre
from omnimuse.errors import InputError

DIVIDED = """
lit-tle gar-den riv-er mu-sic be-gin a-gain to-night beau-ti-ful mel-o-dy har-mo-ny sta-tion
love loved wan-ted walked moun-tain o-cean pi-a-no cre-ate li-on qui-et ra-di-o ev-ery
some-thing lone-ly peo-ple ap-ple can-dle dreams hou-ses times eyes yes-ter-day re-mem-ber
an-oth-er queen guide win-dow won-der-ful hap-py a-lone fly-ing see-ing young
"""
VERSE = """Silver moon upon the river,
carry all my dreams away.
Where the quiet waters shiver,
I will wait for break of day."""


def line(*sizes: int) -> Piece:
    notes, at = [], 0
    for index, size in enumerate(sizes):
        notes.append(Note(at, size, 60 + index % 5))
        at += size
    return Piece(Key(0, "major"), Metre(4, 4), 100, -(-at // 1920), (Part("v", 0, tuple(notes)),))


@pytest.mark.parametrize("word", DIVIDED.split())
def test_words_divide_where_singers_divide_them(word: str) -> None:
    assert divide(word.replace("-", "")) == word.split("-")


@given(st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=16))
@settings(max_examples=60, deadline=None)
def test_dividing_loses_no_letter(word: str) -> None:
    assert "".join(divide(word)) == word


def test_stress_falls_where_speech_puts_it() -> None:
    for word, index in (("garden", 0), ("begin", 1), ("station", 0), ("imagination", 3),
                        ("harmony", 0), ("the", -1), ("moon", 0)):  # fmt: skip
        assert stressed_syllable(word, len(divide(word))) == index, word


def test_a_syllable_a_note_with_hyphens_inside_of_words() -> None:
    made = set_lyrics(line(480, 480, 480, 480), "silver river")
    assert [text for _, text in made.piece.lyrics] == ["sil-", "ver", "riv-", "er"]
    assert [tick for tick, _ in made.piece.lyrics] == [0, 480, 960, 1440]
    assert (made.melismas, made.split_notes) == (0, 0)


def test_more_notes_than_syllables_make_melismas_on_what_is_stressed() -> None:
    made = set_lyrics(line(*[480] * 8), "Glo-ria tonight")
    assert made.melismas == 8 - made.syllables
    assert made.piece.lyrics[0][0] == 0


def test_more_syllables_than_notes_strike_the_longest_twice() -> None:
    made = set_lyrics(line(960, 480, 480), "silver river")
    assert made.split_notes == 1
    melody = made.piece.part("melody")
    assert melody is not None
    assert [n.duration for n in melody.notes] == [480] * 4
    assert [n.pitch for n in melody.notes[:2]] == [60, 60]


def test_what_cannot_be_sung_is_named() -> None:
    with pytest.raises(InputError, match="nothing that can be sung"):
        set_lyrics(line(480), "... !?")
    with pytest.raises(InputError, match="do not fit"):
        set_lyrics(line(120, 120), "far too many syllables for this little tune")
    drums = Piece(Key(0, "major"), Metre(4, 4), 100, 1, (Part("kit", 0, (), role="drums"),))
    with pytest.raises(InputError, match="no melody"):
        set_lyrics(drums, "la")


@pytest.mark.parametrize(("style", "metre"), [("hymn", "4/4"), ("waltz", "3/4"), ("pop", "4/4")])
def test_words_go_through_midi_and_abc_and_sit_on_beats(style: str, metre: str) -> None:
    brief = Brief(Key(7, "major"), Metre.parse(metre), 100.0, 16, styles()[style], 0.3, 0.0, "")
    made = set_lyrics(compose(brief, 1, candidates=1).piece, VERSE)
    assert made.syllables == 30 == len(made.piece.lyrics)
    assert made.stressed_on_beat > 0.75
    assert read_midi(write_midi(made.piece)).lyrics == made.piece.lyrics
    assert read_abc(write_abc(made.piece)).lyrics == made.piece.lyrics
    bare = compose(brief, 1, candidates=1).piece
    assert len(engrave(made.piece)) > len(engrave(bare)) + 2000


def test_chinese_is_sung_a_character_a_note() -> None:
    made = set_lyrics(
        line(*[480] * 10), "\u660e\u6708\u51e0\u65f6\u6709\uff0c\u628a\u9152\u95ee\u9752\u5929"
    )
    assert made.syllables == 10
    assert read_midi(write_midi(made.piece)).lyrics == made.piece.lyrics


def test_headings_are_not_sung() -> None:
    assert [s.text for s in sung_syllables("[Chorus]\nLa la")] == ["La", "la"]


def test_foreign_word_lines_are_read() -> None:
    text = "X:1\nM:4/4\nL:1/4\nK:C\nC D E F | G4 |]\nw: A-ma-zing _ | grace\n"
    assert [w for _, w in read_abc(text).lyrics] == ["A-", "ma-", "zing", "grace"]
