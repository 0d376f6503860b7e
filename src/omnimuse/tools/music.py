"""Music: compose a piece from words, play a score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from omnimuse.assets.asset import Asset, Attribution
from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Music, Score, Text

if TYPE_CHECKING:
    from omnimuse.crafts.music.piece import Piece

SAMPLE_RATE_HZ = 44100
_MAX_PROMPT = 4000


class Composed(NamedTuple):
    """A recording and its notes."""

    music: Music
    score: Score


@tool(
    version="1.0.0",
    roles=("feature-extraction", "score-generation", "score-to-audio"),
    cost_s=6.0,
    memory_mb=250.0,
    examples=(
        "compose a calm piano tune",
        "a sad waltz in D minor for violin and piano",
        "background music for my video, 30 seconds, upbeat and modern",
        "write an epic orchestral theme with drums",
        "an 8-bit melody for a game, 140 bpm",
        "a lullaby on a music box",
        "Irish jig in 6/8 on fiddle and guitar",
        "写一首欢快的钢琴曲",
        "来一段悲伤的小提琴音乐",
    ),
)
def compose_music(
    ctx: ToolContext,
    prompt: Text,
    *,
    key: Annotated[str, Arg("key, such as 'D minor' or 'F# dorian'", max_length=40)] = "",
    metre: Annotated[str, Arg("time signature, such as 3/4", max_length=8)] = "",
    tempo_bpm: Annotated[float | None, Arg("beats per minute", ge=30, le=260)] = None,
    duration_s: Annotated[float, Arg("length", ge=4, le=600, unit="s")] = 30.0,
    instruments: Annotated[
        str, Arg("instruments, separated by commas: piano, violin, drums, ...", max_length=300)
    ] = "",
    mood: Annotated[str, Arg("mood in a word or two: calm, joyful, tense", max_length=80)] = "",
    style: Annotated[str, Arg("style: waltz, jazz, lullaby, rock, ...", max_length=80)] = "",
) -> Composed:
    """Compose and play a piece of instrumental music: a tune, a song, a theme or background music.

    Any mood, style, key, metre, tempo, length and set of instruments. Gives the recording and its
    notes as a MIDI score that can be edited and played again. No singing voice.
    """
    import zlib

    import numpy as np

    from omnimuse.crafts.music.brief import BriefReader, Wishes
    from omnimuse.crafts.music.compose import compose
    from omnimuse.crafts.music.midi import write_midi
    from omnimuse.crafts.music.tunes import can_write
    from omnimuse.errors import InputError

    text = prompt.read_text().strip()
    if not text:
        raise InputError("an empty request for music", hint="Say what it is for or how it feels.")
    ctx.checkpoint(0.02, "reading the request")
    wishes = Wishes(
        key=key, metre=metre, tempo_bpm=tempo_bpm, duration_s=duration_s, instruments=instruments,
        mood=mood, style=style,
    )  # fmt: skip
    rng = np.random.default_rng([ctx.seed, zlib.crc32(text.encode())])
    brief = BriefReader(ctx.role("feature-extraction")).read(text[:_MAX_PROMPT], wishes, rng)
    ctx.checkpoint(0.15, f"composing in {brief.key.name}, {brief.metre.name}")
    writer = ctx.role("score-generation") if can_write(brief) else None
    composition = compose(brief, int(rng.integers(2**32)), writer=writer)
    midi = write_midi(composition.piece)
    facts = {
        **_facts(composition.piece),
        "style": brief.style.name,
        "mood": brief.mood,
        "valence": brief.valence,
        "arousal": brief.arousal,
        "reasons": dict(brief.reasons),
        "melody_by": composition.melody_by,
        "judge_score": round(composition.verdict.score, 3),
        "judge_faults": list(composition.verdict.faults),
        "candidates": composition.candidates,
        "rejected": list(composition.rejected),
    }
    score = Asset.from_bytes(midi, "score", "audio/midi", facts=facts)
    music = _record(ctx, composition.piece, duration_s=duration_s)
    return Composed(music, score)


@tool(
    version="1.0.0",
    roles=("score-to-audio",),
    cost_s=4.0,
    memory_mb=250.0,
    examples=(
        "play this MIDI file",
        "turn the score into sound",
        "render song.mid as audio",
        "what does this sheet music sound like",
        "把这个乐谱播放成音频",
    ),
)
def render_score(
    ctx: ToolContext,
    score: Score,
    *,
    humanize: Annotated[float, Arg("0 plays to the letter, 1 freely", ge=0, le=1)] = 0.6,
) -> Music:
    """Play a score: turn MIDI or ABC notes into a recording with sampled instruments.

    Written notes get a player's small liberties; a MIDI file that was recorded live is played as
    it is.
    """
    from omnimuse.crafts.music.scores import read_score

    ctx.checkpoint(0.05, "reading the score")
    return _record(ctx, read_score(score), humanize=humanize)


def _record(
    ctx: ToolContext, piece: Piece, *, duration_s: float | None = None, humanize: float = 0.6
) -> Asset:
    """Perform, render and master a piece."""
    from omnimuse.assets.media import audio_asset
    from omnimuse.crafts.music.mastering import master
    from omnimuse.crafts.music.midi import write_midi
    from omnimuse.crafts.music.performance import is_quantised, perform

    ctx.checkpoint(0.3, "playing")
    if is_quantised(piece):
        piece = perform(piece, ctx.seed, amount=humanize)
    renderer = ctx.role("score-to-audio")
    mix = renderer.render(write_midi(piece), sample_rate_hz=SAMPLE_RATE_HZ, seed=ctx.seed)
    ctx.checkpoint(0.8, "mastering")
    samples = master(mix, SAMPLE_RATE_HZ, duration_s=duration_s)
    asset = audio_asset(samples, SAMPLE_RATE_HZ, "music", attribution=_credits(renderer))
    return _with_facts(asset, _facts(piece))


def _with_facts(asset: Asset, facts: dict[str, Any]) -> Asset:
    from dataclasses import replace

    return replace(asset, facts={**asset.facts, **facts})


def _credits(renderer: object) -> tuple[Attribution, ...]:
    """The soundfont's authors, if the renderer names them."""
    credit = getattr(renderer, "attribution", None)
    return (credit,) if isinstance(credit, Attribution) else ()


def _facts(piece: Piece) -> dict[str, Any]:
    return {
        "key": piece.key.name,
        "metre": piece.metre.name,
        "tempo_bpm": round(piece.tempo_bpm, 2),
        "bars": piece.bars,
        "score_s": round(piece.duration_s, 3),
        "instruments": [part.name for part in piece.parts],
        "form": " ".join(phrase.name for phrase in piece.phrases),
        "chords": " | ".join(chord.symbol(piece.key) for chord in piece.chords[:64]),
    }
