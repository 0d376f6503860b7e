"""Music: compose a piece from words, play, rearrange, continue, transpose and write down scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from omnimuse.assets.asset import Asset, Attribution
from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Image, Music, Score, Text

if TYPE_CHECKING:
    from omnimuse.crafts.music.brief import Brief
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
        **facts_of(composition.piece),
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
    music = record(ctx, composition.piece, duration_s=duration_s)
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
    return record(ctx, read_score(score), humanize=humanize)


@tool(
    version="1.0.0",
    roles=("feature-extraction", "score-to-audio"),
    cost_s=5.0,
    memory_mb=250.0,
    examples=(
        "play a slower version of the tune with guitars",
        "a faster version of it for brass",
        "make this tune a jazz version",
        "turn the melody into a sad waltz in a minor key",
        "arrange this MIDI for strings and harp",
        "play it faster and happier as a rock song",
        "把这首曲子改编成爵士",
    ),
)
def restyle_music(
    ctx: ToolContext,
    score: Score,
    prompt: Text,
    *,
    key: Annotated[str, Arg("new key; the old one if empty", max_length=40)] = "",
    tempo_bpm: Annotated[float | None, Arg("beats per minute", ge=30, le=260)] = None,
    instruments: Annotated[str, Arg("instruments, separated by commas", max_length=300)] = "",
) -> Composed:
    """Rearrange a tune in another style, mood, key, tempo or for other instruments.

    Keeps the melody of a score and writes new harmony and accompaniment around it.
    """
    from omnimuse.crafts.music.rework import restyle
    from omnimuse.crafts.music.scores import read_score

    piece = read_score(score)
    brief = brief_for(ctx, piece, prompt.read_text(), key, tempo_bpm, instruments)
    ctx.checkpoint(0.2, f"arranging as {brief.style.name}")
    made = restyle(piece, brief, ctx.rng)
    return Composed(record(ctx, made), score_asset(made, brief))


@tool(
    version="1.0.0",
    roles=("feature-extraction", "score-generation", "score-to-audio"),
    cost_s=6.0,
    memory_mb=250.0,
    examples=(
        "continue this melody for eight more bars",
        "finish my tune",
        "how could this song go on?",
        "extend the score and bring it to an end",
        "续写这段旋律",
    ),
)
def continue_music(
    ctx: ToolContext,
    score: Score,
    *,
    bars: Annotated[int, Arg("how many bars to add", ge=1, le=48)] = 8,
    style: Annotated[str, Arg("style of the accompaniment", max_length=80)] = "folk",
) -> Composed:
    """Continue a melody: write the bars that follow in the same key and metre, and close it.

    For tunes of one voice in 2/4, 3/4, 4/4, 6/8 or 9/8.
    """
    from dataclasses import replace

    from omnimuse.crafts.music.rework import continue_piece
    from omnimuse.crafts.music.scores import read_score

    piece = read_score(score)
    brief = brief_for(ctx, piece, style, "", None, "")
    brief = replace(brief, bars=piece.bars + bars)
    made = continue_piece(piece, brief, ctx.role("score-generation"), bars, ctx.seed)
    return Composed(record(ctx, made), score_asset(made, brief))


@tool(
    version="1.0.0",
    cost_s=0.2,
    memory_mb=20.0,
    examples=(
        "transpose the score to E flat major",
        "move this song up a tone",
        "put the MIDI three semitones lower for a low voice",
        "把乐谱移到G大调",
    ),
)
def transpose_score(
    ctx: ToolContext,
    score: Score,
    *,
    key: Annotated[str, Arg("new key, such as 'Eb major'", max_length=40)] = "",
    semitones: Annotated[int, Arg("how far up, if no key is given", ge=-36, le=36)] = 0,
) -> Score:
    """Transpose a score into another key, higher or lower."""
    from omnimuse.crafts.music.midi import write_midi
    from omnimuse.crafts.music.rework import interval_to, transpose
    from omnimuse.crafts.music.scores import read_score
    from omnimuse.crafts.music.theory import Key

    piece = read_score(score)
    shift = interval_to(piece.key, Key.parse(key)) if key.strip() else semitones
    moved = transpose(piece, shift)
    return Asset.from_bytes(write_midi(moved), "score", "audio/midi", facts=facts_of(moved))


@tool(
    version="1.0.0",
    cost_s=0.2,
    memory_mb=20.0,
    examples=(
        "write the melody down in ABC notation",
        "convert the MIDI to ABC",
        "what key is this score in and what are its chords",
        "give me the notes of the tune as text",
    ),
)
def transcribe_score(ctx: ToolContext, score: Score) -> Text:
    """Write a score's melody and chord symbols as ABC notation: notes as readable text."""
    from omnimuse.crafts.music.abc import write_abc
    from omnimuse.crafts.music.scores import read_score

    piece = read_score(score)
    return Asset.from_text(write_abc(piece), facts=facts_of(piece))


@tool(
    version="1.0.0",
    cost_s=0.5,
    memory_mb=60.0,
    examples=(
        "show me the sheet music",
        "draw the score of the tune as a picture",
        "print the notes of this MIDI file as a lead sheet",
        "把乐谱画成图片",
    ),
)
def draw_score(ctx: ToolContext, score: Score) -> Image:
    """Draw sheet music: the melody of a score on a staff, with chord symbols, as a picture."""
    import io

    from PIL import Image as Pictures

    from omnimuse.assets.media import image_asset
    from omnimuse.crafts.music.engraving import engrave_png
    from omnimuse.crafts.music.scores import read_score

    return image_asset(Pictures.open(io.BytesIO(engrave_png(read_score(score)))).convert("RGB"))


def brief_for(
    ctx: ToolContext,
    piece: Piece,
    text: str,
    key: str,
    tempo_bpm: float | None,
    instruments: str,
) -> Brief:
    """A brief for an existing piece: what the words do not change stays as it is."""
    from dataclasses import replace

    from omnimuse.crafts.music.brief import BriefReader, Wishes
    from omnimuse.crafts.music.theory import KEY_IN_TEXT, Key

    wishes = Wishes(
        key=key, metre=piece.metre.name, tempo_bpm=tempo_bpm, bars=piece.bars,
        instruments=instruments,
    )  # fmt: skip
    reader = BriefReader(ctx.role("feature-extraction"))
    brief = reader.read(text[:_MAX_PROMPT], wishes, ctx.rng)
    if not key and not KEY_IN_TEXT.search(text):
        is_clear = brief.mood != "neutral" and abs(brief.valence) > 0.3
        mode = ("minor" if brief.valence < 0 else "major") if is_clear else piece.key.mode
        kept = piece.key.mode if Key(0, piece.key.mode).is_minor == Key(0, mode).is_minor else mode
        how = "kept" if kept == piece.key.mode else f"{kept} for a {brief.mood} mood"
        brief = replace(
            brief, key=Key(piece.key.tonic, kept), reasons={**brief.reasons, "key": how}
        )
    return brief


def score_asset(piece: Piece, brief: Brief) -> Asset:
    """A piece as a MIDI score that says how it was meant."""
    from omnimuse.crafts.music.midi import write_midi

    facts = {**facts_of(piece), "style": brief.style.name, "mood": brief.mood,
             "reasons": dict(brief.reasons)}  # fmt: skip
    return Asset.from_bytes(write_midi(piece), "score", "audio/midi", facts=facts)


def record(
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
    asset = audio_asset(samples, SAMPLE_RATE_HZ, "music", attribution=credits_of(renderer))
    return _with_facts(asset, facts_of(piece))


def _with_facts(asset: Asset, facts: dict[str, Any]) -> Asset:
    from dataclasses import replace

    return replace(asset, facts={**asset.facts, **facts})


def credits_of(renderer: object) -> tuple[Attribution, ...]:
    """The soundfont's authors, if the renderer names them."""
    credit = getattr(renderer, "attribution", None)
    return (credit,) if isinstance(credit, Attribution) else ()


def facts_of(piece: Piece) -> dict[str, Any]:
    """What a score says about itself."""
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
