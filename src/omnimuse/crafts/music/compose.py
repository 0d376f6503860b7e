"""Composer: a brief becomes a piece.

Form first, then for each phrase harmony that runs into its cadence, then a melody made of a motif
that is stated, answered, recalled and varied; then voices, bass, figures and drums are arranged
around it. Several candidates are written, judged by the rules of the craft, and the best is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from omnimuse.backends.base import MelodyWriter
from omnimuse.crafts.music.arrange import arrange
from omnimuse.crafts.music.brief import Brief
from omnimuse.crafts.music.form import PhrasePlan, plan_form
from omnimuse.crafts.music.harmony import (
    Palette,
    cadence_degrees,
    lay_out,
    realise,
    sample_degrees,
)
from omnimuse.crafts.music.judge import Verdict, judge
from omnimuse.crafts.music.melodist import VELOCITY, Melodist
from omnimuse.crafts.music.piece import Note, Phrase, Piece
from omnimuse.crafts.music.theory import Chord
from omnimuse.crafts.music.tunes import (
    can_write,
    find_harmony,
    read_form,
    to_notes,
    write_tunes,
)
from omnimuse.models.melody_tokens import Melody


@dataclass(frozen=True)
class Composition:
    """A finished piece and how the candidates fared."""

    piece: Piece
    verdict: Verdict
    candidates: int
    rejected: tuple[str, ...]
    melody_by: str = "search"


def compose(
    brief: Brief,
    seed: int,
    *,
    candidates: int = 6,
    writer: MelodyWriter | None = None,
    report: Callable[[float, str], None] = lambda fraction, message: None,
) -> Composition:
    """Write several candidates and keep the best.

    Args:
        brief: what is wanted.
        seed: randomness; candidate i uses (seed, i).
        candidates: how many to write; as many again if every one of them has a fault.
        writer: the melody model, used for styles that it has heard.
        report: progress.
    """
    rounds = [_candidates(brief, seed, candidates, writer, report)]
    if all(verdict.faults for _, verdict in rounds[0]):  # refine: another set of drafts
        rounds.append(_candidates(brief, seed + 1, candidates, writer, report))
    verdicts = [pair for drafts in rounds for pair in drafts]
    rejected = [
        f"candidate {index + 1}: {fault}"
        for index, (_, verdict) in enumerate(verdicts)
        for fault in verdict.faults
    ]
    best = max(verdicts, key=lambda pair: pair[1].score - 10 * len(pair[1].faults))
    how = "melody model" if writer is not None and can_write(brief) else "search"
    return Composition(best[0], best[1], len(verdicts), tuple(rejected), how)


def _candidates(
    brief: Brief,
    seed: int,
    count: int,
    writer: MelodyWriter | None,
    report: Callable[[float, str], None],
) -> list[tuple[Piece, Verdict]]:
    """Write `count` candidates and judge each."""
    plan = plan_form(brief.bars)
    tunes: list[Melody] = []
    if writer is not None and can_write(brief):
        bars = sum(phrase.bars for phrase in plan if phrase.kind == "phrase")
        tunes = write_tunes(brief, bars, writer, seed, count)
    verdicts: list[tuple[Piece, Verdict]] = []
    for index in range(max(1, count)):
        rng = np.random.default_rng([seed, index])
        piece = arrange_tune(brief, tunes[index], rng) if tunes else write(brief, rng)
        verdicts.append((piece, judge(piece)))
        report((index + 1) / count, f"candidate {index + 1}: {verdicts[-1][1].score:.2f}")
    return verdicts


def write(brief: Brief, rng: np.random.Generator) -> Piece:
    """One candidate whose harmony comes first and whose melody is searched."""
    plan = plan_form(brief.bars)
    harmony = _write_harmony(brief, plan, rng)
    notes = Melodist(brief, rng).write(plan, harmony)
    return arrange(frame_piece(brief, plan, harmony), notes, brief, rng)


def arrange_tune(brief: Brief, melody: Melody, rng: np.random.Generator) -> Piece:
    """One candidate around a tune that the melody model wrote."""
    plan = plan_form(brief.bars)
    first_bar = next(phrase.first_bar for phrase in plan if phrase.kind == "phrase")
    notes = to_notes(melody, brief.key, first_bar, brief.metre.bar_ticks)
    plan = read_form(plan, melody, first_bar)
    return arrange_notes(brief, plan, notes, rng)


def arrange_notes(
    brief: Brief, plan: Sequence[PhrasePlan], notes: list[Note], rng: np.random.Generator
) -> Piece:
    """A piece around a given melody: harmony is found for it, then the parts are written."""
    slots = [slots_of(brief, phrase) for phrase in plan]
    harmony = find_harmony(brief, plan, slots, notes, rng)
    if plan[-1].kind == "coda":
        start = plan[-1].first_bar * brief.metre.bar_ticks
        notes.append(Note(start, plan[-1].bars * brief.metre.bar_ticks, notes[-1].pitch, VELOCITY))
    return arrange(frame_piece(brief, plan, harmony), notes, brief, rng)


def frame_piece(
    brief: Brief, plan: Sequence[PhrasePlan], harmony: Sequence[Sequence[Chord]]
) -> Piece:
    """The piece before anybody plays."""
    return Piece(
        key=brief.key,
        metre=brief.metre,
        tempo_bpm=brief.tempo_bpm,
        bars=brief.bars,
        parts=(),
        chords=tuple(chord for phrase in harmony for chord in phrase),
        phrases=tuple(Phrase(p.name, p.first_bar, p.bars) for p in plan),
        tempo_changes=_slowing(brief),
        swing=brief.style.swing,
        title=title_of(brief),
    )


def title_of(brief: Brief) -> str:
    """A plain title, e.g. `Sad waltz in D minor`."""
    mood = "" if brief.mood in ("", "neutral") else f"{brief.mood} "
    return f"{mood}{brief.style.name} in {brief.key.name}".capitalize().replace(
        brief.key.name.lower(), brief.key.name
    )


def _slowing(brief: Brief) -> tuple[tuple[int, float], ...]:
    """A small ritardando over the last bar but one; none where a beat drives on."""
    if brief.bars < 4 or brief.style.drums in ("pop", "rock", "house", "chip", "lofi"):
        return ()
    bar = brief.metre.bar_ticks
    start = (brief.bars - 2) * bar
    return ((start, 0.97), (start + bar // 2, 0.92), (start + bar, 0.86))


def palette_of(brief: Brief) -> Palette:
    """How rich the chords of a brief are."""
    style = brief.style
    return Palette(style.sevenths, style.ninths, style.secondary, style.inversions, style.is_power)


def _write_harmony(
    brief: Brief, plan: Sequence[PhrasePlan], rng: np.random.Generator
) -> list[list[Chord]]:
    """Chords per phrase; a phrase that repeats another begins with the same ones."""
    known: dict[str, list[int]] = {}
    phrases: list[list[Chord]] = []
    for phrase in plan:
        slots = slots_of(brief, phrase)
        if phrase.kind != "phrase":
            degrees = [0] * len(slots) if phrase.kind == "coda" else _vamp(brief, len(slots))
        else:
            degrees = _phrase_degrees(brief, phrase, slots, known, rng)
            known.setdefault(phrase.letter, degrees)
        chords = realise(brief.key, degrees, palette_of(brief), rng)
        phrases.append(lay_out(chords, slots))
    return phrases


def _phrase_degrees(
    brief: Brief,
    phrase: PhrasePlan,
    slots: Sequence[tuple[int, int]],
    known: dict[str, list[int]],
    rng: np.random.Generator,
) -> list[int]:
    mode = brief.key.mode
    last = cadence_degrees(phrase.cadence, mode)
    same = known.get(phrase.letter)
    if same is not None and len(same) == len(slots):
        kept = same[: max(1, len(slots) // 2)]
        rest = sample_degrees(
            mode, len(slots) - len(kept) + 1, first=kept[-1], last=last, rng=rng
        )  # fmt: skip
        return [*kept, *rest[1:]]
    first = 0 if phrase.letter == "A" else int(rng.choice(_starts(mode)))
    return sample_degrees(mode, len(slots), first=first, last=last, rng=rng)


def _starts(mode: str) -> tuple[int, ...]:
    """Degrees that a contrasting phrase may begin on."""
    return {"major": (5, 3, 1), "minor": (2, 5, 3), "dorian": (2, 3), "mixolydian": (6, 3),
            "lydian": (1, 5), "phrygian": (5, 3)}.get(mode, (5,))  # fmt: skip


def _vamp(brief: Brief, count: int) -> list[int]:
    """An introduction: the tonic, then what leads back to it."""
    away = cadence_degrees("half", brief.key.mode)[0]
    return [0 if index < max(1, count // 2) else away for index in range(count)]


def slots_of(brief: Brief, phrase: PhrasePlan) -> list[tuple[int, int]]:
    """One chord a bar; two in the bar before a cadence of a slow common-time phrase."""
    bar = brief.metre.bar_ticks
    halves = brief.metre.numerator % 2 == 0 and brief.metre.bar_ticks >= 1440
    splits = (
        halves and phrase.kind == "phrase" and phrase.bars >= 4 and brief.style.name != "ambient"
    )
    slots: list[tuple[int, int]] = []
    for index in range(phrase.bars):
        start = (phrase.first_bar + index) * bar
        if splits and index == phrase.bars - 2:
            slots += [(start, bar // 2), (start + bar // 2, bar - bar // 2)]
        else:
            slots.append((start, bar))
    return slots
