"""Editing: what is left after a cut is what should be left, in level, length and words."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import audio_asset, import_file, read_audio
from omnimuse.crafts.sound import repair as mending
from omnimuse.crafts.sound.loudness import integrated_loudness, true_peak_dbtp
from omnimuse.errors import ArgumentError, InputError, MediaTooLargeError, NeedsInputError
from omnimuse.tools.audio_edit import (
    cut_by_transcript,
    fade_audio,
    insert_audio,
    join_audio,
    normalize_audio,
    repair_audio,
    trim_audio,
)

RATE = 8000


def tone(hz, seconds, level=0.3, rate=RATE):
    time_s = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


@pytest.fixture
def ramp():
    """Ten seconds whose level tells the time: 0.05 more in every second."""
    return audio_asset(np.repeat(np.arange(10) * 0.05 + 0.05, RATE).astype(np.float32), RATE)


def second(asset, index):
    samples, rate = read_audio(asset)
    return round(float(samples[int((index + 0.5) * rate), 0]), 2)


@pytest.mark.parametrize(
    ("arguments", "length", "firsts"),
    [
        ({"start_s": 2, "end_s": 5}, 3, (0.15, 0.2, 0.25)),
        ({"start_s": -2}, 2, (0.45, 0.5)),
        ({"end_s": -7}, 3, (0.05, 0.1, 0.15)),
        ({"start_s": 2, "end_s": 8, "mode": "remove"}, 4, (0.05, 0.1, 0.45, 0.5)),
    ],
)
def test_trim_keeps_the_asked_span(make_context, ramp, arguments, length, firsts):
    out = trim_audio(make_context(), ramp, **arguments)
    assert out.facts["duration_s"] == pytest.approx(length)
    assert tuple(second(out, i) for i in range(length)) == firsts


@pytest.mark.parametrize("span", [(5, 5), (9, 3), (20, 30), (0, -20)])
def test_trim_refuses_spans_that_hold_nothing(make_context, ramp, span):
    with pytest.raises(ArgumentError, match="span from"):
        trim_audio(make_context(), ramp, start_s=span[0], end_s=span[1])


def test_removing_everything_is_refused(make_context, ramp):
    with pytest.raises(InputError, match="nothing would be left"):
        trim_audio(make_context(), ramp, mode="remove")


def test_three_hours_are_trimmed_and_levelled_in_little_memory(make_context, tmp_path):
    import tracemalloc

    path = tmp_path / "long.flac"
    block = tone(440, 10)
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16", format="FLAC") as file:
        for index in range(1080):
            file.write(block * (0.1 if index < 540 else 0.2))
    asset = Asset.from_file(path, "audio", "audio/flac")
    tracemalloc.start()
    short = trim_audio(make_context(), asset, start_s=5400, end_s=5460)
    tail = trim_audio(make_context(), asset, start_s=-600)
    level = fade_audio(make_context(), tail, fade_out_s=1.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert short.facts["duration_s"] == 60
    assert level.facts["duration_s"] == 600
    assert peak < 80 << 20


def test_levelling_meets_the_target_over_many_chunks(make_context):
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.02, (45 * RATE, 2)) * np.linspace(0.5, 1.5, 45 * RATE)[:, None]
    out = normalize_audio(make_context(), audio_asset(noise.astype(np.float32), RATE))
    samples, rate = read_audio(out)
    assert integrated_loudness(samples, rate) == pytest.approx(-16, abs=0.3)
    assert true_peak_dbtp(samples) < -0.9
    assert len(samples) == 45 * RATE


def test_silence_stays_silence(make_context):
    out = normalize_audio(make_context(), audio_asset(np.zeros(RATE, np.float32), RATE))
    assert not read_audio(out)[0].any()


def test_fades_reach_silence_and_leave_the_middle(make_context):
    flat = audio_asset(np.full(4 * RATE, 0.5, np.float32), RATE)
    samples, _ = read_audio(fade_audio(make_context(), flat, fade_in_s=1, fade_out_s=1))
    assert abs(samples[0, 0]) < 1e-3
    assert abs(samples[-1, 0]) < 1e-3
    assert samples[2 * RATE, 0] == pytest.approx(0.5, abs=1e-3)
    assert samples[RATE // 2, 0] == pytest.approx(0.25, abs=0.01)


def test_joining_cross_fades_and_resamples(make_context):
    low, high = audio_asset(tone(200, 2), RATE), audio_asset(tone(800, 2, rate=16000), 16000)
    out = join_audio(make_context(), [low, high], crossfade_s=0.5)
    assert out.facts["duration_s"] == pytest.approx(3.5, abs=0.01)
    assert out.facts["sample_rate_hz"] == RATE
    gap = join_audio(make_context(), [low, high], gap_s=1)
    assert gap.facts["duration_s"] == pytest.approx(5, abs=0.01)
    with pytest.raises(ArgumentError, match="cannot be joined"):
        join_audio(make_context(), [low])


@pytest.mark.parametrize(
    ("mode", "length", "after"), [("overlay", 10, 0.25), ("insert", 11, 0.2), ("replace", 10, 0.25)]
)
def test_inserting_puts_the_clip_where_it_was_asked(make_context, ramp, mode, length, after):
    clip = audio_asset(np.full(RATE, 0.4, np.float32), RATE)
    out = insert_audio(make_context(), ramp, clip, at_s=3, mode=mode, crossfade_s=0)
    assert out.facts["duration_s"] == pytest.approx(length)
    assert second(out, 3) == (0.6 if mode == "overlay" else 0.4)
    assert second(out, 4) == after
    with pytest.raises(ArgumentError, match="beyond the end"):
        insert_audio(make_context(), ramp, clip, at_s=60)


def test_replacing_may_change_the_length(make_context, ramp):
    clip = audio_asset(np.full(RATE, 0.4, np.float32), RATE)
    out = insert_audio(make_context(), ramp, clip, at_s=2, until_s=8, mode="replace", crossfade_s=0)
    assert out.facts["duration_s"] == pytest.approx(5)
    assert [second(out, i) for i in range(5)] == [0.05, 0.1, 0.4, 0.45, 0.5]


def words(*sentences):
    at, segments = 0.0, []
    for sentence in sentences:
        said = []
        for word in sentence.split():
            said.append({"text": word, "start_s": at, "end_s": at + 0.4, "confidence": 1.0})
            at += 0.5
        segments.append({"text": sentence, "start_s": said[0]["start_s"],
                         "end_s": said[-1]["end_s"], "words": said})  # fmt: skip
        at += 0.5
    return Asset.from_json(
        {"text": " ".join(sentences), "language": "en", "duration_s": at, "segments": segments},
        "transcript",
    )


SAID = ("I like bread.", "It rained all night.", "Come again soon.")


class Bags:
    """Sentence vectors of three subjects."""

    dimension = 3

    def embed(self, texts):
        subjects = (("bread", "baking"), ("rain", "weather"), ("come", "goodbye"))
        rows = np.array([[any(w in t.lower() for w in s) for s in subjects] for t in texts], float)
        rows += 1e-3
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def speech():
    gate = np.zeros(round(7 * RATE), np.float32)
    for segment in words(*SAID).read_json()["segments"]:
        for word in segment["words"]:
            gate[round(word["start_s"] * RATE) : round(word["end_s"] * RATE)] = 1
    return audio_asset(tone(300, 7) * gate, RATE, "speech")


@pytest.mark.parametrize(
    ("instruction", "left", "how"),
    [
        ("cut the sentence about the weather", "I like bread. Come again soon.", "meaning"),
        ('remove "like bread" from it', "I It rained all night. Come again soon.", "words"),
        ("delete the last sentence", "I like bread. It rained all night.", "place"),
        ("keep only the sentence about baking", "I like bread.", "meaning"),
    ],
)
def test_cutting_by_words(make_context, speech, instruction, left, how):
    context = make_context(**{"feature-extraction": Bags()})
    cut = cut_by_transcript(context, speech, Asset.from_text(instruction), words(*SAID))
    assert cut.transcript.read_json()["text"] == left
    assert cut.audio.facts["found_by"] == how
    heard = np.abs(read_audio(cut.audio)[0]) > 0.05
    said_s = sum(0.4 for _ in left.split())
    assert heard.sum() / RATE == pytest.approx(said_s * 0.89, rel=0.12)
    assert cut.audio.kind == "speech"


def test_what_was_not_said_is_asked_about(make_context, speech):
    context = make_context(**{"feature-extraction": Bags()})
    with pytest.raises(NeedsInputError, match="I like bread"):
        cut_by_transcript(context, speech, Asset.from_text('cut "zebra crossing"'), words(*SAID))
    with pytest.raises(NeedsInputError, match="No words"):
        cut_by_transcript(context, speech, Asset.from_text("cut the first"), words())


@pytest.fixture(scope="module")
def clean():
    rate = 16_000
    time_s = np.arange(3 * rate) / rate
    voice = sum(np.sin(2 * np.pi * 140 * k * time_s + k) / k for k in range(1, 12))
    swell = 0.55 + 0.45 * np.sin(2 * np.pi * 1.3 * time_s)
    return 0.2 * voice * swell, rate


DAMAGES = {
    "clipping": (lambda x, rng, rate: np.clip(x, -0.28, 0.28), 4.0),
    "clicks": (
        lambda x, rng, rate: (
            x + np.where(rng.random(len(x)) < 30 / len(x), 0.8, 0) * rng.choice((-1, 1), len(x))
        ),
        10.0,
    ),
    "gaps": (lambda x, rng, rate: np.where(np.arange(len(x)) % 8000 < 240, 0, x), 7.0),
    "hum": (
        lambda x, rng, rate: (
            x
            + sum(
                0.05 / k * np.sin(2 * np.pi * 50 * k * np.arange(len(x)) / rate)
                for k in range(1, 6)
            )
        ),
        5.0,
    ),
    "noise": (lambda x, rng, rate: x + rng.normal(0, 0.03, len(x)), 4.0),
}


@pytest.mark.parametrize("fault", DAMAGES)
def test_repair_brings_the_sound_nearer_to_what_it_was(clean, fault):
    samples, rate = clean
    damage, gain_db = DAMAGES[fault]
    bad = damage(samples, np.random.default_rng(3), rate)
    mended, found = mending.repair(bad[:, None].astype(np.float32), rate, (fault,))
    before, after = mending.snr_db(samples, bad), mending.snr_db(samples, mended[:, 0])
    assert [one.fault for one in found] == [fault]
    assert after > before + gain_db, (before, after)


def test_repair_leaves_a_clean_sound_alone(make_context, clean):
    samples, rate = clean
    out = repair_audio(make_context(), audio_asset(samples.astype(np.float32), rate))
    assert out.facts["repaired"] == []
    assert mending.snr_db(samples, read_audio(out)[0][:, 0]) > 60


def test_long_recordings_are_refused_where_memory_would_grow(make_context):
    asset = Asset.from_bytes(b"RIFF", "audio", "audio/wav", facts={"duration_s": 10_800.0})
    with pytest.raises(MediaTooLargeError, match="10800 s"):
        repair_audio(make_context(), asset)
    with pytest.raises(MediaTooLargeError, match="10800 s"):
        insert_audio(make_context(), asset, asset)


def test_odd_formats_are_edited(make_context, tmp_path):
    path = tmp_path / "odd.wav"
    soundfile.write(path, np.full((9000, 6), 0.25), 11_111, subtype="PCM_U8")
    out = trim_audio(make_context(), import_file(path), end_s=0.5)
    assert out.facts["channels"] == 6
    assert out.facts["sample_rate_hz"] == 11_111
