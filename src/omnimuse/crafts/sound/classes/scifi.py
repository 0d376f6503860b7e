"""Science fiction."""

from __future__ import annotations

import numpy as np

from omnimuse.crafts.sound.events import arch, decay, poisson, scatter
from omnimuse.crafts.sound.filters import bandpass, lowpass
from omnimuse.crafts.sound.noise import white
from omnimuse.crafts.sound.take import Samples, Take, sound_class
from omnimuse.crafts.sound.tones import harmonics, path, sweep


@sound_class("ray gun", "blaster", "laser gun", zh=("激光", "激光枪"), default_s=1.5)
def laser(take: Take) -> Samples:
    """A science fiction laser gun firing, pew pew."""
    rate, bank = take.sample_rate_hz, []
    for _ in range(3):
        count = take.samples(0.32)
        top = take.harder(2200, 5200) * take.rng.uniform(0.9, 1.1)
        hz = path(((0, top), (0.25, top * 0.35), (1, 130)), count, log=True)
        shot = np.tanh(2.0 * harmonics(hz, [1, 0.4, 0.3, 0.2], count, rate)).astype(np.float32)
        bank.append(shot * decay(count, rate, attack_s=0.001, fall_s=0.3))
    times = poisson(take.duration_s, take.denser(1.0, 7.0), take.rng)
    times[0] = 0.01
    return scatter(take.count, rate, np.sort(times), bank, take.rng, spread_db=3)


@sound_class("beam up", "materialise", zh=("传送", "瞬移"), default_s=3.0)
def teleport(take: Take) -> Samples:
    """A teleporter beaming someone away, shimmering rising tones."""
    rate, count = take.sample_rate_hz, take.count
    out = np.zeros((count, 2), np.float32)
    rise = path(((0, 1.0), (0.7, 2.0), (1, 4.0)), count, log=True)
    for index in range(int(take.denser(7, 26))):
        hz = 300.0 * 1.16**index
        flutter = take.wander(take.rng.uniform(6, 14), 0.0, 1.0) ** 2
        tone = sweep(rise * hz, count, rate, take.rng.uniform(0, 6)) * flutter / (1 + 0.2 * index)
        pan = take.rng.uniform(0.1, 0.9)
        out += np.stack((tone * np.sqrt(1 - pan), tone * np.sqrt(pan)), axis=1).astype("f4")
    shine = take.both(lambda: take.noise((4000, -6), (8000, 0), (15000, -6)))
    return arch(count, rise=0.45, fall=0.2)[:, None] * (
        out + np.float32(take.harder(0.05, 0.2)) * shine
    )


@sound_class(
    "space ship",
    "engine room",
    "sci-fi ambience",
    zh=("飞船", "太空船", "科幻"),
    default_s=10.0,
    level_lufs=-24.0,
    is_ambience=True,
)
def spaceship_hum(take: Take) -> Samples:
    """The deep hum inside a spaceship, a droning science fiction engine room."""
    rate, count = take.sample_rate_hz, take.count

    def side() -> Samples:
        out = np.zeros(count, np.float32)
        for hz, gain in ((55.0, 1.0), (55.6, 0.8), (82.4, 0.5), (110.3, 0.5), (165.2, 0.2)):
            drift = take.wander(0.3, 0.997, 1.003)
            out += np.float32(gain) * harmonics(hz * drift, [1, 0.4, 0.25, 0.12], count, rate)
        return out * take.wander(0.25, 0.75, 1.0)

    air = take.both(lambda: take.noise((40, 0), (200, -6), (900, -16), (5000, -34)))
    blips = poisson(take.duration_s, take.denser(0.05, 1.0), take.rng)
    bank = []
    for hz in (1480.0, 1760.0, 2217.0):
        n = take.samples(0.09)
        bank.append(sweep(hz, n, rate) * arch(n))
    panel = scatter(count, rate, blips, bank, take.rng, spread_db=6)
    return np.asarray(
        take.both(side) + np.float32(take.harder(0.3, 1.2)) * air + 0.12 * panel[:, None],
        np.float32,
    )


@sound_class("android", "droid", zh=("机器人",), default_s=3.0)
def robot(take: Take) -> Samples:
    """A robot chattering in electronic bleeps and moving with servo motors."""
    rate = take.sample_rate_hz
    parts: list[Samples] = []
    while sum(len(part) for part in parts) < take.count:
        count = take.samples(take.rng.uniform(0.05, 0.16))
        low, high = take.rng.uniform(400, 1200), take.rng.uniform(900, 3200)
        kind = take.rng.integers(0, 4)
        if kind == 3:
            count = take.samples(take.rng.uniform(0.2, 0.4))
            hz = path(((0, 180), (0.3, 420), (0.8, 380), (1, 200)), count) * take.harder(0.8, 1.4)
            tone = 0.5 * harmonics(hz, [1, 0.7, 0.5, 0.4, 0.3, 0.2], count, rate)
        else:
            hz = path(((0, low), (1, high)), count, log=True)
            ring = np.sin(2 * np.pi * 70 * np.arange(count) / rate).astype(np.float32)
            tone = sweep(hz, count, rate) * (1 if kind else ring)
        gap = np.zeros(take.samples(take.rng.exponential(0.3 / take.denser(1.0, 9.0))), np.float32)
        parts += [tone * arch(count, rise=0.08, fall=0.12), gap]
    return np.concatenate(parts)[: take.count]


@sound_class(
    "red alert",
    "emergency alarm",
    zh=("警报器", "紧急警报", "红色警戒"),
    default_s=5.0,
    level_lufs=-18.0,
)
def alarm(take: Take) -> Samples:
    """An emergency alarm of a base or a ship, a blaring warning klaxon."""
    rate, count = take.sample_rate_hz, take.count
    period = take.denser(1.6, 0.6)
    turn = (np.arange(count) / rate / period) % 1.0
    hz = (300 + 260 * np.clip(turn / 0.55, 0, 1)).astype(np.float32)
    gate = (np.clip((0.62 - turn) * 30, 0, 1) * np.clip(turn * 40, 0, 1)).astype(np.float32)
    tone = harmonics(hz, [1 / k**0.7 for k in range(1, 14)], count, rate)
    return np.asarray(gate * np.tanh(take.harder(0.7, 2.0) * tone).astype(np.float32), np.float32)


@sound_class("charging up", "power up", zh=("充能", "蓄力", "能量"), default_s=2.5)
def power_up(take: Take) -> Samples:
    """An energy device charging up, a rising electric whine."""
    rate, count = take.sample_rate_hz, take.count
    hz = path(
        ((0, 60), (0.85, take.harder(700, 1800)), (1, take.harder(700, 1800))), count, log=True
    )
    tone = harmonics(hz, [1, 0.6, 0.45, 0.35, 0.3, 0.2, 0.15, 0.1], count, rate)
    shake_hz = path(((0, 4), (1, take.denser(15, 45))), count)
    shake = 0.6 + 0.4 * sweep(shake_hz, count, rate)
    return tone * shake * path(((0, 0.1), (0.85, 1.0), (0.95, 1.0), (1, 0.0)), count)


@sound_class("electric shock", "sparks", "tesla coil", zh=("电流", "电击", "电火花"), default_s=3.0)
def electricity(take: Take) -> Samples:
    """Electricity crackling and buzzing, sparks of high voltage."""
    rate, count = take.sample_rate_hz, take.count
    buzz = np.tanh(3 * harmonics(100.0, [1, 0.8, 0.7, 0.6, 0.6, 0.5, 0.5, 0.4], count, rate))
    arcs = (take.wander(take.denser(2.0, 9.0), -0.6, 1.0)).clip(0) ** 0.5
    spit = bandpass(white(count, take.rng), 1500, 11000, rate)
    gate = (take.wander(130.0, 0.0, 1.0) > 0.6).astype(np.float32)
    crackle = lowpass(spit * gate, 12000, rate)
    return np.asarray(
        0.35 * buzz.astype("f4") * (0.3 + 0.7 * arcs) + take.harder(0.4, 1.4) * crackle * arcs,
        np.float32,
    )
