"""Music edited: loops refined by conversation, bars written anew, variations, words on a tune."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, NamedTuple

from omnimuse.assets.asset import Asset
from omnimuse.tools.context import ToolContext
from omnimuse.tools.declare import tool
from omnimuse.tools.kinds import Arg, Music, Score, Text
from omnimuse.tools.music import SAMPLE_RATE_HZ, Composed, credits_of, facts_of, record

if TYPE_CHECKING:
    from omnimuse.crafts.music.loops import LoopTable
    from omnimuse.crafts.music.piece import Piece

_LOOP_ROLES = ("feature-extraction", "score-generation", "score-to-audio")


class Sung(NamedTuple):
    """A tune with its words, as a recording and as a score."""

    score: Score
    music: Music


@tool(
    version="1.0.0",
    roles=_LOOP_ROLES,
    cost_s=5.0,
    memory_mb=250.0,
    examples=(
        "make a lofi drum and piano loop at 80 bpm",
        "an eight bar ambient loop in D minor",
        "a seamless background loop for a game menu",
        "a four bar house loop with bass",
        "做一段循环的背景音乐",
    ),
)
def make_loop(
    ctx: ToolContext,
    prompt: Text,
    *,
    bars: Annotated[int, Arg("length in bars", ge=1, le=64)] = 8,
    key: Annotated[str, Arg("key, such as 'D minor'", max_length=40)] = "",
    tempo_bpm: Annotated[float | None, Arg("beats per minute", ge=30, le=260)] = None,
    instruments: Annotated[str, Arg("instruments, separated by commas", max_length=300)] = "",
) -> Composed:
    """Make a music loop: a few bars that repeat without a seam, to be refined turn by turn.

    The score carries the loop's table of attributes, which refine_loop reads and changes.
    """
    from omnimuse.crafts.music.brief import BriefReader, Wishes
    from omnimuse.crafts.music.compose import compose
    from omnimuse.crafts.music.loops import table_of
    from omnimuse.crafts.music.tunes import can_write
    from omnimuse.errors import InputError

    text = prompt.read_text().strip()[:4000]
    if not text:
        raise InputError("an empty request for a loop", hint="Say how it should sound.")
    wishes = Wishes(key=key, tempo_bpm=tempo_bpm, bars=bars, instruments=instruments)
    brief = BriefReader(ctx.role("feature-extraction")).read(text, wishes, ctx.rng)
    ctx.checkpoint(0.15, f"composing {bars} bars in {brief.key.name}")
    writer = ctx.role("score-generation") if can_write(brief) else None
    made = replace(compose(brief, ctx.seed, writer=writer).piece, tempo_changes=())
    return _looped(ctx, made, table_of(made, brief, ctx.seed, text), "new")


@tool(
    version="1.0.0",
    roles=_LOOP_ROLES,
    cost_s=5.0,
    memory_mb=250.0,
    examples=(
        "make the loop darker, add drums, slower, keep the melody",
        "a bit faster and without the piano",
        "turn up the bass of the loop",
        "replace the flute with a violin and make it jazz",
        "give the loop another tune",
        "循环慢一点，加上鼓",
    ),
)
def refine_loop(ctx: ToolContext, score: Score, prompt: Text) -> Composed:
    """Refine a music loop by a remark: slower, darker, add or remove instruments, new melody.

    All attributes that the remark leaves alone stay as they are in the loop's table, and the
    melody is kept unless another is asked for. Takes any score; its table is then read off it.
    """
    from omnimuse.crafts.music.loops import LoopReader, LoopTable, apply, rebuild_loop, table_of
    from omnimuse.crafts.music.scores import read_score
    from omnimuse.tools.music import brief_for

    text = prompt.read_text().strip()[:4000]
    piece = read_score(score)
    raw = score.facts.get("loop")
    if raw is None:
        brief = brief_for(ctx, piece, "", "", None, "")
        before = table_of(piece, replace(brief, key=piece.key), ctx.seed, "")
    else:
        before = LoopTable.from_json(raw)
    changes = LoopReader(ctx.role("feature-extraction")).read(text, before.players)
    fresh = (before.tune_seed + len(before.turns) + ctx.seed) % 2**32
    table = apply(before, changes, text, fresh)
    ctx.checkpoint(0.15, ", ".join(change.name for change in changes))
    made, melody = rebuild_loop(piece, before, table, ctx.role("score-generation"))
    return _looped(ctx, made, table, melody)


def _looped(ctx: ToolContext, piece: Piece, table: LoopTable, melody: str) -> Composed:
    """Record a loop without a seam: played twice, the second time kept."""
    from omnimuse.assets.media import audio_asset
    from omnimuse.crafts.music.loops import tiled
    from omnimuse.crafts.music.midi import write_midi
    from omnimuse.crafts.music.performance import perform
    from omnimuse.crafts.sound.limiting import normalise_loudness

    ctx.checkpoint(0.3, "playing")
    renderer = ctx.role("score-to-audio")
    twice = tiled(perform(piece, ctx.seed), 2)
    mix = renderer.render(write_midi(twice), sample_rate_hz=SAMPLE_RATE_HZ, seed=ctx.seed)
    count = round(piece.duration_s * SAMPLE_RATE_HZ)
    samples = normalise_loudness(
        mix[count : 2 * count], SAMPLE_RATE_HZ, target_lufs=-16.0, ceiling_dbtp=-1.0
    )
    music = audio_asset(samples, SAMPLE_RATE_HZ, "music", attribution=credits_of(renderer))
    facts = {**facts_of(piece), "loop": table.to_json(), "melody": melody}
    score = Asset.from_bytes(write_midi(piece), "score", "audio/midi", facts=facts)
    return Composed(replace(music, facts={**music.facts, **facts}), score)


@tool(
    version="1.0.0",
    roles=("score-generation", "score-to-audio"),
    cost_s=6.0,
    memory_mb=250.0,
    examples=(
        "write bars 5 to 6 of the tune anew",
        "fill in the missing bars of this melody",
        "replace the third bar of the score, keep the rest",
        "music inpainting between bar 9 and bar 12",
        "重写第三小节",
    ),
)
def fill_music(
    ctx: ToolContext,
    score: Score,
    *,
    first_bar: Annotated[int, Arg("first bar to write, from 1", ge=1, le=100_000)],
    last_bar: Annotated[int, Arg("last bar to write", ge=1, le=100_000)],
) -> Composed:
    """Fill in bars of a melody: write them anew so that they lead to what follows.

    All other bars, the chords and the accompaniment stay note for note. At most 32 bars.
    """
    from omnimuse.crafts.music.infill import fill_bars
    from omnimuse.crafts.music.scores import read_score

    piece = read_score(score)
    writer = ctx.role("score-generation")
    made = fill_bars(piece, writer, first_bar - 1, last_bar - first_bar + 1, ctx.seed)
    return _recorded(ctx, made)


@tool(
    version="1.0.0",
    roles=("score-generation", "score-to-audio"),
    cost_s=8.0,
    memory_mb=250.0,
    examples=(
        "write a variation of this tune",
        "vary the melody a little",
        "make a second version of the song that is different but alike",
        "给这段旋律写一个变奏",
    ),
)
def vary_music(
    ctx: ToolContext,
    score: Score,
    *,
    amount: Annotated[float, Arg("share of each phrase that is new", ge=0.1, le=1)] = 0.5,
) -> Composed:
    """Write a variation of a tune: each phrase begins as before and goes on in another way."""
    from omnimuse.crafts.music.infill import vary
    from omnimuse.crafts.music.scores import read_score

    return _recorded(ctx, vary(read_score(score), ctx.role("score-generation"), amount, ctx.seed))


@tool(
    version="1.0.0",
    roles=("score-to-audio",),
    cost_s=4.0,
    memory_mb=250.0,
    examples=(
        "set these lyrics to the melody",
        "put my poem on the tune, one syllable a note",
        "align the words of the song with its notes",
        "write the lyrics under the score",
        "把歌词配到旋律上",
    ),
)
def set_lyrics(ctx: ToolContext, score: Score, lyrics: Text) -> Sung:
    """Set lyrics to a melody: a syllable a note, stresses on strong beats, hyphens, melismas.

    Gives the score with its words (MIDI lyrics; draw_score and transcribe_score write them down)
    and a recording of the tune, played, not sung: there is no singing voice.
    """
    from omnimuse.crafts.music import lyrics as words
    from omnimuse.crafts.music.midi import write_midi
    from omnimuse.crafts.music.scores import read_score

    setting = words.set_lyrics(read_score(score), lyrics.read_text()[:20_000])
    facts = {
        **facts_of(setting.piece),
        "syllables": setting.syllables,
        "melismas": setting.melismas,
        "split_notes": setting.split_notes,
        "stressed_on_beat": round(setting.stressed_on_beat, 3),
    }
    asset = Asset.from_bytes(write_midi(setting.piece), "score", "audio/midi", facts=facts)
    return Sung(asset, record(ctx, setting.piece))


def _recorded(ctx: ToolContext, piece: Piece) -> Composed:
    from omnimuse.crafts.music.midi import write_midi

    score = Asset.from_bytes(write_midi(piece), "score", "audio/midi", facts=facts_of(piece))
    return Composed(record(ctx, piece), score)


@tool(
    version="1.0.0",
    roles=("text-generation", "score-to-audio"),
    cost_s=120.0,
    memory_mb=600.0,
    examples=(
        "let a group of agents compose a waltz: leader, melody, harmony, reviewer",
        "multi-agent composition of a lullaby with a language model",
        "have the language model write the tune in ABC and review it",
        "compose like ComposerX",
        "用多个智能体合作写一首曲子",
    ),
)
def compose_with_agents(
    ctx: ToolContext,
    prompt: Text,
    *,
    rounds: Annotated[int, Arg("revisions that the reviewer may ask for", ge=0, le=6)] = 2,
) -> Composed:
    """Compose with a language model in six roles: leader, melody, harmony, instruments, review.

    Everything it writes is checked (bars, key, close, chords) and sent back with the faults, so
    many times and no more. It wants a capable text-generation model; otherwise use compose_music.
    """
    from omnimuse.crafts.music.ensemble import Ensemble
    from omnimuse.crafts.music.midi import write_midi
    from omnimuse.errors import InputError

    text = prompt.read_text().strip()
    if not text:
        raise InputError("an empty request for music", hint="Say what it is for or how it feels.")
    model, done = ctx.role("text-generation"), iter(range(1, 100))

    def ask(messages: object, schema: object) -> str:
        ctx.checkpoint(min(0.7, 0.05 * next(done)), "asking the model")
        return str(model.generate(messages, max_tokens=1200, temperature=0.7, seed=ctx.seed,
                                  json_schema=schema or None))  # fmt: skip

    made = Ensemble(ask, rounds=rounds).compose(text, ctx.seed)
    facts = {**facts_of(made.piece), "calls": made.calls, "repairs": made.repairs,
             "revisions": made.revisions, "review": list(made.notes)}  # fmt: skip
    score = Asset.from_bytes(write_midi(made.piece), "score", "audio/midi", facts=facts)
    return Composed(record(ctx, made.piece), score)
