"""Faults of the engines that need no weights to show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from omnimuse.backends.card import ModelCard, Source
from omnimuse.backends.fetch import Fetcher, parse_requirement
from omnimuse.backends.gguf import GgufTextGenerator
from omnimuse.backends.onnx_text import OnnxEmbedder
from omnimuse.backends.torch_checkpoint import check_safetensors
from omnimuse.backends.whisper import SAMPLE_RATE_HZ, WhisperRecognizer, _prepare
from omnimuse.errors import (
    ArgumentError,
    BackendUnavailableError,
    CheckpointError,
    RunCancelled,
    UnsupportedMediaError,
)

CARD = ModelCard("x", ("r",), "gguf")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"GGUF" + bytes(64)])
def test_what_is_no_gguf(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "model.gguf").write_bytes(data)
    with pytest.raises(CheckpointError, match=r"model\.gguf"):
        GgufTextGenerator(CARD, tmp_path)


def test_folders_without_models(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot read"):
        GgufTextGenerator(CARD, tmp_path)
    with pytest.raises(CheckpointError, match=r"tokenizer\.json is missing"):
        OnnxEmbedder(CARD, tmp_path)
    with pytest.raises(CheckpointError, match=r"no model\.bin"):
        WhisperRecognizer(CARD, tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"tokenizer\.json"):
        OnnxEmbedder(CARD, tmp_path)


def test_speech_is_mixed_and_resampled() -> None:
    time_s = np.arange(44_100) / 44_100
    tone = np.sin(2 * np.pi * 440 * time_s).astype(np.float32)
    found = _prepare(np.stack([tone, tone], 1), 44_100)
    assert (found.shape, found.dtype) == ((SAMPLE_RATE_HZ,), np.float32)
    wanted = np.sin(2 * np.pi * 440 * np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ)
    assert np.abs(found - wanted)[200:-200].max() < 0.01


def test_speech_that_is_none() -> None:
    with pytest.raises(UnsupportedMediaError):
        _prepare(np.zeros(10, np.float32), 16_000)
    with pytest.raises(UnsupportedMediaError):
        _prepare(np.full(16_000, np.nan, np.float32), 16_000)
    with pytest.raises(ArgumentError):
        _prepare(np.zeros(16_000, np.float32), 0)


def test_only_safetensors_are_read(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no weights"):
        check_safetensors(tmp_path)
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "model.safetensors").write_bytes(b"\x02" + bytes(7) + b"{}")
    (tmp_path / "unet" / "model.bin").write_bytes(b"ignored beside safetensors")
    check_safetensors(tmp_path)
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae" / "model.ckpt").write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"vae has weights only as \.ckpt"):
        check_safetensors(tmp_path)
    with pytest.raises(CheckpointError, match="not a folder"):
        check_safetensors(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("wheel:a-b==1.0", ("a-b", "1.0")),
        ("npm:@x/y.z==1.2.3", ("@x/y.z", "1.2.3")),
        ("deb:art", ("art", "")),
        ("deb:art==1:2.0+dfsg-1", ("art", "1:2.0+dfsg-1")),
    ],
)
def test_requirements(url: str, wanted: tuple[str, str]) -> None:
    assert parse_requirement(Source(url)) == wanted


@pytest.mark.parametrize("url", ["wheel:", "wheel:--index-url=x", "npm:a b", "wheel:a==1;rm"])
def test_requirements_are_never_options(url: str) -> None:
    with pytest.raises(CheckpointError, match="not a source"):
        parse_requirement(Source(url))


def client(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_client_without_network_is_named(tmp_path: Path) -> None:
    said = "print('ERROR: NewConnectionError: Temporary failure in name resolution'); exit(1)"
    (tmp_path / "a").mkdir()
    with pytest.raises(BackendUnavailableError, match="no network") as caught:
        Fetcher(tmp_path)._run(client(said), tmp_path / "a", lambda count: None)
    assert caught.value.error_code == "no_network"
    assert caught.value.retryable


def test_client_failure_shows_its_error(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    said = "print('ERROR: No matching distribution found for nope'); exit(1)"
    with pytest.raises(BackendUnavailableError, match="No matching distribution"):
        Fetcher(tmp_path)._run(client(said), tmp_path / "a", lambda count: None)


def test_cancelling_ends_the_client(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    fetcher = Fetcher(tmp_path, is_cancelled=lambda: (tmp_path / "a" / "started").exists())
    code = "import time, pathlib; pathlib.Path('started').touch(); time.sleep(60)"
    with pytest.raises(RunCancelled):
        fetcher._run(client(code), tmp_path / "a", lambda count: None)
    found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=False)
    assert str(tmp_path) not in found.stdout


def test_deb_without_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendUnavailableError, match="needs apt-get"):
        Fetcher(tmp_path).fetch(Source("deb:art"))
