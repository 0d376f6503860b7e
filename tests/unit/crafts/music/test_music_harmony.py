from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.crafts.music.harmony import (
    GRAMMARS,
    Palette,
    cadence_degrees,
    diatonic_chord,
    harmonise,
    lay_out,
    realise,
    sample_degrees,
)
from omnimuse.crafts.music.piece import Note
from omnimuse.crafts.music.theory import Key, Metre
from omnimuse.crafts.music.voicing import lead_voices, motion_cost, voicings


@given(
    st.sampled_from(sorted(GRAMMARS)), st.integers(3, 12), st.integers(0, 2**31),
    st.sampled_from(["authentic", "half", "plagal", "deceptive"]),
)  # fmt: skip
def test_progressions_run_into_their_cadence(
    mode: str, count: int, seed: int, cadence: str
) -> None:
    last = cadence_degrees(cadence, mode)
    degrees = sample_degrees(mode, count, first=0, last=last, rng=np.random.default_rng(seed))
    assert len(degrees) == count
    assert degrees[0] == 0 or count <= len(last)
    assert tuple(degrees[-len(last) :]) == last


def test_common_practice_moves_are_all_in_the_grammar() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        degrees = sample_degrees("major", 8, first=0, last=(4, 0), rng=rng)
        free = degrees[:-2]
        assert all(b in GRAMMARS["major"][a] for a, b in pairwise(free))


def test_minor_keys_raise_their_leading_note_in_the_dominant() -> None:
    key = Key.parse("A minor")
    assert diatonic_chord(key, 4).quality == "maj"
    assert diatonic_chord(key, 4, size=4).pitch_classes == (4, 8, 11, 2)
    assert [diatonic_chord(Key.parse("C"), d).roman for d in range(7)] == [
        "I", "ii", "iii", "IV", "V", "vi", "vii°",
    ]  # fmt: skip


def test_secondary_dominants_lead_to_what_follows() -> None:
    rng = np.random.default_rng(0)
    key, found = Key.parse("C"), 0
    for _ in range(60):
        chords = realise(key, [0, 5, 1, 4, 0], Palette(secondary=1.0), rng)
        for chord, following in pairwise(chords):
            if chord.roman.startswith("V7/"):
                found += 1
                assert (chord.root - following.root) % 12 == 7
    assert found > 20


def test_a_known_tune_gets_its_known_harmony() -> None:
    # "Twinkle, twinkle": C C G G A A G | F F E E D D C
    pitches = [60, 60, 67, 67, 69, 69, 67, 67, 65, 65, 64, 64, 62, 62, 60, 60]
    notes = [Note(i * 480, 480, pitch) for i, pitch in enumerate(pitches)]
    slots = [(bar * 960, 960) for bar in range(8)]
    degrees = harmonise(
        notes, Key.parse("C"), Metre(2, 4), slots, cadences={7: 0}, rng=np.random.default_rng(0)
    )
    assert degrees[0] == 0
    assert degrees[-1] == 0
    assert degrees[2] in (3, 5)  # A is carried by IV or vi
    assert degrees[6] in (4, 1, 6)  # D is carried by V (or ii, vii)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(["major", "minor", "dorian"]))
def test_voices_neither_cross_nor_move_in_parallel_fifths(seed: int, mode: str) -> None:
    rng = np.random.default_rng(seed)
    degrees = sample_degrees(mode, 8, first=0, last=cadence_degrees("authentic", mode), rng=rng)
    chords = realise(Key(0, mode), degrees, Palette(secondary=0.3), rng)
    chords = lay_out(chords, [(i * 1920, 1920) for i in range(8)])
    path = lead_voices(chords, low=50, high=74, voices=3)
    parallels = 0
    for chord, voices in zip(chords, path, strict=True):
        assert list(voices) == sorted(set(voices))
        assert all(50 <= pitch <= 74 and pitch % 12 in chord.pitch_classes for pitch in voices)
    for before, after in pairwise(path):
        for low in range(3):
            for high in range(low + 1, 3):
                gaps = (before[high] - before[low]) % 12, (after[high] - after[low]) % 12
                moved = before[low] != after[low]
                same = np.sign(after[low] - before[low]) == np.sign(after[high] - before[high])
                parallels += gaps[0] == gaps[1] and gaps[0] in (0, 7) and moved and same
    assert parallels <= 1


def test_parallel_fifths_cost_more_than_any_small_motion() -> None:
    before = np.array([[48, 55, 64]])
    after = np.array([[50, 57, 65], [50, 53, 65]])
    costs = motion_cost(before, after)[0]
    assert costs[0] > costs[1] + 8


def test_a_narrow_range_still_gives_voices() -> None:
    chord = diatonic_chord(Key.parse("C"), 0)
    assert voicings(chord, 60, 63, 3).shape[1] == 3


@pytest.mark.parametrize("mode", sorted(GRAMMARS))
def test_every_grammar_comes_home(mode: str) -> None:
    assert any(0 in following for following in GRAMMARS[mode].values())
