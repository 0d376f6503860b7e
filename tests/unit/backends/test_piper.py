from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from omnimuse.backends.base import SpeechSynthesizer
from omnimuse.backends.card import ModelCard
from omnimuse.backends.piper import PiperSynthesizer
from omnimuse.errors import ArgumentError, CheckpointError, ToolError

# Speaks Piper's command line: a line in, `Wrote PATH` on standard error, a WAV beside.
PROGRAM = """
import pathlib, sys, wave
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
folder, scale = pathlib.Path(given["--output-dir"]), float(given["--length-scale"])
for number, line in enumerate(sys.stdin):
    if "crash" in line:
        sys.exit("no phonemes")
    path = folder / f"{number}.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1); out.setsampwidth(2); out.setframerate(1000)
        out.writeframes(b"\\x00\\x40" * int(len(line) * 100 * scale))
    print(f"INFO:__main__:Wrote {path}", file=sys.stderr, flush=True)
"""


@pytest.fixture
def card() -> ModelCard:
    options = {"voices": {"joe": "voice/joe.onnx"}, "rates": [[0.5, 2.0], [1, 1], [2, 0.25]]}
    return ModelCard("p", ("text-to-speech",), "piper", options=options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site" / "piper").mkdir(parents=True)
    (tmp_path / "site" / "piper" / "__main__.py").write_text(PROGRAM)
    (tmp_path / "voice").mkdir()
    (tmp_path / "voice" / "joe.onnx").write_bytes(b"x")
    (tmp_path / "voice" / "joe.onnx.json").write_text('{"inference": {"length_scale": 1.0}}')
    return tmp_path


@pytest.fixture
def speaker(card: ModelCard, folder: Path) -> Iterator[PiperSynthesizer]:
    made = PiperSynthesizer(card, folder)
    yield made
    made.close()


def test_text_becomes_sound_and_the_program_stays(speaker: PiperSynthesizer) -> None:
    assert isinstance(speaker, SpeechSynthesizer)
    audio, rate_hz = speaker.speak("hello\n  you")
    assert (audio.shape, audio.dtype, rate_hz) == ((1000, 1), np.float32, 1000)
    assert audio[0, 0] == 0.5
    first = next(iter(speaker._programs.values())).process.pid
    speaker.speak("again")
    assert next(iter(speaker._programs.values())).process.pid == first


def test_rate_follows_the_measured_curve(speaker: PiperSynthesizer) -> None:
    assert len(speaker.speak("123456789", rate=2.0)[0]) == 250
    assert len(speaker.speak("123456789", rate=0.5)[0]) == 2000
    speaker.speak("123456789", rate=1.0)
    assert len(speaker._programs) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": " .,! "}, "nothing to say"),
        ({"text": "a" * 20_001}, "20,001 characters"),
        ({"text": "a", "voice": "eve"}, "no voice is called 'eve'"),
        ({"text": "a", "rate": 9.0}, "rate 9.0"),
    ],
)
def test_bad_arguments(speaker: PiperSynthesizer, arguments: dict, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        speaker.speak(arguments.pop("text"), **arguments)


def test_crash_says_the_last_words_and_the_next_call_works(speaker: PiperSynthesizer) -> None:
    with pytest.raises(ToolError, match=r"ended: .*no phonemes"):
        speaker.speak("please crash")
    assert speaker.speak("fine")[1] == 1000


def test_programs_end_with_their_owner(card: ModelCard, folder: Path) -> None:
    speaker = PiperSynthesizer(card, folder)
    speaker.speak("hello")
    program = next(iter(speaker._programs.values()))
    process, directory = program.process, program.directory
    del program, speaker
    gc.collect()
    assert process.wait(timeout=5) is not None
    assert not directory.exists()


def test_missing_program_or_voice(card: ModelCard, folder: Path) -> None:
    (folder / "voice" / "joe.onnx").unlink()
    with pytest.raises(CheckpointError, match=r"lacks joe\.onnx"):
        PiperSynthesizer(card, folder)
