"""Putting voices, music and sounds together: levels, ducking, fades, loudness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.sound.limiting import normalise_loudness
from omnimuse.crafts.sound.loudness import SILENCE_LUFS, integrated_loudness
from omnimuse.crafts.sound.space import pan_stereo
from omnimuse.errors import InputError

Samples = NDArray[np.float32]

REFERENCE_LUFS = -20.0
"""Speech is brought to this before mixing; the levels of all else are relative to it."""

_CONTROL_HZ = 100
_ATTACK_S = 0.12
_RELEASE_S = 0.7
_HOLD_S = 0.35


@dataclass(frozen=True)
class Stem:
    """One source in a mix.

    Attributes:
        samples: (N, channels).
        start_s: when it begins.
        gain_db: level.
        pan: -1 left to 1 right.
        is_looped: repeated with cross-fades until it ends.
        duration_s: when it ends, counted from its beginning; None is its own length, or the end of
            the mix where it is looped.
        level_lufs: brought to this loudness first; None leaves it as it is.
        is_ducked: turned down while the voice speaks.
        fade_in_s: at its beginning.
        fade_out_s: at the end of the mix, or of the stem if that comes first.
    """

    samples: Samples = field(repr=False)
    start_s: float = 0.0
    gain_db: float = 0.0
    pan: float = 0.0
    is_looped: bool = False
    duration_s: float | None = None
    level_lufs: float | None = None
    is_ducked: bool = False
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0


def to_stereo(samples: Samples) -> Samples:
    """(N,), (N, 1), (N, 2), 5.0 or 5.1 (L R C [LFE] Ls Rs) as (N, 2).

    Source: ITU-R BS.775 downmix, centre and surrounds at -3 dB, no LFE.

    Raises:
        InputError: not finite, or a channel layout that is not known.
    """
    shaped = samples.reshape(len(samples), -1)
    if not np.isfinite(shaped).all():
        raise InputError(
            f"{int((~np.isfinite(shaped)).sum())} samples are not numbers (NaN or infinite)",
            hint="Repair the file first, for example by exporting it again as 16-bit WAV.",
        )
    channels = shaped.shape[1]
    if channels == 1:
        return np.repeat(shaped, 2, axis=1)
    if channels == 2:
        return shaped
    if channels in (5, 6):
        left, right = shaped[:, -2], shaped[:, -1]
        centre = 0.7071 * shaped[:, 2]
        return np.stack(
            (shaped[:, 0] + centre + 0.7071 * left, shaped[:, 1] + centre + 0.7071 * right), axis=1
        ).astype(np.float32)
    raise InputError(f"{channels} channels; mono, stereo, 5.0 and 5.1 can be mixed")


def loop_to(samples: Samples, count: int, *, fade: int) -> Samples:
    """Repeat (N, 2) with equal-power cross-fades of `fade` samples until `count` samples."""
    length = len(samples)
    if length >= count or length == 0:
        return samples[:count]
    fade = min(fade, length // 3)
    angle = np.linspace(0, np.pi / 2, fade, dtype=np.float32)[:, None]
    out = np.zeros((count, samples.shape[1]), np.float32)
    at = 0
    while at < count:
        part = samples.copy()
        if at and fade:
            part[:fade] *= np.sin(angle)
        if fade:
            part[length - fade :] *= np.cos(angle)
        room = min(length, count - at)
        out[at : at + room] += part[:room]
        at += length - fade
    return out


def fade_edges(samples: Samples, fade_in: int, fade_out: int) -> Samples:
    """Raised-cosine fades over so many samples at both ends of (N, channels)."""
    out = samples.copy()
    up, down = min(fade_in, len(out)), min(fade_out, len(out))
    if up:
        out[:up] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(up, dtype=np.float32) / up))[:, None]
    if down:
        curve = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, down + 1, dtype=np.float32) / down)
        out[-down:] *= curve[:, None]
    return out


def ducking_gain(voice: Samples, sample_rate_hz: int, *, depth_db: float) -> Samples:
    """A gain curve (N,) that goes down by `depth_db` where the voice is heard.

    The voice counts as heard where its level over 50 ms is within 25 dB of its loud parts, and
    for 0.35 s after, so that the music does not pump between words. Attack 0.12 s, release 0.7 s.
    """
    step = sample_rate_hz // _CONTROL_HZ
    mono = voice.reshape(len(voice), -1).mean(axis=1)
    frames = np.pad(mono, (0, -len(mono) % step)).reshape(-1, step)
    power = np.convolve((frames**2).mean(axis=1), np.full(5, 0.2), mode="same")
    loud = float(np.quantile(power, 0.95)) if len(power) else 0.0
    if loud < 1e-9:
        return np.ones(len(mono), np.float32)
    heard = power > loud * 10**-2.5
    hold, ahead = int(_HOLD_S * _CONTROL_HZ), int(_ATTACK_S * _CONTROL_HZ)
    held = np.convolve(heard, np.ones(hold + ahead + 1), mode="full")[ahead:][: len(heard)] > 0
    level, smooth = 0.0, np.zeros(len(held))
    up = 1 - np.exp(-1 / (_ATTACK_S / 2.2 * _CONTROL_HZ))
    down = 1 - np.exp(-1 / (_RELEASE_S / 2.2 * _CONTROL_HZ))
    for index, target in enumerate(held):
        level += (float(target) - level) * (up if target else down)
        smooth[index] = level
    at = np.arange(len(mono)) / step
    curve = np.interp(at, np.arange(len(smooth)) + 0.5, smooth)
    return (10 ** (-depth_db * curve / 20)).astype(np.float32)


def _placed(stem: Stem, count: int, sample_rate_hz: int) -> Samples:
    """A stem laid into `count` samples of silence, levelled, panned, looped and faded."""
    source = to_stereo(stem.samples)
    gain_db = stem.gain_db
    if stem.level_lufs is not None:
        measured = integrated_loudness(source, sample_rate_hz)
        gain_db += stem.level_lufs - measured if measured > SILENCE_LUFS else 0.0
    start = int(stem.start_s * sample_rate_hz)
    room = max(count - start, 0)
    if stem.duration_s is not None:
        room = min(room, int(stem.duration_s * sample_rate_hz))
    if stem.is_looped:
        source = loop_to(source, room, fade=int(0.5 * sample_rate_hz))
    source = pan_stereo(source[:room], stem.pan)
    source = fade_edges(
        source, int(stem.fade_in_s * sample_rate_hz), int(stem.fade_out_s * sample_rate_hz)
    )
    out = np.zeros((count, 2), np.float32)
    out[start : start + len(source)] = source * np.float32(10 ** (gain_db / 20))
    return out


def mix_stems(
    voices: Sequence[Stem],
    others: Sequence[Stem],
    *,
    duration_s: float,
    sample_rate_hz: int,
    loudness_lufs: float = -16.0,
    ducking_db: float = 12.0,
) -> Samples:
    """Mix to (N, 2) at a loudness, with the true peak below -1 dBTP.

    Args:
        voices: stems that others give way to.
        others: music and sounds; those with `is_ducked` give way.
        duration_s: length of the mix.
        sample_rate_hz: of every stem.
        loudness_lufs: integrated loudness of the mix (EBU R 128).
        ducking_db: how far others go down under a voice.
    """
    count = max(round(duration_s * sample_rate_hz), 1)
    speaking = np.zeros((count, 2), np.float32)
    for stem in voices:
        speaking += _placed(stem, count, sample_rate_hz)
    gain = ducking_gain(speaking, sample_rate_hz, depth_db=ducking_db)[:, None] if voices else None
    out = speaking
    for stem in others:
        placed = _placed(stem, count, sample_rate_hz)
        out += placed * gain if stem.is_ducked and gain is not None else placed
    return normalise_loudness(out, sample_rate_hz, target_lufs=loudness_lufs)
