"""Rain, wind, storm, thunder, hail, leaves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.sound.events import arch, decay, poisson, scatter
from omnimuse.crafts.sound.filters import bandpass, highpass, lowpass, resonate, swept_lowpass
from omnimuse.crafts.sound.noise import gusts, white
from omnimuse.crafts.sound.take import Samples, Take, sound_class
from omnimuse.crafts.sound.tones import struck


def _drops(take: Take, low_hz: float, high_hz: float, fall_s: float) -> list[Samples]:
    """A bank of drop impacts, each a short burst around a frequency of its own."""
    bank = []
    for _ in range(14):
        count = take.samples(fall_s * 1.2)
        centre = float(np.exp(take.rng.uniform(np.log(low_hz), np.log(high_hz))))
        burst = bandpass(white(count, take.rng), centre * 0.7, centre * 1.4, take.sample_rate_hz)
        bank.append(burst * decay(count, take.sample_rate_hz, attack_s=0.0004, fall_s=fall_s))
    return bank


def _drop_layer(take: Take, rate_hz: float, bank: list[Samples]) -> Samples:
    times = poisson(take.duration_s, rate_hz, take.rng)
    return scatter(take.count, take.sample_rate_hz, times, bank, take.rng, spread_db=22)


def _unit(samples: Samples) -> Samples:
    return samples / np.float32(np.sqrt(np.mean(samples**2)) + 1e-9)


@sound_class(
    "light rain", "rainfall", zh=("雨声", "下雨", "小雨"), default_s=10.0, is_ambience=True
)
def rain(take: Take) -> Samples:
    """Steady rain falling outside, soft raindrops pattering on the ground and leaves."""
    bank = _drops(take, 1500.0, 9000.0, 0.012)

    def side() -> Samples:
        hiss = take.noise((300, -18), (1200, -6), (4000, 0), (9000, -5), (16000, -14))
        near = _drop_layer(take, take.denser(150.0, 1500.0), bank)
        swell = take.wander(0.3, 0.8, 1.15)
        return swell * (take.harder(0.35, 0.9) * hiss + 0.9 * _unit(near))

    return take.both(side)


@sound_class(
    "downpour",
    "torrential rain",
    zh=("大雨", "暴雨", "倾盆大雨"),
    default_s=10.0,
    level_lufs=-18.0,
    is_ambience=True,
)
def heavy_rain(take: Take) -> Samples:
    """Heavy rain, a dense roaring downpour splashing hard on the ground."""
    bank = _drops(take, 700.0, 6000.0, 0.02)

    def side() -> Samples:
        roar = take.noise((80, -16), (400, -3), (1500, 0), (5000, -4), (12000, -12), (18000, -22))
        near = _drop_layer(take, take.denser(800.0, 4000.0), bank)
        return take.wander(0.4, 0.8, 1.2) * (roar + take.harder(0.3, 0.8) * _unit(near))

    return take.both(side)


@sound_class(
    "rain on a tin roof",
    "rain on a window",
    zh=("雨打屋顶", "雨打窗户", "屋檐雨声"),
    default_s=10.0,
    is_ambience=True,
)
def rain_on_roof(take: Take) -> Samples:
    """Rain drumming on a roof, a window or a tent, drops knocking on a hard surface."""
    bank = []
    for _ in range(16):
        base = take.rng.uniform(260, 900)
        modes = [(base * k, 1.0 / k, 0.06 / k**0.5) for k in (1.0, 1.7, 2.6, 4.1)]
        hit = struck(modes, 0.08, take.sample_rate_hz)
        hit[: take.samples(0.004)] += 0.8 * white(take.samples(0.004), take.rng)
        bank.append(hit)

    def side() -> Samples:
        hiss = take.noise((200, -8), (900, 0), (3000, -8), (9000, -16), (15000, -26))
        knocks = _drop_layer(take, take.denser(40.0, 400.0), bank)
        return 0.5 * hiss + take.harder(0.7, 1.4) * _unit(knocks)

    return take.both(side)


@sound_class(
    "breeze", "howling wind", zh=("风声", "大风", "微风"), default_s=12.0, is_ambience=True
)
def wind(take: Take) -> Samples:
    """Wind blowing and howling in gusts, a hollow rushing of moving air."""
    blow = gusts(take.count, take.sample_rate_hz, take.rng, rate_hz=0.35, depth=0.45)
    top = take.harder(350.0, 1100.0)

    def side() -> Samples:
        air = take.noise((30, 0), (150, -2), (600, -9), (2500, -24), (8000, -44))
        body = swept_lowpass(air, np.clip(top * blow, 120.0, 4000.0), take.sample_rate_hz)
        howl = np.zeros(take.count, np.float32)
        for centre in (430.0, 610.0, 890.0):
            tone = resonate(white(take.count, take.rng), centre, 26.0, take.sample_rate_hz)
            howl += _unit(tone) * take.wander(0.5, 0.0, 1.0) ** 3
        return blow * (_unit(body) + take.harder(0.08, 0.45) * howl * blow)

    return take.both(side)


@sound_class(
    "thunderclap", "lightning strike", zh=("雷声", "打雷", "雷鸣"), default_s=7.0, level_lufs=-16.0
)
def thunder(take: Take) -> Samples:
    """A clap of thunder after lightning, a sharp crack and a long low rumble rolling away."""
    out = np.zeros((take.count, 2), np.float32)
    for start_s in np.arange(0.0, take.duration_s, take.denser(14.0, 5.0)):
        clap = _thunderclap(take)
        at = take.samples(start_s) - 1
        room = min(len(clap), take.count - at)
        out[at : at + room] += clap[:room]
    return out


def _thunderclap(take: Take) -> Samples:
    rate, count = take.sample_rate_hz, take.samples(7.0)
    time = np.arange(count) / rate
    roll = np.zeros(count)
    for at in np.sort(take.rng.exponential(1.1, 14)):
        roll += (
            take.rng.uniform(0.3, 1.0)
            * np.exp(-at / 2.2)
            * np.exp(-((np.maximum(time - at, 0) / 0.8) + 60.0 * np.maximum(at - time, 0)))
        )
    cutoff = (take.harder(500, 1600) * np.exp(-time / 1.4) + 75.0).astype(np.float32)

    def side() -> Samples:
        air = take.noise((18, 0), (60, 0), (250, -8), (1200, -18), (6000, -34), count=count)
        rumble = swept_lowpass(air, cutoff, rate) * roll.astype(np.float32)
        crack = np.zeros(count, np.float32)
        for at in take.rng.uniform(0.0, 0.25, 9):
            place, length = take.samples(at), take.samples(0.12)
            burst = highpass(white(length, take.rng), 300.0, rate)
            crack[place : place + length] += burst * decay(
                length, rate, attack_s=0.001, fall_s=0.12
            )
        return _unit(rumble) + np.float32(take.harder(0.05, 0.6)) * crack

    return take.both(side)


@sound_class(
    "thunderstorm",
    "tempest",
    zh=("暴风雨", "雷雨", "雷暴"),
    default_s=15.0,
    level_lufs=-17.0,
    is_ambience=True,
)
def storm(take: Take) -> Samples:
    """A thunderstorm: heavy rain, strong wind and thunder rumbling."""
    parts = ((heavy_rain, 0.8), (wind, 0.8), (thunder, 1.3))
    return sum(
        (gain * _unit(part.perform(take)) for part, gain in parts),
        start=np.zeros((take.count, 2), np.float32),
    )


@sound_class("hailstones", zh=("冰雹", "下冰雹"), default_s=8.0, is_ambience=True)
def hail(take: Take) -> Samples:
    """Hail, hard ice pellets clattering and bouncing on a hard surface."""
    bank = []
    for _ in range(16):
        base = take.rng.uniform(1800, 5200)
        hit = struck(
            [(base, 1.0, 0.05), (base * 1.63, 0.6, 0.03), (base * 2.4, 0.4, 0.02)],
            0.06,
            take.sample_rate_hz,
        )
        hit[: take.samples(0.0015)] += 2.0 * white(take.samples(0.0015), take.rng)
        bank.append(hit)

    def side() -> Samples:
        return _drop_layer(take, take.denser(15.0, 160.0), bank) + 0.02 * take.noise(
            (300, -10), (2000, 0), (8000, -6), (16000, -20)
        )

    return take.both(side)


@sound_class(
    "rustling leaves",
    "forest leaves",
    zh=("树叶声", "沙沙声"),
    default_s=10.0,
    level_lufs=-26.0,
    is_ambience=True,
)
def leaves(take: Take) -> Samples:
    """Leaves of trees rustling softly in a light breeze in a forest."""
    blow = gusts(take.count, take.sample_rate_hz, take.rng, rate_hz=0.5, depth=0.55)
    bank = _drops(take, 2500.0, 9000.0, 0.025)

    def side() -> Samples:
        sway = take.noise((800, -20), (2500, -4), (5000, 0), (9000, -8), (16000, -24))
        ticks = _drop_layer(take, take.denser(60.0, 700.0), bank)
        return blow**1.6 * (sway * take.wander(6.0, 0.5, 1.3) + 0.7 * _unit(ticks))

    return take.both(side)


def swell_noise(take: Take, times_s: NDArray[np.float64], length_s: float) -> Samples:
    """Soft noise swells at the given times, shared by waves and passing cars."""
    count = take.samples(length_s)
    bank = [arch(count, rise=0.4, fall=0.5) for _ in range(2)]
    level = scatter(take.count, take.sample_rate_hz, times_s, bank, take.rng, spread_db=6)
    return lowpass(level, 30.0, take.sample_rate_hz, order=1)
