"""Notes that were put in are the notes that are heard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimuse.crafts.listening.pitch import notes_of, track_pitch, voiced_hz
from omnimuse.crafts.listening.polyphony import heard_notes
from omnimuse.crafts.listening.scoring import note_f1, transcribe
from omnimuse.crafts.listening.spectrum import RATE_HZ
from omnimuse.errors import InputError


def tone(pitch, seconds, decay=1.5):
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hz = 440 * 2 ** ((pitch - 69) / 12)
    wave = sum(np.sin(2 * np.pi * hz * k * time_s) / k**1.3 for k in range(1, 8))
    edge = np.minimum(1, time_s / 0.006) * np.minimum(1, (seconds - time_s) / 0.02)
    return (0.2 * wave * np.exp(-decay * time_s) * edge).astype(np.float32)


TUNE = (60, 62, 64, 65, 67, 67, 69, 72, 71, 67, 64, 60)


@settings(max_examples=15, deadline=None)
@given(st.floats(60, 1500))
def test_yin_is_within_five_cents(hz):
    time_s = np.arange(RATE_HZ // 2) / RATE_HZ
    wave = sum(np.sin(2 * np.pi * hz * k * time_s) / k for k in (1, 2, 3) if hz * k < 9000)
    found = voiced_hz(track_pitch((0.3 * wave).astype(np.float32)))
    assert abs(1200 * np.log2(np.median(found) / hz)) < 5


def test_a_melody_is_heard_note_for_note():
    samples = np.concatenate([tone(p, 0.4) for p in TUNE])
    heard = notes_of(track_pitch(samples))
    truth = [(0.4 * i, p) for i, p in enumerate(TUNE)]
    assert note_f1([(n.start_s, n.pitch) for n in heard], truth)[2] > 0.9


def test_chords_are_taken_apart():
    chords = ((48, 64, 67), (53, 65, 69), (55, 62, 71), (48, 60, 64))
    samples = np.concatenate([sum(tone(p, 0.8, 1.0) for p in c) for c in chords])
    truth = [(0.8 * i, p) for i, c in enumerate(chords) for p in c]
    precision, recall, f1 = note_f1([(n.start_s, n.pitch) for n in heard_notes(samples)], truth)
    assert f1 > 0.7, (precision, recall)


def test_score_is_quantised_and_keeps_pitches():
    samples = np.concatenate([tone(p, 0.5) for p in TUNE])
    piece, mode = transcribe(samples)
    notes = piece.parts[0].notes
    assert mode == "one"
    assert piece.tempo_bpm == pytest.approx(120, rel=0.02) or piece.tempo_bpm == pytest.approx(
        60, rel=0.02
    )
    assert all(note.start % 120 == 0 and note.duration % 120 == 0 for note in notes)
    assert [note.pitch for note in notes] == list(TUNE)
    assert piece.key.name == "C major"


@pytest.mark.parametrize("voices", ["one", "many", "auto"])
def test_silence_has_no_notes(voices):
    with pytest.raises(InputError, match="no note"):
        transcribe(np.zeros(RATE_HZ, np.float32), voices=voices)


def test_f1_matches_each_note_once():
    assert note_f1([(0, 60), (0.01, 60)], [(0, 60)]) == (0.5, 1.0, pytest.approx(2 / 3))
    assert note_f1([], [(0, 60)])[2] == 0
