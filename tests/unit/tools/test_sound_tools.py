from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from omnimuse.assets.asset import Asset, Attribution
from omnimuse.assets.media import audio_asset, read_audio
from omnimuse.crafts.sound.loudness import integrated_loudness, true_peak_dbtp
from omnimuse.errors import (
    ArgumentError,
    BackendUnavailableError,
    InputError,
    MediaTooLargeError,
    UnsupportedMediaError,
)
from omnimuse.tools.declare import spec_of
from omnimuse.tools.sound import change_speed, generate_sound, mix_audio

RATE = 44100


def tone(seconds, kind, hz=300.0, level=0.2, rate=RATE, attribution=()):
    time = np.arange(int(seconds * rate)) / rate
    gate = (np.sin(2 * np.pi * 2 * time) > -0.5).astype("f4")
    samples = (level * np.sin(2 * np.pi * hz * time) * gate).astype("f4")
    return audio_asset(samples, rate, kind, attribution=attribution)


def measured(asset):
    samples, rate = read_audio(asset)
    return samples, integrated_loudness(samples, rate), true_peak_dbtp(samples)


def test_specs_say_what_is_made():
    assert [port.kind for port in spec_of(generate_sound).outputs] == ["sound"]
    assert [port.kind for port in spec_of(mix_audio).outputs] == ["audio"]
    assert spec_of(mix_audio).input("sounds").is_list
    assert not spec_of(mix_audio).input("speech").is_required


def test_a_named_sound_needs_no_model(make_context):
    sound = generate_sound(make_context(3), Asset.from_text("heavy rain"), duration_s=1.5)
    assert sound.kind == "sound"
    assert sound.facts["duration_s"] == 1.5
    assert sound.facts["channels"] == 2
    assert sound.facts["is_ambience"] is True
    assert [layer["sound"] for layer in sound.facts["layers"]] == ["heavy_rain"]
    again = generate_sound(make_context(3), Asset.from_text("heavy rain"), duration_s=1.5)
    other = generate_sound(make_context(4), Asset.from_text("heavy rain"), duration_s=1.5)
    assert sound.id == again.id
    assert sound.id != other.id


def test_duration_comes_from_the_words_or_the_sound(make_context):
    assert (
        generate_sound(make_context(), Asset.from_text("2 seconds of hail")).facts["duration_s"]
        == 2
    )
    assert generate_sound(make_context(), Asset.from_text("敲门声")).facts["duration_s"] == 2.0


def test_arguments_overrule_words(make_context):
    sound = generate_sound(
        make_context(), Asset.from_text("a distant owl"), distance_m=4.0, pan=-1.0, place="cave"
    )
    layer = sound.facts["layers"][0]
    assert (layer["distance_m"], layer["pan"], layer["place"]) == (4.0, -1.0, "cave")


def test_other_words_need_the_embedder(make_context):
    with pytest.raises(BackendUnavailableError, match="feature-extraction"):
        generate_sound(make_context(), Asset.from_text("liquid sunshine drumming"))
    with pytest.raises(InputError, match="no sound was described"):
        generate_sound(make_context(), Asset.from_text("  "))


@pytest.mark.parametrize("target", [-23.0, -16.0])
def test_mix_of_everything_meets_the_target(make_context, target):
    credit = Attribution("npm:thing==1", licence="MIT")
    mixed = mix_audio(
        make_context(),
        speech=tone(4, "speech", 250),
        music=tone(3, "music", 900, attribution=(credit,)),
        sounds=[tone(1, "sound", 2000)],
        loudness_lufs=target,
        sound_starts_s=[1.0],
    )
    samples, loudness, peak = measured(mixed)
    assert loudness == pytest.approx(target, abs=0.5)
    assert mixed.facts["loudness_lufs"] == pytest.approx(loudness, abs=0.1)
    assert peak < -0.95
    assert samples.shape[1] == 2
    assert mixed.facts["duration_s"] == pytest.approx(4 + 2.5, abs=0.01)  # the voice and a tail
    assert mixed.attribution == (credit,)
    assert mixed.facts["speech_start_s"] == 0.0


def test_lengths(make_context):
    only_music = mix_audio(make_context(), music=tone(3, "music"))
    assert only_music.facts["duration_s"] == 3
    only_voice = mix_audio(make_context(), speech=tone(2, "speech"))
    assert only_voice.facts["duration_s"] == 2
    looped = mix_audio(make_context(), music=tone(3, "music"), duration_s=7.0, fade_out_s=0)
    samples, _ = read_audio(looped)
    assert looped.facts["duration_s"] == 7
    assert np.abs(samples[-RATE:]).max() > 0.01
    shifted = mix_audio(make_context(), speech=tone(2, "speech"), speech_start_s=1.5)
    assert shifted.facts["duration_s"] == 3.5
    assert np.abs(read_audio(shifted)[0][:RATE]).max() == 0


def test_nothing_to_mix_and_wrong_starts(make_context):
    with pytest.raises(InputError, match="nothing to mix"):
        mix_audio(make_context())
    with pytest.raises(ArgumentError, match="2 start times for 1 sounds"):
        mix_audio(make_context(), sounds=[tone(1, "sound")], sound_starts_s=[0.0, 1.0])


def odd_file(samples, rate, subtype):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, subtype=subtype, format="WAV")
    return Asset.from_bytes(buffer.getvalue(), "audio", "audio/wav")


@pytest.mark.parametrize(
    ("rate", "channels", "subtype"),
    [(8000, 1, "PCM_U8"), (192000, 2, "PCM_24"), (48000, 6, "FLOAT"), (11111, 1, "PCM_16"),
     (44100, 2, "DOUBLE")],
)  # fmt: skip
def test_odd_audio_is_mixed(make_context, rate, channels, subtype):
    rng = np.random.default_rng(0)
    mixed = mix_audio(
        make_context(),
        audios=[odd_file(0.1 * rng.standard_normal((rate, channels)), rate, subtype)],
    )
    samples, loudness, _ = measured(mixed)
    assert samples.shape == (RATE, 2)
    assert loudness == pytest.approx(-16, abs=0.5)


def test_silence_stays_silence_and_junk_is_named(make_context):
    silent = mix_audio(make_context(), audios=[audio_asset(np.zeros((RATE, 2), "f4"), RATE)])
    assert not read_audio(silent)[0].any()
    with pytest.raises(UnsupportedMediaError):
        mix_audio(make_context(), audios=[Asset.from_bytes(b"RIFF junk", "audio", "audio/wav")])


def test_mix_is_deterministic(make_context):
    parts = {"speech": tone(2, "speech"), "music": tone(2, "music", 700)}
    assert mix_audio(make_context(), **parts).id == mix_audio(make_context(), **parts).id


def test_speed_and_pitch_change_alone(make_context):
    source = tone(3, "speech", hz=400)
    fast = change_speed(make_context(), source, rate=1.5)
    high = change_speed(make_context(), source, pitch_semitones=12)
    assert fast.kind == "speech"
    assert fast.facts["duration_s"] == pytest.approx(2.0, abs=0.02)
    assert high.facts["duration_s"] == pytest.approx(3.0, abs=0.02)
    for asset, wanted_hz in ((fast, 400), (high, 800)):
        samples = read_audio(asset)[0][:, 0]
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        assert spectrum.argmax() * RATE / len(samples) == pytest.approx(wanted_hz, rel=0.02)
    long = replace(source, facts={**source.facts, "duration_s": 9000.0})
    with pytest.raises(MediaTooLargeError, match="9000 s"):
        change_speed(make_context(), long, rate=2.0)
