"""Repair of damaged recordings: clipped peaks, hum, clicks, gaps and steady noise.

Each step works on (n, channels) and says what it found. Sources: gaps, clicks and clipped peaks by
least-squares autoregressive interpolation (Janssen, Veldhuis and Vries, IEEE TASSP 34(2), 1986),
clipping's sign kept as a bound; noise by a decision-directed Wiener filter (Ephraim and Malah 1984;
Scalart and Filho 1996) over a floor of minimum statistics (Martin 2001, simplified).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Wave = NDArray[np.float64]

FAULTS = ("clipping", "gaps", "clicks", "hum", "noise")
_CONTEXT, _ORDER = 1024, 200
_LONGEST_GAP_S = 0.12
_MINIMUM_BIAS = 1.7  # of the lowest of many smoothed noise powers against their mean
_CLEAN_DB, _DEEPEST = 23.0, 10 ** (-16 / 20)


@dataclass(frozen=True)
class Finding:
    """A fault, how much of it was found (samples, Hz or dB) and what that is."""

    fault: str
    amount: float
    unit: str


def repair(
    samples: Samples, rate_hz: int, faults: Sequence[str] = ()
) -> tuple[Samples, list[Finding]]:
    """Mend the named faults, or all that are found if none is named.

    Args:
        samples: (n, channels).
        rate_hz: sample rate.
        faults: of `FAULTS`, mended in that order.
    """
    out = samples.astype(np.float64)
    found: list[Finding] = []
    steps = {"clipping": declip, "clicks": remove_clicks, "gaps": fill_gaps, "hum": remove_hum,
             "noise": reduce_noise}  # fmt: skip
    for name in FAULTS:
        if faults and name not in faults:
            continue
        is_forced = name in faults
        for channel in range(out.shape[1]):
            mended, finding = steps[name](out[:, channel], rate_hz, is_forced)
            if finding is not None:
                out[:, channel] = mended
                if channel == 0 or all(f.fault != name for f in found):
                    found.append(finding)
    peak = float(np.abs(out).max(initial=0))
    scale = min(1.0, 0.99 / peak) if peak > 0 else 1.0
    return np.asarray(out * scale, np.float32), found


def _prediction(known: Wave, order: int) -> Wave:
    """Coefficients of the autoregressive model of a stretch, a[0] = 1, by autocorrelation."""
    from scipy.linalg import solve_toeplitz

    shaped = known * np.hanning(len(known))
    spectrum = np.abs(np.fft.rfft(shaped, 2 * len(shaped))) ** 2
    correlation = np.fft.irfft(spectrum)[: order + 1]
    correlation[0] = correlation[0] * (1 + 1e-6) + 1e-12
    return np.concatenate(([1.0], solve_toeplitz(correlation[:order], -correlation[1:])))


def interpolate(stretch: Wave, missing: NDArray[np.bool_], *, turns: int = 2) -> Wave:
    """The stretch with its missing samples chosen so that its prediction error is least.

    Both ends of the stretch must be known. Cubic in the number of missing samples.
    """
    from scipy.linalg import solve

    out = stretch.copy()
    at, known = np.flatnonzero(missing), np.flatnonzero(~missing)
    if not len(at) or len(known) < 8:
        return out
    out[at] = np.interp(at, known, out[known])
    order = max(4, min(_ORDER, len(known) // 4))
    for _ in range(turns):
        model = _prediction(out, order)
        lags = np.correlate(model, model, "full")[order:]
        lags = np.concatenate((lags, np.zeros(len(out))))
        inner = lags[np.abs(at[:, None] - at)]
        outer = lags[np.abs(at[:, None] - known)]
        inner[np.diag_indices(len(at))] += 1e-9 * lags[0]
        out[at] = solve(inner, -outer @ out[known], assume_a="pos")
    return out


def _runs(mask: NDArray[np.bool_], join: int = 0) -> list[tuple[int, int]]:
    """(first, last + 1) of the runs of a mask; runs closer than `join` are one."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    runs: list[tuple[int, int]] = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if runs and first - runs[-1][1] < join:
            runs[-1] = (runs[-1][0], int(last))
        else:
            runs.append((int(first), int(last)))
    return runs


def _mended(wave: Wave, mask: NDArray[np.bool_], longest: int) -> Wave:
    """Every run of a mask interpolated from what surrounds it; longer ones are left."""
    out = wave.copy()
    for first, last in _runs(mask, 200):
        if int(mask[first:last].sum()) > longest:
            continue
        low, high = max(0, first - _CONTEXT), min(len(wave), last + _CONTEXT)
        if first - low < 16 or high - last < 16:
            continue
        out[low:high] = interpolate(out[low:high], mask[low:high])
    return out


def declip(wave: Wave, rate_hz: int, is_forced: bool = False) -> tuple[Wave, Finding | None]:
    """Rebuild peaks that were cut off: flat runs of three or more samples at the highest level."""
    top = float(np.abs(wave).max(initial=0))
    if top < 0.05:
        return wave, None
    flat = np.abs(wave) >= 0.995 * top
    mask = np.zeros(len(wave), bool)
    for first, last in _runs(flat):
        mask[first:last] = last - first >= 2
    count = int(mask.sum())
    runs = sum(last - first >= 3 for first, last in _runs(mask))
    if runs < (1 if is_forced else 5):
        return wave, None
    rebuilt = _mended(wave, mask, round(0.03 * rate_hz))
    grown = np.maximum(np.abs(rebuilt), np.abs(wave)) * np.sign(wave)
    out = np.where(mask, np.clip(grown, -3 * top, 3 * top), wave)
    return out, Finding("clipping", count, "samples")


def remove_clicks(wave: Wave, rate_hz: int, is_forced: bool = False) -> tuple[Wave, Finding | None]:
    """Take out clicks: samples whose prediction error is far beyond their surroundings'."""
    from scipy.ndimage import median_filter
    from scipy.signal import lfilter

    mask = np.zeros(len(wave), bool)
    size = 4096
    for start in range(0, max(1, len(wave) - size // 2), size):
        part = wave[start : start + size]
        if len(part) < 512 or not part.any():
            continue
        model = _prediction(part, 24)
        error = np.abs(lfilter(model, [1.0], part))
        error[:24] = 0
        usual = median_filter(error, 257) + 1e-6
        burst = median_filter(usual, 257)
        spikes = (error > 14 * usual) & (error > 14 * burst) & (error > 0.004)
        mask[start : start + len(part)] |= spikes
    wide = np.zeros(len(wave), bool)
    found = [(a, b) for a, b in _runs(mask, 12) if b - a <= max(40, round(0.0015 * rate_hz))]
    for first, last in found:
        wide[max(0, first - 3) : last + 3] = True
    if len(found) < (1 if is_forced else 2):
        return wave, None
    return _mended(wave, wide, round(0.01 * rate_hz)), Finding("clicks", len(found), "clicks")


def fill_gaps(wave: Wave, rate_hz: int, is_forced: bool = False) -> tuple[Wave, Finding | None]:
    """Fill dropouts: runs of exact zeros of 1 to 120 ms in the middle of sound."""
    mask = np.zeros(len(wave), bool)
    count = 0
    reach = round(0.02 * rate_hz)
    for first, last in _runs(wave == 0):
        before, after = wave[max(0, first - reach) : first], wave[last : last + reach]
        is_inside = len(before) and len(after)
        is_dropout = round(0.001 * rate_hz) <= last - first <= round(_LONGEST_GAP_S * rate_hz)
        if is_inside and is_dropout and min(before.std(), after.std()) > 0.003:
            mask[first:last] = True
            count += 1
    if not count:
        return wave, None
    out = wave.copy()
    for first, last in _runs(mask):
        context = max(_CONTEXT, 2 * (last - first))
        low, high = max(0, first - context), min(len(wave), last + context)
        out[low:high] = interpolate(out[low:high], mask[low:high])
    return out, Finding("gaps", count, "gaps")


def hum_frequency(wave: Wave, rate_hz: int) -> float | None:
    """The mains frequency (near 50 or 60 Hz) whose harmonics stand still in the sound, or None.

    Music has notes there too, but they come and go: a harmonic counts as hum where its level over
    half seconds hardly changes and stands out of its surroundings.
    """
    if len(wave) < 2 * rate_hz:
        return None
    size = min(len(wave), 1 << 18)
    power = np.abs(np.fft.rfft(wave[:size] * np.hanning(size), 4 * size)) ** 2
    hz = np.fft.rfftfreq(4 * size, 1 / rate_hz)
    found: list[tuple[int, float, float]] = []
    for mains in (50.0, 60.0):
        near = np.abs(hz - mains) < 0.7
        at = float(hz[int(np.argmax(np.where(near, power, 0)))])
        steady = [order for order in range(1, 9) if _is_steady(wave, rate_hz, at * order)]
        if len(steady) >= 2 and steady[0] <= 2:
            found.append((len(steady), float(power[near].max()), at))
    return max(found)[2] if found else None


def _is_steady(wave: Wave, rate_hz: int, hz: float) -> bool:
    """Whether a tone of this frequency sounds evenly from beginning to end."""
    size = rate_hz // 2
    count = min(len(wave) // size, 60)
    parts = wave[: count * size].reshape(count, size) * np.hanning(size)
    if hz > 0.45 * rate_hz or count < 4:
        return False
    time_s = np.arange(size) / rate_hz
    level = np.abs(parts @ np.exp(-2j * np.pi * hz * time_s))
    aside = [np.abs(parts @ np.exp(-2j * np.pi * (hz + d) * time_s)) for d in (-9.0, 9.0)]
    floor = np.median(np.maximum(*aside))
    return bool(
        np.median(level) > 2.5 * floor
        and np.quantile(level, 0.1) > 0.5 * np.median(level)
        and np.quantile(level, 0.9) < 2.0 * np.median(level)
    )


def remove_hum(wave: Wave, rate_hz: int, is_forced: bool = False) -> tuple[Wave, Finding | None]:
    """Take out mains hum: each harmonic's sine is fitted over 1 s and subtracted.

    Less of a nearby note is lost than by a notch, and nothing rings.
    """
    mains = hum_frequency(wave, rate_hz)
    if mains is None:
        return wave, None
    size = min(len(wave), rate_hz)
    hop = max(1, size // 2)
    shape = np.hanning(size + 1)[:size] + 1e-9
    out, weight = np.zeros(len(wave) + 2 * size), np.zeros(len(wave) + 2 * size)
    padded = np.pad(wave, (size, size), mode="reflect") if len(wave) > size else np.pad(wave, size)
    # Harmonics above the last steady one are music's or speech's own.
    top = max(k for k in range(1, 21) if k <= 2 or _is_steady(wave, rate_hz, mains * k))
    orders = np.arange(1, top + 1)
    time_s = np.arange(size) / rate_hz
    waves = np.exp(2j * np.pi * mains * np.outer(orders, time_s))
    for start in range(0, len(padded) - size + 1, hop):
        part = padded[start : start + size]
        levels = (waves.conj() @ (part * shape)) / shape.sum()
        fitted = 2 * (levels[:, None] * waves).real.sum(axis=0)
        out[start : start + size] += fitted * shape
        weight[start : start + size] += shape
    hum = (out / np.maximum(weight, 1e-9))[size : size + len(wave)]
    return wave - hum, Finding("hum", round(mains, 2), "Hz")


def reduce_noise(wave: Wave, rate_hz: int, is_forced: bool = False) -> tuple[Wave, Finding | None]:
    """Lower steady noise by a Wiener filter whose floor is what each band never falls below."""
    from scipy.ndimage import median_filter, minimum_filter1d, uniform_filter1d
    from scipy.signal import istft, stft

    size = 1 << int(np.log2(0.046 * rate_hz))
    if len(wave) < 4 * size:
        return wave, None
    _, _, spectrum = stft(wave, rate_hz, nperseg=size, noverlap=3 * size // 4)
    power = np.abs(spectrum) ** 2 + 1e-14
    smooth = uniform_filter1d(power, 9, axis=1)
    steps = max(9, round(1.5 * rate_hz / (size // 4)))
    lowest_levels = minimum_filter1d(smooth, steps, axis=1)
    # A held tone never falls silent either, but it is narrow: its neighbours show the floor.
    broad = median_filter(lowest_levels[:, :: max(1, steps // 4)], (61, 1))
    times = np.minimum(np.arange(power.shape[1]) // max(1, steps // 4), broad.shape[1] - 1)
    floor = uniform_filter1d(broad[:, times], steps, axis=1) * _MINIMUM_BIAS + 1e-14
    total_db = 10 * np.log10(float(power.mean()))
    floor_db = 10 * np.log10(float(floor.mean()))
    if not is_forced and (total_db - floor_db > _CLEAN_DB or floor_db < -110):
        return wave, None
    posterior = power / floor
    gain = np.ones_like(power)
    before = np.ones(power.shape[0])
    for frame in range(power.shape[1]):
        prior = 0.97 * before + 0.03 * np.maximum(posterior[:, frame] - 1, 0)
        gain[:, frame] = np.maximum(prior / (1 + prior), _DEEPEST)
        before = gain[:, frame] ** 2 * posterior[:, frame]
    _, out = istft(spectrum * gain, rate_hz, nperseg=size, noverlap=3 * size // 4)
    out = np.pad(out, (0, max(0, len(wave) - len(out))))[: len(wave)]
    return out, Finding("noise", round(float(total_db - floor_db), 1), "dB above its noise")


def snr_db(clean: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Signal to noise of `other` against `clean`, both (n,) or (n, channels), in dB."""
    error = float(((clean - other) ** 2).sum())
    return 10 * float(np.log10(float((clean**2).sum()) / max(error, 1e-20)))
