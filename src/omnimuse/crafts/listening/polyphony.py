"""Notes of many voices at once: harmonic sums, picked one after another.

Source: A. Klapuri, "Multiple Fundamental Frequency Estimation by Summing Harmonic Amplitudes",
ISMIR 2006: the whitened spectrum's harmonics are summed for every pitch, the strongest pitch is
taken and its harmonics are taken away, until what is left is weak. Then notes are runs of frames.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.listening.pitch import HeardNote
from omnimuse.crafts.listening.spectrum import RATE_HZ, Samples

_SIZE, _HOP = 4096, 512
_PAD = 8192
_LOWEST, _HIGHEST = 33, 96
_HARMONICS = 12
_VOICES = 6
_KEPT = 0.83
_WEAKEST, _QUIETEST, _FLOOR = 0.28, 0.6, 0.16
STEP_S = _HOP / RATE_HZ


def heard_notes(samples: Samples, *, shortest_s: float = 0.09) -> list[HeardNote]:
    """Notes of (n,) at 22,050 Hz, MIDI pitches 33 to 96, in order of onset."""
    levels = salience(samples)
    if not len(levels):
        return []
    return _runs(levels, shortest_s)


def salience(samples: Samples) -> NDArray[np.float64]:
    """Strength of each pitch from 33 to 96 in each frame, (n, 64), after taking pitches apart."""
    padded = np.pad(samples.astype(np.float64), (_SIZE // 2, _SIZE))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[::_HOP]
    windows = windows[: len(samples) // _HOP + 1]
    shape = np.hanning(_SIZE)
    out = np.zeros((len(windows), _HIGHEST - _LOWEST + 1))
    for start in range(0, len(windows), 256):
        part = np.abs(np.fft.rfft(windows[start : start + 256] * shape, _PAD, axis=1))
        out[start : start + 256] = _separated(_whitened(part))
    return out


def _whitened(spectrum: NDArray[np.float64]) -> NDArray[np.float64]:
    """Magnitudes evened out over frequency; quiet frames stay quiet."""
    from scipy.ndimage import uniform_filter1d

    smooth = np.sqrt(np.maximum(uniform_filter1d(spectrum**2, 121, axis=1), 0)) + 1e-3
    return np.asarray(spectrum * smooth**-0.67)


@lru_cache(maxsize=1)
def _combs() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """First and last bin of each harmonic of each pitch, and its weight."""
    pitches = np.arange(_LOWEST, _HIGHEST + 1)
    hz = 440 * 2 ** ((pitches - 69) / 12)
    order = np.arange(1, _HARMONICS + 1)
    stretched = hz[:, None] * order * np.sqrt(1 + 1e-4 * order**2)
    width = 2 ** (0.35 / 12)
    first = np.floor(stretched / width * _PAD / RATE_HZ).astype(np.int64)
    last = np.ceil(stretched * width * _PAD / RATE_HZ).astype(np.int64)
    weight = (hz[:, None] + 52) / (stretched + 320)
    weight[stretched > 0.45 * RATE_HZ] = 0
    top = _PAD // 2 - 1
    return np.minimum(first, top), np.minimum(np.maximum(last, first), top), weight


def _separated(spectrum: NDArray[np.float64]) -> NDArray[np.float64]:
    first, last, weight = _combs()
    count = first.shape[0]
    out = np.zeros((len(spectrum), count))
    rest = spectrum.copy()
    rows = np.arange(len(spectrum))
    strongest = np.zeros(len(spectrum))
    wide = int((last - first).max()) + 1
    for turn in range(_VOICES):
        peaks = _peaks_in(rest, first, last, wide)
        total = (peaks * weight).sum(axis=2)
        best = total.argmax(axis=1)
        value = total[rows, best]
        strongest = value if turn == 0 else strongest
        keep = value > np.maximum(_WEAKEST * strongest, _QUIETEST)
        out[rows[keep], best[keep]] = value[keep]
        if not keep.any():
            break
        for row in np.flatnonzero(keep):
            for a, b, share in zip(first[best[row]], last[best[row]], weight[best[row]]):
                if share > 0:
                    rest[row, max(0, a - 1) : b + 2] *= 1 - _KEPT
    return out


def _peaks_in(
    spectrum: NDArray[np.float64], first: NDArray[np.int64], last: NDArray[np.int64], wide: int
) -> NDArray[np.float64]:
    """The largest magnitude in each comb tooth, (n, pitches, harmonics)."""
    out = spectrum[:, first]
    for step in range(1, wide):
        out = np.maximum(out, spectrum[:, np.minimum(first + step, last)])
    return out


def _runs(levels: NDArray[np.float64], shortest_s: float) -> list[HeardNote]:
    """Runs of frames of a pitch, gaps of two frames closed, cut where it is struck again."""
    from scipy.ndimage import binary_closing, uniform_filter1d

    floor = _FLOOR * float(np.quantile(levels[levels > 0], 0.95)) if (levels > 0).any() else 1.0
    smooth = uniform_filter1d(levels, 3, axis=0)
    notes: list[HeardNote] = []
    peak = float(levels.max(initial=1e-9))
    shortest = max(1, round(shortest_s / STEP_S))
    for column in range(levels.shape[1]):
        line = smooth[:, column]
        on = binary_closing(np.pad(line > floor, 3), np.ones(4))[3:-3]
        edges = np.flatnonzero(np.diff(np.concatenate(([0], on.astype(np.int8), [0]))))
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            for a, b in _strikes(line, int(start), int(stop), shortest):
                if b - a >= shortest:
                    level = float(line[a:b].max()) / peak
                    notes.append(
                        HeardNote(_LOWEST + column, a * STEP_S, b * STEP_S, min(level, 1.0))
                    )
    return sorted(notes, key=lambda note: (note.start_s, note.pitch))


def _strikes(
    line: NDArray[np.float64], start: int, stop: int, shortest: int
) -> list[tuple[int, int]]:
    """A run cut where its strength jumps up again by half."""
    cuts, at = [start], start + shortest
    while at < stop - 2:
        if line[at + 2] > 1.5 * line[at] and line[at + 2] > 0.5 * line[start:stop].max():
            cuts.append(at + 1)
            at += shortest
        at += 1
    return list(zip(cuts, [*cuts[1:], stop], strict=True))
