"""Loops refined by conversation: one table of attributes that every turn reads and changes.

A loop is a few bars that return without a seam. Its table holds key, metre, tempo, style, mood,
players and their levels; a request such as `darker, add drums, a bit slower, keep the melody` is
taken clause by clause, each clause changes some attributes, and whatever no clause touches stays:
the melody above all. What a clause wants is found by meaning, by its nearness to descriptions of
each change; keys, metres and tempi are read as notation.
Source of the idea: Y. Zhang et al., "Loop Copilot", 2023, arXiv:2310.12404 (its table of global
attributes).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from omnimuse.backends.base import Embedder, MelodyWriter
from omnimuse.crafts.music.brief import MAX_TEMPO, MIN_TEMPO, Brief, BriefReader
from omnimuse.crafts.music.compose import compose
from omnimuse.crafts.music.piece import Part, Piece
from omnimuse.crafts.music.rework import melody_of, restyle
from omnimuse.crafts.music.styles import Instrument, instruments, moods, styles
from omnimuse.crafts.music.theory import KEY_IN_TEXT, Key, Metre
from omnimuse.crafts.music.tunes import can_write
from omnimuse.errors import InputError

_CLAUSE = re.compile(r"[,;.!，；。！、]|\b(?:and|but|then|also|plus|while)\b|然后|但是?|并且?")
_TEMPO = re.compile(r"(\d{2,3})\s*(?:bpm|beats)", re.IGNORECASE)
_PERCENT = re.compile(r"(\d{1,3})\s*(?:%|percent)")
_BY_MEANING, _SURE = 0.52, 0.62
_LOUDER_STEP = 18

# What a change is called in many ways. Slots name what a clause without its instrument says.
CHANGES: dict[str, tuple[str, ...]] = {
    "slower": ("slower", "slow it down", "reduce the tempo", "a more relaxed pace", "慢一点"),
    "faster": ("faster", "speed it up", "increase the tempo", "a quicker pace", "快一点"),
    "darker": ("darker", "sadder", "make it gloomy and minor", "more melancholic", "暗一点",
               "忧伤一点"),
    "brighter": ("brighter", "happier", "make it cheerful and major", "more uplifting", "明亮一点",
                 "欢快一点"),
    "calmer": ("calmer", "softer and gentler", "less energy", "more peaceful", "安静一点"),
    "livelier": ("more energetic", "livelier", "more intense", "more exciting", "更有活力"),
    "keep melody": ("keep the melody", "same tune", "leave the theme as it is", "保留旋律"),
    "new melody": ("a new melody", "another tune", "change the theme", "change the melody",
                   "a different melody", "换一段旋律"),
    "longer": ("make it longer", "twice as long", "more bars", "长一点"),
    "shorter": ("make it shorter", "half as long", "fewer bars", "短一点"),
    "higher": ("higher in pitch", "transpose it up", "raise the key", "高一点"),
    "lower": ("lower in pitch", "transpose it down", "lower the key", "低一点"),
}  # fmt: skip
PLAYER_CHANGES: dict[str, tuple[str, ...]] = {
    "add": ("add", "bring in", "include", "put in some", "加上", "加入"),
    "remove": ("remove", "without the", "take out the", "drop the", "no more", "去掉", "不要"),
    "replace": ("replace", "instead of the", "swap", "change into", "换成"),
    "solo": ("only", "just the", "nothing but the", "只用"),
    "louder": ("louder", "turn up the", "more of the", "大声一点"),
    "quieter": ("quieter", "turn down the", "less of the", "小声一点"),
    "keep": ("keep", "leave the", "do not change the", "保留"),
}
_MOODS = {"darker": (-0.7, -0.1), "brighter": (0.7, 0.1), "calmer": (0.0, -0.5),
          "livelier": (0.0, 0.5)}  # fmt: skip
_MORE = re.compile(r"\b(much|far|a lot|very|really)\b|很多|非常|大大")
_LESS = re.compile(r"\b(a bit|a little|slightly|somewhat|a touch)\b|稍微|一点点")


@dataclass(frozen=True)
class LoopTable:
    """The attributes of a loop.

    Attributes:
        key: such as `D minor`.
        metre: such as `4/4`.
        tempo_bpm: beats per minute.
        bars: length.
        style: a name of the style table.
        valence: sad (-1) to glad (1).
        arousal: calm (-1) to excited (1).
        mood: the mood's name as last asked.
        players: instruments by name; the first that can sing carries the melody.
        levels: changes of volume by instrument, in steps of MIDI volume.
        tune_seed: what the melody was drawn with.
        turns: the requests so far.
    """

    key: str
    metre: str
    tempo_bpm: float
    bars: int
    style: str
    valence: float
    arousal: float
    mood: str
    players: tuple[str, ...]
    levels: Mapping[str, int] = field(default_factory=dict)
    tune_seed: int = 0
    turns: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Any) -> LoopTable:
        """Read a table.

        Raises:
            InputError: not a table of a loop.
        """
        try:
            table = cls(
                Key.parse(str(raw["key"])).name, Metre.parse(str(raw["metre"])).name,
                min(max(float(raw["tempo_bpm"]), MIN_TEMPO), MAX_TEMPO),
                min(max(int(raw["bars"]), 1), 64), str(raw["style"]), _unit(raw["valence"]),
                _unit(raw["arousal"]), str(raw["mood"])[:40],
                tuple(str(name) for name in raw["players"])[:12],
                {str(k): int(v) for k, v in dict(raw["levels"]).items() if k in instruments()},
                int(raw["tune_seed"]), tuple(str(turn)[:400] for turn in raw["turns"])[-40:],
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"not the table of a loop: {error}") from None
        unknown = [name for name in table.players if name not in instruments()]
        if table.style not in styles() or unknown:
            raise InputError(f"a loop of unknown style or players: {table.style} {unknown}")
        return table

    def brief(self) -> Brief:
        """What the composer is told."""
        players = tuple(instruments()[name] for name in self.players)
        return Brief(
            Key.parse(self.key), Metre.parse(self.metre), self.tempo_bpm, self.bars,
            styles()[self.style], self.valence, self.arousal, self.mood, players,
            len(players) == 1, True,
        )  # fmt: skip


def _unit(value: Any) -> float:
    return min(max(float(value), -1.0), 1.0)


def table_of(piece: Piece, brief: Brief, seed: int, turn: str) -> LoopTable:
    """The table of a piece that was composed or read."""
    known = instruments()
    names = [p.name if p.name in known else _nearest_program(p.program) for p in piece.parts
             if p.role != "drums"]  # fmt: skip
    drums = ["drums"] if any(part.role == "drums" for part in piece.parts) else []
    return LoopTable(
        piece.key.name, piece.metre.name, round(piece.tempo_bpm, 2), piece.bars, brief.style.name,
        brief.valence, brief.arousal, brief.mood, tuple(dict.fromkeys([*names, *drums])),
        tune_seed=seed, turns=(turn[:400],),
    )  # fmt: skip


def _nearest_program(program: int) -> str:
    return min(
        (i for i in instruments().values() if i.voice != "drums"),
        key=lambda i: (abs(i.program - program), i.name),
    ).name


@dataclass(frozen=True)
class Change:
    """What a clause asked for: a change by name, who it is about, how strongly."""

    name: str
    players: tuple[str, ...] = ()
    degree: float = 1.0
    value: str = ""


class LoopReader:
    """Reads a turn of the conversation.

    Args:
        embedder: the model of role `feature-extraction`.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._briefs = BriefReader(embedder)

    def read(self, request: str, present: Sequence[str] = ()) -> list[Change]:
        """The changes that a request asks for, in its order.

        Raises:
            InputError: nothing in it is understood as a change.
        """
        found: list[Change] = []
        for clause in (part.strip() for part in _CLAUSE.split(request)):
            if clause:
                found += self._clause(clause, found, present)
        if not found:
            raise InputError(
                f"no change of the loop is understood in {request[:60]!r}",
                hint="Say for example: slower, darker, add drums, keep the melody.",
            )
        return found

    def _clause(
        self, clause: str, before: Sequence[Change], present: Sequence[str]
    ) -> list[Change]:
        written = _notation(clause)
        if written:
            return written
        players = self._players(clause)
        if players:
            rest = _without(clause, players)
            names = tuple(_present(instrument, present) for _, instrument in players)
            if rest:
                return [Change(self._nearest(rest, PLAYER_CHANGES)[0], names, _degree(clause))]
            last = before[-1].name if before and before[-1].players else "add"
            return [Change(last, names)]
        name, nearness = self._nearest(clause, CHANGES)
        if name in _MOODS and nearness < _SURE:
            mood = self._briefs.mood_in(clause)
            if mood:
                return [Change("mood", value=mood)]
        if nearness < _BY_MEANING:
            style = self._briefs.style_in(clause)
            mood = "" if style else self._briefs.mood_in(clause)
            kinds = (("style", style), ("mood", mood))
            return [Change(kind, value=value) for kind, value in kinds if value]
        return [Change(name, degree=_degree(clause))]

    def _players(self, clause: str) -> list[tuple[str, Instrument]]:
        """Instruments that a clause names, with the words that name them."""
        found: list[tuple[str, Instrument]] = []
        for instrument in instruments().values():
            found += [(word, instrument) for word in instrument.chinese if word in clause]
        named = self._briefs.players_in(clause)
        return [*found, *((w, i) for w, i in named if i not in [k for _, k in found])]

    def _nearest(self, text: str, table: Mapping[str, Sequence[str]]) -> tuple[str, float]:
        rows = [(name, phrase) for name, phrases in table.items() for phrase in phrases]
        written = [row for row in rows if not row[1].isascii() and row[1] in text]
        if written:  # models of English alone cannot tell Chinese phrases apart
            return max(written, key=lambda row: len(row[1]))[0], 1.0
        vectors = self._embedder.embed([text.lower(), *(phrase for _, phrase in rows)])
        scores = vectors[1:] @ vectors[0]
        best = int(np.argmax(scores))
        return rows[best][0], float(scores[best])


def _present(instrument: Instrument, present: Sequence[str]) -> str:
    """The player who is meant: `the bass` is whoever plays the bass here."""
    if instrument.name in present or instrument.voice != "bass":
        return instrument.name
    return next((n for n in present if instruments()[n].voice == "bass"), instrument.name)


def _notation(clause: str) -> list[Change]:
    """What is written as notation: tempo, key, metre, a percentage."""
    tempo, key = _TEMPO.search(clause), KEY_IN_TEXT.search(clause)
    metre = re.search(r"(?<!\d)(\d{1,2})/(2|4|8|16)(?!\d)", clause)
    changes = []
    if tempo:
        changes.append(Change("tempo", value=tempo[1]))
    if key:
        changes.append(Change("key", value=key[0]))
    if metre:
        changes.append(Change("metre", value=metre[0]))
    return changes


def _without(clause: str, players: Sequence[tuple[str, Instrument]]) -> str:
    for words, _ in players:
        clause = re.sub(re.escape(words), " ", clause, flags=re.IGNORECASE)
    rest = re.sub(r"\b(?:a|an|some|please|the|can you|now)\b|[请把一些个]", " ", clause, flags=re.I)
    return " ".join(rest.split())


def _degree(clause: str) -> float:
    percent = _PERCENT.search(clause)
    if percent:
        return float(percent[1]) / 15
    return 2.0 if _MORE.search(clause) else 0.5 if _LESS.search(clause) else 1.0


def apply(table: LoopTable, changes: Sequence[Change], turn: str, seed: int) -> LoopTable:
    """The table after a turn; a new melody only where one is asked for."""
    for change in changes:
        table = _applied(table, change, seed)
    return replace(table, turns=(*table.turns, turn[:400])[-40:])


def _applied(table: LoopTable, change: Change, seed: int) -> LoopTable:
    name, degree = change.name, change.degree
    if name in ("slower", "faster"):
        factor = (1 + 0.15 * degree) ** (1 if name == "faster" else -1)
        return replace(table, tempo_bpm=_tempo(table.tempo_bpm * factor))
    if name in _MOODS:
        return _felt(table, name, degree)
    if name in ("longer", "shorter"):
        bars = table.bars * 2 if name == "longer" else max(1, table.bars // 2)
        return replace(table, bars=min(bars, 64))
    if name in ("higher", "lower"):
        shift = round(5 * degree) * (1 if name == "higher" else -1)
        return replace(table, key=Key.parse(table.key).transposed(shift).name)
    if name == "new melody":
        return replace(table, tune_seed=seed)
    if name in ("tempo", "key", "metre", "style", "mood"):
        return _set(table, name, change.value)
    return _played(table, change)


def _tempo(value: float) -> float:
    return round(min(max(value, MIN_TEMPO), MAX_TEMPO), 1)


def _felt(table: LoopTable, name: str, degree: float) -> LoopTable:
    """A mood is a step in valence and arousal; where valence changes sides, so does the mode."""
    valence = _unit(table.valence + _MOODS[name][0] * degree)
    arousal = _unit(table.arousal + _MOODS[name][1] * degree)
    key = Key.parse(table.key)
    if name == "darker" and not key.is_minor:
        key = Key(key.tonic, "minor")
    elif name == "brighter" and key.is_minor:
        key = Key(key.tonic, "major")
    return replace(table, valence=round(valence, 3), arousal=round(arousal, 3), key=key.name,
                   mood={"darker": "dark", "brighter": "happy", "calmer": "calm",
                         "livelier": "energetic"}[name])  # fmt: skip


def _set(table: LoopTable, name: str, value: str) -> LoopTable:
    if name == "tempo":
        return replace(table, tempo_bpm=_tempo(float(value)))
    if name == "key":
        return replace(table, key=Key.parse(value).name)
    if name == "metre":
        return replace(table, metre=Metre.parse(value).name)
    if name == "mood":
        mood = moods()[value]
        is_minor = Key.parse(table.key).is_minor
        turned = replace(table, valence=mood.valence, arousal=mood.arousal, mood=value)
        if is_minor == (mood.valence < 0) or abs(mood.valence) < 0.3:
            return turned
        mode = "minor" if mood.valence < 0 else "major"
        return replace(turned, key=Key(Key.parse(table.key).tonic, mode).name)
    usual = styles()[value].metres
    return replace(
        table, style=value, metre=table.metre if table.metre in usual else usual[0]
    )  # fmt: skip


def _played(table: LoopTable, change: Change) -> LoopTable:
    players, asked = list(table.players), list(change.players)
    if change.name == "add":
        players += [name for name in asked if name not in players]
    elif change.name == "remove":
        players = [name for name in players if name not in asked]
    elif change.name == "solo":
        players = asked
    elif change.name == "replace" and len(asked) > 1:
        old = asked[0] if asked[0] in players else asked[1]
        new = asked[1] if old == asked[0] else asked[0]
        players = [new if name == old else name for name in players]
    elif change.name == "replace":
        players[0:1] = asked
    elif change.name in ("louder", "quieter"):
        step = round(_LOUDER_STEP * change.degree) * (1 if change.name == "louder" else -1)
        levels = {**table.levels, **{n: table.levels.get(n, 0) + step for n in asked}}
        return replace(table, levels=levels)
    if not [name for name in players if name != "drums"]:
        raise InputError("nobody would be left to play", hint="Keep or add one instrument.")
    return replace(table, players=tuple(dict.fromkeys(players))[:12])


def levelled(piece: Piece, levels: Mapping[str, int]) -> Piece:
    """The piece with its players' volumes changed."""

    def level(name: str, role: str) -> int:
        if role == "bass" and name not in levels:  # nobody but this part is the bass
            return sum(by for who, by in levels.items() if instruments()[who].voice == "bass")
        return levels.get("drums" if role == "drums" else name, 0)

    return piece.with_parts(
        tuple(
            replace(p, volume=min(max(p.volume + level(p.name, p.role), 8), 127))
            for p in piece.parts
        )
    )


def compose_loop(table: LoopTable, writer: MelodyWriter | None) -> Piece:
    """A new loop of a table's attributes: no slowing end, phrases to its last bar."""
    brief = table.brief()
    made = compose(brief, table.tune_seed, writer=writer if can_write(brief) else None).piece
    return levelled(replace(made, tempo_changes=()), table.levels)


def rebuild_loop(
    piece: Piece, before: LoopTable, table: LoopTable, writer: MelodyWriter | None
) -> tuple[Piece, str]:
    """The loop as a changed table wants it, and what became of its melody.

    The tune is kept (bent to a new mode, repeated in a longer loop, cut in a shorter one) unless a
    new one was asked for or the metre changed.
    """
    if table.tune_seed != before.tune_seed:
        return compose_loop(table, writer), "new: it was asked for"
    if table.metre != piece.metre.name:
        return compose_loop(table, writer), f"new: the old one is in {piece.metre.name}"
    fitted = _of_length(piece, table.bars)
    made = restyle(fitted, table.brief(), np.random.default_rng(table.tune_seed))
    return levelled(replace(made, tempo_changes=()), table.levels), "kept"


def _of_length(piece: Piece, bars: int) -> Piece:
    """The tune of a piece repeated or cut to a number of bars."""
    if bars == piece.bars:
        return piece
    line, end = melody_of(piece), bars * piece.metre.bar_ticks
    repeats = -(-bars // piece.bars)
    notes = [replace(n, start=n.start + turn * piece.end) for turn in range(repeats) for n in line]
    kept = tuple(
        replace(n, duration=min(n.duration, end - n.start)) for n in notes if n.start < end
    )
    part = replace(piece.part("melody") or piece.parts[0], notes=kept, role="melody")
    return replace(piece, bars=bars, parts=(part,), chords=(), phrases=())


def tiled(piece: Piece, times: int) -> Piece:
    """A performed piece played several times in a row, for a seam that nobody hears."""

    def again(part: Part) -> Part:
        notes = [
            replace(n, start=n.start + turn * piece.end) for turn in range(times)
            for n in part.notes
        ]  # fmt: skip
        return replace(part, notes=tuple(sorted(notes)))

    return replace(piece, bars=piece.bars * times, parts=tuple(map(again, piece.parts)))
