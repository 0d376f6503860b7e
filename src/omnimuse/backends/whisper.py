"""Speech recognition: Whisper through faster-whisper (CTranslate2).

Source: Radford et al. 2022, arXiv:2212.04356; word times by its cross attention.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnimuse.backends.base import Segment, Transcription, Word
from omnimuse.backends.card import ModelCard
from omnimuse.backends.onnx_session import thread_count
from omnimuse.errors import (
    ArgumentError,
    BackendUnavailableError,
    CheckpointError,
    UnsupportedMediaError,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
MIN_DURATION_S = 0.1


class WhisperRecognizer:
    """Role `automatic-speech-recognition`; see `SpeechRecognizer`. Greedy with beams, no sampling.

    Args:
        card: options `compute_type` (int8 on the processor) and `beam_size` (5).
        folder: a CTranslate2 model: model.bin, config.json, tokenizer.json, vocabulary.

    Raises:
        BackendUnavailableError: faster-whisper is not installed.
        CheckpointError: the folder is not such a model.
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise BackendUnavailableError(
                f"faster-whisper cannot be imported: {error}", hint="Install faster-whisper."
            ) from None
        if not (folder / "model.bin").is_file():
            raise CheckpointError(f"{folder} has no model.bin", hint="Pull the model again.")
        try:
            self._model = WhisperModel(
                str(folder),
                device="cpu",
                compute_type=card.options.get("compute_type", "int8"),
                cpu_threads=thread_count(),
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise CheckpointError(
                f"{card.name} cannot be loaded: {error}", hint="Pull the model again."
            ) from None
        self._beam_size = int(card.options.get("beam_size", 5))
        self._lock = threading.Lock()

    def transcribe(
        self, audio: NDArray[np.float32], sample_rate_hz: int, *, language: str = ""
    ) -> Transcription:
        """What is said.

        Args:
            audio: (N,) or (N, channels), mixed to one channel, in [-1, 1].
            sample_rate_hz: any; resampled to 16 kHz.
            language: ISO 639-1 code; detected if empty.

        Raises:
            ArgumentError: a language that Whisper does not know, or no sample rate.
            UnsupportedMediaError: less than 0.1 s of sound, or not finite.
        """
        samples = _prepare(audio, sample_rate_hz)
        if language and language not in self._model.supported_languages:
            raise ArgumentError(
                f"language {language!r} is not known",
                hint="Give a code such as en, zh, de, or leave it empty.",
            )
        with self._lock:
            segments, info = self._model.transcribe(
                samples,
                language=language or None,
                beam_size=self._beam_size,
                temperature=0.0,
                word_timestamps=True,
                condition_on_previous_text=False,
                vad_filter=True,  # on silence and noise Whisper makes words up
                vad_parameters={"threshold": 0.3, "min_silence_duration_ms": 1000},
            )
            found = tuple(_segment(segment) for segment in segments)
        text = " ".join(segment.text for segment in found)
        return Transcription(text, str(info.language), found)


def _segment(segment: Any) -> Segment:
    words = tuple(
        Word(word.word.strip(), float(word.start), float(word.end), float(word.probability))
        for word in segment.words or ()
    )
    return Segment(segment.text.strip(), float(segment.start), float(segment.end), words)


def _prepare(audio: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    import numpy as np

    if sample_rate_hz <= 0:
        raise ArgumentError(f"a sample rate of {sample_rate_hz} Hz does not exist")
    mono = audio if audio.ndim == 1 else audio.mean(axis=1)
    if len(mono) < MIN_DURATION_S * sample_rate_hz or not np.isfinite(mono).all():
        raise UnsupportedMediaError(
            f"{len(mono) / sample_rate_hz:.2f} s of sound cannot be transcribed",
            hint=f"At least {MIN_DURATION_S} s of finite samples are wanted.",
        )
    if sample_rate_hz == SAMPLE_RATE_HZ:
        return np.ascontiguousarray(mono, np.float32)
    from math import gcd

    from scipy.signal import resample_poly

    common = gcd(sample_rate_hz, SAMPLE_RATE_HZ)
    resampled = resample_poly(mono, SAMPLE_RATE_HZ // common, sample_rate_hz // common)
    return np.ascontiguousarray(resampled, np.float32)
