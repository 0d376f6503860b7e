"""Fire and explosions."""

from __future__ import annotations

import numpy as np

from omnimuse.crafts.sound.events import decay, poisson, scatter
from omnimuse.crafts.sound.filters import bandpass, swept_lowpass
from omnimuse.crafts.sound.noise import white
from omnimuse.crafts.sound.take import Samples, Take, sound_class


@sound_class(
    "fireplace",
    "bonfire",
    "crackling fire",
    zh=("篝火", "火堆", "壁炉", "火焰"),
    default_s=10.0,
    is_ambience=True,
)
def campfire(take: Take) -> Samples:
    """A campfire or fireplace crackling and popping, burning wood with soft roaring flames."""
    rate = take.sample_rate_hz
    crackles, pops = [], []
    for _ in range(18):
        count = take.samples(0.006)
        centre = take.rng.uniform(1200, 7500)
        burst = bandpass(white(count, take.rng), centre * 0.6, centre * 1.6, rate)
        crackles.append(burst * decay(count, rate, attack_s=0.0002, fall_s=0.006))
    for _ in range(8):
        count = take.samples(0.05)
        centre = take.rng.uniform(350, 1400)
        burst = bandpass(white(count, take.rng), centre * 0.5, centre * 2.0, rate)
        pops.append(burst * decay(count, rate, attack_s=0.0003, fall_s=0.04))

    def side() -> Samples:
        bursts = poisson(take.duration_s, take.denser(3.0, 14.0), take.rng)
        times = np.concatenate(
            [at + take.rng.exponential(0.03, take.rng.integers(1, 9)) for at in bursts]
        )
        heavy = take.rng.pareto(1.6, len(times)).clip(0.05, 12.0)
        snaps = scatter(take.count, rate, times, crackles, take.rng, gains=heavy)
        hits = poisson(take.duration_s, take.denser(0.5, 3.0), take.rng)
        thuds = scatter(take.count, rate, hits, pops, take.rng, spread_db=12)
        flicker = take.wander(7.0, 0.4, 1.0) * take.wander(1.1, 0.6, 1.0)
        roar = take.noise((35, -2), (110, 0), (350, -8), (1500, -22), (7000, -40)) * flicker
        hiss = take.noise((1500, -10), (5000, 0), (12000, -8)) * flicker
        return np.asarray(
            1.1 * snaps + 3.0 * thuds + take.harder(0.08, 0.4) * (roar + 0.08 * hiss), np.float32
        )

    return take.both(side)


@sound_class("blast", "bomb", "detonation", zh=("爆炸", "爆破"), default_s=4.0, level_lufs=-14.0)
def explosion(take: Take) -> Samples:
    """A huge explosion, a violent blast with a deep boom and falling debris."""
    rate, count = take.sample_rate_hz, take.count
    time = np.arange(count) / rate
    cutoff = (take.harder(2500, 9000) * np.exp(-time / 0.28) + 90).astype(np.float32)
    debris_bank = [
        white(n, take.rng) * decay(n, rate, attack_s=0.001, fall_s=0.05)
        for n in [take.samples(0.06)] * 8
    ]

    def side() -> Samples:
        air = take.noise((20, 2), (60, 3), (250, -2), (2000, -9), (10000, -20))
        boom = swept_lowpass(air, cutoff, rate) * np.exp(-time / 0.9).astype(np.float32)
        times = 0.4 + take.rng.exponential(0.8, int(take.denser(15, 90)))
        debris = scatter(count, rate, times, debris_bank, take.rng, spread_db=24)
        return boom + 0.12 * debris

    return take.both(side)


@sound_class("gun", "pistol shot", "rifle", zh=("枪声", "开枪"), default_s=2.0, level_lufs=-17.0)
def gunshot(take: Take) -> Samples:
    """A gunshot, the sharp bang of a pistol or a rifle being fired, with its echo."""
    rate, length = take.sample_rate_hz, take.samples(1.2)
    time = np.arange(length) / rate
    cutoff = (take.harder(3500, 12000) * np.exp(-time / 0.05) + 180).astype(np.float32)
    bank = []
    for _ in range(2):
        blast = swept_lowpass(white(length, take.rng), cutoff, rate)
        echo = np.exp(-time / 0.035) + 0.06 * np.exp(-time / 0.35)
        bank.append(blast * echo.astype(np.float32))
    times = np.arange(0.02, take.duration_s, take.denser(2.2, 0.25))
    return scatter(take.count, rate, times, bank, take.rng, spread_db=2)


@sound_class(
    "firecracker", "firework", zh=("烟花", "鞭炮", "放烟火"), default_s=5.0, level_lufs=-18.0
)
def fireworks(take: Take) -> Samples:
    """Fireworks: a rocket whistling up, bursting with a bang and crackling sparks."""
    rate = take.sample_rate_hz
    out = np.zeros(take.count, np.float32)
    crackle = [
        white(n, take.rng) * decay(n, rate, attack_s=0.0003, fall_s=0.008)
        for n in [take.samples(0.01)] * 6
    ]
    for start_s in np.arange(0.0, max(take.duration_s - 2.0, 0.1), take.denser(5.0, 1.2)):
        rise = take.samples(1.1)
        hz = np.linspace(900, take.rng.uniform(1800, 2600), rise)
        whistle = np.sin(2 * np.pi * np.cumsum(hz) / rate) * np.linspace(0.02, 0.12, rise)
        bang = white(take.samples(1.2), take.rng)
        bang = swept_lowpass(
            bang, (5000 * np.exp(-np.arange(len(bang)) / rate / 0.1) + 120).astype("f4"), rate
        ) * decay(len(bang), rate, attack_s=0.001, fall_s=1.0)
        times = take.rng.exponential(0.5, 70) + 0.1
        sparks = scatter(take.samples(2.0), rate, times, crackle, take.rng, spread_db=15)
        for part, at_s, gain in ((whistle, 0.0, 1.0), (bang, 1.1, 2.0), (sparks, 1.1, 0.25)):
            at = take.samples(start_s + at_s) - 1
            room = max(min(len(part), take.count - at), 0)
            out[at : at + room] += np.float32(gain * take.harder(0.7, 1.2)) * part[:room].astype(
                "f4"
            )
    return out
