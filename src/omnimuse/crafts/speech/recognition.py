"""Speech to transcript in pieces of bounded length, cut where it is quiet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from omnimuse.backends.base import Segment, SpeechRecognizer

Samples = NDArray[np.float32]

RECOGNITION_RATE_HZ = 16_000
PIECE_S = 120.0
SILENCE_DBFS = -55.0
_FRAME_S = 0.02
_WINDOW_S = 20.0
_MIN_S = 0.2


@dataclass(frozen=True)
class Heard:
    """What was recognised; `is_silent` where no sound was worth listening to."""

    segments: tuple[Segment, ...]
    language: str
    duration_s: float
    is_silent: bool


def is_quiet(samples: Samples) -> bool:
    """Whether (N,) at 16 kHz holds no 0.1 s louder than -55 dBFS."""
    step = RECOGNITION_RATE_HZ // 10
    padded = np.pad(samples, (0, -len(samples) % step)).reshape(-1, step)
    if not padded.size:
        return True
    return float(np.sqrt((padded.astype(np.float64) ** 2).mean(axis=1)).max()) < 10 ** (
        SILENCE_DBFS / 20
    )


def _quiet_cut(samples: Samples) -> int:
    """Where to cut: the quietest moment of the last 20 s."""
    step = int(_FRAME_S * RECOGNITION_RATE_HZ)
    start = max(len(samples) - int(_WINDOW_S * RECOGNITION_RATE_HZ), 0)
    tail = samples[start:]
    frames = tail[: len(tail) // step * step].reshape(-1, step)
    power = np.convolve((frames**2).mean(axis=1), np.ones(9) / 9, mode="same")
    return start + int(np.argmin(power[5:-5]) + 5) * step


def pieces(blocks: Iterable[Samples]) -> Iterator[tuple[Samples, float]]:
    """A stream of (n,) blocks at 16 kHz as pieces of at most 120 s with their start in seconds."""
    limit = int(PIECE_S * RECOGNITION_RATE_HZ)
    held, start = np.zeros(0, np.float32), 0
    for block in blocks:
        held = np.concatenate((held, block))
        while len(held) >= limit:
            cut = _quiet_cut(held[:limit])
            yield held[:cut], start / RECOGNITION_RATE_HZ
            held, start = held[cut:], start + cut
    if len(held):
        yield held, start / RECOGNITION_RATE_HZ


def moved_segment(segment: Segment, by_s: float) -> Segment:
    """The segment and its words, `by_s` seconds later."""
    return replace(
        segment,
        start_s=segment.start_s + by_s,
        end_s=segment.end_s + by_s,
        words=tuple(
            replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s)
            for word in segment.words
        ),
    )


def recognise(
    blocks: Iterable[Samples],
    recognizer: SpeechRecognizer,
    *,
    language: str = "",
    on_piece: Callable[[float], None] = lambda start_s: None,
) -> Heard:
    """Listen to a stream of (n,) blocks at 16 kHz.

    The language of the first piece that is not silent holds for all. Silent pieces are skipped,
    as recognisers invent words for them.
    """
    segments: list[Segment] = []
    code, end_s, is_silent = language, 0.0, True
    for samples, start_s in pieces(blocks):
        on_piece(start_s)
        end_s = start_s + len(samples) / RECOGNITION_RATE_HZ
        if len(samples) < _MIN_S * RECOGNITION_RATE_HZ or is_quiet(samples):
            continue
        is_silent = False
        said = recognizer.transcribe(samples, RECOGNITION_RATE_HZ, language=code)
        code = code or said.language
        segments += [
            moved_segment(segment, start_s) for segment in said.segments if segment.text.strip()
        ]
    return Heard(tuple(segments), code, end_s, is_silent)
