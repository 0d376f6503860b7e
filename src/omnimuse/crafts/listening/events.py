"""Which effect is heard: nearest neighbours among performances of the package's own sound classes.

The table holds measurements of some performances of each class (recipes/listening.py makes it and
prints how often it is right on others). It knows these classes and nothing else: what is far from
all of them is called unknown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.listening.spectrum import RATE_HZ, Samples

LENGTH_S = 6.0
_NEIGHBOURS = 5


@dataclass(frozen=True)
class Heard:
    """A class name with underscores, or `unknown`, how sure, and the next best guesses."""

    name: str
    confidence: float
    others: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Known performances.

    Attributes:
        names: class names.
        owners: class of each row, (n,).
        rows: standardised measurements, (n, d).
        mean: of the measurements, (d,).
        scale: of the measurements, (d,).
        reach: distance beyond which nothing is known.
        sure: share that was right among held-out guesses by their score in ten steps, (10,).
    """

    names: tuple[str, ...]
    owners: NDArray[np.int64]
    rows: NDArray[np.float32]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    reach: float
    sure: tuple[float, ...]


@lru_cache(maxsize=1)
def known_table() -> Table:
    """The table that comes with the package."""
    place = files("omnimuse.crafts.listening")
    facts = json.loads(place.joinpath("events.json").read_text("utf-8"))
    with place.joinpath("events.npz").open("rb") as file, np.load(file) as arrays:
        return Table(
            tuple(facts["names"]), arrays["owners"].astype(np.int64),
            arrays["rows"].astype(np.float32) / 16, arrays["mean"], arrays["scale"],
            float(facts["reach"]), tuple(facts["sure"]),
        )  # fmt: skip


def trimmed(samples: Samples) -> Samples:
    """From the first to the last moment within 40 dB of the loudest, at most 6 s of it."""
    size = RATE_HZ // 50
    padded = np.pad(samples, (0, -len(samples) % size))
    level = (padded.reshape(-1, size) ** 2).mean(axis=1)
    loud = np.flatnonzero(level > level.max(initial=0) * 1e-4)
    if not len(loud):
        return samples[:0]
    first = int(loud[0]) * size
    return samples[first : min((int(loud[-1]) + 1) * size, first + int(LENGTH_S * RATE_HZ))]


def measure_event(samples: Samples) -> NDArray[np.float32]:
    """What a meter shows of (n,) at 22,050 Hz: colour, its change, envelope, tones, rhythm."""
    from scipy.signal import stft

    sound = trimmed(samples)
    length_s = len(sound) / RATE_HZ
    sound = np.pad(sound, (0, max(0, 4096 - len(sound))))
    _, _, spectrum = stft(sound, RATE_HZ, nperseg=1024, noverlap=768)
    power = np.abs(spectrum) ** 2 + 1e-13
    edges = np.unique(np.geomspace(1, 512, 29).astype(int))
    bands = np.array([power[a:b].sum(axis=0) for a, b in pairwise(edges)])
    total = power.sum(axis=0)
    weight = total / total.sum()
    share = np.log10(bands @ (weight / total) + 1e-5)
    loud = np.maximum(10 * np.log10(total / total.max()), -60)
    centre = np.log2((power * np.arange(1, len(power) + 1)[:, None]).sum(axis=0) / total)
    centre_mean = float((weight * centre).sum())
    flat = np.log(power[2:400]).mean(axis=0) - np.log(power[2:400].mean(axis=0))
    level = np.log10(bands + 1e-10)
    middle = np.sort(power, axis=0)
    peaks = np.log10(middle[-3:].sum(axis=0) / total)
    at = np.linspace(0, 1, len(total))
    gravity = float((weight * at).sum())
    return np.array([
        *(3 * share), *(level.std(axis=1) / 1.0),
        *(np.quantile(loud, (0.1, 0.25, 0.5, 0.75, 0.9)) / 8),
        centre_mean, np.sqrt((weight * (centre - centre_mean) ** 2).sum()) * 2,
        float((weight * flat).sum()), float(flat.std()), 3 * float((weight * peaks).sum()),
        2 * float(peaks.std()), 2 * np.log2(max(length_s, 0.05)), 3 * gravity,
        *_rhythm(loud), *_tone(sound),
    ], np.float32)  # fmt: skip


def _rhythm(loud: NDArray[np.floating]) -> list[float]:
    """Strength of the envelope's modulation in ten bands from 0.7 to 40 Hz."""
    frame_hz = RATE_HZ / 256
    spectrum = np.abs(np.fft.rfft((loud - loud.mean()) * np.hanning(len(loud)), 1024))
    hz = np.fft.rfftfreq(1024, 1 / frame_hz)
    edges = np.geomspace(0.7, 40, 11)
    means = [float(spectrum[(hz >= a) & (hz < b)].mean()) for a, b in pairwise(edges)]
    return [float(np.log1p(value)) for value in means]


def _tone(sound: Samples) -> list[float]:
    """Pitch: how clear it is on average, and its median and spread in octaves."""
    from omnimuse.crafts.listening.pitch import track_pitch

    contour = track_pitch(sound[: 2 * RATE_HZ])
    heard = contour.power > contour.power.max(initial=0) * 1e-3
    if not heard.any():
        return [0.0, 0.0, 0.0, 0.0]
    clear = contour.clarity[heard]
    octaves = np.log2(np.maximum(contour.hz[heard], 40) / 40)
    trust = clear > 0.8
    voiced = octaves[trust] if trust.any() else np.zeros(1)
    return [
        3 * float(clear.mean()), 3 * float(trust.mean()),
        float(np.median(voiced)), float(voiced.std()),
    ]  # fmt: skip


def guess(measured: NDArray[np.float32], table: Table) -> tuple[list[tuple[str, float]], float]:
    """Classes by score (they add up to 1), and the distance of the nearest performance."""
    standard = (measured - table.mean) / table.scale
    distance = np.sqrt(((table.rows - standard) ** 2).mean(axis=1))
    order = np.argsort(distance, kind="stable")[:_NEIGHBOURS]
    weights = np.exp(-6.0 * (distance[order] - distance[order[0]]))
    scores: dict[str, float] = {}
    for index, weight in zip(order, weights / weights.sum(), strict=True):
        name = table.names[int(table.owners[index])]
        scores[name] = scores.get(name, 0.0) + float(weight)
    return sorted(scores.items(), key=lambda item: -item[1]), float(distance[order[0]])


def name_event(samples: Samples, table: Table | None = None) -> Heard:
    """What (n,) at 22,050 Hz sounds like; `confidence` is how often such guesses were right."""
    known = table or known_table()
    if len(trimmed(samples)) < 256:
        return Heard("unknown", 0.0, ())
    ranked, distance = guess(measure_event(samples), known)
    others = tuple(name for name, _ in ranked[1:4])
    if distance > known.reach:
        return Heard("unknown", 0.0, tuple(name for name, _ in ranked[:3]))
    step = min(int(ranked[0][1] * 10), 9)
    return Heard(ranked[0][0], known.sure[step], others)
