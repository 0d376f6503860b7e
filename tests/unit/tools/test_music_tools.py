from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import mido
import numpy as np
import pytest
from numpy.typing import NDArray

from omnimuse.assets.asset import Asset
from omnimuse.crafts.music.mastering import master
from omnimuse.crafts.sound.loudness import integrated_loudness, true_peak_dbtp
from omnimuse.errors import BackendUnavailableError, InputError, RunCancelled, UnsupportedMediaError
from omnimuse.tools.declare import spec_of
from omnimuse.tools.music import (
    compose_music,
    continue_music,
    draw_score,
    render_score,
    restyle_music,
    transcribe_score,
    transpose_score,
)


class WordEmbedder:
    dimension = 4096

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.full((len(texts), self.dimension), 1e-6, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[zlib.crc32(word.strip(",.").encode()) % self.dimension] += 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


class Beeper:
    """Plays every note as a decaying sine."""

    def render(
        self, midi: bytes, *, sample_rate_hz: int = 44100, seed: int = 0
    ) -> NDArray[np.float32]:
        from omnimuse.backends.midi_timeline import read_timeline

        timeline = read_timeline(midi)
        mix = np.zeros((int((timeline.end_s + 1) * sample_rate_hz), 2), np.float32)
        for note in timeline.notes:
            start, count = int(note.start_s * sample_rate_hz), sample_rate_hz // 4
            time_s = np.arange(count) / sample_rate_hz
            tone = np.sin(2 * np.pi * 440 * 2 ** ((note.key - 69) / 12) * time_s) * np.exp(
                -8 * time_s
            )
            room = mix[start : start + count]
            room += (tone[: len(room), None] * note.velocity / 500).astype(np.float32)
        return mix


@pytest.fixture
def context(make_context: Callable[..., Any]) -> Callable[..., Any]:
    roles = {"feature-extraction": WordEmbedder(), "score-to-audio": Beeper()}
    return lambda seed=0: make_context(seed=seed, **roles)


def test_what_was_asked_is_what_is_made(context: Callable[..., Any]) -> None:
    result = compose_music(
        context(), Asset.from_text("a sad waltz for violin and piano"), key="D minor", metre="3/4",
        tempo_bpm=120.0, duration_s=12.0,
    )  # fmt: skip
    assert result.music.kind == "music"
    assert result.score.kind == "score"
    assert result.music.facts["duration_s"] == pytest.approx(12.0, abs=0.01)
    for facts in (result.music.facts, result.score.facts):
        assert (facts["key"], facts["metre"], facts["tempo_bpm"]) == ("D minor", "3/4", 120.0)
        assert set(facts["instruments"]) == {"violin", "piano"}
    file = mido.MidiFile(file=io.BytesIO(result.score.read_bytes()))
    signatures = [m for track in file.tracks for m in track if m.type == "time_signature"]
    assert [(m.numerator, m.denominator) for m in signatures] == [(3, 4)]
    assert result.score.facts["judge_faults"] == []
    assert result.score.facts["melody_by"] == "search"


def test_same_seed_same_bytes(context: Callable[..., Any]) -> None:
    made = [
        compose_music(context(seed), Asset.from_text("a calm tune"), duration_s=8.0)
        for seed in (1, 1, 2)
    ]
    assert made[0].score.id == made[1].score.id != made[2].score.id
    assert made[0].music.id == made[1].music.id


def test_playing_a_composed_score_again_needs_only_the_score(context: Callable[..., Any]) -> None:
    score = compose_music(context(), Asset.from_text("a calm tune"), duration_s=8.0).score
    music = render_score(context(), score, humanize=0.0)
    assert music.facts["key"] == score.facts["key"]
    assert music.facts["duration_s"] > 4


def test_abc_is_played_too(context: Callable[..., Any]) -> None:
    text = "X:1\nT:Scale\nM:4/4\nL:1/4\nQ:1/4=120\nK:G\nG A B c | d e f g |]\n"
    score = Asset.from_bytes(text.encode(), "score", "text/vnd.abc")
    music = render_score(context(), score)
    assert music.facts["key"] == "G major"
    assert music.facts["duration_s"] == pytest.approx(4.2, abs=0.6)


def test_bad_requests_are_named(context: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match="empty"):
        compose_music(context(), Asset.from_text("  \n"))
    with pytest.raises(UnsupportedMediaError):
        render_score(context(), Asset.from_bytes(b"MThd broken", "score"))
    with pytest.raises(InputError):
        render_score(context(), Asset.from_bytes(b"\xff\xfe nothing", "score", "text/vnd.abc"))


def test_a_long_prompt_is_no_trouble(context: Callable[..., Any]) -> None:
    result = compose_music(context(), Asset.from_text("calm piano " * 9000), duration_s=6.0)
    assert result.music.facts["instruments"] == ["piano"] * 3


def test_cancelling_stops_before_playing(context: Callable[..., Any]) -> None:
    ctx = context()
    ctx.is_cancelled = lambda: True
    with pytest.raises(RunCancelled):
        compose_music(ctx, Asset.from_text("a tune"))


def test_a_master_is_loud_enough_and_does_not_clip() -> None:
    rng = np.random.default_rng(0)
    mix = (rng.normal(0, 0.02, (44100 * 6, 2)) + 0.01).astype(np.float32)
    mix[44100] = 0.9
    done = master(mix, 44100, duration_s=5.0)
    assert done.shape == (44100 * 5, 2)
    assert integrated_loudness(done, 44100) == pytest.approx(-16.0, abs=0.3)
    assert true_peak_dbtp(done) <= -0.9
    assert np.abs(done[-50:]).max() < 0.01


def test_specs_offer_music_and_score() -> None:
    spec = spec_of(compose_music)
    assert [port.kind for port in spec.outputs] == ["music", "score"]
    assert [port.kind for port in spec_of(render_score).inputs] == ["score"]
    assert len(spec.examples) >= 6


TWINKLE = "X:1\nT:T\nM:2/4\nL:1/4\nK:C\nC C|G G|A A|G2|F F|E E|D D|C2|]\n"


def twinkle() -> Asset:
    return Asset.from_bytes(TWINKLE.encode(), "score", "text/vnd.abc")


def test_restyling_follows_the_words(context: Callable[..., Any]) -> None:
    made = restyle_music(context(), twinkle(), Asset.from_text("a sad tune for violin and harp"))
    assert made.score.facts["key"] == "C minor"
    assert set(made.score.facts["instruments"]) == {"violin", "harp"}
    moved = restyle_music(
        context(), twinkle(), Asset.from_text("jazz"), key="D major", tempo_bpm=90.0
    )
    assert (moved.score.facts["key"], moved.music.facts["tempo_bpm"]) == ("D major", 90.0)


def test_transposing_and_writing_down(context: Callable[..., Any]) -> None:
    up = transpose_score(context(), twinkle(), semitones=2)
    assert up.facts["key"] == "D major"
    text = transcribe_score(context(), up).read_text()
    assert "K:D\n" in text
    assert "D2 D2 | A2 A2 | B2 B2 | A4 |" in text
    named = transpose_score(context(), twinkle(), key="Eb")
    assert "E2 E2 | B2 B2 | c2 c2 | B4 |" in transcribe_score(context(), named).read_text()


def test_continuing_needs_the_melody_model(context: Callable[..., Any]) -> None:
    with pytest.raises(BackendUnavailableError):
        continue_music(context(), twinkle())


def test_sheet_music_is_a_picture(context: Callable[..., Any]) -> None:
    image = draw_score(context(), twinkle())
    assert image.kind == "image"
    assert (image.facts["width_px"], image.facts["height_px"]) == (1240, 370)
