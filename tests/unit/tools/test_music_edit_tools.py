"""Tools that edit music: loops, bars, variations, words."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from omnimuse.assets.asset import Asset
from omnimuse.assets.media import read_audio
from omnimuse.backends.card import ModelCard
from omnimuse.backends.melody_lm import MelodyModel
from omnimuse.crafts.music.midi import read_midi
from omnimuse.errors import ArgumentError, InputError
from omnimuse.tools.music import transcribe_score
from omnimuse.tools.music_edit import fill_music, make_loop, refine_loop, set_lyrics, vary_music

TUNE = "X:1\nT:Scale\nM:4/4\nL:1/4\nK:G\nG A B c | d e d B | c B A G | d2 d2 | G B d B | G4 |]\n"


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
            tone = np.sin(880 * np.pi * 2 ** ((note.key - 69) / 12) * time_s) * np.exp(-8 * time_s)
            room = mix[start : start + count]
            room += (tone[: len(room), None] * note.velocity / 500).astype(np.float32)
        return mix


class Words:
    dimension = 16384

    def embed(self, texts: Any) -> NDArray[np.float32]:
        import zlib

        rows = np.full((len(texts), self.dimension), 1e-6, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[zlib.crc32(word.strip(",.").encode()) % self.dimension] += 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


@cache
def model() -> MelodyModel:
    return MelodyModel(ModelCard("folk-gpt", (), "melody-gpt"), Path())


@pytest.fixture
def context(make_context: Callable[..., Any]) -> Callable[..., Any]:
    roles = {
        "feature-extraction": Words(), "score-to-audio": Beeper(), "score-generation": model(),
    }  # fmt: skip
    return lambda seed=0: make_context(seed=seed, **roles)


@pytest.fixture
def tune() -> Asset:
    return Asset.from_bytes(TUNE.encode(), "score", "text/vnd.abc")


def test_a_loop_ends_where_it_begins(context: Callable[..., Any]) -> None:
    made = make_loop(context(), Asset.from_text("calm"), bars=4, tempo_bpm=120.0,
                     instruments="flute, piano")  # fmt: skip
    samples, rate = read_audio(made.music)
    bar_s = 60 / 120 * read_midi(made.score.read_bytes()).metre.bar_ticks / 480
    assert len(samples) == round(4 * bar_s * rate)
    assert made.score.facts["loop"]["bars"] == 4
    # the tail of the last note sounds on where the loop starts again
    assert float(np.abs(samples[-1] - samples[0]).max()) < 0.2


def test_turns_keep_one_table(context: Callable[..., Any]) -> None:
    made = make_loop(context(), Asset.from_text("calm"), bars=4, instruments="flute, piano")
    turn = refine_loop(context(), made.score, Asset.from_text("slower, add drums"))
    before, after = made.score.facts["loop"], turn.score.facts["loop"]
    assert after["tempo_bpm"] < before["tempo_bpm"]
    assert after["players"] == (*before["players"], "drums")
    assert {k: after[k] for k in ("key", "metre", "bars", "style", "tune_seed")} == {
        k: before[k] for k in ("key", "metre", "bars", "style", "tune_seed")
    }
    assert after["turns"] == ("calm", "slower, add drums")
    assert turn.score.facts["melody"] == "kept"
    with pytest.raises(InputError, match="no change"):
        refine_loop(context(), made.score, Asset.from_text("qwertz"))


def test_any_score_can_become_a_loop(context: Callable[..., Any], tune: Asset) -> None:
    turn = refine_loop(context(), tune, Asset.from_text("faster"))
    assert turn.score.facts["loop"]["key"] == "G major"
    assert turn.score.facts["loop"]["tempo_bpm"] == pytest.approx(126.5)


def test_bars_are_filled_and_varied(context: Callable[..., Any], tune: Asset) -> None:
    filled = fill_music(context(), tune, first_bar=2, last_bar=3)
    lines = [
        transcribe_score(context(), a).read_text().splitlines()[6] for a in (tune, filled.score)
    ]
    bars = [line.split("|") for line in lines]
    assert bars[0][0] == bars[1][0]
    assert bars[0][3] == bars[1][3]
    assert bars[0][1:3] != bars[1][1:3]
    with pytest.raises(ArgumentError):
        fill_music(context(), tune, first_bar=5, last_bar=4)
    assert vary_music(context(), tune).score.id != tune.id


def test_words_stand_under_the_notes(context: Callable[..., Any], tune: Asset) -> None:
    made = set_lyrics(context(), tune, Asset.from_text("Silver moon upon the river"))
    assert made.score.facts["syllables"] == 8
    text = transcribe_score(context(), made.score).read_text()
    assert "Sil-ver" in text.replace("_ ", "").replace("Sil- ", "Sil-")
    assert "w: " in text
