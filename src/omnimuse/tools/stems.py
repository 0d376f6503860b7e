"""From the assets of a mix to the stems that the sound craft mixes."""

from __future__ import annotations

from dataclasses import dataclass

from omnimuse.assets.asset import Asset, Attribution
from omnimuse.crafts.sound.mixing import REFERENCE_LUFS, Stem
from omnimuse.errors import ArgumentError, InputError, MediaTooLargeError

MAX_MIX_S = 3600.0


@dataclass(frozen=True)
class MixInputs:
    """The assets of a mix."""

    speech: Asset | None
    music: Asset | None
    sounds: tuple[Asset, ...]
    audios: tuple[Asset, ...]

    @property
    def all(self) -> tuple[Asset, ...]:
        """Every asset, in order."""
        single = tuple(asset for asset in (self.speech, self.music) if asset is not None)
        return (*single, *self.sounds, *self.audios)


@dataclass(frozen=True)
class Stems:
    """What `mix_stems` takes."""

    voices: tuple[Stem, ...]
    others: tuple[Stem, ...]
    duration_s: float
    attribution: tuple[Attribution, ...]


def _read(asset: Asset, sample_rate_hz: int) -> Stem:
    from omnimuse.assets.media import read_audio

    if float(asset.facts.get("duration_s") or 0.0) > MAX_MIX_S:
        raise MediaTooLargeError(
            f"a {asset.kind} of {asset.facts['duration_s']:.0f} s; {MAX_MIX_S:.0f} s can be mixed",
            hint="Trim it first.",
        )
    return Stem(read_audio(asset, sample_rate_hz=sample_rate_hz)[0])


def _length_s(stem: Stem, sample_rate_hz: int) -> float:
    return stem.start_s + len(stem.samples) / sample_rate_hz


def _fitting_s(
    fixed: list[Stem], running: list[Stem], sample_rate_hz: int, tail_s: float | None
) -> float:
    """The length of a mix: of what does not go on for ever, and a tail if the rest does."""
    longest_s = max((_length_s(stem, sample_rate_hz) for stem in fixed), default=0.0)
    if not running:
        return longest_s
    if tail_s is not None:
        return longest_s + tail_s
    music = [stem for stem in running if stem.level_lufs is not None]
    return max(longest_s, *(_length_s(stem, sample_rate_hz) for stem in music or running))


def gather_stems(
    inputs: MixInputs,
    *,
    sample_rate_hz: int,
    music_gain_db: float,
    sounds_gain_db: float,
    speech_start_s: float,
    sound_starts_s: tuple[float, ...],
    fades_s: tuple[float, float],
    tail_s: float,
    duration_s: float | None,
) -> Stems:
    """Read the assets and give each its level, place and fades.

    The mix lasts as long as the voice (and a tail where music or an ambience goes on), or else as
    the longest of the rest.

    Raises:
        InputError: nothing to mix.
        ArgumentError: more start times than sounds.
        MediaTooLargeError: an input longer than an hour.
    """
    from dataclasses import replace

    if not inputs.all:
        raise InputError("nothing to mix", hint="Give speech, music, sounds or audio.")
    if len(sound_starts_s) > len(inputs.sounds):
        raise ArgumentError(f"{len(sound_starts_s)} start times for {len(inputs.sounds)} sounds")
    fade_in_s, fade_out_s = fades_s
    voices, music, sounds = [], [], []
    if inputs.speech is not None:
        stem = _read(inputs.speech, sample_rate_hz)
        voices.append(replace(stem, start_s=speech_start_s, level_lufs=REFERENCE_LUFS))
    if inputs.music is not None:
        stem = _read(inputs.music, sample_rate_hz)
        level = REFERENCE_LUFS + (music_gain_db if voices else 0.0)
        music.append(
            replace(
                stem,
                is_looped=bool(voices) or duration_s is not None,
                is_ducked=True,
                level_lufs=level,
                fade_in_s=fade_in_s,
                fade_out_s=fade_out_s,
            )
        )
    for index, asset in enumerate(inputs.sounds):
        loops = bool(asset.facts.get("is_ambience"))
        start_s = sound_starts_s[index] if index < len(sound_starts_s) else 0.0
        sounds.append(
            replace(
                _read(asset, sample_rate_hz),
                start_s=start_s,
                gain_db=sounds_gain_db,
                is_looped=loops,
                is_ducked=loops,
                fade_in_s=fade_in_s if loops else 0.0,
                fade_out_s=fade_out_s if loops else 0.0,
            )
        )
    tracks = [_read(asset, sample_rate_hz) for asset in inputs.audios]
    if duration_s is None:
        fixed = [*voices, *tracks, *(stem for stem in sounds if not stem.is_looped)]
        running = [*music, *(stem for stem in sounds if stem.is_looped)]
        duration_s = _fitting_s(fixed, running, sample_rate_hz, tail_s if voices else None)
    attribution = tuple(part for asset in inputs.all for part in asset.attribution)
    return Stems(tuple(voices), (*music, *sounds, *tracks), duration_s, attribution)
