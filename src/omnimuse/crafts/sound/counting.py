"""How often something sounds: `barking twice` is two barks, `three knocks` is three knocks.

A class performs as it likes; where a number was asked, single events are cut out of performances
by their envelope and laid at a steady, slightly human pace.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from omnimuse.errors import InputError

Samples = NDArray[np.float32]
MAX_EVENTS = 60
_WORDS = {"one": 1, "once": 1, "two": 2, "twice": 2, "three": 3, "thrice": 3, "four": 4, "five": 5,
          "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
          "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
          "十": 10}  # fmt: skip
_NUMBER = "|".join(sorted((w for w in _WORDS if w.isascii()), key=len)[::-1])
_TIMES = re.compile(rf"\b(?:(once|twice|thrice)\b|({_NUMBER}|\d{{1,2}})\s+times\b)", re.IGNORECASE)
# A number of things that happen (`three knocks`); of `two dogs barking` the dogs are counted.
_PLURAL = re.compile(rf"^\W*({_NUMBER}|\d{{1,2}})\s+(?:\w+\s+)?\w+s\b(?!.*\w{{2,}}ing\b)", re.I)
_CHINESE = re.compile(r"([一两二三四五六七八九十]|\d{1,2})(?:声|下|次)")
_GAP_S = 0.28
_FRAME_S = 0.01


def asked_count(phrase: str) -> int | None:
    """The number of events that a phrase asks for, or None.

    Raises:
        InputError: over 60.
    """
    match = _TIMES.search(phrase) or _CHINESE.search(phrase) or _PLURAL.search(phrase)
    if match is None:
        return None
    word = next(group for group in match.groups() if group)
    count = int(word) if word.isdigit() else _WORDS[word.lower()]
    if count > MAX_EVENTS:
        raise InputError(f"{count} times; {MAX_EVENTS} is the most", hint="Ask for fewer.")
    return count or None


def without_count(phrase: str) -> str:
    """A phrase without the words that only say how often."""
    return " ".join(_CHINESE.sub(" ", _TIMES.sub(" ", phrase)).split()) or phrase


def events_of(samples: Samples, sample_rate_hz: int) -> list[tuple[int, int]]:
    """Where events begin and end in (N, C): louder than a tenth of the peak, 60 ms apart."""
    size = max(1, round(_FRAME_S * sample_rate_hz))
    mono = np.abs(samples).max(axis=1)
    frames = np.pad(mono, (0, -len(mono) % size)).reshape(-1, size).max(axis=1)
    if not frames.size or frames.max() <= 0:
        return []
    loud = np.flatnonzero(frames > 0.1 * frames.max())
    found: list[list[int]] = []
    for frame in loud.tolist():
        if found and frame - found[-1][1] <= 6:
            found[-1][1] = frame
        else:
            found.append([frame, frame])
    return [(first * size, min((last + 1) * size, len(mono))) for first, last in found]


def repeated(
    play: Callable[[int], Samples], count: int, duration_s: float, sample_rate_hz: int, seed: int
) -> Samples:
    """Exactly `count` events in (N, C) of `duration_s`.

    Args:
        play: a performance for a turn; each event is cut from one of its own.
        count: how many.
        duration_s: length of the result.
        sample_rate_hz: of the performances.
        seed: the pace's small irregularities.

    Raises:
        InputError: they do not fit into the time.
    """
    cut = [_single(play(turn), sample_rate_hz) for turn in range(count)]
    rng = np.random.default_rng([seed, count])
    lengths = [len(event) / sample_rate_hz for event in cut]
    room_s = duration_s - sum(lengths)
    gap_s = min(_GAP_S, room_s / count)
    if gap_s < 0.08:
        raise InputError(
            f"{count} times {lengths[0]:.1f} s do not fit into {duration_s:.1f} s",
            hint="Ask for a longer sound, or for fewer.",
        )
    out = np.zeros((round(duration_s * sample_rate_hz), cut[0].shape[1]), np.float32)
    at_s = 0.02
    for event, length_s in zip(cut, lengths, strict=True):
        at = round(at_s * sample_rate_hz)
        kept = event[: len(out) - at]
        out[at : at + len(kept)] += kept
        at_s += length_s + gap_s * float(rng.uniform(0.85, 1.0))
    return out


def _single(samples: Samples, sample_rate_hz: int) -> Samples:
    """The strongest event of a performance, with its fall up to the next one, edges softened."""
    found = events_of(samples, sample_rate_hz)
    if not found:
        return samples
    best = max(range(len(found)), key=lambda i: float(np.abs(samples[slice(*found[i])]).max()))
    start = max(0, found[best][0] - sample_rate_hz // 200)
    tail = found[best][1] + round(0.12 * sample_rate_hz)
    following = found[best + 1][0] if best + 1 < len(found) else len(samples)
    event = samples[start : min(tail, following, len(samples))].copy()
    fade = min(len(event), round(0.03 * sample_rate_hz))
    event[len(event) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    return event
