"""SoundfontRenderer: a score played by a sampler, in NumPy.

Each note is rendered whole: its sample is resampled to pitch (cubic interpolation, looped as the
font says), shaped by a volume envelope in decibels and a resonant low-pass filter, and panned.
Notes of a channel are summed, follow the channel's volume and expression, and send to reverb and
chorus.

Source: SoundFont Technical Specification 2.04, sections 8 and 9. As FluidSynth does, the
attenuation generator counts 0.4 dB per dB (fonts are made for that). Left out: LFO to volume and
filter, and modulators driven by wheels.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omnimuse.assets.asset import Attribution
from omnimuse.backends import soundfont_file as sf
from omnimuse.backends.card import ModelCard
from omnimuse.backends.midi_timeline import Channel, PlayedNote, Timeline, read_timeline
from omnimuse.backends.reverb import chorus, reverberate

_ATTENUATION_SCALE = 0.4
_SILENCE_DB = -78.0
_CUT_S = 0.008
_TAIL_S = 2.2
_HEADROOM = 0.35
_PITCHED_CACHE_FRAMES = 24_000_000
_FILTER_BLOCK = 256


class SoundfontRenderer:
    """Role `score-to-audio`.

    Args:
        card: option `file` (font.sf3) names the soundfont.
        folder: the pulled card, or the soundfont itself.

    Raises:
        CheckpointError: the file is missing or broken (at the first rendering).
    """

    def __init__(self, card: ModelCard, folder: Path) -> None:
        is_folder = folder.is_dir()
        self._path = folder / str(card.options.get("file", "font.sf3")) if is_folder else folder
        self.attribution = Attribution(
            source=card.sources[0].url if card.sources else str(self._path.name),
            author=card.attribution,
            licence=card.licence,
            title=card.name,
        )
        self._font: sf.SoundFontFile | None = None
        self._pitched: OrderedDict[tuple[int, ...], NDArray[np.float32]] = OrderedDict()
        self._pitched_frames = 0

    @property
    def font(self) -> sf.SoundFontFile:
        """The opened soundfont."""
        if self._font is None:
            self._font = sf.SoundFontFile(self._path)
        return self._font

    def render(
        self, midi: bytes, *, sample_rate_hz: int = 44100, seed: int = 0
    ) -> NDArray[np.float32]:
        """Play a Standard MIDI File; see `omnimuse.backends.base.ScoreRenderer`."""
        timeline = read_timeline(midi)
        frames = int((timeline.end_s + _TAIL_S) * sample_rate_hz) + 1
        mix, room, sway = (np.zeros((frames, 2), np.float32) for _ in range(3))
        for number in sorted(timeline.channels):
            bus = self._play_channel(timeline, number, frames, sample_rate_hz)
            channel = timeline.channels[number]
            bus *= _curve(channel.gain, frames, sample_rate_hz)[:, None]
            mix += bus
            room += bus * np.float32(channel.reverb_send / 127)
            sway += bus * np.float32(channel.chorus_send / 127)
        if np.any(sway):
            mix += chorus(sway, sample_rate_hz) * np.float32(0.7)
        if np.any(room):
            mix += reverberate(room, sample_rate_hz) * np.float32(0.55)
        return mix * np.float32(_HEADROOM)

    def _play_channel(
        self, timeline: Timeline, number: int, frames: int, sample_rate_hz: int
    ) -> NDArray[np.float32]:
        bus = np.zeros((frames, 2), np.float32)
        channel = timeline.channels[number]
        notes = [note for note in timeline.notes if note.channel == number]
        voices = [
            (note, region)
            for note in notes
            for region in self.font.regions(note.bank, note.program)
            if region.covers(note.key, note.velocity)
        ]
        cuts = _exclusive_cuts(voices)
        for index, (note, region) in enumerate(voices):
            voice = self._voice(note, region, channel, sample_rate_hz, cuts.get(index))
            start = int(note.start_s * sample_rate_hz)
            count = min(len(voice), frames - start)
            left, right = _pan_gains(region, note)
            bus[start : start + count, 0] += voice[:count] * left
            bus[start : start + count, 1] += voice[:count] * right
        return bus

    def _voice(
        self,
        note: PlayedNote,
        region: sf.Region,
        channel: Channel,
        sample_rate_hz: int,
        cut_s: float | None,
    ) -> NDArray[np.float32]:
        """One region of one note, mono, enveloped and filtered."""
        gens = apply_modulators(region, note)
        held_s = max(note.end_s - note.start_s, 0.01)
        if gens.get(sf.SAMPLE_MODES, 0) == 0 and note.channel == 9:
            held_s = max(held_s, 20.0)  # a drum rings as long as its sample does
        if cut_s is not None:
            held_s = min(held_s, max(cut_s - note.start_s, 0.01))
        envelope = volume_envelope(gens, note.key, held_s, cut_s is not None, sample_rate_hz)
        bends = [(at - note.start_s, cents) for at, cents in channel.bend_cents]
        samples = self._pitch(
            region, gens, note, frames=len(envelope), bends=bends, sample_rate_hz=sample_rate_hz
        )
        count = min(len(samples), len(envelope))
        samples = samples[:count] * envelope[:count]
        attenuation_db = gens.get(sf.ATTENUATION, 0) / 10
        samples *= np.float32(10 ** (-max(attenuation_db, 0.0) / 20))
        return low_pass(samples, gens, held_s, sample_rate_hz)

    def _pitch(
        self,
        region: sf.Region,
        gens: Mapping[int, float],
        note: PlayedNote,
        *,
        frames: int,
        bends: list[tuple[float, float]],
        sample_rate_hz: int,
    ) -> NDArray[np.float32]:
        """The region's sample at the note's pitch, at most `frames` long."""
        wave = self.font.waveform(region.sample)
        ratio = _pitch_ratio(gens, wave, note.key) * wave.rate_hz / sample_rate_hz
        cents = _pitch_motion(gens, bends, frames, sample_rate_hz)
        if cents is not None:
            steps = ratio * np.exp2(cents / 1200)
            positions = np.concatenate(([0.0], np.cumsum(steps[:-1])))
            return _read(wave, positions, gens, note, sample_rate_hz=sample_rate_hz)
        key = (region.sample, round(ratio * 1e9), int(gens.get(sf.SAMPLE_MODES, 0)),
               int(gens.get(sf.START_OFFSET, 0)), sample_rate_hz)  # fmt: skip
        known = self._pitched.get(key)
        if known is None or len(known) < frames:
            positions = np.arange(frames, dtype=np.float64) * ratio
            made = _read(wave, positions, gens, note, sample_rate_hz=sample_rate_hz)
            if gens.get(sf.SAMPLE_MODES, 0) == 3:
                return made
            self._remember(key, made)
            return made
        return known[:frames]

    def _remember(self, key: tuple[int, ...], made: NDArray[np.float32]) -> None:
        """Keep what was resampled: accompaniments repeat the same few notes."""
        old = self._pitched.pop(key, None)
        self._pitched_frames += len(made) - (0 if old is None else len(old))
        self._pitched[key] = made
        while self._pitched_frames > _PITCHED_CACHE_FRAMES and len(self._pitched) > 1:
            _, dropped = self._pitched.popitem(last=False)
            self._pitched_frames -= len(dropped)


def apply_modulators(region: sf.Region, note: PlayedNote) -> dict[int, float]:
    """The region's generators as this note's key and velocity change them."""
    gens: dict[int, float] = dict(region.generators)
    gens[sf.ATTENUATION] = gens.get(sf.ATTENUATION, 0) * _ATTENUATION_SCALE
    for modulator in region.modulators:
        amount = modulator.amount * _source(modulator.source, note)
        if modulator.by:
            amount *= _source(modulator.by, note)
        if amount:
            gens[modulator.destination] = gens.get(modulator.destination, 0) + amount
    return gens


def _source(code: int, note: PlayedNote) -> float:
    """A modulator source's value at note-on, in [0, 1] or [-1, 1] (section 8.2)."""
    number, is_controller = code & 0x7F, bool(code & 0x80)
    if is_controller:
        return 0.0
    if number == 0:
        return 1.0 if code == 0 else 0.0
    if number not in (2, 3):
        return 0.0
    value = (note.velocity if number == 2 else note.key) / 127
    if code & 0x100:
        value = 1 - value
    if code & 0x200:
        sign, value = (1.0, 2 * value - 1) if value >= 0.5 else (-1.0, 1 - 2 * value)
        return sign * _shape(code >> 10, value)
    return _shape(code >> 10, value)


def _shape(kind: int, value: float) -> float:
    if kind == 1:
        return _concave(value)
    if kind == 2:
        return 1 - _concave(1 - value)
    if kind == 3:
        return float(value >= 0.5)
    return value


def _concave(value: float) -> float:
    return 1.0 if value >= 1 else float(min(1.0, -(40 / 96) * np.log10(1 - value)))


def _seconds(timecents: float) -> float:
    return 0.0 if timecents <= -11_999 else float(2.0 ** (min(timecents, 8000) / 1200))


def volume_envelope(
    gens: Mapping[int, float], key: int, held_s: float, is_cut: bool, sample_rate_hz: int
) -> NDArray[np.float32]:
    """Amplitude over time: linear attack, then straight lines in decibels.

    Args:
        gens: generators of the note.
        key: MIDI key; high keys may decay faster.
        held_s: time until the key is released.
        is_cut: another note of its exclusive class ends it at once.
        sample_rate_hz: frames per second.

    Returns:
        (N,) until the sound has fallen below -78 dB.
    """
    delay, attack = _seconds(gens[sf.VOLUME_DELAY]), _seconds(gens[sf.VOLUME_ATTACK])
    hold = _seconds(gens[sf.VOLUME_HOLD] + (60 - key) * gens.get(sf.KEY_TO_HOLD, 0))
    full_decay = _seconds(gens[sf.VOLUME_DECAY] + (60 - key) * gens.get(sf.KEY_TO_DECAY, 0))
    sustain_db = min(max(gens.get(sf.VOLUME_SUSTAIN, 0) / 10, 0.0), 100.0)
    release = _CUT_S if is_cut else max(_seconds(gens[sf.VOLUME_RELEASE]), 0.012)
    peak_s = delay + attack
    decay_s = max(full_decay * sustain_db / 100, 1e-4)
    end_s = held_s + release * 0.78
    if sustain_db > -_SILENCE_DB:
        end_s = min(end_s, peak_s + hold + decay_s)
    count = max(int(end_s * sample_rate_hz), 1)
    time_s = np.arange(count, dtype=np.float32) / np.float32(sample_rate_hz)
    knots = [peak_s, peak_s + hold, peak_s + hold + decay_s]
    level_db = np.interp(np.minimum(time_s, held_s), knots, [0.0, 0.0, -sustain_db])
    falling = np.maximum(time_s - np.float32(held_s), 0) * np.float32(100 / release)
    amplitude = np.exp2((level_db - falling) * (np.log2(10) / 20)).astype(np.float32)
    if attack > 0 or delay > 0:
        rise = np.clip((np.minimum(time_s, held_s) - delay) / max(attack, 1e-4), 0, 1)
        amplitude *= rise.astype(np.float32)
    fade = min(count, int(0.003 * sample_rate_hz))
    amplitude[count - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return np.asarray(amplitude, np.float32)


def _pitch_ratio(gens: Mapping[int, float], wave: sf.Waveform, key: int) -> float:
    root = gens.get(sf.ROOT_KEY, -1)
    root = wave.root_key if root < 0 else root
    fixed = gens.get(sf.FIXED_KEY, -1)
    key = key if fixed < 0 else int(fixed)
    cents = (
        (key - root) * gens.get(sf.SCALE_TUNING, 100)
        + gens.get(sf.COARSE_TUNE, 0) * 100
        + gens.get(sf.FINE_TUNE, 0)
        + wave.correction_cents
    )
    return float(2.0 ** (np.clip(cents, -7200, 7200) / 1200))


def _pitch_motion(
    gens: Mapping[int, float],
    bends: list[tuple[float, float]],
    frames: int,
    sample_rate_hz: int,
) -> NDArray[np.float64] | None:
    """Vibrato and bends in cents over time; None if the pitch stands still."""
    cents: NDArray[np.float64] | None = None
    time_s = np.arange(frames) / sample_rate_hz
    for depth, delay, frequency in (
        (sf.VIB_LFO_TO_PITCH, sf.VIB_LFO_DELAY, sf.VIB_LFO_FREQUENCY),
        (sf.MOD_LFO_TO_PITCH, sf.MOD_LFO_DELAY, sf.MOD_LFO_FREQUENCY),
    ):
        if gens.get(depth, 0):
            rate_hz = 8.176 * 2.0 ** (gens.get(frequency, 0) / 1200)
            phase = np.maximum(time_s - _seconds(gens[delay]), 0) * rate_hz
            swing = gens[depth] * np.sin(2 * np.pi * phase)
            cents = swing if cents is None else cents + swing
    if bends:
        moved = _steps(bends, time_s)
        cents = moved if cents is None else cents + moved
    return cents


def _steps(changes: list[tuple[float, float]], time_s: NDArray[np.floating]) -> NDArray[np.float64]:
    times = np.array([at for at, _ in changes])
    values = np.array([0.0, *(value for _, value in changes)])
    return values[np.searchsorted(times, time_s, side="right")]


def _read(
    wave: sf.Waveform,
    positions: NDArray[np.float64],
    gens: Mapping[int, float],
    note: PlayedNote,
    *,
    sample_rate_hz: int,
) -> NDArray[np.float32]:
    """The waveform at fractional positions, looped; cubic Hermite interpolation."""
    size = len(wave.frames)
    start = int(gens.get(sf.START_OFFSET, 0) + 32768 * gens.get(sf.START_COARSE, 0))
    loop_start = int(
        wave.loop_start + gens.get(sf.LOOP_START_OFFSET, 0)
        + 32768 * gens.get(sf.LOOP_START_COARSE, 0)
    )  # fmt: skip
    loop_end = int(
        wave.loop_end + gens.get(sf.LOOP_END_OFFSET, 0) + 32768 * gens.get(sf.LOOP_END_COARSE, 0)
    )
    positions = positions + min(max(start, 0), max(size - 1, 0))
    mode = int(gens.get(sf.SAMPLE_MODES, 0)) & 3
    is_looped = mode in (1, 3) and 0 <= loop_start < loop_end - 7 and loop_end <= size
    if is_looped:
        length = loop_end - loop_start
        past = positions >= loop_end
        if mode == 3:  # the loop is left when the key is released
            released = int((note.end_s - note.start_s) * sample_rate_hz)
            turns = np.floor((positions[min(released, len(positions) - 1)] - loop_start) / length)
            past[released:] = False
            positions[released:] -= max(turns, 0) * length
        positions[past] = loop_start + (positions[past] - loop_start) % length
    if not is_looped or mode == 3:
        positions = positions[: int(np.searchsorted(positions >= size - 1, True))]
    frames = np.concatenate((wave.frames[:1], wave.frames, np.zeros(3, np.float32)))
    if is_looped and mode == 1:
        frames[loop_end + 1 : loop_end + 4] = frames[loop_start + 1 : loop_start + 4]
    whole = positions.astype(np.int64)
    part = (positions - whole).astype(np.float32)
    before, at = frames[whole], frames[whole + 1]
    after, later = frames[whole + 2], frames[whole + 3]
    slope = 0.5 * (after - before)
    bend = 1.5 * (at - after) + 0.5 * (later - before)
    curve = after - at - slope - bend  # so that the curve meets the next frame
    return np.asarray(((bend * part + curve) * part + slope) * part + at, np.float32)


def low_pass(
    samples: NDArray[np.float32], gens: Mapping[int, float], held_s: float, sample_rate_hz: int
) -> NDArray[np.float32]:
    """Resonant second-order low-pass; follows the modulation envelope in blocks of 256 frames.

    Source: R. Bristow-Johnson, Cookbook formulae for audio EQ biquad filter coefficients.
    """
    from scipy.signal import lfilter

    cutoff = min(gens.get(sf.FILTER_CUTOFF, 13500), 13500)
    quality_db = gens.get(sf.FILTER_Q, 0) / 10
    sweep = gens.get(sf.MOD_ENV_TO_FILTER, 0)
    if cutoff >= 13_400 and sweep >= 0:
        return samples
    if not sweep:
        b, a = _biquad(cutoff, quality_db, sample_rate_hz)
        return np.asarray(lfilter(b, a, samples), np.float32)
    knots_s, levels = _modulation_envelope(gens)
    out, state = np.empty_like(samples), np.zeros(2)
    for start in range(0, len(samples), _FILTER_BLOCK):
        at_s = start / sample_rate_hz
        level = float(np.interp(min(at_s, held_s), knots_s, levels))
        if at_s > held_s:
            level *= max(0.0, 1 - (at_s - held_s) / max(_seconds(gens[sf.MOD_RELEASE]), 1e-3))
        b, a = _biquad(cutoff + sweep * level, quality_db, sample_rate_hz)
        block = samples[start : start + _FILTER_BLOCK]
        out[start : start + len(block)], state = lfilter(b, a, block, zi=state)
    return out


def _modulation_envelope(gens: Mapping[int, float]) -> tuple[list[float], list[float]]:
    sustain = 1 - min(max(gens.get(sf.MOD_SUSTAIN, 0) / 1000, 0.0), 1.0)
    times = [_seconds(gens[oper]) for oper in (sf.MOD_DELAY, sf.MOD_ATTACK, sf.MOD_HOLD)]
    times.append(_seconds(gens[sf.MOD_DECAY]) * (1 - sustain))
    return [float(t) for t in np.cumsum(np.array(times) + 1e-6)], [0.0, 1.0, 1.0, sustain]


def _biquad(
    cutoff_cents: float, quality_db: float, sample_rate_hz: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    cutoff_hz = 8.176 * 2.0 ** (min(max(cutoff_cents, 1500), 13500) / 1200)
    omega = 2 * np.pi * min(cutoff_hz, sample_rate_hz * 0.45) / sample_rate_hz
    quality = 10 ** ((min(max(quality_db, 0.0), 40.0) - 3.01) / 20)
    alpha, cosine = np.sin(omega) / (2 * quality), np.cos(omega)
    gain = 1 / np.sqrt(max(quality / 0.7071, 1.0))
    b = np.array([(1 - cosine) / 2, 1 - cosine, (1 - cosine) / 2]) * gain
    a = np.array([1 + alpha, -2 * cosine, 1 - alpha])
    return b / a[0], a / a[0]


def _pan_gains(region: sf.Region, note: PlayedNote) -> tuple[np.float32, np.float32]:
    """Equal-power gains of the region's pan plus the channel's."""
    place = region.generators.get(sf.PAN, 0) / 500 + (note.pan - 64) / 63
    angle = (min(max(place, -1.0), 1.0) + 1) * np.pi / 4
    return np.float32(np.cos(angle)), np.float32(np.sin(angle))


def _exclusive_cuts(voices: list[tuple[PlayedNote, sf.Region]]) -> dict[int, float]:
    """When a later note of the same exclusive class (closed over open hi-hat) ends a voice."""
    cuts: dict[int, float] = {}
    last: dict[int, list[int]] = {}
    for index, (note, region) in enumerate(voices):
        group = region.generators.get(sf.EXCLUSIVE_CLASS, 0)
        if not group:
            continue
        before = last.get(group, [])
        if before and voices[before[0]][0] is not note:
            for earlier in before:
                cuts[earlier] = note.start_s
            before = []
        last[group] = [*before, index]
    return cuts


def _curve(
    changes: list[tuple[float, float]], frames: int, sample_rate_hz: int
) -> NDArray[np.float32]:
    """A controller over time, smoothed over 20 ms so that steps do not click."""
    if len(changes) == 1:
        return np.full(frames, changes[0][1], np.float32)
    times = np.array([at for at, _ in changes])
    values = np.array([value for _, value in changes])
    ramp = 0.02
    knots = np.stack((times, times + ramp), axis=1).ravel()
    levels = np.stack((np.concatenate((values[:1], values[:-1])), values), axis=1).ravel()
    knots = np.maximum.accumulate(knots)
    curve = np.interp(np.arange(frames) / sample_rate_hz, knots, levels)
    return np.asarray(curve, np.float32)
