"""One pass over a recording of any length: the frames that all other measurements rest on.

Mono at 22,050 Hz. A short window (46 ms, every 11.6 ms) follows the rhythm, a long one (372 ms,
every 93 ms) tells pitches apart. What is kept of an hour is about 30 MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE_HZ = 22_050
HOP = 256
SHORT = 1024
LONG = 8192
LONG_HOP = 2048
FRAME_S = HOP / RATE_HZ
LONG_FRAME_S = LONG_HOP / RATE_HZ
BANDS = 24
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 2200.0
_BASS_HZ = 262.0


@dataclass(frozen=True)
class Frames:
    """Measurements over time.

    Attributes:
        onset: onset strength, (n,) at `FRAME_S`: half-wave rectified change of log band levels.
        power: mean square, (n,).
        centroid: log2 of the spectral centroid in Hz, (n,).
        flatness: log ratio of geometric to arithmetic mean of the spectrum, (n,), at most 0.
        bands: log10 levels of 24 bands, (m, 24) at `LONG_FRAME_S`.
        chroma: energy of the 12 pitch classes from C, (m, 12), unit length or zero.
        bass: the same from notes below middle C, (m, 12).
        peakiness: share of energy in the sharp peaks of the long spectrum, (m,), 0 to 1.
        duration_s: of the recording.
    """

    onset: Samples
    power: Samples
    centroid: Samples
    flatness: Samples
    bands: Samples
    chroma: Samples
    bass: Samples
    peakiness: Samples
    duration_s: float


def measure_frames(blocks: Iterable[Samples]) -> Frames:
    """Measure a stream of (n,) blocks at 22,050 Hz."""
    short, long, total = _Short(), _Long(), 0
    for block in blocks:
        total += len(block)
        for piece in np.array_split(block, max(1, len(block) >> 16)):
            short.push(piece)
            long.push(piece)
    short.push(np.zeros(SHORT, np.float32))
    long.push(np.zeros(LONG, np.float32))
    onset, power, centroid, flatness, levels = short.joined()
    chroma, bass, peakiness = long.joined()
    ratio, count = LONG_HOP // HOP, len(chroma)
    padded = np.pad(levels, ((0, max(0, count * ratio - len(levels))), (0, 0)), mode="edge")
    bands = padded[: count * ratio].reshape(count, ratio, BANDS).mean(axis=1)
    return Frames(onset, power, centroid, flatness, bands, chroma, bass, peakiness,
                  total / RATE_HZ)  # fmt: skip


class _Windows:
    """Cuts a stream into overlapping windows, the first centred on its first sample."""

    def __init__(self, size: int, hop: int) -> None:
        self._size, self._hop = size, hop
        self._held = np.zeros(size // 2, np.float32)

    def cut(self, block: Samples) -> Samples:
        self._held = np.concatenate((self._held, block.astype(np.float32)))
        count = max(0, (len(self._held) - self._size) // self._hop + 1)
        if not count:
            return np.zeros((0, self._size), np.float32)
        view = np.lib.stride_tricks.sliding_window_view(self._held, self._size)
        cut = np.array(view[: count * self._hop : self._hop])
        self._held = self._held[count * self._hop :]
        return np.asarray(cut, np.float32)


class _Short:
    """Rhythm, level and colour from short windows."""

    def __init__(self) -> None:
        self._windows = _Windows(SHORT, HOP)
        self._shape = np.hanning(SHORT).astype(np.float32)
        edges = _band_edges(40, SHORT)
        self._flux_edges = edges
        self._band_edges = _band_edges(BANDS, SHORT)
        self._hz = np.fft.rfftfreq(SHORT, 1 / RATE_HZ)
        self._last: Samples | None = None
        self._parts: list[tuple[Samples, ...]] = []

    def push(self, block: Samples) -> None:
        windows = self._windows.cut(block)
        if not len(windows):
            return
        power = np.abs(np.fft.rfft(windows * self._shape, axis=1)).astype(np.float32) ** 2 + 1e-10
        mel = np.log10(1e-3 + _sums(power, self._flux_edges))
        before = mel[:1] if self._last is None else self._last
        rises = np.maximum(np.diff(np.concatenate((before, mel)), axis=0), 0).mean(axis=1)
        self._last = mel[-1:]
        centre = (power * self._hz).sum(axis=1) / power.sum(axis=1)
        middle = power[:, 4:372]
        flat = np.log(middle).mean(axis=1) - np.log(middle.mean(axis=1))
        levels = np.log10(1e-6 + _sums(power, self._band_edges))
        self._parts.append(
            (rises, (windows**2).mean(axis=1), np.log2(np.maximum(centre, 20)), flat, levels)
        )

    def joined(self) -> list[Samples]:
        return [np.concatenate(part).astype(np.float32) for part in zip(*self._parts, strict=True)]


class _Long:
    """Pitch classes from the peaks of long windows."""

    def __init__(self) -> None:
        self._windows = _Windows(LONG, LONG_HOP)
        self._shape = np.hanning(LONG).astype(np.float32)
        self._parts: list[tuple[Samples, ...]] = []

    def push(self, block: Samples) -> None:
        windows = self._windows.cut(block)
        for start in range(0, len(windows), 64):
            part = windows[start : start + 64]
            spectrum = np.abs(np.fft.rfft(part * self._shape, axis=1)).astype(np.float32)
            self._parts.append(_pitch_classes(spectrum))

    def joined(self) -> list[Samples]:
        return [np.concatenate(part).astype(np.float32) for part in zip(*self._parts, strict=True)]


def _band_edges(count: int, size: int) -> NDArray[np.int64]:
    """Edges of bands that are even on the mel scale from 40 Hz to 10 kHz, in bins."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (40.0, 10_000.0))
    hz = 700 * (10 ** (np.linspace(low, high, count + 1) / 2595) - 1)
    bins = np.round(hz * size / RATE_HZ).astype(np.int64)
    for index in range(1, len(bins)):
        bins[index] = max(bins[index], bins[index - 1] + 1)
    return bins


def _sums(power: Samples, edges: NDArray[np.int64]) -> Samples:
    return np.stack([power[:, a:b].sum(axis=1) for a, b in pairwise(edges)], axis=1)


def _pitch_classes(spectrum: Samples) -> tuple[Samples, Samples, Samples]:
    """Chroma of all and of bass notes, and the share of peaks, of (n, bins) magnitudes.

    Each spectral peak between 55 Hz and 2.2 kHz is placed by parabolic interpolation and adds the
    square root of its magnitude to its pitch class, and, more weakly, to those of which it may be
    the third or fifth harmonic (after Gomez 2006, harmonic pitch class profiles).
    """
    floor = np.median(spectrum[:, 20:820], axis=1, keepdims=True) * 4 + 1e-7
    middle, left, right = spectrum[:, 1:-1], spectrum[:, :-2], spectrum[:, 2:]
    low, high = (int(hz * LONG / RATE_HZ) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    is_peak = (middle > left) & (middle >= right) & (middle > floor)
    is_peak[:, : low - 1] = is_peak[:, high:] = False
    strongest = middle.max(axis=1, keepdims=True)
    is_peak &= middle > 0.01 * strongest
    rows, columns = np.nonzero(is_peak)
    a, b, c = (np.log(x[rows, columns] + 1e-9) for x in (left, middle, right))
    bins = columns + 1 + 0.5 * (a - c) / np.minimum(a - 2 * b + c, -1e-6)
    pitch = 69 + 12 * np.log2(np.maximum(bins, 1.0) * RATE_HZ / LONG / 440.0)
    weight = np.sqrt(middle[rows, columns])
    near = np.cos(np.pi * (pitch - np.round(pitch))) ** 2
    chroma = np.zeros((len(spectrum), 12), np.float64)
    bass = np.zeros_like(chroma)
    for interval, share in ((0, 1.0), (19, 0.3), (28, 0.15)):
        classes = np.mod(np.round(pitch) - interval, 12).astype(np.int64)
        np.add.at(chroma, (rows, classes), weight * near * share)
    is_low = bins * RATE_HZ / LONG < _BASS_HZ
    classes = np.mod(np.round(pitch), 12).astype(np.int64)
    np.add.at(bass, (rows[is_low], classes[is_low]), (weight * near)[is_low])
    sharp = np.zeros(len(spectrum))
    np.add.at(sharp, rows, 2.0 * middle[rows, columns] ** 2)
    energy = (spectrum**2).sum(axis=1) + 1e-9
    return unit(chroma), unit(bass), np.minimum(sharp / energy, 1.0).astype(np.float32)


def unit(rows: NDArray[np.floating]) -> Samples:
    """Rows of length 1; rows of zeros stay."""
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-9), np.float32)


def spans_of(
    blocks: Iterable[Samples], spans: list[tuple[int, int]]
) -> Iterator[tuple[int, Samples]]:
    """The samples of some spans (first, last + 1) of a stream, in order; short at its end."""
    held: dict[int, list[Samples]] = {}
    at = 0
    for block in blocks:
        stop = at + len(block)
        for index, (first, last) in enumerate(spans):
            if first < stop and last > at:
                part = block[max(0, first - at) : last - at]
                held.setdefault(index, []).append(part)
                if last <= stop:
                    yield index, np.concatenate(held.pop(index))
        at = stop
    for index in sorted(held):
        yield index, np.concatenate(held[index])
