"""Animal calls by a source-filter voice, insects and birds by swept sines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.sound.events import arch, decay, poisson, regular, scatter
from omnimuse.crafts.sound.filters import bandpass, highpass
from omnimuse.crafts.sound.noise import white
from omnimuse.crafts.sound.take import Samples, Take, sound_class
from omnimuse.crafts.sound.tones import harmonics, path, struck, sweep, voice


def _calls(
    take: Take, make: Callable[[], Samples], kinds: int, times: NDArray[np.float64]
) -> Samples:
    """Calls laid at times, chosen from a few performances."""
    bank = [make() for _ in range(kinds)]
    return scatter(take.count, take.sample_rate_hz, times, bank, take.rng, spread_db=5)


def _paced(take: Take, rare_s: float, frequent_s: float) -> NDArray[np.float64]:
    """Times of calls: the first at once, then every so often by density."""
    period = take.denser(rare_s, frequent_s)
    return regular(take.duration_s, 1.0 / period, take.rng, jitter=0.15, start_s=0.05)


def _chirp(take: Take) -> Samples:
    rate, syllables = take.sample_rate_hz, []
    low, high = take.rng.uniform(2400, 3600), take.rng.uniform(4200, 7000)
    shape = take.rng.integers(0, 3)
    for _ in range(take.rng.integers(2, 9)):
        count = take.samples(take.rng.uniform(0.035, 0.11))
        ends = ((0, high), (1, low)) if shape == 0 else ((0, low), (0.5, high), (1, low * 1.1))
        hz = path(ends, count, log=True)
        if shape == 2:
            hz = hz * (1 + 0.06 * np.sin(2 * np.pi * 55 * np.arange(count) / rate)).astype("f4")
        tone = sweep(hz, count, rate) + 0.12 * sweep(2 * hz, count, rate)
        gap = np.zeros(take.samples(take.rng.uniform(0.02, 0.07)), np.float32)
        syllables += [tone * arch(count, rise=0.25, fall=0.4), gap]
    return np.concatenate(syllables)


@sound_class(
    "birdsong",
    "birds singing",
    "tweeting bird",
    zh=("鸟叫", "鸟鸣", "鸟儿", "小鸟"),
    default_s=8.0,
    level_lufs=-25.0,
    is_ambience=True,
)
def birds(take: Take) -> Samples:
    """Birds singing, chirping and twittering in the trees in the morning."""
    out = np.zeros((take.count, 2), np.float32)
    for pan in take.rng.uniform(0.1, 0.9, 5):
        times = poisson(take.duration_s, take.denser(0.12, 0.9), take.rng)
        song = _calls(take, lambda: _chirp(take), 4, times) * take.rng.uniform(0.3, 1.0)
        out += np.stack((song * np.sqrt(1 - pan), song * np.sqrt(pan)), axis=1).astype("f4")
    return out * np.float32(take.harder(0.8, 1.2))


@sound_class(
    "crickets at night",
    "cicada",
    zh=("蟋蟀", "虫鸣", "蝉鸣", "蛐蛐"),
    default_s=8.0,
    level_lufs=-28.0,
    is_ambience=True,
)
def crickets(take: Take) -> Samples:
    """Crickets chirping at night, a high insect trill from the grass."""
    rate = take.sample_rate_hz
    out = np.zeros((take.count, 2), np.float32)
    for insect in range(2 + int(4 * take.density)):
        hz, pulse_s = take.rng.uniform(4100, 5000), take.rng.uniform(0.014, 0.018)
        count = take.samples(pulse_s)
        pulse = sweep(path(((0, hz * 1.02), (1, hz * 0.98)), count), count, rate) * arch(
            count, rise=0.3, fall=0.5
        )
        chirp = np.zeros(take.samples(pulse_s * 6), np.float32)
        for index in range(3):
            at = take.samples(index * pulse_s * 1.9)
            chirp[at : at + count] += pulse[: len(chirp) - at]
        times = regular(
            take.duration_s,
            take.harder(1.8, 3.4),
            take.rng,
            jitter=0.02,
            start_s=take.rng.uniform(0, 0.4),
        )
        line = scatter(take.count, rate, times, [chirp], take.rng, spread_db=1.5)
        pan = take.rng.uniform(0.1, 0.9)
        line = line / (1 + 0.6 * insect)
        out += np.stack((line * np.sqrt(1 - pan), line * np.sqrt(pan)), axis=1).astype("f4")
    return out


@sound_class("frogs croaking", "toad", zh=("青蛙", "蛙鸣", "蛙声"), default_s=6.0)
def frog(take: Take) -> Samples:
    """A frog croaking by a pond, ribbit ribbit."""

    def croak() -> Samples:
        rate, count = take.sample_rate_hz, take.samples(take.rng.uniform(0.28, 0.4))
        pulses = 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * 38 * np.arange(count) / rate) + 0.2)
        mouth = ((550.0, 130.0, 1.0), (1250.0, 200.0, 0.8), (2400.0, 400.0, 0.25))
        tone = voice(
            path(((0, 150), (1, 215)), count),
            (mouth,),
            count,
            rate,
            tilt_db=-3,
            roughness=0.3,
            rng=take.rng,
        )
        return tone * pulses.astype(np.float32) * arch(count, rise=0.15, fall=0.2)

    return _calls(take, croak, 4, _paced(take, 2.4, 0.6))


@sound_class(
    "dog barking", "puppy", "woof", zh=("狗叫", "犬吠", "小狗"), default_s=3.0, level_lufs=-18.0
)
def dog_bark(take: Take) -> Samples:
    """A dog barking loudly, woof woof."""
    pitch = take.rng.uniform(0.85, 1.25)

    def bark() -> Samples:
        rate, count = take.sample_rate_hz, take.samples(take.rng.uniform(0.17, 0.24))
        f0 = path(((0, 260), (0.25, 520), (0.6, 440), (1, 220)), count, log=True) * pitch
        mouths = (
            ((420.0, 150.0, 0.7), (1000.0, 260.0, 0.5), (2600.0, 500.0, 0.2)),
            ((820.0, 190.0, 1.0), (1350.0, 260.0, 0.9), (2900.0, 500.0, 0.4)),
            ((450.0, 150.0, 0.8), (950.0, 260.0, 0.4), (2500.0, 500.0, 0.1)),
        )
        tone = voice(
            f0, mouths, count, rate, tilt_db=-4, roughness=take.harder(0.35, 0.8), rng=take.rng
        )
        breath = bandpass(white(count, take.rng), 600, 3200, rate) * 0.25
        return (tone + breath) * arch(count, rise=0.12, fall=0.55)

    times = _paced(take, 1.3, 0.42)
    doubled = np.sort(np.concatenate((times, times[::2] + 0.3)))
    return _calls(take, bark, 4, doubled)


@sound_class(
    "cat meowing", "kitten", "miaow", zh=("猫叫", "喵喵", "小猫"), default_s=2.5, level_lufs=-20.0
)
def cat_meow(take: Take) -> Samples:
    """A cat meowing, miaow."""

    def meow() -> Samples:
        rate, count = take.sample_rate_hz, take.samples(take.rng.uniform(0.7, 1.1))
        f0 = path(((0, 520), (0.3, 760), (0.65, 690), (1, 430)), count, log=True)
        f0 = f0 * np.float32(take.rng.uniform(0.85, 1.2) * take.harder(0.9, 1.1))
        mouths = (
            ((450.0, 160.0, 0.5), (2300.0, 300.0, 0.8), (3300.0, 500.0, 0.4)),
            ((1000.0, 260.0, 1.0), (1900.0, 320.0, 0.9), (3400.0, 600.0, 0.4)),
            ((950.0, 260.0, 1.0), (1500.0, 300.0, 0.7), (3300.0, 600.0, 0.25)),
            ((500.0, 180.0, 0.8), (950.0, 220.0, 0.4), (2800.0, 600.0, 0.05)),
        )
        tone = voice(f0, mouths, count, rate, tilt_db=-3, roughness=0.1, rng=take.rng)
        return tone * arch(count, rise=0.18, fall=0.4)

    return _calls(take, meow, 3, _paced(take, 3.2, 1.3))


@sound_class("mooing cow", "cattle", zh=("牛叫", "奶牛", "哞哞"), default_s=3.0, level_lufs=-19.0)
def cow_moo(take: Take) -> Samples:
    """A cow mooing, a long low moo from a field."""

    def moo() -> Samples:
        rate, count = take.sample_rate_hz, take.samples(take.rng.uniform(1.5, 2.1))
        f0 = path(((0, 115), (0.2, 150), (0.7, 165), (1, 105)), count)
        mouths = (
            ((260.0, 70.0, 1.0), (700.0, 120.0, 0.15), (2100.0, 300.0, 0.03)),
            ((420.0, 90.0, 1.0), (900.0, 140.0, 0.5), (2300.0, 300.0, 0.15)),
            ((600.0, 110.0, 1.0), (1050.0, 160.0, 0.7), (2400.0, 300.0, 0.25)),
            ((350.0, 90.0, 0.8), (800.0, 140.0, 0.2), (2300.0, 300.0, 0.03)),
        )
        tone = voice(
            f0, mouths, count, rate, tilt_db=-3, roughness=take.harder(0.1, 0.35), rng=take.rng
        )
        return tone * arch(count, rise=0.15, fall=0.25)

    return _calls(take, moo, 3, _paced(take, 5.0, 2.2))


@sound_class("hooting owl", zh=("猫头鹰",), default_s=6.0, level_lufs=-24.0)
def owl(take: Take) -> Samples:
    """An owl hooting at night, hoo hoo."""

    def hoots() -> Samples:
        rate, parts = take.sample_rate_hz, []
        base = take.rng.uniform(340, 400)
        for length_s, gap_s in ((0.28, 0.35), (0.16, 0.1), (0.16, 0.25), (0.55, 0.1)):
            count = take.samples(length_s)
            hz = base * path(((0, 0.9), (0.3, 1.04), (1, 0.93)), count)
            tone = sweep(hz, count, rate) + 0.1 * sweep(2 * hz, count, rate)
            tone += 0.03 * bandpass(white(count, take.rng), 300, 900, rate)
            parts += [
                tone * arch(count, rise=0.25, fall=0.4),
                np.zeros(take.samples(gap_s), np.float32),
            ]
        return np.concatenate(parts)

    return _calls(take, hoots, 2, _paced(take, 7.0, 2.4))


@sound_class(
    "buzzing bee",
    "fly buzzing",
    "mosquito",
    zh=("蜜蜂", "苍蝇", "嗡嗡"),
    default_s=5.0,
    level_lufs=-26.0,
)
def bee(take: Take) -> Samples:
    """A bee or fly buzzing around, an insect humming close by."""
    rate, count = take.sample_rate_hz, take.count
    hz = take.harder(170, 260) * take.wander(1.7, 0.92, 1.08) * take.wander(11.0, 0.985, 1.015)
    tone = harmonics(hz, [1, 0.8, 0.7, 0.4, 0.35, 0.2, 0.2, 0.1, 0.1, 0.07, 0.05], count, rate)
    near = take.wander(take.denser(0.4, 1.6), 0.15, 1.0) ** 1.5
    side = take.wander(0.7, 0.0, 1.0)
    tone = tone * near
    return np.stack((tone * np.sqrt(1 - side), tone * np.sqrt(side)), axis=1).astype("f4")


@sound_class(
    "horse galloping", "horse trotting", "clip clop", zh=("马蹄", "马蹄声", "骑马"), default_s=5.0
)
def horse_hooves(take: Take) -> Samples:
    """Horse hooves trotting or galloping on a road, clip-clop clip-clop."""
    rate, bank = take.sample_rate_hz, []
    for tune in (1.0, 1.12, 0.93, 1.05):
        modes = [
            (310 * tune, 0.8, 0.07),
            (820 * tune, 1.0, 0.05),
            (1430 * tune, 0.6, 0.04),
            (2350 * tune, 0.3, 0.02),
        ]
        hit = struck(modes, 0.1, rate)
        hit[: take.samples(0.008)] += 0.5 * white(take.samples(0.008), take.rng)
        bank.append(hit)
    stride_s = take.harder(1.0, 0.46)
    beats = (0.0, 0.25, 0.5, 0.75) if take.intensity < 0.6 else (0.0, 0.16, 0.34)
    strides = np.arange(0.02, take.duration_s, stride_s)
    times = np.sort(np.concatenate([strides + beat * stride_s for beat in beats]))
    times += take.rng.uniform(0, 0.012, len(times))
    return scatter(take.count, rate, times, bank, take.rng, spread_db=4)


@sound_class(
    "cock crowing",
    "cock-a-doodle-doo",
    zh=("公鸡", "鸡鸣", "打鸣"),
    default_s=3.0,
    level_lufs=-19.0,
)
def rooster(take: Take) -> Samples:
    """A rooster crowing at dawn, cock-a-doodle-doo."""

    def crow() -> Samples:
        rate, parts = take.sample_rate_hz, []
        mouth = ((900.0, 260.0, 0.8), (1900.0, 400.0, 1.0), (3400.0, 600.0, 0.5))
        for length_s, curve in (
            (0.16, ((0, 420), (0.5, 560), (1, 520))),
            (0.1, ((0, 560), (1, 600))),
            (0.22, ((0, 600), (0.4, 860), (1, 780))),
            (0.95, ((0, 700), (0.15, 880), (0.55, 800), (1, 420))),
        ):
            count = take.samples(length_s)
            tone = voice(
                path(curve, count, log=True),
                (mouth,),
                count,
                rate,
                tilt_db=-2,
                roughness=take.harder(0.2, 0.45),
                rng=take.rng,
            )
            parts += [
                tone * arch(count, rise=0.1, fall=0.25),
                np.zeros(take.samples(0.025), np.float32),
            ]
        return np.concatenate(parts)

    return _calls(take, crow, 2, _paced(take, 5.0, 2.0))


@sound_class("bleating sheep", "goat", "lamb", zh=("羊叫", "绵羊", "咩咩", "山羊"), default_s=3.0)
def sheep(take: Take) -> Samples:
    """A sheep bleating, baa baa, on a farm."""

    def baa() -> Samples:
        rate, count = take.sample_rate_hz, take.samples(take.rng.uniform(0.8, 1.1))
        time = np.arange(count) / rate
        f0 = path(((0, 250), (0.2, 300), (1, 235)), count)
        f0 = f0 * (1 + 0.035 * np.sin(2 * np.pi * 7.5 * time)).astype(np.float32)
        mouth = ((680.0, 130.0, 1.0), (1650.0, 220.0, 0.7), (2600.0, 350.0, 0.35))
        tone = voice(f0, (mouth,), count, rate, tilt_db=-3, roughness=0.25, rng=take.rng)
        tremble = (1 - 0.45 * (0.5 + 0.5 * np.sin(2 * np.pi * 7.5 * time))).astype(np.float32)
        return tone * tremble * arch(count, rise=0.1, fall=0.3)

    return _calls(take, baa, 3, _paced(take, 3.5, 1.3))


@sound_class("gulls", "seabirds", zh=("海鸥",), default_s=6.0, level_lufs=-23.0)
def seagulls(take: Take) -> Samples:
    """Seagulls crying and screeching over a harbour."""

    def cry() -> Samples:
        rate, parts = take.sample_rate_hz, []
        mouth = ((1300.0, 350.0, 0.9), (2600.0, 500.0, 1.0), (4200.0, 700.0, 0.5))
        tune = take.rng.uniform(0.85, 1.15)
        for index in range(take.rng.integers(2, 6)):
            count = take.samples(take.rng.uniform(0.22, 0.4) * (1.4 if index == 0 else 1.0))
            f0 = path(((0, 780), (0.2, 1250), (1, 820)), count, log=True) * tune
            tone = voice(f0, (mouth,), count, rate, tilt_db=-2, roughness=0.2, rng=take.rng)
            parts += [
                tone * arch(count, rise=0.15, fall=0.4),
                np.zeros(take.samples(0.09), np.float32),
            ]
        return np.concatenate(parts)

    return _calls(take, cry, 4, _paced(take, 4.0, 1.2))


@sound_class("raven", "crow cawing", zh=("乌鸦",), default_s=4.0)
def crow(take: Take) -> Samples:
    """A crow cawing, a harsh hoarse caw caw."""

    def caw() -> Samples:
        rate, count = take.sample_rate_hz, take.samples(take.rng.uniform(0.3, 0.42))
        f0 = path(((0, 480), (0.3, 560), (1, 430)), count)
        mouth = ((1150.0, 260.0, 1.0), (1800.0, 300.0, 0.8), (3300.0, 700.0, 0.4))
        tone = voice(f0, (mouth,), count, rate, tilt_db=-2, roughness=0.8, rng=take.rng)
        rasp = bandpass(white(count, take.rng), 900, 2600, rate) * 0.35
        return (tone + rasp) * arch(count, rise=0.1, fall=0.3)

    return _calls(take, caw, 3, _paced(take, 1.6, 0.55))


@sound_class("wolf howling", "howl", zh=("狼嚎", "狼叫"), default_s=6.0)
def wolf(take: Take) -> Samples:
    """A wolf howling at the moon, a long lonely howl."""

    def howl() -> Samples:
        rate, count = take.sample_rate_hz, take.samples(take.rng.uniform(3.2, 4.2))
        f0 = path(((0, 300), (0.12, 560), (0.3, 640), (0.7, 600), (1, 360)), count, log=True)
        f0 = f0 * (1 + 0.008 * np.sin(2 * np.pi * 5 * np.arange(count) / rate)).astype("f4")
        mouth = ((560.0, 220.0, 1.0), (1150.0, 300.0, 0.35), (2600.0, 500.0, 0.06))
        tone = voice(f0, (mouth,), count, rate, tilt_db=-7, roughness=0.06, rng=take.rng)
        return tone * arch(count, rise=0.12, fall=0.35)

    return _calls(take, howl, 2, _paced(take, 8.0, 3.0))


@sound_class("duck quacking", "quack", zh=("鸭子", "嘎嘎"), default_s=3.0)
def duck(take: Take) -> Samples:
    """A duck quacking on a pond, quack quack."""

    def quack() -> Samples:
        rate, count = take.sample_rate_hz, take.samples(take.rng.uniform(0.15, 0.22))
        f0 = path(((0, 230), (0.3, 260), (1, 180)), count)
        mouth = ((1100.0, 200.0, 1.0), (2100.0, 260.0, 0.9), (3000.0, 400.0, 0.5))
        tone = voice(f0, (mouth,), count, rate, tilt_db=-1, roughness=0.35, rng=take.rng)
        return highpass(tone, 400, rate) * arch(count, rise=0.1, fall=0.4)

    return _calls(take, quack, 4, _paced(take, 1.0, 0.3))


@sound_class("snake hissing", "rattlesnake", zh=("蛇",), default_s=3.0, level_lufs=-26.0)
def snake(take: Take) -> Samples:
    """A snake hissing and rattling its tail as a warning."""
    rate, count = take.sample_rate_hz, take.count
    hiss = take.noise((2500, -12), (5500, 0), (9000, -3), (15000, -14))
    breath = take.wander(take.denser(0.5, 1.5), 0.0, 1.0) ** 1.5
    ticks = regular(take.duration_s, take.harder(38, 60), take.rng, jitter=0.1)
    bank = [
        highpass(white(n, take.rng), 4000, rate) * decay(n, rate, attack_s=0.0005, fall_s=0.012)
        for n in [take.samples(0.014)] * 5
    ]
    rattle = scatter(count, rate, ticks, bank, take.rng, spread_db=5)
    return np.asarray(hiss * breath + 0.6 * rattle * take.wander(0.6, 0.0, 1.0), np.float32)
