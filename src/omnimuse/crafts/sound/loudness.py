"""Integrated loudness and true peak, in blocks, so that any length fits in constant memory.

Source: ITU-R BS.1770-4 (K-weighting, gating, true peak by 4x oversampling), EBU R 128. The two
K-weighting filters are recomputed for any sample rate from their analogue prototypes, as De Man
2014 ("Evaluation of implementations of the EBU R128 loudness measurement") describes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SILENCE_LUFS = -70.0
_SURROUND_GAIN = 1.41
_STEPS_PER_BLOCK = 4


def k_weighting(sample_rate_hz: int) -> Any:
    """The head shelf and the high-pass as second-order sections (2, 6)."""
    tangent = np.tan(np.pi * 1681.974450955533 / sample_rate_hz)
    quality, gain = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = gain**0.4996667741545416
    norm = 1 + tangent / quality + tangent**2
    shelf = [
        (gain + middle * tangent / quality + tangent**2) / norm,
        2 * (tangent**2 - gain) / norm,
        (gain - middle * tangent / quality + tangent**2) / norm,
        1.0,
        2 * (tangent**2 - 1) / norm,
        (1 - tangent / quality + tangent**2) / norm,
    ]
    tangent, quality = np.tan(np.pi * 38.13547087602444 / sample_rate_hz), 0.5003270373238773
    norm = 1 + tangent / quality + tangent**2
    high = [
        1.0,
        -2.0,
        1.0,
        1.0,
        2 * (tangent**2 - 1) / norm,
        (1 - tangent / quality + tangent**2) / norm,
    ]
    return np.array([shelf, high])


def _channel_gains(channels: int) -> NDArray[np.float64]:
    """BS.1770 weights; five channels are L R C Ls Rs, six are L R C LFE Ls Rs."""
    if channels == 5:
        return np.array([1, 1, 1, _SURROUND_GAIN, _SURROUND_GAIN])
    if channels == 6:
        return np.array([1, 1, 1, 0, _SURROUND_GAIN, _SURROUND_GAIN])
    return np.ones(channels)


class LoudnessMeter:
    """Measures sound that comes in blocks.

    Args:
        sample_rate_hz: 8,000 or more.
        channels: 1 to 8.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._sections = k_weighting(sample_rate_hz)
        self._state = np.zeros((2, 2, channels))
        self._gains = _channel_gains(channels)
        self._step = round(0.1 * sample_rate_hz)
        self._rest = np.zeros((0, channels))
        self._energies: list[float] = []

    def push(self, samples: Samples) -> None:
        """Add the next samples, (N, channels)."""
        from scipy.signal import sosfilt

        weighted, self._state = sosfilt(
            self._sections, samples.astype(np.float64), axis=0, zi=self._state
        )
        held = np.concatenate((self._rest, weighted))
        steps = len(held) // self._step
        used = held[: steps * self._step].reshape(steps, self._step, held.shape[1])
        self._energies += list((np.mean(used**2, axis=1) * self._gains).sum(axis=1))
        self._rest = held[steps * self._step :]

    def integrated_lufs(self) -> float:
        """Gated loudness of all that was pushed; -70 where all is silence or under 0.4 s of it."""
        steps = np.array(self._energies)
        if len(steps) < _STEPS_PER_BLOCK:
            return self._ungated(steps)
        blocks = np.convolve(steps, np.full(_STEPS_PER_BLOCK, 1 / _STEPS_PER_BLOCK), mode="valid")
        loud = blocks[_lufs(blocks) > SILENCE_LUFS]
        if not len(loud):
            return SILENCE_LUFS
        kept = loud[_lufs(loud) > float(_lufs(loud.mean())) - 10.0]
        return float(_lufs(kept.mean()))

    def _ungated(self, steps: NDArray[np.float64]) -> float:
        """Sounds shorter than one 0.4 s block: the loudness of what there is, padded to it."""
        rest = float((np.sum(self._rest**2, axis=0) * self._gains).sum()) / self._step
        energy = (float(steps.sum()) + rest) / _STEPS_PER_BLOCK
        return max(float(_lufs(np.array(energy))), SILENCE_LUFS)


def _lufs(energy: Any) -> Any:
    return -0.691 + 10 * np.log10(np.maximum(energy, 1e-12))


def integrated_loudness(samples: Samples, sample_rate_hz: int) -> float:
    """Integrated loudness in LUFS of (N,) or (N, channels)."""
    shaped = samples[:, None] if samples.ndim == 1 else samples
    return loudness_of_blocks((shaped,), sample_rate_hz, shaped.shape[1])


def loudness_of_blocks(blocks: Iterable[Samples], sample_rate_hz: int, channels: int) -> float:
    """Integrated loudness in LUFS of a stream of (N, channels) blocks."""
    meter = LoudnessMeter(sample_rate_hz, channels)
    for block in blocks:
        for start in range(0, len(block), 1 << 18):
            meter.push(block[start : start + (1 << 18)])
    return meter.integrated_lufs()


def oversampled_peaks(samples: Samples) -> Samples:
    """The largest magnitude around each sample, 4x oversampled, (N,) for (N, channels)."""
    from scipy.signal import resample_poly

    shaped = samples.reshape(len(samples), -1)
    out = np.zeros(len(shaped), np.float32)
    step, edge = 1 << 17, 64
    for start in range(0, len(shaped), step):
        low, high = max(0, start - edge), min(len(shaped), start + step + edge)
        dense = np.abs(resample_poly(shaped[low:high], 4, 1, axis=0)).max(axis=1)
        peaks = dense.reshape(-1, 4).max(axis=1)
        stop = min(start + step, len(shaped))
        out[start:stop] = peaks[start - low : stop - low]
    return np.maximum(out, np.abs(shaped).max(axis=1)) if len(shaped) else out


def true_peak_dbtp(samples: Samples) -> float:
    """True peak in dBTP; -120 for silence."""
    peak = float(oversampled_peaks(samples).max()) if len(samples) else 0.0
    return 20 * float(np.log10(max(peak, 1e-6)))
