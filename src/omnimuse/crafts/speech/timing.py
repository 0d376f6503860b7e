"""When each word of a spoken chunk is said.

The synthesiser gives sound without times. Word lengths are predicted from their sounds (letters as
a stand-in for phonemes, longer for stressed vowels and before a pause), and the prediction is
fitted to the silences that are really heard: pauses in the sound are matched with punctuation in
the text, and between two matched pauses the words share the time in proportion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from omnimuse.backends.base import Word
from omnimuse.crafts.speech.normalization import Token

Samples = NDArray[np.float32]

_FRAME_S = 0.01
_SILENCE_DB = -38.0
_MIN_PAUSE_S = 0.07


@dataclass(frozen=True)
class Stretch:
    """A stretch of sound between silences, in seconds."""

    start_s: float
    end_s: float


def sounding(samples: Samples, sample_rate_hz: int) -> list[Stretch]:
    """Stretches of (N,) that are not silent, joined over gaps shorter than 0.07 s."""
    step = max(int(_FRAME_S * sample_rate_hz), 1)
    if len(samples) < step:
        return []
    frames = samples[: len(samples) // step * step].reshape(-1, step)
    level = 20 * np.log10(np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1)) + 1e-7)
    loud = level > max(float(np.quantile(level, 0.95)) + _SILENCE_DB, -65.0)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], loud.astype(np.int8), [0]))))
    found: list[Stretch] = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if found and start * _FRAME_S - found[-1].end_s < _MIN_PAUSE_S:
            found[-1] = Stretch(found[-1].start_s, end * _FRAME_S)
        elif end - start >= 2:
            found.append(Stretch(start * _FRAME_S, end * _FRAME_S))
    return found


def spoken_length(spoken: str) -> float:
    """How long words last, in units of about one phoneme."""
    total = 0.0
    for word in re.findall(r"[^\W_]+(?:'[^\W_]+)?", spoken.lower()):
        if not word.isascii():
            total += 3.0 * len(word)
            continue
        sounds = re.sub(r"(?:gh|ck|sh|ch|th|ph|wh|ng|qu)", "s", word)
        sounds = re.sub(r"(.)\1", r"\1", sounds)
        sounds = re.sub(r"(?<=[a-z]{2})e\b", "", sounds)
        groups = re.findall(r"[aeiouy]+", sounds)
        vowels = sum(1.6 if len(group) > 1 else 1.3 for group in groups)
        consonants = sum(character not in "aeiouy" for character in sounds)
        spelt = 2.4 if len(word) == 1 and word not in "ai" else 0.0
        weak = 0.75 if word in _WEAK else 1.0
        total += max((vowels + 0.95 * consonants) * weak, 1.2) + spelt
    return total or 0.5


_WEAK = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "at",
        "and",
        "or",
        "but",
        "as",
        "is",
        "was",
        "are",
        "were",
        "be",
        "been",
        "for",
        "from",
        "with",
        "that",
        "it",
        "its",
        "he",
        "his",
        "her",
        "him",
        "she",
        "they",
        "them",
        "you",
        "your",
        "we",
        "our",
        "my",
        "me",
        "i",
        "by",
        "if",
        "than",
        "then",
        "so",
    ]
)


def _breaks(tokens: Sequence[Token]) -> list[int]:
    """Indices of tokens after which a pause may be heard."""
    return [i for i, token in enumerate(tokens[:-1]) if token.spoken[-1:] in ",;:.!?"]


def _matched(
    gaps: Sequence[tuple[float, float]], lengths: Sequence[float], breaks: Sequence[int],
    span: Stretch,
) -> list[tuple[int, tuple[float, float]]]:  # fmt: skip
    """Pair pauses in the sound with breaks in the text, in order, nearest to the prediction.

    Dynamic programming over both sequences; a break or a gap may stay unmatched.
    """
    if not gaps or not breaks:
        return []
    total, silent = sum(lengths), sum(end - start for start, end in gaps)
    sums = np.cumsum(lengths)
    voiced = span.end_s - span.start_s - silent
    predicted = [float(sums[i]) / total * voiced for i in breaks]
    places, before = [], 0.0
    for start, end in gaps:
        places.append(start - span.start_s - before)
        before += end - start
    rows, columns = len(places) + 1, len(breaks) + 1
    cost = np.zeros((rows, columns))
    cost[1:, 0] = np.cumsum([0.15 + (end - start) for start, end in gaps])
    cost[0, 1:] = 0.1 * np.arange(1, columns)
    for row in range(1, rows):
        length = gaps[row - 1][1] - gaps[row - 1][0]
        for column in range(1, columns):
            away = abs(places[row - 1] - predicted[column - 1])
            cost[row, column] = min(
                cost[row - 1, column - 1] + away * 0.5,
                cost[row - 1, column] + 0.15 + length,
                cost[row, column - 1] + 0.1,
            )
    pairs, row, column = [], rows - 1, columns - 1
    while row and column:
        away = abs(places[row - 1] - predicted[column - 1])
        if abs(cost[row, column] - cost[row - 1, column - 1] - away * 0.5) < 1e-9:
            pairs.append((breaks[column - 1], gaps[row - 1]))
            row, column = row - 1, column - 1
        elif abs(cost[row, column] - cost[row, column - 1] - 0.1) < 1e-9:
            column -= 1
        else:
            row -= 1
    return pairs[::-1]


def align_words(
    tokens: Sequence[Token], samples: Samples, sample_rate_hz: int, *, offset_s: float = 0.0
) -> list[Word]:
    """Times of the tokens of a chunk in its sound.

    Args:
        tokens: of `normalization.normalize`.
        samples: (N,) sound of the chunk.
        sample_rate_hz: sample rate.
        offset_s: added to all times.

    Returns:
        One word a token, in order, not overlapping, within the sound.
    """
    if not tokens:
        return []
    heard = sounding(samples, sample_rate_hz)
    end_s = len(samples) / sample_rate_hz
    span = Stretch(heard[0].start_s, heard[-1].end_s) if heard else Stretch(0.0, end_s)
    gaps = [(a.end_s, b.start_s) for a, b in pairwise(heard)]
    lengths = [spoken_length(token.spoken) for token in tokens]
    pairs = _matched(gaps, lengths, _breaks(tokens), span)
    words: list[Word] = []
    first, start_s = 0, span.start_s
    for last, (stop_s, next_s) in [*pairs, (len(tokens) - 1, (span.end_s, span.end_s))]:
        inner = [gap for gap in gaps if start_s < gap[0] and gap[1] < stop_s]
        words += _shared(
            tokens[first : last + 1], lengths[first : last + 1], start_s, stop_s, inner
        )
        first, start_s = last + 1, next_s
    return [Word(w.text, w.start_s + offset_s, w.end_s + offset_s) for w in words]


def _shared(
    tokens: Sequence[Token],
    lengths: Sequence[float],
    start_s: float,
    end_s: float,
    gaps: Sequence[tuple[float, float]],
) -> list[Word]:
    """Words in proportion to their lengths over a stretch of sound, silences left out."""
    silent = sum(stop - begin for begin, stop in gaps)
    voiced = max(end_s - start_s - silent, 1e-3)
    edges = np.concatenate(([0.0], np.cumsum(lengths))) / max(sum(lengths), 1e-9) * voiced

    def at(voiced_s: float, *, is_start: bool) -> float:
        time_s = start_s + voiced_s
        for begin, stop in gaps:
            if time_s > begin + (-1e-9 if is_start else 1e-9):
                time_s += stop - begin
        return float(time_s)

    return [
        Word(token.written, at(edges[i], is_start=True), at(edges[i + 1], is_start=False))
        for i, token in enumerate(tokens)
    ]
