"""Waves, streams, drips, bubbles, pouring, boiling.

Bubbles follow van den Doel 2005 ("Physically based models for liquid sounds"): a decaying sine
whose pitch rises as the bubble nears the surface.
"""

from __future__ import annotations

import numpy as np

from omnimuse.crafts.sound.events import arch, decay, poisson, regular, scatter
from omnimuse.crafts.sound.filters import bandpass, lowpass, swept_lowpass
from omnimuse.crafts.sound.noise import white
from omnimuse.crafts.sound.take import Samples, Take, sound_class
from omnimuse.crafts.sound.tones import path, sweep


def bubble(take: Take, hz: float, *, rise: float = 0.15, sharpness: float = 1.0) -> Samples:
    """One bubble: decays the slower the lower it is."""
    fall_s = min(0.9 * sharpness * 110.0 / hz, 0.35)
    count = take.samples(fall_s)
    curve = hz * (1.0 + rise * np.linspace(0.0, 1.0, count))
    return sweep(curve, count, take.sample_rate_hz) * decay(
        count, take.sample_rate_hz, attack_s=0.001, fall_s=fall_s
    )


def _bubbles(take: Take, low_hz: float, high_hz: float, kinds: int = 24) -> list[Samples]:
    places = np.exp(take.rng.uniform(np.log(low_hz), np.log(high_hz), kinds))
    return [bubble(take, float(hz), rise=take.rng.uniform(0.0, 0.4)) for hz in places]


def _unit(samples: Samples) -> Samples:
    return samples / np.float32(np.sqrt(np.mean(samples**2)) + 1e-9)


@sound_class(
    "ocean",
    "surf",
    "waves on a beach",
    zh=("海浪", "大海", "海边", "浪花"),
    default_s=16.0,
    is_ambience=True,
)
def sea_waves(take: Take) -> Samples:
    """Ocean waves breaking on a beach, the surf rolling in, crashing and drawing back."""
    rate = take.sample_rate_hz
    times = regular(take.duration_s, 1.0 / take.denser(11.0, 5.0), take.rng, jitter=0.2)
    swell, foam = np.zeros(take.count), np.zeros(take.count)
    time = np.arange(take.count) / rate
    for at in np.concatenate(([-3.0], times)):
        size, crest = take.rng.uniform(0.6, 1.0), at + take.rng.uniform(1.8, 2.6)
        before, after = np.maximum(crest - time, 0.0), np.maximum(time - crest, 0.0)
        swell += size * np.exp(-before / 0.9 - after / 1.6)
        foam += size * np.exp(-before / 0.35 - after / 2.4)
    cutoff = np.clip(250.0 + take.harder(900, 3200) * swell, 200.0, 9000.0).astype(np.float32)

    def side() -> Samples:
        body = take.noise((30, -4), (120, 0), (500, -5), (2000, -11), (8000, -24), (16000, -40))
        wash = swept_lowpass(body, cutoff, rate) * (0.08 + swell).astype(np.float32)
        hiss = take.noise((1200, -12), (3500, 0), (8000, -3), (15000, -16))
        fizz = hiss * (foam**1.3).astype(np.float32) * take.wander(9.0, 0.6, 1.2)
        return _unit(wash) + take.harder(0.12, 0.4) * fizz

    return take.both(side)


@sound_class(
    "river",
    "brook",
    "babbling creek",
    zh=("溪流", "小溪", "河流", "流水"),
    default_s=10.0,
    is_ambience=True,
)
def stream(take: Take) -> Samples:
    """A small river or brook babbling over stones, clear water flowing and gurgling."""
    bank = _bubbles(take, 350.0, 3200.0, 32)

    def side() -> Samples:
        times = poisson(take.duration_s, take.denser(60.0, 400.0), take.rng)
        gurgle = scatter(take.count, take.sample_rate_hz, times, bank, take.rng, spread_db=20)
        flow = take.noise((150, -12), (500, 0), (1500, -3), (5000, -14), (12000, -28))
        return _unit(gurgle) * take.wander(3.0, 0.6, 1.2) + take.harder(0.25, 1.0) * flow

    return take.both(side)


@sound_class("cascade", "rapids", zh=("瀑布",), default_s=10.0, level_lufs=-18.0, is_ambience=True)
def waterfall(take: Take) -> Samples:
    """A waterfall, a constant powerful roar of falling water."""

    def side() -> Samples:
        roar = take.noise((40, -6), (150, 0), (700, -1), (3000, -5), (9000, -12), (17000, -24))
        return roar * take.wander(5.0, 0.85, 1.1)

    bed = take.both(side)
    low = lowpass(bed, take.harder(120.0, 300.0), take.sample_rate_hz)
    return bed + np.float32(0.6) * low


@sound_class(
    "dripping tap", "leaking faucet", zh=("滴水", "水滴", "漏水"), default_s=6.0, level_lufs=-26.0
)
def dripping_water(take: Take) -> Samples:
    """Single drops of water dripping slowly from a tap into a puddle."""
    bank = []
    for _ in range(6):
        hz = take.rng.uniform(900, 1900)
        drop = bubble(take, hz, rise=0.35, sharpness=1.6)
        later = bubble(take, hz * take.rng.uniform(1.5, 2.2), rise=0.5)
        whole = np.zeros(len(drop) + take.samples(0.09), np.float32)
        whole[: len(drop)] += drop
        at = take.samples(take.rng.uniform(0.02, 0.05))
        whole[at : at + len(later)] += 0.5 * later[: len(whole) - at]
        bank.append(whole)
    times = regular(take.duration_s, take.denser(0.5, 4.0), take.rng, jitter=0.12, start_s=0.1)
    return scatter(take.count, take.sample_rate_hz, times, bank, take.rng, spread_db=5)


@sound_class(
    "underwater bubbles", "aquarium", zh=("气泡", "水泡", "水下"), default_s=6.0, is_ambience=True
)
def bubbles(take: Take) -> Samples:
    """Air bubbles rising and popping under water, a gentle blub-blub."""
    bank = _bubbles(take, 160.0, 900.0)

    def side() -> Samples:
        times = poisson(take.duration_s, take.denser(4.0, 40.0), take.rng)
        return scatter(take.count, take.sample_rate_hz, times, bank, take.rng, spread_db=14)

    low = take.both(lambda: take.noise((25, 0), (90, -3), (300, -26)))
    return take.both(side) + np.float32(0.02) * low


@sound_class(
    "something falling into water",
    "diving in",
    zh=("水花", "溅水", "落水"),
    default_s=2.0,
    level_lufs=-18.0,
)
def splash(take: Take) -> Samples:
    """A big splash, something heavy plunging into water."""
    rate, count = take.sample_rate_hz, take.count
    slap = take.noise((80, 0), (400, 0), (2500, -5), (9000, -12), (16000, -24))
    slap *= decay(count, rate, attack_s=0.004, fall_s=take.harder(0.4, 1.1))
    spray = take.noise((1500, -6), (4000, 0), (10000, -6), (16000, -16))
    time = np.arange(count) / rate
    spray *= (np.minimum(1.0, time / 0.12) * np.exp(-time / take.harder(0.25, 0.5))).astype("f4")
    times = 0.05 + take.rng.exponential(0.35, int(take.denser(30, 160)))
    rest = scatter(count, rate, np.sort(times), _bubbles(take, 250, 2400), take.rng, spread_db=18)
    return np.asarray(slap + 0.4 * spray + 0.9 * rest, np.float32)


@sound_class("filling a glass", "pouring a drink", zh=("倒水", "倒茶"), default_s=4.0)
def pouring_water(take: Take) -> Samples:
    """Water or tea being poured into a glass, its pitch rising as the glass fills up."""
    rate, count = take.sample_rate_hz, take.count
    times = poisson(take.duration_s, take.denser(90.0, 380.0), take.rng)
    gurgle = scatter(count, rate, times, _bubbles(take, 500, 2600, 32), take.rng, spread_db=16)
    ladder = np.geomspace(420.0, 1500.0, 7)
    air = take.noise((200, -6), (900, 0), (4000, -8), (12000, -22))
    place = np.linspace(0, 6, count)
    column = np.zeros(count, np.float32)
    for index, hz in enumerate(ladder):
        weight = np.maximum(0.0, 1.0 - np.abs(place - index)).astype(np.float32)
        column += weight * _unit(bandpass(air, hz * 0.92, hz * 1.08, rate))
    level = arch(count, rise=0.04, fall=0.08)
    return np.asarray(
        level * (_unit(gurgle) + 0.7 * column + take.harder(0.08, 0.3) * air), np.float32
    )


@sound_class("kettle whistle", "boiling water", zh=("水壶", "烧水", "开水"), default_s=8.0)
def boiling_kettle(take: Take) -> Samples:
    """A kettle of water boiling on the stove, bubbling and starting to whistle with steam."""
    rate, count = take.sample_rate_hz, take.count
    times = poisson(take.duration_s, take.denser(60.0, 300.0), take.rng)
    boil = scatter(count, rate, times, _bubbles(take, 180, 1100), take.rng, spread_db=18)
    steam = take.noise((900, -12), (3000, 0), (9000, -4), (16000, -16))
    grow = path(((0, 0.0), (0.35, 0.03), (0.75, 1.0), (1, 1.0)), count) ** 1.5
    pitch = path(((0, 1500), (0.35, 1700), (0.8, 2450), (1, 2500)), count)
    pitch *= 1 + 0.006 * np.sin(2 * np.pi * 7 * np.arange(count) / rate).astype(np.float32)
    whistle = sweep(pitch, count, rate) + 0.25 * sweep(2 * pitch, count, rate)
    return _unit(boil) * 0.5 + grow * (take.harder(0.4, 1.2) * whistle + 0.35 * steam)


@sound_class("showering", zh=("淋浴", "洗澡"), default_s=8.0, is_ambience=True)
def shower(take: Take) -> Samples:
    """A bathroom shower running, water spraying onto tiles."""
    bank = []
    for _ in range(12):
        count = take.samples(0.012)
        bank.append(
            white(count, take.rng)
            * decay(count, take.sample_rate_hz, attack_s=0.0005, fall_s=0.012)
        )

    def side() -> Samples:
        spray = take.noise((250, -14), (1000, -4), (3500, 0), (8000, -3), (16000, -14))
        times = poisson(take.duration_s, take.denser(300, 2500), take.rng)
        taps = scatter(take.count, take.sample_rate_hz, times, bank, take.rng, spread_db=18)
        return take.harder(0.5, 1.0) * spray + 0.6 * _unit(taps)

    return take.both(side)
