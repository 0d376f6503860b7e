from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import (
    audio_asset,
    mix_channels,
    read_audio,
    read_audio_blocks,
    resample,
)
from omnimuse.assets.sounds import probe_sound
from omnimuse.errors import InputError, MediaTooLargeError, UnsupportedMediaError


def tone(seconds: float = 0.5, rate: int = 22050) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)).astype("f4")


def wav(samples: np.ndarray, rate: int = 22050, **options: object) -> Asset:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=options.pop("format", "WAV"), **options)
    return Asset.from_bytes(buffer.getvalue(), "audio", "audio/wav")


def with_data_size(data: bytes, size: int) -> bytes:
    at = data.index(b"data") + 4
    return data[:at] + struct.pack("<I", size) + data[at + 4 :]


@given(
    st.integers(1, 400),
    st.integers(1, 6),
    st.sampled_from([8000, 22050, 44100, 48000, 96000]),
    st.integers(0, 2**31),
)
def test_sixteen_bit_round_trip(frames, channels, rate, seed):
    samples = np.random.default_rng(seed).uniform(-1, 1, (frames, channels)).astype("f4")
    asset = audio_asset(samples, rate)
    back, back_rate = read_audio(asset)
    assert back_rate == rate
    assert back.dtype == np.float32
    assert back.shape == samples.shape
    assert np.abs(back - samples).max() <= 1 / 32768
    assert audio_asset(back, rate).id == asset.id


def test_facts_are_measured():
    facts = audio_asset(tone(), 22050, "speech").facts
    assert facts == {"duration_s": 0.5, "sample_rate_hz": 22050, "channels": 1, "peak_dbfs": -6.02}
    assert audio_asset(np.zeros(1000, "f4"), 8000).facts["peak_dbfs"] == -120.0


def test_loud_samples_are_clipped_and_counted():
    asset = audio_asset(np.array([0.0, 1.5, -2.0, 0.5], "f4"), 8000)
    assert asset.facts["clipped_samples"] == 2
    assert read_audio(asset)[0].min() == -1.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_are_refused_when_made_and_cleaned_when_read(bad):
    samples = tone()
    samples[7] = bad
    with pytest.raises(InputError, match="1 samples are not finite"):
        audio_asset(samples, 22050)
    asset = wav(samples, subtype="FLOAT")
    back, _ = read_audio(asset)
    assert back[7, 0] == 0.0
    assert probe_sound(io.BytesIO(asset.read_bytes()), "audio/wav")["non_finite_samples"] == 1


@pytest.mark.parametrize("shape", [(0,), (0, 2), (3, 2, 2), ()])
def test_shapes_that_are_no_sound(shape):
    with pytest.raises(InputError, match="no sound"):
        audio_asset(np.zeros(shape, "f4"), 8000)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_bit_depth_is_read(subtype):
    back, _ = read_audio(wav(tone(), subtype=subtype))
    assert np.abs(back[:, 0] - tone()).max() < 0.01


@pytest.mark.parametrize("name", ["tone.wav", "tone.flac", "tone.ogg", "tone.mp3"])
def test_every_format_is_read(samples_dir, name):
    media_type = f"audio/{name.rpartition('.')[2].replace('mp3', 'mpeg')}"
    asset = Asset.from_file(samples_dir / name, "audio", media_type)
    samples, rate = read_audio(asset)
    assert rate == 22050
    assert samples.shape[1] == 2
    assert 0.4 < np.abs(samples).max() < 0.6
    assert abs(len(samples) / rate - 0.5) < 0.06


def test_resampling_keeps_pitch_and_length():
    samples, rate = read_audio(audio_asset(tone(1.0), 22050), sample_rate_hz=16000)
    assert rate == 16000
    assert len(samples) == 16000
    assert np.argmax(np.abs(np.fft.rfft(samples[:, 0]))) == 440
    assert resample(samples, 16000, 44100).shape == (44100, 1)


@pytest.mark.parametrize("wanted", [None, 8000, 16000, 44100, 48000])
def test_blocks_joined_are_what_read_audio_gives(wanted, monkeypatch):
    from omnimuse.assets import sounds

    noise = np.random.default_rng(1).uniform(-0.9, 0.9, (30_001, 2)).astype("f4")
    asset = audio_asset(noise, 22050)
    whole, _ = read_audio(asset, sample_rate_hz=wanted, channels=1)
    monkeypatch.setattr(sounds, "_BLOCK", 4096)
    parts = list(read_audio_blocks(asset, sample_rate_hz=wanted, channels=1))
    assert len(parts) > 1
    joined = np.concatenate(parts)
    assert joined.shape == whole.shape
    assert np.abs(joined - whole).max() < 1e-5


def test_channels_are_mixed():
    left_only = np.stack([tone(), np.zeros_like(tone())], 1)
    mono, _ = read_audio(audio_asset(left_only, 22050), channels=1)
    assert mono.shape[1] == 1
    assert np.allclose(mono[:, 0], tone() / 2, atol=1e-4)
    assert read_audio(audio_asset(tone(), 22050), channels=2)[0].shape[1] == 2
    centre = np.zeros((4, 6), "f4")
    centre[:, 2] = 1
    folded = mix_channels(centre, 2)
    assert folded.dtype == np.float32
    assert np.allclose(folded, 0.7071 / 2.4142, atol=1e-3)


@pytest.mark.parametrize("claimed", [0x7FFFFFFE, 0xFFFFFFF0, 10_000_000])
def test_wav_that_claims_too_much_is_measured(claimed):
    data = with_data_size(audio_asset(tone(), 22050).read_bytes(), claimed)
    facts = probe_sound(io.BytesIO(data), "audio/wav")
    assert facts["duration_s"] == 0.5
    assert facts["declared_duration_s"] == pytest.approx(claimed / 44100, abs=0.01)
    samples, _ = read_audio(Asset.from_bytes(data, "audio"))
    assert len(samples) == len(tone())


def test_wav_cut_in_half_gives_what_it_has():
    data = audio_asset(tone(), 22050).read_bytes()
    facts = probe_sound(io.BytesIO(data[: len(data) // 2]), "audio/wav")
    assert facts["duration_s"] == pytest.approx(0.25, abs=0.01)
    assert facts["declared_duration_s"] == 0.5


def test_wav_of_a_recorder_that_never_closed_it():
    data = with_data_size(audio_asset(tone(), 22050).read_bytes(), 0xFFFFFFFF)
    facts = probe_sound(io.BytesIO(data), "audio/wav")
    assert facts["duration_s"] == 0.5
    assert "declared_duration_s" not in facts


def test_flac_header_with_a_huge_count_allocates_nothing(samples_dir):
    data = bytearray((samples_dir / "tone.flac").read_bytes())
    # Total samples: the low 36 bits that end at byte 26 of the stream info block.
    data[21] |= 0x0F
    data[22:26] = b"\xff\xff\xff\xff"
    asset = Asset.from_bytes(bytes(data), "audio", "audio/flac")
    try:
        samples, _ = read_audio(asset)
    except UnsupportedMediaError as error:
        assert "decoded" in error.message  # noqa: PT017
    else:
        assert len(samples) <= 22050


@pytest.mark.parametrize(
    "field", [(22, "<H", 0), (22, "<H", 65535), (24, "<I", 0), (24, "<I", 2**32 - 1)]
)
def test_absurd_channels_and_rates_are_named(field):
    data = bytearray(audio_asset(tone(), 22050).read_bytes())
    struct.pack_into(field[1], data, field[0], field[2])
    with pytest.raises(UnsupportedMediaError):
        read_audio(Asset.from_bytes(bytes(data), "audio"))


def test_empty_and_too_long():
    empty = audio_asset(tone(), 22050).read_bytes()[:44]
    with pytest.raises(UnsupportedMediaError):
        read_audio(Asset.from_bytes(with_data_size(empty, 0), "audio"))
    with pytest.raises(MediaTooLargeError):
        read_audio(audio_asset(tone(), 22050), max_samples=1000)


def test_recordings_joined_end_to_end_get_one_layout():
    parts = []
    for channels in (2, 1):
        buffer = io.BytesIO()
        samples = np.repeat(tone(1.0, 44100)[:, None], channels, 1)
        soundfile.write(buffer, samples, 44100, format="MP3")
        parts.append(buffer.getvalue())
    samples, rate = read_audio(Asset.from_bytes(b"".join(parts), "audio", "audio/mpeg"))
    assert samples.shape[1] in (1, 2)
    assert 1.9 < len(samples) / rate < 2.2
    assert np.abs(samples[-20000:-10000]).max() > 0.3


def test_sound_of_a_film(samples_dir):
    asset = Asset.from_file(samples_dir / "film.mp4", "video", "video/mp4")
    samples, rate = read_audio(asset, sample_rate_hz=16000, channels=1)
    assert rate == 16000
    assert abs(len(samples) / rate - 2.0) < 0.2
    assert np.argmax(np.abs(np.fft.rfft(samples[4000:20000, 0]))) == pytest.approx(440, abs=2)
