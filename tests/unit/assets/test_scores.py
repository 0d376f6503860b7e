from __future__ import annotations

import io

import pytest

from omnimuse.assets.scores import probe_abc, probe_midi
from omnimuse.errors import MediaTooLargeError, UnsupportedMediaError


def test_midi_is_measured(samples_dir):
    data = (samples_dir / "chord.mid").read_bytes()
    facts = probe_midi(io.BytesIO(data))
    assert facts == {"duration_s": 1.2, "tracks": 1, "notes": 3, "tempo_bpm": 150.0}


@pytest.mark.parametrize("keep", [4, 10, 20, 40])
def test_midi_cut_short_is_named(samples_dir, keep):
    data = (samples_dir / "chord.mid").read_bytes()[:keep]
    with pytest.raises(UnsupportedMediaError, match="MIDI"):
        probe_midi(io.BytesIO(data))


def test_midi_too_large_and_without_beats(samples_dir):
    with pytest.raises(MediaTooLargeError):
        probe_midi(io.BytesIO(b"MThd" + b"\0" * 5_000_001))
    data = bytearray((samples_dir / "chord.mid").read_bytes())
    data[12:14] = b"\0\0"
    with pytest.raises(UnsupportedMediaError):
        probe_midi(io.BytesIO(bytes(data)))


def test_abc():
    facts = probe_abc(io.BytesIO(b"X:1\nT:One\nK:G\nGAB|\nX:2\nT:Two\nK:C\nCDE|\n"))
    assert facts == {"tunes": 2, "title": "One", "key": "G"}
    with pytest.raises(UnsupportedMediaError, match="not ABC"):
        probe_abc(io.BytesIO(b"hello"))
