from __future__ import annotations

import io
import struct
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omnimuse.backends.card import ModelCard
from omnimuse.backends.midi_timeline import read_timeline
from omnimuse.backends.reverb import chorus, reverberate, room_response
from omnimuse.backends.soundfont import SoundfontRenderer
from omnimuse.backends.soundfont_file import SoundFontFile
from omnimuse.errors import CheckpointError, InputError, MediaTooLargeError, UnsupportedMediaError

RATE = 44100
RELEASE, SUSTAIN, MODES, ROOT, SAMPLE, KEYS, PAN = 38, 37, 54, 58, 53, 43, 17


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def soundfont(generators: list[tuple[int, int]], *, period: int = 100, cycles: int = 40) -> bytes:
    """A font of one preset, whose sample is a looped sine of 441 Hz rooted at key 69."""
    count = period * cycles
    wave = (np.sin(2 * np.pi * np.arange(count + 46) / period) * 20000).astype("<i2").tobytes()
    zone = b"".join(struct.pack("<Hh", oper, amount) for oper, amount in generators)
    parts = {
        b"phdr": struct.pack("<20sHHHIII", b"Sine", 0, 0, 0, 0, 0, 0)
        + struct.pack("<20sHHHIII", b"EOP", 0, 0, 1, 0, 0, 0),
        b"pbag": struct.pack("<HHHH", 0, 0, 1, 0),
        b"pmod": bytes(10),
        b"pgen": struct.pack("<HH", 41, 0) + bytes(4),
        b"inst": struct.pack("<20sH", b"Sine", 0) + struct.pack("<20sH", b"EOI", 1),
        b"ibag": struct.pack("<HHHH", 0, 0, len(generators), 0),
        b"imod": bytes(10),
        b"igen": zone + bytes(4),
        b"shdr": struct.pack(
            "<20sIIIIIBbHH", b"s", 0, count, 2 * period, count - 2 * period, RATE, 69, 0, 0, 1
        )
        + struct.pack("<20sIIIIIBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0),
    }  # fmt: skip
    pdta = chunk(b"LIST", b"pdta" + b"".join(chunk(name, data) for name, data in parts.items()))
    sdta = chunk(b"LIST", b"sdta" + chunk(b"smpl", wave))
    return chunk(b"RIFF", b"sfbk" + sdta + pdta)


LOOPED = [(MODES, 1), (RELEASE, -3000), (ROOT, 69), (SAMPLE, 0)]


def renderer(path: Path, data: bytes) -> SoundfontRenderer:
    font = path / "font.sf2"
    font.write_bytes(data)
    return SoundfontRenderer(ModelCard("test", ("score-to-audio",), "soundfont"), font)


def midi(*notes: tuple[int, float, float, int], control: tuple[int, int] = (91, 0)) -> bytes:
    """Notes as (key, start in s, length in s, velocity) at 120 beats a minute, dry."""
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    file.tracks.append(track)
    events = [(0.0, mido.Message("control_change", control=91, value=0))]
    events.append((0.0, mido.Message("control_change", control=control[0], value=control[1])))
    for key, start, length, velocity in notes:
        events.append((start, mido.Message("note_on", note=key, velocity=velocity)))
        events.append((start + length, mido.Message("note_off", note=key)))
    now = 0.0
    for at, message in sorted(events, key=lambda event: event[0]):
        track.append(message.copy(time=round((at - now) * 960)))
        now = at
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def frequency(samples: np.ndarray) -> float:
    window = samples * np.hanning(len(samples))
    spectrum = np.abs(np.fft.rfft(window, 1 << 18))
    return float(spectrum.argmax() * RATE / (1 << 18))


@pytest.mark.parametrize("key", [45, 57, 69, 72, 81])
def test_keys_sound_at_their_pitch_through_the_loop(tmp_path: Path, key: int) -> None:
    mix = renderer(tmp_path, soundfont(LOOPED)).render(midi((key, 0, 2.0, 100)))
    wanted = 441.0 * 2 ** ((key - 69) / 12)
    assert frequency(mix[RATE // 2 : RATE * 3 // 2, 0]) == pytest.approx(wanted, rel=0.002)


def test_a_note_starts_and_stops_in_time(tmp_path: Path) -> None:
    mix = renderer(tmp_path, soundfont(LOOPED)).render(midi((69, 0.5, 1.0, 100)))
    level = np.abs(mix).max(axis=1)
    loud = np.flatnonzero(level > level.max() * 0.05)
    assert loud[0] / RATE == pytest.approx(0.5, abs=0.01)
    assert loud[-1] / RATE == pytest.approx(1.5, abs=0.1)


def test_without_a_loop_the_sample_ends(tmp_path: Path) -> None:
    once = [(RELEASE, -3000), (ROOT, 69), (SAMPLE, 0)]
    mix = renderer(tmp_path, soundfont(once)).render(midi((69, 0, 2.0, 100)))
    loud = np.flatnonzero(np.abs(mix[:, 0]) > 1e-4)
    assert loud[-1] == pytest.approx(4000, abs=120)


def test_velocity_is_a_square_law(tmp_path: Path) -> None:
    font = renderer(tmp_path, soundfont([(8, 13500), *LOOPED]))
    loud, soft = (np.abs(font.render(midi((69, 0, 1.0, v)))).max() for v in (127, 64))
    assert 20 * np.log10(loud / soft) == pytest.approx(40 * np.log10(127 / 64), abs=1.0)


def test_sustain_in_centibels_is_where_the_note_settles(tmp_path: Path) -> None:
    held = [(SUSTAIN, 200), (36, -3000), *LOOPED]
    mix = renderer(tmp_path, soundfont(held)).render(midi((69, 0, 2.0, 127)))
    early, late = np.abs(mix[:500]).max(), np.abs(mix[RATE : RATE + 500]).max()
    assert 20 * np.log10(early / late) == pytest.approx(20.0, abs=1.5)


def test_pan_moves_sound_at_equal_power(tmp_path: Path) -> None:
    font = renderer(tmp_path, soundfont(LOOPED))
    left = font.render(midi((69, 0, 0.5, 100), control=(10, 0)))
    middle = font.render(midi((69, 0, 0.5, 100)))
    assert np.abs(left[:, 1]).max() < 0.03 * np.abs(left[:, 0]).max()
    assert (left**2).sum() == pytest.approx((middle**2).sum(), rel=0.02)


def test_key_ranges_silence_other_keys(tmp_path: Path) -> None:
    low_only = [(KEYS, 0 | (60 << 8)), *LOOPED]
    font = renderer(tmp_path, soundfont(low_only))
    assert np.abs(font.render(midi((60, 0, 0.5, 100)))).max() > 0.01
    assert np.abs(font.render(midi((61, 0, 0.5, 100)))).max() == 0.0


def test_rendering_is_deterministic_and_mixes_linearly(tmp_path: Path) -> None:
    font = renderer(tmp_path, soundfont(LOOPED))
    one, two = font.render(midi((60, 0, 1, 90))), font.render(midi((67, 0, 1, 90)))
    both = font.render(midi((60, 0, 1, 90), (67, 0, 1, 90)))
    assert np.array_equal(both, font.render(midi((60, 0, 1, 90), (67, 0, 1, 90))))
    assert np.allclose(both, one + two, atol=1e-5)


@pytest.mark.parametrize("cut", [0, 3, 11, 200, 8000])
def test_cut_fonts_are_named(tmp_path: Path, cut: int) -> None:
    data = soundfont(LOOPED)
    with pytest.raises(CheckpointError):
        renderer(tmp_path, data[: len(data) - 1 if cut == 200 else cut]).render(
            midi((69, 0, 1, 90))
        )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_damaged_fonts_never_crash(tmp_path: Path, data: st.DataObject) -> None:
    font = bytearray(soundfont(LOOPED, cycles=6))
    tables = font.index(b"pdta")
    for _ in range(data.draw(st.integers(1, 6))):
        font[data.draw(st.integers(tables, len(font) - 1))] = data.draw(st.integers(0, 255))
    try:
        mix = renderer(tmp_path, bytes(font)).render(midi((69, 0, 0.1, 90)))
    except CheckpointError:
        return
    assert np.isfinite(mix).all()


def test_a_missing_font_is_named(tmp_path: Path) -> None:
    card = ModelCard("test", ("score-to-audio",), "soundfont")
    with pytest.raises(CheckpointError, match="cannot read"):
        SoundfontRenderer(card, tmp_path / "none.sf2").render(midi((69, 0, 1, 90)))


def test_pedal_holds_notes() -> None:
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.Message("control_change", control=64, value=127, time=0))
    track.append(mido.Message("note_on", note=60, velocity=90, time=0))
    track.append(mido.Message("note_off", note=60, time=480))
    track.append(mido.Message("control_change", control=64, value=0, time=960))
    buffer = io.BytesIO()
    file.save(file=buffer)
    assert read_timeline(buffer.getvalue()).notes[0].end_s == pytest.approx(1.5)


def test_overlong_and_broken_scores_are_named() -> None:
    with pytest.raises(MediaTooLargeError):
        read_timeline(midi((60, 0, 4000, 90)))
    for data in (b"", b"MThd", b"RIFF" * 10, midi((60, 0, 1, 90))[:40]):
        with pytest.raises(UnsupportedMediaError):
            read_timeline(data)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=120))
def test_no_track_breaks_the_player(data: bytes) -> None:
    size = struct.pack(">I", len(data))
    try:
        timeline = read_timeline(b"MThd\0\0\0\6\0\0\0\1\x01\xe0MTrk" + size + data)
    except InputError:
        return
    assert all(note.end_s >= note.start_s for note in timeline.notes)


def test_the_room_decays_and_is_wide() -> None:
    response = room_response(RATE)
    energy = np.cumsum((response**2).sum(axis=1)[::-1])[::-1]
    drop_db = 10 * np.log10(energy / energy[0] + 1e-12)
    t20 = np.flatnonzero(drop_db < -25)[0] - np.flatnonzero(drop_db < -5)[0]
    assert 3 * t20 / RATE == pytest.approx(1.5, abs=0.5)
    assert abs(np.corrcoef(response[:, 0], response[:, 1])[0, 1]) < 0.5
    click = np.zeros((RATE, 2), np.float32)
    click[0] = 1
    assert np.allclose(reverberate(click, RATE)[: len(response)], response[:RATE], atol=1e-4)


def test_chorus_keeps_shape_and_level() -> None:
    tone = np.sin(np.arange(RATE) * 0.05).astype(np.float32)
    wet = chorus(np.stack((tone, tone), 1), RATE)
    assert wet.shape == (RATE, 2)
    assert np.abs(wet[RATE // 2 :]).max() == pytest.approx(1.0, abs=0.02)
    assert not np.allclose(wet[:, 0], wet[:, 1])


def test_vorbis_samples_that_lie_are_named(tmp_path: Path) -> None:
    data = bytearray(soundfont(LOOPED))
    at = data.index(b"shdr") + 8 + 44
    data[at : at + 2] = struct.pack("<H", 0x11)
    with pytest.raises(CheckpointError, match="Vorbis"):
        renderer(tmp_path, bytes(data)).render(midi((69, 0, 1, 90)))
    assert SoundFontFile(tmp_path / "font.sf2").presets == {(0, 0): "Sine"}
