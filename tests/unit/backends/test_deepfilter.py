"""DeepFilterNet's front end: perfect with open gates; and the real model on real noise."""

from __future__ import annotations

import os
import tarfile
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from omnimuse.backends import deepfilter
from omnimuse.backends.base import SpeechEnhancer
from omnimuse.backends.card import ModelCard
from omnimuse.backends.cards import load_cards
from omnimuse.backends.deepfilter import DeepFilterNet, band_widths
from omnimuse.config import load_settings
from omnimuse.errors import ArgumentError, CheckpointError

RATE = 48_000


class Graph:
    """A network that lets everything through."""

    def __init__(self, gain: float = 1.0) -> None:
        self._gain = gain

    def get_outputs(self) -> list[Any]:
        return [SimpleNamespace(name=n) for n in ("e0", "e1", "e2", "e3", "emb", "c0", "lsnr")]

    def run(self, names: list[str], given: dict[str, Any]) -> list[Any]:
        if "feat_erb" in given:
            assert given["feat_erb"].shape[2:] == (*given["feat_spec"].shape[2:3], 32)
            return [np.zeros((given["feat_erb"].shape[2], 1))] * len(names)
        count = len(given["emb"])
        if names == ["m"]:
            return [np.full((1, 1, count, 32), self._gain, np.float32)]
        taps = np.zeros((1, count, 96, 5, 2), np.float32)
        taps[:, :, :, 2, 0] = self._gain  # the frame itself stands in the middle of five
        return [taps.reshape(1, count, 96, 10)]


def passing(gain: float = 1.0) -> DeepFilterNet:
    model = DeepFilterNet.__new__(DeepFilterNet)
    model._encoder = model._gains = model._filters = Graph(gain)
    model._lock, model._window = threading.Lock(), deepfilter._window()
    model._widths = band_widths()
    return model


@pytest.mark.parametrize("count", [1, 479, 480, 48_000, 31_337])
def test_open_gates_give_back_what_came_in_and_when(count: int) -> None:
    speech = np.random.default_rng(0).uniform(-0.5, 0.5, (count, 1)).astype(np.float32)
    made = passing().enhance(speech, RATE)
    assert made.shape == speech.shape
    assert float(np.abs(made - speech).max()) < 1e-5


def test_chunks_are_joined_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deepfilter, "_CHUNK_FRAMES", 30)
    monkeypatch.setattr(deepfilter, "_WARM_FRAMES", 7)
    speech = np.random.default_rng(0).uniform(-0.5, 0.5, (48_000, 1)).astype(np.float32)
    assert float(np.abs(passing().enhance(speech, RATE) - speech).max()) < 1e-5


def test_a_limit_keeps_some_of_the_noise() -> None:
    speech = np.full((4800, 1), 0.5, np.float32)
    made = passing(0.0).enhance(speech, RATE, limit_db=20)
    assert float(made[1000:3000].mean()) == pytest.approx(0.05, rel=1e-3)


def test_bands_cover_every_bin_once() -> None:
    widths = band_widths()
    assert (len(widths), int(widths.sum()), int(widths.min())) == (32, 481, 2)
    assert np.all(np.diff(widths[:-1]) >= 0)


def test_wrong_sound_and_wrong_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="48000"):
        passing().enhance(np.zeros((10, 1), np.float32), 16000)
    with pytest.raises(ArgumentError, match="one channel"):
        passing().enhance(np.zeros((10, 2), np.float32), RATE)
    card = ModelCard("x", ("audio-to-audio",), "deepfilter", options={"file": "m.tar.gz"})
    with pytest.raises(CheckpointError, match="missing"):
        DeepFilterNet(card, tmp_path)
    (tmp_path / "m.tar.gz").write_bytes(b"no archive")
    with pytest.raises(CheckpointError, match="cannot be read"):
        DeepFilterNet(card, tmp_path)
    with tarfile.open(tmp_path / "m.tar.gz", "w:gz") as archive:
        (tmp_path / "enc.onnx").write_bytes(b"x")
        archive.add(tmp_path / "enc.onnx", "tmp/enc.onnx")
    with pytest.raises(CheckpointError, match="erb_dec"):
        DeepFilterNet(card, tmp_path)


@pytest.mark.weights
def test_the_real_model_takes_noise_away_and_leaves_the_voice() -> None:
    from scipy.signal import lfilter

    card = load_cards(load_settings({}, environ={}))["deepfilternet3"]
    folder = Path(os.environ["OMNIMUSE_MODELS_DIR"]) / card.name
    if not folder.is_dir():
        pytest.skip("deepfilternet3 is not pulled")
    model = DeepFilterNet(card, folder)
    assert isinstance(model, SpeechEnhancer)
    noise = np.random.default_rng(0).normal(0, 0.05, (2 * RATE, 1)).astype(np.float32)
    noise = lfilter([1], [1, -0.7], noise, axis=0).astype(np.float32)
    left = model.enhance(noise, RATE)
    fall_db = 20 * np.log10(left[RATE:].std() / noise[RATE:].std())
    assert fall_db < -25
