"""Radio plays: a script of speech, sounds and music, and its compilation to one track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Audio, Graph, Text, Transcript

if TYPE_CHECKING:
    from omnimuse.assets.asset import Asset
    from omnimuse.backends.base import Segment
    from omnimuse.crafts.sound.mixing import Stem
    from omnimuse.crafts.sound.script import AudioScript, Character, Item, Placed

_RATE_HZ = 44100
_LOOPED_S = 40.0


class Compiled(NamedTuple):
    """The mix, what is said in it and when, and the script with the times that came out."""

    audio: Audio
    transcript: Transcript
    script: Graph


@tool(
    version="1.1.0",
    roles=("token-classification", "feature-extraction", "text-generation"),
    cost_s=20.0,
    memory_mb=500,
    examples=(
        "turn this radio play into an audio script",
        "make a script with voices, music and sound effects from the dialogue",
        "write a two-minute radio play with rain, two voices and a sad waltz",
        "write the audio script of a podcast from this text",
        "a one-minute audio story about a lighthouse with wind and a piano tune",
        "把这段对话写成广播剧脚本",
    ),
)
def write_audio_script(
    ctx: ToolContext,
    text: Text,
    *,
    title: Annotated[str, Arg("name of the play", max_length=200)] = "",
    form: Annotated[
        Literal["auto", "play", "request"], Arg("the text is a play, or asks for one")
    ] = "auto",
) -> Graph:
    """Write an audio script for a radio play, from its text or from one request for it.

    In a play, `NAME: words` is speech and a line in brackets is a direction: `[rain, background]`,
    `[music: a sad waltz]`, `[door knock]`, `[pause 2 s]`; anything else is read by a narrator. A
    request (`a two-minute radio play with rain, two voices and a sad waltz`) is laid out in time
    and its lines are written. The script can be edited and is compiled by compile_audio_script.
    """
    from omnimuse.assets.asset import Asset
    from omnimuse.crafts.sound.play_request import is_play
    from omnimuse.crafts.sound.script import read_play

    words = text.read_text()
    if form == "play" or (form == "auto" and is_play(words)):
        script = read_play(words, title=title)
        return Asset.from_json(script.to_json(), "graph", facts=_facts(script))
    script, facts = _requested(ctx, words.strip(), title)
    return Asset.from_json(script.to_json(), "graph", facts={**_facts(script), **facts})


def _requested(ctx: ToolContext, words: str, title: str) -> tuple[AudioScript, dict[str, Any]]:
    """The script that a request asks for, and how the request was read."""
    from omnimuse.crafts.sound.play_request import read_request, write_script
    from omnimuse.crafts.writing.writer import Writer
    from omnimuse.errors import InputError

    if not words:
        raise InputError("an empty request for a play", hint="Say what should be heard.")
    tokens = ctx.role("token-classification").parse([words])[0]
    embed = ctx.role("feature-extraction").embed
    request = read_request(words, tokens, embed)
    writer = Writer(ctx.role("text-generation"), embed, ctx.seed, ctx.report)
    about, told = request.topic or words, list[str]()

    def say(messages: Sequence[dict[str, str]], grammar: str, max_tokens: int, turn: int) -> str:
        ctx.checkpoint(min(0.9, 0.1 + 0.05 * turn), f"writing exchange {turn + 1}")
        text = writer.lines(
            messages, about, grammar=grammar, max_tokens=max_tokens, before=tuple(told)
        )
        told.append(text)
        return text

    script = write_script(request, say, title=title)
    return script, {
        "asked_duration_s": request.duration_s,
        "asked_sounds": list(request.sounds),
        "asked_music": list(request.music),
        "topic": request.topic,
        "reasons": request.reasons,
    }


def _facts(script: AudioScript) -> dict[str, int | str]:
    kinds = [item.type for item in script.items]
    return {
        "format": "audio-script",
        "items": len(kinds),
        "voices": len({i.character for i in script.items if i.type == "speech"}),
        "sounds": kinds.count("sound"),
        "music": kinds.count("music"),
    }


@tool(
    version="1.0.0",
    roles=("text-to-speech", "feature-extraction", "score-generation", "score-to-audio"),
    cost_s=30.0,
    memory_mb=700,
    examples=(
        "compile the audio script into one track",
        "produce the radio play with voices, rain and music",
        "render the script to a podcast with music under the voices",
        "合成这个广播剧",
    ),
)
def compile_audio_script(
    ctx: ToolContext,
    script: Graph,
    clips: list[Audio] = [],  # noqa: B006 - read only; a list is what the port declares
    *,
    ducking_db: Annotated[
        float, Arg("music under voices goes down by", ge=0, le=40, unit="db")
    ] = 10.0,
) -> Compiled:
    """Produce a radio play: speak, synthesise and compose all of a script and mix it to one track.

    Characters get voices of their own (told apart by pitch where the card has one voice). Items
    with `clip` use the attached recordings instead. Loudness is the script's.
    """
    from omnimuse.assets.asset import Asset
    from omnimuse.assets.media import audio_asset
    from omnimuse.crafts.sound.mixing import mix_stems
    from omnimuse.crafts.sound.script import read_script, schedule
    from omnimuse.crafts.speech.transcript import transcript_json
    from omnimuse.tools.sound import measure_mix

    plan = read_script(script.read_json())
    studio = _Studio(ctx, plan, list(clips))
    ahead = [item for item in plan.items if item.layer == "foreground"]
    for index, item in enumerate(ahead):
        ctx.checkpoint(0.7 * index / len(ahead), f"{item.type}: {item.text[:50]}")
        studio.make(item, None)
    placed = schedule(plan, studio.lengths_s())
    for one in placed:
        if one.item.layer == "background":
            ctx.checkpoint(0.75, f"{one.item.type}: {one.item.text[:50]}")
            studio.make(one.item, one.duration_s)
    voices, others = studio.stems(placed)
    end_s = max(one.start_s + one.duration_s for one in placed) + 0.5
    ctx.checkpoint(0.9, "mixing")
    mixed = mix_stems(
        voices,
        others,
        duration_s=end_s,
        sample_rate_hz=_RATE_HZ,
        loudness_lufs=plan.loudness_lufs,
        ducking_db=ducking_db,
    )
    credits = tuple(part for made in studio.assets.values() for part in made.attribution)
    audio = audio_asset(mixed, _RATE_HZ, "audio", attribution=credits)
    record = transcript_json(studio.segments(placed), language="en", duration_s=end_s)
    resolved = _resolved(plan, placed)
    return Compiled(
        replace(audio, facts={**audio.facts, **measure_mix(mixed, _RATE_HZ)}),
        Asset.from_json(record, "transcript", facts={"language": "en"}),
        Asset.from_json(resolved.to_json(), "graph", facts=_facts(resolved)),
    )


def _resolved(plan: AudioScript, placed: list[Placed]) -> AudioScript:
    """The script with the times that came out."""
    times = {one.item.id: one for one in placed}
    items = tuple(
        replace(
            item,
            start_s=round(times[item.id].start_s, 3),
            duration_s=round(times[item.id].duration_s, 3),
        )
        for item in plan.items
    )
    return replace(plan, items=items)


class _Studio:
    """Makes the items of a script and keeps what was made."""

    def __init__(self, ctx: ToolContext, script: AudioScript, clips: list[Asset]) -> None:
        self.ctx, self.script, self.clips = ctx, script, clips
        self.assets: dict[str, Asset] = {}
        self.transcripts: dict[str, Asset] = {}
        self.characters = self._cast()

    def _cast(self) -> dict[str, Character]:
        names = tuple(
            dict.fromkeys(item.character for item in self.script.items if item.type == "speech")
        )
        cast = {name: self.script.characters[name] for name in names}
        if all(who.voice for who in cast.values()):
            return cast
        voices = tuple(self.ctx.role("text-to-speech").voices)
        return {
            name: who
            if who.voice
            else replace(
                who,
                voice=voices[index % len(voices)],
                pitch_semitones=0.0 if len(names) <= len(voices) else who.pitch_semitones,
            )
            for index, (name, who) in enumerate(cast.items())
        }

    def make(self, item: Item, duration_s: float | None) -> None:
        """Make one item, as long as asked (background) or as long as it is."""
        from omnimuse.errors import InputError

        if item.type == "pause":
            return
        if item.clip is not None:
            if item.clip >= len(self.clips):
                raise InputError(
                    f"{item.id} wants clip {item.clip}, and {len(self.clips)} are attached",
                    hint="Clips are counted from 0.",
                )
            self.assets[item.id] = self.clips[item.clip]
            return
        folder = self.ctx.workdir / f"item{len(self.assets)}"
        folder.mkdir(exist_ok=True)
        index = self.script.items.index(item)
        own = replace(self.ctx, seed=(self.ctx.seed + 7919 * index) % 2**32, workdir=folder)
        if item.type == "speech":
            self._speak(own, item)
        else:
            self._sound(own, item, duration_s or item.duration_s)

    def _speak(self, ctx: ToolContext, item: Item) -> None:
        from omnimuse.assets.asset import Asset
        from omnimuse.tools.speech import synthesize_speech

        who = self.characters[item.character]
        self.assets[item.id], self.transcripts[item.id] = synthesize_speech(
            ctx,
            Asset.from_text(item.text),
            voice=who.voice,
            rate=who.rate,
            pitch_semitones=who.pitch_semitones,
        )

    def _sound(self, ctx: ToolContext, item: Item, duration_s: float | None) -> None:
        from omnimuse.assets.asset import Asset
        from omnimuse.tools.music import compose_music
        from omnimuse.tools.sound import generate_sound

        text = Asset.from_text(item.text)
        if item.type == "music":
            music_s = min(max(duration_s or 12.0, 4.0), 120.0)
            self.assets[item.id] = compose_music(ctx, text, duration_s=music_s).music
            return
        length_s = None if duration_s is None else max(min(duration_s, _LOOPED_S), 0.2)
        self.assets[item.id] = generate_sound(ctx, text, duration_s=length_s)

    def lengths_s(self) -> dict[str, float]:
        """Lengths of what was made, shortened to what the item asks for."""
        lengths = {}
        for item in self.script.items:
            if item.id in self.assets:
                own_s = self._heard_s(item)
                lengths[item.id] = min(own_s, item.duration_s or own_s)
        return lengths

    def _heard_s(self, item: Item) -> float:
        """The length of an item without the silence that a made effect may end in."""
        import numpy as np

        from omnimuse.assets.media import read_audio

        length_s = float(self.assets[item.id].facts.get("duration_s") or 1.0)
        if item.type != "sound" or item.clip is not None:
            return length_s
        samples, rate_hz = read_audio(self.assets[item.id])
        loud = np.flatnonzero(np.abs(samples).max(axis=1) > 10 ** (-45 / 20))
        return min(length_s, (loud[-1] + 1) / rate_hz + 0.15) if len(loud) else length_s

    def stems(self, placed: list[Placed]) -> tuple[list[Stem], list[Stem]]:
        """Voices, and all that gives way to them."""
        from omnimuse.assets.media import read_audio
        from omnimuse.crafts.sound.mixing import REFERENCE_LUFS, Stem

        voices: list[Stem] = []
        others: list[Stem] = []
        for one in placed:
            if (asset := self.assets.get(one.item.id)) is None:
                continue
            samples, _ = read_audio(asset, sample_rate_hz=_RATE_HZ)
            is_behind = one.item.layer == "background"
            level = {"speech": 0.0, "music": -6.0}.get(one.item.type)
            pan = one.item.pan
            if pan is None:
                who = self.characters.get(one.item.character)
                pan = who.pan if who else 0.0
            stem = Stem(
                samples,
                start_s=one.start_s,
                gain_db=one.item.gain_db - (6.0 if is_behind and level is None else 0.0),
                pan=pan,
                is_looped=is_behind,
                duration_s=one.duration_s,
                level_lufs=None if level is None else REFERENCE_LUFS + level,
                is_ducked=is_behind,
                fade_in_s=min(0.8, one.duration_s / 4) if is_behind else 0.0,
                fade_out_s=min(1.5, one.duration_s / 4) if is_behind else 0.01,
            )
            (voices if one.item.type == "speech" else others).append(stem)
        return voices, others

    def segments(self, placed: list[Placed]) -> list[Segment]:
        """Everything that is said, at its time in the mix."""
        from omnimuse.crafts.speech.recognition import moved_segment
        from omnimuse.crafts.speech.transcript import read_segments

        return [
            moved_segment(segment, one.start_s)
            for one in placed
            if one.item.id in self.transcripts
            for segment in read_segments(self.transcripts[one.item.id].read_json())
        ]
