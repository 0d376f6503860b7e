"""Sound effects, ambiences and the final mix."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Audio, Music, Sound, Speech, Text, Video

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PlaceName = Literal[
    "outdoors", "forest", "street", "room", "bathroom", "hall", "church", "cave"
]  # fmt: skip
SampleRate = Literal[44100, 48000]


@tool(
    version="1.0.0",
    roles=("feature-extraction",),
    cost_s=2.0,
    memory_mb=200,
    examples=(
        "the sound of heavy rain on a roof with distant thunder",
        "a crackling campfire at night with crickets and an owl",
        "make a 20 second ambience of waves breaking on a beach and seagulls",
        "a dog barking twice",
        "footsteps in snow, then a door creaking open",
        "a spaceship hum with beeps",
        "generate applause from a large audience",
        "生成一段下雨和远处打雷的声音",
        "海浪声",
    ),
)
def generate_sound(
    ctx: ToolContext,
    prompt: Text,
    *,
    duration_s: Annotated[
        float | None, Arg("length; as the request says, or natural", ge=0.2, le=600, unit="s")
    ] = None,
    intensity: Annotated[
        float | None, Arg("0 gentle to 1 violent; read from the words if absent", ge=0, le=1)
    ] = None,
    density: Annotated[
        float | None, Arg("0 rare to 1 constant: how often things happen", ge=0, le=1)
    ] = None,
    distance_m: Annotated[
        float | None, Arg("how far away the source is", ge=0.5, le=2000, unit="m")
    ] = None,
    pan: Annotated[float | None, Arg("-1 left to 1 right", ge=-1, le=1)] = None,
    place: Annotated[PlaceName | None, Arg("where it is heard: the reverberation")] = None,
    sample_rate_hz: Annotated[SampleRate, Arg("sample rate", unit="hz")] = 44100,
) -> Sound:
    """Make a sound effect or an ambience: rain, wind, sea, fire, animals, engines, bells, steps...

    Several sounds in one request become layers, each at its own distance and direction. About a
    hundred classes (weather, water, fire, animals, vehicles, machines, household, human,
    interface, science fiction, bells and drums) are synthesised, not sampled. From the caption of a
    picture it makes what one would hear there. It makes no speech,
    no song, no laughter, and no melody.
    """
    from omnimuse.assets.media import audio_asset
    from omnimuse.crafts.sound.catalogue import sound_classes
    from omnimuse.crafts.sound.depiction import SURE, heard_layers
    from omnimuse.crafts.sound.retrieval import find_class, named_class
    from omnimuse.crafts.sound.scene import asked_duration_s, plan_layers, render_layers
    from omnimuse.crafts.sound.take import SoundClass
    from omnimuse.errors import NeedsInputError

    def find(phrase: str) -> SoundClass:
        if (named := named_class(phrase)) is not None:
            return named
        match = find_class(phrase, ctx.role("feature-extraction"))
        if prompt.kind == "caption" and match.likeness < SURE:
            raise NeedsInputError(f"{phrase!r} has no sound of its own")
        return match.kind

    request, classes = prompt.read_text(), sound_classes()

    wishes = {"intensity": intensity, "density": density, "distance_m": distance_m, "pan": pan}
    plan = heard_layers if prompt.kind == "caption" else plan_layers
    layers = [layer.overruled(wishes, place) for layer in plan(request, find)]
    ctx.checkpoint(0.2, "synthesising " + ", ".join(layer.sound for layer in layers))
    length_s = duration_s or asked_duration_s(request)
    length_s = length_s or max(classes[layer.sound].default_s for layer in layers)
    samples = render_layers(
        layers,
        classes,
        duration_s=min(max(length_s, 0.2), 600.0),
        sample_rate_hz=sample_rate_hz,
        seed=ctx.seed,
    )
    asset = audio_asset(samples, sample_rate_hz, "sound")
    ambience = any(classes[layer.sound].is_ambience for layer in layers)
    details = {"layers": [layer.to_json() for layer in layers], "is_ambience": ambience}
    return replace(asset, facts={**asset.facts, **details})


@tool(
    version="1.0.0",
    roles=("feature-extraction",),
    cost_s=6.0,
    memory_mb=300,
    examples=(
        "put a whoosh on every cut of the video",
        "add transition sounds where the film changes scenes",
        "sound effects on the cuts of this clip",
        "find the cuts of the video and mark them with a click",
        "给视频的每个转场配音效",
    ),
)
def sound_cuts(
    ctx: ToolContext,
    video: Video,
    *,
    effect: Annotated[str, Arg("what each cut sounds like", max_length=200)] = "whoosh",
    level_db: Annotated[float, Arg("louder or softer", ge=-40, le=12, unit="db")] = 0.0,
) -> Sound:
    """Make the sound effects for a video's cuts: one at each change of scene, silence between.

    The track is as long as the film; lay it under the film with the film's own sound by mix_audio
    and mux_video. The times of the cuts are in its facts.
    """
    import numpy as np

    from omnimuse.assets.media import audio_asset, read_frames
    from omnimuse.crafts.sound.catalogue import perform
    from omnimuse.crafts.sound.cuts import find_cuts
    from omnimuse.crafts.sound.limiting import limit_true_peak
    from omnimuse.crafts.sound.retrieval import find_class, named_class
    from omnimuse.errors import InputError

    length_s = float(video.facts["duration_s"])
    kind = named_class(effect) or find_class(effect, ctx.role("feature-extraction")).kind
    ctx.checkpoint(0.1, "looking for cuts")
    cuts = find_cuts((frame.time_s, frame.pixels[..., :3]) for frame in read_frames(video))
    if not cuts:
        raise InputError("the film has no cuts", hint="Lay a sound on it with generate_sound.")
    rate_hz, track = 44_100, np.zeros((max(1, round(length_s * 44_100)), 2), np.float32)
    for number, cut_s in enumerate(cuts):
        sound = perform(
            kind.name, duration_s=min(kind.default_s, 2.0), sample_rate_hz=rate_hz,
            seed=(ctx.seed + number) % 2**32,
        ) * np.float32(10 ** (level_db / 20))  # fmt: skip
        peak = int(np.argmax(np.abs(sound).max(axis=1)))
        at = max(0, round(cut_s * rate_hz) - peak)  # the loudest moment falls on the cut
        room = track[at : at + len(sound)]
        room += sound[: len(room)]
    asset = audio_asset(limit_true_peak(track, rate_hz), rate_hz, "sound")
    facts = {"cuts_s": [round(cut, 3) for cut in cuts], "effect": kind.name}
    return replace(asset, facts={**asset.facts, **facts})


@tool(
    version="1.0.0",
    cost_s=3.0,
    memory_mb=400,
    examples=(
        "mix the narration with the piano music",
        "put the voice over the music and fade it out at the end",
        "combine the speech, the tune and the rain into one track",
        "lay the sound of waves under the poem",
        "把旁白和背景音乐混在一起",
    ),
)
def mix_audio(
    ctx: ToolContext,
    speech: Speech | None = None,
    music: Music | None = None,
    sounds: list[Sound] = [],  # noqa: B006 - read only; a list is what the port declares
    audios: list[Audio] = [],  # noqa: B006
    *,
    loudness_lufs: Annotated[float, Arg("integrated loudness", ge=-40, le=-6, unit="lufs")] = -16.0,
    ducking_db: Annotated[
        float, Arg("how far music goes down under the voice", ge=0, le=40, unit="db")
    ] = 12.0,
    music_gain_db: Annotated[
        float, Arg("music against the voice, while nobody speaks", ge=-40, le=20, unit="db")
    ] = -2.0,
    sounds_gain_db: Annotated[float, Arg("sounds' level", ge=-40, le=20, unit="db")] = -4.0,
    speech_start_s: Annotated[float, Arg("when the voice begins", ge=0, le=600, unit="s")] = 0.0,
    sound_starts_s: Annotated[
        list[float], Arg("when each sound begins, in order; 0 if absent", max_length=64, unit="s")
    ] = [],  # noqa: B006
    fade_in_s: Annotated[float, Arg("fade-in of all but the voice", ge=0, le=30, unit="s")] = 0.3,
    fade_out_s: Annotated[float, Arg("fade-out at the end", ge=0, le=60, unit="s")] = 2.0,
    tail_s: Annotated[float, Arg("music left after the last word", ge=0, le=60, unit="s")] = 2.5,
    duration_s: Annotated[
        float | None, Arg("length of the mix; fits the voice if absent", ge=0.1, le=3600, unit="s")
    ] = None,
    sample_rate_hz: Annotated[SampleRate, Arg("sample rate", unit="hz")] = 44100,
) -> Audio:
    """Mix a voice, music and sounds into one track with ducking, fades and a loudness target.

    Music and ambiences are looped to the length of the voice and turned down while it speaks;
    `audios` are ready-made tracks that start at 0 and are not changed but in level. Also the
    right tool to bring a single recording to a loudness (EBU R 128).
    """
    from omnimuse.assets.media import audio_asset
    from omnimuse.crafts.sound.mixing import mix_stems
    from omnimuse.tools.stems import MixInputs, gather_stems

    gathered = gather_stems(
        MixInputs(speech, music, tuple(sounds), tuple(audios)),
        sample_rate_hz=sample_rate_hz,
        music_gain_db=music_gain_db,
        sounds_gain_db=sounds_gain_db,
        speech_start_s=speech_start_s,
        sound_starts_s=tuple(sound_starts_s),
        fades_s=(fade_in_s, fade_out_s),
        tail_s=tail_s,
        duration_s=duration_s,
    )
    ctx.checkpoint(0.3, "mixing")
    mixed = mix_stems(
        gathered.voices,
        gathered.others,
        duration_s=gathered.duration_s,
        sample_rate_hz=sample_rate_hz,
        loudness_lufs=loudness_lufs,
        ducking_db=ducking_db,
    )
    asset = audio_asset(mixed, sample_rate_hz, "audio", attribution=gathered.attribution)
    facts = {**measure_mix(mixed, sample_rate_hz), "speech_start_s": speech_start_s}
    return replace(asset, facts={**asset.facts, **facts})


def measure_mix(mixed: NDArray[np.float32], sample_rate_hz: int) -> dict[str, float]:
    """Loudness and true peak of a mix, as facts."""
    from omnimuse.crafts.sound.loudness import integrated_loudness, true_peak_dbtp

    return {
        "loudness_lufs": round(integrated_loudness(mixed, sample_rate_hz), 2),
        "true_peak_dbtp": round(true_peak_dbtp(mixed), 2),
    }


@tool(
    version="1.0.0",
    cost_s=2.0,
    memory_mb=300,
    examples=(
        "play the recording 20 % faster without changing the pitch",
        "slow this speech down",
        "raise the pitch of the voice by three semitones",
        "make the tune lower",
        "把录音放慢一点",
    ),
)
def change_speed(
    ctx: ToolContext,
    audio: Audio,
    *,
    rate: Annotated[float, Arg("pace; 2 is twice as fast, pitch is kept", ge=0.25, le=4)] = 1.0,
    pitch_semitones: Annotated[float, Arg("higher or lower, pace is kept", ge=-24, le=24)] = 0.0,
) -> Audio:
    """Make a recording faster or slower, or higher or lower in pitch, each without the other.

    Waveform-similarity overlap-add: best on speech and single instruments, up to ten minutes.
    """
    from omnimuse.assets.media import audio_asset, read_audio
    from omnimuse.crafts.speech.prosody import shift_pitch, stretch_time
    from omnimuse.errors import MediaTooLargeError

    length_s = float(audio.facts.get("duration_s") or 0.0)
    if length_s > 600.0:
        raise MediaTooLargeError(
            f"{length_s:.0f} s of sound; 600 s can be changed", hint="Trim or split it first."
        )
    samples, rate_hz = read_audio(audio)
    ctx.checkpoint(0.3, "stretching")
    changed = shift_pitch(stretch_time(samples, rate_hz, rate), rate_hz, pitch_semitones)
    return audio_asset(changed, rate_hz, audio.kind, attribution=audio.attribution)
