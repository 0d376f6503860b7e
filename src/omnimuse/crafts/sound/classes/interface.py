"""Sounds of apps and devices."""

from __future__ import annotations

import numpy as np

from omnimuse.crafts.sound.events import arch, decay, scatter
from omnimuse.crafts.sound.filters import highpass
from omnimuse.crafts.sound.noise import white
from omnimuse.crafts.sound.take import Samples, Take, sound_class
from omnimuse.crafts.sound.tones import harmonics, struck, sweep


def _phrase(take: Take, notes: tuple[tuple[float, float, float], ...], decay_s: float) -> Samples:
    """Soft bell notes given as (start s, Hz, gain); the phrase repeats by density."""
    rate = take.sample_rate_hz
    phrase = np.zeros(take.samples(notes[-1][0] + decay_s), np.float32)
    for start_s, hz, gain in notes:
        tone = struck(
            [
                (hz, 1.0, decay_s),
                (2 * hz, 0.35, decay_s * 0.6),
                (3 * hz, take.harder(0.05, 0.3), decay_s * 0.4),
            ],
            decay_s,
            rate,
        )
        tone *= np.minimum(1.0, np.arange(len(tone)) / take.samples(0.003)).astype(np.float32)
        at = take.samples(start_s) - 1
        phrase[at : at + len(tone)] += np.float32(gain) * tone[: len(phrase) - at]
    phrase *= arch(len(phrase), rise=0.001, fall=0.1)
    times = np.arange(0.0, take.duration_s, len(phrase) / rate + take.denser(3.0, 0.2))
    return scatter(take.count, rate, times, [phrase], take.rng, spread_db=0.1)


@sound_class("button click", "mouse click", zh=("点击", "按键", "鼠标"), default_s=0.4)
def ui_click(take: Take) -> Samples:
    """A button click of a user interface or a computer mouse."""
    rate, count = take.sample_rate_hz, take.samples(0.03)
    tick = highpass(white(count, take.rng), 1500, rate) * decay(
        count, rate, attack_s=0.0002, fall_s=0.008
    )
    tick += (
        take.harder(0.3, 0.9) * struck([(1900, 0.8, 0.02), (900, 0.5, 0.02)], 0.03, rate)[:count]
    )
    times = np.arange(0.01, take.duration_s, take.denser(0.9, 0.2))
    return scatter(take.count, rate, times, [tick], take.rng, spread_db=1)


@sound_class("bleep", "electronic beep", zh=("哔", "蜂鸣"), default_s=1.0)
def beep(take: Take) -> Samples:
    """A short electronic beep tone of a device."""
    rate, count = take.sample_rate_hz, take.samples(0.16)
    tone = harmonics(1000.0, [1.0, 0.0, take.harder(0.05, 0.4)], count, rate)
    tone *= arch(count, rise=0.05, fall=0.05)
    times = np.arange(0.02, take.duration_s, take.denser(1.2, 0.3))
    return scatter(take.count, rate, times, [tone], take.rng, spread_db=0.1)


@sound_class("message received", "alert chime", zh=("通知", "提示音", "消息"), default_s=1.5)
def notification(take: Take) -> Samples:
    """A notification chime of a phone app, a message has arrived."""
    return _phrase(take, ((0.0, 880.0, 0.8), (0.12, 1318.5, 1.0)), 1.0)


@sound_class("error buzzer", "wrong answer", "failure", zh=("错误", "失败", "出错"), default_s=1.0)
def error(take: Take) -> Samples:
    """An error buzzer, the low sound of a wrong answer or a failure."""
    rate, count = take.sample_rate_hz, take.samples(0.22)
    square = [1.0 / k if k % 2 else take.harder(0.02, 0.2) for k in range(1, 14)]
    out = np.zeros(take.samples(0.62), np.float32)
    for start_s, hz in ((0.0, 196.0), (0.27, 155.6)):
        at = take.samples(start_s) - 1
        out[at : at + count] += harmonics(hz, square, count, rate) * arch(
            count, rise=0.03, fall=0.1
        )
    times = np.arange(0.02, take.duration_s, 0.62 + take.denser(2.0, 0.2))
    return scatter(take.count, rate, times, [out], take.rng, spread_db=0.1)


@sound_class(
    "win",
    "achievement",
    "correct answer",
    "level complete",
    zh=("成功", "胜利", "完成"),
    default_s=1.8,
)
def success(take: Take) -> Samples:
    """A success jingle, bright rising notes for a correct answer or an achievement."""
    notes = ((0.0, 523.3, 0.8), (0.09, 659.3, 0.85), (0.18, 784.0, 0.9), (0.27, 1046.5, 1.0))
    return _phrase(take, notes, 1.3)


@sound_class("alarm clock", "wake up alarm", zh=("闹钟", "闹铃"), default_s=4.0, level_lufs=-19.0)
def alarm_clock(take: Take) -> Samples:
    """A digital alarm clock beeping repeatedly to wake someone up."""
    rate, count = take.sample_rate_hz, take.samples(0.075)
    tone = harmonics(2050.0, [1.0, 0.1, take.harder(0.15, 0.6)], count, rate)
    tone *= arch(count, rise=0.05, fall=0.08)
    groups = np.arange(0.02, take.duration_s, take.denser(1.4, 0.6))
    times = np.sort(np.concatenate([groups + k * 0.12 for k in range(4)]))
    return scatter(take.count, rate, times, [tone], take.rng, spread_db=0.1)


@sound_class("coin collected", "video game coin", zh=("金币", "吃金币", "游戏音效"), default_s=1.0)
def game_coin(take: Take) -> Samples:
    """A retro video game sound of collecting a coin, a bright arcade bleep."""
    rate = take.sample_rate_hz
    square = [1.0 / k if k % 2 else 0.0 for k in range(1, 12)]
    first, second = take.samples(0.08), take.samples(0.45)
    blip = np.concatenate(
        (
            harmonics(987.8, square, first, rate),
            harmonics(1318.5, square, second, rate)
            * decay(second, rate, attack_s=0.001, fall_s=0.42),
        )
    )
    times = np.arange(0.01, take.duration_s, take.denser(1.6, 0.5))
    return scatter(take.count, rate, times, [blip], take.rng, spread_db=0.1) * np.float32(
        take.harder(0.9, 1.1)
    )


@sound_class("whoosh", "swish", "transition", zh=("嗖", "转场", "呼啸而过"), default_s=1.0)
def whoosh(take: Take) -> Samples:
    """A fast whoosh, something swishing past, a transition effect."""
    from omnimuse.crafts.sound.filters import swept_lowpass

    rate, count = take.sample_rate_hz, take.count
    hump = np.sin(np.pi * np.linspace(0, 1, count) ** 0.8).astype(np.float32) ** 2
    cutoff = (300 + take.harder(2500, 9000) * hump).astype(np.float32)
    air = take.noise((150, -4), (600, 0), (3000, -3), (9000, -8), (16000, -18))
    side = np.linspace(0.1, 0.9, count, dtype=np.float32)
    out = swept_lowpass(air, cutoff, rate) * hump
    return np.stack((out * np.sqrt(1 - side), out * np.sqrt(side)), axis=1).astype("f4")


@sound_class("pop", "cork", zh=("砰", "开瓶"), default_s=0.5)
def pop(take: Take) -> Samples:
    """A pop, like a cork leaving a bottle or a bubble bursting."""
    rate, count = take.sample_rate_hz, take.samples(0.09)
    hz = np.geomspace(take.harder(260, 420), take.harder(700, 1500), count)
    tone = sweep(hz, count, rate) * decay(count, rate, attack_s=0.001, fall_s=0.07)
    tone[: take.samples(0.003)] += 0.3 * white(take.samples(0.003), take.rng)
    times = np.arange(0.01, take.duration_s, take.denser(1.0, 0.2))
    return scatter(take.count, rate, times, [tone], take.rng, spread_db=2)
