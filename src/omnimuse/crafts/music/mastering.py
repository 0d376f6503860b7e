"""Mastering: from the renderer's mix to a finished recording of the right length and loudness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.sound.limiting import normalise_loudness

TARGET_LUFS = -16.0
CEILING_DBTP = -1.0


def master(
    mix: NDArray[np.float32],
    sample_rate_hz: int,
    *,
    duration_s: float | None = None,
    loudness_lufs: float = TARGET_LUFS,
) -> NDArray[np.float32]:
    """Cut, fade, and bring to loudness under a true-peak ceiling of -1 dBTP.

    Args:
        mix: (N, 2).
        sample_rate_hz: frames per second.
        duration_s: wanted length; the end of the sound if None.
        loudness_lufs: integrated loudness (ITU-R BS.1770).

    Returns:
        (M, 2) with M = duration_s * sample_rate_hz where it was given.
    """
    mix = mix - mix.mean(axis=0, keepdims=True)
    if duration_s is not None:
        count = round(duration_s * sample_rate_hz)
        mix = mix[:count] if len(mix) >= count else np.pad(mix, ((0, count - len(mix)), (0, 0)))
    else:
        mix = _without_silent_tail(mix, sample_rate_hz)
    mix = _fade_out(mix, sample_rate_hz)
    return normalise_loudness(
        mix, sample_rate_hz, target_lufs=loudness_lufs, ceiling_dbtp=CEILING_DBTP
    )


def _without_silent_tail(mix: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Up to where the sound has fallen 60 dB below its peak."""
    level = np.abs(mix).max(axis=1)
    peak = float(level.max()) if len(level) else 0.0
    loud = np.flatnonzero(level > peak * 1e-3)
    if not len(loud):
        return mix
    return mix[: min(len(mix), int(loud[-1]) + sample_rate_hz // 5)]


def _fade_out(mix: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    count = min(len(mix), max(1, min(int(1.2 * sample_rate_hz), len(mix) // 6)))
    curve = np.cos(np.linspace(0, np.pi / 2, count, dtype=np.float32)) ** 2
    faded = mix.copy()
    faded[len(mix) - count :] *= curve[:, None]
    return faded
