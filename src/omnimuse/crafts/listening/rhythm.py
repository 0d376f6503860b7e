"""Tempo and beats from the onset envelope.

Source: D. Ellis, "Beat Tracking by Dynamic Programming", Journal of New Music Research 36(1), 2007:
autocorrelation under a log-normal window of preferred tempi, then dynamic programming. Deviations:
a peak of the autocorrelation counts with its double and its half as well, and the tempo that is
given is refined by the beats that were found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.listening.spectrum import FRAME_S, Samples

SLOWEST_BPM, FASTEST_BPM = 40.0, 220.0
_PREFERRED_BPM, _SPREAD_OCTAVES = 115.0, 0.9
_TIGHTNESS = 100.0
_WINDOW_S = 60.0


@dataclass(frozen=True)
class Rhythm:
    """Tempo in beats per minute (None where there is no pulse), beats in seconds, clarity 0-1."""

    tempo_bpm: float | None
    beats_s: tuple[float, ...]
    clarity: float
    other_bpm: float | None = None


def find_rhythm(onset: Samples) -> Rhythm:
    """The pulse of an onset envelope at `FRAME_S`; none if it is too short or has no repetition."""
    envelope = _sharpened(onset)
    if len(envelope) * FRAME_S < 3.0 or not envelope.any():
        return Rhythm(None, (), 0.0)
    lags, strength, clarity = _periods(envelope)
    best = int(np.argmax(strength))
    if clarity < 0.05:
        return Rhythm(None, (), clarity)
    period = float(lags[best])
    beats = track_beats(envelope, period)
    tempo = 60.0 / (_refined(beats, period) * FRAME_S)
    rest = strength.copy()
    rest[np.abs(np.log2(lags / period)) < 0.2] = 0
    other = 60.0 / (float(lags[int(np.argmax(rest))]) * FRAME_S) if rest.any() else None
    times = tuple(round(float(beat) * FRAME_S, 3) for beat in beats)
    return Rhythm(
        round(tempo, 2), times, round(clarity, 3), None if other is None else round(other, 1)
    )


def _sharpened(onset: Samples) -> NDArray[np.float64]:
    """Unit-variance envelope without its slow drift."""
    from scipy.ndimage import gaussian_filter1d, uniform_filter1d

    values = onset.astype(np.float64)
    values[: round(0.05 / FRAME_S)] = 0.0
    high = np.maximum(values - uniform_filter1d(values, round(0.5 / FRAME_S)), 0)
    smooth = gaussian_filter1d(high, 0.015 / FRAME_S)
    spread = float(smooth.std())
    return smooth / spread if spread > 1e-6 else np.zeros_like(smooth)


def _periods(
    envelope: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Lags in frames (quarter-frame steps), how well each fits, and the clarity of the best."""
    size = min(len(envelope), round(_WINDOW_S / FRAME_S))
    longest = round(60 / SLOWEST_BPM / FRAME_S)
    total = np.zeros(4 * longest + 8)
    starts = range(0, max(1, len(envelope) - size + 1), max(1, size // 2))
    for start in list(starts)[:240]:
        part = envelope[start : start + size] - envelope[start : start + size].mean()
        spectrum = np.fft.rfft(part, 2 * size)
        correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: len(total)]
        correlation = np.pad(correlation, (0, len(total) - len(correlation)))
        total += correlation / max(correlation[0], 1e-9)
    total /= max(1, min(240, len(starts)))
    lags = np.arange(60 / FASTEST_BPM / FRAME_S, longest, 0.25)

    def at(factor: float) -> NDArray[np.float64]:
        return np.interp(lags * factor, np.arange(len(total)), total)

    comb = at(1) + 0.5 * at(2) + 0.35 * at(4) + 0.3 * at(0.5) + 0.25 * at(3)
    tempi = 60 / (lags * FRAME_S)
    window = np.exp(-0.5 * (np.log2(tempi / _PREFERRED_BPM) / _SPREAD_OCTAVES) ** 2)
    fit = np.maximum(comb, 0) * window
    return lags, fit, float(max(0.0, at(1)[int(np.argmax(fit))]))


def track_beats(envelope: NDArray[np.float64], period: float) -> NDArray[np.float64]:
    """Frames of the beats that lie on onsets and `period` frames apart."""
    from scipy.ndimage import gaussian_filter1d

    local = gaussian_filter1d(envelope, max(period / 32, 0.5))
    offsets = np.arange(-round(2 * period), -round(period / 2) + 1)
    cost = -_TIGHTNESS * np.log(-offsets / period) ** 2
    score, back = local.copy(), np.full(len(local), -1, np.int64)
    reach = -int(offsets[0])
    for frame in range(len(local)):
        first = max(0, reach - frame)
        if first >= len(offsets):
            continue
        candidates = score[frame + offsets[first:]] + cost[first:]
        best = int(np.argmax(candidates))
        if candidates[best] > 0:
            score[frame] += candidates[best]
            back[frame] = frame + offsets[first + best]
    tail = score[-max(1, round(period)) :]
    frame = len(score) - len(tail) + int(np.argmax(tail))
    beats = []
    while frame >= 0:
        beats.append(frame)
        frame = int(back[frame])
    return np.array(beats[::-1], np.float64)


def _refined(beats: NDArray[np.float64], period: float) -> float:
    """The period of the beats by least squares over stretches of eight, in frames."""
    if len(beats) < 6:
        return period
    size = min(16, len(beats))
    slopes = [
        float(np.polyfit(np.arange(size), beats[i : i + size], 1)[0])
        for i in range(0, len(beats) - size + 1, 4)
    ]
    refined = float(np.median(slopes))
    return refined if abs(refined / period - 1) < 0.08 else period
