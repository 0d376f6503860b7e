"""Fundamental frequency of one voice or instrument, and the notes it plays.

Source: A. de Cheveigné and H. Kawahara, "YIN, a fundamental frequency estimator for speech and
music", JASA 111(4), 2002: difference function by FFT, cumulative mean normalisation, absolute
threshold, parabolic interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.listening.spectrum import RATE_HZ, Samples

HOP = 256
WINDOW = 2048
STEP_S = HOP / RATE_HZ
_THRESHOLD = 0.15
_LOWEST_HZ, _HIGHEST_HZ = 40.0, 2200.0


@dataclass(frozen=True)
class Contour:
    """Pitch over time: `hz` and `clarity` (0 to 1), (n,) at `STEP_S`; 0 Hz where unvoiced."""

    hz: NDArray[np.float64]
    clarity: NDArray[np.float64]
    power: NDArray[np.float64]


@dataclass(frozen=True)
class HeardNote:
    """A note in seconds: MIDI pitch, onset, end, loudness 0 to 1."""

    pitch: int
    start_s: float
    end_s: float
    level: float


def track_pitch(samples: Samples) -> Contour:
    """Pitch of (n,) at 22,050 Hz by YIN, between 40 and 2,200 Hz."""
    padded = np.pad(samples.astype(np.float64), (WINDOW // 2, WINDOW))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * WINDOW)[::HOP]
    windows = windows[: max(1, len(samples) // HOP + 1)]
    hz, clarity, power = (np.zeros(len(windows)) for _ in range(3))
    for start in range(0, len(windows), 512):
        part = slice(start, start + 512)
        hz[part], clarity[part], power[part] = _yin(windows[part])
    return Contour(hz, clarity, power)


def _yin(windows: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """F0, clarity and power of (n, 2 * WINDOW); the lag runs over the first half."""
    longest, shortest = int(RATE_HZ / _LOWEST_HZ), int(RATE_HZ / _HIGHEST_HZ)
    head = windows[:, :WINDOW]
    size = 4 * WINDOW
    spectrum = np.conj(np.fft.rfft(head, size)) * np.fft.rfft(windows, size)
    correlation = np.fft.irfft(spectrum)[:, : longest + 1]
    squares = np.cumsum(np.pad(windows**2, ((0, 0), (1, 0))), axis=1)
    energy = squares[:, WINDOW : WINDOW + longest + 1] - squares[:, : longest + 1]
    difference = np.maximum(energy[:, :1] + energy - 2 * correlation, 0)
    lags = np.arange(1, longest + 1)
    running = np.cumsum(difference[:, 1:], axis=1)
    normal = np.ones_like(difference)
    normal[:, 1:] = difference[:, 1:] * lags / np.maximum(running, 1e-12)
    power = energy[:, 0] / WINDOW
    hz, clarity = np.zeros(len(windows)), np.zeros(len(windows))
    inner = normal[:, shortest:-1]
    is_dip = (inner <= normal[:, shortest - 1 : -2]) & (inner < normal[:, shortest + 1 :])
    is_low = is_dip & (inner < _THRESHOLD)
    for row in np.flatnonzero(power > 1e-8):
        found = np.flatnonzero(is_low[row])
        lag = int(found[0]) if len(found) else int(np.argmin(inner[row]))
        value = inner[row, lag]
        lag += shortest
        a, b, c = normal[row, lag - 1 : lag + 2]
        bend = a - 2 * b + c
        shift = 0.5 * (a - c) / bend if bend > 1e-9 else 0.0
        hz[row] = RATE_HZ / (lag + float(np.clip(shift, -1, 1)))
        clarity[row] = 1 - min(float(value), 1.0)
    return hz, clarity, power


def voiced_hz(contour: Contour, *, clarity: float = 0.8) -> NDArray[np.float64]:
    """Pitches of the frames that have one, (k,)."""
    loud = contour.power > max(float(contour.power.max(initial=0)) * 1e-4, 1e-8)
    return contour.hz[loud & (contour.clarity >= clarity)]


def notes_of(contour: Contour, *, shortest_s: float = 0.07) -> list[HeardNote]:
    """Notes of one voice: stretches of steady pitch, cut where it moves or is struck again."""
    from scipy.ndimage import median_filter

    if not len(contour.hz):
        return []
    floor = max(float(np.quantile(contour.power, 0.95)) * 10**-3.5, 1e-8)
    voiced = (contour.clarity > 0.7) & (contour.power > floor) & (contour.hz > 0)
    midi = np.where(voiced, 69 + 12 * np.log2(np.maximum(contour.hz, 1) / 440), 0)
    steps = median_filter(np.where(voiced, np.round(midi), 0), 7).astype(int)
    db = 10 * np.log10(contour.power + 1e-10)
    struck = np.zeros(len(db), bool)
    ahead = 6
    struck[ahead:] = db[ahead:] - db[:-ahead] > 3.5
    struck &= ~np.pad(struck, (1, 0))[:-1]
    peak = float(np.quantile(np.sqrt(contour.power), 0.98)) + 1e-9
    notes: list[HeardNote] = []
    start = 0
    for at in range(1, len(steps) + 1):
        is_over = at == len(steps) or steps[at] != steps[start]
        again = not is_over and struck[at] and (at - start) * STEP_S > shortest_s
        if not is_over and not again:
            continue
        if steps[start] > 0 and (at - start) * STEP_S >= shortest_s:
            level = float(np.sqrt(contour.power[start:at].max())) / peak
            notes.append(HeardNote(int(steps[start]), start * STEP_S, at * STEP_S, min(level, 1.0)))
        start = at
    return notes
