"""Bells, gongs and drums as effects. Modes: Rossing 2000, "Science of Percussion"."""

from __future__ import annotations

import numpy as np

from omnimuse.crafts.sound.events import decay, poisson, scatter
from omnimuse.crafts.sound.filters import bandpass, highpass, swept_lowpass
from omnimuse.crafts.sound.noise import white
from omnimuse.crafts.sound.take import Samples, Take, sound_class
from omnimuse.crafts.sound.tones import path, struck, sweep

_BELL = (
    (0.5, 0.7, 1.0),
    (1.0, 0.9, 0.75),
    (1.183, 0.7, 0.6),
    (1.506, 0.35, 0.4),
    (2.0, 0.8, 0.45),
    (2.514, 0.3, 0.25),
    (2.662, 0.25, 0.25),
    (3.011, 0.35, 0.2),
    (4.166, 0.3, 0.15),
    (5.433, 0.2, 0.1),
    (6.796, 0.12, 0.07),
)


def _bell(take: Take, hz: float, decay_s: float) -> Samples:
    bright = take.harder(0.5, 1.6)
    modes = []
    for ratio, gain, share in _BELL:
        level = gain * bright ** (ratio / 3)
        modes += [
            (hz * ratio, level, decay_s * share),
            (hz * ratio * 1.0016, level * 0.5, decay_s * share * 0.9),
        ]
    tone = struck(modes, decay_s, take.sample_rate_hz)
    tap = take.samples(0.004)
    tone[:tap] += 0.5 * white(tap, take.rng)
    return tone


@sound_class(
    "bell",
    "tower bell",
    "bell tolling",
    zh=("钟声", "教堂钟", "敲钟"),
    default_s=8.0,
    level_lufs=-20.0,
)
def church_bell(take: Take) -> Samples:
    """A large church bell tolling from a tower."""
    times = np.arange(0.02, take.duration_s, take.denser(6.0, 1.8))
    return scatter(
        take.count, take.sample_rate_hz, times, [_bell(take, 260.0, 7.0)], take.rng, spread_db=1
    )


@sound_class(
    "small bell", "jingle bells", "sleigh bells", zh=("铃铛", "铃声", "摇铃"), default_s=3.0
)
def hand_bell(take: Take) -> Samples:
    """A small hand bell or jingle bells ringing brightly."""
    bank = [_bell(take, hz, 1.2) for hz in (1350.0, 1420.0, 1530.0)]
    times = np.arange(0.02, take.duration_s, take.denser(0.7, 0.13))
    return scatter(take.count, take.sample_rate_hz, times, bank, take.rng, spread_db=4)


@sound_class(
    "chimes", "windchimes", zh=("风铃",), default_s=8.0, level_lufs=-25.0, is_ambience=True
)
def wind_chimes(take: Take) -> Samples:
    """Wind chimes tinkling gently in the breeze."""
    rate = take.sample_rate_hz
    out = np.zeros((take.count, 2), np.float32)
    gust = poisson(take.duration_s, 0.35, take.rng)
    for index, note in enumerate((0, 2, 4, 7, 9, 12, 14)):
        hz = 1046.5 * 2 ** (note / 12)
        tube = struck([(hz, 1.0, 2.6), (hz * 2.756, 0.45, 1.2), (hz * 5.404, 0.2, 0.5)], 2.6, rate)
        tube[: take.samples(0.002)] += take.harder(0.05, 0.3) * white(take.samples(0.002), take.rng)
        own = np.concatenate(
            (
                poisson(take.duration_s, take.denser(0.12, 0.9), take.rng),
                gust + take.rng.exponential(0.5, len(gust)),
            )
        )
        line = scatter(take.count, rate, np.sort(own), [tube], take.rng, spread_db=14)
        pan = 0.15 + 0.1 * index
        out += np.stack((line * np.sqrt(1 - pan), line * np.sqrt(pan)), axis=1).astype("f4")
    return out


@sound_class("tam-tam", "chinese gong", zh=("锣", "铜锣"), default_s=7.0, level_lufs=-19.0)
def gong(take: Take) -> Samples:
    """A big gong being struck, a shimmering metallic crash that swells and dies slowly."""
    rate = take.sample_rate_hz
    modes = []
    for index in range(90):
        hz = 62.0 * (1 + index) ** 0.93 * take.rng.uniform(0.97, 1.03)
        modes.append(
            (
                hz,
                take.rng.uniform(0.3, 1.0) / (1 + index) ** take.harder(0.8, 0.35),
                6.5 / (1 + 0.04 * index),
            )
        )
    body = struck(modes, 7.0, rate)
    bloom = 1 - 0.75 * np.exp(-np.arange(len(body)) / rate / 0.35)
    body = body * bloom.astype(np.float32)
    thump = struck([(58, 6.0, 0.5), (96, 3.0, 0.3)], 0.6, rate)
    body[: len(thump)] += thump
    times = np.arange(0.02, take.duration_s, take.denser(8.0, 2.5))
    return scatter(take.count, rate, times, [body], take.rng, spread_db=0.5)


@sound_class(
    "snare drum roll", "drumroll", zh=("鼓声", "滚鼓", "鼓点"), default_s=4.0, level_lufs=-20.0
)
def drum_roll(take: Take) -> Samples:
    """A snare drum roll building up suspense, then a final hit."""
    rate, bank = take.sample_rate_hz, []
    for _ in range(6):
        count = take.samples(0.14)
        wires = bandpass(white(count, take.rng), 1200, 9000, rate)
        wires *= decay(count, rate, attack_s=0.001, fall_s=0.11)
        bank.append(0.5 * wires + struck([(188, 1.0, 0.09), (332, 0.6, 0.06)], 0.14, rate))
    last_s = max(take.duration_s - 0.7, 0.0)
    strokes = np.arange(0.0, last_s, 1.0 / take.denser(16.0, 30.0))
    strokes = strokes + take.rng.uniform(0, 0.006, len(strokes))
    grow = (0.15 + 0.6 * (strokes / max(last_s, 1e-3)) ** 1.5) * take.harder(0.8, 1.2)
    times, gains = np.append(strokes, last_s), np.append(grow, 2.6)
    return scatter(take.count, rate, times, bank, take.rng, spread_db=2, gains=gains)


@sound_class("crash cymbal", "cymbals", zh=("镲", "钹"), default_s=4.0, level_lufs=-20.0)
def cymbal(take: Take) -> Samples:
    """A crash cymbal being hit, a bright metallic wash."""
    rate, count = take.sample_rate_hz, take.samples(3.5)
    metal = struck(
        [
            (take.rng.uniform(300, 11000), take.rng.uniform(0.2, 1), take.rng.uniform(0.8, 3))
            for _ in range(110)
        ],
        3.5,
        rate,
    )
    time = np.arange(count) / rate
    wash = highpass(white(count, take.rng), 2500, rate) * np.exp(-time / 0.7).astype(np.float32)
    hit = 0.12 * metal + take.harder(0.3, 1.0) * wash
    times = np.arange(0.02, take.duration_s, take.denser(4.0, 1.0))
    return scatter(take.count, rate, times, [hit], take.rng, spread_db=1)


@sound_class(
    "bass drum",
    "war drum",
    "timpani",
    zh=("大鼓", "战鼓", "定音鼓"),
    default_s=4.0,
    level_lufs=-19.0,
)
def big_drum(take: Take) -> Samples:
    """A big deep drum beating slowly like a war drum."""
    rate, count = take.sample_rate_hz, take.samples(1.4)
    bend = 68 * (1 + 0.35 * np.exp(-np.arange(count) / rate / 0.05))
    hit = sweep(bend, count, rate) * decay(count, rate, attack_s=0.003, fall_s=1.2)
    hit += struck([(112, 0.45, 0.6), (158, 0.3, 0.4), (214, 0.2, 0.3)], 1.4, rate)[:count]
    stick = swept_lowpass(
        white(take.samples(0.05), take.rng),
        path(((0, take.harder(900, 4000)), (1, 200)), take.samples(0.05)),
        rate,
    )
    hit[: len(stick)] += 0.6 * stick * decay(len(stick), rate, attack_s=0.001, fall_s=0.05)
    times = np.arange(0.02, take.duration_s, take.denser(2.0, 0.4))
    return scatter(take.count, rate, times, [hit], take.rng, spread_db=2)


@sound_class("magic", "fairy dust", "sparkle", zh=("魔法", "仙尘", "闪光"), default_s=2.5)
def magic_chime(take: Take) -> Samples:
    """Magic sparkle, a glittering cascade of tiny bells as a spell is cast."""
    rate = take.sample_rate_hz
    out = np.zeros((take.count, 2), np.float32)
    notes = int(take.denser(14, 60))
    for index in range(notes):
        hz = 1568.0 * 2 ** (take.rng.choice((0, 2, 4, 7, 9, 11, 12, 14, 16, 19)) / 12)
        tone = struck([(hz, 1.0, 0.9), (hz * 2.76, 0.3 * take.harder(0.6, 1.6), 0.4)], 0.9, rate)
        at = take.samples(take.duration_s * 0.6 * index / notes + take.rng.uniform(0, 0.05)) - 1
        room, pan = max(min(len(tone), take.count - at), 0), take.rng.uniform(0.1, 0.9)
        out[at : at + room, 0] += np.float32(np.sqrt(1 - pan)) * tone[:room]
        out[at : at + room, 1] += np.float32(np.sqrt(pan)) * tone[:room]
    return out
