"""Speech by Piper, which runs as a separate program and is spoken to through its command line.

Piper and the espeak-ng in it are under the GPL; nothing of them is imported here. The program is
started once for each speaking rate, reads a line of text from its standard input and says on its
standard error where it wrote the WAV. The voice's own noise is fixed when it is pulled (see
`fixed_noise`), so a text is always read the same way, whatever the seed.
"""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
from collections import OrderedDict, deque
from pathlib import Path
from typing import TYPE_CHECKING

from omnimuse.backends.card import ModelCard
from omnimuse.errors import (
    ArgumentError,
    BackendUnavailableError,
    CheckpointError,
    RunTimeoutError,
    ToolError,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_RATE, MAX_RATE = 0.4, 2.0
MAX_CHARACTERS = 20_000
_MAX_PROGRAMS = 2
_START_S, _PER_CHARACTER_S = 60.0, 0.05
_WROTE = re.compile(r"Wrote (?P<path>.+\.wav)\s*$")


class _Program:
    """One running Piper: a line of text in, a WAV file out."""

    def __init__(self, folder: Path, voice: Path, length_scale: float, silence_s: float) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="omnimuse-piper-"))
        command = [sys.executable, "-m", "piper", "--model", str(voice)]
        command += ["--output-dir", str(self.directory), "--length-scale", f"{length_scale:.4f}"]
        command += ["--sentence-silence", f"{silence_s:.3f}"]
        environment = {**os.environ, "PYTHONPATH": str(folder / "site"), "PYTHONUTF8": "1"}
        self.process = subprocess.Popen(
            command,
            cwd=self.directory,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self.lines: queue.Queue[str | None] = queue.Queue()
        self.last: deque[str] = deque(maxlen=5)
        threading.Thread(target=_pump, args=(self.process, self.lines), daemon=True).start()
        self.end = weakref.finalize(self, _end, self.process, self.directory)

    def speak(self, text: str, timeout_s: float) -> Path:
        """The WAV of one line.

        Raises:
            ToolError: the program ended; its last words are in the message.
            RunTimeoutError: no answer in time.
        """
        if self.process.stdin is None:
            raise ToolError("the speech program has no input")
        try:
            self.process.stdin.write(text + "\n")
            self.process.stdin.flush()
        except OSError:
            raise self._death() from None
        while True:
            try:
                line = self.lines.get(timeout=timeout_s)
            except queue.Empty:
                raise RunTimeoutError(
                    f"the speech program gave nothing for {timeout_s:.0f} s",
                    hint="Try again, or with a shorter text.",
                ) from None
            if line is None:
                raise self._death()
            found = _WROTE.search(line)
            if found:
                return Path(found["path"])
            self.last.append(line.strip())

    def _death(self) -> ToolError:
        said = " | ".join(line for line in self.last if line) or "nothing was said"
        return ToolError(
            f"the speech program ended: {said}", hint="Run `omnimuse models check` and try again."
        )


class PiperSynthesizer:
    """Role `text-to-speech`; see `SpeechSynthesizer`.

    Args:
        card: options `voices` (name -> ONNX file below the folder), `sentence_silence_s`, and
            `rates`: measured pairs of speaking rate and Piper's length scale.
        folder: the pulled card: `site/` with the program, and the voices.

    Raises:
        CheckpointError: the program or a voice is missing.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        self._folder = folder
        self._voices = {
            name: folder / file for name, file in card.options.get("voices", {}).items()
        }
        self._silence_s = float(card.options.get("sentence_silence_s", 0.2))
        self._rates = sorted((float(r), float(s)) for r, s in card.options.get("rates", ()))
        self.voices = tuple(self._voices)
        self._programs: OrderedDict[tuple[str, float], _Program] = OrderedDict()
        self._lock = threading.Lock()
        wanted = [folder / "site" / "piper" / "__main__.py", *self._voices.values()]
        missing = [path.name for path in wanted if not path.is_file()]
        if missing or not self._voices:
            raise CheckpointError(
                f"{card.name} lacks {', '.join(missing) or 'voices'}",
                hint=f"Run `omnimuse models pull {card.name}`.",
            )

    def speak(
        self, text: str, *, voice: str = "", rate: float = 1.0, seed: int = 0
    ) -> tuple[NDArray[np.float32], int]:
        """Read a text aloud.

        Args:
            text: at most 20,000 characters, with something to say in it.
            voice: one of `voices`; the first if empty.
            rate: speed from 0.4 to 2, 1 is the voice's own.
            seed: has no effect, each text has one reading.

        Returns:
            Audio (N, 1) and its sample rate in Hz.

        Raises:
            ArgumentError: nothing to say, unknown voice, or rate out of range.
            BackendUnavailableError: the program cannot be started.
            ToolError, RunTimeoutError: it ended or hung.
        """
        name = voice or self.voices[0]
        self._check(text, name, rate)
        line = " ".join(text.split())
        with self._lock:
            path = self._say(name, round(rate, 2), line)
            try:
                return _read_wav(path)
            finally:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """End the programs."""
        with self._lock:
            while self._programs:
                self._programs.popitem()[1].end()

    def _check(self, text: str, voice: str, rate: float) -> None:
        if not any(character.isalnum() for character in text):
            raise ArgumentError("there is nothing to say in the text", hint="Give it some words.")
        if len(text) > MAX_CHARACTERS:
            raise ArgumentError(
                f"the text has {len(text):,} characters, {MAX_CHARACTERS:,} at most",
                hint="Speak it in parts.",
            )
        if voice not in self._voices:
            raise ArgumentError(
                f"no voice is called {voice!r}", hint=f"Voices: {', '.join(self.voices)}."
            )
        if not MIN_RATE <= rate <= MAX_RATE:
            raise ArgumentError(f"rate {rate} is not from {MIN_RATE} to {MAX_RATE}")

    def _say(self, voice: str, rate: float, line: str) -> Path:
        timeout_s = _START_S + _PER_CHARACTER_S * len(line)
        program = self._program(voice, rate)
        try:
            return program.speak(line, timeout_s)
        except (ToolError, RunTimeoutError):
            self._programs.pop((voice, rate), None)
            program.end()
            raise

    def _stretch(self, rate: float) -> float:
        """The length scale that gives a rate: phonemes are rounded up, so it is not 1 / rate."""
        import numpy as np

        if not self._rates:
            return 1.0 / rate
        rates, scales = zip(*self._rates, strict=True)
        return float(np.interp(rate, rates, scales))

    def _program(self, voice: str, rate: float) -> _Program:
        key = (voice, rate)
        program = self._programs.get(key)
        if program is None or program.process.poll() is not None:
            if program is not None:
                program.end()
            model = self._voices[voice]
            try:
                scale = _length_scale(model) * self._stretch(rate)
                program = _Program(self._folder, model, scale, self._silence_s)
            except OSError as error:
                raise BackendUnavailableError(
                    f"the speech program cannot be started: {error}", hint="See `omnimuse doctor`."
                ) from None
            self._programs[key] = program
        self._programs.move_to_end(key)
        while len(self._programs) > _MAX_PROGRAMS:
            self._programs.popitem(last=False)[1].end()
        return program


def _length_scale(voice: Path) -> float:
    try:
        config = json.loads(Path(f"{voice}.json").read_text(encoding="utf-8"))
        return float(config.get("inference", {}).get("length_scale", 1.0))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{voice.name}.json: {error}", hint="Pull the voice again.") from None


def _read_wav(path: Path) -> tuple[NDArray[np.float32], int]:
    import wave

    import numpy as np

    with wave.open(str(path), "rb") as stream:
        rate_hz, frames = stream.getframerate(), stream.readframes(stream.getnframes())
        channels = stream.getnchannels()
    samples = np.frombuffer(frames, dtype="<i2").astype(np.float32) / 32768.0
    return samples.reshape(-1, channels).mean(axis=1, keepdims=True, dtype=np.float32), rate_hz


def _pump(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    if process.stderr is not None:
        for line in process.stderr:
            lines.put(line)
    lines.put(None)


def _end(process: subprocess.Popen[str], directory: Path) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stderr):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                continue
    shutil.rmtree(directory, ignore_errors=True)
