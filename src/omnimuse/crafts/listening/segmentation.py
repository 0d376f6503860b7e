"""Where there is speech, where music, where other sound, where silence: by measured features.

Two logistic regressions (is there speech, is there music) on statistics of two-second windows that
do not depend on level; trained on recordings made by this package (recipes/listening.py, which
prints how well they do on recordings of other seeds). Speech of one synthetic voice and its
pitch-shifted copies is all the speech that they were shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.listening.spectrum import FRAME_S, LONG_FRAME_S, Frames

STEP_S = 0.5
WINDOW_S = 2.0
SILENCE_DBFS = -55.0
LABELS = ("silence", "speech", "music", "speech over music", "sound")


@dataclass(frozen=True)
class Stretch:
    """A label of `LABELS` and its time; `confidence` is the mean probability, 0 to 1."""

    label: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True)
class Weights:
    """Logistic regressions on standardised features: rows are speech and music."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]


@lru_cache(maxsize=1)
def trained_weights() -> Weights:
    """The weights that come with the package."""
    text = files("omnimuse.crafts.listening").joinpath("segmentation.json").read_text("utf-8")
    return Weights(*(np.array(json.loads(text)[k]) for k in ("mean", "scale", "weights", "bias")))


def window_features(frames: Frames) -> NDArray[np.float64]:
    """Statistics of the windows around every half second, (n, 26)."""
    count = max(1, round(frames.duration_s / STEP_S))
    return np.array([_statistics(frames, (index + 0.5) * STEP_S) for index in range(count)])


def _span(centre_s: float, frame_s: float, count: int) -> slice:
    first = max(0, min(int((centre_s - WINDOW_S / 2) / frame_s), count - 2))
    return slice(first, max(first + 2, min(int((centre_s + WINDOW_S / 2) / frame_s), count)))


def _statistics(frames: Frames, centre_s: float) -> NDArray[np.float64]:
    short = _span(centre_s, FRAME_S, len(frames.power))
    long = _span(centre_s, LONG_FRAME_S, len(frames.chroma))
    power = frames.power[short].astype(np.float64)
    rms = np.sqrt(power) + 1e-6
    db = np.maximum(20 * np.log10(rms / rms.max()), -60)
    weight = power / max(float(power.sum()), 1e-12)
    flat, centre = frames.flatness[short], frames.centroid[short]
    onset, chroma = frames.onset[short], frames.chroma[long]
    step = np.einsum("ij,ij->i", chroma[1:], chroma[:-1])
    average = float((weight * centre).sum())
    bands = frames.bands[long].astype(np.float64).mean(axis=0)
    return np.array([
        float((rms < 0.5 * rms.mean()).mean()), db.std() / 10, db.mean() / 10,
        *_modulation(rms), float((weight * flat).sum()), flat.std(), average - 9, centre.std(),
        float((weight * (centre - average) ** 2).sum()), onset.mean() * 10, onset.std() * 10,
        float(onset.max()) * 3, chroma.max(axis=1).mean(), chroma.std(axis=0).mean(),
        float(step.mean()), float(step.std()), frames.peakiness[long].mean(),
        frames.peakiness[long].std(), *_slopes(bands),
    ])  # fmt: skip


def _modulation(rms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of the envelope's spectrum at 0.5-2, 2-3.5, 3.5-7, 7-15 Hz (Scheirer, Slaney 1997)."""
    spectrum = np.abs(np.fft.rfft((rms - rms.mean()) * np.hanning(len(rms)))) ** 2
    hz = np.fft.rfftfreq(len(rms), FRAME_S)
    total = float(spectrum[(hz > 0.3) & (hz < 30)].sum()) + 1e-12
    edges = (0.5, 2, 3.5, 7, 15)
    shares = [float(spectrum[(hz >= a) & (hz < b)].sum()) / total for a, b in pairwise(edges)]
    return np.array(shares)


def _slopes(bands: NDArray[np.float64]) -> NDArray[np.float64]:
    """How levels differ between four groups of bands, and how uneven neighbours are."""
    groups = bands.reshape(4, 6).mean(axis=1)
    return np.array([*(np.diff(groups) / 2), float(np.abs(np.diff(bands)).mean())])


def probabilities(features: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """Chance of speech and of music in each window, (n, 2)."""
    logits = expanded((features - weights.mean) / weights.scale) @ weights.weights.T + weights.bias
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))


def expanded(standard: NDArray[np.float64]) -> NDArray[np.float64]:
    """Features, their squares, and all products of two, clipped to four deviations."""
    clipped = np.clip(standard, -4, 4)
    first, second = np.triu_indices(clipped.shape[1])
    return np.concatenate((clipped, clipped[:, first] * clipped[:, second]), axis=1)


def find_stretches(frames: Frames, weights: Weights | None = None) -> list[Stretch]:
    """The recording cut where it turns from one label of `LABELS` to another; no gaps."""
    from scipy.ndimage import median_filter, uniform_filter1d

    chances = probabilities(window_features(frames), weights or trained_weights())
    chances = median_filter(uniform_filter1d(chances, 3, axis=0), (5, 1))
    quiet = _quiet_steps(frames, len(chances))
    codes = np.where(quiet, 0, 4)
    speech, music = chances[:, 0] > 0.5, chances[:, 1] > 0.5
    for code, where in ((1, speech & ~music), (2, music & ~speech), (3, speech & music)):
        codes[where & ~quiet] = code
    return list(_stretches(_without_specks(codes), chances, frames.duration_s))


def _quiet_steps(frames: Frames, count: int) -> NDArray[np.bool_]:
    # Of a recording that is quiet as a whole, less is silence.
    loudest_db = 10 * np.log10(float(frames.power.max(initial=0)) + 1e-12)
    level = 10 ** (max(-75.0, min(SILENCE_DBFS, loudest_db - 35)) / 10)
    size = max(1, round(STEP_S / FRAME_S))
    padded = np.pad(frames.power, (0, max(0, count * size - len(frames.power))))
    return np.array([
        float(padded[int(i * STEP_S / FRAME_S) :][:size].max(initial=0)) < level
        for i in range(count)
    ])  # fmt: skip


def _without_specks(codes: NDArray[np.int64], shortest: int = 3) -> NDArray[np.int64]:
    """Runs shorter than 1.5 s join what was before them, silence excepted."""
    out = codes.copy()
    at = 0
    for code, run in groupby(codes.tolist()):
        size = len(list(run))
        if size < shortest and code != 0 and at > 0 and out[at - 1] != 0:
            out[at : at + size] = out[at - 1]
        at += size
    return out


def _stretches(
    codes: NDArray[np.int64], chances: NDArray[np.float64], duration_s: float
) -> Iterator[Stretch]:
    at = 0
    for code, run in groupby(codes.tolist()):
        stop = at + len(list(run))
        speech, music = chances[at:stop].mean(axis=0)
        sure = (1.0, speech, music, min(speech, music), 1 - max(speech, music))[code]
        end_s = duration_s if stop == len(codes) else stop * STEP_S
        yield Stretch(LABELS[code], at * STEP_S, round(end_s, 3), round(float(sure), 2))
        at = stop
