"""Engines, rotors, rails, horns and sirens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.sound.events import arch, decay, regular, scatter
from omnimuse.crafts.sound.filters import bandpass, lowpass, resonate, swept_lowpass
from omnimuse.crafts.sound.noise import white
from omnimuse.crafts.sound.take import Samples, Take, sound_class
from omnimuse.crafts.sound.tones import harmonics, path, struck, sweep


def _unit(samples: Samples) -> Samples:
    return samples / np.float32(np.sqrt(np.mean(samples**2)) + 1e-9)


def firing(take: Take, rate_hz: NDArray[np.float32], *, uneven: float, pipe_hz: float) -> Samples:
    """Combustion pulses through an exhaust: one decaying burst a firing, its level uneven."""
    phase = np.cumsum(rate_hz.astype(np.float64)) / take.sample_rate_hz
    strokes = np.flatnonzero(np.diff(np.floor(phase)) > 0)
    train = np.zeros(take.count, np.float32)
    train[strokes] = 1.0 + uneven * take.rng.standard_normal(len(strokes))
    pattern = np.array([1.0, 0.82, 0.94, 0.75], np.float32)
    train[strokes] *= pattern[np.arange(len(strokes)) % 4]
    count = take.samples(0.03)
    burst = white(count, take.rng) * 0.35 + 1.0
    burst = burst * decay(count, take.sample_rate_hz, attack_s=0.0008, fall_s=0.018)
    from scipy.signal import oaconvolve

    raw = oaconvolve(train, burst.astype(np.float32))[: take.count].astype(np.float32)
    pipe = resonate(raw, pipe_hz, 60.0, take.sample_rate_hz)
    pipe += 0.6 * resonate(raw, pipe_hz * 2.7, 140.0, take.sample_rate_hz)
    return _unit(raw - lowpass(raw, 25.0, take.sample_rate_hz)) * 0.5 + _unit(pipe)


@sound_class(
    "car",
    "engine running",
    "motor",
    zh=("汽车", "引擎", "发动机", "马达"),
    default_s=8.0,
    is_ambience=True,
)
def car_engine(take: Take) -> Samples:
    """A car engine running and revving, a petrol motor of an automobile."""
    base = take.harder(26.0, 120.0)
    rev = base * take.wander(take.denser(0.15, 0.8), 0.93, 1.0 + 0.35 * take.density)
    engine = firing(take, rev, uneven=0.08, pipe_hz=110.0)
    whirr = harmonics(rev * 2, [0.5, 0.35, 0.2, 0.15, 0.1, 0.08], take.count, take.sample_rate_hz)
    air = take.noise((60, 0), (300, -8), (1500, -18), (6000, -34))
    return lowpass(engine + 0.35 * whirr + 0.25 * air, take.harder(1500, 5000), take.sample_rate_hz)


@sound_class(
    "motorbike",
    "chopper bike",
    zh=("摩托车", "机车"),
    default_s=6.0,
    level_lufs=-19.0,
    is_ambience=True,
)
def motorcycle(take: Take) -> Samples:
    """A motorcycle, the loud rough popping roar of a motorbike accelerating."""
    base = take.harder(30.0, 85.0)
    rev = base * path(((0, 0.8), (0.35, 1.5), (0.4, 1.15), (0.75, 1.9), (1, 1.3)), take.count)
    roar = firing(take, rev, uneven=0.3, pipe_hz=165.0)
    return np.asarray(
        np.tanh(1.6 * roar).astype(np.float32) + 0.1 * take.noise((200, 0), (3000, -12)), np.float32
    )


@sound_class(
    "cars passing",
    "busy road",
    "city traffic",
    zh=("车流", "马路", "交通", "城市街道"),
    default_s=15.0,
    is_ambience=True,
)
def traffic(take: Take) -> Samples:
    """City traffic, cars passing by on a busy street."""
    rate, count = take.sample_rate_hz, take.count
    time = np.arange(count) / rate
    out = np.float32(0.35) * take.both(
        lambda: take.noise((30, 0), (90, 0), (400, -10), (2000, -22), (8000, -40))
    )
    tyres = take.noise((200, -8), (800, 0), (2500, -7), (8000, -20))
    hum = take.noise((40, 0), (120, 0), (400, -12), (1200, -28))
    for at in regular(take.duration_s + 3, 1 / take.denser(7.0, 1.6), take.rng, jitter=0.4) - 1.0:
        span, way = take.rng.uniform(0.7, 1.3), take.rng.choice((-1.0, 1.0))
        place = (time - at) / span
        near = (1.0 / (1.0 + place**2)).astype(np.float32) ** 1.3
        pan = (0.5 + 0.45 * way * np.tanh(place)).astype(np.float32)
        car = near * (tyres * take.harder(0.5, 1.0) + 0.9 * hum) * take.rng.uniform(0.6, 1.2)
        out += np.stack((car * np.sqrt(1 - pan), car * np.sqrt(pan)), axis=1).astype("f4")
    return out


@sound_class(
    "railway",
    "train passing",
    "steam locomotive",
    zh=("火车", "列车", "铁路"),
    default_s=10.0,
    is_ambience=True,
)
def train(take: Take) -> Samples:
    """A train rolling on rails, wheels clacking rhythmically over the track joints."""
    rate = take.sample_rate_hz
    bank = []
    for tune in (1.0, 0.93, 1.06):
        hit = struck(
            [
                (190 * tune, 1.0, 0.12),
                (460 * tune, 0.8, 0.08),
                (1240 * tune, 0.35, 0.05),
                (2900 * tune, 0.2, 0.03),
            ],
            0.15,
            rate,
        )
        hit[: take.samples(0.006)] += 0.7 * white(take.samples(0.006), take.rng)
        bank.append(hit)
    joints = np.arange(0.1, take.duration_s, 1.0 / take.harder(0.6, 1.7))
    axle_s = 0.16 / take.harder(0.8, 1.6)
    offsets = (0.0, axle_s, 2.6 * axle_s, 3.6 * axle_s)
    times = np.sort(np.concatenate([joints + offset for offset in offsets]))
    clack = scatter(take.count, rate, times, bank, take.rng, spread_db=3)
    rumble = take.both(lambda: take.noise((25, 0), (80, 0), (250, -9), (900, -20), (4000, -36)))
    squeal = take.noise((2100, -20), (2600, 0), (3100, -20)) * take.wander(0.7, 0.0, 1.0) ** 4
    body = 0.35 * rumble * take.wander(2.0, 0.7, 1.2)[:, None]
    return body + (1.0 * clack + 0.05 * squeal * take.harder(0.5, 2.0))[:, None]


@sound_class(
    "locomotive whistle", "train whistle", zh=("火车汽笛", "汽笛"), default_s=3.0, level_lufs=-17.0
)
def train_horn(take: Take) -> Samples:
    """A train horn blowing a long loud chord at a crossing."""
    count, rate = take.count, take.sample_rate_hz
    drift = take.wander(3.0, 0.997, 1.003) * path(
        ((0, 0.96), (0.05, 1.0), (0.95, 1), (1, 0.97)), count
    )
    chord = np.zeros(count, np.float32)
    for hz in (311.1, 370.0, 415.3, 493.9, 622.3):
        chord += harmonics(hz * drift, [1, 0.8, 0.7, 0.5, 0.35, 0.25, 0.2, 0.12, 0.1], count, rate)
    breath = take.noise((300, -10), (900, 0), (4000, -12))
    return arch(count, rise=0.05, fall=0.12) * (chord + take.harder(0.1, 0.4) * breath)


@sound_class("chopper", "helicopter rotor", zh=("直升机",), default_s=8.0, is_ambience=True)
def helicopter(take: Take) -> Samples:
    """A helicopter hovering, rotor blades chopping the air."""
    rate, count = take.sample_rate_hz, take.count
    blade_hz = take.harder(9.5, 15.0)
    phase = np.cumsum(blade_hz * take.wander(0.4, 0.98, 1.02).astype(np.float64)) / rate % 1.0
    slap = (np.exp(-phase * 9.0) * (1 - np.exp(-phase * 90.0))).astype(np.float32)
    low = take.noise((25, 0), (90, 2), (300, -4), (1200, -12), (5000, -26))
    turbine = harmonics(take.wander(0.5, 0.995, 1.005) * 740.0, [0.6, 0.2, 0.3, 0.1], count, rate)
    wash = take.noise((200, 0), (1500, -8), (7000, -18))
    return np.asarray(
        low * (0.12 + 1.6 * slap) + 0.05 * turbine + take.harder(0.03, 0.12) * wash, np.float32
    )


@sound_class("jet", "plane flying over", "aircraft", zh=("飞机", "喷气机", "客机"), default_s=10.0)
def airplane(take: Take) -> Samples:
    """A jet airplane flying overhead, a roaring swell that rises and falls away."""
    rate, count = take.sample_rate_hz, take.count
    place = np.linspace(-1.6, 2.2, count)
    near = (1.0 / (1.0 + (2.0 * place) ** 2)).astype(np.float32)
    cutoff = (260 + take.harder(2200, 6500) * near**1.3).astype(np.float32)

    def side() -> Samples:
        air = take.noise((30, 0), (120, 1), (600, -3), (2500, -10), (9000, -20))
        return swept_lowpass(air, cutoff, rate) * (0.06 + near)

    shift = (1 - 0.12 * np.tanh(3.0 * place)).astype(np.float32)
    whine = sweep(1450 * shift, count, rate) + 0.5 * sweep(2330 * shift, count, rate)
    return np.asarray(take.both(side) + (0.03 * whine * near**2)[:, None], np.float32)


@sound_class(
    "police siren",
    "ambulance",
    "fire engine",
    zh=("警笛", "警报", "救护车", "警车"),
    default_s=6.0,
    level_lufs=-19.0,
)
def siren(take: Take) -> Samples:
    """A police car or ambulance siren wailing up and down."""
    rate, count = take.sample_rate_hz, take.count
    cycle_s = take.denser(5.5, 1.1)
    turn = (np.arange(count) / rate / cycle_s + take.rng.uniform()) % 1.0
    shape = np.where(turn < 0.45, turn / 0.45, (1 - turn) / 0.55)
    hz = (560.0 * (2.6 ** (np.sin(np.pi * (shape - 0.5)) * 0.5 + 0.5))).astype(np.float32)
    tone = harmonics(hz, [1, 0.1, 0.55, 0.08, 0.3, 0.05, 0.15], count, rate)
    return bandpass(np.tanh(take.harder(0.8, 2.0) * tone).astype("f4"), 400, 5000, rate)


@sound_class(
    "honking", "honk", "beeping car", zh=("喇叭", "鸣笛", "按喇叭"), default_s=2.0, level_lufs=-18.0
)
def car_horn(take: Take) -> Samples:
    """A car horn honking."""
    rate = take.sample_rate_hz
    length = take.samples(take.harder(0.3, 0.8))
    levels = [1.0 / k**0.6 for k in range(1, 16)]
    honk = harmonics(415.0, levels, length, rate) + harmonics(523.0, levels, length, rate)
    honk = bandpass(np.tanh(honk).astype("f4"), 350, 5500, rate) * arch(
        length, rise=0.03, fall=0.06
    )
    times = np.arange(0.0, take.duration_s, take.denser(1.8, 0.9))
    return scatter(take.count, rate, times, [honk], take.rng, spread_db=0.5)


@sound_class(
    "foghorn", "ship", "boat horn", zh=("轮船", "船笛", "雾笛"), default_s=5.0, level_lufs=-18.0
)
def ship_horn(take: Take) -> Samples:
    """A ship horn in a harbour, one deep long blast like a foghorn."""
    count, rate = take.count, take.sample_rate_hz
    hz = 82.0 * path(((0, 0.93), (0.08, 1.0), (0.92, 1.0), (1, 0.95)), count)
    tone = harmonics(hz, [1, 0.9, 0.8, 0.6, 0.5, 0.35, 0.3, 0.2, 0.15, 0.1, 0.1], count, rate)
    air = take.noise((80, 0), (400, -6), (2000, -20))
    return arch(count, rise=0.08, fall=0.18) * (tone + take.harder(0.05, 0.3) * air)


@sound_class("bike bell", "cycling", zh=("自行车铃", "车铃"), default_s=2.0)
def bicycle_bell(take: Take) -> Samples:
    """A bicycle bell ringing, ring-ring."""
    rate = take.sample_rate_hz
    ding = struck(
        [(2210, 1.0, 1.1), (3480, 0.7, 0.8), (5240, 0.5, 0.5), (7350, 0.3, 0.3)], 1.1, rate
    )
    ring = [
        start + index * 0.052
        for start in np.arange(0.0, take.duration_s, take.denser(2.4, 0.8))
        for index in range(8)
    ]
    times = np.array(ring)
    return scatter(take.count, rate, times, [ding], take.rng, spread_db=4) * np.float32(
        take.harder(0.8, 1.2)
    )
