"""Sounds of people other than speech. No laughter, no crying: synthesis cannot do them."""

from __future__ import annotations

import numpy as np

from omnimuse.crafts.sound.events import arch, decay, poisson, regular, scatter
from omnimuse.crafts.sound.filters import bandpass, lowpass
from omnimuse.crafts.sound.noise import white
from omnimuse.crafts.sound.take import Samples, Take, sound_class
from omnimuse.crafts.sound.tones import path, struck, sweep, voice

_VOWELS = (
    ((730.0, 110.0, 1.0), (1090.0, 130.0, 0.6), (2440.0, 200.0, 0.2)),
    ((530.0, 100.0, 1.0), (1840.0, 160.0, 0.5), (2480.0, 200.0, 0.25)),
    ((300.0, 80.0, 1.0), (870.0, 120.0, 0.3), (2240.0, 200.0, 0.1)),
    ((270.0, 80.0, 1.0), (2290.0, 180.0, 0.5), (3010.0, 220.0, 0.3)),
    ((570.0, 100.0, 1.0), (840.0, 120.0, 0.6), (2410.0, 200.0, 0.15)),
)


def _claps(take: Take, kinds: int) -> list[Samples]:
    bank = []
    for _ in range(kinds):
        count, hz = take.samples(0.03), take.rng.uniform(700, 2300)
        burst = bandpass(white(count, take.rng), hz * 0.6, hz * 1.6, take.sample_rate_hz)
        bank.append(burst * decay(count, take.sample_rate_hz, attack_s=0.0006, fall_s=0.022))
    return bank


@sound_class(
    "clapping audience",
    "audience clapping",
    "ovation",
    zh=("掌声", "鼓掌", "拍手"),
    default_s=6.0,
    level_lufs=-19.0,
    is_ambience=True,
)
def applause(take: Take) -> Samples:
    """Applause, a large audience clapping their hands in a hall."""

    def side() -> Samples:
        line = np.zeros(take.count, np.float32)
        bank = _claps(take, 20)
        for _ in range(4):
            times = poisson(take.duration_s, take.denser(18.0, 140.0), take.rng)
            line += scatter(take.count, take.sample_rate_hz, times, bank, take.rng, spread_db=14)
        return line * take.wander(0.5, 0.85, 1.1)

    cheer = take.both(lambda: take.noise((400, -10), (900, 0), (2500, -8), (6000, -24)))
    return take.both(side) + np.float32(take.harder(0.003, 0.03)) * cheer


@sound_class(
    "people talking",
    "restaurant",
    "crowd",
    "cafe chatter",
    zh=("人群", "嘈杂", "人声", "咖啡馆", "餐厅"),
    default_s=10.0,
    level_lufs=-24.0,
    is_ambience=True,
)
def crowd_murmur(take: Take) -> Samples:
    """The murmur of a crowd, many people talking and chatting at once in a cafe."""
    rate, bank = take.sample_rate_hz, []
    for _ in range(12):
        pitch = take.rng.choice((110.0, 130.0, 190.0, 220.0)) * take.rng.uniform(0.85, 1.2)
        parts = []
        for _ in range(take.rng.integers(3, 8)):
            count = take.samples(take.rng.uniform(0.09, 0.24))
            mouths = tuple(_VOWELS[i] for i in take.rng.integers(0, len(_VOWELS), 2))
            f0 = pitch * path(
                ((0, take.rng.uniform(0.9, 1.2)), (1, take.rng.uniform(0.85, 1.1))), count
            )
            tone = voice(f0, mouths, count, rate, tilt_db=-5, roughness=0.15, rng=take.rng)
            hiss = bandpass(white(take.samples(0.06), take.rng), 2500, 6500, rate) * 0.15
            parts += [tone * arch(count, rise=0.2, fall=0.3), hiss * arch(len(hiss))]
        bank.append(np.concatenate(parts))

    def side() -> Samples:
        times = poisson(take.duration_s + 1.0, take.denser(4.0, 22.0), take.rng) - 1.0
        times = np.maximum(times, 0.0)
        return scatter(take.count, rate, times, bank, take.rng, spread_db=14)

    chatter = take.both(side)
    hum = take.both(lambda: take.noise((150, -6), (450, 0), (1500, -8), (4000, -22)))
    return lowpass(chatter, take.harder(2500, 7000), rate) + np.float32(0.05) * hum


@sound_class("heart", "pulse", zh=("心跳", "心跳声"), default_s=6.0, level_lufs=-22.0)
def heartbeat(take: Take) -> Samples:
    """A heart beating, lub-dub lub-dub."""
    rate = take.sample_rate_hz
    out = np.zeros(take.count, np.float32)
    period = 1.0 / take.denser(0.85, 2.3)
    for delay_s, hz, gain in ((0.05, 48.0, 1.0), (0.05 + 0.3 * min(period, 1.0), 62.0, 0.7)):
        thump = struck(
            [(hz, 1.0, 0.16), (hz * 1.9, 0.4, 0.1), (hz * 3.1, take.harder(0.05, 0.4), 0.06)],
            0.22,
            rate,
        )
        thump *= arch(len(thump), rise=0.04, fall=0.3)
        times = np.arange(delay_s, take.duration_s, period)
        out += np.float32(gain) * scatter(take.count, rate, times, [thump], take.rng, spread_db=1)
    return out


@sound_class("breath", "panting", zh=("呼吸", "喘气"), default_s=6.0, level_lufs=-28.0)
def breathing(take: Take) -> Samples:
    """A person breathing in and out."""
    rate = take.sample_rate_hz
    period = 1.0 / take.denser(0.22, 0.9)
    turn = (np.arange(take.count) / rate / period) % 1.0
    inward = np.clip(np.sin(np.pi * turn / 0.4), 0, None) ** 1.5 * (turn < 0.4)
    outward = np.clip(np.sin(np.pi * (turn - 0.48) / 0.44), 0, None) ** 1.2 * (turn > 0.48)
    outward *= turn < 0.92
    draw = take.noise((500, -14), (1500, 0), (3500, -2), (8000, -16))
    blow = take.noise((250, -8), (700, 0), (1800, -6), (6000, -22))
    return (inward * 0.6 * draw + outward * take.harder(0.6, 1.2) * blow).astype(np.float32)


@sound_class("whistling a tune", "someone whistling", zh=("口哨", "吹口哨"), default_s=4.0)
def whistle(take: Take) -> Samples:
    """A person whistling a cheerful tune."""
    rate = take.sample_rate_hz
    parts: list[Samples] = []
    scale = np.array([0, 2, 4, 7, 9, 12])
    place, last = 3, 1320.0
    while sum(len(part) for part in parts) < take.count:
        place = int(np.clip(place + take.rng.integers(-2, 3), 0, 5))
        hz = 1046.5 * 2 ** (scale[place] / 12)
        count = take.samples(take.rng.choice((0.22, 0.22, 0.44)) / take.denser(0.7, 1.6))
        glide = path(((0, last), (0.15, hz), (1, hz)), count, log=True)
        time = np.arange(count) / rate
        glide = glide * (1 + 0.008 * np.sin(2 * np.pi * 5.5 * time)).astype(np.float32)
        breath = bandpass(white(count, take.rng), hz * 0.8, min(hz * 1.25, 20000), rate)
        tone = sweep(glide, count, rate) + take.harder(0.03, 0.12) * breath
        parts.append(tone * arch(count, rise=0.12, fall=0.15))
        last = hz
    return np.concatenate(parts)[: take.count]


@sound_class(
    "snore", "sleeping person", zh=("打呼噜", "打鼾", "呼噜"), default_s=6.0, level_lufs=-24.0
)
def snoring(take: Take) -> Samples:
    """A person snoring loudly while asleep."""
    rate = take.sample_rate_hz
    mouth = ((280.0, 90.0, 1.0), (750.0, 150.0, 0.7), (1700.0, 300.0, 0.35))

    def snore() -> Samples:
        count = take.samples(1.5)
        f0 = path(((0, 48), (0.6, 66), (1, 40)), count)
        tone = voice(
            f0, (mouth,), count, rate, tilt_db=-2, roughness=take.harder(0.5, 1.0), rng=take.rng
        )
        air = bandpass(white(count, take.rng), 300, 2500, rate) * 0.2
        return (tone + air) * arch(count, rise=0.4, fall=0.25)

    times = regular(take.duration_s, 1 / take.denser(4.5, 2.2), take.rng, jitter=0.05, start_s=0.1)
    return scatter(take.count, rate, times, [snore(), snore()], take.rng, spread_db=4)


@sound_class("hand clap", "clap", zh=("击掌", "拍一下手"), default_s=3.0)
def hand_clapping(take: Take) -> Samples:
    """One person clapping hands in a steady rhythm."""
    times = regular(take.duration_s, take.denser(1.2, 4.5), take.rng, jitter=0.03, start_s=0.05)
    claps = scatter(take.count, take.sample_rate_hz, times, _claps(take, 6), take.rng, spread_db=3)
    return claps * np.float32(take.harder(0.8, 1.2))


@sound_class("snapping fingers", zh=("响指", "打响指"), default_s=2.0)
def finger_snap(take: Take) -> Samples:
    """Fingers snapping, a sharp snap."""
    rate, count = take.sample_rate_hz, take.samples(0.06)
    bank = []
    for _ in range(3):
        snap = bandpass(white(count, take.rng), 1600, take.harder(3500, 6000), rate)
        bank.append(
            snap * decay(count, rate, attack_s=0.0008, fall_s=0.035)
            + 0.5 * struck([(2300, 1.0, 0.025)], 0.06, rate)[:count]
        )
    times = regular(take.duration_s, take.denser(0.8, 3.0), take.rng, jitter=0.02, start_s=0.05)
    return scatter(take.count, rate, times, bank, take.rng, spread_db=2)
