from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from omnimuse.crafts.music.arrange import choose_band
from omnimuse.crafts.music.brief import Brief, BriefReader, Wishes
from omnimuse.crafts.music.compose import compose, write
from omnimuse.crafts.music.judge import bar_sums_hold, judge
from omnimuse.crafts.music.midi import read_midi, write_midi
from omnimuse.crafts.music.performance import is_quantised, perform
from omnimuse.crafts.music.piece import Note, Part
from omnimuse.crafts.music.styles import instruments, moods, styles
from omnimuse.crafts.music.theory import Key, Metre
from omnimuse.errors import ArgumentError


class WordEmbedder:
    """Texts are near when they share words: enough to test what is done with nearness."""

    dimension = 16384

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.full((len(texts), self.dimension), 1e-6, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[zlib.crc32(word.strip(",.").encode()) % self.dimension] += 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def brief_of(style: str = "classical", **changes: object) -> Brief:
    base = Brief(
        Key.parse("C"), Metre(4, 4), 100.0, 16, styles()[style], 0.3, 0.0, "calm", reasons={}
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def read(prompt: str, **wishes: object) -> Brief:
    reader = BriefReader(WordEmbedder())
    return reader.read(prompt, Wishes(**wishes), np.random.default_rng(0))  # type: ignore[arg-type]


def test_the_tables_name_each_other() -> None:
    known = instruments()
    for style in styles().values():
        for name in (*style.lead, *style.harmony, *style.pad, *style.bass_instruments):
            assert name in known, f"{style.name} wants {name}"
        assert style.tempo[0] < style.tempo[1]
        for mode in style.modes:
            assert Key(0, mode).steps
    assert all(-1 <= m.valence <= 1 and -1 <= m.arousal <= 1 for m in moods().values())


@settings(max_examples=40, deadline=None)
@given(
    style=st.sampled_from(sorted(styles())),
    metre=st.sampled_from(["4/4", "3/4", "6/8", "2/4", "5/4", "7/8", "9/8", "12/8"]),
    tonic=st.integers(0, 11),
    mode=st.sampled_from(["major", "minor", "dorian", "mixolydian", "lydian", "phrygian"]),
    bars=st.integers(1, 21),
    seed=st.integers(0, 2**31),
)
def test_any_brief_becomes_a_piece_that_adds_up(
    style: str, metre: str, tonic: int, mode: str, bars: int, seed: int
) -> None:
    brief = brief_of(style, metre=Metre.parse(metre), key=Key(tonic, mode), bars=bars)
    piece = write(brief, np.random.default_rng(seed))
    melody = piece.part("melody")
    assert melody is not None
    assert sum(chord.duration for chord in piece.chords) == bars * brief.metre.bar_ticks
    assert bar_sums_hold(melody.notes, brief.metre)
    assert all(note.end <= piece.end and note.duration > 0 for p in piece.parts for note in p.notes)
    assert piece.chords[-1].root == tonic
    assert melody.notes[-1].pitch % 12 == tonic


@settings(max_examples=15, deadline=None)
@given(style=st.sampled_from(sorted(styles())), seed=st.integers(0, 2**31))
def test_a_score_survives_midi(style: str, seed: int) -> None:
    brief = brief_of(style, bars=8, key=Key.parse("E dorian"))
    piece = write(brief, np.random.default_rng(seed))
    back = read_midi(write_midi(piece))
    assert (back.key, back.metre, back.bars) == (piece.key, piece.metre, piece.bars)
    assert back.chords == piece.chords
    assert back.phrases == piece.phrases
    assert back.tempo_bpm == pytest.approx(piece.tempo_bpm, rel=1e-3)
    assert [part.role for part in back.parts] == [part.role for part in piece.parts]
    melody, same = piece.part("melody"), back.part("melody")
    assert melody is not None
    assert same is not None
    assert same.notes == melody.notes


def test_composing_is_deterministic_and_seeds_differ() -> None:
    brief = brief_of("waltz", metre=Metre(3, 4))
    first, again, other = (write_midi(compose(brief, s).piece) for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_best_candidate_is_kept() -> None:
    brief = brief_of("folk")
    best = compose(brief, 5, candidates=6).verdict.score
    alone = compose(brief, 5, candidates=1).verdict.score
    assert best >= alone


def test_the_judge_marks_what_is_wrong() -> None:
    piece = compose(brief_of(), 3).piece
    assert judge(piece).faults == ()
    melody = piece.part("melody")
    assert melody is not None
    over = Note(melody.notes[-1].start, melody.notes[-1].duration + 990, 61)
    broken = piece.with_parts((replace(melody, notes=(*melody.notes[:-1], over)),))
    faults = " ".join(judge(broken).faults)
    assert "outside of the piece" in faults
    assert "does not end on the tonic" in faults
    assert judge(piece.with_parts(())).faults == ("there is no tune",)


def test_a_repeated_phrase_is_recognisable() -> None:
    piece = write(brief_of("pop", bars=16), np.random.default_rng(4))
    melody = piece.part("melody")
    assert melody is not None
    bar = piece.metre.bar_ticks
    first = [(n.start, n.pitch) for n in melody.notes if n.start < bar]
    later = [(n.start - 4 * bar, n.pitch) for n in melody.notes if 4 * bar <= n.start < 5 * bar]
    assert piece.phrases[1].name == "A'"
    assert set(first) <= set(later)


def test_notation_in_the_request_is_read() -> None:
    brief = read("a tune in F# dorian, 6/8, 96 bpm")
    assert (brief.key.name, brief.metre.name, brief.tempo_bpm) == ("F# dorian", "6/8", 96.0)


def test_arguments_win_over_the_request() -> None:
    brief = read("a tune in D minor 3/4", key="G major", metre="4/4", tempo_bpm=77.0)
    assert (brief.key.name, brief.metre.name, brief.tempo_bpm) == ("G major", "4/4", 77.0)


def test_mood_style_and_players_are_found_by_meaning() -> None:
    brief = read("a sad waltz for violin")
    assert brief.style.name == "waltz"
    assert brief.mood == "sad"
    assert brief.key.is_minor
    assert [i.name for i in brief.instruments] == ["violin"]
    glad = read("a happy march")
    assert glad.valence > 0.4 > brief.valence
    assert not glad.key.is_minor


def test_chinese_names_are_understood() -> None:
    brief = read("来一段悲伤的小提琴华尔兹，D小调")
    assert (brief.mood, brief.style.name, brief.key.name) == ("sad", "waltz", "D minor")
    assert [i.name for i in brief.instruments] == ["violin"]


@pytest.mark.parametrize("duration_s", [6.0, 30.0, 61.0, 300.0])
def test_pieces_end_in_time(duration_s: float) -> None:
    brief = read("a calm piano tune", duration_s=duration_s)
    piece = write(brief, np.random.default_rng(0))
    assert duration_s * 0.65 <= piece.duration_s <= duration_s * 1.02


def test_a_wrong_wish_is_named() -> None:
    for wish in ({"key": "Q"}, {"metre": "5/3"}, {"tempo_bpm": 999.0}, {"instruments": "zzqx"}):
        with pytest.raises(ArgumentError):
            read("music", **wish)


def test_only_the_asked_players_play() -> None:
    table = instruments()
    brief = brief_of("rock", instruments=(table["flute"], table["harp"]), is_exact=True)
    piece = write(brief, np.random.default_rng(0))
    assert {part.name for part in piece.parts} == {"flute", "harp"}
    solo = brief_of("rock", instruments=(table["flute"],), is_exact=True, is_solo=True)
    assert {p.name for p in write(solo, np.random.default_rng(0)).parts} == {"flute"}


def test_a_soloist_leads_the_band_of_the_style() -> None:
    table = instruments()
    band = choose_band(
        brief_of("jazz", instruments=(table["saxophone"],)), np.random.default_rng(0)
    )
    assert band.melody.name == "saxophone"
    assert band.drums
    assert band.bass is not None
    assert band.bass.name == "double bass"


def test_players_stay_in_time_and_never_lose_a_note() -> None:
    piece = compose(brief_of("folk", metre=Metre(3, 4)), 1).piece
    played = perform(piece, 3, amount=1.0)
    assert is_quantised(piece)
    assert not is_quantised(played)
    for written, part in zip(piece.parts, played.parts, strict=True):
        assert len(written.notes) == len(part.notes)
        gaps = [
            abs(a.start - b.start) for a, b in zip(written.notes, sorted(part.notes), strict=True)
        ]
        assert max(gaps) < 120
    assert perform(piece, 3) == perform(piece, 3)


def test_swing_moves_the_offbeat_only() -> None:
    piece = compose(brief_of("jazz"), 1).piece
    part = Part("t", 0, (Note(0, 240, 60), Note(240, 240, 62), Note(480, 240, 64)))
    swung = perform(piece.with_parts((part,)), 0, amount=0.0).parts[0].notes
    assert swung[0].start == 0
    assert 290 <= swung[1].start <= 320
    assert swung[2].start == 480
