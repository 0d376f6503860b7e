"""Cutting and joining: spans, cross-fades, and streams that never hold a whole recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.sound.limiting import limit_true_peak

Samples = NDArray[np.float32]

_CHUNK_S, _MARGIN_S = 20.0, 0.5


def crossfaded(first: Samples, second: Samples, count: int) -> Samples:
    """Two (n, channels) joined, the last `count` of one over the first `count` of the other.

    Equal power, as the two have nothing to do with each other.
    """
    count = min(count, len(first), len(second))
    if count <= 0:
        return np.concatenate((first, second))
    angle = ((np.arange(count, dtype=np.float32) + 0.5) / count * np.float32(np.pi / 2))[:, None]
    middle = first[len(first) - count :] * np.cos(angle) + second[:count] * np.sin(angle)
    return np.concatenate((first[: len(first) - count], middle, second[count:]))


def without_spans(samples: Samples, spans: Sequence[tuple[int, int]], fade: int) -> Samples:
    """The samples less some spans (first, last + 1), ends cross-faded over `fade` samples.

    The cross-fade uses `fade / 2` of the removed samples on both sides, so that what stays keeps
    its full length and its times.
    """
    out = samples[:0]
    at = 0
    for first, last in [*sorted(spans), (len(samples), len(samples))]:
        half = fade // 2 if first < len(samples) else 0
        lead = min(fade // 2, at) if at else 0
        part = samples[at - lead : min(first + half, len(samples))]
        out = crossfaded(out, part, min(fade, lead * 2)) if len(out) and at else part
        at = max(at, last)
    return out


def span_of_blocks(blocks: Iterable[Samples], first: int, last: int) -> Iterator[Samples]:
    """The samples from `first` to before `last` of a stream of (n, channels)."""
    at = 0
    for block in blocks:
        stop = at + len(block)
        if stop > first and at < last:
            yield block[max(0, first - at) : max(0, last - at)]
        at = stop
        if at >= last:
            return


def faded_blocks(
    blocks: Iterable[Samples], total: int, fade_in: int, fade_out: int
) -> Iterator[Samples]:
    """A stream of `total` samples with raised-cosine fades at its ends."""
    at = 0
    for block in blocks:
        place = np.arange(at, at + len(block), dtype=np.float64)
        at += len(block)
        gain = np.ones(len(block))
        if fade_in:
            gain *= 0.5 - 0.5 * np.cos(np.pi * np.clip((place + 0.5) / fade_in, 0, 1))
        if fade_out:
            gain *= 0.5 - 0.5 * np.cos(np.pi * np.clip((total - place - 0.5) / fade_out, 0, 1))
        yield (block * gain[:, None]).astype(np.float32)


def amplified_blocks(
    blocks: Iterable[Samples], gain_db: float, rate_hz: int, *, ceiling_dbtp: float = -1.0
) -> Iterator[Samples]:
    """A stream made louder, its true peak held: chunks of 20 s that overlap by half a second."""
    gain = np.float32(10 ** (gain_db / 20))
    margin, size = round(_MARGIN_S * rate_hz), round(_CHUNK_S * rate_hz)
    ramp = np.linspace(0, 1, margin, dtype=np.float32)[:, None]
    held: Samples | None = None
    tail: Samples | None = None

    def done(chunk: Samples) -> Samples:
        limited = limit_true_peak(chunk * gain, rate_hz, ceiling_dbtp=ceiling_dbtp)
        if tail is None:
            return limited
        mixed = tail * (1 - ramp[: len(tail)]) + limited[: len(tail)] * ramp[: len(tail)]
        return np.concatenate((mixed, limited[len(tail) :]))

    for block in blocks:
        held = block if held is None else np.concatenate((held, block))
        while len(held) >= size + margin:
            limited = done(held[: size + margin])
            yield limited[:size]
            tail, held = limited[size:], held[size:]
    if held is not None and len(held):
        yield done(held)


def spliced(samples: Samples, clip: Samples, first: int, last: int, fade: int) -> Samples:
    """The clip in the place of samples `first` to before `last` (none: inserted), cross-faded."""
    before, after = samples[:first], samples[last:]
    out = crossfaded(before, clip, fade) if len(before) else clip
    return crossfaded(out, after, fade) if len(after) else out


def overlaid(samples: Samples, clip: Samples, at: int, gain_db: float) -> Samples:
    """The clip added from sample `at` on; the result is longer where the clip goes beyond."""
    out = np.zeros((max(len(samples), at + len(clip)), samples.shape[1]), np.float32)
    out[: len(samples)] = samples
    out[at : at + len(clip)] += clip * np.float32(10 ** (gain_db / 20))
    return out


def quietest(samples: Samples, first: int, last: int, rate_hz: int) -> int:
    """The quietest place between two samples, by the level over 10 ms."""
    step = max(1, rate_hz // 200)
    first, last = max(0, first), min(len(samples), last)
    if last - first < 3 * step:
        return (first + last) // 2
    part = samples[first:last].mean(axis=1)
    count = len(part) // step
    level = (part[: count * step].reshape(count, step) ** 2).mean(axis=1)
    smooth = np.convolve(level, (0.25, 0.5, 0.25), mode="same")
    return first + int(np.argmin(smooth)) * step + step // 2
