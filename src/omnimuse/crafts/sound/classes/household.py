"""Doors, glass, bells of the house, steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omnimuse.crafts.sound.events import arch, decay, poisson, regular, scatter
from omnimuse.crafts.sound.filters import bandpass, highpass, lowpass, resonate
from omnimuse.crafts.sound.noise import white
from omnimuse.crafts.sound.take import Samples, Take, sound_class
from omnimuse.crafts.sound.tones import path, struck


@sound_class(
    "knocking", "knock on the door", zh=("敲门", "敲门声"), default_s=2.0, level_lufs=-19.0
)
def door_knock(take: Take) -> Samples:
    """Someone knocking on a wooden door."""
    rate, bank = take.sample_rate_hz, []
    for tune in (1.0, 0.96, 1.05):
        hit = struck(
            [
                (118 * tune, 1.0, 0.12),
                (236 * tune, 0.8, 0.1),
                (415 * tune, 0.5, 0.07),
                (780 * tune, 0.3, 0.04),
            ],
            0.15,
            rate,
        )
        tap = lowpass(white(take.samples(0.004), take.rng), take.harder(1500, 6000), rate)
        hit[: len(tap)] += tap
        bank.append(hit)
    groups = np.arange(0.05, max(take.duration_s - 0.3, 0.1), take.denser(3.6, 1.3))
    times = np.sort(np.concatenate([groups + at for at in (0.0, 0.21, 0.42)]))
    return scatter(take.count, rate, times, bank, take.rng, spread_db=2.5)


@sound_class(
    "creaky door",
    "squeaking door",
    "creak",
    zh=("吱呀", "门吱呀", "开门"),
    default_s=2.5,
    level_lufs=-22.0,
)
def door_creak(take: Take) -> Samples:
    """An old door creaking open slowly on rusty hinges."""
    rate, count = take.sample_rate_hz, take.count
    slip_hz = path(((0, 35), (0.25, 90), (0.5, 60), (0.8, 160), (1, 45)), count, log=True)
    slip_hz = slip_hz * take.wander(14.0, 0.7, 1.35) * np.float32(take.harder(0.8, 1.4))
    phase = np.cumsum(slip_hz.astype(np.float64)) / rate
    slips = np.flatnonzero(np.diff(np.floor(phase)) > 0)
    train = np.zeros(count, np.float32)
    train[slips] = take.rng.uniform(0.4, 1.0, len(slips))
    wood = sum(
        (
            gain * resonate(train, hz, width, rate)
            for hz, width, gain in (
                (410, 45, 1.0),
                (760, 60, 0.9),
                (1320, 80, 0.8),
                (2150, 120, 0.6),
                (3400, 200, 0.3),
            )
        ),
        start=np.zeros(count, np.float32),
    )
    return wood * arch(count, rise=0.1, fall=0.2) * take.wander(2.5, 0.4, 1.0)


@sound_class("slamming door", "door closing", zh=("关门", "摔门"), default_s=1.2, level_lufs=-17.0)
def door_slam(take: Take) -> Samples:
    """A door slamming shut with a bang."""
    rate, count = take.sample_rate_hz, take.count
    hit = struck([(62, 1.0, 0.3), (104, 0.9, 0.22), (188, 0.6, 0.15), (330, 0.4, 0.1)], 0.5, rate)
    hit[: take.samples(0.03)] += (
        take.harder(0.3, 1.4)
        * white(take.samples(0.03), take.rng)
        * decay(take.samples(0.03), rate, attack_s=0.0005, fall_s=0.03)
    )
    latch = struck([(1900, 0.15, 0.03), (2850, 0.12, 0.02)], 0.05, rate)
    hit[take.samples(0.045) : take.samples(0.045) + len(latch)] += latch
    times = np.arange(0.02, take.duration_s, take.denser(3.0, 1.0))
    return scatter(count, rate, times, [hit], take.rng, spread_db=1)


@sound_class(
    "shattering glass",
    "broken window",
    "breaking glass",
    zh=("玻璃破碎", "打碎玻璃", "碎玻璃"),
    default_s=2.0,
    level_lufs=-18.0,
)
def glass_break(take: Take) -> Samples:
    """Glass breaking and shattering into pieces on the floor."""
    rate, count = take.sample_rate_hz, take.count
    shards = []
    for _ in range(20):
        hz = float(np.exp(take.rng.uniform(np.log(1900), np.log(8500))))
        fall_s = take.rng.uniform(0.05, 0.35)
        shards.append(
            struck(
                [(hz, 1.0, fall_s), (hz * 1.47, 0.6, fall_s * 0.7), (hz * 2.09, 0.4, fall_s * 0.5)],
                fall_s,
                rate,
            )
        )
    burst = highpass(white(take.samples(0.15), take.rng), 1200, rate)
    burst *= decay(len(burst), rate, attack_s=0.0005, fall_s=0.12)
    times = np.sort(
        np.concatenate(
            (
                take.rng.exponential(0.05, int(take.harder(20, 60))),
                0.25 + take.rng.exponential(0.3, int(take.denser(20, 90))),
            )
        )
    )
    out = scatter(count, rate, times, shards, take.rng, spread_db=20)
    out[: len(burst)] += take.harder(0.8, 2.0) * burst[:count]
    return out


@sound_class("ding dong", "ringing at the door", zh=("门铃",), default_s=3.0, level_lufs=-20.0)
def doorbell(take: Take) -> Samples:
    """A doorbell chime, ding-dong."""
    rate = take.sample_rate_hz
    out = np.zeros(take.count, np.float32)
    for start_s in np.arange(0.02, take.duration_s, take.denser(5.0, 2.2)):
        for at_s, hz in ((0.0, 659.3), (0.55, 523.3)):
            tone = struck(
                [
                    (hz, 1.0, 1.6),
                    (hz * 2.0, 0.3, 0.9),
                    (hz * 2.76, 0.35, 0.5),
                    (hz * 5.4, 0.12 * take.harder(0.5, 2), 0.25),
                ],
                1.7,
                rate,
            )
            at = take.samples(start_s + at_s) - 1
            room = max(min(len(tone), take.count - at), 0)
            out[at : at + room] += tone[:room]
    return out


@sound_class(
    "telephone",
    "ringing phone",
    "phone call",
    zh=("电话", "电话铃", "手机铃声"),
    default_s=6.0,
    level_lufs=-20.0,
)
def phone_ring(take: Take) -> Samples:
    """An old telephone ringing with a metal bell."""
    rate = take.sample_rate_hz
    dings = [
        struck([(hz, 1.0, 0.5), (hz * 1.52, 0.5, 0.35), (hz * 2.41, 0.5, 0.25)], 0.5, rate)
        for hz in (1180.0, 1480.0)
    ]
    strokes = np.arange(0, 1.9, 1 / 22.0)
    rings = np.arange(0.02, take.duration_s, take.denser(4.4, 2.6))
    times = np.sort(np.concatenate([start + strokes for start in rings]))
    return scatter(take.count, rate, times, dings, take.rng, spread_db=2) * np.float32(
        take.harder(0.9, 1.1)
    )


def _steps(take: Take) -> NDArray[np.float64]:
    return regular(take.duration_s, take.denser(1.1, 3.2), take.rng, jitter=0.04, start_s=0.08)


@sound_class("walking on gravel", "steps on gravel", zh=("碎石路脚步", "砾石上走路"), default_s=5.0)
def footsteps_gravel(take: Take) -> Samples:
    """Footsteps of someone walking on gravel, crunching small stones."""
    rate, bank = take.sample_rate_hz, []
    grains = []
    for _ in range(12):
        count, hz = take.samples(0.012), take.rng.uniform(1200, 6000)
        grains.append(
            bandpass(white(count, take.rng), hz * 0.7, hz * 1.4, rate)
            * decay(count, rate, attack_s=0.0003, fall_s=0.01)
        )
    for _ in range(5):
        spread = np.sort(
            np.concatenate((take.rng.normal(0.05, 0.02, 45), take.rng.normal(0.2, 0.04, 60)))
        ).clip(0)
        step = scatter(take.samples(0.36), rate, spread, grains, take.rng, spread_db=18)
        thud = struck([(70, 1.0, 0.09)], 0.1, rate)
        step[: len(thud)] += take.harder(0.2, 0.9) * thud
        bank.append(step)
    return scatter(take.count, rate, _steps(take), bank, take.rng, spread_db=3)


@sound_class(
    "footsteps",
    "walking on a wooden floor",
    "high heels",
    zh=("脚步声", "走路", "脚步"),
    default_s=5.0,
)
def footsteps_wood(take: Take) -> Samples:
    """Footsteps of shoes walking on a hard wooden floor indoors."""
    rate, bank = take.sample_rate_hz, []
    for tune in (1.0, 0.92, 1.07, 0.97):
        heel = struck(
            [
                (95 * tune, 1.0, 0.1),
                (210 * tune, 0.7, 0.08),
                (540 * tune, 0.4, 0.04),
                (1350 * tune, 0.2 * take.harder(0.5, 2), 0.025),
            ],
            0.13,
            rate,
        )
        heel[: take.samples(0.003)] += 0.5 * white(take.samples(0.003), take.rng)
        step = np.zeros(take.samples(0.26), np.float32)
        step[: len(heel)] += heel
        at = take.samples(0.085)
        step[at : at + len(heel)] += 0.35 * heel
        bank.append(step)
    return scatter(take.count, rate, _steps(take), bank, take.rng, spread_db=3)


@sound_class(
    "walking in snow",
    "crunching snow",
    zh=("雪地脚步", "踩雪", "雪地走路"),
    default_s=5.0,
    level_lufs=-24.0,
)
def footsteps_snow(take: Take) -> Samples:
    """Footsteps crunching slowly through deep snow."""
    rate, bank = take.sample_rate_hz, []
    for _ in range(5):
        count = take.samples(0.34)
        pulses = np.sort(take.rng.uniform(0.0, 0.28, 90))
        grains = [
            bandpass(white(take.samples(0.01), take.rng), low, low * 2.2, rate)
            for low in (700, 1000, 1500, 2200)
        ]
        squeak = scatter(count, rate, pulses, grains, take.rng, spread_db=10)
        soft = bandpass(white(count, take.rng), 250, 900, rate)
        bank.append((squeak + take.harder(0.2, 0.6) * soft) * arch(count, rise=0.25, fall=0.5))
    return scatter(take.count, rate, _steps(take), bank, take.rng, spread_db=3)


@sound_class("coins", "money", zh=("硬币", "钱币"), default_s=1.5)
def coins(take: Take) -> Samples:
    """Coins dropping and clinking on a table."""
    rate, bank = take.sample_rate_hz, []
    for hz in (3600, 4300, 5200, 6400):
        bank.append(
            struck([(hz, 1.0, 0.25), (hz * 1.51, 0.8, 0.2), (hz * 2.2, 0.5, 0.12)], 0.3, rate)
        )
    first = poisson(take.duration_s * 0.7, take.denser(3.0, 20.0), take.rng)
    bounce = np.concatenate([first + gap for gap in (0.0, 0.11, 0.19, 0.24)])
    return scatter(take.count, rate, np.sort(bounce), bank, take.rng, spread_db=12) * np.float32(
        take.harder(0.8, 1.2)
    )


@sound_class(
    "turning a page", "rustling paper", zh=("翻书", "翻页", "纸张"), default_s=1.5, level_lufs=-27.0
)
def page_turn(take: Take) -> Samples:
    """Turning the pages of a book, rustling paper."""
    rate, bank = take.sample_rate_hz, []
    for _ in range(3):
        count = take.samples(0.55)
        flutter = np.repeat(take.rng.uniform(0.1, 1.0, count // 400 + 1), 400)[:count]
        paper = bandpass(white(count, take.rng), 1500, take.harder(6000, 11000), rate)
        bank.append(
            paper
            * arch(count, rise=0.35, fall=0.4)
            * lowpass(flutter.astype(np.float32), 200, rate)
        )
    times = regular(take.duration_s, take.denser(0.5, 1.6), take.rng, jitter=0.1, start_s=0.05)
    return scatter(take.count, rate, times, bank, take.rng, spread_db=3)
