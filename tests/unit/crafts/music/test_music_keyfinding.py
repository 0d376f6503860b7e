"""Keys heard in notes: seven modes by their degrees and finals."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.crafts.music.brief import Brief
from omnimuse.crafts.music.compose import compose
from omnimuse.crafts.music.judge import judge
from omnimuse.crafts.music.keyfinding import (
    find_key,
    heard_in,
    heard_in_line,
    krumhansl_key,
    mode_profile,
    rank_keys,
)
from omnimuse.crafts.music.midi import read_midi, write_midi
from omnimuse.crafts.music.piece import Note, Part, Piece
from omnimuse.crafts.music.rework import transpose
from omnimuse.crafts.music.styles import styles
from omnimuse.crafts.music.theory import MODES, Key, Metre

# Up the scale, back over the third to the tonic.
DEGREES = (0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 4, 2, 3, 1, 6, 0)


def line(key: Key) -> list[Note]:
    pitches = [60 + key.tonic + MODES[key.mode][d % 7] + 12 * (d // 7) for d in DEGREES]
    return [Note(i * 480, 480, pitch) for i, pitch in enumerate(pitches)]


@pytest.mark.parametrize("mode", MODES)
def test_a_scale_that_closes_on_its_tonic_is_heard_in_its_mode(mode: str) -> None:
    for tonic in (0, 3, 7):
        found = rank_keys(heard_in_line(line(Key(tonic, mode))))
        assert found[0][0] == Key(tonic, mode)
        assert sum(share for _, share in found) == pytest.approx(1.0)
        assert len(found) == 84


def test_the_classic_finder_knows_major_and_minor_alone() -> None:
    for name in ("C major", "A minor", "Eb major", "F# minor"):
        assert krumhansl_key(line(Key.parse(name))) == Key.parse(name)
    assert krumhansl_key(line(Key.parse("D dorian"))).mode in ("major", "minor")
    assert krumhansl_key([]) == Key(0, "major")


def test_profiles_are_shares_with_the_tonic_on_top() -> None:
    for mode in MODES:
        profile = mode_profile(mode)
        assert sum(profile) == pytest.approx(1.0)
        assert max(profile) == profile[0]


@given(st.integers(0, 11), st.sampled_from(sorted(MODES)), st.integers(-5, 6))
@settings(max_examples=30, deadline=None)
def test_a_transposed_tune_is_heard_in_the_transposed_key(tonic: int, mode: str, by: int) -> None:
    key = Key(tonic, mode)
    piece = Piece(key, Metre(4, 4), 100, 5, (Part("flute", 73, tuple(line(key))),))
    assert find_key(heard_in(transpose(piece, by))) == find_key(heard_in(piece)).transposed(by)


def test_nothing_heard_is_no_fault() -> None:
    assert heard_in_line([]) is None
    assert find_key(None) == Key(0, "major")
    drums = Part("kit", 0, (Note(0, 10, 36),), role="drums")
    assert heard_in(Piece(Key(2, "minor"), Metre(4, 4), 100, 1, (drums,))) is None


def test_a_piece_in_another_key_than_it_says_is_a_fault() -> None:
    tune = Part("flute", 73, tuple(line(Key.parse("E phrygian"))))
    piece = Piece(Key.parse("C major"), Metre(4, 4), 100, 5, (tune,))
    assert "it is heard in E phrygian, not in C major" in judge(piece).faults


def test_midi_without_a_key_gets_the_one_that_is_heard() -> None:
    import io

    import mido

    notes = line(Key.parse("G mixolydian"))
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    for note in notes:
        track.append(mido.Message("note_on", note=note.pitch, velocity=80, time=0))
        track.append(mido.Message("note_off", note=note.pitch, time=note.duration))
    file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    assert read_midi(buffer.getvalue()).key == Key.parse("G mixolydian")


@pytest.mark.parametrize("mode", ["dorian", "mixolydian", "lydian", "phrygian"])
def test_modal_pieces_state_their_mode(mode: str) -> None:
    brief = Brief(Key(2, mode), Metre(4, 4), 100.0, 16, styles()["folk"], 0.0, 0.0, "")
    made = compose(brief, 3, candidates=2)
    assert find_key(heard_in(read_midi(write_midi(made.piece)))) == Key(2, mode)
