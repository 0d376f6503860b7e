"""Clocks, keyboards, motors and household machines."""

from __future__ import annotations

import numpy as np

from omnimuse.crafts.sound.events import arch, decay, poisson, regular, scatter
from omnimuse.crafts.sound.filters import bandpass, highpass, lowpass
from omnimuse.crafts.sound.noise import white
from omnimuse.crafts.sound.take import Samples, Take, sound_class
from omnimuse.crafts.sound.tones import harmonics, path, struck


def click(take: Take, low_hz: float, high_hz: float, fall_s: float) -> Samples:
    """A short band of noise that falls quickly."""
    count = take.samples(fall_s)
    burst = bandpass(white(count + 200, take.rng)[200:], low_hz, high_hz, take.sample_rate_hz)
    return burst * decay(count, take.sample_rate_hz, attack_s=0.0003, fall_s=fall_s)


@sound_class(
    "clock",
    "tick tock",
    "watch ticking",
    zh=("钟表", "时钟", "滴答", "闹钟滴答"),
    default_s=6.0,
    level_lufs=-30.0,
)
def clock_ticking(take: Take) -> Samples:
    """A clock ticking, tick-tock tick-tock."""
    rate, period = take.sample_rate_hz, take.denser(1.0, 0.25)
    out = np.zeros(take.count, np.float32)
    for start_s, tune in ((0.05, 1.0), (0.05 + period, 0.82)):
        tick = struck(
            [
                (1650 * tune, 0.6, 0.03),
                (3100 * tune, 1.0, 0.02),
                (5200 * tune, 0.5, 0.012),
                (620 * tune, 0.4, 0.05),
            ],
            0.06,
            rate,
        )
        tick[: take.samples(0.001)] += take.harder(0.5, 1.5) * white(take.samples(0.001), take.rng)
        times = np.arange(start_s, take.duration_s, 2 * period)
        if len(times):
            out += scatter(take.count, rate, times, [tick], take.rng, spread_db=1)
    return out


@sound_class(
    "keyboard",
    "typing on a computer",
    "typewriter",
    zh=("打字", "键盘", "敲键盘"),
    default_s=6.0,
    level_lufs=-28.0,
)
def typing(take: Take) -> Samples:
    """Typing on a computer keyboard, quick key clicks."""
    rate, bank = take.sample_rate_hz, []
    for _ in range(9):
        key = np.zeros(take.samples(0.13), np.float32)
        down, up = click(take, 1200, 5500, 0.02), click(take, 2000, 7500, 0.012)
        thock = struck([(take.rng.uniform(180, 320), 0.5, 0.04)], 0.05, rate)
        at = take.samples(take.rng.uniform(0.06, 0.1))
        key[: len(down)] += down
        key[: len(thock)] += take.harder(0.1, 0.5) * thock
        key[at : at + len(up)] += 0.4 * up
        bank.append(key)
    gaps = take.rng.gamma(2.0, 0.5 / take.denser(4.0, 11.0), 4000)
    gaps[take.rng.random(4000) < 0.06] += 0.35
    times = np.cumsum(gaps)
    return scatter(take.count, rate, times[times < take.duration_s], bank, take.rng, spread_db=6)


@sound_class(
    "power drill", "electric saw", zh=("电钻", "钻孔", "电锯"), default_s=4.0, level_lufs=-18.0
)
def drill(take: Take) -> Samples:
    """An electric drill, the whining motor of a power tool boring into a wall."""
    rate, count = take.sample_rate_hz, take.count
    speed = path(((0, 0.2), (0.06, 1.0), (0.3, 1.0), (0.4, 0.8), (0.88, 0.82), (1, 0.1)), count)
    hz = take.harder(170, 300) * speed * take.wander(9.0, 0.985, 1.015)
    motor = harmonics(hz, [0.5, 0.3, 0.8, 0.3, 0.6, 0.7, 0.3, 0.4, 0.3, 0.3, 0.2, 0.2], count, rate)
    bite = path(((0, 0), (0.34, 0), (0.42, 1), (0.86, 1), (0.9, 0), (1, 0)), count)
    grind = take.noise((300, -6), (1500, 0), (4500, -3), (12000, -14))
    rough = 0.6 + 0.4 * np.sign(np.sin(np.cumsum(hz / 4.0) * 2 * np.pi / rate))
    return speed * motor + bite * (0.4 + 0.6 * take.density) * grind * rough.astype(np.float32)


@sound_class(
    "ventilator",
    "air conditioner",
    zh=("风扇", "电扇", "空调"),
    default_s=8.0,
    level_lufs=-28.0,
    is_ambience=True,
)
def fan(take: Take) -> Samples:
    """An electric fan or air conditioner humming, steady blowing air."""
    rate, count = take.sample_rate_hz, take.count
    spin = 2 * np.pi * take.harder(14, 38) * np.arange(count) / rate
    pulse = (1 + 0.22 * np.sin(spin) + 0.1 * np.sin(2 * spin)).astype(np.float32)
    hum = harmonics(100.0, [1, 0.6, 0.2, 0.25, 0.05, 0.1], count, rate)

    def side() -> Samples:
        air = take.noise((60, -6), (250, 0), (900, -4), (3000, -14), (10000, -32))
        return pulse * air + 0.12 * hum

    return take.both(side)


@sound_class(
    "laundry", "washer", zh=("洗衣机",), default_s=10.0, level_lufs=-24.0, is_ambience=True
)
def washing_machine(take: Take) -> Samples:
    """A washing machine turning, wet laundry sloshing and tumbling in the drum."""
    rate, count = take.sample_rate_hz, take.count
    turn_hz = take.denser(0.7, 1.5)
    turn = 2 * np.pi * turn_hz * np.arange(count) / rate
    slosh = take.noise((150, -4), (500, 0), (1800, -8), (6000, -24))
    slosh *= (
        np.maximum(0.0, np.sin(turn)) ** 3 + 0.4 * np.maximum(0, np.sin(turn + 2.2)) ** 6
    ).astype(np.float32)
    thud_bank = [
        struck([(hz, 1.0, 0.18), (hz * 2.3, 0.3, 0.09)], 0.25, rate) for hz in (62, 74, 88)
    ]
    thuds = scatter(
        count,
        rate,
        regular(take.duration_s, turn_hz, take.rng, jitter=0.06),
        thud_bank,
        take.rng,
        spread_db=8,
    )
    motor = harmonics(
        50.0 * take.wander(0.6, 0.98, 1.02), [1, 0.7, 0.5, 0.3, 0.2, 0.2, 0.1], count, rate
    )
    return np.asarray(0.8 * slosh + 0.9 * thuds + take.harder(0.06, 0.3) * motor, np.float32)


@sound_class("office printer", "printing", zh=("打印机", "复印机"), default_s=6.0, level_lufs=-24.0)
def printer(take: Take) -> Samples:
    """An office printer printing a page, the carriage moving back and forth with whirring."""
    rate, count = take.sample_rate_hz, take.count
    stroke_s = take.denser(1.3, 0.5)
    turn = (np.arange(count) / rate / stroke_s) % 1.0
    moving = np.clip(np.minimum(turn, 0.86 - turn) * 14, 0, 1).astype(np.float32)
    way = np.where(((np.arange(count) / rate / stroke_s).astype(int)) % 2 == 0, 1.0, 1.18)
    stepper = harmonics(
        take.harder(240, 420) * way * (0.6 + 0.4 * moving),
        [1, 0.4, 0.8, 0.3, 0.5, 0.3, 0.3, 0.2, 0.2],
        count,
        rate,
    )
    buzz = 0.6 + 0.4 * np.sign(np.sin(2 * np.pi * 46 * np.arange(count) / rate)).astype("f4")
    jet = take.noise((2500, -8), (5500, 0), (11000, -8)) * buzz
    ends = regular(take.duration_s, 1 / stroke_s, take.rng)
    clunk = scatter(count, rate, ends, [click(take, 250, 1400, 0.05)], take.rng, spread_db=2)
    return np.asarray(moving * (0.4 * stepper + 0.25 * jet) + 1.5 * clunk, np.float32)


@sound_class(
    "hoover", "vacuuming", zh=("吸尘器",), default_s=8.0, level_lufs=-19.0, is_ambience=True
)
def vacuum_cleaner(take: Take) -> Samples:
    """A vacuum cleaner, a loud motor howl with rushing suction."""
    rate, count = take.sample_rate_hz, take.count
    pitch = take.harder(240, 340) * take.wander(take.denser(0.3, 1.2), 0.96, 1.05)
    motor = harmonics(pitch, [1, 0.5, 0.35, 0.6, 0.2, 0.3, 0.15, 0.2, 0.1], count, rate)

    def side() -> Samples:
        rush = take.noise((150, -6), (700, 0), (2500, -3), (7000, -10), (14000, -24))
        return rush * take.wander(1.0, 0.8, 1.1) + 0.35 * motor

    return take.both(side)


@sound_class("taking a photo", "photo", zh=("快门", "拍照", "相机"), default_s=0.6)
def camera_shutter(take: Take) -> Samples:
    """A camera shutter clicking as a photograph is taken."""
    first, second = click(take, 1500, 8000, 0.025), click(take, 900, 6000, 0.04)
    whirr = highpass(white(take.samples(0.12), take.rng), 2500, take.sample_rate_hz) * 0.08
    shot = np.zeros(take.samples(0.3), np.float32)
    for part, at_s, gain in (
        (first, 0.0, take.harder(0.7, 1.2)),
        (whirr, 0.03, 1.0),
        (second, 0.09, 0.9),
    ):
        at = take.samples(at_s) - 1
        shot[at : at + len(part)] += np.float32(gain) * part
    times = np.arange(0.02, take.duration_s, take.denser(1.2, 0.3))
    return scatter(take.count, take.sample_rate_hz, times, [shot], take.rng, spread_db=1)


@sound_class(
    "hammering",
    "construction work",
    zh=("锤子", "施工", "敲打", "工地"),
    default_s=4.0,
    level_lufs=-19.0,
)
def hammer(take: Take) -> Samples:
    """A hammer hitting a nail, construction work."""
    rate, bank = take.sample_rate_hz, []
    for tune in (1.0, 1.05, 1.12, 1.18):
        hit = struck(
            [
                (2350 * tune, 0.7, 0.12),
                (3900 * tune, 0.5, 0.08),
                (5600 * tune, 0.3, 0.05),
                (240, 0.9, 0.06),
                (510, 0.5, 0.05),
            ],
            0.16,
            rate,
        )
        hit[: take.samples(0.003)] += take.harder(0.6, 2.0) * white(take.samples(0.003), take.rng)
        bank.append(hit)
    times = regular(take.duration_s, take.denser(1.2, 3.6), take.rng, jitter=0.08, start_s=0.05)
    return scatter(take.count, rate, times, bank, take.rng, spread_db=3)


@sound_class(
    "factory",
    "industrial machine",
    zh=("工厂", "机器"),
    default_s=10.0,
    level_lufs=-21.0,
    is_ambience=True,
)
def factory(take: Take) -> Samples:
    """Factory machinery running, rhythmic pistons, hissing steam and a heavy mechanical hum."""
    rate, count = take.sample_rate_hz, take.count
    beat_hz = take.denser(0.8, 2.2)
    stomp = struck([(58, 1.0, 0.3), (121, 0.6, 0.2), (333, 0.3, 0.1), (890, 0.15, 0.08)], 0.4, rate)
    stomps = scatter(
        count, rate, regular(take.duration_s, beat_hz, take.rng), [stomp], take.rng, spread_db=2
    )
    puff_count = take.samples(0.25)
    puff = highpass(white(puff_count, take.rng), 1800, rate) * arch(puff_count, rise=0.1, fall=0.7)
    puffs = scatter(
        count,
        rate,
        regular(take.duration_s, beat_hz, take.rng, start_s=0.5 / beat_hz),
        [puff],
        take.rng,
        spread_db=4,
    )
    hum = harmonics(50.0, [1, 0.8, 0.3, 0.5, 0.1, 0.3, 0.1, 0.2], count, rate)
    clank_bank = [
        struck([(hz, 1.0, 0.2), (hz * 2.76, 0.5, 0.15), (hz * 5.4, 0.3, 0.1)], 0.3, rate)
        for hz in (410, 530, 700)
    ]
    clanks = scatter(
        count, rate, poisson(take.duration_s, beat_hz, take.rng), clank_bank, take.rng, spread_db=14
    )
    bed = take.both(lambda: take.noise((30, 0), (150, -2), (700, -12), (4000, -26)))
    line = stomps + take.harder(0.1, 0.4) * puffs + 0.25 * clanks + 0.12 * hum
    return lowpass(line, 9000, rate)[:, None] + np.float32(0.1) * bed
